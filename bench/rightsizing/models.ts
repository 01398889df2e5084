/** evscope's model with a prior that does not know the tested family. */
import { type Observation, type Posterior, type PosteriorOptions, posterior } from "../../src/analyzer/sizing/posterior.ts";
import { Prior } from "../../src/analyzer/sizing/prior.ts";
import { logShape, ONE_VCPU_MIB } from "../../src/analyzer/sizing/curve.ts";
import type { Predict } from "./baselines.ts";
import type { Curve, Point } from "./dataset.ts";
import { bestFit, fitPrior } from "./fit.ts";

/** Posterior of a curve from the points shown, under the prior without its family. */
export type Model = (curve: Curve, shown: readonly Observable[]) => Posterior;

/** A table's means count as exact unless told: what they miss of the truth, the truth of the benchmark misses as well. */
export type Observable = Pick<Point, "memoryMib" | "durationMs"> & { logSe?: number };

/** What is known of a function beside its durations. */
export type Beside = (curve: Curve, shown: readonly Observable[]) => Pick<PosteriorOptions, "cpuMs" | "waiting">;
const nothing: Beside = () => ({ cpuMs: null });

/** Leave one group out: a prior per family, fitted to `known` without it. */
export function leaveGroupOut(known: readonly Curve[], beside: Beside = nothing): Model {
  const priors = new Map<string, Prior>();
  return (curve, shown) => {
    const { group } = curve;
    let prior = priors.get(group);
    if (!prior) {
      prior = new Prior(fitPrior(known.filter((other) => other.group !== group)));
      priors.set(group, prior);
    }
    return posterior(observations(shown), { ...beside(curve, shown), prior });
  };
}

/** The prior that is shipped: for curves that it was not fitted to. */
export const shippedModel: Model = (_, shown) => posterior(observations(shown), { cpuMs: null });

/** The best curve of the family through all points: what no model of this family can beat. */
export function fitOfTheWhole(curve: Curve): Predict {
  const { shape, logMs } = bestFit(curve.points);
  return (size) => Math.exp(logMs + logShape(size, shape) - logShape(ONE_VCPU_MIB, shape));
}

const observations = (shown: readonly Observable[]): Observation[] =>
  shown.map(({ memoryMib, durationMs, logSe = 0 }) => ({ memoryMib, durationMs, logSe }));
