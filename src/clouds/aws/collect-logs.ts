/** Log lines of a window: which calls read which groups (`plan`), and the records they give (`run`). */
import type { Config, Gap, Json, Rec } from "../../model/records.ts";
import type { Bytes, Ms, Usd } from "../../model/units.ts";
import type { CollectRequest, CollectTask, LiveContext, Span } from "../room.ts";
import { type AwsApi, AwsError } from "./api.ts";
import { ingestedBytes, type LogSizes } from "./log-sizes.ts";
import { MAX_ROWS, readAll } from "./log-query.ts";
import { gap, gapOf, reasonOf } from "./live-gaps.ts";
import * as calls from "./log-calls.ts";
import { type LogGroup, logGroupsOf, someOf } from "./log-groups.ts";
import { filterLines, lineReader, type LogLine } from "./log-lines.ts";
import { anyTermPattern, anyTermRegex, holdsAny, PLATFORM_TERMS } from "./log-terms.ts";
import { spentUsd } from "./spent.ts";

export type LogsContext = Pick<LiveContext, "host" | "signal" | "clock" | "keys" | "requestsPerS">;

/** What a task remembers between `plan` and `run`. */
interface Detail {
  call: "filter" | "insights";
  groups: { name: string; functions: string[]; histories: boolean }[];
  /** Ask for the platform's lines only: with so few bytes that they fit into one page, a pattern would save nothing. */
  pattern: boolean;
  /** Keep the platform's lines only. */
  platform: boolean;
  /** Insights: first step, what all queries of the task may cost, and all paid calls of the session. */
  stepMs: Ms;
  maxUsd: Usd;
  limitUsd: Usd;
}

interface Part extends calls.Sized {
  bytes: Bytes | null;
  spans: Span[];
}

/** A slice of a group is worth so many calls: what a kill makes one read again. */
const CALLS_PER_TASK = 50;
/** Rows that are expected of one query at most, so that an uneven day still fits. */
const ROWS_PER_QUERY = 0.6 * MAX_ROWS;

const lengthMs = (spans: readonly Span[]): Ms => spans.reduce((sum, span) => sum + span.to - span.from, 0);

/** Tasks for what is not held of the window; see `log-calls.ts` for the choice of the call. Pays at most for one look at sizes. */
export async function planLogs(
  api: AwsApi,
  ctx: LogsContext,
  configs: readonly Config[],
  request: CollectRequest,
  missing: (source: string, window: Span) => Span[],
): Promise<{ tasks: CollectTask[]; gaps: Gap[] }> {
  const { groups, gaps } = await logGroupsOf(api, configs);
  const now = ctx.clock.now();
  const source = (name: string): string => `aws/${api.account}/${api.region}/logs/${request.logs}/${name}`;
  const short: string[] = [];
  const parts: Part[] = [];
  for (const group of groups) {
    const window = keptWindow(group, request.window, now);
    if (window.from > request.window.from) short.push(`${group.name} (${group.retentionD} d)`);
    const spans = window.from >= window.to ? [] : missing(source(group.name), window);
    if (spans.length > 0) parts.push({ group, spans, bytes: null });
  }
  if (short.length > 0)
    gaps.push(gap(api, "logs", `kept for less than the window, older lines are gone: ${someOf(short)}`, request.window));
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
  const tasks = [
    ...choice.filter.flatMap((part) => filterTasks(part, source, ctx, request)),
    ...insightsTasks(choice, source, ctx, request, means),
  ];
  return { tasks, gaps };
}

/** Lines older than the retention are gone, or about to be. */
function keptWindow(group: LogGroup, window: Span, now: number): Span {
  if (group.retentionD === null) return window;
  return { from: Math.max(window.from, now - group.retentionD * calls.DAY_MS), to: window.to };
}

function size(parts: readonly Part[], bytes: (part: Part, span: Span) => Bytes | null): void {
  for (const part of parts) part.bytes = part.spans.reduce<Bytes | null>((sum, span) => plus(sum, bytes(part, span)), 0);
}

const plus = (a: Bytes | null, b: Bytes | null): Bytes | null => (a === null || b === null ? null : a + b);

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

function filterTasks(part: Part, source: (name: string) => string, ctx: LogsContext, request: CollectRequest): CollectTask[] {
  const { group, bytes, spans } = part;
  return spans.flatMap((span) => {
    const share = bytes === null ? null : (bytes * (span.to - span.from)) / lengthMs(spans);
    const slices = calls.daySlices(span, share === null ? 1 : share / calls.PAGE_BYTES, CALLS_PER_TASK);
    return slices.map((window) => {
      const sliceBytes = share === null ? null : (share * (window.to - window.from)) / (span.to - span.from);
      const platform = request.logs === "platform" && !group.histories;
      const detail: Detail = {
        call: "filter",
        groups: [shortOf(group)],
        pattern: platform && sliceBytes !== null && sliceBytes > calls.PAGE_BYTES,
        platform,
        stepMs: 0,
        maxUsd: 0,
        limitUsd: 0,
      };
      return task(
        source(group.name),
        [],
        `logs of ${titleOf([group])}`,
        window,
        calls.filterEstimate(sliceBytes, ctx.requestsPerS),
        detail,
      );
    });
  });
}

function insightsTasks(
  choice: calls.Choice<Part>,
  source: (name: string) => string,
  ctx: LogsContext,
  request: CollectRequest,
  means: calls.Means,
): CollectTask[] {
  const total = choice.insights.reduce((sum, part) => sum + (part.bytes ?? 0), 0);
  const unknown = choice.insights.filter((part) => part.bytes === null).length;
  return batches(choice.insights, request.logs).flatMap((batch) => {
    const groups = batch.map((part) => part.group);
    const bytes = batch.reduce<Bytes | null>((sum, part) => plus(sum, part.bytes), 0);
    // every task may use its part of the whole limit: what was estimated too low somewhere is stopped there
    const share = total > 0 && unknown === 0 ? (bytes ?? 0) / total : batch.length / choice.insights.length;
    const spans = batch[0]!.spans;
    const rows = calls.rowsOf(bytes ?? 0, request.logs);
    return spans
      .flatMap((span) => calls.daySlices(span, (rows * (span.to - span.from)) / lengthMs(spans), ROWS_PER_QUERY))
      .map((window) => {
        const part = (window.to - window.from) / lengthMs(spans);
        const detail: Detail = {
          call: "insights",
          groups: groups.map(shortOf),
          pattern: true,
          platform: request.logs === "platform",
          stepMs: Math.ceil((window.to - window.from) / Math.max(1, (rows * part) / ROWS_PER_QUERY)),
          maxUsd: means.maxQueryUsd * share * part,
          limitUsd: request.maxQueryUsd,
        };
        const [first, ...others] = groups.map((group) => source(group.name));
        const estimate = calls.insightsEstimate(
          bytes === null ? null : bytes * part,
          groups.length,
          means.usdPerByte,
          ctx.requestsPerS,
          request.logs,
        );
        return task(first!, others, `logs of ${titleOf(groups)}`, window, estimate, detail);
      });
  });
}

/** Groups of which the same is missing, 50 at a time, and no more than fill a query with one day's rows. */
function batches(parts: readonly Part[], lines: CollectRequest["logs"]): Part[][] {
  const found: Part[][] = [];
  const open = new Map<string, { batch: Part[]; rowsPerDay: number }>();
  for (const part of parts) {
    const key = JSON.stringify([part.spans, part.group.histories]);
    const rowsPerDay = calls.rowsOf(part.bytes ?? 0, lines) / (lengthMs(part.spans) / calls.DAY_MS);
    let last = open.get(key);
    if (last === undefined || last.batch.length >= calls.GROUPS_PER_QUERY || last.rowsPerDay + rowsPerDay > ROWS_PER_QUERY) {
      open.set(key, (last = { batch: [], rowsPerDay: 0 }));
      found.push(last.batch);
    }
    last.batch.push(part);
    last.rowsPerDay += rowsPerDay;
  }
  return found;
}

const shortOf = ({ name, functions, histories }: LogGroup): Detail["groups"][number] => ({ name, functions, histories });

const titleOf = (groups: readonly LogGroup[]): string => someOf(groups.map((g) => g.functions[0] ?? g.name));

function task(
  source: string,
  alsoCovers: string[],
  title: string,
  window: Span,
  estimate: CollectTask["estimate"],
  detail: Detail,
): CollectTask {
  const via = detail.call === "filter" ? "FilterLogEvents" : "Logs Insights";
  const covers = alsoCovers.length === 0 ? {} : { alsoCovers };
  return { source, ...covers, signal: "logs", title, via, window, estimate, detail: detail as unknown as Json };
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
  return filterLines(api, detail.groups[0]!.name, one.window, { pattern: detail.pattern ? anyTermPattern(PLATFORM_TERMS) : null });
}

async function* queried(api: AwsApi, ctx: LogsContext, one: CollectTask, detail: Detail): AsyncGenerator<LogLine[]> {
  const price = calls.insightsPrice(api.region);
  const groups = detail.groups.map((g) => g.name);
  const read = yield* readAll(api, ctx, {
    groups,
    window: one.window,
    filter: detail.platform && !detail.groups[0]!.histories ? `@message like ${anyTermRegex(PLATFORM_TERMS)}` : null,
    usdPerByte: price.usdPerByte,
    maxUsd: Math.min(detail.maxUsd, detail.limitUsd - spentUsd(api)),
    stepMs: detail.stepMs,
  });
  ctx.host.note(`${one.title}: ${calls.scanned(read.bytes, price)}`);
}
