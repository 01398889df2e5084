import { describe, expect, it } from "vitest";
import { formatCurve } from "../../../../src/report/formats/curve.ts";
import { displayWidth } from "../../../../src/report/formats/text.ts";
import type { CurveDocument } from "../../../../src/report/report.ts";

const band = (p50: number, spread: number) => ({ p10: p50 / spread, p50, p90: p50 * spread });

/** 1000 ms, 100 ms and 10 ms: on a logarithmic scale from 1 to 10,000 ms each decade is a quarter of the width. */
const DOCUMENT: CurveDocument = {
  schemaVersion: 1,
  title: "orders: warm duration by memory",
  facts: ["now 1024 MiB", "tier 2"],
  points: [
    { memoryMib: 128, durationMs: band(1000, 10), usdPerMonth: null, basis: "modelled", mark: null },
    { memoryMib: 1024, durationMs: band(100, 1), usdPerMonth: band(2, 1.1), basis: "measured", mark: "now" },
    { memoryMib: 2048, durationMs: band(10, 10), usdPerMonth: band(3, 1.1), basis: "modelled", mark: "proposed" },
    { memoryMib: 4096, durationMs: null, usdPerMonth: null, basis: "assumed", mark: null },
  ],
  notes: ["Because."],
};
const look = { width: 80, color: false, unicode: true };

describe("a curve in the terminal", () => {
  it("draws each size to scale: a decade is a quarter of the plot", () => {
    const lines = formatCurve(DOCUMENT, look).split("\n");
    const rows = lines.filter((line) => / MiB  /.test(line) && /[●○]/.test(line));
    expect(rows).toHaveLength(3);
    const at = (row: string, sign: string): number => row.indexOf(sign) - row.indexOf("MiB") - 5;
    const width = 80 - "1024 MiB".length - 2 - "1.00 s".length - 2 - "$2.00".length - 2 - "proposed".length - 2;
    const place = (ms: number): number => Math.round((Math.log10(ms) / 4) * (width - 1));
    expect([at(rows[0]!, "├"), at(rows[0]!, "○"), at(rows[0]!, "┤")]).toEqual([place(100), place(1000), place(10_000)]);
    // an interval of no width is its point
    expect([at(rows[1]!, "●"), rows[1]!.includes("├")]).toEqual([place(100), false]);
    expect([at(rows[2]!, "├"), at(rows[2]!, "○"), at(rows[2]!, "┤")]).toEqual([place(1), place(10), place(100)]);
    expect(rows[2]).toMatch(/10 ms +\$3\.00 +proposed$/);
  });
  it("says what the signs are, and only of those used", () => {
    const text = formatCurve(DOCUMENT, look);
    expect(text).toContain("● measured, ○ modelled, lines: P10 to P90, logarithmic scale");
  });
  it("fits narrow pages, in ASCII where asked", () => {
    const text = formatCurve(DOCUMENT, { ...look, width: 60, unicode: false });
    for (const line of text.split("\n")) expect(displayWidth(line)).toBeLessThanOrEqual(60);
    // oxlint-disable-next-line no-control-regex
    expect(text).toMatch(/^[\x20-\x7e\n]*$/);
    expect(text).toContain("* measured, o modelled");
  });
  it("has words where nothing is known", () => {
    expect(formatCurve({ ...DOCUMENT, points: [] }, look)).toContain("nothing to draw");
  });
  it("text from a cloud is text", () => {
    expect(formatCurve({ ...DOCUMENT, title: "or\u001b[31mders" }, look)).not.toContain("\u001b");
  });
});
