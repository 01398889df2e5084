/** Answers of live calls through the readers of exported files: one normaliser for both. */
import type { Format } from "../../model/formats.ts";
import type { IdKeys } from "../../model/id-keys.ts";
import { type LiveReader, readerAt } from "../kit/read-live.ts";
import type { AwsApi } from "./api.ts";
import { placeOf } from "./live-gaps.ts";

/** A reader of one source; `name` stands in its gaps. */
export function liveReader(api: AwsApi, format: Format, keys: IdKeys, name: string): LiveReader {
  return readerAt(placeOf(api), format, keys, name);
}
