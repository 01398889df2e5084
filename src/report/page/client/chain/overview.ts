/** The whole chain in a strip: dragging over it chooses the stretch that the waterfall shows. */
import { endMsOf } from "../../../formats/trace-bar.ts";
import type { TreeRow } from "../../../formats/trace-tree.ts";
import { element } from "../dom.ts";
import { shape } from "./map-view.ts";
import type { View } from "./view.ts";

const WIDTH = 1000;
const HEIGHT = 56;
/** A shorter drag is a click. */
const LEAST_DRAG = 0.005;

/** `choose`: told the stretch that was dragged over. */
export function overview(
  rows: readonly TreeRow[],
  whole: View,
  choose: (view: View) => void,
): { root: HTMLElement; zoom(view: View): void } {
  const place = (ms: number): number => ((ms - whole.fromMs) / (whole.toMs - whole.fromMs)) * WIDTH;
  const step = HEIGHT / Math.max(1, rows.length);
  const line = ({ hop }: TreeRow, index: number): string => {
    const width = Math.max(1, place(endMsOf(hop)) - place(hop.startMs));
    return `M${place(hop.startMs).toFixed(1)} ${(index * step).toFixed(2)}h${width.toFixed(1)}v${Math.max(1, step * 0.8).toFixed(2)}h${(-width).toFixed(1)}z`;
  };
  const isBad = ({ hop }: TreeRow): boolean => hop.outcome !== "ok" && hop.outcome !== "unknown";
  const path = (bad: boolean): string => rows.map((row, index) => (isBad(row) === bad ? line(row, index) : "")).join("");
  const svg = shape("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" });
  const frame = shape("rect", { y: "0", height: String(HEIGHT), class: "frame" });
  svg.append(shape("path", { d: path(false), class: "ok" }), shape("path", { d: path(true), class: "failed" }), frame);
  const root = element("div", { class: "overview", title: "Drag to zoom" });
  root.append(svg);
  let startedAt: number | null = null;
  const shareAt = (event: PointerEvent): number => {
    const { left, width } = root.getBoundingClientRect();
    return Math.max(0, Math.min(1, (event.clientX - left) / width));
  };
  const msAt = (share: number): number => whole.fromMs + share * (whole.toMs - whole.fromMs);
  root.addEventListener("pointerdown", (event) => {
    startedAt = shareAt(event);
    root.setPointerCapture(event.pointerId);
  });
  root.addEventListener("pointerup", (event) => {
    if (startedAt === null) return;
    const [from, to] = [startedAt, shareAt(event)].sort((a, b) => a - b) as [number, number];
    startedAt = null;
    if (to - from >= LEAST_DRAG) choose({ fromMs: msAt(from), toMs: msAt(to) });
  });
  return {
    root,
    zoom({ fromMs, toMs }) {
      frame.setAttribute("x", String(place(fromMs)));
      frame.setAttribute("width", String(Math.max(2, place(toMs) - place(fromMs))));
    },
  };
}
