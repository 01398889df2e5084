/**
 * Events and broker messages as JSON: Event Grid schema, CloudEvents 1.0, and the Service Bus / Event Hubs messages that a function
 * logged. Where they stand alone in a file they are published events; where a run logged them it received them.
 * https://learn.microsoft.com/azure/event-grid/event-schema, https://github.com/cloudevents/spec
 */
import type { IdKeys } from "../../model/id-keys.ts";
import { type Id, parentSpanIdOf, traceIdOf } from "../../model/ids.ts";
import { cloudEventOf, isCloudEvent } from "../../model/cloud-event.ts";
import { type JsonObject, isObject, numberOf, textAt } from "../../model/json.ts";
import type { Json, Message, Scope } from "../../model/records.ts";
import { bytesOf } from "./bare-records.ts";
import { type Facts, addId } from "./context.ts";
import { bagOf, field, momentOf, parseJson, resourceIdOf, textOf, timeOf } from "./values.ts";

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

/** True for a CloudEvent that says it comes from Azure: its type or source names a Microsoft service or a resource path. */
export function isAzureCloudEvent(document: Json): document is JsonObject {
  return (
    isCloudEvent(document) &&
    ((textAt(document, "type", "ce-type") ?? "").startsWith("Microsoft.") ||
      /\/subscriptions\//i.test(textAt(document, "source", "ce-source") ?? ""))
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
  const told = isCloudEvent(document) ? cloudEvent(document) : isGridEvent(document) ? gridEvent(document) : brokerMessage(document);
  const at = seen.at ?? told?.sentAt ?? null;
  if (told === null || at === null) return null;
  const text = JSON.stringify(document);
  const ids: Id[] = seen.keys.inText(text);
  if (told.messageId !== null) addId(ids, "message", told.messageId);
  const { topic, ...facts } = told;
  return {
    type: "message",
    ...seen.scope,
    account: resourceIdOf(topic)?.subscription ?? seen.scope.account,
    direction: seen.direction,
    at,
    channel: resourceIdOf(topic)?.name ?? topic,
    fn: seen.fn,
    requestId: seen.requestId,
    sizeBytes: bytesOf(text),
    payloadHash: null,
    replay: null,
    ids,
    ...facts,
  };
}

type Told = Pick<Message, "channelKind" | "messageId" | "traceId" | "parentSpanId" | "sentAt" | "attempt" | "eventName" | "deadLetter"> & {
  topic: string | null;
};

function cloudEvent(document: JsonObject): Told {
  const event = cloudEventOf(document);
  return {
    topic: event.source,
    channelKind: "bus",
    messageId: event.id,
    traceId: event.traceId,
    parentSpanId: event.parentSpanId,
    sentAt: event.time,
    attempt: null,
    eventName: event.type,
    deadLetter: textOf(document["deadletterreason"]) !== null,
  };
}

function gridEvent(document: JsonObject): Told {
  return {
    topic: textOf(document["topic"]),
    channelKind: "bus",
    messageId: textOf(document["id"]),
    ...contextIn([document["traceparent"], bagOf(document["data"])?.["traceparent"]]),
    sentAt: timeOf(document["eventTime"]),
    // only dead-lettered events carry these: https://learn.microsoft.com/azure/event-grid/manage-event-delivery
    attempt: numberOf(document["deliveryAttempts"]),
    eventName: textOf(document["eventType"]),
    deadLetter: textOf(document["deadLetterReason"]) !== null,
  };
}

function brokerMessage(document: JsonObject): Told | null {
  if (!isBrokerMessage(document)) return null;
  const properties = bagOf(field(document, "applicationProperties")) ?? bagOf(field(document, "userProperties")) ?? {};
  const isStream = field(document, "partitionKey") !== undefined && field(document, "offset") !== undefined;
  return {
    topic: textOf(field(document, "entityPath")),
    channelKind: isStream ? "stream" : "queue",
    messageId: textOf(field(document, "messageId")),
    ...contextIn([properties["Diagnostic-Id"], properties["traceparent"], field(document, "Diagnostic-Id")]),
    sentAt:
      momentOf(field(document, "enqueuedTimeUtc")) ??
      momentOf(field(document, "enqueuedTime")) ??
      momentOf(field(document, "x-opt-enqueued-time")) ??
      momentOf(properties["x-opt-enqueued-time"]),
    attempt: numberOf(field(document, "deliveryCount")),
    eventName: textOf(field(document, "subject")),
    deadLetter: textOf(field(document, "deadLetterReason")) !== null,
  };
}

/** The sender's trace and span from the first carrier that holds one. */
function contextIn(carriers: (Json | undefined)[]): Pick<Message, "traceId" | "parentSpanId"> {
  const carrier = carriers.map(textOf).find((text) => text !== null && traceIdOf(text) !== null) ?? null;
  return carrier === null ? { traceId: null, parentSpanId: null } : { traceId: traceIdOf(carrier), parentSpanId: parentSpanIdOf(carrier) };
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
