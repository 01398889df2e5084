/**
 * Logs Insights queries: started, waited for, read to their last page, stopped when they are no longer wanted or scan more than they may.
 * https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_StartQuery.html
 */
import type { Bytes, EpochMs, Ms, Usd } from "../../model/units.ts";
import type { LiveContext, Span } from "../room.ts";
import { type AwsApi, AwsError } from "./api.ts";
import { insightsPrice } from "./log-calls.ts";
import type { LogLine } from "./log-lines.ts";
import { list, moment, num, obj, type Obj, text } from "./schema.ts";
import { BudgetError, spend } from "../kit/spent.ts";

/** "The maximum limit is 100,000", 10,000 of them a page. */
export const MAX_ROWS = 100_000;
const PAGE_ROWS = 10_000;
/** Pages that the most rows take, and some more. */
const MAX_PAGES = 20;
/** A query ends by itself after an hour. */
const LONGEST_MS: Ms = 3_660_000;
const FIRST_WAIT_MS: Ms = 250;
const LONGEST_WAIT_MS: Ms = 5_000;

export interface Query {
  /** At most 50. */
  groups: readonly string[];
  /** Half-open; the service counts whole seconds, so that rows at the edges are left out here. */
  window: Span;
  /** The `filter` command's condition; null: every line. */
  filter: string | null;
  /** It is stopped as soon as it has scanned more. */
  maxBytes: Bytes;
  /** What may still be spent by all that share the limit; it is stopped when that is less than nothing. Absent: `maxBytes` alone counts. */
  leftUsd?: () => Usd;
  /** Most rows; the service gives 100,000. */
  maxRows?: number;
}

/** How a query ended. */
export interface QueryEnd {
  bytesScanned: Bytes;
  /** Last moment of which all rows were given, where there were more rows than a query returns; null: it gave all. */
  cutAt: EpochMs | null;
  rows: number;
}

type Context = Pick<LiveContext, "signal" | "clock">;

/**
 * Lines in order of time, page by page. Rows of the last moment are held back where the query was cut, and their moment told in the end.
 * Throws AwsError, and BudgetError when it would scan more than it may.
 */
export async function* query(api: AwsApi, ctx: Context, asked: Query): AsyncGenerator<LogLine[], QueryEnd> {
  let maxRows = asked.maxRows ?? MAX_ROWS;
  const queryId = await start(api, asked, maxRows).catch((error: unknown) => {
    if (!(error instanceof AwsError) || error.kind !== "invalid" || maxRows <= PAGE_ROWS) throw error;
    // 10,000 was the most everywhere, and still is in some partitions
    maxRows = PAGE_ROWS;
    return start(api, asked, maxRows);
  });
  let running = true;
  let scanned = 0;
  try {
    const first = await finished(api, ctx, queryId, asked, (bytes) => {
      // at once, so that whatever runs beside it sees what is left
      spend(api, Math.max(0, bytes - scanned) * insightsPrice(api.region).usdPerByte);
      scanned = Math.max(scanned, bytes);
    });
    running = false;
    return yield* rowsOf(api, queryId, first, asked, scanned, maxRows);
  } finally {
    if (running) await api.call("logs:StopQuery", { queryId }, { evenAfterAbort: true, once: true }).catch(() => {});
  }
}

/** The ID of the query that was started. */
async function start(api: AwsApi, asked: Query, maxRows: number): Promise<string> {
  const started = await api.call("logs:StartQuery", {
    logGroupNames: asked.groups,
    startTime: Math.floor(asked.window.from / 1000),
    endTime: Math.ceil(asked.window.to / 1000),
    queryString: [
      "fields @timestamp, @message, @logStream, @log",
      ...(asked.filter === null ? [] : [`filter ${asked.filter}`]),
      "sort @timestamp asc",
      `limit ${maxRows}`,
    ].join(" | "),
    limit: maxRows,
  });
  const queryId = text(started["queryId"]);
  if (queryId === null) throw new AwsError("broken-answer", "logs:StartQuery", "NoQueryId", "an answer without queryId", null, 1);
  return queryId;
}

/** The first page of a query that has completed. */
async function finished(api: AwsApi, ctx: Context, queryId: string, asked: Query, onScanned: (bytes: Bytes) => void): Promise<Obj> {
  const deadline = ctx.clock.now() + LONGEST_MS;
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 1.5, LONGEST_WAIT_MS)) {
    const answer = await api.call("logs:GetQueryResults", { queryId, maxItems: PAGE_ROWS });
    const bytes = num(obj(answer["statistics"])?.["bytesScanned"]) ?? 0;
    onScanned(bytes);
    const status = text(answer["status"]) ?? "Unknown";
    if (status === "Complete") return answer;
    if (status === "Failed" || status === "Cancelled" || status === "Timeout")
      throw new AwsError("failed", "logs:GetQueryResults", `Query${status}`, `the query ended as ${status}`, null, 1);
    if (bytes > asked.maxBytes || (asked.leftUsd?.() ?? 0) < 0)
      throw new BudgetError(`a Logs Insights query was stopped: it scanned more than its share of the price limit`);
    if (ctx.clock.now() > deadline)
      throw new AwsError("failed", "logs:GetQueryResults", "QueryTimeout", `the query is still ${status} after an hour`, null, 1);
    await ctx.clock.sleep(waitMs, ctx.signal);
  }
}

async function* rowsOf(
  api: AwsApi,
  queryId: string,
  first: Obj,
  asked: Query,
  scanned: Bytes,
  maxRows: number,
): AsyncGenerator<LogLine[], QueryEnd> {
  const matched = num(obj(first["statistics"])?.["recordsMatched"]);
  const seen = new Set<string>();
  let rows = 0;
  /** Rows of the latest moment so far: more of them may have been cut off. */
  let last: LogLine[] = [];
  for (let page = first; ;) {
    const found = list(page["results"]);
    rows += found.length;
    const lines = [...last, ...found.flatMap((row) => lineOf(row) ?? [])];
    const at = lines.at(-1)?.at;
    last = lines.filter((line) => line.at === at);
    yield lines.filter((line) => line.at !== at && isIn(line, asked.window));
    const nextToken = text(page["nextToken"]);
    if (nextToken === null) break;
    if (seen.has(nextToken) || seen.size >= MAX_PAGES)
      throw new AwsError("broken-answer", "logs:GetQueryResults", "RepeatedToken", "pages that do not end", null, 1);
    seen.add(nextToken);
    page = await api.call("logs:GetQueryResults", { queryId, maxItems: PAGE_ROWS, nextToken });
  }
  // servers may cap at fewer rows than asked for; what matched tells
  const cut = rows >= maxRows || (rows >= PAGE_ROWS && matched !== null && matched > rows);
  if (!cut) yield last.filter((line) => isIn(line, asked.window));
  return { bytesScanned: scanned, cutAt: cut ? last[0]!.at : null, rows };
}

function isIn(line: LogLine, window: Span): boolean {
  return line.at >= window.from && line.at < window.to;
}

/** null: a row without time or message. `@log` is `<account>:<group>`; some servers leave the account out. */
function lineOf(row: Obj[string]): LogLine | null {
  const cells = Object.fromEntries(list(row).map((cell) => [text(obj(cell)?.["field"]) ?? "", obj(cell)?.["value"]]));
  const at = moment(cells["@timestamp"]);
  const message = text(cells["@message"]);
  if (at === null || message === null) return null;
  return { at, message, group: text(cells["@log"])?.replace(/^\d{12}:/, "") ?? null, stream: text(cells["@logStream"]), id: null };
}

export interface Reading {
  groups: readonly string[];
  window: Span;
  filter: string | null;
  usdPerByte: Usd;
  /** All queries of this reading together. */
  maxUsd: Usd;
  /** As of a query. */
  leftUsd: () => Usd;
  /** How much of the window to ask for at first, so that the rows fit into one query. */
  stepMs: Ms;
}

/** What a reading took. */
export interface Read {
  queries: number;
  bytes: Bytes;
  usd: Usd;
}

/**
 * All lines of a window, in as many queries as the rows need. Where a query was cut, the next one goes on from the last whole moment
 * with a step that fits the rate seen, since halving would pay for the same bytes again and again. Throws as `query` does.
 */
export async function* readAll(api: AwsApi, ctx: Context, reading: Reading): AsyncGenerator<LogLine[], Read> {
  const read: Read = { queries: 0, bytes: 0, usd: 0 };
  let { from } = reading.window;
  let stepMs = Math.max(1_000, reading.stepMs);
  while (from < reading.window.to) {
    const window = { from, to: Math.min(reading.window.to, from + stepMs) };
    if (read.usd >= reading.maxUsd || reading.leftUsd() <= 0)
      throw new BudgetError("Logs Insights queries have used up their share of the price limit");
    const maxBytes = reading.usdPerByte === 0 ? Infinity : (reading.maxUsd - read.usd) / reading.usdPerByte;
    const end = yield* query(api, ctx, { groups: reading.groups, window, filter: reading.filter, maxBytes, leftUsd: reading.leftUsd });
    read.queries++;
    read.bytes += end.bytesScanned;
    read.usd = read.bytes * reading.usdPerByte;
    if (end.cutAt === null) {
      from = window.to;
      if (end.rows < MAX_ROWS / 4) stepMs *= 2;
      continue;
    }
    // the service starts at whole seconds: within one, asking again brings the same rows
    if (end.cutAt <= from || Math.floor(end.cutAt / 1000) * 1000 <= Math.floor(from / 1000) * 1000)
      throw new AwsError("failed", "logs:GetQueryResults", "TooManyRows", `more than ${end.rows} lines within one second`, null, 1);
    stepMs = Math.max(1_000, Math.floor(0.6 * (end.cutAt - from)));
    from = end.cutAt;
  }
  return read;
}
