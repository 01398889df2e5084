/** Facts about chains: what `analyzer/chains` returns and `trace`, `chains` and `cost` show. */
import type { Cloud, Config, Gap, Invocation, LogEvent, Message, Outcome, Span } from "./records.ts";
import type { Basis, EpochMs, Ms, Usd } from "./units.ts";

/** The records a chain is rebuilt from. Duplicates are allowed; order is not important. */
export interface ChainRecords {
  invocations: Invocation[];
  spans: Span[];
  messages: Message[];
  logs: LogEvent[];
  configs: Config[];
  gaps: Gap[];
}

/** Kinds of evidence, strongest first; `confidence` of each in `analyzer/chains/evidence.ts`. */
export type EdgeKind =
  | "parent" // span parent or link: 1.0
  | "link"
  | "execution" // workflow started, or a task of it: execution ARN on both sides
  | "correlation" // same correlation or business ID: .95
  | "message" // transport ID seen on both sides: .9
  | "payload" // topology + payload hash in the send/receive window, only when unique: .6-.8
  | "time" // nearest in time, printed as a guess: <= .4
  | "retry"; // a further delivery of the same message or request

/** A node of the chain: an invocation, a workflow execution or state, or a span of a service between them. */
export interface Hop {
  /** Stable: `<cloud>:<requestId>` for invocations, the span ID for spans, the execution ARN for workflows. */
  id: string;
  kind: "function" | "workflow" | "state" | "service" | "part";
  /** What to call it. For kind `function` the function's name. */
  name: string;
  /** The function that ran; null for services and states. */
  function: string | null;
  cloud: Cloud;
  account: string | null;
  region: string | null;
  requestId: string | null;
  /** The hop this one is a part of (a sub-span of a function's run); null: a hop of its own. */
  partOf: string | null;
  startedAt: EpochMs;
  endedAt: EpochMs | null;
  /** Handler time; null where the end was not seen. */
  durationMs: Ms | null;
  /** From the moment its (earliest) cause sent it to its start; null: no cause with a time. */
  waitMs: Ms | null;
  initMs: Ms | null;
  coldStart: boolean | null;
  outcome: Outcome;
  errorType: string | null;
  /** Runs of the same request or message by the same function, the last one being this hop's figures. At least one for functions. */
  attempts: { startedAt: EpochMs; durationMs: Ms | null; outcome: Outcome; requestId: string | null }[];
  /** Part of this invocation's work that is this chain's: 1, or 1/n for one of n messages of a batch. */
  share: number;
  /** Cost of the hop times `share`; null: unknown. Filled by `analyzer/cost`. */
  usd: Usd | null;
  usdBasis: Basis | null;
  /** Pattern role: `compensation`, `dead-letter`, `replay`, `fan-out`, `event-write`. */
  roles: string[];
  /** Correction that would make this hop's clock agree with its causes; shown, never applied to times. null: no evidence. */
  skewMs: Ms | null;
}

export interface Edge {
  from: string;
  to: string;
  kind: EdgeKind;
  /** 0..1 */
  confidence: number;
  /** sync: the sender waits for the answer. */
  invocation: "sync" | "async";
  channel: string | null;
  sentAt: EpochMs | null;
  receivedAt: EpochMs | null;
}

/** A named lack: a hop that must have been there, a cycle, a missing parent, a span in progress, a refused guess. */
export interface ChainProblem {
  code:
    | "lost-hop"
    | "missing-parent"
    | "cycle"
    | "in-progress"
    | "cut"
    | "dead-letter"
    | "ambiguous"
    | "fault"
    | "error"
    | "throttle"
    | "timeout"
    | "hub"
    | "clock-skew"
    | "no-end";
  message: string;
  hopId: string | null;
}

/** What the time on the critical path was spent on. */
export type Spent =
  | "working"
  | "cold-start"
  | "queue-wait"
  | "batch-window"
  | "retry-backoff"
  | "throttled"
  | "external-service"
  | "orchestration"
  | "trigger"
  | "unknown";

/** Categories of ServiBench's trace analyser (ServiBench, "TriggerBench/ServiBench" replication package). */
export type BreakdownCategory =
  | "orchestration"
  | "trigger"
  | "container_initialization"
  | "runtime_initialization"
  | "computation"
  | "queueing"
  | "overhead"
  | "external_service"
  | "unclassified";

/** A stretch of the critical path. Segments are contiguous and cover the whole end-to-end time. */
export interface PathSegment {
  hopId: string;
  /** Since the chain's start. */
  fromMs: Ms;
  toMs: Ms;
  spent: Spent;
  category: BreakdownCategory;
}

export interface Chain {
  /** The correlation ID it was found by, else its strongest own ID (correlation, trace, execution, request). */
  id: string;
  /** Correlation, trace and execution IDs that belong to it. */
  ids: string[];
  startedAt: EpochMs;
  endedAt: EpochMs | null;
  /** null: no hop with an end. */
  endToEndMs: Ms | null;
  /** No problem that means something is missing. */
  complete: boolean;
  outcome: Outcome;
  problems: ChainProblem[];
  hops: Hop[];
  edges: Edge[];
  criticalPath: PathSegment[];
  /** Sum of criticalPath by category; a category that does not occur is absent. Sums to endToEndMs. */
  breakdownMs: Partial<Record<BreakdownCategory, Ms>>;
  /** Function names along the chain in order of first start, joined: chains of one route share it. */
  route: string;
  patterns: { name: "fan-out" | "saga" | "compensated-saga" | "event-sourcing" | "batch" | "replay" | "dead-letter"; hopIds: string[] }[];
  usd: Usd | null;
  /** Hops whose cost is unknown. */
  usdUnknownHops: number;
}
