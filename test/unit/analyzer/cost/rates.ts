/** Billing and prices for tests: AWS list prices of us-east-1 as the reference names them, written here independently of the rooms. */
import type { Rates } from "../../../../src/analyzer/cost/pricing.ts";
import type { Billing, UsageGroup } from "../../../../src/model/billing.ts";
import type { Chain, Hop } from "../../../../src/model/chains.ts";
import type { Invocation } from "../../../../src/model/records.ts";

/** USD per GB-s (x86_64, first tier) and per request. */
export const GB_S = 0.0000166667;
export const REQUEST = 0.2 / 1e6;

const billing: Billing = {
  invocations(usage) {
    const known = usage.billedMs !== null && usage.memoryMib !== null;
    return [
      {
        meter: "lambda.duration",
        variant: usage.architecture ?? "x86_64",
        quantity: known ? usage.billedMs! * usage.memoryMib! * usage.count : null,
        unit: "mib-ms",
        basis: "measured",
        why: known ? null : "the log does not say what was billed",
      },
      { meter: "lambda.requests", variant: "", quantity: usage.count, unit: "requests", basis: "measured", why: null },
    ];
  },
  message(message) {
    if (message.channelKind !== "queue") return [];
    return [{ meter: "sqs.requests", variant: "standard", quantity: 1, unit: "requests", basis: "modelled", why: null }];
  },
  logs: (sizeBytes) => [{ meter: "logs.ingestion", variant: "", quantity: sizeBytes, unit: "bytes", basis: "measured", why: null }],
  transitions: (count) => [
    { meter: "states.transitions", variant: "", quantity: count, unit: "transitions", basis: "measured", why: null },
  ],
};

const perUnit: Record<string, number> = {
  "lambda.duration x86_64": GB_S / 1024 / 1000,
  "lambda.requests ": REQUEST,
  "sqs.requests standard": 0.4 / 1e6,
  "logs.ingestion ": 0.5 / 1e9,
  "states.transitions ": 0.025 / 1000,
};

export const rates: Rates = {
  billing: { aws: billing },
  prices: {
    asOf: "2026-11-23",
    find(_cloud, meter, variant, region) {
      const usdPerUnit = perUnit[`${meter} ${variant}`];
      if (usdPerUnit === undefined || region === "mars-1") return null;
      return {
        usdPerUnit: usdPerUnit * (region === "af-south-1" ? 2 : 1),
        basis: region === null ? "assumed" : "measured",
        source: "test",
      };
    },
  },
};

export function group(over: Partial<UsageGroup>): UsageGroup {
  return {
    cloud: "aws",
    account: "111122223333",
    region: "us-east-1",
    fn: "f",
    architecture: "x86_64",
    plan: null,
    memoryMib: 1024,
    maxMemoryMib: 100,
    vcpu: null,
    billedMs: 1000,
    durationMs: 999.5,
    initMs: null,
    emulator: false,
    seenIn: "platform-log",
    outcome: "ok",
    coldStart: false,
    count: 1,
    ...over,
  };
}

export function run(over: Partial<Invocation> & { requestId: string }): Invocation {
  const { count: _count, ...rest } = group({});
  return {
    ...rest,
    type: "invocation",
    version: null,
    startedAt: 1_000_000,
    endedAt: over.startedAt === undefined ? 1_000_999.5 : over.startedAt + 999.5,
    restoreMs: null,
    billedRestoreMs: null,
    errorType: null,
    traceId: null,
    spanId: null,
    parentSpanId: null,
    stream: null,
    trigger: null,
    weight: 1,
    ids: [],
    ...over,
  };
}

export function hop(over: Partial<Hop> & { id: string }): Hop {
  return {
    kind: "function",
    name: "f",
    function: "f",
    cloud: "aws",
    account: "111122223333",
    region: "us-east-1",
    requestId: over.id.replace(/^aws:/, ""),
    partOf: null,
    startedAt: 1_000_000,
    endedAt: 1_000_999.5,
    durationMs: 999.5,
    waitMs: null,
    initMs: null,
    coldStart: false,
    outcome: "ok",
    errorType: null,
    attempts: [],
    share: 1,
    usd: null,
    usdBasis: null,
    roles: [],
    skewMs: null,
    ...over,
  };
}

export function chain(id: string, hops: Hop[], over: Partial<Chain> = {}): Chain {
  return {
    id,
    ids: [id],
    startedAt: 1_000_000,
    endedAt: 1_001_000,
    endToEndMs: 1000,
    complete: true,
    outcome: "ok",
    problems: [],
    hops,
    edges: [],
    criticalPath: [],
    breakdownMs: {},
    route: hops.map((h) => h.name).join(" > "),
    patterns: [],
    usd: null,
    usdUnknownHops: 0,
    ...over,
  };
}
