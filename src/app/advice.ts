/** What several recommenders say of one dataset, as one list that can be planned. */
import type { Topic } from "../model/proposal.ts";
import type { Objective } from "../model/sizing.ts";
import type { Ms } from "../model/units.ts";
import type { Reach } from "./apply.ts";
import { batching, batchingChanges } from "./batching.ts";
import { askClouds } from "./filters-ask.ts";
import { filterChanges, filters } from "./filters.ts";
import { BATCHING_READS, FILTER_READS, SIZING_READS, TTL_READS } from "./freshen.ts";
import type { Advice } from "./plan.ts";
import { rightsize, sizeAdvice } from "./rightsize.ts";
import { ttl, ttlAdvice } from "./ttl.ts";

export const TOPICS: readonly Topic[] = ["memory", "filters", "batching", "ttl"];

export interface AdviceOptions {
  /** Only functions (and stores) of this name; `*` stands for anything. null: all. */
  functions: string | null;
  since?: string | undefined;
  until?: string | undefined;
  objective: Objective;
  maxAddedLatencyMs: Ms;
  /** How long logs must be kept; left out: what evscope.yaml says. */
  keep?: string | undefined;
  /** Clouds are asked whether filters match as they should. */
  live: boolean;
}

/** What these topics are read from; `needs`: which log lines, as `freshen` takes it. */
export function readsOf(topics: readonly Topic[]): { reads: typeof SIZING_READS; needs: { logs?: "all" } } {
  const own = { memory: SIZING_READS, filters: FILTER_READS, batching: BATCHING_READS, ttl: TTL_READS };
  const needs = topics.includes("filters") || topics.includes("batching") ? { logs: "all" as const } : {};
  return { reads: [...new Set(topics.flatMap((topic) => own[topic]))], needs };
}

/** In the order of `TOPICS`: where two want different values of one setting, the first counts. Throws what the recommenders throw. */
export async function adviceOn(topics: readonly Topic[], dataDir: string, options: AdviceOptions, reach: Reach): Promise<Advice> {
  const { settings, world } = reach;
  const { functions, since, until, objective } = options;
  const window = { since, until };
  const from: { [topic in Topic]: () => Promise<Advice> } = {
    memory: async () =>
      sizeAdvice((await rightsize(dataDir, [], { ...window, functions, objective }, settings, world.host, world.signal)).sizing),
    async filters() {
      const least = { minSavingUsdPerMonth: objective.minSavingUsdPerMonth, given: [] };
      const learned = await filters(dataDir, [], { ...window, functions, ...least }, settings, world.host, world.signal);
      return filterChanges(options.live ? await askClouds(learned.survey, learned.considered, reach) : learned.survey);
    },
    async batching() {
      const budget = { maxAddedLatencyMs: options.maxAddedLatencyMs };
      return batchingChanges(
        (await batching(dataDir, [], { ...window, functions, ...budget }, settings, world.host, world.signal)).batching,
      );
    },
    async ttl() {
      const least = { minSavingUsdPerMonth: objective.minSavingUsdPerMonth, keep: options.keep };
      return ttlAdvice((await ttl(dataDir, [], { ...window, name: functions, ...least }, reach)).retention);
    },
  };
  const all: Advice[] = [];
  for (const topic of TOPICS) if (topics.includes(topic)) all.push(await from[topic]());
  return {
    proposals: all.flatMap((one) => one.proposals),
    refused: all.flatMap((one) => one.refused),
    unready: all.flatMap((one) => one.unready),
  };
}
