/**
 * How the duration of a function depends on its memory size, where CPU is given in proportion to memory (AWS Lambda). Pure.
 * `T(m) = S * ((1-phi)^s + (phi/q)^s)^(1/s)`, `q = min((m-d)/(V-d), cap)`: a share of the work that needs the CPU and scales with it, a
 * share that waits, and how far the two overlap. The kernel hands out CPU in periods of 20 ms, which short work climbs like stairs; of three
 * public curves of such work that held for one, and made predictions of the other two worse: it is left out.
 */
import type { Mib } from "../../model/units.ts";

/** Memory at which a function has one vCPU: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html */
export const ONE_VCPU_MIB: Mib = 1769;

/** Least memory that is left for work after the runtime's own share: keeps the curve finite at tiny sizes. */
const LEAST_WORK_MIB: Mib = 16;

/** What makes one function's curve differ from another's, whatever its level. */
export interface CurveShape {
  /** Share of the time at one vCPU that needs the CPU (phi), 0..1. */
  cpuShare: number;
  /** Overlap of computing and waiting (s): 1 one after the other, the higher the more at the same time. */
  overlap: number;
  /** Most vCPUs that the function can use (cap): 1 single-threaded. */
  threads: number;
  /** Memory whose CPU goes to the runtime itself (d). */
  overheadMib: Mib;
}

/** vCPUs that work for the function at a memory size (q), at most what it can use. */
export function vcpus(memoryMib: Mib, shape: Pick<CurveShape, "threads" | "overheadMib">): number {
  const { overheadMib, threads } = shape;
  return Math.min(Math.max(memoryMib - overheadMib, LEAST_WORK_MIB) / (ONE_VCPU_MIB - overheadMib), threads);
}

/** ln of the duration at a memory size, relative to the level S (f): 0 at one vCPU where computing and waiting do not overlap. */
export function logShape(memoryMib: Mib, shape: CurveShape): number {
  const { cpuShare, overlap } = shape;
  const throttled = cpuShare / vcpus(memoryMib, shape);
  if (overlap === 1) return Math.log(1 - cpuShare + throttled);
  return Math.log((1 - cpuShare) ** overlap + throttled ** overlap) / overlap;
}
