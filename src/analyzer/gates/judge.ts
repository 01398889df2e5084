/** Thresholds held against a report. Pure. */
import type { CostReport, GateResult, ReportBy, Slice } from "../../model/cost-report.ts";
import type { Gate, GateUnit } from "./grammar.ts";

const DAYS_PER_MONTH = 30.436875;

/** A value with what it is of; null: not known, and why. */
interface Seen {
  name: string | null;
  value: number | null;
  why?: string;
}

/** What is missing where there is nothing to compare with: the first run of a schedule makes the baseline, and is no failure. */
const NO_BASELINE = "there is no baseline yet";

export function judge(gates: readonly Gate[], report: CostReport): GateResult[] {
  return gates.map((gate) => judged(gate, report));
}

/** A threshold of level `fail` was crossed, or cannot be judged for another reason than that there is no baseline yet. */
export function crossed(results: readonly GateResult[]): boolean {
  return results.some(
    (one) => one.level === "fail" && (one.outcome === "crossed" || (one.outcome === "unknown" && !one.reason.includes(NO_BASELINE))),
  );
}

function judged(gate: Gate, report: CostReport): GateResult {
  const seen = valuesOf(gate, report);
  const known = seen.filter((one): one is Seen & { value: number } => one.value !== null);
  const base = { rule: gate.rule, level: gate.level, limit: gate.limit };
  if (known.length === 0) {
    const why = seen[0]?.why ?? "it is not known";
    return { ...base, outcome: "unknown", value: null, reason: `${gate.rule}: not known: ${why}` };
  }
  const isUp = gate.op.startsWith(">");
  const worst = known.reduce((most, one) => (isUp === one.value > most.value ? one : most));
  const isOver = {
    ">": worst.value > gate.limit,
    ">=": worst.value >= gate.limit,
    "<": worst.value < gate.limit,
    "<=": worst.value <= gate.limit,
  }[gate.op];
  const of = worst.name === null ? "" : ` of ${worst.name}`;
  const reason = `${gate.rule}: ${isOver ? "crossed" : "kept"}: ${gate.metric}${of} is ${text(worst.value, gate.unit)}`;
  return { ...base, outcome: isOver ? "crossed" : "passed", value: worst.value, reason };
}

function text(value: number, unit: GateUnit): string {
  switch (unit) {
    case "percent":
      return `${Number((value * 100).toPrecision(3))} %`;
    case "ms":
      return `${Number(value.toPrecision(4))} ms`;
    case "count":
      return String(Number(value.toPrecision(6)));
    case "usd":
    case "usd/month":
      return `${Number(value.toPrecision(4))} USD${unit === "usd" ? "" : " a month"}`;
  }
}

function valuesOf(gate: Gate, report: CostReport): Seen[] {
  const { scope } = gate;
  if (scope.of === "all") return [ofAll(gate, report)];
  if (scope.of === "chain") return [ofChains(gate, report.chains)];
  const matches = pattern(scope.name);
  if (scope.of === "route" && gate.metric !== "cost" && gate.metric !== "waste") {
    const routes = report.transactions.filter((one) => matches.test(one.route));
    return routes.length === 0 ? [missing(scope.of, scope.name)] : routes.map((one) => ofRoute(gate, one));
  }
  const slices = (report.slices[scope.of as ReportBy] ?? []).filter((one) => matches.test(one.key));
  return slices.length === 0 ? [missing(scope.of, scope.name)] : slices.map((one) => ofSlice(gate, one, report));
}

function missing(of: string, name: string): Seen {
  return { name, value: null, why: `no ${of} of that name in the window: ${name}` };
}

function pattern(name: string): RegExp {
  return new RegExp(
    `^${name
      .split("*")
      .map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"))
      .join(".*")}$`,
    "su",
  );
}

function inUnit(usd: number | null, { unit }: Gate, whole: number | null, days: number | null): number | null {
  if (usd === null) return null;
  if (unit === "percent") return whole === null || whole === 0 ? null : usd / whole;
  if (unit === "usd/month") return days === null || days === 0 ? null : (usd / days) * DAYS_PER_MONTH;
  return usd;
}

function wasteOf(slice: Pick<Slice, "usd" | "wasteUsd">): number | null {
  return slice.usd === null ? null : Object.values(slice.wasteUsd).reduce((sum, usd) => sum + usd, 0);
}

function share(part: number | null, whole: number | null): number | null {
  return part === null || whole === null || whole === 0 ? null : part / whole;
}

function ofAll(gate: Gate, report: CostReport): Seen {
  const name = null;
  switch (gate.metric) {
    case "cost":
      return { name, value: inUnit(report.usd, gate, null, report.days) };
    case "waste":
      return { name, value: inUnit(wasteOf(report), gate, report.usd, report.days) };
    case "increase":
      if (report.change === null) return { name, value: null, why: `${NO_BASELINE}: ${report.noBaseline ?? "a cost is unknown"}` };
      return { name, value: gate.unit === "percent" ? report.change.share : report.change.usd, why: "the baseline cost nothing" };
    case "projection":
      return { name, value: report.projection.usd?.p50 ?? null, why: report.projection.why };
    case "projection-p90":
      return { name, value: report.projection.usd?.p90 ?? null, why: report.projection.why };
    case "saving":
      return { name, value: report.recommendations.reduce((sum, one) => sum + Math.max(0, one.savingUsdPerMonth?.p50 ?? 0), 0) };
    case "invocations":
      return { name, value: report.invocations };
    case "errors":
      return { name, value: share(report.failed, report.invocations) };
    default:
      return { name, value: report.unknown.reduce((sum, one) => sum + one.count, 0) };
  }
}

function ofChains(gate: Gate, chains: CostReport["chains"]): Seen {
  if (chains === null) return { name: null, value: null, why: "chains were not rebuilt (--no-chains)" };
  return { name: null, value: counted(gate, chains) };
}

function counted(gate: Gate, of: { count: number; failed: number; broken: number }): number | null {
  const value = gate.metric === "count" ? of.count : gate.metric === "failed" ? of.failed : of.broken;
  return gate.unit === "percent" ? share(value, of.count) : value;
}

function ofRoute(gate: Gate, of: CostReport["transactions"][number]): Seen {
  if (gate.metric === "per-transaction") return { name: of.route, value: of.usdEach?.mean ?? null };
  return { name: of.route, value: gate.metric === "p95" ? of.p95Ms : counted(gate, of) };
}

function ofSlice(gate: Gate, slice: Slice, report: CostReport): Seen {
  const name = slice.key;
  switch (gate.metric) {
    case "cost":
      return { name, value: inUnit(slice.usd, gate, null, report.days) };
    case "waste":
      return { name, value: inUnit(wasteOf(slice), gate, slice.usd, report.days) };
    case "increase":
      return increaseOf(gate, slice, report);
    case "p95":
      return { name, value: slice.p95Ms };
    case "invocations":
      return { name, value: slice.invocations };
    case "errors":
      return { name, value: share(slice.failed, slice.invocations) };
    default:
      return { name, value: slice.unknown };
  }
}

function increaseOf(gate: Gate, slice: Slice, { change, noBaseline }: CostReport): Seen {
  const name = slice.key;
  if (change === null) return { name, value: null, why: `${NO_BASELINE}: ${noBaseline ?? "a cost is unknown"}` };
  const same = (one: Pick<Slice, "key" | "cloud" | "account" | "region">): boolean =>
    one.key === slice.key && one.cloud === slice.cloud && one.account === slice.account && one.region === slice.region;
  const driver = change.drivers.find(same);
  if (driver === undefined) return { name, value: null, why: "its cost is unknown" };
  return {
    name,
    value: gate.unit === "percent" ? share(driver.changeUsd, driver.beforeUsd) : driver.changeUsd,
    why: "it was not there before",
  };
}
