/** All figures that gates are about. */
import { type Acts, acts } from "./acts.ts";
import { type ControlScore, controls, flatCurves } from "./controls.ts";
import type { Curve } from "./dataset.ts";
import { mean } from "./metrics.ts";
import { fitOfTheWhole, leaveGroupOut } from "./models.ts";
import { independentNoise, type NoisyScore, withSpread } from "./noise.ts";
import { onCandidates, type Regime, REGIMES, shown, sizelessGrid } from "./regimes.ts";
import { type VetoScore, vetoes } from "./vetoes.ts";
import { coverage, evscope, type Score, scored } from "./score.ts";

export interface Figures {
  /** evscope's scores of clean functions: errors at every measured size, picks among those that evscope may choose. */
  clean: Record<Regime, Score[]>;
  /** Picks among every measured size with three shown: evscope's, and those of the best curve through all points. */
  everySize: { evscope: Score[]; ceiling: Score[] };
  sizeless: Score[];
  coverage: { regime: Regime; at80: number; at90: number }[];
  acts: Record<string, Acts>;
  controls: ControlScore;
  vetoes: VetoScore;
  independent: NoisyScore;
  /** Error with one, two and three sizes over all functions, noisy ones too. */
  noisy: number[];
}

export async function measure(all: readonly Curve[], clean: readonly Curve[]): Promise<Figures> {
  const model = leaveGroupOut(clean);
  const fit = evscope(model);
  const decisions = clean.map(onCandidates);
  const both = (regime: Regime): Score[] => {
    const errors = new Map(scored(clean, (curve) => shown(curve, regime), fit).map((score) => [score.curve, score.mape]));
    return scored(decisions, (curve) => shown(curve, regime), fit).map((score) => ({
      ...score,
      mape: errors.get(clean[decisions.indexOf(score.curve)]!) ?? score.mape,
    }));
  };
  const act = (regime: Regime, mode: Parameters<typeof acts>[3]): Acts => acts(decisions, (curve) => shown(curve, regime), model, mode);
  return {
    clean: Object.fromEntries(REGIMES.map((regime) => [regime, both(regime)])) as Record<Regime, Score[]>,
    everySize: {
      evscope: scored(clean, (curve) => shown(curve, "3 sizes"), fit),
      ceiling: scored(clean, () => [[]], fitOfTheWhole),
    },
    sizeless: scored(
      clean.map(sizelessGrid).filter((curve) => curve !== null),
      (curve) => [curve.points.filter(({ memoryMib }) => [256, 1024, 3008].includes(memoryMib))],
      fit,
    ),
    coverage: REGIMES.map((regime) => ({
      regime,
      at80: coverage(decisions, regime, model, 0.8),
      at90: coverage(decisions, regime, model, 0.9),
    })),
    acts: {
      "1 size, someone waits": act("1 size", { tier: 0, asynchronous: false }),
      "1 size, someone waits, not refused": act("1 size", { tier: 0, asynchronous: false, refuse: false }),
      "1 size, nobody waits": act("1 size", { tier: 0, asynchronous: true }),
      "2 sizes, someone waits": act("2 sizes", { tier: 2, asynchronous: false }),
      "2 sizes, nobody waits": act("2 sizes", { tier: 2, asynchronous: true }),
      "3 sizes, someone waits": act("3 sizes", { tier: 3, asynchronous: false }),
      "3 sizes, nobody waits": act("3 sizes", { tier: 3, asynchronous: true }),
    },
    controls: controls(flatCurves(decisions), model),
    vetoes: await vetoes(decisions),
    independent: independentNoise(withSpread(decisions), model),
    noisy: (["1 size", "2 sizes", "3 sizes"] as const).map((regime) =>
      mean(scored(all.map(onCandidates), (curve) => shown(curve, regime), fit).map(({ mape }) => mape)),
    ),
  };
}
