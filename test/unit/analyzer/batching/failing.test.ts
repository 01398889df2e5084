import { describe, expect, it } from "vitest";
import { judgeFailing } from "../../../../bench/batching/judge.ts";
import { failingPatterns } from "../../../../bench/batching/patterns.ts";
import { columnsOf } from "../../../../src/analyzer/batching/columns.ts";
import { failingOf } from "../../../../src/analyzer/batching/failing.ts";
import { MOST_RETRIES, type Retries, runToEnd } from "../../../../src/analyzer/batching/pollers/retries.ts";
import { outcomeOf, simulate } from "../../../../src/analyzer/batching/simulate.ts";
import { type Outcome, Tally } from "../../../../src/analyzer/batching/tally.ts";
import type { PollerSettings, ServiceTime } from "../../../../src/model/batching.ts";

const service: ServiceTime = { fixedMs: 100, perEventMs: 0, spread: 0, basis: "measured", perEventBoundsMs: [0, 0], meanBatch: 1 };
const settings: PollerSettings = {
  kind: "kinesis",
  batchSize: 8,
  windowMs: 0,
  minimumBatchSize: null,
  shards: 1,
  parallelizationFactor: 1,
  maximumConcurrency: null,
  bisectOnError: false,
  reportsBatchItemFailures: false,
};

/** One batch of eight at 0 ms, whose sixth event always fails; runs of 100 ms. */
function batchOfEight(of: Partial<Retries>): Outcome {
  const arrivals = columnsOf(Array.from({ length: 8 }, () => ({ atMs: 0, bytes: 1_000, key: null })));
  const tally = new Tally(arrivals, service, { timeoutMs: null, seed: 1 });
  const fails = Uint8Array.from([0, 0, 0, 0, 0, 1, 0, 0]);
  runToEnd(
    0,
    Int32Array.from([0, 1, 2, 3, 4, 5, 6, 7]),
    { fails, attempts: 2, capped: false, bisect: false, reports: false, ...of },
    tally,
  );
  return tally.outcome();
}

// https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html: "splitting a batch does not consume the retry quota"
// and .../services-kinesis-batchfailurereporting.html: "retries all records starting from that checkpoint"
describe("a batch of eight with one event that always fails, two retries", () => {
  it("is run three times and given up whole", () => {
    const { figures, failures, latenciesMs } = batchOfEight({});
    expect(figures).toMatchObject({ events: 8, invocations: 3, billedMs: 300, spanMs: 300, meanBatch: 8 });
    expect(failures).toEqual({ runs: 3, discarded: 8, capped: 0 });
    expect(latenciesMs).toHaveLength(0);
  });

  it("with bisect: 1 + 2 x 3 runs until it is alone, then its own two retries", () => {
    // [0-7] fails; [0-3] ok at 200; [4-7] fails; [4 5] fails; [4] ok at 500; [5] fails, and twice again to 800; [6 7] ok at 900
    const { figures, failures, latenciesMs } = batchOfEight({ bisect: true });
    expect(figures).toMatchObject({ events: 8, invocations: 9, billedMs: 900, spanMs: 900 });
    expect(failures).toEqual({ runs: 6, discarded: 1, capped: 0 });
    expect([...latenciesMs]).toEqual([200, 200, 200, 200, 500, 900, 900]);
  });

  it("where the function names it: what lies before is done with the first run, what lies behind is given up with it", () => {
    // [0-7] does 0-4; [5-7] is retried twice; 3 runs
    const { figures, failures, latenciesMs } = batchOfEight({ reports: true });
    expect(figures).toMatchObject({ events: 8, invocations: 3 });
    expect(failures).toEqual({ runs: 3, discarded: 3, capped: 0 });
    expect([...latenciesMs]).toEqual([100, 100, 100, 100, 100]);
    // with bisect the split at 5 is free: [0-7], [5-7] and its two retries
    expect(batchOfEight({ reports: true, bisect: true }).figures.invocations).toBe(4);
  });
});

describe("the simulation of streams", () => {
  const arrivals = Array.from({ length: 800 }, (_, i) => ({ atMs: i * 100, bytes: 1_000, key: null }));
  const options = { timeoutMs: null, seed: 1 };

  it("is what it was where nothing fails", () => {
    const without = simulate(arrivals, { ...settings, bisectOnError: true }, { ...service, spread: 0.3 }, options);
    const none = { share: 0, attempts: 3, answers: false };
    expect(simulate(arrivals, { ...settings, bisectOnError: true }, { ...service, spread: 0.3 }, { ...options, failing: none })).toEqual(
      without,
    );
  });

  it("holds up the good events behind a failing batch", () => {
    const before = simulate(arrivals, settings, service, options);
    const { figures, failures } = outcomeOf(arrivals, settings, service, {
      ...options,
      failing: { share: 0.01, attempts: 20, answers: false },
    });
    expect(failures.discarded).toBeGreaterThan(0);
    expect(figures.events).toBe(800);
    expect(figures.latencyMs.max).toBeGreaterThanOrEqual(before.latencyMs.max + 20 * 100 - 1_000);
  });

  it("says where it ended retries that go on until the events expire", () => {
    const { figures, failures } = outcomeOf(arrivals.slice(0, 1), settings, service, {
      ...options,
      failing: { share: 1, attempts: null, answers: false },
    });
    expect(figures.invocations).toBe(1 + MOST_RETRIES);
    expect(failures).toEqual({ runs: 1 + MOST_RETRIES, discarded: 1, capped: 1 });
  });

  it.each(failingPatterns().map((pattern) => [pattern.name, pattern] as const))("agrees with the second method: %s", (_, pattern) => {
    const gap = judgeFailing(pattern);
    expect(gap.invocations).toBeLessThanOrEqual(0.05);
    expect(gap.p95).toBeLessThanOrEqual(0.1);
  });
});

describe("the share of events that fail", () => {
  it("makes as many failed runs as were seen", () => {
    // whole batches of 10, 3 retries: of 100 batches 4 fail four times each: 16 of 96 + 16 runs; each event 1 - 0.96^(1/10) = 0.4074 %
    const { failing } = failingOf(settings, 16 / 112, 10, 3, true);
    expect(failing).toMatchObject({ attempts: 3, answers: false });
    expect(failing!.share).toBeCloseTo(0.004_074, 6);
    // split, batches of 8: each of 4 fails 1 + 3 + 3 times and makes 9 more runs: 28 of 136; 1 - 0.96^(1/8) = 0.5090 %
    expect(failingOf({ ...settings, bisectOnError: true }, 28 / 136, 8, 3, true).failing!.share).toBeCloseTo(0.005_09, 6);
  });

  it("is not said where retries have no end, where others start the runs, or of queues", () => {
    expect(failingOf(settings, 0.01, 10, null, true)).toMatchObject({
      failing: null,
      note: expect.stringContaining("until events expire"),
    });
    expect(failingOf(settings, 0.01, 10, 3, false)).toMatchObject({ failing: null, note: expect.stringContaining("not known") });
    expect(failingOf({ ...settings, kind: "sqs-standard" }, 0.01, 10, 3, true)).toEqual({ failing: null, note: null });
    expect(failingOf(settings, 0, 10, 3, true)).toEqual({ failing: null, note: null });
  });
});
