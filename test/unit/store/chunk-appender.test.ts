import { expect, test } from "vitest";
import { ChunkAppender } from "../../../src/store/chunk-appender.ts";
import { Engine } from "../../../src/store/duckdb.ts";

/** Appends texts to a table and reads them back in the order in which they came. */
async function there(texts: readonly (string | null)[]): Promise<unknown[]> {
  const engine = await Engine.open({ threads: 1, memoryMib: 256, spillDir: null });
  try {
    await engine.run("CREATE TABLE t (n INTEGER, text VARCHAR)");
    const appender = new ChunkAppender<{ n: number; text: string | null }>(engine, "t", [
      { type: "INTEGER", get: (row) => row.n },
      { type: "VARCHAR", get: (row) => row.text },
    ]);
    for (const [n, text] of texts.entries()) appender.push({ n, text });
    appender.flush();
    appender.close();
    return (await engine.rows("SELECT text FROM t ORDER BY n")).map(([text]) => text);
  } finally {
    engine.close();
  }
}

const ascii = Array.from({ length: 1500 }, (_, i) => String.fromCharCode(33 + (i % 90)).repeat(i % 40));

test.each([
  ["texts of every length around what DuckDB holds in place", ascii],
  ["empty texts and nulls among others", ["", null, "a", null, "", "thirteen char", "twelve chars"]],
  ["nothing but nulls", [null, null]],
  ["nothing but empty texts", ["", "", ""]],
  ["texts beyond ASCII, in chunks with and without them", [...ascii, "naïve café", "日本語のログ行です", "🙂".repeat(20), ...ascii]],
  ["a text longer than every buffer", ["before", "x".repeat(9_000_000), "behind"]],
  ["many texts that are long together", Array.from({ length: 300 }, (_, i) => `${i}${"y".repeat(30_000)}`)],
])("holds %s as they were given", async (_, texts) => {
  expect(await there(texts)).toEqual(texts);
});
