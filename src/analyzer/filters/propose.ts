/** Advice in the form that plans are made of. */
import type { FilterAdvice } from "../../model/filters.ts";
import type { Expectation, Interval } from "../../model/plan.ts";
import type { Proposal } from "../../model/proposal.ts";
import type { FunctionStats } from "../../model/sizing.ts";
import { monthlyVolume } from "../sizing/volume.ts";
import type { LearnedFilter } from "./learn.ts";
import type { Volumes } from "./saving.ts";
import type { FilterPlace } from "./target.ts";

const DAYS_PER_MONTH = 30.4375;

export function proposalOf(advice: FilterAdvice, place: FilterPlace, learned: LearnedFilter, volumes: Volumes): Proposal {
  const { proof, events, fn } = advice;
  const proven =
    proof === null
      ? []
      : [
          `learned from ${proof.learned} events and replayed on ${proof.replayed}: ${proof.wantedDropped} of ${proof.wanted} wanted ones dropped, ${proof.discardedDropped} of ${proof.discarded} discarded ones dropped`,
        ];
  return {
    ...place.target,
    topic: "filters",
    before: place.before,
    after: place.after(learned),
    danger: advice.danger,
    group: null,
    first: advice.first,
    reasons: [`${fn} discards ${events.discarded} of ${events.count} recorded events: ${learned.words}`, ...proven, ...learned.caveats],
    expected: expectationOf(advice, volumes),
  };
}

function expectationOf({ fn, saving }: FilterAdvice, { stats, window, daily }: Volumes): Expectation | null {
  const runs = stats.filter((one) => !one.probe && !one.emulator);
  const invocations = sum(runs, (one) => one.invocations);
  if (invocations === 0) return null;
  const perDay = monthlyVolume(invocations, window, daily).perMonth / DAYS_PER_MONTH;
  return {
    durationMs: null,
    watched: fn,
    invocationsPerDay: saving?.invocationsPerMonth == null ? null : lessBy(perDay, saving.invocationsPerMonth),
    savingUsdPerMonth: saving?.usdPerMonth ?? null,
    before: {
      errorShare: sum(runs, (one) => one.errors) / invocations,
      timeoutShare: sum(runs, (one) => one.timeouts) / invocations,
      meanDurationMs: runs.length === 1 ? runs[0]!.meanRanMs : null,
      invocationsPerDay: perDay,
      usdPerMonth: null,
      memoryMib: runs.length === 1 ? runs[0]!.memoryMib : null,
    },
  };
}

/** What is left a day when so many a month go. */
function lessBy(perDay: number, { p10, p50, p90 }: Interval): Interval {
  const left = (perMonth: number): number => Math.max(0, perDay - perMonth / DAYS_PER_MONTH);
  return { p10: left(p90), p50: left(p50), p90: left(p10) };
}

const sum = (runs: readonly FunctionStats[], of: (one: FunctionStats) => number): number => runs.reduce((total, one) => total + of(one), 0);
