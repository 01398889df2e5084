/** What the splitters give out, and their limits. */
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
  /** Byte that the stream starts with (byte ranges). */
  fromByte?: number;
  /** Line of that byte, 1 unless told; null: not known. */
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

/** A limit for a message. */
export const inMib = (bytes: number): string => `${Math.round(bytes / 1_048_576)} MiB`;
