/** The billing rules of all rooms and the price table, with the user's own prices over it. */
import { atVolume, type Rates } from "../analyzer/cost/index.ts";
import { rooms } from "../clouds/index.ts";
import type { UsageGroup } from "../model/billing.ts";
import { UserError } from "../model/errors.ts";
import type { Dataset, Window } from "../store/types.ts";
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

/** `pricesFile`: path of prices that replace built-in ones; null: none. Throws UserError if it is missing or not valid. */
export function ratesWith(pricesFile: string | null): Rates {
  const text = pricesFile === null ? null : readText(pricesFile);
  if (pricesFile !== null && text === null) throw new UserError(`no price file at ${pricesFile}`);
  const all = Object.values(rooms);
  const override = pricesFile === null || text === null ? null : { path: pricesFile, text };
  return {
    billing: Object.fromEntries(all.map((room) => [room.cloud, room.billing])),
    prices: priceBook(Object.fromEntries(all.map((room) => [room.cloud, room.prices])), override),
  };
}
