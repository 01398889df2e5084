/** What is known of one function -> what may be said about its memory. Pure. */
import type { EpochHour, SizingAdvice } from "../../model/sizing.ts";
import type { Mib, Ms } from "../../model/units.ts";
import { type Choice, type ChooseOptions, choose, RULE } from "./choose.ts";
import { costModel, widened } from "./cost.ts";
import { type Bounds, PINNED, utilisation } from "./cpu.ts";
import { isRightAtWorst, tracedAt, waitingOf } from "./downstream.ts";
import { type Experiment, LEAST_WARM, type Sided } from "./epochs.ts";
import { type FunctionFacts, isPublished, numberSetting, textSetting } from "./facts.ts";
import { type MemoryNeed, memoryNeed } from "./floor.ts";
import { furtherAdvice } from "./further.ts";
import { type Measured, observationsOf } from "./observations.ts";
import { posterior, type Waiting } from "./posterior.ts";
import { refusalFor } from "./refusals.ts";
import { confidenceOf, probePlan, reachOf, settlingPlan, tierOf } from "./tiers.ts";
import { monthlyVolume } from "./volume.ts";
import {
  type AdviceContext,
  affordable,
  boundsAt,
  durationAt,
  isLegal,
  predict,
  sizesOf,
  type Subject,
  survives,
  timeoutSlack,
} from "./subject.ts";
import { whyNotMore } from "./words.ts";

/** `hours`: see `observationsOf`. */
export function advise(
  facts: FunctionFacts,
  experiment: Experiment,
  hours: (epoch: Sided) => readonly EpochHour[],
  context: AdviceContext,
): SizingAdvice {
  const { config, stats } = facts;
  const { currentMib, note } = currentSize(facts, experiment);
  const need = memoryNeed(stats, currentMib, textSetting(config, "runtime"));
  const runs = stats.reduce((sum, one) => sum + (one.probe ? 0 : one.invocations), 0);
  const volume = monthlyVolume(runs, context.window, facts.daily);
  const cpuMs = facts.cpu?.meanMs ?? null;
  const observed = observationsOf(experiment, hours);
  const here = observed.measured.find((one) => one.memoryMib === currentMib) ?? null;
  const traced = currentMib === null ? null : tracedAt(facts.downstream, currentMib, observed.measured.length === 1);
  // CPU time itself says more than a bound of it
  const waiting = cpuMs === null ? waitingOf(traced, here) : null;
  const used = here === null ? null : usedOf(here, cpuMs, waiting);
  const tier = tierOf(observed.measured, cpuMs !== null || (waiting !== null && used !== null && used < PINNED));
  const base = { ...blank(facts, currentMib, need, cpuMs), tier };
  base.evidence.downstreamMs = traced?.downstreamMs ?? null;
  base.evidence.selfMs = traced === null ? null : traced.runMs - traced.downstreamMs;
  base.evidence.tracedRuns = traced?.runs ?? null;
  base.evidence.invocationsPerMonth = runs === 0 ? null : volume.perMonth;
  base.evidence.sizesMib = observed.measured.map((one) => one.memoryMib).sort((a, b) => a - b);
  const refusal = refusalFor(facts);
  if (refusal !== null) return { ...base, tier: null, refusal, whyNotMore: sentence(refusal) };
  const { current } = experiment;
  if (tier === null || current === null || currentMib === null) {
    const why =
      runs === 0 ? "it did not run in this time" : `fewer than ${LEAST_WARM} warm runs without error: too few to know how long it takes`;
    return { ...base, refusal: why, whyNotMore: sentence(why) };
  }
  const curve = posterior(observed.measured, { cpuMs, waiting });
  const subject: Subject = {
    facts,
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
    volume,
    used,
    cost: costModel(current.stats, curve.meanMs(current.memoryMib), volume, context.rates),
    timeoutS: numberSetting(config, "timeoutS"),
    notes: [...(note === null ? [] : [note]), ...experiment.notes, ...observed.notes, ...(volume.note === null ? [] : [volume.note])],
  };
  return complete(base, subject, context);
}

/** With the posterior at hand: predictions, choice, refusal or proposal. */
function complete(base: SizingAdvice, subject: Subject, context: AdviceContext): SizingAdvice {
  const { facts, curve, tier, currentMib, need, cost, measured, current } = subject;
  const model = typeof cost === "string" ? null : cost;
  const reach = curve.sizesDisagree
    ? null
    : reachOf({
        ...subject,
        utilisation: subject.used,
        utilisationIsBound: subject.waiting !== null,
        asynchronous: facts.asynchronous,
        timeoutSlack: timeoutSlack(subject),
      });
  const sizes = sizesOf(subject, context, tier === 0 ? reach : null);
  const predicted = sizes.map((size) =>
    predict(subject, model, size, tier >= 2 || (tier === 1 && reach !== null && subject.waiting === null)),
  );
  const further = furtherAdvice({
    stats: current.stats,
    currentMib,
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
  const floorMib = need.floorMib ?? currentMib;
  const probing = { currentMib, floorMib, mostMib: context.memory.mostMib, multiThreaded: curve.multiThreadedShare > 0.5 };
  if (tier < 3) {
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
      bounds: nearBounds(subject, context),
    }),
  });
  if (typeof cost === "string") return refused(cost);
  if (curve.sizesDisagree) return refused("the sizes that were seen fit no plausible curve together: noise, drift, or other work");
  if (reach === null) return refused(outOfReach(subject));
  const rule: Omit<ChooseOptions, "currentMib" | "candidatesMib"> = {
    objective: context.objective,
    asynchronous: facts.asynchronous === true,
    costAt: (size) => cost.lineAt(size),
  };
  const candidatesMib = sizes.filter(
    (size) =>
      isLegal(subject, size, context) &&
      size >= reach.leastMib &&
      size <= reach.mostMib &&
      survives(subject, size) &&
      affordable(subject, cost, size, context) &&
      (tier !== 1 || subject.waiting === null || isRightAtWorst(subject.here!, subject.waiting.leastMs, size, rule)),
  );
  const choice = choose(curve, { ...rule, currentMib, candidatesMib });
  if (choice.doubtful !== null) advice.probeMib = settlingPlan(choice.doubtful.memoryMib, probing);
  const words = whyNotMore({ ...subject, refusal: null, choice, reach, asynchronous: facts.asynchronous, bounds: [] });
  if (isInDoubt(choice, context)) return refused(inDoubt(choice), choice);
  const proposed = choice.act ? choice.memoryMib : null;
  const pick = durationAt(subject, proposed ?? currentMib);
  return {
    ...advice,
    proposedMib: proposed,
    change: proposed === null ? null : { before: { memoryMib: currentMib }, after: { memoryMib: proposed } },
    confidence: confidenceOf(tier, { ...pick, measured: measured.some((one) => one.memoryMib === (proposed ?? currentMib)) }),
    savingUsdPerMonth: proposed === null ? null : widened(choice.savingUsdPerMonth, cost.relativeSd * choice.savingUsdPerMonth.p50),
    probabilitySlower: proposed === null ? null : choice.slowerProbability,
    whyNotMore: words,
  };
}

/** What is possible at half and at twice the memory, where nothing more can be said. */
function nearBounds(subject: Subject, context: AdviceContext): (Bounds & { memoryMib: Mib })[] {
  if (subject.tier >= 2) return [];
  const near = [Math.ceil(subject.currentMib / 2), subject.currentMib * 2].filter((size) => isLegal(subject, size, context));
  return near.flatMap((memoryMib) => {
    const bounds = boundsAt(subject, memoryMib);
    return bounds === null ? [] : [{ memoryMib, ...bounds }];
  });
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

function inDoubt({ memoryMib, gainProbability }: Choice): string {
  return `not sure enough of ${memoryMib} MiB: that it gains enough is ${Math.round(gainProbability * 100)} % probable, and must be ${RULE.minGainProbability * 100} %`;
}

function outOfReach({ tier, currentMib, here, used, facts, timeoutS }: Subject): string {
  if (here === null) return `too few warm runs at the current ${currentMib} MiB: nothing can be held against it`;
  if (tier === 1)
    return currentMib < 512
      ? "one memory size only, and below 512 MiB CPU time does not say how long it would take with more"
      : `it uses ${Math.round((used ?? 0) * 100)} % of the CPU of its size: one size does not say how it would run at another`;
  if (facts.asynchronous !== true)
    return "one memory size only: without another one or CPU time, how its duration depends on memory cannot be known";
  return timeoutS === null
    ? "one memory size only; its timeout is not known, so that not even half the memory can be advised"
    : "one memory size only, and too little time before the timeout to halve the memory";
}

/** What live traffic runs with; the configuration's size where it was changed since. */
function currentSize({ config }: FunctionFacts, { current }: Experiment): { currentMib: Mib | null; note: string | null } {
  const configured = numberSetting(config, "memoryMib");
  if (current === null) return { currentMib: configured, note: null };
  const changed =
    configured !== null &&
    configured !== current.memoryMib &&
    (config!.observedAt ?? 0) >= current.to &&
    !isPublished(current.version ?? undefined);
  return changed
    ? { currentMib: configured, note: `Its memory was changed to ${configured} MiB since its last run at ${current.memoryMib} MiB.` }
    : { currentMib: current.memoryMib, note: null };
}

/** The advice with its facts, and nothing advised yet. */
function blank(facts: FunctionFacts, currentMib: Mib | null, need: MemoryNeed, cpuMs: Ms | null): SizingAdvice {
  const { cloud, account, region, fn, config, stats } = facts;
  const live = stats.filter((one) => !one.probe);
  const sum = (value: (one: (typeof stats)[number]) => number): number => live.reduce((total, one) => total + value(one), 0);
  return {
    cloud,
    account,
    region,
    fn,
    currentMib,
    currentVcpu: null,
    proposedVcpu: null,
    currentConcurrency: null,
    proposedConcurrency: null,
    resource: config?.resource ?? null,
    revision: config?.revision ?? null,
    kind: "lambda.function",
    change: null,
    members: null,
    architecture: stats.at(-1)?.architecture ?? null,
    proposedMib: null,
    tier: null,
    confidence: null,
    refusal: null,
    predicted: [],
    floorMib: need.floorMib,
    savingUsdPerMonth: null,
    probabilitySlower: null,
    asynchronous: facts.asynchronous,
    evidence: {
      from: stats.length === 0 ? null : Math.min(...stats.map((one) => one.from)),
      to: stats.length === 0 ? null : Math.max(...stats.map((one) => one.to)),
      invocations: sum((one) => one.invocations),
      warm: sum((one) => one.warm.count),
      sizesMib: [],
      cpuMs,
      downstreamMs: null,
      selfMs: null,
      tracedRuns: null,
      effectiveSampleSize: null,
      coldShare: null,
      maxUsedMib: need.usedMib,
      invocationsPerMonth: null,
      sandboxes: sum((one) => one.sandboxes),
      errors: sum((one) => one.errors),
      timeouts: sum((one) => one.timeouts),
      ooms: sum((one) => one.ooms),
    },
    whyNotMore: "",
    probeMib: null,
    further: [],
  };
}
