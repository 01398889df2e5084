import { describe, expect, it } from "vitest";
import { ansiSvg } from "../../scripts/ansi-svg.ts";

describe("captures of a terminal", () => {
  it("colours, columns and text as they stood", () => {
    const svg = ansiSvg("a\u001b[1mb\u001b[22m \u001b[31m<c>\u001b[39m\nd\n", 80, "x");
    // 8.43 px a cell from 14: b in cell 1, <c> in cell 3
    expect(svg).toContain('<tspan x="14.0">a</tspan><tspan x="22.4" font-weight="bold">b</tspan>');
    expect(svg).toContain('<tspan x="39.3" fill="#ff7b72">&lt;c&gt;</tspan>');
    expect(svg.match(/<text /g)).toHaveLength(2);
  });

  it("anything but colours is an error", () => {
    expect(() => ansiSvg("\u001b]0;title\u0007", 80, "x")).toThrow("no colour");
  });
});
