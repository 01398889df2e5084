/**
 * Events that a function logged as it got them, in the shape that filters look at: Event Grid events and CloudEvents, Service Bus messages by
 * their properties (no filter sees a body). Event Hubs have no filters. https://learn.microsoft.com/azure/event-grid/event-filtering
 */
import { isCloudEvent } from "../../model/cloud-event.ts";
import type { RecordedEvent } from "../../model/filters.ts";
import { isObject, type JsonObject } from "../../model/json.ts";
import type { Json } from "../../model/records.ts";
import { isGridEvent } from "./event-messages.ts";
import { bagOf, field, parseJson, textOf } from "./values.ts";

type Logged = Pick<RecordedEvent, "grammar" | "event" | "channel" | "messageId">;

const MARKED = /eventType|specversion|applicationProperties|userProperties|enqueuedTime|deliveryCount/i;
const DEPTH = 2;

/** Events in a line of a function's log; empty: the line holds none. */
export function loggedEvents(message: string): Logged[] {
  if (!MARKED.test(message)) return [];
  const from = message.search(/[{[]/);
  const to = Math.max(message.lastIndexOf("}"), message.lastIndexOf("]"));
  const document = from < 0 || to <= from ? undefined : parseJson(message.slice(from, to + 1));
  return document === undefined ? [] : search(document, 0);
}

function search(value: Json, depth: number): Logged[] {
  if (Array.isArray(value)) return value.flatMap((one) => (isObject(one) ? eventOf(one) : []));
  if (!isObject(value)) return [];
  const found = eventOf(value);
  if (found.length > 0 || depth >= DEPTH) return found;
  for (const inner of Object.values(value)) {
    const deeper = search(inner, depth + 1);
    if (deeper.length > 0) return deeper;
  }
  return [];
}

function eventOf(event: JsonObject): Logged[] {
  if (isGridEvent(event)) return [{ grammar: "event-grid", event, channel: textOf(event["topic"]), messageId: textOf(event["id"]) }];
  if (isCloudEvent(event) && event["specversion"] !== undefined)
    return [{ grammar: "event-grid", event, channel: textOf(event["source"]), messageId: textOf(event["id"]) }];
  return brokerMessage(event);
}

/** Service Bus messages as the SDKs and the host print them: `applicationProperties`, in older ones `userProperties`. */
function brokerMessage(message: JsonObject): Logged[] {
  const messageId = textOf(field(message, "messageId"));
  const properties = bagOf(field(message, "applicationProperties")) ?? bagOf(field(message, "userProperties"));
  const isStream = field(message, "partitionKey") !== undefined && field(message, "offset") !== undefined;
  if (messageId === null || properties === null || isStream) return [];
  const event = { ...message, applicationProperties: properties };
  return [{ grammar: "service-bus-sql", event, channel: textOf(field(message, "entityPath")), messageId }];
}
