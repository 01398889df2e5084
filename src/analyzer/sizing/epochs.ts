/** Which of a function's configurations may be compared, and over which part of their time: natural experiments. Pure. */
import type { Epoch, FunctionStats } from "../../model/sizing.ts";
import type { EpochMs, Mib } from "../../model/units.ts";
import { type FunctionFacts, isPublished } from "./facts.ts";
import type { Product } from "./product.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Warm runs that a mean needs: of live traffic, and of a probe, whose runs all do the same work. */
export const LEAST_WARM = 20;
export const LEAST_WARM_PROBE = 5;

/** How far from a change its two sides are looked at: later, other things have changed as well. */
const AROUND_CHANGE_MS = 14 * DAY_MS;
/** Environments of the old configuration finish their work while those of the new one start. */
const HANDOVER_MS = 5 * 60_000;

/** A configuration, and the part of its time that is compared. */
export interface Sided extends Epoch {
  stats: FunctionStats;
  /** Place on the model's axis (`product.ts`): the memory itself on Lambda. */
  memoryMib: Mib;
}

export interface Experiment {
  /** What live traffic runs with now; null: nothing ran. */
  current: Sided | null;
  /** Other sizes with the same architecture and, as far as known, the same code: at most one per size. */
  others: Sided[];
  /** Sizes that a probe ran at. */
  probes: Sided[];
  /** Why something that ran at another size is not compared, and what is assumed of what is; sentences. */
  notes: string[];
}

export function experimentOf({ stats, codes }: Pick<FunctionFacts, "stats" | "codes">, { sizeOf, text }: Product): Experiment {
  const notes: string[] = [];
  const whole = sided(sizeOf);
  const live = stats.filter((one) => !one.probe && !one.emulator && sizeOf(one) !== null).map(whole);
  const current = currentOf(live);
  if (current === null) return { current, others: [], probes: [], notes };
  const comparable = live.filter((one) => {
    if (one.memoryMib === current.memoryMib || one.stats.warm.count < LEAST_WARM) return false;
    const against = differs(one, current, codes);
    if (against !== null) notes.push(`${text(one.memoryMib)} is left out: ${against}.`);
    return against === null;
  });
  const others = [...Map.groupBy(comparable, (one) => one.memoryMib).values()].map((same) => nearestTo(current, same));
  if (others.length > 0 && [current, ...others].some((one) => codesAt(one, codes).length === 0))
    notes.push("Whether the code was the same at all sizes is not known.");
  const sides = others.map((one) => besideChange(one, current));
  const after = others.some((one) => one.to <= current.from + HANDOVER_MS);
  const probes = stats.filter((one) => one.probe && sizeOf(one) !== null && one.warm.count >= LEAST_WARM_PROBE).map(whole);
  const valid = probes.filter((one) => differs(one, current, codes) === null);
  if (valid.length < probes.length) notes.push("A probe is left out: the code was another.");
  return {
    current: after ? { ...current, to: Math.min(current.to, current.from + AROUND_CHANGE_MS) } : current,
    others: sides,
    probes: [...Map.groupBy(valid, (one) => one.memoryMib).values()].map((same) => same.reduce((a, b) => (b.to > a.to ? b : a))),
    notes,
  };
}

function sided(sizeOf: Product["sizeOf"]): (stats: FunctionStats) => Sided {
  return (stats) => {
    const { cloud, account, region, fn, version, architecture, plan, probe, from, to } = stats;
    return { cloud, account, region, fn, version, memoryMib: sizeOf(stats)!, architecture, plan, probe, from, to, stats };
  };
}

/** The latest; of several at the same time (a canary beside the rest) the one with the most runs. */
function currentOf(live: readonly Sided[]): Sided | null {
  const latest = live.reduce<Sided | null>((best, one) => (best === null || one.to > best.to ? one : best), null);
  if (latest === null) return null;
  const running = latest.to - Math.max(HOUR_MS, (latest.to - latest.from) / 20);
  const beside = live.filter((one) => one === latest || (one.to >= running && one.to > latest.from + HANDOVER_MS));
  return beside.reduce((best, one) => (one.stats.invocations > best.stats.invocations ? one : best));
}

/** Why two configurations cannot be compared; null: they can. */
function differs(one: Sided, current: Sided, codes: FunctionFacts["codes"]): string | null {
  if (one.architecture !== null && current.architecture !== null && one.architecture !== current.architecture)
    return `it ran on ${one.architecture}`;
  const [atOnce, atOnceNow] = [one.stats.concurrency ?? null, current.stats.concurrency ?? null];
  if (atOnce !== null && atOnceNow !== null && atOnce !== atOnceNow) return `its concurrency was ${atOnce}`;
  const [then, now] = [codesAt(one, codes), codesAt(current, codes)];
  return then.length > 0 && now.length > 0 && !then.some((hash) => now.includes(hash)) ? "the code was another" : null;
}

/** Code hashes that an epoch is known to have run with; empty: none is known. */
function codesAt(epoch: Sided, codes: FunctionFacts["codes"]): string[] {
  const fits = codes.filter((code) =>
    (epoch.cloud === "gcp" && epoch.version !== null) || isPublished(epoch.version ?? undefined)
      ? code.version === epoch.version
      : !isPublished(code.version ?? undefined) && heldDuring(code.since, code.seenAt, epoch),
  );
  return [...new Set(fits.map((code) => code.codeSha256))];
}

/** Some part of the time between the last write before and the look lies in the epoch. */
function heldDuring(since: EpochMs | null, seenAt: EpochMs | null, epoch: Epoch): boolean {
  const until = seenAt ?? since;
  return until !== null && (since ?? until) <= epoch.to && until >= epoch.from;
}

/** Of epochs with the same size, the one of the current version, else the one nearest in time. */
function nearestTo(current: Sided, same: readonly Sided[]): Sided {
  const distance = (one: Sided): number => (one.version === current.version ? 0 : 1) * 1e15 + Math.abs(centre(one) - centre(current));
  return same.reduce((best, one) => (distance(one) < distance(best) ? one : best));
}

/** The days next to the change; of two that ran at the same time, that time. */
function besideChange(one: Sided, current: Sided): Sided {
  if (one.to <= current.from + HANDOVER_MS) return { ...one, from: Math.max(one.from, one.to - AROUND_CHANGE_MS) };
  const [from, to] = [Math.max(one.from, current.from), Math.min(one.to, current.to)];
  return to - from >= HOUR_MS ? { ...one, from, to } : one;
}

/** Middle of an epoch's time. */
export function centre(epoch: Pick<Epoch, "from" | "to">): EpochMs {
  return (epoch.from + epoch.to) / 2;
}
