import { describe, expect, it } from "vitest";
import {
  bytesInWindow,
  chooseCalls,
  DAY_MS,
  daySlices,
  filterEstimate,
  insightsEstimate,
  insightsPrice,
  type Means,
  scanned,
} from "../../../../src/clouds/aws/log-calls.ts";
import type { LogGroup } from "../../../../src/clouds/aws/log-groups.ts";

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;
const NOW = Date.UTC(2026, 10, 23, 12);

const group = (name: string, more: Partial<LogGroup> = {}): LogGroup => ({
  name,
  functions: [name],
  histories: false,
  class: "STANDARD",
  storedBytes: null,
  retentionD: null,
  createdAt: null,
  timeoutMs: null,
  ...more,
});

const means = (more: Partial<Means> = {}): Means => ({
  maxQueryUsd: 1,
  usdPerByte: 0.005 / GIB,
  requestsPerS: null,
  mayFilter: true,
  ...more,
});

const names = (sized: { group: LogGroup }[]): string[] => sized.map((one) => one.group.name).sort();

describe("what a call takes", () => {
  it("reads 1 MB a call at 5 calls a second", () => {
    // 100 MiB = 100 pages; 100 / 5 = 20 s
    expect(filterEstimate(100 * MIB, null)).toEqual({ calls: 100, seconds: 20, usd: 0, bytes: null });
    expect(filterEstimate(100 * MIB, 2).seconds).toBe(50);
    expect(filterEstimate(null, null)).toEqual({ calls: null, seconds: null, usd: 0, bytes: null });
  });

  it("prices queries by what lies in the window", () => {
    // CloudWatch pricing, us-east-1: $0.005 per GB scanned
    expect(insightsEstimate(10 * GIB, 50, insightsPrice("us-east-1").usdPerByte, null).usd).toBeCloseTo(0.05, 12);
    expect(insightsPrice("ap-northeast-1")).toEqual({ usdPerByte: 0.0076 / GIB, assumed: false });
    expect(insightsPrice("eu-south-1").assumed).toBe(true);
    expect(insightsEstimate(null, 1, 1, null).usd).toBeNull();
    expect(scanned(12 * GIB, insightsPrice("us-east-1"))).toBe("Logs Insights scanned 12.0 GB, $0.0600 at list price");
  });

  it("takes the share of a window from what is stored, at an even rate", () => {
    // ten days old with 10 GiB: one day is 1 GiB
    const old = group("a", { storedBytes: 10 * GIB, createdAt: NOW - 10 * DAY_MS });
    expect(bytesInWindow(old, { from: NOW - DAY_MS, to: NOW }, NOW)).toBeCloseTo(GIB, 0);
    // kept for five days only: one day is 2 GiB
    expect(bytesInWindow({ ...old, retentionD: 5 }, { from: NOW - DAY_MS, to: NOW }, NOW)).toBeCloseTo(2 * GIB, 0);
    // AWS has not counted yet
    expect(bytesInWindow(group("b", { storedBytes: 0 }), { from: 0, to: NOW }, NOW)).toBeNull();
    // since when is not known: all of it may lie in the window
    expect(bytesInWindow(group("c", { storedBytes: GIB }), { from: NOW - 1, to: NOW }, NOW)).toBe(GIB);
  });
});

describe("which call", () => {
  it("takes FilterLogEvents where it is done within ten minutes", () => {
    const choice = chooseCalls([{ group: group("a"), bytes: GIB }], means());
    // 1,024 pages / 5 = 204.8 s
    expect(choice.filterSeconds).toBeCloseTo(204.8, 6);
    expect(names(choice.filter)).toEqual(["a"]);
  });

  it("buys off a long wait where the price fits, and waits where it does not", () => {
    // 100 GiB: 102,400 pages = 5.7 h, or $0.50
    const big = { group: group("big"), bytes: 100 * GIB };
    expect(names(chooseCalls([big], means()).insights)).toEqual(["big"]);
    const poor = chooseCalls([big], means({ maxQueryUsd: 0.49 }));
    expect(names(poor.filter)).toEqual(["big"]);
    expect(poor.filterSeconds).toBeCloseTo(20_480, 6);
  });

  it("buys off many small groups first", () => {
    // 10,000 groups: 2,000 s for a call each; 1 KiB each costs next to nothing by Insights
    const small = Array.from({ length: 10_000 }, (_, i) => ({ group: group(`s${i}`), bytes: 1024 }));
    const choice = chooseCalls([...small, { group: group("middle"), bytes: 100 * MIB }], means());
    expect(names(choice.filter)).toContain("middle");
    // 600 s = 3,000 calls, 100 of them for the middle one
    expect(choice.filterSeconds).toBeLessThanOrEqual(600);
    expect(choice.insights.length).toBe(10_000 + 100 - 3_000);
    expect(choice.insightsUsd).toBeLessThan(0.0001);
  });

  it("spends no money it does not have on groups that only a query reads", () => {
    const infrequent = { group: group("ia", { class: "INFREQUENT_ACCESS" }), bytes: 10 * GIB };
    expect(names(chooseCalls([infrequent], means()).insights)).toEqual(["ia"]);
    expect(names(chooseCalls([infrequent], means({ maxQueryUsd: 0.04 })).tooDear)).toEqual(["ia"]);
    expect(names(chooseCalls([{ group: group("d", { class: "DELIVERY" }), bytes: 1 }], means()).unreadable)).toEqual(["d"]);
  });

  it("queries what it may not filter, within the limit", () => {
    const all = [
      { group: group("a"), bytes: GIB },
      { group: group("b"), bytes: 300 * GIB },
    ];
    const choice = chooseCalls(all, means({ mayFilter: false }));
    expect(names(choice.insights)).toEqual(["a"]);
    expect(names(choice.tooDear)).toEqual(["b"]);
    expect(choice.filter).toEqual([]);
  });
});

describe("slices", () => {
  it("end on UTC days, as many days each as make a piece", () => {
    const window = { from: Date.UTC(2026, 10, 20, 12), to: Date.UTC(2026, 10, 23, 6) };
    const days = daySlices(window, 1_000, 1);
    expect(days.map((slice) => new Date(slice.to).toISOString())).toEqual([
      "2026-11-21T00:00:00.000Z",
      "2026-11-22T00:00:00.000Z",
      "2026-11-23T00:00:00.000Z",
      "2026-11-23T06:00:00.000Z",
    ]);
    expect(days[0]!.from).toBe(window.from);
    for (const [i, slice] of days.slice(1).entries()) expect(slice.from).toBe(days[i]!.to);
    expect(daySlices(window, 10, 50)).toEqual([window]);
    expect(daySlices(window, 0, 50)).toEqual([window]);
  });
});
