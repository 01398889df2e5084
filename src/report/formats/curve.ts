/** A curve as a picture in text: one line per memory size, its duration as a point within its interval, on a logarithmic scale. */
import type { CurveDocument } from "../report.ts";
import { type Look, type Paint, painter } from "./style.ts";
import { noteLines } from "./table.ts";
import { escapeTerminal, pad, widest, wrap } from "./text.ts";
import { humanMs, humanUsd } from "./values.ts";

type Point = CurveDocument["points"][number];

interface Signs {
  line: string;
  left: string;
  right: string;
  point: Record<Point["basis"], string>;
}

const UNICODE: Signs = { line: "─", left: "├", right: "┤", point: { measured: "●", modelled: "○", assumed: "?" } };
const ASCII: Signs = { line: "-", left: "|", right: "|", point: { measured: "*", modelled: "o", assumed: "?" } };
const BASIS: Record<Point["basis"], string> = { measured: "measured", modelled: "modelled", assumed: "as functions in general" };

const LEAST_PLOT = 16;
const MOST_PLOT = 64;
const GAP = 2;

/** The picture without a line end at its end. Lines fit `look.width` (60 and more). */
export function formatCurve(document: CurveDocument, look: Look): string {
  const paint = painter(look.color);
  const known = document.points.filter((point) => point.durationMs !== null);
  const head = [
    ...wrap(escapeTerminal(document.title), look.width).map((line) => paint("bold", line)),
    ...wrap(
      document.facts
        .map(escapeTerminal)
        .join(" · ")
        .replaceAll("·", look.unicode ? "·" : "|"),
      look.width,
    ),
  ];
  const picture = known.length === 0 ? ["nothing to draw: no duration is known"] : pictureLines(known, look, paint);
  const notes = document.notes.filter((note) => note !== "").flatMap((note) => noteLines(note, look.width));
  return [...head, "", ...picture, ...(notes.length === 0 ? [] : ["", ...notes])].join("\n");
}

function pictureLines(points: readonly Point[], look: Look, paint: Paint): string[] {
  const signs = look.unicode ? UNICODE : ASCII;
  const labels = points.map((point) => point.label ?? `${point.memoryMib} MiB`);
  const durations = points.map((point) => humanMs(point.durationMs!.p50));
  const money = points.map((point) => (point.usdPerMonth === null ? "" : humanUsd(point.usdPerMonth.p50)));
  const marks = points.map((point) => point.mark ?? "");
  const columns = [labels, durations, money, marks].map((cells) => widest(cells));
  const plot = Math.max(
    LEAST_PLOT,
    Math.min(MOST_PLOT, look.width - columns.reduce((sum, width) => sum + (width > 0 ? width + GAP : 0), 0)),
  );
  const least = Math.min(...points.map((point) => point.durationMs!.p10));
  const most = Math.max(...points.map((point) => point.durationMs!.p90));
  const gap = " ".repeat(GAP);
  const rows = points.map((point, i) => {
    const cells = [
      pad(labels[i]!, columns[0]!, "right"),
      barOf(point, { least, most, width: plot }, signs),
      pad(durations[i]!, columns[1]!, "right"),
      ...(columns[2]! > 0 ? [pad(money[i]!, columns[2]!, "right")] : []),
      ...(columns[3]! > 0 ? [pad(marks[i]!, columns[3]!, "left")] : []),
    ];
    const line = cells.join(gap).trimEnd();
    return point.mark === "proposed" ? paint("green", line) : point.mark === "now" ? paint("bold", line) : line;
  });
  const indent = " ".repeat(columns[0]! + GAP);
  const ends = [humanMs(least), humanMs(most)] as const;
  const axis = `${indent}${ends[0]}${" ".repeat(Math.max(1, plot - ends[0].length - ends[1].length))}${ends[1]}`;
  return [...rows, paint("dim", axis), ...legend(points, signs, look.width).map((line) => paint("dim", line))];
}

/** The interval as a line with its middle on it. */
function barOf({ durationMs, basis }: Point, scale: { least: number; most: number; width: number }, signs: Signs): string {
  const place = (ms: number): number =>
    scale.most <= scale.least ? 0 : Math.round((Math.log(ms / scale.least) / Math.log(scale.most / scale.least)) * (scale.width - 1));
  const [from, middle, to] = [place(durationMs!.p10), place(durationMs!.p50), place(durationMs!.p90)];
  return Array.from({ length: scale.width }, (_, i) => {
    if (i === middle) return signs.point[basis];
    if (i === from) return signs.left;
    if (i === to) return signs.right;
    return i > from && i < to ? signs.line : " ";
  }).join("");
}

function legend(points: readonly Point[], signs: Signs, width: number): string[] {
  const used = (Object.keys(BASIS) as Point["basis"][]).filter((basis) => points.some((point) => point.basis === basis));
  return wrap(
    [...used.map((basis) => `${signs.point[basis]} ${BASIS[basis]}`), "lines: P10 to P90", "logarithmic scale"].join(", "),
    width,
  );
}
