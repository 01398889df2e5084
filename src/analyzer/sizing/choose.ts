/**
 * Which size a posterior speaks for, and whether it speaks clearly enough to act. Pure.
 * The size is chosen on the mean curve; acting takes probabilities over all curves with their errors.
 */
import type { Interval } from "../../model/plan.ts";
import type { Objective } from "../../model/sizing.ts";
import type { Mib, Ms, Usd } from "../../model/units.ts";
import { mixtureQuantiles, normalCdf } from "./mixture.ts";
import type { Posterior } from "./posterior.ts";

/** Sizes that are compared: between them less than 5 % of the cost is at stake. 1769 is one vCPU. */
export const CANDIDATES_MIB: readonly Mib[] = [
  128, 192, 256, 320, 384, 512, 640, 768, 1024, 1280, 1536, 1769, 2048, 2560, 3008, 3584, 4096, 5120, 6144, 8192, 10240,
];

/** Thresholds of the rule; engineering choices. Shares: 0.05 = 5 %. */
export const RULE = {
  /** Least gain worth a change. */
  minGain: 0.05,
  /** Least probability of that gain. */
  minGainProbability: 0.85,
  /** Slowdown that a caller who waits may see, */
  maxSlowdown: 0.1,
  /** and one who does not. */
  maxSlowdownAsynchronous: 2,
  /** Greatest probability of a longer slowdown. */
  maxSlowerProbability: 0.1,
  /** Sizes whose scores differ by less are equally good. */
  tie: 0.03,
  /** Durations that differ by less are equally fast. */
  fastest: 0.05,
} as const;

/** Weight of cost against duration in the balanced objective: Sizeless, https://arxiv.org/abs/2010.15162 */
const BALANCED_COST_WEIGHT = 0.75;

/** Cost of a month at one size as a line in the billed time, which is the mean warm duration where nothing else is said. */
export interface CostLine {
  fixedUsdPerMonth: Usd;
  usdPerMonthPerMs: number;
  /** Left out: the duration itself. */
  billed?: BilledTime;
}

/** Mean billed time of a run that takes so long on average, where rounding makes it no line; and the longest duration that is billed so. */
export interface BilledTime {
  of(warmMs: Ms): Ms;
  longest(billedMs: Ms): Ms;
}

/** Cost of a month at a mean warm duration. */
export function usdAt(line: CostLine, warmMs: Ms): Usd {
  return at({ fixed: line.fixedUsdPerMonth, perMs: line.usdPerMonthPerMs, ...(line.billed && { billed: line.billed }) }, warmMs);
}

export interface ChooseOptions {
  currentMib: Mib;
  /** Sizes that may be chosen: legal, above the memory floor, within what the evidence reaches. The current size is always one. */
  candidatesMib: readonly Mib[];
  costAt(memoryMib: Mib): CostLine;
  objective: Objective;
  /** Nobody waits for the function. */
  asynchronous: boolean;
}

/** A size that would be better, and is not advised because it is not sure enough that it is fast enough. */
export interface Doubtful {
  memoryMib: Mib;
  /** Change of the mean cost and of the mean warm duration to expect, as shares: -0.38 = 38 % less. */
  costChange: number;
  durationChange: number;
  /** Slowdown that is accepted, as a share, and the probability of a longer one. */
  slowdownLimit: number;
  slowerProbability: number;
}

export interface Choice {
  /** Best size within the accepted slowdown; the current one where none is better. */
  memoryMib: Mib;
  /** Whether to change to it. */
  act: boolean;
  /**
   * best: the current size is the best one; slower: a better size would be slower than accepted; uncertain: the gain is not probable
   * enough; gain: act.
   */
  why: "best" | "slower" | "uncertain" | "gain";
  /** Best size if slowdown did not matter. */
  unguardedMib: Mib;
  /** Best size that only uncertainty forbids: fast enough as expected, not surely enough; null: none that gains anything over `memoryMib`. */
  doubtful: Doubtful | null;
  /** Saving by the change; negative: it costs more. All 0 where `memoryMib` is the current size. */
  savingUsdPerMonth: Interval;
  /** Probability that the objective gains at least 5 % (cost: and the least saving). */
  gainProbability: number;
  /** Probability that it is slower by more than 10 %. */
  slowerProbability: number;
}

/** What choosing needs of a posterior. */
export type Curves = Pick<Posterior, "weights" | "logCurve" | "noise" | "meanMs">;

/** Picks a size. Errors: none; with one candidate the answer is the current size. */
export function choose(of: Curves, options: ChooseOptions): Choice {
  const sizes = [...new Set([...options.candidatesMib, options.currentMib])].sort((a, b) => a - b);
  const limit = slowdownLimit(options);
  const permitted = sizes.filter(
    (size) => size === options.currentMib || slowerProbability(of, options.currentMib, size, limit) <= RULE.maxSlowerProbability,
  );
  const unguardedMib = best(of, sizes, options);
  const memoryMib = best(of, permitted, options);
  const doubtful = unguardedMib === memoryMib ? null : doubtfulSize(of, sizes, permitted, memoryMib, options);
  if (memoryMib === options.currentMib) {
    const why = unguardedMib === options.currentMib ? "best" : "slower";
    return { memoryMib, act: false, why, unguardedMib, doubtful, savingUsdPerMonth: ZERO, gainProbability: 0, slowerProbability: 0 };
  }
  const probability = gainProbability(of, memoryMib, sizes, options);
  const act = probability >= RULE.minGainProbability;
  return {
    memoryMib,
    act,
    why: act ? "gain" : "uncertain",
    unguardedMib,
    doubtful,
    savingUsdPerMonth: saving(of, memoryMib, options),
    gainProbability: probability,
    slowerProbability: slowerProbability(of, options.currentMib, memoryMib, RULE.maxSlowdown),
  };
}

const ZERO: Interval = { p10: 0, p50: 0, p90: 0 };

/** Of the sizes that are not permitted the best one that is expected to be within the limit. Speed forgoes nothing that is slower. */
function doubtfulSize(
  of: Curves,
  sizes: readonly Mib[],
  permitted: readonly Mib[],
  insteadOfMib: Mib,
  options: ChooseOptions,
): Doubtful | null {
  const { currentMib, objective } = options;
  if (objective.optimize === "speed") return null;
  const limit = slowdownLimit(options);
  const line = objectiveLine(of, sizes, options);
  const score = (size: Mib): number => at(line(size), of.meanMs(size));
  const usd = (size: Mib): Usd => at(costLine(options, size), of.meanMs(size));
  const leastSaving = objective.optimize === "cost" ? objective.minSavingUsdPerMonth : -Infinity;
  const [found] = sizes
    .filter((size) => !permitted.includes(size) && of.meanMs(size) <= of.meanMs(currentMib) * (1 + limit))
    .filter((size) => score(size) <= score(insteadOfMib) * (1 - RULE.minGain) && usd(currentMib) - usd(size) >= leastSaving)
    .sort((a, b) => score(a) - score(b));
  if (found === undefined) return null;
  return {
    memoryMib: found,
    costChange: usd(found) / usd(currentMib) - 1,
    durationChange: of.meanMs(found) / of.meanMs(currentMib) - 1,
    slowdownLimit: limit,
    slowerProbability: slowerProbability(of, currentMib, found, limit),
  };
}

/** Slowdown that is accepted, as a share. */
export function slowdownLimit({ objective, asynchronous }: Pick<ChooseOptions, "objective" | "asynchronous">): number {
  if (objective.maxSlowdown !== null) return objective.maxSlowdown;
  if (objective.optimize === "speed") return RULE.fastest;
  return asynchronous ? RULE.maxSlowdownAsynchronous : RULE.maxSlowdown;
}

/** Probability that a change of size makes the mean duration longer by more than `slowdown` (share). */
export function slowerProbability(of: Curves, fromMib: Mib, toMib: Mib, slowdown: number): number {
  return 1 - probabilityBelow(of, toMib, of.logCurve(fromMib), Math.log(1 + slowdown), fromMib);
}

/** Probability that ln T at a size is below a limit of each curve's own plus `shift`; the errors of both sizes count. */
function probabilityBelow(of: Curves, memoryMib: Mib, limits: Float64Array, shift: number, fromMib: Mib): number {
  const to = of.logCurve(memoryMib);
  const sd = Math.max(Math.hypot(of.noise(memoryMib), of.noise(fromMib)), 1e-6);
  const { weights } = of;
  let sum = 0;
  for (let i = 0; i < to.length; i++) if (weights[i]! > 1e-9) sum += weights[i]! * normalCdf((limits[i]! + shift - to[i]!) / sd);
  return sum;
}

/** Best size on the mean curve: ties go to the current size, else to the larger, faster one. Speed: the smallest of the fastest. */
function best(of: Curves, sizes: readonly Mib[], options: ChooseOptions): Mib {
  const times = sizes.map((size) => of.meanMs(size));
  if (options.objective.optimize === "speed") {
    const leastMs = Math.min(...times);
    return sizes.find((_, i) => times[i]! <= leastMs * (1 + RULE.fastest))!;
  }
  const score = objectiveLine(of, sizes, options);
  const scores = sizes.map((size, i) => at(score(size), times[i]!));
  const tied = sizes.filter((_, i) => scores[i]! <= Math.min(...scores) * (1 + RULE.tie));
  return tied.includes(options.currentMib) ? options.currentMib : tied.at(-1)!;
}

/** What is to be made small, as a line in the duration. */
type Line = { fixed: number; perMs: number; billed?: BilledTime; waitPerMs?: number };

function at({ fixed, perMs, billed, waitPerMs = 0 }: Line, durationMs: Ms): number {
  return billed === undefined ? fixed + perMs * durationMs : fixed + perMs * billed.of(durationMs) + waitPerMs * durationMs;
}

/** Longest duration at which it is no more than `value`; 0: never. */
function longestAt(line: Line, value: number): Ms {
  const { fixed, perMs, billed, waitPerMs = 0 } = line;
  if (billed === undefined) return (value - fixed) / perMs;
  if (waitPerMs === 0) return billed.longest((value - fixed) / perMs);
  let [low, high] = [0, Math.max(value - fixed, 0) / waitPerMs];
  for (let i = 0; i < 40; i++) {
    const middle = (low + high) / 2;
    if (at(line, middle) <= value) low = middle;
    else high = middle;
  }
  return low;
}

function costLine({ costAt }: ChooseOptions, memoryMib: Mib): Line {
  const { fixedUsdPerMonth, usdPerMonthPerMs, billed } = costAt(memoryMib);
  return { fixed: fixedUsdPerMonth, perMs: usdPerMonthPerMs, ...(billed && { billed }) };
}

function objectiveLine(of: Curves, sizes: readonly Mib[], options: ChooseOptions): (memoryMib: Mib) => Line {
  const cost = (size: Mib): Line => costLine(options, size);
  if (options.objective.optimize === "cost") return cost;
  if (options.objective.optimize === "speed") return () => ({ fixed: 0, perMs: 1 });
  const times = sizes.map((size) => of.meanMs(size));
  const leastMs = Math.min(...times);
  const leastUsd = Math.min(...sizes.map((size, i) => at(cost(size), times[i]!)));
  return (size) => {
    const { fixed, perMs, billed } = cost(size);
    const weight = BALANCED_COST_WEIGHT / leastUsd;
    const waitPerMs = (1 - BALANCED_COST_WEIGHT) / leastMs;
    if (billed !== undefined) return { fixed: weight * fixed, perMs: weight * perMs, billed, waitPerMs };
    return { fixed: weight * fixed, perMs: weight * perMs + waitPerMs };
  };
}

function gainProbability(of: Curves, memoryMib: Mib, sizes: readonly Mib[], options: ChooseOptions): number {
  // a smaller size that is as fast gains money, not time
  const optimize = options.objective.optimize === "speed" && memoryMib < options.currentMib ? "cost" : options.objective.optimize;
  const line = objectiveLine(of, sizes, { ...options, objective: { ...options.objective, optimize } });
  const now = line(options.currentMib);
  const then = line(memoryMib);
  const leastSaving = optimize === "cost" ? options.objective.minSavingUsdPerMonth : 0;
  const limits = of.logCurve(options.currentMib).map((log) => {
    const value = at(now, Math.exp(log));
    const wanted = Math.min(value * (1 - RULE.minGain), value - leastSaving);
    return Math.log(Math.max(longestAt(then, wanted), Number.MIN_VALUE));
  });
  return probabilityBelow(of, memoryMib, limits, 0, options.currentMib);
}

/** The standard normal distribution as equally probable parts. */
const NODE_SHARES = Array.from({ length: 25 }, (_, i) => (i + 0.5) / 25);
const NODES = mixtureQuantiles(Float64Array.of(0), Float64Array.of(1), 1, NODE_SHARES);
/** Curves below this weight do not move a quantile. */
const LEAST_WEIGHT = 1e-5;

function saving(of: Curves, memoryMib: Mib, { currentMib, costAt }: ChooseOptions): Interval {
  const [now, then] = [costAt(currentMib), costAt(memoryMib)];
  const [from, to] = [of.logCurve(currentMib), of.logCurve(memoryMib)];
  const sd = Math.hypot(of.noise(memoryMib), of.noise(currentMib));
  const noise = NODES.map((node) => Math.exp(node * sd));
  const likely = of.weights.reduce((count, weight) => count + (weight < LEAST_WEIGHT ? 0 : 1), 0);
  const values = new Float64Array(likely * noise.length);
  const weights = new Float64Array(likely * noise.length);
  let next = 0;
  for (const [i, weight] of of.weights.entries()) {
    if (weight < LEAST_WEIGHT) continue;
    const usdNow = usdAt(now, Math.exp(from[i]!));
    const thenMs = Math.exp(to[i]!);
    for (const factor of noise) {
      values[next] = then.billed
        ? usdNow - usdAt(then, thenMs * factor)
        : usdNow - then.fixedUsdPerMonth - then.usdPerMonthPerMs * thenMs * factor;
      weights[next++] = weight / noise.length;
    }
  }
  const quantiles = mixtureQuantiles(values, weights, 0, [0.1, 0.5, 0.9]);
  const [p10, p50, p90] = quantiles as [number, number, number];
  return { p10, p50, p90 };
}
