/** Event filters: what the vendors' grammars decide, events as they were recorded, and what may be said about filtering them. */
import { isObject, textAt } from "./json.ts";
import type { Danger, Interval, ResourceRef } from "./plan.ts";
import type { Proposal, WrittenKind } from "./proposal.ts";
import type { Cloud, Invocation, Json, LogEvent, Scope } from "./records.ts";
import type { Bytes, EpochMs, Ms } from "./units.ts";

/** Every grammar, by the name that `filters test --grammar` takes. */
export const FILTER_GRAMMARS = [
  "eventbridge",
  "sqs",
  "kinesis",
  "dynamodb",
  "kafka",
  "mq",
  "sns-attributes",
  "sns-body",
  "event-grid",
  "service-bus-sql",
  "service-bus-correlation",
  "pubsub",
  "eventarc",
] as const;

/**
 * A vendor's language of filters. Lambda mappings differ by source (what lies in `body`, `data`, `value`), so that each is one of its own;
 * Pipes take the same patterns on the same sources.
 */
export type FilterGrammar = (typeof FILTER_GRAMMARS)[number];

/** What a filter says of one event. `invalid`: the filter (or the event) is not legal, so that the vendor would refuse it. */
export interface Decision {
  verdict: "match" | "no_match" | "invalid";
  /** A sentence for people: which clause decided, and by what value. */
  reason: string;
  /** Path of the clause that decided (`detail.amount`); null: all of them did, or the filter is invalid. */
  clause: string | null;
}

/** A filter ready to be asked. Where the filter is not legal `invalid` says why, and every decision is `invalid`. */
export interface Matcher {
  grammar: FilterGrammar;
  /** Why the vendor would refuse the filter; null: it is legal. */
  invalid: string | null;
  /** What the vendor's default quota would refuse, or its advice warns of, though the grammar allows it; empty: nothing. */
  warnings: string[];
  decide(event: Json): Decision;
  /** The same without words, for replays. An illegal filter matches nothing. */
  matches(event: Json): boolean;
}

/** One event as a filter sees it, read from what was logged, archived or given. */
export interface RecordedEvent {
  at: EpochMs;
  grammar: FilterGrammar;
  /** The event in the shape that the grammar's filters look at (EventBridge envelope, SQS record with its `body` as sent, Pub/Sub attributes ...). */
  event: Json;
  /** Queue, bus, topic, stream it came from; null: not said. */
  channel: string | null;
  /** Transport ID; null: none. */
  messageId: string | null;
  /** Who consumed it, and in which run; null: not known. */
  fn: string | null;
  requestId: string | null;
  cloud: Cloud;
}

/** Why an event is held for wanted or discarded, strongest first. `given`: the user said so. */
export type OutcomeEvidence = "given" | "marker" | "result" | "no-effect" | "early-return";

/** A recorded event and what became of it. `unknown`: nothing says; it counts as wanted wherever that is the safe side. */
export interface LabelledEvent extends RecordedEvent {
  outcome: "wanted" | "discarded" | "unknown";
  /** null: unknown. */
  evidence: OutcomeEvidence | null;
  /** Run time of its invocation divided by the events in it; null: not known. */
  durationMs: Ms | null;
}

/** A run whose log lines hold something that looks like an event, with what tells of its outcome. */
export interface LoggedRun extends Scope {
  fn: string;
  /** Request, or the trace where the cloud's lines name only that. */
  requestId: string;
  at: EpochMs;
  /** The function's own lines, oldest first. */
  lines: Pick<LogEvent, "at" | "level" | "message">[];
  /** All lines of the run, those of the platform with them, as ingested. */
  logBytes: Bytes;
  /** The last attempt where it was tried again; null: no record of it but its lines. */
  run:
    | (Pick<
        Invocation,
        "durationMs" | "billedMs" | "memoryMib" | "vcpu" | "architecture" | "plan" | "coldStart" | "outcome" | "emulator"
      > & {
        /** Attempts under the same request. */
        attempts: number;
      })
    | null;
  /** A tracer recorded the run. */
  traced: boolean;
  /** Calls to others (spans of kind client or producer) in the run; 0 says something only where it was traced. */
  calls: number;
  /** Messages that the run logged as published. */
  published: number;
}

/** How a function says what it does with an event, besides the usual words. */
export interface OutcomeWords {
  /** Expressions over the words of a log line; those of `wanted` win. */
  discarded: readonly RegExp[];
  wanted: readonly RegExp[];
  /** Fields of a logged object and the value that says it (`{field: "status", value: "skipped"}`). */
  discardedResults: readonly { field: string; value: string }[];
  wantedResults: readonly { field: string; value: string }[];
}

/** A filter replayed on events that the learner did not see. */
export interface FilterProof {
  /** Events learned from, and replayed afterwards. */
  learned: number;
  replayed: number;
  /** Of the replayed: wanted ones, and those of them that the filter would have dropped (must be 0). */
  wanted: number;
  wantedDropped: number;
  /** Upper end of the 95 % interval of the share of wanted events that may be dropped though none was seen: 3 / wanted (rule of three). */
  wantedDroppedAtMost: number | null;
  discarded: number;
  discardedDropped: number;
  /** Of unknown outcome; dropped ones speak against a filter as wanted ones do. */
  unknown: number;
  unknownDropped: number;
}

/** What a filter saves per month; null in a part: not known. */
export interface FilterSaving {
  invocationsPerMonth: Interval | null;
  gbSecondsPerMonth: Interval | null;
  usdPerMonth: Interval | null;
  /** Parts of the price: compute, requests, logs, deliveries. */
  parts: { what: string; usdPerMonth: number }[];
}

/** What `evscope filters` answers. */
export interface FilterSurvey {
  from: EpochMs | null;
  to: EpochMs | null;
  pricesAsOf: string;
  advice: FilterAdvice[];
  /** Functions that ran in the window and whose log lines hold no event as it was handed to them: nothing can be learned of them. */
  silent: string[];
}

/** What may be said about the filter of one consumer of one channel. */
export interface FilterAdvice {
  cloud: Cloud;
  account: string | null;
  region: string | null;
  /** The consumer. */
  fn: string;
  channel: string | null;
  grammar: FilterGrammar;
  /** What a filter is written to; null: not known, the filter is still shown. */
  target: (ResourceRef & { kind: WrittenKind }) | null;
  /** Filter text now and proposed, as the vendor's grammar writes it. null: none. */
  current: string | null;
  proposed: string | null;
  /** The proposed filter in words (`detail.status is paid or refunded`). */
  words: string | null;
  /** Why nothing is proposed; null: something is. */
  refusal: string | null;
  /** Why a filter that is proposed cannot be written by evscope; null: it can, or none is proposed. */
  unready: string | null;
  /** What a reader should know of the proposed filter (a value that was never seen would be dropped ...). */
  caveats: string[];
  /** Events of this consumer that were looked at, and from when to when. */
  events: { count: number; wanted: number; discarded: number; unknown: number; from: EpochMs | null; to: EpochMs | null };
  proof: FilterProof | null;
  saving: FilterSaving | null;
  danger: Danger;
  /** How the outcomes are known: events by evidence. */
  evidence: { [kind in OutcomeEvidence]?: number };
  /** What should be done first (an archive, a dead-letter queue). */
  first: string[];
  /** What apply would write; empty: nothing. */
  proposals: Proposal[];
}

/** Event filters of Eventarc, which has them in no order: sorted by attribute, so that two lists can be compared. */
export function inAttributeOrder(filters: readonly Json[]): Json[] {
  const key = (filter: Json): string => (isObject(filter) ? `${textAt(filter, "attribute")} ${textAt(filter, "value")}` : "");
  return filters.toSorted((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
}
