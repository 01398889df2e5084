/**
 * Service Bus filters. Expected verdicts: semantics and examples of
 * https://learn.microsoft.com/azure/service-bus-messaging/service-bus-messaging-sql-filter and .../topic-filters; arithmetic by hand.
 */
import { describe, expect, it } from "vitest";
import { matchCorrelation } from "../../../../../src/analyzer/filters/match/service-bus-correlation.ts";
import { matchServiceBusSql } from "../../../../../src/analyzer/filters/match/service-bus-sql.ts";
import type { Json } from "../../../../../src/model/records.ts";

const message = {
  messageId: "m-1",
  subject: "a bus stop",
  to: "Store5",
  body: { color: "blue" },
  applicationProperties: {
    color: "red",
    quantity: 10,
    price: 2.5,
    StoreId: "Store1",
    urgent: true,
    empty: null,
    "Property With Space": "x",
    pattern: "50%",
  },
};
const sql = (expression: string | Json, event: Json = message): string => {
  const matcher = matchServiceBusSql(expression);
  const { verdict } = matcher.decide(event);
  expect(matcher.matches(event)).toBe(verdict === "match");
  return verdict;
};

describe("SQL filters", () => {
  it.each([
    // examples of the page
    ["sys.Label LIKE '%bus%'", "match"],
    ["sys.Label LIKE '%bus%' OR user.tag IN ('queue', 'topic', 'subscription')", "match"],
    ["StoreId IN('Store1', 'Store2', 'Store3')", "match"],
    ["sys.To IN ('Store5','Store6','Store7') OR StoreId = 'Store8'", "match"],
    ["sys.To NOT IN ('Store1','Store5') OR StoreId NOT IN ('Store1','Store2')", "no_match"],
    ["1=1", "match"],
    ["1=0", "no_match"],
    // property names ignore case, values do not
    ["COLOR = 'red'", "match"],
    ["color = 'Red'", "no_match"],
    ["user.[Property With Space] = 'x'", "match"],
    ["\"Property With Space\" = 'x'", "match"],
    // the body is never seen
    ["color = 'blue'", "no_match"],
    // LIKE: % and _, and ESCAPE
    ["color LIKE 'r_d'", "match"],
    ["color LIKE 'r_'", "no_match"],
    ["pattern LIKE '50\\%' ESCAPE '\\'", "match"],
    ["color LIKE 're\\%' ESCAPE '\\'", "no_match"],
    ["color NOT LIKE 'b%'", "match"],
    // a quotation mark doubled
    ["'it''s' = 'it''s'", "match"],
    // numbers convert to each other: 10 = 10.0, 2.5 * 4 = 10, 7 / 2 = 3 for whole numbers as in C#, 10 % 4 = 2
    ["quantity = 10.0", "match"],
    ["price * 4 = quantity", "match"],
    ["7 / 2 = 3", "match"],
    ["7 / 2.0 = 3.5", "match"],
    ["quantity % 4 = 2", "match"],
    ["-quantity + 2 * (3 + 4) = 4", "match"],
    ["quantity >= 1E1 AND quantity < 101.5E5", "match"],
    ["quantity <> 10", "no_match"],
    ["urgent = TRUE", "match"],
    ["NOT urgent = TRUE", "no_match"],
    // AND before OR, NOT before both
    ["color = 'red' OR color = 'x' AND quantity = 0", "match"],
    ["(color = 'red' OR color = 'x') AND quantity = 0", "no_match"],
    ["NOT color = 'x' AND quantity = 10", "match"],
    // existence and null
    ["EXISTS(color)", "match"],
    ["EXISTS(missing)", "no_match"],
    ["missing IS NULL AND empty IS NULL AND color IS NOT NULL", "match"],
    ["property('color') = 'red' AND p('quantity') = 10", "match"],
    ["sys.ContentType IS NULL", "match"],
  ])("%s: %s", (expression, expected) => expect(sql(expression)).toBe(expected));

  it("what is unknown stays unknown through comparisons and arithmetic, and AND and OR follow the tables of the page", () => {
    const unknown = "missing = 1";
    for (const expression of [
      unknown,
      "missing <> 1",
      "missing + 1 = 2",
      "NOT missing = 1",
      "missing LIKE '%'",
      "missing IN (1)",
      "missing NOT IN (1)",
    ])
      expect([expression, sql(expression)]).toEqual([expression, "no_match"]);
    const table: [string, string][] = [
      [`${unknown} OR 1=1`, "match"],
      [`${unknown} OR 1=0`, "no_match"],
      [`NOT (${unknown} AND 1=0)`, "match"],
      [`NOT (${unknown} AND 1=1)`, "no_match"],
      [`NOT (${unknown} OR 1=0)`, "no_match"],
    ];
    for (const [expression, expected] of table) expect([expression, sql(expression)]).toEqual([expression, expected]);
  });

  it("a filter that cannot be evaluated on a message does not match, and says so", () => {
    for (const expression of ["color = 1", "color > 'a'", "quantity LIKE '1%'", "quantity / 0 = 1"]) {
      expect([expression, sql(expression)]).toEqual([expression, "no_match"]);
      expect(matchServiceBusSql(expression).decide(message).reason).toContain("cannot be evaluated");
    }
  });

  it("names the condition that decided", () => {
    expect(matchServiceBusSql("color = 'red' AND quantity > 10").decide(message)).toEqual({
      verdict: "no_match",
      reason: "quantity > 10 does not hold (user.quantity is 10)",
      clause: "user.quantity",
    });
  });

  it("takes parameters where they have values, and the rule as Resource Manager gives it", () => {
    expect(sql("source = @stringParam")).toBe("invalid");
    expect(sql({ sqlExpression: "color = @stringParam", parameters: { "@stringParam": "red" } })).toBe("match");
    expect(sql({ properties: { filterType: "SqlFilter", sqlFilter: { sqlExpression: "quantity=10" } } })).toBe("match");
  });

  it("reads messages in the forms of the SDKs and of the host's binding data", () => {
    for (const event of [
      { MessageId: "m-1", Label: "a bus", ApplicationProperties: { color: "red" } },
      { messageId: "m-1", Label: "a bus", userProperties: { color: "red" } },
      { systemProperties: { Label: "a bus" }, Properties: { color: "red" } },
    ] as Json[])
      expect(sql("sys.Label = 'a bus' AND color = 'red'", event)).toBe("match");
  });

  it.each([
    ["", "no SQL expression"],
    ["color =", "a value is missing"],
    ["color = 'red", "does not end"],
    ["color", "a value stands where a condition is needed"],
    ["sys.Nonsense = 1", "no system property"],
    ["other.color = 1", "no scope"],
    ["color = 'red' quantity = 1", "should end"],
    ["1 IS NULL", "of a property only"],
    ["nope(1) = 1", "no function"],
    ["color = ;", "means nothing"],
    [`color = '${"x".repeat(1020)}'`, "at most 1024"],
    [`${"(".repeat(200)}1=1${")".repeat(200)}`, "deeper than 100"],
  ])("refuses %s", (expression, reason) => expect(matchServiceBusSql(expression).invalid).toContain(reason));

  it("does not hang on patterns made for it", () => {
    const slow = `v LIKE '${"%a".repeat(400)}b'`;
    expect(sql(slow, { applicationProperties: { v: "a".repeat(5000) } })).toBe("no_match");
  });
});

describe("correlation filters", () => {
  const verdict = (filter: Json, event: Json = message): string => matchCorrelation(filter).decide(event).verdict;

  it.each([
    [{ label: "a bus stop" }, "match"],
    [{ label: "A bus stop" }, "no_match"],
    [{ to: "Store5", properties: { color: "red" } }, "match"],
    [{ to: "Store5", properties: { color: "blue" } }, "no_match"],
    [{ properties: { Color: "red" } }, "no_match"],
    [{ properties: { quantity: "10" } }, "no_match"],
    [{ applicationProperties: { quantity: 10 } }, "match"],
    [{ sessionId: "s" }, "no_match"],
    [{}, "invalid"],
    [{ label: 5 }, "invalid"],
  ] as [Json, string][])("%j: %s", (filter, expected) => expect(verdict(filter)).toBe(expected));

  it("takes the rule of Microsoft.ServiceBus 2021-11-01", () => {
    expect(verdict({ properties: { filterType: "CorrelationFilter", correlationFilter: { properties: { color: "red" } } } })).toBe("match");
  });
});
