/** What a committed batch consists of. Readers go by manifests alone, never by what lies in the folders. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import type { Bytes, EpochMs } from "../model/units.ts";
import { writeDurably } from "./durable.ts";
import { dataFile, manifestDir } from "./layout.ts";
import type { TableName } from "./tables.ts";

export interface DataFile {
  table: TableName;
  day: string;
  rows: number;
  bytes: Bytes;
  /** Earliest and latest time in it. */
  from: EpochMs;
  to: EpochMs;
}

export interface Manifest {
  batch: string;
  files: DataFile[];
  /** Batches whose rows this one holds as well (compaction): they no longer count. */
  replaces: string[];
  /** Rows that can stand for a run that another row stands for too: runs cut short, or seen by a source that is not the biller. */
  weakInvocations: number;
  /** Invocations beyond the first with the same request ID: at least so many. */
  repeatedRequests: number;
  /** Request IDs of both; null or left out: not named. */
  doubtfulIds?: string[] | null;
}

/** Per table and key (function, resource): first and last time held. Key "*": anything. */
export type Coverage = { [table in Exclude<TableName, "links">]?: { [key: string]: [EpochMs, EpochMs] } };

/** More request IDs than this are not named. */
export const MOST_NAMED = 1_000;

/** IDs of several parts together; null: too many, or some part did not name its own. */
export function namedTogether(parts: readonly (readonly string[] | null)[]): string[] | null {
  const all = new Set(parts.flatMap((part) => part ?? []));
  return all.size > MOST_NAMED || parts.includes(null) ? null : [...all];
}

/** Request IDs of rows that may stand for the run of another row; null: there are some, but too many to name. */
export function doubtfulIn(manifests: readonly Manifest[]): string[] | null {
  const none = (m: Manifest): boolean => m.weakInvocations === 0 && m.repeatedRequests === 0;
  return namedTogether(manifests.map((m) => (none(m) ? [] : (m.doubtfulIds ?? null))));
}

const SUFFIX = ".json";
const COVERAGE_SUFFIX = ".coverage.json.gz";

/** Manifests of the batches that count, oldest first. */
export function readManifests(dir: string): Manifest[] {
  const all = allManifests(dir);
  const replaced = new Set(all.flatMap((m) => m.replaces));
  return all.filter((m) => !replaced.has(m.batch));
}

/** Replaced ones as well. */
export function allManifests(dir: string): Manifest[] {
  const folder = manifestDir(dir);
  if (!existsSync(folder)) return [];
  const found: Manifest[] = [];
  for (const name of readdirSync(folder).sort()) {
    if (!name.endsWith(SUFFIX)) continue;
    const text = readIfThere(join(folder, name));
    if (text !== null) found.push(JSON.parse(text) as Manifest);
  }
  return found;
}

/** null: no such file; a sweep may remove a replaced batch between the listing and the reading. */
export function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

export const manifestPath = (dir: string, batch: string): string => join(manifestDir(dir), batch + SUFFIX);
export const coveragePath = (dir: string, batch: string): string => join(manifestDir(dir), batch + COVERAGE_SUFFIX);

export function writeManifest(dir: string, manifest: Manifest): void {
  writeDurably(manifestPath(dir, manifest.batch), JSON.stringify(manifest));
}

export function writeCoverage(dir: string, batch: string, coverage: Coverage): void {
  writeDurably(coveragePath(dir, batch), gzipSync(JSON.stringify(coverage)));
}

/** null: not there, so anything may be covered. */
export function readCoverage(dir: string, batch: string): Coverage | null {
  const path = coveragePath(dir, batch);
  return existsSync(path) ? (JSON.parse(gunzipSync(readFileSync(path)).toString("utf8")) as Coverage) : null;
}

/** Paths of a table's files that can hold a time in [from, to]; nulls: unbounded. */
export function filesOf(
  dir: string,
  manifests: readonly Manifest[],
  table: TableName,
  from: EpochMs | null = null,
  to: EpochMs | null = null,
): string[] {
  const paths: string[] = [];
  for (const manifest of manifests) {
    for (const file of manifest.files) {
      if (file.table !== table || (from !== null && file.to < from) || (to !== null && file.from > to)) continue;
      paths.push(dataFile(dir, table, file.day, manifest.batch));
    }
  }
  return paths;
}
