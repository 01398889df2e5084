/** Messages that a function wrote into its log: the event it was given, or the ID that publishing returned. */
import type { IdKeys } from "../../../model/id-keys.ts";
import { arrayAt, isObject, type JsonObject, textAt, textOf } from "../../../model/json.ts";
import type { Json, Message } from "../../../model/records.ts";
import { projectOf, tryParse } from "../schema.ts";
import { type EventFacts, eventFactsOf } from "./events.ts";

export interface LoggedMessage extends EventFacts {
  direction: Message["direction"];
}

/** Messages that are read from one line at most. */
const MOST = 1000;

const MARK = /message_?id|specversion|ce-id|event_?id|publish/i;
const SENT = /\b(publish(?:ed|ing)?|sent|sending|emit(?:ted)?|enqueued?)\b/i;
const TAKEN = /\b(receiv(?:ed|ing)|process(?:ed|ing)|handl(?:ed|ing)|consum(?:ed|ing)|got|deliver(?:ed|y)|triggered)\b/i;
/** `Published message 123 to orders`, `Message 123 published.`, `Published 123 to projects/p/topics/orders.` (Google's samples). */
const PUBLISHED =
  /\bpublished(?:\s+(?:a\s+)?message)?(?:\s+(?:with\s+)?id)?\s*[:=]?\s*["']?(\d{6,25})\b|\bmessage(?:\s+id)?\s*[:=]?\s*["']?(\d{6,25})["']?\s+(?:was\s+)?published\b/i;
const TOPIC = /\b(?:to|topic)\b\s*[:=]?\s*(?:topic\s+)?["']?(?:projects\/([\w.:-]+)\/topics\/)?([A-Za-z][\w.~+%-]*\w)/i;
const PAIR_ID = /\bmessage_?id["']?\s*[:=]\s*["']?([\w-]{6,64})/i;
const PAIR_CHANNEL = /\b(topic|subscription)["']?\s*[:=]\s*["']?([^\s"',;}]+)/i;

/** The messages that a text payload names: JSON in the text, or a sentence about publishing. */
export function messagesInText(text: string, keys: IdKeys): LoggedMessage[] {
  if (!MARK.test(text)) return [];
  const brace = text.indexOf("{");
  const json = brace < 0 ? undefined : tryParse(text.slice(brace, text.lastIndexOf("}") + 1));
  if (json !== undefined) {
    const found = messagesInJson(json, keys, text.slice(0, brace));
    if (found.length > 0) return found;
  }
  const sentence = PUBLISHED.exec(text);
  if (sentence) {
    const topic = TOPIC.exec(text.slice(sentence.index + sentence[0].length)) ?? TOPIC.exec(text);
    return [flat(sentence[1] ?? sentence[2]!, topic?.[1] ?? null, topic?.[2] ?? null, "published")];
  }
  const id = PAIR_ID.exec(text)?.[1];
  const channel = PAIR_CHANNEL.exec(text);
  if (id === undefined || channel === null) return [];
  return [flat(id, projectOf(channel[2]!), lastPart(channel[2]!), directionOf(text, channel[1]!.toLowerCase()))];
}

/** The messages inside a JSON payload, to a depth of six; `words` is text beside it that says whether it was sent or received. */
export function messagesInJson(payload: Json, keys: IdKeys, words = ""): LoggedMessage[] {
  const found: LoggedMessage[] = [];
  walk(payload, 6);
  return found;

  function walk(value: Json, depth: number): void {
    if (found.length >= MOST) return;
    if (Array.isArray(value)) {
      if (depth > 0) for (const item of value) walk(item, depth - 1);
      return;
    }
    if (!isObject(value)) return;
    const facts = eventFactsOf(value, keys);
    if (facts !== null && (facts.messageId !== null || facts.ids.length > 0)) {
      found.push({ ...facts, direction: SENT.test(words) && !TAKEN.test(words) ? "published" : "received" });
      return;
    }
    const named = namedMessages(value, words);
    if (named.length > 0) {
      found.push(...named);
      return;
    }
    if (depth > 0) for (const inner of Object.values(value)) walk(inner, depth - 1);
  }
}

/** `{messageId, topic}`, `{messageIds, topic}` (a batch) or `{message_id, subscription}` beside whatever else was logged. */
function namedMessages(value: JsonObject, words: string): LoggedMessage[] {
  const one = textAt(value, "messageId", "message_id", "pubsubMessageId", "pubsub_message_id");
  const batch = (arrayAt(value, "messageIds", "message_ids") ?? []).map(textOf).filter((id) => id !== null && id !== "");
  const topic = textAt(value, "topic", "topicName", "topic_name");
  const subscription = textAt(value, "subscription", "subscriptionName");
  const channel = topic ?? subscription;
  const ids = one === null ? batch.slice(0, MOST) : [one];
  if (ids.length === 0 || channel === null) return [];
  const said = [words, textAt(value, "message", "msg", "event", "action") ?? ""].join(" ");
  const direction = directionOf(said, subscription === null ? "topic" : "subscription");
  return ids.map((id) => flat(id!, projectOf(channel), lastPart(channel), direction));
}

function directionOf(words: string, channel: string): Message["direction"] {
  if (SENT.test(words)) return "published";
  if (TAKEN.test(words)) return "received";
  return channel === "topic" ? "published" : "received";
}

function flat(messageId: string, account: string | null, channel: string | null, direction: Message["direction"]): LoggedMessage {
  return {
    account,
    region: null,
    direction,
    channel,
    channelKind: "topic",
    messageId,
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

function lastPart(path: string): string | null {
  return path.split("/").filter(Boolean).at(-1) ?? null;
}
