/**
 * Rows of Application Insights of a window: what is to be read of which workspace (`plan`), and the records it gives (`run`). Runs, the
 * host's lines about them and exceptions are read by one reader, since each knows what the others do not; calls to others (dependencies)
 * are traces. The records are those that an export of the same rows gives.
 */
import type { Gap, Json, Rec } from "../../model/records.ts";
import type { Ms } from "../../model/units.ts";
import type { CollectPlan, CollectRequest, CollectTask, LiveContext, Signal, Span } from "../room.ts";
import { type AzureApi, AzureError, type LogsAnswer } from "./api.ts";
import { planPaid, runPaid } from "./collect-paid.ts";
import type { Table } from "./kql-tables.ts";
import { type AppScope, type Lines, rowsKql } from "./kql-queries.ts";
import { gap, gapOf } from "./live-gaps.ts";
import { type Sizes, sizesOf } from "./log-plans.ts";
import { isFree, type LogSource, retentionDaysOf } from "./log-sources.ts";
import { logTables } from "./log-tables.ts";
import { type Detail, type Part, type Scope, tasksOf, titleOf } from "./log-tasks.ts";
import { ask, MAX_ROWS, NOTHING, recordsOf } from "./log-window.ts";
import { liveReader } from "./read-live.ts";
import { meansNothing } from "./target-scope.ts";

const DAY_MS: Ms = 86_400_000;
/**
 * Rows arrive 2 to 5 minutes late: https://learn.microsoft.com/azure/azure-monitor/logs/data-ingestion-time. Younger ones are read, but
 * under a name of their own, so that they are read again by the next run.
 */
const LATE_MS: Ms = 300_000;
const NEWEST = " (newest)";

/** Exceptions first: a failed run that comes after its reason need not be held. */
const LOG_TABLES: { readonly [lines in Lines]: readonly Table[] } = {
  platform: ["exceptions", "hostlogs", "traces", "requests"],
  all: ["exceptions", "events", "hostlogs", "traces", "requests"],
};

/** Tasks for logs and traces, as the request wants them. Asks what is free to ask: how much there is. `maxUsd`: left for paid tables. */
export async function planRows(
  api: AzureApi,
  ctx: LiveContext,
  scope: Scope,
  request: CollectRequest,
  missing: (source: string, window: Span) => Span[],
): Promise<CollectPlan> {
  const plan: CollectPlan = { tasks: [], gaps: [] };
  if (meansNothing(scope.apps)) return plan;
  let leftUsd = request.maxQueryUsd;
  for (const source of scope.sources) {
    plan.gaps.push(...goneGaps(api, ctx, source, request));
    for (const part of partsOf(api, source, scope.narrowed, request)) {
      const free = { ...part, tables: part.tables.filter((table) => isFree(source, table)) };
      if (free.tables.length > 0) await planFree(api, ctx, scope.apps, free, request, missing, plan);
      for (const table of part.tables.filter((one) => !isFree(source, one))) {
        const paid = { ...part, tables: [table], name: `${part.name}#${table}`, heldAs: part.heldAs.map((name) => `${name}#${table}`) };
        const planned = await planPaid(api, ctx, scope.apps, paid, request, unheld(paid, request.window, missing), leftUsd);
        plan.tasks.push(...planned.tasks);
        plan.gaps.push(...planned.gaps);
        for (const task of planned.tasks) leftUsd -= task.estimate.usd ?? 0;
      }
    }
  }
  return plan;
}

function partsOf(api: AzureApi, source: LogSource, narrowed: string, request: CollectRequest): Part[] {
  const prefix = `azure/${api.subscription}`;
  const names = (kind: string): string[] => [
    ...new Set([`${prefix}/${kind}/${source.resource}`, `${prefix}/${kind}/${source.resource}${narrowed}`]),
  ];
  const part = (kind: string, signal: Signal, lines: Lines, tables: readonly Table[], alsoIn: readonly string[] = []): Part => {
    const own = names(kind);
    return { source, signal, lines, tables: [...tables], name: own.at(-1)!, heldAs: [...alsoIn.flatMap(names), ...own] };
  };
  const parts: Part[] = [];
  const wanted = new Set(request.signals);
  if (wanted.has("logs")) {
    const { logs } = request;
    // the platform's lines are among all lines
    parts.push(part(`logs/${logs}`, "logs", logs, LOG_TABLES[logs], logs === "platform" ? ["logs/all"] : []));
  }
  if (wanted.has("traces")) {
    parts.push(part("traces", "traces", "all", ["dependencies"]));
    // requests come with the logs
    if (!wanted.has("logs")) parts.push(part("requests", "traces", "all", ["requests"], ["logs/all", "logs/platform"]));
  }
  return parts;
}

function unheld(part: Pick<Part, "heldAs">, window: Span, missing: (source: string, window: Span) => Span[]): Span[] {
  return part.heldAs.reduce((spans, name) => spans.flatMap((span) => missing(name, span)), [window]);
}

async function planFree(
  api: AzureApi,
  ctx: LiveContext,
  apps: AppScope,
  part: Part,
  request: CollectRequest,
  missing: (source: string, window: Span) => Span[],
  plan: CollectPlan,
): Promise<void> {
  const { source, lines, tables } = part;
  const spans = unheld(part, request.window, missing);
  if (spans.length === 0) return;
  const hull = { from: spans[0]!.from, to: spans.at(-1)!.to };
  let sizes: Sizes | null = null;
  try {
    sizes = await sizesOf(api, ctx, source, tables, { dialect: source.dialect, scope: apps, window: hull }, lines);
  } catch (error) {
    const refused = error instanceof AzureError && (error.kind === "denied" || error.kind === "not-found" || error.kind === "unsupported");
    if (!(error instanceof AzureError) || error.kind === "credentials") throw error;
    if (refused) return void plan.gaps.push(gapOf(api, error, `${part.signal} of ${source.name}`, request.window));
  }
  if (sizes !== null && sizes.items > sizes.rows)
    ctx.host.note(`${source.name}: ${sizes.rows} rows stand for ${sizes.items} (sampling); figures count what they stand for`);
  const late = ctx.clock.now() - LATE_MS;
  for (const span of spans) {
    const settled = { from: span.from, to: Math.min(span.to, Math.max(span.from, late)) };
    plan.tasks.push(...tasksOf(part, part.name, apps, settled, sizes, ctx.requestsPerS));
    plan.tasks.push(...tasksOf(part, part.name + NEWEST, apps, { from: settled.to, to: span.to }, sizes, ctx.requestsPerS));
  }
}

/** Tables that are kept for less than the window. */
function goneGaps(api: AzureApi, ctx: LiveContext, source: LogSource, request: CollectRequest): Gap[] {
  const now = ctx.clock.now();
  const wanted = new Set(request.signals);
  const tables: Table[] = [
    ...(wanted.has("logs") ? LOG_TABLES[request.logs] : []),
    ...(wanted.has("traces") ? (["dependencies"] as const) : []),
  ];
  const short = new Map<number, Table[]>();
  for (const table of tables) {
    const kept = retentionDaysOf(source, table);
    if (kept !== null && request.window.from < now - kept * DAY_MS) short.set(kept, [...(short.get(kept) ?? []), table]);
  }
  return [...short].map(([kept, some]) =>
    gap(
      api,
      wanted.has("logs") ? "logs" : "traces",
      `kept for less than the window, older rows are gone: ${titleOf(source, some)} (${kept} d)`,
      {
        from: request.window.from,
        to: Math.min(request.window.to, now - kept * DAY_MS),
      },
    ),
  );
}

/** The records of a task of `planRows`, page by page. What cannot be read whole is a gap among them. Throws AzureError, BudgetError. */
export async function* runRows(api: AzureApi, ctx: LiveContext, task: CollectTask): AsyncGenerator<Rec[]> {
  const detail = task.detail as unknown as Detail;
  if (detail.paid !== null) return yield* runPaid(api, ctx, task, detail);
  const { source, apps, lines, queries } = detail;
  const reader = liveReader(api, logTables, ctx.keys, task.source);
  for (const { table, windows } of queries) {
    const query = async (window: Span): Promise<LogsAnswer> => {
      const kql = rowsKql(table, { dialect: source.dialect, scope: apps, window }, lines, MAX_ROWS);
      return kql === null ? NOTHING : ask(api, ctx, { scope: source.scope, kql, span: window });
    };
    const reading = { what: titleOf(source, [table]), windows, query };
    yield* recordsOf(api, ctx, reading, (tables) => reader.read({ tables: tables as unknown as Json[] }));
  }
  const rest = reader.end();
  if (rest.length > 0) yield rest;
}
