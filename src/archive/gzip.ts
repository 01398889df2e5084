/**
 * gzip (RFC 1952), member by member: Node's own gunzip throws away what it has just unpacked when something else than a member
 * follows, and exports are often put together from members, padded or cut.
 */
import * as zlib from "node:zlib";
import { DamagedData, STEP_BYTES, type Unpacker, UNPACK_OPTIONS, unpacker } from "./unpacker.ts";

const MAX_HEADER_BYTES = 64 * 1024;
const TRAILER_BYTES = 8;
const FHCRC = 2;
const FEXTRA = 4;
const FNAME = 8;
const FCOMMENT = 16;

/** Length of the member's header; null: more bytes are needed; -1: this is no gzip header. */
export function headerBytes(bytes: Buffer): number | null {
  const fixed = [0x1f, 0x8b, 8];
  for (let i = 0; i < Math.min(3, bytes.length); i++) if (bytes[i] !== fixed[i]) return -1;
  if (bytes.length < 10) return null;
  const flags = bytes[3]!;
  let at = 10;
  if (flags & FEXTRA) {
    if (bytes.length < at + 2) return null;
    at += 2 + bytes.readUInt16LE(at);
  }
  for (const flag of [FNAME, FCOMMENT]) {
    if (!(flags & flag)) continue;
    const zero = bytes.indexOf(0, at);
    if (zero < 0) return bytes.length > MAX_HEADER_BYTES ? -1 : null;
    at = zero + 1;
  }
  if (flags & FHCRC) at += 2;
  return bytes.length < at ? null : at;
}

/** Unpacks all members. Throws DamagedData behind the last good byte. */
export async function* gunzip(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let part: Unpacker | null = null;
  /** Bytes of a header or trailer that is not whole yet. */
  let held = Buffer.alloc(0);
  let inTrailer = false;
  let members = 0;
  let at = 0;
  let crc = 0;
  let size = 0;

  function count(piece: Buffer): Buffer {
    // Node before 20.15 has no crc32: then only the length is checked
    if (typeof zlib.crc32 === "function") crc = zlib.crc32(piece, crc);
    size = (size + piece.length) >>> 0;
    return piece;
  }

  function damaged(what: string): DamagedData {
    return new DamagedData(`the gzip data is damaged (${what}) at compressed byte ${at}`);
  }

  function checkTrailer(): void {
    if (held.readUInt32LE(4) !== size || (typeof zlib.crc32 === "function" && held.readUInt32LE(0) !== crc))
      throw damaged("wrong checksum");
  }

  /** Takes header and trailer bytes off the front of `rest`; how many. */
  function takeFrame(rest: Buffer): number {
    if (held.length === 0 && !inTrailer && members > 0 && rest[0] === 0) {
      // zero padding behind the last member is nothing
      let zeros = 1;
      while (zeros < rest.length && rest[zeros] === 0) zeros++;
      return zeros;
    }
    const before = held.length;
    held = Buffer.concat([held, inTrailer ? rest.subarray(0, TRAILER_BYTES - before) : rest]);
    if (inTrailer) {
      const taken = held.length - before;
      if (held.length < TRAILER_BYTES) return taken;
      checkTrailer();
      inTrailer = false;
      held = Buffer.alloc(0);
      return taken;
    }
    const header = headerBytes(held);
    if (header === -1) throw damaged(members > 0 ? "something else behind a whole member" : "no gzip header");
    if (header === null) return rest.length;
    held = Buffer.alloc(0);
    members++;
    crc = 0;
    size = 0;
    part = unpacker(zlib.createInflateRaw(UNPACK_OPTIONS));
    return header - before;
  }

  async function* inflate(from: Unpacker, step: Buffer): AsyncGenerator<Buffer> {
    const before = from.consumed();
    for await (const piece of from.feed(step)) yield count(piece);
    const failure = from.failure();
    if (failure !== null) throw damaged(failure.message);
    const consumed = from.consumed() - before;
    at += consumed;
    if (consumed === step.length) return;
    from.close();
    part = null;
    inTrailer = true;
  }

  /** What is read through a function, so that the compiler does not take it for what it was. */
  const open = (): Unpacker | null => part;

  try {
    for await (const chunk of chunks) {
      const start = at;
      while (at - start < chunk.length) {
        const step = chunk.subarray(at - start, at - start + STEP_BYTES);
        const body = open();
        if (body === null) at += takeFrame(step);
        else yield* inflate(body, step);
      }
    }
    const body = open();
    if (body !== null) {
      for await (const piece of body.finish()) yield count(piece);
    } else if (held.length === 0 && !inTrailer) return;
    throw new DamagedData(`the gzip data is cut at compressed byte ${at}`);
  } finally {
    open()?.close();
  }
}
