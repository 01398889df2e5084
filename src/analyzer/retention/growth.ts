/** How fast a store grows, by the best evidence there is. */
import type { Interval } from "../../model/plan.ts";
import type { DailySum, RetentionAdvice, SizeSeen } from "../../model/retention.ts";
import type { Bytes, EpochMs, Ms } from "../../model/units.ts";

const DAY: Ms = 86_400_000;
/** A month of 730 hours, as price lists count. */
const MONTH_MS: Ms = 730 * 3_600_000;

type Growth = Pick<RetentionAdvice, "growthBytesPerMonth" | "growthFrom">;

const UNKNOWN: Growth = { growthBytesPerMonth: null, growthFrom: null };

/** What came in by a metric. The days vary: their mean has a normal interval (P10, P90) by their spread; one day says nothing of it and stands alone. */
export function growthByMetric(days: readonly DailySum[]): Growth {
  const covered = days.reduce((sum, one) => sum + one.coveredMs, 0);
  if (covered < DAY / 24) return UNKNOWN;
  const perMs = days.reduce((sum, one) => sum + one.sum, 0) / covered;
  // parts of a day vary more than days; they count by their rate, and only whole ones for the spread
  const rates = days.filter((one) => one.coveredMs >= 0.9 * DAY).map((one) => one.sum / one.coveredMs);
  const p50 = perMs * MONTH_MS;
  const se = rates.length < 2 ? 0 : (sdOf(rates) / Math.sqrt(rates.length)) * MONTH_MS;
  return { growthBytesPerMonth: { p10: Math.max(0, p50 - Z90 * se), p50, p90: p50 + Z90 * se }, growthFrom: "metric" };
}

/** Between the first and the last of the sizes read, at least a day apart. Shrinking stores have a negative growth. */
export function growthBySizes(seen: readonly SizeSeen[]): Growth {
  const sorted = [...seen].sort((a, b) => a.at - b.at);
  const [first, last] = [sorted[0], sorted.at(-1)];
  if (first === undefined || last === undefined || last.at - first.at < DAY) return UNKNOWN;
  return { growthBytesPerMonth: flat(((last.sizeBytes - first.sizeBytes) / (last.at - first.at)) * MONTH_MS), growthFrom: "sizes" };
}

/** Mean over its life, of a store that never deleted anything. */
export function growthByLife(sizeBytes: Bytes | null, createdAt: EpochMs | null, now: EpochMs): Growth {
  if (sizeBytes === null || createdAt === null || now - createdAt < DAY) return UNKNOWN;
  return { growthBytesPerMonth: flat((sizeBytes / (now - createdAt)) * MONTH_MS), growthFrom: "lifetime" };
}

/** The first that is known. */
export function bestGrowth(...candidates: readonly Growth[]): Growth {
  return candidates.find((one) => one.growthFrom !== null) ?? UNKNOWN;
}

/**
 * What is older than `keepD` of a store that never deleted anything, by its size and age alone: as if it had grown evenly (P50), ever faster
 * from nothing (P10: the young part is the larger one), or ever slower towards nothing (P90). With s the share of its life that is kept: evenly
 * 1 - s is old; growing from nothing (1 - s)², falling to nothing 1 - s².
 */
export function olderByAge(sizeBytes: Bytes, ageD: number, keepD: number): Interval {
  const s = ageD <= 0 ? 1 : Math.min(1, keepD / ageD);
  return { p10: sizeBytes * (1 - s) ** 2, p50: sizeBytes * (1 - s), p90: sizeBytes * (1 - s * s) };
}

/** What is older than `keepD`, by what comes in: the rest of the size. */
export function olderByGrowth(sizeBytes: Bytes, growth: Interval, keepD: number): Interval {
  const older = (perMonth: number): number => Math.max(0, sizeBytes - (perMonth * keepD * DAY) / MONTH_MS);
  return { p10: older(growth.p90), p50: older(growth.p50), p90: older(growth.p10) };
}

const Z90 = 1.281552;

function sdOf(values: readonly number[]): number {
  const mean = values.reduce((sum, one) => sum + one, 0) / values.length;
  return Math.sqrt(values.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (values.length - 1));
}

function flat(value: number): Interval {
  return { p10: value, p50: value, p90: value };
}
