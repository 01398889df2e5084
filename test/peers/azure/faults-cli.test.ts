/** Commands as people run them, in front of an Azure that breaks: what they say, how they end, and that they only read. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Ran } from "../../support/cli.ts";
import { type AzureOrders, startAzureOrders } from "../support/azure/azure-orders.ts";
import { denied, type Fault, failing, type Rule, throttled, unavailable } from "../support/azure/faults.ts";
import type { Seen } from "../support/azure/http.ts";

const APPS = /\/resources$/;
const QUEUES = /\/queues$/;
const TABLES = /\/tables$/;
const QUERY = /\/query$/;
const METRICS = /metrics/i;

describe("collect and trace on an Azure that breaks", () => {
  let orders: AzureOrders;
  let whole: Summary;

  const collect = (): Promise<Ran> => orders.cli("collect", "--format", "json");

  beforeAll(async () => {
    orders = await startAzureOrders({ orders: 10, judged: false, pace: "requestTimeout: 5s\n  retryFor: 3s" });
    whole = summary(await collect());
  });
  afterAll(() => orders?.stop());
  beforeEach(() => {
    rmSync(join(orders.azure.home, ".evscope"), { recursive: true, force: true });
    orders.azure.rules.length = 0;
    orders.azure.requests.length = 0;
  });
  afterEach(() => {
    expect(orders.azure.writes()).toEqual([]);
    expect(orders.leaks()).toEqual([]);
  });

  const passing: [string, RegExp, Fault][] = [
    ["429 with seconds", QUERY, throttled("1")],
    ["429 with a date", QUEUES, throttled(new Date(Date.now() + 1000).toUTCString())],
    ["500", TABLES, failing],
    ["503 as HTML", APPS, unavailable],
    ["a reset", METRICS, "reset"],
    ["a body cut off", QUERY, "cut-body"],
  ];
  it.each(passing)("once %s: everything is collected all the same", async (_, match, fault) => {
    orders.azure.rules.push({ match, times: 1, fault });
    const ran = await collect();
    expect(summary(ran)).toEqual(whole);
  });

  it("a token that expires on the way is renewed", async () => {
    orders.azure.rules.push({ match: QUEUES, times: 1, fault: { change: (body) => (orders.azure.identity.expireAll(), body) } });
    expect(summary(await collect())).toEqual(whole);
  });

  it("a token that is refused for good: exit 3, and what to do", async () => {
    const body = { error: { code: "ExpiredAuthenticationToken", message: "The access token expired." } };
    orders.azure.rules.push({ match: QUERY, fault: { answer: { status: 401, body } } });
    const ran = await collect();
    expect(ran.code, ran.stdout + ran.stderr).toBe(3);
    expect(ran.stderr).toContain("az login");
    expect(ran.stderr).not.toMatch(/\n\s+at /);
  });

  const gaps: [string, Rule, RegExp][] = [
    [
      "denied",
      { match: QUEUES, fault: denied("Microsoft.ServiceBus/namespaces/queues/read") },
      /Microsoft\.ServiceBus\/namespaces\/queues\/read/,
    ],
    ["throttled for ever", { match: QUEUES, fault: throttled("1") }, /throttl|TooManyRequests/i],
    ["500 for ever", { match: TABLES, fault: failing }, /InternalServerError|internal error/],
    ["never answered", { match: QUEUES, fault: "hang" }, /no answer within 5000 ms/],
    ["cut off for ever", { match: TABLES, fault: "cut-body" }, /cut off/],
    [
      "the same nextLink for ever",
      { match: TABLES, fault: { change: (body, seen: Seen) => ({ ...body, nextLink: `${orders.azure.url}${seen.path}?${seen.query}` }) } },
      /repeats/,
    ],
    [
      "a nextLink to a foreign host",
      { match: TABLES, fault: { change: (body) => ({ ...body, nextLink: "https://example.com/next" }) } },
      /leads to https:\/\/example\.com/,
    ],
    ["a list that is none", { match: QUEUES, fault: { change: () => ({ value: "x" }) } }, /specification|no list/],
    ["queries denied", { match: QUERY, fault: denied("Microsoft.OperationalInsights/workspaces/query/read") }, /workspaces\/query\/read/],
    [
      "queries whose answer breaks the specification",
      { match: QUERY, fault: { change: () => ({ tables: [{ name: "PrimaryResult" }] }) } },
      /specification|columns or rows/,
    ],
    ["metrics denied", { match: METRICS, fault: denied("Microsoft.Insights/metrics/read") }, /Microsoft\.Insights\/metrics\/read/i],
  ];
  it.each(gaps)("%s: exit 4, a gap that says why, and the rest", async (_, rule, why) => {
    orders.azure.rules.push(rule);
    const ran = await collect();
    expect(ran.code, ran.stderr).toBe(4);
    const found = summary(ran);
    expect(found.gaps.join("\n")).toMatch(why);
    expect(ran.stdout + ran.stderr).not.toMatch(/Cannot read|is not a function|TypeError|\[object/);
    expect(found.functions).toBe(whole.functions);
    expect(found.configs).toBeGreaterThan(15);
  });

  const missing: [string, RegExp][] = [
    ["Microsoft.Web/sites/functions/read", /Microsoft\.Web\/sites\/functions\/read/i],
    ["Microsoft.EventGrid/*", /Microsoft\.EventGrid\/\S*read/i],
    ["Microsoft.ServiceBus/namespaces/queues/read", /Microsoft\.ServiceBus\/namespaces\/queues\/read/i],
    ["Microsoft.EventHub/*", /Microsoft\.EventHub\/namespaces\/eventhubs\/read|event hubs/i],
    ["Microsoft.DocumentDB/*", /Microsoft\.DocumentDB\/\S*read/i],
    ["Microsoft.OperationalInsights/workspaces/tables/read", /workspaces\/tables/i],
    ["Microsoft.OperationalInsights/workspaces/query/read", /workspaces\/query\/read/i],
    ["Microsoft.Insights/metrics/read", /Microsoft\.Insights\/metrics\/read/i],
  ];
  it.each(missing)("without %s: a gap that names it, and the rest", async (action, why) => {
    orders.world.permissions = { actions: ["*"], notActions: [action] };
    const ran = await collect();
    orders.world.permissions = { actions: ["*"], notActions: [] };
    expect(ran.code, ran.stderr).toBe(4);
    const found = summary(ran);
    expect(found.gaps.join("\n")).toMatch(why);
    expect(found.configs).toBeGreaterThan(15);
  });

  it("answers that hold few rows are asked for in parts, and nothing is lost", async () => {
    orders.world.rowLimit = 12;
    const ran = await collect();
    orders.world.rowLimit = 500_000;
    expect(summary(ran)).toEqual(whole);
  });

  it("a subscription that is not seen: exit 3, and who we are", async () => {
    const ran = await orders.cli("collect", "--subscription", "11111111-0000-4000-8000-000000000001");
    expect(ran.code, ran.stdout).toBe(3);
    expect(ran.stderr).not.toMatch(/\n\s+at /);
  });

  it("a search that is throttled for ever says that the chain may lack parts", async () => {
    const order = orders.truth.chains.find((chain) => chain.hops.some((hop) => hop.cloud === "azure"))!.id;
    await collect();
    orders.azure.rules.push({ match: QUERY, fault: throttled("1") });
    const ran = await orders.cli("trace", order, "--live");
    expect(ran.code, ran.stderr).toBe(4);
    expect(ran.stdout + ran.stderr).toMatch(/throttl|TooManyRequests/i);
  });

  it("doctor names what each feature lacks", async () => {
    orders.world.permissions = { actions: ["*/read"], notActions: ["Microsoft.ServiceBus/*"] };
    const ran = await orders.cli("doctor", "--format", "json");
    orders.world.permissions = { actions: ["*"], notActions: [] };
    const refused = JSON.stringify(JSON.parse(ran.stdout));
    expect(refused).toMatch(/Microsoft\.ServiceBus/i);
    expect(refused).toMatch(/Microsoft\.Web\/sites\/write/i);
  });
});

interface Summary {
  gaps: string[];
  functions: number;
  configs: number;
  invocations: number;
  spans: number;
}

interface Collected {
  targets: { functions: number }[];
  byType: Record<string, number>;
  gaps: { what: string; why: string }[];
}

function summary(ran: Ran): Summary {
  const { targets, byType, gaps } = JSON.parse(ran.stdout) as Collected;
  return {
    gaps: gaps.map((gap) => `${gap.what}: ${gap.why}`),
    functions: targets[0]!.functions,
    configs: byType["config"] ?? 0,
    invocations: byType["invocation"] ?? 0,
    spans: byType["span"] ?? 0,
  };
}
