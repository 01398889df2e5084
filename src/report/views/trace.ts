/** A chain -> its document, and the tables of it. */
import type { BreakdownCategory, Chain } from "../../model/chains.ts";
import type { Ms } from "../../model/units.ts";
import type { Report, Section, TraceDocument } from "../report.ts";
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

/** The chain as tables: hops, critical path, problems. For formats without a picture; `parts` adds sub-spans. */
export function traceView(chain: Chain, options: { parts: boolean } = { parts: false }): Report {
  const document = traceDocument(chain).chain;
  const names = new Map(document.hops.map((hop) => [hop.id, hop.name]));
  const hops = document.hops.filter((hop) => options.parts || (hop.partOf === null && hop.kind !== "part"));
  const sections: Section[] = [
    {
      title: "Hops",
      columns: [
        { key: "name", label: "hop", type: "text" },
        { key: "cloud", label: "cloud", type: "text" },
        { key: "startMs", label: "start", type: "ms" },
        { key: "waitMs", label: "wait", type: "ms" },
        { key: "durationMs", label: "work", type: "ms" },
        { key: "initMs", label: "cold start", type: "ms" },
        { key: "outcome", label: "outcome", type: "text" },
        { key: "attempts", label: "attempts", type: "count" },
        { key: "usd", label: "cost", type: "usd" },
        { key: "confidence", label: "confidence", type: "confidence" },
      ],
      rows: hops.map((hop) => {
        const causes = document.edges.filter((edge) => edge.to === hop.id);
        return {
          name: hop.name,
          cloud: hop.cloud,
          startMs: hop.startMs,
          waitMs: hop.waitMs,
          durationMs: hop.durationMs,
          initMs: hop.coldStart === false ? "none" : hop.initMs,
          outcome: hop.outcome,
          attempts: hop.kind === "function" ? Math.max(1, hop.attempts.length) : "-",
          usd: hop.kind === "function" || hop.kind === "workflow" ? hop.usd : "-",
          confidence: causes.length === 0 ? "-" : Math.max(...causes.map((edge) => edge.confidence)),
        };
      }),
      notes: [],
    },
    {
      title: "Critical path",
      columns: [
        { key: "hop", label: "hop", type: "text" },
        { key: "spent", label: "spent", type: "text" },
        { key: "fromMs", label: "from", type: "ms" },
        { key: "toMs", label: "to", type: "ms" },
        { key: "tookMs", label: "took", type: "ms" },
      ],
      rows: document.criticalPath.map((segment) => ({
        hop: names.get(segment.hopId) ?? segment.hopId,
        spent: segment.spent,
        fromMs: segment.fromMs,
        toMs: segment.toMs,
        tookMs: segment.toMs - segment.fromMs,
      })),
      notes: [],
    },
  ];
  if (document.problems.length > 0) {
    sections.push({
      title: "Problems",
      columns: [
        { key: "code", label: "problem", type: "text" },
        { key: "message", label: "what", type: "text" },
        { key: "hop", label: "hop", type: "text" },
      ],
      rows: document.problems.map(({ code, message, hopId }) => ({
        code,
        message,
        hop: hopId === null ? null : (names.get(hopId) ?? hopId),
      })),
      notes: [],
    });
  }
  return { schemaVersion: 1, title: `Chain ${document.id}`, sections };
}
