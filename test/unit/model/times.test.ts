import { describe, expect, it } from "vitest";
import type { Json } from "../../../src/model/records.ts";
import { durationMsOf, epochMsOf, epochMsOfNanos, epochMsOfText } from "../../../src/model/times.ts";

const SECOND = Date.UTC(2025, 4, 12, 21, 45, 32);

describe("moments", () => {
  it.each<[string, number | null]>([
    ["2025-05-12T21:45:32Z", SECOND],
    ["2025-05-12T21:45:32.338627Z", SECOND + 338.627],
    ["2025-05-12T21:45:32.505207133Z", SECOND + 505.207133],
    ["2025-05-12t21:45:32z", SECOND],
    ["2025-05-12T23:45:32.5+02:00", SECOND + 500],
    ["2025-05-12T14:15:32-0730", SECOND],
    ["2025-05-12 21:45:32.338627 UTC", SECOND + 338.627],
    ["2025-05-12T21:45:32", SECOND],
    ["2025-13-12T21:45:32Z", null],
    ["2025-05-12T21:61:32Z", null],
    ["2025-05-12", null],
    ["yesterday", null],
    ["", null],
  ])("%s", (text, expected) => {
    const at = epochMsOfText(text);
    if (expected === null) expect(at).toBeNull();
    // a double of this size holds a quarter of a microsecond
    else expect(Math.abs(at! - expected)).toBeLessThan(0.0005);
  });

  it("protobuf timestamps", () => {
    expect(epochMsOf({ seconds: "1747086332", nanos: 500_000_000 })).toBe(SECOND + 500);
    expect(epochMsOf({ seconds: 1_747_086_332 })).toBe(SECOND);
    expect(epochMsOf({})).toBeNull();
    expect(epochMsOf(5)).toBeNull();
  });

  it.each<[Json, number | null]>([
    ["1544712660300000000", 1_544_712_660_300],
    ["1544712660300000500", 1_544_712_660_300.0005],
    [1_544_712_660_300_000_000, 1_544_712_660_300],
    ["0", null],
    [0, null],
    ["", null],
    ["x", null],
    [null, null],
  ])("nanoseconds %j", (value, expected) => {
    const at = epochMsOfNanos(value);
    if (expected === null) expect(at).toBeNull();
    else expect(Math.abs(at! - expected)).toBeLessThan(0.0005);
  });
});

describe("durations", () => {
  it.each<[Json, number | null]>([
    ["0.162307150s", 162.30715],
    ["600s", 600_000],
    ["-1.5s", -1500],
    [{ seconds: "2", nanos: 1_000_000 }, 2001],
    ["12", null],
    ["5ms", null],
    [null, null],
  ])("%j", (value, expected) => {
    if (expected === null) expect(durationMsOf(value)).toBeNull();
    else expect(durationMsOf(value)).toBeCloseTo(expected, 9);
  });
});
