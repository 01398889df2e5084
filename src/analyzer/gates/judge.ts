/** Thresholds held against a report. Pure. */
import type { CostReport, GateResult, ReportBy, Slice } from "../../model/cost-report.ts";
import type { Gate, GateUnit } from "./grammar.ts";

const DAYS_PER_MONTH = 30.436875;

/** A value with what it is of; null: not known, and why. */
interface Seen {
  name: string | null;
  value: number | null;
  why?: string;
  /** It is not known for want of a baseline alone. Left out: no. */
  unCompared?: true;
}

export function judge(gates: readonly Gate[], report: CostReport): GateResult[] {
  return gates.map((gate) => judged(gate, report));
}

/** A threshold of level `fail` was crossed, or cannot be judged for another reason than that there is no baseline yet. */
export function crossed(results: readonly GateResult[]): boolean {
  return results.some((one) => one.level === "fail" && (one.outcome === "crossed" || one.outcome === "unknown"));
}

/** Of several matches the worst counts; one that is not known leaves the rest in doubt, unless another crosses already. */
function judged(gate: Gate, report: CostReport): GateResult {
  const seen = valuesOf(gate, report);
  const base = { rule: gate.rule, level: gate.level, limit: gate.limit };
  const known = seen.filter((one): one is Seen & { value: number } => one.value !== null);
  const isUp = gate.op.startsWith(">");
  const worst = known.length === 0 ? null : known.reduce((most, one) => (isUp === one.value > most.value ? one : most));
  const dark = seen.find((one) => one.value === null);
  if (worst === null || (dark !== undefined && !isOver(worst.value, gate))) {
    const outcome = dark?.unCompared === true ? "no-baseline" : "unknown";
    const of = dark?.name == null ? "" : ` of ${dark.name}`;
    return { ...base, outcome, value: null, reason: `${gate.rule}: not known${of}: ${dark?.why ?? "no telemetry says"}` };
  }
  const of = worst.name === null ? "" : ` of ${worst.name}`;
  const over = isOver(worst.value, gate);
  const reason = `${gate.rule}: ${over ? "crossed" : "kept"}: ${gate.metric}${of} is ${text(worst.value, gate.unit)}`;
  return { ...base, outcome: over ? "crossed" : "passed", value: worst.value, reason };
}

function isOver(value: number, { op, limit }: Gate): boolean {
  return { ">": value > limit, ">=": value >= limit, "<": value < limit, "<=": value <= limit }[op];
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
  const matches = (name: string): boolean => isNamed(name, scope.name);
  if (scope.of === "route" && gate.metric !== "cost" && gate.metric !== "waste") {
    const routes = report.transactions.filter((one) => matches(one.route));
    return routes.length === 0 ? [missing(scope.of, scope.name)] : routes.map((one) => ofRoute(gate, one));
  }
  const slices = (report.slices[scope.of as ReportBy] ?? []).filter((one) => matches(one.key));
  return slices.length === 0 ? [missing(scope.of, scope.name)] : slices.map((one) => ofSlice(gate, one, report));
}

function missing(of: string, name: string): Seen {
  return { name, value: null, why: `no ${of} of that name in the window: ${name}` };
}

/** Whether a name is what a pattern says, whose `*` stands for anything: pieces in their order, so that long names cost no more than their length. */
function isNamed(name: string, pattern: string): boolean {
  const pieces = pattern.split("*");
  if (pieces.length === 1) return name === pattern;
  const [first, last] = [pieces[0]!, pieces.at(-1)!];
  if (!name.startsWith(first) || !name.endsWith(last) || name.length < first.length + last.length) return false;
  let at = first.length;
  for (const piece of pieces.slice(1, -1)) {
    const found = name.indexOf(piece, at);
    if (found < 0 || found + piece.length > name.length - last.length) return false;
    at = found + piece.length;
  }
  return true;
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
      if (report.change === null) return { name, value: null, why: report.noBaseline ?? "a cost is unknown", unCompared: true };
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
  if (change === null) return { name, value: null, why: noBaseline ?? "a cost is unknown", unCompared: true };
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
