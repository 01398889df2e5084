/**
 * Which part of a bill bought nothing: failed runs, time-outs, repeated runs, and billed initialisation.
 * Every invocation counts as one kind at most, so the kinds add up.
 */
import type { UsageGroup, WasteKind } from "../../model/billing.ts";
import type { Outcome } from "../../model/records.ts";
import type { Ms } from "../../model/units.ts";

/** What of a bill is waste: all of it, or only `factor` of the lines that grow with time. */
export interface Waste {
  kind: WasteKind;
  factor: number;
  timeOnly: boolean;
}

/** Kind of a run that did not succeed; null: it did, or nothing says. */
function failure(outcome: Outcome): WasteKind | null {
  if (outcome === "timeout") return "timeouts";
  return outcome === "error" || outcome === "oom" || outcome === "throttled" ? "errors" : null;
}

/**
 * Waste in the bill of invocations seen one by one (which of them repeat others is not known here, see `wasteOfRuns`).
 * null: none. A failed cold start counts as failed.
 */
export function wasteOf(group: Pick<UsageGroup, "outcome" | "billedMs" | "durationMs" | "initMs">): Waste | null {
  const failed = failure(group.outcome);
  if (failed !== null) return { kind: failed, factor: 1, timeOnly: false };
  const initMs = billedInitMs(group);
  return initMs === 0 ? null : { kind: "cold-starts", factor: initMs / group.billedMs!, timeOnly: true };
}

/**
 * Part of the billed time that was initialisation; 0 where the log shows that it was not billed (AWS managed runtimes
 * before August 2025) or does not show it. The log tells: billed time that has room for duration and init holds both.
 * https://aws.amazon.com/blogs/compute/aws-lambda-standardizes-billing-for-init-phase/
 */
export function billedInitMs(group: Pick<UsageGroup, "billedMs" | "durationMs" | "initMs">): Ms {
  const { billedMs, durationMs, initMs } = group;
  if (billedMs === null || durationMs === null || initMs === null || initMs <= 0 || billedMs <= 0) return 0;
  const roundedUp = billedMs === Math.ceil(durationMs) || billedMs === Math.ceil(durationMs / 100) * 100;
  if (roundedUp || billedMs + 0.01 < durationMs + initMs) return 0;
  return Math.min(initMs, billedMs);
}

/**
 * Waste of the runs of one request or message, in order of start. The first run that succeeded did the work (where none is
 * known to, the first that is not known to have failed); of the
 * others the first one is an error or time-out, every later one a retry (also one that repeats work already done).
 */
export function wasteOfRuns(runs: readonly Pick<UsageGroup, "outcome" | "billedMs" | "durationMs" | "initMs">[]): (Waste | null)[] {
  const succeeded = runs.findIndex((run) => run.outcome === "ok");
  const useful = succeeded === -1 ? runs.findIndex((run) => failure(run.outcome) === null) : succeeded;
  return runs.map((run, index) => {
    if (index === useful || index === 0) return wasteOf(run);
    return { kind: "retries", factor: 1, timeOnly: false };
  });
}
