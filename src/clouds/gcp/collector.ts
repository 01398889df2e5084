/** What Google Cloud keeps of one project, as records: each kind of telemetry has its own file, this one shares out money and tasks. */
import { EXIT, UserError } from "../../model/errors.ts";
import type { Config, Gap, Rec } from "../../model/records.ts";
import { shareSpending, spentUsd } from "../kit/spent.ts";
import type { Collector, CollectPlan, CollectRequest, CollectTask, LiveContext, Signal, Span, Target } from "../room.ts";
import { type GcpApi, GcpError } from "./api.ts";
import { inventory } from "./collect-inventory.ts";
import { planLogs, runLogs } from "./collect-logs.ts";
import { planMetrics, runMetrics } from "./collect-metrics.ts";
import { planTraces, runTraces } from "./collect-traces.ts";
import { gap, reasonOf } from "./live-gaps.ts";
import { refusalOf } from "./refusal.ts";
import { openSearch } from "./search.ts";
import { ownConfigs } from "./target-scope.ts";

/** Opens the collector of a connection. Nothing is asked before a method is called. */
export function openCollector(api: GcpApi, target: Target, context: LiveContext): Collector {
  shareSpending(api, context.spent);
  const searcher = openSearch(api, target, context);

  /** Metrics are all that is paid here. */
  async function plan(
    configs: readonly Config[],
    request: CollectRequest,
    missing: (source: string, window: Span) => Span[],
  ): Promise<CollectPlan> {
    const own = ownConfigs(api.project, target, configs);
    const tasks: CollectTask[] = [];
    const gaps: Rec[] = [];
    const add = async (signal: Signal, part: { tasks: CollectTask[]; gaps: (Rec | Gap)[] }): Promise<void> => {
      // the same refusal of many tasks is told once; a single one needs no trial
      const refused = part.tasks.length > 1 ? await refusalOf(api, signal, part.tasks[0]!.window) : null;
      gaps.push(...part.gaps);
      if (refused === null) tasks.push(...part.tasks);
      else gaps.push(gap(api, signal, reasonOf(refused), request.window));
    };
    const wanted = new Set(request.signals);
    if (wanted.has("logs")) await add("logs", await planLogs(api, target, context, own, request, missing));
    if (wanted.has("metrics")) await add("metrics", planMetrics(api, target, context, own, request, missing, request.maxQueryUsd));
    if (wanted.has("traces")) await add("traces", planTraces(api, context, request, missing));
    if (wanted.has("histories")) gaps.push(gap(api, "histories", NO_HISTORIES));
    return { tasks, gaps };
  }

  function records(task: CollectTask): AsyncIterable<Rec[]> {
    switch (task.signal) {
      case "logs":
        return runLogs(api, context, task);
      case "metrics":
        return runMetrics(api, context, task);
      case "traces":
        return runTraces(api, context, task);
      case "histories":
        throw new RangeError(`no task of this room: ${task.source}`);
    }
  }

  async function* run(task: CollectTask): AsyncGenerator<Rec[]> {
    try {
      yield* records(task);
    } catch (error) {
      if (!(error instanceof GcpError)) throw error;
      throw new UserError(reasonOf(error), { exitCode: EXIT.partial, suggestions: ["evscope doctor"], cause: error });
    }
  }

  return {
    inventory: () => inventory(api, target, context),
    plan,
    run,
    search: (ids, configs, window) => searcher.search(ids, ownConfigs(api.project, target, configs), window),
    searchEstimate: async (configs, window) => searcher.estimate(ownConfigs(api.project, target, configs), window),
    spentUsd: () => spentUsd(api),
  };
}

/** Lasting: asking again changes nothing. */
const NO_HISTORIES = "no workflow histories here: executions of Google Cloud Workflows are not read";
