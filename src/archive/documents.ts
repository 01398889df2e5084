/** What the splitters give out, and the few facts about bytes that they share. */
import { isAscii, isUtf8 } from "node:buffer";
import type { Position } from "../model/formats.ts";
import type { Json } from "../model/records.ts";

/** Where the documents of one stream go, in their order. */
export interface DocumentSink {
  json(value: Json, at: Position): void;
  text(line: string, at: Position): void;
  /** Not JSON, or damaged. `line`: the whole line where the trouble is one line of its own, which may still be a line of text. */
  broken(reason: string, at: Position, line: string | null): void;
}

/** Cuts a stream of bytes into documents. `push` as the bytes come, `end` once. Bounded memory, never throws for content. */
export interface Splitter {
  push(chunk: Uint8Array): void;
  end(): void;
}

export interface SplitOptions {
  /** Byte that the stream starts with (byte ranges). Lines are numbered only from 0. */
  fromByte?: number;
  /** Line of that byte; null: not known. */
  fromLine?: number | null;
  /** A larger value is cut into pieces. */
  pieceBytes?: number;
  /** A value or line that cannot be cut is refused beyond this. */
  maxDocumentBytes?: number;
  /** Every line is for itself (byte ranges): a value never runs over lines. */
  linesOnly?: boolean;
}

export const PIECE_BYTES = 8 * 1024 * 1024;
export const MAX_DOCUMENT_BYTES = 64 * 1024 * 1024;

/** How a stretch of bytes may be decoded: one byte a character, UTF-8, or UTF-8 with bad bytes in it. */
export type Encoding = "latin1" | "utf8" | "bad";

export function encodingOf(bytes: Uint8Array): Encoding {
  if (isAscii(bytes)) return "latin1";
  return isUtf8(bytes) ? "utf8" : "bad";
}

const ESCAPED = /\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[dD][89a-fA-F][0-9a-fA-F]{2}/g;
/** A `\ud8xx` escape somewhere: the text is worth a closer look. */
export const MAYBE_SURROGATE = /\\u[dD][89a-fA-F]/;

/** JSON text with the halves of surrogate pairs that stand alone replaced by U+FFFD (a file format cannot hold them); the same text if there are none. */
export function withoutLoneSurrogates(json: string): string {
  return json.replace(ESCAPED, (m) => (m.length === 6 ? "\\ufffd" : m));
}

export const tooLarge = (limit: number): string => `larger than ${Math.round(limit / 1_048_576)} MiB, and no list in it to cut at`;
