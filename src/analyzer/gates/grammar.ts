/** The grammar of thresholds: `[SCOPE] METRIC OP LIMIT`, as `docs/report.md` tells users. Pure. */
import type { GateLevel } from "../../model/cost-report.ts";
import { UserError } from "../../model/errors.ts";

const METRICS = {
  cost: ["usd", "usd/month"],
  increase: ["percent", "usd"],
  waste: ["percent", "usd"],
  projection: ["usd"],
  "projection-p90": ["usd"],
  saving: ["usd"],
  invocations: ["count"],
  errors: ["percent"],
  p95: ["ms"],
  unknown: ["count"],
  "per-transaction": ["usd"],
  count: ["count"],
  failed: ["count", "percent"],
  broken: ["count", "percent"],
} as const;

export type Metric = keyof typeof METRICS;
export type GateUnit = "usd" | "usd/month" | "percent" | "ms" | "count";
/** `name` may hold `*`. */
export type GateScope = { of: "all" } | { of: "chain" } | { of: "function" | "route" | "service" | "cloud" | "tag"; name: string };

/** What can be asked of what. */
const BY_SCOPE: { [of in GateScope["of"]]: readonly Metric[] } = {
  all: ["cost", "increase", "waste", "projection", "projection-p90", "saving", "invocations", "errors", "unknown"],
  chain: ["count", "failed", "broken"],
  function: ["cost", "increase", "waste", "p95", "invocations", "errors", "unknown"],
  route: ["cost", "waste", "per-transaction", "p95", "count", "failed", "broken"],
  service: ["cost", "unknown"],
  cloud: ["cost", "waste", "unknown"],
  tag: ["cost", "waste", "invocations", "errors"],
};

export interface Gate {
  /** As it was written. */
  rule: string;
  level: GateLevel;
  scope: GateScope;
  metric: Metric;
  op: ">" | ">=" | "<" | "<=";
  /** In `unit`; percent as a share (10 % is 0.1). */
  limit: number;
  unit: GateUnit;
}

const NAMED = ["function", "route", "service", "cloud", "tag"] as const;
const UNIT_FACTORS: { [unit: string]: readonly [GateUnit, number] } = {
  "": ["count", 1],
  k: ["count", 1e3],
  M: ["count", 1e6],
  "%": ["percent", 0.01],
  $: ["usd", 1],
  USD: ["usd", 1],
  "/month": ["usd/month", 1],
  "$/month": ["usd/month", 1],
  "USD/month": ["usd/month", 1],
  ms: ["ms", 1],
  s: ["ms", 1000],
  min: ["ms", 60_000],
};

/** Reads one rule. Throws UserError with the place of what is wrong, and what may stand there. */
export function parseGate(text: string, level: GateLevel): Gate {
  const reader = new Reader(text);
  const scope = scopeOf(reader);
  const metricAt = reader.at;
  const metric = reader.take(/^[a-z][a-z0-9-]*/);
  const metrics = BY_SCOPE[scope.of];
  if (metric === null || !metrics.includes(metric as Metric)) throw reader.error(metricAt, `expected ${metrics.join(", ")}`);
  const op = reader.take(/^(>=|<=|>|<)/);
  if (op === null) throw reader.error(reader.at, "expected >, >=, < or <=");
  const numberAt = reader.at;
  const dollars = reader.take(/^\$/) !== null;
  const digits = reader.take(/^\d+(\.\d+)?/);
  if (digits === null) throw reader.error(reader.at, "expected a number");
  const unitAt = reader.at;
  const written = reader.take(/^[^\s]+/) ?? "";
  const found = Object.hasOwn(UNIT_FACTORS, dollars ? `$${written}` : written)
    ? UNIT_FACTORS[dollars ? `$${written}` : written]
    : undefined;
  if (found === undefined) throw reader.error(unitAt, "expected %, $, USD, USD/month, ms, s, min, k, M or nothing");
  if (!reader.isDone()) throw reader.error(reader.at, "expected nothing more");
  const units: readonly GateUnit[] = METRICS[metric as Metric];
  // a plain number is in the metric's first unit that is no share: cost>500 is USD, broken>0 a count
  const plain = units.find((unit) => unit !== "percent" && unit !== "ms");
  const bare = written === "" && !dollars;
  const unit = bare ? plain : found[0];
  if (unit === undefined || !units.includes(unit))
    throw reader.error(numberAt, `${metric} is held against ${units.map((one) => UNIT_NAMES[one]).join(" or ")}`);
  return {
    rule: text.trim(),
    level,
    scope,
    metric: metric as Metric,
    op: op as Gate["op"],
    limit: Number(digits) * (bare ? 1 : found[1]),
    unit,
  };
}

const UNIT_NAMES: { [unit in GateUnit]: string } = {
  usd: "an amount (500, $500)",
  "usd/month": "an amount a month ($500/month)",
  percent: "a share (10%)",
  ms: "a time (800ms, 2s)",
  count: "a number (1000, 1k, 2M)",
};

/** `--budget`: fails where the month is expected to cost more, warns where it may (1 of 10 cases). */
export function budgetGates(usd: number): Gate[] {
  return [parseGate(`projection>${decimal(usd)}`, "fail"), parseGate(`projection-p90>${decimal(usd)}`, "warn")];
}

/** Without exponent, which the grammar does not know. */
function decimal(value: number): string {
  return value.toLocaleString("en-US", { useGrouping: false, maximumFractionDigits: 10 });
}

function scopeOf(reader: Reader): GateScope {
  const at = reader.at;
  const word = reader.peek(/^(chain)(?=\s)|^(function|route|service|cloud|tag):/);
  if (word === null) return { of: "all" };
  if (word === "chain") {
    reader.take(/^chain/);
    return { of: "chain" };
  }
  reader.takeRaw(/^[a-z]+:/);
  const of = NAMED.find((one) => `${one}:` === word)!;
  const quoted = reader.takeRaw(/^"([^"]*)"/);
  const name = quoted === null ? reader.takeRaw(/^[^\s"]+/) : quoted.slice(1, -1);
  if (name === null || name === "") throw reader.error(reader.at, `expected a name, as in ${of}:checkout or ${of}:"place order"`);
  if (reader.isDone()) throw reader.error(at, `expected a metric after the name: ${BY_SCOPE[of].join(", ")}`);
  reader.skip();
  return { of, name };
}

/** A place in the text. */
class Reader {
  readonly text: string;
  at = 0;
  constructor(text: string) {
    this.text = text;
    this.skip();
  }
  skip(): void {
    while (/\s/.test(this.text[this.at] ?? "")) this.at += 1;
  }
  peek(pattern: RegExp): string | null {
    return pattern.exec(this.text.slice(this.at))?.[0] ?? null;
  }
  /** What matches here, and the space behind it. */
  take(pattern: RegExp): string | null {
    const found = this.takeRaw(pattern);
    if (found !== null) this.skip();
    return found;
  }
  takeRaw(pattern: RegExp): string | null {
    const found = this.peek(pattern);
    if (found !== null) this.at += found.length;
    return found;
  }
  isDone(): boolean {
    return this.at >= this.text.length;
  }
  error(at: number, expected: string): UserError {
    return new UserError(`threshold ${JSON.stringify(this.text)}: column ${at + 1}: ${expected}`, {
      suggestions: [
        "as in 'increase>10%', 'cost>500', 'waste>5%', 'function:checkout p95>800ms', 'chain broken>0'",
        "docs/report.md has all of them",
      ],
    });
  }
}
