/** What a Pub/Sub message carries (https://cloud.google.com/pubsub/docs/reference/rest/v1/PubsubMessage): IDs, trace context, size. */
import type { IdKeys } from "../../../model/id-keys.ts";
import { type Id, isPlaceholderId, normaliseId, parentSpanIdOf, traceIdOf } from "../../../model/ids.ts";
import { type JsonObject, objectAt, textAt, textOf } from "../../../model/json.ts";
import type { Bytes, EpochMs } from "../../../model/units.ts";
import { epochMsOf } from "../../../model/times.ts";
import { payloadHash } from "../../../model/payload-hash.ts";
import { decodeBase64, tryParse } from "../schema.ts";

export interface PubsubFacts {
  messageId: string | null;
  publishTime: EpochMs | null;
  traceId: string | null;
  parentSpanId: string | null;
  /** Data and attributes, as they are billed. null: neither is there. */
  sizeBytes: Bytes | null;
  payloadHash: string | null;
  eventName: string | null;
  deadLetter: boolean;
  ids: Id[];
}

/** Attribute names of trace context: OpenTelemetry in Google's client libraries, W3C, legacy Google. */
const TRACE_ATTRIBUTES = ["googclient_traceparent", "traceparent", "ce-traceparent", "x-cloud-trace-context", "X-Cloud-Trace-Context"];

/** Reads one message; its REST push form carries `messageId` and `message_id` with one value. */
export function pubsubFacts(message: JsonObject, keys: IdKeys): PubsubFacts {
  const attributes = objectAt(message, "attributes") ?? {};
  const data = textAt(message, "data");
  const payload = data === null ? null : decodeBase64(data);
  const trace = textAt(attributes, ...TRACE_ATTRIBUTES);
  const ids: Id[] = [];
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "string" && keys.isCorrelationKey(name)) addId(ids, { kind: "correlation", value: normaliseId(value) });
  }
  for (const id of payload === null ? [] : keys.inText(payload.text)) addId(ids, id);
  const bucket = textAt(attributes, "bucketId");
  const object = textAt(attributes, "objectId");
  if (bucket !== null && object !== null) addId(ids, { kind: "object", value: `${bucket}/${object}` });
  const eventId = textAt(attributes, "ce-id");
  if (eventId !== null) addId(ids, { kind: "message", value: eventId });
  return {
    messageId: textAt(message, "messageId", "message_id"),
    publishTime: epochMsOf(message["publishTime"] ?? message["publish_time"]),
    traceId: trace === null ? null : traceIdOf(trace),
    parentSpanId: trace === null ? null : parentSpanIdOf(trace),
    sizeBytes: payload === null && Object.keys(attributes).length === 0 ? null : (payload?.sizeBytes ?? 0) + attributesBytes(attributes),
    payloadHash: payload === null ? null : hashOf(payload.text),
    eventName: textAt(attributes, "ce-type", "eventType"),
    deadLetter: textAt(attributes, "CloudPubSubDeadLetterSourceSubscription") !== null,
    ids,
  };
}

/** Hash of a payload that can tell messages apart: JSON with something in it, or text of some length. */
function hashOf(text: string): string | null {
  const value = tryParse(text);
  if (typeof value === "object" && value !== null) return Object.keys(value).length > 0 ? payloadHash(value) : null;
  return text.length >= 16 ? payloadHash(text) : null;
}

function attributesBytes(attributes: JsonObject): Bytes {
  let bytes = 0;
  for (const [name, value] of Object.entries(attributes)) bytes += Buffer.byteLength(name) + Buffer.byteLength(textOf(value) ?? "");
  return bytes;
}

/** Adds an ID once; placeholders join nothing and are left out. */
export function addId(ids: Id[], id: Id): void {
  if (isPlaceholderId(id.value) || ids.some((other) => other.kind === id.kind && other.value === id.value)) return;
  ids.push(id);
}
