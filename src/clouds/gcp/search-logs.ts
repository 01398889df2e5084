/**
 * Log entries that hold one of some IDs, and then everything of the traces and executions that they belong to: a line means little without the
 * request that wrote it, and whether the request log names it is known only when both were read. Reads are free, but only 60 calls a minute.
 */
import { type Id, traceIdOf } from "../../model/ids.ts";
import { type JsonObject, numberAt, objectAt, textAt } from "../../model/json.ts";
import type { Gap, Json, Rec } from "../../model/records.ts";
import { epochMsOf } from "../../model/times.ts";
import type { Ms } from "../../model/units.ts";
import { type SearchTerm, searchTerms } from "../kit/search-terms.ts";
import type { LiveContext, Span } from "../room.ts";
import type { GcpApi } from "./api.ts";
import { gap } from "./live-gaps.ts";
import { entryKey, entryPages, entryReader } from "./log-entries.ts";
import { executionIs, faultsOn, type LogScope, packed, quoted, SEARCH_CHARS, searchFilters, traceIs } from "./log-filter.ts";

type Context = Pick<LiveContext, "signal" | "keys" | "requestTimeoutMs">;

/** No index helps a search of texts: it may take so many times as long as another call, by default the minute that Google's own clients wait. */
const PATIENCE = 6;

/** Entries that are looked at: an ID that more of them hold identifies nothing. */
const MAX_ENTRIES = 10_000;
/** Pages of one filter, empty ones with them, after which the search gives up on it: two minutes at the quota. */
const MAX_PAGES = 120;
/** Traces and executions that one round reads whole. */
const MAX_WHOLE = 300;
/** Lines of a request may come so long before or after the one that was found. */
const AROUND_MS: Ms = 3_600_000;

/** The platform's reason may come so long after a request that failed. */
const FAULTS_LATE_MS: Ms = 10_000;
/** Instances that are asked about. */
const MAX_INSTANCES = 100;

/** A restriction that an ID gives. */
type Restriction = string;

/**
 * Restrictions that any entry with one of the IDs satisfies: the ID anywhere in the entry (text, fields, labels, URL: a search that no index
 * helps, but the only one that finds business IDs), and by indexed fields what an entry belongs to.
 */
export function restrictionsOf(project: string, ids: readonly Id[]): Restriction[] {
  const found = new Set<Restriction>();
  for (const id of ids) {
    const [trace, span] = id.kind === "request" ? id.value.split("/") : [];
    // the request log's own name of a request that names no execution: no entry holds it as one text
    if (span !== undefined && traceIdOf(trace!) !== null) found.add(traceIs(project, [traceIdOf(trace!)!]));
    else {
      for (const { text } of searchTerms([id])) found.add(quoted(text));
      if (id.kind === "trace") found.add(traceIs(project, [id.value]));
      if (id.kind === "request") found.add(executionIs([id.value]));
    }
  }
  return [...found];
}

/** Filters of one round: in parts where the IDs are many. */
export function searchFiltersOf(scope: LogScope, window: Span, restrictions: readonly Restriction[]): string[] {
  const parts = packed(restrictions, SEARCH_CHARS, (one) => one.length + " OR ".length);
  return parts.flatMap((some) => searchFilters(scope, window, some));
}

/** What earlier rounds of a search read whole: entries of it need not be read, or told, again. */
export type ReadWhole = Set<string>;

/** Records of the entries and of what they belong to, with gaps for what was not read. */
export async function* searchLogs(
  api: GcpApi,
  ctx: Context,
  scope: LogScope,
  ids: readonly Id[],
  window: Span,
  readWhole: ReadWhole,
): AsyncGenerator<Rec[]> {
  const restrictions = restrictionsOf(api.project, ids);
  if (restrictions.length === 0) return;
  const held = new Map<string, JsonObject>();
  const gaps: Gap[] = [];
  const terms = termsOf(ids);
  const isHit = (entry: JsonObject): boolean => holdsAny(entry, terms) && !readWhole.has(wholeOf(entry) ?? "");
  const found = await read(api, ctx, searchFiltersOf(scope, window, restrictions), held, isHit);
  if (!found)
    gaps.push(
      gap(api, "log search", `more than ${MAX_ENTRIES} entries hold one of the IDs, or it took too long; the rest was not read`, window),
    );
  const wholes = new Set([...held.values()].flatMap((entry) => wholeOf(entry) ?? []));
  const some = [...wholes].slice(0, MAX_WHOLE);
  if (some.length < wholes.size)
    gaps.push(gap(api, "log search", `one of the IDs is in ${wholes.size} traces and executions; ${MAX_WHOLE} were read whole`, window));
  const around = { from: window.from - AROUND_MS, to: window.to + AROUND_MS };
  const filters = searchFiltersOf(
    scope,
    around,
    some.map((whole) => (traceIdOf(whole) === null ? executionIs([whole]) : traceIs(api.project, [whole]))),
  );
  if (some.length > 0) {
    if (await read(api, ctx, filters, held, () => true)) for (const whole of some) readWhole.add(whole);
    else gaps.push(gap(api, "log search", `more than ${MAX_ENTRIES} entries belong to what holds the IDs; the rest was not read`, window));
  }
  yield* recordsOf(api, ctx, scope, held, gaps);
}

/** Records of entries, with what the platform says of the instances on which requests failed: an out-of-memory error names no request. */
async function* recordsOf(
  api: GcpApi,
  ctx: Context,
  scope: LogScope,
  held: Map<string, JsonObject>,
  gaps: readonly Gap[],
): AsyncGenerator<Rec[]> {
  const failed = [...held.values()].filter((entry) => (numberAt(objectAt(entry, "httpRequest") ?? {}, "status") ?? 0) >= 500);
  const times = failed.flatMap((entry) => [entry["timestamp"], entry["receiveTimestamp"]].flatMap((at) => epochMsOf(at) ?? []));
  const instances = new Set(failed.flatMap((entry) => textAt(objectAt(entry, "labels") ?? {}, "instanceId") ?? []));
  if (instances.size > 0 && times.length > 0) {
    const window = { from: Math.min(...times), to: Math.max(...times) + FAULTS_LATE_MS };
    const restrictions = [...instances].slice(0, MAX_INSTANCES).map((id) => faultsOn(api.project, [id]));
    await read(api, ctx, searchFiltersOf(scope, window, restrictions), held, () => true);
  }
  const reader = entryReader(api, ctx.keys, "log search");
  const records = [...reader.read([...held.values()]), ...reader.end(), ...gaps];
  if (records.length > 0) yield records;
}

/** Texts of which each hit holds one. */
function termsOf(ids: readonly Id[]): SearchTerm[] {
  const named = ids.map((id) => (id.kind === "request" && id.value.includes("/") ? { ...id, value: id.value.split("/")[0]! } : id));
  return searchTerms(named);
}

/**
 * True if the entry holds one of them by itself. The search finds parts of words as well (`ORD-7` in `ORD-77`), and some servers answer with
 * entries that were not asked for.
 */
function holdsAny(value: Json, terms: readonly SearchTerm[]): boolean {
  if (typeof value === "object" && value !== null) return Object.values(value).some((one) => holdsAny(one, terms));
  if (value === null) return false;
  const text = String(value);
  const lower = text.toLowerCase();
  return terms.some((term) => isIn(text, term.text) || (term.anyCase && isIn(lower, term.text)));
}

function isIn(text: string, term: string): boolean {
  for (let at = text.indexOf(term); at >= 0; at = text.indexOf(term, at + 1)) {
    // `\n` and the like before it are no letters
    const before = text.slice(Math.max(0, at - 2), at);
    if (!WORD_END.test(before) && !WORD_START.test(text.slice(at + term.length, at + term.length + 1))) return true;
  }
  return false;
}

const WORD_END = /(?<!\\)[\p{L}\p{N}]$/u;
const WORD_START = /^[\p{L}\p{N}]/u;

/** Trace or execution that an entry belongs to; null: neither. */
function wholeOf(entry: JsonObject): string | null {
  return traceIdOf(textAt(entry, "trace") ?? "") ?? textAt(objectAt(entry, "labels") ?? {}, "execution_id");
}

/** Adds entries that are wanted, each once; false: there are more. */
async function read(
  api: GcpApi,
  ctx: Context,
  filters: readonly string[],
  held: Map<string, JsonObject>,
  wanted: (entry: JsonObject) => boolean,
): Promise<boolean> {
  const most = held.size + MAX_ENTRIES;
  for (const filter of filters) {
    let pages = 0;
    for await (const entries of entryPages(api, filter, { maxPages: 2 * MAX_PAGES, timeoutMs: PATIENCE * ctx.requestTimeoutMs })) {
      ctx.signal.throwIfAborted();
      for (const entry of entries) if (wanted(entry)) held.set(entryKey(entry) ?? JSON.stringify(entry), entry);
      if (held.size >= most || ++pages >= MAX_PAGES) return false;
    }
  }
  return true;
}
