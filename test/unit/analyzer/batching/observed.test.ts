import { describe, expect, it } from "vitest";
import { arrivalsOf, type ArrivalFacts } from "../../../../src/analyzer/batching/evidence-arrivals.ts";
import type { PollerSettings, ServiceTime } from "../../../../src/model/batching.ts";
import type { Feed } from "../../../../src/analyzer/batching/evidence-feed.ts";
import { beyondLock, gapOf, tooShort } from "../../../../src/analyzer/batching/observed.ts";

const HOUR = 3_600_000;
const MONTH = 730 * HOUR;

const flat = (value: number) => ({ p10: value, p50: value, p90: value });
const hour = { fromMs: 0, toMs: HOUR };
/** Simulated runs of an hour against those seen. */
const held = (seen: number | null, simulated: number, others = 0) =>
  gapOf(seen, others, flat((simulated * MONTH) / HOUR), hour, { invocations: simulated });

describe("simulated runs against those seen", () => {
  it("says nothing within a fifth, says more, and refuses from half as much again", () => {
    expect(held(1_000, 1_190)).toEqual({ note: null, refusal: null });
    expect(held(1_000, 1_300).note).toContain("make 1300 runs of its events, and 1000 were seen");
    expect(held(1_000, 1_600).refusal).toContain("1000 were seen");
    expect(held(1_000, 600).refusal).toContain("1000 were seen");
    // 9 seen, 14 simulated: within two standard deviations of a count of 9
    expect(held(9, 14)).toEqual({ note: null, refusal: null });
  });

  it("takes what the simulation leaves open for no difference", () => {
    const perMonth = { p10: (600 * MONTH) / HOUR, p50: (1_600 * MONTH) / HOUR, p90: (1_600 * MONTH) / HOUR };
    expect(gapOf(700, 0, perMonth, hour, { invocations: 1_600 })).toEqual({ note: null, refusal: null });
  });

  it("says where runs cannot be told apart", () => {
    expect(held(null, 1_000, 1).note).toContain("2 sources start them");
  });
});

describe("another queue of the same function", () => {
  const other = (visibilityTimeoutS: number | null) =>
    ({
      kind: "sqs-standard",
      channel: "second",
      settings: { windowMs: 0 },
      source: { settings: { visibilityTimeoutS } },
    }) as unknown as Feed;

  it("must hide messages for six times the longer timeout too", () => {
    // https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
    expect(tooShort(60, 30, [other(359)])).toContain("second");
    expect(tooShort(60, 30, [other(360)])).toBeNull();
    expect(tooShort(60, 30, [other(null)])).toContain("second");
    expect(tooShort(30, 30, [other(1)])).toBeNull();
  });
});

describe("the lock of a Service Bus queue", () => {
  const feed = { kind: "service-bus", source: { settings: { lockDurationMs: 60_000 } } } as unknown as Feed;
  const proposed = { batchSize: 1_000, minimumBatchSize: 100, windowMs: 30_000 } as PollerSettings;
  const service: ServiceTime = { fixedMs: 0, perEventMs: 40, spread: 0, basis: "measured", perEventBoundsMs: [40, 40], meanBatch: 1 };

  it("outlasts a full batch, and twice the wait", () => {
    // 1,000 x 40 ms x 1.5 = 60 s
    expect(beyondLock(feed, proposed, service)).toBeNull();
    expect(beyondLock(feed, { ...proposed, batchSize: 1_001 }, service)).toContain("may take 61 s");
    expect(beyondLock(feed, { ...proposed, windowMs: 31_000 }, service)).toContain("more than half");
  });
});

describe("arrivals", () => {
  const feed = { kind: "kinesis", fn: "f", channel: "clicks", settings: { batchSize: 1 }, config: { name: "m" } } as unknown as Feed;
  const nothing = { channel: null, messages: [], tellingRuns: 0, runs: [], counts: [] };
  const facts: ArrivalFacts = { ...nothing, feed, invocations: 10, others: 0, from: 0, to: 24 * HOUR };

  it("of a period with a hundred million events are its end, at the same rate", () => {
    const series = { name: "aws/kinesis/incomingrecords", resource: "clicks", fn: null, periodMs: HOUR };
    const counts = [{ cloud: "aws" as const, account: null, region: null, ...series, points: [{ at: 0, count: 100_000_000 }] }];
    const found = arrivalsOf({ ...facts, counts }, 1);
    if (typeof found === "string") throw new Error(found);
    // 150,000 of 100,000,000 an hour come in 5.4 s
    expect(found.events.length).toBe(150_000);
    expect(found.toMs - found.fromMs).toBeCloseTo(5_400, 6);
    expect(found.events[0]!.atMs).toBeGreaterThanOrEqual(found.fromMs);
  });

  it("count the time after the last message", () => {
    const messages = [0, HOUR].map((at, i) => ({ at, bytes: 1, messageId: String(i) }));
    const channel = { channel: "clicks", messages: 2 } as ArrivalFacts["channel"];
    expect(arrivalsOf({ ...facts, channel, messages, tellingRuns: 10 }, 1)).toMatchObject({ fromMs: 0, toMs: 24 * HOUR });
  });

  it("are not made of runs that other sources may have started", () => {
    const runs = [{ startedAt: 1, batchSize: null, durationMs: 1, maxMemoryMib: null, outcome: "ok" as const }];
    expect(arrivalsOf({ ...facts, runs, others: 1 }, 1)).toContain("2 sources start runs");
  });
});
