/** What of a column a test can look at: whole values, beginnings, ends, whether the field is there, numbers. */
import type { Part, Path, Scalar } from "./clause.ts";
import type { Column } from "./columns.ts";
import { missingPartWhy, nameRank, unstable } from "./stability.ts";

/** A column whose events fall into few groups. */
export interface Groups {
  kind: "groups";
  column: Column;
  part: Part | "presence";
  /** Group of each event, an index into `sets`; -1: the test cannot drop the event. */
  codes: Int32Array;
  /** Keys of each group: one, or the different ones of an array's elements. */
  sets: readonly (readonly number[])[];
  /** What each key stands for. */
  keys: readonly Scalar[];
}

/** A column of numbers: least and greatest of each event; NaN: none, or not numbers alone. */
export interface Numbers {
  kind: "numbers";
  column: Column;
  low: Float64Array;
  high: Float64Array;
}

export type View = Groups | Numbers;

/** Most different keys that a filter may choose among. */
const mostKeys = 60;

const separator = /[/.:_\-#|\s]/;

/** Beginnings of a text up to its first and second separator; of a text without one, its letters before a digit. */
function beginning(text: string, level: 1 | 2): string | undefined {
  let end = -1;
  for (let found = 0, at = 0; at < text.length && found < level; at += 1) {
    if (separator.test(text[at]!)) {
      found += 1;
      end = found === level ? at + 1 : -1;
    }
  }
  if (end > 0) return text.slice(0, end);
  const letters = level === 1 ? /^[A-Za-z]{2,}(?=\d)/.exec(text) : null;
  return letters?.[0];
}

/** The end of a text from its last separator; undefined: it has none, or the end is long. */
function ending(text: string): string | undefined {
  for (let at = text.length - 1; at > 0 && text.length - at <= 16; at -= 1) {
    if (separator.test(text[at]!)) return at === text.length - 1 ? undefined : text.slice(at);
  }
  return undefined;
}

/** Groups of events by the keys that their values have; null: too many keys, or nothing to choose between. */
function grouped(column: Column, part: Groups["part"], keyOf: (value: Scalar) => Scalar | undefined): Groups | null {
  const keys: Scalar[] = [];
  const numbers = new Map<Scalar, number>();
  const sets: number[][] = [];
  const setCodes = new Map<string, number>();
  const codes = new Int32Array(column.values.length).fill(-1);
  for (const [row, values] of column.values.entries()) {
    if (values === undefined) continue;
    const found = new Set<number>();
    let whole = true;
    for (const value of values) {
      const key = keyOf(value);
      if (key === undefined) whole = false;
      else {
        let number = numbers.get(key);
        if (number === undefined) numbers.set(key, (number = keys.push(key) - 1));
        found.add(number);
      }
    }
    if (keys.length > mostKeys * 4) return null;
    if (!whole) continue;
    const set = [...found].toSorted((left, right) => left - right);
    const name = set.join(" ");
    let code = setCodes.get(name);
    if (code === undefined) setCodes.set(name, (code = sets.push(set) - 1));
    codes[row] = code;
  }
  // Many values, each of few events, say what the single event is, not of what kind it is.
  const frugal = keys.length <= 12 || keys.length * 20 <= column.present;
  return keys.length === 0 || keys.length > mostKeys || !frugal ? null : { kind: "groups", column, part, codes, sets, keys };
}

function presence(column: Column): Groups | null {
  if (column.present === column.values.length) return null;
  const codes = Int32Array.from(column.values, (values) => (values === undefined ? 1 : 0));
  return { kind: "groups", column, part: "presence", codes, sets: [[0], [1]], keys: ["present", "absent"] };
}

function numbersOf(column: Column): Numbers | null {
  const low = new Float64Array(column.values.length).fill(Number.NaN);
  const high = new Float64Array(column.values.length).fill(Number.NaN);
  let held = 0;
  for (const [row, values] of column.values.entries()) {
    if (values === undefined || !values.every((value) => typeof value === "number")) continue;
    low[row] = Math.min(...(values as number[]));
    high[row] = Math.max(...(values as number[]));
    held += 1;
  }
  return held === 0 ? null : { kind: "numbers", column, low, high };
}

const textOnly =
  (part: (text: string) => string | undefined) =>
  (value: Scalar): string | undefined =>
    typeof value === "string" ? part(value) : undefined;

/** Views of a stable column. */
function viewsOfColumn(column: Column): View[] {
  const whole = grouped(column, "value", (value) => value);
  const views: (View | null)[] = [whole, numbersOf(column)];
  // Parts of values are worth a look only where the values themselves are too many.
  if (whole === null) {
    views.push(
      grouped(
        column,
        "prefix",
        textOnly((text) => beginning(text, 1)),
      ),
    );
    views.push(
      grouped(
        column,
        "prefix",
        textOnly((text) => beginning(text, 2)),
      ),
    );
    views.push(grouped(column, "suffix", textOnly(ending)));
  }
  return views.filter((view) => view !== null);
}

/** A field that no filter may rest on, and why. */
export interface Unstable {
  name: string;
  path: Path;
  why: string;
}

/** The views that a filter may rest on, those that say what an event is first, and the fields that are left out. */
export function viewsOf(columns: readonly Column[]): { views: View[]; left: Unstable[] } {
  const views: View[] = [];
  const left: Unstable[] = [];
  const ranked = columns.toSorted((one, other) => nameRank(one) - nameRank(other) || one.path.length - other.path.length);
  for (const column of ranked) {
    const why = unstable(column);
    // A field that comes and goes may be what tells events apart, whatever its values are.
    const there = column.present >= 20 && why !== missingPartWhy ? presence(column) : null;
    if (there !== null) views.push(there);
    if (why === null) views.push(...viewsOfColumn(column));
    else left.push({ name: column.name, path: column.path, why });
  }
  return { views: views.slice(0, 80), left };
}
