import { afterEach, describe, expect, it } from "vitest";
import { planRows, runRows } from "../../../../src/clouds/azure/collect-logs.ts";
import { logSourcesOf } from "../../../../src/clouds/azure/log-sources.ts";
import type { Scope } from "../../../../src/clouds/azure/log-tasks.ts";
import { appScopeOf, ownConfigs, scopeName } from "../../../../src/clouds/azure/target-scope.ts";
import { spentUsd } from "../../../../src/clouds/kit/spent.ts";
import type { CollectPlan, CollectRequest, LiveContext, Span, Target } from "../../../../src/clouds/room.ts";
import type { Config, Json, Rec } from "../../../../src/model/records.ts";
import { emptyWorld } from "../../../peers/support/azure/world.ts";
import { runOrders, WORKSPACE_GUID } from "../../../peers/support/azure/orders.ts";
import type { Row } from "../../../peers/support/azure/rows-db.ts";
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

// the clock of the tests stands at 2026-11-23T00:00Z
const NOW = Date.UTC(2026, 10, 23);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const WINDOW: Span = { from: NOW - DAY, to: NOW - HOUR };
const PREFIX = `azure/${SUBSCRIPTION}`;
const WS = WORKSPACE_ID.toLowerCase();

const config = (kind: Config["kind"], resource: string, settings: { [key: string]: Json }, region = "westeurope"): Config => ({
  type: "config",
  cloud: "azure",
  account: SUBSCRIPTION,
  region,
  kind,
  resource,
  name: resource.split("/").at(-1)!,
  revision: null,
  observedAt: NOW,
  from: null,
  to: null,
  settings,
});
const app = (name: string, settings: { [key: string]: Json } = {}): Config =>
  config("function", siteId(name), { app: name, plan: "flex", ...settings });
const workspace = config("log-group", WORKSPACE_ID, { customerId: CUSTOMER, retentionD: 90 });
const component = config("log-group", COMPONENT_ID, { workspace: WORKSPACE_ID });
const table = (name: string, tier: string, retentionD: number | null = null): Config =>
  config("log-group", `${WORKSPACE_ID}/tables/${name}`, { plan: tier, ...(retentionD !== null && { retentionD }) });
const CONFIGS = [workspace, component, app("shop-quote"), app("shop-tracker")];

const request = (more: Partial<CollectRequest> = {}): CollectRequest => ({
  signals: ["logs", "traces"],
  logs: "all",
  window: WINDOW,
  maxQueryUsd: 1,
  ...more,
});
const all = (_source: string, window: Span): Span[] => [window];

const open: ScriptedAzure[] = [];
afterEach(() => open.splice(0).forEach((api) => api.close()));
async function server(script: AzureScript): Promise<ScriptedAzure> {
  const api = await scriptedAzure(script);
  open.push(api);
  return api;
}

function scopeOf(api: ScriptedAzure, configs: readonly Config[] = CONFIGS, target: Target = azureTarget()): Scope {
  const own = ownConfigs(api, target, configs);
  return { sources: logSourcesOf(target, own), apps: appScopeOf(api, target, own), narrowed: scopeName(target) };
}

async function plan(
  api: ScriptedAzure,
  more: Partial<CollectRequest> = {},
  configs?: readonly Config[],
  target?: Target,
): Promise<CollectPlan> {
  return planRows(api, azureContext(), scopeOf(api, configs, target), request(more), all);
}

async function run(api: ScriptedAzure, planned: CollectPlan, ctx: Partial<LiveContext> = {}): Promise<Rec[]> {
  const records: Rec[] = [];
  for (const task of planned.tasks) records.push(...(await collected(runRows(api, azureContext(ctx), task))));
  return records;
}

const texts = (records: readonly Rec[]): string[] => records.map((record) => JSON.stringify(record)).sort();

describe("the order system", () => {
  const world = emptyWorld("t", SUBSCRIPTION);
  const truth = runOrders(world, { seed: 4, orders: 40, startAt: NOW - 6 * HOUR });
  const rows = world.rows.get(WORKSPACE_GUID) as { [table: string]: Row[] };
  // what the simulator says ran on Azure and was not lost, against the invocations that were read
  const hops = truth.chains.flatMap((chain) => chain.hops.filter((hop) => hop.cloud === "azure" && !hop.lost).map((hop) => hop.id));
  const ran = [...new Set([...hops, ...truth.noise.map((one) => one.id).filter((id) => id.startsWith("azure:"))])].sort();
  const runsIn = (records: readonly Rec[]): string[] =>
    [...new Set(typed(records, "invocation").map((one) => `azure:${one.requestId}`))].sort();

  it("gives every run, once by its request row, with the calls that it made", async () => {
    const api = await server({ workspace: rows });
    const planned = await plan(api);
    expect(planned.gaps).toEqual([]);
    expect(planned.tasks.map(({ source, signal, via }) => [source, signal, via])).toEqual([
      [`${PREFIX}/logs/all/${WS}`, "logs", "Log Analytics"],
      [`${PREFIX}/traces/${WS}`, "traces", "Log Analytics"],
    ]);
    const records = await run(api, planned);
    expect(ran.length).toBeGreaterThan(45);
    expect(runsIn(records)).toEqual(ran);
    // a dependency row is a span, and so is a request row
    const spans = typed(records, "span");
    expect(spans.filter((span) => !span.isInvocation).length).toBe(rows["AppDependencies"]!.length);
    expect(spans.filter((span) => span.isInvocation).length).toBe(rows["AppRequests"]!.length);
    expect(typed(records, "gap")).toEqual([]);
    // one count, and one query per table that has rows
    expect(planned.tasks.map((task) => task.estimate.calls)).toEqual([3, 1]);
    expect(api.queries.length).toBe(2 + 4);
  });

  it("is the same when answers hold 25 rows, and cost as many more queries", async () => {
    const whole = await server({ workspace: rows });
    const cut = await server({ workspace: rows, rowLimit: 25 });
    const expected = await run(whole, await plan(whole));
    const records = await run(cut, await plan(cut));
    expect(texts(records)).toEqual(texts(expected));
    expect(cut.queries.length).toBeGreaterThan(rows["AppTraces"]!.length / 25);
    expect(typed(records, "gap")).toEqual([]);
  });

  it("gives every run from the platform's lines alone", async () => {
    const api = await server({ workspace: rows });
    const records = await run(api, await plan(api, { signals: ["logs"], logs: "platform" }));
    expect(runsIn(records)).toEqual(ran);
    expect(typed(records, "log").filter((line) => line.kind === "function")).toEqual([]);
  });

  it("gives no others than those of the apps that are meant", async () => {
    const api = await server({ workspace: rows });
    const tracker = rows["FunctionAppLogs"]![0]!["AppName"] as string;
    const target = azureTarget({ functions: { names: [tracker], tags: {} } });
    const planned = await plan(api, {}, [workspace, component, app(tracker), app("other")], target);
    expect(planned.tasks[0]!.source).toBe(`${PREFIX}/logs/all/${WS} of [["${tracker}"],[]]`);
    const records = await run(api, planned);
    const lines = [...rows["AppRequests"]!, ...rows["AppTraces"]!].filter((row) => row["AppRoleName"] === tracker).length;
    expect(typed(records, "log").length).toBe(
      lines + rows["FunctionAppLogs"]!.length + rows["AppDependencies"]!.filter((row) => row["AppRoleName"] === tracker).length,
    );
  });
});

const trace = (at: number, message: string, more: Row = {}): Row => ({
  TimeGenerated: new Date(at).toISOString(),
  Type: "AppTraces",
  Message: message,
  OperationId: "0af7651916cd43dd8448eb211c80319c",
  AppRoleName: "shop-quote",
  ItemCount: 1,
  Properties: { Category: "Function.quote.User" },
  _ResourceId: COMPONENT_ID.toLowerCase(),
  _BilledSize: 500,
  ...more,
});

describe("whose rows", () => {
  const central = "/subscriptions/00000000-0000-4000-8000-00000000cccc/resourcegroups/rg/providers/microsoft.insights/components/central";
  const rows = [
    trace(NOW - 2 * HOUR, "an app of ours, by a component elsewhere", { _ResourceId: central }),
    trace(NOW - 2 * HOUR, "a website of ours", { AppRoleName: "website" }),
    trace(NOW - 2 * HOUR, "somebody else's", { AppRoleName: "website", _ResourceId: central }),
  ];

  it("are those of the subscription and of its apps, wherever their component lies", async () => {
    const api = await server({ workspace: { AppTraces: rows } });
    const records = await run(api, await plan(api, { signals: ["logs"] }));
    expect(typed(records, "log").map((line) => line.message)).toEqual(["an app of ours, by a component elsewhere", "a website of ours"]);
  });

  it("are those of the apps that are meant, where some are; of none, nothing is asked", async () => {
    const api = await server({ workspace: { AppTraces: rows } });
    const some = azureTarget({ functions: { names: ["shop-quote"], tags: {} } });
    expect(typed(await run(api, await plan(api, { signals: ["logs"] }, CONFIGS, some)), "log").map((line) => line.message)).toEqual([
      rows[0]!["Message"],
    ]);
    const asked = api.queries.length;
    const none = azureTarget({ functions: { names: ["nobody"], tags: {} } });
    expect(await plan(api, {}, CONFIGS, none)).toEqual({ tasks: [], gaps: [] });
    expect(api.queries.length).toBe(asked);
  });
});

describe("what is held already", () => {
  it("is not asked for: lines of the platform are among all lines, requests among the logs", async () => {
    const api = await server({});
    const asked = async (more: Partial<CollectRequest>, held: string[]): Promise<string[]> => {
      const missing = (source: string, window: Span): Span[] => (held.includes(source) ? [] : [window]);
      const planned = await planRows(api, azureContext(), scopeOf(api), request(more), missing);
      return planned.tasks.map((task) => task.source.slice(PREFIX.length + 1).replace(`/${WS}`, ""));
    };
    const name = (kind: string): string => `${PREFIX}/${kind}/${WS}`;
    expect(await asked({ signals: ["logs"], logs: "platform" }, [name("logs/all")])).toEqual([]);
    expect(await asked({ signals: ["logs"], logs: "all" }, [name("logs/platform")])).toEqual(["logs/all"]);
    expect(await asked({ signals: ["traces"] }, [])).toEqual(["traces", "requests"]);
    expect(await asked({ signals: ["traces"] }, [name("logs/platform")])).toEqual(["traces"]);
    expect(await asked({ signals: ["traces"] }, [name("traces"), name("requests")])).toEqual([]);
    // what was read of all apps holds what is read of some
    const target = azureTarget({ functions: { names: ["shop-quote"], tags: {} } });
    const held = [name("logs/all"), name("traces")];
    const missing = (source: string, window: Span): Span[] => (held.includes(source) ? [] : [window]);
    expect((await planRows(api, azureContext(), scopeOf(api, CONFIGS, target), request(), missing)).tasks).toEqual([]);
  });

  it("is not what may still arrive: the newest five minutes have a name of their own", async () => {
    const api = await server({ workspace: { AppTraces: [trace(NOW - 60_000, "late"), trace(NOW - HOUR, "settled")] } });
    const planned = await plan(api, { signals: ["logs"], window: { from: NOW - 2 * HOUR, to: NOW } });
    expect(planned.tasks.map(({ source, window }) => [source.slice(PREFIX.length), window])).toEqual([
      [`/logs/all/${WS}`, { from: NOW - 2 * HOUR, to: NOW - 300_000 }],
      [`/logs/all/${WS} (newest)`, { from: NOW - 300_000, to: NOW }],
    ]);
    expect(typed(await run(api, planned), "log").map((line) => line.message)).toEqual(["settled", "late"]);
  });
});

describe("windows", () => {
  it("are half-open to the tenth of a microsecond: rows at their edges come once", async () => {
    const at = (text: string): Row => trace(0, text, { TimeGenerated: text });
    const rows = [
      "2026-11-22T11:59:59.9999999Z",
      "2026-11-22T12:00:00.0000000Z",
      "2026-11-22T12:59:59.9999999Z",
      "2026-11-22T13:00:00.0000000Z",
    ].map(at);
    const api = await server({ workspace: { AppTraces: rows } });
    const noon = NOW - 12 * HOUR;
    const planned = await plan(api, { signals: ["logs"], window: { from: noon, to: noon + HOUR } });
    expect(typed(await run(api, planned), "log").map((line) => line.message)).toEqual([rows[1]!["Message"], rows[2]!["Message"]]);
  });

  it("older than a table keeps are told once for each time", async () => {
    const api = await server({});
    const configs = [...CONFIGS, table("AppTraces", "Analytics", 7), table("FunctionAppLogs", "Analytics", 7)];
    const window = { from: NOW - 30 * DAY, to: NOW - HOUR };
    expect((await plan(api, { signals: ["logs"], window }, configs)).gaps).toEqual([
      expect.objectContaining({
        what: "logs",
        why: "kept for less than the window, older rows are gone: FunctionAppLogs, AppTraces of shop-logs (7 d)",
        from: NOW - 30 * DAY,
        to: NOW - 7 * DAY,
      }),
    ]);
  });

  it("that cannot be read whole are gaps, and so not held", async () => {
    const many = Array.from({ length: 30 }, (_, i) => trace(NOW - 12 * HOUR + i, `line ${i}`));
    const api = await server({ workspace: { AppTraces: [...many, trace(NOW - 6 * HOUR, "alone")] }, rowLimit: 20 });
    const records = await run(api, await plan(api, { signals: ["logs"] }));
    expect(typed(records, "log").map((line) => line.message)).toEqual(["alone"]);
    const [only, ...others] = typed(records, "gap");
    expect(others).toEqual([]);
    expect(only).toMatchObject({
      what: "AppTraces of shop-logs",
      why: expect.stringMatching(/^not whole even for one second: the answer is partial/),
    });
    expect(only!.to! - only!.from!).toBeLessThanOrEqual(86_400_000);
  });
});

describe("sampled rows", () => {
  it("weigh what they stand for, in either dialect", async () => {
    const id = "3a4b2e78-0000-4000-8000-000000000001";
    const properties = { InvocationId: id, FullName: "Functions.quote", Category: "Host.Results" };
    const notes: string[] = [];
    const host = { ...azureContext().host, note: (text: string) => void notes.push(text) };
    const workspaceRow = trace(NOW - 2 * HOUR, "", {
      Type: "AppRequests",
      Id: "a1ad6b7169203331",
      Name: "quote",
      DurationMs: 12.5,
      Success: true,
      ResultCode: "200",
      ItemCount: 7,
      Properties: properties,
    });
    const { Message: _, ...row } = workspaceRow as { [column: string]: unknown };
    const api = await server({
      workspace: { AppRequests: [row] },
      component: {
        requests: [
          {
            timestamp: row["TimeGenerated"],
            itemType: "request",
            id: "b1ad6b7169203331",
            name: "quote",
            duration: 3,
            success: "True",
            resultCode: "200",
            itemCount: 9,
            customDimensions: properties,
            cloud_RoleName: "shop-quote",
          },
        ],
      },
    });
    const planned = await planRows(api, azureContext({ host }), scopeOf(api), request({ signals: ["logs"] }), all);
    expect(typed(await run(api, planned), "invocation")).toMatchObject([{ requestId: id, fn: "quote", weight: 7, durationMs: 12.5 }]);
    expect(notes).toEqual(["shop-logs: 1 rows stand for 7 (sampling); figures count what they stand for"]);
    // a classic component keeps its own rows, and is asked itself
    const classic = config("log-group", COMPONENT_ID, {});
    const other = await plan(api, { signals: ["logs"] }, [classic, app("shop-quote")]);
    expect(other.tasks.map((task) => task.source)).toEqual([`${PREFIX}/logs/all/${COMPONENT_ID.toLowerCase()}`]);
    expect(typed(await run(api, other), "invocation")).toMatchObject([{ requestId: id, fn: "quote", weight: 9, durationMs: 3 }]);
    expect(api.queries.at(-1)!.scope).toEqual({ kind: "resource", id: COMPONENT_ID });
  });
});

describe("paid tables", () => {
  const paid = [...CONFIGS, table("AppTraces", "Basic", 30)];
  const lines = [trace(NOW - 3 * HOUR, "one"), trace(NOW - 2 * HOUR, "two")];
  // 0.4 GB of 10^9 bytes, by the hour; West Europe asks $0.0065 per GB: $0.0026
  const Usage = [3, 2].map((ago) => ({
    TimeGenerated: new Date(NOW - (ago - 1) * HOUR).toISOString(),
    StartTime: new Date(NOW - ago * HOUR).toISOString(),
    EndTime: new Date(NOW - (ago - 1) * HOUR).toISOString(),
    DataType: "AppTraces",
    Quantity: 200,
  }));

  it("are searched at a price that is told before and counted after", async () => {
    const api = await server({ workspace: { AppTraces: lines, Usage } });
    const planned = await plan(api, { signals: ["logs"] }, paid);
    const task = planned.tasks.find((one) => one.via === "Log Analytics search")!;
    expect(task).toMatchObject({ source: `${PREFIX}/logs/all/${WS}#traces`, title: "AppTraces of shop-logs (Basic plan)" });
    expect(task.estimate.bytes).toBe(400e6);
    expect(task.estimate.usd).toBeCloseTo(0.0026, 12);
    const records = await run(api, planned);
    expect(typed(records, "log").map((line) => line.message)).toEqual(["one", "two"]);
    // 50 MB a query
    expect(api.searches.length).toBe(8);
    expect(api.searches.every(({ workspace: asked, kql }) => asked === CUSTOMER && kql.startsWith("AppTraces\n"))).toBe(true);
    expect(api.queries.some(({ kql }) => /AppTraces/.test(kql) && !/Usage/.test(kql))).toBe(false);
    expect(spentUsd(api)).toBeCloseTo(0.0026, 12);
  });

  it("whose price does not fit, or is not known, are gaps; the rest is read", async () => {
    const api = await server({ workspace: { AppTraces: lines, Usage } });
    const dear = await plan(api, { signals: ["logs"], maxQueryUsd: 0.002 }, paid);
    expect(dear.gaps).toMatchObject([
      {
        what: "logs: AppTraces of shop-logs",
        why: "queries of a Basic table are paid ($0.0026), and $0.0020 are left of the price limit (--max-query-usd)",
      },
    ]);
    expect(dear.tasks.map((task) => task.via)).toEqual(["Log Analytics"]);
    const unknown = await plan(await server({ workspace: { AppTraces: lines } }), { signals: ["logs"] }, paid);
    expect(unknown.gaps).toMatchObject([{ why: "queries of a Basic table are paid, and how much data lies in the window is not known" }]);
    expect(api.searches).toEqual([]);
  });

  it("are not read further when others have used up the limit meanwhile", async () => {
    const api = await server({ workspace: { AppTraces: lines, Usage } });
    const planned = await plan(api, { signals: ["logs"], maxQueryUsd: 0.003 }, paid);
    const task = planned.tasks.find((one) => one.via === "Log Analytics search")!;
    const { shareSpending } = await import("../../../../src/clouds/kit/spent.ts");
    shareSpending(api, { usd: 0.0029 });
    await expect(collected(runRows(api, azureContext(), task))).rejects.toThrow(/used up the price limit/);
    expect(api.searches).toEqual([]);
  });
});

describe("a workspace that may not be read", () => {
  it("is a gap that names the role, and the others are read", async () => {
    const api = await server({ logs: () => azureFailure("logs:queryWorkspace", "denied", "InsufficientAccessError", 403) });
    const planned = await plan(api);
    expect(planned.tasks).toEqual([]);
    expect(planned.gaps).toHaveLength(2);
    expect(planned.gaps[0]).toMatchObject({
      what: "logs of shop-logs",
      why: expect.stringMatching(/^not allowed: the action Microsoft.OperationalInsights\S+ is missing; the role .+ has it/),
    });
  });

  it("of which nobody can say how much it holds is read a day at a time", async () => {
    const api = await server({
      logs: ({ kql }) => (kql.includes("summarize") ? azureFailure("logs:queryWorkspace", "failed", "InternalServerError", 500) : null),
    });
    const planned = await plan(api, { signals: ["logs"], window: { from: NOW - 3 * DAY, to: NOW - HOUR } });
    expect(planned.tasks.map((task) => task.estimate)).toEqual(
      Array.from({ length: 3 }, () => ({ calls: null, seconds: null, usd: 0, bytes: null })),
    );
    expect(await run(api, planned)).toEqual([]);
  });
});
