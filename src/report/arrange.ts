/** Which columns a table has and what it is sorted by, as the user asks; the rows and totals stay what they are. */
import { UserError } from "../model/errors.ts";
import { plural } from "./formats/values.ts";
import type { Cell, Column, Report, Section } from "./report.ts";

export interface Arrangement {
  /** Names of columns, in the order wanted; null: those of the view. */
  columns: readonly string[] | null;
  /** null: the order of the view. */
  sort: { column: string; /** The other way round: numbers smallest first, text from Z. */ reversed: boolean } | null;
}

/**
 * Applies to every section that has what is asked for. `top`: rows left after sorting; null: all. Names are those of the header, without
 * unit, or of the CSV's. Throws UserError: no section has such a column.
 */
export function arrange(report: Report, { columns, sort }: Arrangement, top: number | null): Report {
  const wanted = [...(columns ?? []), ...(sort === null ? [] : [sort.column])];
  for (const name of wanted) if (!report.sections.some((section) => columnOf(section, name) !== null)) throw unknownColumn(name, report);
  return { ...report, sections: report.sections.map((section) => chosen(sorted(section, sort, top), columns)) };
}

function chosen(section: Section, names: Arrangement["columns"]): Section {
  const columns = (names ?? []).map((name) => columnOf(section, name)).filter((column) => column !== null);
  // what was asked for is not left out where the page is narrow
  return columns.length === 0 ? section : { ...section, columns: [...new Set(columns)].map((column) => ({ ...column, optional: false })) };
}

function sorted(section: Section, sort: Arrangement["sort"], top: number | null): Section {
  const column = sort === null ? null : columnOf(section, sort.column);
  if (sort === null || column === null) return section;
  const rows = section.rows.toSorted((a, b) => compare(a[column.key] ?? null, b[column.key] ?? null, sort.reversed));
  const shown = rows.slice(0, top ?? undefined);
  const more = rows.length - shown.length;
  return {
    ...section,
    rows: shown,
    notes: more === 0 ? section.notes : [...section.notes, `${plural(more, "more row")}; totals count all.`],
  };
}

/** Numbers greatest first, text in its order; what is unknown comes last in both directions. */
function compare(a: Cell, b: Cell, reversed: boolean): number {
  const sign = reversed ? -1 : 1;
  if (typeof a === "number" && typeof b === "number") return sign * (b - a);
  if (typeof a === "number" || typeof b === "number") return typeof a === "number" ? -1 : 1;
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  const [x, y] = [String(a), String(b)];
  return x === y ? 0 : sign * (x < y ? -1 : 1);
}

const plain = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]/g, "");

function columnOf({ columns }: Section, name: string): Column | null {
  const wanted = plain(name);
  return columns.find(({ key }) => plain(key) === wanted) ?? columns.find(({ label }) => plain(label) === wanted) ?? null;
}

function unknownColumn(name: string, report: Report): UserError {
  const names = [...new Set(report.sections.flatMap((section) => section.columns.map((column) => column.label)))];
  const near = names.find((one) => plain(one).startsWith(plain(name)) || plain(name).startsWith(plain(one)));
  return new UserError(`no table here has a column ${JSON.stringify(name)}`, {
    suggestions: [...(near === undefined ? [] : [`did you mean ${near}?`]), `columns: ${names.join(", ")}`],
  });
}
