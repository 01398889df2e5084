/** Numbers that several sections of the cost report show. */
import type { CostReport } from "../../model/cost-report.ts";
import type { Usd } from "../../model/units.ts";
import { humanPercent } from "../formats/values.ts";

/** All waste; null: no cost is known. */
export function wasteUsdOf(report: Pick<CostReport, "usd" | "wasteUsd">): Usd | null {
  return report.usd === null ? null : Object.values(report.wasteUsd).reduce((sum, usd) => sum + usd, 0);
}

/** `12 % of the cost`; null: not known. */
export function shareOf(part: Usd | null, whole: Usd | null): string | null {
  return part === null || whole === null || whole === 0 ? null : `${humanPercent(part / whole)} of the cost`;
}
