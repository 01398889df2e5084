/** What reading one file needs to know. */
import type { Format, Source } from "../model/formats.ts";
import type { IdKeys } from "../model/id-keys.ts";
import type { Rec } from "../model/records.ts";
import type { Bytes } from "../model/units.ts";
import type { SplitOptions } from "./documents.ts";
import type { ByteRange } from "./ranges.ts";

/** What the user said about exports that do not say it themselves. */
export type SourceHints = Pick<Source, "fn" | "account" | "region">;

export interface ReadOptions {
  formats: readonly Format[];
  keys: IdKeys;
  hints?: SourceHints;
  /** Every record, as it is found. What it throws stops the reading and comes out of `readSource`. */
  record(record: Rec): void;
  signal?: AbortSignal;
  /** Bytes read from the file (compressed ones), as they come; reading waits for the promise. */
  onBytes?: (count: Bytes) => void | Promise<void>;
  /** Only the lines that start in this part of a plain file. */
  range?: ByteRange;
  /** Where the path `-` reads from; without it `-` is refused. */
  stdin?: AsyncIterable<Uint8Array>;
  /** Limits of the splitter, for tests. */
  split?: Pick<SplitOptions, "pieceBytes" | "maxDocumentBytes">;
}
