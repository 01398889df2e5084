import { describe, expect, it } from "vitest";
import {
  humanBytes,
  humanConfidence,
  humanCount,
  humanMs,
  humanPercent,
  humanTime,
  humanUsd,
  plural,
} from "../../../../src/report/formats/values.ts";

describe("numbers for people", () => {
  it.each([
    [0, "0 ms"],
    [0.0001, "<0.001 ms"],
    [0.4251, "0.425 ms"],
    [12.34, "12.3 ms"],
    [340, "340 ms"],
    [999.4, "999 ms"],
    [999.6, "1.00 s"],
    [1240, "1.24 s"],
    [59_940, "59.9 s"],
    [59_960, "1 min 0 s"],
    [123_000, "2 min 3 s"],
    [3_599_900, "1 h 0 min"],
    [3_900_000, "1 h 5 min"],
    [86_400_000 * 3 + 7_200_000, "3 d 2 h"],
    [-310, "-310 ms"],
  ])("%d ms is %s", (ms, text) => {
    expect(humanMs(ms)).toBe(text);
  });

  it.each([
    [0, "$0"],
    [0.0000021, "$0.0000021"],
    [0.000565786, "$0.000566"],
    [0.5, "$0.50"],
    [0.123456, "$0.123"],
    [0.9999, "$1.00"],
    [12.345, "$12.35"],
    [1234.5, "$1,234.50"],
    [1e-15, "<$0.0000000001"],
    [1.23e-9, "$0.00000000123"],
    [-2, "-$2.00"],
  ])("%d USD is %s", (usd, text) => {
    expect(humanUsd(usd)).toBe(text);
  });

  it("groups thousands", () => {
    expect([humanCount(999), humanCount(1000), humanCount(1_234_567), humanCount(0.5)]).toEqual(["999", "1,000", "1,234,567", "0.5"]);
    expect([plural(1, "hop"), plural(2000, "hop")]).toEqual(["1 hop", "2,000 hops"]);
  });

  it("shortens bytes, shares, moments and confidence", () => {
    expect([humanBytes(999), humanBytes(1000), humanBytes(999_600), humanBytes(3.4e9)]).toEqual(["999 B", "1 kB", "1 MB", "3.4 GB"]);
    expect([0, 0.004, 0.5, 0.996, 1].map(humanPercent)).toEqual(["0 %", "<1 %", "50 %", ">99 %", "100 %"]);
    expect(humanTime("2026-11-20T08:15:30.123Z")).toBe("2026-11-20 08:15:30.123");
    expect([1, 0.95, 0.4].map(humanConfidence)).toEqual(["1", ".95", ".4"]);
  });
});
