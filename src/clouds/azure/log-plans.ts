/**
 * What reading rows takes. Queries of tables of the Analytics plan are free, those of Basic and Auxiliary tables are paid by the data that
 * lies in the time range, whatever the filter: https://azure.microsoft.com/pricing/details/monitor/
 */
import { numberOf } from "../../model/json.ts";
import type { Bytes, EpochMs, Ms, Usd } from "../../model/units.ts";
import type { Estimate, LiveContext, Span } from "../room.ts";
import type { AzureApi } from "./api.ts";
import { type Table, tableOfName } from "./kql-tables.ts";
import { sizesKql, usageKql, type Lines, type Where } from "./kql-queries.ts";
import type { LogSource } from "./log-sources.ts";
import { ask, MAX_ROWS } from "./log-window.ts";
import { textOf, timeOf } from "./values.ts";

/** Log Analytics counts decimal: "GB (10^9 bytes)", https://learn.microsoft.com/azure/azure-monitor/logs/cost-logs#data-size-calculation */
const GB = 1e9;
/** Per GB scanned by a search job or query of Basic and Auxiliary tables (price page above; West Europe read 2026-11, East US by a secondary source). */
const SEARCH_USD_PER_GB: { readonly [region: string]: Usd } = { eastus: 0.005, westeurope: 0.0065 };

/** Price of a search per byte; `assumed`: the dearest known one stands for a region whose own is not known. */
export function searchPrice(region: string | null): { usdPerByte: Usd; assumed: boolean } {
  const own = region === null ? undefined : SEARCH_USD_PER_GB[region];
  return { usdPerByte: (own ?? Math.max(...Object.values(SEARCH_USD_PER_GB))) / GB, assumed: own === undefined };
}

/** Rows and bytes that begin in a slot of time. */
export interface Slot {
  from: EpochMs;
  rows: number;
  /** null: not told. */
  bytes: Bytes | null;
}

/** How much there is of each table. Tables without a row are empty lists. */
export interface Sizes {
  slotMs: Ms;
  tables: Map<Table, Slot[]>;
  /** Items that all rows stand for; more than the rows where telemetry is sampled. */
  items: number;
  rows: number;
}

const HOUR_MS: Ms = 3_600_000;
const SLOT_MS: readonly Ms[] = [60_000, 300_000, 900_000, HOUR_MS, 6 * HOUR_MS, 24 * HOUR_MS];
const MOST_SLOTS = 200;

/**
 * One free query that counts: cheaper than to ask for rows that must be thrown away because they are too many, and what is counted as
 * nothing need not be asked for. Null where the answer is partial. Throws AzureError.
 */
export async function sizesOf(
  api: AzureApi,
  ctx: Pick<LiveContext, "requestTimeoutMs">,
  source: LogSource,
  tables: readonly Table[],
  where: Where,
  lines: Lines,
): Promise<Sizes | null> {
  const { window } = where;
  const slotMs = SLOT_MS.find((ms) => (window.to - window.from) / ms <= MOST_SLOTS) ?? SLOT_MS.at(-1)!;
  const sizes: Sizes = { slotMs, tables: new Map(tables.map((table) => [table, []])), items: 0, rows: 0 };
  const kql = sizesKql(tables, where, lines, slotMs);
  if (kql === null) return sizes;
  const answer = await ask(api, ctx, { scope: source.scope, kql, span: window });
  if (answer.partial !== null) return null;
  for (const { columns, rows } of answer.tables) {
    const at = (name: string): number => columns.findIndex((column) => column.name === name);
    const [named, slot, count, items, size] = [at("Source"), at("Slot"), at("Count"), at("Items"), at("Bytes")];
    for (const row of rows) {
      const table = tableNamedIn(tables, where, textOf(row[named]));
      const from = timeOf(row[slot]);
      if (table === null || from === null) continue;
      const counted = numberOf(row[count]) ?? 0;
      sizes.tables.get(table)!.push({ from, rows: counted, bytes: size === -1 ? null : numberOf(row[size]) });
      sizes.rows += counted;
      sizes.items += numberOf(row[items]) ?? counted;
    }
  }
  for (const slots of sizes.tables.values()) slots.sort((a, b) => a.from - b.from);
  return sizes;
}

/** Component tables have their plain names: `requests`, `customEvents`. */
function tableNamedIn(tables: readonly Table[], { dialect }: Where, name: string | null): Table | null {
  if (name === null) return null;
  const table = dialect === "workspace" ? tableOfName(name) : name === "customEvents" ? "events" : (name as Table);
  return table !== null && tables.includes(table) ? table : null;
}

/** What one query may ask for, as far as counted. Larger answers are read no faster, and take the more memory (measured: 29,000 rows a second at 15,000 rows, 53,000 at 4,000). */
export const QUERY_MOST = { rows: 5_000, bytes: 8e6 } as const;
/** What one task may take: what a kill makes one read again. */
export const TASK_MOST = { rows: 20 * MAX_ROWS, bytes: 160e6 } as const;

/** A window in pieces of at most so much; a slot that has more is cut evenly. */
export function pieces(window: Span, slots: readonly Slot[], slotMs: Ms, most: { rows: number; bytes: Bytes }): Span[] {
  const cuts: EpochMs[] = [];
  let rows = 0;
  let bytes = 0;
  for (const slot of slots) {
    const parts = Math.ceil(Math.max(slot.rows / most.rows, (slot.bytes ?? 0) / most.bytes, 1));
    if (parts > 1 || rows + slot.rows > most.rows || bytes + (slot.bytes ?? 0) > most.bytes) {
      cuts.push(slot.from);
      rows = 0;
      bytes = 0;
    }
    for (let part = 1; part < parts; part++) cuts.push(Math.round(slot.from + (part * slotMs) / parts));
    rows += slot.rows / parts;
    bytes += (slot.bytes ?? 0) / parts;
  }
  const inside = [...new Set(cuts)].filter((at) => at > window.from && at < window.to);
  return [window.from, ...inside].map((from, i) => ({ from, to: inside[i] ?? window.to }));
}

/** Slots of a window, those at its edges with their share. */
export function slotsIn(window: Span, slots: readonly Slot[], slotMs: Ms): Slot[] {
  return slots.flatMap((slot) => {
    const from = Math.max(slot.from, window.from);
    const share = (Math.min(slot.from + slotMs, window.to) - from) / slotMs;
    return share <= 0 ? [] : [{ from, rows: slot.rows * share, bytes: slot.bytes === null ? null : slot.bytes * share }];
  });
}

/** Bytes that a workspace took in by table, all apps together. A table that the workspace says nothing of is left out: not known. */
export async function ingestedBytes(
  api: AzureApi,
  ctx: Pick<LiveContext, "requestTimeoutMs">,
  source: LogSource,
  tables: readonly Table[],
  window: Span,
): Promise<Map<Table, Bytes>> {
  const found = new Map<Table, Bytes>();
  // an hour's usage is written when the hour is over
  const span = { from: window.from, to: window.to + 2 * HOUR_MS };
  const answer = await ask(api, ctx, { scope: source.scope, kql: usageKql(tables, window), span });
  if (answer.partial !== null) return found;
  for (const { columns, rows } of answer.tables) {
    const [named, size] = [columns.findIndex((one) => one.name === "DataType"), columns.findIndex((one) => one.name === "Megabytes")];
    for (const row of rows) {
      const table = tableOfName(textOf(row[named]) ?? "");
      const megabytes = numberOf(row[size]);
      if (table !== null && megabytes !== null) found.set(table, megabytes * 1e6);
    }
  }
  return found;
}

/** "200 requests per 30 seconds" for a user. */
const QUERIES_PER_S = 200 / 30;
/** What an answer brings a second, about. */
const BYTES_PER_S = 5e6;

/** Free queries. `bytes` null: not told. */
export function queryEstimate(calls: number | null, bytes: Bytes | null, requestsPerS: number | null): Estimate {
  if (calls === null) return { calls: null, seconds: null, usd: 0, bytes: null };
  const seconds = Math.max(calls / Math.min(QUERIES_PER_S, requestsPerS ?? Infinity), (bytes ?? 0) / BYTES_PER_S);
  return { calls, seconds, usd: 0, bytes: null };
}
