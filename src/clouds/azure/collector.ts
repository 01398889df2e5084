/** What Azure keeps of one subscription, as records: each kind of telemetry has its own file, this one shares out money and tasks. */
import { EXIT, UserError } from "../../model/errors.ts";
import type { Id } from "../../model/ids.ts";
import type { Config, Rec } from "../../model/records.ts";
import type { Usd } from "../../model/units.ts";
import { shareSpending, spentUsd } from "../kit/spent.ts";
import type { Collector, CollectPlan, CollectRequest, CollectTask, LiveContext, Span, Target } from "../room.ts";
import { type AzureApi, AzureError } from "./api.ts";
import { inventory } from "./collect-inventory.ts";
import { planRows, runRows } from "./collect-logs.ts";
import { planMetrics, runMetrics } from "./collect-metrics.ts";
import { gap, reasonOf } from "./live-gaps.ts";
import { logSourcesOf, nowhere } from "./log-sources.ts";
import type { Scope } from "./log-tasks.ts";
import { search, searchEstimate } from "./search.ts";
import { appScopeOf, ownConfigs, scopeName } from "./target-scope.ts";

/** Opens the collector of a connection. Nothing is asked before a method is called. */
export function openCollector(api: AzureApi, target: Target, context: LiveContext): Collector {
  shareSpending(api, context.spent);

  /** Where the target's telemetry lies. */
  function scopeOf(own: readonly Config[]): Scope {
    return { sources: logSourcesOf(target, own), apps: appScopeOf(api, target, own), narrowed: scopeName(target) };
  }

  async function plan(
    configs: readonly Config[],
    request: CollectRequest,
    missing: (source: string, window: Span) => Span[],
  ): Promise<CollectPlan> {
    const own = ownConfigs(api, target, configs);
    const found: CollectPlan = { tasks: [], gaps: [] };
    const add = (part: CollectPlan): void => {
      found.tasks.push(...part.tasks);
      found.gaps.push(...part.gaps);
    };
    const wanted = new Set(request.signals);
    if (wanted.has("logs") || wanted.has("traces")) {
      const scope = scopeOf(own);
      const lost = nowhere(api, scope.sources, own, wanted.has("logs") ? "logs" : "traces");
      if (lost !== null) found.gaps.push(lost);
      add(await planRows(api, context, scope, request, missing));
    }
    if (wanted.has("metrics")) add(planMetrics(api, target, context, own, request, missing));
    if (wanted.has("histories"))
      found.gaps.push(gap(api, "histories", "no workflow histories here: Durable Functions and Logic Apps are not read"));
    return found;
  }

  function records(task: CollectTask): AsyncIterable<Rec[]> {
    return task.signal === "metrics" ? runMetrics(api, context, task) : runRows(api, context, task);
  }

  async function* run(task: CollectTask): AsyncGenerator<Rec[]> {
    try {
      yield* records(task);
    } catch (error) {
      if (!(error instanceof AzureError)) throw error;
      throw new UserError(reasonOf(error), { exitCode: EXIT.partial, suggestions: ["evscope doctor"], cause: error });
    }
  }

  async function* searched(ids: readonly Id[], configs: readonly Config[], window: Span, maxQueryUsd: Usd): AsyncGenerator<Rec[]> {
    const own = ownConfigs(api, target, configs);
    const scope = scopeOf(own);
    const lost = nowhere(api, scope.sources, own, "logs");
    if (lost !== null) yield [lost];
    yield* search(api, context, scope, ids, window, maxQueryUsd);
  }

  return {
    inventory: () => inventory(api, target, context),
    plan,
    run,
    search: searched,
    searchEstimate: (configs, window) => searchEstimate(api, context, scopeOf(ownConfigs(api, target, configs)), window),
    spentUsd: () => spentUsd(api),
  };
}
