/** A chain as a picture in text: one line per hop, its time to scale, and below in words what the picture cannot say. */
import type { TraceDocument } from "../report.ts";
import { type Look, type Paint, painter } from "./style.ts";
import { displayWidth, escapeTerminal, pad, widest, wrap } from "./text.ts";
import { type BarPart, barOf, barSigns, scaleOf } from "./trace-bar.ts";
import { layout } from "./trace-columns.ts";
import { treeRows, type TreeRow, visibleHops } from "./trace-tree.ts";
import { clockNotes, longestStretch, remarks, seenUntilMs, timeSpent } from "./trace-words.ts";
import { humanMs, humanPercent, humanTime, humanUsd, plural } from "./values.ts";

/** The waterfall without a line end at its end. Lines fit `look.width` (60 and more). `parts`: sub-spans, states and services as lines too. */
export function formatWaterfall(document: TraceDocument, look: Look & { parts: boolean }): string {
  const { chain } = document;
  const paint = painter(look.color);
  const rows = treeRows(chain, look.parts);
  const blocks = [
    headerLines(chain, look, paint),
    pictureLines(chain, rows, look, paint),
    remarkLines(chain, rows, look, paint),
    timeLines(chain, rows, look, paint),
  ];
  return blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n");
}

function headerLines(chain: TraceDocument["chain"], look: Look, paint: Paint): string[] {
  const took =
    chain.endToEndMs === null ? `took at least ${humanMs(seenUntilMs(chain))} (no end seen)` : `took ${humanMs(chain.endToEndMs)}`;
  const hops = visibleHops(chain, false);
  const facts = [
    outcomeWord(chain, paint),
    `started ${chain.startedAt === null ? "unknown" : humanTime(chain.startedAt)} UTC`,
    took,
    `cost ${costText(chain)}`,
    `${plural(hops.length, "hop")} on ${chain.clouds.length === 0 ? "no cloud" : chain.clouds.join(", ")}`,
  ];
  const patterns = [...new Set(chain.patterns.map((pattern) => pattern.name))];
  if (patterns.length > 0) facts.push(`pattern: ${patterns.map(escapeTerminal).join(", ")}`);
  const title = wrap(`Chain ${escapeTerminal(chain.id)}`, look.width).map((line) => paint("bold", line));
  const missing = chain.complete ? [] : [paint("yellow", "INCOMPLETE: something is missing, see below")];
  return [...title, ...flow(facts, look.width), ...missing];
}

function outcomeWord(chain: TraceDocument["chain"], paint: Paint): string {
  if (chain.outcome === "ok") return paint("green", "ok");
  return paint(
    chain.outcome === "unknown" ? "yellow" : "red",
    chain.outcome === "unknown" ? "outcome unknown" : `FAILED: ${chain.outcome}`,
  );
}

/** `$0.0000021 (unknown for 2 hops)`; `unknown` where no hop's cost is known. */
function costText(chain: TraceDocument["chain"]): string {
  if (chain.usd === null) return "unknown";
  return humanUsd(chain.usd) + (chain.usdUnknownHops > 0 ? ` (unknown for ${plural(chain.usdUnknownHops, "hop")})` : "");
}

/** Facts side by side, as many as fit a line. */
function flow(facts: readonly string[], width: number): string[] {
  const lines: string[] = [];
  let line = "";
  let cells = 0;
  for (const fact of facts.flatMap((one) => (paintedWidth(one) > width ? wrap(one, width) : [one]))) {
    const more = paintedWidth(fact);
    if (line !== "" && cells + 3 + more > width) {
      lines.push(line);
      line = "";
      cells = 0;
    }
    line += line === "" ? fact : `   ${fact}`;
    cells += more + (cells === 0 ? 0 : 3);
  }
  return [...lines, line];
}

/** Width of text that may hold colours. */
function paintedWidth(text: string): number {
  // oxlint-disable-next-line no-control-regex
  return displayWidth(text.replace(/\u001b\[\d+m/g, ""));
}

function pictureLines(chain: TraceDocument["chain"], rows: readonly TreeRow[], look: Look, paint: Paint): string[] {
  if (rows.length === 0) return ["no hops"];
  const critical = new Set(chain.criticalPath.map((segment) => segment.hopId));
  const grid = layout(chain, rows, critical, look, paint);
  const scale = scaleOf(
    chain,
    rows.map((row) => row.hop),
  );
  const signs = barSigns(look.unicode);
  const bar = (row: TreeRow, width: number): string => barOf(row.hop, scale, width, signs, paint);
  const axis = (width: number): string => {
    const [from, to] = [scale.fromMs === 0 ? "0" : humanMs(scale.fromMs), humanMs(scale.toMs)];
    return width < from.length + to.length + 1 ? pad("", width, "left") : from + pad(to, width - from.length, "right");
  };
  const edge = look.unicode ? "│" : "|";
  const idle = scale.cuts.map(({ fromMs, toMs }) => humanMs(toMs - fromMs));
  const cuts = idle.length === 0 ? [] : [`${signs.cut} nothing ran for ${idle.join(", ")}: drawn short`];
  const legend = legendLines(rows, critical, [...cuts, ...grid.signs], look);
  if (grid.barWidth > 0) {
    const width = grid.barWidth;
    return [
      paint("bold", `${grid.head}  ${axis(width)}`),
      ...rows.map((row, i) => `${grid.lines[i]} ${edge}${bar(row, width)}${edge}`),
      ...legend,
    ];
  }
  const names = widest(grid.names);
  const width = look.width - names - 3;
  return [
    paint("bold", grid.head),
    ...grid.lines,
    "",
    paint("bold", `${pad("", names + 2, "left")}${axis(width)}`),
    ...rows.map((row, i) => `${pad(grid.names[i]!, names, "left")} ${edge}${bar(row, width)}${edge}`),
    ...legend,
  ];
}

function legendLines(rows: readonly TreeRow[], critical: ReadonlySet<string>, used: readonly string[], look: Look): string[] {
  const signs = barSigns(look.unicode);
  const seen: [BarPart, string, boolean][] = [
    ["work", "work", true],
    ["cold", "cold start", rows.some(({ hop }) => hop.coldStart === true)],
    ["wait", "wait", rows.some(({ hop }) => (hop.waitMs ?? 0) > 0 || hop.attempts.length > 1)],
    ["attempt", "earlier attempt", rows.some(({ hop }) => hop.attempts.length > 1)],
  ];
  const items = seen.filter(([, , shown]) => shown).map(([part, label]) => `${signs[part]} ${label}`);
  if (rows.some(({ hop }) => critical.has(hop.id))) items.push("> critical path");
  return flow([...items, ...used], look.width);
}

function remarkLines(chain: TraceDocument["chain"], rows: readonly TreeRow[], look: Look, paint: Paint): string[] {
  const found = remarks(chain, rows);
  if (found.length === 0) return [];
  const lines = found.flatMap(({ what, next }, i) => [
    ...hanging("! ", escapeTerminal(what), look.width),
    // advice for several in a row is said once, below the last of them
    ...(next === null || next === found[i + 1]?.next
      ? []
      : hanging("  next: ", escapeTerminal(next), look.width).map((line) => paint("dim", line))),
  ]);
  return [paint("bold", "What to know"), ...lines];
}

function hanging(lead: string, text: string, width: number): string[] {
  return wrap(text, width - lead.length).map((line, i) => (i === 0 ? lead : " ".repeat(lead.length)) + line);
}

function timeLines(chain: TraceDocument["chain"], rows: readonly TreeRow[], look: Look, paint: Paint): string[] {
  const spent = timeSpent(chain);
  const clocks = clockNotes(chain, rows).flatMap((note) => wrap(escapeTerminal(note), look.width));
  if (spent.length === 0) return clocks;
  const labels = Math.max(...spent.map(({ label }) => label.length));
  const times = Math.max(...spent.map(({ ms }) => humanMs(ms).length));
  const room = Math.max(0, Math.min(40, look.width - labels - times - 12));
  const sign = look.unicode ? "█" : "#";
  const lines = spent.map(({ label, ms, share }) => {
    const bar = sign.repeat(Math.max(1, Math.round(share * room)));
    return `  ${pad(label, labels, "left")}  ${pad(humanMs(ms), times, "right")}  ${pad(humanPercent(share), 5, "right")}  ${paint("blue", bar)}`;
  });
  const longest = longestStretch(chain);
  return [
    paint("bold", "Where the time went (critical path)"),
    ...lines,
    ...(longest === null ? [] : wrap(escapeTerminal(longest), look.width)),
    ...clocks,
  ];
}
