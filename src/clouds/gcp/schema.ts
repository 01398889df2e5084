/**
 * The few fields of Google's exports that evscope reads, in one spelling. REST and `gcloud` write camelCase, protobuf dumps and
 * client libraries snake_case, timestamps as text or `{seconds, nanos}`, 64-bit numbers as text
 * (https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry).
 */
import { traceIdOf } from "../../model/ids.ts";
import { arrayAt, isObject, type JsonObject, numberAt, objectAt, textAt } from "../../model/json.ts";
import type { Json } from "../../model/records.ts";
import { durationMsOf, epochMsOf } from "../../model/times.ts";
import type { EpochMs, Ms } from "../../model/units.ts";

/** The `httpRequest` of a log entry. */
export interface HttpRequest {
  method: string | null;
  url: string | null;
  status: number | null;
  userAgent: string | null;
  latencyMs: Ms | null;
}

/** A LogEntry in one spelling. */
export interface LogEntry {
  /** `run.googleapis.com/requests`: the last part of the log name, decoded. */
  logId: string;
  project: string | null;
  insertId: string | null;
  /** null: neither `timestamp` nor `receiveTimestamp` is there and readable. */
  at: EpochMs | null;
  severity: string | null;
  traceId: string | null;
  spanId: string | null;
  labels: JsonObject;
  resourceType: string;
  resourceLabels: JsonObject;
  http: HttpRequest | null;
  text: string | null;
  json: JsonObject | null;
  proto: JsonObject | null;
}

const SEVERITIES = ["DEFAULT", "DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL", "ALERT", "EMERGENCY"];

/** Recordings of API calls keep the answer as `{"headers": …, "body": …}`; this gives the body. Anything else: itself. */
export function unwrapResponse(document: Json): Json {
  if (!isObject(document) || !("body" in document) || !("headers" in document)) return document;
  return Object.keys(document).length === 2 ? (document["body"] ?? null) : document;
}

/** True if the value is a LogEntry; `defaults` are those of an `entries.write` request. */
export function isLogEntry(value: Json | undefined, defaults: JsonObject | null = null): value is JsonObject {
  if (!isObject(value)) return false;
  const name = textAt(value, "logName", "log_name") ?? (defaults ? textAt(defaults, "logName", "log_name") : null);
  const resource = objectAt(value, "resource") ?? (defaults ? objectAt(defaults, "resource") : null);
  if (name !== null && /(^|\/)logs\//.test(name)) return true;
  return resource !== null && "type" in resource && ("insertId" in value || "insert_id" in value || hasPayload(value));
}

function hasPayload(value: JsonObject): boolean {
  return ["textPayload", "jsonPayload", "protoPayload", "text_payload", "json_payload", "proto_payload"].some((key) => key in value);
}

/** Reads a LogEntry in any spelling. */
export function readLogEntry(value: JsonObject, defaults: JsonObject | null = null): LogEntry {
  const logName = textAt(value, "logName", "log_name") ?? (defaults ? textAt(defaults, "logName", "log_name") : null) ?? "";
  const resource = objectAt(value, "resource") ?? (defaults ? objectAt(defaults, "resource") : null) ?? {};
  const resourceLabels = objectAt(resource, "labels") ?? {};
  const trace = textAt(value, "trace");
  const json = objectAt(value, "jsonPayload", "json_payload");
  return {
    logId: logName.slice(logName.indexOf("logs/") + 5).replaceAll(/%2f/gi, "/"),
    project: textAt(resourceLabels, "project_id", "projectId") ?? /^projects\/([^/]+)\//.exec(logName)?.[1] ?? null,
    insertId: textAt(value, "insertId", "insert_id"),
    at: epochMsOf(value["timestamp"]) ?? epochMsOf(value["receiveTimestamp"] ?? value["receive_timestamp"]),
    severity: severityOf(value["severity"]),
    traceId: trace === null ? null : traceIdOf(trace),
    spanId: spanIdOf(textAt(value, "spanId", "span_id")),
    labels: { ...(defaults ? objectAt(defaults, "labels") : null), ...objectAt(value, "labels") },
    resourceType: textAt(resource, "type") ?? "",
    resourceLabels,
    http: httpOf(objectAt(value, "httpRequest", "http_request")),
    text: textAt(value, "textPayload", "text_payload"),
    json: json === null ? null : plainStruct(json),
    proto: objectAt(value, "protoPayload", "proto_payload"),
  };
}

function httpOf(http: JsonObject | null): HttpRequest | null {
  if (http === null) return null;
  return {
    method: textAt(http, "requestMethod", "request_method"),
    url: textAt(http, "requestUrl", "request_url"),
    status: numberAt(http, "status"),
    userAgent: textAt(http, "userAgent", "user_agent"),
    latencyMs: durationMsOf(http["latency"]),
  };
}

function severityOf(value: Json | undefined): string | null {
  if (typeof value === "number") return SEVERITIES[value / 100] ?? null;
  return typeof value === "string" && value !== "" ? value.toUpperCase() : null;
}

/** 16 lower-case hex digits of a span ID written as hex, or as a decimal number (Cloud Trace v1). null: none, zero or not an ID. */
export function spanIdOf(text: string | null): string | null {
  if (text === null) return null;
  const t = text.trim();
  const hex = /^[0-9a-f]{16}$/i.test(t) ? t.toLowerCase() : /^\d{1,20}$/.test(t) ? decimalSpanId(t) : null;
  return hex === null || /^0+$/.test(hex) ? null : hex;
}

/** The hex form of Cloud Trace v1's decimal span ID. */
export function decimalSpanId(text: string): string {
  return BigInt(text).toString(16).padStart(16, "0");
}

/** Plain JSON of a protobuf Struct (`{fields: {k: {stringValue: …}}}`), which client libraries write for jsonPayload. */
function plainStruct(value: JsonObject): JsonObject {
  const fields = objectAt(value, "fields");
  if (fields === null || Object.keys(value).length !== 1) return value;
  if (!Object.values(fields).every((field) => isObject(field) && Object.keys(field).some((key) => STRUCT_KINDS.has(key)))) return value;
  return Object.fromEntries(Object.entries(fields).map(([key, field]) => [key, plainValue(field)]));
}

const STRUCT_KINDS = new Set(["stringValue", "numberValue", "boolValue", "nullValue", "structValue", "listValue"]);

function plainValue(value: Json): Json {
  if (!isObject(value)) return value;
  const struct = objectAt(value, "structValue");
  if (struct !== null) return plainStruct(struct);
  const list = objectAt(value, "listValue");
  if (list !== null) return (arrayAt(list, "values") ?? []).map(plainValue);
  return value["stringValue"] ?? value["numberValue"] ?? value["boolValue"] ?? null;
}

/** The part after `<collection>/` in a resource path (`projects/p/topics/orders`, `topics` -> `orders`); null: not there. */
export function partOf(path: string, collection: string): string | null {
  return new RegExp(`(?:^|/)${collection}/([^/]+)`).exec(path)?.[1] ?? null;
}

/** Project of a resource path; null: none, or the wildcard `_`. */
export function projectOf(path: string): string | null {
  const project = partOf(path, "projects");
  return project === "_" || project === "-" ? null : project;
}

/** Decoded text of base64 (standard or URL alphabet) and its size in bytes. */
export function decodeBase64(text: string): { text: string; sizeBytes: number } {
  const bytes = Buffer.from(text, "base64");
  return { text: bytes.toString("utf8"), sizeBytes: bytes.length };
}

/** Parses JSON text; undefined: it is not JSON. */
export function tryParse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
