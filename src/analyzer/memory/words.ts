/** The sentences that say what holds advice back. */
import type { Mib } from "../../model/units.ts";
import type { Choice } from "./choose.ts";
import type { MemoryNeed } from "./floor.ts";
import type { Measured } from "./observations.ts";
import type { Reach, Tier } from "./tiers.ts";

export interface HeldBack {
  tier: Tier;
  currentMib: Mib;
  measured: readonly Measured[];
  need: MemoryNeed;
  asynchronous: boolean | null;
  reach: Reach | null;
  refusal: string | null;
  choice: Choice | null;
  notes: readonly string[];
}

/** Never empty. */
export function whyNotMore(held: HeldBack): string {
  const { tier, currentMib, need, asynchronous, refusal, choice, notes } = held;
  const parts: string[] = [];
  if (refusal !== null) parts.push(`${refusal[0]!.toUpperCase()}${refusal.slice(1)}.`);
  if (need.floorMib !== null && need.floorMib > currentMib) parts.push(`It needs at least ${need.floorMib} MiB, more than it has.`);
  if (choice?.why === "best") parts.push(`Of the sizes that may be advised, ${currentMib} MiB is the best.`);
  if (choice?.why === "uncertain" && refusal === null)
    parts.push(
      `${choice.memoryMib} MiB would save $${choice.savingUsdPerMonth.p50.toPrecision(2)} per month, less than a change is worth.`,
    );
  if (choice?.why === "slower") parts.push(`${choice.unguardedMib} MiB would be better, but slower than accepted.`);
  else if (choice !== null && choice.unguardedMib !== choice.memoryMib)
    parts.push(`${choice.unguardedMib} MiB would be better still, but slower than accepted.`);
  if (need.floorMib === null) parts.push("Memory in use is not known: nothing smaller is advised.");
  if (choice !== null) parts.push(...reachSentence(held));
  if (asynchronous === null) parts.push("What starts it is not known: somebody is taken to wait for it.");
  if (tier === 0 && choice?.act === true) parts.push("On one size, halving once is all that may be tried.");
  return [...parts, ...notes].join(" ");
}

function reachSentence({ tier, measured, reach }: HeldBack): string[] {
  if (reach === null || tier === 3) return [];
  const sizes = measured.map((one) => one.memoryMib).sort((a, b) => a - b);
  if (tier === 2)
    return [
      `Seen at ${sizes.join(" and ")} MiB: sizes beyond ${Math.round(reach.leastMib)} to ${Math.round(reach.mostMib)} MiB are not advised.`,
    ];
  return tier === 1
    ? [`Seen at one size, with its CPU time: only ${Math.round(reach.leastMib)} to ${Math.round(reach.mostMib)} MiB may be advised.`]
    : [];
}
