/** Messages in what a function logged: the event it was given, or the SDK's answers to what it sent. */
import type { Json } from "../../model/records.ts";
import type { Carried } from "./carried.ts";
import { busEvent, destination, notification, recordOf } from "./event-records.ts";
import { executionContext, httpRequest } from "./event-requests.ts";
import { brokerMessages } from "./event-streams.ts";
import { isMarked, objectOf } from "./line-json.ts";
import { namedMessage, sentMessages, writtenBy } from "./published.ts";
import { obj, type Obj, text } from "./schema.ts";

/** How deep an event may lie inside a log line (`message.event`, `detail.payload`). */
const DEPTH = 3;

/** The messages of an event as a service hands it to a function; null: not an event that carries messages. */
export function receivedIn(event: Json): Carried[] | null {
  if (Array.isArray(event)) return recordsOf(event);
  const o = obj(event);
  if (o === null) return null;
  if (Array.isArray(o["Records"])) return recordsOf(o["Records"]);
  if (text(o["TopicArn"]) !== null && text(o["MessageId"]) !== null && "Message" in o) return [notification(o)];
  const one = busEvent(o) ?? destination(o) ?? httpRequest(o) ?? executionContext(o);
  return one === null ? brokerMessages(o) : [one];
}

/** Records of a batch, or of what a Pipe hands over; null: of none of the services that carry chains. */
function recordsOf(records: Json[]): Carried[] | null {
  const found = records.flatMap((one) => {
    const record = obj(one);
    return (record === null ? null : recordOf(record)) ?? [];
  });
  return found.length === 0 ? null : found;
}

/** Request fields beside an answer, by the names that code gives them. */
const REQUESTS = ["request", "input", "params", "parameters", "command"];

/** Messages sent, in an answer or a request with its answer; null: none. */
function sentIn(line: Obj, around: Obj): Carried[] | null {
  const request = REQUESTS.map((name) => obj(line[name]) ?? obj(around[name])).find((o) => o != null) ?? null;
  const answer = obj(line["response"]) ?? obj(line["result"]) ?? line;
  const sent = sentMessages(answer, request ?? line);
  if (sent !== null) return sent;
  return request === null ? null : writtenBy(request, answer);
}

/**
 * All messages that a parsed log line tells of; null: none. The line itself, what its fields hold, and fields that name a message.
 * `words`: text around the JSON.
 */
export function messagesIn(line: Obj, words = ""): Carried[] | null {
  return search(line, line, 0) ?? named(line, words);
}

/** A message that fields name, beside the line's words or, where the line's message is an object (Lambda's JSON format), in it. */
function named(line: Obj, around: string): Carried[] | null {
  const message = line["message"] ?? line["msg"];
  const inner = innerObject(message);
  const words = inner === null ? message : (inner["message"] ?? inner["msg"]);
  const sentence = `${around} ${text(words) ?? ""}`;
  return namedMessage(line, sentence) ?? (inner === null ? null : namedMessage(inner, sentence));
}

function search(o: Obj, around: Obj, depth: number): Carried[] | null {
  const found = receivedIn(o) ?? sentIn(o, around);
  if (found !== null || depth >= DEPTH) return found;
  for (const name in o) {
    const value = o[name];
    const inner = Array.isArray(value) ? receivedIn(value) : innerObject(value);
    if (inner === null) continue;
    const deeper = Array.isArray(inner) ? (inner as Carried[]) : search(inner, o, depth + 1);
    if (deeper !== null) return deeper;
  }
  return null;
}

/** The value as an object, also from JSON text that may hold an event. */
function innerObject(value: Json | undefined): Obj | null {
  if (typeof value === "string")
    return value.length > 20 && value[0] === "{" && isMarked(value) ? objectOf(value.slice(0, value.lastIndexOf("}") + 1)) : null;
  return obj(value);
}
