/** Report -> GitHub-flavoured Markdown, safe to post as a comment. */
import type { Report, Section } from "../report.ts";
import { textColumns } from "./columns.ts";
import { escapeTerminal } from "./text.ts";

/**
 * Text as Markdown shows it literally: no markup, HTML, links, autolinks, mentions or issue references, no new table cell.
 * Control characters become visible escapes.
 */
export function escapeMarkdown(text: string): string {
  return escapeTerminal(text)
    .replace(/[\\`*_[\]#|~$]/g, "\\$&")
    .replace(/^(\s*)([-+]|\d+[.)])(?=\s|$)/, (_, space: string, mark: string) => `${space}${mark.slice(0, -1)}\\${mark.at(-1)}`) // no list
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/@/g, "@<!-- -->") // no mention, no mail link
    .replace(/:(?=\/\/)/g, ":<!-- -->") // no autolink
    .replace(/\b(www|mailto|xmpp)(?=[.:])/gi, "$1<!-- -->");
}

/** The whole report. Ends with a line end. */
export function formatMarkdown(report: Report): string {
  const parts = report.sections.map((section) => {
    // one table of the same name needs no second heading
    const heading = section.title === report.title ? [] : [`### ${escapeMarkdown(section.title)}`, ""];
    return [...heading, ...sectionLines(section)].join("\n");
  });
  const lead = report.lead === undefined ? "" : `${escapeMarkdown(report.lead)}\n\n`;
  return `## ${escapeMarkdown(report.title)}\n\n${lead}${parts.join("\n\n")}\n`;
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

function sectionLines(section: Section): string[] {
  const columns = textColumns(section);
  const rows = section.rows.map((_, r) => line(columns.map((column) => escapeMarkdown(column.cells[r]!))));
  const total =
    section.total === undefined ? [] : [line(columns.map((column) => (column.total === "" ? "" : `**${escapeMarkdown(column.total!)}**`)))];
  const notes = section.notes.map((note) => `- ${escapeMarkdown(note.trim())}`);
  if (rows.length === 0 && total.length === 0) return ["none", ...(notes.length > 0 ? ["", ...notes] : [])];
  return [
    line(columns.map((column) => escapeMarkdown(column.header))),
    line(columns.map((column) => (column.align === "right" ? "---:" : "---"))),
    ...rows,
    ...total,
    ...(notes.length > 0 ? ["", ...notes] : []),
  ];
}
