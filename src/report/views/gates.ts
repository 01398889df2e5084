/** Thresholds -> checks, as CI servers show them. */
import type { GateResult } from "../../model/cost-report.ts";
import type { Checks } from "../report.ts";

export function gatesView(gates: readonly GateResult[]): Checks {
  return { title: "evscope", checks: gates.map((gate) => ({ name: gate.rule, status: statusOf(gate), message: gate.reason })) };
}

function statusOf({ outcome, level }: GateResult): Checks["checks"][number]["status"] {
  if (outcome === "unknown") return level === "fail" ? "error" : "skipped";
  if (outcome === "no-baseline") return "skipped";
  if (outcome === "passed") return "passed";
  return level === "fail" ? "failed" : "warned";
}
