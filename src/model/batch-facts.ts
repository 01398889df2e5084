/** Facts about batches, as the dataset holds them: what runs received, and what metrics counted on the way. */
import type { ChannelKind, Cloud, Outcome } from "./records.ts";
import type { Bytes, EpochMs, Mib, Ms } from "./units.ts";

/** A function and a channel that it received messages from. */
export interface ReceivedChannel {
  cloud: Cloud;
  account: string | null;
  region: string | null;
  fn: string;
  /** Last part of its ARN or path; null: the messages do not say. */
  channel: string | null;
  channelKind: ChannelKind;
  /** Each once, however often it was delivered. */
  messages: number;
  /** Runs that logged what they received. */
  runs: number;
  /** Messages that came more than once: redelivered after a failure. */
  redelivered: number;
  /** Of the messages that say their size; null: none does. */
  meanBytes: Bytes | null;
  /** When the first was sent, and the last. */
  from: EpochMs;
  to: EpochMs;
}

/** One run and what it received. */
export interface BatchRun {
  startedAt: EpochMs;
  /** Messages that it received; null: it did not log them. */
  batchSize: number | null;
  /** null: its end was not seen. */
  durationMs: Ms | null;
  /** High-water mark of its environment; null: not reported. */
  maxMemoryMib: Mib | null;
  outcome: Outcome;
}

/** One message, as the first run that received it saw it. */
export interface ReceivedMessage {
  /** When the broker accepted it; where the message does not say, when it was received. */
  at: EpochMs;
  /** null: not said. */
  bytes: Bytes | null;
  messageId: string | null;
}

/** What a metric counted, at the finest period that is held of the resource. */
export interface CountSeries {
  cloud: Cloud;
  account: string | null;
  region: string | null;
  /** Vendor's name with namespace, lower case, without labels. */
  name: string;
  /** Resource, or the value of the label that names an entity of it; null: not said. */
  resource: string | null;
  fn: string | null;
  periodMs: Ms;
  /** Start of each period and its sum, ascending; periods without a point were not told of. */
  points: { at: EpochMs; count: number }[];
}

/** Lines in which a function shows that its code tells which messages of a batch failed. */
export interface BatchAnswers {
  cloud: Cloud;
  account: string | null;
  region: string | null;
  fn: string;
  lines: number;
}
