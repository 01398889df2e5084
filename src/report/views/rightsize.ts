/** Memory advice -> its JSON document, its table, and the curve of one function. */
import type { Interval, Settings } from "../../model/plan.ts";
import { type Objective, predictionsOf, type Sizing, type SizingAdvice } from "../../model/sizing.ts";
import { UNNAMED } from "../../model/records.ts";
import { shellWord } from "../../model/shell-word.ts";
import type { Mib, Usd } from "../../model/units.ts";
import { humanCount, humanMs, humanPercent, humanUsd, plural } from "../formats/values.ts";
import type { CurveDocument, Report } from "../report.ts";
import { isoTime } from "./time.ts";
import { UNNAMED_NOTE } from "./unnamed.ts";

/** One function in `rightsize --format json`. */
export interface RightsizeFunction extends Omit<SizingAdvice, "fn" | "evidence" | "proposedMib"> {
  function: string;
  verdict: "change" | "keep" | "refused";
  /** The size it should have: the current one where that is the best. null: refused. */
  proposedMib: Mib | null;
  evidence: Omit<SizingAdvice["evidence"], "from" | "to"> & { from: string | null; to: string | null };
}

/** `rightsize --format json`; its shape is `schemas/rightsize.schema.json`. */
export interface RightsizeDocument {
  schemaVersion: 1;
  from: string | null;
  to: string | null;
  /** Date of the price table. */
  pricesAsOf: string;
  currency: "USD";
  objective: Objective;
  functions: RightsizeFunction[];
  /** Over all functions, also those that are not listed. */
  totals: { functions: number; proposed: number; refused: number; savingUsdPerMonth: Usd };
}

/** `top`: how many functions are listed; null: all. */
export function rightsizeDocument({ functions, objective, from, to, pricesAsOf }: Sizing, top: number | null): RightsizeDocument {
  const proposed = functions.filter((one) => one.change !== null);
  return {
    schemaVersion: 1,
    from: isoTime(from),
    to: isoTime(to),
    pricesAsOf,
    currency: "USD",
    objective,
    functions: functions.slice(0, top ?? undefined).map(({ fn, evidence, ...rest }) => ({
      function: fn,
      ...rest,
      verdict: rest.change !== null ? "change" : rest.refusal === null ? "keep" : "refused",
      proposedMib: rest.proposedMib ?? (rest.refusal === null ? rest.currentMib : null),
      proposedVcpu: rest.proposedVcpu ?? (rest.refusal === null ? rest.currentVcpu : null),
      proposedConcurrency: rest.proposedConcurrency ?? (rest.refusal === null ? rest.currentConcurrency : null),
      evidence: { ...evidence, from: isoTime(evidence.from), to: isoTime(evidence.to) },
    })),
    totals: {
      functions: functions.length,
      proposed: proposed.length,
      refused: functions.filter((one) => one.refusal !== null).length,
      savingUsdPerMonth: proposed.reduce((sum, one) => sum + (one.savingUsdPerMonth?.p50 ?? 0), 0),
    },
  };
}

/** The advice as a table: what to change first, then what is right, then what cannot be said. */
export function rightsizeView(sizing: Sizing, top: number | null): Report {
  const shown = sizing.functions.slice(0, top ?? undefined);
  const several = (key: "account" | "region"): boolean => new Set(sizing.functions.map((one) => one[key])).size > 1;
  const isApart = shown.some((one) => one.currentVcpu !== null);
  return {
    schemaVersion: 1,
    title: "Memory sizes",
    sections: [
      {
        title: "Memory sizes",
        columns: [
          { key: "function", label: "function", type: "id" },
          { key: "currentMib", label: "now", type: "mib" },
          ...(isApart ? [{ key: "currentVcpu", label: "vCPU", type: "text", optional: true } as const] : []),
          ...(isApart ? [{ key: "currentConcurrency", label: "at once", type: "count", optional: true } as const] : []),
          { key: "proposed", label: "proposed", type: "text" },
          { key: "savingUsd", label: "saving per month", type: "usd" },
          { key: "savingUsdP10", label: "P10", type: "usd", optional: true, group: "interval" },
          { key: "savingUsdP90", label: "P90", type: "usd", optional: true, group: "interval" },
          { key: "durationMs", label: "warm duration", type: "ms" },
          { key: "proposedDurationMs", label: "then", type: "ms" },
          { key: "confidence", label: "confidence", type: "text" },
          { key: "why", label: "why", type: "text" },
          { key: "tier", label: "tier", type: "count", optional: true },
          { key: "floorMib", label: "floor", type: "mib", optional: true },
          { key: "invocationsPerMonth", label: "runs per month", type: "count", optional: true },
          ...(["account", "region"] as const).filter(several).map((key) => ({ key, label: key, type: "text", optional: true }) as const),
        ],
        rows: shown.map((one) => ({
          function: one.fn,
          currentMib: one.currentMib,
          currentVcpu: one.currentVcpu === null ? "-" : String(one.currentVcpu),
          currentConcurrency: one.currentConcurrency ?? "-",
          proposed: proposedText(one),
          savingUsd: one.savingUsdPerMonth?.p50 ?? "-",
          savingUsdP10: one.savingUsdPerMonth?.p10 ?? "-",
          savingUsdP90: one.savingUsdPerMonth?.p90 ?? "-",
          durationMs: predictionsOf(one).now?.durationMs?.p50 ?? null,
          proposedDurationMs: one.change === null ? "-" : (predictionsOf(one).proposed?.durationMs?.p50 ?? null),
          confidence: one.confidence,
          tier: one.tier ?? "-",
          why: whyText(one),
          floorMib: one.floorMib,
          invocationsPerMonth: one.evidence.invocationsPerMonth === null ? null : Math.round(one.evidence.invocationsPerMonth),
          account: one.account,
          region: one.region,
        })),
        notes: notesOf(sizing, shown),
      },
    ],
  };
}

/** In a few words; the rest is in the JSON document and under --explain. */
function whyText(one: SizingAdvice): string {
  if (one.refusal !== null) return /^[^,:;]*/.exec(one.refusal)![0];
  return one.change === null ? (/^.*?(?=\.(?: |$)|$)/.exec(one.whyNotMore)?.[0] ?? "") : gainText(one);
}

/** What the change does to cost and duration: `39 % cheaper, 4 % slower`. */
function gainText(advice: SizingAdvice): string {
  const { now, proposed } = predictionsOf(advice);
  const usd = changeText(now?.monthlyUsd?.p50, proposed?.monthlyUsd?.p50, { less: "cheaper", more: "dearer" });
  const duration = changeText(now?.durationMs?.p50, proposed?.durationMs?.p50, { less: "faster", more: "slower" });
  return [usd, duration].filter((part) => part !== "").join(", ");
}

function changeText(now: number | undefined, then: number | undefined, words: { less: string; more: string }): string {
  if (now === undefined || then === undefined || now === 0) return "";
  const share = then / now - 1;
  return `${humanPercent(Math.abs(share))} ${share < 0 ? words.less : words.more}`;
}

function proposedText(one: SizingAdvice): string {
  if (one.change !== null) return settingsText(one.change.after);
  if (one.further.some((advice) => advice.kind === "out-of-memory")) return `needs ${one.floorMib} MiB`;
  return one.refusal === null ? "keep" : "refused";
}

function usdInterval({ p10, p50, p90 }: Interval): string {
  return `${humanUsd(p50)} (${humanUsd(p10)} to ${humanUsd(p90)})`;
}

/** `1 vCPU, 576 MiB`. */
function settingsText({ vcpu, memoryMib, concurrency }: Settings): string {
  const parts = [
    typeof vcpu === "number" ? `${vcpu} vCPU` : "",
    typeof memoryMib === "number" ? `${memoryMib} MiB` : "",
    typeof concurrency === "number" ? `${concurrency} at once` : "",
  ];
  return parts.filter((part) => part !== "").join(", ");
}

/** What it has now; `unknown` where even its memory is not known. */
function nowText({ currentMib, currentVcpu, currentConcurrency }: SizingAdvice): string {
  const text = settingsText({ vcpu: currentVcpu, memoryMib: currentMib, concurrency: currentVcpu === null ? null : currentConcurrency });
  return text === "" ? "unknown" : text;
}

function notesOf(sizing: Sizing, shown: readonly SizingAdvice[]): string[] {
  const { totals } = rightsizeDocument(sizing, 0);
  const notes = [];
  if (shown.length < totals.functions) notes.push(`${humanCount(totals.functions - shown.length)} more; --top N lists more.`);
  const saving = totals.proposed === 0 ? "" : `, ${humanUsd(totals.savingUsdPerMonth)} less per month`;
  notes.push(`${plural(totals.functions, "function")}: ${totals.proposed} to change${saving}, ${totals.refused} that cannot be judged.`);
  const further = shown.flatMap((one) => one.further.filter(isWorthALine).map((advice) => ({ fn: one.fn, ...advice })));
  if (further.length > 0) notes.push("Beside memory (never applied):");
  for (const { fn, text, savingUsdPerMonth } of further.slice(0, MOST_FURTHER))
    notes.push(`  ${fn}: ${text}${savingUsdPerMonth === null ? "" : ` (${humanUsd(savingUsdPerMonth)} per month)`}`);
  if (further.length > MOST_FURTHER) notes.push(`  and ${further.length - MOST_FURTHER} more, see --format json`);
  // where one size is all but advised, a probe is worth most
  const unsettled = shown.filter((one) => one.fn !== UNNAMED && one.change === null && wouldProbe(one));
  const probe = unsettled.find((one) => one.refusal === null) ?? unsettled[0];
  if (probe !== undefined) notes.push(`A probe would tell: ${probeCommand(probe)}`);
  if (shown.some((one) => one.fn === UNNAMED)) notes.push(UNNAMED_NOTE);
  const drawn = shown.find((one) => one.predicted.length > 0);
  if (drawn !== undefined) notes.push(`evscope rightsize --explain ${shellWord(drawn.fn)} draws its curve.`);
  notes.push(`List prices of ${sizing.pricesAsOf}, in the tier that this use reaches, without free tier, discounts or tax.`);
  return notes;
}

function probeCommand({ fn, probeMib }: SizingAdvice): string {
  return `evscope probe ${shellWord(fn)} --sizes ${[...(probeMib ?? [])].sort((a, b) => a - b).join(",")} --payload FILE`;
}

/** A probe would change what is said: nothing could be said, or a better size is held back by uncertainty alone, which the words tell. */
function wouldProbe(one: SizingAdvice): boolean {
  return one.probeMib !== null && (one.refusal !== null || one.whyNotMore.includes("A probe at "));
}

const MOST_FURTHER = 8;
const LEAST_USD = 1;

/** Cents a month are in the JSON document. */
function isWorthALine({ savingUsdPerMonth }: SizingAdvice["further"][number]): boolean {
  return savingUsdPerMonth === null || savingUsdPerMonth >= LEAST_USD;
}

/** The curve of one function: what was measured, what is expected at other sizes, and what is advised. */
export function curveDocument(one: SizingAdvice): CurveDocument {
  const { evidence } = one;
  const { now, proposed } = predictionsOf(one);
  const facts = [
    `now ${nowText(one)}`,
    one.change !== null ? `proposed ${settingsText(one.change.after)}` : one.refusal === null ? "keep it" : "no advice",
    ...(one.confidence === null ? [] : [`confidence ${one.confidence}`]),
    `tier ${one.tier ?? "-"}`,
    `floor ${one.floorMib === null ? "unknown" : `${one.floorMib} MiB`}`,
    `${plural(evidence.warm, "warm run")}`,
    ...(one.members === null ? [] : [`${plural(one.members.length, "function")} of an app`]),
    ...(evidence.cpuMs === null ? [] : [`CPU time ${humanMs(evidence.cpuMs)}`]),
    ...(evidence.downstreamMs === null || evidence.selfMs === null
      ? []
      : [
          `calls to others ${humanMs(evidence.downstreamMs)} of ${humanMs(evidence.downstreamMs + evidence.selfMs)} in ${plural(evidence.tracedRuns ?? 0, "traced run")}`,
        ]),
    ...(evidence.invocationsPerMonth === null ? [] : [`${humanCount(Math.round(evidence.invocationsPerMonth))} runs per month`]),
  ];
  const notes = [one.whyNotMore];
  if (one.savingUsdPerMonth !== null)
    notes.push(
      `Saving per month ${usdInterval(one.savingUsdPerMonth)}; slower by more than 10 %: ${humanPercent(one.probabilitySlower ?? 0)}.`,
    );
  if (wouldProbe(one)) notes.push(`A probe would tell: ${probeCommand(one)}`);
  for (const { text } of one.further) notes.push(`${text[0]!.toUpperCase()}${text.slice(1)}.`);
  return {
    schemaVersion: 1,
    title: `${one.fn}: warm duration by ${one.currentVcpu === null ? "memory" : "CPU"}`,
    facts,
    points: one.predicted.map((point) => ({
      memoryMib: point.memoryMib,
      ...(point.vcpu == null
        ? {}
        : { label: settingsText({ vcpu: point.vcpu, memoryMib: point.memoryMib, concurrency: point.concurrency ?? null }) }),
      durationMs: point.durationMs,
      usdPerMonth: point.monthlyUsd,
      basis: point.basis,
      mark: point === proposed && one.change !== null ? "proposed" : point === now ? "now" : null,
    })),
    notes,
  };
}
