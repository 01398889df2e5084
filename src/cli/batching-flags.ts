/** Flags of `batching`. */
import { Flags } from "@oclif/core";
import { UserError } from "../model/errors.ts";
import type { Ms } from "../model/units.ts";
import { sizingFlags } from "./sizing-flags.ts";

export const batchingFlags = {
  "max-added-latency": Flags.string({
    default: "1s",
    helpValue: "TIME",
    description: "most that the time from arrival to the end of the run may grow by at p95: 500ms, 2s, 1m",
  }),
  function: sizingFlags.function,
  since: sizingFlags.since,
  until: sizingFlags.until,
  prices: sizingFlags.prices,
  top: Flags.integer({ min: 1, description: "how many mappings are listed (default: all); totals always count all" }),
};

const UNIT_MS: { readonly [unit: string]: Ms } = { ms: 1, s: 1000, m: 60_000 };

/** Throws UserError where it is no time. */
export function addedLatencyOf(flags: { "max-added-latency": string }): Ms {
  const parts = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(flags["max-added-latency"]);
  if (parts === null)
    throw new UserError(`--max-added-latency ${JSON.stringify(flags["max-added-latency"])} is no time`, { suggestions: ["500ms, 2s, 1m"] });
  return Number(parts[1]) * UNIT_MS[parts[2]!]!;
}
