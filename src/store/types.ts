/** What the dataset offers to use cases. Implemented in this folder; nothing outside it touches a file of the dataset. */
import type { BillingMetric, InstanceRule, Metered, MeteredSpan, UsageGroup } from "../model/billing.ts";
import type { BatchAnswers, BatchRun, CountSeries, ReceivedChannel, ReceivedMessage } from "../model/batch-facts.ts";
import type { ChainRecords } from "../model/chains.ts";
import type { LoggedRun } from "../model/filters.ts";
import type { IdKind } from "../model/ids.ts";
import type { ChannelKind, Cloud, Config, Gap, Rec, RecordType, Span } from "../model/records.ts";
import type { DailySum, LevelRead, SizeSeen } from "../model/retention.ts";
import type {
  CodeVersion,
  CpuTime,
  DailyRuns,
  DownstreamTime,
  Epoch,
  EpochHour,
  FunctionStats,
  InstanceLoad,
  InstanceUse,
} from "../model/sizing.ts";
import type { Bytes, EpochMs, Ms } from "../model/units.ts";

/** Half-open [from, to). null: unbounded. */
export interface Window {
  from: EpochMs | null;
  to: EpochMs | null;
}

/** Narrows what is read. Empty arrays: no restriction. */
export interface Filter extends Window {
  functions: readonly string[];
  clouds: readonly Cloud[];
}

/** One function. null: what the telemetry does not name. */
export interface FedFunction {
  cloud: Cloud;
  account: string | null;
  region: string | null;
  fn: string;
}

/** What an ID points to: all records of an invocation, all spans of a trace, the two sides of a message, or log lines that name neither request nor trace. */
export type OwnerKind = "request" | "trace" | "message" | "lines";

/** A row of the ID index, merged over batches. */
export interface Link {
  id: string;
  kind: IdKind;
  ownerKind: OwnerKind;
  /** requestId, traceId or messageId; for lines the ID itself. */
  owner: string;
  cloud: Cloud;
  fn: string | null;
  /** Earliest and latest time of all the owner's records. */
  firstAt: EpochMs;
  lastAt: EpochMs;
}

export type Owner = Pick<Link, "ownerKind" | "owner" | "cloud" | "fn" | "firstAt" | "lastAt">;

/** Figures of one function over a window. */
export interface FunctionDurations {
  cloud: Cloud;
  account: string | null;
  region: string | null;
  fn: string;
  count: number;
  /** Exact percentiles (linear interpolation). null: no durations. */
  p50Ms: Ms | null;
  p95Ms: Ms | null;
  p99Ms: Ms | null;
}

export interface DatasetInfo {
  dir: string;
  schemaVersion: number;
  batches: number;
  rows: Record<RecordType | "link", number>;
  sizeBytes: Bytes;
  from: EpochMs | null;
  to: EpochMs | null;
  clouds: Cloud[];
  functions: number;
  /** Partitions (days) with their file count; more than 50 files ask for `compact`. */
  days: { day: string; files: number; sizeBytes: Bytes }[];
  gaps: Gap[];
}

/** A function whose log lines hold what looks like events as it was handed them, and the number of such runs. */
export interface EventFunction {
  cloud: Cloud;
  account: string | null;
  region: string | null;
  fn: string;
  eventRuns: number;
}

/** Collects records in memory and on disk under `tmp/` until `finish`. One per worker. Not safe for concurrent use. */
export interface BatchWriter {
  write(record: Rec): void;
  /**
   * Records from here on come from another source (file). Equal log lines of one source are so many lines; equal lines
   * of two sources are the same line, exported twice. Returns the source's number.
   */
  beginSource(): number;
  /** Records from here on are again of a source that was begun before: for sources read in turns. Numbers hold beyond `finish`. */
  useSource(source: number): void;
  /** Estimated raw size held; the caller finishes the batch at 64-256 MB. */
  readonly heldBytes: Bytes;
  /** Writes, fsyncs and renames the batch (links, invocations, ... events; manifest last), minus the records that the dataset already holds. Counts what was new. */
  finish(): Promise<{ batch: string | null; added: number; duplicates: number }>;
  /** Throws the batch away. */
  abort(): Promise<void>;
}

export interface Dataset {
  readonly dir: string;
  info(): Promise<DatasetInfo>;
  /** Earliest and latest time of runs and log lines, by the manifests alone. null: there is none. */
  span(): Promise<{ from: EpochMs | null; to: EpochMs | null }>;
  /** Index rows of these (normalised) IDs, all kinds. IDs with more than `hubLimit` owners come back with the owners cut to that many plus one. */
  find(ids: readonly string[], hubLimit: number): Promise<Link[]>;
  /** IDs that differ little from this one (prefix, case, one edit), for "did you mean". At most `limit`. */
  nearMisses(id: string, limit: number): Promise<{ id: string; kind: IdKind }[]>;
  /** All records of these owners, de-duplicated. */
  records(owners: readonly Owner[]): Promise<ChainRecords>;
  /** All records that can be in chains of this window; logs only where they carry IDs or are platform lines of interest, and without text and size. */
  chainRecords(filter: Filter): Promise<ChainRecords>;
  /** Groups of runs that share a bill; with the rules of clouds whose instances are shared, and the times that metrics cover, as `UsageGroup` says. */
  usage(filter: Filter, rules?: readonly InstanceRule[], spans?: readonly MeteredSpan[]): Promise<UsageGroup[]>;
  /** What these metrics counted in the window, per resource. */
  metered(window: Window, metrics: readonly (BillingMetric & { cloud: Cloud })[]): Promise<Metered[]>;
  durations(filter: Filter): Promise<FunctionDurations[]>;
  /** Ingested log bytes per function. */
  logBytes(
    filter: Filter,
  ): Promise<{ cloud: Cloud; account: string | null; region: string | null; fn: string | null; bytes: Bytes; lines: number }[]>;
  /** Messages by channel and side; `sizeBytes` is one size class, `count` how many. */
  messageCounts(filter: Filter): Promise<
    {
      cloud: Cloud;
      account: string | null;
      region: string | null;
      channel: string | null;
      channelKind: ChannelKind;
      direction: "published" | "received";
      sizeBytes: Bytes | null;
      count: number;
    }[]
  >;
  /** Spans of kind `workflow` and `state` that began in the window. */
  workflowSpans(filter: Filter): Promise<Span[]>;
  configs(): Promise<Config[]>;
  /** One row per function and configuration it ran with. Exact; emulators' rows apart. */
  functionStats(filter: Filter): Promise<FunctionStats[]>;
  /** Warm, clean runs of these epochs by hour of the week. */
  epochHours(epochs: readonly Epoch[]): Promise<EpochHour[]>;
  /** Spread of the daily number of runs; empty for a window below a day. */
  dailyRuns(filter: Filter & { from: EpochMs; to: EpochMs }): Promise<DailyRuns[]>;
  /** CPU time per run where Lambda Insights measured it. */
  cpuTime(filter: Filter): Promise<CpuTime[]>;
  /** Time that traced runs spent in calls to others, per function and memory size. */
  downstreamTime(filter: Filter): Promise<DownstreamTime[]>;
  /** How many runs were in flight at once on the instances of a function; Azure and Google Cloud only. */
  instanceLoad(filter: Filter): Promise<InstanceLoad[]>;
  /** Highest memory and CPU in use on any instance, by the clouds' metrics; Azure (per app) and Google Cloud only. */
  instanceUse(filter: Filter): Promise<InstanceUse[]>;
  eventFunctions(filter: Filter): Promise<EventFunction[]>;
  /** Runs that logged an event, oldest first: at most `most` of each function, chosen by a hash of their ID. Not twice at the same time. */
  loggedRuns(filter: Filter, most: number): Promise<LoggedRun[]>;
  /** Every code hash that configurations of functions showed, newest and older. */
  codeVersions(): Promise<CodeVersion[]>;
  /** Sums per resource and day (UTC) of metrics with these names (lower case, with namespace): what came into logs and stores. */
  dailySums(window: Window, names: readonly string[]): Promise<DailySum[]>;
  /** Levels (sizes, counts) by metrics of these names (lower case, without dimensions), the last of each day (UTC). */
  levels(names: readonly string[]): Promise<LevelRead[]>;
  /** Every size of a table or log group that its descriptions told, oldest first. */
  sizesSeen(): Promise<SizeSeen[]>;
  /** Functions and the channels that their runs logged messages of. */
  receivedChannels(filter: Filter): Promise<ReceivedChannel[]>;
  /**
   * Runs of a function with how many messages of the channel (null: of any) each received, an arbitrary choice of at most 20,000. Emulators' and
   * probes' runs are left out.
   */
  batchRuns(filter: Filter, of: FedFunction, channel: string | null): Promise<BatchRun[]>;
  /** Messages of a channel that a function received, each once, by the time they were sent: the newest 150,000. */
  receivedMessages(filter: Filter, of: FedFunction, channel: string | null): Promise<ReceivedMessage[]>;
  /** Sums of metrics of these names (lower case, without labels), at the finest period that is held of each resource. */
  counts(filter: Filter, names: readonly string[]): Promise<CountSeries[]>;
  /** Functions whose lines show that their code tells which messages of a batch failed. */
  batchAnswers(filter: Filter): Promise<BatchAnswers[]>;
  close(): Promise<void>;
}
