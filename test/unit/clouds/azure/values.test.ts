import { describe, expect, it } from "vitest";
import {
  bagOf,
  boolOf,
  durationOf,
  functionName,
  momentOf,
  regionOf,
  resourceIdOf,
  timeOf,
  weightOf,
} from "../../../../src/clouds/azure/values.ts";

describe("times", () => {
  it("keeps what seven fractional digits say below a millisecond", () => {
    // 2021-05-10T19:19:21Z = 1620674361 s; .0600528 s = 60.0528 ms
    expect(timeOf("2021-05-10T19:19:21.0600528Z")).toBeCloseTo(1_620_674_361_060 + 0.0528, 3);
  });

  it("reads a time without a zone as UTC and applies an offset", () => {
    expect(timeOf("2026-01-01T00:00:00")).toBe(Date.UTC(2026, 0, 1));
    expect(timeOf("2021-10-14T22:17:11+02:00")).toBe(Date.UTC(2021, 9, 14, 20, 17, 11));
  });

  it("reads the US form of exported tables", () => {
    expect(timeOf("4/24/2024, 12:06:12.250 AM")).toBe(Date.UTC(2024, 3, 24, 0, 6, 12, 250));
    expect(timeOf("4/24/2024 3:06:12 PM")).toBe(Date.UTC(2024, 3, 24, 15, 6, 12));
  });

  it.each([
    "",
    "soon",
    "0001-01-01T00:00:00Z",
    "1601-01-01T00:00:00Z",
    "9999-12-31T23:59:59.9999999Z",
    "2026-13-01T00:00:00Z",
    "2026-01-01",
    5,
    null,
    {},
  ])("refuses %j", (value) => {
    expect(timeOf(value)).toBeNull();
  });

  it("reads epoch seconds and milliseconds, also as text", () => {
    expect(momentOf("1622593091")).toBe(1_622_593_091_000);
    expect(momentOf(1_622_593_091_123)).toBe(1_622_593_091_123);
    expect(momentOf(12)).toBeNull();
  });
});

describe("durations", () => {
  it.each([
    ["00:00:00.0000001", 0.0001],
    ["00:01:02.5", 62_500],
    ["1.02:00:00", 26 * 3_600_000],
    ["PT5M", 300_000],
    ["P1DT1H", 25 * 3_600_000],
    ["4.7239", 4.7239],
    [9.1593, 9.1593],
  ])("%j is %d ms", (value, ms) => {
    expect(durationOf(value)).toBeCloseTo(ms, 9);
  });

  it.each(["Infinity", "NaN", "-1", "-00:00:01", "", "P", null, "3sec-7sec", "9223372036854775807", "10675199.02:48:05.4775807"])(
    "refuses %j",
    (value) => {
      expect(durationOf(value)).toBeNull();
    },
  );
});

describe("loose scalars", () => {
  it.each([true, "True", "true", "1", 1])("%j is true", (value) => expect(boolOf(value)).toBe(true));
  it.each([false, "False", "0", 0])("%j is false", (value) => expect(boolOf(value)).toBe(false));
  it.each(["", null, "maybe", 2])("%j is not said", (value) => expect(boolOf(value)).toBeNull());

  it("takes a weight of at least one whole item", () => {
    expect([weightOf(5), weightOf("7"), weightOf(0), weightOf("NaN"), weightOf(null), weightOf("9223372036854775807")]).toEqual([
      5, 7, 1, 1, 1, 1,
    ]);
  });
});

describe("bags of properties", () => {
  it("takes objects, JSON and single-quoted pseudo-JSON", () => {
    expect(bagOf({ a: 1 })).toEqual({ a: 1 });
    expect(bagOf('{"a":"b"}')).toEqual({ a: "b" });
    expect(bagOf("{'appName':'test-hello-world2','levelId': 2, 'ok': True, 'none': None}")).toEqual({
      appName: "test-hello-world2",
      levelId: 2,
      ok: true,
      none: null,
    });
  });

  it("keeps apostrophes, double quotes and line ends inside single-quoted text", () => {
    expect(bagOf("{'message':'it's \"fine\"','next':'a\\'b\nc'}")).toEqual({ message: 'it\'s "fine"', next: "a'b\nc" });
  });

  it.each(["{'a':", "text", "[1]", "", null, 5])("refuses %j", (value) => expect(bagOf(value)).toBeNull());
});

describe("names", () => {
  it.each(["Functions.hello", "Function.hello", "hello", "Function.hello.User", "Host.Functions.hello"])("%s is hello", (name) => {
    expect(functionName(name)).toBe("hello");
  });

  it("takes resource IDs in capitals apart", () => {
    expect(resourceIdOf("/SUBSCRIPTIONS/ABC/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.WEB/SITES/TEST-FUNCTION")).toMatchObject({
      subscription: "abc",
      type: "microsoft.web/sites",
      name: "TEST-FUNCTION",
    });
    expect(resourceIdOf("plain")).toBeNull();
  });

  it("writes regions in one way", () => {
    expect([regionOf("East US"), regionOf("eastus"), regionOf("")]).toEqual(["eastus", "eastus", null]);
  });
});
