/** The waterfall: one row per hop, bars to scale. Only rows in sight are in the document, so that thousands stay quick. */
import { endMsOf, stretches } from "../../../formats/trace-bar.ts";
import { escapeTerminal } from "../../../formats/text.ts";
import type { TreeRow } from "../../../formats/trace-tree.ts";
import { humanMs } from "../../../formats/values.ts";
import { element } from "../dom.ts";
import { ticks, type View } from "./view.ts";

const ROW_PX = 28;
/** Rows beyond the edge that are drawn, so that scrolling shows no gap. */
const SPARE_ROWS = 8;
/** Deepest indent that is drawn. */
const DEEPEST = 12;

export interface Waterfall {
  root: HTMLElement;
  /** Draws these rows from the top. */
  show(rows: readonly TreeRow[]): void;
  zoom(view: View): void;
  /** Brings the row into sight and marks it. -1: none. */
  select(index: number): void;
}

/** `key`: names its elements. `open`: what a click on a row does. */
export function waterfall(key: string, critical: ReadonlySet<string>, first: View, open: (index: number) => void): Waterfall {
  let rows: readonly TreeRow[] = [];
  let view = first;
  let selected = -1;
  let asked = false;
  const axis = element("div", { class: "axis", "aria-hidden": "true" });
  const head = element("div", { class: "wf-row wf-head", role: "row" });
  for (const name of ["hop", "start", "took", "outcome"]) head.append(element("span", { role: "columnheader" }, name));
  head.append(element("span", { role: "columnheader", class: "wf-bar" }, element("span", { class: "unseen" }, "time"), axis));
  const body = element("div", { class: "wf-body", role: "rowgroup" });
  const scroller = element("div", { class: "wf-scroll", role: "grid", tabindex: "0", "aria-label": "Waterfall of hops" });
  scroller.append(element("div", { role: "rowgroup", class: "wf-top" }, head), body);

  function draw(): void {
    asked = false;
    const from = Math.max(0, Math.floor(scroller.scrollTop / ROW_PX) - SPARE_ROWS);
    const to = Math.min(rows.length, Math.ceil((scroller.scrollTop + scroller.clientHeight) / ROW_PX) + SPARE_ROWS);
    const drawn: HTMLElement[] = [];
    for (let index = from; index < to; index++) drawn.push(rowOf(rows[index]!, index));
    body.replaceChildren(...drawn);
    if (selected >= from && selected < to) scroller.setAttribute("aria-activedescendant", rowId(selected));
    else scroller.removeAttribute("aria-activedescendant");
  }
  function drawSoon(): void {
    if (asked) return;
    asked = true;
    requestAnimationFrame(draw);
  }
  const rowId = (index: number): string => `wf-${key}-${index}`;
  const place = (ms: number): number => ((ms - view.fromMs) / (view.toMs - view.fromMs)) * 100;

  function rowOf(row: TreeRow, index: number): HTMLElement {
    const { hop, depth, cause } = row;
    const made = element("div", {
      class: "wf-row",
      role: "row",
      id: rowId(index),
      "aria-rowindex": String(index + 2),
      "aria-selected": String(index === selected),
    });
    made.style.setProperty("top", `${index * ROW_PX}px`);
    const name = element("span", { role: "gridcell", class: "wf-name" });
    name.style.setProperty("padding-left", `${Math.min(depth, DEEPEST) * 12 + 6}px`);
    if (critical.has(hop.id)) name.append(element("span", { class: "on-path", title: "critical path" }, "▸ "));
    if (cause !== null && cause.confidence < 0.5) name.append(element("span", { class: "warn", title: "a guess" }, "? "));
    name.append(escapeTerminal(hop.name.slice(0, 200)) || "(no name)");
    const failed = hop.outcome !== "ok" && hop.outcome !== "unknown";
    const took = hop.endedAt === null && hop.durationMs === null ? "unknown" : humanMs(endMsOf(hop) - hop.startMs);
    const bar = element("span", { role: "gridcell", class: "wf-bar" });
    bar.append(element("span", { class: "unseen" }, `${humanMs(hop.startMs)} to ${humanMs(endMsOf(hop))}`));
    for (const { part, fromMs, toMs } of stretches(hop)) {
      const [start, end] = [Math.max(0, place(fromMs)), Math.min(100, place(toMs))];
      if (end < 0 || start > 100) continue;
      const piece = element("i", { class: `part ${part}${failed && part === "work" ? " failed" : ""}`, "aria-hidden": "true" });
      piece.style.setProperty("left", `${start}%`);
      piece.style.setProperty("width", `${Math.max(0, end - start)}%`);
      bar.append(piece);
    }
    made.append(
      name,
      element("span", { role: "gridcell", class: "wf-num" }, humanMs(hop.startMs)),
      element("span", { role: "gridcell", class: "wf-num" }, took),
      element("span", { role: "gridcell", class: failed ? "wf-out bad" : "wf-out" }, `${failed ? "✕ " : ""}${hop.outcome}`),
      bar,
    );
    made.addEventListener("click", () => open(index));
    return made;
  }
  function drawAxis(): void {
    axis.replaceChildren(
      ...ticks(view, 5).map((ms) => {
        const mark = element("span", { class: "tick" }, humanMs(ms));
        mark.style.setProperty("left", `${place(ms)}%`);
        return mark;
      }),
    );
  }
  scroller.addEventListener("scroll", drawSoon, { passive: true });
  new ResizeObserver(drawSoon).observe(scroller);
  drawAxis();
  return {
    root: scroller,
    show(next) {
      rows = next;
      selected = -1;
      scroller.setAttribute("aria-rowcount", String(rows.length + 1));
      body.style.setProperty("height", `${rows.length * ROW_PX}px`);
      scroller.scrollTop = 0;
      draw();
    },
    zoom(next) {
      view = next;
      drawAxis();
      drawSoon();
    },
    select(index) {
      selected = index;
      const top = index * ROW_PX;
      const height = scroller.clientHeight - 2 * ROW_PX;
      if (index >= 0 && top < scroller.scrollTop) scroller.scrollTop = top;
      else if (index >= 0 && top > scroller.scrollTop + height) scroller.scrollTop = top - height;
      draw();
    },
  };
}
