import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { budgetGates, crossed, judge, parseGate } from "../../../../src/analyzer/gates/index.ts";
import type { CostReport } from "../../../../src/model/cost-report.ts";
import { UserError } from "../../../../src/model/errors.ts";
import { smallReport, slice } from "../../../support/small-report.ts";

// 7 days of 1.50 USD: 1.5 / 7 x 30.436875 = 6.522 a month; waste .06 of 1.5 = 4 %; 20 of 1,200 runs failed = 1.67 %
const report = smallReport();
const outcome = (rule: string, of = report): string => judge([parseGate(rule, "fail")], of)[0]!.outcome;

describe("thresholds", () => {
  it.each([
    ["cost>1.4", "crossed"],
    ["cost>1.5", "passed"],
    ["cost>=$1.5", "crossed"],
    ["cost > 6.53 USD/month", "passed"],
    ["cost>6.52$/month".replace("6.52$", "$6.52"), "crossed"],
    ["waste>3.9%", "crossed"],
    ["waste>4.1%", "passed"],
    ["errors>1.6%", "crossed"],
    ["errors>1.7%", "passed"],
    ["projection>5.9", "crossed"],
    ["projection-p90>7", "passed"],
    ["invocations<2k", "crossed"],
    ["chain broken>0", "crossed"],
    ["chain broken>1%", "passed"],
    ["chain count>100", "passed"],
    ["function:checkout p95>100ms", "crossed"],
    ["function:checkout p95>2s", "passed"],
    ["function:* errors>9%", "crossed"],
    ['route:"checkout > mailer" per-transaction>0.01', "crossed"],
    ["route:check* p95>1s", "passed"],
  ])("%s: %s", (rule, expected) => {
    expect(outcome(rule)).toBe(expected);
  });

  it("names the worst of what matches", () => {
    const [result] = judge([parseGate("function:* cost>0.1", "fail")], report);
    expect(result).toMatchObject({ outcome: "crossed", value: 1, reason: "function:* cost>0.1: crossed: cost of checkout is 1 USD" });
  });

  it("does not fail the first run of a schedule, but fails what it cannot see", () => {
    const first = judge([parseGate("increase>10%", "fail")], report);
    expect(first[0]).toMatchObject({ outcome: "no-baseline", value: null });
    expect(crossed(first)).toBe(false);
    expect(crossed(judge([parseGate("function:gone p95>1s", "fail")], report))).toBe(true);
    expect(crossed(judge([parseGate("function:gone p95>1s", "warn")], report))).toBe(false);
  });

  it("does not pass what it sees in part only", () => {
    const dark = slice("dark", { p95Ms: null });
    const slices = { cloud: [], service: [], function: [slice("checkout"), dark], route: [], tag: null };
    expect(outcome("function:* p95>1s", smallReport({ slices }))).toBe("unknown");
    expect(outcome("function:* p95>100ms", smallReport({ slices }))).toBe("crossed");
  });

  it("takes * for anything, in names of any length", () => {
    const long = `a${"ab".repeat(100_000)}c`;
    const of = (name: string): CostReport =>
      smallReport({ slices: { cloud: [], service: [], function: [slice(name)], route: [], tag: null } });
    expect(outcome("function:a*b*a*b*c cost>0", of(long))).toBe("crossed");
    expect(outcome("function:a*b*a*b*x cost>0", of(long))).toBe("unknown");
    expect(outcome("function:ab*ba cost>0", of("aba"))).toBe("unknown");
  });

  it("holds a function's increase against its own cost before", () => {
    const own = slice("checkout");
    const { cloud, account, region } = own;
    const driver = { key: "checkout", cloud, account, region, beforeUsd: 0.8, afterUsd: 1, changeUsd: 0.2, effects: { volume: 0.2 } };
    const change = { usd: 0.2, share: 0.15, effects: { volume: 0.2 }, drivers: [driver] };
    const compared = smallReport({ change });
    expect(outcome("increase>14%", compared)).toBe("crossed");
    expect(outcome("increase>0.3", compared)).toBe("passed");
    expect(outcome("function:checkout increase>24%", compared)).toBe("crossed");
    expect(outcome("function:checkout increase>26%", compared)).toBe("passed");
  });

  it("makes a budget a failure where it is expected to be broken, and a warning where it may be", () => {
    const results = judge(budgetGates(6.5), report);
    expect(results.map((one) => [one.level, one.outcome])).toEqual([
      ["fail", "passed"],
      ["warn", "crossed"],
    ]);
  });

  it.each([
    ["", "column 1"],
    ["costs>5", "column 1"],
    ["cost=5", "column 5"],
    ["cost>x", "column 6"],
    ["cost>5%", "cost is held against an amount"],
    ["waste>5ms", "waste is held against"],
    ["function:a b c>5", "column 12"],
    ["function: p95>5ms", "expected a name"],
    ["function:a", "expected a metric after the name"],
    ["chain cost>5", "expected count, failed, broken"],
    ["cost>5 USD now", "column 12"],
  ])("%j is refused with its place", (rule, said) => {
    expect(() => parseGate(rule, "fail")).toThrow(said);
  });

  it("refuses or reads anything, and never breaks", () => {
    const piece = fc.constantFrom(
      "cost",
      "function:",
      "chain",
      "a",
      '"',
      "*",
      " ",
      ">",
      "<=",
      "5",
      ".5",
      "%",
      "ms",
      "$",
      "/month",
      "\u0000",
      "é",
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece).map((parts) => parts.join("")),
        ),
        (text) => {
          try {
            const gate = parseGate(text, "fail");
            expect(Number.isFinite(gate.limit)).toBe(true);
            expect(judge([gate], report)).toHaveLength(1);
          } catch (error) {
            expect(error).toBeInstanceOf(UserError);
          }
        },
      ),
      { seed: 6, numRuns: 500 },
    );
  });
});
