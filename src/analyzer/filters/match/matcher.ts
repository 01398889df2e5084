/** A matcher out of a compiler that throws where the filter is not legal. */
import type { Decision, FilterGrammar, Matcher } from "../../../model/filters.ts";
import type { Json } from "../../../model/records.ts";
import { PatternError } from "./pattern-json.ts";

/** What a compiler makes of a legal filter. */
export type CompiledFilter = Pick<Matcher, "warnings" | "decide" | "matches">;

/** `compile` throws `PatternError` where the vendor would refuse the filter. */
export function matcherFrom(grammar: FilterGrammar, compile: () => CompiledFilter): Matcher {
  try {
    return { grammar, invalid: null, ...compile() };
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    const reason = error.message;
    return { grammar, invalid: reason, warnings: [], decide: () => refused(reason), matches: () => false };
  }
}

/**
 * A filter as its text.
 *
 * @throws PatternError where it was given parsed and is nested too deeply to be written.
 */
export function filterText(filter: Json): string {
  if (typeof filter === "string") return filter;
  try {
    return JSON.stringify(filter);
  } catch {
    throw new PatternError("the filter is nested too deeply");
  }
}

/** The decision where filter or event is not legal. */
export function refused(reason: string): Decision {
  return { verdict: "invalid", reason, clause: null };
}

/** @throws PatternError where text is longer than a vendor takes. */
export function sizeProblem(what: string, text: string, maxChars: number): void {
  if (text.length > maxChars) throw new PatternError(`${what} has ${text.length} characters, more than the ${maxChars} that are allowed`);
}
