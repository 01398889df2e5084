/** The billing rules of all rooms and the price table, with the user's own prices over it. */
import { atVolume, billingMetrics, meteredSpans, type Rates, withConfiguration, withMeters } from "../analyzer/cost/index.ts";
import { rooms } from "../clouds/index.ts";
import type { Metered, UsageGroup } from "../model/billing.ts";
import { UserError } from "../model/errors.ts";
import type { Config } from "../model/records.ts";
import type { Ms } from "../model/units.ts";
import type { Dataset, Filter, Window } from "../store/types.ts";
import { priceBook } from "./price-book.ts";
import { readText } from "./text-file.ts";

/** A month of 730 hours, as cloud price lists count. */
const MONTH_MS = 730 * 3_600_000;

/** As `ratesWith`, with tiered prices at the monthly volume of this usage, which the filter took from the dataset. */
export async function ratesFor(dataset: Dataset, filter: Window, usage: readonly UsageGroup[], pricesFile: string | null): Promise<Rates> {
  const held = await dataset.info();
  const months = ((filter.to ?? held.to ?? 0) - (filter.from ?? held.from ?? 0)) / MONTH_MS;
  return atVolume(ratesWith(pricesFile), usage, months);
}

/** Usage of a window as it is billed: shared instances once, sizes by configuration, metrics of what is billed before runs. */
export async function usageIn(
  dataset: Dataset,
  filter: Filter,
  configs: readonly Config[],
): Promise<{ usage: UsageGroup[]; metered: Metered[]; windowMs: Ms | null; beyond: ReturnType<typeof withMeters>["beyond"] }> {
  const billing = billingRules();
  const metered = await dataset.metered(filter, billingMetrics({ billing }));
  const rules = Object.values(billing).flatMap((room) => room.instances ?? []);
  const usage = withConfiguration(await dataset.usage(filter, rules, meteredSpans(metered, configs, { billing })), configs);
  const span = await dataset.span();
  const [from, to] = [filter.from ?? span.from, filter.to ?? span.to];
  const windowMs = from === null || to === null ? null : to - from;
  return { metered, windowMs, ...withMeters(usage, metered, configs, { billing }, windowMs) };
}

const billingRules = (): Rates["billing"] => Object.fromEntries(Object.values(rooms).map((room) => [room.cloud, room.billing]));

/** `pricesFile`: path of prices that replace built-in ones; null: none. Throws UserError if it is missing or not valid. */
export function ratesWith(pricesFile: string | null): Rates {
  const text = pricesFile === null ? null : readText(pricesFile);
  if (pricesFile !== null && text === null) throw new UserError(`no price file at ${pricesFile}`);
  const all = Object.values(rooms);
  const override = pricesFile === null || text === null ? null : { path: pricesFile, text };
  return {
    billing: billingRules(),
    prices: priceBook(Object.fromEntries(all.map((room) => [room.cloud, room.prices])), override),
  };
}
