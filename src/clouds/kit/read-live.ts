/** Answers of live calls through the readers of exported files: one normaliser for both. */
import type { Format, Position, Source } from "../../model/formats.ts";
import type { IdKeys } from "../../model/id-keys.ts";
import type { JsonObject } from "../../model/json.ts";
import type { Rec } from "../../model/records.ts";
import { gapAt, type Place } from "./gaps.ts";

export interface LiveReader {
  /** The records that this answer completes. What cannot be read is a gap among them. */
  read(answer: JsonObject): Rec[];
  /** The source ended: records that were still held. */
  end(): Rec[];
}

const NOWHERE: Position = { line: null, byte: null };

/** A reader of one source of this place; `name` stands in its gaps. */
export function readerAt(place: Place, format: Format, keys: IdKeys, name: string): LiveReader {
  let found: Rec[] = [];
  const source: Source = { path: name, segments: [], fn: null, account: place.account, region: place.region };
  const reader = format.open(
    source,
    {
      record: (record) => void found.push(record),
      broken: (reason) => void found.push(gapAt(place, name, reason)),
      ignored() {},
    },
    keys,
  );
  const take = (): Rec[] => {
    const records = found;
    found = [];
    return records;
  };
  return {
    read(answer) {
      reader.read(answer, NOWHERE);
      return take();
    },
    end() {
      reader.end();
      return take();
    },
  };
}
