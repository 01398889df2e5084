/**
 * Platform metrics of apps and of the channels between them, for nothing. Many resources of one region are asked for in one call where the
 * credentials may, else one by one: https://learn.microsoft.com/azure/azure-monitor/metrics/migrate-to-batch-api
 */
import type { JsonObject } from "../../model/json.ts";
import type { Config, Json, Rec } from "../../model/records.ts";
import { concurrently } from "../kit/concurrent.ts";
import type { CollectPlan, CollectRequest, CollectTask, LiveContext, Span, Target } from "../room.ts";
import { type AzureApi, AzureError, type MetricsRequest } from "./api.ts";
import { gap } from "./live-gaps.ts";
import { endsOf, grainOf, LEVEL_GRAIN, type MetricGroup, metricGroups, wholeGrains } from "./metric-choice.ts";
import { metricsAnswers } from "./metrics.ts";
import { liveReader } from "./read-live.ts";
import { scopeName } from "./target-scope.ts";

/** "A maximum of 50 resource IDs per request". */
const RESOURCES_PER_CALL = 50;
/** Fewer are asked for one by one: that needs the smaller permission. */
const FEWEST_IN_BATCH = 3;
/** Series of one resource when a dimension splits. */
const MOST_SERIES = 1_000;
const AT_A_TIME = 4;
/** "12,000 calls per hour" for a subscription. */
const CALLS_PER_S = 12_000 / 3_600;

interface Detail {
  namespace: string;
  names: string[];
  aggregations: MetricsRequest["aggregations"];
  dimensions: readonly string[];
  interval: string;
  resources: MetricGroup["resources"];
}

/** One task per group of metrics and missing window. */
export function planMetrics(
  api: AzureApi,
  target: Target,
  ctx: LiveContext,
  configs: readonly Config[],
  request: CollectRequest,
  missing: (source: string, window: Span) => Span[],
): CollectPlan {
  const { groups, silent } = metricGroups(configs);
  const plan: CollectPlan = { tasks: [], gaps: [] };
  const now = ctx.clock.now();
  const narrowed = scopeName(target);
  for (const group of groups) {
    const whole = `azure/${api.subscription}/metrics/${group.namespace}/${group.set.key}`;
    // what was read of all holds what is read of some
    const wanted = group.set.isLevel === true ? endsOf(request.window) : [request.window];
    const spans = wanted
      .flatMap((span) => missing(whole, span))
      .flatMap((span) => (narrowed === "" ? [span] : missing(whole + narrowed, span)));
    const grain = group.set.isLevel === true ? LEVEL_GRAIN : grainOf(request.window);
    for (const span of spans) {
      const window = wholeGrains(span, grain.ms, now);
      if (window !== null) plan.tasks.push(taskOf(whole + narrowed, group, window, grain.iso));
    }
  }
  if (silent.length > 0) {
    const some = `${silent.slice(0, 5).join(", ")}${silent.length > 5 ? ` and ${silent.length - 5} more` : ""}`;
    const why = `no execution metrics here: Azure emits none for Consumption apps on Linux (${some}); their requests are counted instead`;
    plan.gaps.push(gap(api, "metrics Microsoft.Web/sites", why, request.window));
  }
  return plan;
}

function taskOf(source: string, { namespace, set, resources }: MetricGroup, window: Span, interval: string): CollectTask {
  const calls = batches(resources).length;
  const { names, aggregations, dimensions } = set;
  const detail: Detail = { namespace, names: [...names], aggregations, dimensions, interval, resources };
  return {
    source,
    signal: "metrics",
    title: `metrics of ${resources.length} ${namespace}: ${names.join(", ")} every ${interval}`,
    via: "Azure Monitor metrics",
    window,
    estimate: { calls, seconds: calls / CALLS_PER_S, usd: 0, bytes: null },
    detail: detail as unknown as Json,
  };
}

/** Resources of one region, 50 at a time; those that are few, or of no known region, one by one. */
function batches(resources: MetricGroup["resources"]): MetricGroup["resources"][] {
  const byRegion = Map.groupBy(resources, (one) => one.region);
  return [...byRegion].flatMap(([region, some]) => {
    const size = region === null || some.length < FEWEST_IN_BATCH ? 1 : RESOURCES_PER_CALL;
    return Array.from({ length: Math.ceil(some.length / size) }, (_, i) => some.slice(i * size, (i + 1) * size));
  });
}

/** The points of a task, a batch of resources at a time. A resource that is gone has none. Throws AzureError. */
export async function* runMetrics(api: AzureApi, ctx: LiveContext, task: CollectTask): AsyncGenerator<Rec[]> {
  const detail = task.detail as unknown as Detail;
  const reader = liveReader(api, metricsAnswers, ctx.keys, task.source);
  /** Many at once are refused: the role is given on a resource group, or the endpoint has no such call. */
  let alone = false;
  const answered = concurrently(batches(detail.resources), AT_A_TIME, async (some): Promise<JsonObject[]> => {
    if (some.length > 1 && !alone) {
      try {
        return [
          await api.metricsBatch({
            ...asked(detail, task.window),
            resources: some.map((one) => one.id),
            region: some[0]!.region!,
            namespace: detail.namespace,
          }),
        ];
      } catch (error) {
        if (!(error instanceof AzureError) || !["denied", "unsupported", "not-found", "unreachable"].includes(error.kind)) throw error;
        if (!alone) ctx.host.note(`metrics of many resources at once are refused (${error.code}); they are asked for one by one`);
        alone = true;
      }
    }
    const answers: JsonObject[] = [];
    for (const one of some)
      answers.push(...(await ofOne(api, { ...asked(detail, task.window), resource: one.id, namespace: detail.namespace })));
    return answers;
  });
  for await (const answers of answered) {
    ctx.signal.throwIfAborted();
    // the service answers with the point at the very end of the window as well, which belongs to the next
    yield answers.flatMap((answer) => reader.read(answer)).filter((one) => one.type !== "metric" || one.at < task.window.to);
  }
}

function asked({ names, aggregations, dimensions, interval }: Detail, span: Span): Omit<MetricsRequest, "resource" | "namespace"> {
  return {
    names,
    aggregations,
    interval,
    span,
    ...(dimensions.length > 0 && { filter: dimensions.map((one) => `${one} eq '*'`).join(" and "), top: MOST_SERIES }),
  };
}

/** A metric that the resource does not have fails the whole request: then each is asked for by itself. */
async function ofOne(api: AzureApi, request: MetricsRequest): Promise<JsonObject[]> {
  try {
    return [await api.metrics(request)];
  } catch (error) {
    if (!(error instanceof AzureError)) throw error;
    if (error.kind === "not-found") return [];
    if (error.kind !== "invalid" || request.names.length === 1) {
      if (error.kind === "invalid") return [];
      throw error;
    }
    const answers: JsonObject[] = [];
    for (const name of request.names) answers.push(...(await ofOne(api, { ...request, names: [name] })));
    return answers;
  }
}
