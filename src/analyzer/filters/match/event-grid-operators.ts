/** The 19 operators of Event Grid's advanced filters. https://learn.microsoft.com/azure/event-grid/event-filtering#operators */
import type { Json } from "../../../model/records.ts";

interface Operator {
  /** Shape of what it is compared with: nothing, one `value`, `values`, or `values` that are pairs. */
  takes: "none" | "one" | "many" | "ranges";
  type: "number" | "string" | "boolean" | null;
  /** What it says where the key is not in the event or is null. */
  missing: boolean;
  /** What must hold, in words. */
  words: string;
  /** Of a value that is there; texts are lower case on both sides, since all comparisons of text ignore case. */
  holds(value: Json, wanted: readonly Json[]): boolean;
}

const number = (test: (value: number, wanted: number) => boolean) => (value: Json, wanted: readonly Json[]) =>
  typeof value === "number" && wanted.some((one) => test(value, one as number));
const text = (test: (value: string, wanted: string) => boolean) => (value: Json, wanted: readonly Json[]) =>
  typeof value === "string" && wanted.some((one) => test(value, one as string));
/** Holds for text only: a Not* operator on text says no of a value of another type, as it does of a missing one. */
const noText = (test: (value: string, wanted: string) => boolean) => (value: Json, wanted: readonly Json[]) =>
  typeof value === "string" && !wanted.some((one) => test(value, one as string));
const within = (value: Json, wanted: readonly Json[]) =>
  typeof value === "number" && wanted.some((pair) => value >= (pair as number[])[0]! && value <= (pair as number[])[1]!);

const one = { takes: "one", missing: false } as const;
const many = { takes: "many", missing: false } as const;

/**
 * By name. Without the key only NumberNotIn, NumberNotInRange, StringNotIn and IsNullOrUndefined say yes; the Not* operators on parts of
 * texts do not.
 */
export const ADVANCED = {
  NumberIn: { ...many, type: "number", words: "is one of the numbers", holds: number((value, wanted) => value === wanted) },
  NumberNotIn: {
    ...many,
    type: "number",
    missing: true,
    words: "is none of the numbers",
    holds: (value, wanted) => !wanted.includes(value),
  },
  NumberLessThan: { ...one, type: "number", words: "is less", holds: number((value, wanted) => value < wanted) },
  NumberGreaterThan: { ...one, type: "number", words: "is greater", holds: number((value, wanted) => value > wanted) },
  NumberLessThanOrEquals: { ...one, type: "number", words: "is at most", holds: number((value, wanted) => value <= wanted) },
  NumberGreaterThanOrEquals: { ...one, type: "number", words: "is at least", holds: number((value, wanted) => value >= wanted) },
  NumberInRange: { takes: "ranges", missing: false, type: "number", words: "is in a range, ends included", holds: within },
  NumberNotInRange: {
    takes: "ranges",
    missing: true,
    type: "number",
    words: "is in no range, ends included",
    holds: (value, wanted) => !within(value, wanted),
  },
  BoolEquals: { ...one, type: "boolean", words: "is the same boolean", holds: (value, wanted) => value === wanted[0] },
  StringIn: { ...many, type: "string", words: "is one of the texts", holds: text((value, wanted) => value === wanted) },
  StringNotIn: {
    ...many,
    type: "string",
    missing: true,
    words: "is none of the texts",
    holds: (value, wanted) => !wanted.includes(value),
  },
  StringBeginsWith: { ...many, type: "string", words: "begins with one", holds: text((value, part) => value.startsWith(part)) },
  StringEndsWith: { ...many, type: "string", words: "ends with one", holds: text((value, part) => value.endsWith(part)) },
  StringContains: { ...many, type: "string", words: "contains one", holds: text((value, part) => value.includes(part)) },
  StringNotBeginsWith: {
    ...many,
    type: "string",
    words: "is there and begins with none",
    holds: noText((value, part) => value.startsWith(part)),
  },
  StringNotEndsWith: {
    ...many,
    type: "string",
    words: "is there and ends with none",
    holds: noText((value, part) => value.endsWith(part)),
  },
  StringNotContains: { ...many, type: "string", words: "is there and contains none", holds: noText((value, part) => value.includes(part)) },
  IsNullOrUndefined: { takes: "none", type: null, missing: true, words: "is null or missing", holds: () => false },
  IsNotNull: { takes: "none", type: null, missing: false, words: "is there and not null", holds: () => true },
} as const satisfies { [name: string]: Operator };

export type AdvancedOperator = keyof typeof ADVANCED;

export function isAdvancedOperator(name: string): name is AdvancedOperator {
  return Object.hasOwn(ADVANCED, name);
}
