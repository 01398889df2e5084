/** Flags of every command that reaches live clouds. */
import { Flags } from "@oclif/core";

const group = { helpGroup: "LIVE" };

/** Which accounts and regions. */
export const accountFlags = {
  account: Flags.string({
    ...group,
    multiple: true,
    multipleNonGreedy: true,
    helpValue: "NAME",
    description: "account, subscription or project of evscope.yaml (name or ID); default: all",
  }),
  subscription: Flags.string({
    ...group,
    multiple: true,
    multipleNonGreedy: true,
    helpValue: "ID",
    description: "Azure subscription, also where evscope.yaml does not name it (EVSCOPE_SUBSCRIPTION)",
  }),
  project: Flags.string({
    ...group,
    multiple: true,
    multipleNonGreedy: true,
    helpValue: "ID",
    description: "Google Cloud project, also where evscope.yaml does not name it (EVSCOPE_PROJECT)",
  }),
  profile: Flags.string({ ...group, helpValue: "NAME", description: "profile of the AWS configuration (EVSCOPE_PROFILE)" }),
  region: Flags.string({
    ...group,
    multiple: true,
    multipleNonGreedy: true,
    helpValue: "NAME",
    description: "region, may be given several times, or several with commas between (EVSCOPE_REGION)",
  }),
};

/** Which account, region and functions. */
export const targetFlags = {
  ...accountFlags,
  function: Flags.string({
    ...group,
    multiple: true,
    multipleNonGreedy: true,
    helpValue: "GLOB",
    description: "only functions of this name pattern, may be given several times",
  }),
  tag: Flags.string({
    ...group,
    multiple: true,
    multipleNonGreedy: true,
    helpValue: "KEY=VALUE",
    description: "only functions with this tag (label on Google Cloud), may be given several times",
  }),
};

export const priceFlag = {
  "max-query-usd": Flags.string({
    ...group,
    helpValue: "USD",
    description: "most that paid queries of this command may cost (EVSCOPE_MAX_QUERY_USD; default: maxQueryUsd of evscope.yaml, or 1)",
  }),
};

/** For commands that answer from the dataset as well. */
export const liveFlags = {
  live: Flags.boolean({ ...group, exclusive: ["offline"], description: "read the clouds, also where evscope.yaml names none" }),
  offline: Flags.boolean({ ...group, description: "only the dataset, also where evscope.yaml names clouds" }),
};

/** How far back, counted from now. */
export const windowFlags = {
  since: Flags.string({
    ...group,
    helpValue: "TIME",
    description: "start of the window: 2026-11-01T08:00 (UTC), or a span back from now: 24h, 7d",
  }),
  until: Flags.string({ ...group, helpValue: "TIME", description: "end of the window (default: now, less settle of evscope.yaml, 2m)" }),
  window: Flags.string({
    ...group,
    helpValue: "SPAN",
    description: "length of the window: 24h, 14d (default: window of evscope.yaml, or 14d)",
  }),
};
