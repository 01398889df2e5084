/** What a collection could not get: by topic, so that a later run takes back what it could get then. */
import type { LiveSession, Signal, Span } from "../../clouds/room.ts";
import { CallError } from "../../clouds/kit/call-error.ts";
import { filterName } from "../../clouds/kit/function-scope.ts";
import { EXIT, UserError } from "../../model/errors.ts";
import type { Gap, Rec } from "../../model/records.ts";
import type { Collected } from "../../store/index.ts";
import { regionOf } from "../targets.ts";

/** What a target's gap is about. */
export type Topic = Signal | "inventory";

/** A gap, and what it is about. */
export interface Missing {
  about: Topic;
  gap: Gap;
}

/** Gaps of one run. */
export class GapList {
  readonly missing: Missing[] = [];
  readonly #byTopic = new Map<string, Gap[]>();

  add(topic: string, gap: Gap): void {
    const gaps = this.#byTopic.get(topic) ?? [];
    // pages of one source may each say the same
    if (gaps.some((one) => one.what === gap.what && one.why === gap.why && one.from === gap.from && one.to === gap.to)) return;
    this.#byTopic.set(topic, [...gaps, gap]);
    this.missing.push({ about: topic.slice(topic.lastIndexOf("#") + 1) as Topic, gap });
  }

  /** Replaces what was said about this window under each of these topics. */
  store(collected: Collected, topics: readonly string[], window: Span): void {
    for (const topic of new Set([...topics, ...this.#byTopic.keys()])) collected.setGaps(topic, window, this.#byTopic.get(topic) ?? []);
    collected.save();
  }
}

/** With the target's filter of functions: what one run could not get of some functions is no matter of a run for others. */
export function topicOf({ target, account }: LiveSession, topic: Topic): string {
  return `${target.cloud}/${account}/${target.region}${filterName(target)}#${topic}`;
}

/** Which kind of telemetry a planned gap is about, by its words. */
export function signalOf(gap: Gap): Signal {
  if (/metric/i.test(gap.what)) return "metrics";
  if (/\btraces?\b|x-ray|aws\/spans/i.test(gap.what)) return "traces";
  return /execution|state machine|histor/i.test(gap.what) ? "histories" : "logs";
}

/** A reader's word about one trace is a record like others; the rest says that a source was not read. */
export function isGap(record: Rec): record is Gap {
  return record.type === "gap" && !record.what.startsWith("trace ");
}

/** Nothing was there to read, or evscope reads no such thing in this cloud: nothing is missing. */
export function isAbsence(gap: Gap): boolean {
  return /^no (log group yet|workflow histories here|execution metrics here)/.test(gap.why);
}

/**
 * Asking again for the same would be answered the same: not allowed, not known to the endpoint, refused as it stands (4xx), no longer kept.
 * Not so what passes (throttled, 5xx, no answer) or depends on a flag (the price limit). The words are those of the rooms' `live-gaps.ts`.
 */
export function isLasting({ why }: Gap): boolean {
  return (
    /^not allowed|^this endpoint does not know |^the API is not enabled |\(HTTP 4\d\d\)$|^(X-Ray keeps|histories are kept|kept for less than)/.test(
      why,
    ) || /^log groups of class DELIVERY|^encrypted: |^unsupported bus type|^an Event Grid domain: /.test(why)
  );
}

/** Descriptions of what carries events: figures can do without them. */
const CARRIERS: readonly RegExp[] = [
  /^(event (source mappings|buses and rules)|pipes|queues|topics|subscriptions of topics|tables|state machines|filters of mapping .*)$/,
  /^(details by (events|pipes|sqs|sns|dynamodb|states):.*|arn:.*)$/,
  /^(event subscriptions|Service Bus entities|event hubs|Cosmos DB containers)$|\b(resources|details) by .*(EventGrid|eventgrid|ServiceBus|servicebus|EventHub|DocumentDB|cosmos)/,
  /^(subscriptions|Eventarc triggers|Firestore|TTL fields of .*)$/,
];

/** Whether what is missing belongs to what a command reads. */
export function concerns({ about, gap }: Missing, reads: readonly Topic[]): boolean {
  if (isAbsence(gap) || !reads.includes(about)) return false;
  return about !== "inventory" || reads.includes("traces") || !CARRIERS.some((carrier) => carrier.test(gap.what));
}

/** A failed piece of work as a gap. `window` null: no time. */
export function failure(session: LiveSession, what: string, error: unknown, window: Span | null): Gap {
  const known = error instanceof UserError || error instanceof CallError;
  const message = error instanceof Error ? error.message.split("\n")[0]! : String(error);
  const { cloud } = session.target;
  return {
    type: "gap",
    cloud,
    account: session.account,
    region: regionOf(session.target),
    what,
    why: known ? message.replace(`${what}: `, "") : `a bug of evscope: ${message}`,
    from: window?.from ?? null,
    to: window?.to ?? null,
  };
}

/** All attempts at a call were in vain: throttled, 5xx, no answer. */
export function isExhausted(error: unknown): boolean {
  const cause = error instanceof UserError ? error.cause : error;
  return cause instanceof CallError && cause.attempts > 1;
}

/** Nothing more can be asked of that session: its credentials ended. null: another error. */
export function credentialsError(error: unknown): UserError | null {
  return error instanceof UserError && error.exitCode === EXIT.credentials ? error : null;
}
