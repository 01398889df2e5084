/**
 * Filters of AWS as JSON patterns: EventBridge rules, Lambda event source mappings and pipes, SNS filter policies. Sources:
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html (operators, and which of them pipes have),
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html, https://docs.aws.amazon.com/sns/latest/dg/string-value-matching.html.
 */
import type { FilterGrammar } from "../../model/filters.ts";
import type { Json } from "../../model/records.ts";
import type { KeepRule, NotIn, OutsideOf, Scalar, Term, Test } from "./clause.ts";
import { alternativesOf, pathText } from "./clause.ts";

type Pattern = { [key: string]: Json };

/** Fields that every event has: `exists: false` says nothing of them. */
const always = new Set(["source", "detail-type", "account", "region", "eventName"]);

/** Lambda mappings and pipes: `anything-but` takes values only, no beginnings and ends. */
const valuesOnly = new Set<FilterGrammar>(["sqs", "kinesis", "dynamodb", "kafka", "mq"]);

const isObject = (value: Json | undefined): value is Pattern => value !== null && typeof value === "object" && !Array.isArray(value);

const same = (left: Json | undefined, right: Json | undefined): boolean => JSON.stringify(left) === JSON.stringify(right);

/** The numbers that are kept, as the intervals between those that are dropped. */
function numericLeaves({ ranges }: OutsideOf): Json[] {
  const leaves: Json[] = [];
  let above: number | null = null;
  let open = true;
  for (const { from, to } of ranges.toSorted((one, other) => (one.from ?? -Infinity) - (other.from ?? -Infinity))) {
    if (from !== null && (above === null || from > above)) {
      leaves.push({ numeric: above === null ? ["<", from] : [">", above, "<", from] });
    }
    if (to === null) open = false;
    else above = above === null ? to : Math.max(above, to);
  }
  if (open && above !== null) leaves.push({ numeric: [">", above] });
  return leaves;
}

/** What is no number is kept: a sender that comes to write numbers as text. Only buses are known to take the empty beginning. */
const otherTypes = (grammar: FilterGrammar): Json[] => (grammar === "eventbridge" ? [{ prefix: "" }, null] : []);

/** null: no exclusion says it. Naming what is kept would drop every value that was never seen, and what these filters drop is gone. */
function notInLeaves(test: NotIn, grammar: FilterGrammar): Json[] | null {
  if (test.part === "value") {
    const types = new Set(test.dropped.map((value) => typeof value));
    if (types.size !== 1) return null;
    if (!types.has("boolean")) return [{ "anything-but": [...test.dropped] }];
    // The other of the two truth values, and nothing: what else a flag may be is text, which no exclusion beside it can keep.
    return test.dropped.length === 1 ? [test.dropped[0] !== true, null] : null;
  }
  if (valuesOnly.has(grammar)) return null;
  const parts = test.dropped as readonly string[];
  return [{ "anything-but": { [test.part]: parts.length === 1 ? parts[0]! : [...parts] } }];
}

function leavesOfTest(test: Test, grammar: FilterGrammar): Json[] | null {
  if (test.kind === "present" || test.kind === "absent") return [{ exists: test.kind === "present" }];
  const leaves = test.kind === "outside" ? [...numericLeaves(test), ...otherTypes(grammar)] : notInLeaves(test, grammar);
  if (leaves === null || leaves.length === 0) return null;
  return always.has(pathText(test.path)) ? leaves : [...leaves, { exists: false }];
}

/** Whether the test keeps a value that an existing filter names. */
function keeps(test: Test, value: Scalar): boolean {
  if (test.kind === "present" || test.kind === "absent") return test.kind === "present";
  if (test.kind === "outside") {
    return typeof value !== "number" || test.ranges.every(({ from, to }) => (from !== null && value < from) || (to !== null && value > to));
  }
  if (test.part === "value") return !test.dropped.includes(value);
  const text = String(value);
  return !test.dropped.some((part) => (test.part === "prefix" ? text.startsWith(String(part)) : text.endsWith(String(part))));
}

/** Values of a leaf that is `anything-but` a list; null: it is something else. */
function excluded(leaf: Json): Scalar[] | null {
  const inner = isObject(leaf) ? leaf["anything-but"] : undefined;
  if (inner === undefined || isObject(inner)) return null;
  return (Array.isArray(inner) ? inner : [inner]) as Scalar[];
}

/**
 * An existing leaf AND the test, as one leaf. `"never"`: nothing passes both; null: one leaf cannot say it. Existing values that the test keeps stay; two
 * exclusions become one.
 */
function joinedLeaf(current: Json, test: Test, leaves: Json[]): Json | "never" | null {
  if (!Array.isArray(current)) return null;
  if (current.every((leaf) => !isObject(leaf) && !Array.isArray(leaf))) {
    const left = current.filter((leaf) => keeps(test, leaf as Scalar));
    return left.length === 0 ? "never" : left;
  }
  const [only] = current;
  const before = current.length === 1 ? excluded(only!) : null;
  if (before !== null && test.kind === "not-in" && test.part === "value" && excluded(leaves[0]!) !== null) {
    return [{ "anything-but": [...new Set([...before, ...test.dropped])] }];
  }
  const passes = test.kind === "present" && same(current, [{ exists: true }]);
  return passes ? current : null;
}

/** The existing pattern AND one test. */
function withTest(pattern: Pattern, test: Test, leaves: Json[], path: readonly string[]): Pattern | "never" | null {
  const [key, ...rest] = path as [string, ...string[]];
  const below = pattern[key];
  if (rest.length === 0) {
    if (below === undefined) return { ...pattern, [key]: leaves };
    const joined = joinedLeaf(below, test, leaves);
    return joined === null || joined === "never" ? joined : { ...pattern, [key]: joined };
  }
  if (below !== undefined && !isObject(below)) return null;
  const inner = withTest(below ?? {}, test, leaves, rest);
  return inner === null || inner === "never" ? inner : { ...pattern, [key]: inner };
}

function withTerm(pattern: Pattern, term: Term, grammar: FilterGrammar): Pattern | "never" | null {
  let joined: Pattern = pattern;
  for (const test of term) {
    const leaves = leavesOfTest(test, grammar);
    const next = leaves === null ? null : withTest(joined, test, leaves, test.path);
    if (next === null || next === "never") return next;
    joined = next;
  }
  return joined;
}

/** Alternatives as one pattern: what all of them ask stands once, the rest below `$or`, as deep as it can. */
function anyOf(branches: readonly Pattern[]): Pattern {
  const [first, ...others] = branches as [Pattern, ...Pattern[]];
  if (others.length === 0) return first;
  const common: Pattern = {};
  for (const key of Object.keys(first)) {
    if (key !== "$or" && others.every((branch) => same(branch[key], first[key]))) common[key] = first[key]!;
  }
  const rests = branches.map((branch) => Object.fromEntries(Object.entries(branch).filter(([key]) => !(key in common))) as Pattern);
  if (rests.some((rest) => Object.keys(rest).length === 0)) return common;
  const keys = new Set(rests.flatMap((rest) => Object.keys(rest)));
  const [key] = keys;
  if (keys.size === 1 && key !== undefined && key !== "$or" && rests.every((rest) => isObject(rest[key]))) {
    return { ...common, [key]: anyOf(rests.map((rest) => rest[key] as Pattern)) };
  }
  return { ...common, $or: rests };
}

/** The patterns in a filter text: one, or those of `{"Filters": [{"Pattern": ...}]}`, or a list; null: it cannot be read. */
function patternsIn(text: string | null): Pattern[] | null {
  if (text === null) return [{}];
  try {
    const value = JSON.parse(text) as Json;
    const listed = isObject(value) && Array.isArray(value["Filters"]) ? value["Filters"] : Array.isArray(value) ? value : [value];
    const patterns = listed.map((entry) => {
      const given = isObject(entry) && entry["Pattern"] !== undefined ? entry["Pattern"] : entry;
      return typeof given === "string" ? (JSON.parse(given) as Json) : given;
    });
    return patterns.every(isObject) ? patterns : null;
  } catch {
    return null;
  }
}

/** The patterns of the filter, existing ones narrowed by the rule; null: the grammar cannot say it. */
export function patternsOf(grammar: FilterGrammar, rule: KeepRule, current: string | null): string[] | null {
  const terms = alternativesOf(rule);
  const before = patternsIn(current);
  if (terms === null || terms.length === 0 || before === null) return null;
  const patterns: string[] = [];
  for (const pattern of before) {
    const branches: Pattern[] = [];
    for (const term of terms) {
      const branch = withTerm(pattern, term, grammar);
      if (branch === null) return null;
      if (branch !== "never") branches.push(branch);
    }
    if (branches.length > 0) patterns.push(JSON.stringify(anyOf(branches)));
  }
  return patterns.length === 0 ? null : patterns;
}
