import { describe, expect, it } from "vitest";
import { ledger } from "../../../../src/analyzer/cost/ledger.ts";
import { billedInitMs, wasteOfRuns } from "../../../../src/analyzer/cost/waste.ts";
import { GB_S, group, rates, REQUEST } from "./rates.ts";

describe("billed initialisation, as REPORT lines show it", () => {
  it.each([
    // duration, billed, init, billed init
    [152.63, 153, 95.46, 0], // managed runtime, May 2025: init not billed
    [31920.84, 32733, 811.55, 811.55], // container: 31920.84 + 811.55 = 32732.39, rounded up 32733
    [1233.96, 1698, 463.512, 463.512], // after August 2025: 1697.472
    [250.06, 351, 100.77, 100.77], // the vendor's own example
    [89.34, 100, 5, 0], // 100 ms era: the rounding leaves room for 5 ms, which proves nothing
    [3003.28, 3000, 120, 0], // timed out: billed less than the duration
    [10, 11, 0, 0],
  ])("duration %d billed %d init %d", (durationMs, billedMs, initMs, expected) => {
    expect(billedInitMs({ durationMs, billedMs, initMs })).toBe(expected);
  });

  it("is 0 where a figure is missing", () => {
    expect(billedInitMs({ durationMs: null, billedMs: 300, initMs: 100 })).toBe(0);
    expect(billedInitMs({ durationMs: 200, billedMs: null, initMs: 100 })).toBe(0);
  });
});

describe("waste in the ledger", () => {
  it("sets failed runs, time-outs and billed init apart, each once", () => {
    const usage = [
      group({ count: 10 }),
      group({ outcome: "error", count: 2 }),
      group({ outcome: "oom", count: 1, billedMs: 2000, initMs: 500, durationMs: 1499.5 }),
      group({ outcome: "timeout", count: 1, billedMs: 3000 }),
      group({ count: 4, billedMs: 351, durationMs: 250.06, initMs: 100.77 }),
    ];
    const { wasteUsd, usd } = ledger({ usage }, { ...rates, by: "function" }).rows[0]!;
    expect(wasteUsd.errors).toBeCloseTo(2 * (GB_S + REQUEST) + 2 * GB_S + REQUEST, 15); // the failed cold start is an error, not a cold start
    expect(wasteUsd.timeouts).toBeCloseTo(3 * GB_S + REQUEST, 15);
    expect(wasteUsd["cold-starts"]).toBeCloseTo(4 * 0.10077 * GB_S, 15); // 100.77 ms of 1 GB each; the request is not waste
    expect(wasteUsd.retries).toBeUndefined();
    const useful = 10 * (GB_S + REQUEST) + 4 * ((0.351 - 0.10077) * GB_S + REQUEST);
    expect(usd! - Object.values(wasteUsd).reduce((sum, part) => sum + part, 0)).toBeCloseTo(useful, 15);
  });

  it("is told in the same order, whatever came first", () => {
    const usage = [group({ outcome: "timeout", billedMs: 3000 }), group({ outcome: "error" })];
    const keysOf = (some: typeof usage): string[] => Object.keys(ledger({ usage: some }, { ...rates, by: "function" }).rows[0]!.wasteUsd);
    expect(keysOf(usage)).toEqual(["errors", "timeouts"]);
    expect(keysOf(usage.toReversed())).toEqual(["errors", "timeouts"]);
  });

  it("wastes nothing that is unknown", () => {
    expect(ledger({ usage: [group({ outcome: "error", billedMs: null })] }, { ...rates, by: "function" }).rows[0]!.wasteUsd).toEqual({});
  });
});

const kinds = (outcomes: Parameters<typeof group>[0]["outcome"][]) =>
  wasteOfRuns(outcomes.map((outcome) => group({ outcome }))).map((w) => w?.kind ?? null);

describe("runs of one message", () => {
  it("counts the run that did the work as useful, whichever it was", () => {
    expect(kinds(["ok"])).toEqual([null]);
    expect(kinds(["error", "timeout", "ok"])).toEqual(["errors", "retries", null]);
    expect(kinds(["timeout", "error"])).toEqual(["timeouts", "retries"]);
    expect(kinds(["ok", "ok"])).toEqual([null, "retries"]);
    expect(kinds([])).toEqual([]);
  });

  it("takes a run that succeeded for the one that did the work before one whose end was not seen", () => {
    expect(kinds(["unknown", "ok"])).toEqual([null, null]);
    expect(kinds(["unknown", "error"])).toEqual([null, "retries"]);
  });
});
