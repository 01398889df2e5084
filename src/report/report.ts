/** The result document: what every command hands to a format. Analyzers return numbers; formats turn them into text. */
import type { BreakdownCategory, ChainProblem, Edge, Hop, PathSegment } from "../model/chains.ts";
import type { Cloud, Outcome } from "../model/records.ts";
import type { Basis, Mib, Ms, Usd } from "../model/units.ts";

export type Cell = string | number | boolean | null | string[];

/** How a column's values are to be shown; numbers keep full precision until then. */
export type ColumnType = "text" | "id" | "count" | "ms" | "mib" | "usd" | "gb-s" | "bytes" | "percent" | "time" | "confidence" | "list";

export interface Column {
  key: string;
  label: string;
  type: ColumnType;
  basis?: Basis;
  /** May be left out where the page is too narrow: the last such column first. Machine-readable forms always have it. */
  optional?: boolean;
  /** Optional columns of one group are left out together. */
  group?: string;
  /** May be cut with an ellipsis where a page is too narrow for it; else it is wrapped. Machine-readable forms have it whole. */
  clip?: boolean;
  /** Sentences: where the page is too narrow for them in one line, they stand under the table, behind the row's first cell. */
  below?: boolean;
}

export interface Section {
  title: string;
  columns: Column[];
  rows: { [key: string]: Cell }[];
  /** Totals row, same keys. */
  total?: { [key: string]: Cell };
  /** Sentences below the table: gaps, unknowns, what to do next. */
  notes: string[];
  /** How the rows are drawn where pictures can be; the table stands beside it. */
  chart?: Chart;
}

/** bars: one bar per row · steps: what leads from the first row to the last (a waterfall) · line: rows in time, with whiskers where `low` and `high` name columns. */
export interface Chart {
  kind: "bars" | "steps" | "line";
  /** Column that names a row. */
  name: string;
  /** Columns of numbers; several: one series each (bars are stacked). */
  values: string[];
  low?: string;
  high?: string;
}

/** Results of checks, as CI servers show them. */
export interface Checks {
  title: string;
  checks: { name: string; status: "passed" | "warned" | "failed" | "error" | "skipped"; message: string }[];
}

export interface Report {
  schemaVersion: 1;
  title: string;
  /** Sentence below the title: what was looked at. Left out: none. */
  lead?: string;
  sections: Section[];
}

/** A page: a report and, below it, chains that can be looked into. A report without sections: the chain alone. */
export interface Page {
  report: Report;
  chains: TraceDocument[];
}

/** Script and style of a page, as `build.js` makes them of `page/client/`. */
export interface PageAssets {
  script: string;
  style: string;
}

/** Values at 10, 50 and 90 %. */
interface Band {
  p10: number;
  p50: number;
  p90: number;
}

/** A curve over memory sizes, as `rightsize --explain` draws it. */
export interface CurveDocument {
  schemaVersion: 1;
  title: string;
  /** Short facts beside the title. */
  facts: string[];
  /** By memory size. null: nothing may be said. */
  points: {
    /** What stands beside the point; left out: its memory. */
    label?: string;
    memoryMib: Mib;
    durationMs: Band | null;
    usdPerMonth: Band | null;
    basis: Basis;
    mark: "now" | "proposed" | null;
  }[];
  notes: string[];
}

/** A hop as documents show it: moments as ISO text (UTC) and as milliseconds since the chain's start. */
export interface TraceHop extends Omit<Hop, "startedAt" | "endedAt" | "attempts"> {
  startedAt: string | null;
  /** Since the chain's start; exact to the microsecond where the telemetry is. Negative: a clock was behind. */
  startMs: Ms;
  endedAt: string | null;
  attempts: { startedAt: string | null; startMs: Ms; durationMs: Ms | null; outcome: Outcome; requestId: string | null }[];
}

/** An edge as documents show it. */
export interface TraceEdge extends Omit<Edge, "sentAt" | "receivedAt"> {
  sentAt: string | null;
  receivedAt: string | null;
}

/** A chain as `trace` shows it in every format; as JSON its shape is `schemas/trace.schema.json`. Times are as recorded: skew is named, not applied. */
export interface TraceDocument {
  schemaVersion: 1;
  chain: {
    id: string;
    ids: string[];
    startedAt: string | null;
    endedAt: string | null;
    /** null: no hop with an end. */
    endToEndMs: Ms | null;
    /** Nothing is known to be missing. */
    complete: boolean;
    outcome: Outcome;
    route: string;
    clouds: Cloud[];
    /** null: no hop's cost is known. */
    usd: Usd | null;
    usdUnknownHops: number;
    patterns: { name: string; hopIds: string[] }[];
    problems: ChainProblem[];
    hops: TraceHop[];
    edges: TraceEdge[];
    criticalPath: PathSegment[];
    /** null: the category does not occur. */
    breakdownMs: Record<BreakdownCategory, Ms | null>;
  };
}
