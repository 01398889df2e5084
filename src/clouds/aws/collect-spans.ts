/** Spans of an account with Transaction Search: the lines of its log group `aws/spans`, by the call that the logs are read with. */
import type { Config, Json, Rec } from "../../model/records.ts";
import type { CollectPlan, CollectRequest, CollectTask, LiveContext, Span } from "../room.ts";
import type { AwsApi } from "./api.ts";
import { readAll } from "./log-query.ts";
import { gap } from "./live-gaps.ts";
import * as calls from "./log-calls.ts";
import type { LogGroup } from "./log-groups.ts";
import { filterLines, type LogLine } from "./log-lines.ts";
import { ingestedBytes } from "./log-sizes.ts";
import { num, text } from "./schema.ts";
import { spentTogetherUsd } from "../kit/spent.ts";
import { transactionSpan } from "./transaction-span.ts";

export const SPANS_GROUP = "aws/spans";
/** A slice is worth so many calls: what a kill makes one read again. */
const CALLS_PER_TASK = 50;

interface Detail {
  /** null: by FilterLogEvents, which has no price. */
  insights: { maxUsd: number; limitUsd: number } | null;
}

/** Tasks of at least a day each. `maxUsd`: what Insights queries may cost together. */
export async function planSpans(
  api: AwsApi,
  context: LiveContext,
  configs: readonly Config[],
  request: CollectRequest,
  missing: (source: string, window: Span) => Span[],
  maxUsd: number,
): Promise<CollectPlan> {
  const source = `aws/${api.account}/${api.region}/traces/${SPANS_GROUP}`;
  const windows = missing(source, request.window);
  if (windows.length === 0) return { tasks: [], gaps: [] };
  const price = calls.insightsPrice(api.region);
  const group = groupOf(configs);
  const { sizes, usd } = await ingestedBytes(api, context, [SPANS_GROUP], request);
  const told = sizes.get(SPANS_GROUP)?.reduce((sum, day) => sum + day.bytes, 0);
  const bytes = told ?? calls.bytesInWindow(group, request.window, context.clock.now());
  const means = { maxQueryUsd: maxUsd - usd, usdPerByte: price.usdPerByte, requestsPerS: context.requestsPerS, mayFilter: true };
  const choice = calls.chooseCalls([{ group, bytes }], means);
  if (choice.filter.length + choice.insights.length === 0)
    return {
      tasks: [],
      gaps: [
        gap(api, "traces", `the log group ${SPANS_GROUP} can only be queried, beyond the price limit (--max-query-usd)`, request.window),
      ],
    };
  const byInsights = choice.insights.length > 0;
  const perMs = bytes === null ? null : bytes / (request.window.to - request.window.from);
  const tasks = windows
    .flatMap((window) =>
      calls.daySlices(window, calls.filterCalls(perMs === null ? null : perMs * (window.to - window.from)), CALLS_PER_TASK),
    )
    .map((window): CollectTask => {
      const share = perMs === null ? null : perMs * (window.to - window.from);
      const estimate = byInsights
        ? calls.insightsEstimate(share, 1, price.usdPerByte, context.requestsPerS)
        : calls.filterEstimate(share, context.requestsPerS);
      // twice the estimate for each slice, since days differ; a query that scans more is stopped
      const most = { maxUsd: Math.min(means.maxQueryUsd, 2 * (estimate.usd ?? 0)), limitUsd: request.maxQueryUsd };
      const detail: Detail = { insights: byInsights ? most : null };
      const via = byInsights ? "Logs Insights" : "FilterLogEvents";
      return { source, signal: "traces", title: `spans of ${SPANS_GROUP}`, via, window, estimate, detail: detail as unknown as Json };
    });
  return { tasks, gaps: [] };
}

function groupOf(configs: readonly Config[]): LogGroup {
  const settings = configs.find((one) => one.kind === "log-group" && one.name === SPANS_GROUP)?.settings ?? {};
  return {
    name: SPANS_GROUP,
    functions: [],
    histories: false,
    class: text(settings["class"]),
    storedBytes: num(settings["storedBytes"]),
    retentionD: num(settings["retentionD"]),
    createdAt: num(settings["createdAt"]),
    timeoutMs: null,
  };
}

/** The spans of a task. Throws when they could not be read to their end, or a query would cost more than it may. */
export async function* runSpans(api: AwsApi, context: LiveContext, task: CollectTask): AsyncGenerator<Rec[]> {
  const { insights } = task.detail as unknown as Detail;
  let unread = 0;
  for await (const lines of insights === null ? filterLines(api, SPANS_GROUP, task.window) : queried(api, context, task, insights)) {
    context.signal.throwIfAborted();
    const spans = lines.flatMap((line) => transactionSpan(line.message, api, context.keys) ?? []);
    unread += lines.length - spans.length;
    if (spans.length > 0) yield spans;
  }
  if (unread > 0) yield [gap(api, `spans of ${SPANS_GROUP}`, `${unread} lines are no spans that evscope reads`, task.window)];
}

async function* queried(
  api: AwsApi,
  context: LiveContext,
  task: CollectTask,
  most: { maxUsd: number; limitUsd: number },
): AsyncGenerator<LogLine[]> {
  const price = calls.insightsPrice(api.region);
  const { window } = task;
  const { maxUsd, limitUsd } = most;
  const reading = { groups: [SPANS_GROUP], window, filter: null, usdPerByte: price.usdPerByte, maxUsd, stepMs: window.to - window.from };
  const read = yield* readAll(api, context, { ...reading, leftUsd: () => limitUsd - spentTogetherUsd(api) });
  context.host.note(`${task.title}: ${calls.scanned(read.bytes, price)}`);
}
