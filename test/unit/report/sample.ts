/** One order over three clouds, small enough to check by eye: times in milliseconds since the start. */
import type { Chain, ChainProblem, Edge, Hop, PathSegment } from "../../../src/model/chains.ts";

export const START = Date.UTC(2026, 10, 20, 8, 15, 30, 123);

export function hop(name: string, from: number, durationMs: number | null, over: Partial<Hop> = {}): Hop {
  const cloud = over.cloud ?? "aws";
  return {
    id: `${cloud}:${name}`,
    kind: "function",
    name,
    function: name,
    cloud,
    account: "111122223333",
    region: "us-east-1",
    requestId: name,
    partOf: null,
    startedAt: START + from,
    endedAt: durationMs === null ? null : START + from + (over.initMs ?? 0) + durationMs,
    durationMs,
    waitMs: null,
    initMs: null,
    coldStart: false,
    outcome: "ok",
    errorType: null,
    attempts: [{ startedAt: START + from, durationMs, outcome: over.outcome ?? "ok", requestId: name }],
    share: 1,
    usd: 0.0000021,
    usdBasis: "measured",
    roles: [],
    skewMs: null,
    ...over,
  };
}

export function edge(from: string, to: string, kind: Edge["kind"] = "message", confidence = 0.9): Edge {
  return { from, to, kind, confidence, invocation: "async", channel: "orders", sentAt: START, receivedAt: START + 5 };
}

export function chainOf(hops: Hop[], edges: Edge[], over: Partial<Chain> = {}): Chain {
  const ends = hops.flatMap((one) => (one.endedAt === null ? [] : [one.endedAt]));
  const endedAt = ends.length === 0 ? null : Math.max(...ends);
  return {
    id: "order-7f3a",
    ids: ["order-7f3a", "5e1b41515ac6c58f1d2c3b4a59687786"],
    startedAt: START,
    endedAt,
    endToEndMs: endedAt === null ? null : endedAt - START,
    complete: true,
    outcome: "ok",
    problems: [],
    hops,
    edges,
    criticalPath: [],
    breakdownMs: {},
    route: hops.map((one) => one.name).join(" > "),
    patterns: [],
    usd: 0.0000021 * hops.length,
    usdUnknownHops: 0,
    ...over,
  };
}

const segment = (
  hopId: string,
  fromMs: number,
  toMs: number,
  spent: PathSegment["spent"],
  category: PathSegment["category"],
): PathSegment => ({
  hopId,
  fromMs,
  toMs,
  spent,
  category,
});

const lost: ChainProblem = {
  code: "lost-hop",
  message: "azure sent order.shipped at +2.4 s and nothing is seen to receive it",
  hopId: null,
};

/** Cold start, retry with failure, Azure and GCP hops, a service between, a part, a lost hop, a skewed clock, a guess. */
export function order(): Chain {
  const pay = hop("payment", 900, 800, {
    waitMs: 700,
    outcome: "error",
    errorType: "PaymentDeclined",
    usd: 0.0000345,
    attempts: [
      { startedAt: START + 300, durationMs: 200, outcome: "timeout", requestId: "payment" },
      { startedAt: START + 900, durationMs: 800, outcome: "error", requestId: "payment" },
    ],
  });
  const hops = [
    hop("order-api", 0, 120, { initMs: 210, coldStart: true, usd: 0.00000412 }),
    hop("bus", 150, 10, { kind: "service", function: null, requestId: null, usd: null, usdBasis: null, attempts: [] }),
    hop("inventory", 260, 96.4, { waitMs: 60 }),
    pay,
    hop("dynamodb.PutItem", 950, 40, { kind: "part", partOf: pay.id, function: null, usd: null }),
    hop("ship-order", 1900, 450, { cloud: "azure", waitMs: 200, usd: null, usdBasis: null, coldStart: null, skewMs: 310 }),
    hop("notify-customer-by-electronic-mail", 2500, 84.2, { cloud: "gcp", waitMs: 150, usdBasis: "modelled" }),
  ];
  const edges = [
    edge("aws:order-api", "aws:bus", "parent", 1),
    edge("aws:bus", "aws:inventory"),
    edge("aws:bus", "aws:payment"),
    edge("aws:payment", "azure:ship-order", "correlation", 0.95),
    edge("azure:ship-order", "gcp:notify-customer-by-electronic-mail", "time", 0.4),
  ];
  return chainOf(hops, edges, {
    complete: false,
    outcome: "error",
    problems: [lost, { code: "error", message: "payment ended with PaymentDeclined", hopId: pay.id }],
    criticalPath: [
      segment("aws:order-api", 0, 210, "cold-start", "runtime_initialization"),
      segment("aws:order-api", 210, 250, "working", "computation"),
      segment("aws:payment", 250, 900, "retry-backoff", "queueing"),
      segment("aws:payment", 900, 1700, "working", "computation"),
      segment("azure:ship-order", 1700, 1900, "queue-wait", "queueing"),
      segment("azure:ship-order", 1900, 2350, "working", "computation"),
      segment("gcp:notify-customer-by-electronic-mail", 2350, 2500, "queue-wait", "queueing"),
      segment("gcp:notify-customer-by-electronic-mail", 2500, 2584.2, "working", "computation"),
    ],
    breakdownMs: { runtime_initialization: 210, computation: 1374.2, queueing: 1000 },
    patterns: [{ name: "fan-out", hopIds: ["aws:bus", "aws:inventory", "aws:payment"] }],
    usd: 0.00004493,
    usdUnknownHops: 1,
  });
}
