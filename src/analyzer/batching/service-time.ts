/** How long a run with n events takes: `fixedMs + perEventMs * n`, fitted from runs whose batch size was seen. */
import type { ServiceTime } from "../../model/batching.ts";
import type { Ms } from "../../model/units.ts";

/** A run and how many events it held. */
export interface TimedBatch {
  batchSize: number;
  durationMs: Ms;
}

/** Runs that a batch size needs before its mean counts as known. */
const ENOUGH = 5;
/** Share of runs at each end that a mean leaves out. */
const TRIM = 0.2;
/** Two-sided 90 % of a normal. */
const Z90 = 1.645;

interface Size {
  n: number;
  count: number;
  meanMs: Ms;
  /** Variance of `meanMs`. */
  variance: number;
}

/**
 * null: no batch size has enough runs. One size only: `basis` is assumed, all of its time is put down to the events (the worst case for what a
 * larger batch saves and for how long it takes), and `perEventBoundsMs` says what is possible.
 */
export function fitServiceTime(runs: readonly TimedBatch[]): ServiceTime | null {
  const sizes = sizesOf(runs);
  if (sizes.length === 0) return null;
  const total = sizes.reduce((sum, { count }) => sum + count, 0);
  const meanBatch = sizes.reduce((sum, { n, count }) => sum + n * count, 0) / total;
  if (sizes.length === 1) {
    const { n, meanMs } = sizes[0]!;
    return {
      fixedMs: 0,
      perEventMs: meanMs / n,
      spread: spreadOf(runs, () => meanMs, sizes),
      basis: "assumed",
      perEventBoundsMs: [0, meanMs / n],
      meanBatch,
    };
  }
  const { fixedMs, perEventMs, perEventSeMs, ceilingMs } = line(sizes);
  const spread = spreadOf(runs, (n) => fixedMs + perEventMs * n, sizes);
  const bounds: [Ms, Ms] = [Math.max(0, perEventMs - Z90 * perEventSeMs), Math.min(ceilingMs, perEventMs + Z90 * perEventSeMs)];
  return { fixedMs, perEventMs, spread, basis: "measured", perEventBoundsMs: [bounds[0], Math.max(bounds[1], perEventMs)], meanBatch };
}

/** The same time at the mean batch size, with another share of it put down to each event; never less than nothing for the rest. */
export function withPerEvent(service: ServiceTime, perEventMs: Ms): ServiceTime {
  const atMean = service.fixedMs + service.perEventMs * service.meanBatch;
  return { ...service, perEventMs, fixedMs: Math.max(0, atMean - perEventMs * service.meanBatch) };
}

function sizesOf(runs: readonly TimedBatch[]): Size[] {
  const bySize = new Map<number, Ms[]>();
  for (const { batchSize, durationMs } of runs) {
    if (!(batchSize >= 1) || !(durationMs >= 0)) continue;
    const found = bySize.get(batchSize);
    if (found) found.push(durationMs);
    else bySize.set(batchSize, [durationMs]);
  }
  const enough = [...bySize].filter(([, times]) => times.length >= ENOUGH).sort(([a], [b]) => a - b);
  return enough.map(([n, times]) => ({ n, count: times.length, ...trimmed(times) }));
}

/** Trimmed mean, and its variance from the winsorised one (Tukey and McLaughlin 1963). */
function trimmed(times: Ms[]): { meanMs: Ms; variance: number } {
  const sorted = times.toSorted((a, b) => a - b);
  const cut = Math.floor(sorted.length * TRIM);
  const kept = sorted.slice(cut, sorted.length - cut);
  const meanMs = kept.reduce((sum, one) => sum + one, 0) / kept.length;
  const all = sorted.map((one) => Math.min(Math.max(one, kept[0]!), kept.at(-1)!));
  const middle = all.reduce((sum, one) => sum + one, 0) / all.length;
  const spread = all.reduce((sum, one) => sum + (one - middle) ** 2, 0) / Math.max(1, all.length - 1);
  return { meanMs, variance: spread / ((1 - 2 * TRIM) ** 2 * sorted.length) };
}

/** Weighted least squares over the sizes' means, with nothing below zero. */
function line(sizes: readonly Size[]): { fixedMs: Ms; perEventMs: Ms; perEventSeMs: Ms; ceilingMs: Ms } {
  // a size whose runs happen to agree must not outweigh all others: at least 1 % of its mean as error
  const weighted = sizes.map((one) => ({ ...one, weight: 1 / Math.max(one.variance, (one.meanMs * 0.01) ** 2, 1e-6) }));
  const total = weighted.reduce((sum, { weight }) => sum + weight, 0);
  const n = weighted.reduce((sum, one) => sum + one.weight * one.n, 0) / total;
  const ms = weighted.reduce((sum, one) => sum + one.weight * one.meanMs, 0) / total;
  const square = weighted.reduce((sum, one) => sum + one.weight * (one.n - n) ** 2, 0);
  const slope = weighted.reduce((sum, one) => sum + one.weight * (one.n - n) * (one.meanMs - ms), 0) / square;
  const ceilingMs = ms / n;
  const perEventMs = Math.min(Math.max(0, slope), ceilingMs);
  const misfit = weighted.reduce((sum, one) => sum + one.weight * (one.meanMs - ms - slope * (one.n - n)) ** 2, 0);
  const excess = Math.max(1, misfit / Math.max(1, sizes.length - 2));
  return { fixedMs: Math.max(0, ms - perEventMs * n), perEventMs, perEventSeMs: Math.sqrt(excess / square), ceilingMs };
}

/** Robust standard deviation of single runs, as a share of what the line says: 1.4826 times the median distance. */
function spreadOf(runs: readonly TimedBatch[], expectedMs: (n: number) => Ms, sizes: readonly Size[]): number {
  const known = new Set(sizes.map(({ n }) => n));
  const distances: number[] = [];
  for (const { batchSize, durationMs } of runs) {
    const expected = expectedMs(batchSize);
    if (known.has(batchSize) && expected > 0) distances.push(Math.abs(durationMs / expected - 1));
  }
  distances.sort((a, b) => a - b);
  return distances.length === 0 ? 0 : 1.4826 * distances[Math.floor(distances.length / 2)]!;
}
