/** JSON in a function's line of text: behind the runtime's prefix (`<time>\t<request>\tINFO\t{...}`) or behind words (`event={...}`). */
import type { Json } from "../../model/records.ts";
import { jsonOfPython } from "./python-literal.ts";
import { obj, type Obj } from "./schema.ts";

/** The JSON of a line and what stands around it. */
export interface LineJson {
  /** The object; a list stands under `message`, where Lambda's JSON format has it. */
  fields: Obj;
  /** The text before and after it, without the prefix. Empty: the JSON is all that was logged, and its fields are the line's own. */
  words: string;
}

/** Keys of which an event or answer, or a line that names a message, has at least one: behind words, text without them is not parsed. */
const MARKED =
  /"(?:Records|detail-type|requestContext|MessageId|EventId|executionArn|SequenceNumber|messageId|eventId|message_id|event_id|s[qn]sMessageId|TableName|Execution|rmqMessagesByQueue|Successful|Entries)\\*"/;
/** The same in a printed Python dict. */
const PYTHON_MARKED =
  /'(?:Records|detail-type|requestContext|MessageId|EventId|executionArn|SequenceNumber|messageId|eventId|message_id|event_id|s[qn]sMessageId|Execution|Entries)':/;
/** An object or a list of objects, and not Node.js's or Python's way to print one. */
const STARTS = /\s*(?=\{\s*"|\[\s*\{\s*")/y;

/** True for JSON text that may hold an event or name a message. */
export function isMarked(json: string): boolean {
  return MARKED.test(json);
}

/** The JSON in a line whose prefix ends at `from`; null: none that could tell more than its text. */
export function jsonInLine(message: string, from: number): LineJson | null {
  STARTS.lastIndex = from;
  if (STARTS.test(message)) return between(message, from, STARTS.lastIndex);
  const brace = message.indexOf("{", from);
  if (brace < 0) return null;
  if (message[brace + 1] === "'") return PYTHON_MARKED.test(message) ? between(message, from, brace, jsonOfPython) : null;
  if (!MARKED.test(message)) return null;
  const bracket = message.indexOf('[{"', from);
  return between(message, from, bracket >= 0 && bracket < brace ? bracket : brace);
}

/** What stands between the bracket at `start` and the last closing one; null: no JSON. */
function between(message: string, from: number, start: number, toJson: (text: string) => string | null = (text) => text): LineJson | null {
  const isList = message[start] === "[";
  const end = message.lastIndexOf(isList ? "]" : "}") + 1;
  const json = end > start ? toJson(message.slice(start, end)) : null;
  const value = json === null ? null : jsonOf(json);
  if (typeof value !== "object" || value === null) return null;
  const fields = Array.isArray(value) ? { message: value } : value;
  return { fields, words: (message.slice(from, start) + message.slice(end)).trim() };
}

/** The object of a JSON text; null: text that only starts like one. */
export function objectOf(text: string): Obj | null {
  return obj(jsonOf(text));
}

function jsonOf(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return null;
  }
}
