/** Pub/Sub subscription filters: on the attributes of a message, never its data. https://cloud.google.com/pubsub/docs/subscription-message-filter */
import type { Decision, Matcher } from "../../../model/filters.ts";
import { isObject, type JsonObject } from "../../../model/json.ts";
import type { Json } from "../../../model/records.ts";
import { illegal, shown } from "./clauses.ts";
import { decideLogic } from "./logic.ts";
import { type AttributeTest, parsePubsub } from "./pubsub-parse.ts";

export const PUBSUB_MAX_FILTER_BYTES = 256;

/**
 * `filter`: the text, or an object with it as `filter`; empty: everything matches. Messages: `{attributes}`, also inside `message` (push) or
 * `data.message` (CloudEvents of Pub/Sub).
 */
export function matchPubsub(filter: string | Json): Matcher {
  const grammar = "pubsub";
  const text = isObject(filter) ? (filter["filter"] ?? null) : filter;
  if (typeof text !== "string") return illegal(grammar, "the filter is not text");
  const bytes = new TextEncoder().encode(text).length;
  if (bytes > PUBSUB_MAX_FILTER_BYTES)
    return illegal(grammar, `the filter has ${bytes} bytes: at most ${PUBSUB_MAX_FILTER_BYTES} are allowed`);
  if (text.trim() === "") return everything();
  const logic = parsePubsub(text);
  if (typeof logic === "string") return illegal(grammar, logic);
  return {
    grammar,
    invalid: null,
    warnings: [],
    matches(event) {
      const attributes = attributesOf(event);
      return decideLogic(logic, (test) => holds(test, attributes)).truth === true;
    },
    decide(event): Decision {
      const attributes = attributesOf(event);
      const { truth, by } = decideLogic(logic, (test) => holds(test, attributes));
      const value = shown(Object.hasOwn(attributes, by.key) ? attributes[by.key] : undefined);
      const reason = `${by.text} ${holds(by, attributes) ? "holds" : "does not hold"} (${by.key} is ${value})`;
      return { verdict: truth === true ? "match" : "no_match", reason, clause: `attributes.${by.key}` };
    },
  };
}

function everything(): Matcher {
  const decision: Decision = { verdict: "match", reason: "there is no filter: everything matches", clause: null };
  return { grammar: "pubsub", invalid: null, warnings: [], matches: () => true, decide: () => decision };
}

/** Attributes are text; a message without any has none. */
function attributesOf(event: Json): JsonObject {
  for (let at: Json | undefined = event; isObject(at); at = at["message"] ?? at["data"])
    if (isObject(at["attributes"])) return at["attributes"];
  return {};
}

function holds(test: AttributeTest, attributes: JsonObject): boolean {
  const value = Object.hasOwn(attributes, test.key) ? attributes[test.key] : undefined;
  switch (test.kind) {
    case "has":
      return value !== undefined;
    case "equals":
      return value === test.value;
    case "differs":
      return value !== undefined && value !== test.value;
    case "prefix":
      return typeof value === "string" && value.startsWith(test.value ?? "");
  }
}
