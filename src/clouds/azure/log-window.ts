/**
 * A window of log rows, read until it is whole. Log Analytics gives at most 500,000 rows or about 100 MB, works at most 10 minutes, and then
 * answers with what it has and an error beside it; so an answer that is cut in any of these ways is thrown away and the window halved.
 * https://learn.microsoft.com/azure/azure-monitor/service-limits#log-analytics-workspaces
 */
import type { Rec } from "../../model/records.ts";
import type { Ms } from "../../model/units.ts";
import { gated } from "../kit/gate.ts";
import type { LiveContext, Span } from "../room.ts";
import { type AzureApi, AzureError, type LogsAnswer, type LogsRequest, type LogsTable } from "./api.ts";
import { gap } from "./live-gaps.ts";

/** "Maximum number of records: 500,000". */
const SERVICE_ROWS = 500_000;
/** Rows that are asked for at most: an answer of them is a few MB, of which several are held at a time. */
export const MAX_ROWS = 20_000;
/** "Concurrent queries: a user can run up to 5 concurrent queries"; of Basic and Auxiliary tables 2. */
const QUERIES_AT_A_TIME = 5;
const SEARCHES_AT_A_TIME = 2;
const SHORTEST_MS: Ms = 1_000;
/** Longest that the service may work on a query: "Maximum query running time: 10 minutes". */
const LONGEST_QUERY_MS: Ms = 600_000;
/** Halves in a row that end in a time-out before it is no matter of size. */
const TIMEOUTS = 4;
/** Seconds in a row that are not whole before the rest of the window is left. */
const SECONDS = 20;

/** What a table gives that a dialect does not have. */
export const NOTHING: LogsAnswer = { tables: [], partial: null, scannedBytes: null };

/** A query of a free table, within the quota of concurrent ones. The service may work on it six times as long as on a call. */
export function ask(
  api: AzureApi,
  ctx: Pick<LiveContext, "requestTimeoutMs">,
  request: Omit<LogsRequest, "serverTimeoutMs">,
): Promise<LogsAnswer> {
  const serverTimeoutMs = Math.min(LONGEST_QUERY_MS, 6 * ctx.requestTimeoutMs);
  return gated(api, "queries", QUERIES_AT_A_TIME, () => api.queryLogs({ ...request, serverTimeoutMs }));
}

/** A query of a paid table. */
export function askPaid(api: AzureApi, workspace: string, kql: string, span: Span): Promise<LogsAnswer> {
  return gated(api, "searches", SEARCHES_AT_A_TIME, () => api.searchLogs(workspace, kql, span));
}

/** A piece of a window that could not be read, and why. */
export interface Unread {
  window: Span;
  why: string;
}

/**
 * Tables of all answers that are whole, in order of time. `query` is asked for half-open windows, the first of them all of `window`. What
 * cannot be read whole at one second is returned; a service that fails whatever the window is not asked for the rest. Throws AzureError on
 * anything that a smaller window does not mend.
 */
export async function* readWhole(
  query: (window: Span) => Promise<LogsAnswer>,
  window: Span,
  signal: AbortSignal,
  maxRows = MAX_ROWS,
): AsyncGenerator<LogsTable[], Unread[]> {
  const unread: Unread[] = [];
  /** The next one is last. */
  const open: Span[] = [window];
  let timeouts = 0;
  let seconds = 0;
  while (open.length > 0) {
    signal.throwIfAborted();
    const next = open.pop()!;
    let cut: Cut | null;
    try {
      const answer = await query(next);
      cut = cutOf(answer, maxRows);
      if (cut === null) yield answer.tables;
    } catch (error) {
      if (!(error instanceof AzureError) || !isTooMuch(error)) throw error;
      if (isTimeout(error) && ++timeouts >= TIMEOUTS) throw error;
      cut = { why: error.message, bySize: true };
    }
    if (cut === null) {
      timeouts = 0;
      seconds = 0;
      continue;
    }
    const length = next.to - next.from;
    if (length > SHORTEST_MS) {
      const middle = next.from + Math.max(SHORTEST_MS, Math.floor(length / 2 / SHORTEST_MS) * SHORTEST_MS);
      open.push({ from: middle, to: next.to }, { from: next.from, to: middle });
      continue;
    }
    const why = `not whole even for one second: ${cut.why}`;
    seconds++;
    // few rows, and still not all, or one second after the other: no smaller window will do
    if (!cut.bySize || seconds >= SECONDS) {
      unread.push({ window: { from: next.from, to: window.to }, why });
      break;
    }
    unread.push({ window: next, why });
  }
  return unread;
}

/** What is read, window by window. */
export interface Reading {
  /** For gaps: `traces of shop-logs`. */
  what: string;
  windows: readonly Span[];
  query: (window: Span) => Promise<LogsAnswer>;
  maxRows?: number;
}

/** What `take` makes of every whole answer, with gaps for what could not be read whole. Throws as `readWhole`. */
export async function* recordsOf(
  api: AzureApi,
  ctx: Pick<LiveContext, "signal">,
  reading: Reading,
  take: (tables: LogsTable[]) => Rec[],
): AsyncGenerator<Rec[]> {
  for (const window of reading.windows) {
    const answers = readWhole(reading.query, window, ctx.signal, reading.maxRows);
    let next = await answers.next();
    for (; next.done !== true; next = await answers.next()) {
      const records = take(next.value);
      if (records.length > 0) yield records;
    }
    if (next.value.length > 0) yield next.value.map((one) => gap(api, reading.what, one.why, one.window));
  }
}

interface Cut {
  why: string;
  /** The answer was as large as answers get: others may be smaller. */
  bySize: boolean;
}

/** null: the answer is whole. */
function cutOf(answer: LogsAnswer, maxRows: number): Cut | null {
  const rows = answer.tables.reduce((most, table) => Math.max(most, table.rows.length), 0);
  const full = rows > maxRows || rows >= SERVICE_ROWS;
  if (answer.partial !== null) {
    const { code, message } = answer.partial;
    return { why: `the answer is partial (${code}: ${firstLine(message)})`, bySize: full || TOO_MUCH.test(`${code} ${message}`) };
  }
  return full ? { why: `more than ${Math.min(maxRows, rows)} rows`, bySize: true } : null;
}

function firstLine(text: string): string {
  return text.split("\n")[0]!.slice(0, 200);
}

/** Errors of a query that asked for too much: https://learn.microsoft.com/azure/azure-monitor/logs/api/errors */
const TOO_MUCH = /timeout|timed ?out|exceed|too ?large|ResponseSize|ResultSet|E_QUERY_|RUNAWAY|LOW_MEMORY/i;

/** The service said so: an answer that does not come at all may be the network's matter, and no smaller window mends that. */
function isTooMuch(error: AzureError): boolean {
  if (error.status === null || error.kind === "throttled" || error.kind === "denied") return false;
  return error.status === 413 || isTimeout(error) || TOO_MUCH.test(`${error.code} ${error.message}`);
}

function isTimeout({ status, code }: AzureError): boolean {
  return status === 504 || status === 408 || /timeout|timedout/i.test(code);
}
