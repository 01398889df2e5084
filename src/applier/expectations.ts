/** What is expected where several changes of one plan reach the runs of one function: none of them is told apart from the others by what happens. Pure. */
import type { Expectation, Interval } from "../model/plan.ts";
import type { Proposal } from "../model/proposal.ts";

/**
 * Each of them is held against what all do together: runs a day multiply where each leaves a share of them. Fewer events fill batches less, so
 * that the product is the least, and the smallest single prediction the most. How long a run takes is not predicted where other runs are left,
 * or others are made of them.
 */
export function sharedExpectations(proposals: readonly Proposal[]): Proposal[] {
  const groups = Map.groupBy(proposals, ({ cloud, account, name, expected }) => `${cloud}/${account}/${expected?.watched ?? name}`);
  return proposals.map((one) => {
    const { expected } = one;
    const all = groups.get(`${one.cloud}/${one.account}/${expected?.watched ?? one.name}`)!.flatMap((other) => other.expected ?? []);
    const runs = all.flatMap((other) => other.invocationsPerDay ?? []);
    if (expected === null || all.length < 2 || runs.length === 0) return one;
    return { ...one, expected: { ...expected, durationMs: null, invocationsPerDay: runsOfAll(runs, all) } };
  });
}

/** null: how many runs there are before is not known. */
function runsOfAll(runs: readonly Interval[], all: readonly Expectation[]): Interval | null {
  if (runs.length === 1) return runs[0]!;
  const now = all.find((one) => (one.before.invocationsPerDay ?? 0) > 0)?.before.invocationsPerDay ?? null;
  if (now === null) return null;
  const product = (percentile: keyof Interval): number => runs.reduce((left, one) => (left * one[percentile]) / now, now);
  return { p10: product("p10"), p50: product("p50"), p90: Math.min(...runs.map((one) => one.p90)) };
}
