/**
 * The contract between the archive (which reads files) and whoever knows a format (the rooms, and the neutral formats in `archive/`).
 *
 * The archive turns every file into a stream of *documents*: one JSON value (NDJSON line, concatenated value, or a whole
 * file; a document too large for memory is cut into pieces of the same shape: the envelope with part of its big array),
 * or one line of text. A format says whether it knows a document, and a reader made by it turns documents into records.
 */
import type { Json, Rec } from "./records.ts";
import type { IdKeys } from "./id-keys.ts";

/** Where a document lies in its source, for messages: 1-based line, 0-based byte. null: not known (inside a compressed piece). */
export interface Position {
  line: number | null;
  byte: number | null;
}

/** What the archive knows about a file besides its content. */
export interface Source {
  /** Path as the user gave it, `-` for stdin. */
  path: string;
  /** Path parts that can name a log group or stream where the content does not (S3 exports). Content wins over it. */
  segments: readonly string[];
  /** Given by the user (`--function`, `--account`, `--region`) for exports that do not name them. */
  fn: string | null;
  account: string | null;
  region: string | null;
}

/** Where a reader puts what it finds. */
export interface Sink {
  record(record: Rec): void;
  /** A broken record: reported with its place; the rest is still read. */
  broken(reason: string, at: Position): void;
  /** Content that is well-formed but holds nothing evscope reads; counted by reason. */
  ignored(reason: string): void;
}

/** Turns the documents of one source into records. May hold state over documents (an invocation's START and REPORT). */
export interface Reader {
  /** Never throws: anything wrong with the document goes to `sink.broken`. */
  read(document: Json, at: Position): void;
  /** The source ended: give out what is still held (an invocation without its end). */
  end(): void;
}

/** One exported shape of one vendor. */
export interface Format {
  /** `aws.cloudwatch-logs`, `gcp.log-entry`, `otlp.traces` ... */
  id: string;
  title: string;
  /** json: documents are JSON values. text: documents are strings, one per line, without the line end. */
  kind: "json" | "text";
  /** Text whose first line says what the others mean (a CSV header): such a file is never shared out to several workers. */
  headed?: true;
  /** One line that says what it is recognised by; printed when nothing matched. */
  lookedFor: string;
  /** 0: not mine; else how specific the match is (1..100); the highest wins. Pure and cheap: called on first documents only. */
  recognise(document: Json): number;
  open(source: Source, sink: Sink, keys: IdKeys): Reader;
}
