/** Groups of events that came to nothing, every one of them, and are too many for that to be chance. */
import type { Scalar, Test } from "./clause.ts";
import type { Groups, Numbers, View } from "./views.ts";

/** Events under study: which of them are wanted, and which are not dropped by an earlier group. */
export interface Rows {
  /** 1: wanted (or of unknown outcome), 0: discarded. */
  wanted: Uint8Array;
  /** 1: still to be explained. */
  active: Uint8Array;
}

/** A test, and the events that it would drop. */
export interface Found {
  view: View;
  test: Test;
  /** Rows dropped, ascending; all of them discarded. */
  rows: number[];
}

/** Least number of discarded events of a value, however plain the rest is. */
export const fewestPerKey = 10;

/**
 * Of a field that decides, a value needs this many events, and this share of all: each value that is dropped may hide as much (3 in all events), and rare
 * ones save next to nothing for it.
 */
const plentyPerKey = 30;
const leastOfRows = 0.01;

/**
 * How unlikely chance must be, as a natural logarithm: 1 in 10,000 for a single look; the number of looks is added (Bonferroni). A group of n
 * events without a wanted one, where a share p of all is wanted, happens by chance with (1 - p)^n.
 */
export function surprise(looks: number): number {
  return Math.log(1e4) + Math.log(Math.max(1, looks));
}

interface Tally {
  rows: number;
  wanted: number;
}

/** Active events and the wanted ones among them. */
export function tally({ wanted, active }: Rows): Tally {
  let rows = 0;
  let kept = 0;
  for (let row = 0; row < active.length; row += 1) {
    if (active[row] === 0) continue;
    rows += 1;
    kept += wanted[row]!;
  }
  return { rows, wanted: kept };
}

/** Keys such that no wanted event has only those: keys of wanted events go, the one that costs least first where an array has several. */
function pureKeys(view: Groups, wantedOf: Float64Array, discardedOf: Float64Array): Set<number> {
  const keep = new Set(view.keys.keys());
  for (;;) {
    const offence = new Map<number, number>();
    const gain = new Map<number, number>();
    view.sets.forEach((set, code) => {
      if (!set.every((key) => keep.has(key))) return;
      for (const key of set) {
        if (wantedOf[code]! > 0) offence.set(key, (offence.get(key) ?? 0) + wantedOf[code]!);
        gain.set(key, (gain.get(key) ?? 0) + discardedOf[code]!);
      }
    });
    if (offence.size === 0) return keep;
    let worst = -1;
    let worstScore = Number.NEGATIVE_INFINITY;
    for (const [key, count] of offence) {
      const score = count / (1 + (gain.get(key) ?? 0));
      if (score > worstScore) [worst, worstScore] = [key, score];
    }
    keep.delete(worst);
  }
}

/** Whether nearly every key that is seen often is wanted always or never: then the field decides, and a few events of a key tell enough. */
function decides(view: Groups, wantedOf: Float64Array, discardedOf: Float64Array): boolean {
  let plain = 0;
  let all = 0;
  view.sets.forEach((_, code) => {
    const events = wantedOf[code]! + discardedOf[code]!;
    all += events;
    if (wantedOf[code] === 0 || discardedOf[code] === 0) plain += events;
  });
  return all > 0 && plain === all;
}

/** The keys of the view that come to nothing, as a group to drop; null: none, or too few events to say so. */
function pureGroup(view: Groups, rows: Rows, looks: number): Found | null {
  const wantedOf = new Float64Array(view.sets.length);
  const discardedOf = new Float64Array(view.sets.length);
  const middle = rows.active.length / 2;
  const halves = view.keys.map(() => [0, 0]);
  for (let row = 0; row < rows.active.length; row += 1) {
    const code = view.codes[row]!;
    if (rows.active[row] === 0 || code < 0) continue;
    if (rows.wanted[row] === 1) wantedOf[code]! += 1;
    else {
      discardedOf[code]! += 1;
      for (const key of view.sets[code]!) halves[key]![row < middle ? 0 : 1]! += 1;
    }
  }
  const total = tally(rows);
  const perEvent = -Math.log(1 - Math.min(0.95, total.wanted / total.rows));
  const enough = surprise(looks);
  const alone = enough / perEvent;
  const needed = decides(view, wantedOf, discardedOf)
    ? Math.max(fewestPerKey, leastOfRows * total.rows, Math.min(alone, plentyPerKey))
    : Math.max(fewestPerKey, alone);
  const often = [...pureKeys(view, wantedOf, discardedOf)].filter((key) => {
    const [early, late] = halves[key]!;
    return early! > 0 && late! > 0 && early! + late! >= needed;
  });
  const pure = view.part === "presence" ? often : ofOneType(view, often, (key) => halves[key]![0]! + halves[key]![1]!);
  const chosen = new Set(pure);
  const dropped: number[] = [];
  for (let row = 0; row < rows.active.length; row += 1) {
    const code = view.codes[row]!;
    if (rows.active[row] === 1 && code >= 0 && view.sets[code]!.every((key) => chosen.has(key))) dropped.push(row);
  }
  if (dropped.length === 0 || dropped.length * perEvent < enough) return null;
  return { view, rows: dropped, test: testOf(view, pure, dropped) };
}

/**
 * The keys of the type that most events have: no grammar excludes texts and numbers together, and none of them `null`, so that a rule on both could only
 * be written by what it keeps.
 */
export function ofOneType(view: Groups, keys: readonly number[], countOf: (key: number) => number): number[] {
  const typed = Map.groupBy(
    keys.filter((key) => view.keys[key] !== null),
    (key) => typeof view.keys[key],
  );
  const total = (own: readonly number[]): number => own.reduce((sum, key) => sum + countOf(key), 0);
  return [...typed.values()].toSorted((one, other) => total(other) - total(one))[0] ?? [];
}

function testOf(view: Groups, pure: number[], dropped: number[]): Test {
  const { path } = view.column;
  if (view.part === "presence") return { kind: pure[0] === 0 ? "absent" : "present", path };
  const counts = new Map<number, number>();
  for (const row of dropped) for (const key of view.sets[view.codes[row]!]!) counts.set(key, (counts.get(key) ?? 0) + 1);
  const often = pure.toSorted((left, right) => (counts.get(right) ?? 0) - (counts.get(left) ?? 0));
  const chosen = new Set(pure);
  const kept: Scalar[] = view.keys.filter((_, key) => !chosen.has(key));
  return { kind: "not-in", path, part: view.part, dropped: often.map((key) => view.keys[key]!), kept };
}

/** One active event on the line of numbers. */
interface Point {
  row: number;
  /** The end of the event's numbers that must lie in a range for the event to be dropped, and the other one. */
  at: number;
  other: number;
  wanted: boolean;
}

/** Wanted events that must lie behind an edge before it is believed, and the least share of them there against their share everywhere behind it. */
const behindEdge = 10;
const leastSharpness = 0.5;

/**
 * Whether an edge between discarded and wanted events is sharp, as that of a rule on this number is: as many wanted ones right behind it as further on.
 * An edge where they thin out is the end of a tail, and the next wanted event may lie before it.
 */
function sharp(beyond: readonly Point[]): boolean {
  let wanted = 0;
  let near = 0;
  for (const point of beyond) {
    if (wanted < behindEdge) near += 1;
    if (point.wanted) wanted += 1;
  }
  if (wanted < behindEdge) return false;
  return behindEdge / near >= leastSharpness * (wanted / beyond.length);
}

/** The number with fewest digits in [low, high]: an edge that people can read, on the side of the events that are dropped. */
export function plainest(low: number, high: number): number {
  if (low <= 0 && high >= 0) return 0;
  for (let digits = 1; digits <= 15; digits += 1) {
    const rounded = Number(high.toPrecision(digits));
    if (rounded >= low && rounded <= high) return rounded;
    const cut = Number(low.toPrecision(digits));
    if (cut >= low && cut <= high) return cut;
  }
  return low;
}

/** Of the discarded events before an edge this many are kept all the same, so that the edge lies on their side. */
const spare = (count: number): number => Math.min(3, Math.floor(count / 50));

/** Discarded events below every wanted one: the largest number up to which events are dropped. */
function lowTail(points: readonly Point[]): { edge: number; rows: number[] } | null {
  const first = points.findIndex((point) => point.wanted);
  if (first < fewestPerKey || !sharp(points.slice(first))) return null;
  const limit = points[first]!.at;
  const before = points.slice(0, first).filter((point) => point.at < limit);
  const last = before[before.length - 1 - spare(before.length)];
  if (last === undefined) return null;
  // Between the last one dropped and the next event anything may be said; what is said must not reach a wanted event.
  const next = before.find((point) => point.at > last.at)?.at ?? limit;
  const edge = plainest(last.at, last.at + (Math.min(next, limit) - last.at) * 0.25);
  return { edge, rows: before.filter((point) => point.at <= edge).map((point) => point.row) };
}

function pointsOf(view: Numbers, rows: Rows, sign: 1 | -1): Point[] {
  const points: Point[] = [];
  for (let row = 0; row < rows.active.length; row += 1) {
    if (rows.active[row] === 0 || Number.isNaN(view.low[row]!)) continue;
    const [at, other] = sign === 1 ? [view.high[row]!, view.low[row]!] : [-view.low[row]!, -view.high[row]!];
    points.push({ row, at, other, wanted: rows.wanted[row] === 1 });
  }
  return points.toSorted((left, right) => left.at - right.at);
}

/** The widest run of discarded events between wanted ones, with sharp edges on both sides. */
function gap(points: readonly Point[]): { from: number; to: number; rows: number[] } | null {
  let best: [number, number] = [0, 0];
  for (let start = 0; start < points.length;) {
    let end = start;
    while (end < points.length && !points[end]!.wanted) end += 1;
    if (start > 0 && end < points.length && end - start > best[1] - best[0]) best = [start, end];
    start = end + 1;
  }
  const [start, end] = best;
  if (end - start < fewestPerKey || !sharp(points.slice(end)) || !sharp(points.slice(0, start).toReversed())) return null;
  const [below, above] = [points[start - 1]!.at, points[end]!.at];
  const inside = points.slice(start, end).filter((point) => point.other > below && point.at < above);
  const skip = spare(inside.length);
  const from = inside[skip]?.at;
  const to = inside[inside.length - 1 - skip]?.at;
  if (from === undefined || to === undefined) return null;
  return { from, to, rows: inside.filter((point) => point.other >= from && point.at <= to).map((point) => point.row) };
}

/** The far end of what was seen to come to nothing: a number beyond it (the first negative amount) was never seen, and is kept. */
const seen = (numbers: Float64Array, rows: readonly number[], farther: (one: number, other: number) => number): number =>
  rows.map((row) => numbers[row]!).reduce((one, other) => farther(one, other));

function pureRange(view: Numbers, rows: Rows, looks: number): Found | null {
  const { path } = view.column;
  const candidates: Found[] = [];
  const low = lowTail(pointsOf(view, rows, 1));
  if (low !== null)
    candidates.push({
      view,
      rows: low.rows,
      test: { kind: "outside", path, ranges: [{ from: seen(view.low, low.rows, Math.min), to: low.edge }] },
    });
  const high = lowTail(pointsOf(view, rows, -1));
  if (high !== null)
    candidates.push({
      view,
      rows: high.rows,
      test: { kind: "outside", path, ranges: [{ from: -high.edge, to: seen(view.high, high.rows, Math.max) }] },
    });
  const middle = view.column.array === null ? gap(pointsOf(view, rows, 1)) : null;
  if (middle !== null)
    candidates.push({ view, rows: middle.rows, test: { kind: "outside", path, ranges: [{ from: middle.from, to: middle.to }] } });
  const total = tally(rows);
  const perEvent = -Math.log(1 - Math.min(0.95, total.wanted / total.rows));
  const best = candidates.toSorted((one, other) => other.rows.length - one.rows.length)[0];
  return best === undefined || best.rows.length * perEvent < surprise(looks) ? null : best;
}

/** The largest group of the view that came to nothing; null: none that chance would not explain. */
export function discardedGroup(view: View, rows: Rows, looks: number): Found | null {
  return view.kind === "groups" ? pureGroup(view, rows, looks) : pureRange(view, rows, looks);
}
