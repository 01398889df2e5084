/** What must not be advised: more memory for a function that it does not speed up. */
import { choose } from "../../src/analyzer/sizing/choose.ts";
import type { Curve } from "./dataset.ts";
import { generator, mean } from "./metrics.ts";
import type { Model } from "./models.ts";
import { REGIMES, shown } from "./regimes.ts";

/** A measured curve is flat if its longest duration is this much above its shortest at most. */
const FLAT = 1.2;
const SIZES_MIB = [128, 256, 512, 1024, 2048, 3008];

/** Flat functions of the data, and made ones: waiting only, 1 ms to 30 s, measured with 3 % noise. */
export function flatCurves(curves: readonly Curve[]): Curve[] {
  const measured = curves.filter(({ points }) => {
    const times = points.map(({ durationMs }) => durationMs);
    return Math.max(...times) <= FLAT * Math.min(...times);
  });
  const random = generator(5);
  const made = [1, 5, 25, 120, 600, 3000, 15_000, 30_000].map((waitMs): Curve => {
    const points = SIZES_MIB.map((memoryMib) => {
      const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
      return { memoryMib, durationMs: waitMs * Math.exp(0.03 * normal), sdMs: null, runs: null, usedMib: null };
    });
    return { source: "made", name: `wait ${waitMs} ms`, group: "made", points, roughness: 0 };
  });
  return [...measured, ...made];
}

/** Standard deviation of ln T around the curve's mean: what of a flat function is noise. */
function logScatter({ points }: Curve): number {
  const logs = points.map(({ durationMs }) => Math.log(durationMs));
  const middle = mean(logs);
  return Math.sqrt(mean(logs.map((log) => (log - middle) ** 2)));
}

export interface ControlScore {
  functions: number;
  cases: number;
  /** Cases with two sizes or more in which more memory was advised for speed, balance or cost. */
  speedUps: number;
  /** Share of sizes not shown within the 80 % interval, two sizes or more. */
  coverage: number;
}

export function controls(curves: readonly Curve[], model: Model): ControlScore {
  let cases = 0;
  let speedUps = 0;
  const inside: number[] = [];
  for (const curve of curves) {
    const mine: number[] = [];
    const scatter = logScatter(curve);
    for (const points of REGIMES.slice(1).flatMap((regime) => shown(curve, regime))) {
      const of = model(
        curve,
        points.map((point) => ({ ...point, logSe: scatter })),
      );
      for (const { memoryMib, durationMs } of curve.points.filter((point) => !points.includes(point))) {
        const [low, high] = of.quantilesMs(memoryMib, [0.1, 0.9]) as [number, number];
        mine.push(Number(durationMs >= low && durationMs <= high));
      }
      for (const optimize of ["cost", "balanced", "speed"] as const)
        for (const current of points) {
          const choice = choose(of, {
            currentMib: current.memoryMib,
            candidatesMib: curve.points.map((point) => point.memoryMib),
            costAt: (size) => ({ fixedUsdPerMonth: size / 2, usdPerMonthPerMs: size }),
            objective: { optimize, maxSlowdown: null, minSavingUsdPerMonth: 0 },
            asynchronous: false,
          });
          cases++;
          if (choice.act && choice.memoryMib > current.memoryMib) speedUps++;
        }
    }
    inside.push(mean(mine));
  }
  return { functions: curves.length, cases, speedUps, coverage: mean(inside) };
}
