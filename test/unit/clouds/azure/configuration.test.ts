import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { resourceDescriptions } from "../../../../src/clouds/azure/configuration.ts";
import { formats } from "../../../../src/clouds/azure/formats.ts";
import type { Config, Json } from "../../../../src/model/records.ts";
import { readDocuments, readWith } from "../../../contract/read-documents.ts";
import { shared } from "../../../support/shared.ts";

const GROUP = "/subscriptions/S1/resourceGroups/shop/providers";
const configs = (...documents: Json[]): Config[] =>
  readWith(resourceDescriptions, documents).records.filter((record) => record.type === "config");

const app = (properties: { [key: string]: Json }, head: { [key: string]: Json } = {}): Json => ({
  id: `${GROUP}/Microsoft.Web/sites/Shop-Func`,
  name: "Shop-Func",
  type: "Microsoft.Web/sites",
  kind: "functionapp,linux",
  location: "West Europe",
  properties,
  ...head,
});
const scaleAndConcurrency = {
  instanceMemoryMB: 2048,
  maximumInstanceCount: 100,
  alwaysReady: [{ name: "http", instanceCount: 2 }],
  triggers: { http: { perInstanceConcurrency: 16 } },
};

describe("Function Apps", () => {
  it("say plan and memory under the name that telemetry calls them by", () => {
    expect(
      configs(app({ sku: "FlexConsumption", functionAppConfig: { runtime: { name: "node", version: "22" }, scaleAndConcurrency } })),
    ).toEqual([
      {
        type: "config",
        cloud: "azure",
        account: "s1",
        region: "westeurope",
        kind: "function",
        resource: `${GROUP}/Microsoft.Web/sites/Shop-Func`,
        name: "shop-func",
        revision: null,
        observedAt: null,
        from: null,
        to: null,
        settings: {
          app: "shop-func",
          plan: "flex",
          memoryMib: 2048,
          maxInstances: 100,
          alwaysReady: [{ name: "http", instanceCount: 2 }],
          httpConcurrency: 16,
          os: "linux",
          runtime: "node",
          runtimeVersion: "22",
        },
      },
    ]);
  });

  it.each([
    ["Dynamic", "consumption"],
    ["Y1", "consumption"],
    ["ElasticPremium", "premium"],
    ["Standard", "dedicated"],
  ])("of SKU %s are on plan %s", (sku, plan) => {
    expect(configs(app({ sku }))[0]!.settings["plan"]).toBe(plan);
  });

  it("are read in the flat form of the CLI", () => {
    const [config] = configs({ ...(app({}) as object), properties: null, sku: "Dynamic", state: "Running" } as Json);
    expect(config!.settings).toMatchObject({ plan: "consumption", state: "Running" });
  });

  it("take the plan from their App Service plan, before or after it", () => {
    const farm: Json = {
      id: `${GROUP}/Microsoft.Web/serverfarms/Plan-1`,
      name: "Plan-1",
      type: "Microsoft.Web/serverfarms",
      sku: { name: "Y1", tier: "Dynamic" },
      properties: {},
    };
    const site = app({ serverFarmId: `${GROUP}/Microsoft.Web/serverfarms/plan-1` });
    for (const order of [
      [farm, site],
      [site, farm],
    ])
      expect(configs({ value: order })[0]!.settings["plan"]).toBe("consumption");
    expect(configs(site)[0]!.settings["plan"]).toBeUndefined();
  });

  it("are told from other sites", () => {
    const read = readWith(resourceDescriptions, [app({}, { kind: "app" })]);
    expect([read.records, read.ignored]).toEqual([[], ["resources of type Microsoft.Web/sites that are no Function App are not read"]]);
  });

  it("keep no secret", () => {
    const text = JSON.stringify(configs(app({ sku: "Dynamic", siteConfig: { appSettings: [{ name: "KEY", value: "SECRET" }] } })));
    expect(text).not.toContain("SECRET");
  });
});

describe("functions", () => {
  it("name their app, trigger and channel", () => {
    const [config] = configs({
      id: `${GROUP}/Microsoft.Web/sites/Shop-Func/functions/track`,
      name: "Shop-Func/track",
      type: "Microsoft.Web/sites/functions",
      properties: {
        isDisabled: false,
        config: { bindings: [{ type: "serviceBusTrigger", queueName: "orders", cardinality: "many" }, { type: "http" }] },
      },
    });
    expect(config).toMatchObject({
      name: "track",
      from: "orders",
      settings: { app: "shop-func", trigger: "serviceBusTrigger", cardinality: "many", disabled: false },
    });
  });
});

describe("Event Grid subscriptions", () => {
  const filter = { subjectBeginsWith: "/orders", advancedFilters: [{ operatorType: "NumberIn", key: "data.amount", values: [1, 2] }] };
  const head = {
    id: `${GROUP}/Microsoft.EventGrid/topics/orders/providers/Microsoft.EventGrid/eventSubscriptions/sub-1`,
    name: "sub-1",
    type: "Microsoft.EventGrid/eventSubscriptions",
  };
  const retryPolicy = { maxDeliveryAttempts: 10, eventTimeToLiveInMinutes: 1200 };

  it("are triggers with filter, TTL, attempts and batching", () => {
    const destination = {
      endpointType: "AzureFunction",
      properties: {
        resourceId: `${GROUP}/Microsoft.Web/sites/shop/functions/track`,
        maxEventsPerBatch: 10,
        preferredBatchSizeInKilobytes: 64,
      },
    };
    const expected = {
      kind: "trigger",
      name: "sub-1",
      from: `${GROUP}/microsoft.eventgrid/topics/orders`,
      to: `${GROUP}/Microsoft.Web/sites/shop/functions/track`,
      settings: {
        service: "eventgrid",
        endpointType: "AzureFunction",
        filter,
        eventTimeToLiveMinutes: 1200,
        maxDeliveryAttempts: 10,
        maxEventsPerBatch: 10,
        preferredBatchSizeKilobytes: 64,
      },
    };
    const topic = `${GROUP}/microsoft.eventgrid/topics/orders`;
    expect(configs({ ...head, properties: { topic, destination, filter, retryPolicy } })).toMatchObject([expected]);
    // as the CLI prints it
    expect(
      configs([{ ...head, topic, filter, retryPolicy, destination: { endpointType: "AzureFunction", ...destination.properties } }]),
    ).toMatchObject([expected]);
  });

  it("keep a webhook's address without its key", () => {
    const destination = { endpointType: "WebHook", properties: { endpointUrl: "https://f.net/runtime/webhooks/EventGrid?code=SECRET" } };
    const [config] = configs({ ...head, properties: { destination, filter: {} } });
    expect(config).toMatchObject({ from: `${GROUP}/Microsoft.EventGrid/topics/orders`, to: "https://f.net/runtime/webhooks/EventGrid" });
  });
});

describe("Service Bus and Cosmos DB", () => {
  const bus = `${GROUP}/Microsoft.ServiceBus/namespaces/shop`;
  it("queues have their times in ms; the longest TTL means never", () => {
    expect(
      configs({
        value: [
          {
            id: `${bus}/queues/orders`,
            name: "orders",
            type: "Microsoft.ServiceBus/Namespaces/Queues",
            properties: { lockDuration: "PT1M", maxDeliveryCount: 10, defaultMessageTimeToLive: "P10675199DT2H48M5.4775807S" },
          },
        ],
      }),
    ).toMatchObject([{ kind: "queue", name: "orders", settings: { lockDurationMs: 60_000, maxDeliveryCount: 10 } }]);
  });

  it("rules keep their filter", () => {
    const [rule] = configs({
      id: `${bus}/topics/t/subscriptions/s/rules/r`,
      name: "r",
      type: "Microsoft.ServiceBus/Namespaces/Topics/Subscriptions/Rules",
      properties: { filterType: "SqlFilter", sqlFilter: { sqlExpression: "amount > 5" }, action: {} },
    });
    expect(rule).toMatchObject({
      kind: "rule",
      from: `${bus}/topics/t/subscriptions/s`,
      settings: { filterType: "SqlFilter", sqlExpression: "amount > 5", hasAction: false },
    });
  });

  it.each([
    [undefined, "off"],
    [-1, "per item"],
    [100, "on"],
  ])("a container with TTL %j is %s", (defaultTtl, ttl) => {
    const resource = {
      id: "orders",
      partitionKey: { paths: ["/id"], kind: "Hash" },
      _etag: '"1"',
      ...(defaultTtl === undefined ? {} : { defaultTtl }),
    };
    expect(
      configs({
        id: `${GROUP}/Microsoft.DocumentDB/databaseAccounts/a/sqlDatabases/d/containers/orders`,
        name: "orders",
        type: "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers",
        properties: { resource },
      }),
    ).toMatchObject([{ kind: "table", name: "orders", revision: '"1"', settings: { ttl, partitionKey: ["/id"] } }]);
  });
});

const recorded = shared("corpora/azure/cli-eventgrid/test_create_event_subscriptions_with_20180501_features__06.json");
describe.skipIf(recorded === null)("a recorded subscription", () => {
  it("has the filter and policy that its request asked for", () => {
    const exchange = JSON.parse(readFileSync(recorded!, "utf8")) as Json;
    expect(readDocuments(formats, [exchange]).records).toMatchObject([
      {
        kind: "trigger",
        name: "CliTestEventsubscription1",
        settings: {
          endpointType: "StorageQueue",
          maxDeliveryAttempts: 30,
          eventTimeToLiveMinutes: 1440,
          filter: { subjectBeginsWith: "SomeRandomText1" },
        },
      },
    ]);
  });
});
