/** The least memory that a function may be given. Pure. */
import type { FunctionStats } from "../../model/sizing.ts";
import type { Mib } from "../../model/units.ts";
import { LEAST_WARM } from "./epochs.ts";

/** Lambda's least memory size, and the step in which a floor is said. */
const LEAST_MIB: Mib = 128;
const STEP_MIB = 8;
/** After an out-of-memory error: half as much again, in whole steps of 64. */
const OOM_FACTOR = 1.5;
const OOM_STEP_MIB = 64;

/** Share of the size above which the memory in use presses: garbage collectors then run all the time. */
const PRESSED = 0.8;
/** Above this share, durations are longer than the memory alone would have them. */
export const SQUEEZED = 0.9;

/** Runtimes that collect garbage late and take what they are given, by the names of Lambda runtimes. Python and Ruby give memory back soon. */
const MODEST = /^(python|ruby)/;
/** The high-water mark of few environments says little of the next one. */
const FEW_SANDBOXES = 10;

export interface MemoryNeed {
  /** Least memory that may be advised; null: memory used is not known. */
  floorMib: Mib | null;
  /** Highest memory in use in any environment; null: not reported. */
  usedMib: Mib | null;
  /** Share added to it. */
  headroom: number;
  /** Largest size at which memory ran out; null: it never did. */
  exhaustedMib: Mib | null;
  /** Memory in use over memory size, at its highest at the current size; null: not known. */
  pressure: number | null;
}

/** `runtime`: Lambda's name of it (`nodejs22.x`); null: not known, taken for one that collects garbage. */
export function memoryNeed(stats: readonly FunctionStats[], currentMib: Mib | null, runtime: string | null): MemoryNeed {
  const own = stats.filter((one) => !one.emulator && one.memoryMib !== null && one.maxUsedMib !== null);
  const peak = own.reduce<FunctionStats | null>((best, one) => (best === null || one.maxUsedMib! > best.maxUsedMib! ? one : best), null);
  const sandboxes = stats.reduce((sum, one) => sum + (one.emulator ? 0 : one.sandboxes), 0);
  const now = own.filter((one) => one.memoryMib === currentMib).map((one) => one.maxUsedMib! / one.memoryMib!);
  const pressure = now.length === 0 ? null : Math.max(...now);
  const exhausted = stats.filter((one) => ranOut(one)).map((one) => one.memoryMib!);
  const exhaustedMib = exhausted.length === 0 ? null : Math.max(...exhausted);
  if (peak === null) return { floorMib: floorAfter(exhaustedMib, null, stats), usedMib: null, headroom: 0, exhaustedMib, pressure };
  const headroom =
    0.1 +
    (runtime !== null && MODEST.test(runtime) ? 0 : 0.15) +
    (sandboxes < FEW_SANDBOXES ? 0.15 : 0) +
    (peak.maxUsedMib! / peak.memoryMib! >= PRESSED ? 0.1 : 0);
  const floorMib = Math.max(LEAST_MIB, ceilTo(peak.maxUsedMib! * (1 + headroom), STEP_MIB));
  return { floorMib: floorAfter(exhaustedMib, floorMib, stats), usedMib: peak.maxUsedMib, headroom, exhaustedMib, pressure };
}

/** An out-of-memory error, or all of the memory in use, which is one in disguise. */
function ranOut({ emulator, memoryMib, maxUsedMib, ooms }: FunctionStats): boolean {
  return !emulator && memoryMib !== null && (ooms > 0 || (maxUsedMib !== null && maxUsedMib >= memoryMib));
}

/** What was in use when memory ran out is not what was needed. A larger size that has done without is proof enough. */
function floorAfter(exhaustedMib: Mib | null, floorMib: Mib | null, stats: readonly FunctionStats[]): Mib | null {
  if (exhaustedMib === null) return floorMib;
  const larger = stats.filter((one) => one.memoryMib !== null && one.memoryMib > exhaustedMib && one.warm.count >= LEAST_WARM);
  const proven = larger.map((one) => one.memoryMib!);
  return Math.max(floorMib ?? 0, Math.min(ceilTo(OOM_FACTOR * exhaustedMib, OOM_STEP_MIB), ...proven));
}

/** The next multiple of `step`. A billionth is forgiven: 100 x 1.1 is 110.00000000000001. */
function ceilTo(value: number, step: number): number {
  return Math.ceil(value / step - 1e-9) * step;
}
