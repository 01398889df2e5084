/** What was said along a product's axis -> advice in its settings, with memory and concurrency where these are chosen apart. Pure. */
import type { Settings } from "../../model/plan.ts";
import type { SizePrediction, SizingAdvice } from "../../model/sizing.ts";
import type { Mib } from "../../model/units.ts";
import type { Prepared, Said } from "./advise.ts";
import { RULE, usdAt } from "./choose.ts";
import { type CostModel, monthlyUsd, widened } from "./cost.ts";
import { numberSetting } from "./facts.ts";
import { concurrencyFor, type LoadFinding } from "./load.ts";
import { type Product, runMemory, type Setting } from "./product.ts";
import { type AdviceContext, durationAt, type Subject } from "./subject.ts";

/** How Cloud Run spreads runs over instances is its own affair: standard deviation of what another concurrency saves, as a share. */
const SPREAD_DOUBT = 0.25;

/** Memory of Cloud Run is told in steps of this. */
const STEP_MIB = 64;

export function inSettings(said: Said, { sized }: Prepared, context: AdviceContext): SizingAdvice {
  if (sized === null) return said.advice;
  const { product } = sized;
  const advice = translated(said.advice, product);
  const { subject } = said;
  if (product.sizeWith !== null || subject === null || typeof subject.cost === "string") return advice;
  const rollout = rolloutOf(subject);
  if (rollout !== null) return { ...withoutChange(advice), refusal: rollout, whyNotMore: `${capital(rollout)}. ${advice.whyNotMore}` };
  return withRest(advice, said.advice, subject, subject.cost, context);
}

/** What would be written is not what traffic runs with: its sizes would go with settings that were never looked at. null: they agree. */
function rolloutOf({ product, currentMib, facts: { config } }: Subject): string | null {
  const [set, runs] = [numberSetting(config, "vcpu"), product.settingAt(currentMib).vcpu];
  if (set === null || set === runs) return null;
  return `its newest revision has ${set} vCPU, and most of its traffic runs with ${runs}`;
}

const withoutChange = (advice: SizingAdvice): SizingAdvice => ({
  ...advice,
  proposedMib: null,
  proposedVcpu: null,
  change: null,
  confidence: null,
  savingUsdPerMonth: null,
  probabilitySlower: null,
});

const capital = (text: string): string => `${text[0]!.toUpperCase()}${text.slice(1)}`;

function translated(advice: SizingAdvice, product: Product): SizingAdvice {
  const at = (size: Mib | null): Setting | null => (size === null ? null : product.settingAt(size));
  const [now, then] = [at(advice.currentMib), at(advice.proposedMib)];
  const isApart = product.sizeWith === null;
  return {
    ...advice,
    currentMib: now?.memoryMib ?? null,
    currentVcpu: now?.vcpu ?? null,
    proposedMib: then?.memoryMib ?? null,
    proposedVcpu: then?.vcpu ?? null,
    change: changeOf(now, then),
    predicted: advice.predicted.map((one): SizePrediction => {
      const { memoryMib, vcpu } = product.settingAt(one.memoryMib);
      return { ...one, memoryMib, ...(vcpu === null ? {} : { vcpu }) };
    }),
    evidence: {
      ...advice.evidence,
      sizesMib: isApart ? (now === null ? [] : [now.memoryMib]) : advice.evidence.sizesMib.map((size) => product.settingAt(size).memoryMib),
      ...(isApart ? { sizesVcpu: advice.evidence.sizesMib.map((size) => product.settingAt(size).vcpu!) } : {}),
    },
  };
}

/** Settings that differ. `concurrency`: before and after. */
function changeOf(now: Setting | null, then: Setting | null, concurrency: readonly [number, number] | null = null): SizingAdvice["change"] {
  if (then === null) return null;
  const before: Settings = {};
  const after: Settings = {};
  for (const name of ["memoryMib", "vcpu"] as const) {
    if (now?.[name] === then[name]) continue;
    before[name] = now?.[name] ?? null;
    after[name] = then[name];
  }
  if (concurrency !== null) [before["concurrency"], after["concurrency"]] = concurrency;
  return Object.keys(after).length === 0 ? null : { before, after };
}

/** Cloud Run: memory by what is in use, concurrency by what runs at once, after the CPU. `said`: the same on the axis. */
function withRest(advice: SizingAdvice, said: SizingAdvice, subject: Subject, cost: CostModel, context: AdviceContext): SizingAdvice {
  const { product, currentMib, curve, need } = subject;
  const sizeMib = said.proposedMib ?? currentMib;
  const [now, chosen] = [product.settingAt(currentMib), product.settingAt(sizeMib)];
  const load = said.proposedMib === null ? loadFinding(subject, now, context) : null;
  const memory = lessMemory(chosen, sizeMib, subject, cost, { context, crowd: load?.crowdFactor ?? 1 });
  const then = { ...chosen, memoryMib: memory.memoryMib };
  const parts = [memory.text, load?.text ?? null].filter((text) => text !== null);
  const further = load?.slower
    ? [...advice.further, { kind: "concurrency" as const, text: load.slower, savingUsdPerMonth: null }]
    : advice.further;
  const whyNotMoreText = [...parts, advice.whyNotMore].join(" ");
  const moreConcurrency = load?.concurrency ?? null;
  if (memory.memoryMib === chosen.memoryMib && moreConcurrency === null) return { ...advice, further, whyNotMore: whyNotMoreText };
  const durationMs = scaled(durationAt(subject, sizeMib), load?.durationFactor ?? 1);
  const before = usdAt(cost.lineOf(chosen), curve.meanMs(sizeMib));
  const line = cost.lineOf(then);
  const billed = load?.billedFactor ?? 1;
  const month = monthlyUsd({ ...line, usdPerMonthPerMs: line.usdPerMonthPerMs * billed }, durationAt(subject, sizeMib), cost.relativeSd);
  const saved = before - usdAt({ ...line, usdPerMonthPerMs: line.usdPerMonthPerMs * billed }, curve.meanMs(sizeMib));
  const doubt = SPREAD_DOUBT * Math.abs(1 - billed) * usdAt(line, curve.meanMs(sizeMib));
  const base = advice.savingUsdPerMonth ?? { p10: 0, p50: 0, p90: 0 };
  const saving = { p10: base.p10 + saved, p50: base.p50 + saved, p90: base.p90 + saved };
  const concurrency = moreConcurrency === null ? null : ([advice.currentConcurrency!, moreConcurrency] as const);
  const prediction: SizePrediction = {
    memoryMib: then.memoryMib,
    ...(then.vcpu === null ? {} : { vcpu: then.vcpu }),
    ...(moreConcurrency === null ? {} : { concurrency: moreConcurrency }),
    durationMs,
    monthlyUsd: month,
    basis: "modelled",
    boundsMs: null,
  };
  return {
    ...advice,
    refusal: null,
    proposedMib: then.memoryMib,
    proposedVcpu: then.vcpu,
    proposedConcurrency: moreConcurrency,
    change: changeOf(now, then, concurrency),
    confidence: advice.confidence ?? "medium",
    predicted: [...advice.predicted, prediction],
    savingUsdPerMonth: advice.savingUsdPerMonth === null ? widened(saving, Math.hypot(cost.relativeSd * saved, doubt)) : saving,
    probabilitySlower: advice.probabilitySlower ?? load?.slowerProbability ?? 0,
    floorMib: need.floorMib,
    further,
    whyNotMore: whyNotMoreText,
  };
}

const scaled = (
  { p10, p50, p90 }: { p10: number; p50: number; p90: number },
  factor: number,
): { p10: number; p50: number; p90: number } => ({
  p10: p10 * factor,
  p50: p50 * factor,
  p90: p90 * factor,
});

function loadFinding({ facts, need }: Subject, now: Setting, { objective }: AdviceContext): LoadFinding | null {
  const concurrency = facts.config?.settings["concurrency"];
  if (typeof concurrency !== "number") return null;
  const loads = facts.loads.filter(
    (one) => (one.vcpu === null || one.vcpu === now.vcpu) && (one.concurrency === null || one.concurrency === concurrency),
  );
  const own = facts.uses.filter(({ version = null }) => version === null || loads.some((one) => one.version === version));
  const cpu = own.flatMap((one) => (one.cpuShare === null ? [] : [one.cpuShare]));
  const cpuShare = cpu.length === 0 ? null : Math.max(...cpu);
  const maxInstances = numberSetting(facts.config, "maxInstances");
  return concurrencyFor({ loads, concurrency, maxInstances, memoryMib: now.memoryMib, need, cpuShare, objective });
}

/**
 * The least memory by the floor rule, where that is worth a change: memory alone changes no duration above it. `crowd`: factor on runs at once;
 * fewer of them may need as much, since most of it is the program's own.
 */
function lessMemory(
  chosen: Setting,
  sizeMib: Mib,
  { need, curve, facts }: Subject,
  cost: CostModel,
  { context: { objective }, crowd }: { context: AdviceContext; crowd: number },
): { memoryMib: Mib; text: string | null } {
  if (need.floorMib === null) return { memoryMib: chosen.memoryMib, text: "Memory in use is not known: no less memory is advised." };
  const now = numberSetting(facts.config, "memoryMib") ?? chosen.memoryMib;
  const { leastMib } = runMemory(chosen.vcpu!, { memoryMib: now, environment: numberSetting(facts.config, "environment") });
  const memoryMib = Math.max(leastMib, Math.ceil((need.floorMib * Math.max(crowd, 1)) / STEP_MIB) * STEP_MIB);
  if (memoryMib >= chosen.memoryMib) {
    const short = need.floorMib > chosen.memoryMib;
    const how = need.exhaustedMib === null ? "Memory in use and room for more come to" : "Memory ran out: it needs at least";
    const text = short ? `${how} ${need.floorMib} MiB, more than it has.` : null;
    return { memoryMib: chosen.memoryMib, text };
  }
  const usd = (mib: Mib): number => usdAt(cost.lineOf({ ...chosen, memoryMib: mib }), curve.meanMs(sizeMib));
  const saved = usd(chosen.memoryMib) - usd(memoryMib);
  const least = objective.optimize === "cost" ? objective.minSavingUsdPerMonth : 0;
  if (saved < least || saved < RULE.minGain * usd(chosen.memoryMib)) return { memoryMib: chosen.memoryMib, text: null };
  const used =
    need.exhaustedMib === null
      ? `No instance used more than ${Math.ceil(need.usedMib ?? 0)} MiB`
      : `Memory ran out at ${need.exhaustedMib} MiB, and no more`;
  return { memoryMib, text: `${used}; memory alone changes no duration.` };
}
