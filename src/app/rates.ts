/** The billing rules of all rooms and the price table, with the user's own prices over it. */
import type { Rates } from "../analyzer/cost/index.ts";
import { rooms } from "../clouds/index.ts";
import { UserError } from "../model/errors.ts";
import { priceBook } from "./price-book.ts";
import { readText } from "./text-file.ts";

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
