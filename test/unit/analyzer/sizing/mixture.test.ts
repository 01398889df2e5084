import { describe, expect, it } from "vitest";
import { mixtureQuantiles, normalCdf } from "../../../../src/analyzer/sizing/mixture.ts";

describe("normal distribution", () => {
  it("agrees with the table", () => {
    // https://www.itl.nist.gov/div898/handbook/eda/section3/eda3671.htm
    expect(normalCdf(0)).toBeCloseTo(0.5, 6);
    expect(normalCdf(1)).toBeCloseTo(0.841345, 6);
    expect(normalCdf(-1.96)).toBeCloseTo(0.024998, 6);
    expect(normalCdf(9)).toBe(1);
    expect(normalCdf(Infinity)).toBe(1);
    expect(normalCdf(-Infinity)).toBe(0);
  });
});

describe("quantiles of a mixture", () => {
  it("of one component are those of the normal distribution", () => {
    const [p10, p50, p90] = mixtureQuantiles(Float64Array.of(5), Float64Array.of(1), 0.1, [0.1, 0.5, 0.9]);
    expect(p10).toBeCloseTo(5 - 0.128155, 3);
    expect(p50).toBeCloseTo(5, 3);
    expect(p90).toBeCloseTo(5 + 0.128155, 3);
  });

  it("of two far components are quantiles of one of them", () => {
    // 25 % at 0 and 75 % at 10: the 10 % quantile is the 40 % quantile of the first, the median the 1/3 quantile of the second
    const [p10, p50] = mixtureQuantiles(Float64Array.of(0, 10), Float64Array.of(0.25, 0.75), 1, [0.1, 0.5]);
    expect(p10).toBeCloseTo(-0.253347, 2);
    expect(p50).toBeCloseTo(10 - 0.430727, 2);
  });

  it("without error are the values at which the weights reach the share", () => {
    const values = Float64Array.of(3, 1, 2);
    const weights = Float64Array.of(0.5, 0.2, 0.3);
    expect(mixtureQuantiles(values, weights, 0, [0.1, 0.2, 0.21, 0.5, 0.51, 1])).toEqual([1, 1, 2, 2, 3, 3]);
  });

  it("ignore curves without weight, however far", () => {
    const [p50] = mixtureQuantiles(Float64Array.of(1, 900), Float64Array.of(1, 0), 0.01, [0.5]);
    expect(p50).toBeCloseTo(1, 3);
  });
});
