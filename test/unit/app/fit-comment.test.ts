/** Comments that are too long: what is left by hand, and by properties over made-up Markdown. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fitComment } from "../../../src/app/fit-comment.ts";

const filler = (lines: number): string => "a line of twenty chr\n".repeat(lines);
const said = (missing: number, max: number): string =>
  `_Cut here: ${missing} more line${missing === 1 ? "" : "s"}, since a comment holds ${max} characters at most. The report itself has them all._`;

describe("a comment that is too long", () => {
  it("stays as it is where it fits, to the character", () => {
    expect(fitComment("x".repeat(200), 200)).toBe("x".repeat(200));
    expect(fitComment("x".repeat(201), 200)).not.toHaveLength(201);
  });

  it("ends at the end of a line and says how many are missing", () => {
    // 21 characters a line; the sentence takes 104 and two line ends 2: 200 - 106 = 94 leave 4 lines (83 without the last line's end)
    const text = filler(20).trimEnd();
    expect(said(16, 200)).toHaveLength(104);
    expect(fitComment(text, 200)).toBe(`${filler(4).trimEnd()}\n\n${said(16, 200)}`);
  });

  it("closes what is open", () => {
    const text = `tag\n<details><summary>Functions</summary>\n\n<details>\n<summary>Inner</summary>\n\n${filler(50)}</details>\n</details>\n`;
    expect(fitComment(text, 400)).toMatch(/a line of twenty chr\n\n<\/details><\/details>\n\n_Cut here/);
    const closed = `<details>\n\nx\n\n</details>\n\n${filler(50)}`;
    expect(fitComment(closed, 400)).not.toMatch(/<\/details>.*<\/details>/s);
    expect(fitComment(`\`\`\`\`text\n<details>\n\`\`\`\n${filler(50)}`, 400)).toMatch(/twenty chr\n````\n\n_Cut here/);
    expect(fitComment(`<table>\n<tr><td>1</td>\n${filler(50)}`, 400)).toMatch(/twenty chr\n\n<\/tr><\/table>\n\n_Cut here/);
    expect(fitComment(`&lt;details> \`<details>\`\n${filler(50)}`, 400)).not.toContain("</details>");
  });

  it("leaves no header of a table without its table", () => {
    const head = filler(4);
    const table = `| name of it | usd |\n| --- | ---: |\n${"| checkout | 12.3456789 |\n".repeat(40)}`;
    const cut = Array.from({ length: 120 }, (_, n) => fitComment(head + table, 150 + n));
    for (const text of cut) expect(text.includes("| name of it")).toBe(text.includes("| --- |"));
    expect(cut.some((text) => text.includes("| --- |"))).toBe(true);
    expect(cut.some((text) => !text.includes("| name of it"))).toBe(true);
  });

  it("keeps the tag where the only other line is a giant one", () => {
    const text = fitComment(`<!-- evscope:report x -->\n\n${"y".repeat(1_000_000)}`, 1000);
    expect(text).toBe(`<!-- evscope:report x -->\n\n\n${said(1, 1000)}`);
  });

  it("is never too long, never begins otherwise, and closes as much as it opens", () => {
    const line = fc.constantFrom(
      "<details>",
      "</details>",
      "<details><summary>a</summary>",
      "```",
      "~~~~",
      "| a | b |",
      "| - | - |",
      "text \u{1F308} more text",
      "",
      "<td>",
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 120 }), fc.integer({ min: 0, max: 900 }), (lines, max) => {
        const body = lines.join("\n");
        const text = fitComment(body, max);
        expect(text.length).toBeLessThanOrEqual(max);
        expect(text.isWellFormed()).toBe(true);
        const kept = text.includes("_Cut here") ? Number(/_Cut here: (\d+)/.exec(text)![1]) : null;
        if (kept === null) return void expect(body.startsWith(text)).toBe(true);
        expect(text.startsWith(lines.slice(0, lines.length - kept).join("\n"))).toBe(true);
        expect(kept).toBeGreaterThan(0);
        // a closing tag that opens nothing closes nothing, so that the depth at the end is what counts
        if (lines.some((one) => /^[`~]{3}/.test(one))) return;
        const depth = [...text.matchAll(/<(\/?)details>/g)].reduce((deep, [, slash]) => Math.max(0, deep + (slash === "" ? 1 : -1)), 0);
        expect(depth).toBe(0);
      }),
      { numRuns: 500 },
    );
  });
});
