/** Makes a prior out of measured curves: least squares in log space over a grid of shapes, and the shapes that come close. Deterministic. */
import { type CurveShape, logShape, ONE_VCPU_MIB } from "../../src/analyzer/sizing/curve.ts";
import type { PriorRow } from "../../src/analyzer/sizing/prior.ts";
import type { Curve, Point } from "./dataset.ts";

const OVERLAPS = [1, 1.5, 2.5, 6];
const OVERHEADS_MIB = [0, 6, 20, 45];
/** Threads with the weight they have where a curve does not tell: most functions use one. */
const THREADS = [
  [1, 0.8],
  [2, 0.12],
  [6, 0.08],
] as const;
/** ln(phi / (1 - phi)) from 0.25 % to 99.75 %. */
const LOGITS = Array.from({ length: 49 }, (_, i) => -6 + i * 0.25);

/** Curves kept per function. */
const PER_FUNCTION = 12;
/**
 * Curves of no function at all, and their weight beside that of all functions. The shipped prior has 0.08 of them beside a large collection
 * of families; where one of six is left out, the other five alone would be too sure of themselves.
 */
const BROAD = 300;
const BROAD_WEIGHT = 0.4;
/** Error of a measured curve around the family, and how many independent points a dense table is worth. */
const FIT_SD = 0.05;
const MOST_POINTS = 8;

export interface Fit {
  shape: CurveShape;
  /** ln of the duration at one vCPU. */
  logMs: number;
  /** Root mean square of the ln residuals. */
  rms: number;
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const four = (x: number): number => Math.round(x * 1e4) / 1e4;

function gridFits(points: readonly Point[]): (Fit & { weight: number })[] {
  const logs = points.map(({ durationMs }) => Math.log(durationMs));
  const fits: (Fit & { weight: number })[] = [];
  for (const [threads, weight] of THREADS)
    for (const overlap of OVERLAPS)
      for (const overheadMib of OVERHEADS_MIB)
        for (const logit of LOGITS) {
          const shape = { cpuShare: sigmoid(logit), overlap, threads, overheadMib };
          const residuals = points.map(({ memoryMib }, i) => logs[i]! - logShape(memoryMib, shape));
          const level = residuals.reduce((a, b) => a + b, 0) / residuals.length;
          const rms = Math.sqrt(residuals.reduce((sum, value) => sum + (value - level) ** 2, 0) / residuals.length);
          fits.push({ shape, logMs: level + logShape(ONE_VCPU_MIB, shape), rms, weight });
        }
  return fits;
}

/** The best fit of a curve. */
export function bestFit(points: readonly Point[]): Fit {
  return gridFits(points).reduce((best, fit) => (fit.rms < best.rms ? fit : best));
}

/** Shapes in proportion to how well they fit: every n-th part of the weight gives one. */
function nearFits(points: readonly Point[]): Fit[] {
  const fits = gridFits(points);
  const least = Math.min(...fits.map(({ rms }) => rms));
  const count = Math.min(points.length, MOST_POINTS);
  const weights = fits.map(({ rms, weight }) => weight * Math.exp((-count * (rms ** 2 - least ** 2)) / (2 * FIT_SD ** 2)));
  const total = weights.reduce((a, b) => a + b, 0);
  const kept: Fit[] = [];
  let sum = 0;
  for (const [i, fit] of fits.entries()) {
    sum += weights[i]! / total;
    while (kept.length < PER_FUNCTION && sum >= (kept.length + 0.5) / PER_FUNCTION) kept.push(fit);
  }
  return kept;
}

/** i-th number of the van der Corput sequence: evenly spread over 0..1, in each base independently. */
function spread(i: number, base: number): number {
  let result = 0;
  for (let n = i, part = 1 / base; n > 0; n = Math.floor(n / base), part /= base) result += (n % base) * part;
  return result;
}

/** Shapes of no function in particular, so that what was never measured is improbable but possible. */
function broadRows(weight: number): PriorRow[] {
  return Array.from({ length: BROAD }, (_, i) => {
    const [a, b, c, d, e] = [2, 3, 5, 7, 11].map((base) => spread(i + 1, base)) as [number, number, number, number, number];
    const threads = c < THREADS[0][1] ? 1 : c < THREADS[0][1] + THREADS[1][1] ? 2 : 6;
    const overlap = OVERLAPS[Math.floor(b * OVERLAPS.length)]!;
    return [four(sigmoid(-5 + 11 * a)), overlap, threads, OVERHEADS_MIB[Math.floor(d * OVERHEADS_MIB.length)]!, four(10 * e), weight];
  });
}

/** A prior: each family of functions weighs the square root of its size, each function in it the same. */
export function fitPrior(curves: readonly Curve[]): PriorRow[] {
  const sizes = new Map<string, number>();
  for (const { group } of curves) sizes.set(group, (sizes.get(group) ?? 0) + 1);
  const total = [...sizes.values()].reduce((sum, size) => sum + Math.sqrt(size), 0) * (1 + BROAD_WEIGHT);
  const rows = curves.flatMap(({ group, points }) => {
    const weight = 1 / Math.sqrt(sizes.get(group)!) / total / PER_FUNCTION;
    return nearFits(points).map(({ shape: { cpuShare, overlap, threads, overheadMib }, logMs }): PriorRow => [
      four(cpuShare),
      overlap,
      threads,
      overheadMib,
      four(logMs),
      weight,
    ]);
  });
  return [...rows, ...broadRows(BROAD_WEIGHT / (1 + BROAD_WEIGHT) / BROAD)];
}
