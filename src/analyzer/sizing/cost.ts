/** What a month costs at a memory size, as a line in the mean warm duration, by the cloud's own billing rules and prices. Pure. */
import type { UsageGroup } from "../../model/billing.ts";
import type { Interval } from "../../model/plan.ts";
import type { FunctionStats } from "../../model/sizing.ts";
import type { Mib, Ms, Usd, Vcpu } from "../../model/units.ts";
import { priceReadings, type Rates, usdOf } from "../cost/pricing.ts";
import { billedTime } from "./billed-time.ts";
import { type CostLine, usdAt } from "./choose.ts";
import type { Product, Setting } from "./product.ts";
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
  /** By the place on the axis. */
  lineAt(sizeMib: Mib): CostLine;
  /** By what is written. */
  lineOf(setting: Setting): CostLine;
  /** Relative standard deviation of any monthly amount, by the number of runs and the share of cold ones. */
  relativeSd: number;
  coldShare: number | null;
}

/**
 * Runs that are not cold cost their true mean (failures and timeouts with them), which keeps its proportion to the trimmed mean at every
 * size; cold ones cost their own duration, in the same proportion, and the same init (all init is billed since 2025-08-01,
 * https://aws.amazon.com/blogs/compute/aws-lambda-standardizes-billing-for-init-phase/). Returns why not where no price is known.
 * `product` left out: sizes are Lambda's.
 */
export function costModel(stats: FunctionStats, warmMs: Ms, volume: Volume, rates: Rates, product?: ProductCost): CostModel | string {
  if (product !== undefined && product.rounding !== null) return roundedModel(stats, warmMs, volume, rates, product);
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
  const lineAt = (memoryMib: Mib): CostLine => {
    const atRest = price(memoryMib, 0).usd;
    const perBilledMs = (price(memoryMib, 1000).usd - atRest) / 1000;
    return {
      fixedUsdPerMonth: volume.perMonth * (atRest + perBilledMs * fixedMs),
      usdPerMonthPerMs: volume.perMonth * perBilledMs * perMs,
    };
  };
  return {
    lineAt,
    lineOf: ({ memoryMib }) => lineAt(memoryMib),
    relativeSd: Math.hypot(volume.relativeSd, (COLD_DOUBT * Math.abs(coldMs)) / meanBilledMs),
    coldShare,
  };
}

/** How a product that rounds coarsely is paid. */
export interface ProductCost extends Pick<Product, "settingAt" | "rounding"> {
  /** Figures of each function that shares the size, in the same configuration. */
  parts: readonly FunctionStats[];
  /** Billed time over the sum of the runs' own: below 1 where runs share their instance's. */
  share: number;
}

/** Two whole numbers of any product's steps, above any least time. */
const STRAIGHT_MS = [1000, 2000] as const;

/** Azure and Google Cloud say no billed time and hardly ever whether a run was cold: the true mean of all runs has their cold ones in it. */
function roundedModel(
  stats: FunctionStats,
  warmMs: Ms,
  volume: Volume,
  rates: Rates,
  { settingAt, rounding, parts, share }: ProductCost,
): CostModel | string {
  const price = runPrice(stats, rates);
  const why = price(stats.memoryMib!, STRAIGHT_MS[0], stats.vcpu ?? null).why;
  if (why !== null) return why;
  const billed = billedTime(parts, warmMs, rounding!, share);
  const lineOf = ({ memoryMib, vcpu }: Setting): CostLine => {
    const [less, more] = STRAIGHT_MS.map((ms) => price(memoryMib, ms, vcpu).usd) as [Usd, Usd];
    const perBilledMs = (more - less) / (STRAIGHT_MS[1] - STRAIGHT_MS[0]);
    return {
      fixedUsdPerMonth: volume.perMonth * (less - perBilledMs * STRAIGHT_MS[0]),
      usdPerMonthPerMs: volume.perMonth * perBilledMs,
      billed,
    };
  };
  return { lineAt: (size) => lineOf(settingAt(size)), lineOf, relativeSd: volume.relativeSd, coldShare: null };
}

/** Price of one run by memory, billed time and CPU, in the cloud's own rules. */
function runPrice(stats: Billed, rates: Rates): (memoryMib: Mib, billedMs: Ms, vcpu?: Vcpu | null) => { usd: Usd; why: string | null } {
  return (memoryMib, billedMs, vcpu = null) => {
    const billing = rates.billing[stats.cloud];
    if (billing === undefined) return { usd: 0, why: `no billing rules for ${stats.cloud}` };
    const thing = priceReadings(billing.invocations(priceOfRuns(stats, memoryMib, billedMs, 1, vcpu)), stats, rates.prices);
    return { usd: usdOf(thing) ?? 0, why: thing.unknownWhy };
  };
}

/** Runs as the billing rules take them. */
export function priceOfRuns(stats: Billed, memoryMib: Mib, billedMs: Ms, count: number, vcpu: Vcpu | null = null): UsageGroup {
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
    vcpu,
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
  const usd = (ms: Ms): Usd => usdAt(line, ms);
  const plain = { p10: usd(durationMs.p10), p50: usd(durationMs.p50), p90: usd(durationMs.p90) };
  const wide = widened(plain, relativeSd * plain.p50);
  return { ...wide, p10: Math.max(0, wide.p10) };
}

/** An interval with an independent error of standard deviation `sd` on top: half-widths add up in quadrature. */
export function widened({ p10, p50, p90 }: Interval, sd: number): Interval {
  const more = P90_SD * sd;
  return { p10: p50 - Math.hypot(p50 - p10, more), p50, p90: p50 + Math.hypot(p90 - p50, more) };
}
