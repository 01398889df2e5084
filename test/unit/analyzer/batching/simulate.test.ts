import { describe, expect, it } from "vitest";
import { simulate, type SimulateOptions } from "../../../../src/analyzer/batching/simulate.ts";
import type { Arrival, PollerKind, PollerSettings, ServiceTime } from "../../../../src/model/batching.ts";

const service = (fixedMs: number, perEventMs = 0): ServiceTime => ({
  fixedMs,
  perEventMs,
  spread: 0,
  basis: "measured",
  perEventBoundsMs: [perEventMs, perEventMs],
  meanBatch: 1,
});
const settings = (kind: PollerKind, of: Partial<PollerSettings> = {}): PollerSettings => ({
  kind,
  batchSize: 10,
  windowMs: 0,
  minimumBatchSize: null,
  shards: null,
  parallelizationFactor: null,
  maximumConcurrency: null,
  bisectOnError: false,
  reportsBatchItemFailures: false,
  ...of,
});
const at = (times: readonly number[], key: string | null = null, bytes = 1_000): Arrival[] => times.map((atMs) => ({ atMs, bytes, key }));
const same = (count: number, atMs = 0): number[] => Array.from({ length: count }, () => atMs);
const options: SimulateOptions = { timeoutMs: null, seed: 1 };

// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html and .../with-sqs.html
describe("SQS standard", () => {
  it("without a window runs what one receive brought: ten messages on each of five pollers, then the rest", () => {
    // 100 messages at once: 5 x 10 at 0 ms, 5 x 10 when those end at 500 ms
    const figures = simulate(at(same(100)), settings("sqs-standard"), service(500), options);
    expect(figures).toMatchObject({
      events: 100,
      invocations: 10,
      meanBatch: 10,
      runMs: 5_000,
      largestBatch: 10,
      receives: 10,
      deletes: 10,
    });
    expect(figures.latencyMs).toMatchObject({ p50: 750, max: 1_000 });
  });

  it("adds five pollers a second, 300 a minute, once messages wait for a second", () => {
    // runs of 10 s: 50 messages at 0 s, 50 on five new pollers at 1 s, 50 more at 2 s
    const figures = simulate(at(same(150)), settings("sqs-standard"), service(10_000), options);
    expect(figures.latencyMs.max).toBe(12_000);
    const capped = simulate(at(same(150)), settings("sqs-standard", { maximumConcurrency: 10 }), service(10_000), options);
    expect(capped.latencyMs.max).toBe(20_000);
  });

  it("with a window and very low traffic waits for a receive of up to 20 seconds, or for the window: both are said", () => {
    const window = settings("sqs-standard", { windowMs: 1_000 });
    expect(simulate(at([0]), window, service(100), options).latencyMs.max).toBe(20_100);
    expect(simulate(at([0]), window, service(100), { ...options, waits: "shortest" }).latencyMs.max).toBe(1_100);
  });

  it("batches on each poller for itself: at 1/s a window of 5 s gathers far less than five messages", () => {
    const times = Array.from({ length: 5_000 }, (_, i) => i * 1_000);
    const figures = simulate(at(times), settings("sqs-standard", { windowMs: 5_000, batchSize: 100 }), service(10), {
      ...options,
      waits: "shortest",
    });
    // a poller gets 0.2/s: one message opens a window of at most 5 s, in which one more comes
    expect(figures.meanBatch).toBeGreaterThan(1);
    expect(figures.meanBatch).toBeLessThan(2.1);
  });

  it("ends a batch at 6 MB", () => {
    const figures = simulate(at(same(10), null, 1_048_576), settings("sqs-standard"), service(10), options);
    expect(figures).toMatchObject({ invocations: 2, largestBatch: 6, largestBatchBytes: 6 * 1_048_576 });
  });

  it("counts receives that found nothing: five idle pollers make fifteen a minute", () => {
    // an hour between two messages: 180 on each of four pollers, 179 on the one that ran for 100 ms
    expect(simulate(at([0, 3_600_000]), settings("sqs-standard"), service(100), options)).toMatchObject({
      receives: 901,
      emptyReceives: 899,
    });
  });
});

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-understanding-logic.html
describe("SQS FIFO", () => {
  it("runs one batch of a group after the other, ten messages each", () => {
    const figures = simulate(at(same(25), "a"), settings("sqs-fifo", { batchSize: 10 }), service(100), options);
    expect(figures).toMatchObject({ invocations: 3, largestBatch: 10 });
    expect(figures.latencyMs.max).toBe(300);
  });

  it("puts several groups into a batch, and leaves groups under way alone", () => {
    const arrivals = [...at([0], "a"), ...at([0], "b"), ...at([50], "a"), ...at([60], "c")];
    // a and b together; c at once beside them; the second a when the first run ends
    const figures = simulate(arrivals, settings("sqs-fifo"), service(100), options);
    expect(figures).toMatchObject({ invocations: 3, largestBatch: 2 });
    expect(figures.latencyMs.max).toBe(150);
  });
});

describe("streams", () => {
  // "polls each shard ... at a base rate of once per second", https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
  it("reads a shard once a second, so that events wait for half a second on average", () => {
    const times = Array.from({ length: 2_000 }, (_, i) => i * 7_037);
    const { latencyMs, invocations } = simulate(at(times), settings("kinesis", { shards: 1 }), service(0), options);
    expect(invocations).toBe(2_000);
    expect(latencyMs.max).toBeLessThanOrEqual(1_000);
    expect(latencyMs.p50).toBeGreaterThan(450);
    expect(latencyMs.p50).toBeLessThan(550);
    // four times per second, https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
    expect(simulate(at(times), settings("dynamodb-stream", { shards: 1 }), service(0), options).latencyMs.max).toBeLessThanOrEqual(250);
  });

  it("with a parallelization factor works on as many batches of a shard at once, a key in one of them only", () => {
    const keys = Array.from({ length: 400 }, (_, i) => ({ atMs: 0, bytes: 100, key: `k${i}` }));
    const one = simulate(keys, settings("kinesis", { shards: 1, parallelizationFactor: 1, batchSize: 10 }), service(1_000), options);
    const ten = simulate(keys, settings("kinesis", { shards: 1, parallelizationFactor: 10, batchSize: 10 }), service(1_000), options);
    // 40 batches one after the other, against ten lanes side by side (unevenly filled)
    expect(one.invocations).toBe(40);
    expect(one.latencyMs.max).toBeGreaterThan(40_000);
    expect(ten.latencyMs.max).toBeLessThan(10_000);
    const hot = simulate(
      at(same(400), "hot"),
      settings("kinesis", { shards: 4, parallelizationFactor: 10, batchSize: 10 }),
      service(1_000),
      options,
    );
    expect(hot.latencyMs.max).toBeGreaterThan(40_000);
  });

  // "a batching window begins as soon as the first record arrives", https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html
  it("Kafka waits from the first record", () => {
    const figures = simulate(at([0, 400, 600]), settings("kafka", { windowMs: 500, batchSize: 100, shards: 1 }), service(10), options);
    expect(figures.invocations).toBe(2);
    expect(figures.latencyMs.max).toBe(510);
  });
});

describe("Azure", () => {
  // https://learn.microsoft.com/azure/azure-functions/functions-bindings-service-bus#hostjson-settings
  it("Service Bus waits for its minimum, or for the longest wait", () => {
    const least = settings("service-bus", { batchSize: 100, minimumBatchSize: 3, windowMs: 30_000 });
    const figures = simulate(at([0, 1_000, 2_000, 60_000]), least, service(10), options);
    // three at 2 s, and the last alone after 30 s
    expect(figures.invocations).toBe(2);
    expect(figures.latencyMs.max).toBe(30_010);
    const usual = settings("service-bus", { batchSize: 100, minimumBatchSize: 1, windowMs: 30_000 });
    expect(simulate(at([0, 1_000, 2_000]), usual, service(10), options).latencyMs.max).toBe(10);
  });

  it("Event Hubs takes what gathered while the partition's last batch was under way", () => {
    const hub = settings("event-hubs", { batchSize: 100, minimumBatchSize: 1, windowMs: 60_000, shards: 1 });
    const figures = simulate(at([0, 10, 20, 30]), hub, service(100), options);
    expect(figures).toMatchObject({ invocations: 2, largestBatch: 3 });
    expect(figures.latencyMs.max).toBe(190);
  });

  // "never waits": https://learn.microsoft.com/azure/event-grid/delivery-and-retry#output-batching
  it("Event Grid does not wait to fill a batch", () => {
    const figures = simulate(at([0, 0, 5, 9]), settings("event-grid", { batchSize: 5_000 }), service(100), options);
    expect(figures).toMatchObject({ invocations: 3, largestBatch: 2 });
    expect(figures.latencyMs.max).toBe(100);
  });
});

it("Pub/Sub push is one request for each message, whatever is set", () => {
  expect(simulate(at(same(10)), settings("pubsub-push", { batchSize: 100 }), service(10), options).invocations).toBe(10);
});

it("runs are cut at the timeout, and billed in steps of their own", () => {
  const figures = simulate(at([0, 60_000]), settings("sqs-standard"), service(2_345), {
    ...options,
    timeoutMs: 2_000,
    billing: { leastMs: 1_000, stepMs: 300 },
  });
  expect(figures).toMatchObject({ runMs: 4_000, billedMs: 4_200, timeoutShare: 1 });
});

it("the same seed gives the same figures, and nothing comes of nothing", () => {
  const times = Array.from({ length: 500 }, (_, i) => i * 90);
  const once = (): unknown =>
    simulate(at(times), settings("sqs-standard", { windowMs: 1_000 }), { ...service(50, 5), spread: 0.4 }, options);
  expect(once()).toEqual(once());
  expect(simulate([], settings("kinesis"), service(1), options)).toMatchObject({
    events: 0,
    invocations: 0,
    meanBatch: 0,
    timeoutShare: 0,
  });
});
