/**
 * Events that a function logged as it got them, in the shape that filters look at: the attributes of a Pub/Sub message (no filter sees its
 * data), and of other CloudEvents their attributes, which Eventarc filters by.
 * https://cloud.google.com/pubsub/docs/subscription-message-filter, https://cloud.google.com/eventarc/docs/event-filtering
 */
import { cloudEventOf, isCloudEvent } from "../../model/cloud-event.ts";
import type { RecordedEvent } from "../../model/filters.ts";
import { isObject, type JsonObject, objectAt, textAt } from "../../model/json.ts";
import type { Json } from "../../model/records.ts";
import { eventShapeOf } from "./messages/events.ts";
import { tryParse } from "./schema.ts";

type Logged = Pick<RecordedEvent, "grammar" | "event" | "channel" | "messageId">;

const MARKED = /message_?id|specversion|ce-id/i;
const DEPTH = 3;

/** Events in a line of a function's log; empty: the line holds none. */
export function loggedEvents(message: string): Logged[] {
  if (!MARKED.test(message)) return [];
  const from = message.search(/[{[]/);
  const to = Math.max(message.lastIndexOf("}"), message.lastIndexOf("]"));
  const document = from < 0 || to <= from ? undefined : tryParse(message.slice(from, to + 1));
  return document === undefined ? [] : search(document, 0);
}

function search(value: Json, depth: number): Logged[] {
  if (Array.isArray(value)) return value.flatMap((one) => search(one, depth + 1));
  if (!isObject(value)) return [];
  const found = eventOf(value);
  if (found !== null || depth >= DEPTH) return found === null ? [] : [found];
  for (const inner of Object.values(value)) {
    const deeper = search(inner, depth + 1);
    if (deeper.length > 0) return deeper;
  }
  return [];
}

function eventOf(value: JsonObject): Logged | null {
  const shape = eventShapeOf(value);
  if (shape === "push") return pubsub(value, objectAt(value, "message")!);
  if (shape === "pubsub") return pubsub(value, value);
  return shape === "cloud-event" && isCloudEvent(value) ? cloudEvent(value) : null;
}

function pubsub(envelope: JsonObject, message: JsonObject): Logged {
  return {
    grammar: "pubsub",
    event: { attributes: objectAt(message, "attributes") ?? {} },
    channel: textAt(envelope, "subscription") ?? textAt(message, "topic"),
    messageId: textAt(message, "messageId", "message_id"),
  };
}

/** Pub/Sub messages come as CloudEvents too: their subscription is what a filter belongs to. */
function cloudEvent(value: JsonObject): Logged {
  const { id, source, type, subject, data, extensions } = cloudEventOf(value);
  const message = isObject(data) ? objectAt(data, "message") : null;
  if (message !== null && type === "google.cloud.pubsub.topic.v1.messagePublished") return pubsub(data as JsonObject, message);
  const event = { ...extensions, id, source, type, ...(subject === null ? {} : { subject }) };
  return { grammar: "eventarc", event, channel: source, messageId: id };
}
