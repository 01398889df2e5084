import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CANDIDATES_MIB } from "../../../../src/analyzer/sizing/choose.ts";
import { mixtureQuantiles } from "../../../../src/analyzer/sizing/mixture.ts";
import { expectedRegret, type Observation, posterior } from "../../../../src/analyzer/sizing/posterior.ts";
import { shared } from "../../../support/shared.ts";
import { GOLDEN, GRID_MIB } from "./golden.ts";

const seen = (pairs: readonly (readonly [number, number])[], logSe = 0): Observation[] =>
  pairs.map(([memoryMib, durationMs]) => ({ memoryMib, durationMs, logSe }));

/** Relative difference, of numbers near zero absolute. */
const off = (value: number, expected: number): number => Math.abs(value - expected) / Math.max(Math.abs(expected), 0.01);

describe("golden vectors", () => {
  it.each(GOLDEN)("$name: mean, quantiles, regret and sample size to 1e-3", (golden) => {
    const of = posterior(seen(golden.observed), { cpuMs: golden.cpuMs });
    expect(off(of.effectiveSampleSize, golden.effectiveSampleSize)).toBeLessThan(1e-3);
    const regret = expectedRegret(of, GRID_MIB);
    for (const [i, size] of GRID_MIB.entries()) {
      expect(off(of.curveMs(size), golden.meanMs[i]!)).toBeLessThan(1e-3);
      expect(off(regret[i]!, golden.regret[i]!)).toBeLessThan(1e-3);
      const quantiles = mixtureQuantiles(of.logModel(size), of.weights, 0, [0.1, 0.5, 0.9]);
      for (const [k, log] of quantiles.entries()) expect(off(Math.exp(log), golden.p10p50p90Ms[i]![k]!)).toBeLessThan(1e-3);
    }
  });

  it("are those of the shared file", (context) => {
    const path = shared("rightsizing/golden.json");
    if (path === null) return context.skip();
    const { cases } = JSON.parse(readFileSync(path, "utf8")) as { cases: { name: string; mean: number[]; ess: number }[] };
    expect(cases.map(({ name, mean, ess }) => ({ name, mean, ess }))).toEqual(
      GOLDEN.map(({ name, meanMs, effectiveSampleSize }) => ({ name, mean: meanMs, ess: effectiveSampleSize })),
    );
  });
});

describe("posterior", () => {
  it("gives back what was measured exactly, and draws less where it was measured badly", () => {
    const exact = posterior(
      seen([
        [256, 1426],
        [1024, 344.5],
      ]),
      { cpuMs: null },
    );
    expect(exact.meanMs(256)).toBeCloseTo(1426, 6);
    expect(exact.noise(256)).toBeCloseTo(0, 6);
    const bad = posterior(
      seen(
        [
          [256, 1426],
          [1024, 344.5],
        ],
        0.2,
      ),
      { cpuMs: null },
    );
    expect(Math.abs(bad.meanMs(256) - bad.curveMs(256))).toBeLessThan(Math.abs(1426 - bad.curveMs(256)));
    expect(bad.noise(256)).toBeGreaterThan(0.05);
  });

  it("knows less the farther a size is from the measured ones", () => {
    const of = posterior(seen([[512, 900]]), { cpuMs: null });
    const noise = [512, 640, 1024, 4096].map((size) => of.noise(size));
    expect(noise).toEqual([...noise].sort((a, b) => a - b));
    expect(noise[3]).toBeLessThan(0.1);
    const width = (size: number): number => {
      const [low, high] = of.quantilesMs(size, [0.1, 0.9]) as [number, number];
      return high / low;
    };
    expect(width(640)).toBeLessThan(width(2048));
  });

  it("scales with the work where CPU time is known: twice the time and twice the CPU, twice every prediction", () => {
    const once = posterior(
      seen([
        [512, 100],
        [2048, 40],
      ]),
      { cpuMs: 30 },
    );
    const twice = posterior(
      seen([
        [512, 200],
        [2048, 80],
      ]),
      { cpuMs: 60 },
    );
    for (const size of CANDIDATES_MIB) expect(twice.meanMs(size) / once.meanMs(size)).toBeCloseTo(2, 9);
  });

  it("takes a CPU time of 0 for not known", () => {
    const unknown = posterior(seen([[512, 100]]), { cpuMs: null });
    expect(posterior(seen([[512, 100]]), { cpuMs: 0 }).meanMs(2048)).toBe(unknown.meanMs(2048));
  });

  it("says so where no plausible curve passes through the sizes: four times the memory, ten times slower", () => {
    const of = posterior(
      seen([
        [256, 100],
        [1024, 1000],
      ]),
      { cpuMs: null },
    );
    expect(of.sizesDisagree).toBe(true);
    expect(
      posterior(
        seen([
          [256, 400],
          [1024, 100],
        ]),
        { cpuMs: null },
      ).sizesDisagree,
    ).toBe(false);
    expect(posterior(seen([[256, 100]]), { cpuMs: null }).sizesDisagree).toBe(false);
  });

  it("tells several threads from one", () => {
    const scaling = posterior(
      seen([
        [1024, 8000],
        [1769, 4630],
        [7168, 1160],
      ]),
      { cpuMs: null },
    );
    expect(scaling.multiThreadedShare).toBeGreaterThan(0.95);
    const single = posterior(
      seen([
        [512, 3455],
        [1769, 1000],
        [7168, 1000],
      ]),
      { cpuMs: null },
    );
    expect(single.multiThreadedShare).toBeLessThan(0.05);
  });

  it("has ordered quantiles around its mean, weights that add up to one, and curves that never rise with memory", () => {
    const size = fc.constantFrom(...CANDIDATES_MIB);
    const observations = fc.uniqueArray(
      fc.record({
        memoryMib: size,
        durationMs: fc.double({ min: 0.5, max: 900_000, noNaN: true }),
        logSe: fc.double({ min: 0, max: 0.5, noNaN: true }),
      }),
      {
        selector: ({ memoryMib }) => memoryMib,
        minLength: 1,
        maxLength: 5,
      },
    );
    fc.assert(
      fc.property(observations, fc.option(fc.double({ min: 0.1, max: 900_000, noNaN: true })), (given, cpuMs) => {
        const of = posterior(given, { cpuMs });
        expect(of.weights.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
        let before = Infinity;
        for (const memoryMib of CANDIDATES_MIB) {
          const [p10, p50, p90] = of.quantilesMs(memoryMib, [0.1, 0.5, 0.9]) as [number, number, number];
          expect(p10).toBeGreaterThan(0);
          expect(p50).toBeGreaterThanOrEqual(p10);
          expect(p90).toBeGreaterThanOrEqual(p50);
          expect(of.curveMs(memoryMib)).toBeLessThanOrEqual(before * (1 + 1e-9));
          before = of.curveMs(memoryMib);
        }
      }),
      { numRuns: 60 },
    );
  });
});
