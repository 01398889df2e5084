/** CloudEvents, version 1.0 and 0.3 (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md): the envelope that three clouds share. */
import { parentSpanIdOf, traceIdOf } from "./ids.ts";
import { isObject, type JsonObject, textAt } from "./json.ts";
import type { Json } from "./records.ts";
import { epochMsOfText } from "./times.ts";
import type { EpochMs } from "./units.ts";

export interface CloudEvent {
  id: string;
  source: string;
  type: string;
  subject: string | null;
  /** When it happened. null: not given, or not a time. */
  time: EpochMs | null;
  traceId: string | null;
  /** Span of the sender. */
  parentSpanId: string | null;
  /** null: none, or given in binary (`data_base64`). */
  data: Json;
  dataBase64: string | null;
  /** Extension attributes. */
  extensions: JsonObject;
}

const CORE = new Set(["specversion", "id", "source", "type", "subject", "time", "data", "data_base64", "datacontenttype", "dataschema"]);

/** True if the object is a CloudEvent in JSON form, structured (`specversion`) or the logged headers of a binary one (`ce-specversion`). */
export function isCloudEvent(value: Json | undefined): value is JsonObject {
  if (!isObject(value)) return false;
  const prefix = prefixOf(value);
  return prefix !== null && ["id", "source", "type"].every((key) => typeof value[prefix + key] === "string" && value[prefix + key] !== "");
}

function prefixOf(value: JsonObject): "" | "ce-" | null {
  if (textAt(value, "specversion") !== null) return "";
  return textAt(value, "ce-id", "ce-specversion") !== null ? "ce-" : null;
}

/** Reads an event that `isCloudEvent` knows; the trace context comes from the distributed tracing extension (`traceparent`). */
export function cloudEventOf(value: JsonObject): CloudEvent {
  const prefix = prefixOf(value) ?? "";
  const at = (key: string): string | null => textAt(value, prefix + key);
  const time = at("time");
  const trace = at("traceparent") ?? textAt(value, "traceparent");
  const extensions: JsonObject = {};
  for (const [key, field] of Object.entries(value)) {
    const name = prefix !== "" && key.startsWith(prefix) ? key.slice(prefix.length) : key;
    if (!CORE.has(name)) extensions[name] = field;
  }
  return {
    id: at("id") ?? "",
    source: at("source") ?? "",
    type: at("type") ?? "",
    subject: at("subject"),
    time: time === null ? null : epochMsOfText(time),
    traceId: trace === null ? null : traceIdOf(trace),
    parentSpanId: trace === null ? null : parentSpanIdOf(trace),
    data: prefix === "" ? (value["data"] ?? null) : null,
    dataBase64: prefix === "" ? textAt(value, "data_base64") : null,
    extensions,
  };
}
