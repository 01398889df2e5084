/** The sentences that say what holds advice back. */
import type { Mib, Ms } from "../../model/units.ts";
import { type Choice, type Doubtful, RULE } from "./choose.ts";
import type { Bounds } from "./cpu.ts";
import type { MemoryNeed } from "./floor.ts";
import type { Product } from "./product.ts";
import type { Measured } from "./observations.ts";
import type { Waiting } from "./posterior.ts";
import type { Reach, Tier } from "./tiers.ts";

export interface HeldBack {
  tier: Tier;
  product: Product;
  currentMib: Mib;
  floorSizeMib: Mib | null;
  measured: readonly Measured[];
  /** Traces say how long it waits at least; null: they do not, or CPU time says more. */
  waiting: Waiting | null;
  need: MemoryNeed;
  asynchronous: boolean | null;
  reach: Reach | null;
  refusal: string | null;
  choice: Choice | null;
  notes: readonly string[];
  /** What is possible at sizes where nothing more is known. */
  bounds: readonly (Bounds & { memoryMib: Mib })[];
}

/** Never empty. */
export function whyNotMore(held: HeldBack): string {
  const { tier, product, currentMib, floorSizeMib, need, asynchronous, refusal, choice, notes } = held;
  const { text } = product;
  const parts: string[] = [];
  if (refusal !== null) parts.push(`${refusal[0]!.toUpperCase()}${refusal.slice(1)}.`);
  const short = floorSizeMib !== null && floorSizeMib > currentMib;
  if (short) parts.push(shortage(held));
  if (choice?.why === "best")
    parts.push(
      short ? "No larger size pays for itself by being faster." : `${text(currentMib)} is the best of the sizes that may be advised.`,
    );
  if (choice?.why === "uncertain" && refusal === null) parts.push(tooLittle(choice, product));
  if (choice !== null && choice.doubtful !== null) parts.push(doubt(choice.doubtful, product));
  else if (choice?.why === "slower") parts.push(`${text(choice.unguardedMib)} would be better, but slower than accepted.`);
  else if (choice !== null && choice.unguardedMib !== choice.memoryMib)
    parts.push(`${text(choice.unguardedMib)} would be better still, but slower than accepted.`);
  if (need.floorMib === null && product.sizeWith !== null) parts.push("Memory in use is not known: nothing smaller is advised.");
  if (choice !== null) parts.push(...reachSentence(held));
  else parts.push(...boundsSentence(held));
  if (asynchronous === null) parts.push("What starts it is not known: somebody is taken to wait for it.");
  if (choice?.act === true && choice.slowerProbability > 0.5 && asynchronous === true)
    parts.push("It becomes slower, which is accepted since nobody waits for it (--max-slowdown).");
  if (tier === 0 && choice?.act === true) parts.push("On one size, halving once is all that may be tried.");
  return [...parts, ...notes].join(" ");
}

/** More memory is needed than there is: known for certain, or to be safe. */
function shortage({ need: { exhaustedMib, floorMib }, product, currentMib }: HeldBack): string {
  return exhaustedMib !== null && exhaustedMib >= product.settingAt(currentMib).memoryMib
    ? `Memory ran out: it needs at least ${floorMib} MiB, whatever that costs.`
    : `Memory in use and room for more come to ${floorMib} MiB, more than it has.`;
}

/** `1769 MiB would be about 38 % cheaper and no slower than now, but may be too slow`, and what would settle it. */
function doubt({ memoryMib, costChange, durationChange, slowdownLimit, slowerProbability }: Doubtful, { text, probed }: Product): string {
  const gains = [changeWords(costChange, "cheaper", "dearer"), changeWords(durationChange, "faster", "slower")].filter((one) => one !== "");
  const risk = `more than ${percent(slowdownLimit)} slower with a probability of ${Math.ceil(slowerProbability * 100)} %`;
  const held = `${text(memoryMib)} would be about ${gains.join(" and ")} than now, but ${risk} (accepted: ${percent(RULE.maxSlowerProbability)}).`;
  return probed ? `${held} A probe at ${text(memoryMib)} would settle it.` : held;
}

function changeWords(share: number, less: string, more: string): string {
  const size = Math.round(Math.abs(share) * 100);
  if (size === 0) return more === "slower" ? "no slower" : "";
  return `${size} % ${share < 0 ? less : more}`;
}

const percent = (share: number): string => `${Number((share * 100).toPrecision(3))} %`;

function tooLittle({ memoryMib, savingUsdPerMonth: { p50 } }: Choice, { text }: Product): string {
  return p50 > 0
    ? `${text(memoryMib)} would save about $${p50.toPrecision(2)} per month, less than a change is worth.`
    : `${text(memoryMib)} would be about as good, not worth a change.`;
}

function boundsSentence({ bounds, product }: HeldBack): string[] {
  const ranges = bounds.map(
    ({ memoryMib, leastMs, mostMs }) => `at ${product.text(memoryMib)} from ${msText(leastMs)} to ${msText(mostMs)}`,
  );
  return ranges.length === 0 ? [] : [`All that is certain: it would take ${ranges.join(", ")}.`];
}

const msText = (ms: Ms): string => (ms < 9995 ? `${Number(ms.toPrecision(3))} ms` : `${Number((ms / 1000).toPrecision(3))} s`);

function reachSentence({ tier, product, measured, waiting, reach }: HeldBack): string[] {
  if (reach === null || tier === 3) return [];
  if (tier === 1 && waiting !== null)
    return [
      `Seen at one size, with its calls to others in traces: only less ${product.sizeWith === null ? "CPU" : "memory"} that is right even if all other time is computing.`,
    ];
  const sizes = measured.map((one) => one.memoryMib).sort((a, b) => a - b);
  if (tier === 2)
    return [
      product.continuous
        ? `Seen at ${sizes.join(" and ")} MiB: sizes beyond ${Math.round(reach.leastMib)} to ${Math.round(reach.mostMib)} MiB are not advised.`
        : `Seen at ${sizes.map(product.text).join(" and ")}: sizes beyond half the least and twice the most are not advised.`,
    ];
  return tier === 1
    ? [`Seen at one size, with its CPU time: only ${Math.round(reach.leastMib)} to ${Math.round(reach.mostMib)} MiB may be advised.`]
    : [];
}
