/** JSON text into values, with the mending of what JSON.parse lets pass but a dataset cannot hold. */
import { isAscii, isUtf8 } from "node:buffer";
import type { Position } from "../model/formats.ts";
import type { Json } from "../model/records.ts";
import type { DocumentSink } from "./documents.ts";

/** How a stretch of bytes may be decoded: one byte a character, UTF-8, or UTF-8 with bad bytes in it. */
export type Encoding = "latin1" | "utf8" | "bad";

export function encodingOf(bytes: Uint8Array): Encoding {
  if (isAscii(bytes)) return "latin1";
  return isUtf8(bytes) ? "utf8" : "bad";
}

/** The characters of `bytes`; bad UTF-8 becomes U+FFFD. */
export function decode(bytes: Buffer, encoding: Encoding, from: number, to: number): string {
  return bytes.toString(encoding === "latin1" ? "latin1" : "utf8", from, to);
}

const ESCAPED = /\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[dD][89a-fA-F][0-9a-fA-F]{2}/g;
/** A `\ud8xx` escape somewhere: the text is worth a closer look. */
const MAYBE_SURROGATE = /\\u[dD][89a-fA-F]/;

/** JSON text with the halves of surrogate pairs that stand alone replaced by U+FFFD; the same text if there are none. */
export function withoutLoneSurrogates(json: string): string {
  return json.includes("\\u") && MAYBE_SURROGATE.test(json) ? json.replace(ESCAPED, (m) => (m.length === 6 ? "\\ufffd" : m)) : json;
}

/** The value of a JSON text; undefined: it is not JSON. What had to be mended goes to `out.broken`. */
export function parseJson(text: string, encoding: Encoding, at: Position, out: DocumentSink): Json | undefined {
  const json = withoutLoneSurrogates(text);
  let value: Json;
  try {
    value = JSON.parse(json) as Json;
  } catch {
    return undefined;
  }
  if (json !== text) out.broken("half of a surrogate pair, read as U+FFFD", at, null);
  if (encoding === "bad") out.broken("bytes that are not UTF-8, read as U+FFFD", at, null);
  return value;
}
