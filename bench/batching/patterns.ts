/** Arrival patterns of the benchmark, from seeds: steady, bursty, diurnal and sparse, for every kind of poller. */
import type { Arrival, PollerKind, PollerSettings, ServiceTime } from "../../src/model/batching.ts";
import { lehmer } from "./replay.ts";

export const SHAPES = ["steady", "bursty", "diurnal", "sparse"] as const;
export type Shape = (typeof SHAPES)[number];

export interface Pattern {
  name: string;
  arrivals: Arrival[];
  /** Whole time: the first half is what the optimiser sees. */
  durationMs: number;
  settings: PollerSettings;
  service: ServiceTime;
  maxAddedLatencyMs: number;
}

const HOUR = 3_600_000;

/** Defaults of each vendor, with shards where there are any. */
const SETTINGS: Record<PollerKind, Partial<PollerSettings>> = {
  "sqs-standard": { batchSize: 10 },
  "sqs-fifo": { batchSize: 2 },
  kinesis: { batchSize: 100, shards: 4, parallelizationFactor: 2 },
  "dynamodb-stream": { batchSize: 100, shards: 3, parallelizationFactor: 1 },
  kafka: { batchSize: 100, windowMs: 500, shards: 6 },
  "event-hubs": { batchSize: 100, minimumBatchSize: 1, windowMs: 60_000, shards: 4 },
  "service-bus": { batchSize: 1_000, minimumBatchSize: 1, windowMs: 30_000 },
  "event-grid": { batchSize: 1 },
  "pubsub-push": { batchSize: 1 },
};

/** Mean events per second; the shape is around it. */
const RATES: Record<Shape, number> = { steady: 8, bursty: 4, diurnal: 1, sparse: 0.02 };
/** Long enough for thousands of events in each half, and two whole days for what has a day. */
const HOURS: Record<Shape, number> = { steady: 2, bursty: 4, diurnal: 96, sparse: 24 * 14 };
const BUDGETS: Record<Shape, number> = { steady: 5_000, bursty: 10_000, diurnal: 15_000, sparse: 60_000 };

/** Fifty: each kind in each shape, and standard queues under more conditions. */
export function patterns(round = 0): Pattern[] {
  const kinds = Object.keys(SETTINGS) as PollerKind[];
  const all = kinds.flatMap((kind) =>
    SHAPES.map((shape) => make(kind, shape, { round, ...(kind === "sqs-fifo" ? { keys: 3, fixedMs: 400 } : {}) })),
  );
  const more: [Shape, Omit<How, "round">][] = [
    ["steady", { rate: 60, hours: 0.5, budgetMs: 1_000 }],
    ["bursty", { rate: 30, hours: 1, budgetMs: 1_000 }],
    ["diurnal", { rate: 6, hours: 48, budgetMs: 1_000 }],
    ["sparse", { budgetMs: 1_000 }],
    ["steady", { rate: 60, hours: 0.5, windowMs: 2_000, batchSize: 50 }],
    ["bursty", { windowMs: 5_000, batchSize: 20 }],
    ["diurnal", { windowMs: 20_000, batchSize: 100, hours: 48 }],
    ["sparse", { windowMs: 120_000, batchSize: 100, budgetMs: 200_000 }],
    ["steady", { rate: 20, fixedMs: 900, hours: 1 }],
    ["bursty", { rate: 20, fixedMs: 600, hours: 1 }],
    ["steady", { rate: 30, maximumConcurrency: 2, hours: 1 }],
    ["bursty", { rate: 8, maximumConcurrency: 3, batchSize: 100, windowMs: 1_000 }],
    ["steady", { rate: 20, bytes: 200_000, batchSize: 200, windowMs: 10_000, hours: 1 }],
    ["diurnal", { rate: 2, spread: 0.8, hours: 96 }],
  ];
  return [...all, ...more.map(([shape, how], at) => make("sqs-standard", shape, { ...how, seed: 100 + at, round }))];
}

export interface FailingPattern extends Pattern {
  failing: { share: number; attempts: number; answers: boolean };
}

/** Streams of which some events always fail: batches retried whole, split in two, begun at the first that failed, and both. */
export function failingPatterns(round = 0): FailingPattern[] {
  const of = (
    kind: PollerKind,
    shape: Shape,
    share: number,
    attempts: number,
    answers: boolean,
    how: Omit<How, "round">,
  ): FailingPattern => {
    const pattern = make(kind, shape, { rate: 20, hours: 1, batchSize: 50, windowMs: 2_000, ...how, round });
    return {
      ...pattern,
      failing: { share, attempts, answers },
      name: `${pattern.name} failing ${share} retries ${attempts}${answers ? " named" : ""}`,
    };
  };
  return [
    of("kinesis", "steady", 0.005, 3, false, { seed: 201 }),
    of("kinesis", "steady", 0.005, 3, false, { seed: 202, bisectOnError: true }),
    of("kinesis", "steady", 0.005, 3, true, { seed: 203 }),
    of("kinesis", "steady", 0.005, 3, true, { seed: 204, bisectOnError: true }),
    of("dynamodb-stream", "steady", 0.01, 2, false, { seed: 205, bisectOnError: true, windowMs: 1_000 }),
    of("dynamodb-stream", "bursty", 0.005, 2, false, { seed: 206, bisectOnError: true, rate: 6, hours: 6 }),
  ];
}

interface How extends Partial<PollerSettings> {
  rate?: number;
  hours?: number;
  budgetMs?: number;
  fixedMs?: number;
  /** Message groups or partition keys. */
  keys?: number;
  bytes?: number;
  spread?: number;
  seed?: number;
  /** Other arrivals of the same pattern. */
  round: number;
}

function make(
  kind: PollerKind,
  shape: Shape,
  { rate, hours, budgetMs, fixedMs, keys, bytes, spread, seed, round, ...given }: How,
): Pattern {
  const durationMs = (hours ?? HOURS[shape]) * HOUR;
  const uniform = lehmer((seed ?? Object.keys(SETTINGS).indexOf(kind) * 10 + SHAPES.indexOf(shape)) * 7_919 + 17 + round * 1_000_003);
  const perSecond = rate ?? RATES[shape];
  const settings: PollerSettings = {
    kind,
    batchSize: 10,
    windowMs: 0,
    minimumBatchSize: null,
    shards: null,
    parallelizationFactor: null,
    maximumConcurrency: null,
    bisectOnError: false,
    reportsBatchItemFailures: true,
    ...SETTINGS[kind],
    ...given,
  };
  const service: ServiceTime = {
    fixedMs: fixedMs ?? 80,
    perEventMs: 6,
    spread: spread ?? 0.2,
    basis: "measured",
    perEventBoundsMs: [6, 6],
    meanBatch: 1,
  };
  const arrivals = times(shape, perSecond, durationMs, uniform).map((atMs) => ({
    atMs,
    bytes: bytes ?? 400 + 3_000 * uniform(),
    key: `k${Math.floor(uniform() * (keys ?? 400))}`,
  }));
  const conditions = Object.entries({ rate, fixedMs, keys, bytes, spread, ...given, budgetMs }).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name} ${value}`],
  );
  return {
    name: [kind, shape, ...conditions].join(" "),
    arrivals,
    durationMs,
    settings,
    service,
    maxAddedLatencyMs: budgetMs ?? BUDGETS[shape],
  };
}

/** Thinning (Lewis and Shedler 1979) of a Poisson process at the highest rate. */
function times(shape: Shape, perSecond: number, durationMs: number, uniform: () => number): number[] {
  const factor = factorOf(shape, durationMs, uniform);
  const highest = shape === "bursty" ? 8 : shape === "diurnal" ? 2 : 1;
  const found: number[] = [];
  for (let at = 0; ;) {
    at -= (Math.log(1 - uniform()) * 1_000) / (perSecond * highest);
    if (at >= durationMs) return found;
    if (uniform() * highest < factor(at)) found.push(at);
  }
}

/** How much busier than the mean a moment is. */
function factorOf(shape: Shape, durationMs: number, uniform: () => number): (at: number) => number {
  if (shape === "diurnal") return (at) => 1 + 0.95 * Math.sin((2 * Math.PI * at) / (24 * HOUR));
  if (shape !== "bursty") return () => 1;
  // a burst of half a minute about every five minutes, at eight times the mean
  const bursts: number[] = [];
  for (let at = 0; at < durationMs; at += 30_000) if (uniform() < 0.1) bursts.push(at);
  let next = 0;
  return (at) => {
    while (next < bursts.length && bursts[next]! + 30_000 <= at) next += 1;
    return next < bursts.length && bursts[next]! <= at ? 8 : 0.22;
  };
}
