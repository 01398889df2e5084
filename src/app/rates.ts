/** The billing rules of all rooms and the price table, with the user's own prices over it. */
import { existsSync, readFileSync } from "node:fs";
import type { Rates } from "../analyzer/cost/index.ts";
import { rooms } from "../clouds/index.ts";
import { UserError } from "../model/errors.ts";
import { priceBook } from "./price-book.ts";

/** `pricesFile`: path of prices that replace built-in ones; null: none. Throws UserError if it is missing or not valid. */
export function ratesWith(pricesFile: string | null): Rates {
  if (pricesFile !== null && !existsSync(pricesFile)) throw new UserError(`no price file at ${pricesFile}`);
  const all = Object.values(rooms);
  const override = pricesFile === null ? null : { path: pricesFile, text: readFileSync(pricesFile, "utf8") };
  return {
    billing: Object.fromEntries(all.map((room) => [room.cloud, room.billing])),
    prices: priceBook(Object.fromEntries(all.map((room) => [room.cloud, room.prices])), override),
  };
}
