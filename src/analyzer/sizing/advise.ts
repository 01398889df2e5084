/** What is known of one function -> what may be said about its size, along the axis of its product. Pure. */
import type { EpochHour, FunctionStats, SizingAdvice } from "../../model/sizing.ts";
import type { Mib, Ms } from "../../model/units.ts";
import { blank } from "./blank.ts";
import { type Choice, type ChooseOptions, choose, RULE } from "./choose.ts";
import { costModel, widened } from "./cost.ts";
import { type Bounds, PINNED, utilisation } from "./cpu.ts";
import { isRightAtWorst, tracedAt, waitingOf } from "./downstream.ts";
import { type Experiment, experimentOf, LEAST_WARM, type Sided } from "./epochs.ts";
import { type FunctionFacts, isPublished, numberSetting, textSetting } from "./facts.ts";
import { type MemoryNeed, memoryNeed } from "./floor.ts";
import { furtherAdvice } from "./further.ts";
import { type Measured, observationsOf } from "./observations.ts";
import { posterior, type Waiting } from "./posterior.ts";
import type { Product } from "./product.ts";
import { productOf, type Sized } from "./product-of.ts";
import { refusalFor } from "./refusals.ts";
import { confidenceOf, probePlan, reachOf, settlingPlan, tierOf } from "./tiers.ts";
import { monthlyVolume } from "./volume.ts";
import {
  type AdviceContext,
  affordable,
  boundsAt,
  durationAt,
  hasInstances,
  isLegal,
  predict,
  sizesOf,
  type Subject,
  survives,
  timeoutSlack,
} from "./subject.ts";
import { whyNotMore } from "./words.ts";

type Hours = (epoch: Sided) => readonly EpochHour[];

/** A function with what can be said before its curve. */
export interface Prepared {
  facts: FunctionFacts;
  need: MemoryNeed;
  /** null: no product whose sizes are known. */
  sized: Sized | null;
  experiment: Experiment;
}

export function prepared(facts: FunctionFacts, { memory }: Pick<AdviceContext, "memory">): Prepared {
  const { config, stats } = facts;
  const need = memoryNeed(stats, currentMemory(facts), textSetting(config, "runtime"));
  const sized = productOf(facts, need, memory);
  return { facts, need, sized, experiment: sized === null ? NO_EXPERIMENT : experimentOf(facts, sized.product) };
}

const NO_EXPERIMENT: Experiment = { current: null, others: [], probes: [], notes: [] };

/** What is said along the product's axis. `hours`: see `observationsOf`. */
export interface Said {
  /** With sizes on the axis. */
  advice: SizingAdvice;
  /** null: refused before there was a curve. */
  subject: Subject | null;
}

export function advise({ facts, need, sized, experiment }: Prepared, hours: Hours, context: AdviceContext): Said {
  const { stats } = facts;
  const product = sized?.product ?? null;
  const { currentMib, note } = currentSize(facts, experiment, product);
  const runs = stats.reduce((sum, one) => sum + (one.probe ? 0 : one.invocations), 0);
  const volume = monthlyVolume(runs, context.window, facts.daily);
  const cpuMs = facts.cpu?.meanMs ?? null;
  const observed = observationsOf(experiment, hours, product?.text ?? String);
  const here = observed.measured.find((one) => one.memoryMib === currentMib) ?? null;
  const traced = currentMib === null ? null : tracedAt(facts.downstream, currentMib, observed.measured.length === 1);
  // CPU time itself says more than a bound of it
  const waiting = cpuMs === null ? waitingOf(traced, here) : null;
  const used = here === null ? null : usedOf(here, cpuMs, waiting);
  const tier = tierOf(observed.measured, cpuMs !== null || (waiting !== null && used !== null && used < PINNED));
  const now = { memoryMib: currentMib ?? (product === null ? currentMemory(facts) : null), vcpu: null };
  const base = { ...blank(facts, product, now, need, cpuMs), tier };
  base.evidence.downstreamMs = traced?.downstreamMs ?? null;
  base.evidence.selfMs = traced === null ? null : traced.runMs - traced.downstreamMs;
  base.evidence.tracedRuns = traced?.runs ?? null;
  base.evidence.invocationsPerMonth = runs === 0 ? null : volume.perMonth;
  base.evidence.sizesMib = observed.measured.map((one) => one.memoryMib).sort((a, b) => a - b);
  const refusal = refusalFor(facts);
  if (refusal !== null) return { advice: { ...base, tier: null, refusal, whyNotMore: sentence(refusal) }, subject: null };
  const { current } = experiment;
  if (sized === null || product === null || tier === null || current === null || currentMib === null) {
    const why = runs === 0 ? "it did not run in this time" : tooFew(facts, product);
    return { advice: { ...base, refusal: why, whyNotMore: sentence(why) }, subject: null };
  }
  const curve = posterior(observed.measured, { cpuMs, waiting });
  const parts = facts.parts.filter((one) => !one.probe && product.sizeOf(one) === current.memoryMib && one.invocations > 0);
  const subject: Subject = {
    facts,
    product,
    experiment,
    current,
    currentMib,
    measured: observed.measured,
    here,
    tier,
    cpuMs,
    waiting,
    curve,
    need,
    floorSizeMib: need.floorMib === null || product.sizeWith === null ? null : product.sizeWith(need.floorMib),
    volume,
    used,
    cost: costModel(current.stats, curve.meanMs(current.memoryMib), volume, context.rates, { ...product, parts, share: sized.share }),
    timeoutS: numberSetting(facts.config, "timeoutS"),
    notes: [...(note === null ? [] : [note]), ...experiment.notes, ...observed.notes, ...(volume.note === null ? [] : [volume.note])],
  };
  return { advice: complete(base, subject, sized.refusal, context), subject };
}

/** Elsewhere than on AWS runs do not say their size: enough of them may be known, and none with a size. */
function tooFew({ cloud, stats }: FunctionFacts, product: Product | null): string {
  const unsized = stats.filter((one) => !one.probe && product !== null && product.sizeOf(one) === null);
  return cloud !== "aws" && unsized.some((one) => one.warm.count >= LEAST_WARM)
    ? "what size it had when it ran is not known: no description of that time, or of the revision that ran, is in the dataset"
    : `fewer than ${LEAST_WARM} warm runs without error: too few to know how long it takes`;
}

/** With the posterior at hand: predictions, choice, refusal or proposal. */
function complete(base: SizingAdvice, subject: Subject, axisRefusal: string | null, context: AdviceContext): SizingAdvice {
  const { facts, product, curve, tier, currentMib, need, cost, measured, current } = subject;
  const model = typeof cost === "string" ? null : cost;
  const reach = curve.sizesDisagree
    ? null
    : reachOf({
        ...subject,
        utilisation: subject.used,
        utilisationIsBound: subject.waiting !== null,
        asynchronous: facts.asynchronous,
        timeoutSlack: timeoutSlack(subject),
        discrete: !product.continuous,
      });
  const sizes = sizesOf(subject, tier === 0 ? reach : null);
  const predicted = sizes.map((size) =>
    predict(subject, model, size, tier >= 2 || (tier === 1 && reach !== null && subject.waiting === null)),
  );
  const further = furtherAdvice({
    stats: current.stats,
    currentMib,
    memoryMib: product.settingAt(currentMib).memoryMib,
    need,
    timeoutS: subject.timeoutS,
    cost: model,
    volume: subject.volume,
    rates: context.rates,
    warmMs: curve.meanMs(currentMib),
    logSe: subject.here?.logSe ?? null,
    sizesDisagree: curve.sizesDisagree,
  });
  const advice: SizingAdvice = { ...base, predicted, further };
  advice.evidence.effectiveSampleSize = curve.effectiveSampleSize;
  advice.evidence.coldShare = model?.coldShare ?? null;
  const floorMib = subject.floorSizeMib ?? currentMib;
  const probing = { currentMib, floorMib, mostMib: product.mostMib, multiThreaded: curve.multiThreadedShare > 0.5 };
  if (tier < 3 && product.probed) {
    const wanted = probePlan({ ...probing, measured });
    advice.probeMib = wanted.length === 0 ? null : wanted;
  }
  const refused = (refusal: string, choice: Choice | null = null): SizingAdvice => ({
    ...advice,
    refusal,
    whyNotMore: whyNotMore({
      ...subject,
      refusal,
      choice,
      reach,
      asynchronous: facts.asynchronous,
      bounds: nearBounds(subject),
    }),
  });
  if (typeof cost === "string") return refused(cost);
  if (axisRefusal !== null) return refused(axisRefusal);
  if (curve.sizesDisagree) return refused("the sizes that were seen fit no plausible curve together: noise, drift, or other work");
  if (reach === null) return refused(outOfReach(subject));
  const rule: Omit<ChooseOptions, "currentMib" | "candidatesMib"> = {
    objective: context.objective,
    asynchronous: facts.asynchronous === true,
    costAt: (size) => cost.lineAt(size),
  };
  const candidatesMib = sizes.filter(
    (size) =>
      isLegal(subject, size) &&
      size >= reach.leastMib &&
      size <= reach.mostMib &&
      survives(subject, size) &&
      hasInstances(subject, size) &&
      affordable(subject, cost, size, context) &&
      (tier !== 1 || subject.waiting === null || isRightAtWorst(subject.here!, subject.waiting.leastMs, size, rule)),
  );
  const choice = choose(curve, { ...rule, currentMib, candidatesMib });
  if (choice.doubtful !== null && product.probed) advice.probeMib = settlingPlan(choice.doubtful.memoryMib, probing);
  const words = whyNotMore({ ...subject, refusal: null, choice, reach, asynchronous: facts.asynchronous, bounds: [] });
  if (isInDoubt(choice, context)) return refused(inDoubt(choice, product), choice);
  const proposed = choice.act ? choice.memoryMib : null;
  const pick = durationAt(subject, proposed ?? currentMib);
  return {
    ...advice,
    proposedMib: proposed,
    confidence: confidenceOf(tier, { ...pick, measured: measured.some((one) => one.memoryMib === (proposed ?? currentMib)) }),
    savingUsdPerMonth: proposed === null ? null : widened(choice.savingUsdPerMonth, cost.relativeSd * choice.savingUsdPerMonth.p50),
    probabilitySlower: proposed === null ? null : choice.slowerProbability,
    whyNotMore: words,
  };
}

/** What is possible at half and at twice the memory, where nothing more can be said. */
function nearBounds(subject: Subject): (Bounds & { memoryMib: Mib })[] {
  if (subject.tier >= 2) return [];
  const near = nearSizes(subject.product, subject.currentMib).filter((size) => isLegal(subject, size));
  return near.flatMap((memoryMib) => {
    const bounds = boundsAt(subject, memoryMib);
    return bounds === null ? [] : [{ memoryMib, ...bounds }];
  });
}

/** Half and twice the size, or the next ones where there are only some. */
function nearSizes({ continuous, candidatesMib }: Product, size: Mib): Mib[] {
  if (continuous) return [Math.ceil(size / 2), size * 2];
  return [candidatesMib.findLast((one) => one < size), candidatesMib.find((one) => one > size)].filter((one) => one !== undefined);
}

/** CPU time over what the size gives; from traces: the most that it can be. null: not known. */
function usedOf(here: Measured, cpuMs: Ms | null, waiting: Waiting | null): number | null {
  if (cpuMs !== null) return utilisation(cpuMs, here.durationMs, here.memoryMib);
  return waiting === null ? null : 1 - waiting.leastMs / here.durationMs;
}

const sentence = (text: string): string => `${text[0]!.toUpperCase()}${text.slice(1)}.`;

/** A change is likely to be worth it, but not likely enough. Where it would save next to nothing, there is nothing to doubt. */
function isInDoubt({ why, gainProbability, savingUsdPerMonth }: Choice, { objective }: AdviceContext): boolean {
  const isSmall = objective.optimize === "cost" && savingUsdPerMonth.p50 < objective.minSavingUsdPerMonth;
  return why === "uncertain" && !isSmall && gainProbability >= 0.5;
}

function inDoubt({ memoryMib, gainProbability }: Choice, { text }: Product): string {
  return `not sure enough of ${text(memoryMib)}: that it gains enough is ${Math.round(gainProbability * 100)} % probable, and must be ${RULE.minGainProbability * 100} %`;
}

function outOfReach({ tier, product, currentMib, here, used, facts, timeoutS }: Subject): string {
  if (here === null) return `too few warm runs at the current ${product.text(currentMib)}: nothing can be held against it`;
  if (tier === 1)
    return currentMib < 512
      ? "one memory size only, and below 512 MiB CPU time does not say how long it would take with more"
      : `it uses ${Math.round((used ?? 0) * 100)} % of the CPU of its size: one size does not say how it would run at another`;
  const axis = product.sizeWith === null ? "CPU" : "memory";
  const only = `one ${axis} size only`;
  if (facts.asynchronous !== true) return `${only}: without another one or CPU time, how its duration depends on ${axis} cannot be known`;
  return timeoutS === null
    ? `${only}; its timeout is not known, so that not even half the ${axis} can be advised`
    : `${only}, and too little time before the timeout to halve the ${axis}`;
}

/** What live traffic runs with, on the axis; the configuration's size where it was changed since. */
function currentSize(
  { config }: FunctionFacts,
  { current }: Experiment,
  product: Product | null,
): { currentMib: Mib | null; note: string | null } {
  const set = { memoryMib: numberSetting(config, "memoryMib"), vcpu: numberSetting(config, "vcpu") };
  const configured = product?.sizeOf(set) ?? null;
  if (product === null || current === null) return { currentMib: configured, note: null };
  const changed =
    configured !== null &&
    configured !== current.memoryMib &&
    (config!.observedAt ?? 0) >= current.to &&
    !isPublished(current.version ?? undefined);
  if (!changed) return { currentMib: current.memoryMib, note: null };
  const what = product.sizeWith === null ? "CPU" : "memory";
  const note = `Its ${what} was changed to ${product.text(configured)} since its last run at ${product.text(current.memoryMib)}.`;
  return { currentMib: configured, note };
}

/** Memory that it has now; null: not known. */
function currentMemory({ config, stats }: FunctionFacts): Mib | null {
  const live = stats.filter((one) => !one.probe);
  const last = live.reduce<FunctionStats | null>((best, one) => (best === null || one.to > best.to ? one : best), null);
  return numberSetting(config, "memoryMib") ?? last?.memoryMib ?? null;
}
