/** What a report is compared with: a file, the report of an earlier run, or the time before in the same dataset. */
import type { Baseline, CostReport } from "../../model/cost-report.ts";
import { UserError } from "../../model/errors.ts";
import type { EpochMs } from "../../model/units.ts";
import { keptReport, readReport } from "../../store/report-file.ts";
import type { Facts, Span } from "./facts.ts";

/** What a comparison reads of either side. */
export type Compared = Pick<CostReport, "usd" | "unattributedUsd" | "unattributedLines"> & {
  slices: Pick<CostReport["slices"], "function">;
};

export interface Found {
  baseline: Baseline | null;
  /** The other side of the comparison; null where there is no baseline. */
  facts: Compared | null;
  /** Why there is none; null: there is one. */
  why: string | null;
}

/** Windows that differ by less are taken for the same length: a schedule does not run to the second. */
const SAME_LENGTH = 0.02;
/** An earlier window may reach so far into this one. */
const MOST_OVERLAP = 0.1;
/** The time before counts where the dataset holds so much of it. */
const LEAST_HELD = 0.9;
const DAY_MS = 86_400_000;

/**
 * `wanted`: a path, `previous-run`, `previous-window`, `none`, or null: the newest earlier run that is kept, else the time before.
 * `dataDir`: where reports are kept. `before`: makes the facts of another window of the dataset. Throws UserError where a wanted one is not there.
 */
export async function baselineFor(
  wanted: string | null,
  dataDir: string,
  window: Span,
  held: { from: EpochMs | null },
  before: (span: Span) => Promise<Facts>,
): Promise<Found> {
  if (wanted === "none") return none("none was wanted (--baseline none)");
  const days = (window.to - window.from) / DAY_MS;
  if (wanted !== null && wanted !== "previous-run" && wanted !== "previous-window") return ofReport(readReport(wanted), "file", days);
  if (wanted !== "previous-window") {
    const kept = keptReport(dataDir, window.from + (window.to - window.from) * MOST_OVERLAP);
    if (kept !== null) return ofReport(kept, "previous-run", days);
    if (wanted === "previous-run")
      throw new UserError("no report of an earlier run is kept with the dataset", {
        suggestions: ["the first run makes one; without --baseline the first run compares with the time before, where that is held"],
      });
  }
  const span = { from: window.from - (window.to - window.from), to: window.from };
  const least = span.to - (span.to - span.from) * LEAST_HELD;
  if (held.from !== null && held.from <= least) {
    const facts = await before(span);
    if (facts.usd !== null && facts.invocations !== null)
      return compared(facts, { source: "previous-window", from: facts.from!, to: facts.to!, days }, days);
  }
  const why = "no report of an earlier run is kept with the dataset, and it does not hold the time before";
  if (wanted === null) return none(why);
  throw new UserError(why, { suggestions: ["collect or import the time before, or compare with a report: --baseline report.json"] });
}

function none(why: string): Found {
  return { baseline: null, facts: null, why };
}

function ofReport(report: CostReport, source: "file" | "previous-run", days: number): Found {
  if (report.from === null || report.to === null || report.days === null) return none("the earlier report has no telemetry");
  return compared(report, { source, from: report.from, to: report.to, days: report.days }, days);
}

function compared(facts: Compared, of: { source: Baseline["source"]; from: string; to: string; days: number }, days: number): Found {
  const ratio = of.days > 0 ? days / of.days : 1;
  const scale = Math.abs(ratio - 1) <= SAME_LENGTH ? 1 : ratio;
  const { source, from, to } = of;
  return { baseline: { source, from, to, scale, usd: facts.usd === null ? null : facts.usd * scale }, facts, why: null };
}
