/**
 * Event Grid: subject, event types and advanced filters of an event subscription (topics, system topics, domains).
 * https://learn.microsoft.com/azure/event-grid/event-filtering, EventSubscriptionFilter of Microsoft.EventGrid 2022-06-15.
 */
import type { Matcher } from "../../../model/filters.ts";
import { isObject, type JsonObject } from "../../../model/json.ts";
import type { Json } from "../../../model/records.ts";
import { allOf, type Clause, illegal, listed, shown } from "./clauses.ts";
import { ADVANCED, type AdvancedOperator, isAdvancedOperator } from "./event-grid-operators.ts";

/** Advanced filters of one event subscription, and values in all of them together. */
export const EVENT_GRID_MAX_FILTERS = 25;
export const EVENT_GRID_MAX_VALUES = 25;
/** Characters of one text value. */
export const EVENT_GRID_MAX_VALUE_CHARS = 512;

const KNOWN = new Set([
  "subjectBeginsWith",
  "subjectEndsWith",
  "isSubjectCaseSensitive",
  "includedEventTypes",
  "advancedFilters",
  "enableAdvancedFilteringOnArrays",
]);

/** `filter`: as in the resource (`properties.filter`), or an object that has it. Events: Event Grid schema or CloudEvents 1.0, one at a time. */
export function matchEventGrid(filter: string | Json): Matcher {
  let given: Json = filter;
  if (typeof filter === "string") {
    try {
      given = JSON.parse(filter) as Json;
    } catch {
      return illegal("event-grid", "the filter is not JSON");
    }
  }
  if (isObject(given) && isObject(given["properties"])) given = given["properties"];
  if (isObject(given) && given["filter"] !== undefined) given = given["filter"];
  if (!isObject(given)) return illegal("event-grid", "the filter is not a JSON object");
  const clauses: Clause[] = [];
  const wrong = subjectClauses(given, clauses) ?? typeClause(given, clauses) ?? advancedClauses(given, clauses);
  if (wrong !== null) return illegal("event-grid", wrong);
  return allOf("event-grid", clauses, warningsOf(given));
}

function warningsOf(filter: JsonObject): string[] {
  const unknown = Object.keys(filter).filter((name) => !KNOWN.has(name));
  return unknown.length === 0 ? [] : [`not part of a filter, and not looked at: ${unknown.join(", ")}`];
}

function subjectClauses(filter: JsonObject, clauses: Clause[]): string | null {
  const sensitive = filter["isSubjectCaseSensitive"] ?? false;
  if (typeof sensitive !== "boolean") return "isSubjectCaseSensitive is neither true nor false";
  for (const [name, verb, test] of [
    ["subjectBeginsWith", "begins with", (text: string, part: string) => text.startsWith(part)],
    ["subjectEndsWith", "ends with", (text: string, part: string) => text.endsWith(part)],
  ] as const) {
    const wanted = filter[name] ?? "";
    if (typeof wanted !== "string") return `${name} is not text`;
    if (wanted === "") continue;
    const part = sensitive ? wanted : wanted.toLowerCase();
    const holds = (event: Json) => {
      const subject = eventValue(event, ["subject"]);
      return typeof subject === "string" && test(sensitive ? subject : subject.toLowerCase(), part);
    };
    clauses.push({
      path: name,
      holds,
      says: (event) =>
        `subject is ${shown(eventValue(event, ["subject"]))}, which ${holds(event) ? verb : `does not ${verb.replace("s w", " w")}`} ${shown(wanted)}`,
    });
  }
  return null;
}

function typeClause(filter: JsonObject, clauses: Clause[]): string | null {
  const types = filter["includedEventTypes"] ?? [];
  if (!Array.isArray(types) || types.some((one) => typeof one !== "string")) return "includedEventTypes is not an array of texts";
  // `All` stands for every type in older subscriptions
  if (types.length === 0 || types.some((one) => (one as string).toLowerCase() === "all")) return null;
  const wanted = new Set(types.map((one) => (one as string).toLowerCase()));
  const holds = (event: Json) => {
    const type = eventValue(event, ["eventtype"]);
    return typeof type === "string" && wanted.has(type.toLowerCase());
  };
  clauses.push({
    path: "includedEventTypes",
    holds,
    says: (event) => `event type is ${shown(eventValue(event, ["eventtype"]))}, ${holds(event) ? "one" : "none"} of ${listed(types)}`,
  });
  return null;
}

function advancedClauses(filter: JsonObject, clauses: Clause[]): string | null {
  const filters = filter["advancedFilters"] ?? [];
  if (!Array.isArray(filters)) return "advancedFilters is not an array";
  if (filters.length > EVENT_GRID_MAX_FILTERS) return `${filters.length} advanced filters: at most ${EVENT_GRID_MAX_FILTERS} are allowed`;
  const onArrays = filter["enableAdvancedFilteringOnArrays"] ?? false;
  if (typeof onArrays !== "boolean") return "enableAdvancedFilteringOnArrays is neither true nor false";
  let values = 0;
  for (const [i, one] of filters.entries()) {
    const at = `advancedFilters[${i}]`;
    if (!isObject(one)) return `${at} is not an object`;
    const operator = one["operatorType"];
    if (typeof operator !== "string" || !isAdvancedOperator(operator)) return `${at}: ${shown(operator)} is no operator of Event Grid`;
    const key = one["key"];
    if (typeof key !== "string" || key === "") return `${at} has no key`;
    const wanted =
      ADVANCED[operator].takes === "one" ? [one["value"] ?? null] : ADVANCED[operator].takes === "none" ? [] : (one["values"] ?? null);
    const wrong = wrongValues(operator, wanted);
    if (wrong !== null) return `${at} (${key}): ${wrong}`;
    values += (wanted as Json[]).length;
    clauses.push(advancedClause(operator, key, wanted as Json[], onArrays));
  }
  return values > EVENT_GRID_MAX_VALUES ? `${values} values in all advanced filters: at most ${EVENT_GRID_MAX_VALUES} are allowed` : null;
}

function wrongValues(operator: AdvancedOperator, values: Json): string | null {
  const { takes, type } = ADVANCED[operator];
  if (takes === "none") return null;
  if (!Array.isArray(values)) return `${operator} needs an array of values`;
  if (values.length === 0) return `${operator} has no values`;
  for (const value of values) {
    if (takes === "ranges") {
      const isRange = Array.isArray(value) && value.length === 2 && value.every((one) => typeof one === "number");
      if (!isRange) return `${operator} takes pairs of numbers, not ${shown(value)}`;
      if ((value[0] as number) > (value[1] as number)) return `the range ${value.join(" to ")} is the wrong way round`;
    } else if (typeof value !== type) return `${operator} compares with a ${type}, not ${shown(value)}`;
    if (typeof value === "string" && value.length > EVENT_GRID_MAX_VALUE_CHARS)
      return `a value has ${value.length} characters: at most ${EVENT_GRID_MAX_VALUE_CHARS} are allowed`;
  }
  return null;
}

function advancedClause(operator: AdvancedOperator, key: string, values: readonly Json[], onArrays: boolean): Clause {
  const path = key.toLowerCase().split(".");
  const { words, holds: test, missing } = ADVANCED[operator];
  const prepared = values.map((one) => (typeof one === "string" ? one.toLowerCase() : one));
  const negative = operator.includes("Not") && operator !== "IsNotNull";
  const single = (value: Json) => test(typeof value === "string" ? value.toLowerCase() : value, prepared);
  const holds = (event: Json): boolean => {
    const value = eventValue(event, path);
    if (value === undefined || value === null) return missing;
    if (!Array.isArray(value) || operator === "IsNotNull" || operator === "IsNullOrUndefined") return single(value);
    // an array fails any operator unless the subscription says so: then one element is enough, or for Not* none may be listed
    if (!onArrays) return false;
    return negative ? value.every(single) : value.some(single);
  };
  return {
    path: key,
    holds,
    says(event) {
      const value = eventValue(event, path);
      const condition = `${operator}${values.length === 0 ? "" : ` ${listed(values)}`}`;
      const array = Array.isArray(value) && !onArrays ? ", and the subscription does not filter on arrays" : "";
      return `${key} is ${shown(value)}${array}: ${words} ${holds(event) ? "holds" : "does not hold"} (${condition})`;
    },
  };
}

/** Where CloudEvents call a property of the Event Grid schema otherwise, by lower-case key. */
const SAME: { [key: string]: readonly string[] } = {
  eventid: ["id"],
  eventtype: ["eventType", "type"],
  type: ["type", "eventType"],
  topic: ["topic", "source"],
  eventtypeversion: ["dataVersion", "dataversion", "eventTypeVersion"],
  eventtime: ["eventTime", "time"],
};

/** A value of the event by its key's lower-case parts; names are told apart by case only where two differ in nothing else. */
function eventValue(event: Json, path: readonly string[]): Json | undefined {
  let at: Json | undefined = event;
  for (const [i, part] of path.entries()) {
    if (!isObject(at)) return undefined;
    const names = (i === 0 ? SAME[part] : undefined) ?? [part];
    at = undefinedOr(at, names);
  }
  return at;
}

function undefinedOr(object: JsonObject, names: readonly string[]): Json | undefined {
  for (const name of names) {
    if (Object.hasOwn(object, name)) return object[name];
    const folded = Object.keys(object).find((one) => one.toLowerCase() === name.toLowerCase());
    if (folded !== undefined) return object[folded];
  }
  return undefined;
}
