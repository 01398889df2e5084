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
    const uses = looked(usesOf(facts), facts.stats);
    return {
      ...facts,
      stats: uses.reduce(withUse, facts.stats),
      parts: facts.members === null ? facts.stats : facts.parts,
      loads: names.flatMap((name) => (loads.get(name.toLowerCase()) ?? []).filter((one) => samePlace({ ...one, fn: facts.fn }, facts))),
      uses,
    };
  });
}

/** Memory that was looked at in less than this share of the time that a function ran, or at so few moments, may have had peaks that nobody saw. */
const LEAST_SEEN = 0.5;
const LEAST_LOOKS = 20;
/** What is in use by so much of the memory stands, however seldom it was looked at: there is no less of it. */
const PRESSING = 0.8;

/** Without memory that was hardly looked at. */
function looked(uses: InstanceUse[], stats: readonly FunctionStats[]): InstanceUse[] {
  const seen = uses.flatMap(({ memorySeen }) => memorySeen ?? []);
  if (seen.length === 0 || stats.length === 0) return uses;
  const ranMs = Math.max(...stats.map((one) => one.to)) - Math.min(...stats.map((one) => one.from));
  const seenMs = Math.max(...seen.map((one) => one.to)) - Math.min(...seen.map((one) => one.from));
  const looks = seen.reduce((sum, one) => sum + one.points, 0);
  const dense = seen.reduce((sum, one) => sum + one.points * one.periodMs, 0) >= LEAST_SEEN * ranMs;
  if (seenMs >= LEAST_SEEN * ranMs && (looks >= LEAST_LOOKS || dense)) return uses;
  const largest = Math.max(0, ...stats.map((one) => one.memoryMib ?? 0));
  return uses.map((one) => {
    const share = one.memoryShare ?? (one.memoryMib === null || largest === 0 ? 0 : one.memoryMib / largest);
    return share >= PRESSING ? one : { ...one, memoryShare: null, memoryMib: null };
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
