/** Flags that say what memory advice is wanted. */
import { Flags } from "@oclif/core";
import { UserError } from "../model/errors.ts";
import type { Objective } from "../model/sizing.ts";
import { shareFlag } from "./share-flag.ts";

export const sizingFlags = {
  optimize: Flags.option({ options: ["cost", "balanced", "speed"] as const })({
    default: "cost",
    description: "what to make small: cost, cost and duration together, or duration",
  }),
  "max-slowdown": shareFlag({ description: "longest accepted slowdown (default: 10%, or 200% where nobody waits)" }),
  "max-cost-increase": shareFlag({ description: "with --optimize speed: how much dearer it may become (default: 20%)" }),
  "min-saving": Flags.string({ default: "1", helpValue: "USD", description: "least saving per month worth a change" }),
  function: Flags.string({ helpValue: "GLOB", description: "only functions of this name; * stands for anything" }),
  since: Flags.string({
    helpValue: "TIME",
    description: "start of the window: 2026-11-01T08:00 (UTC), or a span back from the newest record: 24h, 7d",
  }),
  until: Flags.string({ helpValue: "TIME", description: "end of the window" }),
  prices: Flags.file({ helpValue: "FILE", description: "prices that replace the built-in ones (YAML or JSON)" }),
};

/** The flags as parsed. */
export interface SizingFlags {
  optimize: Objective["optimize"];
  "max-slowdown"?: number | undefined;
  "max-cost-increase"?: number | undefined;
  "min-saving": string;
}

/** Throws UserError where an amount is none. */
export function objectiveOf(flags: SizingFlags): Objective {
  const minSaving = Number(flags["min-saving"]);
  if (!(minSaving >= 0)) throw new UserError(`--min-saving ${JSON.stringify(flags["min-saving"])} is no amount of USD`);
  const increase = flags["max-cost-increase"];
  return {
    optimize: flags.optimize,
    maxSlowdown: flags["max-slowdown"] ?? null,
    minSavingUsdPerMonth: minSaving,
    ...(increase === undefined ? {} : { maxCostIncrease: increase }),
  };
}
