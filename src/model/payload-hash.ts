/** One hash for one payload, whichever cloud and JSON writer it went through, so that a send and a receive without a shared ID can be matched. */
import type { Json } from "./records.ts";

/** Longer payloads are hashed by their first part: enough to tell messages apart. */
const MAX_CHARS = 65_536;
/** What is nested deeper tells no messages apart. */
const MAX_DEPTH = 50;

/** 16 hex digits (FNV-1a, 64 bit) of the canonical form: keys sorted, no spaces. Text that is JSON counts as its value. Not for security. */
export function payloadHash(payload: Json): string {
  return fnv1a(canonical(payload, 0).slice(0, MAX_CHARS));
}

function canonical(value: Json, depth: number): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  if (depth > MAX_DEPTH) return '"..."';
  if (Array.isArray(value)) return `[${value.map((one) => canonical(one, depth + 1)).join(",")}]`;
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(value[key]!, depth + 1)}`).join(",")}}`;
}

/** FNV-1a with 64 bits in two halves, over UTF-16 code units. http://www.isthe.com/chongo/tech/comp/fnv/ */
function fnv1a(text: string): string {
  let high = 0xcbf29ce4;
  let low = 0x84222325;
  for (let i = 0; i < text.length; i++) {
    low = (low ^ text.charCodeAt(i)) >>> 0;
    // times the prime 2^40 + 0x1b3, modulo 2^64
    const carried = low * 0x1b3;
    high = (Math.imul(high, 0x1b3) + Math.floor(carried / 0x1_0000_0000) + ((low << 8) >>> 0)) >>> 0;
    low = carried >>> 0;
  }
  return high.toString(16).padStart(8, "0") + low.toString(16).padStart(8, "0");
}
