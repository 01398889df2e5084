/**
 * Traces of Cloud Trace, by its API v1, the only one that reads. Cloud Run records a sample (a request in ten seconds and instance), so that
 * nothing may be counted from traces. Reads are free. https://cloud.google.com/trace/docs/reference/v1/rest/v1/projects.traces
 */
import { arrayAt, type JsonObject } from "../../model/json.ts";
import type { Gap, Rec } from "../../model/records.ts";
import type { Ms } from "../../model/units.ts";
import { concurrently } from "../kit/concurrent.ts";
import type { CollectPlan, CollectRequest, CollectTask, LiveContext, Span } from "../room.ts";
import { type GcpApi, GcpError } from "./api.ts";
import { traces } from "./formats.ts";
import { gap } from "./live-gaps.ts";
import type { LiveReader } from "../kit/read-live.ts";
import { liveReader } from "./read-live.ts";

const HOUR_MS: Ms = 3_600_000;
const SLICE_MS: Ms = 6 * HOUR_MS;
/** "Traces are retained for 30 days": https://cloud.google.com/trace/docs/quotas */
const KEPT_MS: Ms = 30 * 24 * HOUR_MS;
/** Traces of a page; whole ones, of any number of spans. */
const PAGE_TRACES = 200;
const MAX_PAGES = 10_000;
/** Traces read by ID at a time; the shared quota paces them. */
const AT_A_TIME = 4;

/** One task per slice of six hours. */
export function planTraces(
  api: GcpApi,
  context: LiveContext,
  request: CollectRequest,
  missing: (source: string, window: Span) => Span[],
): CollectPlan {
  const kept: Span = { from: Math.max(request.window.from, context.clock.now() - KEPT_MS), to: request.window.to };
  const gaps: Gap[] = [];
  if (kept.from > request.window.from) {
    const gone = { from: request.window.from, to: Math.min(kept.from, request.window.to) };
    gaps.push(gap(api, "traces", "kept for less than the window: Cloud Trace keeps them for 30 days", gone));
  }
  if (kept.from >= kept.to) return { tasks: [], gaps };
  const source = `gcp/${api.project}/traces`;
  const tasks = missing(source, kept).flatMap((span) =>
    slices(span).map((window): CollectTask => ({
      source,
      signal: "traces",
      title: "traces of Cloud Trace",
      via: "traces.list",
      window,
      estimate: { calls: null, seconds: null, usd: 0, bytes: null },
      detail: null,
    })),
  );
  return { tasks, gaps };
}

/** The window cut at 0, 6, 12 and 18 o'clock UTC. */
function slices(window: Span): Span[] {
  const found: Span[] = [];
  for (let from = window.from; from < window.to; from = found.at(-1)!.to)
    found.push({ from, to: Math.min(window.to, (Math.floor(from / SLICE_MS) + 1) * SLICE_MS) });
  return found;
}

/** Every trace of the window, whole. */
export async function* runTraces(api: GcpApi, context: LiveContext, task: CollectTask): AsyncGenerator<Rec[]> {
  yield* listed(api, context, task.window, null);
}

/** Whole traces that have a part in the window and satisfy a filter (null: all): https://cloud.google.com/trace/docs/trace-filters */
export async function* listed(
  api: GcpApi,
  context: Pick<LiveContext, "signal" | "keys">,
  window: Span,
  filter: string | null,
  maxPages: number = MAX_PAGES,
): AsyncGenerator<Rec[]> {
  const reader = traceReader(api, context);
  const request = {
    projectId: api.project,
    startTime: new Date(window.from).toISOString(),
    endTime: new Date(window.to).toISOString(),
    view: "COMPLETE",
    pageSize: PAGE_TRACES,
    ...(filter === null ? {} : { filter }),
  };
  for await (const answer of api.pages("cloudtrace:traces.list", request, { maxPages })) {
    context.signal.throwIfAborted();
    const records = spansOf(reader, arrayAt(answer, "traces") ?? []);
    if (records.length > 0) yield records;
  }
}

/** Spans of these traces (32 hex digits). Traces that the project does not have are left out: only a sample is kept. */
export async function* tracesOf(
  api: GcpApi,
  context: Pick<LiveContext, "signal" | "keys">,
  traceIds: readonly string[],
): AsyncGenerator<Rec[]> {
  const reader = traceReader(api, context);
  for await (const trace of concurrently(new Set(traceIds), AT_A_TIME, (id) => traceOf(api, id))) {
    context.signal.throwIfAborted();
    const records = trace === null ? [] : spansOf(reader, [trace]);
    if (records.length > 0) yield records;
  }
}

async function traceOf(api: GcpApi, traceId: string): Promise<JsonObject | null> {
  try {
    return await api.call("cloudtrace:traces.get", { projectId: api.project, traceId });
  } catch (error) {
    if (error instanceof GcpError && error.kind === "not-found") return null;
    throw error;
  }
}

function traceReader(api: GcpApi, { keys }: Pick<LiveContext, "keys">): LiveReader {
  return liveReader(api, traces, keys, `gcp/${api.project}/traces`);
}

function spansOf(reader: LiveReader, found: NonNullable<ReturnType<typeof arrayAt>>): Rec[] {
  return found.length === 0 ? [] : reader.read({ traces: found });
}
