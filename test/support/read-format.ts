/** Runs formats over documents in memory, as the archive would, and collects what they give. */
import type { Format, Position } from "../../src/model/formats.ts";
import { idKeys } from "../../src/model/id-keys.ts";
import type { Json, Rec, RecordType } from "../../src/model/records.ts";

export interface Read {
  format: string | null;
  records: Rec[];
  broken: string[];
  ignored: string[];
}

const WHERE: Position = { line: 1, byte: 0 };

/** Reads the documents of one source with the format that recognises the first of them best. */
export function readWith(formats: readonly Format[], documents: readonly Json[], path = "export.json", keys: readonly string[] = []): Read {
  const scored = formats.map((format) => ({ format, score: documents.length === 0 ? 0 : format.recognise(documents[0]!) }));
  const best = scored.filter(({ score }) => score > 0).sort((a, b) => b.score - a.score)[0];
  const read: Read = { format: best?.format.id ?? null, records: [], broken: [], ignored: [] };
  if (best === undefined) return read;
  const source = { path, segments: path.split("/"), fn: null, account: null, region: null };
  const sink = {
    record: (record: Rec) => read.records.push(record),
    broken: (reason: string) => read.broken.push(reason),
    ignored: (reason: string) => read.ignored.push(reason),
  };
  const reader = best.format.open(source, sink, idKeys(keys));
  for (const document of documents) reader.read(document, WHERE);
  reader.end();
  return read;
}

/** The records of one kind. */
export function only<T extends RecordType>(records: readonly Rec[], type: T): Extract<Rec, { type: T }>[] {
  return records.filter((record): record is Extract<Rec, { type: T }> => record.type === type);
}
