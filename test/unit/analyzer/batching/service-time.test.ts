import { expect, it } from "vitest";
import { fitServiceTime, withPerEvent } from "../../../../src/analyzer/batching/service-time.ts";

const runs = (batchSize: number, times: readonly number[]): { batchSize: number; durationMs: number }[] =>
  times.map((durationMs) => ({ batchSize, durationMs }));

it("finds fixed and per-event time from two sizes, whatever a run in ten did", () => {
  // 100 + 10 n: 110 ms of 1, 200 ms of 10; one of each ten hung
  const fitted = fitServiceTime([
    ...runs(1, [110, 109, 111, 110, 108, 112, 110, 109, 111, 9_000]),
    ...runs(10, [200, 198, 202, 199, 201, 200, 197, 203, 200, 9_000]),
  ])!;
  expect(fitted.basis).toBe("measured");
  expect(fitted.fixedMs).toBeCloseTo(100, -0.5);
  expect(Math.abs(fitted.perEventMs - 10)).toBeLessThan(0.3);
  expect(fitted.perEventBoundsMs[0]).toBeLessThan(10);
  expect(fitted.perEventBoundsMs[1]).toBeGreaterThan(10);
  expect(fitted.perEventBoundsMs[1]).toBeLessThan(11);
  expect(fitted.spread).toBeLessThan(0.02);
});

it("of one size knows bounds only, and takes the worst of them", () => {
  const fitted = fitServiceTime(runs(4, [100, 100, 100, 100, 100]))!;
  expect(fitted).toMatchObject({ basis: "assumed", fixedMs: 0, perEventMs: 25, perEventBoundsMs: [0, 25], meanBatch: 4 });
  // the same 100 ms for four events, whatever is put down to each
  expect(withPerEvent(fitted, 10)).toMatchObject({ fixedMs: 60, perEventMs: 10 });
});

it("says nothing of too few runs, and never that an event takes less than no time", () => {
  expect(fitServiceTime(runs(1, [100, 100, 100]))).toBeNull();
  const falling = fitServiceTime([...runs(1, [200, 200, 200, 200, 200]), ...runs(10, [150, 150, 150, 150, 150])])!;
  expect(falling.perEventMs).toBe(0);
  expect(falling.perEventBoundsMs[0]).toBe(0);
  expect(falling.fixedMs).toBeGreaterThan(0);
});
