import { expect, test } from "vitest";
import { inventory } from "../../../../src/clouds/azure/collect-inventory.ts";
import { INVENTORY, TYPES } from "../../../../src/clouds/azure/graph-query.ts";
import type { Target } from "../../../../src/clouds/room.ts";
import type { JsonObject } from "../../../../src/model/json.ts";
import type { Config, Gap, Rec } from "../../../../src/model/records.ts";
import { bind } from "../../../peers/support/azure/kusto.ts";
import { RESOURCE_GRAPH } from "../../../peers/support/azure/table-schemas.ts";
import { type ArmScript, type ScriptedArm, scriptedArm } from "../../../support/scripted-arm.ts";
import { azureContext, azureFailure, azureTarget, CUSTOMER, SUBSCRIPTION } from "../../../support/scripted-azure.ts";

const RG = `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg/providers`;
const head = (type: string, path: string, more: JsonObject = {}): JsonObject => ({
  id: `${RG}/${path}`,
  name: path.split("/").at(-1)!,
  type: type.toLowerCase(),
  location: "westeurope",
  tags: null,
  ...more,
});
const site = (name: string, more: JsonObject = {}): JsonObject =>
  head(TYPES.site, `Microsoft.Web/sites/${name}`, { kind: "functionapp,linux", properties: { state: "Running" }, ...more });
const fn = (app: string, name: string, trigger: JsonObject = { type: "httpTrigger" }): JsonObject => ({
  id: `${RG}/Microsoft.Web/sites/${app}/functions/${name}`,
  name: `${app}/${name}`,
  type: "Microsoft.Web/sites/functions",
  properties: { config: { bindings: [trigger] } },
});

async function collected(script: ArmScript, target: Partial<Target> = {}): Promise<{ configs: Config[]; gaps: Gap[]; api: ScriptedArm }> {
  const api = scriptedArm(script);
  const records: Rec[] = [];
  for await (const page of inventory(api, azureTarget(target), azureContext())) records.push(...page);
  return {
    api,
    configs: records.filter((one) => one.type === "config"),
    gaps: records.filter((one) => one.type === "gap"),
  };
}
const named = (configs: readonly Config[], name: string): Config | undefined => configs.find((one) => one.name === name);
const READER: JsonObject[] = [{ actions: ["*/read"], notActions: [] }];
const NO_LISTS: ArmScript["calls"] = { "eventgrid:eventSubscriptions.listGlobalBySubscription": [] };

test("the question is one that Microsoft's parser understands, and asks for what its columns are", () => {
  const { problems, columns } = bind(INVENTORY, RESOURCE_GRAPH);
  expect(problems).toEqual([]);
  expect(columns.map((one) => one.name)).toEqual(["id", "name", "type", "kind", "location", "tags", "sku", "properties"]);
});

test("apps with their functions; what the graph leaves out comes from the app itself", async () => {
  const described = site("Orders", {
    type: "Microsoft.Web/sites",
    tags: { team: "shop", "hidden-link: /app-insights-instrumentation-key": "s3cret" },
    properties: { functionAppConfig: { scaleAndConcurrency: { instanceMemoryMB: 512, maximumInstanceCount: 100 } } },
  });
  const { configs, gaps, api } = await collected({
    graph: [[site("Orders")]],
    calls: {
      ...NO_LISTS,
      "web:webApps.get": described,
      "web:webApps.listFunctions": [fn("Orders", "pay", { type: "serviceBusTrigger", queueName: "payments", connection: "BUS" })],
    },
  });
  expect(gaps).toEqual([]);
  expect(named(configs, "orders")).toMatchObject({
    kind: "function",
    account: SUBSCRIPTION,
    region: "westeurope",
    settings: { plan: "flex", memoryMib: 512, maxInstances: 100, tags: { team: "shop" } },
  });
  expect(named(configs, "pay")).toMatchObject({
    kind: "function",
    from: "payments",
    settings: { app: "orders", trigger: "serviceBusTrigger" },
  });
  expect(JSON.stringify(configs)).not.toContain("s3cret");
  // secrets are never asked for
  expect(api.asked.filter((one) => one.api.includes("ApplicationSettings"))).toEqual([]);
});

test("the plan of an app that does not name it: of the same list, else asked for", async () => {
  const plan = (name: string): string => `${RG}/Microsoft.Web/serverfarms/${name}`;
  const asked: string[] = [];
  const { configs } = await collected({
    graph: [
      [
        site("a", { properties: { serverFarmId: plan("Listed") } }),
        site("b", { properties: { serverFarmId: plan("hidden") } }),
        head(TYPES.plan, "Microsoft.Web/serverfarms/listed", { sku: { name: "Y1", tier: "Dynamic" } }),
      ],
    ],
    calls: {
      ...NO_LISTS,
      "web:webApps.get": (_group: string, name: string) =>
        site(name, { properties: { serverFarmId: plan(name === "a" ? "Listed" : "hidden") } }),
      "web:webApps.listFunctions": [],
      "web:appServicePlans.get": (_group: string, name: string) => {
        asked.push(name);
        return head(TYPES.plan, `Microsoft.Web/serverfarms/${name}`, { sku: { name: "P1v3", tier: "PremiumV3" } });
      },
    },
  });
  expect(named(configs, "a")?.settings["plan"]).toBe("consumption");
  expect(named(configs, "b")?.settings["plan"]).toBe("dedicated");
  expect(asked).toEqual(["hidden"]);
});

test("a target means apps by name, tag and region, or by the name of a function in them", async () => {
  const script: ArmScript = {
    graph: [[site("orders", { tags: { team: "shop" } }), site("mail"), site("far", { location: "eastasia" })]],
    calls: {
      ...NO_LISTS,
      "web:webApps.get": (_group: string, name: string) => site(name, { tags: name === "orders" ? { team: "shop" } : null }),
      "web:webApps.listFunctions": (_group: string, name: string) => [fn(name, `${name}-send`)],
    },
  };
  const apps = async (target: Partial<Target>): Promise<string[]> =>
    (await collected(script, target)).configs.flatMap((one) => (one.resource.includes("/functions/") ? [] : [one.name])).sort();
  expect(await apps({})).toEqual(["far", "mail", "orders"]);
  expect(await apps({ regions: ["westeurope"] })).toEqual(["mail", "orders"]);
  expect(await apps({ functions: { names: ["ord*"], tags: {} } })).toEqual(["orders"]);
  expect(await apps({ functions: { names: ["mail-send"], tags: {} } })).toEqual(["mail"]);
  expect(await apps({ functions: { names: [], tags: { team: "shop" } } })).toEqual(["orders"]);
});

test("queues, topics, subscriptions and rules; event hubs; containers", async () => {
  const bus = "Microsoft.ServiceBus/namespaces/bus";
  const child = (type: string, path: string, properties: JsonObject = {}): JsonObject => ({
    id: `${RG}/${path}`,
    name: path.split("/").at(-1)!,
    type,
    properties,
  });
  const { configs, gaps } = await collected({
    graph: [
      [
        head(TYPES.serviceBus, bus),
        head(TYPES.eventHubs, "Microsoft.EventHub/namespaces/hub"),
        head(TYPES.cosmos, "Microsoft.DocumentDB/databaseAccounts/db", {
          kind: "GlobalDocumentDB",
          properties: { capabilities: [{ name: "EnableServerless" }], locations: [{ locationName: "West Europe" }] },
        }),
        head(TYPES.cosmos, "Microsoft.DocumentDB/databaseAccounts/mongo", { kind: "MongoDB", properties: {} }),
        head(TYPES.cosmos, "Microsoft.DocumentDB/databaseAccounts/cql", { properties: { capabilities: [{ name: "EnableCassandra" }] } }),
      ],
    ],
    calls: {
      ...NO_LISTS,
      "servicebus:queues.listByNamespace": [child("Microsoft.ServiceBus/namespaces/queues", `${bus}/queues/q`, { maxDeliveryCount: 5 })],
      "servicebus:topics.listByNamespace": [child("Microsoft.ServiceBus/namespaces/topics", `${bus}/topics/t`)],
      "servicebus:subscriptions.listByTopic": [
        child("Microsoft.ServiceBus/namespaces/topics/subscriptions", `${bus}/topics/t/subscriptions/s`),
      ],
      "servicebus:rules.listBySubscriptions": [
        child("Microsoft.ServiceBus/namespaces/topics/subscriptions/rules", `${bus}/topics/t/subscriptions/s/rules/r`, {
          filterType: "SqlFilter",
          sqlFilter: { sqlExpression: "kind = 'a'" },
        }),
      ],
      "arm:GET": (path: string) =>
        path.endsWith("/eventhubs")
          ? [child("Microsoft.EventHub/namespaces/eventhubs", "Microsoft.EventHub/namespaces/hub/eventhubs/clicks")]
          : READER,
      "cosmos:sqlResources.listSqlDatabases": (_group: string, account: string) =>
        account === "db"
          ? [child("Microsoft.DocumentDB/databaseAccounts/sqlDatabases", "Microsoft.DocumentDB/databaseAccounts/db/sqlDatabases/shop")]
          : azureFailure("cosmos:sqlResources.listSqlDatabases", "invalid", "BadRequest"),
      "cosmos:sqlResources.listSqlContainers": [
        child(
          "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers",
          "Microsoft.DocumentDB/databaseAccounts/db/sqlDatabases/shop/containers/c",
          {
            resource: { id: "c", defaultTtl: 60 },
          },
        ),
      ],
    },
  });
  expect(named(configs, "c")).toMatchObject({ settings: { defaultTtlSeconds: 60, capacity: "serverless", regions: 1 } });
  expect(gaps).toEqual([]);
  expect(named(configs, "q")).toMatchObject({ kind: "queue", settings: { maxDeliveryCount: 5 } });
  expect(named(configs, "s")).toMatchObject({ kind: "trigger", from: `${RG}/${bus}/topics/t` });
  expect(named(configs, "r")).toMatchObject({ kind: "rule", settings: { sqlExpression: "kind = 'a'" } });
  expect(named(configs, "clicks")).toMatchObject({ kind: "stream" });
  expect(named(configs, "c")).toMatchObject({ kind: "table", settings: { defaultTtlSeconds: 60 } });
});

test("components lead to their workspaces, wherever those lie; of tables only those that are read", async () => {
  const far = "/subscriptions/other/resourceGroups/central/providers/Microsoft.OperationalInsights/workspaces/logs";
  const { configs, api } = await collected({
    graph: [
      [head(TYPES.component, "microsoft.insights/components/shop", { properties: { WorkspaceResourceId: far, RetentionInDays: 90 } })],
    ],
    calls: {
      ...NO_LISTS,
      "arm:GET": (path: string): JsonObject | JsonObject[] =>
        path.endsWith("/permissions")
          ? READER
          : path.endsWith("/tables")
            ? [
                { name: "AppRequests", properties: { plan: "Analytics", retentionInDays: 90, totalRetentionInDays: 90 } },
                { name: "AppTraces", properties: { plan: "Basic", retentionInDays: 30 } },
                { name: "SecurityEvent", properties: { plan: "Analytics" } },
              ]
            : {
                id: far,
                name: "logs",
                type: "Microsoft.OperationalInsights/workspaces",
                properties: { customerId: CUSTOMER, retentionInDays: 30 },
              },
    },
  });
  expect(named(configs, "shop")).toMatchObject({ kind: "log-group", settings: { workspace: far.toLowerCase(), retentionD: 90 } });
  expect(named(configs, "logs")).toMatchObject({ kind: "log-group", account: "other", settings: { customerId: CUSTOMER, retentionD: 30 } });
  expect(named(configs, "AppTraces")).toMatchObject({ resource: `${far}/tables/AppTraces`, settings: { plan: "Basic", retentionD: 30 } });
  expect(named(configs, "SecurityEvent")).toBeUndefined();
  expect(api.asked.map((one) => one.args[0]).filter((path) => path === far)).toHaveLength(1);
});

test("workspaces that the target names are read instead of those of components", async () => {
  const own = `${RG}/Microsoft.OperationalInsights/workspaces/mine`;
  const { configs } = await collected(
    {
      graph: [
        [
          head(TYPES.component, "microsoft.insights/components/shop", { properties: { WorkspaceResourceId: `${RG}/x/workspaces/theirs` } }),
          head(TYPES.workspace, "Microsoft.OperationalInsights/workspaces/mine", { properties: { customerId: CUSTOMER } }),
        ],
      ],
      calls: { ...NO_LISTS, "arm:GET": (path: string) => (path.endsWith("/permissions") ? READER : []) },
    },
    { azure: { cloud: "public", tenant: null, workspaces: [own] } },
  );
  expect(configs.map((one) => one.name).sort()).toEqual(["mine", "shop"]);
});

test("what is not allowed is a gap that names action and role, once; the rest goes on", async () => {
  const denied = azureFailure("web:webApps.listFunctions", "denied", "AuthorizationFailed", 403);
  const { configs, gaps } = await collected({
    graph: [["a", "b", "c"].map((name) => site(name))],
    calls: {
      "web:webApps.get": (_group: string, name: string) => site(name),
      "web:webApps.listFunctions": denied,
      "eventgrid:eventSubscriptions.listGlobalBySubscription": azureFailure(
        "eventgrid:eventSubscriptions.listGlobalBySubscription",
        "denied",
        "AuthorizationFailed",
        403,
      ),
    },
  });
  expect(configs.map((one) => one.name).sort()).toEqual(["a", "b", "c"]);
  expect(gaps.map((one) => [one.what, one.why])).toEqual(
    expect.arrayContaining([
      [
        "event subscriptions",
        "not allowed: the action Microsoft.EventGrid/eventSubscriptions/read is missing; the role Reader has it (AuthorizationFailed)",
      ],
      [
        "details by Microsoft.Web/sites/functions/Read",
        "not allowed: the action Microsoft.Web/sites/functions/Read is missing; the role Reader has it (AuthorizationFailed)",
      ],
    ]),
  );
  expect(gaps).toHaveLength(2);
});

test("a list that fails is a gap, and ends nothing else", async () => {
  const { configs, gaps } = await collected({
    graph: azureFailure("graph:resources", "failed", "InternalServerError", 500),
    calls: NO_LISTS,
  });
  expect(configs).toEqual([]);
  expect(gaps).toMatchObject([{ what: "resources", why: expect.stringMatching(/^graph:resources failed/) }]);
});

test("credentials that end while it collects end it", async () => {
  const ended = azureFailure("web:webApps.get", "credentials", "ExpiredAuthenticationToken", 401);
  await expect(
    collected({ graph: [[site("a")]], calls: { ...NO_LISTS, "web:webApps.get": ended, "web:webApps.listFunctions": [] } }),
  ).rejects.toBe(ended);
});

test("what Resource Graph leaves out in silence is said", async () => {
  const granted = {
    actions: ["Microsoft.Web/*", "Microsoft.Insights/*", "Microsoft.OperationalInsights/*", "Microsoft.EventGrid/*/read"],
    notActions: [],
  };
  const { gaps } = await collected({ graph: [[]], calls: { ...NO_LISTS, "arm:GET": [granted] } });
  expect(gaps.map((one) => one.what)).toEqual([
    "resources by Microsoft.ServiceBus/namespaces/read",
    "resources by Microsoft.EventHub/namespaces/read",
    "resources by Microsoft.DocumentDB/databaseAccounts/read",
  ]);
  expect(gaps[0]!.why).toMatch(/not allowed on the whole subscription: .* the role Reader has it/);
});
