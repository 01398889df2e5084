/** Holds the simulator and the optimiser against the replay on one pattern. */
import { optimise } from "../../src/analyzer/batching/optimise.ts";
import { simulate } from "../../src/analyzer/batching/simulate.ts";
import type { Arrival, PollerSettings } from "../../src/model/batching.ts";
import type { FailingPattern, Pattern } from "./patterns.ts";
import { replay } from "./replay.ts";

/** How far apart the two methods are, as a share of the replay. */
export interface Gap {
  invocations: number;
  p95: number;
}

export interface Judged {
  name: string;
  now: Gap;
  /** null: no change was proposed. */
  proposed: PollerSettings | null;
  /** On the arrivals that the optimiser saw. */
  after: Gap | null;
  /** What it said of the first half against the replay of the second, per event. */
  forecast: Gap | null;
  /** Latency at p95 that the change adds in the second half, the worse of waits as long as the vendor's page allows and of none. */
  addedMs: number | null;
  budgetMs: number;
}

/** Lambda in us-east-1. */
const PRICE = { usdPerInvocation: 2e-7, usdPerMibMs: 1.66667e-5 / 1_024 / 1_000, usdPerCall: 4e-7 };

export function judge(pattern: Pattern): Judged {
  const { settings, service, durationMs, maxAddedLatencyMs } = pattern;
  const [first, second] = halves(pattern.arrivals, durationMs);
  const found = optimise({
    arrivals: first,
    fromMs: 0,
    toMs: durationMs / 2,
    current: settings,
    service,
    price: PRICE,
    maxAddedLatencyMs,
    mostBatch: null,
    seed: 1,
    memory: { sizeMib: 512, usedMib: 100, perEventMib: null, mostMib: 10_240 },
    timeoutS: 30,
    visibilityTimeoutS: 180,
  });
  const proposed = found.proposed;
  const gap = (
    mine: { events: number; invocations: number; latencyMs: { p95: number } },
    arrivals: readonly Arrival[],
    of: PollerSettings,
  ): Gap => {
    const truth = replay(arrivals, of, service, { seed: 7, slowReceives: true });
    const perEvent = mine.invocations / mine.events;
    const truePerEvent = truth.invocations / arrivals.length;
    return { invocations: Math.abs(perEvent / truePerEvent - 1), p95: Math.abs(mine.latencyMs.p95 / truth.p95Ms - 1) };
  };
  return {
    name: pattern.name,
    now: gap(simulate(first, settings, service, { timeoutMs: null, seed: 1 }), first, settings),
    proposed,
    after: proposed && found.after && gap(found.after, first, proposed),
    forecast: proposed && found.after && gap(found.after, second, proposed),
    addedMs: proposed && addedIn(second, pattern, proposed),
    budgetMs: maxAddedLatencyMs,
  };
}

/** The simulator alone, on a stream whose batches fail. */
export function judgeFailing({ arrivals, settings, service, failing }: FailingPattern): Gap {
  const mine = simulate(arrivals, settings, service, { timeoutMs: null, seed: 1, failing });
  const truth = replay(arrivals, settings, service, { seed: 7, slowReceives: true, failing });
  return { invocations: Math.abs(mine.invocations / truth.invocations - 1), p95: Math.abs(mine.latencyMs.p95 / truth.p95Ms - 1) };
}

function addedIn(arrivals: readonly Arrival[], { settings, service }: Pattern, proposed: PollerSettings): number {
  const p95 = (of: PollerSettings, slowReceives: boolean): number => replay(arrivals, of, service, { seed: 11, slowReceives }).p95Ms;
  return Math.max(...[true, false].map((slow) => p95(proposed, slow) - p95(settings, slow)));
}

function halves(arrivals: readonly Arrival[], durationMs: number): [Arrival[], Arrival[]] {
  const at = arrivals.findIndex(({ atMs }) => atMs >= durationMs / 2);
  return at < 0 ? [[...arrivals], []] : [arrivals.slice(0, at), arrivals.slice(at)];
}
