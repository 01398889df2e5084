/** `rightsize`: what memory each function should have, on what evidence, or why that cannot be said. */
import { sizing } from "../analyzer/sizing/index.ts";
import { sizeProposals } from "../applier/sizes.ts";
import { rooms } from "../clouds/index.ts";
import type { Host } from "../model/host.ts";
import type { Objective, Sizing } from "../model/sizing.ts";
import type { Dataset, Filter } from "../store/types.ts";
import type { Advice } from "./plan.ts";
import { namePattern } from "./name-pattern.ts";
import { ratesWith } from "./rates.ts";
import { withDataset } from "./scratch.ts";
import type { Settings } from "./settings.ts";
import { parseWindow, warnIfOutside } from "./window.ts";

export interface RightsizeOptions {
  objective: Objective;
  /** Only functions of this name; `*` stands for anything. null: all. */
  functions: string | null;
  since?: string | undefined;
  until?: string | undefined;
}

export interface RightsizeResult {
  sizing: Sizing;
  /** Some of the files could not be used wholly; only for files read directly. */
  partial: boolean;
}

/** Kinds of records that sizing reads. */
const WANTED = ["invocation", "span", "metric", "config", "gap"] as const;

/** `paths` empty: the dataset. Else the files are read into a dataset that lives as long as the call. Throws UserError if none of them is readable. */
export async function rightsize(
  dataDir: string,
  paths: readonly string[],
  options: RightsizeOptions,
  settings: Settings,
  host: Host,
  signal: AbortSignal,
): Promise<RightsizeResult> {
  const { value, partial } = await withDataset(dataDir, paths, settings, { host, signal, wanted: WANTED }, (dataset) =>
    sizingOf(dataset, options, settings, host),
  );
  return { sizing: value, partial };
}

async function sizingOf(dataset: Dataset, options: RightsizeOptions, settings: Settings, host: Host): Promise<Sizing> {
  const held = await dataset.span();
  const window = parseWindow(options.since, options.until, held.to);
  warnIfOutside(window, held, host);
  const filter: Filter = { ...window, functions: [], clouds: [] };
  const from = window.from ?? held.from;
  const to = window.to ?? held.to;
  const rates = ratesWith(settings.pricesFile);
  const [least, most] = memoryLimits();
  return sizing({
    stats: await dataset.functionStats(filter),
    configs: await dataset.configs(),
    codes: await dataset.codeVersions(),
    cpu: await dataset.cpuTime(filter),
    downstream: await dataset.downstreamTime(filter),
    loads: await dataset.instanceLoad(filter),
    uses: await dataset.instanceUse(filter),
    daily: from === null || to === null ? [] : await dataset.dailyRuns({ ...filter, from, to }),
    hours: (epochs) => dataset.epochHours(epochs),
    from,
    to,
    functions: options.functions === null ? null : namePattern(options.functions),
    objective: options.objective,
    rates,
    memory: { leastMib: least, mostMib: most },
    pricesAsOf: rates.prices.asOf,
  });
}

/** Least and most memory of an ordinary Lambda function. */
function memoryLimits(): [number, number] {
  const { min, max } = rooms.aws.limits.find((limit) => limit.setting === "lambda.memory" && limit.appliesTo === null)!;
  return [min!, max!];
}

/** What of it can be planned. */
export function sizeAdvice(advised: Sizing): Advice {
  return sizeProposals(advised);
}
