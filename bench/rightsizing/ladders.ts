/** The sizes of Azure Flex and Cloud Run on CPU curves of OpenFaaS, where CPU was set apart from memory: two sizes seen, the others predicted. */
import { billedTime } from "../../src/analyzer/sizing/billed-time.ts";
import type { CostLine } from "../../src/analyzer/sizing/choose.ts";
import { cloudRun, flex, type Product } from "../../src/analyzer/sizing/product.ts";
import type { FunctionStats } from "../../src/model/sizing.ts";
import { type Acts, acts } from "./acts.ts";
import type { Curve, Point } from "./dataset.ts";
import { mean } from "./metrics.ts";
import type { Model } from "./models.ts";
import { shown } from "./regimes.ts";
import { coverage, evscope, scored } from "./score.ts";

export interface Ladder {
  name: string;
  curves: number;
  /** Error at the sizes that were not shown, and share of them within the 80 % interval. */
  error: number;
  covers80: number;
  /** Somebody waits; nobody does. */
  waits: Acts;
  asynchronous: Acts;
}

/** Measured at the product's size if it differs by less than this share. */
const SAME_SIZE = 0.01;

const PRODUCTS: readonly [string, Product, (size: number) => number][] = [
  ["Azure Flex", flex(1), (size) => size],
  // request-based: a vCPU-s costs as much as 9.6 GiB-s (https://cloud.google.com/run/pricing), with half a GiB
  [
    "Cloud Run",
    cloudRun({ kind: "run.service", memoryMib: 512, floorMib: 128, concurrency: 1, crowd: 1, seenBelowOne: true, environment: 1 }),
    (size) => 9.6 * (size / 1769) + 0.5,
  ],
];

export function ladders(curves: readonly Curve[], model: Model): Ladder[] {
  return PRODUCTS.map(([name, product, price]) => {
    const own = curves.map((curve) => onLadder(curve, product)).filter(({ points }) => points.length >= 3);
    const pairs = (curve: Curve): Point[][] => shown(curve, "2 sizes");
    const priced = priceOf(product, price);
    return {
      name,
      curves: own.length,
      error: mean(scored(own, pairs, evscope(model)).map(({ mape }) => mape)),
      covers80: coverage(own, pairs, model, 0.8),
      waits: acts(own, pairs, model, { tier: 2, asynchronous: false, priced }),
      asynchronous: acts(own, pairs, model, { tier: 2, asynchronous: true, priced }),
    };
  });
}

function onLadder(curve: Curve, { candidatesMib }: Product): Curve {
  const points = candidatesMib.flatMap((size) => curve.points.find(({ memoryMib }) => Math.abs(memoryMib / size - 1) < SAME_SIZE) ?? []);
  return { ...curve, points };
}

/** Runs that scatter by 20 %, rounded as the product does. */
function priceOf({ rounding }: Product, price: (size: number) => number): (current: Point) => (size: number) => CostLine {
  return ({ durationMs }) => {
    const alike = {
      durationMs: { p50: durationMs, p95: durationMs * 1.39 },
      meanRanMs: durationMs,
      warm: {},
      invocations: 1,
    } as FunctionStats;
    const billed = billedTime([alike], durationMs, rounding!, 1);
    return (size) => ({ fixedUsdPerMonth: 0, usdPerMonthPerMs: price(size), billed });
  };
}
