/** Answers of live calls through the readers of exported files: one normaliser for both. */
import type { Format } from "../../model/formats.ts";
import type { IdKeys } from "../../model/id-keys.ts";
import type { JsonObject } from "../../model/json.ts";
import type { Rec } from "../../model/records.ts";
import type { EpochMs } from "../../model/units.ts";
import { type LiveReader, readerAt } from "../kit/read-live.ts";
import type { AzureApi } from "./api.ts";
import { resourceDescriptions } from "./configuration.ts";
import { placeOf } from "./live-gaps.ts";

/** A reader of one source; `name` stands in its gaps. */
export function liveReader(api: Pick<AzureApi, "subscription">, format: Format, keys: IdKeys, name: string): LiveReader {
  return readerAt(placeOf(api), format, keys, name);
}

/** Descriptions of resources as records, seen at this moment. */
export function configsOf(api: Pick<AzureApi, "subscription">, keys: IdKeys, resources: JsonObject[], at: EpochMs): Rec[] {
  const reader = liveReader(api, resourceDescriptions, keys, "descriptions of resources");
  const records = [...reader.read({ value: resources }), ...reader.end()];
  return records.map((record) => (record.type === "config" ? { ...record, observedAt: at } : record));
}
