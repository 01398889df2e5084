import { describe, expect, it } from "vitest";
import { regretOf } from "../../../../src/analyzer/sizing/regret.ts";
import type { ProbeRuns } from "../../../../src/model/sizing.ts";

/** https://aws.amazon.com/lambda/pricing/ */
const usdPerRun = (memoryMib: number, billedMs: number): number => (memoryMib / 1024) * (billedMs / 1000) * 0.0000166667 + 0.0000002;

/** Runs around a mean; `spread` as a share of it. */
function runs(memoryMib: number, meanMs: number, spread = 0.02, count = 5): ProbeRuns {
  const durationsMs = Array.from({ length: count }, (_, i) => meanMs * (1 + spread * (i - (count - 1) / 2)));
  return { memoryMib, durationsMs, billedMs: durationsMs.map(Math.ceil), initMs: null, maxUsedMib: null, discardedBilledMs: null };
}

describe("regret", () => {
  it("is not known with fewer than three runs at a size", () => {
    expect(regretOf([runs(512, 100), runs(2048, 50, 0.02, 2)], 128, usdPerRun)).toBeNull();
    expect(regretOf([], 128, usdPerRun)).toBeNull();
  });

  it("work that waits: the smallest size is the cheapest, whatever the curve, so that nothing is left to regret", () => {
    expect(regretOf([runs(128, 200), runs(512, 200), runs(2048, 200)], 128, usdPerRun)).toBeLessThan(0.05);
  });

  it("one size in the middle leaves more to regret than three over the range", () => {
    const one = regretOf([runs(512, 300)], 128, usdPerRun)!;
    const three = regretOf([runs(128, 1000), runs(512, 300), runs(2048, 120)], 128, usdPerRun)!;
    expect(one).toBeGreaterThan(0.05);
    expect(three).toBeLessThan(one);
  });

  it("is a share of the cost: never negative", () => {
    for (const factor of [0.2, 1, 4])
      expect(regretOf([runs(256, 400), runs(1024, 100 * factor), runs(3008, 90)], 128, usdPerRun)).toBeGreaterThanOrEqual(0);
  });
});
