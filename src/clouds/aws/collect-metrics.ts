/**
 * CloudWatch metrics: ListMetrics says which series there are (a series that is not there costs nothing), GetMetricData reads them at
 * $0.01 per 1,000 series asked for, whatever the window: https://aws.amazon.com/cloudwatch/pricing/
 */
import type { Config, Json, Rec } from "../../model/records.ts";
import type { CollectPlan, CollectRequest, CollectTask, LiveContext, Span, Target } from "../room.ts";
import { concurrently } from "../kit/concurrent.ts";
import type { AwsApi } from "./api.ts";
import { gap, gapOf } from "./live-gaps.ts";
import { type Namespace, NAMESPACES, periodOf, type Series, seriesIn, seriesPerRequest, wholePeriods } from "./metric-choice.ts";
import { metrics } from "./metrics.ts";
import { liveReader } from "./read-live.ts";
import { list, type Obj } from "./schema.ts";
import { BudgetError, spend, spentTogetherUsd, usdText } from "../kit/spent.ts";
import { filterName } from "../kit/function-scope.ts";

const USD_PER_SERIES = 0.01 / 1000;
/** Requests at a time; the shared quota paces them. */
const AT_A_TIME = 4;
/** GetMetricData reads about 180,000 points a second at most: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html */
const POINTS_PER_S = 180_000;
const REQUESTS_PER_S = 50;
/** ListMetrics with RecentlyActive names only what had points in so long a time. */
const RECENT_MS = 3 * 3_600_000;

interface Detail {
  namespace: string;
  metric: string;
  periodMs: number;
  series: Series[];
  /** What all paid calls of the command may cost together. */
  limitUsd: number;
}

/** One task per metric and missing window. `maxUsd`: what they may cost together; metrics that do not fit are gaps, the least useful ones first. */
export async function planMetrics(
  api: AwsApi,
  target: Target,
  context: LiveContext,
  configs: readonly Config[],
  request: CollectRequest,
  missing: (source: string, window: Span) => Span[],
  maxUsd: number,
): Promise<CollectPlan> {
  const plan: CollectPlan = { tasks: [], gaps: [] };
  const wanted = inScope(target, configs);
  const filter = filterName(target);
  const now = context.clock.now();
  let leftUsd = maxUsd;
  for (const namespace of NAMESPACES) {
    const whole = (metric: string): string => `aws/${api.account}/${api.region}/metrics/${namespace.name}/${metric}`;
    const source = (metric: string): string => whole(metric) + filter;
    // what was read without a filter holds what is read with one
    const unread = (metric: string): Span[] =>
      missing(whole(metric), request.window).flatMap((span) => (filter === "" ? [span] : missing(source(metric), span)));
    const windows = new Map(Object.keys(namespace.metrics).map((metric) => [metric, unread(metric)]));
    if ([...windows.values()].every((some) => some.length === 0)) continue;
    let series: Map<string, Series[]>;
    try {
      series = await listed(api, namespace, request.window.from >= now - RECENT_MS, wanted);
    } catch (error) {
      plan.gaps.push(gapOf(api, error, `metrics ${namespace.name}`, request.window));
      // refused for one namespace is refused for all
      break;
    }
    const dear: string[] = [];
    let dearUsd = 0;
    for (const [metric, some] of windows) {
      const own = series.get(metric) ?? [];
      if (own.length === 0) continue;
      const periodMs = periodOf(request.window, now, own.length);
      const spans = some.flatMap((one) => wholePeriods(one, periodMs) ?? []);
      const usd = spans.length * own.length * USD_PER_SERIES;
      if (usd > leftUsd) {
        dear.push(metric);
        dearUsd += usd;
        continue;
      }
      leftUsd -= usd;
      plan.tasks.push(
        ...spans.map((window) =>
          taskOf(source(metric), window, { namespace: namespace.name, metric, periodMs, series: own, limitUsd: request.maxQueryUsd }),
        ),
      );
    }
    if (dear.length > 0) {
      const why = `GetMetricData of ${dear.join(", ")} costs ${usdText(dearUsd)}, and ${usdText(leftUsd)} are left of the price limit (--max-query-usd)`;
      plan.gaps.push(gap(api, `metrics ${namespace.name}`, why, request.window));
    }
  }
  return plan;
}

/** The series of a namespace that are worth their price, by metric. `recent`: those alone that had points in the last three hours. */
async function listed(
  api: AwsApi,
  namespace: Namespace,
  recent: boolean,
  wanted: (dimension: string, value: string) => boolean,
): Promise<Map<string, Series[]>> {
  const found = new Map<string, Series[]>();
  const input = { Namespace: namespace.name, ...(recent ? { RecentlyActive: "PT3H" } : {}) };
  for await (const answer of api.pages("cloudwatch:ListMetrics", input))
    for (const one of seriesIn(namespace, answer, wanted)) {
      const known = found.get(one.metric);
      if (known === undefined) found.set(one.metric, [one]);
      else known.push(one);
    }
  return found;
}

/** Whether a resource is meant. Without a filter on functions, and without configuration, everything is. */
function inScope(target: Target, configs: readonly Config[]): (dimension: string, value: string) => boolean {
  const filtered = filterName(target) !== "";
  const functions = new Set(configs.filter((one) => one.kind === "function").map((one) => one.name));
  const groups = new Set(configs.flatMap(groupsOf));
  return (dimension, value) => {
    if (dimension === "LogGroupName" && groups.size > 0) return groups.has(value);
    if (!filtered || !/^function_?name$/i.test(dimension)) return true;
    return functions.has(value);
  };
}

/** Log groups whose lines evscope reads. */
function groupsOf(config: Config): string[] {
  if (config.kind === "workflow") return list(config.settings["logGroups"]).filter((one) => typeof one === "string");
  if (config.kind !== "function") return [];
  const named = config.settings["logGroup"];
  return [typeof named === "string" ? named : `/aws/lambda/${config.name}`];
}

function taskOf(source: string, window: Span, detail: Detail): CollectTask {
  const points = (detail.series.length * (window.to - window.from)) / detail.periodMs;
  const calls = Math.ceil(detail.series.length / seriesPerRequest(window, detail.periodMs));
  return {
    source,
    signal: "metrics",
    title: `metric ${detail.namespace} ${detail.metric}: ${detail.series.length} series every ${detail.periodMs / 60_000} min`,
    via: "GetMetricData",
    window,
    estimate: {
      calls,
      seconds: Math.max(points / POINTS_PER_S, calls / REQUESTS_PER_S),
      usd: detail.series.length * USD_PER_SERIES,
      bytes: null,
    },
    detail: detail as unknown as Json,
  };
}

/** The points of a task, a request at a time. */
export async function* runMetrics(api: AwsApi, context: LiveContext, task: CollectTask): AsyncGenerator<Rec[]> {
  const { namespace, periodMs, series, limitUsd } = task.detail as unknown as Detail;
  const reader = liveReader(api, metrics, context.keys, task.source);
  const size = seriesPerRequest(task.window, periodMs);
  const requests = Array.from({ length: Math.ceil(series.length / size) }, (_, i) => series.slice(i * size, (i + 1) * size));
  const answered = concurrently(requests, AT_A_TIME, async (some) => {
    const queries = some.map((one, i) => queryOf(namespace, one, periodMs, i));
    const input = {
      MetricDataQueries: queries,
      StartTime: new Date(task.window.from),
      EndTime: new Date(task.window.to),
      ScanBy: "TimestampAscending",
    };
    const answers: Obj[] = [];
    const usd = queries.length * USD_PER_SERIES;
    // sums of many small prices differ in the last digits
    if (spentTogetherUsd(api) + usd > limitUsd + 1e-9) throw new BudgetError("the paid queries have used up the price limit");
    spend(api, usd);
    for await (const answer of api.pages("cloudwatch:GetMetricData", input)) answers.push({ ...answer, MetricDataQueries: queries });
    return answers;
  });
  for await (const answers of answered) {
    // some endpoints answer with the point at the very end of the window, which belongs to the next
    for (const answer of answers) yield reader.read(answer).filter((one) => one.type !== "metric" || one.at < task.window.to);
  }
}

function queryOf(namespace: string, series: Series, periodMs: number, i: number): Obj {
  const dimensions = series.dimensions.map(([Name, Value]) => ({ Name, Value }));
  return {
    Id: `m${i}`,
    MetricStat: {
      Metric: { Namespace: namespace, MetricName: series.metric, Dimensions: dimensions },
      Period: periodMs / 1000,
      Stat: series.statistic,
    },
    ReturnData: true,
  };
}
