/**
 * Eventarc: the event filters of a trigger, on attributes of the CloudEvent. All must hold.
 * https://cloud.google.com/eventarc/docs/reference/rest/v1/projects.locations.triggers#EventFilter
 */
import type { Matcher } from "../../../model/filters.ts";
import { isObject } from "../../../model/json.ts";
import type { Json } from "../../../model/records.ts";
import { allOf, type Clause, illegal, shown } from "./clauses.ts";
import { matchesPath, parsePathPattern } from "./eventarc-path.ts";

/** The only operator besides equality. */
const PATH_OPERATOR = "match-path-pattern";

/** `filter`: `[{attribute, value, operator?}]`, or a trigger that has it as `eventFilters`. Events: CloudEvents as JSON, or `{attributes: {...}}`. */
export function matchEventarc(filter: string | Json): Matcher {
  let given: Json = filter;
  if (typeof filter === "string") {
    try {
      given = JSON.parse(filter) as Json;
    } catch {
      return illegal("eventarc", "the filter is not JSON");
    }
  }
  if (isObject(given)) given = given["eventFilters"] ?? given["filters"] ?? null;
  if (!Array.isArray(given)) return illegal("eventarc", "the filter is not an array of {attribute, value}");
  const clauses: Clause[] = [];
  for (const [i, one] of given.entries()) {
    if (!isObject(one)) return illegal("eventarc", `filter ${i + 1} is not an object`);
    const { attribute, value, operator } = one;
    if (typeof attribute !== "string" || attribute === "") return illegal("eventarc", `filter ${i + 1} has no attribute`);
    if (typeof value !== "string") return illegal("eventarc", `${attribute}: the value is not text`);
    if (operator !== undefined && operator !== null && operator !== "" && operator !== PATH_OPERATOR)
      return illegal("eventarc", `${attribute}: ${shown(operator)} is no operator (only ${PATH_OPERATOR})`);
    const clause = operator === PATH_OPERATOR ? pathClause(attribute, value) : equalClause(attribute, value);
    if (typeof clause === "string") return illegal("eventarc", clause);
    clauses.push(clause);
  }
  const types = clauses.filter((one) => one.path === "type");
  if (types.length !== 1) return illegal("eventarc", "a trigger filters on exactly one `type`");
  const repeated = clauses.find((one, i) => clauses.findIndex((other) => other.path === one.path) !== i);
  if (repeated !== undefined) return illegal("eventarc", `two filters on ${repeated.path}`);
  return allOf("eventarc", clauses);
}

function equalClause(attribute: string, value: string): Clause {
  const holds = (event: Json) => attributeOf(event, attribute) === value;
  return {
    path: attribute,
    holds,
    says: (event) => `${attribute} is ${shown(attributeOf(event, attribute))}${holds(event) ? "" : `, not ${shown(value)}`}`,
  };
}

function pathClause(attribute: string, value: string): Clause | string {
  if (attribute === "type") return "type: takes no path pattern";
  const pattern = parsePathPattern(value);
  if (typeof pattern === "string") return `${attribute}: ${pattern}`;
  const holds = (event: Json) => {
    const found = attributeOf(event, attribute);
    return typeof found === "string" && matchesPath(pattern, found);
  };
  return {
    path: attribute,
    holds,
    says: (event) =>
      `${attribute} is ${shown(attributeOf(event, attribute))}, which ${holds(event) ? "matches" : "does not match"} the path pattern ${shown(value)}`,
  };
}

function attributeOf(event: Json, name: string): Json | undefined {
  if (!isObject(event)) return undefined;
  if (Object.hasOwn(event, name)) return event[name];
  const attributes = event["attributes"];
  if (!isObject(attributes)) return undefined;
  // binary mode of CloudEvents over Pub/Sub and HTTP puts `ce-` before the name
  return Object.hasOwn(attributes, name)
    ? attributes[name]
    : Object.hasOwn(attributes, `ce-${name}`)
      ? attributes[`ce-${name}`]
      : undefined;
}
