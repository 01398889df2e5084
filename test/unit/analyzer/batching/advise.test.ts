import { describe, expect, it } from "vitest";
import { batching, type BatchingInput } from "../../../../src/analyzer/batching/index.ts";
import { ratesWith } from "../../../../src/app/rates.ts";
import type { BatchRun, CountSeries } from "../../../../src/model/batch-facts.ts";
import type { Config } from "../../../../src/model/records.ts";
import { functionConfig, place, START, statsOf } from "../../../support/function-stats.ts";

const MINUTE = 60_000;
const MINUTES = 240;
const FN = "arn:aws:lambda:eu-west-1:111122223333:function:orders";

const source = (service: string, rest: string): string => `arn:aws:${service}:eu-west-1:111122223333:${rest}`;
const mapping = (from: string, settings: Config["settings"] = {}): Config =>
  functionConfig({}, { kind: "trigger", resource: source("lambda", "event-source-mapping:1"), name: "1", from, to: FN, settings });
const queue = (name: string): Config =>
  functionConfig({}, { kind: "queue", resource: source("sqs", name), name, settings: { visibilityTimeoutS: 60, receiveWaitS: 20 } });
const counted = (name: string, resource: string, count: number): CountSeries => ({
  ...place,
  name,
  resource,
  fn: null,
  periodMs: MINUTE,
  points: Array.from({ length: MINUTES }, (_, i) => ({ at: START + i * MINUTE, count })),
});
/** Runs of one and of two events: 200 ms, and 10 ms an event. */
const runs: BatchRun[] = Array.from({ length: 1000 }, (_, i) => ({
  startedAt: START + (i * MINUTES * MINUTE) / 1000,
  batchSize: 1 + (i % 2),
  durationMs: 210 + 10 * (i % 2),
  maxMemoryMib: 80,
  outcome: "ok",
}));
/** Two a second for four hours, nearly each a run of its own. */
const EVENTS = 120 * MINUTES;

const ask = (configs: Config[], counts: CountSeries[], over: Partial<BatchingInput> = {}) =>
  batching({
    configs,
    stats: [statsOf({ meanMs: 210, invocations: EVENTS, to: START + MINUTES * MINUTE })],
    channels: [],
    counts,
    answers: [],
    runs: () => Promise.resolve(runs),
    messages: () => Promise.resolve([]),
    from: START,
    to: START + MINUTES * MINUTE,
    functions: null,
    rates: ratesWith(null),
    maxAddedLatencyMs: 20_000,
    mostMemoryMib: 10_240,
    ...over,
  });

describe("advice on what feeds a function", () => {
  const sent = counted("aws/sqs/numberofmessagessent", "stock", 120);

  it("on a queue, from its metric: a window within the budget, cheaper at every end of the interval", async () => {
    const [one] = (await ask([functionConfig(), mapping(source("sqs", "stock")), queue("stock")], [sent])).mappings;
    expect(one).toMatchObject({ refusal: null, keep: null, arrivals: { basis: "modelled", events: EVENTS } });
    expect(one!.arrivals!.note).toContain("spread over each as a Poisson process");
    expect(one!.proposed!.windowMs).toBeGreaterThanOrEqual(1000);
    expect(one!.addedLatencyMs!.p90).toBeLessThanOrEqual(20_000);
    expect(one!.savingUsdPerMonth!.p10).toBeGreaterThan(0);
    expect(one!.proposals.at(-1)).toMatchObject({
      kind: "lambda.event-source-mapping",
      before: { maximumBatchingWindowS: null },
      after: { maximumBatchingWindowS: one!.proposed!.windowMs / 1000 },
    });
    expect(one!.notes).toContain("a month is 4.0 h repeated: less than a week was seen");
  });

  it("the budget holds whatever it is: without one to speak of, nothing waits", async () => {
    const [one] = (await ask([functionConfig(), mapping(source("sqs", "stock")), queue("stock")], [sent], { maxAddedLatencyMs: 10 }))
      .mappings;
    expect(one!.proposed?.windowMs ?? 0).toBe(0);
    expect(one!.addedLatencyMs?.p90 ?? 0).toBeLessThanOrEqual(10);
  });

  it("nothing is written where failures would bring back larger batches, and the figures stand", async () => {
    const stats = [statsOf({ meanMs: 210, invocations: EVENTS, errors: 900, to: START + MINUTES * MINUTE })];
    const [one] = (await ask([functionConfig(), mapping(source("sqs", "stock")), queue("stock")], [sent], { stats })).mappings;
    // 900 / 28,800
    expect(one).toMatchObject({ proposals: [], proposed: null, refusal: expect.stringContaining("3.1 % of 28800 runs failed") });
    expect(one!.now!.events).toBe(EVENTS);
  });

  it("a FIFO queue has no window and batches of 10 at most", async () => {
    // https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
    const fifo = "stock.fifo";
    const [one] = (await ask([functionConfig(), mapping(source("sqs", fifo)), queue(fifo)], [{ ...sent, resource: fifo }])).mappings;
    expect([one!.proposed?.windowMs ?? 0, (one!.proposed?.batchSize ?? 10) <= 10]).toEqual([0, true]);
  });

  it("a stream, from its records: what a failed batch holds up, and that shards are not known, are said", async () => {
    const records = counted("aws/kinesis/incomingrecords", "clicks", 120);
    // a shard is read once a second, and two events a second leave e^-2 of the seconds empty: 14,400 x 0.8647
    const stats = [statsOf({ meanMs: 210, invocations: 12_451, to: START + MINUTES * MINUTE })];
    const [one] = (await ask([functionConfig(), mapping(source("kinesis", "stream/clicks"))], [records], { stats })).mappings;
    expect(one).toMatchObject({ kind: "kinesis", refusal: null, keep: null, arrivals: { events: EVENTS } });
    expect(one!.now!.invocations / 12_451).toBeCloseTo(1, 1);
    expect(one!.notes.join()).toMatch(/shards or partitions is not known.*holds up its shard/);
  });

  it("a stream whose runs fail: retries are in the figures, or why they are not is said", async () => {
    const records = counted("aws/kinesis/incomingrecords", "clicks", 120);
    const stats = [statsOf({ meanMs: 210, invocations: 12_451, errors: 100, to: START + MINUTES * MINUTE })];
    const advice = async (settings: Config["settings"]) =>
      (await ask([functionConfig(), mapping(source("kinesis", "stream/clicks"), settings)], [records], { stats })).mappings[0]!;
    const [endless, retried] = [await advice({}), await advice({ maximumRetryAttempts: 3 })];
    expect(endless.notes.join()).toContain("until events expire: they are not simulated");
    expect(retried.notes.join()).toContain("each batch with up to 3 retries");
    // 0.80 % of runs failed, four for each failing batch: 25 batches, three runs more for each; a standard deviation of chance is 15
    const more = retried.now!.invocations - endless.now!.invocations;
    expect(more).toBeGreaterThan(30);
    expect(more).toBeLessThan(120);
    // what one bad event would do to a larger batch still forbids it
    expect(retried).toMatchObject({ proposed: null, refusal: expect.stringContaining("one bad message") });
  });

  it("too few events, no run, and no memory size are refused as such", async () => {
    const configs = [functionConfig(), mapping(source("sqs", "stock")), queue("stock")];
    const few = counted("aws/sqs/numberofmessagessent", "stock", 0.25);
    expect((await ask(configs, [few])).mappings[0]!.refusal).toContain("60 events in 240 min are too few");
    expect((await ask(configs, [sent], { stats: [] })).mappings[0]!.refusal).toContain("no run of its function");
    const sizeless = [statsOf({ memoryMib: null, to: START + MINUTES * MINUTE })];
    expect((await ask(configs, [sent], { stats: sizeless })).mappings[0]!.refusal).toContain("memory size is not known");
  });

  it("functions of an Azure app that share its batch settings are not changed together", async () => {
    const site = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/shop";
    const azure = { cloud: "azure", account: "s", region: "westeurope" } as const;
    const bound = (name: string): Config =>
      functionConfig(
        {},
        {
          ...azure,
          resource: `${site}/functions/${name}`,
          name,
          from: name,
          settings: { trigger: "serviceBusTrigger", cardinality: "many" },
        },
      );
    const app = functionConfig({}, { ...azure, resource: site, name: "shop", settings: {} });
    const stats = ["a", "b"].map((fn) => statsOf({ ...azure, fn, to: START + MINUTES * MINUTE }));
    const found = (await ask([app, bound("a"), bound("b")], [], { stats })).mappings;
    expect(found.map((one) => one.refusal)).toEqual([
      expect.stringContaining("2 functions of it would change together"),
      expect.stringContaining("2 functions of it would change together"),
    ]);
  });
});
