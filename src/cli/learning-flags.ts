/** Flags of recommenders that learn from the telemetry of a window. */
import { Flags } from "@oclif/core";
import { UserError } from "../model/errors.ts";
import { sizingFlags } from "./sizing-flags.ts";

export const learningFlags = {
  "min-saving": sizingFlags["min-saving"],
  function: sizingFlags.function,
  since: sizingFlags.since,
  until: sizingFlags.until,
  prices: sizingFlags.prices,
  top: Flags.integer({ min: 1, description: "how many are listed (default: all); totals always count all" }),
};

/** Throws UserError where it is no amount. */
export function minSavingOf(flags: { "min-saving": string }): number {
  const least = Number(flags["min-saving"]);
  if (!(least >= 0)) throw new UserError(`--min-saving ${JSON.stringify(flags["min-saving"])} is no amount of USD`);
  return least;
}
