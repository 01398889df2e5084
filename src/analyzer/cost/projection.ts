/** What a month will cost at the rate of the window. Pure. */
import type { CostReport } from "../../model/cost-report.ts";
import type { Usd } from "../../model/units.ts";

const DAYS_PER_MONTH = 30.436875;
/** Fewer whole days say nothing of how they differ. */
const LEAST_DAYS = 3;

/** 90th percentile of Student's t by degrees of freedom 1 to 30 (NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2). */
const T90 = [
  3.078, 1.886, 1.638, 1.533, 1.476, 1.44, 1.415, 1.397, 1.383, 1.372, 1.363, 1.356, 1.35, 1.345, 1.341, 1.337, 1.333, 1.33, 1.328, 1.325,
  1.323, 1.321, 1.319, 1.318, 1.316, 1.315, 1.314, 1.313, 1.311, 1.31,
];

/**
 * A month costs 30.44 times the mean day. The interval (P10 to P90) is the one for a sum of that many new days, from the spread of the days seen:
 * t x s x sqrt(m + m^2 / n) for m new days and n seen ones. From two whole weeks on, the pattern of the week is taken out of the spread
 * (days are compared with the mean of their weekday; n is then 49 / sum of 1 / days of each weekday). Days are taken as independent otherwise: where one dear day follows another the interval is too narrow; trends and holidays are not foreseen.
 * `usd` of the result is null with less than three whole days, or where a day is unknown.
 */
export function projection(daily: CostReport["daily"], days: number | null, usd: Usd | null): CostReport["projection"] {
  if (usd === null || days === null || days <= 0) return { usd: null, why: "the cost is unknown" };
  const values = daily.map((one) => one.usd).filter((value) => value !== null);
  if (values.length < daily.length) return { usd: null, why: "the cost of some days is unknown" };
  const n = values.length;
  if (n < LEAST_DAYS)
    return { usd: null, why: `${n === 0 ? "no" : n} whole day${n === 1 ? "" : "s"} (UTC) in the window, and at least 3 are needed` };
  const { squares, freedom, weekly, day, certainty } = spread(values);
  // what is left of a week at the window's end would count some weekdays more than others
  const p50 = (weekly && n % 7 !== 0 ? day : usd / days) * DAYS_PER_MONTH;
  const deviation = Math.sqrt(squares / freedom);
  const half = (T90[freedom - 1] ?? 1.2816) * deviation * Math.sqrt(DAYS_PER_MONTH + DAYS_PER_MONTH ** 2 / certainty);
  const why = `from the spread of ${n} days${weekly ? ", apart from the pattern of the week" : ""}; days are taken as independent, and trends are not foreseen`;
  return { usd: { p10: Math.max(0, p50 - half), p50, p90: p50 + half }, why };
}

/** Sum of squared deviations, how many of them are free, the mean day, and how many days its own error is worth. */
function spread(values: readonly number[]): { squares: number; freedom: number; weekly: boolean; day: Usd; certainty: number } {
  const weekly = values.length >= 14;
  const period = weekly ? 7 : 1;
  let [squares, means, inverse] = [0, 0, 0];
  for (let day = 0; day < period; day++) {
    const own = values.filter((_, i) => i % period === day);
    const mean = own.reduce((sum, value) => sum + value, 0) / own.length;
    means += mean;
    inverse += 1 / own.length;
    squares += own.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  }
  return { squares, freedom: values.length - period, weekly, day: means / period, certainty: period ** 2 / inverse };
}
