/**
 * How many requests per second Azure allows per subscription and caller. Calls that share a quota are one family. `own`: Azure publishes
 * no figure, and the value is a choice of ours that the shared bucket lowers when it is refused.
 */
import type { Api } from "./api.ts";

export interface Quota {
  /** Name of what is shared. */
  family: string;
  perS: number;
  source: string;
}

const ARM = "https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling";
const LOGS = "https://learn.microsoft.com/azure/azure-monitor/service-limits#log-analytics-workspaces";

/** By the part of the API before its colon. */
const CLIENTS: { readonly [client: string]: Quota } = {
  // 15 requests in 5 s per user
  graph: {
    family: "graph",
    perS: 3,
    source: "https://learn.microsoft.com/azure/governance/resource-graph/concepts/guidance-for-throttled-requests",
  },
  // 200 requests in 30 s per user
  logs: { family: "logs", perS: 6.6, source: LOGS },
  // 12,000 an hour per subscription for single resources, 360,000 for batches
  monitor: { family: "metrics", perS: 3.3, source: "https://learn.microsoft.com/azure/azure-monitor/service-limits#azure-monitor-metrics" },
  metrics: { family: "metrics-batch", perS: 50, source: "own" },
};

/** A bucket of 250 reads that refills by 25 a second; writes 10. */
const READS: Quota = { family: "arm-reads", perS: 25, source: ARM };
const WRITES: Quota = { family: "arm-writes", perS: 10, source: ARM };

/** The quota that a call counts against. */
export function quotaOf(api: Api): Quota {
  const client = api.slice(0, api.indexOf(":"));
  return CLIENTS[client] ?? (isRead(api) ? READS : WRITES);
}

/** Operations that change nothing, by name: some reads are POST requests. */
export function isRead(api: Api): boolean {
  return /^(graph|logs|metrics):|^arm:GET$|\.(get|list)/.test(api);
}
