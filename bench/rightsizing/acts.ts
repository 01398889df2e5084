/** Would acting on it have helped? The product's own rule (choose.ts, tiers.ts) on curves whose truth is known. */
import { choose, type CostLine, usdAt } from "../../src/analyzer/sizing/choose.ts";
import { isRightAtWorst } from "../../src/analyzer/sizing/downstream.ts";
import { type Reach, reachOf, type Tier } from "../../src/analyzer/sizing/tiers.ts";
import type { Curve, Point } from "./dataset.ts";
import { mean } from "./metrics.ts";
import type { Model } from "./models.ts";
import type { Cases } from "./score.ts";

export interface Acts {
  /** Share of the cases in which the size is changed. */
  actRate: number;
  /** Share of the changes that cost over 2 % more, or where someone waits take over 15 % longer. */
  harm: number;
  /** Cost saved by a change, share: mean, and what was predicted. null: no change. */
  realised: number | null;
  predicted: number | null;
  /** Share of changes to a size that was not shown. */
  unseen: number;
  changes: number;
}

interface Act {
  realised: number;
  predicted: number;
  harmful: boolean;
  unseen: boolean;
}

export interface Used {
  utilisation: number;
  waitingMs: number | null;
}

export interface Mode {
  tier: Tier;
  asynchronous: boolean;
  refuse?: boolean;
  /** What a run costs at a size, given how long it takes now; left out: as on Lambda. */
  priced?: (current: Point) => (size: number) => CostLine;
  /** CPU time over what the size gives; from traces it is the most that it can be, `waitingMs` the least that is waited (null: not known). */
  used?: (curve: Curve, current: Point) => Used | null;
}

/** `refuse` false: advises whatever the tier says of latency, to see what refusing avoids. */
export function acts(curves: readonly Curve[], cases: Cases, model: Model, mode: Mode): Acts {
  const perFunction = curves.map((curve) => {
    const found = cases(curve).flatMap((shown) => shown.map((current) => actOn(curve, shown, current, model, mode)));
    return { share: mean(found.map((act) => Number(act !== null))), acts: found.filter((act) => act !== null), cases: found.length };
  });
  // a function counts once, however many cases it has
  const weighted = (value: (act: Act) => number): number =>
    perFunction.reduce((sum, one) => sum + one.acts.reduce((total, act) => total + value(act), 0) / one.cases, 0);
  const weight = weighted(() => 1);
  return {
    actRate: mean(perFunction.map(({ share }) => share)),
    harm: weight === 0 ? 0 : weighted((act) => Number(act.harmful)) / weight,
    realised: weight === 0 ? null : weighted((act) => act.realised) / weight,
    predicted: weight === 0 ? null : weighted((act) => act.predicted) / weight,
    unseen: weight === 0 ? 0 : weighted((act) => Number(act.unseen)) / weight,
    changes: perFunction.reduce((sum, one) => sum + one.acts.length, 0),
  };
}

function actOn(curve: Curve, shown: readonly Point[], current: Point, model: Model, mode: Mode): Act | null {
  const { asynchronous, refuse = true } = mode;
  const cpu = mode.used?.(curve, current) ?? null;
  const reach = refuse ? permitted(mode, cpu, current, shown) : { leastMib: 0, mostMib: Infinity };
  if (reach === null) return null;
  const of = model(curve, shown);
  if (of.sizesDisagree) return null;
  const costAt = mode.priced?.(current) ?? ((size: number): CostLine => ({ fixedUsdPerMonth: size / 2, usdPerMonthPerMs: size }));
  const objective = { optimize: "cost", maxSlowdown: null, minSavingUsdPerMonth: 0 } as const;
  const rightAtWorst = (size: number): boolean =>
    cpu === null || cpu.waitingMs === null || isRightAtWorst(current, cpu.waitingMs, size, { objective, asynchronous, costAt });
  const choice = choose(of, {
    currentMib: current.memoryMib,
    candidatesMib: curve.points
      .map(({ memoryMib }) => memoryMib)
      .filter((size) => size >= reach.leastMib && size <= reach.mostMib && rightAtWorst(size)),
    costAt,
    objective,
    asynchronous,
  });
  if (!choice.act) return null;
  const chosen = curve.points.find(({ memoryMib }) => memoryMib === choice.memoryMib)!;
  const cost = (size: number, durationMs: number): number =>
    mode.priced === undefined ? size * (durationMs + 0.5) : usdAt(costAt(size), durationMs);
  const before = cost(current.memoryMib, current.durationMs);
  const realised = 1 - cost(chosen.memoryMib, chosen.durationMs) / before;
  return {
    realised,
    predicted: 1 - cost(chosen.memoryMib, of.meanMs(chosen.memoryMib)) / before,
    harmful: realised < -0.02 || (!asynchronous && chosen.durationMs > 1.15 * current.durationMs),
    unseen: !shown.includes(chosen),
  };
}

function permitted({ tier, asynchronous }: Mode, cpu: Used | null, current: Point, shown: readonly Point[]): Reach | null {
  const measured = shown.map(({ memoryMib, durationMs }) => ({
    memoryMib,
    durationMs,
    logSe: 0,
    probe: false,
    warm: 100,
    matchedHours: null,
  }));
  const asked = { currentMib: current.memoryMib, measured, asynchronous, timeoutSlack: 3 };
  const fromTraces = cpu !== null && cpu.waitingMs !== null;
  // one size of which nothing is known is tier 0
  const own = tier === 1 && cpu === null ? 0 : tier;
  return reachOf({ ...asked, tier: own, utilisation: cpu?.utilisation ?? null, utilisationIsBound: fromTraces });
}
