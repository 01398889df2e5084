/**
 * Lines that the Lambda platform writes as JSON: `{"time","type":"platform.report","record":{...}}`.
 * https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html
 */
import type { LogKind } from "../../model/records.ts";
import { line, type PlatformLine } from "./platform-fields.ts";
import { initBilled, platformText } from "./platform-text.ts";
import { firstText, num, obj, type Obj, size, text } from "./schema.ts";

const KINDS: { readonly [type: string]: LogKind } = {
  "platform.initStart": "init_start",
  "platform.initReport": "init_report",
  "platform.start": "start",
  "platform.end": "end",
  "platform.runtimeDone": "runtime_done",
  "platform.report": "report",
  "platform.restoreStart": "restore_start",
  "platform.restoreReport": "restore_report",
  "platform.extension": "extension",
  "platform.telemetrySubscription": "extension",
  "platform.logsSubscription": "extension",
  "platform.logsDropped": "logs_dropped",
};

/** The line in a parsed JSON message; null: not a line of the platform. `function` and `extension` records (Telemetry API) are not either. */
export function platformRecord(message: Obj): PlatformLine | null {
  const type = message["type"];
  if (typeof type !== "string" || !type.startsWith("platform.")) return null;
  // the Logs API puts some records in words: `"record": "RequestId: ... Process exited before completing request"`
  const told = message["record"];
  const inWords = typeof told === "string" ? platformText(told) : null;
  if (inWords !== null) return inWords;
  const kind = KINDS[type] ?? "platform";
  const record = obj(message["record"]) ?? {};
  const metrics = obj(record["metrics"]) ?? {};
  const common = line(kind, {
    requestId: text(record["requestId"])?.toLowerCase() ?? null,
    status: text(record["status"]),
    errorType: text(record["errorType"]),
    phase: text(record["phase"]),
    initializationType: text(record["initializationType"]),
    runtimeVersion: text(record["runtimeVersion"]),
    runtimeVersionArn: text(record["runtimeVersionArn"]),
    functionName: text(record["functionName"]),
    functionArn: firstText(record, "functionArn", "functionArnWithVersion"),
    version: firstText(record, "version", "functionVersion"),
    name: text(record["name"]),
    ...tracing(record),
  });
  if (kind === "report") return report(common, metrics);
  if (kind === "init_report") return { ...common, initMs: size(metrics["durationMs"]) };
  if (kind === "restore_report") return { ...common, restoreMs: size(metrics["durationMs"]) };
  if (kind === "runtime_done") return { ...common, durationMs: size(metrics["durationMs"]) };
  if (kind === "logs_dropped") return { ...common, droppedRecords: num(record["droppedRecords"]) };
  return common;
}

function tracing(record: Obj): Partial<PlatformLine> {
  const found = obj(record["tracing"]);
  const value = text(found?.["value"]);
  if (found === null || value === null) return {};
  const sampled = /Sampled=([01])/.exec(value)?.[1];
  return {
    xrayTraceId: /Root=([^;]+)/.exec(value)?.[1] ?? null,
    segmentId: text(found["spanId"]) ?? /Parent=([0-9a-f]{16})/.exec(value)?.[1] ?? null,
    sampled: sampled === undefined ? null : sampled === "1",
  };
}

/** Lambda Managed Instances report `durationMs` alone: billed time and memory stay null, and so does the cold start. */
function report(common: PlatformLine, metrics: Obj): PlatformLine {
  const durationMs = size(metrics["durationMs"]);
  if (common.requestId === null || durationMs === null) return { ...common, kind: "malformed" };
  const billedMs = size(metrics["billedDurationMs"]);
  const initMs = size(metrics["initDurationMs"]);
  const restoreMs = size(metrics["restoreDurationMs"]);
  return {
    ...common,
    durationMs,
    billedMs,
    memoryMib: size(metrics["memorySizeMB"]),
    maxMemoryMib: size(metrics["maxMemoryUsedMB"]),
    initMs,
    initBilled: initBilled(durationMs, billedMs, initMs),
    coldStart: initMs !== null || restoreMs !== null ? true : billedMs === null ? null : false,
    restoreMs,
    billedRestoreMs: size(metrics["billedRestoreDurationMs"]),
    snapStart: restoreMs !== null,
  };
}
