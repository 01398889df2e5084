/**
 * Service Bus SQL filters: on properties of a message, never its body.
 * https://learn.microsoft.com/azure/service-bus-messaging/service-bus-messaging-sql-filter
 */
import type { Decision, Matcher } from "../../../model/filters.ts";
import { isObject } from "../../../model/json.ts";
import type { Json } from "../../../model/records.ts";
import { illegal, shown } from "./clauses.ts";
import { decideLogic, type Truth } from "./logic.ts";
import { FilterFault, propertyOf, truthOf } from "./service-bus-evaluate.ts";
import { type Condition, parseSql, type Property, type SqlValue } from "./service-bus-parse.ts";

/** https://learn.microsoft.com/azure/service-bus-messaging/service-bus-quotas */
export const SERVICE_BUS_MAX_SQL_CHARS = 1024;

/**
 * `filter`: the expression, or `{sqlExpression, parameters?}`, alone or as `sqlFilter` of a rule. Messages: see `service-bus-message.ts`. A
 * message on which the filter cannot be evaluated is no match: the broker does not give it to the subscription.
 */
export function matchServiceBusSql(filter: string | Json): Matcher {
  const grammar = "service-bus-sql";
  const { expression, parameters } = expressionOf(filter);
  if (expression === null) return illegal(grammar, "there is no SQL expression");
  if (expression.length > SERVICE_BUS_MAX_SQL_CHARS)
    return illegal(grammar, `the expression has ${expression.length} characters: at most ${SERVICE_BUS_MAX_SQL_CHARS} are allowed`);
  const logic = parseSql(expression, parameters);
  if (typeof logic === "string") return illegal(grammar, logic);

  function ask(message: Json): { truth: Truth; by: Condition | null; fault: string | null } {
    let asked: Condition | null = null;
    try {
      const decided = decideLogic(logic as Exclude<typeof logic, string>, (leaf) => {
        asked = leaf;
        return truthOf(leaf, message);
      });
      return { ...decided, fault: null };
    } catch (caught) {
      if (caught instanceof FilterFault) return { truth: null, by: asked, fault: caught.message };
      throw caught;
    }
  }

  return {
    grammar,
    invalid: null,
    warnings: [],
    matches: (message) => ask(message).truth === true,
    decide(message): Decision {
      const { truth, by, fault } = ask(message);
      const verdict = truth === true ? "match" : "no_match";
      if (by === null) return { verdict, reason: fault ?? "nothing decided", clause: null };
      const values = by.properties.map((one) => `${pathOf(one)} is ${shown(propertyOf(one, message))}`).join(", ");
      const said = fault === null ? inWords(truthOf(by, message)) : `cannot be evaluated: ${fault}`;
      return {
        verdict,
        reason: `${by.text} ${said}${values === "" ? "" : ` (${values})`}`,
        clause: by.properties[0] ? pathOf(by.properties[0]) : by.text,
      };
    },
  };
}

function inWords(truth: Truth): string {
  return truth === null ? "is unknown" : truth ? "holds" : "does not hold";
}

function pathOf(property: Property): string {
  return `${property.scope}.${property.name}`;
}

function expressionOf(filter: string | Json): { expression: string | null; parameters: Map<string, SqlValue> } {
  let given: Json = filter;
  if (typeof given === "string" && /^\s*\{/.test(given)) {
    try {
      given = JSON.parse(given) as Json;
    } catch {
      return { expression: given as string, parameters: new Map() };
    }
  }
  if (isObject(given) && isObject(given["properties"])) given = given["properties"];
  if (isObject(given) && isObject(given["sqlFilter"])) given = given["sqlFilter"];
  if (typeof given === "string") return { expression: given.trim() === "" ? null : given, parameters: new Map() };
  const parameters = new Map<string, SqlValue>();
  if (!isObject(given)) return { expression: null, parameters };
  for (const [name, value] of Object.entries(isObject(given["parameters"]) ? given["parameters"] : {}))
    if (value !== null && typeof value !== "object")
      parameters.set(name, typeof value === "number" && Number.isSafeInteger(value) ? BigInt(value) : value);
  const expression = given["sqlExpression"];
  return { expression: typeof expression === "string" && expression.trim() !== "" ? expression : null, parameters };
}
