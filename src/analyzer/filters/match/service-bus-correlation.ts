/**
 * Service Bus correlation filters: named properties of a message that must all be equal, case and all.
 * https://learn.microsoft.com/azure/service-bus-messaging/topic-filters#filters
 */
import type { Matcher } from "../../../model/filters.ts";
import { isObject } from "../../../model/json.ts";
import type { Json } from "../../../model/records.ts";
import { allOf, type Clause, illegal, shown } from "./clauses.ts";
import { systemProperty, userProperty } from "./service-bus-message.ts";

const FIELDS = ["correlationId", "messageId", "to", "replyTo", "label", "subject", "sessionId", "replyToSessionId", "contentType"] as const;

/**
 * `filter`: CorrelationFilter of Microsoft.ServiceBus or of the SDKs (`subject`, `applicationProperties` there), or a rule that has it as
 * `correlationFilter`. Messages: see `service-bus-message.ts`.
 */
export function matchCorrelation(filter: string | Json): Matcher {
  const grammar = "service-bus-correlation";
  let given: Json = filter;
  if (typeof filter === "string") {
    try {
      given = JSON.parse(filter) as Json;
    } catch {
      return illegal(grammar, "the filter is not JSON");
    }
  }
  for (const name of ["properties", "correlationFilter"])
    if (isObject(given) && isObject(given[name]) && (name !== "properties" || isObject(given[name]["correlationFilter"])))
      given = given[name];
  if (!isObject(given)) return illegal(grammar, "the filter is not a JSON object");
  const clauses: Clause[] = [];
  for (const name of FIELDS) {
    const value = given[name];
    if (value === undefined || value === null) continue;
    if (typeof value !== "string") return illegal(grammar, `${name} is not text`);
    clauses.push(equal(`sys.${name}`, value, (event) => systemProperty(event, name)));
  }
  const properties = given["applicationProperties"] ?? given["properties"] ?? {};
  if (!isObject(properties)) return illegal(grammar, "the properties are not an object");
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || typeof value === "object") return illegal(grammar, `user.${name} is compared with ${shown(value)}`);
    clauses.push(equal(`user.${name}`, value, (event) => userProperty(event, name, true)));
  }
  if (clauses.length === 0) return illegal(grammar, "a correlation filter names at least one property");
  return allOf(grammar, clauses);
}

function equal(path: string, wanted: string | number | boolean, read: (event: Json) => Json | undefined): Clause {
  return {
    path,
    holds: (event) => read(event) === wanted,
    says(event) {
      const value = read(event);
      return `${path} is ${shown(value)}${value === wanted ? "" : `, not ${shown(wanted)}`}`;
    },
  };
}
