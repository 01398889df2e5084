/** What runs at once: billed time and latency whose truth is a formula or a simulation. */
import { describe, expect, it } from "vitest";
import { billedTime } from "../../../../src/analyzer/sizing/billed-time.ts";
import { lineThrough, sharedAgain } from "../../../../src/analyzer/sizing/load.ts";
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
  it("is shared by runs at once, and longer runs bill more", () => {
    const { of } = billedTime([alike], 100, { leastMs: 100, stepMs: 100 }, 0.5);
    expect(of(100)).toBeCloseTo(50, 9);
    const many = [100, 150, 220, 480, 900, 2000].map(of);
    expect(many).toEqual(many.toSorted((a, b) => a - b));
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

/** Busy time over the time of all runs on one instance: Poisson arrivals at `rho` per duration. */
function simulatedShare(rho: number): number {
  const random = uniform(7);
  let [now, until, busy] = [0, 0, 0];
  const runs = 200_000;
  for (let i = 0; i < runs; i++) {
    now += -Math.log(random()) / rho;
    busy += now + 1 - Math.max(now, Math.min(until, now + 1));
    until = Math.max(until, now + 1);
  }
  return busy / runs;
}

describe("billed time with another concurrency", () => {
  it.each([
    [0.5, 2],
    [2, 2],
    [4, 0.5],
  ])("is that of instances with an offered load of %s, times %s", (rho, factor) => {
    const share = simulatedShare(rho);
    const found = sharedAgain([{ ranMs: 1000, busyMs: 1000 * share, instances: 10 }], factor);
    expect(found / (simulatedShare(rho * factor) / share)).toBeCloseTo(1, 2);
  });
  it("is the same on one instance: there is no other whose runs could come", () => {
    expect(sharedAgain([{ ranMs: 1000, busyMs: 500, instances: 1 }], 2)).toBe(1);
  });
});
