/** What AWS keeps of one account and region, as records: each kind of telemetry has its own file, this one shares out money and tasks. */
import { EXIT, UserError } from "../../model/errors.ts";
import type { Config, Gap, Rec } from "../../model/records.ts";
import type { Collector, CollectPlan, CollectRequest, CollectTask, LiveContext, Span, Target } from "../room.ts";
import { type AwsApi, AwsError } from "./api.ts";
import { planHistories, runHistories } from "./collect-histories.ts";
import { inventory } from "./collect-inventory.ts";
import { planLogs, runLogs } from "./collect-logs.ts";
import { planMetrics, runMetrics } from "./collect-metrics.ts";
import { planSpans, runSpans, SPANS_GROUP } from "./collect-spans.ts";
import { planXray, traceStoreOf, xrayRunner } from "./collect-traces.ts";
import { gapOf, reasonOf } from "./live-gaps.ts";
import { search, searchEstimate } from "./search.ts";
import { shareSpending, spentUsd } from "../kit/spent.ts";
import { filterName } from "../kit/function-scope.ts";
import { ownConfigs } from "./target-scope.ts";

/** Opens the collector of a connection. Nothing is asked before a method is called. */
export function openCollector(api: AwsApi, target: Target, context: LiveContext): Collector {
  shareSpending(api, context.spent);
  const traces = xrayRunner(api, context);
  const searching = { ...context, target };

  /** Logs come first: bills and durations are in them. What their queries leave of the money, the others may use. */
  async function plan(
    configs: readonly Config[],
    request: CollectRequest,
    missing: (source: string, window: Span) => Span[],
  ): Promise<CollectPlan> {
    const own = ownConfigs(api, target, configs);
    const tasks: CollectTask[] = [];
    const gaps: Rec[] = [];
    let leftUsd = request.maxQueryUsd;
    const add = (part: { tasks: CollectTask[]; gaps: (Rec | Gap)[] }): void => {
      tasks.push(...part.tasks);
      gaps.push(...part.gaps);
      for (const task of part.tasks) leftUsd = Math.max(0, leftUsd - (task.estimate.usd ?? 0));
    };
    const wanted = new Set(request.signals);
    if (wanted.has("logs")) add(await planLogs(api, context, own, request, missing, filterName(target)));
    if (wanted.has("metrics")) add(await planMetrics(api, target, context, own, request, missing, leftUsd));
    if (wanted.has("traces")) {
      const unsure = (error: AwsError): void =>
        void gaps.push(gapOf(api, error, "traces beyond X-Ray's index, if Transaction Search is on", request.window));
      const inLogs = (await traceStoreOf(api, unsure)) === "logs";
      add(inLogs ? await planSpans(api, context, own, request, missing, leftUsd) : planXray(api, context, request, missing, leftUsd));
    }
    if (wanted.has("histories")) add(planHistories(api, context, own, request, missing));
    return { tasks, gaps };
  }

  function records(task: CollectTask): AsyncIterable<Rec[]> {
    switch (task.signal) {
      case "logs":
        return runLogs(api, context, task);
      case "metrics":
        return runMetrics(api, context, task);
      case "traces":
        return task.source.endsWith(`/${SPANS_GROUP}`) ? runSpans(api, context, task) : traces.run(task);
      case "histories":
        return runHistories(api, context, task);
    }
  }

  async function* run(task: CollectTask): AsyncGenerator<Rec[]> {
    try {
      yield* records(task);
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      throw new UserError(reasonOf(error), { exitCode: EXIT.partial, suggestions: ["evscope doctor"], cause: error });
    }
  }

  return {
    inventory: () => inventory(api, target, context),
    plan,
    run,
    search: (ids, configs, window, maxQueryUsd) => search(api, searching, ids, ownConfigs(api, target, configs), window, maxQueryUsd),
    searchEstimate: (configs, window) => searchEstimate(api, searching, ownConfigs(api, target, configs), window),
    spentUsd: () => spentUsd(api),
  };
}
