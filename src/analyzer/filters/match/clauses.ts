/** What the matchers of clauses that must all hold share: an illegal filter, the first clause that fails, and values in words. */
import type { Decision, FilterGrammar, Matcher } from "../../../model/filters.ts";
import type { Json } from "../../../model/records.ts";

/** One condition of a filter. */
export interface Clause {
  /** Path of the field it looks at. */
  path: string;
  holds(event: Json): boolean;
  /** Why it holds or not: a part of a sentence. */
  says(event: Json): string;
}

/** A filter that the vendor would refuse. */
export function illegal(grammar: FilterGrammar, invalid: string): Matcher {
  const decision: Decision = { verdict: "invalid", reason: invalid, clause: null };
  return { grammar, invalid, warnings: [], decide: () => decision, matches: () => false };
}

/** A filter of clauses that must all hold; no clause: everything matches. */
export function allOf(grammar: FilterGrammar, clauses: readonly Clause[], warnings: string[] = []): Matcher {
  return {
    grammar,
    invalid: null,
    warnings,
    matches: (event) => clauses.every((one) => one.holds(event)),
    decide(event): Decision {
      const failed = clauses.find((one) => !one.holds(event));
      if (failed !== undefined) return { verdict: "no_match", reason: failed.says(event), clause: failed.path };
      if (clauses.length === 0) return { verdict: "match", reason: "the filter has no condition: everything matches", clause: null };
      const [only] = clauses;
      if (clauses.length === 1 && only) return { verdict: "match", reason: only.says(event), clause: only.path };
      return {
        verdict: "match",
        reason: `all ${clauses.length} conditions hold: ${clauses.map((one) => one.path).join(", ")}`,
        clause: null,
      };
    },
  };
}

const SHOWN = 60;

/** A value of a field for people: cut where it is long, never a whole object. */
export function shown(value: Json | undefined): string {
  if (value === undefined) return "missing";
  if (value === null) return "null";
  if (Array.isArray(value)) return value.length === 0 ? "an empty array" : "an array";
  if (typeof value === "object") return "an object";
  const text = JSON.stringify(value);
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}...` : text;
}

/** Some values as a list in words. */
export function listed(values: readonly Json[]): string {
  const first = values.slice(0, 5).map((one) => shown(one));
  return values.length > first.length ? `${first.join(", ")} and ${values.length - first.length} more` : first.join(", ");
}
