/**
 * Events and broker messages as JSON: Event Grid schema, CloudEvents 1.0, and the Service Bus / Event Hubs messages that a function
 * logged. Where they stand alone in a file they are published events; where a run logged them it received them.
 * https://learn.microsoft.com/azure/event-grid/event-schema, https://github.com/cloudevents/spec
 */
import type { IdKeys } from "../../model/id-keys.ts";
import { type Id, parentSpanIdOf, traceIdOf } from "../../model/ids.ts";
import type { Json, Message, Scope } from "../../model/records.ts";
import { bytesOf } from "./bare-records.ts";
import { type Facts, addId } from "./context.ts";
import { type JsonObject, bagOf, field, isObject, momentOf, numberOf, parseJson, resourceIdOf, textOf, timeOf } from "./values.ts";

/** True for an event of the Event Grid schema. */
export function isGridEvent(document: Json): document is JsonObject {
  return (
    isObject(document) &&
    typeof document["id"] === "string" &&
    typeof document["eventType"] === "string" &&
    typeof document["eventTime"] === "string" &&
    typeof document["subject"] === "string"
  );
}

/** True for a CloudEvent (structured JSON). */
export function isCloudEvent(document: Json): document is JsonObject {
  return (
    isObject(document) &&
    typeof document["specversion"] === "string" &&
    typeof document["type"] === "string" &&
    typeof document["source"] === "string" &&
    typeof document["id"] === "string"
  );
}

/** True for a CloudEvent that says it comes from Azure: its type or source names a Microsoft service or a resource path. */
export function isAzureCloudEvent(document: Json): document is JsonObject {
  return (
    isCloudEvent(document) && (/^Microsoft\./.test(document["type"] as string) || /\/subscriptions\//i.test(document["source"] as string))
  );
}

/** True for a Service Bus or Event Hubs message as the SDKs print it. */
function isBrokerMessage(document: Json): document is JsonObject {
  if (!isObject(document) || textOf(field(document, "messageId")) === null) return false;
  return ["enqueuedTimeUtc", "deliveryCount", "sequenceNumber", "applicationProperties", "enqueuedTime"].some(
    (name) => field(document, name) !== undefined,
  );
}

/** Where and by whom an event was seen. */
export interface Seen {
  scope: Scope;
  direction: Message["direction"];
  /** null: when the event says it happened. */
  at: number | null;
  fn: string | null;
  requestId: string | null;
  keys: IdKeys;
}

/** The message that an event or broker message is; null: neither, or without a readable time. */
export function messageOf(document: Json, seen: Seen): Message | null {
  if (!isObject(document)) return null;
  const broker = !isGridEvent(document) && !isCloudEvent(document);
  if (broker && !isBrokerMessage(document)) return null;
  const text = JSON.stringify(document);
  const topic = resourceIdOf(document["topic"]) ?? resourceIdOf(document["source"]);
  const properties = bagOf(field(document, "applicationProperties")) ?? bagOf(field(document, "userProperties")) ?? {};
  const context = [document["traceparent"], properties["Diagnostic-Id"], properties["traceparent"], field(document, "Diagnostic-Id")]
    .map(textOf)
    .find((carrier) => carrier !== null && traceIdOf(carrier) !== null);
  const sentAt =
    timeOf(document["eventTime"]) ??
    timeOf(document["time"]) ??
    momentOf(field(document, "enqueuedTimeUtc")) ??
    momentOf(field(document, "enqueuedTime")) ??
    momentOf(field(document, "x-opt-enqueued-time")) ??
    momentOf(properties["x-opt-enqueued-time"]);
  const at = seen.at ?? sentAt;
  if (at === null) return null;
  const messageId = textOf(document["id"]) ?? textOf(field(document, "messageId"));
  const ids: Id[] = seen.keys.inText(text);
  if (messageId !== null) addId(ids, "message", messageId);
  return {
    type: "message",
    ...seen.scope,
    account: topic?.subscription ?? seen.scope.account,
    direction: seen.direction,
    at,
    channel: broker ? textOf(field(document, "entityPath")) : (topic?.name ?? textOf(document["topic"]) ?? textOf(document["source"])),
    channelKind: broker
      ? field(document, "partitionKey") !== undefined && field(document, "offset") !== undefined
        ? "stream"
        : "queue"
      : "bus",
    messageId,
    fn: seen.fn,
    requestId: seen.requestId,
    traceId: context == null ? null : traceIdOf(context),
    parentSpanId: context == null ? null : parentSpanIdOf(context),
    sentAt,
    attempt: numberOf(field(document, "deliveryCount")),
    sizeBytes: bytesOf(text),
    payloadHash: null,
    eventName: textOf(document["eventType"]) ?? textOf(document["type"]) ?? textOf(field(document, "subject")),
    deadLetter: textOf(field(document, "deadLetterReason")) !== null || textOf(document["deadLetterReason"]) !== null,
    replay: null,
    ids,
  };
}

const LOOKS_LIKE_EVENT =
  /"(?:eventType|specversion|deliveryCount|enqueuedTimeUtc|applicationProperties|enqueuedTime|DeliveryCount|EnqueuedTimeUtc)"/;

/** Events and messages that a run wrote into its log as JSON: it received them. */
export function eventsInText(
  message: string,
  run: { facts: Facts; fn: string | null; requestId: string; spanId: string | null; keys: IdKeys },
): Message[] {
  if (!LOOKS_LIKE_EVENT.test(message)) return [];
  const from = message.search(/[{[]/);
  const to = Math.max(message.lastIndexOf("}"), message.lastIndexOf("]"));
  if (from === -1 || to <= from) return [];
  const parsed = parseJson(message.slice(from, to + 1));
  const documents = Array.isArray(parsed) ? parsed : parsed === undefined ? [] : [parsed];
  return documents
    .map((document) =>
      messageOf(document, {
        scope: run.facts.scope,
        direction: "received",
        at: run.facts.at,
        fn: run.fn,
        requestId: run.requestId,
        keys: run.keys,
      }),
    )
    .filter((found) => found !== null);
}
