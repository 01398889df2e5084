/** No filter and no event makes a matcher of Azure's or Google's throw or hang, and both ways of asking agree. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { matcherOf } from "../../../../../src/analyzer/filters/match/index.ts";
import type { FilterGrammar } from "../../../../../src/model/filters.ts";
import type { Json } from "../../../../../src/model/records.ts";

const WORDS: { [grammar in FilterGrammar]?: readonly string[] } = {
  "service-bus-sql": [
    "a",
    "sys.Label",
    "user.b",
    "[x y]",
    "'t'",
    "1",
    "2.5",
    "TRUE",
    "NULL",
    "=",
    "<>",
    "<",
    "+",
    "-",
    "/",
    "%",
    "(",
    ")",
    ",",
    "AND",
    "OR",
    "NOT",
    "IN",
    "LIKE",
    "ESCAPE",
    "IS",
    "EXISTS",
    "p(",
    "newid()",
    "@p",
    "'",
    "[",
    "é",
  ],
  pubsub: [
    "attributes",
    ":",
    ".",
    "a",
    '"k"',
    "=",
    "!=",
    "hasPrefix(",
    "(",
    ")",
    ",",
    "AND",
    "OR",
    "NOT",
    "-",
    '"v"',
    '"\\u00e9"',
    '"\\x',
    "'",
  ],
};
const json = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<Json>;
const event = fc.oneof(
  json,
  fc.record({
    subject: json,
    eventType: json,
    type: json,
    data: json,
    attributes: json,
    applicationProperties: fc.dictionary(fc.constantFrom("a", "b", "x y"), json),
  }) as fc.Arbitrary<Json>,
);
const check = (grammar: FilterGrammar, filter: string | Json, asked: Json): void => {
  const matcher = matcherOf(grammar, filter);
  const { verdict, reason } = matcher.decide(asked);
  expect(matcher.matches(asked)).toBe(verdict === "match");
  expect(verdict === "invalid").toBe(matcher.invalid !== null);
  expect(reason).not.toBe("");
};

describe("hostile filters and events", () => {
  it.each(["service-bus-sql", "pubsub"] as const)("%s: words in any order", (grammar) => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...WORDS[grammar]!), { maxLength: 14 }), event, (words, asked) =>
        check(grammar, words.join(" "), asked),
      ),
      { numRuns: 1500, seed: 5 },
    );
  });

  it.each(["event-grid", "service-bus-correlation", "eventarc", "service-bus-sql", "pubsub"] as const)("%s: any JSON", (grammar) => {
    const filters = fc.oneof(
      json,
      fc.string(),
      fc.record({
        advancedFilters: fc.array(
          fc.record({
            operatorType: fc.constantFrom("StringIn", "NumberNotInRange", "IsNotNull", "BoolEquals"),
            key: fc.constantFrom("data", "data.a", "Subject"),
            values: json,
            value: json,
          }),
        ),
      }) as fc.Arbitrary<Json>,
      fc.array(
        fc.record({
          attribute: fc.constantFrom("type", "subject"),
          value: fc.string(),
          operator: fc.constantFrom("", "match-path-pattern"),
        }),
      ) as fc.Arbitrary<Json>,
      fc.record({ properties: json, label: json }) as fc.Arbitrary<Json>,
    );
    fc.assert(
      fc.property(filters, event, (filter, asked) => check(grammar, filter, asked)),
      { numRuns: 400, seed: 7 },
    );
  });
});
