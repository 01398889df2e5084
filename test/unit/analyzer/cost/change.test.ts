import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { costChange, projection } from "../../../../src/analyzer/cost/index.ts";
import type { CostLine } from "../../../../src/model/billing.ts";
import type { CostReport, Slice } from "../../../../src/model/cost-report.ts";
import { smallReport, slice } from "../../../support/small-report.ts";

/** A function by its factors: runs, failed runs, billed ms per run, MiB, USD per MiB-ms, USD per request. */
interface Run {
  key: string;
  runs: number;
  failed: number;
  ms: number;
  mib: number;
  price: number;
  request: number;
}

function of({ key, runs, failed, ms, mib, price, request }: Run): Slice {
  const sized = runs * ms * mib;
  const lines: CostLine[] = [
    { meter: "lambda.duration", variant: "", quantity: sized, unit: "mib-ms", basis: "measured", why: null, usd: sized * price },
    { meter: "lambda.requests", variant: "", quantity: runs, unit: "requests", basis: "measured", why: null, usd: runs * request },
  ];
  return slice(key, { invocations: runs, failed, billedMs: runs * ms, usd: sized * price + runs * request, lines });
}

function report(runs: readonly Run[], unattributed: readonly CostLine[] = []): CostReport {
  const functions = runs.map(of);
  const unattributedUsd = unattributed.reduce((sum, one) => sum + (one.usd ?? 0), 0);
  const usd = functions.reduce((sum, one) => sum + one.usd!, 0) + unattributedUsd;
  return smallReport({
    usd,
    unattributedUsd,
    unattributedLines: [...unattributed],
    slices: { cloud: [], service: [], function: functions, route: [], tag: null },
  });
}

const BASE: Run = { key: "checkout", runs: 1000, failed: 0, ms: 100, mib: 512, price: 1e-9, request: 2e-7 };

describe("why a cost changed", () => {
  // only one factor differs, so that all of the change is its own: 51,200,000 MiB-ms x 1e-9 = .0512 USD, 1,000 x 2e-7 = .0002 USD
  it.each([
    ["volume", { runs: 2000 }, 0.0514],
    ["duration", { ms: 150 }, 0.0256],
    ["memory", { mib: 256 }, -0.0256],
    ["price", { price: 2e-9 }, 0.0512],
  ] as const)("%s alone", (effect, over, usd) => {
    const change = costChange(report([{ ...BASE, ...over }]), report([BASE]), 1)!;
    expect(change.usd).toBeCloseTo(usd, 12);
    expect(change.effects[effect]).toBeCloseTo(usd, 12);
    for (const [other, value] of Object.entries(change.effects)) if (other !== effect) expect(Math.abs(value)).toBeLessThan(1e-12);
  });

  it("calls it errors where the same work took more runs", () => {
    // 1,000 runs did their work in both; 250 more failed: a quarter more runs for the same
    const change = costChange(report([{ ...BASE, runs: 1250, failed: 250 }]), report([BASE]), 1)!;
    expect(change.effects.errors).toBeCloseTo(0.0514 / 4, 12);
    expect(Math.abs(change.effects.volume ?? 0)).toBeLessThan(1e-12);
  });

  it("shares out what two factors do together by halves", () => {
    // volume x 2 and duration x 2: .0512 -> .2048, of the .1536 each factor has the half; the request fee doubles by volume alone
    const change = costChange(report([{ ...BASE, runs: 2000, ms: 200 }]), report([BASE]), 1)!;
    expect(change.effects.duration).toBeCloseTo(0.0768, 12);
    expect(change.effects.volume).toBeCloseTo(0.0768 + 0.0002, 12);
  });

  it("tells new and gone functions and services", () => {
    const queue: CostLine = {
      meter: "sqs.requests",
      variant: "standard",
      quantity: 100,
      unit: "requests",
      basis: "measured",
      why: null,
      usd: 0.004,
    };
    const change = costChange(report([BASE], [{ ...queue, quantity: 300, usd: 0.012 }]), report([{ ...BASE, key: "old" }], [queue]), 1)!;
    expect(change.drivers.map((one) => [one.key, Object.keys(one.effects)[0]])).toEqual([
      ["checkout", "appeared"],
      ["old", "gone"],
      ["sqs.requests standard", "volume"],
    ]);
    expect(change.effects.volume).toBeCloseTo(0.008, 12);
  });

  it("takes a longer baseline down to the window's length", () => {
    const change = costChange(report([BASE]), report([{ ...BASE, runs: 4000 }]), 0.25)!;
    expect(change.usd).toBeCloseTo(0, 15);
  });

  it("knows no difference of unknown costs", () => {
    expect(costChange(smallReport({ usd: null }), smallReport(), 1)).toBeNull();
  });

  const amount = (most: number): fc.Arbitrary<number> => fc.double({ min: 0.001, max: most, noNaN: true });
  const anyRun = fc.record({
    key: fc.constantFrom("a", "b", "c", "d"),
    runs: fc.integer({ min: 1, max: 1_000_000 }),
    failed: fc.integer({ min: 0, max: 1000 }),
    ms: amount(10_000),
    mib: fc.integer({ min: 128, max: 10_240 }),
    price: amount(1).map((value) => value * 1e-8),
    request: amount(1).map((value) => value * 1e-6),
  });
  const anyLine = fc
    .record({ quantity: fc.integer({ min: 0, max: 1000 }), usd: amount(5) })
    .map(({ quantity, usd }): CostLine => ({ meter: "logs", variant: "", quantity, unit: "bytes", basis: "measured", why: null, usd }));
  const anyReport = fc
    .tuple(fc.uniqueArray(anyRun, { selector: (one) => one.key }), fc.array(anyLine, { maxLength: 2 }))
    .map(([runs, lines]) =>
      report(
        runs.map((one) => ({ ...one, failed: Math.min(one.failed, one.runs) })),
        lines,
      ),
    );

  it("is exact for any two reports, and the other way round it is the opposite", () => {
    fc.assert(
      fc.property(anyReport, anyReport, (now, before) => {
        const change = costChange(now, before, 1)!;
        const scale = Math.max(now.usd!, before.usd!, 1e-9);
        const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
        expect(Math.abs(change.usd - (now.usd! - before.usd!))).toBeLessThan(1e-12 * scale);
        expect(Math.abs(sum(Object.values(change.effects)) - change.usd)).toBeLessThan(1e-9 * scale);
        expect(Math.abs(sum(change.drivers.map((one) => one.changeUsd)) - change.usd)).toBeLessThan(1e-9 * scale);
        for (const one of change.drivers) expect(Math.abs(sum(Object.values(one.effects)) - one.changeUsd)).toBeLessThan(1e-9 * scale);
        const back = costChange(before, now, 1)!;
        for (const effect of ["volume", "errors", "duration", "memory", "usage", "price", "unexplained"] as const)
          expect(Math.abs((change.effects[effect] ?? 0) + (back.effects[effect] ?? 0))).toBeLessThan(1e-9 * scale);
      }),
      { seed: 11, numRuns: 300 },
    );
  });
});

describe("a month at this rate", () => {
  const days = (values: readonly (number | null)[]): CostReport["daily"] =>
    values.map((usd, i) => ({ day: new Date(Date.UTC(2026, 10, 2 + i)).toISOString().slice(0, 10), usd }));

  it("is not said from less than three whole days, or with an unknown one", () => {
    expect(projection(days([1, 2]), 2.5, 3.5).usd).toBeNull();
    expect(projection(days([1, null, 2]), 3, 3).usd).toBeNull();
    expect(projection(days([1, 1, 1]), 3, null).usd).toBeNull();
  });

  it("is 30.44 times the mean day", () => {
    // s = 1, t90(2 free) = 1.886: half = 1.886 x sqrt(30.436875 + 30.436875^2 / 3) = 34.73
    const { usd } = projection(days([1, 2, 3]), 3, 6);
    expect(usd!.p50).toBeCloseTo(60.87375, 6);
    expect(usd!.p90 - usd!.p50).toBeCloseTo(34.73, 1);
  });

  it("holds the next month in about 8 of 10 cases, with a pattern of the week", () => {
    let state = 7;
    const random = (): number => (state = (state * 48271) % 2147483647) / 2147483647;
    const normal = (): number => Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());
    const day = (i: number): number => (i % 7 < 5 ? 10 : 4) * Math.exp(0.2 * normal());
    let inside = 0;
    const draws = 500;
    for (let draw = 0; draw < draws; draw++) {
      const seen = Array.from({ length: 14 }, (_, i) => day(i));
      const { usd } = projection(
        days(seen),
        14,
        seen.reduce((sum, value) => sum + value, 0),
      );
      // the days to come: 30 of them and .436875 of a mean one, begun on every weekday alike
      const start = Math.floor(random() * 7);
      const month = Array.from({ length: 30 }, (_, i) => day(start + i)).reduce((sum, value) => sum + value, 0) * (30.436875 / 30);
      if (month >= usd!.p10 && month <= usd!.p90) inside += 1;
    }
    expect(inside / draws).toBeGreaterThan(0.7);
    expect(inside / draws).toBeLessThan(0.92);
  });
});
