/**
 * What a product lets be chosen, and how much CPU comes with each choice. Pure.
 * The model knows one axis: the memory with which a Lambda function has as much CPU (`curve.ts`, 1769 MiB = one vCPU). What the measurements
 * behind it say of CPU holds elsewhere too: 356 CPU curves of OpenFaaS fit the same family to 3.9 % (median). Each product puts its sizes on it.
 */
import type { FunctionStats, SizedKind } from "../../model/sizing.ts";
import type { Mib, Ms, Vcpu } from "../../model/units.ts";
import { CANDIDATES_MIB } from "./choose.ts";
import { ONE_VCPU_MIB } from "./curve.ts";

/** What is written to get a size. */
export interface Setting {
  memoryMib: Mib;
  /** null: it comes with the memory. */
  vcpu: Vcpu | null;
}

export interface Product {
  kind: SizedKind;
  /** Sizes on the axis that may be advised, before any evidence; ascending. */
  candidatesMib: readonly Mib[];
  /** Any size between the least and the most is legal, not only candidates. */
  continuous: boolean;
  leastMib: Mib;
  mostMib: Mib;
  /** Place on the axis; null: the telemetry does not say the size, or it is none of the product's. */
  sizeOf(stats: Pick<FunctionStats, "memoryMib" | "vcpu">): Mib | null;
  settingAt(sizeMib: Mib): Setting;
  /** Least size on the axis with this memory; null: memory is chosen apart from the axis. */
  sizeWith: ((memoryMib: Mib) => Mib) | null;
  /** `512 MiB`, `2 vCPU`. */
  text(sizeMib: Mib): string;
  /** Versions of it can be probed. */
  probed: boolean;
  /** How a run alone on its instance is rounded; null: to the next millisecond. */
  rounding: { leastMs: Ms; stepMs: Ms } | null;
}

/** AWS Lambda: any whole MiB between the limits. */
export function lambda({ leastMib, mostMib }: { leastMib: Mib; mostMib: Mib }): Product {
  return {
    kind: "lambda.function",
    candidatesMib: CANDIDATES_MIB,
    continuous: true,
    leastMib,
    mostMib,
    sizeOf: (stats) => stats.memoryMib,
    settingAt: (memoryMib) => ({ memoryMib, vcpu: null }),
    sizeWith: (memoryMib) => memoryMib,
    text: (size) => `${size} MiB`,
    probed: true,
    rounding: null,
  };
}

/**
 * Azure Flex Consumption: three instance sizes, CPU in proportion to memory, taken as one vCPU at 2048 MiB:
 * https://learn.microsoft.com/azure/azure-functions/flex-consumption-plan#instance-sizes. A run is billed 1 s at least, in steps of 100 ms:
 * https://learn.microsoft.com/azure/azure-functions/flex-consumption-plan#billing
 */
const FLEX_MIB: readonly Mib[] = [512, 2048, 4096];
const FLEX_ONE_VCPU_MIB: Mib = 2048;

/** `crowd`: runs at once on an instance, among which its CPU is divided. */
export function flex(crowd: number): Product {
  const sizeOf = (memoryMib: Mib): Mib => (memoryMib * ONE_VCPU_MIB) / FLEX_ONE_VCPU_MIB / crowd;
  const settingAt = (size: Mib): Setting => ({ memoryMib: Math.round((size * crowd * FLEX_ONE_VCPU_MIB) / ONE_VCPU_MIB), vcpu: null });
  return {
    ...discrete(FLEX_MIB.map(sizeOf)),
    kind: "azure.function-app",
    sizeOf: ({ memoryMib }) => (memoryMib !== null && FLEX_MIB.includes(memoryMib) ? sizeOf(memoryMib) : null),
    settingAt,
    sizeWith: sizeOf,
    text: (size) => `${settingAt(size).memoryMib} MiB`,
    rounding: { leastMs: 1000, stepMs: 100 },
  };
}

/** 1st gen functions: memory and the CPU that comes with it. https://cloud.google.com/functions/docs/configuring/memory (8192 MiB has the CPU of 4096) */
const GEN1: readonly (readonly [Mib, Vcpu])[] = [
  [128, 0.083],
  [256, 0.167],
  [512, 0.333],
  [1024, 0.583],
  [2048, 1],
  [4096, 2],
];
const HUNDREDS = { leastMs: 100, stepMs: 100 };

export function gen1(): Product {
  const at = (vcpu: Vcpu): Mib => vcpu * ONE_VCPU_MIB;
  const settingAt = (size: Mib): Setting => ({
    memoryMib: (GEN1.find(([, vcpu]) => at(vcpu) >= size * 0.999) ?? GEN1.at(-1)!)[0],
    vcpu: null,
  });
  return {
    ...discrete(GEN1.map(([, vcpu]) => at(vcpu))),
    kind: "cloudfunctions.gen1",
    sizeOf: ({ memoryMib }) => {
      const tier = GEN1.find(([tierMib]) => tierMib === memoryMib);
      return tier === undefined ? null : at(tier[1]);
    },
    settingAt,
    sizeWith: (memoryMib) => at((GEN1.find(([tierMib]) => tierMib >= memoryMib) ?? GEN1.at(-1)!)[1]),
    text: (size) => `${settingAt(size).memoryMib} MiB`,
    rounding: HUNDREDS,
  };
}

/** Cloud Run: CPU apart from memory, and what memory goes with it. https://cloud.google.com/run/docs/configuring/services/cpu */
const RUN_VCPU: readonly Vcpu[] = [0.25, 0.5, 1, 2, 4, 6, 8];

/** Least memory of the second generation execution environment: https://cloud.google.com/run/docs/configuring/services/memory-limits */
const SECOND_GENERATION_MIB: Mib = 512;

/** What decides which memory goes with a CPU. */
export interface RunPlace {
  /** As it is now. */
  memoryMib: Mib;
  /** Generation of the execution environment as set; null: left to Cloud Run. */
  environment: number | null;
}

/**
 * Memory that may be advised with this CPU: the table of https://cloud.google.com/run/docs/configuring/services/cpu. Where Cloud Run may choose
 * the execution environment, what has 512 MiB or more keeps that much: with less it would run in the first one, with another sandbox.
 */
export function runMemory(vcpu: Vcpu, { memoryMib, environment }: RunPlace): { leastMib: Mib; mostMib: Mib } {
  const isSecond = environment === 2 || (environment === null && memoryMib >= SECOND_GENERATION_MIB);
  const leastMib = isSecond ? SECOND_GENERATION_MIB : LEAST_RUN_MIB;
  if (vcpu < 0.5) return { leastMib: LEAST_RUN_MIB, mostMib: 512 };
  if (vcpu < 1) return { leastMib: LEAST_RUN_MIB, mostMib: 1024 };
  if (vcpu < 2) return { leastMib, mostMib: 4096 };
  if (vcpu < 4) return { leastMib, mostMib: 8192 };
  if (vcpu < 6) return { leastMib: 2048, mostMib: 16_384 };
  return { leastMib: 4096, mostMib: vcpu < 8 ? 24_576 : 32_768 };
}

const LEAST_RUN_MIB: Mib = 128;

export interface RunFacts extends RunPlace {
  kind: "run.service" | "cloudfunctions.v2";
  /** Least memory that may be given; null: not known, no less than there is. */
  floorMib: Mib | null;
  /** Most runs at once in an instance, as set. */
  concurrency: number | null;
  /** Runs at once on an instance, as measured. */
  crowd: number;
  /** Some of its time ran with less than one vCPU. */
  seenBelowOne: boolean;
}

/**
 * Less than one vCPU goes with one run at a time (and the first generation execution environment) only, and is not advised where it was never
 * seen: its CPU comes in turns of 100 ms, which short work does not wait for as the curve says.
 */
export function cloudRun({ kind, memoryMib, environment, floorMib, concurrency, crowd, seenBelowOne }: RunFacts): Product {
  const memoryWith = (vcpu: Vcpu): Mib => {
    const { leastMib, mostMib } = runMemory(vcpu, { memoryMib, environment });
    return Math.min(Math.max(memoryMib, leastMib), mostMib);
  };
  const fits = (vcpu: Vcpu): boolean =>
    (vcpu >= 1 || (concurrency === 1 && seenBelowOne && environment !== 2)) && memoryWith(vcpu) >= (floorMib ?? memoryMib);
  const at = (vcpu: Vcpu): Mib => (vcpu * ONE_VCPU_MIB) / crowd;
  const vcpuAt = (size: Mib): Vcpu => Number(((size * crowd) / ONE_VCPU_MIB).toFixed(6));
  return {
    ...discrete(RUN_VCPU.filter(fits).map(at)),
    kind,
    sizeOf: ({ vcpu = null }) => (vcpu === null ? null : at(vcpu)),
    settingAt: (size) => ({ memoryMib: memoryWith(vcpuAt(size)), vcpu: vcpuAt(size) }),
    sizeWith: null,
    text: (size) => `${vcpuAt(size)} vCPU`,
    rounding: HUNDREDS,
  };
}

function discrete(candidatesMib: readonly Mib[]): Pick<Product, "candidatesMib" | "continuous" | "leastMib" | "mostMib" | "probed"> {
  return { candidatesMib, continuous: false, leastMib: candidatesMib[0] ?? Infinity, mostMib: candidatesMib.at(-1) ?? 0, probed: false };
}
