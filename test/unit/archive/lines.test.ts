import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import { expect, it } from "vitest";
import { type InputLine, inputLines } from "../../../src/archive/index.ts";

async function all(lines: AsyncIterable<InputLine>): Promise<InputLine[]> {
  const found: InputLine[] = [];
  for await (const line of lines) found.push(line);
  return found;
}

async function linesOf(chunks: readonly (string | Buffer)[]): Promise<InputLine[]> {
  async function* stdin(): AsyncGenerator<Buffer> {
    for (const one of chunks) yield Buffer.from(one);
  }
  return all(inputLines("-", { stdin: stdin() }));
}

it("lines are whole and numbered wherever the bytes were cut; empty ones count and are not given out", async () => {
  // ä is two bytes, cut in the middle
  const text = Buffer.from('{"a":"ä"}\r\n\n{"b":2}');
  const chunks = [...text].map((byte) => Buffer.from([byte]));
  expect(await linesOf(chunks)).toEqual([
    { line: 1, text: '{"a":"ä"}', problem: null },
    { line: 3, text: '{"b":2}', problem: null },
  ]);
});

it("a line that is too long is told and skipped, in bounded memory", async () => {
  const long = Buffer.alloc(1024 * 1024, "x");
  const lines = await linesOf([...Array.from({ length: 17 }, () => long), "\n{}\n"]);
  expect(lines.map((one) => [one.line, one.text, one.problem])).toEqual([
    [1, "", "longer than 16 MiB"],
    [2, "{}", null],
  ]);
});

it("packed input is unpacked; what is cut or missing ends with a line that says so", async () => {
  const folder = mkdtempSync(join(tmpdir(), "lines-"));
  const path = join(folder, "events.ndjson.zst");
  writeFileSync(path, zstdCompressSync('{"a":1}\n{"a":2}\n'));
  expect((await all(inputLines(path, {}))).map((one) => one.text)).toEqual(['{"a":1}', '{"a":2}']);
  expect(await all(inputLines(join(folder, "none"), {}))).toEqual([{ line: 1, text: "", problem: "no such file or folder" }]);
});
