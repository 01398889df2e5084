/** Finding the place where reading can go on behind broken JSON. */

const NEWLINE = 0x0a;
const COMMA = 0x2c;
const QUOTE = 0x22;
const OPEN_OBJECT = 0x7b;
const OPEN_ARRAY = 0x5b;
/** A first key longer than this is not compared. */
const KEY_BYTES = 256;

/** How the elements of a list begin: their bracket, and the first key of objects. */
export interface Sibling {
  first: number;
  key: string | null;
}

const isSpace = (c: number): boolean => c === 0x20 || c === 0x09 || c === 0x0d || c === NEWLINE;

/** How the value at `from` (behind white space) begins. null: not an object or list, or its first key is not in the buffer. */
export function siblingOf(buf: Uint8Array, from: number, end: number): Sibling | null {
  let i = from;
  while (i < end && isSpace(buf[i]!)) i++;
  if (i >= end) return null;
  const first = buf[i]!;
  if (first === OPEN_ARRAY) return { first, key: null };
  if (first !== OPEN_OBJECT) return null;
  i++;
  while (i < end && isSpace(buf[i]!)) i++;
  if (i >= end || buf[i] !== QUOTE) return null;
  let key = "";
  for (i++; i < end && key.length < KEY_BYTES; i++) {
    const c = buf[i]!;
    if (c === QUOTE) return { first, key };
    key += String.fromCharCode(c);
  }
  return null;
}

/**
 * The next element of a list whose elements begin like `sibling`: behind a comma and with the same first key; or the next line
 * that begins with a bracket in its first column (`top`), whichever comes first. `none`: searched up to `offset`; more bytes may hold one.
 */
export function nextElement(
  buf: Uint8Array,
  from: number,
  end: number,
  sibling: Sibling | null,
  final: boolean,
): { kind: "element" | "top" | "none"; offset: number } {
  for (let i = from; i < end; i++) {
    const c = buf[i]!;
    if (c !== OPEN_OBJECT && c !== OPEN_ARRAY) continue;
    if (!final && end - i < KEY_BYTES + 64) return { kind: "none", offset: i };
    if (sibling !== null && c === sibling.first && before(buf, i) === COMMA) {
      const here = siblingOf(buf, i, end);
      if (here !== null && here.key === sibling.key) return { kind: "element", offset: i };
    }
    if (i > 0 && buf[i - 1] === NEWLINE) return { kind: "top", offset: i };
  }
  return { kind: "none", offset: end };
}

/** The last byte before `i` that is not white space; -1: none near. */
function before(buf: Uint8Array, i: number): number {
  for (let k = i - 1; k >= 0 && k > i - 64; k--) if (!isSpace(buf[k]!)) return buf[k]!;
  return -1;
}
