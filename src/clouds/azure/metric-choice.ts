/** Which series of Azure Monitor are read of which resources, and at which resolution. Pure. All of them are free. */
import type { Config } from "../../model/records.ts";
import type { EpochMs, Ms } from "../../model/units.ts";
import type { Span } from "../room.ts";
import type { MetricsRequest } from "./api.ts";
import { isApp } from "./target-scope.ts";
import { textOf } from "./values.ts";

/** Metrics that are asked for together: same aggregations, same splitting. */
export interface MetricSet {
  /** In the dataset's name of the source. */
  key: string;
  names: readonly string[];
  aggregations: MetricsRequest["aggregations"];
  /** Dimensions by which series are told apart; none: one series. */
  dimensions: readonly string[];
  /** A level, told once in five minutes: it is read at both ends of the window. Left out: a flow. */
  isLevel?: true;
}

/** Resources of one type, and what is read of them. */
export interface MetricGroup {
  namespace: string;
  set: MetricSet;
  resources: { id: string; region: string | null }[];
}

const total = (key: string, names: readonly string[], ...dimensions: string[]): MetricSet => ({
  key,
  names,
  aggregations: ["Total"],
  dimensions,
});

/**
 * By plan. Each maps to a meter of the bill but the last; https://learn.microsoft.com/azure/azure-functions/monitor-functions-reference.
 * Execution units are MB-milliseconds. None of the execution metrics has a dimension for the function.
 */
const EXECUTIONS: { readonly [plan: string]: MetricSet } = {
  flex: total("flex", [
    "OnDemandFunctionExecutionCount",
    "OnDemandFunctionExecutionUnits",
    "AlwaysReadyFunctionExecutionCount",
    "AlwaysReadyFunctionExecutionUnits",
    "AlwaysReadyUnits",
  ]),
  consumption: total("consumption", ["FunctionExecutionCount", "FunctionExecutionUnits"]),
};
const INSTANCES: MetricSet = { key: "instances", names: ["InstanceCount"], aggregations: ["Average", "Maximum"], dimensions: [] };
const MEMORY: MetricSet = {
  key: "memory",
  names: ["AverageMemoryWorkingSet"],
  aggregations: ["Average", "Maximum"],
  dimensions: ["Instance"],
};

/** https://learn.microsoft.com/azure/azure-monitor/reference/supported-metrics/microsoft-eventgrid-topics-metrics */
const EVENT_GRID = total("deliveries", [
  "PublishSuccessCount",
  "PublishFailCount",
  "MatchedEventCount",
  "UnmatchedEventCount",
  "DeliverySuccessCount",
  "DeliveryAttemptFailCount",
  "DroppedEventCount",
  "DeadLetteredCount",
  "AdvancedFilterEvaluationCount",
]);
/** https://learn.microsoft.com/azure/azure-monitor/reference/supported-metrics/microsoft-servicebus-namespaces-metrics */
const SERVICE_BUS: readonly MetricSet[] = [
  total("messages", ["IncomingMessages", "OutgoingMessages", "CompleteMessage", "AbandonMessage"], "EntityName"),
  { key: "waiting", names: ["ActiveMessages", "DeadletteredMessages"], aggregations: ["Average", "Maximum"], dimensions: ["EntityName"] },
];
/** https://learn.microsoft.com/azure/azure-monitor/reference/supported-metrics/microsoft-eventhub-namespaces-metrics */
const EVENT_HUBS = total("messages", ["IncomingMessages", "OutgoingMessages", "IncomingBytes", "ThrottledRequests"], "EntityName");
/** https://learn.microsoft.com/azure/azure-monitor/reference/supported-metrics/microsoft-documentdb-databaseaccounts-metrics */
const COSMOS: readonly MetricSet[] = [
  total("units", ["TotalRequestUnits"], "CollectionName"),
  { key: "requests", names: ["TotalRequests"], aggregations: ["Count"], dimensions: ["CollectionName"] },
  // totals over the regions of an account, at five minutes and nothing else
  { ...total("sizes", ["DataUsage", "IndexUsage", "DocumentCount"], "DatabaseName", "CollectionName"), isLevel: true },
];

/** The part of an ARM ID that names a resource of this type; null: it has none. */
function ancestor(id: string, type: string): string | null {
  const match = new RegExp(`^.*/providers/${type}/[^/]+`, "i").exec(id);
  return match?.[0] ?? null;
}

/** Groups of resources that the configuration knows. Functions on Linux Consumption emit no execution metrics: `silent`. */
export function metricGroups(configs: readonly Config[]): { groups: MetricGroup[]; silent: string[] } {
  const groups = new Map<string, MetricGroup>();
  const silent: string[] = [];
  const add = (namespace: string, set: MetricSet, id: string | null, region: string | null): void => {
    if (id === null) return;
    const key = `${namespace}/${set.key}`;
    const group = groups.get(key) ?? { namespace, set, resources: [] };
    groups.set(key, group);
    const known = group.resources.find((one) => one.id.toLowerCase() === id.toLowerCase());
    if (known === undefined) group.resources.push({ id, region });
    else known.region ??= region;
  };
  for (const config of configs) {
    const { resource, region } = config;
    if (isApp(config)) {
      const plan = textOf(config.settings["plan"]);
      const execution = EXECUTIONS[plan ?? ""];
      if (plan === "consumption" && /linux/i.test(textOf(config.settings["os"]) ?? "")) silent.push(config.name);
      else if (execution !== undefined) add("Microsoft.Web/sites", execution, resource, region);
      if (plan === "flex") add("Microsoft.Web/sites", INSTANCES, resource, region);
      if (plan !== null) add("Microsoft.Web/sites", MEMORY, resource, region);
      continue;
    }
    for (const type of ["topics", "systemTopics", "domains"])
      if (config.kind === "bus")
        add(`Microsoft.EventGrid/${type}`, EVENT_GRID, ancestor(resource, `microsoft\\.eventgrid/${type}`), region);
    for (const set of SERVICE_BUS)
      add("Microsoft.ServiceBus/namespaces", set, ancestor(resource, "microsoft\\.servicebus/namespaces"), region);
    add("Microsoft.EventHub/namespaces", EVENT_HUBS, ancestor(resource, "microsoft\\.eventhub/namespaces"), region);
    if (config.kind === "table")
      for (const set of COSMOS)
        add("Microsoft.DocumentDB/databaseAccounts", set, ancestor(resource, "microsoft\\.documentdb/databaseaccounts"), region);
  }
  return { groups: [...groups.values()], silent };
}

const MINUTE: Ms = 60_000;
const DAY: Ms = 86_400_000;

/** Grains that all of these metrics have (Cosmos DB knows no others), coarsest last. */
const GRAINS = [
  { ms: MINUTE, iso: "PT1M" },
  { ms: 5 * MINUTE, iso: "PT5M" },
  { ms: 60 * MINUTE, iso: "PT1H" },
  { ms: DAY, iso: "P1D" },
] as const;

/** "Most metrics are stored for 93 days": https://learn.microsoft.com/azure/azure-monitor/metrics/data-platform-metrics#retention-of-metrics */
export const METRICS_KEPT_MS: Ms = 93 * DAY;
/** Points of one series; beyond it the resolution gets coarser. */
const MOST_POINTS = 3_000;

/** The one grain of levels: a longer total would count them several times. */
export const LEVEL_GRAIN = GRAINS[1];

/** Both ends of a window: two sizes tell what a store grew by. */
export function endsOf({ from, to }: Span): Span[] {
  const hour = 60 * MINUTE;
  return to - from <= 2 * hour
    ? [{ from, to }]
    : [
        { from, to: from + hour },
        { from: to - hour, to },
      ];
}

/** The finest grain that does not give more points than can be used. */
export function grainOf(window: Span): { ms: Ms; iso: string } {
  return GRAINS.find(({ ms }) => (window.to - window.from) / ms <= MOST_POINTS) ?? GRAINS[3];
}

/** The whole grains inside a window: one that is not over would be counted with a part. null: none. */
export function wholeGrains(window: Span, grainMs: Ms, now: EpochMs): Span | null {
  const from = Math.ceil(Math.max(window.from, now - METRICS_KEPT_MS) / grainMs) * grainMs;
  const to = Math.floor(window.to / grainMs) * grainMs;
  return from < to ? { from, to } : null;
}
