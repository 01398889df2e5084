/** The advice on a function with its facts, and nothing advised yet. Pure. */
import type { SizingAdvice } from "../../model/sizing.ts";
import type { Mib, Ms } from "../../model/units.ts";
import { type FunctionFacts, numberSetting } from "./facts.ts";
import type { MemoryNeed } from "./floor.ts";
import type { Product, Setting } from "./product.ts";

/** `now`: what it has; null: not known. `product` null: nothing can be written. */
export function blank(
  facts: FunctionFacts,
  product: Product | null,
  now: { memoryMib: Mib | null; vcpu: Setting["vcpu"] },
  need: MemoryNeed,
  cpuMs: Ms | null,
): SizingAdvice {
  const { cloud, account, region, fn, config, stats, members } = facts;
  const live = stats.filter((one) => !one.probe);
  const sum = (value: (one: (typeof stats)[number]) => number): number => live.reduce((total, one) => total + value(one), 0);
  return {
    cloud,
    account,
    region,
    fn,
    currentMib: now.memoryMib,
    currentVcpu: now.vcpu,
    proposedVcpu: null,
    currentConcurrency: cloud === "aws" ? null : numberSetting(config, cloud === "azure" ? "httpConcurrency" : "concurrency"),
    proposedConcurrency: null,
    resource: config?.resource ?? null,
    revision: config?.revision ?? null,
    kind: product?.kind ?? null,
    change: null,
    members,
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
