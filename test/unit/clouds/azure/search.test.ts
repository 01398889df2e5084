import { afterEach, describe, expect, it } from "vitest";
import { openCollector } from "../../../../src/clouds/azure/collector.ts";
import { wordsOf } from "../../../../src/clouds/azure/search.ts";
import type { Span } from "../../../../src/clouds/room.ts";
import type { Id } from "../../../../src/model/ids.ts";
import type { Config, Json, Rec } from "../../../../src/model/records.ts";
import { runOrders, WORKSPACE_GUID } from "../../../peers/support/azure/orders.ts";
import type { Row } from "../../../peers/support/azure/rows-db.ts";
import { emptyWorld } from "../../../peers/support/azure/world.ts";
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

const NOW = Date.UTC(2026, 10, 23);
const HOUR = 3_600_000;
const WINDOW: Span = { from: NOW - 24 * HOUR, to: NOW };

const config = (kind: Config["kind"], resource: string, settings: { [key: string]: Json }): Config => ({
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
const CONFIGS = [
  config("log-group", WORKSPACE_ID, { customerId: CUSTOMER }),
  config("log-group", COMPONENT_ID, { workspace: WORKSPACE_ID }),
  config("function", siteId("shop"), { app: "shop", plan: "flex" }),
];
const BASIC = [...CONFIGS, config("log-group", `${WORKSPACE_ID}/tables/AppTraces`, { plan: "Basic" })];

const open: ScriptedAzure[] = [];
afterEach(() => open.splice(0).forEach((api) => api.close()));

async function searched(
  script: AzureScript,
  ids: readonly Id[],
  { configs = CONFIGS, maxQueryUsd = 1 }: { configs?: readonly Config[]; maxQueryUsd?: number } = {},
): Promise<{ api: ScriptedAzure; records: Rec[] }> {
  const api = await scriptedAzure(script);
  open.push(api);
  const collector = openCollector(api, azureTarget(), azureContext());
  return { api, records: await collected(collector.search(ids, configs, WINDOW, maxQueryUsd)) };
}

const id = (value: string, kind: Id["kind"] = "correlation"): Id => ({ kind, value });
const at = (minutes: number): string => new Date(NOW - 2 * HOUR + minutes * 60_000).toISOString();
const OP_A = "0af7651916cd43dd8448eb211c80319c";
const OP_B = "1bf7651916cd43dd8448eb211c80319c";
const OP_BATCH = "2cf7651916cd43dd8448eb211c80319c";
const OP_OTHER = "3df7651916cd43dd8448eb211c80319c";
const BATCH_RUN = "3a4b2e78-0000-4000-8000-0000000000b1";

const base = (Type: string, OperationId: string, minutes: number): Row => ({
  Type,
  OperationId,
  TimeGenerated: at(minutes),
  AppRoleName: "shop",
  ItemCount: 1,
  _ResourceId: COMPONENT_ID.toLowerCase(),
});
const requestRow = (operation: string, Id: string, minutes: number, Properties: Json = {}): Row => ({
  ...base("AppRequests", operation, minutes),
  Id,
  Name: "quote",
  DurationMs: 5,
  Success: true,
  ResultCode: "200",
  Properties,
});
const traceRow = (operation: string, Message: string, minutes: number, Properties: Json = {}): Row => ({
  ...base("AppTraces", operation, minutes),
  Message,
  Properties,
});

/** Two orders that are sent on and worked off by one batch, and a third thing. */
const ROWS: AzureScript["workspace"] = {
  AppRequests: [
    requestRow(OP_A, "a000000000000001", 0, { InvocationId: "3a4b2e78-0000-4000-8000-0000000000a1", FullName: "Functions.quote" }),
    requestRow(OP_B, "b000000000000001", 1, { InvocationId: "3a4b2e78-0000-4000-8000-0000000000a2", FullName: "Functions.quote" }),
    requestRow(OP_BATCH, "c000000000000001", 2, {
      InvocationId: BATCH_RUN,
      FullName: "Functions.track",
      "_MS.links": JSON.stringify([
        { operation_Id: OP_A, id: "a000000000000002" },
        { operation_Id: OP_B, id: "b000000000000002" },
      ]),
    }),
    requestRow(OP_OTHER, "d000000000000001", 3, { InvocationId: "3a4b2e78-0000-4000-8000-0000000000a4", FullName: "Functions.quote" }),
  ],
  AppDependencies: [
    {
      ...base("AppDependencies", OP_A, 0),
      Id: "a000000000000002",
      Name: "ServiceBusSender.Send",
      DependencyType: "Azure Service Bus",
      Target: "sb://shop.servicebus.windows.net/orders",
      Success: true,
      Properties: { MessageId: "msg-000001" },
    },
  ],
  AppTraces: [
    traceRow(OP_A, "quote for orderId=ORD-42", 0),
    traceRow(OP_B, "quote for orderId=ORD-420", 1),
    traceRow("", "no operation, but orderId=ORD-42", 1),
    traceRow(OP_OTHER, "nothing of interest", 3),
  ],
};
const operations = (records: readonly Rec[]): string[] => [...new Set(typed(records, "span").map((span) => span.traceId ?? ""))].sort();

describe("the words that are looked for", () => {
  it("are whole, in every spelling, and the root of a hierarchical ID", () => {
    expect(wordsOf([id("ORD-42"), id("{ORD-42}")])).toEqual(["ORD-42"]);
    expect(wordsOf([id("|TrN4xAbc.1901.")])).toEqual(["TrN4xAbc.1901", "TrN4xAbc"]);
    expect(wordsOf([id(OP_A, "trace")])).toEqual([OP_A, `1-${OP_A.slice(0, 8)}-${OP_A.slice(8)}`]);
    expect(wordsOf([id("x!"), id("--")])).toEqual([]);
  });
});

describe("a search", () => {
  it("finds whole operations by a business ID, no longer word, and lines of no operation", async () => {
    const { api, records } = await searched({ workspace: ROWS }, [id("ORD-42")]);
    expect(operations(records)).toEqual([OP_A]);
    expect(
      typed(records, "log")
        .filter((line) => line.kind === "function")
        .map((line) => line.message),
    ).toEqual(["quote for orderId=ORD-42", "no operation, but orderId=ORD-42"]);
    expect(typed(records, "message")).toMatchObject([{ direction: "published", messageId: "msg-000001", channel: "orders" }]);
    expect(api.queries.length).toBe(1);
    expect(typed(records, "gap")).toEqual([]);
  });

  it.each([
    ["a trace ID", id(OP_A, "trace"), [OP_A, OP_BATCH]],
    ["a trace ID in capitals", id(OP_A.toUpperCase(), "trace"), [OP_A, OP_BATCH]],
    ["a message ID", id("msg-000001", "message"), [OP_A]],
    ["an InvocationId of a batch: what it continues comes along", id(BATCH_RUN, "request"), [OP_A, OP_B, OP_BATCH]],
    ["the operation of a batch", id(OP_BATCH, "trace"), [OP_A, OP_B, OP_BATCH]],
    ["an ID that nobody has", id("nobody-has-it"), []],
  ])("finds operations by %s", async (_, wanted, expected) => {
    const { records } = await searched({ workspace: ROWS }, [wanted]);
    expect(operations(records)).toEqual([...expected].sort());
  });

  it("reads a hierarchical operation whole, from any ID in it", async () => {
    const root = "e766f18a0adc49418d297b1a244f1bfb";
    const rows = {
      AppRequests: [requestRow(root, `|${root}.`, 0), requestRow(root, `|${root}.1901.`, 1)],
      AppTraces: [traceRow(root, "deep", 1, { spanId: `|${root}.1901.2.` })],
    };
    for (const wanted of [id(root, "trace"), id(`|${root}.1901.`), id(`|${root}.77.`)]) {
      const { records } = await searched({ workspace: rows }, [wanted]);
      expect(
        typed(records, "span")
          .map((span) => span.spanId)
          .sort(),
      ).toEqual([`|${root}.`, `|${root}.1901.`]);
    }
  });

  it("that is more than one answer holds is made in steps, with the same result", async () => {
    const whole = await searched({ workspace: ROWS }, [id("ORD-42"), id(OP_BATCH, "trace")]);
    const steps = await searched({ workspace: ROWS, rowLimit: 3 }, [id("ORD-42"), id(OP_BATCH, "trace")]);
    const texts = (records: readonly Rec[]): string[] => records.map((record) => JSON.stringify(record)).sort();
    expect(texts(steps.records)).toEqual(texts(whole.records));
    expect(steps.api.queries.length).toBeGreaterThan(7);
  });

  it("cannot be talked into another query", async () => {
    const { records } = await searched({ workspace: ROWS }, [id('x"]); union AppRequests, AppTraces //'), id(String.raw`\", "`)]);
    expect(records).toEqual([]);
  });

  it("of a classic component goes to the component, in its own words", async () => {
    const component = {
      traces: [
        { timestamp: at(0), itemType: "trace", message: "orderId=ORD-42", operation_Id: OP_A, cloud_RoleName: "shop", itemCount: 1 },
      ],
      requests: [
        {
          timestamp: at(0),
          itemType: "request",
          id: "a000000000000001",
          name: "quote",
          duration: 4,
          success: "True",
          resultCode: "200",
          operation_Id: OP_A,
          cloud_RoleName: "shop",
          itemCount: 1,
          customDimensions: { FullName: "Functions.quote" },
        },
      ],
    };
    const { api, records } = await searched({ component }, [id("ORD-42")], {
      configs: [config("log-group", COMPONENT_ID, {}), CONFIGS[2]!],
    });
    expect(operations(records)).toEqual([OP_A]);
    expect(api.queries[0]!.scope).toEqual({ kind: "resource", id: COMPONENT_ID });
  });

  it("that is refused is a gap", async () => {
    const { records } = await searched({ logs: () => azureFailure("logs:queryWorkspace", "denied", "InsufficientAccessError", 403) }, [
      id("ORD-42"),
    ]);
    expect(typed(records, "gap")).toMatchObject([{ what: "log search in shop-logs", why: expect.stringMatching(/^not allowed: /) }]);
  });

  it("without any place to search says so", async () => {
    const { records } = await searched({}, [id("ORD-42")], { configs: [CONFIGS[2]!] });
    expect(typed(records, "gap")).toMatchObject([
      { why: expect.stringMatching(/^no Application Insights component and no workspace is known for shop: /) },
    ]);
  });
});

describe("a search of paid tables", () => {
  // 100 MB at $0.0065 per GB: $0.00065
  const Usage = [{ TimeGenerated: at(30), StartTime: at(-30), EndTime: at(30), DataType: "AppTraces", Quantity: 100 }];

  it("asks them for the IDs and for the operations found, at a price told before", async () => {
    const api = await scriptedAzure({ workspace: { ...ROWS, Usage } });
    open.push(api);
    const notes: string[] = [];
    const context = azureContext({ host: { ...azureContext().host, note: (text) => void notes.push(text) } });
    const collector = openCollector(api, azureTarget(), context);
    expect(await collector.searchEstimate(BASIC, WINDOW)).toMatchObject({ usd: expect.closeTo(0.00065, 12), bytes: 100e6 });
    const records = await collected(collector.search([id("msg-000001", "message")], BASIC, WINDOW, 1));
    expect(
      typed(records, "log")
        .filter((line) => line.kind === "function")
        .map((line) => line.message),
    ).toEqual(["quote for orderId=ORD-42"]);
    expect(api.searches.length).toBe(1);
    expect(collector.spentUsd!()).toBeCloseTo(0.00065, 12);
    expect(notes).toEqual(["log search in AppTraces of shop-logs: $0.00065 at list price"]);
  });

  it("whose price does not fit is a gap; the free ones are searched", async () => {
    const { api, records } = await searched({ workspace: { ...ROWS, Usage } }, [id("msg-000001", "message")], {
      configs: BASIC,
      maxQueryUsd: 0.0001,
    });
    expect(operations(records)).toEqual([OP_A]);
    expect(typed(records, "gap")).toMatchObject([
      {
        what: "log search in AppTraces of shop-logs",
        why: "not searched: a query of this Basic table is paid, and its price ($0.00065) does not fit into --max-query-usd",
      },
    ]);
    expect(api.searches).toEqual([]);
  });

  it("costs nothing where there are none", async () => {
    const api = await scriptedAzure({});
    open.push(api);
    expect(await openCollector(api, azureTarget(), azureContext()).searchEstimate(CONFIGS, WINDOW)).toMatchObject({ calls: 1, usd: 0 });
    expect(api.queries).toEqual([]);
  });
});

describe("the order system", () => {
  const world = emptyWorld("t", SUBSCRIPTION);
  const truth = runOrders(world, { seed: 11, orders: 20, startAt: NOW - 6 * HOUR });
  const rows = world.rows.get(WORKSPACE_GUID) as { [table: string]: Row[] };
  // orders with a run on Azure that tells of itself
  const told = truth.chains.filter((chain) => chain.hops.some((hop) => hop.cloud === "azure" && !hop.lost));

  it("gives at least the first run of an order by the order's ID in one round", async () => {
    expect(told.length).toBeGreaterThan(10);
    for (const chain of told.slice(0, 3)) {
      const { records } = await searched({ workspace: rows }, [id(chain.id)]);
      const runs = new Set(typed(records, "invocation").map((run) => `azure:${run.requestId}`));
      const first = chain.hops.filter((hop) => hop.cloud === "azure" && !hop.lost).toSorted((a, b) => a.startedAtMs - b.startedAtMs)[0]!;
      expect([...runs]).toContain(first.id);
    }
  });
});
