/** Log lines of a window: which calls read which groups (`plan`), and the records they give (`run`). */
import type { Config, Gap, Rec } from "../../model/records.ts";
import type { Bytes } from "../../model/units.ts";
import type { CollectRequest, CollectTask, LiveContext, Span } from "../room.ts";
import { type AwsApi, AwsError } from "./api.ts";
import { ingestedBytes, type LogSizes } from "./log-sizes.ts";
import { readAll } from "./log-query.ts";
import { gap, gapOf, reasonOf } from "./live-gaps.ts";
import * as calls from "./log-calls.ts";
import { type LogGroup, logGroupsOf, someOf } from "./log-groups.ts";
import { filterLines, lineReader, type LogLine } from "./log-lines.ts";
import { type Detail, filterTasks, insightsTasks, type Part, plus } from "./log-tasks.ts";
import { anyTermPattern, anyTermRegex, holdsAny, PLATFORM_TERMS } from "./log-terms.ts";
import { functionOfGroup } from "./names.ts";
import { spentTogetherUsd } from "../kit/spent.ts";

export type LogsContext = Pick<LiveContext, "host" | "signal" | "clock" | "keys" | "requestsPerS">;

/** A slice has no more pages than this, unless its group is so large that many more are expected. */
const MAX_PAGES = 10_000;

/**
 * Tasks for what is not held of the window; see `log-calls.ts` for the choice of the call. Pays at most for one look at sizes. `filter`: the
 * name of the target's filter of functions (`filterName`), which leaves out lines of groups that others write into as well.
 */
export async function planLogs(
  api: AwsApi,
  ctx: LogsContext,
  configs: readonly Config[],
  request: CollectRequest,
  missing: (source: string, window: Span) => Span[],
  filter = "",
): Promise<{ tasks: CollectTask[]; gaps: Gap[] }> {
  const { groups, gaps } = await logGroupsOf(api, configs);
  const now = ctx.clock.now();
  const source = (group: LogGroup): string => sourceName(api, request.logs, group.name + (isShared(group) ? filter : ""));
  const unread = (group: LogGroup, window: Span): Span[] =>
    [...heldBy(api, request.logs, group, source(group))].reduce((spans, name) => spans.flatMap((span) => missing(name, span)), [window]);
  const short: string[] = [];
  /** Until then lines of some group are gone. */
  let goneUntil = request.window.from;
  const parts: Part[] = [];
  for (const group of groups) {
    const window = keptWindow(group, request.window, now);
    if (window.from > request.window.from) short.push(`${group.name} (${group.retentionD} d)`);
    goneUntil = Math.max(goneUntil, Math.min(window.from, request.window.to));
    const spans = window.from >= window.to ? [] : unread(group, window);
    if (spans.length > 0) parts.push({ group, spans, bytes: null });
  }
  if (short.length > 0)
    gaps.push(
      gap(api, "logs", `kept for less than the window, older lines are gone: ${someOf(short)}`, {
        from: request.window.from,
        to: goneUntil,
      }),
    );
  if (parts.length === 0) return { tasks: [], gaps };

  const refused = await refusal(api, parts);
  const price = calls.insightsPrice(api.region);
  const means: calls.Means = {
    maxQueryUsd: request.maxQueryUsd,
    usdPerByte: price.usdPerByte,
    requestsPerS: ctx.requestsPerS,
    mayFilter: refused === null,
  };
  size(parts, (part, span) => calls.bytesInWindow(part.group, span, now));
  let choice = calls.chooseCalls(parts, means);
  // only now that queries are thought of, what they scan is worth a paid look: $0.01 per 1,000 groups
  const looked = await ingestedBytes(
    api,
    ctx,
    [...choice.insights, ...choice.tooDear].map((part) => part.group.name),
    request,
  );
  if (looked.sizes.size > 0) {
    means.maxQueryUsd -= looked.usd;
    size(parts, (part, span) => bytesOf(looked.sizes, part, span) ?? calls.bytesInWindow(part.group, span, now));
    choice = calls.chooseCalls(parts, means);
  }
  gaps.push(...choiceGaps(api, choice, request, refused));
  const order = { request, source, requestsPerS: ctx.requestsPerS };
  const tasks = [...choice.filter.flatMap((part) => filterTasks(part, order)), ...insightsTasks(choice, order, means)];
  return { tasks, gaps };
}

function sourceName(api: AwsApi, lines: CollectRequest["logs"], name: string): string {
  return `aws/${api.account}/${api.region}/logs/${lines}/${name}`;
}

/** False: a group of one function's own, or of state machines only. */
function isShared({ name, functions }: LogGroup): boolean {
  return functions.length > 0 && functionOfGroup(name) !== functions[0];
}

/** Sources that may hold the lines: the platform's are among all lines, those of some functions among those of the whole group. */
function heldBy(api: AwsApi, lines: CollectRequest["logs"], { name }: LogGroup, own: string): Set<string> {
  const ways = lines === "all" ? ["all" as const] : ["all" as const, lines];
  return new Set([...ways.map((way) => sourceName(api, way, name)), own]);
}

/** Lines older than the retention are gone, or about to be. */
function keptWindow(group: LogGroup, window: Span, now: number): Span {
  if (group.retentionD === null) return window;
  return { from: Math.max(window.from, now - group.retentionD * calls.DAY_MS), to: window.to };
}

function size(parts: readonly Part[], bytes: (part: Part, span: Span) => Bytes | null): void {
  for (const part of parts) part.bytes = part.spans.reduce<Bytes | null>((sum, span) => plus(sum, bytes(part, span)), 0);
}

function bytesOf(sizes: LogSizes, part: Part, span: Span): Bytes | null {
  const days = sizes.get(part.group.name);
  if (days === undefined) return null;
  return days.reduce((sum, day) => {
    const shared = Math.min(span.to, day.from + calls.DAY_MS) - Math.max(span.from, day.from);
    return shared <= 0 ? sum : sum + (day.bytes * shared) / calls.DAY_MS;
  }, 0);
}

/** Why FilterLogEvents may not be called at all, tried on three groups; null: it may. */
async function refusal(api: AwsApi, parts: readonly Part[]): Promise<AwsError | null> {
  const some = new Set([parts[0]!, parts[Math.floor(parts.length / 2)]!, parts.at(-1)!]);
  let refused: AwsError | null = null;
  for (const { group, spans } of some) {
    const at = spans[0]!.from;
    try {
      await api.call("logs:FilterLogEvents", { logGroupName: group.name, startTime: at, endTime: at, limit: 1 });
      return null;
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      if (error.kind !== "denied" && error.kind !== "unsupported") return null;
      refused = error;
    }
  }
  return refused;
}

function choiceGaps(api: AwsApi, choice: calls.Choice<Part>, request: CollectRequest, refused: AwsError | null): Gap[] {
  const gaps: Gap[] = [];
  const names = (parts: readonly Part[]): string => someOf(parts.map((part) => part.group.name).sort());
  if (choice.unreadable.length > 0)
    gaps.push(gap(api, "logs", `log groups of class DELIVERY cannot be read: ${names(choice.unreadable)}`, request.window));
  if (refused !== null) gaps.push(gap(api, "logs", reasonOf(refused), request.window));
  if (choice.tooDear.length > 0)
    gaps.push(
      gap(
        api,
        "logs",
        `only a Logs Insights query could read them, and its price is not known or does not fit into --max-query-usd ${request.maxQueryUsd}: ${names(choice.tooDear)}`,
        request.window,
      ),
    );
  return gaps;
}

/**
 * The records of a task of `planLogs`, page by page. A group that is gone has no lines, and a gap says so. Throws when it could not be read
 * to its end, or when its queries scan more than the price limit leaves them.
 */
export async function* runLogs(api: AwsApi, ctx: LogsContext, one: CollectTask): AsyncGenerator<Rec[]> {
  const detail = one.detail as unknown as Detail;
  const reader = lineReader(api, ctx.keys, one.source, new Map(detail.groups.map((g) => [g.name, g.functions])));
  const wanted = (line: LogLine): boolean => !detail.platform || holdsAny(line.message, PLATFORM_TERMS);
  const lines = detail.call === "filter" ? filtered(api, one, detail) : queried(api, ctx, one, detail);
  try {
    for await (const page of lines) {
      ctx.signal.throwIfAborted();
      const records = reader.read(page.filter(wanted));
      if (records.length > 0) yield records;
    }
  } catch (error) {
    if (!(error instanceof AwsError) || error.kind !== "not-found") throw error;
    yield [gapOf(api, error, `logs of ${detail.groups.map((g) => g.name).join(", ")}`, one.window)];
  }
  const rest = reader.end();
  if (rest.length > 0) yield rest;
}

function filtered(api: AwsApi, one: CollectTask, detail: Detail): AsyncIterable<LogLine[]> {
  const pattern = detail.pattern ? anyTermPattern(PLATFORM_TERMS) : null;
  return filterLines(api, detail.groups[0]!.name, one.window, { pattern, maxPages: Math.max(MAX_PAGES, 20 * (one.estimate.calls ?? 0)) });
}

async function* queried(api: AwsApi, ctx: LogsContext, one: CollectTask, detail: Detail): AsyncGenerator<LogLine[]> {
  const price = calls.insightsPrice(api.region);
  const groups = detail.groups.map((g) => g.name);
  const read = yield* readAll(api, ctx, {
    groups,
    window: one.window,
    filter: detail.platform ? `@message like ${anyTermRegex(PLATFORM_TERMS)}` : null,
    usdPerByte: price.usdPerByte,
    maxUsd: detail.maxUsd,
    leftUsd: () => detail.limitUsd - spentTogetherUsd(api),
    stepMs: detail.stepMs,
  });
  ctx.host.note(`${one.title}: ${calls.scanned(read.bytes, price)}`);
}
