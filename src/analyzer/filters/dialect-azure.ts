/** Filters of Azure: Event Grid's advanced filters and the SQL of Service Bus rules. */
import type { Json } from "../../model/records.ts";
import type { Clause, KeepRule, OutsideOf, Scalar, Test } from "./clause.ts";
import { joinedClauses } from "./clause.ts";

type Advanced = { [key: string]: Json };

/** The least and greatest number that a range is written with where it has no bound. */
const unbounded = 1e15;

function ranges(test: OutsideOf): Json {
  return test.ranges.map(({ from, to }) => [from ?? -unbounded, to ?? unbounded]);
}

const texts = (values: readonly Scalar[]): boolean => values.every((value) => typeof value === "string");

/** Keys that every event has, in the Event Grid schema and in that of CloudEvents. */
const always = new Set(["id", "subject", "topic", "source", "eventtype", "type"]);

/**
 * A test as an advanced filter; null: no operator says it. `StringNotIn`, `NumberNotIn` and `NumberNotInRange` keep events that lack the key,
 * `StringNotBeginsWith`, `StringNotEndsWith` and `BoolEquals` do not, so that the last are of no use where a key may be missing
 * (https://learn.microsoft.com/azure/event-grid/event-filtering).
 */
function advanced(test: Test): Advanced | null {
  const key = test.path.join(".");
  if (test.path.some((part) => part.includes("."))) return null;
  if (test.kind === "present") return { operatorType: "IsNotNull", key };
  if (test.kind === "absent") return { operatorType: "IsNullOrUndefined", key };
  if (test.kind === "outside") return { operatorType: "NumberNotInRange", key, values: ranges(test) };
  const values = [...test.dropped];
  if (test.part !== "value" && !always.has(key.toLowerCase())) return null;
  if (test.part !== "value") return { operatorType: test.part === "prefix" ? "StringNotBeginsWith" : "StringNotEndsWith", key, values };
  if (texts(values)) return { operatorType: "StringNotIn", key, values };
  return values.every((value) => typeof value === "number") ? { operatorType: "NumberNotIn", key, values } : null;
}

/** The subscription's filter with the rule's clauses besides those it has: all of them must hold. null: the rule has alternatives, which it cannot say. */
export function eventGridFilter(rule: KeepRule, current: string | null): string | null {
  const filters: Advanced[] = [];
  for (const clause of joinedClauses(rule)) {
    const one = clause.length === 1 ? advanced(clause[0]!) : null;
    if (one === null) return null;
    filters.push(one);
  }
  try {
    const before = current === null ? {} : (JSON.parse(current) as Advanced);
    const held = Array.isArray(before["advancedFilters"]) ? before["advancedFilters"] : [];
    return JSON.stringify({ ...before, advancedFilters: [...held, ...filters] });
  } catch {
    return null;
  }
}

const sqlText = (value: string): string => `'${value.replaceAll("'", "''")}'`;

const sqlValue = (value: Scalar): string => (typeof value === "string" ? sqlText(value) : String(value).toUpperCase());

const likeText = (value: string): string => value.replaceAll(/[\\%_[\]^]/g, (letter) => `\\${letter}`);

function sqlName(path: readonly string[]): string {
  const [scope, name] = path as [string, string];
  const quoted = /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? name : `[${name.replaceAll("]", "]]")}]`;
  return scope === "sys" ? `sys.${quoted}` : quoted;
}

function like(name: string, part: "prefix" | "suffix", value: string): string {
  const escaped = likeText(value);
  const pattern = sqlText(part === "prefix" ? `${escaped}%` : `%${escaped}`);
  return `${name} LIKE ${pattern}${escaped === value ? "" : " ESCAPE '\\'"}`;
}

/** A test as a condition; a missing property compares as unknown, which is no match, so that it is asked for first. */
function condition(test: Test): string {
  const name = sqlName(test.path);
  if (test.kind === "present") return `${name} IS NOT NULL`;
  if (test.kind === "absent") return `${name} IS NULL`;
  if (test.kind === "outside") {
    const kept = test.ranges.map(({ from, to }) =>
      [from === null ? null : `${name} < ${from}`, to === null ? null : `${name} > ${to}`].filter((side) => side !== null).join(" OR "),
    );
    const all = kept.length === 1 ? kept[0]! : kept.map((side) => `(${side})`).join(" AND ");
    return `${name} IS NULL OR ${kept.length === 1 ? all : `(${all})`}`;
  }
  if (test.part === "value") return `${name} IS NULL OR ${name} NOT IN (${test.dropped.map(sqlValue).join(", ")})`;
  const { part } = test;
  return `${name} IS NULL OR NOT (${test.dropped.map((value) => like(name, part, String(value))).join(" OR ")})`;
}

const sqlClause = (clause: Clause): string => `(${clause.map(condition).join(" OR ")})`;

/**
 * The rule's SQL expression, joined to the existing one by AND. NULL and three-valued logic:
 * https://learn.microsoft.com/azure/service-bus-messaging/service-bus-messaging-sql-filter
 */
export function serviceBusSql(rule: KeepRule, current: string | null): string {
  const clauses = joinedClauses(rule).map(sqlClause);
  const before = current === null || /^\s*1\s*=\s*1\s*$/.test(current) ? [] : [`(${current})`];
  return [...before, ...clauses].join(" AND ");
}
