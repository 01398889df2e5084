/** What runs at once: billed time and latency whose truth is a formula or a simulation. */
import { describe, expect, it } from "vitest";
import { billedTime } from "../../../../src/analyzer/sizing/billed-time.ts";
import { billedAgain, lineThrough } from "../../../../src/analyzer/sizing/load.ts";
import { statsOf } from "../../../support/function-stats.ts";

/** All runs take as long as the mean. */
const alike = statsOf({ meanMs: 100, durationMs: { p50: 100, p95: 100, p99: 100, p999: 100, max: 100 } });

describe("billed time", () => {
  it("Flex: a second at least, then steps of 100 ms", () => {
    const { of, longest } = billedTime([alike], 100, { leastMs: 1000, stepMs: 100 }, 1);
    expect(of(100)).toBeCloseTo(1000, 6);
    expect(of(800)).toBeCloseTo(1000, 6);
    // between 2,500 and 2,600
    expect(of(2550) / 2600).toBeCloseTo(1, 1);
    // up to a second everything costs the same
    expect(longest(1000) / 1000).toBeCloseTo(1, 1);
    expect(longest(999)).toBe(0);
  });
  it("Cloud Run: a spread of durations is rounded up by half a step on average", () => {
    const spread = statsOf({ meanMs: 1000, durationMs: { p50: 950, p95: 1600, p99: 2000, p999: 2500, max: 3000 } });
    expect(billedTime([spread], 1000, { leastMs: 100, stepMs: 100 }, 1).of(1000) / 1050).toBeCloseTo(1, 1);
  });
  it("of several functions is that of each: one below a second, one above", () => {
    const long = statsOf({ fn: "long", meanMs: 1900, durationMs: { p50: 1900, p95: 1900, p99: 1900, p999: 1900, max: 1900 } });
    // their mean is 1 s; 100 ms bill 1,000, 1,900 bill 1,900
    expect(billedTime([alike, long], 1000, { leastMs: 1000, stepMs: 100 }, 1).of(1000) / 1450).toBeCloseTo(1, 2);
  });
});

describe("the line through levels", () => {
  it("is the one that the levels lie on", () => {
    const levels = [1, 5, 20].map((level) => ({ level, meanMs: 80 + 2 * (level - 1), se: 1 }));
    const { aloneMs, perRunMs, perRunSe } = lineThrough(levels);
    expect(aloneMs).toBeCloseTo(80, 9);
    expect(perRunMs).toBeCloseTo(2, 9);
    // 1 / sqrt(sum (x - mean)²): mean 26/3, squares 58.8 + 13.4 + 128.4
    expect(perRunSe).toBeCloseTo(1 / Math.sqrt(200.67), 4);
  });
});

/** A small generator of its own (Park and Miller 1988), so that the test draws the same numbers always. */
function uniform(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

/** One instance, runs that come independently (Poisson) and take log-normal times: busy time over theirs, and what a run is billed. */
function simulated(load: number, meanMs: number, { spread = 0, leastMs = 0, stepMs = 1e-9 } = {}): { share: number; billedMs: number } {
  const random = uniform(7);
  const runs = 200_000;
  let [now, began, until, busy, billed, ran] = [0, 0, 0, 0, 0, 0];
  const close = (): void => {
    busy += until - began;
    billed += Math.max(leastMs, Math.ceil((until - began) / stepMs) * stepMs);
  };
  for (let i = 0; i < runs; i++) {
    now += (-Math.log(random()) * meanMs) / load;
    const normal = Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());
    const took = meanMs * Math.exp(spread * normal - spread ** 2 / 2);
    ran += took;
    if (now > until) {
      if (i > 0) close();
      [began, until] = [now, now + took];
    } else until = Math.max(until, now + took);
  }
  close();
  return { share: busy / ran, billedMs: billed / runs };
}

describe("billed time of runs that share an instance", () => {
  it.each([
    ["Flex, short runs", 1, 300, 0.3, 1000],
    ["Flex, short runs, hardly together", 0.3, 300, 0.3, 1000],
    ["Flex, around a second", 1, 900, 0.5, 1000],
    ["Flex, long runs", 0.5, 2500, 0.6, 1000],
    ["Cloud Run, below a step", 1, 60, 0.4, 100],
    ["Cloud Run, below a step, many at once", 5, 60, 0.4, 100],
    ["Cloud Run, wide", 3, 150, 0.8, 100],
  ])("%s: as long, half and twice as long", (_name, load, meanMs, spread, leastMs) => {
    const now = simulated(load, meanMs, { spread, leastMs, stepMs: 100 });
    const p50 = meanMs * Math.exp(-(spread ** 2) / 2);
    const durationMs = { p50, p95: p50 * Math.exp(1.645 * spread), p99: p50, p999: p50, max: p50 };
    const { of } = billedTime([statsOf({ meanMs, durationMs })], meanMs, { leastMs, stepMs: 100 }, now.share);
    for (const factor of [0.5, 1, 2]) {
      const truth = simulated(load * factor, meanMs * factor, { spread, leastMs, stepMs: 100 }).billedMs;
      expect(Math.abs(of(meanMs * factor) / truth - 1)).toBeLessThan(0.03);
    }
  });
  it("the longest duration for a bill is one below which nothing costs more", () => {
    const { of, longest } = billedTime([alike], 100, { leastMs: 1000, stepMs: 100 }, 0.632);
    const limit = of(200);
    const found = longest(limit);
    for (let ms = 2; ms < found; ms *= 1.1) expect(of(ms)).toBeLessThanOrEqual(limit * 1.001);
  });
});

describe("billed time with another concurrency", () => {
  const seen = (load: number, meanInstances: number) => [
    { runs: 1000, ranMs: 1000, busyMs: 1000 * simulated(load, 100).share, meanInstances },
  ];
  it.each([
    [0.5, 2, 1],
    [2, 2, 1],
    [4, 0.5, 1],
    [2, 2, 1.1],
    [4, 0.25, 0.4],
  ])("is that of instances with an offered load of %s, times %s, durations times %s", (load, factor, longer) => {
    const truth = (longer * simulated(load * factor * longer, 100).share) / simulated(load, 100).share;
    expect(billedAgain(seen(load, 10), factor, longer) / truth).toBeCloseTo(1, 2);
  });
  it("is the same where one instance is busy at a time, however many were: there is no other whose runs could come", () => {
    expect(billedAgain(seen(2, 1), 2, 1)).toBe(1);
  });
});
