/** A pattern as the alternatives that `$or` makes of it, each a list of fields that must all match. */
import { compileTerm } from "./eventbridge-terms.ts";
import { PatternError, type PatternNode } from "./pattern-json.ts";
import type { Operators, Term } from "./term.ts";

/** One leaf path and the values that it may have. */
export interface PatternField {
  /** Keys joined by dots, as the rule engine knows them: `{"a.b": 1}` and `{"a": {"b": 1}}` are the same field. */
  path: string;
  terms: Term[];
}

/** More alternatives than this are refused. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html#eb-filtering-complex-example-or */
export const MAX_ALTERNATIVES = 1000;

/** Words of the rule language, present and reserved, which may not be fields below `$or`. https://github.com/aws/event-ruler#or-matching */
const RESERVED = new Set(
  [
    "exactly equals-ignore-case prefix suffix anything-but exists wildcard numeric cidr = < <= > >= regex not-wildcard not-equals-ignore-case",
    "date-after date-on-or-after date-before date-on-or-before in-date-range ip-address-in-range ip-address-not-in-range",
  ].flatMap((words) => words.split(" ")),
);

/** Fields of one alternative by path: a path given twice has the values given last. */
type Alternative = ReadonlyMap<string, PatternField>;

/**
 * Alternatives of a pattern, their fields in the order written. A pattern in which `$or` cannot be the operator, and can be the name of a field, is read so:
 * https://github.com/aws/event-ruler#the-backward-compatibility-of-using-or-as-filed-name-in-the-rule, likewise
 * https://docs.aws.amazon.com/sns/latest/dg/and-or-logic.html.
 *
 * @throws PatternError where it is not legal.
 */
export function compilePattern(root: PatternNode, operators: Operators): PatternField[][] {
  if (root.kind !== "object") throw new PatternError("the filter must be a JSON object");
  const compile = (orIsField: boolean): PatternField[][] =>
    compileObject(root.entries, { path: "", isBelowOr: false, orIsField, operators }, [new Map()]).map((fields) => [...fields.values()]);
  try {
    return compile(false);
  } catch (error) {
    return tried(() => compile(true)) ?? thrown(error);
  }
}

function tried<T>(make: () => T): T | null {
  try {
    return make();
  } catch (error) {
    return error instanceof PatternError ? null : thrown(error);
  }
}

function thrown(error: unknown): never {
  throw error;
}

interface Place {
  path: string;
  isBelowOr: boolean;
  /** `$or` is a name like any other. */
  orIsField: boolean;
  operators: Operators;
}

function compileObject(entries: [string, PatternNode][], place: Place, before: Alternative[]): Alternative[] {
  if (entries.length === 0) throw new PatternError(`${place.path === "" ? "the filter" : place.path} is an empty object`);
  return entries.reduce((alternatives, [key, value]) => compileEntry(key, value, place, alternatives), before);
}

function compileEntry(key: string, value: PatternNode, place: Place, before: Alternative[]): Alternative[] {
  const path = place.path === "" ? key : `${place.path}.${key}`;
  if (key === "$or" && !place.orIsField) return compileOr(value, path, place, before);
  if (place.isBelowOr && RESERVED.has(key))
    throw new PatternError(`${path}: "${key}" is a word of the rule language and may not be a field below $or`);
  if (value.kind === "object") return compileObject(value.entries, { ...place, path }, before);
  if (value.kind !== "array") throw new PatternError(`${path} must be an array of values or an object`);
  if (value.items.length === 0) throw new PatternError(`${path} is an empty array`);
  const field = { path, terms: value.items.map((item) => compileAt(path, item, place.operators)) };
  return before.map((fields) => new Map(fields).set(path, field));
}

function compileAt(path: string, node: PatternNode, operators: Operators): Term {
  try {
    return compileTerm(node, operators);
  } catch (error) {
    throw error instanceof PatternError ? new PatternError(`${path}: ${error.message}`) : error;
  }
}

function compileOr(value: PatternNode, path: string, place: Place, before: Alternative[]): Alternative[] {
  if (value.kind !== "array" || value.items.length < 2) throw new PatternError(`${path} must be an array of at least two objects`);
  const alternatives: Alternative[] = [];
  for (const branch of value.items) {
    if (branch.kind !== "object") throw new PatternError(`${path} may hold objects only`);
    alternatives.push(...compileObject(branch.entries, { ...place, isBelowOr: true }, before));
    if (alternatives.length > MAX_ALTERNATIVES) throw new PatternError(`${path} makes more than ${MAX_ALTERNATIVES} combinations`);
  }
  return alternatives;
}
