import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ReadOptions, readSource, type SourceResult } from "../../../src/archive/index.ts";
import type { Format } from "../../../src/model/formats.ts";
import { idKeys } from "../../../src/model/id-keys.ts";
import type { Gap, Rec } from "../../../src/model/records.ts";
import { jsonFormat, textFormat } from "./formats.ts";

const formats = [jsonFormat("a"), jsonFormat("events"), jsonFormat("b"), textFormat];
let dir = "";
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "source-"));
});
afterAll(() => rmSync(dir, { recursive: true }));

async function read(
  content: string | Uint8Array,
  options: Partial<ReadOptions> = {},
): Promise<SourceResult & { whats: string[]; places: string[] }> {
  const path = join(dir, "input");
  writeFileSync(path, content);
  const got: Gap[] = [];
  const result = await readSource(path, { formats, keys: idKeys(), record: (r: Rec) => got.push(r as Gap), ...options });
  return { ...result, whats: got.map((g) => g.what), places: got.map((g) => g.why) };
}

describe("what a file is", () => {
  it("reads lines of JSON, whatever wraps them", async () => {
    const text = '{"a":1}\n{"a":2}\n';
    const inputs = [
      text,
      gzipSync(text),
      gzipSync(gzipSync(text)),
      Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(text)]),
      Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, "utf16le")]),
      text.replace("\n", "\r\n"),
      '[{"a":1},{"a":2}]',
      '{"a":1}{"a":2}',
    ];
    for (const input of inputs) {
      const result = await read(input);
      expect(result.whats).toEqual(["a=1", "a=2"]);
      expect(result).toMatchObject({ formats: ["test.a"], records: { gap: 2 }, brokenCount: 0, ignored: {}, error: null });
    }
  });

  it("counts places from behind the byte order mark's three bytes", async () => {
    const result = await read(Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from('{"a":1}\n{"a":2}\n')]));
    expect(result.places).toEqual(["1:3", "2:11"]);
  });

  it("reads text, with what stands between the lines it knows", async () => {
    const result = await read('before\nLOG 1\n{"a":1}\nat x\n');
    expect(result.whats).toEqual(["before", "LOG 1", '{"a":1}', "at x", "4 lines"]);
    expect(result.formats).toEqual(["test.text"]);
  });

  it("changes the format in mid-file, and back to the same reader", async () => {
    const result = await read('{"a":1}\n{"b":2}\nLOG x\n{"a":3}\n');
    expect(result.whats).toEqual(["a=1", "b=2", "LOG x", "a=3", "1 lines"]);
    expect(result.formats).toEqual(["test.a", "test.b", "test.text"]);
  });

  it("takes the most specific format, late in a file too", async () => {
    const both: Format[] = [jsonFormat("a", 10), jsonFormat("b", 90)];
    const late = `${'{"a":1}\n'.repeat(100)}{"b":1}\n{"a":1,"b":2}\n`;
    expect((await read('{"a":1,"b":2}\n', { formats: both })).whats).toEqual(["b=2"]);
    expect((await read(late, { formats: both })).whats.slice(-2)).toEqual(["b=1", "b=2"]);
  });

  it("finds JSON behind a line of something else", async () => {
    const result = await read('aws logs get-log-events --x\n{\n "a": 1\n}\n');
    expect(result.whats).toEqual(["a=1"]);
    expect(result.broken).toEqual([{ line: 1, byte: 0, reason: "unexpected character 'a', expected { or [" }]);
  });

  it("cuts what is larger than a piece", async () => {
    const events = Array.from({ length: 60_000 }, (_, i) => ({ i }));
    const result = await read(JSON.stringify({ events }), { split: { pieceBytes: 100_000 } });
    expect(result.whats).toEqual(events.map((e) => `events=${JSON.stringify(e)}`));
    expect(result.documents).toBeGreaterThan(1);
    expect(result.error).toBeNull();
  });

  it("hands over what the user said, and the path's parts", async () => {
    let seen: unknown = null;
    const spy: Format = { ...formats[0]!, open: (source) => ((seen = source), { read() {}, end() {} }) };
    await read('{"a":1}', { formats: [spy], hints: { fn: "f", account: "1", region: null } });
    expect(seen).toEqual({
      path: join(dir, "input"),
      segments: join(dir, "input")
        .split("/")
        .filter((s) => s !== ""),
      fn: "f",
      account: "1",
      region: null,
    });
  });

  it("reads standard input", async () => {
    async function* stdin(): AsyncGenerator<Buffer> {
      yield Buffer.from('{"a":');
      yield Buffer.from("1}");
    }
    const got: Rec[] = [];
    const result = await readSource("-", { formats, keys: idKeys(), record: (r) => got.push(r), stdin: stdin() });
    expect(result).toMatchObject({ path: "-", records: { gap: 1 }, bytes: 7, error: null });
  });
});

describe("what cannot be used", () => {
  it.each([
    ["", "empty"],
    [" \n\r\n\t", "only white space"],
    ["[]", "an empty list"],
    ["PK\u0003\u0004...", "a zip archive: unpack it and give the folder"],
    ["some words\n", "not recognised"],
    ['{"c":1}', "not recognised"],
    ['{"a":', "nothing in it could be read: the data ends inside a value"],
    ["\0\0\0\0", "nothing in it could be read: 4 NUL bytes in the line, left out"],
  ])("%j is refused: %s", async (content, error) => {
    const result = await read(content);
    expect(result.error).toBe(error);
    expect(result.formats).toEqual([]);
    expect(result.records).toEqual({});
  });

  it("says how it begins, harmless for a terminal, and what was looked for, nearest first", async () => {
    const result = await read('{"beverages":"\u001b[2J","\\u0065vents":1}');
    expect(result.error).toBe("nothing in it could be read: control character 0x1b in a string");
    const other = await read("\u001b[31mevents of a day\n");
    expect(other.unrecognised).toEqual({
      begins: "\\u001b[31mevents of a day\\n",
      lookedFor: expect.arrayContaining([]),
    });
    expect(other.unrecognised!.lookedFor[0]!.format).toBe("test.text");
    const json = await read('{"event":{"source":"x"}}');
    expect(json.unrecognised!.lookedFor.map((l) => l.format).indexOf("test.text")).toBe(3);
  });

  it("gives a cut gzip file's beginning, and says where the cut is", async () => {
    const text = Array.from({ length: 3000 }, (_, i) => `{"a":"${((i * 2654435761) >>> 0).toString(36)}"}\n`).join("");
    const packed = gzipSync(text);
    const result = await read(packed.subarray(0, packed.length - 500));
    expect(result.records.gap).toBeGreaterThan(2500);
    expect(result.broken.map((b) => b.reason)).toContain(`the gzip data is cut at compressed byte ${packed.length - 500}`);
    expect(result.error).toBeNull();
  });

  it("names broken parts with their place, keeps the first 20 and counts all", async () => {
    const result = await read(`{"a":1}\n${'{"a":x}\n'.repeat(30)}{"a":"break"}\n{"a":"throw"}\n{"a":2}\n`);
    expect(result.whats).toEqual(["a=1", "a=2"]);
    expect(result.brokenCount).toBe(32);
    expect(result.broken).toHaveLength(20);
    expect(result.broken[0]).toEqual({ line: 2, byte: 13, reason: "unexpected character 'x', expected a value" });
    expect((await read('{"a":"throw"}\n{"a":1}')).broken).toEqual([{ line: 1, byte: 0, reason: "test.a could not read it: a bug" }]);
  });

  it("is never silent about nothing", async () => {
    expect((await read('{"a":"nothing"}')).ignored).toEqual({ "holds no records": 1 });
    expect((await read('{"a":"ignore"}\n{"c":1}\n{"a":1}\n')).ignored).toEqual({ "told to": 1, "of no known format": 1 });
  });

  it("says what is wrong with a path", async () => {
    const options = { formats, keys: idKeys(), record() {} };
    expect((await readSource(join(dir, "gone"), options)).error).toBe("no such file or folder");
    expect((await readSource(dir, options)).error).toBe("a folder");
  });
});

describe("whoever reads", () => {
  it("can stop it", async () => {
    const abort = new AbortController();
    const reading = read('{"a":1}\n'.repeat(200_000), { signal: abort.signal, onBytes: () => abort.abort(new Error("enough")) });
    await expect(reading).rejects.toThrow("enough");
  });

  it("gets its own errors back", async () => {
    const full = Object.assign(new Error("disk full"), { code: "ENOSPC", syscall: "write" });
    const reading = read('{"a":1}', {
      record() {
        throw full;
      },
    });
    await expect(reading).rejects.toBe(full);
  });

  it("hears of all bytes, and makes the reading wait", async () => {
    let bytes = 0;
    let waiting = 0;
    const content = '{"a":1}\n'.repeat(100_000);
    await read(content, {
      async onBytes(count) {
        expect(++waiting).toBe(1);
        await new Promise((resolve) => setImmediate(resolve));
        waiting--;
        bytes += count;
      },
    });
    expect(bytes).toBe(content.length);
  });
});
