/**
 * One size and what may be known beside it: CPU time (Lambda Insights), or how long calls to others took (traces). No public measurements
 * have both with a curve, so both are simulated from the curve that fits all sizes of a function best, with an error of 10 %. The figures are
 * partly circular: an upper bound of what real readings give.
 */
import { logShape, ONE_VCPU_MIB } from "../../src/analyzer/sizing/curve.ts";
import { PINNED, utilisation } from "../../src/analyzer/sizing/cpu.ts";
import { waitingOf } from "../../src/analyzer/sizing/downstream.ts";
import { type Acts, acts, type Mode } from "./acts.ts";
import type { Curve, Point } from "./dataset.ts";
import { bestFit } from "./fit.ts";
import { generator, mean, median } from "./metrics.ts";
import { type Beside, leaveGroupOut, type Observable } from "./models.ts";
import { coverage, evscope, scored } from "./score.ts";

/** Error of a simulated reading (standard deviation of its logarithm). */
const READING_SD = 0.1;

/** One function as its best curve splits it. */
interface Split {
  cpuMs: number;
  waitMs: number;
}

/** What a trace shows of the waiting, in ms of a run that takes `runMs`. */
type Traced = (split: Split, runMs: number) => number;

/** Spans can hold less than all waiting, and computing beside it. */
const TRACED: Record<string, Traced> = {
  "calls, all waiting": ({ waitMs }) => waitMs,
  "calls, half of the waiting": ({ waitMs }) => waitMs / 2,
  "calls, no waiting": () => 0,
  "calls, a tenth of the rest too": ({ waitMs }, runMs) => waitMs + 0.1 * Math.max(runMs - waitMs, 0),
};

/** How good advice on one size is with it. Shares. */
export interface OneSize {
  name: string;
  /** Error from each base that is shown, and over all from 512 MiB on (mean, median). */
  from: { bases: string; mape: number; median: number; covers80: number; functions: number }[];
  waits: Acts;
  asynchronous: Acts;
}

/** Sizes that are shown. */
export const BASES: readonly [string, (memoryMib: number) => boolean][] = [
  ["256", (size) => size === 256],
  ["1024", (size) => size === 1024],
  ["2048", (size) => size === 2048],
  ["from 512 on", (size) => size >= 512],
  ["any", () => true],
];

export function oneSize(clean: readonly Curve[], decisions: readonly Curve[]): OneSize[] {
  const splits = new Map(decisions.map((curve) => [curve, splitOf(curve)]));
  // one reading per size of a function, the same for every question
  const random = generator(7);
  const errors = new Map(decisions.flatMap(({ points }) => points.map((point) => [point, normal(random)])));
  const noisy = (point: Point, value: number): number => value * Math.exp(READING_SD * errors.get(point)!);
  const at = (shown: readonly Observable[]): Point => shown[0] as Point;
  const cpuOf = (curve: Curve, point: Point): number => noisy(point, splits.get(curve)!.cpuMs);
  const readings: [string, Beside, Mode["used"] | null][] = [
    ["nothing", () => ({ cpuMs: null }), null],
    [
      "CPU time",
      (curve, shown) => ({ cpuMs: cpuOf(curve, at(shown)) }),
      (curve, point) => ({ utilisation: utilisation(cpuOf(curve, point), point.durationMs, point.memoryMib), waitingMs: null }),
    ],
    ...Object.entries(TRACED).map(([name, traced]): (typeof readings)[number] => {
      const waited = (curve: Curve, point: Point): number =>
        Math.min(noisy(point, traced(splits.get(curve)!, point.durationMs)), point.durationMs);
      return [
        name,
        (curve, shown) => ({ cpuMs: null, waiting: waitingAt(at(shown), waited(curve, at(shown))) }),
        (curve, point) => {
          const waitingMs = waitingAt(point, waited(curve, point))?.leastMs ?? null;
          const most = waitingMs === null ? 1 : 1 - waitingMs / point.durationMs;
          return most < PINNED ? { utilisation: most, waitingMs } : null;
        },
      ];
    }),
  ];
  return readings.map(([name, beside, used]) => {
    const model = leaveGroupOut(clean, beside);
    const from = BASES.map(([bases, isBase]) => {
      const cases = (curve: Curve): Point[][] => curve.points.filter((point) => isBase(point.memoryMib)).map((point) => [point]);
      const scores = scored(decisions, cases, evscope(model)).map(({ mape }) => mape);
      return {
        bases,
        mape: mean(scores),
        median: median(scores),
        covers80: coverage(decisions, cases, model, 0.8),
        functions: scores.length,
      };
    });
    const act = (asynchronous: boolean): Acts =>
      acts(decisions, (curve) => curve.points.map((point) => [point]), model, {
        tier: used === null ? 0 : 1,
        asynchronous,
        ...(used === null ? {} : { used }),
      });
    return { name, from, waits: act(false), asynchronous: act(true) };
  });
}

/** Kernels that are known to call nobody: no trace shows a call, whatever part of their curves is flat. */
const callsNobody = ({ source, name }: Curve): boolean => source === "ubc-demystify" || (source === "pacslab" && !name.startsWith("s3"));

/** CPU time and waiting of the curve that fits best; its level is that of the duration at one vCPU. */
function splitOf(curve: Curve): Split {
  const { shape, logMs } = bestFit(curve.points);
  const levelMs = Math.exp(logMs - logShape(ONE_VCPU_MIB, shape));
  return { cpuMs: levelMs * shape.cpuShare, waitMs: callsNobody(curve) ? 0 : levelMs * (1 - shape.cpuShare) };
}

/** As the product makes it of a hundred traced runs. */
function waitingAt(point: Point, waitingMs: number): ReturnType<typeof waitingOf> {
  const place = { cloud: "aws", account: null, region: null, fn: "", memoryMib: point.memoryMib } as const;
  return waitingOf({ ...place, runs: 100, runMs: point.durationMs, downstreamMs: waitingMs, waitingMs, waitingShareSe: 0 }, point);
}

const normal = (random: () => number): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
