/** Values, IDs and envelopes of OTLP JSON (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding), in both spellings. */
import { arrayAt, isObject, type JsonObject, numberOf, objectAt, textAt, textOf } from "../../model/json.ts";
import type { Json } from "../../model/records.ts";

/** Attributes as a plain object; a list of `{key, value}` or already plain. */
export function attributesOf(holder: JsonObject | null, ...names: string[]): JsonObject {
  if (holder === null) return {};
  const fields = names.length === 0 ? ["attributes"] : names;
  const list = arrayAt(holder, ...fields);
  if (list === null) return objectAt(holder, ...fields) ?? {};
  const plain: JsonObject = {};
  for (const pair of list) {
    const key = isObject(pair) ? textAt(pair, "key") : null;
    if (key !== null && isObject(pair)) plain[key] = plainValue(pair["value"]);
  }
  return plain;
}

/** Plain JSON of an AnyValue. 64-bit integers that a double cannot hold stay text. */
export function plainValue(value: Json | undefined): Json {
  if (!isObject(value)) return value ?? null;
  const list = objectAt(value, "arrayValue", "array_value");
  if (list !== null) return (arrayAt(list, "values") ?? []).map((item) => plainValue(item));
  const map = objectAt(value, "kvlistValue", "kvlist_value");
  if (map !== null) return attributesOf(map, "values");
  const whole = value["intValue"] ?? value["int_value"];
  if (whole !== undefined) {
    const number = numberOf(whole);
    return number !== null && Number.isSafeInteger(number) ? number : textOf(whole);
  }
  for (const name of [
    "stringValue",
    "string_value",
    "doubleValue",
    "double_value",
    "boolValue",
    "bool_value",
    "bytesValue",
    "bytes_value",
  ]) {
    if (value[name] !== undefined) return value[name];
  }
  return null;
}

/** Lower-case hex of an ID of `bytes` bytes written as hex of any case or as base64; null: empty, all zero or no ID. */
export function hexId(text: string | null, bytes: 8 | 16): string | null {
  if (text === null || text === "") return null;
  const hex = text.length === bytes * 2 && /^[0-9a-f]+$/i.test(text) ? text.toLowerCase() : hexOfBase64(text, bytes);
  return hex === null || /^0+$/.test(hex) ? null : hex;
}

function hexOfBase64(text: string, bytes: number): string | null {
  if (!/^[A-Za-z0-9+/_-]+=*$/.test(text) || text.length > 24) return null;
  const decoded = Buffer.from(text, "base64");
  return decoded.length === bytes ? decoded.toString("hex") : null;
}

/** What one request holds, whichever signals are in it. */
export interface Envelope {
  spans: JsonObject[];
  logs: JsonObject[];
  metrics: JsonObject[];
}

/** The resource groups of a document: a request, an array of them, or an answer that wraps one (`trace`, `result`, `batches`). */
export function envelopeOf(document: Json): Envelope {
  const envelope: Envelope = { spans: [], logs: [], metrics: [] };
  collect(document, 2);
  return envelope;

  function collect(value: Json, depth: number): void {
    if (Array.isArray(value)) {
      for (const item of value) if (depth > 0) collect(item, depth - 1);
      return;
    }
    if (!isObject(value)) return;
    push(envelope.spans, arrayAt(value, "resourceSpans", "resource_spans", "batches"));
    push(envelope.logs, arrayAt(value, "resourceLogs", "resource_logs"));
    push(envelope.metrics, arrayAt(value, "resourceMetrics", "resource_metrics"));
    const inner = objectAt(value, "trace", "result");
    if (inner !== null && depth > 0) collect(inner, depth - 1);
  }
}

function push(into: JsonObject[], list: Json[] | null): void {
  for (const item of list ?? []) if (isObject(item)) into.push(item);
}

/** The scope groups of a resource group, under the names of all protocol versions. */
export function scopesOf(group: JsonObject, signal: "Spans" | "Logs" | "Metrics"): JsonObject[] {
  const snake = signal.toLowerCase();
  const list = arrayAt(group, `scope${signal}`, `scope_${snake}`, `instrumentationLibrary${signal}`, `instrumentation_library_${snake}`);
  return (list ?? []).filter(isObject);
}
