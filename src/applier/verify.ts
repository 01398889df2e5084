/** The time after a change held against what was promised. Pure. */
import type { Change, Interval } from "../model/plan.ts";
import type { Config, Json } from "../model/records.ts";
import type { EpochHour, FunctionStats } from "../model/sizing.ts";
import type { EpochMs, Ms, Usd } from "../model/units.ts";
import { asMixed, type EpochFigures, type Estimated, figures, hourShift, type PriceOf, ranPrice, surely, warmMean } from "./epoch.ts";
import { atLeastAsMany } from "./proportions.ts";
import { settingsSince, type Traffic, trafficSince } from "./verify-settings.ts";

/** worse: take it back. too-early: too few runs yet. unknown: nothing says. */
export type Verdict = "ok" | "worse" | "too-early" | "unknown";

export interface Verification {
  change: Change;
  appliedAt: EpochMs;
  verdict: Verdict;
  /** Sentences: what decided, and what could not be told. */
  reasons: string[];
  /** null: the dataset holds no runs of that time with the old settings. */
  before: EpochFigures | null;
  after: EpochFigures | null;
  promisedUsdPerMonth: Interval | null;
  /** By the runs per month that the plan saw; null: not known. */
  realisedUsdPerMonth: Usd | null;
}

/** Least warm runs in the new configuration, as the engine asks of every epoch. */
const LEAST_WARM = 20;
/** An increase of failures counts when chance gives it in less than 1 of 100 cases, and it is more than 1 in 1,000 runs. */
const SIGNIFICANT = 0.01;
const LEAST_INCREASE = 0.001;
/** From the 90th percentile of a logarithmic normal distribution to its 95th: 1.645 / 1.2816 times as far from the median. */
const P95_OVER_P90 = 1.2836;
/** What differs by less may be drift: payloads, neighbours, downstream services (the engine reckons with 5 % in 30 days). */
const LEAST_SLOWDOWN = 0.05;
const DAYS_PER_MONTH = 30.436875;

/** Figures of the function since the change, and before it; a row per configuration it ran with. */
export interface Evidence {
  before: readonly FunctionStats[];
  after: readonly FunctionStats[];
  /** The same by hour of the week, as far as known. */
  hours: { before: readonly EpochHour[]; after: readonly EpochHour[] };
  usdPerRun: PriceOf;
  /** How long was looked at; null: not known. */
  days: { before: number | null; after: number | null };
  /** Descriptions of resources, older and newer. */
  configs: readonly Config[];
}

export function verified(change: Change, appliedAt: EpochMs, evidence: Evidence): Verification {
  const setting = settingsSince(change, appliedAt, evidence.configs);
  if (isWatched(change)) {
    const seen = byRuns(change, appliedAt, evidence);
    if (setting?.holds === false)
      return { ...seen, verdict: seen.verdict === "worse" ? "worse" : "unknown", reasons: [setting.text, ...seen.reasons] };
    return setting === null ? seen : { ...seen, reasons: [...seen.reasons, setting.text] };
  }
  const facts = { change, appliedAt, before: null, after: null, promisedUsdPerMonth: change.expected?.savingUsdPerMonth ?? null };
  const verdict: Verdict = setting === null ? "too-early" : setting.holds ? "ok" : "unknown";
  const reasons = [setting?.text ?? "its description was not read since the change: evscope collect"];
  return { ...facts, verdict, reasons, realisedUsdPerMonth: null };
}

/** Runs tell of the change: it is one of what runs, or the plan names the function whose runs do. */
function isWatched(change: Change): boolean {
  const runs: readonly string[] = ["lambda.function", "azure.function-app", "run.service", "cloudfunctions.v2", "cloudfunctions.gen1"];
  return runs.includes(change.kind) || (change.expected?.watched ?? null) !== null;
}

function byRuns(change: Change, appliedAt: EpochMs, evidence: Evidence): Verification {
  const rows = {
    before: evidence.before.filter((one) => ranWith(one, change.before)),
    after: evidence.after.filter((one) => ranWith(one, change.after)),
  };
  const before = figures(rows.before, evidence.usdPerRun);
  const after = figures(rows.after, evidence.usdPerRun);
  const promised = change.expected?.savingUsdPerMonth ?? null;
  const facts = { change, appliedAt, before, after, promisedUsdPerMonth: promised };
  if (after === null) {
    const other = evidence.after.reduce((sum, one) => sum + one.invocations, 0);
    const why =
      other === 0
        ? "no run is known since the change: collect, or wait"
        : `all ${other} runs since the change had other settings: traffic does not reach the changed configuration, or it was changed again`;
    return { ...facts, verdict: other === 0 ? "too-early" : "unknown", reasons: [why], realisedUsdPerMonth: null };
  }
  const traffic = { before: trafficOf(before, evidence.days.before), after: trafficOf(after, evidence.days.after) };
  const realised = realisedUsd(change, before, after, traffic);
  const amount = trafficSince(change, traffic.after);
  const found = before === null ? warmMean(rows.after) : asMixed(rows.after, rows.before, warmMean);
  const worse = [
    ...failures(change, before, after),
    ...slower(change, rows.after, found, evidence),
    // larger batches make each run dearer, and fewer of them
    ...(change.expected?.invocationsPerDay ? [] : dearer(promised, rows, evidence)),
    ...(amount?.worse === true ? [amount.text] : []),
  ];
  if (worse.length > 0) return { ...facts, verdict: "worse", reasons: worse, realisedUsdPerMonth: realised };
  if (after.warm < LEAST_WARM)
    return {
      ...facts,
      verdict: "too-early",
      reasons: [`${after.warm} warm runs since the change; ${LEAST_WARM} are needed`],
      realisedUsdPerMonth: realised,
    };
  if (found === null)
    return {
      ...facts,
      verdict: "unknown",
      reasons: ["functions that much of the time before went to did not run since: the means do not compare"],
      realisedUsdPerMonth: realised,
    };
  const waits = amount === null && (change.expected?.invocationsPerDay ?? null) !== null;
  return {
    ...facts,
    verdict: change.expected?.durationMs || amount !== null || isPartOfGroup(change) ? "ok" : waits ? "too-early" : "unknown",
    reasons: [
      ...(amount === null ? [] : [amount.text]),
      ...(waits ? ["how many runs a day there are is told after a day"] : []),
      ...reassuring(change, after, found, { realised, promised }),
    ],
    realisedUsdPerMonth: realised,
  };
}

/** Made for the sake of others (the timeout that a larger batch needs), of which alone something was promised. */
function isPartOfGroup({ expected, group }: Change): boolean {
  return expected === null && (group ?? null) !== null;
}

/** The verdict of a run: the worst of its changes. */
export function overall(all: readonly Pick<Verification, "verdict">[]): Verdict {
  for (const verdict of ["worse", "too-early", "unknown"] as const) if (all.some((one) => one.verdict === verdict)) return verdict;
  return all.length === 0 ? "unknown" : "ok";
}

/**
 * Probes are no traffic. On AWS every run says its memory; elsewhere a size comes from a description, and runs of which none is known
 * are told apart by their time alone.
 */
export function ranWith(stats: FunctionStats, settings: Change["before"]): boolean {
  const agrees = (said: number | null, setting: Json | undefined): boolean =>
    setting === undefined || said === setting || (said === null && stats.cloud !== "aws");
  return (
    !stats.probe &&
    agrees(stats.memoryMib, settings["memoryMib"]) &&
    agrees(stats.vcpu ?? null, settings["vcpu"]) &&
    agrees(stats.concurrency ?? null, settings["concurrency"])
  );
}

function failures(change: Change, before: EpochFigures | null, after: EpochFigures): string[] {
  const seen = change.expected?.before ?? null;
  const runs = before?.invocations ?? Math.round((seen?.invocationsPerDay ?? 0) * 14);
  const said: string[] = [];
  if (after.ooms > 0 && (before === null ? (seen?.errorShare ?? 1) === 0 : before.ooms === 0))
    said.push(`${after.ooms} of ${after.invocations} runs ran out of memory; none did before`);
  const kinds = [
    {
      what: "failed",
      now: after.errors + after.ooms,
      earlier: before === null ? Math.round((seen?.errorShare ?? 0) * runs) : before.errors + before.ooms,
    },
    { what: "timed out", now: after.timeouts, earlier: before === null ? Math.round((seen?.timeoutShare ?? 0) * runs) : before.timeouts },
  ];
  for (const { what, now, earlier } of kinds) {
    if (runs === 0 || now / after.invocations - earlier / runs <= LEAST_INCREASE) continue;
    if (atLeastAsMany(now, after.invocations, earlier, runs) < SIGNIFICANT)
      said.push(`${now} of ${after.invocations} runs ${what}, before ${earlier} of ${runs}: hardly by chance`);
  }
  return said;
}

/** Slower than the 95th percentile of the prediction, by more than drift, and surely so. */
function slower(
  change: Change,
  after: readonly FunctionStats[],
  found: (Estimated & { degrees: number }) | null,
  { hours }: Evidence,
): string[] {
  const predicted = change.expected?.durationMs ?? null;
  if (predicted === null || found === null || sumOfWarm(after) < LEAST_WARM) return [];
  const shift = hourShift(hours.before, hours.after);
  const p95 = predicted.p50 * (predicted.p90 / predicted.p50) ** P95_OVER_P90;
  const most = shift.value * Math.max(p95, predicted.p50 * (1 + LEAST_SLOWDOWN));
  const error = Math.hypot(found.standardError, (shift.standardError / shift.value) * most);
  if (!(found.value - surely(error, found.degrees) > most)) return [];
  const atTheseHours = Math.abs(shift.value - 1) < 0.01 ? "" : `, ${ms(shift.value * predicted.p90)} at these hours of the week`;
  return [`runs take ${ms(found.value)}; ${ms(predicted.p10)} to ${ms(predicted.p90)} was predicted${atTheseHours}`];
}

const sumOfWarm = (rows: readonly FunctionStats[]): number => rows.reduce((total, row) => total + row.warm.count, 0);

/** A saving was promised, and a run surely costs more than before, at the same hours of the week. */
function dearer(
  promised: Interval | null,
  rows: { before: readonly FunctionStats[]; after: readonly FunctionStats[] },
  { hours, usdPerRun }: Evidence,
): string[] {
  if (promised === null || promised.p50 <= 0 || sumOfWarm(rows.after) < LEAST_WARM) return [];
  const price = (all: readonly FunctionStats[]): Estimated | null => ranPrice(all, usdPerRun);
  const [before, after] = [asMixed(rows.before, rows.before, price), asMixed(rows.after, rows.before, price)];
  if (before === null || after === null) return [];
  const shift = hourShift(hours.before, hours.after);
  const error = Math.hypot(after.standardError, before.standardError * shift.value, before.value * shift.standardError);
  const least = after.value - surely(error, sumOfWarm(rows.after) - 1);
  return least > before.value * shift.value ? ["a run costs more than before, where a saving was promised"] : [];
}

function trafficOf(epoch: EpochFigures | null, days: number | null): Traffic {
  return { runs: epoch?.invocations ?? 0, days: epoch === null ? null : days };
}

function realisedUsd(
  change: Change,
  before: EpochFigures | null,
  after: EpochFigures,
  traffic: { before: Traffic; after: Traffic },
): Usd | null {
  if (change.expected?.invocationsPerDay) {
    const cost = (epoch: EpochFigures | null, { runs, days }: Traffic): Usd | null =>
      epoch?.usdPerRun == null || days === null || days <= 0 ? null : (epoch.usdPerRun * runs) / days;
    const [then, now] = [cost(before, traffic.before), cost(after, traffic.after)];
    return then === null || now === null ? null : (then - now) * DAYS_PER_MONTH;
  }
  const perDay = change.expected?.before.invocationsPerDay ?? null;
  if (perDay === null || before?.usdPerRun == null || after.usdPerRun === null) return null;
  return (before.usdPerRun - after.usdPerRun) * perDay * DAYS_PER_MONTH;
}

function reassuring(
  change: Change,
  after: EpochFigures,
  { value }: Estimated,
  { realised, promised }: { realised: Usd | null; promised: Interval | null },
): string[] {
  const predicted = change.expected?.durationMs ?? null;
  const said =
    predicted === null
      ? change.expected?.invocationsPerDay
        ? []
        : isPartOfGroup(change)
          ? ["no more failures than before; what was promised is told by what it was made for"]
          : ["the plan holds no prediction to compare with"]
      : [`${after.warm} warm runs take ${ms(value)}; ${ms(predicted.p10)} to ${ms(predicted.p90)} was predicted`];
  if (realised !== null && promised !== null && realised < promised.p10) said.push("it saves less than was promised");
  return said;
}

const ms = (value: Ms): string => `${value >= 100 ? value.toFixed(0) : value.toPrecision(3)} ms`;
