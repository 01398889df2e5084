/** Report -> CSV (RFC 4180) of its first section: full precision, units in the column names, no totals row (a sum would count it twice). */
import type { Cell, Column, Report } from "../report.ts";

// what spreadsheets take for a formula (OWASP "CSV injection"), also in its full-width form
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;
/** Control characters but line feed and tab: a terminal that shows the file would obey them. */
const CONTROL =
  // oxlint-disable-next-line no-control-regex
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/gu;

/** `header`: with the line of column names. Lines end with CR LF. Numbers stay numbers; text that a spreadsheet would run gets a quote in front; null is `unknown` in columns of numbers. */
export function formatCsv(report: Report, header = true): string {
  const section = report.sections[0];
  if (section === undefined) return "";
  const rows = section.rows.map((row) => section.columns.map((column) => csvCell(column, row[column.key] ?? null)));
  const names = header ? [section.columns.map((column) => field(safe(column.key)))] : [];
  return [...names, ...rows].map((cells) => `${cells.join(",")}\r\n`).join("");
}

function csvCell(column: Column, value: Cell): string {
  if (value === null) return column.type === "text" || column.type === "id" || column.type === "list" ? "" : "unknown";
  if (typeof value === "number") return plainNumber(value);
  if (typeof value === "boolean") return String(value);
  return field(safe(Array.isArray(value) ? value.join("; ") : value));
}

/** Decimal without exponent: some readers take `2e-7` for text. */
function plainNumber(value: number): string {
  const text = String(value);
  if (!text.includes("e")) return text;
  return Math.abs(value) < 1 ? value.toFixed(20).replace(/0+$/, "") : BigInt(Math.round(value)).toString();
}

function safe(text: string): string {
  // Azure Pipelines obeys `##vso[` anywhere in a line, GitHub `::name::` at its start
  const inert = text.replace(/##(?=(?:vso)?\[)/gi, "#\\u0023").replace(/^\s*::(?=[a-z-]+[^:]*::)/gim, "':\\u003a");
  const shown = inert.replace(CONTROL, (c) => `\\u${c.codePointAt(0)!.toString(16).padStart(4, "0")}`);
  return FORMULA.test(text) && text !== "-" ? `'${shown}` : shown;
}

function field(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
