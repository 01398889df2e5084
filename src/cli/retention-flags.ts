/** Flags that say which stores are asked about, and what of them must be kept. */
import { Flags } from "@oclif/core";
import { learningFlags } from "./learning-flags.ts";

const STORES = ["dynamodb", "cosmos", "firestore", "cloudwatch-logs", "log-analytics", "cloud-logging"] as const;

export const retentionFlags = {
  store: Flags.option({ options: STORES, multiple: true, multipleNonGreedy: true, delimiter: "," })({
    description: "only these kinds of stores",
  }),
  name: Flags.string({ helpValue: "GLOB", description: "only stores of this name; * stands for anything" }),
  keep: Flags.string({ helpValue: "SPAN", description: "how long it must be kept: 90d; nothing younger is deleted" }),
  sample: Flags.integer({
    min: 1,
    max: 100_000,
    helpValue: "N",
    description: "look at so many items of each table without TTL (DynamoDB; paid reads)",
  }),
  items: Flags.file({ helpValue: "FILE", dependsOn: ["table"], description: "items of one table as NDJSON, instead of looking at it" }),
  table: Flags.string({ helpValue: "NAME", dependsOn: ["items"], description: "table (collection group) that --items are of" }),
  explain: Flags.string({ helpValue: "NAME", exclusive: ["name", "top"], description: "all that is known of one store" }),
  top: Flags.integer({ min: 1, description: "how many stores (default: all); totals always count all" }),
  "min-saving": learningFlags["min-saving"],
  since: Flags.string({
    helpValue: "TIME",
    description: "start of the window that growth is counted in: a time (UTC), or a span back: 7d",
  }),
  until: Flags.string({ helpValue: "TIME", description: "end of the window" }),
};
