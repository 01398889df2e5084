/** Figures of batching in words: for reasons of changes, and for what is said about them. Pure. */
import type { BatchAdvice } from "../../model/batching.ts";
import type { Optimised } from "./optimise.ts";

/** Why the change is proposed, each a sentence. */
export function reasonsOf({ after, now, addedLatencyMs, tried }: Optimised, { arrivals, partialFailures }: BatchAdvice): string[] {
  const reasons = [];
  if (after !== null)
    reasons.push(
      `${after.meanBatch.toFixed(1)} events a run instead of ${now.meanBatch.toFixed(1)}: ${after.invocations} runs instead of ${now.invocations} for ${after.events} events`,
    );
  if (addedLatencyMs !== null)
    reasons.push(
      `p95 from arrival to the end of its run grows by ${Math.round(addedLatencyMs.p50)} ms, at most ${Math.round(addedLatencyMs.p90)} ms`,
    );
  if (arrivals !== null)
    reasons.push(`arrivals ${arrivals.basis}${arrivals.note === null ? ", each as it was logged" : `: ${arrivals.note}`}`);
  const { reported, answered, errorShare, runs } = partialFailures;
  if (reported === true) reasons.push(`failed messages are reported${answered === true ? ", and its lines show it" : ""}`);
  else if (errorShare !== null) reasons.push(`${(errorShare * 100).toFixed(2)} % of ${runs} runs failed`);
  reasons.push(`${tried.settings} settings simulated, ${tried.withinBudget} within the latency budget`);
  return reasons;
}
