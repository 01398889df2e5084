/** Stretches of the arrivals on which settings are chosen, and others on which the choice is tried. */
import type { Arrival } from "../../model/batching.ts";
import type { Ms } from "../../model/units.ts";

/** Part of the arrivals that stands for a part of the time. */
export interface Stretch {
  /** `peak`, `median` ...: how busy it is among its like. */
  name: string;
  arrivals: readonly Arrival[];
  durationMs: Ms;
  /** Time that it stands for. */
  standsForMs: Ms;
  /** Share of all events in the time that it stands for. */
  eventShare: number;
}

/** Events of one stretch at most: a simulation of it takes milliseconds. */
const MOST_EVENTS = 10_000;
const HOUR_MS: Ms = 3_600_000;
const LEAST_BLOCKS = 20;
/** From the quietest to the busiest: each stands for the blocks around its rank. */
const RANKS: readonly [name: string, share: number][] = [
  ["night", 0.1],
  ["quiet", 0.3],
  ["median", 0.5],
  ["busy", 0.7],
  ["peak", 1],
];

interface Block {
  from: number;
  to: number;
  startMs: Ms;
}

/** `choose`: from the even blocks; `prove`: from the odd ones. Arrivals in order of time, within `[fromMs, toMs)`. */
export function stretchesOf(arrivals: readonly Arrival[], fromMs: Ms, toMs: Ms): { choose: Stretch[]; prove: Stretch[] } {
  const blockMs = Math.min(HOUR_MS, (toMs - fromMs) / LEAST_BLOCKS);
  const blocks: Block[] = [];
  let i = 0;
  for (let startMs = fromMs; startMs < toMs - blockMs / 2; startMs += blockMs) {
    const from = i;
    while (i < arrivals.length && arrivals[i]!.atMs < startMs + blockMs) i += 1;
    blocks.push({ from, to: i, startMs });
  }
  const pick = (odd: number): Stretch[] =>
    ranked(
      arrivals,
      blocks.filter((_, at) => at % 2 === odd),
      blockMs,
      toMs - fromMs,
    );
  return { choose: pick(0), prove: pick(1) };
}

function ranked(arrivals: readonly Arrival[], blocks: readonly Block[], blockMs: Ms, wholeMs: Ms): Stretch[] {
  const sorted = blocks.toSorted((a, b) => a.to - a.from - (b.to - b.from));
  const events = sorted.reduce((sum, { from, to }) => sum + to - from, 0);
  const stratum = sorted.length / RANKS.length;
  return RANKS.flatMap(([name, share], at) => {
    const block = sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
    if (!block || block.from === block.to) return [];
    const mine = sorted.slice(Math.floor(at * stratum), Math.floor((at + 1) * stratum));
    const held = mine.reduce((sum, { from, to }) => sum + to - from, 0);
    const part = arrivals.slice(block.from, Math.min(block.to, block.from + MOST_EVENTS));
    const cut = part.length < block.to - block.from;
    const durationMs = cut ? Math.max(1, part.at(-1)!.atMs - block.startMs) : blockMs;
    return [{ name, arrivals: part, durationMs, standsForMs: wholeMs / RANKS.length, eventShare: events === 0 ? 0 : held / events }];
  });
}
