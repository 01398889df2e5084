/** Section -> HTML: heading, chart, table, notes. Numbers carry their raw value, so that the page can sort them. */
import { textColumns } from "../formats/columns.ts";
import { shorten } from "../formats/text.ts";
import type { Cell, Section } from "../report.ts";
import { chartSvg } from "./charts.ts";
import { anchor, escapeHtml } from "./html.ts";

/** CSS pixels of a chart on a wide and on a narrow screen. */
const WIDE_PX = 760;
const NARROW_PX = 330;

/** Words that are states: the sign says the same as the colour. */
const STATES: Record<string, [sign: string, tone: string]> = {
  passed: ["✓", "good"],
  ok: ["✓", "good"],
  crossed: ["✕", "bad"],
  failed: ["✕", "bad"],
  worse: ["✕", "bad"],
  error: ["✕", "bad"],
  unknown: ["?", "warn"],
  "no-baseline": ["–", "muted"],
  "too-early": ["…", "muted"],
};
const STATE_COLUMNS: ReadonlySet<string> = new Set(["outcome", "verdict", "status"]);

/** `lead` sections (figures with a note each) become cards. */
export function sectionHtml(section: Section): string {
  const id = anchor(section.title);
  const body = isFigures(section) ? cards(section) : `${chartHtml(section)}${tableHtml(section, id)}`;
  return `<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${escapeHtml(shorten(section.title))}</h2>${body}${notes(section)}</section>`;
}

function isFigures({ columns }: Section): boolean {
  return columns[0]?.key === "figure";
}

function cards({ rows }: Section): string {
  const card = (row: Section["rows"][number]): string =>
    `<div class="card"><dt>${escapeHtml(String(row["figure"]))}</dt><dd class="value">${escapeHtml(String(row["value"]))}</dd><dd>${escapeHtml(String(row["note"]))}</dd></div>`;
  return `<dl class="cards">${rows.map(card).join("")}</dl>`;
}

function chartHtml(section: Section): string {
  const wide = chartSvg(section, WIDE_PX);
  const narrow = chartSvg(section, NARROW_PX);
  return wide === null || narrow === null
    ? ""
    : `<figure><div class="wide">${wide}</div><div class="narrow">${narrow}</div><figcaption>The table has the numbers.</figcaption></figure>`;
}

function tableHtml(section: Section, id: string): string {
  const columns = textColumns(section);
  if (section.rows.length === 0 && section.total === undefined) return '<p class="none">None.</p>';
  const cls = (align: "left" | "right"): string => (align === "right" ? ' class="num"' : "");
  const head = columns.map((column) => `<th scope="col"${cls(column.align)}>${escapeHtml(column.header)}</th>`).join("");
  const rows = section.rows.map((row, r) => {
    const cells = columns.map((column, c) => {
      const text = stateHtml(column.key, column.cells[r]!);
      if (c === 0) return `<th scope="row"${cls(column.align)}>${text}</th>`;
      return `<td${cls(column.align)}${rawValue(row[column.key] ?? null)}>${text}</td>`;
    });
    return `<tr>${cells.join("")}</tr>`;
  });
  const total =
    section.total === undefined
      ? ""
      : `<tfoot><tr>${columns.map((column, c) => (c === 0 ? `<th scope="row">${escapeHtml(column.total ?? "")}</th>` : `<td${cls(column.align)}>${escapeHtml(column.total ?? "")}</td>`)).join("")}</tr></tfoot>`;
  return `<div class="scroll" role="region" tabindex="0" aria-labelledby="${id}-title"><table><thead><tr>${head}</tr></thead><tbody>${rows.join("")}</tbody>${total}</table></div>`;
}

function rawValue(value: Cell): string {
  return typeof value === "number" ? ` data-value="${value}"` : "";
}

function stateHtml(key: string, text: string): string {
  const state = STATE_COLUMNS.has(key) ? STATES[text] : undefined;
  return state === undefined
    ? escapeHtml(text)
    : `<span class="state ${state[1]}"><span aria-hidden="true">${state[0]}</span> ${escapeHtml(text)}</span>`;
}

function notes({ notes: lines }: Section): string {
  if (lines.length === 0) return "";
  return `<ul class="notes">${lines.map((line) => `<li>${escapeHtml(shorten(line.trim()))}</li>`).join("")}</ul>`;
}
