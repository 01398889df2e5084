import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { planRanges, readSource } from "../../../src/archive/index.ts";
import { isSplittable } from "../../../src/archive/ranges.ts";
import { idKeys } from "../../../src/model/id-keys.ts";
import type { Gap } from "../../../src/model/records.ts";
import { jsonFormat, textFormat } from "./formats.ts";

const formats = [jsonFormat("a"), textFormat];
let dir = "";
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "ranges-"));
});
afterAll(() => rmSync(dir, { recursive: true }));

describe("byte ranges", () => {
  it("give every line once, at its byte, wherever they are cut", async () => {
    const path = join(dir, "lines");
    const line = fc.oneof(
      fc.string({ maxLength: 30 }).map((s) => JSON.stringify({ a: s })),
      fc.constantFrom("", '{"a":"é日本"}', '{"a":1}{"a":2}', '{"a":', "[1,", '{"a":3}\r', "LOG x"),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { maxLength: 20 }),
        fc.boolean(),
        fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 6 }),
        async (lines, ended, cuts) => {
          const text = lines.join("\n") + (ended && lines.length > 0 ? "\n" : "");
          writeFileSync(path, text);
          const size = Buffer.byteLength(text);
          const bounds = [0, ...cuts.filter((c) => c < size).sort((x, y) => x - y), size + 1];
          const got: string[] = [];
          const broken: string[] = [];
          for (let i = 0; i + 1 < bounds.length; i++) {
            const range = { fromByte: bounds[i]!, toByte: bounds[i + 1]!, kind: "json", format: null } as const;
            const result = await readSource(path, {
              formats: [formats[0]!],
              keys: idKeys(),
              range,
              record: (r) => got.push(`${(r as Gap).what} at ${(r as Gap).why.split(":")[1]}`),
            });
            broken.push(...result.broken.map((b) => `${b.byte} ${b.reason}`));
          }
          // the same, line by line
          const expected: string[] = [];
          let byte = 0;
          let bad = 0;
          for (const one of text.split("\n")) {
            if (one === '{"a":1}{"a":2}') expected.push(`a=1 at ${byte}`, `a=2 at ${byte + 7}`);
            else if (one === '{"a":' || one === "[1," || one === "LOG x") bad++;
            else if (one !== "") expected.push(`a=${JSON.stringify((JSON.parse(one) as { a: unknown }).a)} at ${byte}`);
            byte += Buffer.byteLength(one) + 1;
          }
          expect(got).toEqual(expected);
          expect(broken).toHaveLength(bad);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("go on in the format of the file's beginning, and number lines from the start only", async () => {
    const path = join(dir, "text");
    writeFileSync(path, `LOG 1\n${"detail\n".repeat(3000)}`);
    const ranges = await planRanges({ path, sizeBytes: 21_006 }, formats, 10_000);
    expect(ranges).toEqual([
      { fromByte: 0, toByte: 10_503, kind: "text", format: "test.text" },
      { fromByte: 10_503, toByte: Number.MAX_SAFE_INTEGER, kind: "text", format: "test.text" },
    ]);
    const places: string[] = [];
    let records = 0;
    for (const range of ranges!) {
      const result = await readSource(path, { formats, keys: idKeys(), range, record: (r) => places.push((r as Gap).why) });
      records += result.records.gap!;
      expect(result.error).toBeNull();
    }
    // 3,001 lines, and each of the two readers' last words
    expect(records).toBe(3003);
    expect(places.slice(0, 2)).toEqual(["1:0", "2:6"]);
    expect(places.at(-2)).toBe("null:20999");
  });

  it.each([
    ["lines of JSON", '{"a":1}\n{"a":2}\n{"a"', { kind: "json", format: null }],
    ["text that is known", "LOG 1\nx\n", { kind: "text", format: "test.text" }],
    ["text that is not known", "hello\nx\n", null],
    ["one line", '{"a":1}\n', null],
    ["JSON over several lines", '{\n"a":1\n}\n', null],
    ["gzip", Buffer.from([0x1f, 0x8b, 8, 0, 10, 10, 10]), null],
    ["UTF-16", Buffer.from("LOG 1\nLOG 2\n", "utf16le"), null],
  ])("may split %s or not", (_, head, expected) => {
    expect(isSplittable(Buffer.from(head), formats)).toEqual(expected);
  });

  it("are not planned for small files and standard input", async () => {
    expect(await planRanges({ path: "-", sizeBytes: null }, formats, 10)).toBeNull();
    expect(await planRanges({ path: join(dir, "text"), sizeBytes: 15 }, formats, 10)).toBeNull();
    expect(await planRanges({ path: join(dir, "gone"), sizeBytes: 1000 }, formats, 10)).toBeNull();
  });
});
