/** Formats of tables and text that belong to no vendor. */
import type { Format } from "../../model/formats.ts";
import { csvLogs, csvSpans } from "./csv-traces.ts";
import { osloLog } from "./plain-text.ts";

export const textFormats: readonly Format[] = [csvSpans, csvLogs, osloLog];
