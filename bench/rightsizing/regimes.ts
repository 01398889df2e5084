/** Which sizes of a curve a model gets to see. */
import { CANDIDATES_MIB } from "../../src/analyzer/sizing/choose.ts";
import type { Curve, Point } from "./dataset.ts";

export const REGIMES = ["1 size", "2 sizes", "policy pair", "3 sizes"] as const;
export type Regime = (typeof REGIMES)[number];

/** Sizes that a second measurement should differ by, at least. */
const LEAST_RATIO = 1.9;

/** Every set of sizes that the regime shows. */
export function shown({ points }: Curve, regime: Regime): Point[][] {
  if (regime === "1 size") return points.map((point) => [point]);
  if (regime === "2 sizes") return pairs(points);
  if (regime === "policy pair") return points.map((point) => [point, partner(points, point)]).filter(([a, b]) => a !== b) as Point[][];
  return [threeSizes(points)];
}

/** A dense table has thousands of pairs: an even choice of the sizes keeps each function's part of the time the same. */
const MOST_SIZES = 16;

function pairs(points: readonly Point[]): Point[][] {
  const step = Math.max(1, (points.length - 1) / (MOST_SIZES - 1));
  const few = points.length <= MOST_SIZES ? points : Array.from({ length: MOST_SIZES }, (_, i) => points[Math.round(i * step)]!);
  return few.flatMap((low, i) =>
    few
      .slice(i + 1)
      .filter((high) => high.memoryMib / low.memoryMib >= LEAST_RATIO)
      .map((high) => [low, high]),
  );
}

/** Where a probe would measure if one size is known: 2048 from small sizes, else 256; the nearest measured one. */
function partner(points: readonly Point[], { memoryMib }: Point): Point {
  return nearest(points, memoryMib <= 768 ? 2048 : 256);
}

/** Smallest, largest, and the one a third of the way up the list. */
function threeSizes(points: readonly Point[]): Point[] {
  return [points[0]!, points[Math.floor(points.length / 3)]!, points.at(-1)!];
}

function nearest(points: readonly Point[], memoryMib: number): Point {
  const distance = (point: Point): number => Math.abs(Math.log(point.memoryMib / memoryMib));
  return points.reduce((best, point) => (distance(point) < distance(best) ? point : best));
}

/** Sizes of Sizeless' experiment (https://arxiv.org/abs/2010.15162), where a function was measured at all of them. */
const SIZELESS_MIB = [128, 256, 512, 1024, 2048, 3008];

export function sizelessGrid(curve: Curve): Curve | null {
  const points = SIZELESS_MIB.map((size) => curve.points.find(({ memoryMib }) => memoryMib === size));
  return points.every((point) => point !== undefined) ? { ...curve, points } : null;
}

/** A measured size stands for a candidate if it differs by less than this share. */
const SAME_SIZE = 0.1;

/**
 * The curve at the sizes that evscope may choose, as far as they were measured (the nearest one for each). Tables in steps of a few MiB
 * have neighbours that differ by less than their noise.
 */
export function onCandidates(curve: Curve): Curve {
  const standIns = CANDIDATES_MIB.map((size) => ({ size, point: nearest(curve.points, size) }));
  const kept = new Set(standIns.filter(({ size, point }) => Math.abs(point.memoryMib / size - 1) < SAME_SIZE).map(({ point }) => point));
  return { ...curve, points: curve.points.filter((point) => kept.has(point)) };
}
