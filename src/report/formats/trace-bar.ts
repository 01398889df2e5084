/** A hop's time as a bar drawn to scale: waiting, cold start and work look different without colour. */
import type { TraceDocument, TraceHop } from "../report.ts";
import type { Paint } from "./style.ts";

/** How time maps to the width of bars: linear, but for long stretches in which nothing ran. */
export interface Scale {
  fromMs: number;
  toMs: number;
  /** Stretches drawn shorter than they are. */
  cuts: readonly Cut[];
}

interface Cut {
  fromMs: number;
  toMs: number;
}

/** Nothing running for more than this share of the time would leave too little of the width to what did run. */
const CUT_ABOVE = 0.8;
const MOST_CUTS = 3;
/** A stretch shorter than this share of the time is not cut. */
const CUT_LEAST = 0.1;
/** Share of the width that a cut takes. */
const CUT_WIDTH = 0.08;

export type BarPart = "wait" | "cold" | "work" | "attempt" | "cut";

/** What the signs are; the legend prints them. */
export function barSigns(unicode: boolean): Record<BarPart, string> {
  return unicode
    ? { wait: "·", cold: "▒", work: "█", attempt: "×", cut: "≈" }
    : { wait: ".", cold: "o", work: "#", attempt: "x", cut: "~" };
}

/** A part of a hop's time. */
export interface Stretch {
  part: BarPart;
  fromMs: number;
  toMs: number;
}

/** End of a hop since the chain's start, as far as it is known. */
export function endMsOf(hop: TraceHop): number {
  const initMs = hop.coldStart === true ? (hop.initMs ?? 0) : 0;
  const lasting = hop.endedAt !== null && hop.startedAt !== null ? Date.parse(hop.endedAt) - Date.parse(hop.startedAt) : null;
  return hop.startMs + Math.max(lasting ?? 0, hop.durationMs ?? 0, lasting === null ? initMs + (hop.durationMs ?? 0) : 0);
}

/** When the hop ran: its last run and the attempts before it. */
function runsOf(hop: TraceHop): Cut[] {
  const attempts = hop.attempts.map(({ startMs, durationMs }) => ({ fromMs: startMs, toMs: startMs + (durationMs ?? 0) }));
  return [{ fromMs: hop.startMs, toMs: endMsOf(hop) }, ...attempts];
}

/** From the first start (or 0) to the last end (or the end-to-end time). */
export function scaleOf(chain: TraceDocument["chain"], hops: readonly TraceHop[]): Scale {
  let fromMs = 0;
  let toMs = chain.endToEndMs ?? 0;
  for (const hop of hops) {
    for (const run of runsOf(hop)) {
      fromMs = Math.min(fromMs, run.fromMs);
      toMs = Math.max(toMs, run.toMs);
    }
  }
  const scale = { fromMs, toMs: toMs > fromMs ? toMs : fromMs + 1 };
  return { ...scale, cuts: cutsOf(scale, hops) };
}

/** The longest stretches in which nothing ran, where together they take up most of the time. In order of time. */
function cutsOf(scale: { fromMs: number; toMs: number }, hops: readonly TraceHop[]): Cut[] {
  const busy = hops.flatMap(runsOf).sort((a, b) => a.fromMs - b.fromMs);
  const idle: Cut[] = [];
  let until = busy[0]?.toMs ?? scale.toMs;
  for (const { fromMs, toMs } of busy) {
    if (fromMs > until) idle.push({ fromMs: until, toMs: fromMs });
    until = Math.max(until, toMs);
  }
  const totalMs = scale.toMs - scale.fromMs;
  const longest = idle
    .filter((gap) => gap.toMs - gap.fromMs >= CUT_LEAST * totalMs)
    .sort((a, b) => b.toMs - b.fromMs - (a.toMs - a.fromMs))
    .slice(0, MOST_CUTS);
  const idleMs = longest.reduce((sum, gap) => sum + gap.toMs - gap.fromMs, 0);
  return idleMs > CUT_ABOVE * totalMs ? longest.sort((a, b) => a.fromMs - b.fromMs) : [];
}

/** Where a moment lies on the width, 0 to 1. */
function placeOf(scale: Scale, ms: number): number {
  const cutMs = scale.cuts.reduce((sum, cut) => sum + cut.toMs - cut.fromMs, 0);
  const perMs = (1 - scale.cuts.length * CUT_WIDTH) / (scale.toMs - scale.fromMs - cutMs || 1);
  let place = 0;
  let at = scale.fromMs;
  for (const cut of scale.cuts) {
    if (ms <= cut.fromMs) break;
    place += (cut.fromMs - at) * perMs + CUT_WIDTH * Math.min(1, (ms - cut.fromMs) / (cut.toMs - cut.fromMs));
    at = Math.min(ms, cut.toMs);
  }
  return place + (ms - at) * perMs;
}

/** Parts of a hop's time, later ones painted over earlier ones. */
export function stretches(hop: TraceHop): Stretch[] {
  const endMs = endMsOf(hop);
  const workFromMs = Math.max(hop.startMs, hop.durationMs === null ? hop.startMs : endMs - hop.durationMs);
  const found: Stretch[] = [];
  const firstMs = hop.attempts.reduce((first, attempt) => Math.min(first, attempt.startMs), hop.startMs);
  if (hop.waitMs !== null && hop.waitMs > 0) found.push({ part: "wait", fromMs: hop.startMs - hop.waitMs, toMs: hop.startMs });
  if (firstMs < hop.startMs) found.push({ part: "wait", fromMs: firstMs, toMs: hop.startMs });
  for (const attempt of hop.attempts) {
    if (attempt.startMs < hop.startMs)
      found.push({ part: "attempt", fromMs: attempt.startMs, toMs: attempt.startMs + (attempt.durationMs ?? 0) });
  }
  if (hop.coldStart === true) {
    // tracers start the run after its initialisation, logs before it
    const isBefore = hop.initMs !== null && workFromMs - hop.startMs < hop.initMs / 2;
    found.push({ part: "cold", fromMs: isBefore ? hop.startMs - hop.initMs! : hop.startMs, toMs: Math.max(workFromMs, hop.startMs) });
  }
  found.push({ part: "work", fromMs: workFromMs, toMs: endMs });
  return found;
}

/** Exactly `width` cells. A part that took any time takes at least one cell. */
export function barOf(hop: TraceHop, scale: Scale, width: number, signs: Record<BarPart, string>, paint: Paint): string {
  const cells: (BarPart | null)[] = Array.from({ length: width }, () => null);
  const cellAt = (ms: number): number => placeOf(scale, ms) * width;
  for (const { part, fromMs, toMs } of stretches(hop)) {
    if (part !== "work" && toMs <= fromMs) continue;
    const first = Math.max(0, Math.min(width - 1, Math.floor(cellAt(fromMs) + 1e-9)));
    const end = Math.max(first + 1, Math.min(width, Math.round(cellAt(toMs))));
    cells.fill(part, first, end);
  }
  for (const cut of scale.cuts) cells[Math.min(width - 1, Math.floor(cellAt((cut.fromMs + cut.toMs) / 2)))] = "cut";
  const failed = hop.outcome !== "ok" && hop.outcome !== "unknown";
  let bar = "";
  for (let i = 0; i < width;) {
    const part = cells[i]!;
    let j = i;
    while (j < width && cells[j] === part) j++;
    bar += part === null ? " ".repeat(j - i) : paint(styleOf(part, failed), signs[part].repeat(j - i));
    i = j;
  }
  return bar;
}

function styleOf(part: BarPart, failed: boolean): Parameters<Paint>[0] {
  if (part === "wait" || part === "cut") return "dim";
  if (part === "cold") return "cyan";
  return failed || part === "attempt" ? "red" : "green";
}
