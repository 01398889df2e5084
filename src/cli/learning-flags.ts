/** Flags of recommenders that learn from the telemetry of a window. */
import { Flags } from "@oclif/core";
import { UserError } from "../model/errors.ts";
import { FILTER_GRAMMARS } from "../model/filters.ts";
import { sizingFlags } from "./sizing-flags.ts";

export const learningFlags = {
  "min-saving": sizingFlags["min-saving"],
  function: sizingFlags.function,
  since: sizingFlags.since,
  until: sizingFlags.until,
  prices: sizingFlags.prices,
  top: Flags.integer({ min: 1, description: "how many are listed (default: all); totals always count all" }),
};

/** Events with their outcome, in place of those that functions logged. */
export const givenFlags = {
  events: Flags.file({
    helpValue: "FILE",
    dependsOn: ["grammar"],
    description: 'events with their outcome, one {"event": ..., "wanted": true} per line',
  }),
  grammar: Flags.option({ options: FILTER_GRAMMARS })({ dependsOn: ["events"], description: "with --events: whose filter it shall be" }),
};

/** Throws UserError where it is no amount. */
export function minSavingOf(flags: { "min-saving": string }): number {
  const least = Number(flags["min-saving"]);
  if (!(least >= 0)) throw new UserError(`--min-saving ${JSON.stringify(flags["min-saving"])} is no amount of USD`);
  return least;
}
