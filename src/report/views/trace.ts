/** A chain -> its document. */
import type { BreakdownCategory, Chain } from "../../model/chains.ts";
import type { Ms } from "../../model/units.ts";
import type { TraceDocument } from "../report.ts";
import { isoTime } from "./time.ts";

const CATEGORIES: readonly BreakdownCategory[] = [
  "orchestration",
  "trigger",
  "container_initialization",
  "runtime_initialization",
  "computation",
  "queueing",
  "overhead",
  "external_service",
  "unclassified",
];

/** Differences of moments keep microseconds; finer digits are float noise of the subtraction. */
function micros<T extends Ms | null>(ms: T): T {
  return (ms === null ? null : Math.round(ms * 1000) / 1000) as T;
}

/** The document that every format of `trace` is made from. Moments become ISO text and offsets from the chain's start. */
export function traceDocument(chain: Chain): TraceDocument {
  const breakdownMs = Object.fromEntries(CATEGORIES.map((category) => [category, micros(chain.breakdownMs[category] ?? null)]));
  const { id, ids, complete, outcome, route, usd, usdUnknownHops, patterns, problems } = chain;
  return {
    schemaVersion: 1,
    chain: {
      id,
      ids,
      startedAt: isoTime(chain.startedAt),
      endedAt: isoTime(chain.endedAt),
      endToEndMs: micros(chain.endToEndMs),
      complete,
      outcome,
      route,
      clouds: [...new Set(chain.hops.map((hop) => hop.cloud))].sort(),
      usd,
      usdUnknownHops,
      patterns,
      problems,
      hops: chain.hops.map((hop) => ({
        ...hop,
        startedAt: isoTime(hop.startedAt),
        startMs: micros(hop.startedAt - chain.startedAt),
        endedAt: isoTime(hop.endedAt),
        waitMs: micros(hop.waitMs),
        skewMs: micros(hop.skewMs),
        attempts: hop.attempts.map((attempt) => ({
          ...attempt,
          startedAt: isoTime(attempt.startedAt),
          startMs: micros(attempt.startedAt - chain.startedAt),
        })),
      })),
      edges: chain.edges.map((edge) => ({ ...edge, sentAt: isoTime(edge.sentAt), receivedAt: isoTime(edge.receivedAt) })),
      criticalPath: chain.criticalPath.map((segment) => ({ ...segment, fromMs: micros(segment.fromMs), toMs: micros(segment.toMs) })),
      breakdownMs: breakdownMs as TraceDocument["chain"]["breakdownMs"],
    },
  };
}
