/** Ordered lanes (shards, partitions): each has one batch under way at most, and takes its events in order. */
import type { Bytes, Ms } from "../../../model/units.ts";
import type { Columns } from "../columns.ts";
import type { Tally } from "../tally.ts";
import { type Retries, runToEnd } from "./retries.ts";

/** How a vendor reads a lane. */
export interface LaneRules {
  lanes: number;
  /** Interval of reads and when the first of a lane is: events are seen at the next read; null: at once. */
  read: { everyMs: Ms; phaseMs: (lane: number) => Ms } | null;
  batchSize: number;
  /** So many events end the wait for more. */
  enough: number;
  /** 0: does not wait. */
  windowMs: Ms;
  windowEnd: (idleMs: Ms, firstMs: Ms) => Ms;
  payloadBytes: Bytes | null;
  /** Events that fail, and what becomes of their batch; left out: none does. */
  retries?: Retries;
}

/** Lane by lane, batch by batch: each batch is found by two look-ups in the lane's list. */
export function serveLanes(arrivals: Columns, rules: LaneRules, tally: Tally): void {
  const { atMs, length } = arrivals;
  const startMs = length === 0 ? 0 : atMs[0]!;
  for (const [lane, events] of split(arrivals, rules.lanes, tally.random).entries()) {
    const seen = new Float64Array(events.length);
    const phaseMs = rules.read?.phaseMs(lane) ?? 0;
    for (let j = 0; j < events.length; j++) {
      const at = atMs[events[j]!]!;
      seen[j] = rules.read === null ? at : nextRead(at, startMs + phaseMs, rules.read.everyMs);
    }
    serve(events, seen, arrivals.bytes, startMs, rules, tally);
  }
}

function serve(events: Int32Array, seen: Float64Array, bytes: Float64Array, startMs: Ms, rules: LaneRules, tally: Tally): void {
  let idleMs = startMs;
  let i = 0;
  while (i < events.length) {
    const most = fitting(events, bytes, i, rules);
    const readyMs = Math.max(idleMs, seen[i]!);
    let goMs = readyMs;
    if (rules.windowMs > 0) {
      // the window ends the wait, or before it the event that makes the batch enough
      const enough = Math.min(rules.enough, most.count);
      const filledMs =
        i + enough <= events.length && (enough === rules.enough || most.cut) ? seen[i + enough - 1]! : Number.POSITIVE_INFINITY;
      goMs = Math.max(readyMs, Math.min(rules.windowEnd(idleMs, seen[i]!), filledMs));
    }
    let count = 1;
    while (count < most.count && seen[i + count]! <= goMs) count += 1;
    const batch = events.subarray(i, i + count);
    idleMs = rules.retries ? runToEnd(goMs, batch, rules.retries, tally) : tally.run(goMs, batch, count);
    i += count;
  }
}

/** How many events from `i` on a batch may hold, and whether it is the payload that ends it. */
function fitting(
  events: Int32Array,
  bytes: Float64Array,
  i: number,
  { batchSize, payloadBytes }: LaneRules,
): { count: number; cut: boolean } {
  const most = Math.min(batchSize, events.length - i);
  if (payloadBytes === null) return { count: most, cut: false };
  let sum = 0;
  for (let count = 0; count < most; count++) {
    sum += bytes[events[i + count]!]!;
    if (sum > payloadBytes) return { count: Math.max(1, count), cut: true };
  }
  return { count: most, cut: false };
}

function nextRead(at: Ms, firstMs: Ms, everyMs: Ms): Ms {
  return firstMs + everyMs * Math.ceil((at - firstMs) / everyMs);
}

/** Events of each lane, in order: a key stays in one lane, events without one are spread evenly. */
function split(arrivals: Columns, lanes: number, random: () => number): Int32Array[] {
  const laneOfKey = Int32Array.from({ length: arrivals.keys }, () => Math.floor(random() * lanes));
  const lane = new Int32Array(arrivals.length);
  const counts = new Int32Array(lanes);
  for (let i = 0; i < arrivals.length; i++) {
    const key = arrivals.key[i]!;
    lane[i] = key < 0 ? Math.floor(random() * lanes) : laneOfKey[key]!;
    counts[lane[i]!]! += 1;
  }
  const events = Array.from(counts, (count) => new Int32Array(count));
  counts.fill(0);
  for (let i = 0; i < arrivals.length; i++) events[lane[i]!]![counts[lane[i]!]!++] = i;
  return events;
}
