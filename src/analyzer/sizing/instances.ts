/** What is known of a function's instances: what ran at once on them, and what they have in use. Pure. */
import type { FunctionStats, InstanceLoad, InstanceUse } from "../../model/sizing.ts";
import { shareAt } from "./billed-time.ts";
import { byName, type FunctionFacts, samePlace, type SizingSources } from "./facts.ts";

/** Functions (or apps) with what is known of their instances. */
export function withInstances(functions: readonly FunctionFacts[], sources: Pick<SizingSources, "loads" | "uses">): FunctionFacts[] {
  const loads = Map.groupBy(sources.loads ?? [], (one) => one.fn.toLowerCase());
  const usesOf = byName(sources.uses ?? []);
  return functions.map((facts) => {
    const names = facts.members ?? [facts.fn];
    const uses = usesOf(facts);
    return {
      ...facts,
      stats: uses.reduce(withUse, facts.stats),
      parts: facts.members === null ? facts.stats : facts.parts,
      loads: names.flatMap((name) => (loads.get(name.toLowerCase()) ?? []).filter((one) => samePlace({ ...one, fn: facts.fn }, facts))),
      uses,
    };
  });
}

/** Memory in use as an instance's metric says it: of its revision's size, of the largest there was where that is not known. */
function withUse(stats: FunctionStats[], { version = null, memoryShare, memoryMib }: InstanceUse): FunctionStats[] {
  const live = stats.filter((one) => one.memoryMib !== null && !one.probe);
  const own = live.filter((one) => version !== null && one.version === version);
  const candidates = own.length > 0 ? own : live;
  const largest = candidates.reduce<FunctionStats | null>((best, one) => (one.memoryMib! > (best?.memoryMib ?? 0) ? one : best), null);
  const usedMib = memoryMib ?? (memoryShare === null || largest === null ? null : memoryShare * largest.memoryMib!);
  if (usedMib === null) return stats;
  return stats.map((one) => (one === largest ? { ...one, maxUsedMib: Math.max(usedMib, one.maxUsedMib ?? 0) } : one));
}

/**
 * Runs at once on an instance when a run begins there, itself among them; null: not known. Of a sample most neighbours are not seen: each of
 * them stands for as many as every run does.
 */
export function crowdOf(loads: readonly InstanceLoad[], concurrency: number | null): number | null {
  if (concurrency === 1) return 1;
  const runs = loads.reduce((sum, one) => sum + one.runs, 0);
  if (runs === 0) return null;
  return loads.reduce((sum, one) => sum + one.runs * (1 + (one.meanLevel - 1) * one.weight), 0) / runs;
}

/** Time that instances are busy over the time of all runs; 1: each ran alone. Of a sample: what runs that come independently would have. */
export function busyShare(loads: readonly InstanceLoad[], crowd: number): number {
  const sampled = loads.some((one) => one.weight > 1);
  const ranMs = loads.reduce((sum, one) => sum + one.ranMs, 0);
  if (sampled || ranMs === 0) return shareAt(crowd - 1);
  return Math.min(1, loads.reduce((sum, one) => sum + one.busyMs, 0) / ranMs);
}
