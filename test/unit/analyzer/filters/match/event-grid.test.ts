/** Event Grid filters. Expected verdicts: the examples and tables of https://learn.microsoft.com/azure/event-grid/event-filtering, unless another place is named. */
import { describe, expect, it } from "vitest";
import { matchEventGrid } from "../../../../../src/analyzer/filters/match/event-grid.ts";
import type { Json } from "../../../../../src/model/records.ts";

const OPERATORS = {
  NumberIn: [1, 2],
  NumberNotIn: [1, 2],
  NumberInRange: [[1, 2]],
  NumberNotInRange: [[1, 2]],
  StringIn: ["1"],
  StringNotIn: ["1"],
  StringContains: ["1"],
  StringNotContains: ["1"],
  StringBeginsWith: ["1"],
  StringNotBeginsWith: ["1"],
  StringEndsWith: ["1"],
  StringNotEndsWith: ["1"],
};
const advanced = (operatorType: string, value: Json, key = "data.key1", extra: object = {}): Json => ({
  advancedFilters: [{ operatorType, key, [Array.isArray(value) ? "values" : "value"]: value }],
  ...extra,
});
const verdict = (filter: Json, event: Json): string => {
  const matcher = matchEventGrid(filter);
  const { verdict: said } = matcher.decide(event);
  expect(matcher.matches(event)).toBe(said === "match");
  return said;
};

describe("subject and event type", () => {
  const blob = { subject: "/blobServices/default/containers/mycontainer/log/a.JPG", eventType: "Microsoft.Storage.BlobCreated" };

  it.each([
    [{ subjectBeginsWith: "/blobServices/default/containers/mycontainer/log", subjectEndsWith: ".jpg" }, "match"],
    [{ subjectEndsWith: ".jpg", isSubjectCaseSensitive: true }, "no_match"],
    [{ subjectBeginsWith: "/blobServices/default/containers/other" }, "no_match"],
    [{ includedEventTypes: ["Microsoft.Storage.BlobCreated", "Microsoft.Storage.BlobDeleted"] }, "match"],
    [{ includedEventTypes: ["Microsoft.Storage.BlobDeleted"] }, "no_match"],
    [{ includedEventTypes: ["All"] }, "match"],
    [{ includedEventTypes: null, subjectBeginsWith: "", advancedFilters: [] }, "match"],
  ])("%j", (filter, expected) => {
    expect(verdict(filter, blob)).toBe(expected);
    // in CloudEvents the type is called otherwise: https://learn.microsoft.com/azure/event-grid/cloud-event-schema
    expect(verdict(filter, { specversion: "1.0", subject: blob.subject, type: blob.eventType, source: "/s" })).toBe(expected);
  });
});

describe("advanced filters", () => {
  it.each([
    ["NumberIn", [3, 5], 3, "match"],
    ["NumberNotIn", [3, 5], 3, "no_match"],
    ["NumberLessThan", 100, 99.5, "match"],
    ["NumberLessThan", 100, 100, "no_match"],
    ["NumberGreaterThan", 20, 20, "no_match"],
    ["NumberLessThanOrEquals", 100, 100, "match"],
    ["NumberGreaterThanOrEquals", 30, 29, "no_match"],
    [
      "NumberInRange",
      [
        [3.14159, 999.95],
        [3000, 4000],
      ],
      3000,
      "match",
    ],
    [
      "NumberInRange",
      [
        [3.14159, 999.95],
        [3000, 4000],
      ],
      1000,
      "no_match",
    ],
    [
      "NumberNotInRange",
      [
        [3.14159, 999.95],
        [3000, 4000],
      ],
      1000,
      "match",
    ],
    ["BoolEquals", true, true, "match"],
    ["BoolEquals", true, "true", "no_match"],
    ["StringContains", ["microsoft", "azure"], "Hello AZURE", "match"],
    ["StringNotContains", ["contoso", "fabrikam"], "a Contoso b", "no_match"],
    ["StringBeginsWith", ["event", "message"], "Eventful", "match"],
    ["StringNotBeginsWith", ["event", "message"], "an event", "match"],
    ["StringEndsWith", ["jpg", "jpeg", "png"], "A.PNG", "match"],
    ["StringNotEndsWith", ["jpg", "jpeg", "png"], "a.gif", "match"],
    ["StringIn", ["exact", "string", "matches"], "EXACT", "match"],
    ["StringNotIn", ["aws", "bridge"], "azure", "match"],
  ] as [string, Json, Json, string][])("%s %j of %j: %s", (operator, wanted, value, expected) => {
    expect(verdict(advanced(operator, wanted), { data: { key1: value } })).toBe(expected);
  });

  it("without the key only NumberNotIn, NumberNotInRange, StringNotIn and IsNullOrUndefined say yes", () => {
    // the same list is pinned by the tests of an independent simulator (pm7y/AzureEventGridSimulator, MissingKeyFilterSemanticsTests.cs)
    for (const [operator, values] of Object.entries(OPERATORS)) {
      const expected = ["NumberNotIn", "NumberNotInRange", "StringNotIn"].includes(operator) ? "match" : "no_match";
      expect([operator, verdict(advanced(operator, values), { data: {} })]).toEqual([operator, expected]);
      expect([operator, verdict(advanced(operator, values), { data: { key1: null } })]).toEqual([operator, expected]);
    }
    for (const event of [{ data: {} }, { data: { key1: null } }] as Json[]) {
      expect(verdict({ advancedFilters: [{ operatorType: "IsNullOrUndefined", key: "data.key1" }] }, event)).toBe("match");
      expect(verdict({ advancedFilters: [{ operatorType: "IsNotNull", key: "data.key1" }] }, event)).toBe("no_match");
    }
  });

  it("an array matches only where the subscription filters on arrays; then one element is enough, and for Not none may be listed", () => {
    const event = { data: { key1: ["red", "green"] } };
    const on = { enableAdvancedFilteringOnArrays: true };
    expect(verdict(advanced("StringIn", ["green"]), event)).toBe("no_match");
    expect(verdict(advanced("StringIn", ["green"], "data.key1", on), event)).toBe("match");
    expect(verdict(advanced("StringNotIn", ["green"], "data.key1", on), event)).toBe("no_match");
    expect(verdict(advanced("StringNotIn", ["blue"], "data.key1", on), event)).toBe("match");
  });

  it("keys name the envelope's fields and paths in the data; filters are AND, values OR", () => {
    const event = { subject: "container1/x", data: { Key1: 7, deep: { er: "y" } } };
    const filter: Json = {
      advancedFilters: [
        { operatorType: "NumberGreaterThanOrEquals", key: "Data.Key1", value: 5 },
        { operatorType: "StringContains", key: "Subject", values: ["container1", "container2"] },
      ],
    };
    expect(verdict(filter, event)).toBe("match");
    expect(verdict(filter, { ...event, subject: "container3" })).toBe("no_match");
    expect(matchEventGrid(filter).decide({ ...event, data: { Key1: 4 } })).toMatchObject({ verdict: "no_match", clause: "Data.Key1" });
    expect(verdict(advanced("StringIn", ["y"], "data.deep.er"), event)).toBe("match");
  });
});

describe("what is refused", () => {
  const filters = (count: number, values: number): Json => ({
    advancedFilters: Array.from({ length: count }, () => ({
      operatorType: "NumberIn",
      key: "data.n",
      values: Array.from({ length: values }, (_, i) => i),
    })),
  });

  it.each([
    ["25 filters are allowed", filters(25, 1), null],
    ["26 are not", filters(26, 1), "26 advanced filters"],
    ["25 values in all", filters(5, 5), null],
    ["30 are not", filters(6, 5), "30 values"],
    ["512 characters", advanced("StringIn", ["x".repeat(512)]), null],
    ["513 are not", advanced("StringIn", ["x".repeat(513)]), "513 characters"],
    ["an unknown operator", advanced("StringLike", ["x"]), "no operator"],
    ["a value of another type", advanced("NumberIn", ["1"]), "number"],
    ["no key", { advancedFilters: [{ operatorType: "IsNotNull" }] }, "no key"],
  ] as [string, Json, string | null][])("%s", (_, filter, reason) => {
    const { invalid, decide } = matchEventGrid(filter);
    if (reason === null) expect(invalid).toBeNull();
    else {
      expect(invalid).toContain(reason);
      expect(decide({}).verdict).toBe("invalid");
    }
  });

  it("events of any shape are decided, names of prototypes included", () => {
    for (const event of [null, 1, "x", [], { data: null }, { data: "text" }, JSON.parse('{"data":{"__proto__":{"key1":"1"}}}')])
      expect(verdict(advanced("StringIn", ["1"]), event)).toBe("no_match");
    expect(verdict(advanced("StringIn", ["1"], "data.__proto__.x"), { data: {} })).toBe("no_match");
    expect(verdict({ advancedFilters: [{ operatorType: "IsNotNull", key: "data.constructor" }] }, { data: {} })).toBe("no_match");
  });
});
