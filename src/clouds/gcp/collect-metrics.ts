/**
 * Cloud Monitoring: one question per metric for all services at once, put together on its side, since what is paid is the series that come
 * back (`metric-series.ts`). A metric that nothing writes gives no series and costs nothing.
 */
import type { Config, Json, Rec } from "../../model/records.ts";
import type { Usd } from "../../model/units.ts";
import { filterName } from "../kit/function-scope.ts";
import { usdText } from "../kit/spent.ts";
import type { CollectPlan, CollectRequest, CollectTask, LiveContext, Span, Target } from "../room.ts";
import type { GcpApi } from "./api.ts";
import { timeSeries } from "./formats.ts";
import { gap } from "./live-gaps.ts";
import { seriesFilter } from "./log-filter.ts";
import { type Metric, METRICS, type Owner, OWNERS, periodOf, wholePeriods } from "./metric-choice.ts";
import { PAGE_POINTS, seriesPages, USD_PER_SERIES } from "./metric-series.ts";
import { quotaOf } from "./quotas.ts";
import { liveReader } from "./read-live.ts";
import { regionName, servicesOf } from "./target-scope.ts";

/** Points that come in a second, about. */
const POINTS_PER_S = 20_000;

interface Detail {
  type: string;
  periodMs: number;
  /** Names of the functions that are meant; null: all. */
  names: string[] | null;
  /** Regions that are meant. Empty: all. */
  regions: string[];
  /** What all paid calls of the command may cost together. */
  limitUsd: Usd;
}

/** One task per metric and missing window. `maxUsd`: what they may cost together; metrics that do not fit are gaps, the least useful ones first. */
export function planMetrics(
  api: GcpApi,
  target: Target,
  context: LiveContext,
  configs: readonly Config[],
  request: CollectRequest,
  missing: (source: string, window: Span) => Span[],
  maxUsd: Usd,
): CollectPlan {
  const plan: CollectPlan = { tasks: [], gaps: [] };
  const owners = ownersIn(configs);
  const filter = filterName(target);
  const now = context.clock.now();
  const dear: string[] = [];
  let dearUsd = 0;
  let leftUsd = maxUsd;
  for (const metric of METRICS) {
    const names = owners[metric.owner];
    // nothing of the kind is meant: but where nothing at all is described, nobody knows
    if (names.length === 0 && (configs.length > 0 || filter !== "")) continue;
    const regional = OWNERS[metric.owner].regional;
    const whole = `gcp/${api.project}/metrics/${metric.type}`;
    const source = regional ? `${whole}${filter}${regionName(target)}` : whole;
    const spans = missing(whole, request.window).flatMap((span) => (source === whole ? [span] : missing(source, span)));
    const series = names.length * metric.seriesPerOwner;
    const finest = periodOf(request.window, now, Math.max(1, series) * metric.recordsPerPoint);
    const periodMs = Math.max(finest, metric.leastPeriodMs ?? 0);
    const detail: Detail = {
      type: metric.type,
      periodMs,
      names: regional && filter !== "" ? names : null,
      regions: regional ? [...(target.regions ?? [])] : [],
      limitUsd: request.maxQueryUsd,
    };
    const tasks = spans.flatMap((span) => {
      const periods = wholePeriods(span, periodMs);
      return periods === null ? [] : [taskOf(source, periods, series, detail)];
    });
    const usd = tasks.reduce((sum, task) => sum + (task.estimate.usd ?? USD_PER_SERIES), 0);
    if (usd > leftUsd) {
      dear.push(metric.type);
      dearUsd += usd;
    } else {
      leftUsd -= usd;
      plan.tasks.push(...tasks);
    }
  }
  if (dear.length > 0) {
    const why = `reading ${dear.join(", ")} costs ${usdText(dearUsd)}, and ${usdText(leftUsd)} are left of the price limit (--max-query-usd)`;
    plan.gaps.push(gap(api, "metrics of Cloud Monitoring", why, request.window));
  }
  return plan;
}

/** Who may have series. Services of functions that share a name in two regions are one. */
function ownersIn(configs: readonly Config[]): { [owner in Owner]: string[] } {
  const services = servicesOf(configs);
  const named = (type: string): string[] => [...new Set(services.filter((one) => one.type === type).map((one) => one.name))];
  const subscriptions = configs.filter((one) => one.kind === "trigger" && one.resource.includes("/subscriptions/"));
  const buckets = configs.filter((one) => one.kind === "log-group");
  const databases = configs.filter((one) => one.kind === "table" && /\/databases\/[^/]+$/.test(one.resource));
  return {
    service: named("cloud_run_revision"),
    gen1: named("cloud_function"),
    subscription: subscriptions.map((one) => one.name),
    bucket: buckets.map((one) => one.name),
    database: databases.map((one) => one.name),
  };
}

/** `series` 0: not known how many. */
function taskOf(source: string, window: Span, series: number, detail: Detail): CollectTask {
  const points = (series * (window.to - window.from)) / detail.periodMs;
  const calls = Math.max(1, Math.ceil(points / PAGE_POINTS));
  const known = series > 0;
  return {
    source,
    signal: "metrics",
    title: `metric ${detail.type} every ${detail.periodMs / 60_000} min`,
    via: "timeSeries.list",
    window,
    estimate: {
      calls: known ? calls : null,
      seconds: known ? Math.max(points / POINTS_PER_S, calls / quotaOf("monitoring:ListTimeSeries").perS) : null,
      // a series that two pages hold is counted in both
      usd: known ? (series + calls - 1) * USD_PER_SERIES : null,
      bytes: null,
    },
    detail: detail as unknown as Json,
  };
}

/** The points of a task, page by page. Throws BudgetError at the price limit. */
export async function* runMetrics(api: GcpApi, context: LiveContext, task: CollectTask): AsyncGenerator<Rec[]> {
  const { type, periodMs, names, regions, limitUsd } = task.detail as unknown as Detail;
  const metric = METRICS.find((one) => one.type === type)!;
  const asked = {
    filter: seriesFilter(type, OWNERS[metric.owner].label, names),
    window: task.window,
    periodMs,
    aligner: metric.aligner,
    reducer: metric.reducer,
    groupBy: groupBy(metric),
  };
  const reader = liveReader(api, timeSeries, context.keys, task.source);
  const functions = names === null ? null : new Set(names);
  const places = new Set(regions);
  for await (const answer of seriesPages(api, asked, limitUsd)) {
    context.signal.throwIfAborted();
    const records = reader.read(answer).filter((one) => {
      if (one.type !== "metric") return true;
      if (one.at <= task.window.from || one.at > task.window.to) return false;
      if (functions !== null && (one.fn === null || !functions.has(one.fn))) return false;
      return places.size === 0 || one.region === null || places.has(one.region);
    });
    if (records.length > 0) yield records;
  }
}

function groupBy({ owner, apart }: Metric): string[] {
  return [...OWNERS[owner].keep, ...apart];
}
