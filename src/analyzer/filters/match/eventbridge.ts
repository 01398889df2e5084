/**
 * EventBridge event patterns, decided as AWS does. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html; what the guide
 * leaves open is as in the rule engine that AWS publishes, https://github.com/aws/event-ruler.
 */
import type { Matcher } from "../../../model/filters.ts";
import type { Json } from "../../../model/records.ts";
import { compilePattern, type PatternField } from "./eventbridge-compile.ts";
import { wildcardProblem } from "./eventbridge-complexity.ts";
import { decideAlternatives, matchesAlternatives } from "./eventbridge-decide.ts";
import { filterText, matcherFrom, sizeProblem } from "./matcher.ts";
import { readPattern } from "./pattern-json.ts";
import type { Operators } from "./term.ts";

/** Characters of a pattern: the API's model allows 4,096, the default quota 2,048. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html */
export const EVENTBRIDGE_PATTERN_CHARS = { quota: 2048, model: 4096 };

const ALL_OPERATORS: Operators = {
  service: "EventBridge",
  names: new Set(["exactly", "prefix", "suffix", "equals-ignore-case", "wildcard", "numeric", "exists", "cidr", "anything-but"]),
  inAnythingBut: new Set(["prefix", "suffix", "equals-ignore-case", "wildcard"]),
  caseless: true,
  documentedMagnitude: 5e9,
};

/**
 * A pattern, as its text or parsed (then duplicate keys and the text of numbers are gone already). The event is the envelope as a rule sees it. Integers beyond
 * 2^53 are compared as JavaScript reads them.
 */
export function matchEventBridge(pattern: Json): Matcher {
  return matcherFrom("eventbridge", () => {
    const text = filterText(pattern);
    sizeProblem("the pattern", text, EVENTBRIDGE_PATTERN_CHARS.model);
    const alternatives = compilePattern(readPattern(text), ALL_OPERATORS);
    wildcardProblem(alternatives);
    return {
      warnings: [...sizeWarnings(text), ...warningsOf(alternatives)],
      decide: decideAlternatives(alternatives),
      matches: matchesAlternatives(alternatives),
    };
  });
}

function sizeWarnings(text: string): string[] {
  if (text.length <= EVENTBRIDGE_PATTERN_CHARS.quota) return [];
  return [`the pattern has ${text.length} characters, more than the default quota of ${EVENTBRIDGE_PATTERN_CHARS.quota}`];
}

/** What the terms of a pattern warn of, each once. */
export function warningsOf(alternatives: readonly PatternField[][]): string[] {
  return [...new Set(alternatives.flatMap((fields) => fields.flatMap(({ terms }) => terms.flatMap(({ warnings }) => warnings))))];
}
