/** How an ID looks inside a log line, in each of the forms that loggers write it in. */
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

/** Terms in portions whose texts together are no longer than this; a text that is longer by itself is left out. */
export function portions(terms: readonly SearchTerm[], maxChars: number): SearchTerm[][] {
  const found: SearchTerm[][] = [];
  let room = 0;
  for (const term of terms) {
    // quotes, a separator, and a sign before every other character at worst
    const length = term.text.length + (term.text.match(/[^\w-]/g)?.length ?? 0) + 4;
    if (length > maxChars) continue;
    if (room < length) {
      found.push([]);
      room = maxChars;
    }
    found.at(-1)!.push(term);
    room -= length;
  }
  return found;
}
