/** One function that can be sized: what is known of it, and what that says of a size. Pure. */
import type { Interval } from "../../model/plan.ts";
import type { Objective, SizePrediction } from "../../model/sizing.ts";
import type { EpochMs, Mib, Ms } from "../../model/units.ts";
import type { Rates } from "../cost/pricing.ts";
import { CANDIDATES_MIB } from "./choose.ts";
import { type CostModel, monthlyUsd } from "./cost.ts";
import { boundsWithCpu, boundsWithoutCpu } from "./cpu.ts";
import type { Experiment, Sided } from "./epochs.ts";
import type { FunctionFacts } from "./facts.ts";
import type { MemoryNeed } from "./floor.ts";
import { TIMEOUT_SHARE } from "./further.ts";
import type { Measured } from "./observations.ts";
import type { Posterior } from "./posterior.ts";
import type { Reach, Tier } from "./tiers.ts";
import type { Volume } from "./volume.ts";

/** What holds for all functions of a run. */
export interface AdviceContext {
  objective: Objective;
  rates: Rates;
  /** Time that the telemetry covers. */
  window: { from: EpochMs; to: EpochMs };
  /** Legal memory sizes. */
  memory: { leastMib: Mib; mostMib: Mib };
}

/** Everything known of one function that can be sized. */
export interface Subject {
  facts: FunctionFacts;
  experiment: Experiment;
  current: Sided;
  currentMib: Mib;
  measured: Measured[];
  /** Mean at the current size; null: too few runs there. */
  here: Measured | null;
  tier: Tier;
  cpuMs: Ms | null;
  used: number | null;
  curve: Posterior;
  need: MemoryNeed;
  cost: CostModel | string;
  volume: Volume;
  timeoutS: number | null;
  notes: string[];
}

/** Candidates and sizes that were seen, within the law and above the floor; the current one always. */
export function legalSizes({ currentMib, measured, need }: Subject, { memory }: AdviceContext, half: Reach | null): Mib[] {
  const least = Math.max(memory.leastMib, need.floorMib ?? currentMib);
  const sizes = [...CANDIDATES_MIB, ...measured.map((one) => one.memoryMib), ...(half === null ? [] : [half.leastMib])];
  const legal = sizes.filter((size) => size >= least && size <= memory.mostMib);
  return [...new Set([...legal, currentMib])].sort((a, b) => a - b);
}

/** Warm duration at a size; without licence to predict: bounds around the model's middle. */
export function durationAt(subject: Subject, size: Mib, licensed = true): Interval {
  const { curve, cpuMs } = subject;
  const here = subject.here ?? subject.measured[0]!;
  if (licensed || size === here.memoryMib) {
    const [p10, p50, p90] = curve.quantilesMs(size, [0.1, 0.5, 0.9]) as [Ms, Ms, Ms];
    return { p10, p50, p90 };
  }
  const { leastMs, mostMs } = cpuMs === null ? boundsWithoutCpu(here, size) : boundsWithCpu(here, cpuMs, size);
  return { p10: leastMs, p50: Math.min(Math.max(curve.meanMs(size), leastMs), mostMs), p90: mostMs };
}

export function predict(subject: Subject, cost: CostModel | null, size: Mib, licensed: boolean): SizePrediction {
  const durationMs = durationAt(subject, size, licensed);
  const seen = subject.measured.some((one) => one.memoryMib === size);
  return {
    memoryMib: size,
    durationMs,
    monthlyUsd: cost === null ? null : monthlyUsd(cost.lineAt(size), durationMs, cost.relativeSd),
    basis: seen ? "measured" : licensed ? "modelled" : "assumed",
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

/** How much dearer speed may be where nothing is said. */
const COST_INCREASE = 0.2;

export function affordable({ curve, currentMib }: Subject, cost: CostModel, size: Mib, { objective }: AdviceContext): boolean {
  if (objective.optimize !== "speed") return true;
  const usd = (mib: Mib): number => {
    const line = cost.lineAt(mib);
    return line.fixedUsdPerMonth + line.usdPerMonthPerMs * curve.meanMs(mib);
  };
  return usd(size) <= usd(currentMib) * (1 + (objective.maxCostIncrease ?? COST_INCREASE));
}
