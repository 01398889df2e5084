/** A dataset to ask, whether it lies on disk or is made of files for as long as the question takes. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UserError } from "../model/errors.ts";
import type { Host } from "../model/host.ts";
import type { RecordType } from "../model/records.ts";
import { openDataset } from "../store/index.ts";
import type { Dataset } from "../store/types.ts";
import { importFiles } from "./import/index.ts";
import type { Settings } from "./settings.ts";

/**
 * Opens the dataset in `dataDir`, or with `paths` one made of these files, asks it, and closes it. `partial`: some of the files could not
 * be used wholly. `wanted`: kinds of records of the files that it asks for; default: all. Throws UserError if there is no dataset, or none of the files is readable.
 */
export async function withDataset<T>(
  dataDir: string,
  paths: readonly string[],
  settings: Pick<Settings, "correlationKeys">,
  { host, signal, wanted }: { host: Host; signal: AbortSignal; wanted?: readonly RecordType[] },
  ask: (dataset: Dataset) => Promise<T>,
): Promise<{ value: T; partial: boolean }> {
  if (paths.length === 0) return { value: await asked(dataDir, ask), partial: false };
  const scratch = mkdtempSync(join(tmpdir(), "evscope-"));
  try {
    const read = await importFiles(paths, {
      dataDir: scratch,
      correlationKeys: settings.correlationKeys,
      hints: { fn: null, account: null, region: null },
      host,
      signal,
      ...(wanted === undefined ? {} : { wanted }),
    });
    const problems = read.files.filter((file) => file.error !== null);
    for (const file of problems) host.warn(`${file.path}: ${file.error}`);
    if (problems.length === read.files.length)
      throw new UserError("nothing to read in what was given", { suggestions: ["evscope import --help lists the formats"] });
    const partial = read.files.some((file) => file.error !== null || file.skipped > 0);
    return { value: await asked(scratch, ask), partial };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function asked<T>(dataDir: string, ask: (dataset: Dataset) => Promise<T>): Promise<T> {
  const dataset = await openDataset(dataDir);
  try {
    return await ask(dataset);
  } finally {
    await dataset.close();
  }
}
