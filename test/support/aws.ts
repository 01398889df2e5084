/** Reads documents with a format of the AWS room and gives back what came out. */
import type { Format, Source } from "../../src/model/formats.ts";
import { idKeys } from "../../src/model/id-keys.ts";
import type { Json, Rec, RecordType } from "../../src/model/records.ts";

export interface Result {
  records: Rec[];
  broken: string[];
  ignored: string[];
}

export function readAll(format: Format, documents: Json[], source: Partial<Source> = {}): Result {
  const result: Result = { records: [], broken: [], ignored: [] };
  const sink = {
    record: (record: Rec) => void result.records.push(record),
    broken: (reason: string) => void result.broken.push(reason),
    ignored: (reason: string) => void result.ignored.push(reason),
  };
  const reader = format.open({ path: "test", segments: [], fn: null, account: null, region: null, ...source }, sink, idKeys());
  documents.forEach((document, i) => reader.read(document, { line: i + 1, byte: null }));
  reader.end();
  return result;
}

/** The records of one type. */
export function of<T extends RecordType>(result: Result, type: T): Extract<Rec, { type: T }>[] {
  return result.records.filter((record): record is Extract<Rec, { type: T }> => record.type === type);
}
