/** How often verify cries wolf, and how surely it finds what got worse: functions drawn at random, the truth known. */
import { describe, expect, it } from "vitest";
import { verified, type Verdict } from "../../../src/applier/verify.ts";
import type { Change, Interval } from "../../../src/model/plan.ts";
import type { EpochHour, FunctionStats } from "../../../src/model/sizing.ts";
import { FakeCloud, memoryChangeOf } from "../../support/fake-applier.ts";
import { statsOf } from "../../support/function-stats.ts";

const AT = Date.UTC(2026, 10, 20);
const FUNCTIONS = 1000;
/** What a plan's 80 % interval typically spans where two sizes were measured: 8 % either way. */
const WIDTH = 1.08;

/** https://en.wikipedia.org/wiki/Linear_congruential_generator, the constants of Numerical Recipes. */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

function normal(draw: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw());
}

interface World {
  runs: number;
  /** Median duration, and share of failed runs. */
  ms: number;
  failing: number;
  /** Share of runs that take eight times as long. */
  outliers?: number;
}

/** A sample as the dataset would sum it up; trimmed and winsorised by the book (Wilcox 2012, section 3). */
function sample(draw: () => number, memoryMib: number, { runs, ms, failing, outliers = 0.02 }: World): FunctionStats {
  const all = Array.from({ length: runs }, () => ms * Math.exp(0.25 * normal(draw)) * (draw() < outliers ? 8 : 1));
  const errors = all.filter(() => draw() < failing).length;
  const sorted = all.toSorted((a, b) => a - b);
  const cut = Math.floor(0.2 * runs);
  const winsorised = sorted.map((value) => Math.min(Math.max(value, sorted[cut]!), sorted[runs - cut - 1]!));
  const warm = {
    count: runs,
    trimmedMeanMs: mean(sorted.slice(cut, runs - cut)),
    winsorizedSdMs: deviation(winsorised),
    meanMs: mean(all),
  };
  const whole = { meanRanMs: mean(all), sdRanMs: deviation(all), meanBilledMs: mean(all) };
  return statsOf({ fn: "orders", memoryMib, invocations: runs, errors, warm, ...whole });
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const deviation = (values: readonly number[]): number => {
  const middle = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1));
};

/** Share of functions whose change is called worse; `promised`: p50 of the duration at the new size. */
function shareWorse(seed: number, before: World, after: World, promised: (seen: FunctionStats) => number): number {
  const draw = random(seed);
  const verdicts = Array.from({ length: FUNCTIONS }, (): Verdict => {
    const seen = sample(draw, 1024, before);
    const p50 = promised(seen);
    const durationMs: Interval = { p10: p50 / WIDTH, p50, p90: p50 * WIDTH };
    return verified(changeWith(durationMs), AT, {
      before: [seen],
      after: [sample(draw, 896, after)],
      hours: { before: [], after: [] },
      usdPerRun,
      days: { before: null, after: null },
      configs: [],
    }).verdict;
  });
  return verdicts.filter((verdict) => verdict === "worse").length / FUNCTIONS;
}

const usdPerRun = (one: FunctionStats, billedMs: number): number => one.memoryMib! * billedMs;
const trimmed = (seen: FunctionStats): number => seen.warm.trimmedMeanMs!;

function changeWith(durationMs: Interval): Change {
  return memoryChangeOf(new FakeCloud().add("orders", { memoryMib: 1024 }), "orders", 896, {
    expected: {
      durationMs,
      savingUsdPerMonth: { p10: 1, p50: 2, p90: 3 },
      before: { errorShare: null, timeoutShare: null, meanDurationMs: null, invocationsPerDay: 1000, usdPerMonth: null, memoryMib: 1024 },
    },
  });
}

describe("verify over 1,000 functions with 2 % runs eight times as long, memory 1024 to 896 MiB", () => {
  const before: World = { runs: 400, ms: 100, failing: 0.01 };

  it.each([20, 50, 200, 2000])("the size does not matter, %i runs since: at most 2 % are called worse", (runs) => {
    expect(shareWorse(runs, before, { ...before, runs }, trimmed)).toBeLessThanOrEqual(0.02);
  });

  it("30 % beyond the 90th percentile: found in 9 of 10 after 50 runs", () => {
    expect(shareWorse(1, before, { ...before, runs: 50, ms: 100 * WIDTH * 1.3 }, trimmed)).toBeGreaterThanOrEqual(0.9);
  });

  it("errors from 1 % to 5 %: found in 9 of 10 after 400 runs", () => {
    expect(shareWorse(2, { ...before, runs: 2000 }, { ...before, runs: 400, failing: 0.05 }, trimmed)).toBeGreaterThanOrEqual(0.9);
  });

  it("only the slow tail grows, from 2 % to 8 %: the bill does, and 2,000 runs tell", () => {
    // true mean 1.14 -> 1.56 of the usual duration: 1.37 times, at 896 / 1024 of the price 1.20 times as dear
    expect(shareWorse(3, { ...before, runs: 2000 }, { ...before, runs: 2000, outliers: 0.08 }, trimmed)).toBeGreaterThanOrEqual(0.9);
  });
});

describe("hours of the week", () => {
  /** Every hour of the week 100 runs: 100 ms at night, 140 ms from 9 to 17. */
  const week = (of: (hour: number) => boolean): EpochHour[] =>
    Array.from({ length: 168 }, (_, hourOfWeek) => hourOfWeek)
      .filter((hour) => of(hour % 24))
      .map((hourOfWeek) => ({
        epoch: 0,
        hourOfWeek,
        count: 100,
        trimmedMeanMs: isBusy(hourOfWeek % 24) ? 140 : 100,
        winsorizedSdMs: 10,
      }));
  const isBusy = (hour: number): boolean => hour >= 9 && hour < 17;
  const stats = (memoryMib: number, ms: number) =>
    statsOf({
      fn: "orders",
      memoryMib,
      invocations: 5000,
      warm: { count: 5000, trimmedMeanMs: ms, winsorizedSdMs: 10, meanMs: ms },
      meanRanMs: ms,
      sdRanMs: 10,
      meanBilledMs: ms,
    });
  // (8 x 140 + 16 x 100) / 24 = 113.3 ms over the whole week
  const promised = changeWith({ p10: 108, p50: 113.3, p90: 119 });
  const check = (ms: number, since: EpochHour[]): Verdict =>
    verified(promised, AT, {
      before: [stats(1024, 113.3)],
      after: [stats(896, ms)],
      hours: { before: week(() => true), after: since },
      usdPerRun,
      days: { before: null, after: null },
      configs: [],
    }).verdict;

  it("only busy hours since the change: slower, and not worse", () => {
    expect(check(140, week(isBusy))).toBe("ok");
  });

  it("slower than these hours explain: worse", () => {
    expect(check(160, week(isBusy))).toBe("worse");
    expect(
      check(
        140,
        week(() => true),
      ),
    ).toBe("worse");
  });

  it("quiet hours hide nothing: 130 ms where the night takes 100", () => {
    expect(
      check(
        130,
        week((hour) => !isBusy(hour)),
      ),
    ).toBe("worse");
  });
});
