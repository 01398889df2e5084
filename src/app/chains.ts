/** `chains`: every chain of a window with its cost, sorted and narrowed. */
import { correlate } from "../analyzer/chains/index.ts";
import { attribute, type Attribution, transitionsOf, withConfiguration } from "../analyzer/cost/index.ts";
import type { Chain } from "../model/chains.ts";
import type { Host } from "../model/host.ts";
import { openDataset } from "../store/index.ts";
import type { Dataset, Filter } from "../store/types.ts";
import { ratesFor, usageIn } from "./rates.ts";
import type { Settings } from "./settings.ts";
import { inStableOrder } from "./stable-order.ts";
import { parseWindow, warnIfOutside } from "./window.ts";

export interface ChainsOptions {
  since?: string | undefined;
  until?: string | undefined;
  sort: "newest" | "slowest" | "dearest";
  only?: "failed" | "broken" | undefined;
  /** Only chains through this function. */
  route?: string | undefined;
}

/** Matching chains, in the order asked for. */
export async function listChains(
  dataDir: string,
  options: ChainsOptions,
  settings: Settings,
  host: Host,
  signal: AbortSignal,
): Promise<Chain[]> {
  const dataset = await openDataset(dataDir);
  try {
    const held = await dataset.info();
    const window = parseWindow(options.since, options.until, held.to);
    warnIfOutside(window, held, host);
    const { chains } = await attributed(dataset, { ...window, functions: [], clouds: [] }, "chain", settings, host, signal);
    return chains.filter((chain) => matches(chain, options)).sort(ORDER[options.sort]);
  } finally {
    await dataset.close();
  }
}

/** The chains of a window, their cost filled in, and the ledger over them. */
export async function attributed(
  dataset: Dataset,
  filter: Filter,
  by: "route" | "chain",
  settings: Settings,
  host: Host,
  signal: AbortSignal,
): Promise<Attribution> {
  host.progress("reading", 0, null, "records");
  const records = inStableOrder(await dataset.chainRecords(filter));
  signal.throwIfAborted();
  host.progress("joining", records.invocations.length, null, "records");
  const invocations = withConfiguration(records.invocations, records.configs);
  const { usage, metered, windowMs } = await usageIn(dataset, filter, records.configs);
  const chains = correlate(records);
  signal.throwIfAborted();
  return attribute(
    {
      chains,
      invocations,
      metered,
      windowMs,
      configs: records.configs,
      executions: transitionsOf(records.spans),
      messages: await dataset.messageCounts(filter),
      logBytes: await dataset.logBytes(filter),
      from: filter.from,
      to: filter.to,
    },
    { ...(await ratesFor(dataset, filter, usage, settings.pricesFile)), by },
  );
}

function matches(chain: Chain, options: ChainsOptions): boolean {
  if (options.only === "failed" && (chain.outcome === "ok" || chain.outcome === "unknown")) return false;
  if (options.only === "broken" && chain.complete) return false;
  return options.route === undefined || chain.hops.some((hop) => hop.function === options.route);
}

/** What is not known comes last. */
const ORDER: { [sort in ChainsOptions["sort"]]: (a: Chain, b: Chain) => number } = {
  newest: (a, b) => b.startedAt - a.startedAt,
  slowest: (a, b) => (b.endToEndMs ?? -1) - (a.endToEndMs ?? -1),
  dearest: (a, b) => (b.usd ?? -1) - (a.usd ?? -1),
};
