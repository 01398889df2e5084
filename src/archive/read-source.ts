/** One exported file into records: the only function that an import needs. */
import { type Content, openContent, Refused } from "./bytes.ts";
import { DamagedData } from "./decompress.ts";
import { CallerError, documents, kindOf } from "./dispatch.ts";
import type { ReadOptions } from "./options.ts";
import { type ByteRange, readRange } from "./ranges.ts";
import { addBroken, conclude, emptyResult, type SourceResult } from "./result.ts";
import { split } from "./split.ts";
import { whyNot } from "./walk.ts";

/**
 * Reads one file (or `-`, or a byte range of a plain file) and gives every record to `record`. Content never makes it throw: what is broken is in
 * the result, the rest is used. Throws the signal's reason when aborted, and what `record` throws.
 */
export async function readSource(path: string, options: ReadOptions): Promise<SourceResult> {
  const result = emptyResult(path);
  try {
    if (options.range !== undefined) await readPart(path, options.range, options, result);
    else await readWhole(path, options, result);
  } catch (error) {
    options.signal?.throwIfAborted();
    if (error instanceof CallerError) throw error.cause;
    if (error instanceof Refused || error instanceof DamagedData) result.error = error.message;
    else if (isFileError(error)) result.error = whyNot(error);
    else throw error;
  }
  return result;
}

async function readWhole(path: string, options: ReadOptions, result: SourceResult): Promise<void> {
  const content = await openContent(path, options);
  if (content.head.length === 0) {
    result.error = "empty";
    return;
  }
  const kind = kindOf(content.head, content.whole, options.formats);
  const take = documents(path, kind, content.head, options, result);
  const splitter = split(kind, take, { ...options.split, fromByte: content.skipped });
  const damage = await pour(content, result, (chunk) => splitter.push(chunk));
  splitter.end();
  take.end();
  if (damage !== null) addBroken(result, damage, { line: null, byte: content.skipped + result.bytes });
  conclude(content.head, options.formats, result, take.unknown());
}

/** Pushes all chunks; the reason where the data is damaged or cannot be read to its end. */
async function pour(content: Content, result: SourceResult, push: (chunk: Buffer) => void): Promise<string | null> {
  const chunks = content.chunks[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await nextOf(chunks);
      if (typeof next === "string") return next;
      if (next === null) return null;
      result.bytes += next.length;
      push(next);
    }
  } finally {
    await chunks.return?.();
  }
}

/** The next chunk; null: no more; a text: what is wrong with the data. Other errors go on. */
async function nextOf(chunks: AsyncIterator<Buffer>): Promise<Buffer | string | null> {
  try {
    const next = await chunks.next();
    return next.done === true ? null : next.value;
  } catch (error) {
    if (error instanceof DamagedData) return error.message;
    if (isFileError(error)) return whyNot(error);
    throw error;
  }
}

async function readPart(path: string, range: ByteRange, options: ReadOptions, result: SourceResult): Promise<void> {
  const take = documents(path, range.kind, null, options, result);
  let splitter: ReturnType<typeof split> | null = null;
  let head = Buffer.alloc(0);
  for await (const { bytes, byte } of readRange(path, range, options)) {
    if (splitter === null) {
      head = Buffer.from(bytes.subarray(0, 4096));
      splitter = split(range.kind, take, { ...options.split, fromByte: byte, fromLine: byte === 0 ? 1 : null, linesOnly: true });
    }
    result.bytes += bytes.length;
    splitter.push(bytes);
  }
  splitter?.end();
  take.end();
  if (result.bytes > 0) conclude(head, options.formats, result, take.unknown());
}

function isFileError(error: unknown): boolean {
  return error instanceof Error && "code" in error && "syscall" in error;
}
