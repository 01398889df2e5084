/** Every recorded file is imported or refused with a reason: no crash, no silent zero. */
import { readdirSync } from "node:fs";
import { relative } from "node:path";
import { describe, expect, it } from "vitest";
import { readSource, type SourceResult, walk } from "../../src/archive/index.ts";
import { neutralFormats } from "../../src/archive/neutral/index.ts";
import { rooms } from "../../src/clouds/index.ts";
import { idKeys } from "../../src/model/id-keys.ts";
import type { Rec } from "../../src/model/records.ts";
import { shared } from "../support/shared.ts";

const formats = [...Object.values(rooms).flatMap((room) => room.formats), ...neutralFormats];
const root = shared("corpora");

const count = (result: SourceResult): number => Object.values(result.records).reduce((a, b) => a + b, 0);

/** Numbers that a record must not hold. */
function badNumbers(value: unknown): boolean {
  if (typeof value === "number") return !Number.isFinite(value);
  if (typeof value !== "object" || value === null) return false;
  return Object.values(value).some(badNumbers);
}

/** What a person looks at: one row per format, then why files were refused. */
function table(results: readonly SourceResult[]): string {
  const rows = new Map<string, { files: number; records: number }>();
  for (const result of results) {
    const key = result.formats.length > 0 ? result.formats.join(" + ") : `refused: ${result.error}`;
    const row = rows.get(key) ?? { files: 0, records: 0 };
    rows.set(key, { files: row.files + 1, records: row.records + count(result) });
  }
  const lines = [...rows]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([k, v]) => `${k.padEnd(60)} ${String(v.files).padStart(6)} ${String(v.records).padStart(8)}`);
  return [`${"format".padEnd(60)}  files  records`, ...lines].join("\n");
}

describe.skipIf(root === null)("the recorded corpora", async () => {
  const results: SourceResult[] = [];
  const bad: string[] = [];
  for (const { path } of root === null ? [] : await walk([root])) {
    const result = await readSource(path, {
      formats,
      keys: idKeys(),
      record(record: Rec) {
        if (badNumbers(record)) bad.push(`${path}: ${record.type}`);
      },
    });
    results.push({ ...result, path: relative(root!, path) });
  }

  it("are walked to the last file", () => {
    const files = readdirSync(root!, { recursive: true, withFileTypes: true }).filter((e) => e.isFile() && !e.name.startsWith("."));
    expect(results.length).toBe(files.length);
    console.log(table(results));
  });

  it("are imported or refused with a reason, never silently nothing", () => {
    const silent = results.filter((r) => r.error === null && count(r) === 0 && r.brokenCount === 0 && Object.keys(r.ignored).length === 0);
    expect(silent.map((r) => r.path)).toEqual([]);
    const both = results.filter((r) => r.error !== null && (count(r) > 0 || r.error === ""));
    expect(both.map((r) => r.path)).toEqual([]);
  });

  it("make no reader fail", () => {
    expect(
      results.flatMap((r) => r.broken.filter((b) => b.reason.includes("could not read it")).map((b) => `${r.path}: ${b.reason}`)),
    ).toEqual([]);
  });

  it("put no NaN or Infinity into a record", () => {
    expect(bad).toEqual([]);
  });

  it("have telemetry of all three clouds and of none", () => {
    const read = new Set(results.filter((r) => count(r) > 0).map((r) => r.path.split("/")[0]));
    expect([...read].sort()).toEqual(expect.arrayContaining(["aws", "azure", "gcp", "other"]));
  });
});
