/** A complete report of a week over two clouds, with round figures that can be summed by eye: 700 USD, 600 the week before. */
import type { CostReport, Driver, Slice } from "../../src/model/cost-report.ts";
import type { CostLine } from "../../src/model/billing.ts";

function line(meter: string, unit: CostLine["unit"], quantity: number, usd: number): CostLine {
  return { meter, variant: "", quantity, unit, basis: "measured", why: null, usd };
}

/** A row of any division; what is not named is unknown or none. */
function slice(key: string, usd: number | null, over: Partial<Slice> = {}): Slice {
  return {
    key,
    cloud: null,
    account: null,
    region: null,
    invocations: null,
    failed: null,
    billedMs: null,
    gbSeconds: null,
    usd,
    basis: usd === null ? null : "measured",
    wasteUsd: {},
    unknown: 0,
    p95Ms: null,
    lines: usd === null ? [] : [line("lambda.requests", "requests", usd * 1_000, usd)],
    ...over,
  };
}

const aws = { cloud: "aws", account: "111122223333", region: "us-east-1" } as const;
const azure = { cloud: "azure", account: "0b1f6471-1bf0-4dda-aec3-cb9272f09590", region: "westeurope" } as const;
const logs = line("logs.ingestion", "bytes", 80_000_000_000, 40);

function functions(): Slice[] {
  return [
    slice("checkout", 400, {
      ...aws,
      invocations: 1_000_000,
      failed: 10_000,
      billedMs: 600_000_000,
      gbSeconds: 600_000,
      wasteUsd: { errors: 30, timeouts: 10, "cold-starts": 10 },
      p95Ms: 900,
      lines: [line("lambda.duration", "mib-ms", 614_400_000_000, 300), line("lambda.requests", "requests", 1_000_000, 100)],
    }),
    slice("thumbnail", 200, { ...aws, invocations: 2_000_000, failed: 0, billedMs: 200_000_000, gbSeconds: 100_000, p95Ms: 120 }),
    slice("invoice", 60, {
      ...azure,
      invocations: 100_000,
      failed: 5_000,
      gbSeconds: 30_000,
      basis: "modelled",
      wasteUsd: { errors: 10, retries: 5, "cold-starts": 5 },
      unknown: 1_000,
      p95Ms: 2_500,
    }),
    slice("audit", null, { ...azure, invocations: 400, unknown: 400 }),
  ];
}

function drivers(): Driver[] {
  return [
    { key: "checkout", ...aws, beforeUsd: 300, afterUsd: 400, changeUsd: 100, effects: { volume: 60, errors: 5, duration: 35 } },
    { key: "invoice", ...azure, beforeUsd: null, afterUsd: 60, changeUsd: 60, effects: { appeared: 60 } },
    { key: "legacy", ...aws, beforeUsd: 50, afterUsd: null, changeUsd: -50, effects: { gone: -50 } },
    { key: "thumbnail", ...aws, beforeUsd: 210, afterUsd: 200, changeUsd: -10, effects: { price: -10 } },
  ];
}

/** Every call makes a new one; `over` replaces whole fields. */
export function costReport(over: Partial<CostReport> = {}): CostReport {
  return {
    schemaVersion: 1,
    kind: "evscope-report",
    version: "1.0.0",
    madeAt: "2026-11-16T06:00:00.000Z",
    from: "2026-11-09T00:00:00.000Z",
    to: "2026-11-16T00:00:00.000Z",
    days: 7,
    pricesAsOf: "2026-11-01",
    currency: "USD",
    usd: 700,
    invocations: 3_100_400,
    failed: 15_000,
    wasteUsd: { errors: 40, timeouts: 10, retries: 5, "cold-starts": 15 },
    unattributedUsd: 40,
    unattributedLines: [logs],
    unknown: [
      { count: 1_000, why: "memory size is not in the logs" },
      { count: 400, why: "the plan of the app is not known" },
    ],
    slices: {
      cloud: [
        slice("aws", 640, { cloud: "aws", invocations: 3_000_000, failed: 10_000 }),
        slice("azure", 60, { cloud: "azure", invocations: 100_400, failed: 5_000, unknown: 1_400 }),
      ],
      service: [
        slice("Lambda", 600, { cloud: "aws", invocations: 3_000_000, failed: 10_000 }),
        slice("Azure Functions", 60, { cloud: "azure", invocations: 100_400, failed: 5_000, unknown: 1_400 }),
        slice("CloudWatch Logs", 40, { cloud: "aws", lines: [logs] }),
      ],
      function: functions(),
      route: [slice("checkout > invoice", 460, { p95Ms: 4_200 }), slice("thumbnail", 200, { p95Ms: 150 })],
      tag: [slice("shop", 460, { invocations: 1_100_000, failed: 15_000 }), slice("media", 200, { invocations: 2_000_000, failed: 0 })],
    },
    tagKey: "team",
    outsideChainsUsd: 40,
    transactions: [
      {
        route: "checkout > invoice",
        count: 100_000,
        failed: 500,
        broken: 3,
        usd: 460,
        usdEach: { mean: 0.0046, p50: 0.004, p95: 0.009 },
        p95Ms: 4_200,
      },
      { route: "thumbnail", count: 50_000, failed: 0, broken: 0, usd: 200, usdEach: { mean: 0.004, p50: 0.004, p95: 0.005 }, p95Ms: 150 },
    ],
    chains: { count: 150_000, failed: 500, broken: 3 },
    daily: ["09", "10", "11", "12", "13", "14", "15"].map((day) => ({ day: `2026-11-${day}`, usd: 100 })),
    projection: { usd: { p10: 2_800, p50: 3_043.6875, p90: 3_300 }, why: "7 whole days at this rate" },
    baseline: { source: "previous-run", from: "2026-11-02T00:00:00.000Z", to: "2026-11-09T00:00:00.000Z", scale: 1, usd: 600 },
    noBaseline: null,
    change: {
      usd: 100,
      share: 100 / 600,
      effects: { volume: 60, errors: 5, duration: 35, price: -10, appeared: 60, gone: -50 },
      drivers: drivers(),
    },
    recommendations: [
      {
        topic: "memory",
        cloud: "aws",
        name: "checkout",
        before: { memoryMib: 1024 },
        after: { memoryMib: 512 },
        danger: "none",
        savingUsdPerMonth: { p10: 150, p50: 200, p90: 240 },
        reasons: ["the most memory that any run used is 210 MB"],
        command: "evscope rightsize --function checkout --apply",
      },
      {
        topic: "ttl",
        cloud: "aws",
        name: "/aws/lambda/thumbnail",
        before: { retentionDays: null },
        after: { retentionDays: 30 },
        danger: "data-loss",
        savingUsdPerMonth: { p10: 20, p50: 25, p90: 40 },
        reasons: ["nothing older than 12 days was read"],
        command: "evscope ttl --name /aws/lambda/thumbnail --apply",
      },
      {
        topic: "filters",
        cloud: "azure",
        name: "invoice",
        before: { filterPatterns: null },
        after: { filterPatterns: ['{"type":["paid"]}'] },
        danger: "data-loss",
        savingUsdPerMonth: null,
        reasons: ["60 % of the events are discarded"],
        command: "evscope filters --function invoice --apply",
      },
    ],
    notAdvised: [{ topic: "batching", count: 2, why: "fewer than 100 events" }],
    savings: [
      {
        run: "run-1",
        appliedAt: "2026-11-01T08:00:00.000Z",
        name: "thumbnail",
        verdict: "ok",
        promisedUsdPerMonth: { p10: 30, p50: 40, p90: 50 },
        realisedUsdPerMonth: 42,
      },
      {
        run: "run-2",
        appliedAt: "2026-11-15T08:00:00.000Z",
        name: "invoice",
        verdict: "too-early",
        promisedUsdPerMonth: null,
        realisedUsdPerMonth: null,
      },
    ],
    gaps: [{ what: "aws logs /aws/lambda/checkout 2026-11-10", why: "the query met its limit" }],
    ownUsd: 0.12,
    gates: [
      { rule: "cost>500", level: "fail", outcome: "crossed", value: 700, limit: 500, reason: "cost is 700 USD, above 500 USD" },
      { rule: "waste>15%", level: "warn", outcome: "passed", value: 0.1, limit: 0.15, reason: "waste is 10 % of the cost, not above 15 %" },
      {
        rule: "function:search p95>1s",
        level: "warn",
        outcome: "unknown",
        value: null,
        limit: 1_000,
        reason: "no function search was seen in the window",
      },
    ],
    ...over,
  };
}
