/** What else could be done with the same observations. Each model turns the shown sizes into a curve. */
import { ONE_VCPU_MIB } from "../../src/analyzer/sizing/curve.ts";
import type { Point } from "./dataset.ts";

export type Predict = (memoryMib: number) => number;

/** Curves from one observation or more. Several observations: the mean of what each says. */
export const BASELINES: Record<string, { leastSizes: number; fit: (shown: readonly Point[]) => Predict }> = {
  constant: { leastSizes: 1, fit: (shown) => scaled(shown, () => 1) },
  "1/m": { leastSizes: 1, fit: (shown) => scaled(shown, (size) => 1 / size) },
  "1/m up to 1769": { leastSizes: 1, fit: (shown) => scaled(shown, (size) => 1 / Math.min(size, ONE_VCPU_MIB)) },
  "a+b/m": { leastSizes: 2, fit: hyperbola },
  "a0+a1*exp(-m/a2)": { leastSizes: 3, fit: exponential },
};

function scaled(shown: readonly Point[], shape: Predict): Predict {
  const logs = shown.map(({ memoryMib, durationMs }) => Math.log(durationMs / shape(memoryMib)));
  const level = Math.exp(logs.reduce((a, b) => a + b, 0) / logs.length);
  return (size) => level * shape(size);
}

/** Least squares of relative errors with neither part below zero. */
function hyperbola(shown: readonly Point[]): Predict {
  const [a, b] = twoParts(shown, (size) => 1 / size);
  return (size) => a + b / size;
}

/** As Parrotfish fits (SoCC 2023): here a2 over a grid, a0 and a1 by least squares of relative errors, neither below zero. */
function exponential(shown: readonly Point[]): Predict {
  let best: { error: number; predict: Predict } = { error: Infinity, predict: () => Number.NaN };
  for (let a2 = 20; a2 <= 20_000; a2 *= 1.05) {
    const [a0, a1] = twoParts(shown, (size) => Math.exp(-size / a2));
    const predict: Predict = (size) => a0 + a1 * Math.exp(-size / a2);
    const error = squares(shown, predict);
    if (error < best.error) best = { error, predict };
  }
  return best.predict;
}

const squares = (shown: readonly Point[], predict: Predict): number =>
  shown.reduce((sum, { memoryMib, durationMs }) => sum + (predict(memoryMib) / durationMs - 1) ** 2, 0);

/** a and b of `a + b*shape(m)`, both at least zero. */
function twoParts(shown: readonly Point[], shape: Predict): [number, number] {
  let [sxx, sxy, syy, sx, sy] = [0, 0, 0, 0, 0];
  for (const { memoryMib, durationMs } of shown) {
    const [x, y] = [1 / durationMs, shape(memoryMib) / durationMs];
    sxx += x * x;
    sxy += x * y;
    syy += y * y;
    sx += x;
    sy += y;
  }
  const determinant = sxx * syy - sxy * sxy;
  const a = (sx * syy - sy * sxy) / determinant;
  const b = (sxx * sy - sxy * sx) / determinant;
  if (Number.isFinite(a) && Number.isFinite(b) && a >= 0 && b >= 0) return [a, b];
  const alone: [number, number][] = [
    [sx / sxx, 0],
    [0, sy / syy],
  ];
  return alone.reduce((best, next) =>
    squares(shown, (size) => next[0] + next[1] * shape(size)) < squares(shown, (size) => best[0] + best[1] * shape(size)) ? next : best,
  );
}

/** Rules that look at Max Memory Used alone: the size they pick, as an index. */
export const MEMORY_RULES: Record<string, (points: readonly Point[]) => number> = {
  '"max used x 1.2"': (points) => smallest(points, (size, used) => size >= used * 1.2),
  '"max used < 80 %"': (points) => smallest(points, (size, used) => used < size * 0.8),
};

function smallest(points: readonly Point[], enough: (memoryMib: number, usedMib: number) => boolean): number {
  const used = Math.max(...points.map(({ usedMib }) => usedMib ?? 0));
  const index = points.findIndex(({ memoryMib }) => enough(memoryMib, used));
  return index < 0 ? points.length - 1 : index;
}
