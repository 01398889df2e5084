/** Bytes into documents. */
import type { DocumentSink, SplitOptions, Splitter } from "./documents.ts";
import { splitJson } from "./split-json.ts";
import { splitText } from "./split-text.ts";

export type { DocumentSink, SplitOptions, Splitter } from "./documents.ts";

/** A splitter for a stream of JSON values or of text lines. */
export function split(kind: "json" | "text", out: DocumentSink, options: SplitOptions = {}): Splitter {
  return kind === "json" ? splitJson(out, options) : splitText(out, options);
}
