/**
 * Filter policies of SNS subscriptions, on message attributes or on the body. https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html,
 * limits: https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html.
 */
import type { Matcher } from "../../../model/filters.ts";
import { isObject, type JsonObject } from "../../../model/json.ts";
import type { Json } from "../../../model/records.ts";
import { compilePattern, type PatternField } from "./eventbridge-compile.ts";
import { decideAlternatives, matchesAlternatives } from "./eventbridge-decide.ts";
import { warningsOf } from "./eventbridge.ts";
import { type CompiledFilter, filterText, matcherFrom } from "./matcher.ts";
import { PatternError, type PatternNode, readPattern } from "./pattern-json.ts";
import type { Operators } from "./term.ts";

/** Limits of one policy; `stars`: of one wildcard, and of all together. */
export const SNS_POLICY_LIMITS = { keys: 5, combinations: 150, bytes: 256 * 1024, stars: { each: 3, all: 100 } };

const OPERATORS: Operators = {
  service: "SNS",
  names: new Set(["prefix", "suffix", "equals-ignore-case", "wildcard", "numeric", "exists", "cidr", "anything-but"]),
  inAnythingBut: new Set(["prefix", "suffix", "wildcard"]),
  caseless: false,
  documentedMagnitude: 1e9,
};

/**
 * A filter policy, as text or parsed; `{}` lets every message through. Events of `sns-attributes`: a message or notification with `MessageAttributes` (or
 * `messageAttributes`), or attributes by name with plain values. Events of `sns-body`: a notification with `Message`, the body as text, or the body parsed.
 */
export function matchSns(scope: "sns-attributes" | "sns-body", policy: Json): Matcher {
  const view = scope === "sns-attributes" ? attributesOf : bodyOf;
  return matcherFrom(scope, (): CompiledFilter => {
    const text = filterText(policy);
    if (new TextEncoder().encode(text).length > SNS_POLICY_LIMITS.bytes) throw new PatternError("the policy is larger than 256 KB");
    const root = readPattern(text);
    if (root.kind === "object" && root.entries.length === 0) return everything();
    if (root.kind === "object") checkKeys(root.entries, scope);
    const alternatives = compilePattern(root, OPERATORS);
    checkComplexity(alternatives);
    const decide = decideAlternatives(alternatives);
    const matches = matchesAlternatives(alternatives);
    return {
      warnings: warningsOf(alternatives),
      decide: (event) => {
        const seen = view(event);
        return seen === null ? { verdict: "no_match", reason: "the message body is not a JSON object", clause: null } : decide(seen);
      },
      matches: (event) => {
        const seen = view(event);
        return seen !== null && matches(seen);
      },
    };
  });
}

function everything(): CompiledFilter {
  return { warnings: [], decide: () => ({ verdict: "match", reason: "the policy is empty", clause: null }), matches: () => true };
}

/** Of a nested policy the keys at the top count; `$or` is one of them. */
function checkKeys(entries: [string, PatternNode][], scope: "sns-attributes" | "sns-body"): void {
  const keys = new Set(entries.map(([key]) => key)).size;
  if (keys > SNS_POLICY_LIMITS.keys)
    throw new PatternError(`the policy has ${keys} keys, more than the ${SNS_POLICY_LIMITS.keys} that are allowed`);
  const nested = scope === "sns-attributes" ? nestedKey(entries) : undefined;
  if (nested !== undefined) throw new PatternError(`${nested} is nested: policies on message attributes may not be`);
}

function nestedKey(entries: [string, PatternNode][]): string | undefined {
  for (const [key, value] of entries) {
    if (value.kind === "object") return key;
    if (key !== "$or" || value.kind !== "array") continue;
    const below = value.items
      .map((item) => (item.kind === "object" ? nestedKey(item.entries) : undefined))
      .find((name) => name !== undefined);
    if (below !== undefined) return below;
  }
  return undefined;
}

/** Values of all keys multiplied, each with its depth (three values two levels deep count six); alternatives of `$or` are added up. */
function checkComplexity(alternatives: readonly PatternField[][]): void {
  const combinations = alternatives.reduce(
    (sum, fields) => sum + fields.reduce((product, { path, terms }) => product * terms.length * path.split(".").length, 1),
    0,
  );
  if (combinations > SNS_POLICY_LIMITS.combinations) {
    throw new PatternError(
      `the policy makes ${combinations} combinations of values, more than the ${SNS_POLICY_LIMITS.combinations} that are allowed`,
    );
  }
  const stars = [...new Set(alternatives.flat())].flatMap(({ terms }) => terms.flatMap(({ wildcards }) => wildcards.map(starsIn)));
  if (stars.some((count) => count > SNS_POLICY_LIMITS.stars.each))
    throw new PatternError(`a wildcard has more than ${SNS_POLICY_LIMITS.stars.each} "*"`);
  if (stars.reduce((sum, count) => sum + count, 0) > SNS_POLICY_LIMITS.stars.all) {
    throw new PatternError(`the wildcards have more than ${SNS_POLICY_LIMITS.stars.all} "*" together`);
  }
}

function starsIn(wildcard: string): number {
  return wildcard.replaceAll(/\\./g, "").split("*").length - 1;
}

/** Attributes by name, their values as types say. Binary ones are not compared. */
function attributesOf(event: Json): Json {
  if (!isObject(event)) return event;
  const message = isObject(event["Sns"]) ? event["Sns"] : event;
  const given = message["MessageAttributes"] ?? message["messageAttributes"];
  const attributes = isObject(given) ? given : isNotification(message) ? {} : message;
  return Object.fromEntries(
    Object.entries(attributes).flatMap(([name, attribute]) => attributeValue(attribute).map((value) => [name, value])),
  );
}

/** None or one value. Types have their own fields in a notification (`Type`, `Value`) and in the API and SQS (`DataType`, `StringValue`). */
function attributeValue(attribute: Json): Json[] {
  if (!isObject(attribute)) return [attribute];
  const type = attribute["Type"] ?? attribute["DataType"] ?? attribute["dataType"];
  const value = attribute["Value"] ?? attribute["StringValue"] ?? attribute["stringValue"];
  if (typeof type !== "string" || value === undefined || type.startsWith("Binary")) return [];
  if (type.startsWith("Number")) return [Number(value)];
  if (type !== "String.Array" || typeof value !== "string") return [value];
  const list = parsed(value);
  return list === null ? [] : [list];
}

/** The body as a JSON object; null: it is none, and no policy on bodies matches. */
function bodyOf(event: Json): Json | null {
  if (typeof event === "string") return objectIn(event);
  if (!isObject(event)) return null;
  const message = isObject(event["Sns"]) ? event["Sns"] : event;
  return isNotification(message) && typeof message["Message"] === "string" ? objectIn(message["Message"]) : event;
}

/** Whether an object is a message around a body, not a body. */
function isNotification(message: JsonObject): boolean {
  return typeof message["Message"] === "string" && ["TopicArn", "MessageId", "MessageAttributes"].some((key) => message[key] !== undefined);
}

function objectIn(text: string): JsonObject | null {
  const value = parsed(text);
  return value !== null && isObject(value) ? value : null;
}

function parsed(text: string): Json | null {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return null;
  }
}
