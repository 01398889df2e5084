/** The price of the next unit: what a function saves is saved in the tier that the whole account has reached. Pure. */
import type { FoundPrice, PriceBook } from "../../model/billing.ts";
import type { FunctionStats } from "../../model/sizing.ts";
import type { Ms } from "../../model/units.ts";
import { priceReadings, type Rates } from "../cost/pricing.ts";
import { priceOfRuns } from "./cost.ts";

const DAY_MS = 86_400_000;
const MONTH_MS = 30.4375 * DAY_MS;
/** A shorter time is not taken as a month's pattern here: a load test would reach the cheapest tier. */
const LEAST_MS = 7 * DAY_MS;

const keyOf = (...place: readonly (string | null)[]): string => place.join("\u0000");

/** The same rates with every tiered price at that of the tier which this use reaches in a month. Tiers count per region and meter. */
export function atMargin(rates: Rates, stats: readonly FunctionStats[], windowMs: Ms): Rates {
  const months = windowMs < LEAST_MS ? 1 : windowMs / MONTH_MS;
  const used = new Map<string, number>();
  for (const one of stats) {
    if (one.memoryMib === null || one.meanBilledMs === null || one.emulator) continue;
    const readings = rates.billing[one.cloud]?.invocations(priceOfRuns(one, one.memoryMib, one.meanBilledMs, one.invocations)) ?? [];
    for (const { meter, variant, quantity } of priceReadings(readings, one, rates.prices).readings) {
      const key = keyOf(one.cloud, meter, variant, one.region);
      used.set(key, (used.get(key) ?? 0) + (quantity ?? 0) / months);
    }
  }
  const found = new Map<string, FoundPrice | null>();
  const prices: PriceBook = {
    asOf: rates.prices.asOf,
    find(cloud, meter, variant, region) {
      const key = keyOf(cloud, meter, variant, region);
      const known = found.get(key);
      if (known !== undefined) return known;
      const listed = rates.prices.find(cloud, meter, variant, region);
      const monthly = used.get(key) ?? 0;
      const tier = listed?.tiers?.findLast((one) => monthly > one.above);
      const price = listed === null || tier === undefined ? listed : { ...listed, usdPerUnit: tier.usdPerUnit };
      found.set(key, price);
      return price;
    },
  };
  return { ...rates, prices };
}
