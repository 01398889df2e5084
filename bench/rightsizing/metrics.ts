/** How good a predicted curve is: errors of duration, and what it costs to follow it. */
import type { Predict } from "./baselines.ts";
import type { Point } from "./dataset.ts";

/** Weight of cost against duration: 1 cheapest, 0.75 and 0.5 balanced. fastest: smallest size within 5 % of the least duration. */
export const OBJECTIVES = ["1", "0.75", "0.5", "0.25", "fastest"] as const;
export type ObjectiveName = (typeof OBJECTIVES)[number];

/** Where a pick stands among the measured sizes. */
export interface Pick {
  exact: number;
  second: number;
  within5: number;
  /** Score above the best size's, as a share of it: 0 for the right answer. */
  regret: number;
}

/** Mean absolute percentage error (share) at sizes that were not shown; null: all were. */
export function mape(points: readonly Point[], shown: readonly Point[], predict: Predict): number | null {
  const hidden = points.filter((point) => !shown.includes(point));
  if (hidden.length === 0) return null;
  return mean(hidden.map(({ memoryMib, durationMs }) => Math.abs(predict(memoryMib) / durationMs - 1)));
}

/** Shown sizes are taken as measured, others as predicted. */
export function pick(points: readonly Point[], shown: readonly Point[], predict: Predict, objective: ObjectiveName): Pick {
  const believed = points.map((point) => (shown.includes(point) ? point.durationMs : predict(point.memoryMib)));
  const sizes = points.map(({ memoryMib }) => memoryMib);
  return standing(points, choice(sizes, believed, objective), objective);
}

/** How good the size at `chosen` is. */
export function standing(points: readonly Point[], chosen: number, objective: ObjectiveName): Pick {
  const sizes = points.map(({ memoryMib }) => memoryMib);
  const actual = points.map(({ durationMs }) => durationMs);
  const truth = scores(sizes, actual, objective);
  const order = truth.map((_, i) => i).sort((a, b) => truth[a]! - truth[b]!);
  const best = choice(sizes, actual, objective);
  const regret = Math.max(truth[chosen]! / truth[best]! - 1, 0);
  return {
    exact: Number(chosen === best),
    second: Number(chosen !== best && order.indexOf(chosen) <= 1),
    within5: Number(regret <= 0.05),
    regret,
  };
}

function choice(sizes: readonly number[], times: readonly number[], objective: ObjectiveName): number {
  const score = scores(sizes, times, objective);
  const best = Math.min(...score);
  return objective === "fastest" ? score.findIndex((value) => value <= best * 1.05) : score.indexOf(best);
}

function scores(sizes: readonly number[], times: readonly number[], objective: ObjectiveName): number[] {
  const leastMs = Math.min(...times);
  if (objective === "fastest") return times.map((time) => time / leastMs);
  const costs = times.map((time, i) => time * sizes[i]!);
  const leastCost = Math.min(...costs);
  const weight = Number(objective);
  return times.map((time, i) => (weight * costs[i]!) / leastCost + ((1 - weight) * time) / leastMs);
}

export const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2;
}

/** 95 % interval of the mean over functions, by resampling functions; seeded. */
export function bootstrap(values: readonly number[], rounds = 2000): [number, number] {
  const random = generator(1);
  const means = Array.from({ length: rounds }, () => mean(values.map(() => values[Math.floor(random() * values.length)]!)));
  means.sort((a, b) => a - b);
  return [means[Math.floor(rounds * 0.025)]!, means[Math.floor(rounds * 0.975)]!];
}

/** Seeded random numbers, 0..1: mulberry32. */
export function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
