/** What a filter saves per month: runs that no longer happen, their time, their log lines. What the channel itself costs stays. Pure. */
import type { FilterSaving, Matcher } from "../../model/filters.ts";
import type { Interval } from "../../model/plan.ts";
import type { UsageGroup } from "../../model/billing.ts";
import type { Config } from "../../model/records.ts";
import type { DailyRuns, FunctionStats } from "../../model/sizing.ts";
import type { Bytes, EpochMs, Usd } from "../../model/units.ts";
import { priceReadings, type Rates, withConfiguration } from "../cost/index.ts";
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
  { rates, configs }: { rates: Rates; configs: readonly Config[] },
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
  const groups = groupsOf(spared, consumer, volumes.stats, configs);
  const bills = groups.flatMap((group, i) => billOf(group, spared[i]!.run.logBytes, rates) ?? []);
  const seconds = groups.flatMap(({ memoryMib, billedMs, durationMs }) => {
    const ms = billedMs ?? durationMs;
    return memoryMib === null || ms === null ? [] : [(memoryMib / 1024) * (ms / 1000)];
  });
  const usd = bills.map(({ compute, requests, logs }) => compute + requests + logs);
  const mean = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0) / values.length;
  return {
    invocationsPerMonth: interval(perMonth),
    gbSecondsPerMonth: seconds.length === 0 ? null : interval(perMonth * mean(seconds), perMonth * errorOf(seconds)),
    usdPerMonth: bills.length === 0 ? null : interval(perMonth * mean(usd), perMonth * errorOf(usd)),
    parts:
      bills.length === 0
        ? []
        : (["compute", "requests", "logs"] as const).map((what) => ({ what, usdPerMonth: perMonth * mean(bills.map((one) => one[what])) })),
  };
}

/** Standard error of a mean. */
function errorOf(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const mean = values.reduce((sum, one) => sum + one, 0) / values.length;
  const variance = values.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (values.length - 1);
  return Math.sqrt(variance / values.length);
}

/** The runs as they are billed; what a run does not say itself is taken from its function's figures and configuration. */
function groupsOf(
  reads: readonly ReadRun[],
  { cloud, fn }: Consumer,
  stats: readonly FunctionStats[],
  configs: readonly Config[],
): UsageGroup[] {
  const [first] = stats;
  const known = stats.find(({ memoryMib }) => memoryMib !== null);
  const groups = reads.map(({ run: { account, region, run } }): UsageGroup => {
    const place = { cloud, fn, account: account ?? first?.account ?? null, region: region ?? first?.region ?? null };
    const named = { architecture: run?.architecture ?? null, plan: run?.plan ?? first?.plan ?? null };
    const group = priceOfRuns({ ...place, ...named }, 0, 0, 1, run?.vcpu ?? known?.vcpu ?? null);
    const times = { billedMs: run?.billedMs ?? null, durationMs: run?.durationMs ?? null };
    return { ...group, ...times, memoryMib: run?.memoryMib ?? known?.memoryMib ?? null, emulator: run?.emulator === true };
  });
  return withConfiguration(groups, configs);
}

/** Bill of one run and of its lines; null: a part of it is not known. */
function billOf(group: UsageGroup, logBytes: Bytes, rates: Rates): { compute: Usd; requests: Usd; logs: Usd } | null {
  const billing = rates.billing[group.cloud];
  if (billing === undefined || group.emulator) return null;
  const ran = priceReadings(billing.invocations(group), group, rates.prices);
  const logged = priceReadings(billing.logs(logBytes), group, rates.prices);
  if (ran.unknownWhy !== null || logged.unknownWhy !== null) return null;
  const usd = (readings: typeof ran.readings): Usd => readings.reduce((sum, one) => sum + one.quantity! * one.usdPerUnit!, 0);
  return {
    compute: usd(ran.readings.filter(({ unit }) => unit !== "requests")),
    requests: usd(ran.readings.filter(({ unit }) => unit === "requests")),
    logs: usd(logged.readings),
  };
}
