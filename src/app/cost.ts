/** `cost`: the ledger of a dataset, or of files read directly. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ledger, transitionsOf, withConfiguration } from "../analyzer/cost/index.ts";
import type { CostBy, Ledger } from "../model/cost.ts";
import { UserError } from "../model/errors.ts";
import type { Host } from "../model/host.ts";
import { openDataset } from "../store/index.ts";
import type { Dataset, Filter } from "../store/types.ts";
import { attributed } from "./chains.ts";
import { importFiles } from "./import/index.ts";
import { ratesWith } from "./rates.ts";
import type { Settings } from "./settings.ts";
import { parseWindow, warnIfOutside } from "./window.ts";

export interface CostOptions {
  by: CostBy;
  since?: string | undefined;
  until?: string | undefined;
}

export interface CostResult {
  ledger: Ledger;
  /** Some of the files could not be used wholly; only for files read directly. */
  partial: boolean;
}

/** `paths` empty: the dataset. Else the files are read into a dataset that lives as long as the call. Throws UserError if none of them is readable. */
export async function costOf(
  dataDir: string,
  paths: readonly string[],
  options: CostOptions,
  settings: Settings,
  host: Host,
  signal: AbortSignal,
): Promise<CostResult> {
  if (paths.length === 0) return { ledger: await costOfDataset(dataDir, options, settings, host, signal), partial: false };
  const scratch = mkdtempSync(join(tmpdir(), "evscope-"));
  try {
    const read = await importFiles(paths, {
      dataDir: scratch,
      correlationKeys: settings.correlationKeys,
      hints: { fn: null, account: null, region: null },
      host,
      signal,
    });
    const problems = read.files.filter((file) => file.error !== null);
    for (const file of problems) host.warn(`${file.path}: ${file.error}`);
    if (problems.length === read.files.length)
      throw new UserError("nothing to read in what was given", { suggestions: ["evscope import --help lists the formats"] });
    const partial = read.files.some((file) => file.error !== null || file.skipped > 0);
    return { ledger: await costOfDataset(scratch, options, settings, host, signal), partial };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function costOfDataset(dataDir: string, options: CostOptions, settings: Settings, host: Host, signal: AbortSignal): Promise<Ledger> {
  const dataset = await openDataset(dataDir);
  try {
    const held = await dataset.info();
    const window = parseWindow(options.since, options.until, held.to);
    warnIfOutside(window, held, host);
    const filter: Filter = { ...window, functions: [], clouds: [] };
    if (options.by === "route" || options.by === "chain")
      return (await attributed(dataset, filter, options.by, settings, host, signal)).ledger;
    return await byResource(dataset, filter, options.by, settings);
  } finally {
    await dataset.close();
  }
}

async function byResource(dataset: Dataset, filter: Filter, by: "function" | "service" | "cloud", settings: Settings): Promise<Ledger> {
  const usage = withConfiguration(await dataset.usage(filter), await dataset.configs());
  return ledger(
    {
      usage,
      messages: await dataset.messageCounts(filter),
      logBytes: await dataset.logBytes(filter),
      transitions: transitionsOf(await dataset.workflowSpans(filter)),
      durations: await dataset.durations(filter),
      from: filter.from,
      to: filter.to,
    },
    { ...ratesWith(settings.pricesFile), by },
  );
}
