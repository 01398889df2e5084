/** Which vendor's language a filter is written in, by its form. */
import type { FilterGrammar } from "../../../model/filters.ts";
import { isObject, type JsonObject } from "../../../model/json.ts";
import type { Json } from "../../../model/records.ts";

const GRID = ["subjectBeginsWith", "subjectEndsWith", "includedEventTypes", "advancedFilters", "enableAdvancedFilteringOnArrays"];
const CORRELATION = ["correlationId", "messageId", "to", "replyTo", "label", "sessionId", "replyToSessionId", "contentType"];

/**
 * The grammar of a filter as text, or parsed. JSON that no other vendor would write is taken for an EventBridge pattern; Lambda mappings
 * (`{"Filters": [...]}`) are told apart by the field that their patterns look into. SNS policies look like patterns of EventBridge: they are
 * not recognised.
 */
export function recogniseGrammar(filter: string | Json): FilterGrammar {
  const parsed = typeof filter === "string" ? parse(filter) : filter;
  if (parsed === null || typeof parsed !== "object") return textGrammar(typeof filter === "string" ? filter : "");
  if (Array.isArray(parsed)) return parsed.some((one) => isObject(one) && "attribute" in one) ? "eventarc" : "eventbridge";
  return objectGrammar(parsed);
}

/** A piece of JSON cut short is still meant as JSON: it is for EventBridge's matcher to say what is wrong with it. */
function parse(text: string): Json | null {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return /^\s*[{[]\s*["{}[\]]/.test(text) ? {} : null;
  }
}

function textGrammar(text: string): FilterGrammar {
  return /(?:^|[\s(-])(?:attributes\s*[.:]|hasPrefix\s*\()/.test(text) ? "pubsub" : "service-bus-sql";
}

function objectGrammar(object: JsonObject): FilterGrammar {
  const inner = isObject(object["properties"]) ? object["properties"] : object;
  if (Array.isArray(object["eventFilters"])) return "eventarc";
  if ("sqlExpression" in inner || "sqlFilter" in inner) return "service-bus-sql";
  if ("correlationFilter" in inner || CORRELATION.some((name) => typeof object[name] === "string")) return "service-bus-correlation";
  const grid = inner["filter"] ?? object;
  if (isObject(grid) && GRID.some((name) => name in grid)) return "event-grid";
  if (typeof object["filter"] === "string") return "pubsub";
  return Array.isArray(object["Filters"]) ? sourceOf(object["Filters"]) : "eventbridge";
}

function sourceOf(filters: readonly Json[]): FilterGrammar {
  const keys = filters.flatMap((one) => {
    const pattern = isObject(one) ? one["Pattern"] : null;
    const parsed = typeof pattern === "string" ? parse(pattern) : pattern;
    return isObject(parsed ?? undefined) ? Object.keys(parsed as JsonObject) : [];
  });
  if (keys.includes("dynamodb") || keys.includes("eventName")) return "dynamodb";
  if (keys.includes("value")) return "kafka";
  return keys.includes("data") ? "kinesis" : "sqs";
}
