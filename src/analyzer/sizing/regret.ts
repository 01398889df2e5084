/** Whether a probe has seen enough: what the best size found so far could still lose against the true best one. Pure. */
import type { ProbeRuns } from "../../model/sizing.ts";
import type { Mib, Ms, Usd } from "../../model/units.ts";
import { CANDIDATES_MIB } from "./choose.ts";
import { mixtureQuantiles } from "./mixture.ts";
import { logStandardError } from "./observations.ts";
import { type Observation, posterior } from "./posterior.ts";

/** Share trimmed off each end of a sample, as in the dataset's figures. */
const TRIM = 0.2;
/** Fewer runs at a size say nothing of their spread. */
const LEAST_RUNS = 3;

/**
 * The 90th percentile (upper end of the 80 % interval) of regret: by how much (share of cost) an invocation at the size that is cheapest on
 * the mean curve costs more than at the cheapest size of each possible curve. null: too few runs to say. What no curve explains is left
 * out, since more runs would not make it smaller.
 */
export function regretOf(runs: readonly ProbeRuns[], floorMib: Mib, usdPerRun: (memoryMib: Mib, billedMs: Ms) => Usd): number | null {
  const observations = runs.map(observationOf);
  if (observations.length === 0 || !observations.every((one) => one !== null)) return null;
  const curve = posterior(observations, { cpuMs: null });
  const most = Math.max(...runs.map((one) => one.memoryMib));
  const sizes = [
    ...new Set([...CANDIDATES_MIB.filter((size) => size >= floorMib && size <= 2 * most), ...runs.map((one) => one.memoryMib)]),
  ];
  // billed times are rounded up to the millisecond: half of one on average
  const usdAt = (size: Mib, durationMs: Ms): Usd => usdPerRun(size, durationMs + 0.5);
  const mean = sizes.map((size) => usdAt(size, curve.meanMs(size)));
  const pick = mean.indexOf(Math.min(...mean));
  const logs = sizes.map((size) => curve.logCurve(size));
  const regrets = Float64Array.from(curve.weights, (_, i) => {
    const usd = sizes.map((size, k) => usdAt(size, Math.exp(logs[k]![i]!)));
    return usd[pick]! / Math.min(...usd) - 1;
  });
  return mixtureQuantiles(regrets, curve.weights, 0, [0.9])[0]!;
}

/** Trimmed mean and its error; null: too few runs. */
function observationOf({ memoryMib, durationsMs }: ProbeRuns): Observation | null {
  const count = durationsMs.length;
  if (count < LEAST_RUNS) return null;
  const sorted = durationsMs.toSorted((a, b) => a - b);
  const cut = Math.floor(TRIM * count);
  const kept = sorted.slice(cut, count - cut);
  const durationMs = kept.reduce((sum, ms) => sum + ms, 0) / kept.length;
  const winsorized = sorted.map((ms) => Math.min(Math.max(ms, kept[0]!), kept.at(-1)!));
  const mean = winsorized.reduce((sum, ms) => sum + ms, 0) / count;
  const sd = Math.sqrt(winsorized.reduce((sum, ms) => sum + (ms - mean) ** 2, 0) / (count - 1));
  return durationMs > 0 ? { memoryMib, durationMs, logSe: logStandardError(count, durationMs, sd) } : null;
}
