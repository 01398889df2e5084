/** Which product a function runs on, and what is chosen there. Pure. */
import type { Mib } from "../../model/units.ts";
import { type FunctionFacts, numberSetting, textSetting } from "./facts.ts";
import type { MemoryNeed } from "./floor.ts";
import { busyShare, crowdOf } from "./instances.ts";
import { cloudRun, flex, gen1, lambda, type Product } from "./product.ts";
import { MOST_CROWDED } from "./refusals.ts";

export interface Sized {
  product: Product;
  /** Why nothing can be said along its axis; null: it can be looked at. */
  refusal: string | null;
  /** Billed time over the sum of the runs' own. */
  share: number;
}

/** null: no product whose sizes are known. */
export function productOf(facts: FunctionFacts, need: MemoryNeed, memory: { leastMib: Mib; mostMib: Mib }): Sized | null {
  const { cloud, config, loads } = facts;
  if (cloud === "aws") return { product: lambda(memory), refusal: null, share: 1 };
  if (cloud === "gcp" && textSetting(config, "plan") === "gen1") return { product: gen1(), refusal: null, share: 1 };
  const concurrency = numberSetting(config, "concurrency");
  const crowd = crowdOf(loads, concurrency);
  const even = crowd === null || crowd > MOST_CROWDED ? 1 : crowd;
  const share = crowd === null ? 1 : busyShare(loads, crowd);
  const refusal = crowded(crowd);
  if (cloud === "azure" && textSetting(config, "plan") !== "flex") return null;
  if (cloud === "azure") return { product: flex(even), refusal, share };
  const memoryMib = numberSetting(config, "memoryMib");
  if (cloud !== "gcp" || config === null || memoryMib === null || /^run-(instance|job)$/.test(textSetting(config, "plan") ?? ""))
    return null;
  const kind = config.resource.includes("/functions/") ? "cloudfunctions.v2" : "run.service";
  const seenBelowOne = facts.stats.some((one) => typeof one.vcpu === "number" && one.vcpu < 1);
  const environment = numberSetting(config, "environment");
  return {
    product: cloudRun({ kind, memoryMib, environment, floorMib: need.floorMib, concurrency, crowd: even, seenBelowOne }),
    refusal,
    share,
  };
}

function crowded(crowd: number | null): string | null {
  if (crowd === null) return "how many of its runs share an instance is not known: no run names its instance";
  if (crowd <= MOST_CROWDED) return null;
  return `about ${crowd.toFixed(crowd < 10 ? 1 : 0)} runs share an instance when one begins: how they would share less or more CPU is not known`;
}
