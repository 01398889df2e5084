/** How an ID looks inside a log line, in each of the forms that loggers write it in. Plumbing of searches. */
import type { Id } from "../../model/ids.ts";

export interface SearchTerm {
  text: string;
  /** Hexadecimal IDs are written in either case; business IDs are not. */
  anyCase: boolean;
}

const HEX = /^[0-9a-f-]{16,}$/;
const TRACE = /^[0-9a-f]{32}$/;
/** A shorter part of a composed ID names nothing. */
const SHORTEST = 6;

/** Each text once. IDs that no line holds literally give none. */
export function searchTerms(ids: readonly Id[]): SearchTerm[] {
  const texts = new Set(ids.flatMap(textsOf));
  return [...texts].map((text) => ({ text, anyCase: HEX.test(text) }));
}

function textsOf({ kind, value }: Id): string[] {
  switch (kind) {
    case "trace":
      // X-Ray's form beside that of W3C, see model/ids.ts
      return TRACE.test(value) ? [value, `1-${value.slice(0, 8)}-${value.slice(8)}`] : [value];
    case "object":
    case "item": {
      // `bucket/key@version`, `table/keys@sequence`: our own composition; its last part is the cloud's
      const last = value.slice(value.lastIndexOf("@") + 1);
      return last.length >= SHORTEST && last !== value ? [last] : [];
    }
    default:
      return spellings(value);
  }
}

/** As it is, and as loggers write it inside JSON: quotes and backslashes escaped, and by many all that is not ASCII. */
function spellings(value: string): string[] {
  const json = JSON.stringify(value).slice(1, -1);
  const ascii = (digits: (hex: string) => string): string =>
    json.replace(/[^\x20-\x7e]/g, (unit) => `\\u${digits(unit.charCodeAt(0).toString(16).padStart(4, "0"))}`);
  return [...new Set([value, json, ascii((hex) => hex), ascii((hex) => hex.toUpperCase())])];
}

/** True if the line holds one of them. */
export function holdsTerm(message: string, terms: readonly SearchTerm[]): boolean {
  let lower: string | null = null;
  return terms.some((term) => message.includes(term.text) || (term.anyCase && (lower ??= message.toLowerCase()).includes(term.text)));
}

export interface Portions {
  /** No term is in two of them. */
  asked: SearchTerm[][];
  /** Terms that are longer by themselves: nobody asks for them. */
  tooLong: SearchTerm[];
}

/** Terms in portions of at most so many characters together. `charsOf`: what a term takes in a question, its separator too. */
export function portions(terms: readonly SearchTerm[], maxChars: number, charsOf: (text: string) => number): Portions {
  const found: Portions = { asked: [], tooLong: [] };
  let room = 0;
  for (const term of terms) {
    const chars = charsOf(term.text);
    if (chars > maxChars) {
      found.tooLong.push(term);
      continue;
    }
    if (room < chars) {
      found.asked.push([]);
      room = maxChars;
    }
    found.asked.at(-1)!.push(term);
    room -= chars;
  }
  return found;
}
