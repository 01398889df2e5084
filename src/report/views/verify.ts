/** What `verify` found -> its document and table. */
import type { Change, Interval } from "../../model/plan.ts";
import type { EpochMs, Ms, Usd } from "../../model/units.ts";
import { humanCount, humanMs } from "../formats/values.ts";
import type { Report } from "../report.ts";
import { changeText, nameText, type SettingDocument, settingsOf } from "./changes.ts";
import { isoTime } from "./time.ts";

type Verdict = "ok" | "worse" | "too-early" | "unknown";

interface Figures {
  invocations: number;
  warm: number;
  meanMs: Ms | null;
  intervalMs: { low: Ms; high: Ms } | null;
  errors: number;
  timeouts: number;
  ooms: number;
  usdPerRun: Usd | null;
}

export interface VerifyFacts {
  run: string;
  appliedAt: EpochMs;
  verdict: Verdict;
  undo: string;
  undoneBy: string | null;
  changes: readonly {
    change: Change;
    appliedAt: EpochMs;
    verdict: Verdict;
    reasons: readonly string[];
    before: Figures | null;
    after: Figures | null;
    promisedUsdPerMonth: Interval | null;
    realisedUsdPerMonth: Usd | null;
  }[];
}

/** `verify --format json`; its shape is `schemas/verify.schema.json`. */
export interface VerifyDocument {
  schemaVersion: 1;
  run: string;
  appliedAt: string | null;
  verdict: Verdict;
  undo: string;
  undoneBy: string | null;
  changes: {
    id: string;
    name: string;
    resource: string;
    appliedAt: string | null;
    verdict: Verdict;
    reasons: string[];
    settings: SettingDocument[];
    predictedMs: Interval | null;
    before: Figures | null;
    after: Figures | null;
    promisedUsdPerMonth: Interval | null;
    realisedUsdPerMonth: Usd | null;
  }[];
}

export function verifyDocument(facts: VerifyFacts): VerifyDocument {
  const { run, verdict, undo, undoneBy } = facts;
  return {
    schemaVersion: 1,
    run,
    appliedAt: isoTime(facts.appliedAt),
    verdict,
    undo,
    undoneBy,
    changes: facts.changes.map(({ change, appliedAt, verdict: of, reasons, before, after, promisedUsdPerMonth, realisedUsdPerMonth }) => ({
      id: change.id,
      name: change.name,
      resource: change.resource,
      appliedAt: isoTime(appliedAt),
      verdict: of,
      reasons: [...reasons],
      settings: settingsOf(change),
      predictedMs: change.expected?.durationMs ?? null,
      before,
      after,
      promisedUsdPerMonth,
      realisedUsdPerMonth,
    })),
  };
}

export function verifyView(facts: VerifyFacts): Report {
  return {
    schemaVersion: 1,
    title: "Verify",
    sections: [
      {
        title: `Run ${facts.run}`,
        columns: [
          { key: "name", label: "name", type: "text" },
          { key: "change", label: "change", type: "text" },
          { key: "verdict", label: "verdict", type: "text" },
          { key: "runs", label: "runs since", type: "count", basis: "measured" },
          { key: "before", label: "before", type: "ms", basis: "measured" },
          { key: "predicted", label: "predicted", type: "text", basis: "modelled" },
          { key: "after", label: "after", type: "ms", basis: "measured" },
          { key: "failures", label: "failures before, after", type: "text", optional: true },
          { key: "promised", label: "promised a month", type: "usd", basis: "modelled", optional: true },
          { key: "realised", label: "saved a month", type: "usd", basis: "measured" },
          { key: "reasons", label: "why", type: "text", below: true },
        ],
        rows: facts.changes.map(({ change, verdict, reasons, before, after, promisedUsdPerMonth, realisedUsdPerMonth }) => ({
          name: nameText(change),
          change: changeText(change),
          verdict,
          runs: after?.invocations ?? 0,
          before: before?.meanMs ?? null,
          predicted: rangeText(change.expected?.durationMs ?? null),
          after: after?.meanMs ?? null,
          failures: `${failuresText(before)}, ${failuresText(after)}`,
          promised: promisedUsdPerMonth?.p50 ?? null,
          realised: realisedUsdPerMonth,
          reasons: reasons.join("; "),
        })),
        notes: [
          `Verdict: ${facts.verdict}.`,
          ...(facts.undoneBy === null ? [] : [`Taken back by run ${facts.undoneBy}; what is compared ended then.`]),
          ...(facts.verdict === "worse" && facts.undoneBy === null ? [`${facts.undo}   takes it back.`] : []),
        ],
      },
    ],
  };
}

function rangeText(range: Interval | null): string | null {
  return range === null ? null : `${humanMs(range.p10)} to ${humanMs(range.p90)}`;
}

function failuresText(figures: Figures | null): string {
  return figures === null
    ? "unknown"
    : `${humanCount(figures.errors + figures.ooms + figures.timeouts)} of ${humanCount(figures.invocations)}`;
}
