/** Answers of live calls through the readers of exported files: one normaliser for both. */
import type { Format, Position, Source } from "../../model/formats.ts";
import type { IdKeys } from "../../model/id-keys.ts";
import type { JsonObject } from "../../model/json.ts";
import type { Rec } from "../../model/records.ts";
import type { EpochMs } from "../../model/units.ts";
import type { AzureApi } from "./api.ts";
import { resourceDescriptions } from "./configuration.ts";
import { gap } from "./live-gaps.ts";

export interface LiveReader {
  /** The records that this answer completes. What cannot be read is a gap among them. */
  read(answer: JsonObject): Rec[];
  /** The source ended: records that were still held. */
  end(): Rec[];
}

const NOWHERE: Position = { line: null, byte: null };

/** A reader of one source; `name` stands in its gaps. */
export function liveReader(api: Pick<AzureApi, "subscription">, format: Format, keys: IdKeys, name: string): LiveReader {
  let found: Rec[] = [];
  const source: Source = { path: name, segments: [], fn: null, account: api.subscription, region: null };
  const reader = format.open(
    source,
    {
      record: (record) => void found.push(record),
      broken: (reason) => void found.push(gap(api, name, reason)),
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

/** Descriptions of resources as records, seen at this moment. */
export function configsOf(api: Pick<AzureApi, "subscription">, keys: IdKeys, resources: JsonObject[], at: EpochMs): Rec[] {
  const reader = liveReader(api, resourceDescriptions, keys, "descriptions of resources");
  const records = [...reader.read({ value: resources }), ...reader.end()];
  return records.map((record) => (record.type === "config" ? { ...record, observedAt: at } : record));
}
