/**
 * Traces of X-Ray: summaries in slices of at most 6 h name the traces, BatchGetTraces reads them five at a time. Lambda records a sample,
 * so that nothing may be counted from traces. https://docs.aws.amazon.com/xray/latest/api/API_GetTraceSummaries.html
 */
import type { Rec } from "../../model/records.ts";
import { type Budget, newBudget } from "../kit/budget.ts";
import { concurrently } from "../kit/concurrent.ts";
import type { CollectPlan, CollectRequest, CollectTask, LiveContext, Span } from "../room.ts";
import { type AwsApi, AwsError } from "./api.ts";
import { gap } from "./live-gaps.ts";
import { liveReader } from "./read-live.ts";
import { num, type Obj, objects, text } from "./schema.ts";
import { BudgetError, spend, spentTogetherUsd, usdText } from "../kit/spent.ts";
import { xray } from "./xray.ts";

const HOUR_MS = 3_600_000;
const SLICE_MS = 6 * HOUR_MS;
/** X-Ray deletes traces after so long. */
const KEPT_MS = 30 * 24 * HOUR_MS;
/** Most trace IDs of one BatchGetTraces, and of one StartTraceRetrieval. */
const IDS_PER_BATCH = 5;
const IDS_PER_RETRIEVAL = 100;
/** Batches at a time; the shared quota paces them. */
const AT_A_TIME = 4;
/** For a trace that is scanned, and again for one that is read: https://aws.amazon.com/cloudwatch/pricing/ (the first million a month is free). */
const USD_PER_TRACE = 0.5e-6;

/** Where the account keeps its spans. With Transaction Search they are lines of the log group `aws/spans`, and X-Ray shows only an indexed share. */
export type TraceStore = "xray" | "logs";

/** `refused` is told when the credentials may not ask: X-Ray's store is then an assumption. */
export async function traceStoreOf(api: AwsApi, refused: (error: AwsError) => void = () => {}): Promise<TraceStore> {
  try {
    return (await api.call("xray:GetTraceSegmentDestination", {}))["Destination"] === "CloudWatchLogs" ? "logs" : "xray";
  } catch (error) {
    if (!(error instanceof AwsError) || error.kind === "credentials") throw error;
    // an endpoint without Transaction Search does not know the call
    if (error.kind === "denied") refused(error);
    return "xray";
  }
}

/** One task per slice. What they cost is known only when they ran: they stop at `maxUsd` together. */
export function planXray(
  api: AwsApi,
  context: LiveContext,
  request: CollectRequest,
  missing: (source: string, window: Span) => Span[],
  maxUsd: number,
): CollectPlan {
  const kept: Span = { from: Math.max(request.window.from, context.clock.now() - KEPT_MS), to: request.window.to };
  if (kept.from >= kept.to) return { tasks: [], gaps: [gap(api, "traces", "X-Ray keeps traces for 30 days", request.window)] };
  const source = `aws/${api.account}/${api.region}/traces/xray`;
  const windows = missing(source, kept).flatMap(slices);
  if (maxUsd <= 0 && windows.length > 0)
    return {
      tasks: [],
      gaps: [gap(api, "traces", "X-Ray bills traces that are scanned or read, and the price limit (--max-query-usd) leaves nothing", kept)],
    };
  const tasks = windows.map((window): CollectTask => ({
    source,
    signal: "traces",
    title: "traces of X-Ray",
    via: "GetTraceSummaries, BatchGetTraces",
    window,
    estimate: { calls: null, seconds: null, usd: null, bytes: null },
    detail: { maxUsd, limitUsd: request.maxQueryUsd },
  }));
  return { tasks, gaps: [] };
}

/** The window cut at 0, 6, 12 and 18 o'clock UTC. */
function slices(window: Span): Span[] {
  const found: Span[] = [];
  for (let from = window.from; from < window.to; from = found.at(-1)!.to)
    found.push({ from, to: Math.min(window.to, (Math.floor(from / SLICE_MS) + 1) * SLICE_MS) });
  return found;
}

/** Reads slices within one budget. */
export interface XrayRunner {
  /** Every trace that had an event in the window, whole. Throws UserError at the price limit. */
  run(task: CollectTask): AsyncGenerator<Rec[]>;
}

export function xrayRunner(api: AwsApi, context: LiveContext): XrayRunner {
  let budget: Budget | null = null;
  /** Why no slice can be read: not allowed, or not there. Asking for the others would only take time. */
  let refused: AwsError | null = null;

  /** New trace IDs of the slice, in batches. */
  async function* batches(task: CollectTask, pay: (traces: number) => void): AsyncGenerator<string[]> {
    const seen = new Set<string>();
    let scanned = 0;
    let batch: string[] = [];
    const input = {
      StartTime: new Date(task.window.from),
      EndTime: new Date(task.window.to),
      // by its events and not by its start: a trace that went on is read again, with what it got since
      TimeRangeType: "Event",
      Sampling: false,
    };
    for await (const answer of api.pages("xray:GetTraceSummaries", input)) {
      const summaries = objects(answer["TraceSummaries"]);
      // pages say how many traces were looked at so far, matching or not
      const looked = Math.max(scanned, num(answer["TracesProcessedCount"]) ?? 0, seen.size + summaries.length);
      pay(looked - scanned);
      scanned = looked;
      for (const one of summaries) {
        const id = text(one["Id"]);
        if (id === null || seen.has(id)) continue;
        seen.add(id);
        batch.push(id);
        if (batch.length < IDS_PER_BATCH) continue;
        pay(batch.length);
        yield batch;
        batch = [];
      }
    }
    pay(batch.length);
    if (batch.length > 0) yield batch;
  }

  return {
    async *run(task) {
      const { maxUsd, limitUsd } = task.detail as { maxUsd: number; limitUsd: number };
      budget ??= newBudget(maxUsd);
      const purse = budget;
      const pay = (traces: number): void => {
        const usd = traces * USD_PER_TRACE;
        if (spentTogetherUsd(api) + usd > limitUsd || !purse.reserve(usd))
          throw new BudgetError(
            `traces of X-Ray: the price limit of ${usdText(maxUsd)} is reached ($0.50 per million traces scanned or read)`,
          );
        purse.settle(usd, usd);
        spend(api, usd);
      };
      if (refused !== null) throw refused;
      const reader = liveReader(api, xray, context.keys, task.source);
      try {
        for await (const answers of concurrently(batches(task, pay), AT_A_TIME, (ids) => batchOf(api, ids))) {
          context.signal.throwIfAborted();
          const records = answers.flatMap((answer) => reader.read(answer));
          if (records.length > 0) yield records;
        }
      } catch (error) {
        if (isRefusal(error)) refused = error;
        throw error;
      }
      yield reader.end();
    },
  };
}

/** The answer would be the same for any slice: these calls name no resource. An endpoint without X-Ray answers with an error that the SDK calls Unknown. */
function isRefusal(error: unknown): error is AwsError {
  return error instanceof AwsError && (error.kind === "denied" || error.kind === "unsupported" || error.code === "Unknown");
}

async function batchOf(api: AwsApi, ids: readonly string[]): Promise<Obj[]> {
  const answers: Obj[] = [];
  for await (const answer of api.pages("xray:BatchGetTraces", { TraceIds: ids })) answers.push(answer);
  return answers;
}

/** Spans of these traces (32 hex digits or X-Ray's own form), from wherever the account keeps them. Traces that it does not have are left out. */
export async function* tracesOf(api: AwsApi, context: LiveContext, traceIds: readonly string[], store?: TraceStore): AsyncGenerator<Rec[]> {
  const ids = [...new Set(traceIds.flatMap((id) => xrayIdOf(id) ?? []))];
  if (ids.length === 0) return;
  const reader = liveReader(api, xray, context.keys, `aws/${api.account}/${api.region}/traces`);
  const from = store ?? (await traceStoreOf(api));
  const answers =
    from === "logs"
      ? concurrently(chunks(ids, IDS_PER_RETRIEVAL), 1, (some) => retrieved(api, context, some))
      : concurrently(chunks(ids, IDS_PER_BATCH), AT_A_TIME, (some) => batchOf(api, some));
  // an ID that X-Ray never sampled is no gap: nearly all are of this kind
  for await (const some of answers) {
    spend(api, USD_PER_TRACE * some.reduce((sum, answer) => sum + objects(answer["Traces"]).length, 0));
    yield some.flatMap((answer) => reader.read({ Traces: answer["Traces"] ?? [] }));
  }
  yield reader.end();
}

/** `1-8-24`; null: not a trace ID. */
function xrayIdOf(id: string): string | null {
  const hex = /^(?:1-)?([0-9a-f]{8})-?([0-9a-f]{24})$/i.exec(id);
  return hex === null ? null : `1-${hex[1]!.toLowerCase()}-${hex[2]!.toLowerCase()}`;
}

function chunks<Item>(items: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
}

/** How often a retrieval is asked for, and for how long. */
const POLL_MS = 1_000;
const POLLS = 120;
/** Spans of a trace may come so long after its start. */
const TRACE_LASTS_MS = 24 * HOUR_MS;

/** Traces of Transaction Search, in X-Ray's own form: a job that is started, then asked until it is complete. */
async function retrieved(api: AwsApi, context: LiveContext, ids: readonly string[]): Promise<Obj[]> {
  const starts = ids.map((id) => Number.parseInt(id.slice(2, 10), 16) * 1000);
  const started = await api.call("xray:StartTraceRetrieval", {
    TraceIds: ids,
    StartTime: new Date(Math.min(...starts) - HOUR_MS),
    EndTime: new Date(Math.min(Math.max(...starts) + TRACE_LASTS_MS, context.clock.now())),
  });
  const input = { RetrievalToken: text(started["RetrievalToken"]), TraceFormat: "XRAY" };
  for (let poll = 0; poll < POLLS; poll++) {
    const answers: Obj[] = [];
    for await (const answer of api.pages("xray:ListRetrievedTraces", input)) answers.push(answer);
    const status = text(answers.at(-1)?.["RetrievalStatus"]);
    if (status === "COMPLETE") return answers;
    if (status !== "RUNNING" && status !== "SCHEDULED") throw failed(`the retrieval ended as ${status ?? "unknown"}`);
    await context.clock.sleep(POLL_MS, context.signal);
  }
  throw failed(`the retrieval did not end within ${(POLLS * POLL_MS) / 1000} s`);
}

function failed(why: string): AwsError {
  return new AwsError("failed", "xray:ListRetrievedTraces", "Incomplete", why, null, 1);
}
