/**
 * What traces say of a function at the size it was measured at: how long it waits for others at least, and so how much of its time more or
 * less CPU can change at most. Pure.
 *
 * The rest of the time (self time) bounds CPU time from above and is never taken for it: a function also waits for what no span shows. Nor is
 * it a bound where computing and waiting overlap. So traces enter from one side only: a curve must wait at least as long as was seen.
 */
import type { DownstreamTime } from "../../model/sizing.ts";
import type { Mib, Ms } from "../../model/units.ts";
import { type ChooseOptions, RULE, slowdownLimit, usdAt } from "./choose.ts";
import { type Bounds, boundsWithoutCpu, SLACK, workMib } from "./cpu.ts";
import { LEAST_WARM } from "./epochs.ts";
import type { Measured } from "./observations.ts";
import { MODEL, type Waiting } from "./posterior.ts";
import { LEAST_FOR_CPU_MIB } from "./tiers.ts";

/** Share of the time in calls that may be computing: requests are written and answers read within a call's span. */
const COMPUTING_SD = 0.15;

/** Traced runs at a memory size; those without a size count where the function ran with one size only. null: none. */
export function tracedAt(traced: readonly DownstreamTime[], memoryMib: Mib, onlySize: boolean): DownstreamTime | null {
  return traced.find((one) => one.memoryMib === memoryMib) ?? (onlySize ? traced.find((one) => one.memoryMib === null) : null) ?? null;
}

/**
 * Waiting in a mean run at the current size: the share of the traced runs, as long as the mean over all runs. null: nothing that a
 * curve could be held against: too few traced runs, no call but bulk transfers, or less than 512 MiB, where a call takes longer because its own
 * computing waits for the CPU.
 */
export function waitingOf(traced: DownstreamTime | null, here: Pick<Measured, "memoryMib" | "durationMs"> | null): Waiting | null {
  if (traced === null || here === null || traced.runs < LEAST_WARM || here.memoryMib < LEAST_FOR_CPU_MIB) return null;
  if (traced.waitingMs <= 0 || traced.waitingShareSe === null) return null;
  const leastMs = (traced.waitingMs / traced.runMs) * here.durationMs;
  return { leastMs, sdMs: Math.hypot(COMPUTING_SD * leastMs, traced.waitingShareSe * here.durationMs, MODEL.modelSd * here.durationMs) };
}

/**
 * Bounds of the mean duration at a size: what was waited for stays, the rest changes with the CPU at most as if it were all computing.
 * Bulk transfers are part of the rest: theirs falls with the size by a power between 0 and 1 of the CPU, so both ends count them wholly.
 */
export function boundsWithWaiting(measured: { memoryMib: Mib; durationMs: Ms }, waitingMs: Ms, memoryMib: Mib): Bounds {
  const plain = boundsWithoutCpu(measured, memoryMib);
  const self = measured.durationMs - waitingMs;
  const least = (waitingMs + self * Math.min(1, measured.memoryMib / memoryMib)) / SLACK;
  const most = (waitingMs + self * Math.max(1, workMib(measured.memoryMib) / workMib(memoryMib))) * SLACK;
  return { leastMs: Math.max(plain.leastMs, least), mostMs: Math.min(plain.mostMs, most) };
}

/**
 * Whether a change to a smaller size is right even if all the rest of the time is computing, on any number of threads: no slower than
 * accepted and worth a change. Traces alone license only that. The current size always is.
 */
export function isRightAtWorst(
  measured: { memoryMib: Mib; durationMs: Ms },
  waitingMs: Ms,
  memoryMib: Mib,
  options: Pick<ChooseOptions, "objective" | "asynchronous" | "costAt">,
): boolean {
  if (memoryMib === measured.memoryMib) return true;
  const worstMs = waitingMs + (measured.durationMs - waitingMs) * (workMib(measured.memoryMib) / workMib(memoryMib));
  const usd = (size: Mib, durationMs: Ms): number => usdAt(options.costAt(size), durationMs);
  const cheaper = usd(memoryMib, worstMs) <= usd(measured.memoryMib, measured.durationMs) * (1 - RULE.minGain);
  return cheaper && worstMs <= measured.durationMs * (1 + slowdownLimit(options));
}
