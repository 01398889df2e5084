/** One function that can be sized: what is known of it, and what that says of a size. Pure. */
import type { Interval } from "../../model/plan.ts";
import type { Objective, SizePrediction } from "../../model/sizing.ts";
import type { EpochMs, Mib, Ms } from "../../model/units.ts";
import type { Rates } from "../cost/pricing.ts";
import { usdAt } from "./choose.ts";
import { type CostModel, monthlyUsd } from "./cost.ts";
import { type Bounds, boundsWithCpu, boundsWithoutCpu } from "./cpu.ts";
import { boundsWithWaiting } from "./downstream.ts";
import type { Experiment, Sided } from "./epochs.ts";
import { type FunctionFacts, numberSetting } from "./facts.ts";
import type { MemoryNeed } from "./floor.ts";
import { TIMEOUT_SHARE } from "./further.ts";
import { MOST_INSTANCES } from "./load.ts";
import type { Measured } from "./observations.ts";
import type { Posterior, Waiting } from "./posterior.ts";
import type { Product } from "./product.ts";
import type { Reach, Tier } from "./tiers.ts";
import type { Volume } from "./volume.ts";

/** What holds for all functions of a run. */
export interface AdviceContext {
  objective: Objective;
  rates: Rates;
  /** Time that the telemetry covers. */
  window: { from: EpochMs; to: EpochMs };
  /** Legal memory sizes of a Lambda function. */
  memory: { leastMib: Mib; mostMib: Mib };
}

/** Everything known of one function that can be sized. */
export interface Subject {
  facts: FunctionFacts;
  product: Product;
  experiment: Experiment;
  current: Sided;
  currentMib: Mib;
  measured: Measured[];
  /** Mean at the current size; null: too few runs there. */
  here: Measured | null;
  tier: Tier;
  cpuMs: Ms | null;
  /** Least waiting, from traces; null: CPU time or nothing is known instead. */
  waiting: Waiting | null;
  /** CPU time, or the most that it can be, over what the current size gives. */
  used: number | null;
  curve: Posterior;
  need: MemoryNeed;
  /** Least size on the axis with enough memory; null: not known, or memory is chosen apart. */
  floorSizeMib: Mib | null;
  cost: CostModel | string;
  volume: Volume;
  timeoutS: number | null;
  notes: string[];
}

/** Sizes that something is said of: candidates within the law and above the floor (not known: all), and whatever was seen. */
export function sizesOf({ currentMib, measured, floorSizeMib, product }: Subject, half: Reach | null): Mib[] {
  const least = Math.max(product.leastMib, floorSizeMib ?? 0);
  const candidates = [...product.candidatesMib, ...(half === null || !product.continuous ? [] : [half.leastMib])];
  const legal = candidates.filter((size) => size >= least && size <= product.mostMib);
  return [...new Set([...legal, ...measured.map((one) => one.memoryMib), currentMib])].sort((a, b) => a - b);
}

/** A size that may be advised: within the law and above the floor; where memory in use is not known, nothing smaller. */
export function isLegal({ currentMib, floorSizeMib, product }: Subject, size: Mib): boolean {
  if (size === currentMib) return true;
  const { leastMib, mostMib, continuous, candidatesMib, sizeWith } = product;
  const floor = sizeWith === null ? 0 : (floorSizeMib ?? currentMib);
  return size >= Math.max(leastMib, floor) && size <= mostMib && (continuous || candidatesMib.includes(size));
}

/** Mean warm duration at a size. */
export function durationAt({ curve }: Subject, size: Mib): Interval {
  const [p10, p50, p90] = curve.quantilesMs(size, [0.1, 0.5, 0.9]) as [Ms, Ms, Ms];
  return { p10, p50, p90 };
}

/** The least and the most that is possible at a size, where one size is all that is known; null: it is that size. */
export function boundsAt(subject: Subject, size: Mib): Bounds | null {
  const { cpuMs, waiting, measured } = subject;
  const here = subject.here ?? measured[0]!;
  if (size === here.memoryMib) return null;
  if (waiting !== null) return boundsWithWaiting(here, waiting.leastMs, size);
  return cpuMs === null ? boundsWithoutCpu(here, size) : boundsWithCpu(here, cpuMs, size);
}

export function predict(subject: Subject, cost: CostModel | null, size: Mib, licensed: boolean): SizePrediction {
  const durationMs = durationAt(subject, size);
  const seen = subject.measured.some((one) => one.memoryMib === size);
  return {
    memoryMib: size,
    durationMs,
    monthlyUsd: cost === null ? null : monthlyUsd(cost.lineAt(size), durationMs, cost.relativeSd),
    basis: seen ? "measured" : licensed ? "modelled" : "assumed",
    boundsMs: licensed ? null : boundsAt(subject, size),
  };
}

/** Timeout over the longest run; null: one of them is not known. */
export function timeoutSlack({ timeoutS, current: { stats } }: Subject): number | null {
  if (timeoutS === null || stats.durationMs === null || stats.timeouts > 0) return null;
  return (timeoutS * 1000) / (stats.durationMs.max + (stats.cold.meanInitMs ?? 0));
}

/** The slowest runs would still end well before the timeout; where some did not end at all, nothing smaller may be tried. */
export function survives({ curve, current: { stats }, currentMib, timeoutS }: Subject, size: Mib): boolean {
  if (size >= currentMib) return true;
  if (stats.timeouts > 0) return false;
  if (timeoutS === null || stats.durationMs === null) return true;
  const tail = (stats.durationMs.p999 * curve.meanMs(size)) / curve.meanMs(currentMib) + (stats.cold.meanInitMs ?? 0);
  return tail <= TIMEOUT_SHARE * timeoutS * 1000;
}

/** Longer runs need more instances at once: as many as there may be are enough. Cloud Run, where these are counted. */
export function hasInstances({ curve, currentMib, facts: { loads, config } }: Subject, size: Mib): boolean {
  const busy = Math.max(0, ...loads.filter((one) => one.cloud === "gcp").map((one) => one.instances));
  const longer = curve.meanMs(size) / curve.meanMs(currentMib);
  return longer <= 1 || busy * longer <= (numberSetting(config, "maxInstances") ?? MOST_INSTANCES);
}

/** How much dearer speed may be where nothing is said. */
const COST_INCREASE = 0.2;

export function affordable({ curve, currentMib }: Subject, cost: CostModel, size: Mib, { objective }: AdviceContext): boolean {
  if (objective.optimize !== "speed") return true;
  const usd = (mib: Mib): number => usdAt(cost.lineAt(mib), curve.meanMs(mib));
  return usd(size) <= usd(currentMib) * (1 + (objective.maxCostIncrease ?? COST_INCREASE));
}
