/** Report -> tables for a terminal. */
import Table from "cli-table3";
import type { Report, Section } from "../report.ts";
import { type TextColumn, textColumns } from "./columns.ts";
import { type Look, type Paint, painter, paintWord } from "./style.ts";
import { displayWidth, escapeTerminal, pad, truncate, widest, wrap } from "./text.ts";

const GAP = 2;
/** Space between columns where that is what it takes. */
const TIGHT_GAP = 1;
/** A text column is not made narrower than this; a table that would have to be becomes a list of records. */
const LEAST_TEXT = 12;
/** Optional columns go before a text column gets narrower than this. */
const ROOMY_TEXT = 32;
/** cli-table3 lays out in quadratic time; pieces of one layout keep it linear. */
const PIECE = 50;

/** The whole report as text, without a line end at its end. Lines fit `look.width`. */
export function formatTable(report: Report, look: Look): string {
  const paint = painter(look.color);
  const several = report.sections.length > 1;
  return report.sections
    .map((section) => {
      const title = several ? [paint("bold", escapeTerminal(section.title))] : [];
      const body = section.rows.length === 0 && section.total === undefined ? ["none"] : sectionLines(section, look, paint);
      const notes = section.notes.flatMap((note) => noteLines(note, look.width));
      return [...title, ...body, ...(notes.length > 0 ? [""] : []), ...notes].join("\n");
    })
    .join("\n\n");
}

/** A note wrapped to the width; its indent is kept. */
export function noteLines(note: string, width: number): string[] {
  const indent = /^ */.exec(note)![0];
  return wrap(escapeTerminal(note.slice(indent.length)), width - indent.length).map((line) => indent + line);
}

function sectionLines(section: Section, look: Look, paint: Paint): string[] {
  let columns = textColumns(section).map((column) => ({
    ...column,
    header: escapeTerminal(column.header),
    cells: column.cells.map(escapeTerminal),
    total: column.total === null ? null : escapeTerminal(column.total),
  }));
  const isWide = naturalWidth(columns) > look.width;
  const under = isWide ? columns.filter((column) => column.below).flatMap((column) => sentenceLines(columns[0]!, column, look)) : [];
  if (isWide) columns = columns.filter((column) => !column.below);
  const dropped: string[] = [];
  let gap = GAP;
  let widths = fit(columns, look.width, ROOMY_TEXT, gap);
  while (widths === null && columns.some((column) => column.optional)) {
    const last = columns.findLast((column) => column.optional)!;
    const going = columns.filter((column) => column === last || (last.group !== null && column.group === last.group));
    dropped.unshift(...going.map((column) => column.header));
    columns = columns.filter((column) => !going.includes(column));
    widths = fit(columns, look.width, ROOMY_TEXT, gap);
  }
  widths ??= fit(columns, look.width, LEAST_TEXT, gap);
  if (widths === null) {
    gap = TIGHT_GAP;
    widths = fit(columns, look.width, LEAST_TEXT, gap);
  }
  const lines = widths === null ? recordLines(columns, look, paint) : tableLines(columns, { widths, gap }, look, paint);
  if (dropped.length > 0) lines.push(...noteLines(`(left out for width: ${dropped.join(", ")})`, look.width));
  return under.length === 0 ? lines : [...lines, "", ...under];
}

function naturalWidth(columns: readonly TextColumn[]): number {
  const cells = columns.map(({ header, cells: texts, total }) => Math.max(displayWidth(header), widest(texts), displayWidth(total ?? "")));
  return cells.reduce((sum, width) => sum + width + GAP, -GAP);
}

/** A column's cells as sentences behind the rows' names; empty ones say nothing. */
function sentenceLines(names: TextColumn, { cells }: TextColumn, look: Look): string[] {
  return cells.flatMap((cell, row) => {
    if (cell === "" || cell === "-") return [];
    return wrap(`${names.cells[row]!}: ${cell}`, look.width - 2).map((line, i) => (i === 0 ? line : `  ${line}`));
  });
}

/** Widths that fit, taken from the widest text columns, none of them below `leastText`; null: impossible. */
function fit(columns: readonly TextColumn[], width: number, leastText: number, gap: number): number[] | null {
  const headers = columns.map((column) => widest(column.header.split(" ")));
  const natural = columns.map((column, i) => Math.max(headers[i]!, widest(column.cells), displayWidth(column.total ?? "")));
  const room = width - gap * (columns.length - 1);
  const least = columns.map((column, i) => (column.solid ? natural[i]! : Math.min(natural[i]!, Math.max(leastText, headers[i]!))));
  if (least.reduce((sum, w) => sum + w, 0) > room) return null;
  const widths = [...natural];
  for (let over = widths.reduce((sum, w) => sum + w, 0) - room; over > 0; over--) {
    let wide = -1;
    for (const [i, w] of widths.entries()) if (w > least[i]! && (wide < 0 || w > widths[wide]!)) wide = i;
    widths[wide]! -= 1;
  }
  return widenHeaders(columns, widths, room);
}

/** Room that is left goes to headers that would have to wrap. */
function widenHeaders(columns: readonly TextColumn[], widths: number[], room: number): number[] {
  let left = room - widths.reduce((sum, w) => sum + w, 0);
  return widths.map((w, i) => {
    const more = Math.min(left, Math.max(0, displayWidth(columns[i]!.header) - w));
    left -= more;
    return w + more;
  });
}

/** Widths of the columns and the space between them. */
interface Grid {
  widths: readonly number[];
  gap: number;
}

function tableLines(columns: readonly TextColumn[], grid: Grid, look: Look, paint: Paint): string[] {
  const rule = look.unicode ? "─" : "-";
  const rows = columns[0]!.cells.map((_, r) => columns.map((column) => column.cells[r]!));
  const head = draw([columns.map((column) => column.header)], columns, grid, look, (text) => paint("bold", text));
  const body: string[] = [];
  for (let at = 0; at < rows.length; at += PIECE) {
    for (const drawn of draw(rows.slice(at, at + PIECE), columns, grid, look, (text) => paintWord(paint, text))) body.push(drawn);
  }
  const line = paint("dim", rule.repeat(grid.widths.reduce((sum, w) => sum + w + grid.gap, -grid.gap)));
  const totals = columns.some((column) => column.total !== null)
    ? [line, ...draw([columns.map((column) => column.total ?? "")], columns, grid, look, (text) => paint("bold", text))]
    : [];
  return [...head, line, ...body, ...totals];
}

function draw(
  rows: string[][],
  columns: readonly TextColumn[],
  { widths, gap }: Grid,
  look: Look,
  style: (text: string) => string,
): string[] {
  const none = {
    top: "",
    "top-mid": "",
    "top-left": "",
    "top-right": "",
    bottom: "",
    "bottom-mid": "",
    "bottom-left": "",
    "bottom-right": "",
  };
  const table = new Table({
    colWidths: [...widths],
    colAligns: columns.map((column) => column.align),
    chars: { ...none, left: "", "left-mid": "", mid: "", "mid-mid": "", right: "", "right-mid": "", middle: " ".repeat(gap) },
    style: { "padding-left": 0, "padding-right": 0, head: [], border: [] },
  });
  for (const row of rows) {
    table.push(
      row.map((cell, i) => {
        const lines = columns[i]!.clip ? [truncate(cell, widths[i]!, look.unicode ? "…" : "~")] : wrap(cell, widths[i]!);
        return lines.map((line) => style(pad(line, widths[i]!, columns[i]!.align))).join("\n");
      }),
    );
  }
  return table.toString().split("\n").map(trimEnd);
}

/** Drops spaces at the end of a line, also before a colour's end. */
function trimEnd(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replace(/ +((?:\u001b\[\d+m)*)$/, "$1");
}

/** One block per row, for terminals too narrow for the table. */
function recordLines(columns: readonly TextColumn[], look: Look, paint: Paint): string[] {
  const labels = widest(columns.map((column) => column.header));
  const block = (cellOf: (column: TextColumn) => string): string[] =>
    columns.flatMap((column) => {
      const lines = wrap(cellOf(column), Math.max(8, look.width - labels - GAP));
      return lines.map((line, i) => pad(i === 0 ? column.header : "", labels + GAP, "left") + paintWord(paint, line));
    });
  const rows = columns[0]!.cells.map((_, r) => block((column) => column.cells[r]!));
  if (columns.some((column) => column.total !== null)) rows.push(block((column) => column.total ?? ""));
  return rows.flatMap((lines, i) => (i === 0 ? lines : ["", ...lines]));
}
