/** Facts and advice about sizes (memory, CPU, concurrency): what engines compute per function, what `analyzer/sizing` returns and `rightsize` shows. */
import type { Interval, Settings } from "./plan.ts";
import type { Cloud } from "./records.ts";
import type { Basis, EpochMs, Mib, Ms, Usd, Vcpu } from "./units.ts";

/**
 * Figures of one function in one configuration (memory, architecture, version) over the time it ran with it. Computed by the
 * dataset today, by the clouds' own query engines later: the same figures from each.
 * Warm and clean: no cold start, ended ok, not an emulator's.
 */
export interface FunctionStats {
  cloud: Cloud;
  account: string | null;
  region: string | null;
  fn: string;
  /** Version or revision that ran; null: not reported. */
  version: string | null;
  /** null: the telemetry does not say. */
  memoryMib: Mib | null;
  /**
   * CPU of an instance where it is set apart from memory, and most runs at once in it; null or left out: not known, or tied to the memory.
   * Where runs do not say their size (Azure, Google Cloud), it is that of the description that held when they ran.
   */
  vcpu?: Vcpu | null;
  concurrency?: number | null;
  /** Configured /tmp, paid beyond 512 MiB for the time of the run; null or left out: not known. */
  ephemeralMib?: Mib | null;
  architecture: "x86_64" | "arm64" | null;
  plan: string | null;
  /** Runs that a probe made on a version of its own: an experiment, no traffic. */
  probe: boolean;
  from: EpochMs;
  to: EpochMs;
  /** All runs that were seen, with weight. */
  invocations: number;
  warm: {
    count: number;
    /** Mean without the lowest and highest 20 %; null: no warm run. */
    trimmedMeanMs: Ms | null;
    /** Standard deviation after winsorising at 20 % on each side; null: fewer than two. */
    winsorizedSdMs: Ms | null;
    meanMs: Ms | null;
  };
  cold: {
    count: number;
    /** Without init; runs cut by the timeout with them, since they are billed as well. */
    meanDurationMs: Ms | null;
    /** Init or billed restore (SnapStart), 0 where a cold run says neither. */
    meanInitMs: Ms | null;
    /** Runs that do not say whether they were cold. */ unknown: number;
  };
  /** Over all runs with a duration that were not cut by a timeout; linear interpolation. null: none. */
  durationMs: { p50: Ms; p95: Ms; p99: Ms; p999: Ms; max: Ms } | null;
  /** Mean duration of all runs that were not cold, failures and timeouts with them: what the bill is made of. null: none. */
  meanRanMs: Ms | null;
  /** Standard deviation of the same runs: how sure that mean is. null or left out: fewer than two, or not computed. */
  sdRanMs?: Ms | null;
  /** Mean billed time as logged, over runs that say so; null: none does. */
  meanBilledMs: Ms | null;
  errors: number;
  timeouts: number;
  ooms: number;
  /** Highest memory high-water mark; null: not reported (or meaningless: emulator). */
  maxUsedMib: Mib | null;
  /** Execution environments (log streams, instances) seen. */
  sandboxes: number;
  /** What started the runs, as far as their logs say (`sqs`, `http` ...); empty: not said. */
  triggers: string[];
  /** All runs were a local emulator's: its memory and CPU mean nothing. */
  emulator: boolean;
}

/** A function in one configuration over a part of its time: what a natural experiment compares. */
export interface Epoch extends Pick<
  FunctionStats,
  "cloud" | "account" | "region" | "fn" | "version" | "memoryMib" | "architecture" | "plan" | "probe"
> {
  from: EpochMs;
  to: EpochMs;
}

/** Warm, clean runs of an epoch in one hour of the week (UTC, 0 = Monday 00:00); null: all of them. */
export interface EpochHour {
  /** Index of the epoch asked for. */
  epoch: number;
  hourOfWeek: number | null;
  count: number;
  trimmedMeanMs: Ms;
  /** null: one run only. */
  winsorizedSdMs: Ms | null;
}

/** How the number of runs of a function varied, over whole days of 24 h from the window's start (probes are none of them). */
export interface DailyRuns extends Pick<FunctionStats, "cloud" | "account" | "region" | "fn"> {
  runs: number;
  /** Whole days in the window, also those without runs. */
  days: number;
  /** Sum of squares of the daily counts. */
  sumOfSquares: number;
}

/** CPU time per run, as Lambda Insights measured it. */
export interface CpuTime extends Pick<FunctionStats, "cloud" | "account" | "region" | "fn"> {
  meanMs: Ms;
  /** Measurements (runs, or periods of the metric) behind it. */
  count: number;
}

/**
 * Time that traced runs spent in calls to others: means over the runs without the shortest and longest fifth. Warm and clean runs only.
 * Traces are a sample, so `runs` counts nothing but them.
 */
export interface DownstreamTime extends Pick<FunctionStats, "cloud" | "account" | "region" | "fn" | "memoryMib"> {
  /** Traced runs behind it, before the trim; of more than a thousand, a thousand are looked at. */
  runs: number;
  runMs: Ms;
  /** In any call: the union of their intervals, within the run. */
  downstreamMs: Ms;
  /** In calls that are no bulk transfer, as far as their spans tell: waiting that more CPU does not shorten. */
  waitingMs: Ms;
  /** Standard error of `waitingMs / runMs`; null: one run only. */
  waitingShareSe: number | null;
}

/** The code a function had at one time, from its configuration as it was read then. */
export interface CodeVersion extends Pick<FunctionStats, "cloud" | "account" | "region" | "fn" | "version"> {
  codeSha256: string;
  /** When it was last written before, and when it was read; between them the code was this. null: not known. */
  since: EpochMs | null;
  seenAt: EpochMs | null;
}

/** What the user wants. */
export interface Objective {
  optimize: "cost" | "balanced" | "speed";
  /** Longest accepted slowdown as a share (0.1 = 10 %); null: the objective's own. */
  maxSlowdown: number | null;
  /** Least saving worth a change. */
  minSavingUsdPerMonth: Usd;
  /** `speed` only: how much dearer a faster size may be, as a share. Left out: 0.2. */
  maxCostIncrease?: number;
}

export type Confidence = "high" | "medium" | "low";

/** What can be written where advice is taken: the kind of resource, as appliers and the journal name it. */
export type SizedKind = "lambda.function" | "azure.function-app" | "run.service" | "cloudfunctions.v2" | "cloudfunctions.gen1";

/** One size on a function's curve. */
export interface SizePrediction {
  memoryMib: Mib;
  /** CPU of it, where CPU is chosen apart from memory; null or left out: it comes with the memory. */
  vcpu?: Vcpu | null;
  /** Most runs at once in an instance, where that is what differs from the other predictions; null or left out: as it is now. */
  concurrency?: number | null;
  /** Mean warm duration, without the slowest and fastest fifth of the runs; null: nothing may be said at this size. */
  durationMs: Interval | null;
  monthlyUsd: Interval | null;
  /** measured: runs at this size were seen; modelled: other sizes of this function say so; assumed: functions in general say so. */
  basis: Basis;
  /** Where one size is all that is known: the least and the most that is possible, as if CPU were nothing or everything. Else null. */
  boundsMs: { leastMs: Ms; mostMs: Ms } | null;
}

/** What may be said about a function, and on what evidence. */
export interface SizingAdvice {
  cloud: Cloud;
  account: string | null;
  region: string | null;
  fn: string;
  /** ARN or resource ID and revision where the configuration is known; null: only telemetry is. */
  resource: string | null;
  revision: string | null;
  /** What a change is written to; null: nothing can be written. */
  kind: SizedKind | null;
  /** The settings that advice changes, as they are and as they shall be, with the same names; null: no change is advised. */
  change: { before: Settings; after: Settings } | null;
  /** Functions that share the size: those of an Azure Function App, of which `fn` is then the name. null: `fn` alone. */
  members: string[] | null;
  architecture: "x86_64" | "arm64" | null;
  currentMib: Mib | null;
  /** null: no change is advised; `refusal` says why, or what there is is best. The current memory where only CPU or concurrency changes. */
  proposedMib: Mib | null;
  /** CPU per instance where it is chosen apart from memory, and runs at once in an instance where that is a setting; else null. */
  currentVcpu: Vcpu | null;
  proposedVcpu: Vcpu | null;
  currentConcurrency: number | null;
  proposedConcurrency: number | null;
  /** Tier of evidence, see shared model: 0 one size, 1 one size and CPU time, 2 two sizes, 3 three sizes or a probe. null: not even one. */
  tier: 0 | 1 | 2 | 3 | null;
  confidence: Confidence | null;
  /** Why no advice may be given; null: advice is given, or the current size is the best. */
  refusal: string | null;
  predicted: SizePrediction[];
  /** Least memory that may be advised; null: memory used is not known. */
  floorMib: Mib | null;
  /** Saving per month by the proposed change; null: none proposed. Negative: costs more (bought speed). */
  savingUsdPerMonth: Interval | null;
  /** Probability that the proposed size is slower by more than 10 %; null: none proposed. */
  probabilitySlower: number | null;
  /** Latency does not matter to a caller: it runs from a queue, a stream, an event or a schedule. null: triggers not known. */
  asynchronous: boolean | null;
  evidence: {
    from: EpochMs | null;
    to: EpochMs | null;
    invocations: number;
    warm: number;
    sizesMib: Mib[];
    /** CPU of the instances that ran, where it is chosen apart from memory. Left out: it is not. */
    sizesVcpu?: Vcpu[];
    /** CPU time per invocation and where it comes from; null: not known. */
    cpuMs: Ms | null;
    /**
     * Calls to others in a warm run, from traces, and the rest of its time, which bounds the CPU time from above and is not it; the traced
     * runs behind them (a sample). null: no trace shows a call.
     */
    downstreamMs: Ms | null;
    selfMs: Ms | null;
    tracedRuns: number | null;
    /** Effective sample size of the posterior; null: no posterior. */
    effectiveSampleSize: number | null;
    coldShare: number | null;
    maxUsedMib: Mib | null;
    invocationsPerMonth: number | null;
    sandboxes: number;
    errors: number;
    timeouts: number;
    ooms: number;
  };
  /** Why not more: what holds the advice back, in a sentence. */
  whyNotMore: string;
  /** Sizes that a probe should try, cheapest first question; null: no probe needed. */
  probeMib: Mib[] | null;
  /** Advice that is never applied: arm64, timeout, drift, memory pressure. */
  further: {
    kind: "arm64" | "timeout" | "memory-pressure" | "out-of-memory" | "noise" | "concurrency";
    text: string;
    savingUsdPerMonth: Usd | null;
  }[];
}

/** The prediction at the present and at the advised settings; null: there is none. */
export function predictionsOf(advice: SizingAdvice): { now: SizePrediction | null; proposed: SizePrediction | null } {
  const at = (memoryMib: Mib | null, vcpu: Vcpu | null, concurrency: number | null): SizePrediction | null =>
    advice.predicted.find(
      (one) => one.memoryMib === memoryMib && (one.vcpu ?? null) === vcpu && (one.concurrency ?? advice.currentConcurrency) === concurrency,
    ) ?? null;
  const proposed = at(
    advice.proposedMib,
    advice.proposedVcpu ?? advice.currentVcpu,
    advice.proposedConcurrency ?? advice.currentConcurrency,
  );
  return { now: at(advice.currentMib, advice.currentVcpu, advice.currentConcurrency), proposed };
}

/**
 * How many runs were in flight at once on the instances of a function, in one configuration. Instances are shared by the functions of an
 * Azure app: then sums over its functions mean something, those of one function alone do not.
 */
export interface InstanceLoad extends Pick<FunctionStats, "cloud" | "account" | "region" | "fn" | "version" | "memoryMib"> {
  vcpu: Vcpu | null;
  concurrency: number | null;
  /** Runs whose instance and duration are known. */
  runs: number;
  /** How many runs each of them stands for on average; above 1 (sampling) the others that ran beside it are mostly not seen. */
  weight: number;
  /** Most instances that were busy at once, and how many were when a run began, its own among them: mean. Cloud Run; elsewhere those that were seen, and 1. */
  instances: number;
  meanInstances: number;
  /** Time of all runs, and the time in which at least one ran on its instance. */
  ranMs: Ms;
  busyMs: Ms;
  /** Runs in flight on the instance when a run began, itself among them: mean. */
  meanLevel: number;
  /** Warm, clean runs by that number, ascending; 1: alone. */
  levels: LoadLevel[];
}

export interface LoadLevel {
  level: number;
  count: number;
  /** Without the lowest and highest 20 %, as all figures are. */
  trimmedMeanMs: Ms;
  winsorizedSdMs: Ms | null;
  p95Ms: Ms;
}

/** Highest share or amount of memory and CPU in use on any instance, by the cloud's own metrics. */
export interface InstanceUse extends Pick<FunctionStats, "cloud" | "account" | "region" | "fn"> {
  /** Revision that it was measured on; null or left out: not said. */
  version?: string | null;
  /** Of the configured memory, 0..1; null: the metric says an amount, or nothing. */
  memoryShare: number | null;
  memoryMib: Mib | null;
  /** When memory was looked at, and in how many points of which period; left out: all the time. */
  memorySeen?: { from: EpochMs; to: EpochMs; points: number; periodMs: Ms };
  /** Of the configured CPU, 0..1: what the mean of an interval was at most, but for the highest 5 %; null: not known. */
  cpuShare: number | null;
}

/** All advice of one run. */
export interface Sizing {
  functions: SizingAdvice[];
  objective: Objective;
  from: EpochMs | null;
  to: EpochMs | null;
  pricesAsOf: string;
}

/** Warm runs of a probe at one size, which count as an epoch of their own (tier 3). */
export interface ProbeRuns {
  memoryMib: Mib;
  durationsMs: Ms[];
  billedMs: Ms[];
  initMs: Ms | null;
  maxUsedMib: Mib | null;
  /** Billed time of the runs that are no measurement (the first one, cold ones); null: none. */
  discardedBilledMs: Ms | null;
}
