/** The thresholds that the flags name. */
import { budgetGates, type Gate, parseGate } from "../../analyzer/gates/index.ts";
import { UserError } from "../../model/errors.ts";

/** Throws UserError: a budget that is no amount, a rule that is none. */
export function reportGates(budget: string | undefined, failOn: readonly string[], warnOn: readonly string[]): Gate[] {
  const usd = budget === undefined ? null : Number(budget);
  if (usd !== null && !(usd > 0 && Number.isFinite(usd)))
    throw new UserError(`--budget ${JSON.stringify(budget)} is not an amount of USD a month above 0`);
  return [
    ...(usd === null ? [] : budgetGates(usd)),
    ...failOn.map((rule) => parseGate(rule, "fail")),
    ...warnOn.map((rule) => parseGate(rule, "warn")),
  ];
}
