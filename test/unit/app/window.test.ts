import { describe, expect, it } from "vitest";
import { parseWindow, warnIfOutside } from "../../../src/app/window.ts";
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

  it.each(["yesterday", "24", "2026-13-01", "2026-02-30", "2026-02-30T10:00", "1y", ""])("refuses %j and says what it takes", (text) => {
    expect(() => parseWindow(text, undefined, NEWEST)).toThrow(UserError);
  });

  it("refuses a window that ends before it begins", () => {
    expect(() => parseWindow("2026-11-02", "2026-11-01", NEWEST)).toThrow(/earlier/);
  });
});

describe("warnIfOutside", () => {
  const held = { from: Date.UTC(2026, 10, 1, 8), to: NEWEST };
  const said = (since?: string, until?: string): string[] => {
    const warnings: string[] = [];
    warnIfOutside(parseWindow(since, until, NEWEST), held, { progress() {}, note() {}, warn: (message) => warnings.push(message) });
    return warnings;
  };

  it.each([
    ["2026-11-21", undefined],
    [undefined, "2026-11-01"],
  ])("says what the dataset holds where the window %j to %j has none of it", (since, until) => {
    expect(said(since, until)).toEqual([expect.stringContaining("2026-11-01T08:00Z to 2026-11-20T12:00Z")]);
  });

  it("says where telemetry comes from when there is none: an empty table would look like an answer", () => {
    const warnings: string[] = [];
    const host = { progress() {}, note() {}, warn: (message: string) => void warnings.push(message) };
    warnIfOutside(parseWindow(undefined, undefined, null), { from: null, to: null }, host);
    expect(warnings).toEqual([expect.stringMatching(/evscope collect .* evscope import PATH/)]);
  });

  it("is silent where some of it lies in the window", () => {
    expect([...said(), ...said("2026-11-20"), ...said(undefined, "2026-11-01T08:00"), ...said("1h", "1m")]).toEqual([]);
  });
});
