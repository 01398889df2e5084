import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { matchEventBridge } from "../../../../../src/analyzer/filters/match/eventbridge.ts";
import type { Json } from "../../../../../src/model/records.ts";
import { shared } from "../../../../support/shared.ts";

const verdict = (pattern: Json, event: Json): string => matchEventBridge(pattern).decide(event).verdict;

/** Leaves of the shared set's lines: what AWS's TestEventPattern says. */
interface Line {
  name: string;
  expected: string;
  pattern: Json;
  event: Json;
}

describe("AWS's own verdicts", () => {
  const path = shared("corpora/splits/eventbridge-patterns.dev.ndjson");
  const lines =
    path === null
      ? []
      : (readFileSync(path, "utf8")
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line)) as Line[]);

  it.skipIf(path === null)("agrees with TestEventPattern on every line", () => {
    const wrong = lines.filter(({ pattern, event, expected }) => verdict(pattern, event) !== expected).map(({ name }) => name);
    expect(lines.length).toBe(88);
    expect(wrong).toEqual([]);
  });
});

describe("examples of the guide", () => {
  // https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
  it.each<[Json, Json, string]>([
    [{ time: [{ prefix: "2017-10-02" }] }, { time: "2017-10-02T18:43:48Z" }, "match"],
    [{ detail: { service: [{ prefix: { "equals-ignore-case": "EventB" } }] } }, { detail: { service: "EVENTBridge" } }, "match"],
    [{ FileName: [{ suffix: ".png" }] }, { FileName: "a.PNG" }, "no_match"],
    [{ detail: { "c-count": [{ numeric: [">", 0, "<=", 5] }] } }, { detail: { "c-count": 5 } }, "match"],
    [{ detail: { "x-limit": [{ numeric: ["=", 301.8] }] } }, { detail: { "x-limit": 301.8 } }, "match"],
    [{ detail: { "source-ip": [{ cidr: "10.0.0.0/24" }] } }, { detail: { "source-ip": "10.0.0.255" } }, "match"],
    [{ detail: { "source-ip": [{ cidr: "10.0.0.0/24" }] } }, { detail: { "source-ip": "10.0.1.0" } }, "no_match"],
    [{ detail: { state: [{ exists: true }] } }, { detail: { state: { inner: 1 } } }, "no_match"],
    [{ detail: { state: [{ exists: false }] } }, { detail: { state: { inner: 1 } } }, "match"],
    [{ EventBusArn: [{ wildcard: "*\\**" }] }, { EventBusArn: "a*b" }, "match"],
    [{ detail: { $or: [{ a: [1] }, { b: [{ numeric: ["<", 10] }] }] } }, { detail: { a: 2, b: 9 } }, "match"],
  ])("%j of %j: %s", (pattern, event, expected) => {
    expect(verdict(pattern, event)).toBe(expected);
  });
});

describe("verdicts of the rule engine that AWS publishes", () => {
  // software.amazon.event.ruler:event-ruler 2.1.0, Ruler.matchesRule on the same texts (bench/filters.ts asks it of 100,000 more)
  it.each<[string, string, string]>([
    ['{"a":[300]}', '{"a":3.0e2}', "match"],
    ['{"a":[1e400]}', '{"a":1}', "no_match"],
    ['{"a":[{"numeric":["=",1e400]}]}', '{"a":1}', "invalid"],
    ['{"a":[{"numeric":["=",0.10000000000000001]}]}', '{"a":0.1}', "invalid"],
    ['{"a":[{"numeric":["<",-6e9]}]}', '{"a":-7e9}', "match"],
    ['{"a":[{"numeric":[">",5,"<",5]}]}', '{"a":5}', "invalid"],
    ['{"a":["::1"]}', '{"a":"0:0:0:0:0:0:0:1"}', "match"],
    ['{"a":["10.0.0.1"]}', '{"a":"010.0.0.1"}', "match"],
    ['{"a":["10.0.0.1"]}', '{"a":"::ffff:a00:1"}', "match"],
    ['{"a":[{"cidr":"10.0.0.0/32"}]}', '{"a":"10.0.0.0"}', "invalid"],
    ['{"a":[{"equals-ignore-case":"ß"}]}', '{"a":"SS"}', "match"],
    ['{"a":[{"equals-ignore-case":"ß"}]}', '{"a":"ss"}', "no_match"],
    ['{"a":[{"anything-but":["x"]}]}', '{"a":["x","y"]}', "match"],
    ['{"a":[{"anything-but":["x"]}]}', '{"a":[]}', "no_match"],
    ['{"a":[{"anything-but":["x",1]}]}', '{"a":"y"}', "invalid"],
    ['{"a":{"x":[1],"y":[2]}}', '{"a":[{"x":1,"y":3},{"x":2,"y":2}]}', "no_match"],
    ['{"a":{"x":[1],"y":[2]}}', '{"a":[[{"x":3}],[{"x":1},{"x":1,"y":2}]]}', "match"],
    ['{"a":{"x":[1],"y":[{"exists":false}]}}', '{"a":[{"x":1},{"x":2,"y":2}]}', "match"],
    ['{"a":{"y":[1],"x":[{"exists":false}]}}', '{"a":[{"y":1},{"x":2}]}', "no_match"],
    ['{"a":[1],"a":[2]}', '{"a":2}', "match"],
    ['{"a":[1],"a":[2]}', '{"a":1}', "no_match"],
    ['{"a":{"b":[1]},"a":{"c":[1]}}', '{"a":{"c":1}}', "no_match"],
    ['{"a.b":[1],"a":{"b":[2]}}', '{"a":{"b":2}}', "match"],
    ['{"$or":{"a":[1]}}', '{"$or":{"a":1}}', "match"],
    ['{"$or":[{"a":[1]}]}', '{"a":1}', "invalid"],
    ['{"$or":[{"prefix":[1]},{"a":[1]}]}', '{"a":1}', "invalid"],
    ['{"a":[[1]]}', '{"a":1}', "invalid"],
    ['{"a":[{"prefix":"a","suffix":"b"}]}', '{"a":"ab"}', "invalid"],
    ['{"a":[{"wildcard":"a\\\\b"}]}', '{"a":"ab"}', "invalid"],
    ['{"a":[{"wildcard":"*a*a*a*a*"}]}', '{"a":"aaaa"}', "match"],
    ['{"a":[{"prefix":"a\\""}]}', '{"a":"a"}', "match"],
    ["{}", "{}", "invalid"],
    ['{"a":{}}', "{}", "invalid"],
    ["[1]", "{}", "invalid"],
  ])("%s of %s: %s", (pattern, event, expected) => {
    expect(verdict(pattern, JSON.parse(event) as Json)).toBe(expected);
  });
});

describe("limits", () => {
  const ofLength = (chars: number): string => `{"a":["${"x".repeat(chars - 10)}"]}`;

  it("warns beyond the default quota of 2,048 characters and refuses beyond the model's 4,096", () => {
    expect(matchEventBridge(ofLength(2048))).toMatchObject({ invalid: null, warnings: [] });
    expect(matchEventBridge(ofLength(4096)).warnings).toEqual(["the pattern has 4096 characters, more than the default quota of 2048"]);
    expect(matchEventBridge(ofLength(4097)).invalid).toBe("the pattern has 4097 characters, more than the 4096 that are allowed");
  });

  it("refuses more than 1,000 combinations of $or: 10 x 10 x 10 pass, 10 x 10 x 11 do not", () => {
    const branches = (count: number, name: string): Json => ({
      $or: Array.from({ length: count }, (_, at) => ({ [`${name}${at}`]: [1] })),
    });
    const pattern = (last: number): Json => ({ x: branches(10, "a"), y: branches(10, "b"), z: branches(last, "c") });
    expect(matchEventBridge(pattern(10)).invalid).toBeNull();
    expect(matchEventBridge(pattern(11)).invalid).toBe("z.$or makes more than 1000 combinations");
  });

  it("refuses the wildcard that AWS refuses, by the name of its field", () => {
    expect(matchEventBridge({ arn: [{ wildcard: "*:*:*:*:*:event-bus/*" }] }).invalid).toContain("arn: the wildcards are too complex");
  });

  it("warns where bounds lie beyond what AWS documents", () => {
    expect(matchEventBridge({ a: [{ numeric: ["<", 6e9] }] }).warnings).toEqual([
      "EventBridge documents numeric for -5000000000 to 5000000000 only",
    ]);
  });
});

describe("reasons", () => {
  const pattern = { detail: { status: ["paid", "refunded"], amount: [{ numeric: [">", 10] }], items: { sku: ["a"], count: [1] } } };
  const items = [
    { sku: "a", count: 1 },
    { sku: "b", count: 2 },
  ];

  it.each<[Json, string | null, string]>([
    [{ detail: { status: "open", amount: 11, items } }, "detail.status", 'detail.status is "open", wanted "paid" or "refunded"'],
    [{ detail: { status: "paid", items } }, "detail.amount", "detail.amount has no value, wanted > 10"],
    [
      { detail: { status: "paid", amount: 11, items: [{ sku: "a" }, { count: 1 }] } },
      "detail.items.count",
      "no one element of an array has detail.items.count 1 together with detail.status, detail.amount, detail.items.sku",
    ],
    [
      { detail: { status: "paid", amount: 11, items } },
      null,
      'detail.status is "paid" ("paid" or "refunded"); detail.amount is 11 (> 10); detail.items.sku is "a" ("a"); detail.items.count is 1 (1)',
    ],
  ])("%j: %s", (event, clause, reason) => {
    expect(matchEventBridge(pattern).decide(event)).toMatchObject({ clause, reason });
  });

  it("says where an illegal pattern is wrong", () => {
    expect(matchEventBridge({ detail: { a: [{ NUMERIC: ["=", 5] }] } }).invalid).toBe('detail.a: "NUMERIC" is not an operator');
  });
});

describe("hostile events", () => {
  const deep = (levels: number, leaf: string): Json => JSON.parse(`${'{"a":'.repeat(levels)}${leaf}${"}".repeat(levels)}`) as Json;

  it("refuses to go deeper than the engine's parser", () => {
    expect(verdict(`${'{"a":'.repeat(400)}[1]${"}".repeat(400)}`, deep(400, "1"))).toBe("match");
    expect(verdict({ a: [1] }, { a: JSON.parse(`${"[".repeat(5000)}1${"]".repeat(5000)}`) as Json })).toBe("invalid");
    expect(matchEventBridge(deep(100_000, "[1]")).invalid).not.toBeNull();
  });

  it("knows keys of prototypes as keys", () => {
    const event = JSON.parse('{"__proto__":{"a":1},"constructor":1}') as Json;
    expect(verdict('{"__proto__":{"a":[1]},"constructor":[1]}', event)).toBe("match");
    expect(verdict({ toString: [{ exists: true }] }, {})).toBe("no_match");
    expect(matchEventBridge('{"a":[{"constructor":1}]}').invalid).toBe('a: "constructor" is not an operator');
  });

  it("is not slowed by text made for it", () => {
    expect(verdict({ a: [{ wildcard: "*a*a*a*a*b" }] }, { a: "a".repeat(20_000) })).toBe("no_match");
    expect(verdict({ a: [{ "equals-ignore-case": "a".repeat(2000) }] }, { a: "a".repeat(100_000) })).toBe("no_match");
  });

  it("is not slowed by arrays whose elements never fit together", () => {
    const side = (key: string): Json => Array.from({ length: 60 }, (_, at) => ({ [key]: at }));
    const event: { [key: string]: Json } = {
      a: { b: side("x"), c: side("x"), d: side("x"), e: side("x"), f: [{ x: 1 }, { y: 1 }] as Json },
    };
    const any = { x: [{ exists: true }] };
    expect(verdict({ a: { b: any, c: any, d: any, e: any, f: { x: [1], y: [1] } } }, event)).toBe("no_match");
  });

  it("gives the same verdict with words and without", () => {
    const key = fc.constantFrom("a", "b", "a.b");
    const scalar = fc.constantFrom<Json>("x", "", 1, null, true);
    const term = fc.oneof(
      scalar,
      fc.constantFrom<Json>({ exists: false }, { exists: true }, { prefix: "x" }, { "anything-but": "x" }, { numeric: ["<", 2] }),
    );
    const { pattern } = fc.letrec<{ pattern: Json; node: Json }>((tie) => ({
      pattern: fc.dictionary(key, tie("node"), { maxKeys: 3 }) as fc.Arbitrary<Json>,
      node: fc.oneof({ depthSize: "small" }, fc.array(term, { maxLength: 3 }), tie("pattern")),
    }));
    const { event } = fc.letrec<{ event: Json; node: Json }>((tie) => ({
      event: fc.dictionary(key, tie("node"), { maxKeys: 3 }) as fc.Arbitrary<Json>,
      node: fc.oneof({ depthSize: "small" }, scalar, fc.array(tie("node"), { maxLength: 3 }), tie("event")),
    }));
    fc.assert(
      fc.property(pattern, event, (one, other) => {
        const matcher = matchEventBridge(one);
        expect(matcher.matches(other)).toBe(matcher.decide(other).verdict === "match");
      }),
    );
  });
});
