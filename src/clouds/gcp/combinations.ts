/** Which settings of a Cloud Run service, or of a 2nd gen function on it, go together. */
import type { Mib, Vcpu } from "../../model/units.ts";

export interface RunSettings {
  /** null: not set, or not known: nothing is refused for it. */
  memoryMib: Mib | null;
  vcpu: Vcpu | null;
  concurrency: number | null;
  minInstances: number | null;
  maxInstances: number | null;
  /** `run-request`, `run-instance`; null: not known. */
  plan: string | null;
  /** true: the 2nd generation execution environment; null: left to Cloud Run. */
  secondGeneration: boolean | null;
}

const MEMORY = "https://cloud.google.com/run/docs/configuring/services/memory-limits";
const CPU = "https://cloud.google.com/run/docs/configuring/services/cpu";
const CONCURRENCY = "https://cloud.google.com/run/docs/configuring/concurrency";
const MIN_INSTANCES = "https://cloud.google.com/run/docs/configuring/min-instances";
const GIB = 1024;

/** Least and most memory that goes with whole CPUs. */
const MEMORY_OF_CPU: { readonly [vcpu: number]: readonly [Mib, Mib] } = {
  1: [128, 4 * GIB],
  2: [128, 8 * GIB],
  4: [2 * GIB, 16 * GIB],
  6: [4 * GIB, 24 * GIB],
  8: [4 * GIB, 32 * GIB],
};

/** Why Cloud Run would refuse these settings together, with the page that says so; null: nothing is known against them. */
export function illegalTogether(settings: RunSettings): string | null {
  const { memoryMib, vcpu, concurrency, minInstances, maxInstances, plan, secondGeneration } = settings;
  if (concurrency !== null && (concurrency < 1 || concurrency > 1000 || !Number.isInteger(concurrency)))
    return `concurrency is 1 to 1000 (${CONCURRENCY})`;
  if (minInstances !== null && maxInstances !== null && minInstances > maxInstances)
    return `at least ${minInstances} instances are more than at most ${maxInstances} (${MIN_INSTANCES})`;
  if (vcpu !== null) {
    const why = illegalCpu(vcpu, concurrency, plan, secondGeneration);
    if (why !== null) return `${why} (${CPU})`;
  }
  if (memoryMib === null) return null;
  const least = plan === "run-instance" || secondGeneration === true ? 512 : 128;
  const [from, to] = vcpu === null ? [least, 32 * GIB] : memoryOf(vcpu);
  if (memoryMib >= Math.max(from, least) && memoryMib <= to) return null;
  return `memory with ${vcpu ?? "any"} vCPU is ${Math.max(from, least)} to ${to} MiB (${MEMORY})`;
}

function illegalCpu(vcpu: Vcpu, concurrency: number | null, plan: string | null, secondGeneration: boolean | null): string | null {
  if (vcpu >= 1) return Object.hasOwn(MEMORY_OF_CPU, vcpu) ? null : "vCPU is 0.08 to 1, 2, 4, 6 or 8";
  if (vcpu < 0.08) return "vCPU is 0.08 to 1, 2, 4, 6 or 8";
  if (concurrency !== 1) return "less than 1 vCPU needs concurrency 1";
  if (plan === "run-instance") return "less than 1 vCPU needs request-based billing";
  if (secondGeneration === true) return "less than 1 vCPU needs the first generation execution environment";
  return null;
}

/** Less than half a CPU goes with up to 512 MiB, less than one with up to 1 GiB. */
function memoryOf(vcpu: Vcpu): readonly [Mib, Mib] {
  if (vcpu < 0.5) return [128, 512];
  return vcpu < 1 ? [128, GIB] : (MEMORY_OF_CPU[vcpu] ?? [128, 32 * GIB]);
}
