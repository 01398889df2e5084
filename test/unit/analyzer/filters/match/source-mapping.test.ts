import { describe, expect, it } from "vitest";
import { filterPatterns, matchSourceMapping } from "../../../../../src/analyzer/filters/match/source-mapping.ts";
import type { Json } from "../../../../../src/model/records.ts";

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const text = (pattern: Json): string => JSON.stringify(pattern);

describe("formats of SQS bodies", () => {
  // the table of https://docs.aws.amazon.com/lambda/latest/dg/with-sqs-filtering.html: body, pattern, what becomes of the record
  const json = '{"RequestCode":"BBBB"}';
  it.each<[string, Json, string]>([
    ["plain", { body: ["plain"] }, "match"],
    ["other", { body: ["plain"] }, "no_match"],
    ["plain", { eventSource: ["aws:sqs"] }, "match"],
    ["plain", { body: { RequestCode: [{ exists: false }] } }, "no_match"],
    [json, { body: [{ exists: true }] }, "no_match"],
    [json, { eventSource: ["aws:sqs"] }, "match"],
    [json, { body: { RequestCode: ["BBBB"] } }, "match"],
    [json, { body: { RequestCode: ["AAAA"] } }, "no_match"],
  ])("body %s, pattern %j: %s", (body, pattern, expected) => {
    const matcher = matchSourceMapping("sqs", [text(pattern)]);
    const record = { body, eventSource: "aws:sqs" };
    expect(matcher.decide(record).verdict).toBe(expected);
    expect(matcher.matches(record)).toBe(expected === "match");
  });

  it("says that the formats differ", () => {
    const decision = matchSourceMapping("sqs", [text({ body: { a: [1] } })]).decide({ body: "plain" });
    expect(decision).toEqual({
      verdict: "no_match",
      reason: "body is plain text and the pattern is for JSON: such records are dropped",
      clause: "body.a",
    });
  });
});

describe("payloads", () => {
  // https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis-filtering.html
  const order = '{"record":12345,"order":{"type":"buy","stock":"ANYCO","quantity":1000}}';
  const buys = text({ data: { order: { type: ["buy"] } } });

  it.each<[string, Json, string]>([
    ["in base64, as Lambda hands it over", { kinesis: { data: base64(order), partitionKey: "1" }, eventSource: "aws:kinesis" }, "match"],
    ["in base64, as a pipe has it", { data: base64(order), partitionKey: "1" }, "match"],
    ["decoded", { data: order }, "match"],
    ["parsed", { data: JSON.parse(order) as Json }, "match"],
    ["not JSON", { data: base64("plain") }, "no_match"],
    ["bytes", { data: "/////w==" }, "no_match"],
  ])("Kinesis data %s", (_, record, expected) => {
    expect(matchSourceMapping("kinesis", [buys]).decide(record).verdict).toBe(expected);
  });

  it("refuses patterns for plain text where the source is filtered by JSON only", () => {
    expect(matchSourceMapping("kinesis", [text({ data: ["plain"] })]).invalid).toContain("data must be an object");
    expect(matchSourceMapping("dynamodb", [text({ dynamodb: ["plain"] })]).invalid).toContain("dynamodb must be an object");
  });

  it.each<["kafka" | "mq", string]>([
    ["kafka", "value"],
    ["mq", "data"],
  ])("%s takes patterns for plain text", (source, key) => {
    // https://docs.aws.amazon.com/lambda/latest/dg/with-mq-filtering.html: messages that begin with "Result: "
    const matcher = matchSourceMapping(source, [text({ [key]: [{ prefix: "Result: " }] })]);
    expect(matcher.matches({ [key]: base64("Result: ok") })).toBe(true);
    expect(matcher.matches({ [key]: base64("Error") })).toBe(false);
  });

  it("compares typed values of DynamoDB, and warns that their numbers are strings", () => {
    const record = { eventName: "INSERT", dynamodb: { Keys: { id: { S: "a" } }, NewImage: { amount: { N: "7" } } } };
    expect(
      matchSourceMapping("dynamodb", [text({ eventName: ["INSERT"], dynamodb: { Keys: { id: { S: ["a"] } } } })]).matches(record),
    ).toBe(true);
    const numeric = matchSourceMapping("dynamodb", [text({ dynamodb: { NewImage: { amount: { N: [{ numeric: [">", 5] }] } } } })]);
    expect(numeric.matches(record)).toBe(false);
    expect(numeric.warnings).toEqual(["dynamodb.NewImage.amount.N is a string in DynamoDB records: numeric never matches it"]);
  });
});

describe("filters together", () => {
  const filters = (count: number): string[] => Array.from({ length: count }, (_, at) => text({ body: { n: [at] } }));

  it("passes what any filter passes, and everything without filters", () => {
    const matcher = matchSourceMapping("sqs", filters(3));
    expect(matcher.decide({ body: '{"n":2}' })).toMatchObject({ verdict: "match", reason: "filter 3: body.n is 2 (2)" });
    expect(matcher.decide({ body: '{"n":9}' })).toMatchObject({ verdict: "no_match", clause: "body.n" });
    expect(matchSourceMapping("sqs", []).matches({ body: "x" })).toBe(true);
  });

  it("warns beyond five filters of a mapping, or of a pipe, refuses more than ten", () => {
    expect(matchSourceMapping("sqs", filters(5)).warnings).toEqual([]);
    expect(matchSourceMapping("sqs", filters(10)).warnings).toEqual([
      "10 filters are more than the 5 that a pipe may have, and a mapping by default",
    ]);
    expect(matchSourceMapping("sqs", filters(11)).invalid).toBe("11 filters are more than the 10 that Lambda allows");
  });

  it.each<[Json, string]>([
    [{ body: { a: [{ wildcard: "a*" }] } }, 'body.a: Lambda does not know the operator "wildcard"'],
    [{ body: { a: [{ cidr: "10.0.0.0/8" }] } }, 'body.a: Lambda does not know the operator "cidr"'],
    [{ body: { a: [{ "anything-but": { prefix: "a" } }] } }, 'body.a: Lambda does not know "prefix" inside anything-but'],
  ])("%j: %s", (pattern, reason) => {
    expect(matchSourceMapping("sqs", [text(pattern)]).invalid).toBe(reason);
  });

  it("refuses what is no record", () => {
    expect(matchSourceMapping("sqs", filters(1)).decide("text").verdict).toBe("invalid");
  });
});

describe("filterPatterns", () => {
  const pattern = { body: { a: [1] } };
  it.each<[string, Json]>([
    ["a pattern", pattern],
    ["its text", text(pattern)],
    ["a list", [pattern]],
    ["a list of texts", [text(pattern)]],
    ["criteria", { Filters: [{ Pattern: text(pattern) }] }],
    ["the text of criteria", JSON.stringify({ Filters: [{ Pattern: text(pattern) }] })],
  ])("reads %s", (_, filter) => {
    expect(filterPatterns(filter)).toEqual([text(pattern)]);
  });
});
