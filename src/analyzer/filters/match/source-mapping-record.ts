/** Records as the pollers of Lambda and Pipes filter them: metadata beside the payload, which is text or JSON. */
import { isObject, type JsonObject } from "../../../model/json.ts";
import type { Json } from "../../../model/records.ts";

/** What Lambda and Pipes poll and can filter. */
export type PolledSource = "sqs" | "kinesis" | "dynamodb" | "kafka" | "mq";

/** Where the payload lies in a record. */
export const PAYLOAD_KEY: { [source in PolledSource]: string } = {
  sqs: "body",
  kinesis: "data",
  dynamodb: "dynamodb",
  kafka: "value",
  mq: "data",
};

export interface PolledRecord {
  /** The record with its payload read; null: it is no record. */
  view: JsonObject | null;
  /** `none`: the record has no payload. */
  payload: "json" | "text" | "none";
}

/** Reads a record as logged, exported or handed to a function. Kinesis, Kafka and MQ payloads may be base64, as pollers have them, or text or JSON already. */
export function polledRecord(source: PolledSource, event: Json): PolledRecord {
  if (!isObject(event)) return { view: null, payload: "none" };
  const record = isObject(event["kinesis"]) ? { ...event["kinesis"], ...event } : event;
  const key = PAYLOAD_KEY[source];
  const raw = Object.hasOwn(record, key) ? record[key] : undefined;
  if (raw === undefined || raw === null) return { view: record, payload: "none" };
  const encoded = source === "kinesis" || source === "kafka" || source === "mq";
  const value = typeof raw === "string" ? payloadOf(raw, encoded) : raw;
  return { view: { ...record, [key]: value }, payload: typeof value === "object" ? "json" : "text" };
}

/** An object or array where the text is one as JSON; else the text. */
function payloadOf(raw: string, encoded: boolean): Json {
  const text = (encoded ? decoded(raw) : null) ?? raw;
  if (!/^\s*[{[]/.test(text)) return text;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

/** Text that base64 stands for; null: it is not base64, or not of readable text (then it was text already, or bytes). */
function decoded(raw: string): string | null {
  if (raw.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(raw)) return null;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.from(atob(raw), (char) => char.charCodeAt(0)));
    return hasControls(text) ? null : text;
  } catch {
    return null;
  }
}

/** Characters that no written text has: below the space, without tab and ends of lines. */
function hasControls(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x20 && code !== 0x09 && code !== 0x0a && code !== 0x0d) return true;
  }
  return false;
}
