import { describe, expect, it } from "vitest";
import { matchSns } from "../../../../../src/analyzer/filters/match/sns.ts";
import type { Json } from "../../../../../src/model/records.ts";

const attribute = (type: string, value: Json): Json => ({ Type: type, Value: value });

describe("attributes", () => {
  // https://docs.aws.amazon.com/sns/latest/dg/string-value-matching.html and numeric-value-matching.html
  it.each<[Json, Json, string]>([
    [["rugby", "tennis"], attribute("String", "rugby"), "match"],
    [["rugby", "tennis"], attribute("String.Array", '["rugby","golf"]'), "match"],
    [["rugby", "tennis"], attribute("String", "baseball"), "no_match"],
    [["rugby", "tennis"], attribute("String.Array", '["baseball"]'), "no_match"],
    [[{ "anything-but": ["rugby", "tennis"] }], attribute("String", "baseball"), "match"],
    [[{ "anything-but": ["rugby", "tennis"] }], attribute("String.Array", '["rugby","baseball"]'), "match"],
    [[{ "anything-but": ["rugby", "tennis"] }], attribute("String.Array", '["rugby"]'), "no_match"],
    [[{ "anything-but": { prefix: "order-" } }], attribute("String", "data-entry"), "match"],
    [[{ "anything-but": { suffix: "ball" } }], attribute("String", "football"), "no_match"],
    [[{ "equals-ignore-case": "tennis" }], attribute("String", "TENNIS"), "match"],
    [[{ prefix: "bas" }], attribute("String", "baseball"), "match"],
    [[{ suffix: "ball" }], attribute("String", "baseball"), "match"],
    [[{ cidr: "10.0.0.0/24" }], attribute("String", "10.0.0.255"), "match"],
    [[{ cidr: "10.0.0.0/24" }], attribute("String", "10.1.1.0"), "no_match"],
    [[{ numeric: ["=", 301.5] }], attribute("Number", "3.015e2"), "match"],
    [[{ numeric: [">", 0, "<=", 150] }], attribute("Number", "150"), "match"],
    [[{ numeric: [">", 0] }], attribute("String", "150"), "no_match"],
    [[{ "anything-but": [100, 500] }], attribute("Number", "101"), "match"],
    [[{ exists: true }], attribute("Binary", "AAAA"), "no_match"],
    [[true, null], attribute("String.Array", "[null]"), "match"],
  ])("%j of %j: %s", (values, given, expected) => {
    expect(matchSns("sns-attributes", { key: values }).decide({ MessageAttributes: { key: given } }).verdict).toBe(expected);
  });

  it.each<[string, Json]>([
    ["a record of Lambda", { Sns: { Message: "x", MessageAttributes: { key: attribute("String", "a") } } }],
    ["the API's names", { messageAttributes: { key: { DataType: "String", StringValue: "a" } } }],
    ["plain values", { key: "a" }],
  ])("reads %s", (_, event) => {
    expect(matchSns("sns-attributes", { key: ["a"] }).matches(event)).toBe(true);
  });

  it("finds absent attributes in a notification without any", () => {
    expect(matchSns("sns-attributes", { key: [{ exists: false }] }).matches({ TopicArn: "arn", Message: "x" })).toBe(true);
  });

  it("refuses nested policies, below $or too", () => {
    expect(matchSns("sns-attributes", { a: { b: [1] } }).invalid).toContain("a is nested");
    expect(matchSns("sns-attributes", { $or: [{ a: { b: [1] } }, { c: [1] }] }).invalid).toContain("a is nested");
  });
});

describe("bodies", () => {
  const policy = { store: ["example_corp"], order: { items: { price: [{ numeric: [">=", 10] }] } } };
  const body = { store: "example_corp", order: { items: [{ price: 3 }, { price: 12 }] } };

  it.each<[string, Json, string]>([
    ["a notification", { TopicArn: "arn", Message: JSON.stringify(body) }, "match"],
    ["the body as text", JSON.stringify(body), "match"],
    ["the body", body, "match"],
    ["a body that is not JSON", { TopicArn: "arn", Message: "plain" }, "no_match"],
    ["another body", { ...body, store: "other" }, "no_match"],
  ])("%s", (_, event, expected) => {
    const matcher = matchSns("sns-body", policy);
    expect(matcher.decide(event).verdict).toBe(expected);
    expect(matcher.matches(event)).toBe(expected === "match");
  });

  it("reads $or as a name where it cannot be the operator", () => {
    // https://docs.aws.amazon.com/sns/latest/dg/and-or-logic.html#or-operator
    expect(matchSns("sns-body", { $or: ["a"] }).matches({ $or: "a" })).toBe(true);
    expect(matchSns("sns-body", { $or: [{ a: [1] }, { b: [1] }] }).matches({ b: 1 })).toBe(true);
  });

  it("lets everything through with an empty policy", () => {
    expect(matchSns("sns-body", "{}").decide({ a: 1 }).verdict).toBe("match");
  });
});

describe("limits", () => {
  // https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html
  const keys = (count: number): Json => Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, ["a"]]));
  const many = (count: number): Json[] => Array.from({ length: count }, (_, at) => at);

  it("allows five keys and 150 combinations", () => {
    expect(matchSns("sns-attributes", keys(5)).invalid).toBeNull();
    expect(matchSns("sns-attributes", keys(6)).invalid).toContain("6 keys");
    expect(matchSns("sns-attributes", { a: many(10), b: many(15) }).invalid).toBeNull();
    expect(matchSns("sns-attributes", { a: many(151) }).invalid).toContain("151 combinations");
  });

  it("counts nested values once for each level: 3 levels x 4 values x 2 levels x 3 values = 72, with 7 values 168", () => {
    const policy = (count: number): Json => ({ key_a: { key_b: { key_c: many(4) } }, key_d: { key_e: many(count) } });
    expect(matchSns("sns-body", policy(3)).invalid).toBeNull();
    expect(matchSns("sns-body", policy(7)).invalid).toContain("168 combinations");
  });

  it("refuses policies beyond 256 KB, wildcards beyond three stars, and warns of numbers beyond a billion", () => {
    expect(matchSns("sns-body", { a: ["x".repeat(256 * 1024)] }).invalid).toBe("the policy is larger than 256 KB");
    expect(matchSns("sns-body", { a: [{ wildcard: "*a*b*c*" }] }).invalid).toContain("more than 3");
    expect(matchSns("sns-body", { a: [{ numeric: [">", 2e9] }] }).warnings).toEqual([
      "SNS documents numeric for -1000000000 to 1000000000 only",
    ]);
  });
});
