import { describe, expect, it } from "vitest";
import { type CostModel, costModel, monthlyUsd, widened } from "../../../../src/analyzer/sizing/cost.ts";
import { atMargin } from "../../../../src/analyzer/sizing/margin.ts";
import { rooms } from "../../../../src/clouds/index.ts";
import type { PriceBook } from "../../../../src/model/billing.ts";
import type { FunctionStats } from "../../../../src/model/sizing.ts";
import { DAY, easyPrices, statsOf } from "../../../support/function-stats.ts";

const rates = { billing: { aws: rooms.aws.billing }, prices: easyPrices };
const volume = { perMonth: 1_000_000, relativeSd: 0, note: null };
const modelOf = (stats: FunctionStats, warmMs: number, own = rates): CostModel => costModel(stats, warmMs, volume, own) as CostModel;

describe("a month's cost", () => {
  it("warm runs, by hand: a million at 2 GB and 100.5 ms billed", () => {
    const line = modelOf(statsOf(), 100).lineAt(2048);
    // requests $1; 1e6 * 2 GB * .1005 s * 1e-5
    expect(line.fixedUsdPerMonth + line.usdPerMonthPerMs * 100).toBeCloseTo(1 + 2.01, 9);
    // twice as slow: .2005 s
    expect(line.fixedUsdPerMonth + line.usdPerMonthPerMs * 200).toBeCloseTo(1 + 4.01, 9);
  });

  it("takes the true mean, of which the trimmed one is a part", () => {
    // a few slow runs: mean 130 where the trimmed mean is 100; at another size in the same proportion
    const line = modelOf(statsOf({ meanRanMs: 130 }), 100).lineAt(1024);
    expect(line.fixedUsdPerMonth + line.usdPerMonthPerMs * 50).toBeCloseTo(1 + 0.655, 9);
  });

  it("cold starts: their share, their own duration, and an init that memory does not shorten", () => {
    const cold = { count: 1_000, meanDurationMs: 300, meanInitMs: 400, unknown: 0 };
    const model = modelOf(statsOf({ cold, invocations: 10_000 }), 100);
    // .9 * 100.5 + .1 * (300 + 400 + .5) = 160.5 ms; at half the duration .9 * 50.5 + .1 * (150 + 400.5) = 100.5 ms
    const line = model.lineAt(1024);
    expect(line.fixedUsdPerMonth + line.usdPerMonthPerMs * 100).toBeCloseTo(1 + 1.605, 9);
    expect(line.fixedUsdPerMonth + line.usdPerMonthPerMs * 50).toBeCloseTo(1 + 1.005, 9);
    expect(model.coldShare).toBe(0.1);
    // half of what cold starts cost more: .5 * .1 * (300 + 400 - 100) / 160.5
    expect(model.relativeSd).toBeCloseTo(30 / 160.5, 9);
  });

  it("no run that says whether it was cold: the share is unknown, not 0", () => {
    expect(modelOf(statsOf({ cold: { count: 0, meanDurationMs: null, meanInitMs: null, unknown: 10_000 } }), 100).coldShare).toBeNull();
  });

  it("errors add up in quadrature: 3 and 4 are 5", () => {
    const { p10, p50, p90 } = widened({ p10: 97, p50: 100, p90: 103 }, 4 / 1.2816);
    expect([p10, p50, p90].map((usd) => Math.round(usd * 1e9) / 1e9)).toEqual([95, 100, 105]);
    expect(monthlyUsd({ fixedUsdPerMonth: 1, usdPerMonthPerMs: 0 }, { p10: 1, p50: 1, p90: 1 }, 2).p10).toBe(0);
  });
});

describe("the price of the next unit", () => {
  /** 1e-5 per GB-second up to a million a month, then half of it. */
  const tiered: PriceBook = {
    asOf: "",
    find: (...of) => {
      const found = easyPrices.find(...of);
      return found && of[1] === "lambda.duration"
        ? { ...found, tiers: [{ above: 1e6 * 1_024_000, usdPerUnit: 0.5e-5 / 1_024_000 }] }
        : found;
    },
  };
  const usdPerUnit = (stats: FunctionStats[], windowMs: number): number =>
    atMargin({ ...rates, prices: tiered }, stats, windowMs).prices.find("aws", "lambda.duration", "x86_64", "eu-west-1")!.usdPerUnit *
    1_024_000;

  it("is that of the tier which all functions together reach in a month", () => {
    // each 5e6 runs of .1005 s at 1 GB in a month: 502,500 GB-s
    const one = statsOf({ invocations: 5e6 });
    const month = 30.4375 * DAY;
    expect(usdPerUnit([one], month)).toBeCloseTo(1e-5, 12);
    expect(usdPerUnit([one, { ...one, fn: "other" }], month)).toBeCloseTo(0.5e-5, 12);
    // in ten days, a month of them is three times as much
    expect(usdPerUnit([one], 10 * DAY)).toBeCloseTo(0.5e-5, 12);
    // an hour's load test is no month
    expect(usdPerUnit([one], DAY / 24)).toBeCloseTo(1e-5, 12);
  });
});
