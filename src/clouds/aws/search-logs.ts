/**
 * Log lines that hold one of some IDs. Insights asks 50 groups at once and is paid by what lies in the window; where its price does not fit
 * or it is not allowed, FilterLogEvents asks group by group. Lines that name no request are put into their invocation by reading their
 * stream around them.
 */
import type { Gap, Rec } from "../../model/records.ts";
import type { Bytes, EpochMs, Usd } from "../../model/units.ts";
import { merged } from "../kit/concurrent.ts";
import type { LiveContext, Span } from "../room.ts";
import { type AwsApi, AwsError } from "./api.ts";
import { query } from "./log-query.ts";
import { gap, gapOf, reasonOf } from "./live-gaps.ts";
import { bytesInWindow, filterCalls, GROUPS_PER_QUERY, insightsPrice, scanned } from "./log-calls.ts";
import { type LogGroup, someOf } from "./log-groups.ts";
import { filterLines, lineReader, type LogLine } from "./log-lines.ts";
import { anyTermPattern, anyTermRegex, charsInPattern, charsInRegex, MAX_PATTERN_CHARS } from "./log-terms.ts";
import { parsePlatformLine } from "./platform-line.ts";
import { contextOf, executionOf } from "./search-context.ts";
import { holdsTerm, portions, type SearchTerm } from "../kit/search-terms.ts";
import { BudgetError } from "../kit/spent.ts";

type Context = Pick<LiveContext, "host" | "signal" | "clock" | "keys">;

/** Queries, and groups of FilterLogEvents, at a time; AWS runs 100 queries of an account at once. */
const AT_A_TIME = 8;
/** Rows of one query, or of a group by FilterLogEvents: an ID that more lines hold identifies nothing. */
const MAX_ROWS = 10_000;
/** Pages of FilterLogEvents that a group may take before the search gives up on it: two minutes at the quota. */
const MAX_PAGES = 600;
/** "ConsoleInput query: up to 10,000 characters", with room for the rest of the query. */
const REGEX_CHARS = 8_000;

interface Way {
  /** Groups in batches of 50 with the most that their query may scan. */
  queries: { groups: LogGroup[]; maxBytes: Bytes }[];
  filter: LogGroup[];
  gaps: Gap[];
}

/** What a search of these groups would scan in one round. null: sizes of some are not known. */
export function searchBytes(groups: readonly LogGroup[], window: Span, now: number): Bytes | null {
  return groups.reduce<Bytes | null>((sum, group) => {
    const bytes = bytesInWindow(group, window, now);
    return sum === null || (bytes === null && group.storedBytes !== 0) ? null : sum + (bytes ?? 0);
  }, 0);
}

/** Smallest groups into queries as long as the price fits, the rest to FilterLogEvents, which reads only class STANDARD. */
function wayOf(api: AwsApi, ctx: Context, groups: readonly LogGroup[], window: Span, maxUsd: Usd, rounds: number): Way {
  const now = ctx.clock.now();
  const { usdPerByte } = insightsPrice(api.region);
  const maxBytes = maxUsd / usdPerByte / Math.max(1, rounds);
  const sized = groups.map((group) => ({ group, bytes: bytesInWindow(group, window, now) ?? 0 })).toSorted((a, b) => a.bytes - b.bytes);
  const inQueries: LogGroup[] = [];
  const way: Way = { queries: [], filter: [], gaps: [] };
  const tooDear: string[] = [];
  let bytes = 0;
  for (const one of sized) {
    if (one.group.class === "DELIVERY")
      way.gaps.push(gap(api, "log search", `log group ${one.group.name}: class DELIVERY cannot be searched`, window));
    else if (maxUsd > 0 && bytes + one.bytes <= maxBytes) {
      inQueries.push(one.group);
      bytes += one.bytes;
    } else if ((one.group.class ?? "STANDARD") !== "STANDARD") tooDear.push(one.group.name);
    else if (filterCalls(one.bytes) <= MAX_PAGES) way.filter.push(one.group);
    else tooDear.push(one.group.name);
  }
  if (tooDear.length > 0)
    way.gaps.push(
      gap(api, "log search", `not searched: the price of a query does not fit into --max-query-usd: ${someOf(tooDear)}`, window),
    );
  const count = Math.ceil(inQueries.length / GROUPS_PER_QUERY);
  // sizes are estimates: each query may scan its part of what is left over as well
  for (let i = 0; i < count; i++)
    way.queries.push({ groups: inQueries.slice(i * GROUPS_PER_QUERY, (i + 1) * GROUPS_PER_QUERY), maxBytes: maxBytes / count });
  return way;
}

/** Records of the lines, with gaps for what could not be searched. `leftUsd`: what this search, logs and traces, may still cost. */
export async function* searchLogs(
  api: AwsApi,
  ctx: Context,
  groups: readonly LogGroup[],
  terms: readonly SearchTerm[],
  window: Span,
  leftUsd: () => Usd,
): AsyncGenerator<Rec[]> {
  if (terms.length === 0 || groups.length === 0) return;
  const { asked, tooLong } = portions(terms, REGEX_CHARS, charsInRegex);
  const way = wayOf(api, ctx, groups, window, leftUsd(), asked.length);
  if (way.gaps.length > 0) yield way.gaps;
  const gaps: Gap[] = [];
  if (way.queries.length > 0) tellTooLong(api, tooLong, "a query", REGEX_CHARS, window, gaps);
  let bytes = 0;
  const onEnd = (scannedBytes: Bytes): void => void (bytes += scannedBytes);
  const sources = [
    ...way.queries.flatMap((one) => asked.map((some) => () => queried(api, ctx, { ...one, leftUsd }, some, window, gaps, onEnd))),
    ...way.filter.map((group) => () => filtered(api, group, terms, window, gaps)),
  ];
  const functions = new Map(groups.map((group) => [group.name, group.functions]));
  const reader = lineReader(api, ctx.keys, "log search", functions);
  const alone: LogLine[] = [];
  for await (const page of merged(lanes(sources, AT_A_TIME))) {
    ctx.signal.throwIfAborted();
    const own: LogLine[] = [];
    for (const line of page) if (holdsTerm(line.message, terms)) (isWhole(line, terms) ? own : alone).push(line);
    const records = reader.read(own);
    if (records.length > 0) yield records;
  }
  yield reader.end();
  yield* contextOf(api, ctx, alone, groups, window);
  if (bytes > 0) ctx.host.note(`log search: ${scanned(bytes, insightsPrice(api.region))}`);
  if (gaps.length > 0) yield gaps;
}

/**
 * False: a line that means nothing without others. One that names no request would be taken for the invocation before it in its stream;
 * an event of an execution is part of a history.
 */
function isWhole(line: LogLine, terms: readonly SearchTerm[]): boolean {
  const execution = executionOf(line);
  if (execution !== null) return terms.some((term) => term.text === execution);
  const { kind, requestId } = parsePlatformLine(line.message);
  return requestId !== null || kind !== "function";
}

/** Sources, at most `count` at a time, each lane one after the other. */
function lanes(sources: readonly (() => AsyncGenerator<LogLine[]>)[], count: number): AsyncGenerator<LogLine[]>[] {
  let next = 0;
  return Array.from({ length: Math.min(count, sources.length) }, async function* () {
    while (next < sources.length) yield* sources[next++]!();
  });
}

async function* queried(
  api: AwsApi,
  ctx: Context,
  { groups, maxBytes, leftUsd }: Way["queries"][number] & { leftUsd: () => Usd },
  terms: readonly SearchTerm[],
  window: Span,
  gaps: Gap[],
  onEnd: (bytes: Bytes) => void,
): AsyncGenerator<LogLine[]> {
  const texts = terms.map((term) => term.text);
  const names = groups.map((group) => group.name);
  try {
    const end = yield* query(api, ctx, {
      groups: names,
      window,
      filter: `@message like ${anyTermRegex(
        texts,
        terms.some((term) => term.anyCase),
      )}`,
      maxBytes,
      leftUsd,
      maxRows: MAX_ROWS,
    });
    onEnd(end.bytesScanned);
    if (end.cutAt !== null) gaps.push(tooMany(api, end.cutAt, window));
  } catch (error) {
    if (error instanceof BudgetError) return void gaps.push(gap(api, "log search", error.message, window));
    if (!(error instanceof AwsError) || error.kind === "credentials") throw error;
    // a group that is gone fails the whole query, and the answer names it only in words
    if (error.kind === "not-found" && groups.length > 1) {
      const half = Math.ceil(groups.length / 2);
      for (const part of [groups.slice(0, half), groups.slice(half)])
        yield* queried(api, ctx, { groups: part, maxBytes: maxBytes / 2, leftUsd }, terms, window, gaps, onEnd);
    } else if (error.kind === "not-found") gaps.push(gapOf(api, error, `log search in ${names[0]}`, window));
    else if (error.api === "logs:StartQuery" || error.kind === "denied") {
      tellOnce(gaps, gap(api, "log search", `${reasonOf(error)}; FilterLogEvents was used instead`, window));
      for (const group of groups) yield* filtered(api, group, terms, window, gaps);
    } else gaps.push(gapOf(api, error, `log search in ${someOf(names)}`, window));
  }
}

/** Over all of the window: a chain that ends where the lines were cut would look whole beside a gap that begins there. */
function tooMany(api: AwsApi, cutAt: EpochMs, window: Span): Gap {
  const why = `more than ${MAX_ROWS} lines hold one of the IDs; those after ${new Date(cutAt).toISOString()} were not read`;
  return gap(api, "log search", why, window);
}

async function* filtered(api: AwsApi, group: LogGroup, terms: readonly SearchTerm[], window: Span, gaps: Gap[]): AsyncGenerator<LogLine[]> {
  try {
    const { asked, tooLong } = portions(terms, MAX_PATTERN_CHARS, charsInPattern);
    tellTooLong(api, tooLong, "a filter pattern", MAX_PATTERN_CHARS, window, gaps);
    for (const some of asked) {
      const pattern = anyTermPattern(some.map((term) => term.text));
      let rows = 0;
      for await (const page of filterLines(api, group.name, window, { pattern, maxPages: MAX_PAGES })) {
        // some servers answer with every line
        const lines = page.filter((line) => holdsTerm(line.message, some));
        rows += lines.length;
        if (rows > MAX_ROWS) {
          yield lines.slice(0, lines.length - (rows - MAX_ROWS));
          gaps.push(tooMany(api, lines[lines.length - (rows - MAX_ROWS)]!.at, window));
          break;
        }
        yield lines;
      }
    }
  } catch (error) {
    tellOnce(gaps, gapOf(api, error, "log search", window));
  }
}

/** `holder`: what cannot hold terms of that length. */
function tellTooLong(api: AwsApi, terms: readonly SearchTerm[], holder: string, maxChars: number, window: Span, gaps: Gap[]): void {
  if (terms.length === 0) return;
  const [{ text }] = terms.toSorted((a, b) => b.text.length - a.text.length) as [SearchTerm];
  const named = `${text.slice(0, 40)}… (${text.length} characters${terms.length > 1 ? `, and ${terms.length - 1} more` : ""})`;
  tellOnce(
    gaps,
    gap(api, "log search", `not searched for, since ${holder} takes ${maxChars} characters: an ID written as ${named}`, window),
  );
}

/** The same reason for many groups is told once. */
function tellOnce(gaps: Gap[], one: Gap): void {
  if (!gaps.some((other) => other.what === one.what && other.why === one.why)) gaps.push(one);
}
