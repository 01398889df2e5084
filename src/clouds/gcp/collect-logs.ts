/**
 * Log lines of a window. `entries.list` is free, but may be called 60 times a minute by everybody in the project together, so one call reads the
 * lines of all services at once, and what is read with a filter of functions is asked for all of them together.
 */
import type { Config, Gap, Json, Rec } from "../../model/records.ts";
import type { EpochMs, Ms } from "../../model/units.ts";
import { filterName } from "../kit/function-scope.ts";
import type { CollectRequest, CollectTask, LiveContext, Span, Target } from "../room.ts";
import type { GcpApi } from "./api.ts";
import { gap } from "./live-gaps.ts";
import { entryPages, entryReader, PAGE_ENTRIES, secondsOf } from "./log-entries.ts";
import { lineFilters, type LoggedAs, type LogScope } from "./log-filter.ts";
import { entriesIn, entryCounts, type EntryCount, entrySlices } from "./log-sizes.ts";
import { keyOf, regionName, servicesOf } from "./target-scope.ts";

const DAY_MS: Ms = 86_400_000;
/** Entries of a task: 20 calls, what a kill makes one read again, and what is held while requests are joined with their lines. */
const ENTRIES_PER_TASK = 20 * PAGE_ENTRIES;
/** A slice has no more pages than this, unless many more are expected. */
const MAX_PAGES = 10_000;
/** A request may last so long: https://cloud.google.com/run/docs/configuring/request-timeout */
const LONGEST_REQUEST_MS: Ms = 3_600_000;
/** Lines around a slice that are read with it, so that requests on its edges are joined with theirs; of short slices a twentieth. */
const MARGIN_MS: Ms = 60_000;

/** What a task remembers between `plan` and `run`. */
interface Detail {
  lines: CollectRequest["logs"];
  services: LoggedAs[] | null;
  locations: string[];
  /** See `Asked.lateFrom`: the first slice of what is not held reads on where an earlier run could not yet. */
  lateFrom: EpochMs | null;
}

/** Tasks for what is not held of the window. `configs`: those that the target means. */
export async function planLogs(
  api: GcpApi,
  target: Target,
  context: LiveContext,
  configs: readonly Config[],
  request: CollectRequest,
  missing: (source: string, window: Span) => Span[],
): Promise<{ tasks: CollectTask[]; gaps: Gap[] }> {
  const { kept, gaps } = keptWindow(api, configs, request.window, context.clock.now());
  if (kept === null) return { tasks: [], gaps };
  const services = servicesOf(configs);
  const parts =
    filterName(target) === ""
      ? wholeParts(api, target, request.logs, (names) => unread(names, kept, missing))
      : namedParts(api, target, services, request.logs, (names) => unread(names, kept, missing));
  const spans = parts.flatMap((part) => part.spans);
  if (spans.length === 0) return { tasks: [], gaps };
  const scope = scopeOf(api, target, filterName(target) === "" ? null : services);
  const bounds = { from: Math.min(...spans.map((one) => one.from)), to: Math.max(...spans.map((one) => one.to)) };
  const counts = await entryCounts(api, scope, request, bounds);
  const longestMs = longestRequestMs(configs);
  return { tasks: parts.flatMap((part) => tasksOf(part, scope, request.logs, counts, longestMs, context.requestsPerS)), gaps };
}

/** What is not held of some sources, with whose lines they are. */
interface Part {
  sources: string[];
  /** null: of all. */
  services: LoggedAs[] | null;
  spans: Span[];
}

function sourceName(api: GcpApi, lines: CollectRequest["logs"], rest: string): string {
  return `gcp/${api.project}/logs/${lines}${rest}`;
}

/** Sources that hold these lines: the platform's are among all lines. */
function heldAs(api: GcpApi, lines: CollectRequest["logs"], rests: readonly string[]): string[] {
  const ways = lines === "all" ? ["all" as const] : ["all" as const, lines];
  return ways.flatMap((way) => rests.map((rest) => sourceName(api, way, rest)));
}

function unread(names: readonly string[], window: Span, missing: (source: string, window: Span) => Span[]): Span[] {
  return [...new Set(names)].reduce<Span[]>((spans, name) => spans.flatMap((span) => missing(name, span)), [window]);
}

/** Without a filter of functions: everything that functions of the project log, whether the inventory names them or not. */
function wholeParts(api: GcpApi, target: Target, lines: CollectRequest["logs"], spansOf: (names: readonly string[]) => Span[]): Part[] {
  const regions = regionName(target);
  const spans = spansOf(heldAs(api, lines, ["", regions]));
  return spans.length === 0 ? [] : [{ sources: [sourceName(api, lines, regions)], services: null, spans }];
}

/** Each named function is a source of its own; those of which the same is missing are read together. */
function namedParts(
  api: GcpApi,
  target: Target,
  services: readonly LoggedAs[],
  lines: CollectRequest["logs"],
  spansOf: (names: readonly string[]) => Span[],
): Part[] {
  const parts = new Map<string, Part>();
  for (const service of services) {
    const own = ` of ${keyOf(service)}`;
    const spans = spansOf(heldAs(api, lines, ["", regionName(target), own]));
    if (spans.length === 0) continue;
    const key = JSON.stringify(spans);
    const part = parts.get(key) ?? { sources: [], services: [], spans };
    part.sources.push(sourceName(api, lines, own));
    part.services!.push(service);
    parts.set(key, part);
  }
  return [...parts.values()];
}

function scopeOf(api: GcpApi, target: Pick<Target, "regions">, services: LoggedAs[] | null): LogScope {
  return { project: api.project, services, locations: [...(target.regions ?? [])] };
}

function tasksOf(
  part: Part,
  scope: LogScope,
  lines: CollectRequest["logs"],
  counts: readonly EntryCount[] | null,
  longestMs: Ms,
  requestsPerS: number | null,
): CollectTask[] {
  const [source, ...alsoCovers] = part.sources as [string, ...string[]];
  const filters = lineFilters({ ...scope, services: part.services }, part.spans[0]!, { lines, lateFrom: null }).length;
  return part.spans.flatMap((span) =>
    (counts === null ? days(span) : entrySlices(counts, span, ENTRIES_PER_TASK)).map((window): CollectTask => {
      const detail: Detail = {
        lines,
        services: part.services,
        locations: [...scope.locations],
        lateFrom: window.from === span.from ? span.from - longestMs : null,
      };
      const calls = counts === null ? null : filters + Math.floor(entriesIn(counts, window) / PAGE_ENTRIES);
      return {
        source,
        ...(alsoCovers.length === 0 ? {} : { alsoCovers }),
        signal: "logs",
        title: `logs of ${part.services === null ? scope.project : `${part.services.length} functions of ${scope.project}`}`,
        via: "entries.list",
        window,
        estimate: { calls, seconds: calls === null ? null : secondsOf(calls, requestsPerS), usd: 0, bytes: null },
        detail: detail as unknown as Json,
      };
    }),
  );
}

/** A window cut at UTC days. */
function days({ from, to }: Span): Span[] {
  const found: Span[] = [];
  for (let at = from; at < to; at = found.at(-1)!.to) found.push({ from: at, to: Math.min(to, (Math.floor(at / DAY_MS) + 1) * DAY_MS) });
  return found;
}

/** How long after its beginning the entry of a request may come: the longest time limit among the functions, where all tell theirs. */
function longestRequestMs(configs: readonly Config[]): Ms {
  const limits = configs.filter((one) => one.kind === "function").map((one) => one.settings["timeoutS"]);
  const known = limits.filter((limit) => typeof limit === "number");
  return limits.length === 0 || known.length < limits.length
    ? LONGEST_REQUEST_MS
    : Math.min(LONGEST_REQUEST_MS, Math.max(0, ...known) * 1000);
}

/** What is still kept of the window, where the inventory tells for how long the project's bucket `_Default` keeps entries; null: nothing. */
function keptWindow(api: GcpApi, configs: readonly Config[], window: Span, now: EpochMs): { kept: Span | null; gaps: Gap[] } {
  const bucket = configs.find((one) => one.kind === "log-group" && one.name === "_Default");
  const retentionD = bucket?.settings["retentionD"];
  const from = typeof retentionD === "number" ? Math.max(window.from, now - retentionD * DAY_MS) : window.from;
  if (from === window.from) return { kept: window, gaps: [] };
  const why = `kept for less than the window, older lines are gone: _Default (${retentionD} d)`;
  const gone = gap(api, "logs", why, { from: window.from, to: Math.min(from, window.to) });
  return { kept: from < window.to ? { from, to: window.to } : null, gaps: [gone] };
}

/** The records of a task of `planLogs`. A request comes with its lines when a slice was read to its end. */
export async function* runLogs(api: GcpApi, context: LiveContext, task: CollectTask): AsyncGenerator<Rec[]> {
  const { lines, services, locations, lateFrom } = task.detail as unknown as Detail;
  const { from, to } = task.window;
  const marginMs = Math.min(MARGIN_MS, Math.floor((to - from) / 20));
  const around = { from: from - marginMs, to: to + marginMs };
  const scope = { project: api.project, services, locations };
  const maxPages = Math.max(MAX_PAGES, 20 * (task.estimate.calls ?? 0));
  for (const filter of lineFilters(scope, around, { lines, lateFrom })) {
    const reader = entryReader(api, context.keys, task.source);
    for await (const entries of entryPages(api, filter, { maxPages })) {
      context.signal.throwIfAborted();
      const records = reader.read(entries).filter((record) => isOf(record, task.window, lines));
      if (records.length > 0) yield records;
    }
    const rest = reader.end().filter((record) => isOf(record, task.window, lines));
    if (rest.length > 0) yield rest;
  }
}

/** Whether a record belongs to the slice, and is no line around it: a run that has a part of its time in it does, with its own line. */
function isOf(record: Rec, { from, to }: Span, lines: CollectRequest["logs"]): boolean {
  switch (record.type) {
    case "invocation":
      return record.startedAt < to && Math.max(record.startedAt, record.endedAt ?? record.startedAt) >= from;
    case "log":
      if (lines === "platform" && record.kind === "function") return false;
      return record.at < to && (record.at >= from || (record.kind === "platform" && record.requestId !== null));
    case "message":
      return lines === "all" && record.at >= from && record.at < to;
    default:
      return true;
  }
}
