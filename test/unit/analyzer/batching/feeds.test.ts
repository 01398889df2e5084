import { describe, expect, it } from "vitest";
import { feeds } from "../../../../src/analyzer/batching/evidence-mappings.ts";
import type { Config } from "../../../../src/model/records.ts";
import { functionConfig, place } from "../../../support/function-stats.ts";

const FN = "arn:aws:lambda:eu-west-1:111122223333:function:orders";
const arn = (service: string, rest: string): string => `arn:aws:${service}:eu-west-1:111122223333:${rest}`;

/** A mapping that names nothing beside its source. */
const mapping = (from: string | null, settings: Config["settings"] = {}, over: Partial<Config> = {}): Config =>
  functionConfig({}, { kind: "trigger", resource: arn("lambda", "event-source-mapping:1"), name: "1", from, to: FN, settings, ...over });
const only = (...configs: Config[]) => {
  const found = feeds(configs);
  expect(found).toHaveLength(1);
  return found[0]!;
};

describe("what hands events to Lambda", () => {
  // defaults: https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
  it.each([
    [arn("sqs", "stock"), "sqs-standard", "stock", 10, 0, null],
    [arn("sqs", "stock.fifo"), "sqs-fifo", "stock.fifo", 10, 0, null],
    [arn("kinesis", "stream/clicks"), "kinesis", "clicks", 100, 0, 1],
    [arn("dynamodb", "table/items/stream/2026-01-01T00:00:00.000"), "dynamodb-stream", "items", 100, 0, 1],
    [arn("kafka", "cluster/shop/0a-1"), "kafka", "shop", 100, 500, null],
    ["broker-1.example.com:9092", "kafka", null, 100, 500, null],
  ])("%s by default", (from, kind, channel, batchSize, windowMs, parallelizationFactor) => {
    const found = only(mapping(from));
    expect(found).toMatchObject({ fn: "orders", channel, kind, refusal: null, target: { kind: "lambda.event-source-mapping" } });
    expect(found.settings).toMatchObject({ batchSize, windowMs, parallelizationFactor, reportsBatchItemFailures: false });
  });

  it("settings as described, shards of the stream, and the newest description", () => {
    const stream = arn("kinesis", "stream/clicks");
    const at = (observedAt: number, batchSize: number) =>
      mapping(stream, { batchSize, maximumBatchingWindowS: 5, parallelizationFactor: 4, bisectOnError: true }, { observedAt });
    const described = functionConfig({}, { kind: "stream", resource: stream, name: "clicks", settings: { shards: 8 } });
    const found = feeds([at(2, 300), at(1, 200), described]);
    expect(found).toHaveLength(1);
    expect(found[0]!.settings).toMatchObject({ batchSize: 300, windowMs: 5000, parallelizationFactor: 4, shards: 8, bisectOnError: true });
  });

  it("a topic of Kafka is what its messages name", () => {
    expect(only(mapping(arn("kafka", "cluster/shop/0a-1"), { topic: "orders" })).channel).toBe("orders");
  });

  it("a pipe is written as one", () => {
    const pipe = arn("pipes", "pipe/forward");
    expect(only(mapping(arn("sqs", "stock"), {}, { resource: pipe })).target).toMatchObject({ kind: "pipes.pipe", resource: pipe });
  });

  it("what is switched off is left out", () => {
    expect(feeds([mapping(arn("sqs", "stock"), { state: "Disabled" })])).toEqual([]);
  });

  it.each([
    ["mq", arn("mq", "broker:b:1"), {}, "mq is not modelled"],
    ["tumbling", arn("kinesis", "stream/c"), { tumblingWindowS: 30 }, "tumbling window"],
    ["sns", arn("sns", "topic"), {}, "SNS hands every message to Lambda by itself"],
  ])("%s is refused", (_name, from, settings, why) => {
    expect(only(mapping(from, settings))).toMatchObject({ kind: null, target: null, refusal: expect.stringContaining(why) });
  });

  it("a rule of EventBridge is refused, a schedule is none of it", () => {
    const rule = (settings: Config["settings"]) =>
      mapping("default", settings, { kind: "rule", resource: arn("events", "rule/paid"), name: "paid" });
    expect(only(rule({ pattern: "{}" })).refusal).toContain("EventBridge hands every event");
    expect(feeds([rule({ schedule: "rate(1 minute)" })])).toEqual([]);
  });
});

const SITE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/shop";

/** A function of the app `shop`. */
const azure = (over: Partial<Config>): Config => ({
  ...functionConfig(),
  cloud: "azure",
  account: "s",
  region: "westeurope",
  resource: `${SITE}/functions/charge`,
  name: "charge",
  from: "orders",
  settings: { trigger: "serviceBusTrigger", cardinality: "many" },
  ...over,
});
const app = (settings: Config["settings"] = {}): Config => azure({ resource: SITE, name: "shop", from: null, settings });

describe("what hands events to Azure Functions", () => {
  // https://learn.microsoft.com/azure/azure-functions/functions-bindings-service-bus#hostjson-settings: 1000 messages, 30 s, at least 1
  it("Service Bus: the extension's defaults, written to the app", () => {
    const found = feeds([azure({}), app()]).find((one) => one.fn === "charge")!;
    expect(found).toMatchObject({ kind: "service-bus", refusal: null, target: { kind: "azure.function-app", resource: SITE } });
    expect(found.settings).toMatchObject({ batchSize: 1000, minimumBatchSize: 1, windowMs: 30_000 });
  });

  // https://learn.microsoft.com/azure/azure-functions/functions-bindings-event-hubs#hostjson-settings: 100 events, 60 s, at least 1
  it("Event Hubs: an array unless the binding says otherwise", () => {
    const hub = feeds([azure({ settings: { trigger: "eventHubTrigger" } }), app()]).find((one) => one.fn === "charge")!;
    expect(hub).toMatchObject({ kind: "event-hubs", refusal: null });
    expect(hub.settings).toMatchObject({ batchSize: 100, minimumBatchSize: 1, windowMs: 60_000 });
    const one = feeds([azure({ settings: { trigger: "eventHubTrigger", cardinality: "one" } }), app()]).find(({ fn }) => fn === "charge")!;
    expect(one.refusal).toContain("one message at a time");
  });

  it("Service Bus hands over one message at a time unless the binding says otherwise", () => {
    const found = feeds([azure({ settings: { trigger: "serviceBusTrigger" } }), app()]).find((one) => one.fn === "charge")!;
    expect(found.refusal).toContain("cardinality one");
  });

  it("values of host.json that the app's description holds", () => {
    const path = "host.extensions.serviceBus.";
    const set = { [`${path}maxMessageBatchSize`]: 64, [`${path}minMessageBatchSize`]: 8, [`${path}maxBatchWaitTime`]: "00:01:30" };
    const found = feeds([azure({}), app(set)]).find((one) => one.fn === "charge")!;
    expect(found.settings).toMatchObject({ batchSize: 64, minimumBatchSize: 8, windowMs: 90_000 });
    expect(found.hostValues).toEqual(set);
  });

  it("Event Grid: one event a delivery by default, and no wait to fill more", () => {
    const subscription = azure({
      kind: "trigger",
      resource: "/subscriptions/s/providers/Microsoft.EventGrid/eventSubscriptions/e",
      name: "e",
      to: `${SITE}/functions/charge`,
      settings: { service: "eventgrid", endpointType: "AzureFunction" },
    });
    const found = only(subscription);
    expect(found).toMatchObject({ fn: "charge", kind: "event-grid", settings: { batchSize: 1, windowMs: 0 } });
    expect(found.refusal).toContain("never waits to fill a batch");
  });
});

describe("what hands events to Cloud Run", () => {
  it.each([
    ["https://charge-abcdefghij-ew.a.run.app/", "charge"],
    ["https://charge-123456789012.europe-west1.run.app", "charge"],
    ["https://europe-west1-shop.cloudfunctions.net/charge", "charge"],
  ])("a push subscription to %s: one message, one request", (to, fn) => {
    const found = only({
      ...functionConfig(),
      ...place,
      cloud: "gcp",
      kind: "trigger",
      resource: "projects/p/subscriptions/s",
      name: "s",
      from: "projects/p/topics/orders",
      to,
      settings: { delivery: "push" },
    });
    expect(found).toMatchObject({ fn, channel: "orders", kind: "pubsub-push", target: null });
    expect(found.refusal).toContain("pushes one message in one request");
  });
});
