import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { costChange, projection } from "../../../../src/analyzer/cost/index.ts";
import type { CostLine } from "../../../../src/model/billing.ts";
import type { CostReport, Slice } from "../../../../src/model/cost-report.ts";
import { slice, smallReport } from "../../../support/small-report.ts";

const SIZED: CostLine = { meter: "x.duration", variant: "", quantity: 1000, unit: "mib-ms", basis: "measured", why: null, usd: 1 };
const FEE: CostLine = { ...SIZED, meter: "x.requests", unit: "requests", usd: 0.5 };

function report(functions: Slice[], lines: CostLine[] = []): CostReport {
  const unattributedUsd = lines.reduce((sum, one) => sum + (one.usd ?? 0), 0);
  const usd = functions.reduce((sum, one) => sum + (one.usd ?? 0), 0) + unattributedUsd;
  const slices = { cloud: [], service: [], function: functions, route: [], tag: null };
  return smallReport({ usd, unattributedUsd, unattributedLines: lines, slices });
}

describe("a change that one side does not know all of", () => {
  it("matches a function without a place, if only one is meant", () => {
    const change = costChange(report([slice("a", { usd: 2 })]), report([slice("a", { account: null })]), 1)!;
    expect(change.drivers).toHaveLength(1);
    const two = [slice("a", { region: "r1" }), slice("a", { region: "r2" })];
    const apart = costChange(report(two), report([slice("a", { region: null })]), 1)!;
    expect(apart.effects).toEqual({ appeared: 2, gone: -1 });
  });

  it.each([
    ["now", null, 100_000],
    ["before", 100_000, null],
  ])("where only one side has billed time (none %s), size times time is unexplained", (_, billedNow, billedBefore) => {
    // twice the runs and thrice the MiB-ms per run: 1 -> 6 USD; volume (2 - 1)(1 + 3) / 2 = 2, the rest (3 - 1)(1 + 2) / 2 = 3
    const now = slice("a", { invocations: 2000, usd: 6, billedMs: billedNow, lines: [{ ...SIZED, quantity: 6000, usd: 6 }] });
    const { effects } = costChange(report([now]), report([slice("a", { billedMs: billedBefore, lines: [SIZED] })]), 1)!;
    expect(effects.volume).toBeCloseTo(2, 12);
    expect(effects.unexplained).toBeCloseTo(3, 12);
    expect(effects.price).toBeCloseTo(0, 12);
  });

  it("calls a line usage only where the other side does not have it at an unknown cost", () => {
    const now = report([slice("a", { usd: 1.5, lines: [SIZED, FEE] })]);
    const effect = (lines: CostLine[]): object => costChange(now, report([slice("a", { lines })]), 1)!.effects;
    expect(effect([SIZED])).toMatchObject({ usage: 0.5 });
    expect(effect([SIZED, { ...FEE, usd: null }])).toMatchObject({ unexplained: 0.5 });
    const unknown = costChange(now, report([slice("a", { usd: null, lines: [] })]), 1)!;
    expect(unknown.effects).toEqual({ unexplained: 1.5 });
    expect(costChange(report([], [FEE]), report([], [{ ...FEE, usd: null }]), 1)!.effects).toEqual({ unexplained: 0.5 });
  });

  const line = fc
    .record({
      meter: fc.constantFrom("m", "n"),
      sized: fc.boolean(),
      quantity: fc.option(fc.nat(1000)),
      usd: fc.option(fc.double({ min: 0, max: 9, noNaN: true })),
    })
    .map(({ sized, ...rest }): CostLine => ({ ...SIZED, ...rest, unit: sized ? "mib-ms" : "requests" }));
  const lines = fc.uniqueArray(line, { selector: (one) => JSON.stringify([one.meter, one.unit]) });
  const place = fc.option(fc.constantFrom("1", "2"));
  const row = fc
    .record({
      key: fc.constantFrom("a", "b"),
      account: place,
      region: place,
      runs: fc.option(fc.nat(100)),
      failed: fc.option(fc.nat(100)),
      billedMs: fc.option(fc.nat(1000)),
      lines,
    })
    .map(({ key, runs, failed, ...rest }): Slice => {
      const known = rest.lines.flatMap((one) => one.usd ?? []);
      const usd = known.length === 0 ? null : known.reduce((sum, one) => sum + one, 0);
      return slice(key, { ...rest, invocations: runs, failed: failed === null ? null : Math.min(failed, runs ?? 0), usd });
    });
  const any = fc
    .tuple(fc.uniqueArray(row, { selector: (one) => JSON.stringify([one.key, one.account, one.region]) }), lines)
    .map(([rows, others]) => report(rows, others));

  it("is exact for any two reports and any scale, and the other way round it is the opposite", () => {
    fc.assert(
      fc.property(any, any, fc.constantFrom(0.25, 0.5, 1, 2, 4), (now, before, scale) => {
        const change = costChange(now, before, scale)!;
        const back = costChange(before, now, 1 / scale)!;
        const most = Math.max(now.usd!, before.usd! * scale, 1e-9);
        const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
        expect(change.usd).toBe(now.usd! - before.usd! * scale);
        expect(Math.abs(sum(Object.values(change.effects)) - change.usd)).toBeLessThan(1e-8 * most);
        for (const one of change.drivers) expect(Math.abs(sum(Object.values(one.effects)) - one.changeUsd)).toBeLessThan(1e-9 * most);
        for (const effect of ["volume", "errors", "duration", "memory", "usage", "price", "unexplained"] as const)
          expect(Math.abs((change.effects[effect] ?? 0) + (back.effects[effect] ?? 0) * scale)).toBeLessThan(1e-8 * most);
      }),
      { seed: 5, numRuns: 1000 },
    );
  });
});

it("a month is of whole weeks, whatever weekdays the window has more of", () => {
  // 17 days from a Monday, 10 USD on weekdays and 4 at weekends: a week is 58 USD, and no day differs from its weekday
  const daily = Array.from({ length: 17 }, (_, i) => ({ day: `2026-11-${String(i + 2).padStart(2, "0")}`, usd: i % 7 < 5 ? 10 : 4 }));
  const { usd } = projection(daily, 17, 146);
  expect(usd!.p50).toBeCloseTo((58 / 7) * 30.436875, 9);
  expect(usd!.p90 - usd!.p10).toBeCloseTo(0, 9);
});
