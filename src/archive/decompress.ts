/** gzip and zstd as streams: everything before damage or a cut is given out, then the damage is told. */
import * as zlib from "node:zlib";
import type { Container } from "./sniff.ts";

/** Small enough that what one step unpacks stays small, and that damage costs little of what was whole before it. */
const STEP_BYTES = 16 * 1024;
const OUT_BYTES = 64 * 1024;

/** Thrown behind the last good byte. The message says what is wrong; `atByte` is where in the compressed data, about. */
export class DamagedData extends Error {
  readonly atByte: number;
  constructor(message: string, atByte: number) {
    super(message);
    this.name = "DamagedData";
    this.atByte = atByte;
  }
}

/** A Node that is too old for zstd. null: this one can. */
export function whyNotReadable(container: Container): string | null {
  if (container === "gzip" || typeof zlib.createZstdDecompress === "function") return null;
  return `zstd needs Node 22.15 or newer, and this is ${process.version}: unpack it first or use a newer Node`;
}

function transformFor(container: Container): zlib.Gunzip | zlib.ZstdDecompress {
  const options = { chunkSize: OUT_BYTES, highWaterMark: OUT_BYTES };
  return container === "gzip" ? zlib.createGunzip(options) : zlib.createZstdDecompress(options);
}

/**
 * Unpacks all members or frames of `chunks`, one behind another. Memory stays bounded whatever the ratio: one step of input at a time,
 * and the unpacking waits for its reader. Throws DamagedData behind the last good byte (of damaged data up to 64 KiB before the damage are lost).
 */
export async function* decompress(container: Container, chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let part = unpacker(container);
  let taken = 0;
  try {
    for await (const chunk of chunks) {
      for (let from = 0; from < chunk.length;) {
        // zero padding behind the last member or frame is nothing
        if (chunk[from] === 0 && taken > 0 && part.consumed() === 0) {
          from++;
          taken++;
          continue;
        }
        const step = chunk.subarray(from, from + STEP_BYTES);
        const before = part.consumed();
        yield* part.feed(step);
        const failure = part.failure();
        if (failure !== null) throw damaged(container, failure, taken, step.length);
        const consumed = part.consumed() - before;
        taken += consumed;
        from += consumed;
        if (consumed === step.length) continue;
        if (consumed === 0) throw damaged(container, new Error("bytes behind its end"), taken, step.length);
        // the member or frame is over and the rest was not looked at: Node goes on with gzip members itself, but not with zstd frames
        part.close();
        part = unpacker(container);
      }
    }
    if (part.consumed() === 0 && taken > 0) return;
    yield* part.finish();
    const failure = part.failure();
    if (failure !== null) throw damaged(container, failure, taken, 0);
  } finally {
    part.close();
  }
}

interface Unpacker {
  /** Gives out all that this input unpacks to. */
  feed(step: Buffer): AsyncGenerator<Buffer>;
  finish(): AsyncGenerator<Buffer>;
  failure(): Error | null;
  /** Input bytes used; fewer than fed: the member or frame is over. */
  consumed(): number;
  close(): void;
}

function unpacker(container: Container): Unpacker {
  const stream = transformFor(container);
  let failure: Error | null = null;
  let ended = false;
  let wake: () => void = () => {};
  stream.on("error", (error) => {
    failure = error;
    wake();
  });
  stream.on("readable", () => wake());
  stream.on("end", () => {
    ended = true;
    wake();
  });

  async function* drain(finished: () => boolean): AsyncGenerator<Buffer> {
    for (;;) {
      const piece = stream.read() as Buffer | null;
      if (piece !== null) {
        yield piece;
        continue;
      }
      if (failure !== null || ended || finished()) return;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }

  return {
    async *feed(step) {
      let written = false;
      stream.write(step, () => {
        written = true;
        wake();
      });
      yield* drain(() => written);
    },
    async *finish() {
      stream.end();
      yield* drain(() => false);
    },
    failure: () => failure,
    consumed: () => stream.bytesWritten,
    close: () => void stream.destroy(),
  };
}

function damaged(container: Container, error: Error, taken: number, step: number): DamagedData {
  const code = "code" in error ? String(error.code) : "";
  const where = `compressed byte ${taken}${step > 0 ? ` to ${taken + step}` : ""}`;
  const cut = step === 0 || code === "Z_BUF_ERROR";
  const what = cut ? `the ${container} data is cut` : `the ${container} data is damaged (${error.message})`;
  return new DamagedData(`${what} at ${where}`, taken);
}
