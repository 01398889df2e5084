/** Money for paid queries: reserved before a query runs, settled when it says what it scanned. */
import type { Usd } from "../../model/units.ts";

export interface Budget {
  /** Sets an amount aside; false: it does not fit, and nothing was set aside. */
  reserve(estimateUsd: Usd): boolean;
  /** Replaces an amount set aside by what the query really cost. */
  settle(estimateUsd: Usd, actualUsd: Usd): void;
  /** What may still be reserved; never negative. */
  readonly leftUsd: Usd;
  /** Settled so far. */
  readonly spentUsd: Usd;
}

/** A budget of this limit, which holds for everybody who shares it. */
export function newBudget(limitUsd: Usd): Budget {
  let reservedUsd = 0;
  let spentUsd = 0;
  return {
    reserve(estimateUsd) {
      if (spentUsd + reservedUsd + estimateUsd > limitUsd) return false;
      reservedUsd += estimateUsd;
      return true;
    },
    settle(estimateUsd, actualUsd) {
      reservedUsd = Math.max(0, reservedUsd - estimateUsd);
      spentUsd += actualUsd;
    },
    get leftUsd() {
      return Math.max(0, limitUsd - spentUsd - reservedUsd);
    },
    get spentUsd() {
      return spentUsd;
    },
  };
}
