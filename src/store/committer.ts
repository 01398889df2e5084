/**
 * Turns drafts of batches into batches, one at a time: the only code that gives a file its place in the dataset.
 * A batch exists from the moment its manifest has its name; everything before that is swept by the next writer.
 */
import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { EpochMs } from "../model/units.ts";
import { syncDir } from "./durable.ts";
import { createDataset, dataFile, tmpDir } from "./layout.ts";
import { takeLock } from "./lock.ts";
import {
  allManifests,
  type Coverage,
  coveragePath,
  type DataFile,
  type Manifest,
  manifestPath,
  readCoverage,
  writeCoverage,
  writeManifest,
} from "./manifest.ts";
import type { TableName } from "./tables.ts";

/** A file under `tmp/`, complete and synced. */
export type DraftFile = Omit<DataFile, "bytes"> & { path: string };

export interface Draft {
  files: DraftFile[];
  coverage: Coverage;
  weakInvocations: number;
  repeatedRequests: number;
  /** null: too many to name. */
  doubtfulIds: string[] | null;
}

/** Where a committed batch may hold rows that a draft holds too. */
export interface Overlap {
  batch: string;
  tables: { table: Exclude<TableName, "links">; paths: string[]; from: EpochMs; to: EpochMs }[];
}

/** What a batch writer needs of the committer; crosses threads as messages. */
export interface Publisher {
  /** Committed batches that may share rows with this coverage, but for those already checked. */
  overlaps(coverage: Coverage, checked: readonly string[]): Promise<Overlap[]>;
  /** Commits, unless batches came in meanwhile that overlap and were not checked: then nothing is done and they are returned. */
  publish(draft: Draft, checked: readonly string[]): Promise<{ batch: string } | { unchecked: Overlap[] }>;
}

export interface Committer extends Publisher {
  readonly dir: string;
  /** Commits rows that stand in for whole batches (compaction). */
  replace(draft: Draft, replaces: readonly string[]): string;
  manifests(): readonly Manifest[];
  /** What a batch holds, for who writes a batch in its place. */
  coverage(batch: string): Coverage | null;
  /** Deletes these files for good. */
  forget(unwanted: (file: DataFile) => boolean): void;
  close(): void;
}

/** Opens a dataset for writing: makes it if need be, takes the lock, sweeps what a killed writer left. Throws UserError. */
export function openCommitter(dir: string): Committer {
  createDataset(dir);
  const lock = takeLock(dir);
  try {
    sweep(dir);
    return committer(dir, () => lock.release());
  } catch (error) {
    lock.release();
    throw error;
  }
}

function committer(dir: string, release: () => void): Committer {
  let live = allManifests(dir);
  const coverages = new Map<string, Coverage | null>();
  let last = Math.max(0, ...live.map((m) => Number(m.batch.slice(1))));

  function coverageOf(batch: string): Coverage | null {
    if (!coverages.has(batch)) coverages.set(batch, readCoverage(dir, batch));
    return coverages.get(batch) ?? null;
  }

  function overlapping(coverage: Coverage, checked: readonly string[]): Overlap[] {
    const seen = new Set(checked);
    const found: Overlap[] = [];
    for (const manifest of live) {
      if (seen.has(manifest.batch)) continue;
      const tables = sharedTables(dir, manifest, coverage, () => coverageOf(manifest.batch));
      if (tables.length > 0) found.push({ batch: manifest.batch, tables });
    }
    return found;
  }

  function commit(draft: Draft, replaces: readonly string[]): string {
    last += 1;
    const batch = `b${String(last).padStart(6, "0")}`;
    const files = draft.files.map((file): DataFile => {
      const { path, ...rest } = file;
      const target = dataFile(dir, file.table, file.day, batch);
      const bytes = statSync(path).size;
      mkdirSync(dirname(target), { recursive: true });
      renameSync(path, target);
      return { ...rest, bytes };
    });
    for (const folder of new Set(files.map((f) => dirname(dataFile(dir, f.table, f.day, batch))))) {
      syncDir(folder);
      syncDir(dirname(folder));
    }
    writeCoverage(dir, batch, draft.coverage);
    const manifest: Manifest = {
      batch,
      files,
      replaces: [...replaces],
      weakInvocations: draft.weakInvocations,
      repeatedRequests: draft.repeatedRequests,
      doubtfulIds: draft.doubtfulIds,
    };
    writeManifest(dir, manifest);
    coverages.set(batch, draft.coverage);
    const gone = new Set(replaces);
    live = [...live.filter((m) => !gone.has(m.batch)), manifest];
    return batch;
  }

  return {
    dir,
    manifests: () => live,
    overlaps: (coverage, checked) => Promise.resolve(overlapping(coverage, checked)),
    publish(draft, checked) {
      const unchecked = overlapping(draft.coverage, checked);
      return Promise.resolve(unchecked.length > 0 ? { unchecked } : { batch: commit(draft, []) });
    },
    replace: commit,
    coverage: coverageOf,
    forget(unwanted) {
      for (const manifest of live) {
        const gone = manifest.files.filter(unwanted);
        if (gone.length === 0) continue;
        manifest.files = manifest.files.filter((file) => !unwanted(file));
        if (manifest.files.length > 0) writeManifest(dir, manifest);
        else for (const path of [manifestPath(dir, manifest.batch), coveragePath(dir, manifest.batch)]) rmSync(path, { force: true });
        // readers that know the old manifest look again when a file is gone
        for (const file of gone) rmSync(dataFile(dir, file.table, file.day, manifest.batch), { force: true });
      }
      live = live.filter((m) => m.files.length > 0);
    },
    close: release,
  };
}

/** Two sources of one run may set its start so far apart (a START line; the end minus the duration). */
const SAME_RUN_MS = 60_000;

/** Keys that stand for any function: too many to tell apart, not said, not named by the export. */
const ANY_KEY: readonly string[] = ["*", "", "unknown"];

/** Tables of a batch in which some function (or resource) has times in common with the coverage. */
function sharedTables(dir: string, manifest: Manifest, coverage: Coverage, held: () => Coverage | null): Overlap["tables"] {
  const shared: Overlap["tables"] = [];
  for (const [name, keys] of Object.entries(coverage)) {
    const table = name as Exclude<TableName, "links">;
    const files = manifest.files.filter((f) => f.table === table);
    if (files.length === 0) continue;
    const theirs: { [key: string]: [EpochMs, EpochMs] } = held()?.[table] ?? {
      "*": [Math.min(...files.map((f) => f.from)), Math.max(...files.map((f) => f.to))],
    };
    const slack = table === "invocations" ? SAME_RUN_MS : 0;
    let from = Infinity;
    let to = -Infinity;
    for (const [key, [start, end]] of Object.entries(keys)) {
      const [a, b] = [start - slack, end + slack];
      // a row whose function is not known may be of any
      for (const other of ANY_KEY.includes(key) ? Object.values(theirs) : [key, ...ANY_KEY].map((k) => theirs[k])) {
        if (!other || other[0] > b || other[1] < a) continue;
        from = Math.min(from, Math.max(a, other[0]));
        to = Math.max(to, Math.min(b, other[1]));
      }
    }
    if (from > to) continue;
    const paths = files.filter((f) => f.to >= from && f.from <= to).map((f) => dataFile(dir, table, f.day, manifest.batch));
    if (paths.length > 0) shared.push({ table, paths, from, to });
  }
  return shared;
}

/** Removes what no committed batch needs: drafts, files of batches without a manifest, files of replaced batches. */
function sweep(dir: string): void {
  rmSync(tmpDir(dir), { recursive: true, force: true });
  mkdirSync(tmpDir(dir), { recursive: true });
  const all = allManifests(dir);
  const replaced = new Set(all.flatMap((m) => m.replaces));
  const needed = new Set<string>();
  for (const manifest of all) {
    if (replaced.has(manifest.batch)) continue;
    needed.add(manifestPath(dir, manifest.batch)).add(coveragePath(dir, manifest.batch));
    for (const file of manifest.files) needed.add(dataFile(dir, file.table, file.day, manifest.batch));
  }
  // Manifests of replaced batches go last: without them a crash here would bring half a batch back.
  const files = listFiles(join(dir, "v1"));
  for (const path of files.filter((f) => f.endsWith(".parquet"))) if (!needed.has(path)) rmSync(path);
  for (const path of files.filter((f) => !f.endsWith(".parquet"))) if (!needed.has(path)) rmSync(path, { force: true });
}

function listFiles(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
