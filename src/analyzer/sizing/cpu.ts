/** What CPU time says of a function at the size it was measured at, and how long it can take at others at all. Pure. */
import type { Mib, Ms } from "../../model/units.ts";
import { ONE_VCPU_MIB } from "./curve.ts";

/** Above this share of the CPU that its size gives, a function does nothing but wait for it. */
export const PINNED = 0.9;

/** Error of the bounds: they hold 95 % of the time with it. */
export const SLACK = 1.15;
/** Memory whose CPU goes to the runtime, in the bound downwards. */
const OVERHEAD_MIB = 45;

/** CPU time over the CPU that the size gives, for one thread; above 1: more than one thread. */
export function utilisation(cpuMs: Ms, durationMs: Ms, memoryMib: Mib): number {
  return cpuMs / (durationMs * Math.min(memoryMib / ONE_VCPU_MIB, 1));
}

/** Memory whose CPU goes to the function itself. */
export function workMib(memoryMib: Mib): Mib {
  return Math.max(memoryMib - OVERHEAD_MIB, 16);
}

/** Longest and shortest mean duration that is possible at a size. */
export interface Bounds {
  leastMs: Ms;
  mostMs: Ms;
}

/** Without CPU time: between "the CPU changes nothing" and "the CPU is everything", with a margin. */
export function boundsWithoutCpu(measured: { memoryMib: Mib; durationMs: Ms }, memoryMib: Mib): Bounds {
  const ratio = measured.memoryMib / memoryMib;
  return { leastMs: (measured.durationMs * Math.min(1, ratio)) / SLACK, mostMs: measured.durationMs * Math.max(1, ratio) * SLACK };
}

/**
 * With CPU time C: upwards no less than what C takes on one thread, downwards no more than as if waiting and computing never overlapped,
 * `T0 + C * (1/q - 1/q0)`. Never wider than without.
 */
export function boundsWithCpu(measured: { memoryMib: Mib; durationMs: Ms }, cpuMs: Ms, memoryMib: Mib): Bounds {
  const plain = boundsWithoutCpu(measured, memoryMib);
  const share = (size: Mib): number => Math.min(workMib(size) / workMib(ONE_VCPU_MIB), 1);
  if (memoryMib >= measured.memoryMib) {
    // one thread: several could be faster than the CPU time itself, so then nothing is gained by it
    const least = cpuMs > measured.durationMs ? 0 : (cpuMs * Math.max(1, ONE_VCPU_MIB / memoryMib)) / SLACK;
    return { leastMs: Math.max(plain.leastMs, Math.min(least, measured.durationMs / SLACK)), mostMs: plain.mostMs };
  }
  const most = (measured.durationMs + cpuMs * (1 / share(memoryMib) - 1 / share(measured.memoryMib))) * SLACK;
  return { leastMs: plain.leastMs, mostMs: Math.min(plain.mostMs, Math.max(most, measured.durationMs)) };
}
