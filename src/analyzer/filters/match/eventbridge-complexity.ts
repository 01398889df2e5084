/**
 * The complexity of wildcards, beyond which AWS refuses a pattern: "Rule is too complex - try using fewer wildcard characters or fewer repeating character
 * sequences after a wildcard character". It is how many places in the wildcards of one field some text can stand at, as the rule engine counts them:
 * https://github.com/aws/event-ruler/blob/main/src/main/software/amazon/event/ruler/MachineComplexityEvaluator.java. AWS does not publish its limit; it
 * refuses `*:*:*:*:*:event-bus/*`, which has 11, and takes patterns up to 10.
 */
import type { PatternField } from "./eventbridge-compile.ts";
import { PatternError } from "./pattern-json.ts";
import type { Term } from "./term.ts";

export const MAX_WILDCARD_COMPLEXITY = 10;

/** Sets of places looked at before giving up on finding a complex one: enough for any wildcard that people write. */
const MAX_SETS = 20_000;

/** @throws PatternError where the wildcards of a field are too complex. Fields of alternatives count together where the fields before them are the same. */
export function wildcardProblem(alternatives: readonly PatternField[][]): void {
  for (const [path, terms] of termsTogether(alternatives)) {
    if (terms.some(({ wildcards }) => wildcards.length > 0) && isTooComplex(placesOf(terms))) {
      throw new PatternError(`${path}: the wildcards are too complex: use fewer "*", or fewer repeated characters after one`);
    }
  }
}

/**
 * Terms that the engine puts into one machine: those of a path after the same values of the paths sorted before it, once for each alternative. Behind absent fields
 * it looks at none.
 */
function termsTogether(alternatives: readonly PatternField[][]): [path: string, terms: Term[]][] {
  const together = new Map<string, [path: string, terms: Term[]]>();
  for (const alternative of alternatives) {
    let before = "";
    for (const { path, terms } of alternative.toSorted((one, other) => (one.path < other.path ? -1 : 1))) {
      const key = `${before}${path}`;
      const [, known] = together.get(key) ?? [path, []];
      together.set(key, [path, [...known, ...terms]]);
      before = `${key}=${terms.map(({ words }) => words).join()};`;
    }
  }
  return [...together.values()];
}

/** A place in a wildcard: where a text may go from it. */
interface Place {
  /** By the next byte. */
  by: Map<number, Set<Place>>;
  /** The star after this place (or the place itself, if it is one): any byte leads there. */
  star: Place | null;
}

const QUOTE = 0x22;
const STAR = 0x2a;
const BACKSLASH = 0x5c;
/** Any byte that no wildcard names. */
const OTHER = 256;

/** The places of all wildcards of a field; those of one term, and of terms that say the same, share the places up to their first star, and the end. */
function placesOf(terms: readonly Term[]): Place {
  const start = newPlace();
  const sharedBy = new Map<string, Map<string, Place>>();
  for (const { words, wildcards } of terms) {
    const same = JSON.stringify([words, wildcards]);
    const shared = sharedBy.get(same) ?? new Map<string, Place>();
    sharedBy.set(same, shared);
    for (const wildcard of new Set(wildcards)) addWildcard(start, tokensOf(wildcard), shared);
  }
  return start;
}

function newPlace(): Place {
  return { by: new Map(), star: null };
}

/** Bytes of the wildcard in quotes, as values are compared; null: a star. */
function tokensOf(wildcard: string): (number | null)[] {
  const bytes = new TextEncoder().encode(wildcard);
  const tokens: (number | null)[] = [QUOTE];
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    if (byte === BACKSLASH) tokens.push(bytes[++at] as number);
    else tokens.push(byte === STAR ? null : byte);
  }
  return [...tokens, QUOTE];
}

function addWildcard(start: Place, tokens: readonly (number | null)[], shared: Map<string, Place>): void {
  let here = start;
  let beforeStar: Place | null = null;
  for (const [at, token] of tokens.entries()) {
    const next = placeAfter(tokens, at, shared);
    if (token === null) {
      here.star = next;
      next.star = next;
      beforeStar = here;
    } else {
      lead(here, token, next);
      if (beforeStar !== null) lead(beforeStar, token, next);
      beforeStar = null;
    }
    here = next;
  }
}

function placeAfter(tokens: readonly (number | null)[], at: number, shared: Map<string, Place>): Place {
  const isEnd = at === tokens.length - 1;
  if (!isEnd && tokens.slice(0, at).includes(null)) return newPlace();
  const key = isEnd ? "end" : tokens.slice(0, at + 1).join();
  const place = shared.get(key) ?? newPlace();
  shared.set(key, place);
  return place;
}

function lead(from: Place, byte: number, to: Place): void {
  from.by.set(byte, (from.by.get(byte) ?? new Set<Place>()).add(to));
}

/** Whether some text can stand at more places at once than AWS allows, stars within one byte's reach included. */
function isTooComplex(start: Place): boolean {
  const numbers = new Map<Place, number>();
  const seen = new Set<string>();
  let sets = [new Set([start])];
  while (sets.length > 0 && seen.size < MAX_SETS) {
    const next: Set<Place>[] = [];
    for (const set of sets) {
      for (const reached of reachedFrom(set)) {
        const stars = [...reached].filter(({ star }) => star !== null && !reached.has(star));
        if (reached.size + stars.length > MAX_WILDCARD_COMPLEXITY) return true;
        const key = keyOf(reached, numbers);
        if (!seen.has(key)) next.push(reached);
        seen.add(key);
      }
    }
    sets = next;
  }
  return false;
}

/** The sets of places that one more byte leads to. */
function reachedFrom(places: ReadonlySet<Place>): Set<Place>[] {
  const bytes = new Set([OTHER]);
  for (const { by } of places) for (const byte of by.keys()) bytes.add(byte);
  return [...bytes].map((byte) => {
    const reached = new Set<Place>();
    for (const { by, star } of places) {
      if (star !== null) reached.add(star);
      for (const to of by.get(byte) ?? []) reached.add(to);
    }
    return reached;
  });
}

function keyOf(places: ReadonlySet<Place>, numbers: Map<Place, number>): string {
  return [...places]
    .map((place) => {
      const number = numbers.get(place) ?? numbers.size;
      numbers.set(place, number);
      return number;
    })
    .toSorted((one, other) => one - other)
    .join();
}
