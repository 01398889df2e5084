/** The result of a probe -> its document and table. */
import type { ProbeRuns, SizingAdvice } from "../../model/sizing.ts";
import type { Mib, Ms, Usd } from "../../model/units.ts";
import { humanUsd, plural } from "../formats/values.ts";
import type { Report } from "../report.ts";

/** What a probe did, as far as it is shown. */
export interface ProbeFacts {
  fn: string;
  account: string;
  region: string;
  sizesMib: readonly Mib[];
  currentMib: Mib | null;
  budgetUsd: Usd;
  mostPerRoundUsd: Usd;
  runs: readonly ProbeRuns[];
  spentUsd: Usd;
  ended: "dry-run" | "declined" | "enough" | "rounds" | "budget" | "failed";
  failure: string | null;
  leftBehind: readonly string[];
  kept: number;
  advice: SizingAdvice | null;
}

/** `probe --format json`; its shape is `schemas/probe.schema.json`. */
export interface ProbeDocument {
  schemaVersion: 1;
  function: string;
  account: string;
  region: string;
  currentMib: Mib | null;
  budgetUsd: Usd;
  mostPerRoundUsd: Usd;
  spentUsd: Usd;
  ended: ProbeFacts["ended"];
  failure: string | null;
  sizes: {
    memoryMib: Mib;
    runs: number;
    meanMs: Ms | null;
    leastMs: Ms | null;
    mostMs: Ms | null;
    meanBilledMs: Ms | null;
    initMs: Ms | null;
    maxUsedMib: Mib | null;
  }[];
  kept: number;
  leftBehind: string[];
  /** What is advised with these runs; null: not asked, or nothing is known of the function's traffic. */
  advice: { proposedMib: Mib | null; tier: number | null; confidence: string | null; refusal: string | null } | null;
}

export function probeDocument(facts: ProbeFacts): ProbeDocument {
  const { fn, account, region, currentMib, budgetUsd, mostPerRoundUsd, spentUsd, ended, failure, kept, leftBehind, advice } = facts;
  const none = (memoryMib: Mib): ProbeRuns => ({
    memoryMib,
    durationsMs: [],
    billedMs: [],
    initMs: null,
    maxUsedMib: null,
    discardedBilledMs: null,
  });
  const sizes = facts.runs.length > 0 ? facts.runs : facts.sizesMib.map(none);
  return {
    schemaVersion: 1,
    function: fn,
    account,
    region,
    currentMib,
    budgetUsd,
    mostPerRoundUsd,
    spentUsd,
    ended,
    failure,
    sizes: sizes.map(({ memoryMib, durationsMs, billedMs, initMs, maxUsedMib }) => ({
      memoryMib,
      runs: durationsMs.length,
      meanMs: mean(durationsMs),
      leastMs: durationsMs.length === 0 ? null : Math.min(...durationsMs),
      mostMs: durationsMs.length === 0 ? null : Math.max(...durationsMs),
      meanBilledMs: mean(billedMs),
      initMs,
      maxUsedMib,
    })),
    kept,
    leftBehind: [...leftBehind],
    advice:
      advice === null
        ? null
        : { proposedMib: advice.proposedMib, tier: advice.tier, confidence: advice.confidence, refusal: advice.refusal },
  };
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

const ENDED: Record<ProbeFacts["ended"], string> = {
  "dry-run": "Dry run: nothing was made and nothing was sent.",
  declined: "Nothing was made and nothing was sent.",
  enough: "Stopped early: more runs would not change the choice.",
  rounds: "All rounds were run.",
  budget: "Stopped: another round could cost more than the budget leaves.",
  failed: "Stopped because the function failed.",
};

export function probeView(facts: ProbeFacts): Report {
  const document = probeDocument(facts);
  const { sizes, spentUsd, budgetUsd, kept, leftBehind, failure, ended } = document;
  const nothingRan = ended === "dry-run" || ended === "declined";
  const notes = [
    ENDED[ended] + (failure === null ? "" : ` ${failure[0]!.toUpperCase()}${failure.slice(1)}.`),
    ...(nothingRan
      ? []
      : [
          `It cost ${humanUsd(spentUsd)} at list price, of a budget of ${humanUsd(budgetUsd)}.`,
          `New in the dataset: ${plural(kept, "run")}.`,
        ]),
    ...leftBehind.map(
      (name) => `Left behind: ${name}, a copy that costs nothing at rest: aws lambda delete-function --function-name ${name}`,
    ),
    ...adviceNote(document),
  ];
  return {
    schemaVersion: 1,
    title: "Probe",
    sections: [
      {
        title: `Probe of ${document.function} (${document.account}, ${document.region})`,
        columns: [
          { key: "memoryMib", label: "memory", type: "mib" },
          { key: "now", label: "now", type: "text" },
          ...(nothingRan ? [] : MEASURED),
        ],
        rows: sizes.map((size) => ({ ...size, now: size.memoryMib === document.currentMib ? "now" : "" })),
        notes,
      },
    ],
  };
}

const MEASURED: Report["sections"][number]["columns"] = [
  { key: "runs", label: "warm runs", type: "count" },
  { key: "meanMs", label: "mean", type: "ms", basis: "measured" },
  { key: "leastMs", label: "least", type: "ms", optional: true },
  { key: "mostMs", label: "most", type: "ms", optional: true },
  { key: "meanBilledMs", label: "billed", type: "ms" },
  { key: "initMs", label: "init", type: "ms", optional: true },
  { key: "maxUsedMib", label: "used", type: "mib", optional: true },
];

function adviceNote({ advice, function: fn }: ProbeDocument): string[] {
  if (advice === null) return [];
  if (advice.refusal !== null) return [`No advice yet: ${advice.refusal}.`];
  const what = advice.proposedMib === null ? "the current size is the best one" : `${advice.proposedMib} MiB`;
  return [
    `Advice now: ${what} (tier ${advice.tier ?? "none"}, confidence ${advice.confidence ?? "none"}); evscope rightsize --explain ${fn} shows why.`,
  ];
}
