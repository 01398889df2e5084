import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { displayWidth, escapeTerminal, pad, truncate, wrap } from "../../../../src/report/formats/text.ts";

describe("text from telemetry in a terminal", () => {
  it.each([
    ["\u001b[31mred\u001b[0m", "\\x1b[31mred\\x1b[0m"],
    ["a\nb\r\tc", "a\\nb\\r\\tc"],
    ["\u009b2J", "\\x9b2J"],
    ["\u0000\u007f", "\\x00\\x7f"],
    ["admin\u202egnp.exe", "admin\\u202egnp.exe"],
    ["a\u200bb\ufeffc", "a\\u200bb\\ufeffc"],
    ["\u{e0041}", "\\u{e0041}"],
    ["\ud800x", "\\ud800x"],
    ["Zürich 東京 👩‍🚀 naïve", "Zürich 東京 👩‍🚀 naïve"],
    ["C:\\temp", "C:\\temp"],
  ])("%j is shown as %j", (text, shown) => {
    expect(escapeTerminal(text)).toBe(shown);
  });

  it("never lets a control character through", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        // oxlint-disable-next-line no-control-regex
        expect(escapeTerminal(text)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
      }),
    );
  });
});

describe("width", () => {
  it.each([
    ["abc", 3],
    ["東京", 4],
    ["é", 1],
    ["e\u0301", 1],
    ["👩‍🚀", 2],
    ["", 0],
  ])("%j takes %d cells", (text, cells) => {
    expect(displayWidth(text)).toBe(cells);
  });

  it("cuts, fills and wraps to cells", () => {
    expect(truncate("notification", 6)).toBe("notif…");
    expect(truncate("東京都庁", 5)).toBe("東京…");
    expect(truncate("abc", 3)).toBe("abc");
    expect(pad("東", 4, "right")).toBe("  東");
    expect(wrap("one two three", 7)).toEqual(["one two", "three"]);
    expect(wrap("abcdefghij", 4)).toEqual(["abcd", "efgh", "ij"]);
    expect(wrap("", 4)).toEqual([""]);
  });

  it("wraps to no more than the width and loses nothing but spaces", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 2, max: 40 }), (raw, width) => {
        const text = escapeTerminal(raw);
        const lines = wrap(text, width);
        for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(width);
        expect(lines.join("").replaceAll(" ", "")).toBe(text.replaceAll(" ", ""));
      }),
    );
  });
});
