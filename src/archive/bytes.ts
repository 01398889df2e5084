/** The bytes of an input: read in steps, unpacked, as UTF-8 without a byte order mark. */
import { open } from "node:fs/promises";
import { decompress, whyNotReadable } from "./decompress.ts";
import { containerOf, hasUtf8Bom, refusalOf, utf16Of } from "./sniff.ts";

const READ_BYTES = 256 * 1024;
const HEAD_BYTES = 64 * 1024;
/** Firehose packs again what CloudWatch Logs had packed. */
const MAX_LAYERS = 4;

/** The content cannot be telemetry; the message says why. */
export class Refused extends Error {
  constructor(message: string) {
    super(message);
    this.name = "Refused";
  }
}

export interface OpenOptions {
  /** Only these bytes of a plain file, [from, to). */
  fromByte?: number;
  toByte?: number;
  signal?: AbortSignal;
  /** Bytes read from the input (compressed ones), as they come. */
  onBytes?: (count: number) => void | Promise<void>;
  /** Where `-` reads from; without it `-` is refused. */
  stdin?: AsyncIterable<Uint8Array>;
}

/** Content of an input, ready to split. A chunk holds until the next is asked for. */
export interface Content {
  /** The first bytes, 64 KiB or somewhat more. */
  head: Buffer;
  /** The head is all there is. */
  whole: boolean;
  chunks: AsyncIterable<Buffer>;
  /** Bytes in front of the first chunk that are not given out (byte order mark). */
  skipped: number;
}

/** The file's own bytes. Throws the file system's error, and the signal's reason. */
export async function* rawBytes(path: string, options: OpenOptions = {}): AsyncGenerator<Buffer> {
  if (path === "-") {
    if (options.stdin === undefined) throw new Refused("standard input cannot be read here");
    for await (const chunk of options.stdin) {
      options.signal?.throwIfAborted();
      await options.onBytes?.(chunk.length);
      yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    }
    return;
  }
  const file = await open(path, "r");
  try {
    const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
    let at = options.fromByte ?? null;
    const to = options.toByte ?? Infinity;
    let done = 0;
    for (;;) {
      options.signal?.throwIfAborted();
      const want = Math.min(READ_BYTES, to - (options.fromByte ?? 0) - done);
      if (want <= 0) return;
      const { bytesRead } = await file.read(buffer, 0, want, at);
      if (bytesRead === 0) return;
      if (at !== null) at += bytesRead;
      done += bytesRead;
      await options.onBytes?.(bytesRead);
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

/** Looks at the first bytes without losing them. */
async function peek(source: AsyncIterable<Buffer>): Promise<{ head: Buffer; chunks: AsyncIterable<Buffer> }> {
  const iterator = source[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  let failure: unknown = null;
  try {
    while (head.length < HEAD_BYTES) {
      const next = await iterator.next();
      if (next.done === true) break;
      head = Buffer.concat([head, next.value]);
    }
  } catch (error) {
    failure = error;
  }
  async function* all(): AsyncGenerator<Buffer> {
    try {
      if (head.length > 0) yield head;
      if (failure !== null) throw failure;
      for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
    } finally {
      await iterator.return?.();
    }
  }
  // nothing at all came: there is nothing to give out before the error
  if (failure !== null && head.length === 0) throw failure;
  return { head, chunks: all() };
}

/**
 * Opens an input: unpacks it (by content, not by name; packed twice as well) and decodes UTF-16. Throws Refused for content that cannot be
 * telemetry, DamagedData where nothing could be unpacked, and the file system's error.
 */
export async function openContent(path: string, options: OpenOptions = {}): Promise<Content> {
  let { head, chunks } = await peek(rawBytes(path, options));
  let layers = 0;
  for (let container = containerOf(head); container !== null; container = containerOf(head)) {
    const reason = ++layers > MAX_LAYERS ? `compressed more than ${MAX_LAYERS} times over` : whyNotReadable(container);
    if (reason !== null) throw new Refused(reason);
    ({ head, chunks } = await peek(decompress(container, chunks)));
  }
  const refusal = utf16Of(head) === null ? refusalOf(head) : null;
  if (refusal !== null) throw new Refused(refusal);
  const utf16 = utf16Of(head);
  if (utf16 !== null) {
    ({ head, chunks } = await peek(fromUtf16(utf16, chunks)));
    return { head, whole: head.length < HEAD_BYTES, chunks, skipped: 0 };
  }
  const whole = head.length < HEAD_BYTES;
  if (!hasUtf8Bom(head)) return { head, whole, chunks, skipped: 0 };
  return { head: head.subarray(3), whole, chunks: without(chunks, 3), skipped: 3 };
}

async function* without(chunks: AsyncIterable<Buffer>, count: number): AsyncGenerator<Buffer> {
  let left = count;
  for await (const chunk of chunks) {
    const from = Math.min(left, chunk.length);
    left -= from;
    if (from < chunk.length) yield chunk.subarray(from);
  }
}

async function* fromUtf16(label: "utf-16le" | "utf-16be", chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const decoder = new TextDecoder(label);
  for await (const chunk of chunks) yield Buffer.from(decoder.decode(chunk, { stream: true }));
  yield Buffer.from(decoder.decode());
}
