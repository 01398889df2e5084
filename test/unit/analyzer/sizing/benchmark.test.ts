/** The benchmark's gates on what takes no minute: three sizes of every clean function, with its family left out of the prior. */
import { describe, expect, it } from "vitest";
import { acts } from "../../../../bench/rightsizing/acts.ts";
import { BASELINES } from "../../../../bench/rightsizing/baselines.ts";
import { controls, flatCurves } from "../../../../bench/rightsizing/controls.ts";
import { benchmarkSet, CLEAN, openFaas, readCurves } from "../../../../bench/rightsizing/dataset.ts";
import { fitPrior } from "../../../../bench/rightsizing/fit.ts";
import { ladders } from "../../../../bench/rightsizing/ladders.ts";
import { mean } from "../../../../bench/rightsizing/metrics.ts";
import { leaveGroupOut, shippedModel } from "../../../../bench/rightsizing/models.ts";
import { onCandidates, shown } from "../../../../bench/rightsizing/regimes.ts";
import { coverage, evscope, type Fit, type Score, scored } from "../../../../bench/rightsizing/score.ts";
import { posterior } from "../../../../src/analyzer/sizing/posterior.ts";
import { Prior } from "../../../../src/analyzer/sizing/prior.ts";
import { shared } from "../../../support/shared.ts";

const path = shared("rightsizing/curves.csv");

describe.skipIf(path === null)("sizing benchmark", () => {
  const clean = path === null ? [] : benchmarkSet(readCurves(path).curves.values()).filter(({ roughness }) => roughness <= CLEAN);
  const decisions = clean.map(onCandidates);
  const model = leaveGroupOut(clean);
  const three = (fit: Fit): Score[] => scored(decisions, (curve) => shown(curve, "3 sizes"), fit);
  const error = (scores: readonly Score[]): number => mean(scores.map(({ mape }) => mape));

  it("sizes of Azure Flex and Cloud Run on CPU curves that no prior knows: no harm, and what is promised is saved", () => {
    const elsewhere = openFaas(readCurves(path!).curves.values()).filter((_, i) => i % 12 === 0);
    for (const { curves, waits, asynchronous } of ladders(elsewhere, shippedModel)) {
      expect(curves).toBeGreaterThan(20);
      expect(Math.max(waits.harm, asynchronous.harm)).toBeLessThanOrEqual(0.02);
      expect(waits.changes).toBeGreaterThan(5);
      for (const { realised, predicted } of [waits, asynchronous]) {
        expect(realised! / predicted!).toBeGreaterThan(0.9);
        expect(realised! / predicted!).toBeLessThan(1.1);
      }
    }
  }, 30_000);

  it("reads the functions of the page: six families, one of them the two runs of an S3 benchmark", () => {
    expect(clean.length).toBe(52);
    expect(new Set(clean.map(({ group }) => group)).size).toBe(6);
  });

  it("predicts and picks from three sizes within the gates, and better than a line in 1/m", () => {
    const found = three(evscope(model));
    expect(error(found)).toBeLessThanOrEqual(0.09);
    expect(mean(found.map(({ picks }) => picks["0.75"].exact))).toBeGreaterThanOrEqual(0.85);
    expect(mean(found.map(({ picks }) => picks["0.75"].regret))).toBeLessThanOrEqual(0.025);
    expect(mean(found.map(({ picks }) => picks["1"].regret))).toBeLessThanOrEqual(0.035);
    expect(error(found)).toBeLessThan(error(three((_, points) => BASELINES["a+b/m"]!.fit(points))));
  });

  it("covers with its 80 % interval, and harms no one who waits", () => {
    const covered = coverage(decisions, "3 sizes", model, 0.8);
    expect(covered).toBeGreaterThanOrEqual(0.75);
    expect(covered).toBeLessThanOrEqual(0.9);
    const found = acts(decisions, (curve) => shown(curve, "3 sizes"), model, { tier: 3, asynchronous: false });
    expect(found.changes).toBeGreaterThan(20);
    expect(found.harm).toBeLessThanOrEqual(0.02);
    expect(found.realised! / found.predicted!).toBeGreaterThan(0.9);
    expect(found.realised! / found.predicted!).toBeLessThan(1.1);
  });

  it("changes nothing on one size where someone waits", () => {
    const found = acts(decisions.slice(0, 8), (curve) => shown(curve, "1 size"), model, { tier: 0, asynchronous: false });
    expect(found.changes).toBe(0);
  });

  it("advises no memory for speed to functions that have none to gain", () => {
    const made = flatCurves([]);
    const found = controls(made, model);
    expect(found.cases).toBeGreaterThan(900);
    expect(found.speedUps).toBe(0);
    expect(found.coverage).toBeGreaterThan(0.75);
  });

  it("refits a prior that predicts as the shipped one does: 3 % in all but a few", () => {
    const refitted = new Prior(fitPrior(clean));
    const ratios = clean.flatMap((curve) => {
      const points = shown(curve, "3 sizes")[0]!.map(({ memoryMib, durationMs }) => ({ memoryMib, durationMs, logSe: 0 }));
      const [ours, theirs] = [posterior(points, { cpuMs: null, prior: refitted }), posterior(points, { cpuMs: null })];
      return onCandidates(curve).points.map(({ memoryMib }) => Math.abs(Math.log(ours.meanMs(memoryMib) / theirs.meanMs(memoryMib))));
    });
    ratios.sort((a, b) => a - b);
    expect(ratios.length).toBeGreaterThan(400);
    expect(ratios[Math.floor(ratios.length * 0.9)]).toBeLessThan(0.03);
  });
});
