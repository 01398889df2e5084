import { describe, expect, it } from "vitest";
import { containerOf, printable, refusalOf, utf16Of } from "../../../src/archive/sniff.ts";

const bytes = (...b: number[]): Buffer => Buffer.from(b);

describe("the first bytes", () => {
  it("tell compression", () => {
    expect(containerOf(bytes(0x1f, 0x8b, 8, 0))).toBe("gzip");
    expect(containerOf(bytes(0x28, 0xb5, 0x2f, 0xfd))).toBe("zstd");
    // RFC 8878 3.1.2: skippable frames, 0x184D2A5? little endian
    expect(containerOf(bytes(0x50, 0x2a, 0x4d, 0x18))).toBe("zstd");
    expect(containerOf(Buffer.from("{}"))).toBeNull();
    expect(containerOf(bytes())).toBeNull();
  });

  it.each([
    ["zip", bytes(0x50, 0x4b, 3, 4, 20, 0), "zip archive"],
    ["tar", Buffer.concat([Buffer.alloc(257, 0x61), Buffer.from("ustar\0")]), "tar archive"],
    ["Parquet", Buffer.from("PAR1\x15\x04"), "Parquet"],
    ["Avro", Buffer.from("Obj\x01\x04"), "Avro"],
    ["xz", bytes(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0), "xz"],
    ["random bytes", Buffer.from(Array.from({ length: 2000 }, (_, i) => (i * 7919) % 251)), "binary data"],
  ])("refuse %s with a reason", (_, head, reason) => {
    expect(refusalOf(head)).toContain(reason);
  });

  it("let text through, colours and holes of NUL bytes too", () => {
    expect(refusalOf(Buffer.from("\x1b[31mSTART\x1b[0m RequestId: 1\r\n\tat x"))).toBeNull();
    expect(refusalOf(Buffer.concat([Buffer.alloc(5000), Buffer.from("START")]))).toBeNull();
    expect(refusalOf(Buffer.from("日本語のログ"))).toBeNull();
    expect(refusalOf(bytes())).toBeNull();
  });

  it("tell UTF-16 with and without a byte order mark", () => {
    expect(utf16Of(bytes(0xff, 0xfe, 0x7b, 0))).toBe("utf-16le");
    expect(utf16Of(bytes(0xfe, 0xff, 0, 0x7b))).toBe("utf-16be");
    expect(utf16Of(Buffer.from('{"a":1,"b":2}', "utf16le"))).toBe("utf-16le");
    expect(utf16Of(Buffer.from('{"a":1,"b":2}'))).toBeNull();
  });
});

describe("text of a stranger's file", () => {
  it("is shown without what a terminal would obey, and short", () => {
    expect(printable("a\x1b[2Jb\r\n\t\x07\u202e\u009b", 60)).toBe("a\\u001b[2Jb\\r\\n\\t\\u0007\\u202e\\u009b");
    expect(printable("x".repeat(100), 10)).toBe("xxxxxxxxxx…");
  });
});
