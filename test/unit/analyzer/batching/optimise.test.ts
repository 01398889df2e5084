import { describe, expect, it } from "vitest";
import { candidatesOf } from "../../../../src/analyzer/batching/candidates.ts";
import { neededMemoryMib, neededTimeoutS, neededVisibilityS } from "../../../../src/analyzer/batching/limits.ts";
import { optimise, type OptimiseInput } from "../../../../src/analyzer/batching/optimise.ts";
import type { PollerSettings, ServiceTime } from "../../../../src/model/batching.ts";
import { lehmer } from "../../../../bench/batching/replay.ts";

const service: ServiceTime = { fixedMs: 80, perEventMs: 5, spread: 0, basis: "measured", perEventBoundsMs: [5, 5], meanBatch: 1 };
const current: PollerSettings = {
  kind: "sqs-standard",
  batchSize: 10,
  windowMs: 0,
  minimumBatchSize: null,
  shards: null,
  parallelizationFactor: null,
  maximumConcurrency: null,
  bisectOnError: false,
  reportsBatchItemFailures: true,
};

function input(of: Partial<OptimiseInput> & { perSecond?: number } = {}): OptimiseInput {
  const uniform = lehmer(3);
  const arrivals: OptimiseInput["arrivals"][number][] = [];
  const toMs = 3_600_000;
  for (let atMs = 0; ; arrivals.push({ atMs, bytes: 1_000, key: null })) {
    atMs -= (Math.log(1 - uniform()) * 1_000) / (of.perSecond ?? 20);
    if (atMs >= toMs) break;
  }
  return {
    arrivals,
    fromMs: 0,
    toMs,
    current,
    service,
    // Lambda, us-east-1: 0.20 a million, 0.0000166667 a GB-s; SQS: 0.40 a million
    price: { usdPerInvocation: 2e-7, usdPerMibMs: 1.66667e-5 / 1_024 / 1_000, usdPerCall: 4e-7 },
    memory: { sizeMib: 512, usedMib: 100, perEventMib: null, mostMib: 10_240 },
    timeoutS: 3,
    visibilityTimeoutS: 30,
    maxAddedLatencyMs: 5_000,
    mostBatch: null,
    seed: 1,
    ...of,
  };
}

describe("what a batch needs", () => {
  it("a timeout over the 99.9th percentile of a full batch, half as much again", () => {
    // 1,000 + 100 x 10 = 2,000 ms; x 1.5 = 3 s. With a spread of 0.2: x exp(3.09 x 0.2) = 1.855, 5.57 s, so 6
    const slow: ServiceTime = { ...service, fixedMs: 1_000, perEventMs: 100, perEventBoundsMs: [100, 100] };
    expect(neededTimeoutS(slow, 10)).toBe(3);
    expect(neededTimeoutS({ ...slow, spread: 0.2 }, 10)).toBe(6);
    // 200 ms of one event, all of it perhaps its own: 100 events may take 20 s
    const unsure: ServiceTime = { ...service, fixedMs: 0, perEventMs: 200, perEventBoundsMs: [0, 200], basis: "assumed" };
    expect(neededTimeoutS(unsure, 100)).toBe(30);
  });

  it("a visibility timeout of six times the timeout and the window", () => {
    // https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
    expect(neededVisibilityS(30, 5_000)).toBe(185);
  });

  it("memory for its events, a fifth left free, or none where that is more than may be had", () => {
    // 100 + 3 x (101 - 1) = 400 MiB of 512: 78 %; at 201 events 700 / 0.8 = 875, in steps of 64: 896
    const memory = { sizeMib: 512, usedMib: 100, perEventMib: 3, mostMib: 1_024 };
    expect(neededMemoryMib(memory, 101, 1, 0)).toBe(512);
    expect(neededMemoryMib(memory, 201, 1, 0)).toBe(896);
    expect(neededMemoryMib(memory, 1_000, 1, 0)).toBeNull();
    // no high-water mark: ten times the size of 1 MiB events may take a quarter of 512
    const blind = { sizeMib: 512, usedMib: null, perEventMib: null, mostMib: 1_024 };
    expect(neededMemoryMib(blind, 12, 1, 1_048_576)).toBe(512);
    expect(neededMemoryMib(blind, 13, 1, 1_048_576)).toBeNull();
  });
});

describe("what may be tried", () => {
  it("keeps to the API: more than ten messages need a window, FIFO has none, half a second of Kafka cannot be set", () => {
    const sqs = candidatesOf(current, 10_000).flat();
    expect(sqs.length).toBeGreaterThan(10);
    expect(sqs.filter(({ batchSize, windowMs }) => batchSize > 10 && windowMs < 1_000)).toEqual([]);
    expect(sqs.filter(({ windowMs }) => windowMs % 1_000 !== 0)).toEqual([]);
    const fifo = candidatesOf({ ...current, kind: "sqs-fifo" }, 10_000).flat();
    expect(fifo.map(({ batchSize, windowMs }) => [batchSize, windowMs])).toEqual([
      [1, 0],
      [2, 0],
      [5, 0],
    ]);
    const kafka = candidatesOf({ ...current, kind: "kafka", windowMs: 2_000 }, 10_000).flat();
    expect(kafka.some(({ windowMs }) => windowMs === 500)).toBe(false);
    expect(candidatesOf({ ...current, kind: "pubsub-push" }, 10_000)).toEqual([]);
  });

  it("Azure waits for a minimum, never above the most", () => {
    const bus = candidatesOf({ ...current, kind: "service-bus", batchSize: 100, minimumBatchSize: 1, windowMs: 30_000 }, 10_000).flat();
    expect(bus.length).toBeGreaterThan(10);
    expect(bus.every(({ batchSize, minimumBatchSize, windowMs }) => minimumBatchSize! <= batchSize && windowMs <= 150_000)).toBe(true);
  });
});

describe("advice", () => {
  it("is cheaper in every reading of the vendor's page, and within the budget in the worst", () => {
    const found = optimise(input());
    expect(found.refusal).toBeNull();
    expect(found.proposed!.windowMs).toBeGreaterThan(0);
    expect(found.savingUsdPerMonth!.p10).toBeGreaterThan(0);
    expect(found.addedLatencyMs!.p90).toBeLessThanOrEqual(5_000);
    expect(found.after!.invocations).toBeLessThan(found.now.invocations / 2);
    expect(found.visibilityTimeoutS.proposed).toBeGreaterThanOrEqual(6 * found.timeoutS.proposed! + found.proposed!.windowMs / 1_000);
    // an hour at about 20/s, one message each: 730 times as many a month
    expect(found.invocationsPerMonth.now.p50).toBeCloseTo(found.now.invocations * 730, 3);
  });

  it("is none where the budget leaves no room: a window at low traffic may take 20 seconds", () => {
    expect(optimise(input({ perSecond: 0.2, maxAddedLatencyMs: 1_000 }))).toMatchObject({
      proposed: null,
      after: null,
      savingUsdPerMonth: null,
    });
  });

  it("does not count on time that batches may not save", () => {
    // 200 ms of single events: perhaps all of it is the event's own
    const unsure: ServiceTime = { ...service, fixedMs: 0, perEventMs: 200, perEventBoundsMs: [0, 200], basis: "assumed" };
    const found = optimise(input({ service: unsure, perSecond: 5, maxAddedLatencyMs: 30_000, timeoutS: 30 }));
    // what is shown saves requests alone: at most 0.2e-6 + 0.4e-6 for each invocation less
    const fewer = found.invocationsPerMonth.now.p50 - found.invocationsPerMonth.after!.p50;
    expect(found.savingUsdPerMonth!.p50).toBeGreaterThan(0);
    expect(found.savingUsdPerMonth!.p50).toBeLessThan(fewer * 1e-6);
    expect(found.savingUsdPerMonth!.p90).toBeGreaterThan(found.savingUsdPerMonth!.p50 * 2);
  });

  it("keeps to a largest batch, where one bad message would replay all of it", () => {
    const found = optimise(input({ perSecond: 60, maxAddedLatencyMs: 20_000, mostBatch: 10 }));
    expect(found.proposed!.batchSize).toBeLessThanOrEqual(10);
  });

  it("says why there is none for push, and of no events", () => {
    expect(optimise(input({ current: { ...current, kind: "pubsub-push", batchSize: 1 } })).refusal).toContain(
      "one request for each message",
    );
    expect(optimise(input({ arrivals: [] }))).toMatchObject({ proposed: null, refusal: "no event came in this time" });
  });
});
