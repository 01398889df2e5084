/** What a value of an item is as a moment, and what the name of an attribute says of it. */
import type { Json } from "../../model/records.ts";
import type { TimeForm } from "../../model/retention.ts";
import type { EpochMs } from "../../model/units.ts";

/** Numbers between these, in seconds, are taken for times: 2000-01-01 and 2100-01-01. */
const FIRST_S = 946_684_800;
const LAST_S = 4_102_444_800;

export interface Moment {
  form: TimeForm;
  /** null: no moment. */
  at: EpochMs | null;
}

/** A Firestore Timestamp as its REST API writes it. */
function timestampOf(value: Json): string | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) && typeof value["timestampValue"] === "string"
    ? value["timestampValue"]
    : null;
}

/** Text stays text: DynamoDB takes numbers alone, and `"1700000000"` in quotes is none. */
export function momentIn(value: Json): Moment {
  if (typeof value === "number") {
    if (value >= FIRST_S && value <= LAST_S) return { form: "epoch-seconds", at: value * 1000 };
    if (value >= FIRST_S * 1000 && value <= LAST_S * 1000) return { form: "epoch-ms", at: value };
    return { form: "other", at: null };
  }
  const written = timestampOf(value) ?? value;
  if (typeof written !== "string" || !/^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?(Z|[+-]\d{2}:?\d{2})?$/.test(written))
    return { form: "other", at: null };
  // a time without zone is taken for UTC
  const at = Date.parse(/[T ]/.test(written) && !/(Z|[+-]\d{2}:?\d{2})$/.test(written) ? `${written}Z` : written);
  return { form: timestampOf(value) === null ? "iso" : "timestamp", at: Number.isNaN(at) ? null : at };
}

/** `expiresAt`, `expire_on`, `ttl`, `validUntil`: the words are those of camel case, snake case and the like. */
export type Meaning = "end" | "beginning" | "nothing";

const END_WORDS =
  /^(ttl|exp|expire|expires|expired|expiry|expiration|expirations|purge|purges|evict|evictat|expireat|expiresat|expirationtime|timetolive|validuntil|deleteat|deleteafter)$/;
const END_PAIRS =
  /\b(valid|keep|retain|retained|kept) (until|till|to)\b|\b(delete|remove|discard) (at|after|on|by)\b|\btime to live\b|\bend of life\b/;
const BEGINNING_WORDS =
  /^(created|creation|create|createdat|inserted|updated|updatedat|modified|changed|written|received|occurred|happened|started|start|begin|began|published|sent|ingested|logged|timestamp|ts|placed|ordered|born|since|last|first)$/;

/** Words beside those of an end that leave it the item's own: what holds the item, and how the time is written. */
const PLAIN_WORDS =
  /^(at|on|in|by|after|until|till|to|of|the|is|time|timestamp|date|day|epoch|unix|utc|sec|secs|second|seconds|s|ms|millis|milliseconds|iso|live|life|end|valid|keep|retain|retained|kept|delete|remove|discard|item|items|record|row|entry|event|message|msg|document|doc|data|object|session|cache|log|dynamodb|ddb|dynamo|firestore|aws|auto|pk|v\d|\d+)$/;

/**
 * A name that has words of both (`createdExpiry`) says nothing, nor does one whose end may be another's: `cardExpiresAt`, `passwordExpiry`,
 * `expiryReminderAt`, `neverExpires`. What has no such doubt is deleted for good.
 */
export function meaningOf(name: string): Meaning {
  const words = name
    .replace(/([a-z\d])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z\d]+/)
    .filter((word) => word !== "");
  const isEnd = words.some((word) => END_WORDS.test(word)) || END_PAIRS.test(words.join(" "));
  const isBeginning = words.some((word) => BEGINNING_WORDS.test(word) && !(isEnd && word === "timestamp"));
  if (isEnd && (isBeginning || !words.every((word) => END_WORDS.test(word) || PLAIN_WORDS.test(word)))) return "nothing";
  return isEnd ? "end" : isBeginning ? "beginning" : "nothing";
}
