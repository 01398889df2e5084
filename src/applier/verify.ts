/** The time after a change held against what was promised. Pure. */
import type { Change, Interval } from "../model/plan.ts";
import type { FunctionStats } from "../model/sizing.ts";
import type { EpochMs, Ms, Usd } from "../model/units.ts";
import { atLeastAsMany } from "./proportions.ts";

/** worse: take it back. too-early: too few runs yet. unknown: nothing says. */
export type Verdict = "ok" | "worse" | "too-early" | "unknown";

/** Runs of one function before, or after. */
export interface EpochFigures {
  invocations: number;
  warm: number;
  /** Mean warm duration with its 90 % interval; null: no warm run (interval: fewer than two). */
  meanMs: Ms | null;
  intervalMs: { low: Ms; high: Ms } | null;
  errors: number;
  timeouts: number;
  ooms: number;
  /** Mean price of a run as billed; null: not known. */
  usdPerRun: Usd | null;
}

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
/** 90 % of a normal distribution lie within so many standard errors. */
const Z90 = 1.645;
const DAYS_PER_MONTH = 30.436875;

/** Figures of the function since the change, and before it; a row per configuration it ran with. */
export interface Evidence {
  before: readonly FunctionStats[];
  after: readonly FunctionStats[];
  /** Price of one run of these figures; null: not known. */
  usdPerRun: (stats: FunctionStats) => Usd | null;
}

export function verified(change: Change, appliedAt: EpochMs, evidence: Evidence): Verification {
  const before = figures(
    evidence.before.filter((one) => ranWith(one, change.before)),
    evidence.usdPerRun,
  );
  const after = figures(
    evidence.after.filter((one) => ranWith(one, change.after)),
    evidence.usdPerRun,
  );
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
  const realised = realisedUsd(change, before, after);
  const worse = [...failures(change, before, after), ...slower(change, after), ...dearer(promised, before, after)];
  if (worse.length > 0) return { ...facts, verdict: "worse", reasons: worse, realisedUsdPerMonth: realised };
  if (after.warm < LEAST_WARM)
    return {
      ...facts,
      verdict: "too-early",
      reasons: [`${after.warm} warm runs since the change; ${LEAST_WARM} are needed`],
      realisedUsdPerMonth: realised,
    };
  return {
    ...facts,
    verdict: change.expected?.durationMs ? "ok" : "unknown",
    reasons: reassuring(change, after, realised, promised),
    realisedUsdPerMonth: realised,
  };
}

/** The verdict of a run: the worst of its changes. */
export function overall(all: readonly Pick<Verification, "verdict">[]): Verdict {
  for (const verdict of ["worse", "too-early", "unknown"] as const) if (all.some((one) => one.verdict === verdict)) return verdict;
  return all.length === 0 ? "unknown" : "ok";
}

function ranWith(stats: FunctionStats, settings: Change["before"]): boolean {
  return !stats.probe && (settings["memoryMib"] === undefined || stats.memoryMib === settings["memoryMib"]);
}

function figures(rows: readonly FunctionStats[], priceOf: Evidence["usdPerRun"]): EpochFigures | null {
  const sum = (of: (row: FunctionStats) => number): number => rows.reduce((total, row) => total + of(row), 0);
  const invocations = sum((row) => row.invocations);
  if (invocations === 0) return null;
  const warm = sum((row) => row.warm.count);
  const meanMs = warm === 0 ? null : sum((row) => row.warm.count * (row.warm.meanMs ?? 0)) / warm;
  const variance = warm < 2 ? null : sum((row) => row.warm.count * (row.warm.winsorizedSdMs ?? 0) ** 2) / warm;
  const half = variance === null ? null : Z90 * Math.sqrt(variance / warm);
  const prices = rows.map(priceOf);
  return {
    invocations,
    warm,
    meanMs,
    intervalMs: meanMs === null || half === null ? null : { low: Math.max(0, meanMs - half), high: meanMs + half },
    errors: sum((row) => row.errors),
    timeouts: sum((row) => row.timeouts),
    ooms: sum((row) => row.ooms),
    usdPerRun: prices.includes(null) ? null : rows.reduce((total, row, i) => total + row.invocations * prices[i]!, 0) / invocations,
  };
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

function slower(change: Change, after: EpochFigures): string[] {
  const predicted = change.expected?.durationMs ?? null;
  if (predicted === null || after.intervalMs === null || after.warm < LEAST_WARM || after.intervalMs.low <= predicted.p90) return [];
  return [`runs take ${ms(after.meanMs!)}; ${ms(predicted.p10)} to ${ms(predicted.p90)} was predicted`];
}

/** A saving was promised, and even the low end of the new duration costs more than before. */
function dearer(promised: Interval | null, before: EpochFigures | null, after: EpochFigures): string[] {
  if (promised === null || promised.p50 <= 0 || after.warm < LEAST_WARM) return [];
  if (before?.usdPerRun == null || after.usdPerRun === null || after.intervalMs === null || !after.meanMs) return [];
  const least = after.usdPerRun * (after.intervalMs.low / after.meanMs);
  return least > before.usdPerRun ? ["a run costs more than before, where a saving was promised"] : [];
}

function realisedUsd(change: Change, before: EpochFigures | null, after: EpochFigures): Usd | null {
  const perDay = change.expected?.before.invocationsPerDay ?? null;
  if (perDay === null || before?.usdPerRun == null || after.usdPerRun === null) return null;
  return (before.usdPerRun - after.usdPerRun) * perDay * DAYS_PER_MONTH;
}

function reassuring(change: Change, after: EpochFigures, realised: Usd | null, promised: Interval | null): string[] {
  const predicted = change.expected?.durationMs ?? null;
  const said =
    predicted === null
      ? ["the plan holds no prediction to compare with"]
      : [`${after.warm} warm runs take ${ms(after.meanMs!)}; ${ms(predicted.p10)} to ${ms(predicted.p90)} was predicted`];
  if (realised !== null && promised !== null && realised < promised.p10) said.push("it saves less than was promised");
  return said;
}

const ms = (value: Ms): string => `${value >= 100 ? value.toFixed(0) : value.toPrecision(3)} ms`;
