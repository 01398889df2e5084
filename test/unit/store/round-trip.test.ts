import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Rec } from "../../../src/model/records.ts";
import { Engine } from "../../../src/store/duckdb.ts";
import { openBatchWriter, openCommitter } from "../../../src/store/index.ts";
import { readManifests } from "../../../src/store/manifest.ts";
import { scan } from "../../../src/store/scan.ts";
import { readColumns, recordsOf, TABLES } from "../../../src/store/tables.ts";
import { anyRecord } from "./records.ts";

/** Every record in the dataset. */
async function everything(dir: string): Promise<Rec[]> {
  const engine = await Engine.open({ threads: 1, memoryMib: 256, spillDir: null });
  const found: Rec[] = [];
  for (const table of TABLES) {
    const columns = await engine.columns(`SELECT ${readColumns(table)} FROM ${scan(dir, readManifests(dir), table.name)}`);
    found.push(...recordsOf(table.name as "events", columns));
  }
  engine.close();
  return found;
}

/** Key order and the order of records mean nothing. */
function canonical(records: readonly Rec[]): string[] {
  return records
    .map((record) => JSON.stringify(record, Object.keys(record).length > 0 ? undefined : []))
    .map((text) => sortKeys(text))
    .sort();
}

function sortKeys(text: string): string {
  const sort = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(sort);
    if (value === null || typeof value !== "object") return value;
    return Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sort(inner)]);
  };
  return JSON.stringify(sort(JSON.parse(text)));
}

async function writeAll(dir: string, records: readonly Rec[]): Promise<{ added: number; duplicates: number }> {
  const committer = openCommitter(dir);
  const writer = await openBatchWriter({ dir, publisher: committer, threads: 1, memoryMib: 128 });
  writer.beginSource();
  for (const record of records) writer.write(record);
  const result = await writer.finish();
  await writer.close();
  committer.close();
  return result;
}

describe("dataset round trip", () => {
  it("gives back every field of every record as it was written, and holds nothing twice", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyRecord, { maxLength: 60 }), async (records) => {
        const dir = mkdtempSync(join(tmpdir(), "evscope-store-"));
        try {
          const unique = [...new Map(records.map((r) => [sortKeys(JSON.stringify({ ...r, ids: 0 })), r])).values()];
          await writeAll(dir, unique);
          expect(canonical(await everything(dir))).toEqual(canonical(unique));
          const again = await writeAll(dir, unique);
          expect(again).toEqual({ batch: null, added: 0, duplicates: unique.length });
          expect(await everything(dir)).toHaveLength(unique.length);
        } finally {
          rmSync(dir, { recursive: true, force: true });
        }
      }),
      { numRuns: 40 },
    );
  });
});
