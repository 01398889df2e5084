/** Parts of one plain file of lines, so that several workers can read it. A range owns the lines that start in it. */
import { open } from "node:fs/promises";
import type { Format } from "../model/formats.ts";
import type { Bytes } from "../model/units.ts";
import { type OpenOptions, rawBytes } from "./bytes.ts";
import { textFormatOf } from "./recognise.ts";
import { containerOf, hasUtf8Bom, refusalOf, utf16Of } from "./sniff.ts";
import type { SourceInput } from "./walk.ts";

const NEWLINE = 0x0a;
const HEAD_BYTES = 64 * 1024;
const MIN_LINES = 2;

/** Lines that start in [fromByte, toByte). */
export interface ByteRange {
  fromByte: number;
  toByte: number;
  kind: Format["kind"];
  /** Format of the file's beginning (an ID), to go on with where a range begins with lines that nobody recognises. */
  format: string | null;
}

/**
 * Whether a file that begins with `head` (64 KiB, or all of it) is lines that stand for themselves: text that a format knows, or one JSON value per
 * line. Not compressed ones, nor JSON over several lines. Readers that hold state over lines see each range alone.
 */
export function isSplittable(head: Uint8Array, formats: readonly Format[]): Pick<ByteRange, "kind" | "format"> | null {
  if (containerOf(head) !== null || utf16Of(head) !== null || hasUtf8Bom(head) || refusalOf(head) !== null) return null;
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.length);
  const last = bytes.lastIndexOf(NEWLINE);
  if (last < 0) return null;
  const lines = bytes
    .toString("utf8", 0, last)
    .split("\n")
    .filter((l) => l.trim() !== "");
  if (lines.length < MIN_LINES) return null;
  if (lines.every(isJsonValue)) return { kind: "json", format: null };
  const format = textFormatOf(formats, lines);
  return format === null || format.headed === true || /^\s*[[{]/.test(lines[0]!) ? null : { kind: "text", format: format.id };
}

function isJsonValue(line: string): boolean {
  if (!/^\s*[[{]/.test(line)) return false;
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}

/** Ranges of about `rangeBytes`, in order; null where the file is better read as a whole. */
export async function planRanges(input: SourceInput, formats: readonly Format[], rangeBytes: Bytes): Promise<ByteRange[] | null> {
  if (input.path === "-" || input.sizeBytes === null || input.sizeBytes < 2 * rangeBytes) return null;
  const file = await open(input.path, "r").catch(() => null);
  if (file === null) return null;
  const head = Buffer.alloc(HEAD_BYTES);
  const { bytesRead } = await file.read(head, 0, HEAD_BYTES, 0).finally(() => file.close());
  const found = isSplittable(head.subarray(0, bytesRead), formats);
  if (found === null) return null;
  const count = Math.max(1, Math.round(input.sizeBytes / rangeBytes));
  const size = Math.ceil(input.sizeBytes / count);
  return Array.from({ length: count }, (_, i) => ({
    fromByte: i * size,
    // the last one takes what the file grew by
    toByte: i === count - 1 ? Number.MAX_SAFE_INTEGER : (i + 1) * size,
    ...found,
  }));
}

/** The bytes of the lines that start in the range: each line of a file comes once over all its ranges. The first chunk's place is `startByte` of the return. */
export async function* readRange(
  path: string,
  range: Pick<ByteRange, "fromByte" | "toByte">,
  options: Pick<OpenOptions, "signal" | "onBytes"> = {},
): AsyncGenerator<{ bytes: Buffer; byte: number }> {
  // the byte before tells whether a line starts right here
  let at = Math.max(0, range.fromByte - 1);
  let started = range.fromByte === 0;
  if (range.toByte <= range.fromByte) return;
  for await (const chunk of rawBytes(path, { fromByte: at, signal: options.signal })) {
    const inside = Math.min(at + chunk.length, range.toByte) - Math.max(at, range.fromByte);
    if (inside > 0) await options.onBytes?.(inside);
    let from = 0;
    if (!started) {
      const newline = chunk.indexOf(NEWLINE);
      if (newline < 0 && at + chunk.length < range.toByte) {
        at += chunk.length;
        continue;
      }
      if (newline < 0 || at + newline + 1 >= range.toByte) return;
      started = true;
      from = newline + 1;
    }
    // the first newline at or behind the range's last byte ends its last line
    const searchFrom = Math.max(from, range.toByte - 1 - at);
    const last = searchFrom < chunk.length ? chunk.indexOf(NEWLINE, searchFrom) : -1;
    const to = last < 0 ? chunk.length : last + 1;
    if (to > from) yield { bytes: chunk.subarray(from, to), byte: at + from };
    if (last >= 0) return;
    at += chunk.length;
  }
}
