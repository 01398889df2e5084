/** Facts about correlation coverage: which runs carry an ID, and on which way from function to function it is lost. */
import type { EdgeKind } from "./chains.ts";
import type { ChannelKind, Cloud } from "./records.ts";
import type { EpochMs } from "./units.ts";

/** Languages that there is a recipe for (`report/views/mending.ts`). */
export type Language = "node" | "python" | "dotnet" | "java";

/** A function as telemetry names it. */
export interface CoveredFunction {
  cloud: Cloud;
  account: string | null;
  region: string | null;
  fn: string;
}

/** What the runs of one function carry. */
export interface FunctionCoverage extends CoveredFunction {
  /** The vendor's name of it (`nodejs22.x`, `python`); null: no description says. */
  runtime: string | null;
  /** null: the runtime is not known, or none of those with a recipe. */
  language: Language | null;
  /** Runs seen; further attempts of one request are the same run. */
  runs: number;
  /** Runs with a correlation or business ID that is not a constant. */
  withCorrelation: number;
  /** Runs with a trace ID. */
  withTrace: number;
  /** Runs with either. */
  withAny: number;
  /** Log lines held, the platform's own among them; null: not counted. */
  lines: number | null;
  /** Lines of its own can be read: one with an ID (of any kind) was. false: no line is held at all. null: nothing says. */
  readable: boolean | null;
}

/** All passes from one function to another over one channel. */
export interface HopCoverage {
  /** null: the receiver ran, who sent to it was not seen. */
  from: CoveredFunction | null;
  /** null: sent, no run that received it was seen. */
  to: CoveredFunction | null;
  /** null: a call, or not known. */
  channel: string | null;
  channelKind: ChannelKind | null;
  /** Passes of which both sides were seen: `kept + lost + changed + without`. */
  passes: number;
  /** The receiver carries a correlation ID of the sender. */
  kept: number;
  /** The sender carried one, the receiver carries none. */
  lost: number;
  /** The receiver carries others only: it began anew. */
  changed: number;
  /** The sender carried none. */
  without: number;
  /** Passes of which one side was not seen (lost hops of the chains). */
  unseen: number;
  /** Passes by the weakest evidence that joins their two sides. */
  evidence: Partial<Record<EdgeKind, number>>;
  /** The weakest of all; null: nothing joins the two sides. */
  weakest: EdgeKind | null;
  /** 0..1; null as above. */
  confidence: number | null;
}

/** Coverage of a window. Functions and hops: worst first. */
export interface Coverage {
  from: EpochMs | null;
  to: EpochMs | null;
  runs: number;
  withCorrelation: number;
  withTrace: number;
  withAny: number;
  functions: FunctionCoverage[];
  hops: HopCoverage[];
}
