/** Verdicts with their reasons: which field decided, by which value. */
import type { Decision } from "../../../model/filters.ts";
import type { Json } from "../../../model/records.ts";
import type { PatternField } from "./eventbridge-compile.ts";
import { type Leaf, leafReader } from "./eventbridge-event.ts";
import { type FieldLeaves, isFulfilledAlone, isHopeless, matchTogether } from "./eventbridge-walk.ts";
import { refused } from "./matcher.ts";
import { MAX_DEPTH, shown } from "./pattern-json.ts";

/** The fields of alternatives as one event has them, in the order written; null: the event cannot be read. A field shared by alternatives is asked once. */
type Asking = (event: Json) => (() => FieldLeaves)[][] | null;

function asking(alternatives: readonly PatternField[][]): Asking {
  const fields = [...new Set(alternatives.flat())];
  const paths = [...new Set(fields.map(({ path }) => path))];
  const read = leafReader(paths);
  const leafOf = new Map(paths.map((path, at) => [path, at]));
  const placed = fields.map((field) => ({
    field,
    leaf: leafOf.get(field.path) as number,
    mayBeAbsent: field.terms.some(({ absent }) => absent),
  }));
  const numbered = new Map(fields.map((field, at) => [field, at]));
  const places = alternatives.map((alternative) => alternative.map((field) => numbered.get(field) as number));
  return (event) => {
    if (typeof event !== "object" || event === null || Array.isArray(event)) return null;
    const leaves = read(event);
    if (leaves === null) return null;
    const asks = placed.map(({ field, leaf, mayBeAbsent }) => {
      let asked: FieldLeaves | null = null;
      return () => (asked ??= askField(field, leaves[leaf] as Leaf[], mayBeAbsent));
    });
    return places.map((alternative) => alternative.map((at) => asks[at] as () => FieldLeaves));
  };
}

function askField(field: PatternField, all: Leaf[], mayBeAbsent: boolean): FieldLeaves {
  return { field, all, matching: all.filter(({ value }) => field.terms.some((term) => term.test(value))), mayBeAbsent };
}

/** Whether an event matches any of the alternatives; one that cannot be read matches none. */
export function matchesAlternatives(alternatives: readonly PatternField[][]): (event: Json) => boolean {
  const ask = asking(alternatives.map((fields) => fields.toSorted((one, other) => (one.path < other.path ? -1 : 1))));
  return (event) =>
    ask(event)?.some((fields) => !fields.some((field) => isHopeless(field())) && matchTogether(fields.map((field) => field()))) ?? false;
}

/** The same with the field that decided. */
export function decideAlternatives(alternatives: readonly PatternField[][]): (event: Json) => Decision {
  const ask = asking(alternatives);
  return (event) => {
    const asked = ask(event)?.map((fields) => fields.map((field) => field())) ?? null;
    if (asked === null) return refused(`the event is not a JSON object, or nested deeper than ${MAX_DEPTH} levels`);
    const matched = asked.find((fields) => matchTogether(inPathOrder(fields)));
    return matched === undefined ? mismatch(asked) : { verdict: "match", reason: matched.map(matchWords).join("; "), clause: null };
  };
}

/** As the rule engine sorts them: by UTF-16 units. */
function inPathOrder(fields: readonly FieldLeaves[]): FieldLeaves[] {
  return fields.toSorted((one, other) => (one.field.path < other.field.path ? -1 : 1));
}

function mismatch(alternatives: readonly FieldLeaves[][]): Decision {
  const failures = alternatives.map(failureOf);
  const [first] = failures as [Failure];
  if (failures.every(({ field }) => field === first.field))
    return { verdict: "no_match", reason: first.reason, clause: first.field.field.path };
  const reasons = [...new Set(failures.map(({ reason }) => reason))];
  const more = reasons.length > 3 ? ` (and ${reasons.length - 3} more)` : "";
  return {
    verdict: "no_match",
    reason: `no alternative of $or matches: ${reasons.slice(0, 3).join("; ")}${more}`,
    clause: first.field.field.path,
  };
}

interface Failure {
  field: FieldLeaves;
  reason: string;
}

/** The first field that no value of the event fulfils; else the first that does not match together with those before it. */
function failureOf(fields: readonly FieldLeaves[]): Failure {
  const alone = fields.find((field) => field.matching.length === 0 && !isFulfilledAlone(field) && !isInArrays(field));
  const failed = alone ?? fields.find((field) => !isFulfilledAlone(field));
  if (failed !== undefined) return { field: failed, reason: mismatchWords(failed) };
  const upTo = fields.findIndex((_, at) => !matchTogether(inPathOrder(fields.slice(0, at + 1))));
  const field = fields[upTo] as FieldLeaves;
  const others = fields.slice(0, upTo).map((other) => other.field.path);
  return { field, reason: `no one element of an array has ${field.field.path} ${wanted(field)} together with ${others.join(", ")}` };
}

/** Fields that may be absent in one element though they are present in another. */
function isInArrays({ mayBeAbsent, all }: FieldLeaves): boolean {
  return mayBeAbsent && all.every(({ within }) => within.length > 0);
}

function wanted({ field }: FieldLeaves): string {
  const words = field.terms.map((term) => term.words);
  return words.length > 5 ? `${words.slice(0, 5).join(" or ")} or ${words.length - 5} more` : words.join(" or ");
}

function matchWords(field: FieldLeaves): string {
  const [leaf] = field.matching;
  const { path } = field.field;
  return leaf === undefined ? `${path} does not exist` : `${path} is ${shown(leaf.value)} (${wanted(field)})`;
}

function mismatchWords(field: FieldLeaves): string {
  const { path } = field.field;
  if (field.all.length === 0) return `${path} has no value, wanted ${wanted(field)}`;
  const values = field.all.slice(0, 3).map(({ value }) => shown(value));
  const more = field.all.length > 3 ? ` and ${field.all.length - 3} more` : "";
  return `${path} is ${values.join(", ")}${more}, wanted ${wanted(field)}`;
}
