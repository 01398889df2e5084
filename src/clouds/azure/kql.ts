/**
 * Pieces of KQL text. Everything that comes from outside (IDs, names of apps) passes through `literal` or `literals`, so that it can
 * never be read as part of a query: https://learn.microsoft.com/kusto/query/scalar-data-types/string#string-literals
 */
import type { EpochMs, Ms } from "../../model/units.ts";
import type { Span } from "../room.ts";

/** Characters that end or break a literal, or that editors do not show. */
// oxlint-disable-next-line no-control-regex
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\ud800-\udfff]/g;

/** A string literal: quotes and backslashes escaped, everything unprintable (and each half of a surrogate pair) as `\uXXXX`. */
export function literal(text: string): string {
  const escaped = text
    .replace(/[\\"]/g, String.raw`\$&`)
    .replace(UNPRINTABLE, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return `"${escaped}"`;
}

/** `("a", "b")`: the right side of `in`, `in~` and `has_any`. */
export function literals(texts: readonly string[]): string {
  return `(${texts.map(literal).join(", ")})`;
}

/** `datetime(2026-11-23T00:00:00.000Z)`. Throws RangeError on a time that is none. */
export function datetime(at: EpochMs): string {
  return `datetime(${new Date(at).toISOString()})`;
}

/** A timespan literal of whole seconds: `3600s`. */
export function timespan(ms: Ms): string {
  return `${Math.max(1, Math.round(ms / 1000))}s`;
}

/** A condition for a half-open window. */
export function within(column: string, window: Span): string {
  return `${column} >= ${datetime(window.from)} and ${column} < ${datetime(window.to)}`;
}

/** A table, or a table in parentheses, and what is done to its rows; empty steps are left out. */
export function pipeline(source: string, ...steps: readonly (string | null)[]): string {
  return [source, ...steps.filter((step) => step !== null)].join("\n| ");
}

/** Rows of all of them; of one alone, itself. */
export function union(legs: readonly string[]): string {
  return legs.length === 1 ? legs[0]! : `union\n${legs.map((leg) => `(${leg})`).join(",\n")}`;
}

/** Any of these conditions, in parentheses. */
export function anyOf(conditions: readonly string[]): string {
  return `(${conditions.join(" or ")})`;
}
