/** Through the door of the memory room, from a dataset's figures to advice: what must keep it from proposing a size. */
import type { FunctionStats } from "../../src/model/sizing.ts";
import { adviceOn, DAY, START, statsOf } from "../../test/support/function-stats.ts";
import type { Curve, Point } from "./dataset.ts";
import { shown } from "./regimes.ts";

export interface VetoScore {
  functions: number;
  /** Functions with a proposal when nothing is wrong. */
  proposals: number;
  /** Proposals below one and a half times the size at which memory ran out. */
  afterOutOfMemory: number;
  /** Proposals of less memory where runs were cut by the timeout. */
  afterTimeout: number;
  /** Proposals on one size where someone may wait. */
  onOneSize: number;
}

/** Each function ran at three sizes in turn, at last at the largest. */
export async function vetoes(curves: readonly Curve[]): Promise<VetoScore> {
  const score = { functions: curves.length, proposals: 0, afterOutOfMemory: 0, afterTimeout: 0, onOneSize: 0 };
  for (const curve of curves) {
    const three = shown(curve, "3 sizes")[0]!;
    const current = three.at(-1)!.memoryMib;
    const proposed = async (points: readonly Point[], trouble: Partial<FunctionStats> = {}): Promise<number | null> =>
      (await adviceOn(points.map((point, i) => epoch(point, i, i === points.length - 1 ? trouble : {})))).proposedMib;
    if ((await proposed(three)) !== null) score.proposals++;
    const exhausted = await proposed(three, { ooms: 1, maxUsedMib: current });
    if (exhausted !== null && exhausted < 1.5 * current) score.afterOutOfMemory++;
    const cut = await proposed(three, { timeouts: 1 });
    if (cut !== null && cut < current) score.afterTimeout++;
    if ((await proposed(three.slice(-1))) !== null) score.onOneSize++;
  }
  return score;
}

const DAYS = 10;

function epoch({ memoryMib, durationMs }: Point, i: number, trouble: Partial<FunctionStats>): FunctionStats {
  const from = START + i * DAYS * DAY;
  return statsOf({ memoryMib, meanMs: durationMs, from, to: from + DAYS * DAY, ...trouble });
}
