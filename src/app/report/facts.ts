/** What a window cost, divided in every way that the report shows. */
import { failuresOf, ledger, projection, slicesOf, taggedSlices, transactionsOf } from "../../analyzer/cost/index.ts";
import type { Chain } from "../../model/chains.ts";
import type { CostReport, Slice } from "../../model/cost-report.ts";
import type { Host } from "../../model/host.ts";
import type { EpochMs } from "../../model/units.ts";
import type { Dataset, Filter } from "../../store/types.ts";
import { attributed } from "../chains.ts";
import { ledgerInput } from "../cost.ts";
import type { Settings } from "../settings.ts";

const DAY_MS = 86_400_000;

/** A window with both ends. */
export interface Span {
  from: EpochMs;
  to: EpochMs;
}

/** What of a report is read from the ledger and the chains. */
export type Facts = Pick<
  CostReport,
  | "from"
  | "to"
  | "days"
  | "pricesAsOf"
  | "usd"
  | "invocations"
  | "failed"
  | "wasteUsd"
  | "unattributedUsd"
  | "unattributedLines"
  | "unknown"
  | "slices"
  | "tagKey"
  | "outsideChainsUsd"
  | "transactions"
  | "chains"
  | "daily"
  | "projection"
>;

/** `tagKey` null: no division by tag. `withChains` false: no routes and transactions, which take memory and time on large datasets. */
export interface FactsOptions {
  tagKey: string | null;
  withChains: boolean;
}

/** `chains` empty: they were not rebuilt. */
export async function factsOf(
  dataset: Dataset,
  span: Span,
  options: FactsOptions,
  settings: Settings,
  host: Host,
  signal: AbortSignal,
): Promise<{ facts: Facts; chains: Chain[] }> {
  const filter: Filter = { ...span, functions: [], clouds: [] };
  const { input, rates } = await ledgerInput(dataset, filter, settings);
  const byFunction = ledger(input, { ...rates, by: "function" });
  const failures = failuresOf(input.usage);
  const functions = slicesOf(byFunction, failures);
  const tagKey = options.tagKey;
  signal.throwIfAborted();
  const daily = await dailyOf(dataset, span, settings, host, signal);
  const days = (span.to - span.from) / DAY_MS;
  const base: Facts = {
    from: new Date(span.from).toISOString(),
    to: new Date(span.to).toISOString(),
    days,
    pricesAsOf: byFunction.pricesAsOf,
    usd: byFunction.totalUsd,
    invocations: sumOf(functions, "invocations"),
    failed: sumOf(functions, "failed"),
    wasteUsd: wasteOf(functions),
    unattributedUsd: byFunction.unattributedUsd,
    unattributedLines: byFunction.unattributedLines,
    unknown: byFunction.unknown,
    slices: {
      function: functions,
      service: slicesOf(ledger(input, { ...rates, by: "service" }), failures),
      cloud: slicesOf(ledger(input, { ...rates, by: "cloud" }), failures),
      route: [],
      tag: tagKey === null ? null : taggedSlices(functions, await dataset.configs(), tagKey),
    },
    tagKey,
    outsideChainsUsd: null,
    transactions: [],
    chains: null,
    daily,
    projection: projection(daily, days, byFunction.totalUsd),
  };
  if (!options.withChains) return { facts: base, chains: [] };
  const { chains, ledger: byRoute } = await attributed(dataset, filter, "route", settings, host, signal);
  const { transactions, counts } = transactionsOf(chains);
  const facts: Facts = {
    ...base,
    slices: { ...base.slices, route: slicesOf(byRoute, failures) },
    outsideChainsUsd: byRoute.unattributedUsd,
    transactions,
    chains: counts,
  };
  return { facts, chains };
}

/** The ledger of each whole day (UTC) of the window. */
async function dailyOf(dataset: Dataset, span: Span, settings: Settings, host: Host, signal: AbortSignal): Promise<Facts["daily"]> {
  const daily: Facts["daily"] = [];
  const first = Math.ceil(span.from / DAY_MS) * DAY_MS;
  const count = Math.floor((span.to - first) / DAY_MS);
  for (let from = first; from + DAY_MS <= span.to; from += DAY_MS) {
    signal.throwIfAborted();
    host.progress("adding up days", (from - first) / DAY_MS, count, "days");
    const read = await ledgerInput(dataset, { from, to: from + DAY_MS, functions: [], clouds: [] }, settings);
    const { totalUsd } = ledger(read.input, { ...read.rates, by: "cloud" });
    daily.push({ day: new Date(from).toISOString().slice(0, 10), usd: totalUsd });
  }
  return daily;
}

function sumOf(slices: readonly Slice[], key: "invocations" | "failed"): number | null {
  const known = slices.map((one) => one[key]).filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0);
}

function wasteOf(slices: readonly Slice[]): Slice["wasteUsd"] {
  const waste: Slice["wasteUsd"] = {};
  for (const slice of slices)
    for (const [kind, usd] of Object.entries(slice.wasteUsd) as [keyof Slice["wasteUsd"], number][]) waste[kind] = (waste[kind] ?? 0) + usd;
  return waste;
}
