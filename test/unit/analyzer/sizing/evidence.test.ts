import { describe, expect, it } from "vitest";
import { experimentOf as experimentFor, type Sided } from "../../../../src/analyzer/sizing/epochs.ts";
import { type FunctionFacts, functionFacts, type SizingSources } from "../../../../src/analyzer/sizing/facts.ts";
import { logStandardError, observationsOf as observationsFor } from "../../../../src/analyzer/sizing/observations.ts";
import { lambda } from "../../../../src/analyzer/sizing/product.ts";
import { tierOf } from "../../../../src/analyzer/sizing/tiers.ts";
import { isAsynchronous } from "../../../../src/analyzer/sizing/triggers.ts";
import { monthlyVolume } from "../../../../src/analyzer/sizing/volume.ts";
import type { CodeVersion, EpochHour, FunctionStats } from "../../../../src/model/sizing.ts";
import { DAY, functionConfig, place, queueTrigger, START, statsOf } from "../../../support/function-stats.ts";

const nothing = { configs: [], codes: [], cpu: [], daily: [], from: START, to: START + 60 * DAY };
const LAMBDA = lambda({ leastMib: 128, mostMib: 10_240 });
const experimentOf = (facts: FunctionFacts) => experimentFor(facts, LAMBDA);
const observationsOf = (experiment: ReturnType<typeof experimentOf>, hours: (epoch: Sided) => readonly EpochHour[]) =>
  observationsFor(experiment, hours, LAMBDA.text);
const factsOf = (stats: FunctionStats[], over: Partial<SizingSources> = {}) => functionFacts({ ...nothing, stats, ...over })[0]!;
const before = statsOf({ memoryMib: 512, meanMs: 190, from: START, to: START + 30 * DAY });
const after = statsOf({ memoryMib: 1024, meanMs: 100, from: START + 30 * DAY, to: START + 60 * DAY });
const code = (codeSha256: string, seenAt: number, over: Partial<CodeVersion> = {}): CodeVersion => ({
  ...place,
  fn: "orders",
  version: "$LATEST",
  codeSha256,
  since: null,
  seenAt,
  ...over,
});

describe("natural experiments", () => {
  it("compare the last 14 days before a change with the first 14 after it", () => {
    const { current, others, notes } = experimentOf(factsOf([before, after]));
    expect(current).toMatchObject({ memoryMib: 1024, from: START + 30 * DAY, to: START + 44 * DAY });
    expect(others).toEqual([expect.objectContaining({ memoryMib: 512, from: START + 16 * DAY, to: START + 30 * DAY })]);
    expect(notes).toEqual(["Whether the code was the same at all sizes is not known."]);
  });

  it("leave out what ran other code, and say so", () => {
    const codes = [code("a", START + DAY), code("b", START + 31 * DAY)];
    const { others, notes } = experimentOf(factsOf([before, after], { codes }));
    expect(others).toEqual([]);
    expect(notes).toEqual(["512 MiB is left out: the code was another."]);
  });

  it("take the same code for the same, by hash, also where the time since the last write covers both", () => {
    const same = [code("a", START + DAY), code("a", START + 31 * DAY)];
    expect(experimentOf(factsOf([before, after], { codes: same })).notes).toEqual([]);
    expect(experimentOf(factsOf([before, after], { codes: [code("a", START + 31 * DAY, { since: START + 2 * DAY })] })).notes).toEqual([]);
  });

  it("take a published version's code from the version, whenever it was seen", () => {
    const stats = [statsOf({ ...before, version: "3" }), statsOf({ ...after, version: "4" })];
    const codes = [code("a", START + 90 * DAY, { version: "3" }), code("b", START + 90 * DAY, { version: "4" })];
    expect(experimentOf(factsOf(stats, { codes })).others).toEqual([]);
  });

  it("never cross architectures", () => {
    const { others, notes } = experimentOf(
      factsOf([statsOf({ ...before, architecture: "x86_64" }), statsOf({ ...after, architecture: "arm64" })]),
    );
    expect(others).toEqual([]);
    expect(notes).toEqual(["512 MiB is left out: it ran on x86_64."]);
  });

  it("of two that run at the same time, the current one is that with the most traffic", () => {
    const canary = statsOf({ memoryMib: 2048, from: START + 50 * DAY, to: START + 60 * DAY, invocations: 50 });
    const { current, others } = experimentOf(factsOf([after, canary]));
    expect(current!.memoryMib).toBe(1024);
    expect(others).toEqual([expect.objectContaining({ memoryMib: 2048, from: START + 50 * DAY, to: START + 60 * DAY })]);
  });

  it("need 20 warm runs, a probe 5", () => {
    const few = statsOf({ ...before, warm: { ...before.warm, count: 19 } });
    const probe = (count: number) => statsOf({ probe: true, memoryMib: 256, version: "9", warm: { ...before.warm, count } });
    expect(experimentOf(factsOf([few, after])).others).toEqual([]);
    expect(experimentOf(factsOf([after, probe(5)])).probes).toHaveLength(1);
    expect(experimentOf(factsOf([after, probe(4)])).probes).toHaveLength(0);
  });

  it("a probe of other code is no evidence", () => {
    const warm = { count: 8, trimmedMeanMs: 50, winsorizedSdMs: 1, meanMs: 50 };
    const probe = statsOf({ probe: true, memoryMib: 256, version: null, warm, from: START, to: START + 1 });
    const codes = [code("a", START), code("b", START + 31 * DAY, { since: START + 20 * DAY })];
    const { probes, notes } = experimentOf(factsOf([after, probe], { codes }));
    expect(probes).toEqual([]);
    expect(notes).toContain("A probe is left out: the code was another.");
  });
});

describe("observations", () => {
  const hour = (epoch: number, hourOfWeek: number | null, count: number, trimmedMeanMs: number): EpochHour => ({
    epoch,
    hourOfWeek,
    count,
    trimmedMeanMs,
    winsorizedSdMs: trimmedMeanMs / 10,
  });

  it("standard error on the log scale, by hand: 20 / (0.6 * sqrt(100) * 100)", () => {
    expect(logStandardError(100, 100, 20)).toBeCloseTo(1 / 30, 12);
  });

  it("drift adds .05 per 30 days between the middles", () => {
    const experiment = experimentOf(factsOf([before, after]));
    const { measured } = observationsOf(experiment, () => []);
    // middles of the compared parts: day 23 and day 37, 14 days; se = (190/5) / (0.6 * 100 * 190) = 1/300
    expect(measured.map((one) => one.memoryMib)).toEqual([1024, 512]);
    expect(measured[0]!.logSe).toBeCloseTo(1 / 300, 12);
    expect(measured[1]!.logSe).toBeCloseTo(Math.sqrt((1 / 300) ** 2 + 0.05 ** 2 * (14 / 30)), 12);
  });

  it("hours of the week are matched: a size seen mostly at the busy hours is not slower for that", () => {
    const experiment = experimentOf(factsOf([before, after]));
    // every hour takes twice as long at 512, but 512 ran mostly in the fast hour 1 and 1024 mostly in the slow hour 2
    const hours = new Map([
      [experiment.current, [hour(0, null, 1000, 175), hour(0, 0, 100, 100), hour(0, 1, 100, 50), hour(0, 2, 800, 200)]],
      [experiment.others[0]!, [hour(1, 0, 100, 200), hour(1, 1, 800, 100), hour(1, 2, 100, 400)]],
    ]);
    const { measured } = observationsOf(experiment, (epoch) => hours.get(epoch) ?? []);
    // 0.1 * 100 + 0.1 * 50 + 0.8 * 200 = 175; twice that
    expect(measured[0]!.durationMs).toBeCloseTo(175, 9);
    expect(measured[1]!).toMatchObject({ memoryMib: 512, matchedHours: 3 });
    expect(measured[1]!.durationMs).toBeCloseTo(350, 9);
  });

  it("hours that hardly overlap are not matched, and that is said", () => {
    const experiment = experimentOf(factsOf([before, after]));
    const hours = new Map([
      [experiment.current, [hour(0, 0, 100, 100), hour(0, 1, 900, 50)]],
      [experiment.others[0]!, [hour(1, null, 1000, 295), hour(1, 0, 100, 200), hour(1, 2, 900, 300)]],
    ]);
    const { measured, notes } = observationsOf(experiment, (epoch) => hours.get(epoch) ?? []);
    // the mean over all of its runs, trimmed as a whole
    expect(measured[1]).toMatchObject({ durationMs: 295, matchedHours: null });
    expect(notes).toEqual(["Too few runs at the same hours of the week to compare 512 MiB hour by hour with the current size."]);
  });

  it("a probe at three sizes gives the shape; live runs say how high it lies", () => {
    const probe = (memoryMib: number, meanMs: number) =>
      statsOf({ probe: true, version: "9", memoryMib, meanMs, warm: { count: 8, trimmedMeanMs: meanMs, winsorizedSdMs: 1, meanMs } });
    // the probe's payload takes half of what live traffic takes at 1024
    const experiment = experimentOf(factsOf([after, probe(128, 400), probe(1024, 50), probe(2048, 40)]));
    const { measured } = observationsOf(experiment, () => []);
    expect(measured.map((one) => [one.memoryMib, one.durationMs])).toEqual(
      expect.arrayContaining([
        [128, 800],
        [1024, 100],
        [2048, 80],
      ]),
    );
    expect(tierOf(measured, false)).toBe(3);
  });
});

describe("tiers", () => {
  const at = (...sizes: number[]) =>
    sizes.map((memoryMib) => ({ memoryMib, durationMs: 100, logSe: 0.01, warm: 100, probe: false, matchedHours: null }));
  it.each([
    [[], null, null],
    [[1024], null, 0],
    [[1024], 30, 1],
    [[512, 768], null, 0],
    [[512, 973], null, 2],
    [[512, 972], null, 0],
    [[512, 1024, 2048], null, 2],
    [[256, 1024, 2048], null, 3],
    [[256, 2048], null, 2],
  ] as const)("%j with CPU time %j: %j", (sizes, cpuMs, tier) => {
    expect(tierOf(at(...sizes), cpuMs !== null)).toBe(tier);
  });
});

describe("who waits", () => {
  const of = { ...place, fn: "orders" };
  it("a queue: nobody; a workflow, HTTP: somebody; nothing known: not known", () => {
    expect(isAsynchronous(of, [], [queueTrigger])).toBe(true);
    expect(isAsynchronous(of, ["http"], [queueTrigger])).toBe(false);
    expect(isAsynchronous(of, ["s3", "schedule"], [])).toBe(true);
    expect(isAsynchronous(of, [], [functionConfig()])).toBeNull();
    const workflow = { ...functionConfig({ functions: [queueTrigger.to] }), kind: "workflow" as const };
    expect(isAsynchronous(of, [], [workflow, queueTrigger])).toBe(false);
  });
  it("a trigger of another account's function of that name, and one that is off, say nothing", () => {
    expect(isAsynchronous({ ...of, account: "999999999999" }, [], [queueTrigger])).toBeNull();
    expect(isAsynchronous(of, [], [{ ...queueTrigger, settings: { state: "Disabled" } }])).toBeNull();
  });
  it("a probe is no trigger", () => {
    expect(isAsynchronous(of, ["probe"], [])).toBeNull();
  });
});

describe("runs of a month", () => {
  it("the window repeated: 7 days of 100 runs", () => {
    const volume = monthlyVolume(700, { from: START, to: START + 7 * DAY }, null);
    // 30.4375 days x 100
    expect(volume.perMonth).toBeCloseTo(3043.75, 9);
    expect(volume.relativeSd).toBeCloseTo(1 / Math.sqrt(700), 12);
    expect(volume.note).toBeNull();
  });
  it("days that differ make it less sure than chance alone: 100, 300, 200 runs", () => {
    const daily = { ...place, fn: "orders", runs: 600, days: 3, sumOfSquares: 100 ** 2 + 300 ** 2 + 200 ** 2 };
    // variance of the days 10,000; of their mean 3,333; its root 57.7 over 200
    expect(monthlyVolume(600, { from: START, to: START + 3 * DAY }, daily).relativeSd).toBeCloseTo(57.735 / 200, 5);
  });
  it("less than a week is said", () => {
    expect(monthlyVolume(600, { from: START, to: START + 3 * DAY }, null).note).toContain("3 days");
  });
});
