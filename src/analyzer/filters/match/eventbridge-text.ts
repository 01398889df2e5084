/** Comparing text as EventBridge's rule engine does: without case, with wildcards. No regular expressions, so that no value makes it slow. */
import { PatternError } from "./pattern-json.ts";

/** A star of a wildcard, among the characters around it. */
const STAR = null;

/**
 * Characters and stars of a wildcard: `*` is any text, `\*` and `\\` are the characters themselves.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html#eb-filtering-wildcard-matching
 *
 * @throws PatternError for two stars in a row, and for a backslash before anything else.
 */
export function parseWildcard(pattern: string): (string | null)[] {
  const parts: (string | null)[] = [];
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at] as string;
    if (char === "*") {
      if (pattern[at + 1] === "*") throw new PatternError(`wildcard has consecutive "*" at character ${at + 1}`);
      parts.push(STAR);
    } else if (char === "\\") {
      const escaped = pattern[++at];
      if (escaped !== "*" && escaped !== "\\")
        throw new PatternError(`wildcard has "\\" at character ${at} before something else than "*" or "\\"`);
      parts.push(escaped);
    } else parts.push(char);
  }
  return parts;
}

/** Whether the text is of the wildcard's shape. At worst as many steps as both lengths multiplied. */
export function matchesWildcard(parts: readonly (string | null)[], text: string): boolean {
  let at = 0;
  let part = 0;
  let afterStar = -1;
  let starAt = 0;
  while (at < text.length) {
    if (part < parts.length && parts[part] === STAR) {
      afterStar = ++part;
      starAt = at;
    } else if (part < parts.length && parts[part] === text[at]) {
      part++;
      at++;
    } else if (afterStar >= 0) {
      part = afterStar;
      at = ++starAt;
    } else return false;
  }
  while (part < parts.length && parts[part] === STAR) part++;
  return part === parts.length;
}

/** What each character of a text may be when case does not count: its lower and its upper form, which may be longer (`ß` is `SS`, never `ss`). */
export type CaseForms = readonly (readonly string[])[];

/**
 * The forms of every UTF-16 unit of a pattern. The engine looks at units, not at characters: those outside the first plane have no form of their own and
 * become question marks. https://github.com/aws/event-ruler/blob/main/src/main/software/amazon/event/ruler/input/EqualsIgnoreCaseParser.java
 */
export function caseForms(pattern: string): CaseForms {
  return Array.from({ length: pattern.length }, (_, at) => {
    const unit = pattern.charCodeAt(at);
    if (unit >= 0xd800 && unit <= 0xdfff) return ["?"];
    const char = pattern[at] as string;
    const lower = char.toLowerCase();
    const upper = char.toUpperCase();
    return lower === upper ? [lower] : [lower, upper];
  });
}

/** Whether text, read from `from`, begins with the forms; `whole`: and ends there. */
export function beginsWithForms(forms: CaseForms, text: string, whole: boolean): boolean {
  let ends = new Set([0]);
  for (const form of forms) ends = extended(ends, form, (end, part) => (text.startsWith(part, end) ? end + part.length : null));
  return whole ? ends.has(text.length) : ends.size > 0;
}

/** Whether text ends with the forms. */
export function endsWithForms(forms: CaseForms, text: string): boolean {
  let starts = new Set([text.length]);
  for (const form of forms.toReversed()) {
    starts = extended(starts, form, (start, part) =>
      text.startsWith(part, start - part.length) && start >= part.length ? start - part.length : null,
    );
  }
  return starts.size > 0;
}

function extended(from: Set<number>, form: readonly string[], step: (at: number, part: string) => number | null): Set<number> {
  const reached = new Set<number>();
  for (const at of from) {
    for (const part of form) {
      const next = step(at, part);
      if (next !== null) reached.add(next);
    }
  }
  return reached;
}

/** The engine compares values with their quotes, so that a prefix may end with the closing quote of the whole text. */
export function hasPrefix(value: string, prefix: string): boolean {
  return value.startsWith(prefix) || (prefix.endsWith('"') && `${value}"` === prefix);
}

/** As `hasPrefix`, with the opening quote. */
export function hasSuffix(value: string, suffix: string): boolean {
  return value.endsWith(suffix) || (suffix.startsWith('"') && `"${value}` === suffix);
}
