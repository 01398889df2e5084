/** Batch sizes and windows: facts in, advice out. Pure. */
import type { BatchAdvice, Batching } from "../../model/batching.ts";
import { withConfiguration } from "../cost/index.ts";
import type { Rates } from "../cost/pricing.ts";
import { adviseOn, type AdviceContext } from "./advise.ts";
import type { BatchingSources } from "./evidence.ts";
import { ARRIVAL_METRICS } from "./evidence-arrivals.ts";
import { feeds } from "./evidence-mappings.ts";
import { EMPTY_RECEIVES, idleQueues } from "./idle.ts";

export interface BatchingInput extends BatchingSources {
  /** Functions that are asked about; null: all. */
  functions: ((fn: string) => boolean) | null;
  rates: Rates;
  maxAddedLatencyMs: number;
  mostMemoryMib: number;
}

/** Names of the metrics that are read. */
export const BATCHING_METRICS: readonly string[] = [...new Set([...Object.values(ARRIVAL_METRICS).flat(), EMPTY_RECEIVES])];

/** Advice on every mapping: what saves most first, then what is right, then what cannot be said. */
export async function batching(input: BatchingInput): Promise<Batching> {
  const { rates, from, to, functions, maxAddedLatencyMs, mostMemoryMib } = input;
  const all = feeds(input.configs);
  const configured = withConfiguration(
    input.stats.map((stats) => ({ ...stats, vcpu: null })),
    input.configs,
  );
  const stats = configured.map(({ account, region, plan, architecture, ephemeralMib }, i) => ({
    ...input.stats[i]!,
    account,
    region,
    plan,
    architecture,
    ephemeralMib: ephemeralMib ?? null,
  }));
  const window = { from: from ?? 0, to: to ?? 0 };
  const context: AdviceContext = { rates, maxAddedLatencyMs, mostMemoryMib, window };
  const mappings: BatchAdvice[] = [];
  for (const feed of all.filter((one) => functions === null || functions(one.fn)))
    mappings.push(await adviseOn(feed, all, { ...input, stats }, context));
  const saving = (one: BatchAdvice): number => one.savingUsdPerMonth?.p50 ?? 0;
  const rank = (one: BatchAdvice): number => (one.proposals.length > 0 ? 0 : one.keep !== null ? 1 : one.kind !== null ? 2 : 3);
  mappings.sort((a, b) => rank(a) - rank(b) || saving(b) - saving(a) || (a.fn < b.fn ? -1 : a.fn > b.fn ? 1 : 0));
  return {
    mappings,
    queues: functions === null ? idleQueues(input.configs, all, input.counts, rates) : [],
    from,
    to,
    pricesAsOf: rates.prices.asOf,
    maxAddedLatencyMs,
  };
}
