/** What reading one file came to. */
import type { Format, Position } from "../model/formats.ts";
import type { RecordType } from "../model/records.ts";
import type { Bytes } from "../model/units.ts";
import { printable } from "./sniff.ts";
import { type Unrecognised, unrecognised } from "./recognise.ts";

const KEEP_BROKEN = 20;
const MAX_REASONS = 100;
const MAX_REASON_CHARS = 300;
const OTHER = "other reasons";
const UNKNOWN = "of no known format";

/** A part that could not be used. Position in the uncompressed data; null: not known. */
export interface BrokenPart extends Position {
  reason: string;
}

export interface SourceResult {
  path: string;
  /** IDs of the formats found, in the order they came. Empty: not recognised. */
  formats: string[];
  documents: number;
  records: Partial<Record<RecordType, number>>;
  /** The first 20. */
  broken: BrokenPart[];
  brokenCount: number;
  /** Well-formed content that holds nothing evscope reads: how many, by reason. */
  ignored: Record<string, number>;
  /** Why nothing of the file was used; null: something was, or the file holds only what is counted in `ignored`. */
  error: string | null;
  /** How the file begins and what was looked for, where that is why. */
  unrecognised: Unrecognised | null;
  /** Uncompressed bytes read. */
  bytes: Bytes;
}

export function emptyResult(path: string): SourceResult {
  return {
    path,
    formats: [],
    documents: 0,
    records: {},
    broken: [],
    brokenCount: 0,
    ignored: {},
    error: null,
    unrecognised: null,
    bytes: 0,
  };
}

/** The last word on a file: why nothing was used, or what was left out. `unknown`: documents that no format knew. */
export function conclude(head: Buffer, formats: readonly Format[], result: SourceResult, unknown: number): void {
  if (result.formats.length > 0) {
    if (unknown > 0) addIgnored(result, UNKNOWN, unknown);
    const records = Object.values(result.records).reduce((a, b) => a + b, 0);
    if (records === 0 && result.brokenCount === 0 && Object.keys(result.ignored).length === 0) {
      addIgnored(result, "holds no records", result.documents);
    }
  } else if (unknown > 0) {
    result.error = "not recognised";
    result.unrecognised = unrecognised(head, formats);
  } else if (result.brokenCount > 0) {
    result.error = `nothing in it could be read: ${result.broken[0]!.reason}`;
    result.unrecognised = unrecognised(head, formats);
  } else result.error = Object.keys(result.ignored)[0] ?? "only white space";
  result.ignored = Object.fromEntries(
    Object.entries(result.ignored).map(([reason, count]) => [printable(reason, MAX_REASON_CHARS), count]),
  );
}

/** Reasons may quote the file: they are made harmless for a terminal and kept short. */
export function addBroken(result: SourceResult, reason: string, at: Position): void {
  result.brokenCount++;
  if (result.broken.length >= KEEP_BROKEN) return;
  result.broken.push({ line: at.line, byte: at.byte, reason: printable(reason, MAX_REASON_CHARS) });
}

export function addIgnored(result: SourceResult, reason: string, count: number): void {
  const known = result.ignored[reason];
  if (known !== undefined) result.ignored[reason] = known + count;
  else if (Object.keys(result.ignored).length < MAX_REASONS) result.ignored[reason] = count;
  else result.ignored[OTHER] = (result.ignored[OTHER] ?? 0) + count;
}
