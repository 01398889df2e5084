/**
 * Where things lie in a dataset folder:
 *
 *     evscope-dataset.json                          which layout this is
 *     v1/<table>/dt=YYYY-MM-DD/<batch>.parquet      rows of that day (UTC)
 *     v1/manifest/<batch>.json                      written last: a batch without it does not exist
 *     v1/manifest/<batch>.coverage.json.gz          which functions and times it holds; read by writers only
 *     tmp/                                          batches being written
 *     writer.lock                                   who writes
 *     journal/                                      what was changed in the clouds, see journal.ts
 */
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../model/errors.ts";
import type { EpochMs } from "../model/units.ts";
import { writeDurably } from "./durable.ts";
import type { TableName } from "./tables.ts";

export const SCHEMA_VERSION = 1;
const DAY_MS = 86_400_000;
const MARKER = "evscope-dataset.json";

/** UTC day of a moment; rows without a time belong to the first day of the epoch. */
export function dayOf(at: EpochMs | null): string {
  const day = new Date(Math.floor((at ?? 0) / DAY_MS) * DAY_MS);
  return Number.isNaN(day.getTime()) ? "1970-01-01" : day.toISOString().slice(0, 10);
}

/** Where rows without a time lie (descriptions of resources); no day of telemetry. */
export const UNDATED = dayOf(null);

/** Number of days since the epoch, back to its date. */
export function dayNamed(dayNumber: number): string {
  return dayOf(dayNumber * DAY_MS);
}

export const manifestDir = (dir: string): string => join(dir, "v1", "manifest");
export const tmpDir = (dir: string): string => join(dir, "tmp");
export const dayDir = (dir: string, table: TableName, day: string): string => join(dir, "v1", table, `dt=${day}`);
export const dataFile = (dir: string, table: TableName, day: string, batch: string): string =>
  join(dayDir(dir, table, day), `${batch}.parquet`);

/** Whether there is a dataset in the folder, of whatever layout. */
export function hasDataset(dir: string): boolean {
  return statSync(join(dir, MARKER), { throwIfNoEntry: false }) !== undefined;
}

/** Throws UserError if this folder is no dataset, or one of another layout. */
export function checkDataset(dir: string): void {
  checkFolder(dir);
  const path = join(dir, MARKER);
  // throws where the folder may not be looked into, which is not the same as no dataset
  if (statSync(path, { throwIfNoEntry: false }) === undefined) {
    throw new UserError(`No dataset in ${dir}`, {
      suggestions: [
        "evscope collect          read a live account: --region NAME, or the accounts of evscope.yaml",
        "evscope import PATH...   bring exported telemetry in",
        "evscope demo             try it on a sample",
      ],
    });
  }
  let found: unknown;
  try {
    found = (JSON.parse(readFileSync(path, "utf8")) as { schemaVersion?: unknown }).schemaVersion;
  } catch {
    throw new UserError(`${path} cannot be read as JSON: this dataset is damaged`, {
      suggestions: ["import the exports into a new folder"],
    });
  }
  if (found === SCHEMA_VERSION) return;
  throw new UserError(`The dataset in ${dir} has layout version ${String(found)}; this evscope reads version ${SCHEMA_VERSION}`, {
    suggestions:
      typeof found === "number" && found > SCHEMA_VERSION
        ? ["use a newer evscope"]
        : ["import the exports into a new folder with this evscope"],
  });
}

function checkFolder(dir: string): void {
  if (!existsSync(dir) && lstatSync(dir, { throwIfNoEntry: false })?.isSymbolicLink() === true)
    throw new UserError(`${dir} is a link to a folder that is not there`, {
      suggestions: ["make that folder, or name another with --data"],
    });
  if (statSync(dir, { throwIfNoEntry: false })?.isDirectory() !== false) return;
  throw new UserError(`${dir} is a file; a dataset is a folder`, { suggestions: ["name a folder with --data"] });
}

/** Makes the folder a dataset if it is new or empty. Throws UserError if it holds something else. */
export function createDataset(dir: string): void {
  checkFolder(dir);
  if (!existsSync(join(dir, MARKER))) {
    const others = existsSync(dir) ? readdirSync(dir) : [];
    // A first writer that was killed may have left its lock or its tmp folder; changes may have been journalled before the first import.
    const foreign = others.filter(
      (name) => !["tmp", "v1", "journal", "reports"].includes(name) && !name.startsWith("writer.lock") && !name.startsWith(MARKER),
    );
    if (foreign.length > 0) {
      throw new UserError(`${dir} holds other files (${foreign.slice(0, 3).join(", ")}) and is no dataset`, {
        suggestions: ["name a new or empty folder with --data"],
      });
    }
    // log lines hold what customers sent: a new folder is its owner's alone, one that is there keeps its rights
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    writeDurably(join(dir, MARKER), `${JSON.stringify({ schemaVersion: SCHEMA_VERSION })}\n`);
  }
  checkDataset(dir);
  mkdirSync(manifestDir(dir), { recursive: true });
  mkdirSync(tmpDir(dir), { recursive: true });
}
