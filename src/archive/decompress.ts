/** gzip and zstd as streams: everything before damage or a cut is given out, then the damage is told. */
import * as zlib from "node:zlib";
import { gunzip } from "./gzip.ts";
import type { Container } from "./sniff.ts";
import { DamagedData, STEP_BYTES, UNPACK_OPTIONS, unpacker } from "./unpacker.ts";

export { DamagedData } from "./unpacker.ts";

/** A Node that is too old for zstd. null: this one can. */
export function whyNotReadable(container: Container): string | null {
  if (container === "gzip" || typeof zlib.createZstdDecompress === "function") return null;
  return "zstd, which this Node is too old for: use Node 22.15 or newer, or unpack it first";
}

/**
 * Unpacks all members or frames of `chunks`, one behind another. Memory stays bounded whatever the ratio: one step of input at a time,
 * and the unpacking waits for its reader. Throws DamagedData behind the last good byte (within damaged data up to 64 KiB before it are lost).
 */
export function decompress(container: Container, chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  return container === "gzip" ? gunzip(chunks) : unzstd(chunks);
}

const zstd = () => unpacker(zlib.createZstdDecompress(UNPACK_OPTIONS));

async function* unzstd(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let part = zstd();
  let taken = 0;
  const damaged = (what: string): DamagedData => new DamagedData(`the zstd data is damaged (${what}) at compressed byte ${taken}`);
  try {
    for await (const chunk of chunks) {
      for (let from = 0; from < chunk.length;) {
        // zero padding behind the last frame is nothing
        if (chunk[from] === 0 && taken > 0 && part.consumed() === 0) {
          from++;
          taken++;
          continue;
        }
        const step = chunk.subarray(from, from + STEP_BYTES);
        const before = part.consumed();
        yield* part.feed(step);
        const failure = part.failure();
        if (failure !== null) throw damaged(failure.message);
        const consumed = part.consumed() - before;
        taken += consumed;
        from += consumed;
        if (consumed === step.length) continue;
        if (consumed === 0) throw damaged("something else behind a whole frame");
        // the frame is over and the rest was not looked at: Node does not go on with the next one itself
        part.close();
        part = zstd();
      }
    }
    if (part.consumed() === 0 && taken > 0) return;
    yield* part.finish();
    if (part.failure() !== null) throw new DamagedData(`the zstd data is cut at compressed byte ${taken}`);
  } finally {
    part.close();
  }
}
