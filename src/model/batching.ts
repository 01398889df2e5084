/** Batching of events on their way to a function: pollers, their settings, what a simulation of them says, and advice. */
import type { Interval, ResourceRef } from "./plan.ts";
import type { Proposal, WrittenKind } from "./proposal.ts";
import type { Cloud } from "./records.ts";
import type { Basis, Bytes, EpochMs, Mib, Ms, Usd } from "./units.ts";

/** How a vendor hands events to functions. */
export type PollerKind =
  | "sqs-standard"
  | "sqs-fifo"
  | "kinesis"
  | "dynamodb-stream"
  | "kafka"
  | "event-hubs"
  | "service-bus"
  | "event-grid"
  | "pubsub-push";

/** Settings of a poller. null: the vendor's default, or not a setting of this kind. */
export interface PollerSettings {
  kind: PollerKind;
  batchSize: number;
  windowMs: Ms;
  /** Fewest events a batch waits for before its window ends (Service Bus, Event Hubs: minimum batch size); null: it is `batchSize` that ends the wait. */
  minimumBatchSize: number | null;
  /** Shards, partitions; null: the kind has none. */
  shards: number | null;
  parallelizationFactor: number | null;
  /** Most invocations at once; null: not limited. */
  maximumConcurrency: number | null;
  bisectOnError: boolean;
  reportsBatchItemFailures: boolean;
}

/** One event on its way. `key`: message group or partition key; null: not known, taken as spread evenly over groups, shards or partitions. */
export interface Arrival {
  atMs: Ms;
  bytes: Bytes;
  key: string | null;
}

/** Time of a run with n events: `fixedMs + perEventMs * n`. */
export interface ServiceTime {
  fixedMs: Ms;
  perEventMs: Ms;
  /** Standard deviation of a run's time around it, as a share; 0: none. */
  spread: number;
  /** measured: fitted from batch sizes seen; assumed: one batch size seen, so that only bounds are known. */
  basis: Basis;
  /** Least and most `perEventMs` that the runs allow: an interval of 90 % where it is measured, everything that is possible where one size was seen. */
  perEventBoundsMs: [least: Ms, most: Ms];
  /** Batch size that the runs had on average: the time of a run with so many events is known, whatever `perEventMs` is. */
  meanBatch: number;
}

/** What a simulation counted. Latency: from arrival to the end of the run that held the event. */
export interface BatchFigures {
  events: number;
  invocations: number;
  meanBatch: number;
  /** Sum of run times. */
  runMs: Ms;
  /** The same, each run with the least time and the rounding of its bill. */
  billedMs: Ms;
  /** Share of runs that would be cut by the timeout. */
  timeoutShare: number;
  latencyMs: { p50: Ms; p95: Ms; p99: Ms; max: Ms };
  /** Receives of the poller, and those that came back empty; null: not billed by this kind. */
  receives: number | null;
  emptyReceives: number | null;
  /** Calls that delete what was handled (SQS: ten messages each); null: not billed by this kind. */
  deletes: number | null;
  /** Time from the first arrival to the end of the last run. */
  spanMs: Ms;
  /** Largest batch by number of events, and by bytes. */
  largestBatch: number;
  largestBatchBytes: Bytes;
}

/** Waste that no batch size mends: empty receives, idle pollers. */
export interface IdleWaste {
  what: string;
  /** null: not known, `advice` says why. */
  usdPerMonth: Usd | null;
  advice: string;
}

/** What may be said about one mapping or subscription. */
export interface BatchAdvice {
  cloud: Cloud;
  account: string | null;
  region: string | null;
  fn: string;
  channel: string | null;
  target: (ResourceRef & { kind: WrittenKind }) | null;
  /** null: nothing that makes batches (EventBridge, SNS). */
  kind: PollerKind | null;
  current: PollerSettings | null;
  /** null: no change; `refusal` says why, or what there is is best. */
  proposed: PollerSettings | null;
  memoryMib: { now: Mib | null; proposed: Mib | null };
  timeoutS: { now: number | null; proposed: number | null };
  visibilityTimeoutS: { now: number | null; proposed: number | null };
  /** Why there is no larger batch; null: one is proposed, or what there is is best, as `keep` says. */
  refusal: string | null;
  /** Why what there is is kept; null: it is not. */
  keep: string | null;
  /** What the arrivals are: seen one by one, or expanded from counts per period as a Poisson process. null: not known. */
  arrivals: { basis: Basis; events: number; perSecond: number; from: EpochMs; to: EpochMs; note: string | null } | null;
  service: ServiceTime | null;
  now: BatchFigures | null;
  after: BatchFigures | null;
  invocationsPerMonth: { now: Interval | null; after: Interval | null };
  usdPerMonth: { now: Interval | null; after: Interval | null };
  savingUsdPerMonth: Interval | null;
  /** Added latency at p95, against the budget. */
  addedLatencyMs: Interval | null;
  partialFailures: {
    /** Setting; null: the kind has none. */
    reported: boolean | null;
    /** The code seems to answer with `batchItemFailures`; null: no log says. */
    answered: boolean | null;
    errorShare: number | null;
    /** Runs that the share is of. */
    runs: number;
  };
  idle: IdleWaste[];
  proposals: Proposal[];
  /** What is assumed, or should be known to who applies it. */
  notes: string[];
}

/** A queue that is not read by a mapping, and what polling it costs. */
export interface QueueAdvice {
  cloud: Cloud;
  account: string | null;
  region: string | null;
  queue: string;
  idle: IdleWaste;
  proposals: Proposal[];
}

/** All of it. */
export interface Batching {
  mappings: BatchAdvice[];
  queues: QueueAdvice[];
  from: EpochMs | null;
  to: EpochMs | null;
  pricesAsOf: string;
  maxAddedLatencyMs: Ms;
}
