/** Tiered prices: what a month uses decides the price of a unit, the same for every row, so that rows still add up. Pure. */
import type { FoundPrice, PriceBook, UsageGroup } from "../../model/billing.ts";
import type { Cloud } from "../../model/records.ts";
import { readingsOf } from "./ledger.ts";
import type { Rates } from "./pricing.ts";

/**
 * The same rates with every tiered price at its mean over the monthly volume of this usage. Tiers count per region and meter over all
 * accounts of one payer; all usage is taken as one payer's. `months`: how many the usage covers; less than one counts as one, so that nothing is
 * extrapolated.
 */
export function atVolume(rates: Rates, usage: readonly UsageGroup[], months: number): Rates {
  const volumes = new Map<string, number>();
  for (const group of usage) {
    for (const { meter, variant, quantity } of readingsOf(rates, group)) {
      const key = keyOf(group.cloud, meter, variant, group.region);
      if (quantity !== null) volumes.set(key, (volumes.get(key) ?? 0) + quantity);
    }
  }
  const prices: PriceBook = {
    asOf: rates.prices.asOf,
    find(cloud, meter, variant, region) {
      const listed = rates.prices.find(cloud, meter, variant, region);
      const monthly = (volumes.get(keyOf(cloud, meter, variant, region)) ?? 0) / Math.max(1, months);
      if (listed?.tiers === undefined || monthly <= listed.tiers[0]!.above) return listed;
      return { ...listed, usdPerUnit: tieredUsd(listed, monthly) / monthly, source: `${listed.source}; mean over the tiers of its volume` };
    },
  };
  return { ...rates, prices };
}

/** What a month's quantity costs. */
function tieredUsd({ usdPerUnit, tiers = [] }: FoundPrice, quantity: number): number {
  const steps = [{ above: 0, usdPerUnit }, ...tiers];
  return steps.reduce((usd, step, i) => {
    const to = Math.min(quantity, steps[i + 1]?.above ?? Number.POSITIVE_INFINITY);
    return usd + Math.max(0, to - step.above) * step.usdPerUnit;
  }, 0);
}

function keyOf(cloud: Cloud, meter: string, variant: string, region: string | null): string {
  return JSON.stringify([cloud, meter, variant, region]);
}
