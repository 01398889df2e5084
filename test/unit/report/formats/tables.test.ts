import { describe, expect, it } from "vitest";
import { formatCsv } from "../../../../src/report/formats/csv.ts";
import { formatJson } from "../../../../src/report/formats/json.ts";
import { escapeMarkdown, formatMarkdown } from "../../../../src/report/formats/markdown.ts";
import { formatTable } from "../../../../src/report/formats/table.ts";
import { displayWidth } from "../../../../src/report/formats/text.ts";
import type { Cell, Report } from "../../../../src/report/report.ts";
import { costView } from "../../../../src/report/views/cost.ts";
import { importView } from "../../../../src/report/views/imports.ts";
import { ledger } from "../../../../src/analyzer/cost/ledger.ts";
import { group, rates } from "../../analyzer/cost/rates.ts";

function report(rows: { [key: string]: Cell }[], total?: { [key: string]: Cell }): Report {
  return {
    schemaVersion: 1,
    title: "Cost",
    sections: [
      {
        title: "Cost",
        columns: [
          { key: "fn", label: "function", type: "text" },
          { key: "count", label: "invocations", type: "count" },
          { key: "usd", label: "cost", type: "usd" },
          { key: "at", label: "seen", type: "time", optional: true },
        ],
        rows,
        ...(total === undefined ? {} : { total }),
        notes: ["List prices."],
      },
    ],
  };
}

const plain = { width: 100, color: false, unicode: true };
const at = "2026-11-20T08:15:30.123Z";

describe("table", () => {
  it("aligns numbers, puts units into headers and says unknown", () => {
    const rows = [
      { fn: "checkout", count: 1234567, usd: 0.000565786, at },
      { fn: "ship", count: 3, usd: null, at: null },
      { fn: "free", count: 0, usd: 0, at },
    ];
    expect(formatTable(report(rows, { fn: "total", count: 1234570, usd: 0.000565786 }), plain)).toBe(
      [
        "function  invocations  cost (USD)  seen (UTC)",
        "──────────────────────────────────────────────────────────",
        "checkout    1,234,567    0.000566  2026-11-20 08:15:30.123",
        "ship                3     unknown  unknown",
        "free                0           0  2026-11-20 08:15:30.123",
        "──────────────────────────────────────────────────────────",
        "total       1,234,570    0.000566",
        "",
        "List prices.",
      ].join("\n"),
    );
  });

  it("shows escapes instead of obeying them, in cells, headers and notes", () => {
    const evil = report([{ fn: "a\u001b[2Jb\nc", count: 1, usd: 1, at }]);
    evil.sections[0]!.notes = ["see \u001b]8;;http://x\u0007"];
    const text = formatTable(evil, plain);
    // oxlint-disable-next-line no-control-regex
    expect(text.replaceAll("\n", "")).not.toMatch(/[\u0000-\u001f]/);
    expect(text).toContain("a\\x1b[2Jb\\nc");
  });

  it.each([40, 60, 80, 120, 200])("fits %d cells", (width) => {
    const rows = Array.from({ length: 5 }, (_, i) => ({
      fn: `一つの非常に長い関数の名前-${"with-a-long-name-".repeat(i)}`,
      count: 10 ** i,
      usd: 10 ** -i,
      at,
    }));
    for (const line of formatTable(report(rows), { ...plain, width }).split("\n")) expect(displayWidth(line)).toBeLessThanOrEqual(width);
  });

  it("puts sentences under the table where they would have to be wrapped, and keeps them in it where they fit", () => {
    const why = "the alias live splits its traffic by weight, so that a canary is under way and moving it would end that";
    const applied: Report = {
      schemaVersion: 1,
      title: "t",
      sections: [
        {
          title: "t",
          columns: [
            { key: "name", label: "function", type: "text" },
            { key: "state", label: "state", type: "text" },
            { key: "note", label: "note", type: "text", below: true },
          ],
          rows: [
            { name: "orders", state: "refused", note: why },
            { name: "billing", state: "done", note: "" },
          ],
          notes: ["Nothing to do."],
        },
      ],
    };
    expect(formatTable(applied, { width: 100, color: false, unicode: true }).split("\n")).toEqual([
      "function  state",
      "─────────────────",
      "orders    refused",
      "billing   done",
      "",
      "orders: the alias live splits its traffic by weight, so that a canary is under way and moving it",
      "  would end that",
      "",
      "Nothing to do.",
    ]);
    expect(formatTable(applied, { width: 160, color: false, unicode: true })).toContain(`orders    refused  ${why}`);
  });

  it("leaves out optional columns, and becomes a list of records where that is not enough", () => {
    const rows = [{ fn: "a-function-with-quite-a-long-name", count: 1, usd: 0.5, at }];
    expect(formatTable(report(rows), { ...plain, width: 70 })).toMatch(
      /^function {27}invocations {2}cost \(USD\)\n[^]*\(left out for width: seen \(UTC\)\)/,
    );
    const narrow = formatTable(report(rows), { ...plain, width: 26 });
    expect(narrow).toMatch(/^function {5}a-function/m);
    expect(narrow).toMatch(/^cost \(USD\) {3}0.50$/m);
  });

  it("colours words that mean something, and nothing without colour", () => {
    const facts = { files: [{ path: "a", format: null, records: 0, skipped: 0, error: "no known format" }] };
    const coloured = formatTable(importView(facts), { ...plain, color: true });
    expect(coloured).toContain("\u001b[31mfailed");
    expect(formatTable(importView(facts), plain)).not.toContain("\u001b");
  });

  it("lays out a fleet in one piece", () => {
    const rows = Array.from({ length: 1000 }, (_, i) => ({ fn: `f${i}`, count: i, usd: i / 1000, at }));
    const lines = formatTable(report(rows), plain).split("\n");
    expect(lines).toHaveLength(1000 + 2 + 2);
    expect(lines[2]!.indexOf("2026")).toBe(lines[1001]!.indexOf("2026"));
  });

  it("says what a ledger does not know", () => {
    const text = formatTable(costView(ledger({ usage: [group({ billedMs: null, count: 1200 })] }, { ...rates, by: "function" })), plain);
    expect(text).toContain("unknown");
    expect(text).toContain("1,200 x the log does not say what was billed");
    expect(text).not.toContain("0.00");
  });
});

describe("csv", () => {
  it("keeps full precision, quotes what must be quoted and has no totals", () => {
    const rows = [
      { fn: 'say "hi", twice', count: 1234567, usd: 0.00000018512345, at },
      { fn: "two\nlines", count: 2, usd: null, at: null },
    ];
    expect(formatCsv(report(rows, { fn: "total", count: 3, usd: 1 }))).toBe(
      `fn,count,usd,at\r\n"say ""hi"", twice",1234567,0.00000018512345,${at}\r\n"two\nlines",2,unknown,unknown\r\n`,
    );
  });

  it.each([
    ["=1+1", "'=1+1"],
    ['=HYPERLINK("http://x")', `"'=HYPERLINK(""http://x"")"`],
    ["+1", "'+1"],
    ["-1", "'-1"],
    ["@SUM(A1)", "'@SUM(A1)"],
    ["\tx", "'\tx"],
    ["\rx", "'\\u000dx"],
    ["＝1", "'＝1"],
    ["order-1=2", "order-1=2"],
    ["a\u001b[2J", "a\\u001b[2J"],
  ])("text %j cannot become a formula", (fn, cell) => {
    expect(formatCsv(report([{ fn, count: 1, usd: -0.5, at: "" }]))).toBe(`fn,count,usd,at\r\n${cell},1,-0.5,\r\n`);
  });
});

describe("markdown", () => {
  it("is a table with aligned numbers", () => {
    expect(formatMarkdown(report([{ fn: "ship", count: 1000, usd: 0.5, at }], { fn: "total", count: 1000, usd: 0.5 }))).toBe(
      [
        "## Cost",
        "",
        "| function | invocations | cost (USD) | seen (UTC) |",
        "| --- | ---: | ---: | --- |",
        "| ship | 1,000 | 0.50 | 2026-11-20 08:15:30.123 |",
        "| **total** | **1,000** | **0.50** |  |",
        "",
        "- List prices.",
        "",
      ].join("\n"),
    );
  });

  it.each([
    ["a|b", "a\\|b"],
    ["<img src=x onerror=alert(1)>", "&lt;img src=x onerror=alert(1)&gt;"],
    ["[click](http://evil)", "\\[click\\](http:<!-- -->//evil)"],
    ["@team see #12", "@<!-- -->team see \\#12"],
    ["www.evil.example", "www<!-- -->.evil.example"],
    ["`code` **bold** _it_ ~~x~~", "\\`code\\` \\*\\*bold\\*\\* \\_it\\_ \\~\\~x\\~\\~"],
    ["1. list\n- item", "1\\. list\\\\n- item"],
    ["- item", "\\- item"],
    ["$x$", "\\$x\\$"],
  ])("%j is literal text", (text, escaped) => {
    expect(escapeMarkdown(text)).toBe(escaped);
  });
});

describe("json", () => {
  it("is the document itself, with nothing that a terminal obeys", () => {
    const document = { schemaVersion: 1 as const, name: "a\u009b2J\u202e\u001b[0m\u2028é", n: 1e-7 };
    const text = formatJson(document);
    expect(JSON.parse(text)).toEqual(document);
    // oxlint-disable-next-line no-control-regex
    expect(text.replaceAll("\n", "")).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e]/);
    expect(text).toContain("é");
  });
});
