/**
 * How many requests per second Google Cloud allows per project. Calls that share a quota are one family. `own`: Google publishes no figure,
 * or one per project and minute that others use too, and the value is a choice of ours that the shared bucket lowers when it is refused.
 */
import type { Api } from "./api.ts";

export interface Quota {
  /** Name of what is shared. */
  family: string;
  perS: number;
  source: string;
}

const LOGGING = "https://cloud.google.com/logging/quotas#api-limits";
const FUNCTIONS = "https://cloud.google.com/functions/quotas#rate_limits";

/** Calls with a quota of their own. */
const CALLS: { readonly [api: string]: Omit<Quota, "family"> } = {
  // "Number of entries.list requests: 60 per minute, per Google Cloud project", which cannot be raised
  "logging:ListLogEntries": { perS: 1, source: LOGGING },
};

/** The rest of a service, which shares one quota. */
const SERVICES: { readonly [service: string]: Omit<Quota, "family"> } = {
  run: { perS: 20, source: "own" },
  // reads: 1,200 per 60 s of the v2 API, 5,000 per 100 s of v1; one bucket for both
  functions: { perS: 20, source: FUNCTIONS },
  logging: { perS: 10, source: "own" },
  monitoring: { perS: 50, source: "own" },
  cloudtrace: { perS: 4, source: "own" },
  pubsub: { perS: 20, source: "own" },
  eventarc: { perS: 10, source: "own" },
  firestore: { perS: 10, source: "own" },
  cloudresourcemanager: { perS: 5, source: "own" },
};

/** The quota that a call counts against. */
export function quotaOf(api: Api): Quota {
  const own = CALLS[api];
  if (own !== undefined) return { family: api, ...own };
  const service = api.slice(0, api.indexOf(":")).replace("functions1", "functions");
  return { family: service, ...SERVICES[service]! };
}
