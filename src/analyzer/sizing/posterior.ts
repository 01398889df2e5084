/**
 * What one function's curve can be, given the sizes it was measured at: every curve of the prior, moved to the level that fits best, weighs
 * as much as it explains the measurements. Deterministic: no random numbers.
 */
import type { Mib, Ms } from "../../model/units.ts";
import { mixtureQuantiles } from "./mixture.ts";
import { type Prior, shippedPrior } from "./prior.ts";

/** Mean warm duration at one size. */
export interface Observation {
  memoryMib: Mib;
  durationMs: Ms;
  /** Standard error of the mean on the log scale (se / mean); the model's own error comes on top. */
  logSe: number;
}

/** Engineering choices of the model; none is tuned to a function. All on the log scale. */
export interface ModelConstants {
  /** Standard deviation of a function's true mean around the best curve of the family. */
  modelSd: number;
  /** The same for predictions at sizes that were not seen, where the curve is not the best one. */
  predictiveSd: number;
  /** How far along ln(memory) a deviation from the curve reaches: at this distance it has fallen to 1/e. */
  reach: number;
  /** How far a function's level at one vCPU may lie from that of the prior's function. */
  levelSd: number;
  /** Error of a CPU time per invocation. */
  cpuSd: number;
}

export const MODEL: ModelConstants = { modelSd: 0.07, predictiveSd: 0.1, reach: 0.5, levelSd: 1.6, cpuSd: 0.15 };

/** Time that a run waits for others, whatever the CPU: at least this long, with its error. What no trace shows may come on top. */
export interface Waiting {
  leastMs: Ms;
  sdMs: Ms;
}

export interface PosteriorOptions {
  /** CPU time per invocation from Lambda Insights or a trace; null: not known, as is 0 (below what was counted). */
  cpuMs: Ms | null;
  /** Least waiting, from traces; null or left out: not known. */
  waiting?: Waiting | null;
  /** Default: the shipped prior. */
  prior?: Prior;
  /** For the benchmark. */
  constants?: ModelConstants;
}

export interface Posterior {
  /** Mean of the curves (the exponential of the mean of ln T), as if the size had not been measured. */
  curveMs(memoryMib: Mib): Ms;
  /** Best estimate of the mean duration: the curve, drawn to what was measured at and near a size. */
  meanMs(memoryMib: Mib): Ms;
  /** ln T (ms) of each curve at a size, as if it had not been measured. */
  logModel(memoryMib: Mib): Float64Array;
  /** Quantiles of the mean duration at a size, with the spread of the curves and what no curve explains. `shares` ascending, 0..1. */
  quantilesMs(memoryMib: Mib, shares: readonly number[]): Ms[];
  /** ln T (ms) of each curve at a size, drawn to what was measured at and near it. Same order as `weights`; do not write into it. */
  logCurve(memoryMib: Mib): Float64Array;
  /** Standard deviation (log scale) of the true mean around `logCurve`: what no curve explains. */
  noise(memoryMib: Mib): number;
  /** Weight of each curve; they add up to 1. */
  readonly weights: Float64Array;
  /** How many equally weighted curves the posterior is worth: few means that few known functions look like this one. */
  readonly effectiveSampleSize: number;
  /** Sum of squared, scaled residuals of the curve that fits best. */
  readonly misfit: number;
  /** No plausible curve passes through the measured sizes: drift, noise, different work. Advice would be wrong. */
  readonly sizesDisagree: boolean;
  /** Probability that more than one vCPU makes it faster. */
  readonly multiThreadedShare: number;
}

/** Observations must be of different sizes, at least one. */
export function posterior(observations: readonly Observation[], options: PosteriorOptions): Posterior {
  return new ParticlePosterior(observations, options);
}

class ParticlePosterior implements Posterior {
  readonly weights: Float64Array;
  readonly effectiveSampleSize: number;
  readonly misfit: number;
  readonly sizesDisagree: boolean;
  readonly #prior: Prior;
  readonly #constants: ModelConstants;
  readonly #observations: readonly Observation[];
  /** ln S: the level at which each curve fits best. */
  readonly #level: Float64Array;
  /** What is left between each observation and each curve. */
  readonly #residuals: readonly Float64Array[];
  /** Weighted means of the levels and of each observation's residuals: what a mean over the curves needs beside their shapes. */
  readonly #meanLevel: number;
  readonly #meanResiduals: readonly number[];
  readonly #curves = new Map<Mib, Float64Array>();
  readonly #means = new Map<Mib, Ms>();
  /** Of the observations, as a share of the model's variance. */
  readonly #covariance: readonly (readonly number[])[];

  constructor(observations: readonly Observation[], options: PosteriorOptions) {
    this.#prior = options.prior ?? shippedPrior();
    this.#constants = options.constants ?? MODEL;
    this.#observations = observations;
    const { level, squares } = fitLevels(this.#prior, observations, this.#constants.modelSd);
    this.#level = level;
    this.#residuals = observations.map(({ memoryMib, durationMs }) => residuals(this.logModel(memoryMib), Math.log(durationMs)));
    this.#covariance = observations.map((a) =>
      observations.map((b) => this.#likeness(a.memoryMib, b.memoryMib) + (a === b ? (a.logSe / this.#constants.modelSd) ** 2 : 0)),
    );
    this.misfit = squares.reduce((least, value) => Math.min(least, value), Infinity);
    this.sizesDisagree = this.misfit > 4 * (observations.length - 1);
    this.weights = normalised(logWeights(this.#prior, level, squares, options, this.#constants));
    this.effectiveSampleSize = 1 / dot(this.weights, this.weights);
    this.#meanLevel = dot(this.weights, level);
    this.#meanResiduals = this.#residuals.map((residual) => dot(this.weights, residual));
  }

  get multiThreadedShare(): number {
    return this.weights.reduce((sum, weight, i) => sum + (this.#prior.threads[i]! >= 2 ? weight : 0), 0);
  }

  curveMs(memoryMib: Mib): Ms {
    return Math.exp(this.#meanLog(memoryMib));
  }

  meanMs(memoryMib: Mib): Ms {
    const known = this.#means.get(memoryMib);
    if (known !== undefined) return known;
    const drawn = this.#deviation(memoryMib).share.reduce((sum, share, k) => sum + share * this.#meanResiduals[k]!, 0);
    const mean = Math.exp(this.#meanLog(memoryMib) + drawn);
    this.#means.set(memoryMib, mean);
    return mean;
  }

  logModel(memoryMib: Mib): Float64Array {
    const curve = this.#prior.shapes(memoryMib).slice();
    for (let i = 0; i < curve.length; i++) curve[i]! += this.#level[i]!;
    return curve;
  }

  logCurve(memoryMib: Mib): Float64Array {
    const known = this.#curves.get(memoryMib);
    if (known) return known;
    const curve = this.#write(new Float64Array(this.weights.length), memoryMib);
    this.#curves.set(memoryMib, curve);
    return curve;
  }

  /** `logCurve`, into an array of that length. */
  #write(curve: Float64Array, memoryMib: Mib): Float64Array {
    curve.set(this.#prior.shapes(memoryMib));
    for (let i = 0; i < curve.length; i++) curve[i]! += this.#level[i]!;
    const { share } = this.#deviation(memoryMib);
    for (const [k, residual] of this.#residuals.entries()) {
      const own = share[k]!;
      for (let i = 0; i < curve.length; i++) curve[i]! += own * residual[i]!;
    }
    return curve;
  }

  noise(memoryMib: Mib): number {
    return this.#constants.predictiveSd * Math.sqrt(this.#deviation(memoryMib).unexplained);
  }

  quantilesMs(memoryMib: Mib, shares: readonly number[]): Ms[] {
    const curve = this.#curves.get(memoryMib) ?? this.#write(scratch(this.weights.length), memoryMib);
    return mixtureQuantiles(curve, this.weights, this.noise(memoryMib), shares).map(Math.exp);
  }

  /** Mean of ln T over the curves, as if the size had not been measured. */
  #meanLog(memoryMib: Mib): number {
    return this.#meanLevel + dot(this.weights, this.#prior.shapes(memoryMib));
  }

  /**
   * Deviations from the curve at neighbouring sizes are alike (Gaussian process, exponential covariance of ln memory): which share of each
   * residual applies at a size, and which share of the variance no measurement explains.
   */
  #deviation(memoryMib: Mib): { share: number[]; unexplained: number } {
    const likeness = this.#observations.map((seen) => this.#likeness(memoryMib, seen.memoryMib));
    const share = solve(this.#covariance, likeness);
    return { share, unexplained: Math.max(1 - share.reduce((sum, value, k) => sum + value * likeness[k]!, 0), 0) };
  }

  #likeness(a: Mib, b: Mib): number {
    return Math.exp(-Math.abs(Math.log(a / b)) / this.#constants.reach);
  }
}

let lent = new Float64Array();

/** One array for curves that are looked at once: a fleet has hundreds of thousands. */
function scratch(length: number): Float64Array {
  if (lent.length !== length) lent = new Float64Array(length);
  return lent;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** What is left between a measurement and each curve. Writes into `curves`. */
function residuals(curves: Float64Array, log: number): Float64Array {
  for (let i = 0; i < curves.length; i++) curves[i] = log - curves[i]!;
  return curves;
}

/** Solves the linear equations `matrix * x = right` (symmetric, positive definite, a handful of rows). */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i]!]);
  for (const [i, pivot] of rows.entries()) {
    for (const row of rows.slice(i + 1)) {
      const factor = row[i]! / pivot[i]!;
      for (let j = i; j < row.length; j++) row[j]! -= factor * pivot[j]!;
    }
  }
  const x = Array<number>(rows.length).fill(0);
  for (let i = rows.length - 1; i >= 0; i--) {
    const rest = rows[i]!.slice(i + 1, -1).reduce((sum, value, j) => sum + value * x[i + 1 + j]!, 0);
    x[i] = (rows[i]!.at(-1)! - rest) / rows[i]![i]!;
  }
  return x;
}

/** Level ln S at which each curve fits the observations best, and the sum of squared, scaled residuals it leaves. */
function fitLevels(prior: Prior, observations: readonly Observation[], modelSd: number): { level: Float64Array; squares: Float64Array } {
  const level = new Float64Array(prior.count);
  const squares = new Float64Array(prior.count);
  const terms = observations.map(({ memoryMib, durationMs, logSe }) => ({
    log: Math.log(durationMs),
    precision: 1 / (logSe ** 2 + modelSd ** 2),
    shape: prior.shapes(memoryMib),
  }));
  const total = terms.reduce((sum, { precision }) => sum + precision, 0);
  for (const { log, precision, shape } of terms)
    for (let i = 0; i < level.length; i++) level[i]! += ((log - shape[i]!) * precision) / total;
  for (const { log, precision, shape } of terms)
    for (let i = 0; i < level.length; i++) squares[i]! += (log - shape[i]! - level[i]!) ** 2 * precision;
  return { level, squares };
}

function logWeights(
  prior: Prior,
  level: Float64Array,
  squares: Float64Array,
  { cpuMs, waiting = null }: PosteriorOptions,
  constants: ModelConstants,
): Float64Array {
  const logCpu = cpuMs === null || cpuMs <= 0 ? null : Math.log(cpuMs);
  const { reference, logLevel, logCpuShare } = prior;
  const weights = prior.logWeight.slice();
  for (let i = 0; i < weights.length; i++) {
    const distance =
      logCpu === null
        ? (level[i]! + reference[i]! - logLevel[i]!) / constants.levelSd
        : (level[i]! + logCpuShare[i]! - logCpu) / constants.cpuSd;
    weights[i]! -= squares[i]! / 2 + distance ** 2 / 2;
  }
  if (waiting !== null) heldAgainst(weights, waiting, prior, level);
  return weights;
}

/** A curve that waits longer than was seen is as likely as one that waits as long: one side of a normal distribution. Writes into `logWeight`. */
function heldAgainst(logWeight: Float64Array, { leastMs, sdMs }: Waiting, { cpuShare }: Prior, level: Float64Array): void {
  for (let i = 0; i < logWeight.length; i++) {
    const missingMs = leastMs - Math.exp(level[i]!) * (1 - cpuShare[i]!);
    if (missingMs > 0) logWeight[i]! -= (missingMs / sdMs) ** 2 / 2;
  }
}

/** Writes into `logWeight`. */
function normalised(logWeight: Float64Array): Float64Array {
  const most = logWeight.reduce((a, b) => Math.max(a, b), -Infinity);
  let sum = 0;
  for (let i = 0; i < logWeight.length; i++) sum += logWeight[i] = Math.exp(logWeight[i]! - most);
  for (let i = 0; i < logWeight.length; i++) logWeight[i]! /= sum;
  return logWeight;
}

/**
 * Mean excess cost of each size over the best of `memoryMib` (shares: 0.1 = 10 % dearer), each curve held against its own best size.
 * Cost is memory times billed duration, which the rounding up to whole milliseconds makes half a millisecond longer. Without requests,
 * cold starts and what no curve explains.
 */
export function expectedRegret(of: Pick<Posterior, "logModel" | "weights">, memoryMib: readonly Mib[]): number[] {
  const logCost = memoryMib.map((size) => of.logModel(size).map((curve) => Math.log(size * (Math.exp(curve) + 0.5))));
  const best = of.weights.map((_, i) => Math.min(...logCost.map((cost) => cost[i]!)));
  return logCost.map((cost) => cost.reduce((sum, value, i) => sum + of.weights[i]! * Math.expm1(value - best[i]!), 0));
}
