/** The exported shapes of AWS that evscope reads, each recognised from its content. */
import type { Format } from "../../model/formats.ts";
import { cloudwatchLogs } from "./cloudwatch.ts";
import { configuration } from "./configuration.ts";
import { metrics } from "./metrics.ts";
import { events } from "./event-files.ts";
import { stepFunctions } from "./step-functions.ts";
import { textLogs } from "./text-logs.ts";
import { xray } from "./xray.ts";

export const formats: readonly Format[] = [cloudwatchLogs, textLogs, xray, stepFunctions, events, configuration, metrics];
