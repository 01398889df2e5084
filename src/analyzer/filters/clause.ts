/**
 * What a filter keeps, before any vendor's words: an AND of clauses, each an OR of tests. Every test names what is *dropped* by it, values that
 * were seen and came to nothing, so that a value never seen before is kept.
 */

/** A leaf of JSON. */
export type Scalar = string | number | boolean | null;

/** Where a test looks: the path as the grammar names it. */
export type Path = readonly string[];

/** What of a field's value is compared: all of it, its beginning up to a separator, or its end from the last separator. */
export type Part = "value" | "prefix" | "suffix";

/** Keeps events unless every value of the field is (begins with, ends with) one of `dropped`. An event without the field is kept. */
export interface NotIn {
  kind: "not-in";
  path: Path;
  part: Part;
  dropped: readonly Scalar[];
  /** Other values (beginnings, ends) seen among events that are kept: for grammars that can only say what they keep. */
  kept: readonly Scalar[];
}

/** Keeps events unless every number of the field lies in the closed range; null: no bound on that side. An event without the field is kept. */
export interface OutsideOf {
  kind: "outside";
  path: Path;
  ranges: readonly { from: number | null; to: number | null }[];
}

/** Keeps events that have the field. */
interface Present {
  kind: "present";
  path: Path;
}

/** Keeps events that do not have the field. */
interface Absent {
  kind: "absent";
  path: Path;
}

/** One condition for keeping. */
export type Test = NotIn | OutsideOf | Present | Absent;

/** Kept where one of the tests says so: the other side of one group of events that is dropped. */
export type Clause = readonly Test[];

/** Kept where every clause says so. */
export type KeepRule = readonly Clause[];

/** Tests that must hold together, one per field. */
export type Term = readonly Test[];

/** A path as people write it. */
export function pathText(path: Path): string {
  return path.join(".");
}

const samePlace = (left: Test, right: Test): boolean => pathText(left.path) === pathText(right.path);

/** Both tests of one field as one; null where a single test cannot say both. */
function both(left: Test, right: Test): Test | null {
  if (left.kind === "not-in" && right.kind === "not-in" && left.part === right.part) {
    const dropped = [...new Set([...left.dropped, ...right.dropped])];
    const kept = [...new Set([...left.kept, ...right.kept])].filter((value) => !dropped.includes(value));
    return { ...left, dropped, kept };
  }
  if (left.kind === "outside" && right.kind === "outside") return { ...left, ranges: [...left.ranges, ...right.ranges] };
  return left.kind === right.kind && left.kind !== "not-in" ? left : null;
}

function withTest(term: Term, test: Test): Term | null {
  const at = term.findIndex((other) => samePlace(other, test));
  if (at < 0) return [...term, test];
  const merged = both(term[at]!, test);
  return merged === null ? null : term.map((other, index) => (index === at ? merged : other));
}

/** Whether everything that `narrow` keeps is kept by `wide` as well, as far as the form shows it: each test of `wide` stands in `narrow`. */
function within(narrow: Term, wide: Term): boolean {
  return wide.every((test) =>
    narrow.some((other) => samePlace(other, test) && JSON.stringify(both(other, test)) === JSON.stringify(other)),
  );
}

/** The rule as alternatives (OR of ANDs), for grammars that write filters so; null where one field would need two tests of different kinds. */
export function alternativesOf(rule: KeepRule): Term[] | null {
  let terms: Term[] = [[]];
  for (const clause of rule) {
    const next: Term[] = [];
    for (const term of terms) {
      for (const test of clause) {
        const joined = withTest(term, test);
        if (joined === null) return null;
        next.push(joined);
      }
    }
    terms = next;
  }
  return terms.filter(
    (term, index) => !terms.some((other, at) => at !== index && within(term, other) && (!within(other, term) || at < index)),
  );
}

/** Clauses with the tests of one field joined where each stands alone in its clause, for grammars that write ANDs. */
export function joinedClauses(rule: KeepRule): Clause[] {
  const singles = rule.filter((clause) => clause.length === 1).map((clause) => clause[0]!);
  let joined: Test[] = [];
  for (const test of singles) joined = [...(withTest(joined, test) ?? [...joined, test])];
  return [...joined.map((test) => [test]), ...rule.filter((clause) => clause.length > 1)];
}

const listed = (values: readonly Scalar[]): string => {
  const shown = values.slice(0, 6).map((value) => (typeof value === "string" ? `"${value}"` : String(value)));
  const rest = values.length - shown.length;
  return rest > 0 ? `${shown.join(", ")} or ${rest} more` : shown.join(", ").replace(/, ([^,]*)$/, " or $1");
};

function rangeText({ from, to }: { from: number | null; to: number | null }): string {
  if (from === null) return `at most ${to}`;
  return to === null ? `at least ${from}` : `between ${from} and ${to}`;
}

function droppedWords(test: Test): string {
  const name = pathText(test.path);
  if (test.kind === "present") return `${name} is missing`;
  if (test.kind === "absent") return `${name} is there`;
  if (test.kind === "outside") return `${name} is ${test.ranges.map(rangeText).join(" or ")}`;
  const verb = test.part === "value" ? "is" : test.part === "prefix" ? "begins with" : "ends with";
  return `${name} ${verb} ${listed(test.dropped)}`;
}

/** The rule in words: what is dropped. */
export function wordsOf(rule: KeepRule): string {
  const groups = joinedClauses(rule).map((clause) => clause.map(droppedWords).join(" and "));
  return `drops events where ${groups.join("; or where ")}`;
}
