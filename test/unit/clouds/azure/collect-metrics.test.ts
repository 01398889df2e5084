import { afterEach, describe, expect, it } from "vitest";
import type { MetricsBatchRequest, MetricsRequest } from "../../../../src/clouds/azure/api.ts";
import { planMetrics, runMetrics } from "../../../../src/clouds/azure/collect-metrics.ts";
import { grainOf, metricGroups, wholeGrains } from "../../../../src/clouds/azure/metric-choice.ts";
import type { CollectRequest, Span } from "../../../../src/clouds/room.ts";
import type { JsonObject } from "../../../../src/model/json.ts";
import type { Config, Json, Rec } from "../../../../src/model/records.ts";
import {
  azureContext,
  azureFailure,
  type AzureScript,
  azureTarget,
  type ScriptedAzure,
  scriptedAzure,
  siteId,
  SUBSCRIPTION,
} from "../../../support/scripted-azure.ts";
import { collected, typed } from "../../../support/scripted-aws.ts";

const NOW = Date.UTC(2026, 10, 23);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const WINDOW: Span = { from: NOW - 2 * HOUR, to: NOW - HOUR };
const providers = `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg/providers`;

const config = (kind: Config["kind"], resource: string, settings: { [key: string]: Json } = {}): Config => ({
  type: "config",
  cloud: "azure",
  account: SUBSCRIPTION,
  region: "westeurope",
  kind,
  resource,
  name: resource.split("/").at(-1)!,
  revision: null,
  observedAt: NOW,
  from: null,
  to: null,
  settings,
});
const app = (name: string, plan: string, more: { [key: string]: Json } = {}): Config =>
  config("function", siteId(name), { app: name, plan, ...more });
const request = (window = WINDOW): CollectRequest => ({ signals: ["metrics"], logs: "platform", window, maxQueryUsd: 0 });
const all = (_source: string, window: Span): Span[] => [window];

const open: ScriptedAzure[] = [];
afterEach(() => open.splice(0).forEach((api) => api.close()));
async function server(script: AzureScript): Promise<ScriptedAzure> {
  const api = await scriptedAzure(script);
  open.push(api);
  return api;
}

/** As the service answers: https://learn.microsoft.com/rest/api/monitor/metrics/list#examples */
const metric = (resource: string, name: string, points: JsonObject[]): JsonObject => ({
  id: `${resource}/providers/Microsoft.Insights/metrics/${name}`,
  type: "Microsoft.Insights/metrics",
  name: { value: name, localizedValue: name },
  unit: "Count",
  timeseries: [{ metadatavalues: [], data: points }],
});
const answer = (resource: string, names: readonly string[]): JsonObject => ({
  cost: 59,
  timespan: "2026-11-22T22:00:00Z/2026-11-22T23:00:00Z",
  interval: "PT1M",
  namespace: "Microsoft.Web/sites",
  resourceregion: "westeurope",
  value: names.map((name) =>
    metric(resource, name, [
      { timeStamp: "2026-11-22T22:00:00Z", total: 3 },
      { timeStamp: "2026-11-22T22:01:00Z" },
      { timeStamp: "2026-11-22T23:00:00Z", total: 1 },
    ]),
  ),
});
const ofOne = ({ resource, names }: MetricsRequest): JsonObject => answer(resource, names);
const ofMany = ({ resources, names }: MetricsBatchRequest): JsonObject => ({
  values: resources.map((resource) => ({
    ...answer(resource, names),
    resourceid: resource,
    starttime: "2026-11-22T22:00:00Z",
    endtime: "2026-11-22T23:00:00Z",
  })),
});

async function run(api: ScriptedAzure, configs: readonly Config[]): Promise<Rec[]> {
  const plan = planMetrics(api, azureTarget(), azureContext(), configs, request(), all);
  const records: Rec[] = [];
  for (const task of plan.tasks) records.push(...(await collected(runMetrics(api, azureContext(), task))));
  return records;
}

describe("which metrics", () => {
  it("sizes of containers are read at both ends of the window, every five minutes: their total over longer counts several", async () => {
    const api = await server({});
    const shop = config("table", `${providers}/Microsoft.DocumentDB/databaseAccounts/shop/sqlDatabases/a/containers/b`);
    const window = { from: NOW - 10 * DAY, to: NOW };
    const { tasks } = planMetrics(api, azureTarget(), azureContext(), [shop], request(window), all);
    expect(tasks.filter((one) => one.source.endsWith("/sizes")).map((one) => [one.window, one.title])).toEqual([
      [{ from: window.from, to: window.from + HOUR }, expect.stringMatching(/DataUsage, IndexUsage, DocumentCount every PT5M/)],
      [{ from: window.to - HOUR, to: window.to }, expect.stringMatching(/every PT5M/)],
    ]);
  });

  it("go by the plan of the app; channels are counted once for a namespace", () => {
    const bus = `${providers}/Microsoft.ServiceBus/namespaces/shop`;
    const cosmos = `${providers}/Microsoft.DocumentDB/databaseAccounts/shop/sqlDatabases/db/containers`;
    const { groups, silent } = metricGroups([
      app("flex", "flex"),
      app("old", "consumption"),
      app("silent", "consumption", { os: "linux" }),
      app("warm", "premium"),
      config("function", `${siteId("flex")}/functions/quote`, { app: "flex" }),
      config("queue", `${bus}/queues/a`),
      config("queue", `${bus}/queues/b`),
      config("bus", bus),
      config("bus", `${providers}/Microsoft.EventGrid/systemTopics/t`),
      config("trigger", `${providers}/Microsoft.EventGrid/systemTopics/t/eventSubscriptions/s`),
      config("stream", `${providers}/Microsoft.EventHub/namespaces/hubs/eventhubs/h`),
      config("table", `${cosmos}/orders`),
      config("table", `${cosmos}/stock`),
    ]);
    expect(silent).toEqual(["silent"]);
    expect(groups.map(({ namespace, set, resources }) => [namespace, set.key, resources.map((one) => one.id.split("/").at(-1))])).toEqual([
      ["Microsoft.Web/sites", "flex", ["flex"]],
      ["Microsoft.Web/sites", "instances", ["flex"]],
      ["Microsoft.Web/sites", "memory", ["flex", "old", "silent", "warm"]],
      ["Microsoft.Web/sites", "consumption", ["old"]],
      ["Microsoft.ServiceBus/namespaces", "messages", ["shop"]],
      ["Microsoft.ServiceBus/namespaces", "waiting", ["shop"]],
      ["Microsoft.EventGrid/systemTopics", "deliveries", ["t"]],
      ["Microsoft.EventHub/namespaces", "messages", ["hubs"]],
      ["Microsoft.DocumentDB/databaseAccounts", "units", ["shop"]],
      ["Microsoft.DocumentDB/databaseAccounts", "requests", ["shop"]],
      ["Microsoft.DocumentDB/databaseAccounts", "sizes", ["shop"]],
    ]);
    // "The metrics can be listed with up to 20 names"
    expect(Math.max(...groups.map(({ set }) => set.names.length))).toBeLessThanOrEqual(20);
  });

  it("are read in whole grains, as fine as can be used, no further back than they are kept", () => {
    expect([1, 2, 3, 10, 30, 200].map((days) => grainOf({ from: 0, to: days * DAY }).iso)).toEqual([
      "PT1M",
      "PT1M",
      "PT5M",
      "PT5M",
      "PT1H",
      "P1D",
    ]);
    expect(wholeGrains({ from: NOW - HOUR + 1, to: NOW - 1 }, 60_000, NOW)).toEqual({ from: NOW - HOUR + 60_000, to: NOW - 60_000 });
    expect(wholeGrains({ from: NOW - 30_000, to: NOW - 1 }, 60_000, NOW)).toBeNull();
    expect(wholeGrains({ from: NOW - 200 * DAY, to: NOW }, DAY, NOW)).toEqual({ from: NOW - 93 * DAY, to: NOW });
  });
});

describe("metrics of apps", () => {
  const apps = ["a", "b", "c", "d"].map((name) => app(name, "consumption"));
  // 4 apps, 2 metrics of executions with one point that is inside the window and has a value
  const counts = (records: readonly Rec[]): number =>
    typed(records, "metric").filter((one) => /FunctionExecution(Count|Units)$/.test(one.name)).length;

  it("come for many at once, without the point that belongs to the next window", async () => {
    const api = await server({ metricsBatch: ofMany, metrics: ofOne });
    const records = await run(api, apps);
    expect(counts(records)).toBe(8);
    expect(typed(records, "metric")[0]).toMatchObject({
      name: "Microsoft.Web/sites/FunctionExecutionCount",
      resource: siteId("a"),
      account: SUBSCRIPTION,
      region: "westeurope",
      at: NOW - 2 * HOUR,
      periodMs: 60_000,
      statistic: "Sum",
      value: 3,
    });
    expect(api.metricCalls.map((call) => ("resources" in call ? call.resources.length : 1))).toEqual([4, 4]);
    expect(api.metricCalls[0]).toMatchObject({
      region: "westeurope",
      interval: "PT1M",
      aggregations: ["Total"],
      names: ["FunctionExecutionCount", "FunctionExecutionUnits"],
    });
  });

  it("come one by one where that is refused", async () => {
    const api = await server({
      metricsBatch: () => azureFailure("metrics:queryResources", "denied", "AuthorizationFailed", 403),
      metrics: ofOne,
    });
    expect(counts(await run(api, apps))).toBe(8);
    expect(api.metricCalls.length).toBe(2 * (1 + 4));
  });

  it("come without the one that a resource does not have, and without resources that are gone", async () => {
    const api = await server({
      metrics: (asked) => {
        if (asked.resource === siteId("b")) return azureFailure("monitor:metrics.list", "not-found", "ResourceNotFound", 404);
        return asked.names.includes("FunctionExecutionUnits")
          ? azureFailure("monitor:metrics.list", "invalid", "BadRequest", 400)
          : ofOne(asked);
      },
    });
    const records = await run(api, apps.slice(0, 2));
    expect(
      typed(records, "metric")
        .map((one) => one.name)
        .sort(),
    ).toEqual(["Microsoft.Web/sites/AverageMemoryWorkingSet", "Microsoft.Web/sites/FunctionExecutionCount"]);
  });

  it("that fail otherwise fail the task", async () => {
    const failing = azureFailure("monitor:metrics.list", "failed", "InternalServerError", 500);
    await expect(run(await server({ metrics: () => failing }), apps.slice(0, 1))).rejects.toBe(failing);
  });
});

describe("a plan of metrics", () => {
  it("says which apps are silent, once, and leaves out what is held", async () => {
    const api = await server({});
    const configs = [app("a", "consumption", { os: "linux" }), app("b", "consumption", { os: "linux" }), app("c", "flex")];
    const plan = planMetrics(api, azureTarget(), azureContext(), configs, request(), (source, window) =>
      source.endsWith("/flex") ? [] : [window],
    );
    expect(plan.tasks.map(({ source, window, estimate }) => [source.split("/metrics/")[1], window, estimate.usd])).toEqual([
      ["Microsoft.Web/sites/memory", WINDOW, 0],
      ["Microsoft.Web/sites/instances", WINDOW, 0],
    ]);
    expect(plan.gaps).toMatchObject([
      {
        what: "metrics Microsoft.Web/sites",
        why: "no execution metrics here: Azure emits none for Consumption apps on Linux (a, b); their requests are counted instead",
      },
    ]);
  });
});
