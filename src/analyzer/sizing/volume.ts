/** How many runs a month will bring, from the time that was seen. Pure. */
import type { DailyRuns } from "../../model/sizing.ts";
import type { EpochMs } from "../../model/units.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** A twelfth of a year of 365.25 days. */
const MONTH_MS = 30.4375 * DAY_MS;
/** Fewer whole days say nothing of how they differ. */
const LEAST_DAYS = 3;

export interface Volume {
  perMonth: number;
  /** Standard deviation over the mean. */
  relativeSd: number;
  /** What is assumed, as a sentence; null: nothing to say. */
  note: string | null;
}

/**
 * The window's runs times how often it fits into a month. Its error: that of independent runs (Poisson), or what the days' counts say where
 * they vary more (the standard error of the mean of whole days). A window below an hour counts as one.
 */
export function monthlyVolume(runs: number, window: { from: EpochMs; to: EpochMs }, daily: DailyRuns | null): Volume {
  const seenMs = Math.max(window.to - window.from, HOUR_MS);
  return {
    perMonth: (runs * MONTH_MS) / seenMs,
    relativeSd: Math.max(runs > 0 ? 1 / Math.sqrt(runs) : 0, spreadOfDays(daily)),
    note: seenMs < 7 * DAY_MS ? `A month is taken as ${spanText(seenMs)} of telemetry repeated: shorter than a week.` : null,
  };
}

function spreadOfDays(daily: DailyRuns | null): number {
  if (daily === null || daily.days < LEAST_DAYS || daily.runs === 0) return 0;
  const variance = (daily.sumOfSquares - daily.runs ** 2 / daily.days) / (daily.days - 1);
  return Math.sqrt(Math.max(variance, 0) / daily.days) / (daily.runs / daily.days);
}

function spanText(ms: number): string {
  return ms < 2 * DAY_MS ? `${Math.round(ms / HOUR_MS)} h` : `${Math.round(ms / DAY_MS)} days`;
}
