/** Many small files of a day into one, so that a question opens few. */
import { randomUUID } from "node:crypto";
import { mkdirSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Host } from "../model/host.ts";
import { parquetOptions } from "./batch-writer.ts";
import { type Committer, type DraftFile, openCommitter } from "./committer.ts";
import { Engine, quote } from "./duckdb.ts";
import { syncFile } from "./durable.ts";
import { checkDataset, dataFile, tmpDir } from "./layout.ts";
import { type Coverage, doubtfulIn, type Manifest } from "./manifest.ts";
import { parquet } from "./scan.ts";
import type { TableName } from "./tables.ts";

/** The index of a gigabyte of logs is grouped and sorted in this much; beyond it DuckDB spills. */
const MEMORY_MIB = 2048;

export interface Compacted {
  /** Days that had more than one file of a table. */
  days: number;
  /** Files of the dataset before and after. */
  before: number;
  after: number;
}

/**
 * Merges all batches that share a day of a table into one batch. Their files stay until the next writer comes, for readers that have begun.
 * Throws UserError if there is no dataset or someone writes to it, and the signal's reason; then nothing has changed.
 */
export async function compact(dir: string, host: Host, signal: AbortSignal): Promise<Compacted> {
  checkDataset(dir);
  const committer = openCommitter(dir);
  try {
    return await compactWith(committer, host, signal);
  } finally {
    committer.close();
  }
}

async function compactWith(committer: Committer, host: Host, signal: AbortSignal): Promise<Compacted> {
  const all = committer.manifests();
  const shared = sharedParts(all);
  const before = countFiles(all);
  const merged = all.filter((m) => m.files.some((f) => shared.has(partOf(f))));
  if (merged.length === 0) return { days: 0, before, after: before };
  const folder = join(tmpDir(committer.dir), randomUUID());
  mkdirSync(folder, { recursive: true });
  const engine = await Engine.open({ threads: availableParallelism(), memoryMib: MEMORY_MIB, spillDir: join(folder, "spill") });
  const stop = (): void => engine.interrupt();
  signal.addEventListener("abort", stop, { once: true });
  try {
    const parts = [...new Set(merged.flatMap((m) => m.files.map(partOf)))].sort();
    const files: DraftFile[] = [];
    for (const [i, part] of parts.entries()) {
      signal.throwIfAborted();
      host.progress("compact", i, parts.length, "files");
      files.push(await mergePart(engine, committer.dir, folder, part, merged));
    }
    committer.replace(
      {
        files,
        coverage: joined(merged.map((m) => committer.coverage(m.batch) ?? anything(m))),
        weakInvocations: merged.reduce((sum, m) => sum + m.weakInvocations, 0),
        repeatedRequests: merged.reduce((sum, m) => sum + m.repeatedRequests, 0),
        doubtfulIds: doubtfulIn(merged),
      },
      merged.map((m) => m.batch),
    );
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", stop);
    engine.close();
    rmSync(folder, { recursive: true, force: true });
  }
  return { days: new Set([...shared].map((part) => part.split(" ")[1])).size, before, after: countFiles(committer.manifests()) };
}

const partOf = (file: { table: TableName; day: string }): string => `${file.table} ${file.day}`;
const countFiles = (manifests: readonly Manifest[]): number => manifests.reduce((sum, m) => sum + m.files.length, 0);

/** Tables and days that lie in more than one file. */
function sharedParts(manifests: readonly Manifest[]): Set<string> {
  const seen = new Set<string>();
  const shared = new Set<string>();
  for (const part of manifests.flatMap((m) => m.files.map(partOf))) (seen.has(part) ? shared : seen).add(part);
  return shared;
}

async function mergePart(engine: Engine, dir: string, folder: string, part: string, batches: readonly Manifest[]): Promise<DraftFile> {
  const [table, day] = part.split(" ") as [TableName, string];
  const path = join(folder, `${table}-${day}.parquet`);
  const files = batches.flatMap((m) =>
    m.files.filter((f) => partOf(f) === part).map((f) => ({ ...f, path: dataFile(dir, table, day, m.batch) })),
  );
  const rows = parquet(files.map((f) => f.path));
  // owners that lay in several batches become one row
  const source =
    table === "links"
      ? `SELECT id, kind, "ownerKind", owner, cloud, max(fn) AS fn, min("firstAt") AS "firstAt", max("lastAt") AS "lastAt"
         FROM ${rows} GROUP BY id, kind, "ownerKind", owner, cloud ORDER BY id`
      : `SELECT * FROM ${rows}`;
  await engine.run(`COPY (${source}) TO ${quote(path)} (${parquetOptions(table)})`);
  syncFile(path);
  const [count] = await engine.rows(`SELECT count(*) FROM ${parquet([path])}`);
  return {
    table,
    day,
    rows: Number(count![0]),
    from: Math.min(...files.map((f) => f.from)),
    to: Math.max(...files.map((f) => f.to)),
    path,
  };
}

function joined(coverages: readonly Coverage[]): Coverage {
  const whole: Coverage = {};
  for (const coverage of coverages) {
    for (const [name, keys] of Object.entries(coverage)) {
      const table = (whole[name as keyof Coverage] ??= {});
      for (const [key, [from, to]] of Object.entries(keys)) {
        const known = table[key];
        table[key] = known ? [Math.min(known[0], from), Math.max(known[1], to)] : [from, to];
      }
    }
  }
  return whole;
}

/** Coverage of a batch that has lost its own. */
function anything(manifest: Manifest): Coverage {
  const coverage: Coverage = {};
  for (const { table, from, to } of manifest.files) {
    if (table === "links") continue;
    const known = coverage[table]?.["*"];
    coverage[table] = { "*": known ? [Math.min(known[0], from), Math.max(known[1], to)] : [from, to] };
  }
  return coverage;
}
