import { gzipSync } from "node:zlib";
import * as zlib from "node:zlib";
import { describe, expect, it } from "vitest";
import { DamagedData, decompress } from "../../../src/archive/decompress.ts";

async function* steps(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size);
}

async function unpack(container: "gzip" | "zstd", bytes: Buffer, size = 10_000): Promise<{ text: string; error: DamagedData | null }> {
  let text = "";
  try {
    for await (const piece of decompress(container, steps(bytes, size))) text += piece.toString("latin1");
  } catch (error) {
    if (!(error instanceof DamagedData)) throw error;
    return { text, error };
  }
  return { text, error: null };
}

// varied enough that it does not shrink to nothing
const text = Array.from({ length: 20_000 }, (_, i) => `${i} ${((i * 2654435761) >>> 0).toString(36)}\n`).join("");

describe("gzip", () => {
  const packed = gzipSync(text);

  it("unpacks one member and many, in any steps, with zero padding behind", async () => {
    expect(await unpack("gzip", packed)).toEqual({ text, error: null });
    const many = Buffer.concat([packed, gzipSync("a"), gzipSync(""), packed]);
    expect(await unpack("gzip", many, 7_001)).toEqual({ text: `${text}a${text}`, error: null });
    expect(await unpack("gzip", Buffer.concat([gzipSync("a"), Buffer.alloc(700)]), 13)).toEqual({ text: "a", error: null });
  });

  it("gives all that came before a cut, and says where it is", async () => {
    for (const cut of [packed.length - 1, packed.length - 9, packed.length >> 1, 30]) {
      const { text: got, error } = await unpack("gzip", packed.subarray(0, cut));
      expect(text.startsWith(got)).toBe(true);
      // deflate holds back at most its current symbol: what half of the packed bytes hold is about half of the text
      if (cut > 1000) expect(got.length).toBeGreaterThan(text.length * (cut / packed.length) * 0.9);
      expect(error?.message).toBe(`the gzip data is cut at compressed byte ${cut}`);
    }
  });

  it("says that data is damaged: wrong checksum, or something else behind a member", async () => {
    const wrong = Buffer.from(packed);
    wrong[packed.length - 6]! ^= 0xff;
    // RFC 1952: the checksum stands in the 8 bytes behind the data, which are read before it is compared
    expect(await unpack("gzip", wrong)).toEqual({
      text,
      error: new DamagedData(`the gzip data is damaged (wrong checksum) at compressed byte ${packed.length - 8}`),
    });
    expect(await unpack("gzip", Buffer.concat([packed, Buffer.from("more")]), 333)).toEqual({
      text,
      error: new DamagedData(`the gzip data is damaged (something else behind a whole member) at compressed byte ${packed.length}`),
    });
  });

  it("loses little before damage in the data itself", async () => {
    const bad = Buffer.from(packed);
    bad.fill(0xff, bad.length >> 1, (bad.length >> 1) + 300);
    const { text: got, error } = await unpack("gzip", bad);
    expect(error?.message).toMatch(/^the gzip data is damaged \(.+\) at compressed byte \d+$/);
    const whole = [...got].findIndex((c, i) => c !== text[i]);
    // half of the packed bytes hold about half of the text; 64 KiB of it may be lost with the damage
    expect(whole < 0 ? got.length : whole).toBeGreaterThan(text.length / 2 - 2 * 64 * 1024);
  });

  it("reads every form of header: extra field, name, comment, checksum", async () => {
    const plain = gzipSync("hello");
    const fields = [Buffer.from([3, 0, 9, 9, 9]), Buffer.from("name.log\0"), Buffer.from("a comment\0"), Buffer.from([0, 0])];
    const head = Buffer.from(plain.subarray(0, 10));
    head[3] = 2 | 4 | 8 | 16;
    const full = Buffer.concat([head, ...fields, plain.subarray(10)]);
    for (const size of [1, 7, 1000])
      expect(await unpack("gzip", Buffer.concat([full, full]), size)).toEqual({ text: "hellohello", error: null });
  });

  it("unpacks a bomb in small pieces, as its reader takes them", async () => {
    const bomb = gzipSync(Buffer.alloc(200_000_000));
    let largest = 0;
    let taken = 0;
    const before = process.memoryUsage().rss;
    let peak = before;
    for await (const piece of decompress("gzip", steps(bomb, 64 * 1024))) {
      largest = Math.max(largest, piece.length);
      taken += piece.length;
      if (taken % (1 << 22) === 0) peak = Math.max(peak, process.memoryUsage().rss);
    }
    expect(taken).toBe(200_000_000);
    expect(largest).toBeLessThanOrEqual(64 * 1024);
    expect(peak - before).toBeLessThan(150_000_000);
  });
});

describe.skipIf(typeof zlib.zstdCompressSync !== "function")("zstd", () => {
  it("unpacks one frame and many", async () => {
    const packed = zlib.zstdCompressSync(text);
    expect(await unpack("zstd", packed)).toEqual({ text, error: null });
    for (const size of [packed.length, 7_001, 1_000]) {
      expect(await unpack("zstd", Buffer.concat([packed, zlib.zstdCompressSync("b"), packed]), size)).toEqual({
        text: `${text}b${text}`,
        error: null,
      });
    }
  });

  it("gives what came before a cut or damage, and says where it is", async () => {
    const packed = zlib.zstdCompressSync(text);
    const cut = await unpack("zstd", Buffer.concat([packed, packed.subarray(0, 100)]));
    expect(cut.text).toBe(text);
    expect(cut.error?.message).toBe(`the zstd data is cut at compressed byte ${packed.length + 100}`);
    const damaged = await unpack("zstd", Buffer.concat([packed, Buffer.from("not a frame")]));
    expect(damaged.text).toBe(text);
    expect(damaged.error?.message).toContain("the zstd data is damaged");
  });
});
