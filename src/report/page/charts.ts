/**
 * Charts of a section as SVG, drawn by ECharts without a browser. Colours are CSS variables, so that they follow the page's theme, and
 * there are no style attributes, since the page's Content-Security-Policy forbids them.
 */
import { BarChart, LineChart } from "echarts/charts";
import { GridComponent } from "echarts/components";
import { type EChartsCoreOption, init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { escapeTerminal, truncate, widest } from "../formats/text.ts";
import { humanUsd } from "../formats/values.ts";
import type { Chart, Section } from "../report.ts";
import { escapeHtml } from "./html.ts";

use([BarChart, LineChart, GridComponent, SVGRenderer]);

/** What ECharts is given for a colour, and the variable that it becomes. */
const COLORS = {
  text: ["#010101", "var(--text)"],
  muted: ["#010102", "var(--muted)"],
  line: ["#010103", "var(--line)"],
  value: ["#010104", "var(--cat1)"],
  more: ["#010105", "var(--bad)"],
  less: ["#010106", "var(--good)"],
} as const;
const color = (name: keyof typeof COLORS): string => COLORS[name][0];

/** Bars of one chart; the table has the rest. */
const MOST_BARS = 12;
const BAR_PX = 26;
/** Width of a letter of 12 px, in most fonts less. */
const LETTER_PX = 7.2;

interface Point {
  name: string;
  value: number | null;
}

/** The chart at a width in CSS pixels; null: it would show nothing (fewer than two values). */
export function chartSvg(section: Section, width: number): string | null {
  const { chart } = section;
  if (chart === undefined) return null;
  const points = pointsOf(section, chart);
  if (points.filter((point) => point.value !== null).length < 2) return null;
  const shown = chart.kind === "bars" ? points.filter((point) => point.value !== null).slice(0, MOST_BARS) : points;
  const height = chart.kind === "line" ? 220 : shown.length * BAR_PX + 12;
  const canvas = init(null, null, { renderer: "svg", ssr: true, width, height });
  canvas.setOption({
    animation: false,
    textStyle: { fontFamily: "inherit", fontSize: 12 },
    ...optionsOf(chart.kind, shown, width),
  } as EChartsCoreOption);
  const svg = canvas.renderToSVGString();
  canvas.dispose();
  const label = `${section.title}: ${shown.map((point) => `${point.name} ${point.value === null ? "unknown" : humanUsd(point.value)}`).join(", ")}`;
  return themed(svg, label);
}

function pointsOf({ rows }: Section, { name, values }: Chart): Point[] {
  return rows.map((row) => {
    const value = row[values[0]!];
    return { name: escapeTerminal(truncate(String(row[name] ?? "-").slice(0, 400), 100)), value: typeof value === "number" ? value : null };
  });
}

function optionsOf(kind: Chart["kind"], points: readonly Point[], width: number): object {
  return kind === "line" ? lineOptions(points) : barOptions(points, kind, width);
}

function lineOptions(points: readonly Point[]): object {
  return {
    grid: { left: 8, right: 16, top: 16, bottom: 8, outerBounds: { left: 0, right: 0, top: 0, bottom: 0 }, outerBoundsMode: "same" },
    xAxis: {
      type: "category",
      data: points.map((point) => point.name),
      axisLine: { lineStyle: { color: color("line") } },
      axisTick: { show: false },
      axisLabel: { color: color("muted"), hideOverlap: true },
    },
    yAxis: {
      type: "value",
      min: 0,
      splitLine: { lineStyle: { color: color("line") } },
      axisLabel: { color: color("muted"), formatter: (value: number) => humanUsd(value) },
    },
    series: [
      {
        type: "line",
        data: points.map((point) => point.value ?? "-"),
        symbolSize: 7,
        symbol: "circle",
        lineStyle: { color: color("value"), width: 2 },
        itemStyle: { color: color("value") },
      },
    ],
  };
}

/** `steps`: each bar begins where the one before ended, the first and the last at 0. */
function barOptions(points: readonly Point[], kind: "bars" | "steps", width: number): object {
  const labelCells = Math.max(10, Math.floor(width / 24));
  const starts = kind === "steps" ? stepStarts(points) : points.map(() => 0);
  const isEnd = (index: number): boolean => kind === "bars" || index === 0 || index === points.length - 1;
  const tops = points.map((point, index) => starts[index]! + Math.max(0, point.value ?? 0));
  const most = Math.max(...tops, ...starts);
  const least = Math.min(0, ...starts, ...points.map((point, index) => starts[index]! + Math.min(0, point.value ?? 0)));
  return {
    // room for labels is reckoned, since the page's font is not known here
    grid: { left: 12 + LETTER_PX * labelsLength(points, labelCells), right: 92, top: 4, bottom: 4, outerBoundsMode: "none" },
    xAxis: { type: "value", show: false, min: least, max: most > least ? most : least + 1 },
    yAxis: {
      type: "category",
      inverse: true,
      data: points.map((point) => truncate(point.name, labelCells)),
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: { color: color("text") },
    },
    series: [
      { type: "bar", stack: "all", stackStrategy: "all", silent: true, itemStyle: { color: "none" }, data: starts },
      {
        type: "bar",
        stack: "all",
        stackStrategy: "all",
        barMaxWidth: 18,
        data: points.map(({ value }, index) => ({
          value: value ?? 0,
          itemStyle: { color: isEnd(index) ? color("value") : (value ?? 0) > 0 ? color("more") : color("less") },
          label: {
            show: true,
            position: (value ?? 0) < 0 ? "left" : "right",
            color: color("text"),
            formatter: value === null ? "unknown" : `${!isEnd(index) && value > 0 ? "+" : ""}${humanUsd(value)}`,
          },
        })),
      },
    ],
  };
}

function labelsLength(points: readonly Point[], most: number): number {
  return Math.min(most, widest(points.map((point) => point.name)));
}

function stepStarts(points: readonly Point[]): number[] {
  let at = 0;
  return points.map((point, index) => {
    if (index === 0 || index === points.length - 1) {
      at = index === 0 ? (point.value ?? 0) : at;
      return 0;
    }
    const start = at;
    at += point.value ?? 0;
    return start;
  });
}

/** Variables for colours, attributes for styles, no style sheet, no marks of the library; named for those who do not see it. */
function themed(svg: string, label: string): string {
  let text = svg
    .replace(/<style[^>]*>[\s\S]*?<\/style>/g, "")
    .replace(/ (?:ecmeta_\w+|class|xml:\w+|xmlns(?::\w+)?|version|baseProfile)="[^"]*"/g, "")
    .replace(/ style="([^"]*)"/g, (_, style: string) =>
      style
        .split(";")
        .filter((one) => one.includes(":") && !/^\s*(?:position|left|top|user-select|-webkit)/.test(one))
        .map((one) => ` ${one.slice(0, one.indexOf(":")).trim()}="${one.slice(one.indexOf(":") + 1).trim()}"`)
        .join(""),
    );
  for (const [given, variable] of Object.values(COLORS)) text = text.replaceAll(`"${given}"`, `"${variable}"`);
  return text.replace(/^<svg /, `<svg role="img" aria-label="${escapeHtml(label)}" `).trim();
}
