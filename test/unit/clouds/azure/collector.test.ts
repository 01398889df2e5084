import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { openCollector } from "../../../../src/clouds/azure/collector.ts";
import { ownConfigs } from "../../../../src/clouds/azure/target-scope.ts";
import type { CollectRequest, Span, Target } from "../../../../src/clouds/room.ts";
import { EXIT, UserError } from "../../../../src/model/errors.ts";
import type { Config, Json, Rec } from "../../../../src/model/records.ts";
import type { Row } from "../../../peers/support/azure/rows-db.ts";
import { WORKSPACE } from "../../../peers/support/azure/table-schemas.ts";
import {
  azureContext,
  azureFailure,
  type AzureScript,
  azureTarget,
  COMPONENT_ID,
  CUSTOMER,
  type ScriptedAzure,
  scriptedAzure,
  siteId,
  SUBSCRIPTION,
  WORKSPACE_ID,
} from "../../../support/scripted-azure.ts";
import { collected, typed } from "../../../support/scripted-aws.ts";
import { shared } from "../../../support/shared.ts";

const NOW = Date.UTC(2026, 10, 23);
const HOUR = 3_600_000;
const WINDOW: Span = { from: NOW - 24 * HOUR, to: NOW - HOUR };
const all = (_source: string, window: Span): Span[] => [window];

const config = (kind: Config["kind"], resource: string, settings: { [key: string]: Json }, more: Partial<Config> = {}): Config => ({
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
  ...more,
});
const app = (name: string, more: Partial<Config> = {}, settings: { [key: string]: Json } = {}): Config =>
  config("function", siteId(name), { app: name, plan: "flex", ...settings }, more);
const CONFIGS = [
  config("log-group", WORKSPACE_ID, { customerId: CUSTOMER }),
  config("log-group", COMPONENT_ID, { workspace: WORKSPACE_ID }),
  app("shop"),
];
const request = (more: Partial<CollectRequest> = {}): CollectRequest => ({
  signals: ["logs", "metrics", "traces", "histories"],
  logs: "all",
  window: WINDOW,
  maxQueryUsd: 1,
  ...more,
});

const open: ScriptedAzure[] = [];
afterEach(() => open.splice(0).forEach((api) => api.close()));
async function opened(script: AzureScript, target: Partial<Target> = {}) {
  const api = await scriptedAzure(script);
  open.push(api);
  return { api, collector: openCollector(api, azureTarget(target), azureContext()) };
}

describe("a plan", () => {
  it("has a task for each kind of telemetry, and says once that there are no histories", async () => {
    const { collector } = await opened({});
    const plan = await collector.plan(CONFIGS, request(), all);
    expect(plan.tasks.map((task) => [task.signal, task.via])).toEqual([
      ["logs", "Log Analytics"],
      ["traces", "Log Analytics"],
      ["metrics", "Azure Monitor metrics"],
      ["metrics", "Azure Monitor metrics"],
      ["metrics", "Azure Monitor metrics"],
    ]);
    expect(plan.gaps).toMatchObject([{ what: "histories", why: expect.stringMatching(/^no workflow histories here: /) }]);
    expect(plan.tasks.reduce((usd, task) => usd + (task.estimate.usd ?? 0), 0)).toBe(0);
  });

  it("without a workspace names the apps that nothing can be read of, and the setting that helps", async () => {
    const { api, collector } = await opened({});
    const plan = await collector.plan([app("shop"), app("stock")], request({ signals: ["logs", "traces"] }), all);
    expect(plan.tasks).toEqual([]);
    expect(plan.gaps).toMatchObject([{ what: "logs", why: expect.stringMatching(/for shop, stock: .*workspaces in evscope\.yaml/) }]);
    expect(api.queries).toEqual([]);
  });

  it("reads the workspaces that the target names, and no others; one that may not be described by its ARM ID", async () => {
    const other = WORKSPACE_ID.replace("shop-logs", "central");
    const { api, collector } = await opened({}, { azure: { cloud: "public", tenant: null, workspaces: [other] } });
    const plan = await collector.plan(CONFIGS, request({ signals: ["traces"] }), all);
    expect(new Set(plan.tasks.map((task) => task.source))).toEqual(
      new Set([`azure/${SUBSCRIPTION}/traces/${other.toLowerCase()}`, `azure/${SUBSCRIPTION}/requests/${other.toLowerCase()}`]),
    );
    expect(api.queries.map((query) => query.scope)).toEqual(
      Array.from({ length: 2 }, () => ({ kind: "resource", id: other.toLowerCase() })),
    );
  });
});

describe("what a target means", () => {
  const own = (target: Partial<Target>, configs: Config[]): string[] =>
    ownConfigs({ subscription: SUBSCRIPTION }, azureTarget(target), configs).map((one) => one.name);
  const inApp = (name: string, of: string): Config => config("function", `${siteId(of)}/functions/${name}`, { app: of });

  it("is its own subscription, each resource as it was seen last", () => {
    const others = [
      app("shop", { account: "other" }),
      app("shop", { observedAt: NOW - 1, settings: { app: "shop", plan: "old" } }),
      app("shop", { cloud: "aws" }),
    ];
    expect(ownConfigs({ subscription: SUBSCRIPTION }, azureTarget(), [...others, app("shop")])).toEqual([app("shop")]);
  });

  it("are apps by name, tag and region, or by the name of a function in them", () => {
    const configs = [
      app("shop"),
      inApp("quote", "shop"),
      app("stock", {}, { tags: { team: "b" } }),
      inApp("count", "stock"),
      app("far", { region: "eastus" }),
    ];
    expect(own({ functions: { names: ["sh*"], tags: {} } }, configs)).toEqual(["shop", "quote"]);
    expect(own({ functions: { names: ["count"], tags: {} } }, configs)).toEqual(["stock", "count"]);
    expect(own({ functions: { names: [], tags: { team: "b" } } }, configs)).toEqual(["stock", "count"]);
    expect(own({ regions: ["eastus"] }, configs)).toEqual(["far"]);
    expect(own({}, configs)).toEqual(["shop", "quote", "stock", "count", "far"]);
  });
});

describe("a task that fails", () => {
  it("ends with an error for the user that keeps its cause", async () => {
    const failing = azureFailure("logs:queryWorkspace", "throttled", "TooManyRequests", 429);
    const { collector } = await opened({ logs: ({ kql }) => (kql.includes("summarize") ? null : failing) });
    const { tasks } = await collector.plan(CONFIGS, request({ signals: ["traces"] }), all);
    // nothing was counted, so nothing is asked
    expect(await collected(collector.run(tasks[0]!))).toEqual([]);
    const unsized = await opened({ logs: () => failing });
    const plan = await unsized.collector.plan(CONFIGS, request({ signals: ["traces"] }), all);
    const error = await collected(unsized.collector.run(plan.tasks[0]!)).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(UserError);
    expect(error).toMatchObject({
      exitCode: EXIT.partial,
      cause: failing,
      message: "logs:queryWorkspace was still throttled after 1 attempts",
    });
  });
});

const corpus = shared("corpora/azure/newrelic-azure-diagnostics");

describe.skipIf(corpus === null)("rows that live services wrote", () => {
  /** Event Hub records as the table rows that they become: `time` is TimeGenerated, the component stands in `_ResourceId`. */
  const rowsOf = (file: string): Row[] =>
    (JSON.parse(readFileSync(`${corpus}/${file}`, "utf8")) as { records: { [column: string]: Json }[] }).records.map((record) => {
      const columns = Object.entries(record).filter(([name]) => name in WORKSPACE[record["Type"] as string]!);
      return { ...Object.fromEntries(columns), TimeGenerated: record["time"], _ResourceId: COMPONENT_ID.toLowerCase() };
    });

  it("become the records that the corpus is known for", async () => {
    const workspace = {
      AppRequests: [
        ...rowsOf("appInsightsAppRequest.json"),
        ...rowsOf("arrayOfStrings_06.json").filter((row) => row["Type"] === "AppRequests"),
      ],
      AppDependencies: rowsOf("appInsightsAppDependency.json"),
      AppTraces: rowsOf("appInsightsAppTraces.json"),
      AppExceptions: rowsOf("appInsightsAppException.json"),
      AppEvents: rowsOf("appInsightsAppEvent.json"),
    };
    const { collector } = await opened({ workspace });
    const window = { from: Date.UTC(2021, 3, 1), to: Date.UTC(2021, 5, 1) };
    const plan = await collector.plan(CONFIGS, request({ signals: ["logs", "traces"], window }), all);
    const records: Rec[] = [];
    for (const task of plan.tasks) records.push(...(await collected(collector.run(task))));
    expect(typed(records, "gap")).toEqual([]);
    // read off the files: two runs, one of 4.7239 ms and one of 30 s that succeeded; one dependency; two traces
    expect(typed(records, "invocation").map(({ requestId, durationMs, outcome }) => ({ requestId, durationMs, outcome }))).toEqual([
      { requestId: "invocationidvalue", durationMs: 4.7239, outcome: "ok" },
      { requestId: "invocationid", durationMs: 30_020.222, outcome: "ok" },
    ]);
    expect(typed(records, "invocation")[1]!.startedAt).toBeCloseTo(Date.UTC(2021, 4, 10, 19, 19, 21) + 60.0528, 2);
    expect(typed(records, "span").filter((span) => !span.isInvocation).length).toBe(workspace.AppDependencies.length);
    const lines = typed(records, "log");
    expect(lines.filter((line) => line.kind === "error").length).toBe(workspace.AppExceptions.length);
    expect(lines.length).toBe(Object.values(workspace).flat().length);
  });
});
