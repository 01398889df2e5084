/** How long runs take by how many are in flight on their instance, and what concurrency that speaks for. Cloud Run. Pure. */
import type { InstanceLoad, LoadLevel, Objective } from "../../model/sizing.ts";
import type { Mib, Ms } from "../../model/units.ts";
import { loadOf, shareAt } from "./billed-time.ts";
import { RULE } from "./choose.ts";
import { LEAST_WARM } from "./epochs.ts";
import type { MemoryNeed } from "./floor.ts";
import { normalCdf } from "./mixture.ts";
import { logStandardError } from "./observations.ts";

/** https://cloud.google.com/run/docs/about-concurrency */
const MOST_CONCURRENCY = 1000;
/** Never beyond so many times what was seen: the curve is a line, and queues are none. */
const MOST_RAISE = 2;
/** Cloud Run starts instances when this share of the concurrency is in use, so a limit that works shows levels near it. */
const NEAR_LIMIT = 0.5;
/** The tail may be so much longer at the highest level as at the lowest where concurrency is raised. */
const FLAT_TAIL = 1.25;
/** Runs that take so much longer among many as among few wait for each other. */
const GROWN_MEAN = 1.25;
const GROWN_TAIL = 1.5;
/** Instances of a revision where nothing is set: https://cloud.google.com/run/docs/configuring/max-instances */
export const MOST_INSTANCES = 100;
/** Share of the CPU that may be in use after a raise; Cloud Run starts instances above 60 %. */
const MOST_CPU = 0.8;
/** One-sided 95 %. */
const Z95 = 1.645;

export interface LoadQuestion {
  /** Of the present configuration. */
  loads: readonly InstanceLoad[];
  /** As set now. */
  concurrency: number;
  /** Most instances, as set; null: not known, taken for Cloud Run's own. */
  maxInstances: number | null;
  memoryMib: Mib;
  need: MemoryNeed;
  /** Share of the CPU in use; null: not known. */
  cpuShare: number | null;
  objective: Objective;
}

export interface LoadFinding {
  /** What there should be; null: as it is. */
  concurrency: number | null;
  /** Factors on the mean duration, and on the billed time, which the duration is part of; 1: none. */
  durationFactor: number;
  billedFactor: number;
  /** Probability that it is slower by more than 10 %. */
  slowerProbability: number;
  /** Factor on the runs in an instance at once, and so on what memory they need. */
  crowdFactor: number;
  /** What was seen or what holds it back, as a sentence; null: nothing to say. */
  text: string | null;
  /** Fewer at once would be faster, and dearer: for a person to weigh. null: no. */
  slower: string | null;
}

/** null: too little is known of what runs at once. */
export function concurrencyFor(question: LoadQuestion): LoadFinding | null {
  const { loads, concurrency, objective, maxInstances } = question;
  if (concurrency === 1 || loads.length === 0) return null;
  if (loads.some((one) => one.weight > 1)) return { ...KEPT, text: "Runs are sampled: how their duration depends on others is not known." };
  const groups = grouped(loads.flatMap((one) => one.levels));
  const [low, high] = [groups[0], groups.at(-1)];
  if (low === undefined || high === undefined || low === high) return null;
  const fit = lineThrough(groups);
  const lowered = loweredTo(groups, concurrency);
  if (lowered !== null) {
    const factor = lowered.concurrency / concurrency;
    const durationFactor = low.meanMs / meanOf(groups);
    const billedFactor = billedAgain(loads, factor, durationFactor);
    const affordable = billedFactor <= 1 + (objective.maxCostIncrease ?? 0.2);
    const needed = Math.ceil(Math.max(...loads.map((one) => one.instances)) / factor);
    const enough = needed <= (maxInstances ?? MOST_INSTANCES);
    if (objective.optimize === "speed" && affordable && enough)
      return {
        concurrency: lowered.concurrency,
        durationFactor,
        billedFactor,
        slowerProbability: 0,
        crowdFactor: factor,
        text: `${capital(lowered.text)}.`,
        slower: null,
      };
    return {
      ...KEPT,
      slower: `${lowered.text}; a concurrency of ${lowered.concurrency} would keep them apart, on more instances${enough ? "" : ` (${needed}) than it may have (${maxInstances ?? MOST_INSTANCES})`}`,
    };
  }
  return raised(question, { low, high, ...fit });
}

const KEPT = {
  concurrency: null,
  durationFactor: 1,
  billedFactor: 1,
  slowerProbability: 0,
  crowdFactor: 1,
  text: null,
  slower: null,
} as const;
const capital = (text: string): string => `${text[0]!.toUpperCase()}${text.slice(1)}`;

/** Levels put together until each group has enough runs. */
interface Group {
  level: number;
  count: number;
  meanMs: Ms;
  se: Ms;
  p95Ms: Ms;
}

function grouped(levels: readonly LoadLevel[]): Group[] {
  const groups: LoadLevel[][] = [];
  let open: LoadLevel[] = [];
  for (const level of levels.toSorted((a, b) => a.level - b.level)) {
    const last = open.at(-1);
    const enough = open.reduce((sum, one) => sum + one.count, 0) >= LEAST_WARM;
    if (last !== undefined && last.level !== level.level && enough) {
      groups.push(open);
      open = [];
    }
    open.push(level);
  }
  if (open.reduce((sum, one) => sum + one.count, 0) >= LEAST_WARM) groups.push(open);
  return groups.map((own) => {
    const count = own.reduce((sum, one) => sum + one.count, 0);
    const mean = (of: (one: LoadLevel) => number): number => own.reduce((sum, one) => sum + one.count * of(one), 0) / count;
    const meanMs = mean((one) => one.trimmedMeanMs);
    const sd = Math.sqrt(mean((one) => (one.winsorizedSdMs ?? one.trimmedMeanMs) ** 2));
    return {
      level: mean((one) => one.level),
      count,
      meanMs,
      se: meanMs * logStandardError(count, meanMs, sd),
      p95Ms: mean((one) => one.p95Ms),
    };
  });
}

const meanOf = (groups: readonly Group[]): Ms =>
  groups.reduce((sum, one) => sum + one.count * one.meanMs, 0) / groups.reduce((sum, one) => sum + one.count, 0);

/** Weighted least squares through the groups: duration alone, and what each further run in flight adds, with its standard error. */
export function lineThrough(groups: readonly Pick<Group, "level" | "meanMs" | "se">[]): { aloneMs: Ms; perRunMs: Ms; perRunSe: Ms } {
  const weights = groups.map((one) => 1 / Math.max(one.se, one.meanMs * 1e-3) ** 2);
  const total = weights.reduce((sum, one) => sum + one, 0);
  const mean = (of: (one: (typeof groups)[number]) => number): number =>
    groups.reduce((sum, one, i) => sum + weights[i]! * of(one), 0) / total;
  const [x, y] = [mean((one) => one.level), mean((one) => one.meanMs)];
  const spread = total * mean((one) => (one.level - x) ** 2);
  const perRunMs = (total * mean((one) => (one.level - x) * (one.meanMs - y))) / spread;
  const aloneMs = y + perRunMs * (1 - x);
  const residual = groups.reduce((sum, one, i) => sum + weights[i]! * (one.meanMs - aloneMs - perRunMs * (one.level - 1)) ** 2, 0);
  // groups that lie off the line by more than their errors say so
  const excess = groups.length > 2 ? Math.max(1, residual / (groups.length - 2)) : 1;
  return { aloneMs, perRunMs, perRunSe: Math.sqrt(excess / spread) };
}

/** Runs wait for each other: the highest level at which they hardly do. */
function loweredTo(groups: readonly Group[], concurrency: number): { concurrency: number; text: string } | null {
  const [low, high] = [groups[0]!, groups.at(-1)!];
  const longer = high.meanMs - low.meanMs > 2 * Math.hypot(high.se, low.se);
  if (!longer || (high.meanMs < GROWN_MEAN * low.meanMs && high.p95Ms < GROWN_TAIL * low.p95Ms)) return null;
  const calm = groups.findLast((one) => one.meanMs <= low.meanMs * (1 + RULE.maxSlowdown))!;
  const to = Math.max(1, Math.floor(calm.level));
  if (to >= concurrency || to >= high.level) return null;
  const text = `runs take ${msText(high.meanMs)} with ${Math.round(high.level)} at once on an instance, and ${msText(low.meanMs)} with ${Math.round(low.level)}`;
  return { concurrency: to, text };
}

function raised(
  { loads, concurrency, memoryMib, need, cpuShare, objective }: LoadQuestion,
  { low, high, aloneMs, perRunMs, perRunSe }: { low: Group; high: Group; aloneMs: Ms; perRunMs: Ms; perRunSe: Ms },
): LoadFinding {
  const keep = (text: string | null): LoadFinding => ({ ...KEPT, text });
  const most = Math.max(...loads.flatMap((one) => one.levels.map(({ level }) => level)));
  if (most < NEAR_LIMIT * concurrency)
    return keep(`No more than ${most} of ${concurrency} runs were ever at once on an instance: the limit does not work.`);
  const to = Math.min(MOST_RAISE * concurrency, MOST_RAISE * most, MOST_CONCURRENCY);
  if (to <= concurrency) return keep(null);
  const factor = to / concurrency;
  const level = loads.reduce((sum, one) => sum + one.runs * one.meanLevel, 0) / loads.reduce((sum, one) => sum + one.runs, 0);
  const now = aloneMs + perRunMs * (level - 1);
  const expected = aloneMs + Math.max(perRunMs, 0) * (level * factor - 1);
  const atWorst = aloneMs + Math.max(perRunMs + Z95 * perRunSe, 0) * (level * factor - 1);
  const limit = objective.maxSlowdown ?? RULE.maxSlowdown;
  if (high.p95Ms > FLAT_TAIL * low.p95Ms || atWorst > now * (1 + limit))
    return keep(`A concurrency above ${concurrency} may make runs wait for each other: they take longer the more there are.`);
  if (cpuShare === null) return keep("Its CPU utilisation is not known: no higher concurrency is advised.");
  if (cpuShare * factor > MOST_CPU) return keep(`A higher concurrency would need more CPU than there is: ${percent(cpuShare)} are in use.`);
  if (need.usedMib === null || need.usedMib * factor * (1 + need.headroom) > memoryMib)
    return keep("A higher concurrency may need more memory than there is.");
  const durationFactor = expected / now;
  const billedFactor = billedAgain(loads, factor, durationFactor);
  if (billedFactor > 1 - RULE.minGain) return keep(null);
  return {
    concurrency: to,
    durationFactor,
    billedFactor,
    slowerProbability: 1 - normalCdf((now * (1 + RULE.maxSlowdown) - expected) / Math.max(perRunSe * (level * factor - 1), 1e-9)),
    crowdFactor: factor,
    text: `Runs take as long with ${Math.round(high.level)} at once on an instance as with ${Math.round(low.level)}: twice the concurrency needs fewer instances (nothing is said beyond twice what was seen).`,
    slower: null,
  };
}

/** Factor on the billed time where `factor` times as many runs come to each instance and each takes `durationFactor` times as long. */
export function billedAgain(loads: readonly Shared[], factor: number, durationFactor: number): number {
  return durationFactor * sharedAgain(loads, factor, durationFactor);
}

type Shared = Pick<InstanceLoad, "ranMs" | "busyMs" | "meanInstances" | "runs">;

/**
 * Factor on the share of its own time that a run is billed, where `factor` times as many runs come to each instance: with runs that come
 * independently an instance with an offered load of rho is busy for the share 1 - exp(-rho) of the time (M/G/infinity), so that a run is billed
 * (1 - exp(-rho)) / rho of its own time. No instance can take more than what all take that are busy at once.
 */
function sharedAgain(loads: readonly Shared[], factor: number, durationFactor: number): number {
  const sum = (of: (one: Shared) => number): number => loads.reduce((total, one) => total + of(one), 0);
  const rho = loadOf(Math.min(sum((one) => one.busyMs) / sum((one) => one.ranMs), 1));
  const instances = sum((one) => one.runs * one.meanInstances) / sum((one) => one.runs);
  return shareAt(rho * Math.min(factor, instances) * durationFactor) / shareAt(rho);
}

const msText = (ms: Ms): string => (ms < 9995 ? `${Number(ms.toPrecision(3))} ms` : `${Number((ms / 1000).toPrecision(3))} s`);
const percent = (share: number): string => `${Math.round(share * 100)} %`;
