/** A zip archive with one stored file (APPNOTE.TXT 6.3.3), for the code of a function. */
import { crc32 } from "node:zlib";

export function zipOf(name: string, content: string): Uint8Array {
  const data = Buffer.from(content);
  const file = Buffer.from(name);
  const fields = Buffer.alloc(26);
  fields.writeUInt16LE(20, 0); // version needed
  fields.writeUInt32LE(0x00210000, 6); // 1980-01-01
  fields.writeUInt32LE(crc32(data), 10);
  fields.writeUInt32LE(data.length, 14);
  fields.writeUInt32LE(data.length, 18);
  fields.writeUInt16LE(file.length, 22);
  const local = Buffer.concat([Buffer.from("PK\x03\x04"), fields, file, data]);
  const tail = Buffer.alloc(14);
  tail.writeUInt32LE(0o100644 * 65_536, 6); // Unix mode: a file, readable
  const entry = Buffer.concat([Buffer.from("PK\x01\x02"), Buffer.from([20, 3]), fields, tail, file]);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(1, 4);
  end.writeUInt16LE(1, 6);
  end.writeUInt32LE(entry.length, 8);
  end.writeUInt32LE(local.length, 12);
  return Buffer.concat([local, entry, Buffer.from("PK\x05\x06"), end]);
}
