/** Reads documents with the formats of a room as the archive does: the format that recognises the first document reads all. */
import type { Format } from "../../src/model/formats.ts";
import { idKeys } from "../../src/model/id-keys.ts";
import type { Json, Rec } from "../../src/model/records.ts";

export interface Read {
  format: string | null;
  records: Rec[];
  broken: string[];
  ignored: string[];
}

/** `fn`: what the user named, null for nothing. */
export function readWith(format: Format, documents: readonly Json[], fn: string | null = null): Read {
  const read: Read = { format: format.id, records: [], broken: [], ignored: [] };
  const reader = format.open(
    { path: "x.json", segments: [], fn, account: null, region: null },
    {
      record: (record) => read.records.push(record),
      broken: (reason) => read.broken.push(reason),
      ignored: (reason) => read.ignored.push(reason),
    },
    idKeys(),
  );
  for (const [i, document] of documents.entries()) reader.read(document, { line: i + 1, byte: 0 });
  reader.end();
  return read;
}

/** The format that knows a document best; null: none does. */
export function bestFormat(formats: readonly Format[], document: Json): Format | null {
  const kind = typeof document === "string" ? "text" : "json";
  let best: Format | null = null;
  let score = 0;
  for (const format of formats) {
    const own = format.kind === kind ? format.recognise(document) : 0;
    if (own > score) [best, score] = [format, own];
  }
  return best;
}

export function readDocuments(formats: readonly Format[], documents: readonly Json[], fn: string | null = null): Read {
  const format = documents.length === 0 ? null : bestFormat(formats, documents[0]!);
  return format === null ? { format: null, records: [], broken: [], ignored: [] } : readWith(format, documents, fn);
}
