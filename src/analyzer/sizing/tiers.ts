/** What may be said on what evidence. Pure. */
import type { Interval } from "../../model/plan.ts";
import type { Confidence } from "../../model/sizing.ts";
import type { Mib } from "../../model/units.ts";
import { PINNED } from "./cpu.ts";
import { ONE_VCPU_MIB } from "./curve.ts";
import type { Measured } from "./observations.ts";

export type Tier = 0 | 1 | 2 | 3;

/** Two sizes say something of a curve from this ratio on, three from this one. */
const TWO_SIZES_RATIO = 1.9;
const THREE_SIZES_RATIO = 8;
/** CPU time is believed from this size on: below, waiting hides behind throttling. */
export const LEAST_FOR_CPU_MIB: Mib = 512;

/** `knowsCpu`: CPU time is known, or bounded by traces. null: not one size has enough runs. */
export function tierOf(measured: readonly Measured[], knowsCpu: boolean): Tier | null {
  if (measured.length === 0) return null;
  const sizes = measured.map((one) => one.memoryMib);
  const ratio = Math.max(...sizes) / Math.min(...sizes);
  if (measured.filter((one) => one.probe).length >= 3) return 3;
  if (sizes.length >= 3 && ratio >= THREE_SIZES_RATIO) return 3;
  if (sizes.length >= 2 && ratio >= TWO_SIZES_RATIO) return 2;
  return knowsCpu ? 1 : 0;
}

/** Sizes that may be advised, both ends included; null: none. */
export interface Reach {
  leastMib: Mib;
  mostMib: Mib;
}

export interface ReachQuestion {
  tier: Tier;
  currentMib: Mib;
  measured: readonly Measured[];
  /** CPU time over what the current size gives; null: not known. */
  utilisation: number | null;
  /** Traces say it, as the most that it can be: enough to advise less memory, not more. */
  utilisationIsBound: boolean;
  asynchronous: boolean | null;
  /** Timeout over the longest run seen; null: not known. */
  timeoutSlack: number | null;
  /** Only some sizes are legal. Left out: any whole MiB is. */
  discrete?: boolean;
}

/** A batch function may be halved on no more than this slack of its timeout. */
const LEAST_SLACK = 3;

/** How far from what was measured advice may go. */
export function reachOf({
  tier,
  currentMib,
  measured,
  utilisation,
  utilisationIsBound,
  asynchronous,
  timeoutSlack,
  discrete = false,
}: ReachQuestion): Reach | null {
  const sizes = measured.map((one) => one.memoryMib);
  switch (tier) {
    case 0: {
      const half = discrete ? currentMib / 2 : Math.ceil(currentMib / 2);
      const may = asynchronous === true && timeoutSlack !== null && timeoutSlack >= LEAST_SLACK && sizes.includes(currentMib);
      return may ? { leastMib: half, mostMib: half } : null;
    }
    case 1:
      return currentMib >= LEAST_FOR_CPU_MIB && utilisation !== null && utilisation < PINNED && sizes.includes(currentMib)
        ? { leastMib: currentMib / 4, mostMib: utilisationIsBound ? currentMib : ONE_VCPU_MIB }
        : null;
    case 2:
      return { leastMib: Math.min(...sizes) / 2, mostMib: Math.max(...sizes) * 2 };
    case 3:
      return { leastMib: 0, mostMib: Infinity };
  }
}

/** An interval within this share of its middle is narrow. */
const NARROW = 0.2;

/** How sure advice is. `measured`: the size it names was seen running. */
export function confidenceOf(tier: Tier, pick: Interval & { measured: boolean }): Confidence {
  const narrow = pick.p90 <= pick.p50 * (1 + NARROW) && pick.p10 >= pick.p50 * (1 - NARROW);
  const high = (tier === 2 && pick.measured) || (tier === 3 && narrow);
  return tier === 0 ? "low" : high ? "high" : "medium";
}

/** Sizes beside one vCPU, for a probe. */
const SMALL_PROBE_MIB: Mib = 256;
const MIDDLE_PROBE_MIB: Mib = 512;
const LARGE_PROBE_MIB: Mib = 2048;
const THREADS_PROBE_MIB: Mib = 3008;
/** From this size on the partner of a size is a smaller one. */
const PARTNER_FROM_MIB: Mib = 768;

export interface ProbeQuestion {
  measured: readonly Measured[];
  currentMib: Mib;
  floorMib: Mib;
  mostMib: Mib;
  /** More than one thread is likely. */
  multiThreaded: boolean;
}

/** Sizes so near each other that a probe learns nothing from both. */
const NEAR_RATIO = 1.2;
const isNear = (a: Mib, b: Mib): boolean => Math.abs(Math.log(a / b)) < Math.log(NEAR_RATIO);

/**
 * What settles whether `doubtfulMib` is fast enough: itself and the current size with the same payloads, and a third one, which makes the
 * probe an experiment of its own.
 */
export function settlingPlan(doubtfulMib: Mib, question: Omit<ProbeQuestion, "measured">): Mib[] {
  const pair = [doubtfulMib, question.currentMib];
  const others = probePlan({ ...question, measured: [] }).filter((size) => !pair.some((one) => isNear(one, size)));
  return [...pair, ...others].slice(0, 3);
}

/** Three sizes that span what is allowed, without those that are known; with one size known, its best partner first. */
export function probePlan({ measured, currentMib, floorMib, mostMib, multiThreaded }: ProbeQuestion): Mib[] {
  const least = Math.min(floorMib, mostMib);
  const wide = multiThreaded ? THREADS_PROBE_MIB : LARGE_PROBE_MIB;
  const most = Math.min(mostMib, least * 4 <= wide ? wide : least * 8);
  const middle = least * 2 <= MIDDLE_PROBE_MIB && MIDDLE_PROBE_MIB * 2 <= most ? MIDDLE_PROBE_MIB : roundTo64(Math.sqrt(least * most));
  const partner = currentMib <= PARTNER_FROM_MIB ? most : Math.max(least, SMALL_PROBE_MIB);
  const known = new Set(measured.map((one) => one.memoryMib));
  const wanted = measured.length === 1 ? [partner, least, middle, most] : [least, middle, most];
  const near = (size: Mib): boolean => [...known].some((other) => isNear(other, size));
  return [...new Set(wanted)].filter((size) => !near(size)).slice(0, Math.max(1, 3 - known.size));
}

function roundTo64(size: Mib): Mib {
  return Math.round(size / 64) * 64;
}
