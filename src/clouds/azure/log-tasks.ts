/** Pieces of work that read rows: slices of time, and in each the windows that are asked for, table by table. Pure. */
import type { Json } from "../../model/records.ts";
import type { Bytes, EpochMs, Ms, Usd } from "../../model/units.ts";
import type { CollectTask, Signal, Span } from "../room.ts";
import { shapeOf, type Table } from "./kql-tables.ts";
import type { AppScope, Lines } from "./kql-queries.ts";
import { pieces, queryEstimate, QUERY_MOST, type Sizes, slotsIn, TASK_MOST } from "./log-plans.ts";
import type { LogSource } from "./log-sources.ts";

const DAY_MS: Ms = 86_400_000;

/** Whose rows are read, where from, and how the target's narrowing is called. */
export interface Scope {
  sources: readonly LogSource[];
  apps: AppScope;
  /** `scopeName` of the target. */
  narrowed: string;
}

/** One thing that the dataset holds or lacks of a source: tables that are read by one reader. */
export interface Part {
  source: LogSource;
  signal: Signal;
  lines: Lines;
  tables: Table[];
  /** Its name in the dataset. */
  name: string;
  /** Names under which it may be held, its own among them. */
  heldAs: string[];
}

/** What a task remembers between `plan` and `run`. */
export interface Detail {
  source: LogSource;
  apps: AppScope;
  lines: Lines;
  /** Windows to ask for, table by table. */
  queries: { table: Table; windows: Span[] }[];
  /** Paid tables only: price of a byte, bytes of the whole window, and what all paid queries of the command may cost. */
  paid: { usdPerByte: Usd; bytes: Bytes; limitUsd: Usd } | null;
}

/** `AppTraces, AppRequests of shop-logs`. */
export function titleOf(source: LogSource, tables: readonly Table[]): string {
  return `${tables.map((table) => shapeOf(source.dialect, table)?.name ?? table).join(", ")} of ${source.name}`;
}

/** Tasks of a window, and what each is to ask. Where nothing is known of sizes: a day at a time. */
export function tasksOf(
  part: Part,
  name: string,
  apps: AppScope,
  window: Span,
  sizes: Sizes | null,
  requestsPerS: number | null,
): CollectTask[] {
  if (window.from >= window.to) return [];
  const { source, lines, tables, signal } = part;
  const slots = sizes === null ? [] : [...sizes.tables.values()].flat().sort((a, b) => a.from - b.from);
  const slices = sizes === null ? days(window) : pieces(window, slots, sizes.slotMs, TASK_MOST);
  return slices.map((slice) => {
    const queries = tables.map((table) => ({ table, windows: sizes === null ? [slice] : counted(slice, table, sizes) }));
    const detail: Detail = { source, apps, lines, queries, paid: null };
    const calls = queries.reduce((sum, query) => sum + query.windows.length, 0);
    const bytes = slotsIn(slice, slots, sizes?.slotMs ?? 1).reduce((sum, slot) => sum + (slot.bytes ?? 0), 0);
    return {
      source: name,
      signal,
      title: titleOf(source, tables),
      via: "Log Analytics",
      window: slice,
      estimate: queryEstimate(sizes === null ? null : calls, bytes, requestsPerS),
      detail: detail as unknown as Json,
    };
  });
}

/** What to ask of one table; nothing where nothing was counted. */
function counted(slice: Span, table: Table, sizes: Sizes): Span[] {
  const own = slotsIn(slice, sizes.tables.get(table) ?? [], sizes.slotMs).filter((slot) => slot.rows > 0);
  return own.length === 0 ? [] : pieces(slice, own, sizes.slotMs, QUERY_MOST);
}

function days(window: Span): Span[] {
  const found: Span[] = [];
  for (let from: EpochMs = window.from; from < window.to;) {
    const to = Math.min(window.to, (Math.floor(from / DAY_MS) + 1) * DAY_MS);
    found.push({ from, to });
    from = to;
  }
  return found;
}
