import { describe, expect, it } from "vitest";
import { chartSvg } from "../../../../src/report/page/charts.ts";
import type { Section } from "../../../../src/report/report.ts";

function section(rows: Section["rows"], kind: "bars" | "steps" | "line" = "bars"): Section {
  return {
    title: "By function",
    columns: [
      { key: "name", label: "name", type: "text" },
      { key: "usd", label: "cost", type: "usd" },
    ],
    rows,
    notes: [],
    chart: { kind, name: "name", values: ["usd"] },
  };
}

/** Widths of the bars in the order of rows, from the paths that draw them. */
function bars(svg: string): number[] {
  return [...svg.matchAll(/<path d="M[\d.-]+ [\d.-]+l([\d.-]+) 0[^"]*" fill="var\(--(?:cat1|good|bad)\)"/g)].map((match) =>
    Number(match[1]),
  );
}

describe("charts", () => {
  it("bars are as long as their values are great", () => {
    const [a, b] = bars(
      chartSvg(
        section([
          { name: "a", usd: 4 },
          { name: "b", usd: 1 },
        ]),
        600,
      )!,
    );
    expect(a! / b!).toBeCloseTo(4, 1);
  });

  it("no style that a strict policy forbids, colours of the theme only, a text for those who do not see it", () => {
    for (const kind of ["bars", "steps", "line"] as const) {
      const svg = chartSvg(
        section(
          [
            { name: "a", usd: 4 },
            { name: "b", usd: -1 },
            { name: "c", usd: 3 },
          ],
          kind,
        ),
        600,
      )!;
      expect(svg).not.toMatch(/style|class=|#[0-9a-f]{6}|xlink|<script/i);
      expect(svg).toMatch(/^<svg role="img" aria-label="By function: a \$4\.00, b -\$1\.00, c \$3\.00"/);
    }
  });

  it("names are text", () => {
    const svg = chartSvg(
      section([
        { name: `<script>"'\u202e`, usd: 4 },
        { name: "b", usd: 1 },
      ]),
      600,
    )!;
    expect(svg).not.toContain("<script");
    expect(svg).toContain("&lt;script&gt;");
    expect(svg).toContain("\\u202e");
  });

  it("steps lead from the first to the last: 10 + 5 - 3 = 12", () => {
    const svg = chartSvg(
      section(
        [
          { name: "before", usd: 10 },
          { name: "volume", usd: 5 },
          { name: "price", usd: -3 },
          { name: "now", usd: 12 },
        ],
        "steps",
      ),
      600,
    )!;
    const starts = [...svg.matchAll(/<path d="M([\d.]+) [\d.]+l([\d.-]+) 0[^"]*" fill="var\(--(cat1|good|bad)\)"/g)].map(
      (one) => [Number(one[1]), Number(one[2]), one[3]] as const,
    );
    const perUsd = starts[0]![1] / 10;
    const edges = starts.map(([from, length]) =>
      [(from - starts[0]![0]) / perUsd, (from + length - starts[0]![0]) / perUsd]
        .map((usd) => Math.round(usd * 10) / 10)
        .sort((a, b) => a - b),
    );
    expect(edges).toEqual([
      [0, 10],
      [10, 15],
      [12, 15],
      [0, 12],
    ]);
    expect(starts.map((one) => one[2])).toEqual(["cat1", "bad", "good", "cat1"]);
  });

  it("nothing to compare: no chart", () => {
    expect(
      chartSvg(
        section([
          { name: "a", usd: 4 },
          { name: "b", usd: null },
        ]),
        600,
      ),
    ).toBeNull();
  });
});
