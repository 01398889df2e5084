/** `cost`: the ledger of a dataset, or of files read directly. */
import { ledger, type LedgerInput, type Rates, transitionsOf } from "../analyzer/cost/index.ts";
import type { CostBy, Ledger } from "../model/cost.ts";
import type { Host } from "../model/host.ts";
import type { Dataset, Filter } from "../store/types.ts";
import { attributed } from "./chains.ts";
import { ratesFor, usageIn } from "./rates.ts";
import { withDataset } from "./scratch.ts";
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
  const { value, partial } = await withDataset(dataDir, paths, settings, { host, signal }, (dataset) =>
    costOfDataset(dataset, options, settings, host, signal),
  );
  return { ledger: value, partial };
}

async function costOfDataset(dataset: Dataset, options: CostOptions, settings: Settings, host: Host, signal: AbortSignal): Promise<Ledger> {
  const held = await dataset.info();
  const window = parseWindow(options.since, options.until, held.to);
  warnIfOutside(window, held, host);
  const filter: Filter = { ...window, functions: [], clouds: [] };
  if (options.by === "route" || options.by === "chain")
    return (await attributed(dataset, filter, options.by, settings, host, signal)).ledger;
  return await byResource(dataset, filter, options.by, settings);
}

async function byResource(dataset: Dataset, filter: Filter, by: "function" | "service" | "cloud", settings: Settings): Promise<Ledger> {
  const { input, rates } = await ledgerInput(dataset, filter, settings);
  return ledger(input, { ...rates, by });
}

/** What a ledger over this window is added up from, and at which prices. */
export async function ledgerInput(
  dataset: Dataset,
  filter: Filter,
  settings: Pick<Settings, "pricesFile">,
): Promise<{ input: LedgerInput; rates: Rates }> {
  const { usage, beyond } = await usageIn(dataset, filter, await dataset.configs());
  return {
    input: {
      usage,
      beyond,
      messages: await dataset.messageCounts(filter),
      logBytes: await dataset.logBytes(filter),
      transitions: transitionsOf(await dataset.workflowSpans(filter)),
      durations: await dataset.durations(filter),
      from: filter.from,
      to: filter.to,
    },
    rates: await ratesFor(dataset, filter, usage, settings.pricesFile),
  };
}
