/** What `evscope rightsize --format json` said of functions whose curve is known, held against that curve. */
import type { RightsizeDocument, RightsizeFunction } from "../../src/report/views/rightsize.ts";
import type { Case } from "./cases.ts";
import { COLD_TIMES, OUTLIERS } from "./exports.ts";
import { type ObjectiveName, type Pick, pick } from "./metrics.ts";

/** x86, us-east-1, first tier: https://aws.amazon.com/lambda/pricing/ */
const USD_PER_REQUEST = 2e-7;
const USD_PER_GIB_SECOND = 0.0000166667;
/** Mean over trimmed mean, by the slow runs. */
const KAPPA = 1 + OUTLIERS.share * (OUTLIERS.times - 1);
/** A change that makes a run this much longer is harmful where someone waits. */
const HARMFUL_SLOWDOWN = 1.15;

export type Optimize = "cost" | "balanced" | "speed";

/** One function under one objective. */
export interface Verdict {
  one: Case;
  said: RightsizeFunction;
  optimize: Optimize;
  tierRight: boolean;
  /** Predictions at sizes that were not seen. */
  errors: number[];
  inside: number[];
  /** Predictions at sizes that were seen. */
  errorsSeen: number[];
  insideSeen: number[];
  /** A change that costs over 2 % more (unless speed was asked for) or, where someone waits, takes over 15 % longer. null: no change. */
  harmful: boolean | null;
  realised: number | null;
  predicted: number | null;
  /** What could have been saved, share. */
  achievable: number;
  picks: Record<"cheapest" | "balanced" | "fastest", Pick>;
  /** A size was advised that the rules forbid. */
  broken: string[];
}

/** Truth at a size between two measured ones, on the line through their logarithms; null: outside. */
function between(truth: Case["truth"], memoryMib: number): number | null {
  const sorted = truth.toSorted((a, b) => a.memoryMib - b.memoryMib);
  const above = sorted.find((size) => size.memoryMib >= memoryMib);
  const below = sorted.findLast((size) => size.memoryMib <= memoryMib);
  if (above === undefined || below === undefined) return null;
  if (above === below) return above.durationMs;
  const share = Math.log(memoryMib / below.memoryMib) / Math.log(above.memoryMib / below.memoryMib);
  return below.durationMs * (above.durationMs / below.durationMs) ** share;
}

/** A run on average, cold ones with their init. */
function usdPerRun({ coldShare, initMs }: Case, memoryMib: number, durationMs: number): number {
  const billedMs = KAPPA * durationMs * (1 + coldShare * (COLD_TIMES - 1)) + coldShare * initMs + 0.5;
  return USD_PER_REQUEST + (USD_PER_GIB_SECOND * memoryMib * billedMs) / 1_024_000;
}

export function verdicts(cases: readonly Case[], document: RightsizeDocument, optimize: Optimize): Verdict[] {
  const said = new Map(document.functions.map((one) => [one.function, one]));
  return cases.map((one) => {
    const found = said.get(one.name);
    if (found === undefined) throw new Error(`${one.name} is not in the answer`);
    return verdict(one, found, optimize);
  });
}

function verdict(one: Case, said: RightsizeFunction, optimize: Optimize): Verdict {
  const currentMib = one.spells.at(-1)!.memoryMib;
  const truth = new Map(one.truth.map(({ memoryMib, durationMs }) => [memoryMib, durationMs]));
  const now = truth.get(currentMib)!;
  const found: Found = { errors: [], inside: [], errorsSeen: [], insideSeen: [] };
  for (const { memoryMib, durationMs } of said.predicted) {
    const actual = truth.get(memoryMib);
    if (actual === undefined || durationMs === null) continue;
    const seen = one.seenMib.includes(memoryMib);
    (seen ? found.errorsSeen : found.errors).push(Math.abs(durationMs.p50 / actual - 1));
    (seen ? found.insideSeen : found.inside).push(Number(actual >= durationMs.p10 && actual <= durationMs.p90));
  }
  const advised = said.proposedMib ?? currentMib;
  const then = between(one.truth, advised);
  const change = said.verdict === "change" && then !== null;
  const [before, after] = [usdPerRun(one, currentMib, now), then === null ? 0 : usdPerRun(one, advised, then)];
  const usdNow = said.predicted.find(({ memoryMib }) => memoryMib === currentMib)?.monthlyUsd?.p50 ?? 0;
  return {
    one,
    said,
    optimize,
    tierRight: said.tier === expectedTier(one),
    ...found,
    harmful: change ? (optimize === "cost" && after > 1.02 * before) || (!one.asynchronous && then > HARMFUL_SLOWDOWN * now) : null,
    realised: change ? 1 - after / before : null,
    predicted: change && usdNow > 0 ? (said.savingUsdPerMonth?.p50 ?? 0) / usdNow : null,
    achievable: achievableBy(one, said, currentMib, now),
    picks: picksOf(one, said),
    broken: brokenRules(one, said, currentMib),
  };
}

type Found = { [key in "errors" | "inside" | "errorsSeen" | "insideSeen"]: number[] };

function expectedTier({ seenMib }: Case): number {
  const ratio = Math.max(...seenMib) / Math.min(...seenMib);
  return seenMib.length >= 3 && ratio >= 8 ? 3 : seenMib.length >= 2 && ratio >= 1.9 ? 2 : 0;
}

/** The most that could have been saved (share of cost) at or above the floor, where someone waits without being 10 % slower. */
function achievableBy(one: Case, said: RightsizeFunction, currentMib: number, now: number): number {
  const slowdown = one.asynchronous ? 2 : 0.1;
  const usd = one.truth
    .filter(({ memoryMib, durationMs }) => memoryMib >= (said.floorMib ?? currentMib) && durationMs <= (1 + slowdown) * now)
    .map(({ memoryMib, durationMs }) => usdPerRun(one, memoryMib, durationMs));
  return Math.max(0, 1 - Math.min(...usd) / usdPerRun(one, currentMib, now));
}

/** Where the size that the predictions make best stands among those whose truth is known. */
function picksOf(one: Case, said: RightsizeFunction): Verdict["picks"] {
  const predicted = new Map(said.predicted.map(({ memoryMib, durationMs }) => [memoryMib, durationMs?.p50 ?? Number.NaN]));
  const points = one.truth
    .filter(({ memoryMib }) => predicted.has(memoryMib))
    .map((size) => ({ ...size, sdMs: null, runs: null, usedMib: null }))
    .sort((a, b) => a.memoryMib - b.memoryMib);
  const by = (objective: ObjectiveName): Pick => pick(points, [], (size) => predicted.get(size)!, objective);
  return { cheapest: by("1"), balanced: by("0.75"), fastest: by("fastest") };
}

function brokenRules(one: Case, said: RightsizeFunction, currentMib: number): string[] {
  const broken: string[] = [];
  const { floorMib, predicted, refusal } = said;
  const proposedMib = said.verdict === "change" ? said.proposedMib : null;
  const forbid = (name: string, is: boolean): void => void (is && broken.push(name));
  forbid("current size", said.currentMib !== currentMib);
  forbid("proposal below the memory in use", proposedMib !== null && proposedMib < one.usedMib * 1.1);
  forbid("proposal below its floor", proposedMib !== null && floorMib !== null && proposedMib < floorMib);
  forbid("proposal and refusal at once", proposedMib !== null && refusal !== null);
  forbid("less memory after timeouts", one.trouble === "timeouts" && proposedMib !== null && proposedMib < currentMib);
  forbid(
    "proposal where memory ran out",
    one.trouble === "out of memory" && proposedMib !== null && proposedMib <= Math.min(...one.seenMib),
  );
  forbid("one size, someone waits: proposal", one.seenMib.length === 1 && !one.asynchronous && proposedMib !== null);
  forbid("one size, someone waits: no refusal", one.seenMib.length === 1 && !one.asynchronous && refusal === null);
  forbid("one size, nobody waits: not half", one.seenMib.length === 1 && proposedMib !== null && proposedMib !== Math.ceil(currentMib / 2));
  forbid(
    "an interval out of order",
    predicted.some(({ durationMs: d }) => d === null || d.p10 > d.p50 || d.p50 > d.p90 || d.p10 <= 0),
  );
  forbid(
    "an observed size not predicted",
    one.seenMib.some((size) => !predicted.some(({ memoryMib }) => memoryMib === size)),
  );
  const runs = one.spells.reduce((sum, spell) => sum + spell.runs, 0);
  forbid("runs miscounted", said.evidence.invocations !== runs);
  return broken;
}
