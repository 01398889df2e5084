/** The columns of the waterfall: as roomy as the width allows, so that the bar gets what is left. */
import type { TraceDocument, TraceHop } from "../report.ts";
import { type Look, type Paint } from "./style.ts";
import { displayWidth, escapeTerminal, pad, truncate, widest } from "./text.ts";
import type { TreeRow } from "./trace-tree.ts";
import { humanConfidence, humanMs, humanUsd } from "./values.ts";

/** A laid-out table: its head, a line per row, names alone (for bars in a block of their own), and the signs the legend must explain. */
export interface Grid {
  head: string;
  lines: string[];
  names: string[];
  /** Cells of a line without its bar. */
  width: number;
  /** Cells left for the bar; 0: too few, bars go into a block of their own. */
  barWidth: number;
  signs: string[];
}

interface Density {
  compact: boolean;
  nameWidth: number;
  /** Attempts stand behind the outcome instead of in a column. */
  fold: boolean;
  /** Least width of the bar that makes this density acceptable. */
  bar: number;
}

const DENSITIES: readonly Density[] = [
  { compact: false, nameWidth: 44, fold: false, bar: 40 },
  { compact: false, nameWidth: 36, fold: false, bar: 28 },
  { compact: true, nameWidth: 32, fold: false, bar: 24 },
  { compact: true, nameWidth: 26, fold: true, bar: 18 },
  { compact: true, nameWidth: 20, fold: true, bar: 12 },
];
/** Left out, in this order, where even the closest table is too wide. */
const EXPENDABLE = ["sure", "cold", "wait", "cloud"];

interface GridColumn {
  head: string;
  align: "left" | "right";
  cells: string[];
  style?: (text: string, row: TreeRow) => string;
}

/** Chooses the first density at which a useful bar is left. */
export function layout(
  chain: TraceDocument["chain"],
  rows: readonly TreeRow[],
  critical: ReadonlySet<string>,
  look: Look,
  paint: Paint,
): Grid {
  const signs = new Set<string>();
  let grid: Grid | null = null;
  for (const density of DENSITIES) {
    grid = draw(chain, rows, critical, look, paint, density, signs);
    if (grid.barWidth >= density.bar) return { ...grid, signs: [...signs] };
  }
  const dropped: string[] = [];
  while (grid!.width > look.width && dropped.length < EXPENDABLE.length) {
    dropped.push(EXPENDABLE[dropped.length]!);
    grid = draw(chain, rows, critical, look, paint, DENSITIES.at(-1)!, signs, dropped);
  }
  const over = grid!.width - look.width;
  if (over > 0) {
    const nameWidth = Math.max(4, widest(grid!.names) - 2 - over);
    grid = draw(chain, rows, critical, look, paint, { ...DENSITIES.at(-1)!, nameWidth }, signs, dropped);
  }
  if (dropped.length > 0) signs.add(`left out for width: ${dropped.join(", ")}`);
  return { ...grid!, barWidth: 0, signs: [...signs] };
}

function draw(
  chain: TraceDocument["chain"],
  rows: readonly TreeRow[],
  critical: ReadonlySet<string>,
  look: Look,
  paint: Paint,
  density: Density,
  signs: Set<string>,
  without: readonly string[] = [],
): Grid {
  const names = rows.map((row) => nameCell(row, density.nameWidth, look.unicode));
  const columns = columnsOf(chain, rows, density, paint, signs).filter((column) => !without.includes(column.head));
  const nameWidth = Math.max(3, widest(names));
  const widths = columns.map((column) => Math.max(column.head.length, widest(column.cells)));
  const used = 2 + nameWidth + widths.reduce((sum, width) => sum + 1 + width, 0);
  const head = `  ${pad("hop", nameWidth, "left")}${columns.map((column, c) => ` ${pad(column.head, widths[c]!, column.align)}`).join("")}`;
  const lines = rows.map((row, r) => {
    const onPath = critical.has(row.hop.id);
    const name = pad(names[r]!, nameWidth, "left");
    const cells = columns.map((column, c) => {
      const text = pad(column.cells[r]!, widths[c]!, column.align);
      return ` ${column.style === undefined ? text : column.style(text, row)}`;
    });
    return `${onPath ? "> " : "  "}${onPath ? paint("bold", name) : name}${cells.join("")}`;
  });
  return {
    head,
    lines,
    names: rows.map((row, r) => `${critical.has(row.hop.id) ? "> " : "  "}${names[r]!}`),
    width: used,
    barWidth: Math.max(0, look.width - used - 3),
    signs: [],
  };
}

function nameCell(row: TreeRow, width: number, unicode: boolean): string {
  const deepest = Math.floor(width / 3);
  const indent = row.depth === 0 ? "" : " ".repeat(Math.min(row.depth - 1, deepest)) + branch(row, unicode);
  const roles = row.hop.roles.length === 0 ? "" : ` [${row.hop.roles.map(escapeTerminal).join(", ")}]`;
  const name = escapeTerminal(row.hop.name) || "(no name)";
  const full = `${indent}${name}${roles}`;
  return displayWidth(full) <= width ? full : truncate(`${indent}${name}`, width, unicode ? "…" : "~");
}

function branch(row: TreeRow, unicode: boolean): string {
  if (unicode) return row.last ? "└ " : "├ ";
  return row.last ? "`-" : "|-";
}

function columnsOf(
  chain: TraceDocument["chain"],
  rows: readonly TreeRow[],
  density: Density,
  paint: Paint,
  signs: Set<string>,
): GridColumn[] {
  const ms = (value: number | null): string => (value === null ? unknownSign(signs) : density.compact ? compactMs(value) : humanMs(value));
  const hops = rows.map((row) => row.hop);
  const manyTries = hops.some((hop) => hop.attempts.length > 1);
  const column = (head: string, align: "left" | "right", cell: (row: TreeRow) => string): GridColumn => ({
    head,
    align,
    cells: rows.map(cell),
  });
  const columns: GridColumn[] = [];
  if (!density.compact || chain.clouds.length > 1) columns.push(column("cloud", "left", ({ hop }) => hop.cloud));
  columns.push(
    column("start", "right", ({ hop }) => ms(hop.startMs)),
    column("wait", "right", (row) => (row.cause === null && row.hop.waitMs === null ? "-" : ms(row.hop.waitMs))),
    column("work", "right", ({ hop }) => ms(hop.durationMs)),
  );
  if (!density.compact || hops.some((hop) => hop.coldStart !== false && hop.kind === "function"))
    columns.push(column("cold", "right", ({ hop }) => coldCell(hop, ms, signs)));
  columns.push({
    ...column("outcome", "left", ({ hop }) => hop.outcome + (density.fold && hop.attempts.length > 1 ? ` x${hop.attempts.length}` : "")),
    style: (text, { hop }) =>
      hop.outcome === "ok" ? text : paint(hop.outcome === "unknown" || hop.outcome === "throttled" ? "yellow" : "red", text),
  });
  if (!density.fold && (manyTries || !density.compact))
    columns.push(column("tries", "right", ({ hop }) => (hop.kind === "function" ? String(Math.max(1, hop.attempts.length)) : "-")));
  columns.push(column("cost", "right", ({ hop }) => costCell(hop, signs)));
  columns.push({
    ...column("sure", "right", (row) => (row.cause === null ? "-" : humanConfidence(row.cause.confidence))),
    style: (text, row) => (row.cause !== null && row.cause.confidence < 0.5 ? paint("yellow", text) : text),
  });
  return columns;
}

function unknownSign(signs: Set<string>): string {
  signs.add("? unknown");
  return "?";
}

function coldCell(hop: TraceHop, ms: (value: number | null) => string, signs: Set<string>): string {
  if (hop.coldStart === false || hop.kind !== "function") return "-";
  if (hop.coldStart === null) return unknownSign(signs);
  return hop.initMs === null ? "yes" : ms(hop.initMs);
}

function costCell(hop: TraceHop, signs: Set<string>): string {
  if (hop.kind !== "function" && hop.kind !== "workflow") return "-";
  if (hop.usd === null) return unknownSign(signs);
  if (hop.usdBasis === "modelled") signs.add("~ modelled cost");
  if (hop.usdBasis === "assumed") signs.add("= assumed price");
  const mark = hop.usdBasis === "modelled" ? "~" : hop.usdBasis === "assumed" ? "=" : "";
  return mark + humanUsd(hop.usd);
}

/** `340ms`, `1.24s`, `2m3s`, `1h5m`, `3d2h`. */
function compactMs(ms: number): string {
  return humanMs(ms)
    .replace(/ ms$/, "ms")
    .replace(/ min ?/, "m")
    .replace(/ h ?/, "h")
    .replace(/ d ?/, "d")
    .replace(/ s$/, "s");
}
