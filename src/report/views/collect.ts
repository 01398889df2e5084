/** The result of a collection -> its document and table. */
import type { Gap } from "../../model/records.ts";
import type { Usd } from "../../model/units.ts";
import { humanCount, humanUsd, placeName, plural } from "../formats/values.ts";
import type { Report } from "../report.ts";
import { isoTime } from "./time.ts";

/** What a collection did, as far as it is shown. */
export interface CollectFacts {
  window: { from: number; to: number };
  targets: readonly { name: string; account: string | null; region: string; functions: number; sourcesHeld: number }[];
  parts: readonly { target: string; signal: string; via: string; fetched: number; failed: number; records: number }[];
  calls: readonly { api: string; calls: number; throttled: number; failed: number }[];
  /** null: not told. */
  spentUsd: Usd | null;
  added: number;
  duplicates: number;
  byType: Readonly<Record<string, number>>;
  gaps: readonly Gap[];
}

/** `collect --format json`; its shape is `schemas/collect.schema.json`. */
export interface CollectDocument {
  schemaVersion: 1;
  window: { from: string | null; to: string | null };
  targets: { name: string; account: string | null; region: string; functions: number; sourcesHeld: number }[];
  parts: { target: string; signal: string; via: string; fetched: number; failed: number; records: number }[];
  calls: { api: string; calls: number; throttled: number; failed: number }[];
  totals: {
    windowsFetched: number;
    windowsFailed: number;
    records: number;
    added: number;
    duplicates: number;
    calls: number;
    throttled: number;
    spentUsd: Usd | null;
  };
  byType: { [type: string]: number };
  gaps: { what: string; why: string; account: string | null; region: string | null; from: string | null; to: string | null }[];
}

export function collectDocument(facts: CollectFacts): CollectDocument {
  const { parts, calls, added, duplicates, spentUsd } = facts;
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  return {
    schemaVersion: 1,
    window: { from: isoTime(facts.window.from), to: isoTime(facts.window.to) },
    targets: [...facts.targets],
    parts: [...parts],
    calls: [...calls],
    totals: {
      windowsFetched: sum(parts.map((part) => part.fetched)),
      windowsFailed: sum(parts.map((part) => part.failed)),
      records: sum(parts.map((part) => part.records)),
      added,
      duplicates,
      calls: sum(calls.map((one) => one.calls)),
      throttled: sum(calls.map((one) => one.throttled)),
      spentUsd,
    },
    byType: { ...facts.byType },
    gaps: facts.gaps.map(({ what, why, account, region, from, to }) => ({
      what,
      why,
      account,
      region,
      from: isoTime(from),
      to: isoTime(to),
    })),
  };
}

/** Gaps listed in the table. */
const SHOWN_GAPS = 20;

export function collectView(facts: CollectFacts): Report {
  const { totals, targets, parts, byType, gaps, window } = collectDocument(facts);
  const held = targets.reduce((total, target) => total + target.sourcesHeld, 0);
  // windows of one source fail alike
  const counts = new Map<string, number>();
  for (const { what, why } of gaps) counts.set(`${what}: ${why}`, (counts.get(`${what}: ${why}`) ?? 0) + 1);
  const reasons = [...counts];
  const kinds = Object.entries(byType).filter(([, count]) => count > 0);
  const notes = [
    `${window.from} to ${window.to}: ${targets.map((t) => `${placeName(t)} (${t.account ?? "not reached"}), ${plural(t.functions, "function")}`).join("; ")}.`,
    ...(parts.length === 0 && (held > 0 || gaps.length === 0)
      ? [`Nothing to read: ${held === 0 ? "no source has telemetry in this window" : `all of ${plural(held, "source")} is held already`}.`]
      : []),
    ...(parts.length > 0 && held > 0 ? [`${plural(held, "source")} held already.`] : []),
    `New in the dataset: ${plural(totals.added, "record")}${totals.duplicates > 0 ? `; ${humanCount(totals.duplicates)} were there already` : ""}.`,
    ...(kinds.length > 0 ? [`By kind: ${kinds.map(([kind, count]) => `${kind} ${humanCount(count)}`).join(", ")}.`] : []),
    `${plural(totals.calls, "call")}, ${humanCount(totals.throttled)} throttled and repeated; paid queries ${totals.spentUsd === null ? "cost an unknown amount" : `${humanUsd(totals.spentUsd)} at list price`}.`,
    ...reasons.slice(0, SHOWN_GAPS).map(([reason, count]) => `Gap: ${reason}${count > 1 ? ` (${count} windows)` : ""}`),
    ...(reasons.length > SHOWN_GAPS ? [`${plural(reasons.length - SHOWN_GAPS, "more gap")}: --format json lists all.`] : []),
  ];
  return {
    schemaVersion: 1,
    title: "Collect",
    sections: [
      {
        title: "Collect",
        columns: [
          { key: "target", label: "target", type: "text" },
          { key: "signal", label: "signal", type: "text" },
          { key: "via", label: "by", type: "text", optional: true },
          { key: "fetched", label: "windows read", type: "count" },
          { key: "failed", label: "failed", type: "count" },
          { key: "records", label: "records", type: "count" },
        ],
        rows: parts.map(({ target, signal, via, fetched, failed, records }) => ({ target, signal, via, fetched, failed, records })),
        notes,
      },
    ],
  };
}
