import { describe, expect, it } from "vitest";
import { boundsWithWaiting, isRightAtWorst, tracedAt, waitingOf } from "../../../../src/analyzer/sizing/downstream.ts";
import { posterior } from "../../../../src/analyzer/sizing/posterior.ts";
import { reachOf } from "../../../../src/analyzer/sizing/tiers.ts";
import type { DownstreamTime } from "../../../../src/model/sizing.ts";
import { adviceOn, functionConfig, place, queueTrigger, statsOf } from "../../../support/function-stats.ts";

const traced: DownstreamTime = {
  cloud: "aws",
  account: null,
  region: null,
  fn: "orders",
  memoryMib: 1024,
  runs: 40,
  runMs: 200,
  downstreamMs: 160,
  waitingMs: 120,
  waitingShareSe: 0.01,
};
const here = { memoryMib: 1024, durationMs: 100 };

describe("waiting from traces", () => {
  it("is the share of the traced runs, as long as the mean of all", () => {
    // 120 / 200 of 100 ms; 15 % of 60 ms, 1 % of 100 ms and 7 % of 100 ms together: sqrt(81 + 1 + 49)
    const waiting = waitingOf(traced, here)!;
    expect(waiting.leastMs).toBeCloseTo(60, 9);
    expect(waiting.sdMs).toBeCloseTo(Math.sqrt(131), 9);
  });

  it.each<[string, Partial<DownstreamTime> | null, number]>([
    ["no trace", null, 1024],
    ["19 traced runs", { runs: 19 }, 1024],
    ["nothing but bulk transfers", { waitingMs: 0 }, 1024],
    ["a size whose CPU stretches calls", {}, 511],
  ])("%s: null", (_, fields, memoryMib) => {
    expect(waitingOf(fields === null ? null : { ...traced, ...fields }, { ...here, memoryMib })).toBeNull();
  });

  it("traces without a size count only where there is one size", () => {
    const unsized = { ...traced, memoryMib: null };
    expect(tracedAt([unsized, traced], 1024, false)).toBe(traced);
    expect(tracedAt([unsized], 1024, true)).toBe(unsized);
    expect(tracedAt([unsized], 1024, false)).toBeNull();
    expect(tracedAt([traced], 512, true)).toBeNull();
  });
});

describe("what it bounds", () => {
  // 60 ms wait, 40 ms may be computing; 45 MiB are the runtime's own; 15 % slack
  it.each([
    // (60 + 40) / 1.15; 60 + 40 * 979 / 467 = 143.85, times 1.15
    [512, 100 / 1.15, 143.854 * 1.15],
    // 60 + 40 / 2 = 80; upwards no longer than now
    [2048, 80 / 1.15, 115],
  ])("at %j MiB between %j and %j ms", (memoryMib, leastMs, mostMs) => {
    const bounds = boundsWithWaiting(here, 60, memoryMib);
    expect(bounds.leastMs).toBeCloseTo(leastMs, 6);
    expect(bounds.mostMs).toBeCloseTo(mostMs, 2);
  });

  const options = (asynchronous: boolean) => ({
    asynchronous,
    objective: { optimize: "cost", maxSlowdown: null, minSavingUsdPerMonth: 0 } as const,
    costAt: (size: number) => ({ fixedUsdPerMonth: 0, usdPerMonthPerMs: size }),
  });

  it.each<[string, number, number, boolean, boolean]>([
    // 95 + 5 * 979 / 467 = 105.5 ms at half the price
    ["halving what waits 95 %, somebody waiting", 95, 512, false, true],
    // 60 + 40 * 979 / 467 = 143.9 ms
    ["halving what waits 60 %, somebody waiting", 60, 512, false, false],
    ["the same, nobody waiting: 72 % of the cost", 60, 512, true, true],
    // 20 + 80 * 979 / 211 = 391 ms at a quarter of the price: 98 %
    ["a quarter where little is waited for", 20, 256, true, false],
    // 97 % of the cost
    ["too little saved", 60, 960, true, false],
    ["more memory never pays by waiting", 60, 2048, true, false],
    ["the size it has", 0, 1024, false, true],
  ])("%s", (_, waitingMs, memoryMib, asynchronous, right) => {
    expect(isRightAtWorst(here, waitingMs, memoryMib, options(asynchronous))).toBe(right);
  });

  it("less memory may be advised on it, more may not", () => {
    const asked = { tier: 1, currentMib: 1024, measured: [{ ...here, logSe: 0, warm: 100, probe: false, matchedHours: null }] } as const;
    const rest = { utilisation: 0.4, asynchronous: false, timeoutSlack: null };
    expect(reachOf({ ...asked, ...rest, utilisationIsBound: true })).toEqual({ leastMib: 256, mostMib: 1024 });
    expect(reachOf({ ...asked, ...rest, utilisationIsBound: false })).toEqual({ leastMib: 256, mostMib: 1769 });
  });
});

describe("advice on it", () => {
  /** Runs of 100 ms, of which so much is waited for. */
  const seen = (waitingMs: number, over: Partial<DownstreamTime> = {}): DownstreamTime[] => [
    { ...traced, ...place, memoryMib: 2048, runMs: 100, downstreamMs: waitingMs, waitingMs, ...over },
  ];
  const queued = { configs: [functionConfig({ timeoutS: 60 }), queueTrigger] };

  it("CPU time stays unknown; calls and the rest are told, with the runs they were seen in", async () => {
    const { evidence } = await adviceOn([statsOf({ memoryMib: 2048 })], { downstream: seen(95, { runs: 3 }) });
    expect(evidence).toMatchObject({ cpuMs: null, downstreamMs: 95, selfMs: 5, tracedRuns: 3 });
    expect((await adviceOn([statsOf({ memoryMib: 2048 })])).evidence).toMatchObject({ downstreamMs: null, selfMs: null, tracedRuns: null });
  });

  it("waits nearly all the time: less memory even where somebody waits, more is not advised", async () => {
    const objective = { optimize: "cost", maxSlowdown: 0.3, minSavingUsdPerMonth: 0 } as const;
    const advice = await adviceOn([statsOf({ memoryMib: 2048 })], { downstream: seen(97), objective });
    expect(advice).toMatchObject({ tier: 1, confidence: "medium", refusal: null });
    // at worst 97 + 3 * 2003 / (m - 45) ms, at most 130: from 228 MiB on; but a quarter of the memory at least
    expect(advice.proposedMib).toBeGreaterThanOrEqual(512);
    expect(advice.proposedMib).toBeLessThan(2048);
    expect(advice.whyNotMore).toContain("calls to others in traces");
    const larger = advice.predicted.find((one) => one.memoryMib === 3008)!;
    expect(larger.basis).toBe("assumed");
    expect(larger.boundsMs!.leastMs).toBeCloseTo((97 + (3 * 2048) / 3008) / 1.15, 9);
  });

  it("waits for half the time: a change where nobody waits, none where somebody does", async () => {
    expect((await adviceOn([statsOf({ memoryMib: 2048 })], { downstream: seen(50) })).proposedMib).toBeNull();
    const advice = await adviceOn([statsOf({ memoryMib: 2048 })], { ...queued, downstream: seen(50) });
    expect(advice.tier).toBe(1);
    expect(advice.proposedMib).toBeLessThanOrEqual(1024);
    expect(advice.proposedMib).toBeGreaterThanOrEqual(512);
  });

  it.each<[string, DownstreamTime[]]>([
    ["too few traced runs", seen(95, { runs: 19 })],
    ["traces of another size", seen(95, { memoryMib: 1024 })],
    ["of more than 90 % of its time nothing is known", seen(9)],
    ["bulk transfers only", seen(95, { waitingMs: 0 })],
  ])("%s: as without traces", async (_, downstream) => {
    expect(await adviceOn([statsOf({ memoryMib: 2048 })], { downstream })).toMatchObject({ tier: 0, proposedMib: null });
    expect(await adviceOn([statsOf({ memoryMib: 2048 })], { ...queued, downstream })).toMatchObject({ tier: 0, proposedMib: 1024 });
  });

  it("CPU time says more: with it traces change nothing", async () => {
    const cpu = [{ ...place, fn: "orders", meanMs: 50, count: 100 }];
    const [without, both] = await Promise.all([
      adviceOn([statsOf({ memoryMib: 2048 })], { cpu }),
      adviceOn([statsOf({ memoryMib: 2048 })], { cpu, downstream: seen(50) }),
    ]);
    const evidence = { ...both.evidence, downstreamMs: null, selfMs: null, tracedRuns: null };
    expect({ ...both, evidence }).toEqual(without);
  });
});

describe("the posterior", () => {
  const seen = [{ ...here, logSe: 0.01 }];
  const without = posterior(seen, { cpuMs: null });
  const waiting = (leastMs: number) => posterior(seen, { cpuMs: null, waiting: { leastMs, sdMs: 5 } });

  it("the longer it waits at least, the less it changes with memory", () => {
    const at256 = [0, 30, 60, 90].map((leastMs) => waiting(leastMs).meanMs(256));
    expect(at256).toEqual(at256.toSorted((a, b) => b - a));
    // at least 90 ms wait, at two standard errors 80: the other 20 cannot become more than 20 * 979 / 211
    expect(at256[3]).toBeLessThan(80 + (20 * 979) / 211);
    expect(at256[0]).toBeGreaterThan(at256[3]!);
  });

  it("no waiting seen says nothing: a function may wait for what no span shows", () => {
    expect(waiting(0).weights).toEqual(without.weights);
  });
});
