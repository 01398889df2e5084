/** Chains as business transactions: what one of each route costs. Pure. */
import type { Chain } from "../../model/chains.ts";
import type { CostReport, Transactions } from "../../model/cost-report.ts";
import { compare } from "./pricing.ts";

/** The dearest route first, by what all its transactions cost. */
export function transactionsOf(chains: readonly Chain[]): { transactions: Transactions[]; counts: NonNullable<CostReport["chains"]> } {
  const routes = Map.groupBy(chains, (chain) => chain.route);
  const transactions = [...routes].map(([route, own]) => ofRoute(route, own));
  transactions.sort((a, b) => (b.usd ?? -1) - (a.usd ?? -1) || compare(a.route, b.route));
  return { transactions, counts: { count: chains.length, failed: failed(chains), broken: broken(chains) } };
}

function ofRoute(route: string, chains: readonly Chain[]): Transactions {
  // a chain with a hop of unknown cost would be too cheap an example
  const whole = chains.filter((chain) => chain.usd !== null && chain.usdUnknownHops === 0).map((chain) => chain.usd!);
  const usd = chains.map((chain) => chain.usd).filter((value) => value !== null);
  const times = chains.map((chain) => chain.endToEndMs).filter((value) => value !== null);
  return {
    route,
    count: chains.length,
    failed: failed(chains),
    broken: broken(chains),
    usd: usd.length === 0 ? null : total(usd),
    usdEach: whole.length === 0 ? null : { mean: total(whole) / whole.length, p50: percentile(whole, 0.5)!, p95: percentile(whole, 0.95)! },
    p95Ms: percentile(times, 0.95),
  };
}

function failed(chains: readonly Chain[]): number {
  return chains.filter((chain) => chain.outcome !== "ok" && chain.outcome !== "unknown").length;
}

function broken(chains: readonly Chain[]): number {
  return chains.filter((chain) => !chain.complete).length;
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/** Linear between ranks; null: no values. */
function percentile(values: readonly number[], share: number): number | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const rank = (sorted.length - 1) * share;
  const below = sorted[Math.floor(rank)]!;
  return below + (sorted[Math.ceil(rank)]! - below) * (rank - Math.floor(rank));
}
