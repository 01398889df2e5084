/** Whether the events that a filter was learned from and those that came after are of one kind, as far as the filter's fields go. */
import type { LabelledEvent } from "../../model/filters.ts";
import type { KeepRule, Path } from "./clause.ts";
import { pathText } from "./clause.ts";
import { leavesOf } from "./fields.ts";

/** Largest difference of the shares of values (total variation) between the two parts; a fair split of one distribution stays far below. */
const mostShift = 0.3;

/** Largest share of wanted events with a value that the first part did not have. */
const mostNew = 0.05;

/** Most different values for which shares are compared. */
const mostValues = 60;

interface Shares {
  events: number;
  counts: Map<string, number>;
  wanted: number;
  wantedCounts: Map<string, number>;
}

function sharesOf(events: readonly LabelledEvent[], path: Path): Shares {
  const name = pathText(path);
  const shares: Shares = { events: events.length, counts: new Map(), wanted: 0, wantedCounts: new Map() };
  for (const event of events) {
    const values = leavesOf(event.grammar, event.event).filter((leaf) => pathText(leaf.path) === name);
    const key = values.length === 0 ? "missing" : [...new Set(values.map((leaf) => JSON.stringify(leaf.value)))].toSorted().join(" ");
    shares.counts.set(key, (shares.counts.get(key) ?? 0) + 1);
    if (event.outcome === "discarded") continue;
    shares.wanted += 1;
    shares.wantedCounts.set(key, (shares.wantedCounts.get(key) ?? 0) + 1);
  }
  return shares;
}

const percent = (share: number): string => `${Math.round(100 * share)} %`;

function shiftOf(path: Path, early: readonly LabelledEvent[], late: readonly LabelledEvent[]): string | null {
  const before = sharesOf(early, path);
  const after = sharesOf(late, path);
  // Fields of many values (numbers, names under a beginning) change value by value without changing in kind.
  if (before.counts.size > mostValues || after.counts.size > mostValues) return null;
  const keys = new Set([...before.counts.keys(), ...after.counts.keys()]);
  let shift = 0;
  for (const key of keys)
    shift += Math.abs((before.counts.get(key) ?? 0) / before.events - (after.counts.get(key) ?? 0) / after.events) / 2;
  if (shift > mostShift)
    return `the values of ${pathText(path)} are not those of the first part of the window for ${percent(shift)} of the events`;
  let fresh = 0;
  for (const [key, count] of after.wantedCounts) if (!before.counts.has(key)) fresh += count;
  if (after.wanted > 0 && fresh / after.wanted > mostNew) {
    return `${percent(fresh / after.wanted)} of the later wanted events have a value of ${pathText(path)} that the first part of the window did not have`;
  }
  return null;
}

/** Share of wanted events that may change by half or to double, and at least by this much. */
const leastChange = 0.15;

/** Why the two parts cannot be taken for one, in a sentence; null: nothing speaks against it. */
export function drift(early: readonly LabelledEvent[], late: readonly LabelledEvent[], rule: KeepRule): string | null {
  const wantedShare = (events: readonly LabelledEvent[]) =>
    events.filter((event) => event.outcome !== "discarded").length / Math.max(1, events.length);
  const [before, after] = [wantedShare(early), wantedShare(late)];
  if (Math.abs(before - after) > leastChange || Math.max(before, after) > 2.5 * Math.min(before, after)) {
    return `the share of wanted events went from ${percent(before)} to ${percent(after)} within the window: what the function wants may be changing`;
  }
  const paths = new Map(rule.flat().map((test) => [pathText(test.path), test.path]));
  for (const path of paths.values()) {
    const shift = shiftOf(path, early, late);
    if (shift !== null) return `${shift}: the events may be changing`;
  }
  return null;
}
