/**
 * Records: what collectors and the archive yield and what the dataset stores.
 * Throughout, `null` means "this cloud (or this export) does not report it": never zero, never a guess.
 */
import type { Id } from "./ids.ts";
import type { Bytes, EpochMs, Mib, Ms, Vcpu } from "./units.ts";

/** The clouds evscope has a room for; "other" is telemetry without a vendor (OTLP, Jaeger). */
export type Cloud = "aws" | "azure" | "gcp" | "other";

/** JSON as parsed. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** The function of runs whose export names none. */
export const UNNAMED = "unknown";

/** Where a record belongs. Every record has one. */
export interface Scope {
  cloud: Cloud;
  /** AWS account ID, Azure subscription ID, GCP project ID. */
  account: string | null;
  /** The vendor's region name, lower case (`us-east-1`, `westeurope`, `us-central1`). */
  region: string | null;
}

/** How an execution ended, as far as the telemetry says. `unknown`: nothing says (a cut export, sampling). */
export type Outcome = "ok" | "error" | "timeout" | "oom" | "throttled" | "unknown";

/** What a log line is: one of the platform's own lines, or the function's own output. */
export type LogKind =
  | "start"
  | "end"
  | "report"
  | "init_start"
  | "init_report"
  | "restore_start"
  | "restore_report"
  | "runtime_done"
  | "extension"
  | "logs_dropped"
  | "error"
  | "oom"
  | "function"
  | "platform"
  | "malformed";

/** One log line or event, as it was written. */
export interface LogEvent extends Scope {
  type: "log";
  at: EpochMs;
  /** Function (or service) name without ARN, resource path or "Functions." prefix. */
  fn: string | null;
  /** Log stream, instance or pod. */
  stream: string | null;
  kind: LogKind;
  /** Upper-case level (TRACE DEBUG INFO WARN ERROR FATAL). */
  level: string | null;
  /** The invocation this line belongs to. */
  requestId: string | null;
  /** 32 lower-case hex digits (W3C form), see ids.ts. */
  traceId: string | null;
  spanId: string | null;
  message: string;
  /** Size as ingested (message bytes plus the vendor's per-event overhead); base of the log bill. */
  sizeBytes: Bytes;
  /** Identifiers found in the line (correlation, message, execution ...), normalised, each once. */
  ids: Id[];
}

/**
 * One run of a function, as one source observed it. Two sources (a REPORT line and an X-Ray segment) give two
 * records with the same `requestId`; `analyzer/chains` merges them. A retry that keeps the request ID is a
 * second record with another `startedAt`.
 */
export interface Invocation extends Scope {
  type: "invocation";
  fn: string;
  /** Version or revision that ran. */
  version: string | null;
  /**
   * awsRequestId; Azure InvocationId; GCP execution ID, else the request log's trace + span.
   * Unique within the cloud, but for retries that keep it.
   */
  requestId: string;
  /** When the handler (or its cold start) began. If only the end was logged: end minus duration. */
  startedAt: EpochMs;
  /** null: the end was not seen. */
  endedAt: EpochMs | null;
  /** Handler time, without init. */
  durationMs: Ms | null;
  /** Exactly as the log says it was billed; null where no log says (never recomputed from duration). */
  billedMs: Ms | null;
  /** Configured memory. */
  memoryMib: Mib | null;
  /** High-water mark of the environment, not of this invocation. null where unknown or meaningless (emulator). */
  maxMemoryMib: Mib | null;
  /** Allocated CPU, where the cloud sets it apart from memory. */
  vcpu: Vcpu | null;
  /** Cold start: init time of a new environment, in addition to durationMs. */
  initMs: Ms | null;
  /** Snapshot restore time (SnapStart) and what of it was billed. */
  restoreMs: Ms | null;
  billedRestoreMs: Ms | null;
  coldStart: boolean | null;
  outcome: Outcome;
  errorType: string | null;
  traceId: string | null;
  /** Span of this invocation and of its caller, where the source says. */
  spanId: string | null;
  parentSpanId: string | null;
  /** Log stream or instance: the execution environment that ran it. */
  stream: string | null;
  architecture: "x86_64" | "arm64" | null;
  /** Service plan or billing mode that decides which price applies (`consumption`, `flex`, `run-request` ...). */
  plan: string | null;
  /** What started it, if said: `sqs`, `eventbridge`, `http`, `timer`, `pubsub` ... */
  trigger: string | null;
  /** How many invocations this record stands for (sampling: Azure ItemCount). */
  weight: number;
  /** Written by a local emulator: its memory figures mean nothing. */
  emulator: boolean;
  /** Which source saw it. */
  seenIn: "platform-log" | "request-log" | "span" | "history";
  ids: Id[];
}

/** A timed piece of work inside or between functions, from a tracer, a workflow history or a request log. */
export interface Span extends Scope {
  type: "span";
  traceId: string | null;
  /** Unique with traceId. For workflow states: `<execution ARN>#<event id>`; for the execution itself its ARN. */
  spanId: string;
  parentSpanId: string | null;
  name: string;
  /** Function this span belongs to; null for a service, queue, bucket or gateway. */
  fn: string | null;
  /** Invocation this span is, or is part of. */
  requestId: string | null;
  kind: "server" | "client" | "producer" | "consumer" | "internal" | "workflow" | "state" | "unknown";
  /** True where the span *is* the run of function `fn` (X-Ray AWS::Lambda::Function segment, AppRequests row). */
  isInvocation: boolean;
  startedAt: EpochMs;
  /** null: still in progress or cut. */
  endedAt: EpochMs | null;
  inProgress: boolean;
  /** error: caller's fault (4xx); fault: ours (5xx, exception); throttle: refused for rate. */
  error: boolean;
  fault: boolean;
  throttle: boolean;
  /** Recorded by the caller on behalf of a service that does not trace itself. */
  inferred: boolean;
  /** Vendor's type of the thing (`AWS::Lambda`, `AWS::S3::Bucket`, `Azure Service Bus`, `aws` namespace ...). */
  origin: string | null;
  namespace: string | null;
  /** Other spans this one continues (batch fan-in). */
  links: { traceId: string; spanId: string }[];
  /** Small facts that analyzers read (http.status, resource, error.type ...); no payloads, no secrets. */
  attributes: { [key: string]: Json };
  ids: Id[];
}

/** What carries a message. */
export type ChannelKind = "queue" | "topic" | "bus" | "stream" | "table" | "bucket" | "workflow" | "http" | "schedule";

/** A message, event or request, as its sender logged it (published) or its consumer received it (received). */
export interface Message extends Scope {
  type: "message";
  direction: "published" | "received";
  /** When this side saw it. */
  at: EpochMs;
  /** Queue, topic, bus, stream, table or bucket: the last part of its ARN or resource path. */
  channel: string | null;
  channelKind: ChannelKind;
  /**
   * Transport ID seen on both sides: SQS/SNS/Pub/Sub messageId, EventBridge event id, S3 `bucket/key@version-or-sequencer`,
   * DynamoDB `table/keys@sequence`, Service Bus MessageId, Kinesis `shard:sequence`.
   */
  messageId: string | null;
  /** The invocation that sent or received it. */
  fn: string | null;
  requestId: string | null;
  /** Trace context inside the message (the sender's span). */
  traceId: string | null;
  parentSpanId: string | null;
  /** When the broker accepted it (SentTimestamp, EnqueuedTimeUtc, publishTime, event time). */
  sentAt: EpochMs | null;
  /** 1 = first delivery. */
  attempt: number | null;
  sizeBytes: Bytes | null;
  /** Hash of the canonical payload, to match send and receive where no ID is shared. */
  payloadHash: string | null;
  /** Event name or detail-type. */
  eventName: string | null;
  /** It came to rest in, or was read from, a dead-letter channel. */
  deadLetter: boolean;
  /** Name of the replay that delivered it again. */
  replay: string | null;
  ids: Id[];
}

/** A measurement of the cloud's own metric store. */
export interface MetricPoint extends Scope {
  type: "metric";
  at: EpochMs;
  periodMs: Ms | null;
  /** Resource the series is about. */
  resource: string | null;
  fn: string | null;
  /** Vendor's own name with namespace. */
  name: string;
  /** Sum, Average, p95, count, `bucket<=X` ... */
  statistic: string;
  unit: string | null;
  value: number;
}

/** Configuration of a resource, with the few settings evscope reads. */
export interface Config extends Scope {
  type: "config";
  kind: "function" | "trigger" | "queue" | "topic" | "bus" | "rule" | "stream" | "table" | "bucket" | "workflow" | "log-group";
  /** ARN or full resource ID. */
  resource: string;
  name: string;
  /** Revision, etag or hash that changes with every write. */
  revision: string | null;
  observedAt: EpochMs | null;
  /** Triggers and rules: where events come from and go to (ARN or name). */
  from: string | null;
  to: string | null;
  settings: { [key: string]: Json };
}

/** Something that could not be read, and why: missing permission, sampled, cut window. */
export interface Gap extends Scope {
  type: "gap";
  what: string;
  why: string;
  from: EpochMs | null;
  to: EpochMs | null;
}

/** Anything that goes into the dataset. */
export type Rec = LogEvent | Invocation | Span | Message | MetricPoint | Config | Gap;
export type RecordType = Rec["type"];
