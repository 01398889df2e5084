/** The result document: what every command hands to a format. Analyzers return numbers; formats turn them into text. */
import type { Basis } from "../model/units.ts";

export type Cell = string | number | boolean | null | string[];

/** How a column's values are to be shown; numbers keep full precision until then. */
export type ColumnType = "text" | "id" | "count" | "ms" | "mib" | "usd" | "gb-s" | "bytes" | "percent" | "time" | "confidence" | "list";

export interface Column {
  key: string;
  label: string;
  type: ColumnType;
  basis?: Basis;
}

export interface Section {
  title: string;
  columns: Column[];
  rows: { [key: string]: Cell }[];
  /** Totals row, same keys. */
  total?: { [key: string]: Cell };
  /** Sentences below the table: gaps, unknowns, what to do next. */
  notes: string[];
}

export interface Report {
  schemaVersion: 1;
  title: string;
  sections: Section[];
}
