/** A zlib stream that takes one step of input at a time and tells how much of it was used. */
import type * as zlib from "node:zlib";

/** Small enough that what one step unpacks stays small, and that damage costs little of what was whole before it. */
export const STEP_BYTES = 16 * 1024;
const OUT_BYTES = 64 * 1024;
/** For the zlib streams: their output waits for its reader. */
export const UNPACK_OPTIONS = { chunkSize: OUT_BYTES, highWaterMark: OUT_BYTES };

/** Thrown behind the last good byte. The message says what is wrong and where in the compressed data. */
export class DamagedData extends Error {
  constructor(message: string) {
    super(message);
    this.name = "DamagedData";
  }
}

export interface Unpacker {
  /** Gives out all that this input unpacks to, as its reader takes it. */
  feed(step: Buffer): AsyncGenerator<Buffer>;
  /** No more input comes. */
  finish(): AsyncGenerator<Buffer>;
  failure(): Error | null;
  /** Input bytes used; fewer than fed: the compressed data is over. */
  consumed(): number;
  close(): void;
}

export function unpacker(stream: zlib.InflateRaw | zlib.ZstdDecompress): Unpacker {
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
