/** A ledger -> its JSON document, and the table of it. */
import type { CostLine, WasteKind } from "../../model/billing.ts";
import type { CostBy, CostRow, Ledger } from "../../model/cost.ts";
import { type Cloud, UNNAMED } from "../../model/records.ts";
import type { Basis, Ms, Usd } from "../../model/units.ts";
import { humanCount, plural } from "../formats/values.ts";
import type { Cell, Report } from "../report.ts";
import { isoTime } from "./time.ts";
import { UNNAMED_NOTE } from "./unnamed.ts";

/** A row of `cost --format json`; it also has the key named by `--by` (`function`, `service`, `route`, `chain`, `cloud`). */
export interface CostDocumentRow {
  [by: string]: unknown;
  cloud: Cloud | null;
  account: string | null;
  region: string | null;
  invocations: number | null;
  billedMs: Ms | null;
  gbSeconds: number | null;
  usd: Usd | null;
  basis: Basis | null;
  /** Invocations (or other units) whose cost is unknown. */
  unknown: number;
  unknownReasons: { count: number; why: string }[];
  wasteUsd: Partial<Record<WasteKind, Usd>>;
  logsUsd: Usd | null;
  durationMs: { p50: Ms; p95: Ms; p99: Ms } | null;
  lines: CostLine[];
}

/** `cost --format json`; its shape is `schemas/cost.schema.json`. Sum of `rows[].usd` + `unattributed.usd` = `totals.usd`. */
export interface CostDocument {
  schemaVersion: 1;
  by: CostBy;
  from: string | null;
  to: string | null;
  /** Date of the price table. */
  pricesAsOf: string;
  currency: "USD";
  rows: CostDocumentRow[];
  totals: {
    invocations: number | null;
    billedMs: Ms | null;
    gbSeconds: number | null;
    usd: Usd | null;
    wasteUsd: Partial<Record<WasteKind, Usd>>;
    unknown: number;
    unknownReasons: { count: number; why: string }[];
  };
  unattributed: { usd: Usd; lines: CostLine[] };
}

function sum(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((total, value) => total + value, 0);
}

function count(unknown: readonly { count: number }[]): number {
  return unknown.reduce((total, part) => total + part.count, 0);
}

function wasteOf(rows: readonly CostRow[]): Partial<Record<WasteKind, Usd>> {
  const total: Partial<Record<WasteKind, Usd>> = {};
  for (const row of rows) {
    for (const [kind, usd] of Object.entries(row.wasteUsd) as [WasteKind, Usd][]) total[kind] = (total[kind] ?? 0) + usd;
  }
  return total;
}

/** By service and cloud a row may stand for requests that other rows count too: then the sum of invocations says nothing. */
function totalsOf(ledger: Ledger): CostDocument["totals"] {
  const countable = ledger.by === "function" || ledger.by === "cloud";
  return {
    invocations: countable ? sum(ledger.rows.map((row) => row.invocations)) : null,
    billedMs: ledger.by === "service" ? null : sum(ledger.rows.map((row) => row.billedMs)),
    gbSeconds: sum(ledger.rows.map((row) => row.gbSeconds)),
    usd: ledger.totalUsd,
    wasteUsd: wasteOf(ledger.rows),
    unknown: count(ledger.unknown),
    unknownReasons: ledger.unknown,
  };
}

/** The ledger as JSON. `top` cuts the rows shown, never the totals; null: all. */
export function costDocument(ledger: Ledger, top: number | null = null): CostDocument {
  return {
    schemaVersion: 1,
    by: ledger.by,
    from: isoTime(ledger.from),
    to: isoTime(ledger.to),
    pricesAsOf: ledger.pricesAsOf,
    currency: "USD",
    rows: ledger.rows.slice(0, top ?? undefined).map((row) => {
      const { cloud, account, region, invocations, billedMs, gbSeconds, usd, basis, wasteUsd, logsUsd, durationMs, lines } = row;
      const rest = {
        account,
        region,
        invocations,
        billedMs,
        gbSeconds,
        usd,
        basis,
        unknown: count(row.unknown),
        unknownReasons: row.unknown,
      };
      return { [ledger.by]: row.key, cloud, ...rest, wasteUsd, logsUsd, durationMs, lines };
    }),
    totals: totalsOf(ledger),
    unattributed: { usd: ledger.unattributedUsd, lines: ledger.unattributedLines },
  };
}

const WASTE_COLUMNS: readonly [WasteKind, string][] = [
  ["errors", "errors"],
  ["timeouts", "time-outs"],
  ["retries", "retries"],
  ["cold-starts", "cold starts"],
];

/** `cold-starts` -> `coldStartsUsd`: the name of a column in CSV. */
function wasteKey(kind: WasteKind): string {
  return `${kind.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())}Usd`;
}

/** The ledger as a table. `top` cuts the rows shown, never the totals; null: all. Waste columns appear where there is waste: their sum, then each kind. */
export function costView(ledger: Ledger, top: number | null = null): Report {
  const shown = ledger.rows.slice(0, top ?? undefined);
  const wasted = WASTE_COLUMNS.filter(([kind]) => ledger.rows.some((row) => (row.wasteUsd[kind] ?? 0) > 0));
  const hasLogs = ledger.rows.some((row) => row.logsUsd !== null);
  const aboutRuns = ledger.rows.some((row) => row.invocations !== null);
  const places = (["account", "region"] as const).filter((key) => new Set(ledger.rows.map((row) => row[key])).size > 1);
  const totals = totalsOf(ledger);
  const waste = (of: Partial<Record<WasteKind, Usd>>): { [key: string]: Cell } => ({
    wasteUsd: sum(Object.values(of)) ?? 0,
    ...Object.fromEntries(wasted.map(([kind]) => [wasteKey(kind), of[kind] ?? 0])),
  });
  return {
    schemaVersion: 1,
    title: `Cost by ${ledger.by}`,
    sections: [
      {
        title: `Cost by ${ledger.by}`,
        columns: [
          { key: ledger.by, label: ledger.by, type: ledger.by === "chain" ? "id" : "text" },
          ...(ledger.by === "cloud" ? [] : [{ key: "cloud", label: "cloud", type: "text" } as const]),
          ...(aboutRuns
            ? ([
                { key: "invocations", label: "invocations", type: "count" },
                { key: "billedMs", label: "billed", type: "ms", optional: true },
                { key: "gbSeconds", label: "GB-seconds", type: "gb-s", optional: true },
              ] as const)
            : []),
          { key: "usd", label: "cost", type: "usd" },
          ...(wasted.length > 0 ? [{ key: "wasteUsd", label: "of it waste", type: "usd" } as const] : []),
          ...(hasLogs ? [{ key: "logsUsd", label: "log ingestion", type: "usd", optional: true } as const] : []),
          { key: "basis", label: "basis", type: "text" },
          { key: "unknown", label: "unknown", type: "count" },
          ...wasted.map(([kind, label]) => ({ key: wasteKey(kind), label, type: "usd", optional: true }) as const),
          ...places.map((key) => ({ key, label: key, type: "text", optional: true }) as const),
        ],
        rows: shown.map((row) => ({
          cloud: row.cloud ?? "several",
          [ledger.by]: row.key,
          account: row.account,
          region: row.region,
          invocations: row.invocations ?? "-",
          // what is known by another measure: clouds that bill instances have no billed time of a run
          billedMs: row.invocations === null || (row.billedMs === null && row.gbSeconds !== null) ? "-" : row.billedMs,
          gbSeconds: row.invocations === null ? "-" : row.gbSeconds,
          usd: row.usd,
          ...waste(row.wasteUsd),
          logsUsd: row.logsUsd,
          basis: row.basis,
          unknown: count(row.unknown),
        })),
        total: {
          [ledger.by]: ledger.unattributedUsd === 0 ? "total" : "total with unattributed",
          invocations: totals.invocations ?? "-",
          billedMs: totals.billedMs ?? "-",
          gbSeconds: totals.gbSeconds ?? "-",
          usd: ledger.totalUsd,
          ...waste(totals.wasteUsd),
          logsUsd: sum(ledger.rows.map((row) => row.logsUsd)),
          unknown: totals.unknown,
        },
        notes: notesOf(ledger, shown.length),
      },
      ...(ledger.unattributedLines.length === 0
        ? []
        : [
            {
              title: `Unattributed: belongs to no ${ledger.by}`,
              columns: [
                { key: "meter", label: "meter", type: "text" } as const,
                { key: "quantity", label: "quantity", type: "count" } as const,
                { key: "unit", label: "unit", type: "text" } as const,
                { key: "usd", label: "cost", type: "usd" } as const,
                { key: "basis", label: "basis", type: "text" } as const,
              ],
              rows: ledger.unattributedLines.map((line) => ({
                meter: line.variant === "" ? line.meter : `${line.meter} ${line.variant}`,
                quantity: line.quantity,
                unit: line.unit,
                usd: line.usd,
                basis: line.basis,
              })),
              total: { meter: "total", usd: ledger.unattributedUsd },
              notes: [],
            },
          ]),
    ],
  };
}

function notesOf(ledger: Ledger, shown: number): string[] {
  const notes: string[] = [];
  if (shown < ledger.rows.length) notes.push(`${plural(ledger.rows.length - shown, "more row")}; totals count all of them.`);
  const total = count(ledger.unknown);
  if (total > 0) {
    notes.push(`Unknown cost of ${humanCount(total)} (not in the sums):`);
    for (const { count: many, why } of ledger.unknown.slice(0, 5)) notes.push(`  ${humanCount(many)} x ${why}`);
    if (ledger.unknown.length > 5) notes.push(`  and ${plural(ledger.unknown.length - 5, "more reason")}`);
  }
  if (ledger.by === "function" && ledger.rows.some((row) => row.key === UNNAMED)) notes.push(UNNAMED_NOTE);
  notes.push(`List prices of ${ledger.pricesAsOf}, first tier, without free tier, discounts or tax.`);
  return notes;
}
