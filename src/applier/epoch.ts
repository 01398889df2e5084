/** Runs of one function over one stretch of time: their figures, and how sure these are. Pure. */
import type { EpochHour, FunctionStats } from "../model/sizing.ts";
import type { Ms, Usd } from "../model/units.ts";

/** Runs of one function before, or after. */
export interface EpochFigures {
  invocations: number;
  warm: number;
  /**
   * Mean warm duration without the slowest and fastest fifth, as predictions are, with its 90 % interval; null: no warm run (interval: fewer
   * than two).
   */
  meanMs: Ms | null;
  intervalMs: { low: Ms; high: Ms } | null;
  errors: number;
  timeouts: number;
  ooms: number;
  /** Mean price of a run as billed; null: not known. */
  usdPerRun: Usd | null;
}

/** A mean and its standard error, in the mean's unit. */
export interface Estimated {
  value: number;
  standardError: number;
}

/** Price of one run of these figures with this billed time; null: not known. */
export type PriceOf = (stats: FunctionStats, billedMs: Ms) => Usd | null;

/** Share trimmed off each end of a sample, as in the dataset's figures. */
const TRIM = 0.2;
/** One-sided quantiles of the normal distribution: 95 %, of a two-sided interval of 90 %; 99 %, of a finding. */
const Z95 = 1.645;
const Z99 = 2.326;

/** null: no run. */
export function figures(rows: readonly FunctionStats[], priceOf: PriceOf): EpochFigures | null {
  const invocations = sum(rows, (row) => row.invocations);
  if (invocations === 0) return null;
  const mean = warmMean(rows);
  const half = mean === null || Number.isNaN(mean.standardError) ? null : student(Z95, mean.degrees) * mean.standardError;
  const prices = rows.map((row) => (row.meanBilledMs === null ? null : priceOf(row, row.meanBilledMs)));
  return {
    invocations,
    warm: sum(rows, (row) => row.warm.count),
    meanMs: mean?.value ?? null,
    intervalMs: mean === null || half === null ? null : { low: Math.max(0, mean.value - half), high: mean.value + half },
    errors: sum(rows, (row) => row.errors),
    timeouts: sum(rows, (row) => row.timeouts),
    ooms: sum(rows, (row) => row.ooms),
    usdPerRun: prices.includes(null) ? null : rows.reduce((total, row, i) => total + row.invocations * prices[i]!, 0) / invocations,
  };
}

/**
 * Trimmed mean over all rows, each with its weight. Its standard error is the winsorised deviation over the share that is kept
 * (J. W. Tukey, D. H. McLaughlin, Sankhya A 25 (1963) 331-352), NaN with fewer than two runs. null: no warm run.
 */
export function warmMean(rows: readonly FunctionStats[]): (Estimated & { degrees: number }) | null {
  const seen = rows.filter((row) => row.warm.count > 0 && row.warm.trimmedMeanMs !== null);
  const count = sum(seen, (row) => row.warm.count);
  if (count === 0) return null;
  const variance = sum(seen, ({ warm }) => warm.count * (warm.winsorizedSdMs ?? (seen.length > 1 ? warm.trimmedMeanMs! : Number.NaN)) ** 2);
  return {
    value: sum(seen, ({ warm }) => warm.count * warm.trimmedMeanMs!) / count,
    standardError: Math.sqrt(variance) / ((1 - 2 * TRIM) * count),
    degrees: Math.max(1, count - 2 * Math.floor(TRIM * count) - 1),
  };
}

/**
 * What a run costs that is not cold, failures and slow ones with it: the true mean, since that is what is billed. Cold starts are left out:
 * a change makes all environments start cold, and quiet hours have more of them. null: not known.
 */
export function ranPrice(rows: readonly FunctionStats[], priceOf: PriceOf): Estimated | null {
  const seen = rows.filter((row) => row.invocations > row.cold.count);
  const runs = sum(seen, (row) => row.invocations - row.cold.count);
  let [total, variance] = [0, 0];
  for (const row of seen) {
    const { meanRanMs } = row;
    const count = row.invocations - row.cold.count;
    const sdRanMs = row.sdRanMs ?? (count < 2 ? meanRanMs : null);
    const usd = meanRanMs === null ? null : priceOf(row, meanRanMs);
    if (usd === null || !meanRanMs || sdRanMs === null) return null;
    total += count * usd;
    variance += count * ((usd * sdRanMs) / meanRanMs) ** 2;
  }
  return runs === 0 ? null : { value: total / runs, standardError: Math.sqrt(variance) / runs };
}

/** Functions that made up so much of the time of the runs before must have run since: few runs can be most of the time. */
const LEAST_KEPT = 0.95;

/**
 * The same estimate where functions share a size (an Azure app): of each function, with its part of the runs before, so that another mixture is
 * no other duration. null: nothing to tell, or too many of them did not run since.
 */
export function asMixed<Found extends Estimated>(
  rows: readonly FunctionStats[],
  before: readonly FunctionStats[],
  estimate: (rows: readonly FunctionStats[]) => Found | null,
): (Estimated & { degrees: number }) | null {
  const time = (row: FunctionStats): number => row.invocations * (row.warm.trimmedMeanMs ?? row.meanRanMs ?? 0);
  const all = sum(before, time);
  const parts = [...Map.groupBy(rows, (row) => row.fn)].map(([fn, own]) => {
    const same = before.filter((row) => row.fn === fn);
    const weight = sum(same, (row) => row.invocations);
    return { weight, timeMs: sum(same, time), found: estimate(own), degrees: Math.max(1, sum(own, (row) => row.warm.count) - 1) };
  });
  const [only] = parts;
  if (parts.length === 1 && new Set(before.map((row) => row.fn)).size <= 1 && only!.found !== null)
    return { degrees: only!.degrees, ...only!.found };
  const known = parts.flatMap(({ found, ...one }) => (one.weight === 0 || found === null ? [] : [{ ...one, found }]));
  const kept = sum(known, (one) => one.weight);
  if (kept === 0 || sum(known, (one) => one.timeMs) < LEAST_KEPT * all) return null;
  return {
    value: sum(known, ({ weight, found }) => weight * found.value) / kept,
    standardError: Math.hypot(...known.map(({ weight, found }) => weight * found.standardError)) / kept,
    degrees: Math.min(...known.map((one) => one.degrees)),
  };
}

/** By how much the mean may fall short of what was seen, at 99 %. `degrees`: of freedom behind the standard error. */
export function surely(standardError: number, degrees: number): number {
  return student(Z99, degrees) * standardError;
}

/** Runs in an hour of the week before it is compared, and share of the runs after that such hours must cover. */
const LEAST_PER_HOUR = 10;
const LEAST_COVERED = 0.8;

/**
 * How much longer the function ran before at those hours of the week that were seen after, than at all hours: what a change made at noon must
 * not answer for. 1 where too little is known of these hours.
 */
export function hourShift(before: readonly EpochHour[], after: readonly EpochHour[]): Estimated {
  const known = byHour(before).filter((hour) => hour.count >= LEAST_PER_HOUR);
  const then = new Map(known.map((hour) => [hour.hourOfWeek, hour]));
  const common = byHour(after).filter((hour) => then.has(hour.hourOfWeek));
  const covered = sum(common, (hour) => hour.count);
  const all = sum(known, (hour) => hour.count);
  if (covered === 0 || covered < LEAST_COVERED * sum(after, (hour) => hour.count)) return { value: 1, standardError: 0 };
  const weights = new Map(common.map((hour) => [hour.hourOfWeek, hour.count / covered]));
  const mean = sum(known, (hour) => (hour.count / all) * hour.trimmedMeanMs);
  let [shifted, variance] = [0, 0];
  for (const hour of known) {
    const weight = weights.get(hour.hourOfWeek) ?? 0;
    const error = (hour.winsorizedSdMs ?? hour.trimmedMeanMs) / ((1 - 2 * TRIM) * Math.sqrt(hour.count));
    shifted += weight * hour.trimmedMeanMs;
    variance += ((weight - hour.count / all) * error) ** 2;
  }
  return mean === 0 ? { value: 1, standardError: 0 } : { value: shifted / mean, standardError: Math.sqrt(variance) / mean };
}

/** Hours of several epochs (versions) as one. */
function byHour(hours: readonly EpochHour[]): EpochHour[] {
  return [...Map.groupBy(hours, (hour) => hour.hourOfWeek).values()].map((same) => {
    const count = sum(same, (hour) => hour.count);
    return {
      ...same[0]!,
      count,
      trimmedMeanMs: sum(same, (hour) => hour.count * hour.trimmedMeanMs) / count,
      winsorizedSdMs: Math.sqrt(sum(same, (hour) => hour.count * (hour.winsorizedSdMs ?? hour.trimmedMeanMs) ** 2) / count),
    };
  });
}

/** Student's quantile from the normal one, Cornish and Fisher's first two terms. https://dlmf.nist.gov/7.17, Abramowitz and Stegun 26.7.5 */
function student(z: number, degrees: number): number {
  return z + (z ** 3 + z) / (4 * degrees) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * degrees ** 2);
}

function sum<Item>(items: readonly Item[], of: (item: Item) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
