/**
 * The cheapest batch size and window under a latency budget, with the memory and timeout that they need. Chosen on stretches of the arrivals,
 * tried on others and on the whole; where the vendor leaves open how long a poller waits, the longest wait counts against a change and the
 * shortest for what there is.
 */
import type { Arrival, BatchFigures, PollerSettings, ServiceTime } from "../../model/batching.ts";
import type { Interval } from "../../model/plan.ts";
import type { Mib, Ms } from "../../model/units.ts";
import { candidatesOf } from "./candidates.ts";
import { type BatchPrice, usdOf } from "./cost.ts";
import { BOUNDS, type MemoryFacts, neededMemoryMib, neededTimeoutS, neededVisibilityS } from "./limits.ts";
import type { Failing } from "./pollers/retries.ts";
import { withPerEvent } from "./service-time.ts";
import { simulate, type SimulateOptions } from "./simulate.ts";
import { type Stretch, stretchesOf } from "./stretches.ts";

export interface OptimiseInput {
  /** In order of time, within `[fromMs, toMs)`. */
  arrivals: readonly Arrival[];
  fromMs: Ms;
  toMs: Ms;
  current: PollerSettings;
  service: ServiceTime;
  price: BatchPrice;
  memory: MemoryFacts;
  /** null: not known; one is proposed then. */
  timeoutS: number | null;
  /** Of the queue; null: not known, or there is none. */
  visibilityTimeoutS: number | null;
  /** Most that latency at p95 may grow by. Usual for asynchronous flows: 1,000 ms. */
  maxAddedLatencyMs: Ms;
  /** Largest batch that may be proposed whatever the vendor allows (one bad message would replay all of it); null: no such limit. */
  mostBatch: number | null;
  billing?: SimulateOptions["billing"];
  /** Events of a stream that always fail: their retries count in runs, cost and latency, of today and of a change. Left out: none. */
  failing?: Failing;
  seed: number;
}

/** The numbers of a decision. Intervals hold what is not known: how long pollers wait, and how much time an event takes of its own. */
export interface Optimised {
  /** null: `refusal` says why. */
  proposed: PollerSettings | null;
  refusal: string | null;
  memoryMib: { now: Mib; proposed: Mib };
  timeoutS: { now: number | null; proposed: number | null };
  visibilityTimeoutS: { now: number | null; proposed: number | null };
  /** Over all arrivals, with the longest waits. */
  now: BatchFigures;
  after: BatchFigures | null;
  invocationsPerMonth: { now: Interval; after: Interval | null };
  usdPerMonth: { now: Interval; after: Interval | null };
  savingUsdPerMonth: Interval | null;
  addedLatencyMs: Interval | null;
  /** Settings that were simulated, and how many of them kept the budget. */
  tried: { settings: number; withinBudget: number };
}

/** Of the budget, while choosing: what is left covers that other weeks are not this one. */
const CHOOSE_WITHIN = 0.85;
/** p99 may grow by so many budgets. */
const P99_BUDGETS = 3;
/** A stretch has a say of its own about latency where it stands for this share of the events. */
const SAY = 0.05;
/** Less is no saving: share of what there is to pay. */
const LEAST_SAVING = 0.02;
/** Of the best saving, what may be left for smaller batches and shorter waits. */
const NEARLY = 0.02;
const MONTH_MS: Ms = 730 * 3_600_000;

interface Choice {
  settings: PollerSettings;
  memoryMib: Mib;
  timeoutS: number;
  usd: number;
}

/** Arrivals on which a change is held against what there is. */
interface Trial extends Stretch {
  /** Today's latency with the shortest waits. */
  nowLatencyMs: BatchFigures["latencyMs"];
}

export function optimise(input: OptimiseInput): Optimised {
  const { choose, prove } = stretchesOf(input.arrivals, input.fromMs, input.toMs);
  const trial = (stretch: Stretch): Trial => ({ ...stretch, nowLatencyMs: figuresOf(stretch, input, input.current, "shortest").latencyMs });
  const whole = { name: "all", arrivals: input.arrivals, durationMs: 1, standsForMs: 1, eventShare: 1 };
  const proofs = [...prove, whole].map(trial);
  const { choices, tried } = choicesOn(choose.map(trial), input);
  const best = choices.find((choice) => keepsBudget(choice, proofs, input, 1));

  const perMonth = MONTH_MS / (input.toMs - input.fromMs);
  const scaled = (values: readonly number[]): Interval => interval(values.map((value) => value * perMonth));
  const now = variants(input.current, input.memory.sizeMib, input.timeoutS, input);
  const after = best ? variants(best.settings, best.memoryMib, best.timeoutS, input) : null;
  const saving = after?.map((one, at) => now[at]!.usd - one.usd) ?? [];
  const chosen = best && saving.every((usd) => usd > 0) ? best : null;
  return {
    proposed: chosen?.settings ?? null,
    refusal: chosen ? null : refusalOf(input, choices.length, tried),
    memoryMib: { now: input.memory.sizeMib, proposed: chosen?.memoryMib ?? input.memory.sizeMib },
    timeoutS: { now: input.timeoutS, proposed: chosen?.timeoutS ?? input.timeoutS },
    visibilityTimeoutS: {
      now: input.visibilityTimeoutS,
      proposed: chosen ? visibility(chosen, input) : input.visibilityTimeoutS,
    },
    now: now[0]!.figures,
    after: chosen && after ? after[0]!.figures : null,
    invocationsPerMonth: {
      now: scaled(now.map((one) => one.figures.invocations)),
      after: chosen && after ? scaled(after.map((one) => one.figures.invocations)) : null,
    },
    usdPerMonth: { now: scaled(now.map((one) => one.usd)), after: chosen && after ? scaled(after.map((one) => one.usd)) : null },
    savingUsdPerMonth: chosen ? scaled(saving) : null,
    addedLatencyMs: chosen && after ? addedLatency(now, after) : null,
    tried,
  };
}

/** What is legal, possible and within the budget on these stretches, cheapest first; nearly as cheap with shorter waits and smaller batches before it. */
function choicesOn(trials: readonly Trial[], input: OptimiseInput): { choices: Choice[]; tried: Optimised["tried"] } {
  const meanBytes = input.arrivals.reduce((sum, { bytes }) => sum + bytes, 0) / Math.max(1, input.arrivals.length);
  const nowRuns = trials.map((one) => figuresOf(one, input, input.current, "longest"));
  const nowUsd = costOf(trials, nowRuns, input, input.memory.sizeMib);
  const meanBatch = Math.max(1, ...nowRuns.map((one) => one.meanBatch));
  const tried = { settings: 0, withinBudget: 0 };
  const within: Choice[] = [];
  for (const group of candidatesOf(input.current, input.maxAddedLatencyMs))
    for (const settings of group) {
      if (input.mostBatch !== null && settings.batchSize > Math.max(input.mostBatch, input.current.batchSize)) break;
      const needs = needsOf(settings, meanBatch, meanBytes, input);
      if (needs === null) break;
      const runs = trials.map((one) => figuresOf(one, input, settings, "longest", needs.timeoutS));
      const choice = { settings, ...needs, usd: costOf(trials, runs, input, needs.memoryMib) };
      tried.settings += 1;
      if (keepsBudget(choice, trials, input, CHOOSE_WITHIN)) {
        tried.withinBudget += 1;
        if (choice.usd < nowUsd * (1 - LEAST_SAVING)) within.push(choice);
      }
      // no batch is that large: a larger size changes nothing
      if (Math.max(...runs.map((one) => one.largestBatch)) < (settings.minimumBatchSize ?? settings.batchSize)) break;
    }
  const least = Math.min(...within.map(({ usd }) => usd));
  const near = least + NEARLY * (nowUsd - least);
  const care = ({ settings: a }: Choice, { settings: b }: Choice): number => a.windowMs - b.windowMs || a.batchSize - b.batchSize;
  const [first, rest] = [within.filter(({ usd }) => usd <= near), within.filter(({ usd }) => usd > near)];
  return { choices: [...first.sort(care), ...rest.sort((a, b) => a.usd - b.usd)], tried };
}

/** Memory and timeout for full batches; null: more than the function can have. */
function needsOf(
  settings: PollerSettings,
  meanBatch: number,
  meanBytes: number,
  { memory, service, timeoutS }: OptimiseInput,
): Pick<Choice, "memoryMib" | "timeoutS"> | null {
  const memoryMib = neededMemoryMib(memory, settings.batchSize, meanBatch, meanBytes);
  const neededS = Math.max(timeoutS ?? 1, neededTimeoutS(service, settings.batchSize));
  if (memoryMib === null || neededS > Math.max(BOUNDS[settings.kind].mostTimeoutS, timeoutS ?? 0)) return null;
  return { memoryMib, timeoutS: neededS };
}

/** Cost over the time that the stretches stand for. */
function costOf(trials: readonly Trial[], runs: readonly BatchFigures[], input: OptimiseInput, memoryMib: Mib): number {
  return trials.reduce((sum, one, at) => sum + (usdOf(runs[at]!, input.price, memoryMib) * one.standsForMs) / one.durationMs, 0);
}

/** Whether the change at its slowest, against what there is at its fastest, stays within a share of the budget wherever many events are. */
function keepsBudget(choice: Choice, trials: readonly Trial[], input: OptimiseInput, share: number): boolean {
  const slow = { ...input, service: withPerEvent(input.service, input.service.perEventBoundsMs[1]) };
  const budgetMs = input.maxAddedLatencyMs * share;
  return trials.every((one) => {
    if (one.eventShare < SAY) return true;
    const { latencyMs, timeoutShare } = figuresOf(one, slow, choice.settings, "longest", choice.timeoutS);
    const within = latencyMs.p95 - one.nowLatencyMs.p95 <= budgetMs && latencyMs.p99 - one.nowLatencyMs.p99 <= budgetMs * P99_BUDGETS;
    return within && timeoutShare === 0;
  });
}

/** What could be: longest waits first, then the shortest; then with each event as quick, and as slow, as the runs allow. */
function variants(
  settings: PollerSettings,
  memoryMib: Mib,
  timeoutS: number | null,
  input: OptimiseInput,
): { figures: BatchFigures; usd: number }[] {
  const [quickMs, slowMs] = input.service.perEventBoundsMs;
  const cases = [
    [input.service, "longest"],
    [input.service, "shortest"],
    [withPerEvent(input.service, quickMs), "longest"],
    [withPerEvent(input.service, slowMs), "longest"],
  ] as const;
  return cases.map(([service, waits]) => {
    const figures = figuresOf(input, { ...input, service }, settings, waits, timeoutS);
    return { figures, usd: usdOf(figures, input.price, memoryMib) };
  });
}

function addedLatency(now: readonly { figures: BatchFigures }[], after: readonly { figures: BatchFigures }[]): Interval {
  const p95 = (one: { figures: BatchFigures }): Ms => one.figures.latencyMs.p95;
  // the worst: pollers wait shortly today, and long with the change
  return interval([...after.map((one, at) => p95(one) - p95(now[at]!)), p95(after[0]!) - p95(now[1]!)]);
}

function figuresOf(
  { arrivals }: Pick<Stretch, "arrivals">,
  { service, seed, billing, failing, timeoutS: today }: OptimiseInput,
  settings: PollerSettings,
  waits: "longest" | "shortest",
  timeoutS: number | null = today,
): BatchFigures {
  const timeoutMs = timeoutS === null ? null : timeoutS * 1_000;
  return simulate(arrivals, settings, service, { timeoutMs, seed, waits, ...(billing && { billing }), ...(failing && { failing }) });
}

function visibility({ timeoutS, settings }: Choice, { visibilityTimeoutS }: OptimiseInput): number | null {
  return visibilityTimeoutS === null ? null : Math.max(visibilityTimeoutS, neededVisibilityS(timeoutS, settings.windowMs));
}

/** Least, shown and most: the first value is the one that is shown. */
function interval(values: readonly number[]): Interval {
  return { p10: Math.min(...values), p50: values[0]!, p90: Math.max(...values) };
}

function refusalOf(input: OptimiseInput, cheaper: number, tried: Optimised["tried"]): string {
  if (input.arrivals.length === 0) return "no event came in this time";
  if (input.current.kind === "pubsub-push") return "push sends one request for each message: no setting makes batches of them";
  if (tried.settings === 0) return "larger batches would need more memory or time than a function can have";
  if (tried.withinBudget === 0) return `every other setting adds more than ${input.maxAddedLatencyMs} ms at p95`;
  if (cheaper === 0) return "what there is costs no more than any other setting within the latency budget";
  return "the saving does not stand up to the rest of the time, or to what is not known of the pollers";
}
