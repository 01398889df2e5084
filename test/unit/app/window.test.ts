import { describe, expect, it } from "vitest";
import { parseWindow } from "../../../src/app/window.ts";
import { UserError } from "../../../src/model/errors.ts";

const NEWEST = Date.UTC(2026, 10, 20, 12);

describe("parseWindow", () => {
  it("takes dates and times as UTC", () => {
    expect(parseWindow("2026-11-01", "2026-11-02T08:30", NEWEST)).toEqual({
      from: Date.UTC(2026, 10, 1),
      to: Date.UTC(2026, 10, 2, 8, 30),
    });
    expect(parseWindow("2026-11-01T00:00:00+02:00", undefined, NEWEST)).toEqual({ from: Date.UTC(2026, 9, 31, 22), to: null });
  });

  it("counts spans back from the newest record, not from today", () => {
    expect(parseWindow("24h", undefined, NEWEST).from).toBe(Date.UTC(2026, 10, 19, 12));
    expect(parseWindow("2w", undefined, NEWEST).from).toBe(Date.UTC(2026, 10, 6, 12));
    expect(parseWindow("24h", undefined, null).from).toBeNull();
  });

  it.each(["yesterday", "24", "2026-13-01", "1y", ""])("refuses %j and says what it takes", (text) => {
    expect(() => parseWindow(text, undefined, NEWEST)).toThrow(UserError);
  });

  it("refuses a window that ends before it begins", () => {
    expect(() => parseWindow("2026-11-02", "2026-11-01", NEWEST)).toThrow(/earlier/);
  });
});
