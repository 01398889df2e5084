/** Batch sizes and windows: facts in, advice out. Pure. */
import type { BatchAdvice, Batching } from "../../model/batching.ts";
import { withConfiguration } from "../cost/index.ts";
import type { Rates } from "../cost/pricing.ts";
import { adviseOn, type AdviceContext } from "./advise.ts";
import type { BatchingSources } from "./evidence.ts";
import { ARRIVAL_METRICS } from "./evidence-arrivals.ts";
import type { Feed } from "./evidence-feed.ts";
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
  const ofFunction = sharedOut({ ...input, stats }, all);
  const mappings: BatchAdvice[] = [];
  for (const feed of all.filter((one) => functions === null || functions(one.fn)))
    mappings.push(await adviseOn(feed, ...ofFunction(feed), context));
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

/** What may concern a feed of all that there is, and the feeds beside it: an account may have a hundred thousand mappings. */
function sharedOut(input: BatchingInput, all: readonly Feed[]): (feed: Feed) => [Feed[], BatchingSources] {
  const byFn = <T extends { fn: string | null }>(list: readonly T[]) => Map.groupBy(list, ({ fn }) => fn?.toLowerCase() ?? null);
  const lastPart = (name: string | null): string | null => name?.split(/[/:]/).at(-1)?.toLowerCase() ?? null;
  const [stats, channels, answers, counts, fed] = [
    byFn(input.stats),
    byFn(input.channels),
    byFn(input.answers),
    byFn(input.counts),
    byFn(all),
  ];
  const countsOf = Map.groupBy(input.counts, ({ resource }) => lastPart(resource));
  const functions = input.configs.filter(({ kind }) => kind === "function");
  const byName = Map.groupBy(functions, ({ name }) => name.toLowerCase());
  const byResource = Map.groupBy(functions, ({ resource }) => resource);
  const byApp = Map.groupBy(all, ({ target }) => target?.resource ?? null);
  return (feed) => {
    const fn = feed.fn.toLowerCase();
    const app = feed.target?.kind === "azure.function-app" ? feed.target.resource : null;
    const places = [lastPart(feed.channel), lastPart(feed.config.name)].filter((one) => one !== null);
    const counted = [...places.flatMap((one) => countsOf.get(one) ?? []), ...(counts.get(fn) ?? [])];
    return [
      [...new Set([...(fed.get(fn) ?? []), ...(app === null ? [] : (byApp.get(app) ?? []))])],
      {
        ...input,
        configs: [...(byName.get(fn) ?? []), ...(app === null ? [] : (byResource.get(app) ?? []))],
        stats: stats.get(fn) ?? [],
        channels: channels.get(fn) ?? [],
        answers: answers.get(fn) ?? [],
        counts: [...new Set(counted)],
      },
    ];
  };
}
