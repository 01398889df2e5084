/** A chain of any length as a document: an order that fans out, with failures, cold starts, retries and a critical path. Always the same. */
import type { TraceDocument, TraceEdge, TraceHop } from "../../src/report/report.ts";

const NAMES = ["place-order", "reserve-stock", "charge-card", "send-mail", "write-audit", "ship-parcel", "update-search"] as const;
const START = Date.parse("2026-11-20T10:00:00.000Z");
const iso = (ms: number): string => new Date(START + ms).toISOString();

/** Hop `i` of a chain: hop 0 is first, each other one is caused by hop (i-1)/4, four at a time; every 50th fails, every 20th starts cold. */
export function longHop(i: number, over: Partial<TraceHop> = {}): TraceHop {
  const startMs = i * 3;
  return {
    id: `hop-${i}`,
    kind: "function",
    name: NAMES[i % NAMES.length]!,
    function: NAMES[i % NAMES.length]!,
    cloud: (["aws", "azure", "gcp"] as const)[i % 3]!,
    account: "111122223333",
    region: "eu-central-1",
    requestId: `request-${i}`,
    partOf: null,
    startedAt: iso(startMs),
    startMs,
    endedAt: iso(startMs + 40),
    durationMs: 40,
    waitMs: i === 0 ? null : 2,
    initMs: i % 20 === 0 ? 25 : null,
    coldStart: i % 20 === 0,
    outcome: i % 50 === 49 ? "error" : "ok",
    errorType: i % 50 === 49 ? "CardDeclined" : null,
    attempts: [{ startedAt: iso(startMs), startMs, durationMs: 40, outcome: "ok", requestId: `request-${i}` }],
    share: 1,
    usd: 0.000001,
    usdBasis: "measured",
    roles: [],
    skewMs: null,
    ...over,
  };
}

export function longChain(hops: number, over: Partial<TraceHop> = {}): TraceDocument {
  const all = Array.from({ length: hops }, (_, i) => longHop(i, over));
  const edges = all.slice(1).map((hop, i): TraceEdge => ({
    from: `hop-${Math.floor(i / 4)}`,
    to: hop.id,
    kind: "correlation",
    confidence: 0.95,
    invocation: "async",
    channel: "orders",
    sentAt: hop.startedAt,
    receivedAt: hop.startedAt,
  }));
  const endMs = all.at(-1)!.startMs + 40;
  return {
    schemaVersion: 1,
    chain: {
      id: "ORDER-1",
      ids: ["ORDER-1"],
      startedAt: iso(0),
      endedAt: iso(endMs),
      endToEndMs: endMs,
      complete: true,
      outcome: "ok",
      route: NAMES.join(" > "),
      clouds: ["aws", "azure", "gcp"],
      usd: hops * 0.000001,
      usdUnknownHops: 0,
      patterns: [{ name: "fan-out", hopIds: ["hop-0"] }],
      problems: [],
      hops: all,
      edges,
      criticalPath: [
        { hopId: "hop-0", fromMs: 0, toMs: 40, spent: "working", category: "computation" },
        { hopId: all.at(-1)!.id, fromMs: 40, toMs: endMs, spent: "working", category: "computation" },
      ],
      breakdownMs: {
        orchestration: null,
        trigger: null,
        container_initialization: null,
        runtime_initialization: null,
        computation: endMs,
        queueing: null,
        overhead: null,
        external_service: null,
        unclassified: null,
      },
    },
  };
}
