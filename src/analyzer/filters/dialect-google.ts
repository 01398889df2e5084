/** Filters of Google Cloud: Pub/Sub's attribute language and Eventarc's equality lists; and equality lists of Service Bus, which are as narrow. */
import type { Json } from "../../model/records.ts";
import type { Clause, KeepRule, Test } from "./clause.ts";
import { joinedClauses } from "./clause.ts";

const quoted = (text: string): string => JSON.stringify(text);

/** The attribute's name; other than letters, digits, `_` and `-` it is quoted. */
const nameOf = (test: Test): string => {
  const name = test.path[1]!;
  return /^[A-Za-z_][A-Za-z0-9_-]*$/.test(name) ? name : quoted(name);
};

const anyOf = (parts: readonly string[]): string => (parts.length === 1 ? parts[0]! : `(${parts.join(" OR ")})`);

/** What the test drops; null: the language has no operator for it (numbers, ends). */
function droppedBy(test: Test): string | null {
  const name = nameOf(test);
  if (test.kind === "present") return `NOT attributes:${name}`;
  if (test.kind === "absent") return `attributes:${name}`;
  if (test.kind === "outside" || test.part === "suffix" || !test.dropped.every((value) => typeof value === "string")) return null;
  if (test.part === "prefix") return anyOf(test.dropped.map((value) => `hasPrefix(attributes.${name}, ${quoted(value)})`));
  return anyOf(test.dropped.map((value) => `attributes.${name} = ${quoted(value)}`));
}

/** A clause as the other side of what it drops: a message without the attribute is kept. */
function pubsubClause(clause: Clause): string | null {
  const dropped = clause.map(droppedBy);
  if (dropped.some((part) => part === null)) return null;
  const [first] = dropped as string[];
  if (dropped.length > 1) return `NOT (${dropped.join(" AND ")})`;
  return first!.startsWith("NOT ") ? first!.slice(4) : first!.startsWith("(") ? `NOT ${first}` : `NOT (${first})`;
}

/** The filter of a subscription, joined to the existing one by AND: https://cloud.google.com/pubsub/docs/subscription-message-filter */
export function pubsubFilter(rule: KeepRule, current: string | null): string | null {
  const clauses = joinedClauses(rule).map(pubsubClause);
  if (clauses.some((clause) => clause === null)) return null;
  return [...(current === null || current === "" ? [] : [`(${current})`]), ...clauses].join(" AND ");
}

/** Fields and the one value that each must have; null: the rule keeps more than one value of a field, or has alternatives. */
function equalities(rule: KeepRule): { path: readonly string[]; value: string }[] | null {
  const found: { path: readonly string[]; value: string }[] = [];
  for (const clause of joinedClauses(rule)) {
    const [test] = clause;
    if (clause.length !== 1 || test?.kind !== "not-in" || test.part !== "value") return null;
    const [value] = test.kept;
    if (test.kept.length !== 1 || typeof value !== "string") return null;
    found.push({ path: test.path, value });
  }
  return found;
}

/** Eventarc: attributes and their values; values never seen are dropped, the grammar has no other way. */
export function eventarcFilter(rule: KeepRule, current: string | null): string | null {
  const asked = equalities(rule);
  if (asked === null || asked.some(({ path }) => path.length !== 1)) return null;
  try {
    const before = current === null ? [] : (JSON.parse(current) as { [key: string]: Json }[]);
    if (!Array.isArray(before) || before.some((one) => asked.some(({ path }) => path[0] === one["attribute"]))) return null;
    return JSON.stringify([...before, ...asked.map(({ path, value }) => ({ attribute: path[0]!, value }))]);
  } catch {
    return null;
  }
}

/** A correlation filter of Service Bus: properties and their values, all equal. */
export function correlationFilter(rule: KeepRule, current: string | null): string | null {
  const asked = equalities(rule);
  if (asked === null) return null;
  try {
    const before = current === null ? {} : (JSON.parse(current) as { [key: string]: Json });
    const properties: { [key: string]: Json } = { ...(before["properties"] as { [key: string]: Json } | undefined) };
    const system: { [key: string]: Json } = {};
    for (const { path, value } of asked) {
      const name = path[1]!;
      if (path[0] === "user") properties[name] = value;
      else system[`${name[0]!.toLowerCase()}${name.slice(1)}`] = value;
    }
    return JSON.stringify({ ...before, ...system, ...(Object.keys(properties).length === 0 ? {} : { properties }) });
  } catch {
    return null;
  }
}
