/** Whether the fields of one alternative match together: values below one array must lie in the same element of it. */
import type { PatternField } from "./eventbridge-compile.ts";
import { isConsistent, type Leaf } from "./eventbridge-event.ts";

/** A field with the event's leaves at its path, and those of them that fulfil it. */
export interface FieldLeaves {
  field: PatternField;
  all: readonly Leaf[];
  matching: readonly Leaf[];
  /** One of its terms is `{"exists": false}`. */
  mayBeAbsent: boolean;
}

/**
 * True where each field has a leaf (or is rightly absent) and all of them are consistent. Fields must be sorted by path: the rule engine goes through them in
 * that order, and asks of `exists: false` only that the elements entered so far hold no such leaf.
 */
export function matchTogether(fields: readonly FieldLeaves[]): boolean {
  if (fields.some(isHopeless)) return false;
  if (fields.every(({ matching }) => matching.every(({ within }) => within.length === 0))) return fields.every(isFulfilledAlone);
  return walk({ fields, arraysFrom: fields.map((_, at) => arraysOf(fields.slice(at))), failed: new Set() }, 0, []);
}

/** Whether a field would match if it were the only one. */
export function isFulfilledAlone({ matching, mayBeAbsent, all }: FieldLeaves): boolean {
  return matching.length > 0 || (mayBeAbsent && all.length === 0);
}

/** Whether no other field can make this one match: no leaf fulfils it, and it is there for good. */
export function isHopeless({ all, matching, mayBeAbsent }: FieldLeaves): boolean {
  return matching.length === 0 && !(mayBeAbsent && mayVanish(all));
}

interface Search {
  fields: readonly FieldLeaves[];
  /** Arrays that the fields from this one on lie in. */
  arraysFrom: readonly ReadonlySet<number>[];
  /** Where the search came before without success, so that no event makes it take exponential time. */
  failed: Set<string>;
}

function walk(search: Search, at: number, entered: readonly number[]): boolean {
  const current = search.fields[at];
  if (current === undefined) return true;
  const place = `${at}:${stillOfUse(entered, search.arraysFrom[at] as ReadonlySet<number>)}`;
  if (search.failed.has(place)) return false;
  if (current.mayBeAbsent && !current.all.some(({ within }) => isConsistent(entered, within)) && walk(search, at + 1, entered)) return true;
  for (const { within } of current.matching) {
    if (isConsistent(entered, within) && walk(search, at + 1, joined(entered, within))) return true;
  }
  search.failed.add(place);
  return false;
}

/** Whether leaves could all lie in elements that are not entered: those outside of arrays cannot. */
function mayVanish(leaves: readonly Leaf[]): boolean {
  return leaves.every(({ within }) => within.length > 0);
}

function arraysOf(fields: readonly FieldLeaves[]): Set<number> {
  const arrays = new Set<number>();
  for (const { all } of fields)
    for (const { within } of all) for (let at = 0; at < within.length; at += 2) arrays.add(within[at] as number);
  return arrays;
}

/** The entered elements of arrays that fields still to come lie in: others cannot matter any more. */
function stillOfUse(entered: readonly number[], arrays: ReadonlySet<number>): string {
  let place = "";
  for (let at = 0; at < entered.length; at += 2) if (arrays.has(entered[at] as number)) place += `${entered[at]}.${entered[at + 1]},`;
  return place;
}

function joined(entered: readonly number[], within: readonly number[]): readonly number[] {
  const more: number[] = [];
  for (let at = 0; at < within.length; at += 2) {
    if (!isEntered(entered, within[at] as number)) more.push(within[at] as number, within[at + 1] as number);
  }
  return more.length === 0 ? entered : [...entered, ...more];
}

function isEntered(entered: readonly number[], array: number): boolean {
  for (let at = 0; at < entered.length; at += 2) if (entered[at] === array) return true;
  return false;
}
