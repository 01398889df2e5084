/**
 * Billed time of instances that take several runs at a time, shared out among their runs: for runs in memory what `store/instance-time.ts` is for
 * those of a dataset. Pure.
 */
import { type InstanceRule, upTo } from "../../model/billing.ts";
import type { Invocation } from "../../model/records.ts";
import type { Ms } from "../../model/units.ts";

/** Times of day are doubles of milliseconds: differences of them are good to a quarter of a microsecond. */
const TIE_MS = 0.0005;

interface Busy {
  run: Invocation;
  busyMs: Ms;
}

/**
 * The part of its instance's billed time that falls to each run. A run that is not in the answer counts alone: its instance or its duration is not
 * known, it reached none, or of the instance's runs only a sample is known.
 */
export function sharedTime(runs: readonly Invocation[], rules: readonly InstanceRule[]): Map<Invocation, Ms> {
  const ruleOf = new Map(rules.map((rule) => [rule.cloud, rule]));
  const instances = new Map<string, { rule: InstanceRule; runs: Busy[]; sampled: boolean }>();
  for (const run of runs) {
    const rule = ruleOf.get(run.cloud);
    if (rule === undefined || run.stream === null || run.emulator || rule.unbilledPlans.includes(run.plan ?? "")) continue;
    const key = JSON.stringify([run.cloud, run.account, run.stream]);
    const instance = instances.get(key) ?? { rule, runs: [], sampled: false };
    instances.set(key, instance);
    instance.sampled ||= run.weight > 1;
    if (run.durationMs !== null) instance.runs.push({ run, busyMs: run.durationMs + (rule.withInit ? (run.initMs ?? 0) : 0) });
  }
  const shared = new Map<Invocation, Ms>();
  for (const { rule, runs: seen, sampled } of instances.values()) {
    if (!sampled) for (const period of periodsOf(seen)) share(period, rule, shared);
  }
  return shared;
}

/** Runs that overlap or touch, together. */
function periodsOf(runs: readonly Busy[]): Busy[][] {
  const periods: Busy[][] = [];
  let until = Number.NEGATIVE_INFINITY;
  for (const one of runs.toSorted((a, b) => a.run.startedAt - b.run.startedAt)) {
    if (one.run.startedAt <= until + TIE_MS) periods.at(-1)!.push(one);
    else periods.push([one]);
    until = Math.max(until, one.run.startedAt + one.busyMs);
  }
  return periods;
}

function share(period: readonly Busy[], rule: InstanceRule, shared: Map<Invocation, Ms>): void {
  const billedMs = (ms: Ms): Ms => Math.max(rule.leastMs, upTo(ms, rule.stepMs));
  const opened = period[0]!.run.startedAt;
  const activeMs = period.reduce((most, { run, busyMs }) => Math.max(most, run.startedAt - opened + busyMs), 0);
  const ownMs = period.reduce((sum, { busyMs }) => sum + billedMs(busyMs), 0);
  for (const { run, busyMs } of period) shared.set(run, ownMs === 0 ? 0 : billedMs(busyMs) * (billedMs(activeMs) / ownMs));
}
