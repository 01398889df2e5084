/** Advice beside the memory size. Never applied: each needs a person's look or a test. Pure. */
import type { FunctionStats, SizingAdvice } from "../../model/sizing.ts";
import type { Mib, Ms } from "../../model/units.ts";
import type { Rates } from "../cost/pricing.ts";
import { usdAt } from "./choose.ts";
import { type CostModel, costModel } from "./cost.ts";
import { type MemoryNeed, SQUEEZED } from "./floor.ts";
import type { Volume } from "./volume.ts";

type Further = SizingAdvice["further"];

/** A run longer than this share of the timeout is one bad day from being cut. */
export const TIMEOUT_SHARE = 0.8;
/** A timeout this many times the longest run only makes a hang dearer, from this length on. */
const SLACK = 5;
const LONG_TIMEOUT_S = 30;
/** What a proposed timeout is to the longest run. */
const ROOM = 2;
/** Memory that takes the pressure away. */
const RELIEF = 1.25;
/** Standard error of a mean above which one says little. */
const NOISY_SE = 0.1;

export interface FurtherQuestion {
  stats: FunctionStats;
  /** Size on the axis, and the memory that it is. */
  currentMib: Mib;
  memoryMib: Mib;
  need: MemoryNeed;
  timeoutS: number | null;
  /** Price of the function as it is; null: not known. */
  cost: CostModel | null;
  warmMs: Ms | null;
  volume: Volume;
  rates: Rates;
  logSe: number | null;
  sizesDisagree: boolean;
}

export function furtherAdvice(question: FurtherQuestion): Further {
  return [...memoryAdvice(question), ...timeoutAdvice(question), ...architectureAdvice(question), ...noiseAdvice(question)];
}

function memoryAdvice({ need, memoryMib, stats }: FurtherQuestion): Further {
  const { exhaustedMib, pressure, usedMib, floorMib } = need;
  if (exhaustedMib !== null && exhaustedMib >= memoryMib) {
    const how = stats.ooms > 0 ? `${runsText(stats.ooms)} out of memory` : "all of the memory was in use";
    return [
      {
        kind: "out-of-memory",
        text: `${how} at ${exhaustedMib} MiB; how much is needed is not known: at least ${floorMib} MiB`,
        savingUsdPerMonth: null,
      },
    ];
  }
  if (pressure === null || pressure < SQUEEZED) return [];
  const percent = Math.round(pressure * 100);
  const text = `${percent} % of the memory is in use: durations may be longer for it; ${Math.ceil(usedMib! * RELIEF)} MiB would relieve it`;
  return [{ kind: "memory-pressure", text, savingUsdPerMonth: null }];
}

function timeoutAdvice({ stats, timeoutS, need }: FurtherQuestion): Further {
  const init = stats.cold.meanInitMs ?? 0;
  const longest = stats.durationMs;
  const advice = (text: string): Further => [{ kind: "timeout", text, savingUsdPerMonth: null }];
  if (stats.timeouts > 0) {
    const at = timeoutS === null ? "" : ` at ${timeoutS} s`;
    return advice(`${runsText(stats.timeouts)} cut by the timeout${at}: how long they take is not known, and no smaller size is advised`);
  }
  if (timeoutS === null || longest === null) return [];
  const tailMs = longest.p999 + init;
  const better = Math.ceil((Math.max(longest.max, tailMs) * ROOM) / 1000);
  if (tailMs > TIMEOUT_SHARE * timeoutS * 1000)
    return advice(
      `99.9 % of the runs with their init take up to ${seconds(tailMs)} of ${timeoutS} s: a timeout of ${better} s leaves room`,
    );
  if (timeoutS >= LONG_TIMEOUT_S && timeoutS * 1000 >= SLACK * longest.max && need.exhaustedMib === null)
    return advice(
      `the longest run took ${seconds(longest.max)} of ${timeoutS} s: a timeout of ${Math.max(better, 3)} s would end a hang sooner`,
    );
  return [];
}

const runsText = (count: number): string => (count === 1 ? "1 run was" : `${count} runs were`);

const seconds = (ms: Ms): string => `${(ms / 1000).toFixed(ms < 9950 ? 1 : 0)} s`;

/** The same durations at the price of arm64: whether they are the same, only a test can tell. */
function architectureAdvice({ stats, cost, warmMs, volume, rates, currentMib }: FurtherQuestion): Further {
  if (stats.architecture !== "x86_64" || cost === null || warmMs === null) return [];
  const arm = costModel({ ...stats, architecture: "arm64" }, warmMs, volume, rates);
  if (typeof arm === "string") return [];
  const usd = (model: CostModel): number => usdAt(model.lineAt(currentMib), warmMs);
  const saving = usd(cost) - usd(arm);
  if (saving <= 0) return [];
  const text = `on arm64 it would cost ${Math.round((saving / usd(cost)) * 100)} % less at equal durations; needs a build for it and a test`;
  return [{ kind: "arm64", text, savingUsdPerMonth: saving }];
}

function noiseAdvice({ logSe, sizesDisagree }: FurtherQuestion): Further {
  const advice = (text: string): Further => [{ kind: "noise", text, savingUsdPerMonth: null }];
  if (sizesDisagree) return advice("the sizes that were seen fit no plausible curve together: something else changed between them");
  return logSe !== null && logSe > NOISY_SE
    ? advice(`durations vary so much that their mean is known to ${Math.round(logSe * 100)} % only`)
    : [];
}
