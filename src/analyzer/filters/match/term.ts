/** What compiled filters are made of. */
/** A leaf of an event. */
export type Scalar = string | number | boolean | null;

/** What one value of a pattern's array asks of a leaf. */
export interface Term {
  /** `{"exists": false}`: fulfilled where there is no leaf at all, never by a leaf. */
  absent: boolean;
  test(value: Scalar): boolean;
  /** After the path, in a sentence: `"paid"`, `prefix "ord-"`. */
  words: string;
  /** Wildcards in it, which count for the complexity that AWS refuses. */
  wildcards: string[];
  /** What AWS's guide says otherwise than its service does. */
  warnings: string[];
}

/** The operators that a service knows: EventBridge all of them, Lambda and SNS fewer. `caseless`: `equals-ignore-case` inside prefix and suffix. */
export interface Operators {
  service: string;
  names: ReadonlySet<string>;
  /** What may stand inside `anything-but`. */
  inAnythingBut: ReadonlySet<string>;
  caseless: boolean;
  /** Greatest magnitude of numbers that the service documents for `numeric`; it takes greater ones, with a warning. */
  documentedMagnitude: number;
}

/** A term that looks at leaves. */
export function leafTerm(words: string, test: (value: Scalar) => boolean, more: Partial<Pick<Term, "wildcards" | "warnings">> = {}): Term {
  return { absent: false, test, words, wildcards: more.wildcards ?? [], warnings: more.warnings ?? [] };
}
