/** The search: groups of discarded events, largest first, on one field or on two, until what is left is not worth a clause. */
import type { Clause, Test } from "./clause.ts";
import type { Found, Rows } from "./learn-groups.ts";
import { discardedGroup, fewestPerKey, ofOneType, tally } from "./learn-groups.ts";
import { nameRank } from "./stability.ts";
import type { Groups, View } from "./views.ts";

/** A clause of the rule, and the events that it drops. */
export interface RuleClause {
  clause: Clause;
  views: readonly View[];
  rows: readonly number[];
}

const mostClauses = 5;

/** Groups of less than this share of all events are not worth a clause. */
const leastShare = 0.01;

/** Views that are joined in pairs: the square of it is looked at. */
const mostPaired = 24;

/** Below this a larger group is no better than one on a field whose name says what the event is, or one that reads easier. */
function weight(view: View): number {
  const rank = nameRank(view.column);
  const name = rank === 0 ? 1.06 : rank === 1 ? 1.03 : 1;
  const array = view.column.array === null ? 1 : 0.95;
  if (view.kind === "numbers") return name * array * 0.99;
  return name * array * (view.part === "value" ? 1 - 0.001 * view.keys.length : view.part === "presence" ? 0.97 : 0.96);
}

function best(views: readonly View[], rows: Rows, looks: number): Found | null {
  let chosen: Found | null = null;
  let most = 0;
  for (const view of views) {
    const found = discardedGroup(view, rows, looks);
    const score = found === null ? 0 : found.rows.length * weight(view);
    if (found !== null && score > most) [chosen, most] = [found, score];
  }
  return chosen;
}

/** Rows of a view that its own test would keep whatever else is asked: groups that are always wanted, numbers beyond the last discarded one. */
function alwaysWanted(view: View, rows: Rows): { mask: Uint8Array; testOf: (dropped: readonly number[]) => Test | null } | null {
  return view.kind === "groups" ? wantedGroups(view, rows) : wantedTail(view, rows);
}

function wantedGroups(view: Groups, rows: Rows): ReturnType<typeof alwaysWanted> {
  const wanted = new Float64Array(view.sets.length);
  const discarded = new Float64Array(view.sets.length);
  rows.active.forEach((active, row) => {
    const code = view.codes[row]!;
    if (active === 1 && code >= 0) (rows.wanted[row] === 1 ? wanted : discarded)[code]! += 1;
  });
  const mask = rows.active.map((active, row) => {
    const code = view.codes[row]!;
    return active === 1 && (code < 0 || (wanted[code]! > 0 && discarded[code] === 0)) ? 1 : 0;
  });
  const some = view.sets.some((_, code) => wanted[code]! >= fewestPerKey && discarded[code] === 0);
  const { part } = view;
  return some ? { mask, testOf: (dropped) => (part === "presence" ? presenceTest(view, dropped) : exactTest(view, part, dropped)) } : null;
}

const presenceTest = (view: Groups, dropped: readonly number[]): Test | null => {
  const codes = new Set(dropped.map((row) => view.codes[row]!));
  return codes.size === 1 ? { kind: codes.has(0) ? "absent" : "present", path: view.column.path } : null;
};

/** A test that drops the keys of the given rows, where each has enough of them. */
function exactTest(view: Groups, part: Exclude<Groups["part"], "presence">, dropped: readonly number[]): Test | null {
  const counts = new Map<number, number>();
  for (const row of dropped) for (const key of view.sets[view.codes[row]!] ?? []) counts.set(key, (counts.get(key) ?? 0) + 1);
  const countOf = (key: number): number => counts.get(key) ?? 0;
  const enough = [...counts.keys()].filter((key) => countOf(key) >= fewestPerKey);
  const often = ofOneType(view, enough, countOf).toSorted((one, other) => countOf(other) - countOf(one));
  if (often.length === 0) return null;
  const chosen = new Set(often);
  const kept = view.keys.filter((_, key) => !chosen.has(key));
  return { kind: "not-in", path: view.column.path, part, dropped: often.map((key) => view.keys[key]!), kept };
}

function wantedTail(view: Exclude<View, Groups>, rows: Rows): ReturnType<typeof alwaysWanted> {
  const discarded: number[] = [];
  rows.active.forEach((active, row) => {
    if (active === 1 && rows.wanted[row] === 0 && !Number.isNaN(view.high[row]!)) discarded.push(view.high[row]!);
  });
  if (discarded.length === 0 || view.column.array !== null) return null;
  const top = discarded.reduce((one, other) => Math.max(one, other));
  const bottom = discarded.reduce((one, other) => Math.min(one, other));
  const beyond = (row: number): -1 | 0 | 1 => (view.high[row]! > top ? 1 : view.low[row]! < bottom ? -1 : 0);
  let above = 0;
  let below = 0;
  rows.active.forEach((active, row) => {
    if (active === 1 && beyond(row) === 1) above += 1;
    if (active === 1 && beyond(row) === -1) below += 1;
  });
  if (Math.max(above, below) < fewestPerKey) return null;
  const side = above >= below ? 1 : -1;
  // Both ends of what was seen to come to nothing: a number beyond them is kept.
  const mask = rows.active.map((active, row) => (active === 1 && (Number.isNaN(view.high[row]!) || beyond(row) === side) ? 1 : 0));
  return { mask, testOf: () => ({ kind: "outside", path: view.column.path, ranges: [{ from: bottom, to: top }] }) };
}

/** Whether a row is dropped by the test of a view of groups. */
function drops(view: View, test: Test, row: number): boolean {
  if (view.kind === "numbers" || test.kind !== "not-in") return true;
  const code = view.codes[row]!;
  return code >= 0 && view.sets[code]!.every((key) => test.dropped.includes(view.keys[key]!));
}

/** The largest group on two fields: where the first is not one that is always wanted, the second comes to nothing. */
function bestPair(views: readonly View[], rows: Rows, least: number): RuleClause | null {
  const paired = views.slice(0, mostPaired);
  let chosen: RuleClause | null = null;
  let most = least;
  for (const first of paired) {
    const sure = alwaysWanted(first, rows);
    if (sure === null) continue;
    const rest: Rows = { wanted: rows.wanted, active: rows.active.map((active, row) => (active === 1 && sure.mask[row] === 0 ? 1 : 0)) };
    if (tally(rest).rows < least) continue;
    for (const second of paired) {
      if (second.column === first.column || sharesArray(second, first)) continue;
      const found = discardedGroup(second, rest, paired.length * paired.length);
      const test = found === null ? null : sure.testOf(found.rows);
      if (found === null || test === null) continue;
      const dropped = found.rows.filter((row) => drops(first, test, row));
      const score = dropped.length * weight(second) * weight(first) * 0.9;
      if (score > most) [chosen, most] = [{ clause: [test, found.test], views: [first, second], rows: dropped }, score];
    }
  }
  return chosen;
}

/** Tests below one array would have to hold in one element together: no two are used. */
function sharesArray(one: View, other: View): boolean {
  return one.column.array !== null && one.column.array === other.column.array;
}

/** The clauses found, in the order in which they explain most; `wanted` by row, 1 for wanted or unknown. */
export function clausesOf(views: readonly View[], wanted: Uint8Array): RuleClause[] {
  const rows: Rows = { wanted, active: new Uint8Array(wanted.length).fill(1) };
  const least = Math.max(fewestPerKey, wanted.length * leastShare);
  const found: RuleClause[] = [];
  while (found.length < mostClauses) {
    const open = views.filter(
      (view) => !found.some((clause) => clause.views.some((used) => sharesArray(used, view) && used.column !== view.column)),
    );
    const single = best(open, rows, views.length * 4);
    const next: RuleClause | null =
      single !== null && single.rows.length >= least
        ? { clause: [single.test], views: [single.view], rows: single.rows }
        : bestPair(open, rows, least);
    if (next === null) return found;
    found.push(next);
    for (const row of next.rows) rows.active[row] = 0;
    const left = tally(rows);
    if (left.rows - left.wanted < least) return found;
  }
  return found;
}

/** Most values that the field which says what an event is may have for a clause to name them. */
const mostKinds = 10;

/**
 * A clause that drops only events of kinds that were seen to come to nothing: an event of a new kind is kept, whatever its other fields are. The clause
 * as it is where no field says what an event is, or it says too many things.
 */
export function guarded(clause: RuleClause, views: readonly View[]): Clause {
  let tests = clause.clause;
  for (const { tells, most } of guards) {
    const telling = views.filter((view): view is Groups => view.kind === "groups" && tells(view));
    if (clause.views.some((view) => view.kind === "groups" && tells(view))) continue;
    for (const view of telling.slice(0, most)) {
      const test = exactTest(view, "value", clause.rows);
      if (test === null || test.kind !== "not-in" || test.dropped.length > mostKinds) continue;
      const covered = clause.rows.filter((row) => drops(view, test, row)).length;
      if (covered >= 0.9 * clause.rows.length) tests = [...tests, test];
    }
  }
  return tests;
}

const kindName = /(type|kind)$|^(action|operation|op|command|cmd|method)$/i;
const versionName = /^((schema|data|event|message|api|payload)[._-]?)?version$|^schema$/i;

/** The field's name; DynamoDB's are named by their type at the end. */
const fieldOf = ({ path }: Groups["column"]): string => path.findLast((part) => !/^(S|N|BOOL)$/.test(part)) ?? "";

/** Whether the view is of a field that says what the event is; the kinds of a DynamoDB stream's records are three for ever. */
function tellsKind({ part, column }: Groups): boolean {
  if (part !== "value" || column.array !== null || column.name === "eventName") return false;
  return nameRank(column) === 0 || kindName.test(fieldOf(column));
}

/** Whether the view is of a field that says by which schema the event is written: another schema may mean other things by the same fields. */
function tellsVersion({ part, column }: Groups): boolean {
  return part === "value" && column.path.length > 1 && column.array === null && versionName.test(fieldOf(column));
}

/** Fields that guard a clause, and how many of a sort: an envelope has a kind, and what it carries may have one of its own. */
const guards = [
  { tells: tellsKind, most: 2 },
  { tells: tellsVersion, most: 1 },
] as const;
