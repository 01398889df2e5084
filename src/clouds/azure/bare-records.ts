/** Records with the fields that Azure's telemetry never says left null. */
import { numberOf } from "../../model/json.ts";
import type { Invocation, LogEvent } from "../../model/records.ts";
import type { Facts } from "./context.ts";
import type { Row } from "./schema.ts";
import { textOf } from "./values.ts";

/** An invocation with everything unknown that Azure's telemetry does not say (billed time, memory, plan). */
export function bareInvocation(facts: Facts, fn: string, requestId: string): Invocation {
  return {
    type: "invocation",
    ...facts.scope,
    fn,
    version: null,
    requestId,
    startedAt: facts.at,
    endedAt: null,
    durationMs: null,
    billedMs: null,
    memoryMib: null,
    maxMemoryMib: null,
    vcpu: null,
    initMs: null,
    restoreMs: null,
    billedRestoreMs: null,
    coldStart: null,
    outcome: "unknown",
    errorType: null,
    traceId: facts.traceId,
    spanId: null,
    parentSpanId: null,
    stream: facts.stream,
    architecture: null,
    plan: null,
    trigger: null,
    weight: facts.weight,
    emulator: false,
    seenIn: "request-log",
    ids: facts.ids,
  };
}

/** Bytes of a text in UTF-8. */
export function bytesOf(text: string): number {
  return Buffer.byteLength(text);
}

/**
 * The row as a log event. Its size is `_BilledSize` where the export has it (what Log Analytics bills), else the bytes of the message
 * and the properties: https://learn.microsoft.com/azure/azure-monitor/logs/cost-logs#data-size-calculation
 */
export function logged(
  row: Row,
  facts: Facts,
  line: Pick<LogEvent, "fn" | "kind" | "level" | "requestId" | "spanId" | "message" | "ids">,
): LogEvent {
  const billed = numberOf(row.fields.billedSize);
  const properties = row.fields.properties;
  return {
    type: "log",
    ...facts.scope,
    at: facts.at,
    stream: facts.stream,
    traceId: facts.traceId,
    sizeBytes:
      billed !== null && billed >= 0
        ? billed
        : bytesOf(line.message) + (properties ? bytesOf(textOf(properties) ?? JSON.stringify(properties)) : 0),
    ...line,
  };
}
