/** Columns of a section as text: one unit per column, said in its header, and the same number of decimals in every cell. */
import type { Cell, Column, ColumnType, Section } from "../report.ts";
import { shorten } from "./text.ts";
import { group, humanConfidence, humanCount, humanTime } from "./values.ts";

/** A column ready to be laid out. Cells are not escaped yet. */
export interface TextColumn {
  key: string;
  header: string;
  align: "left" | "right";
  cells: string[];
  /** Cell of the totals row; null: there is none. */
  total: string | null;
  optional: boolean;
  /** Optional columns of one group go together; null: alone. */
  group: string | null;
  clip: boolean;
  below: boolean;
  /** Its cells must not be broken: a number, a moment, an ID of usual length. */
  solid: boolean;
}

/** An ID up to this length stays in one piece, to be copied. */
const SOLID_ID = 40;

interface Measure {
  unit: string;
  factor: number;
  /** Fewest and most decimals. */
  least: number;
  most: number;
}

const MEASURES: Partial<Record<ColumnType, Measure>> = {
  ms: { unit: "ms", factor: 1, least: 0, most: 2 },
  mib: { unit: "MiB", factor: 1, least: 0, most: 1 },
  usd: { unit: "USD", factor: 1, least: 2, most: 10 },
  "gb-s": { unit: "", factor: 1, least: 0, most: 6 },
  bytes: { unit: "MB", factor: 1e-6, least: 0, most: 3 },
  percent: { unit: "%", factor: 100, least: 0, most: 1 },
};

const NUMERIC: ReadonlySet<ColumnType> = new Set(["count", "ms", "mib", "usd", "gb-s", "bytes", "percent", "confidence"]);

/** The columns of a section, with its totals row. Unknown numbers and times read "unknown", missing text reads "-". */
export function textColumns(section: Section): TextColumn[] {
  return section.columns.map((column) => {
    const values = section.rows.map((row) => row[column.key] ?? null);
    const total = section.total === undefined ? undefined : (section.total[column.key] ?? "");
    const decimals = decimalsFor(column.type, total === undefined ? values : [...values, total]);
    const numeric = NUMERIC.has(column.type);
    return {
      key: column.key,
      header: headerOf(column),
      align: numeric ? "right" : "left",
      cells: values.map((value) => cellText(column.type, value, decimals)),
      total: total === undefined ? null : cellText(column.type, total, decimals),
      optional: column.optional === true,
      group: column.group ?? null,
      clip: column.clip === true,
      below: column.below === true,
      solid: numeric || column.type === "time" || (column.type === "id" && values.every((value) => String(value).length <= SOLID_ID)),
    };
  });
}

function headerOf(column: Column): string {
  const unit = column.type === "time" ? "UTC" : (MEASURES[column.type]?.unit ?? "");
  const notes = [unit, column.basis === undefined || column.basis === "measured" ? "" : column.basis].filter((note) => note !== "");
  return notes.length === 0 ? column.label : `${column.label} (${notes.join(", ")})`;
}

/** Enough decimals that the smallest amount keeps three significant digits, but no more than amounts have, within the bounds of the type. */
function decimalsFor(type: ColumnType, values: readonly Cell[]): number {
  const measure = MEASURES[type];
  if (measure === undefined) return 0;
  let decimals = measure.least;
  for (const value of values) {
    if (typeof value !== "number" || value === 0) continue;
    const amount = Math.abs(value * measure.factor);
    const wanted = 2 - Math.floor(Math.log10(amount));
    const exact = amount.toFixed(measure.most).replace(/0+$/, "").split(".")[1]?.length ?? 0;
    decimals = Math.max(decimals, Math.min(wanted, exact));
  }
  return Math.min(decimals, measure.most);
}

function cellText(type: ColumnType, value: Cell, decimals: number): string {
  if (value === null) return NUMERIC.has(type) || type === "time" ? "unknown" : "-";
  if (Array.isArray(value)) return value.length === 0 ? "-" : shorten(value.join(", "));
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "string") return type === "time" ? humanTime(value) : shorten(value);
  if (type === "confidence") return humanConfidence(value);
  const measure = MEASURES[type];
  if (measure === undefined) return humanCount(value);
  const amount = value * measure.factor;
  if (amount === 0) return "0";
  const text = amount.toFixed(decimals);
  if (amount > 0 && Number(text) === 0) return `<${(10 ** -decimals).toFixed(decimals)}`;
  return group(text);
}
