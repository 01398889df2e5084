/**
 * Observations with noise that the truth does not share: five single runs at each of three sizes, trimmed as evscope trims, held against
 * the table's means over many other runs. The file has no single runs, so they are drawn from each size's mean and standard deviation.
 */
import { logStandardError } from "../../src/analyzer/sizing/observations.ts";
import type { Curve, Point } from "./dataset.ts";
import { generator, mape, mean, pick } from "./metrics.ts";
import type { Model, Observable } from "./models.ts";
import { shown } from "./regimes.ts";

const RUNS = 5;
const ROUNDS = 20;

export interface NoisyScore {
  functions: number;
  mape: number;
  /** Mean excess of the balanced objective (0.75). */
  regret: number;
}

/** Curves whose source says how single runs scatter. */
export const withSpread = (curves: readonly Curve[]): Curve[] => curves.filter(({ points }) => points.every(({ sdMs }) => sdMs !== null));

export function independentNoise(curves: readonly Curve[], model: Model): NoisyScore {
  const random = generator(3);
  const found = curves.map((curve) => {
    const rounds = Array.from({ length: ROUNDS }, () => {
      const three = shown(curve, "3 sizes")[0]!.map((point) => sampled(point, random));
      const of = model(curve, three);
      const predict = (size: number): number => of.meanMs(size);
      // nothing of the truth is shown: every size counts
      return { mape: mape(curve.points, [], predict)!, regret: pick(curve.points, [], predict, "0.75").regret };
    });
    return { mape: mean(rounds.map((round) => round.mape)), regret: mean(rounds.map((round) => round.regret)) };
  });
  return { functions: curves.length, mape: mean(found.map((one) => one.mape)), regret: mean(found.map((one) => one.regret)) };
}

/** Trimmed mean of log-normal runs with the size's mean and standard deviation. */
function sampled({ memoryMib, durationMs, sdMs }: Point, random: () => number): Observable {
  const variance = Math.log(1 + (sdMs! / durationMs) ** 2);
  const runs = Array.from({ length: RUNS }, () => {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return durationMs * Math.exp(normal * Math.sqrt(variance) - variance / 2);
  }).sort((a, b) => a - b);
  const kept = runs.slice(1, -1);
  const trimmed = mean(kept);
  const winsorised = [kept[0]!, ...kept, kept.at(-1)!];
  const middle = mean(winsorised);
  const sd = Math.sqrt(winsorised.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (RUNS - 1));
  return { memoryMib, durationMs: trimmed, logSe: logStandardError(RUNS, trimmed, sd) };
}
