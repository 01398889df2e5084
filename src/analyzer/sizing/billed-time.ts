/** What is billed for runs of a mean duration, where each is rounded up and runs on one instance share its time. Pure. */
import type { FunctionStats } from "../../model/sizing.ts";
import type { Ms } from "../../model/units.ts";
import type { BilledTime } from "./choose.ts";
import { mixtureQuantiles } from "./mixture.ts";
import type { Product } from "./product.ts";

/** Durations of a function as so many equally probable ones. */
const NODES = 15;
const SHARES = Array.from({ length: NODES }, (_, i) => (i + 0.5) / NODES);
const NORMAL = mixtureQuantiles(Float64Array.of(0), Float64Array.of(1), 1, SHARES);
/** From the median of a normal distribution to its 95th percentile. */
const P95_SD = 1.645;

/** Mean durations that are worked out: so many steps over a factor of 64 to both sides; between them a line. */
const STEPS = 512;
const SPAN = 64;

/** Durations over the mean warm one, each with its part of all runs. */
interface Node {
  ratio: number;
  part: number;
}

/** Log-normal, through the median and the 95th percentile, with the true mean; all alike where these are not known. */
function nodesOf({ durationMs, meanRanMs, warm, invocations }: FunctionStats, warmMs: Ms, allRuns: number): Node[] {
  const part = invocations / allRuns / NODES;
  const mean = meanRanMs ?? warm.meanMs ?? warmMs;
  const spread = durationMs === null || durationMs.p50 <= 0 ? 0 : Math.max(Math.log(durationMs.p95 / durationMs.p50) / P95_SD, 0);
  const plain = NORMAL.map((z) => Math.exp(z * spread));
  const plainMean = plain.reduce((sum, one) => sum + one, 0) / NODES;
  return plain.map((one) => ({ ratio: ((one / plainMean) * mean) / warmMs, part }));
}

/**
 * `parts`: the functions that share the size, `warmMs` their mean warm duration now. `share`: billed time over the sum of the runs' own,
 * 1 where each ran alone. All runs become longer and shorter together, and the longer they are the more of them share their instance's time. The
 * whole of runs that share an instance is rounded as one would be.
 */
export function billedTime(
  parts: readonly FunctionStats[],
  warmMs: Ms,
  { leastMs, stepMs }: NonNullable<Product["rounding"]>,
  share: number,
): BilledTime {
  const allRuns = parts.reduce((sum, one) => sum + one.invocations, 0);
  const nodes = parts.flatMap((one) => nodesOf(one, warmMs, allRuns));
  const rounded = (ms: Ms): Ms => Math.max(leastMs, Math.ceil(ms / stepMs - 1e-9) * stepMs);
  const load = loadOf(share);
  const exact = (ms: Ms): Ms => perRun(nodes, ms, { load: (load * ms) / warmMs, rounded });
  const durations = Array.from({ length: STEPS + 1 }, (_, i) => (warmMs / SPAN) * SPAN ** ((2 * i) / STEPS));
  const billed = durations.map(exact);
  // below the least time, longer runs share more of it: they can be billed less
  let highest = 0;
  const most = billed.map((ms) => (highest = Math.max(highest, ms)));
  return {
    of(ms) {
      if (ms >= durations.at(-1)!) return exact(ms);
      if (ms <= durations[0]!) return billed[0]!;
      const place = (STEPS * Math.log((ms / warmMs) * SPAN)) / (2 * Math.log(SPAN));
      const i = Math.min(Math.max(Math.floor(place), 0), STEPS - 1);
      const inside = (ms - durations[i]!) / (durations[i + 1]! - durations[i]!);
      return billed[i]! + Math.min(Math.max(inside, 0), 1) * (billed[i + 1]! - billed[i]!);
    },
    longest(limitMs) {
      let [low, high] = [-1, STEPS];
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (most[middle]! <= limitMs) low = middle;
        else high = middle - 1;
      }
      if (low < 0) return 0;
      if (low === STEPS) return durations[STEPS]!;
      const rise = most[low + 1]! - most[low]!;
      return durations[low]! + ((durations[low + 1]! - durations[low]!) * (limitMs - most[low]!)) / rise;
    },
  };
}

/**
 * Mean billed time of a run. Alone: each is rounded. On instances with an offered load of rho, of runs that come independently (M/G/infinity), what is
 * rounded is a period in which one runs: exp(-rho) of them come to a run, and in a part of these, as large as that of runs in which no other begins,
 * a run stays alone.
 */
function perRun(nodes: readonly Node[], ms: Ms, { load, rounded }: { load: number; rounded: (ms: Ms) => Ms }): Ms {
  const mean = (of: (durationMs: Ms) => number): number => nodes.reduce((sum, { ratio, part }) => sum + part * of(ratio * ms), 0);
  if (load === 0) return mean(rounded);
  const meanMs = mean((one) => one);
  const stays = (durationMs: Ms): number => Math.exp((-load * durationMs) / meanMs);
  const periods = Math.exp(-load);
  const together = periods * (1 - mean(stays));
  const togetherMs = shareAt(load) * meanMs - periods * mean((one) => stays(one) * one);
  const longer = togetherMs / Math.max(together, Number.MIN_VALUE) / meanMs;
  const lost = together < 1e-9 ? 0 : together * mean((one) => rounded(one * longer) - one * longer);
  return periods * mean((one) => stays(one) * rounded(one)) + togetherMs + lost;
}

/** Billed time over the sum of the runs' own on an instance with this offered load, runs coming independently (M/G/infinity). */
export const shareAt = (load: number): number => (load < 1e-6 ? 1 : -Math.expm1(-load) / load);

/** The load at which a run is billed this share of its time. */
export function loadOf(share: number): number {
  if (share >= 1) return 0;
  let [low, high] = [0, 1000];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (shareAt(middle) > share) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
