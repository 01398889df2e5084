/**
 * Events as Google delivers them, each to the same facts: CloudEvents (structured, or the headers of a binary one), Pub/Sub push
 * bodies and pulled messages, events of 1st gen background functions, and the bare data of Storage and Firestore events.
 */
import { cloudEventOf, isCloudEvent } from "../../../model/cloud-event.ts";
import type { IdKeys } from "../../../model/id-keys.ts";
import { normaliseId } from "../../../model/ids.ts";
import { isObject, type JsonObject, numberAt, objectAt, textAt } from "../../../model/json.ts";
import type { Json, Message } from "../../../model/records.ts";
import { epochMsOf } from "../../../model/times.ts";
import { partOf, projectOf } from "../schema.ts";
import { eventTypeOf, isLegacyType } from "./legacy-types.ts";
import { placeOf } from "./places.ts";
import { addId, pubsubFacts } from "./pubsub.ts";

/** A message without what only its observer knows: when and by which invocation it was seen. */
export type EventFacts = Omit<Message, "type" | "cloud" | "at" | "fn" | "requestId" | "direction">;

type Shape = "cloud-event" | "legacy" | "push" | "pubsub" | "object" | "document";

/** Which of the known shapes the value has; null: none. */
export function eventShapeOf(value: Json | undefined): Shape | null {
  if (!isObject(value)) return null;
  if (isCloudEvent(value)) return "cloud-event";
  const context = objectAt(value, "context") ?? value;
  if (isLegacyType(textAt(context, "eventType", "event_type") ?? "") && textAt(context, "eventId", "event_id") !== null) return "legacy";
  if (isPubsubMessage(objectAt(value, "message") ?? undefined)) return "push";
  if (isPubsubMessage(value) && !("subscription" in value)) return "pubsub";
  if (value["kind"] === "storage#object") return storageObjectOf(value) === null ? null : "object";
  return documentOf(value) === null ? null : "document";
}

/** The facts of an event in any of the known shapes; null: the value is none of them. */
export function eventFactsOf(value: Json | undefined, keys: IdKeys): EventFacts | null {
  const shape = eventShapeOf(value);
  if (shape === null || !isObject(value)) return null;
  if (shape === "cloud-event") return cloudEventFacts(value, keys);
  if (shape === "legacy") return legacyFacts(value, keys);
  if (shape === "push") return pushFacts(value, objectAt(value, "message")!, keys);
  if (shape === "pubsub") return pushFacts({}, value, keys);
  return shape === "object" ? objectFacts(value) : documentFacts(value, keys);
}

/** True for the JSON form of a Pub/Sub message. */
function isPubsubMessage(value: Json | undefined): value is JsonObject {
  if (!isObject(value) || textAt(value, "messageId", "message_id") === null) return false;
  return "publishTime" in value || "publish_time" in value || typeof value["data"] === "string" || isObject(value["attributes"]);
}

function blank(): EventFacts {
  return {
    account: null,
    region: null,
    channel: null,
    channelKind: "topic",
    messageId: null,
    traceId: null,
    parentSpanId: null,
    sentAt: null,
    attempt: null,
    sizeBytes: null,
    payloadHash: null,
    eventName: null,
    deadLetter: false,
    replay: null,
    ids: [],
  };
}

function pushFacts(envelope: JsonObject, message: JsonObject, keys: IdKeys): EventFacts {
  const facts = pubsubFacts(message, keys);
  const path = textAt(envelope, "subscription") ?? textAt(message, "topic") ?? "";
  const { publishTime, ...rest } = facts;
  const channel = partOf(path, "subscriptions") ?? partOf(path, "topics");
  return {
    ...blank(),
    ...rest,
    account: projectOf(path),
    channel: channel ?? (path === "" ? null : path),
    sentAt: publishTime,
    attempt: numberAt(envelope, "deliveryAttempt", "delivery_attempt"),
  };
}

function cloudEventFacts(value: JsonObject, keys: IdKeys): EventFacts {
  const event = cloudEventOf(value);
  const service = /^\/\/([^/]+)/.exec(event.source)?.[1] ?? "";
  const place = placeOf(event.subject === null ? event.source : `${event.source}/${event.subject}`, service);
  const facts: EventFacts = {
    ...blank(),
    ...place,
    channel: place.channel ?? lastPart(event.source),
    messageId: event.id,
    sentAt: event.time,
    eventName: event.type,
    traceId: event.traceId,
    parentSpanId: event.parentSpanId,
  };
  for (const [name, field] of Object.entries(event.extensions)) {
    if (typeof field === "string" && keys.isCorrelationKey(name)) addId(facts.ids, { kind: "correlation", value: normaliseId(field) });
  }
  return withData(facts, event.data, keys);
}

function legacyFacts(value: JsonObject, keys: IdKeys): EventFacts {
  const context = objectAt(value, "context") ?? value;
  const { type, service } = eventTypeOf(textAt(context, "eventType", "event_type") ?? "");
  const resource = objectAt(context, "resource");
  const path = resource === null ? textAt(context, "resource") : textAt(resource, "name");
  const data = value["data"] ?? null;
  const user = service === "firebaseauth.googleapis.com" && isObject(data) ? textAt(data, "uid") : null;
  const facts: EventFacts = {
    ...blank(),
    ...placeOf(`${path ?? ""}${user === null ? "" : `/users/${user}`}`, service),
    messageId: textAt(context, "eventId", "event_id"),
    sentAt: epochMsOf(context["timestamp"]),
    eventName: type,
  };
  return withData(facts, data, keys);
}

/** Adds what the data of the event says: the Pub/Sub message in it, the object or document it is about, correlation IDs. */
function withData(facts: EventFacts, data: Json, keys: IdKeys): EventFacts {
  if (!isObject(data)) return facts;
  const message = objectAt(data, "message") ?? (textAt(data, "@type")?.endsWith("PubsubMessage") ? data : null);
  if (message !== null) {
    const inner = pubsubFacts(message, keys);
    for (const id of inner.ids) addId(facts.ids, id);
    return {
      ...facts,
      messageId: inner.messageId ?? facts.messageId,
      sentAt: inner.publishTime ?? facts.sentAt,
      traceId: inner.traceId ?? facts.traceId,
      parentSpanId: inner.parentSpanId ?? facts.parentSpanId,
      sizeBytes: inner.sizeBytes,
      payloadHash: inner.payloadHash,
      deadLetter: inner.deadLetter,
      attempt: numberAt(data, "deliveryAttempt", "delivery_attempt"),
    };
  }
  for (const id of keys.inText(JSON.stringify(data))) addId(facts.ids, id);
  if (facts.channelKind !== "bucket") return facts;
  const object = storageObjectOf(data);
  if (object === null) return facts;
  if (facts.messageId !== null) addId(facts.ids, { kind: "message", value: facts.messageId });
  addId(facts.ids, { kind: "object", value: object.name });
  return { ...facts, messageId: object.version };
}

/** `bucket/name` of a Storage object and the same with its generation, which both sides of a write know. */
function storageObjectOf(data: JsonObject): { bucket: string; name: string; version: string } | null {
  const bucket = textAt(data, "bucket");
  const name = textAt(data, "name");
  const generation = textAt(data, "generation");
  if (bucket === null || name === null || generation === null) return null;
  return { bucket, name: `${bucket}/${name}`, version: `${bucket}/${name}@${generation}` };
}

/** The data of a Storage event without its envelope. */
function objectFacts(value: JsonObject): EventFacts {
  const { bucket, name, version } = storageObjectOf(value)!;
  const facts: EventFacts = { ...blank(), channel: bucket, channelKind: "bucket", messageId: version };
  return { ...facts, sentAt: epochMsOf(value["timeCreated"]), ids: [{ kind: "object", value: name }] };
}

/** The document that the data of a Firestore event is about. */
function documentOf(value: JsonObject): { name: string; document: JsonObject } | null {
  const document = objectAt(value, "value") ?? objectAt(value, "oldValue");
  const name = document === null ? null : textAt(document, "name");
  return document === null || name === null || !name.includes("/documents/") ? null : { name, document };
}

/** The data of a Firestore event without its envelope. */
function documentFacts(value: JsonObject, keys: IdKeys): EventFacts {
  const { name, document } = documentOf(value)!;
  const facts: EventFacts = { ...blank(), ...placeOf(name, "firestore.googleapis.com"), sentAt: epochMsOf(document["updateTime"]) };
  for (const id of keys.inText(JSON.stringify(value))) addId(facts.ids, id);
  return facts;
}

function lastPart(path: string): string | null {
  return path.split("/").filter(Boolean).at(-1) ?? null;
}
