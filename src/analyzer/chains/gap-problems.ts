/** What could not be read of a chain's time. */
import type { ChainProblem } from "../../model/chains.ts";
import type { Gap } from "../../model/records.ts";
import type { EpochMs } from "../../model/units.ts";
import type { Context } from "./context.ts";

/** Windows in which telemetry is known to be missing, each source once: a search and a collection may both have been refused by it. */
export function gapProblems(ctx: Context, startedAt: EpochMs, endedAt: EpochMs): ChainProblem[] {
  const gaps = ctx.records.gaps.filter(
    (g) => !g.what.startsWith("trace ") && g.from !== null && g.to !== null && g.from <= endedAt && g.to >= startedAt,
  );
  const isTold = (gap: Gap, i: number): boolean =>
    gaps.some(
      (other, j) => j !== i && isSameRefusal(gap, other) && (other.what === gap.what ? j < i : other.what.startsWith(`${gap.what} `)),
    );
  return gaps
    .filter((gap, i) => !isTold(gap, i))
    .map((g) => ({ code: "cut" as const, message: `${g.what} could not be read in this time: ${g.why}`, hopId: null }));
}

/** The same place, and the same answer. Which call got it matters only where a permission for that call is missing. */
function isSameRefusal(a: Gap, b: Gap): boolean {
  const answer = (why: string): string => (why.startsWith("not allowed") ? why : why.replace(/\b[a-z]+:[A-Z]\w+/, ""));
  return a.cloud === b.cloud && a.account === b.account && a.region === b.region && answer(a.why) === answer(b.why);
}
