/** Finds cheaply which lines of a batch may be there twice: most are not, and need not be compared. */
import type { LogEvent } from "../model/records.ts";

const FIRST_SLOTS = 2 ** 16;
/** Characters of a text that count towards its hash, spread over a longer one. */
const LOOKED_AT = 48;
/** FNV-1a. */
const FNV_PRIME = 0x01000193;

/** A set of hashes of 53 bits, with the first line of each. Equal lines have equal hashes; different lines now and then. */
export class SeenLines {
  /** By hash, NaN: free. Never more than half full. */
  #slots = new Float64Array(FIRST_SLOTS).fill(NaN);
  #first = new Int32Array(FIRST_SLOTS);
  #count = 0;
  /** Numbers of the lines whose hash another line has: the only ones that may be the same. */
  readonly alike = new Set<number>();

  /** `source`: a number for what wrote the line, its stream or else its function. `number`: the line's own. */
  add(source: number, line: LogEvent, number: number): void {
    const first = this.#insert(hashOf(source, line), number);
    if (first !== number) this.alike.add(first).add(number);
    else if (++this.#count * 2 > this.#slots.length) this.#grow();
  }

  /** Number of the first line with this hash. */
  #insert(hash: number, number: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let at = hash % slots.length;
    while (!Number.isNaN(slots[at]!)) {
      if (slots[at] === hash) return this.#first[at]!;
      at = (at + 1) & mask;
    }
    slots[at] = hash;
    this.#first[at] = number;
    return number;
  }

  #grow(): void {
    const slots = this.#slots;
    const first = this.#first;
    this.#slots = new Float64Array(4 * slots.length).fill(NaN);
    this.#first = new Int32Array(4 * slots.length);
    for (let i = 0; i < slots.length; i++) if (!Number.isNaN(slots[i]!)) this.#insert(slots[i]!, first[i]!);
  }
}

/** Of what makes a line the same as another (see `identity` of the events table): same source, time and text. */
function hashOf(source: number, { at, message }: LogEvent): number {
  let a = mixed(source, at % 2 ** 31);
  let b = mixed(message.length, at / 1024);
  const step = Math.max(1, message.length / LOOKED_AT);
  for (let i = 0; i < message.length; i += step) {
    const code = message.charCodeAt(i);
    a = Math.imul(a ^ code, FNV_PRIME);
    b = Math.imul(b, 31) + code;
  }
  return (mixed(a, b) >>> 0) * 2 ** 21 + (mixed(b, a) >>> 11);
}

/** 32 bits of two numbers (MurmurHash3's finalizer). */
function mixed(a: number, b: number): number {
  let h = Math.imul(a, 0x9e3779b1) ^ b;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
