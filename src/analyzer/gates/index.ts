/** Thresholds of the report. */
export { budgetGates, type Gate, parseGate } from "./grammar.ts";
export { crossed, judge } from "./judge.ts";
