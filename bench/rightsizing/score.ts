/** A model over all curves in one regime: means over functions, each function counting once however many sizes it has. */
import { BASELINES, type Predict } from "./baselines.ts";
import type { Curve, Point } from "./dataset.ts";
import { mape, mean, OBJECTIVES, type ObjectiveName, type Pick, pick } from "./metrics.ts";
import type { Model } from "./models.ts";
import { type Regime, shown } from "./regimes.ts";

export type Cases = (curve: Curve) => Point[][];
export type Fit = (curve: Curve, shown: readonly Point[]) => Predict;

/** Of one function. */
export interface Score {
  curve: Curve;
  /** Mean absolute percentage error at sizes not shown, share. */
  mape: number;
  picks: Record<ObjectiveName, Pick>;
}

/** Curves that have the regime's sizes, and others beside them. */
export function scored(curves: readonly Curve[], cases: Cases, fit: Fit): Score[] {
  return curves.flatMap((curve) => {
    const errors: number[] = [];
    const picks: Record<ObjectiveName, Pick[]> = { "1": [], "0.75": [], "0.5": [], "0.25": [], fastest: [] };
    for (const points of cases(curve)) {
      const predict = fit(curve, points);
      const error = mape(curve.points, points, predict);
      if (error === null) continue;
      errors.push(error);
      for (const objective of OBJECTIVES) picks[objective].push(pick(curve.points, points, predict, objective));
    }
    if (errors.length === 0) return [];
    return [{ curve, mape: mean(errors), picks: meanPicks(picks) }];
  });
}

function meanPicks(picks: Record<ObjectiveName, Pick[]>): Record<ObjectiveName, Pick> {
  const entries = OBJECTIVES.map((objective): [ObjectiveName, Pick] => {
    const of = (key: keyof Pick): number => mean(picks[objective].map((one) => one[key]));
    return [objective, { exact: of("exact"), second: of("second"), within5: of("within5"), regret: of("regret") }];
  });
  return Object.fromEntries(entries) as Record<ObjectiveName, Pick>;
}

/** evscope's model as a fit. */
export const evscope =
  (model: Model): Fit =>
  (curve, points) => {
    const of = model(curve, points);
    return (size) => of.meanMs(size);
  };

/** evscope and every baseline that can do with what the regime shows. */
export function contenders(model: Model, leastSizes: number): [string, Fit][] {
  const baselines = Object.entries(BASELINES).filter(([, baseline]) => baseline.leastSizes <= leastSizes);
  return [["evscope", evscope(model)], ...baselines.map(([name, { fit }]): [string, Fit] => [name, (_, points) => fit(points)])];
}

/** Share of sizes not shown whose duration lies within the central interval of the posterior; mean over functions. */
export function coverage(curves: readonly Curve[], which: Regime | Cases, model: Model, share: number): number {
  const cases: Cases = typeof which === "function" ? which : (curve) => shown(curve, which);
  const tails = [(1 - share) / 2, (1 + share) / 2];
  const perFunction = curves.flatMap((curve) => {
    const inside = cases(curve).flatMap((points) => {
      const of = model(curve, points);
      return curve.points
        .filter((point) => !points.includes(point))
        .map(({ memoryMib, durationMs }) => {
          const [low, high] = of.quantilesMs(memoryMib, tails) as [number, number];
          return Number(durationMs >= low && durationMs <= high);
        });
    });
    return inside.length === 0 ? [] : [mean(inside)];
  });
  return mean(perFunction);
}
