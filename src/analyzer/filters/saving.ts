/** What a filter saves per month: runs that no longer happen, their time, their log lines. What the channel itself costs stays. Pure. */
import type { FilterSaving, Matcher } from "../../model/filters.ts";
import type { Interval } from "../../model/plan.ts";
import type { CostLine, Reading } from "../../model/billing.ts";
import type { DailyRuns, FunctionStats } from "../../model/sizing.ts";
import type { EpochMs, Usd } from "../../model/units.ts";
import { priceReadings, type Rates } from "../cost/index.ts";
import { priceOfRuns, widened } from "../sizing/cost.ts";
import { monthlyVolume } from "../sizing/volume.ts";
import type { ReadRun } from "./evidence.ts";
import type { Consumer } from "./target.ts";

export interface Volumes {
  /** Figures of the function, one row per configuration. */
  stats: readonly FunctionStats[];
  daily: DailyRuns | null;
  window: { from: EpochMs; to: EpochMs };
}

/**
 * `runs`: the consumer's runs; `share`: of all runs of the function that logged events, those that are this consumer's. The share of runs that
 * would not happen is that of the recorded ones all of whose events the filter drops, taken over all runs of the function.
 */
export function savingOf(
  consumer: Consumer,
  runs: readonly ReadRun[],
  share: number,
  matcher: Matcher,
  volumes: Volumes,
  rates: Rates,
): FilterSaving {
  const spared = runs.filter(({ events }) =>
    events.filter(({ grammar }) => grammar === consumer.grammar).every(({ event }) => !matcher.matches(event)),
  );
  const invocations = volumes.stats.reduce((sum, one) => sum + (one.probe || one.emulator ? 0 : one.invocations), 0);
  if (runs.length === 0 || spared.length === 0 || invocations === 0)
    return { invocationsPerMonth: null, gbSecondsPerMonth: null, usdPerMonth: null, parts: [] };
  const volume = monthlyVolume(invocations, volumes.window, volumes.daily);
  const p = spared.length / runs.length;
  // Agresti and Coull (1998): two successes and two failures added keep the interval of a share near 0 or 1 honest
  const near = (spared.length + 2) / (runs.length + 4);
  const shareSd = Math.sqrt((near * (1 - near)) / (runs.length + 4));
  const relativeSd = Math.hypot(volume.relativeSd, shareSd / p);
  const perMonth = volume.perMonth * share * p;
  const interval = (mean: number, sd = 0): Interval => {
    const wide = widened({ p10: mean, p50: mean, p90: mean }, Math.hypot(relativeSd * mean, sd));
    return { ...wide, p10: Math.max(0, wide.p10) };
  };
  const bills = spared.map((one) => billOf(one, consumer, volumes.stats, rates));
  const known = bills.filter((one) => one !== null);
  const seconds = spared.flatMap((one) => gbSecondsOf(one, volumes.stats) ?? []);
  const usd = known.map(({ compute, requests, logs }) => compute + requests + logs);
  const mean = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0) / values.length;
  return {
    invocationsPerMonth: interval(perMonth),
    gbSecondsPerMonth: seconds.length === 0 ? null : interval(perMonth * mean(seconds), perMonth * errorOf(seconds)),
    usdPerMonth: known.length === 0 ? null : interval(perMonth * mean(usd), perMonth * errorOf(usd)),
    parts:
      known.length === 0
        ? []
        : (["compute", "requests", "logs"] as const).map((what) => ({ what, usdPerMonth: perMonth * mean(known.map((one) => one[what])) })),
  };
}

/** Standard error of a mean. */
function errorOf(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const mean = values.reduce((sum, one) => sum + one, 0) / values.length;
  const variance = values.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (values.length - 1);
  return Math.sqrt(variance / values.length);
}

/** Memory that the run had, or where it does not say, the function's own. */
function memoryOf({ run }: ReadRun, stats: readonly FunctionStats[]): number | null {
  return run.run?.memoryMib ?? stats.find((one) => one.memoryMib !== null)?.memoryMib ?? null;
}

function gbSecondsOf(read: ReadRun, stats: readonly FunctionStats[]): number | null {
  const memoryMib = memoryOf(read, stats);
  const ms = read.run.run?.billedMs ?? read.run.run?.durationMs ?? null;
  return memoryMib === null || ms === null ? null : (memoryMib / 1024) * (ms / 1000);
}

/** Bill of one run by its own record; null: a part is not known. */
function billOf(
  read: ReadRun,
  { cloud }: Consumer,
  stats: readonly FunctionStats[],
  rates: Rates,
): { compute: Usd; requests: Usd; logs: Usd } | null {
  const billing = rates.billing[cloud];
  const { run, region, account, fn } = read.run;
  if (billing === undefined || run === null || run.emulator) return null;
  const first = stats[0];
  const place = { cloud, account: account ?? first?.account ?? null, region: region ?? first?.region ?? null, fn };
  const ms = run.billedMs ?? (cloud === "aws" ? null : run.durationMs);
  const memoryMib = memoryOf(read, stats);
  if (ms === null || memoryMib === null) return null;
  const group = priceOfRuns(
    { ...place, architecture: run.architecture, plan: run.plan ?? first?.plan ?? null },
    memoryMib,
    ms,
    1,
    run.vcpu ?? first?.vcpu ?? null,
  );
  const priced = (readings: Reading[]): { lines: Pick<CostLine, "unit" | "usd">[]; isKnown: boolean } => {
    const { readings: lines, unknownWhy } = priceReadings(readings, place, rates.prices);
    return {
      lines: lines.map(({ unit, quantity, usdPerUnit }) => ({ unit, usd: (quantity ?? 0) * (usdPerUnit ?? 0) })),
      isKnown: unknownWhy === null,
    };
  };
  const ran = priced(billing.invocations(group));
  const logged = priced(billing.logs(read.run.logBytes));
  if (!ran.isKnown || !logged.isKnown) return null;
  const sum = (lines: readonly Pick<CostLine, "unit" | "usd">[]): Usd => lines.reduce((total, one) => total + (one.usd ?? 0), 0);
  return {
    compute: sum(ran.lines.filter(({ unit }) => unit !== "requests")),
    requests: sum(ran.lines.filter(({ unit }) => unit === "requests")),
    logs: sum(logged.lines),
  };
}
