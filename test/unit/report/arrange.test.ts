import { describe, expect, it } from "vitest";
import { arrange } from "../../../src/report/arrange.ts";
import type { Report } from "../../../src/report/report.ts";

const report: Report = {
  schemaVersion: 1,
  title: "t",
  sections: [
    {
      title: "Functions",
      columns: [
        { key: "function", label: "function", type: "text" },
        { key: "usd", label: "cost", type: "usd" },
        { key: "p95Ms", label: "p95", type: "ms", optional: true },
      ],
      rows: [
        { function: "b", usd: 1, p95Ms: null },
        { function: "a", usd: 3, p95Ms: 10 },
        { function: "c", usd: 2, p95Ms: 200 },
      ],
      total: { function: "total", usd: 6 },
      notes: [],
    },
    { title: "Other", columns: [{ key: "what", label: "what", type: "text" }], rows: [{ what: "x" }], notes: [] },
  ],
};
const names = (one: Report): unknown[] => one.sections[0]!.rows.map((row) => row["function"]);

describe("arranging tables", () => {
  it("sorts numbers greatest first, text from A, unknown last in both directions", () => {
    expect(names(arrange(report, { columns: null, sort: { column: "cost", reversed: false } }, null))).toEqual(["a", "c", "b"]);
    expect(names(arrange(report, { columns: null, sort: { column: "USD", reversed: true } }, null))).toEqual(["b", "c", "a"]);
    expect(names(arrange(report, { columns: null, sort: { column: "p95", reversed: false } }, null))).toEqual(["c", "a", "b"]);
    expect(names(arrange(report, { columns: null, sort: { column: "p95", reversed: true } }, null))).toEqual(["a", "c", "b"]);
    expect(names(arrange(report, { columns: null, sort: { column: "function", reversed: true } }, null))).toEqual(["c", "b", "a"]);
  });

  it("cuts after sorting, says how many more, and leaves the total", () => {
    const [section] = arrange(report, { columns: null, sort: { column: "p95", reversed: false } }, 1).sections;
    expect(section!.rows).toEqual([report.sections[0]!.rows[2]]);
    expect(section!.notes).toEqual(["2 more rows; totals count all."]);
    expect(section!.total).toEqual({ function: "total", usd: 6 });
  });

  it("shows the columns asked for, in their order, however narrow; other tables stay", () => {
    const { sections } = arrange(report, { columns: ["p95", "Function"], sort: null }, null);
    expect(sections[0]!.columns.map((column) => [column.key, column.optional])).toEqual([
      ["p95Ms", false],
      ["function", false],
    ]);
    expect(sections[1]).toEqual(report.sections[1]);
  });

  it("a column that no table has: said with those there are", () => {
    expect(() => arrange(report, { columns: ["costs"], sort: null }, null)).toThrowError(
      expect.objectContaining({
        message: 'no table here has a column "costs"',
        suggestions: ["did you mean cost?", "columns: function, cost, p95, what"],
      }),
    );
  });
});
