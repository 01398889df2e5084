/** A hop's time as a bar drawn to scale: waiting, cold start and work look different without colour. */
import type { TraceDocument, TraceHop } from "../report.ts";
import type { Paint } from "./style.ts";

/** The stretch of time that bars show, in milliseconds since the chain's start. */
export interface Scale {
  fromMs: number;
  toMs: number;
}

export type BarPart = "wait" | "cold" | "work" | "attempt";

/** What the signs are; the legend prints them. */
export function barSigns(unicode: boolean): Record<BarPart, string> {
  return unicode ? { wait: "·", cold: "▒", work: "█", attempt: "×" } : { wait: ".", cold: "o", work: "#", attempt: "x" };
}

interface Stretch {
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

/** From the first start (or 0) to the last end (or the end-to-end time). */
export function scaleOf(chain: TraceDocument["chain"], hops: readonly TraceHop[]): Scale {
  let fromMs = 0;
  let toMs = chain.endToEndMs ?? 0;
  for (const hop of hops) {
    fromMs = Math.min(fromMs, hop.startMs);
    toMs = Math.max(toMs, endMsOf(hop));
  }
  return { fromMs, toMs: toMs > fromMs ? toMs : fromMs + 1 };
}

/** Parts of a hop's time, later ones painted over earlier ones. */
function stretches(hop: TraceHop): Stretch[] {
  const endMs = endMsOf(hop);
  const workFromMs = Math.max(hop.startMs, hop.durationMs === null ? hop.startMs : endMs - hop.durationMs);
  const found: Stretch[] = [];
  const firstMs = Math.min(hop.startMs, ...hop.attempts.map((attempt) => attempt.startMs));
  if (hop.waitMs !== null && hop.waitMs > 0) found.push({ part: "wait", fromMs: hop.startMs - hop.waitMs, toMs: hop.startMs });
  if (firstMs < hop.startMs) found.push({ part: "wait", fromMs: firstMs, toMs: hop.startMs });
  for (const attempt of hop.attempts) {
    if (attempt.startMs < hop.startMs)
      found.push({ part: "attempt", fromMs: attempt.startMs, toMs: attempt.startMs + (attempt.durationMs ?? 0) });
  }
  if (hop.coldStart === true) found.push({ part: "cold", fromMs: hop.startMs, toMs: Math.max(workFromMs, hop.startMs) });
  found.push({ part: "work", fromMs: workFromMs, toMs: endMs });
  return found;
}

/** Exactly `width` cells. A part that took any time takes at least one cell. */
export function barOf(hop: TraceHop, scale: Scale, width: number, signs: Record<BarPart, string>, paint: Paint): string {
  const cells: (BarPart | null)[] = Array.from({ length: width }, () => null);
  const cellAt = (ms: number): number => ((ms - scale.fromMs) / (scale.toMs - scale.fromMs)) * width;
  for (const { part, fromMs, toMs } of stretches(hop)) {
    if (part !== "work" && toMs <= fromMs) continue;
    const first = Math.max(0, Math.min(width - 1, Math.floor(cellAt(fromMs) + 1e-9)));
    const end = Math.max(first + 1, Math.min(width, Math.round(cellAt(toMs))));
    cells.fill(part, first, end);
  }
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
  if (part === "wait") return "dim";
  if (part === "cold") return "cyan";
  return failed || part === "attempt" ? "red" : "green";
}
