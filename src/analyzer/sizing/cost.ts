/** What a month costs at a memory size, as a line in the mean warm duration, by the cloud's own billing rules and prices. Pure. */
import type { UsageGroup } from "../../model/billing.ts";
import type { Interval } from "../../model/plan.ts";
import type { FunctionStats } from "../../model/sizing.ts";
import type { Mib, Ms, Usd } from "../../model/units.ts";
import { priceReadings, type Rates, usdOf } from "../cost/pricing.ts";
import type { CostLine } from "./choose.ts";
import type { Volume } from "./volume.ts";

/** Rounding up to whole milliseconds makes a run half a millisecond longer on average. */
const ROUNDING_MS = 0.5;
/** Half of the cost of cold starts is in doubt, since their share changes with traffic and duration. */
const COLD_DOUBT = 0.5;
/** 10 % and 90 % of a normal distribution, in standard deviations. */
export const P90_SD = 1.2816;

/** What decides the price of a run beside its memory and time; /tmp null: not known, taken for what is free. */
type Billed = Pick<FunctionStats, "cloud" | "account" | "region" | "fn" | "architecture" | "plan" | "ephemeralMib">;

/** How a function's bill hangs on its warm duration. */
export interface CostModel {
  lineAt(memoryMib: Mib): CostLine;
  /** Relative standard deviation of any monthly amount, by the number of runs and the share of cold ones. */
  relativeSd: number;
  coldShare: number | null;
}

/**
 * Runs that are not cold cost their true mean (failures and timeouts with them), which keeps its proportion to the trimmed mean at every
 * size; cold ones cost their own duration, in the same proportion, and the same init (all init is billed since 2025-08-01,
 * https://aws.amazon.com/blogs/compute/aws-lambda-standardizes-billing-for-init-phase/). Returns why not where no price is known.
 */
export function costModel(stats: FunctionStats, warmMs: Ms, volume: Volume, rates: Rates): CostModel | string {
  const { invocations, cold, meanRanMs, warm } = stats;
  const coldShare = cold.unknown >= invocations ? null : cold.count / Math.max(invocations, 1);
  const trimmedMs = warm.trimmedMeanMs ?? warmMs;
  const trueOver = (meanRanMs ?? warm.meanMs ?? trimmedMs) / trimmedMs;
  const coldOver = cold.meanDurationMs === null ? trueOver : cold.meanDurationMs / trimmedMs;
  const share = coldShare ?? 0;
  const perMs = (1 - share) * trueOver + share * coldOver;
  const fixedMs = ROUNDING_MS + share * (cold.meanInitMs ?? 0);
  const meanBilledMs = perMs * warmMs + fixedMs;
  const coldMs = share * (coldOver * warmMs + (cold.meanInitMs ?? 0) - trueOver * warmMs);
  const price = runPrice(stats, rates);
  const why = price(stats.memoryMib!, 1).why;
  if (why !== null) return why;
  return {
    lineAt(memoryMib) {
      const atRest = price(memoryMib, 0).usd;
      const perBilledMs = (price(memoryMib, 1000).usd - atRest) / 1000;
      return {
        fixedUsdPerMonth: volume.perMonth * (atRest + perBilledMs * fixedMs),
        usdPerMonthPerMs: volume.perMonth * perBilledMs * perMs,
      };
    },
    relativeSd: Math.hypot(volume.relativeSd, (COLD_DOUBT * Math.abs(coldMs)) / meanBilledMs),
    coldShare,
  };
}

/** Price of one run by memory and billed time, in the cloud's own rules. */
function runPrice(stats: Billed, rates: Rates): (memoryMib: Mib, billedMs: Ms) => { usd: Usd; why: string | null } {
  return (memoryMib, billedMs) => {
    const billing = rates.billing[stats.cloud];
    if (billing === undefined) return { usd: 0, why: `no billing rules for ${stats.cloud}` };
    const thing = priceReadings(billing.invocations(priceOfRuns(stats, memoryMib, billedMs, 1)), stats, rates.prices);
    return { usd: usdOf(thing) ?? 0, why: thing.unknownWhy };
  };
}

/** Runs as the billing rules take them. */
export function priceOfRuns(stats: Billed, memoryMib: Mib, billedMs: Ms, count: number): UsageGroup {
  const { cloud, account, region, fn, architecture, plan, ephemeralMib = null } = stats;
  return {
    cloud,
    account,
    region,
    fn,
    architecture,
    plan,
    memoryMib,
    billedMs,
    durationMs: billedMs,
    maxMemoryMib: null,
    vcpu: null,
    initMs: null,
    emulator: false,
    seenIn: "platform-log",
    outcome: "ok",
    coldStart: false,
    count,
    ephemeralMib,
  };
}

/** Cost of a month at a duration interval, with the doubt about runs and cold starts. */
export function monthlyUsd(line: CostLine, durationMs: Interval, relativeSd: number): Interval {
  const usd = (ms: Ms): Usd => line.fixedUsdPerMonth + line.usdPerMonthPerMs * ms;
  const plain = { p10: usd(durationMs.p10), p50: usd(durationMs.p50), p90: usd(durationMs.p90) };
  const wide = widened(plain, relativeSd * plain.p50);
  return { ...wide, p10: Math.max(0, wide.p10) };
}

/** An interval with an independent error of standard deviation `sd` on top: half-widths add up in quadrature. */
export function widened({ p10, p50, p90 }: Interval, sd: number): Interval {
  const more = P90_SD * sd;
  return { p10: p50 - Math.hypot(p50 - p10, more), p50, p90: p50 + Math.hypot(p90 - p50, more) };
}
