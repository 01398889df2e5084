/** Formats that belong to no vendor. */
import type { Format } from "../../model/formats.ts";
import { cloudevents } from "./cloudevents.ts";
import { jaeger } from "./jaeger.ts";
import { otlp } from "./otlp.ts";
import { textFormats } from "./text-formats.ts";

export const neutralFormats: readonly Format[] = [otlp, jaeger, cloudevents, ...textFormats];
