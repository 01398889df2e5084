/** The smallest report that thresholds and comparisons can be held against: two functions, nothing compared. */
import type { CostReport, Slice } from "../../src/model/cost-report.ts";

export function slice(key: string, over: Partial<Slice> = {}): Slice {
  return {
    key,
    cloud: "aws",
    account: "111122223333",
    region: "eu-central-1",
    invocations: 1000,
    failed: 0,
    billedMs: 100_000,
    gbSeconds: 50,
    usd: 1,
    basis: "measured",
    wasteUsd: {},
    unknown: 0,
    p95Ms: 120,
    lines: [{ meter: "lambda.duration", variant: "x86_64", quantity: 51_200_000, unit: "mib-ms", basis: "measured", why: null, usd: 1 }],
    ...over,
  };
}

/** Seven days, 1.50 USD. */
export function smallReport(over: Partial<CostReport> = {}): CostReport {
  const functions = over.slices?.function ?? [slice("checkout"), slice("mailer", { cloud: "gcp", usd: 0.5, invocations: 200, failed: 20 })];
  const sum = (of: (one: Slice) => number | null): number => functions.reduce((total, one) => total + (of(one) ?? 0), 0);
  return {
    schemaVersion: 1,
    kind: "evscope-report",
    version: "0.1.0",
    madeAt: "2026-11-23T06:00:00.000Z",
    from: "2026-11-16T00:00:00.000Z",
    to: "2026-11-23T00:00:00.000Z",
    days: 7,
    pricesAsOf: "2026-08-21",
    currency: "USD",
    usd: sum((one) => one.usd),
    invocations: sum((one) => one.invocations),
    failed: sum((one) => one.failed),
    wasteUsd: { errors: 0.06 },
    unattributedUsd: 0,
    unattributedLines: [],
    unknown: [],
    slices: { cloud: [], service: [], function: functions, route: [], tag: null },
    tagKey: null,
    outsideChainsUsd: 0,
    transactions: [
      {
        route: "checkout > mailer",
        count: 100,
        failed: 2,
        broken: 1,
        usd: 1.2,
        usdEach: { mean: 0.012, p50: 0.011, p95: 0.02 },
        p95Ms: 900,
      },
    ],
    chains: { count: 100, failed: 2, broken: 1 },
    daily: [],
    projection: { usd: { p10: 5, p50: 6, p90: 7 }, why: "from the spread of 7 days" },
    baseline: null,
    noBaseline: "none was wanted (--baseline none)",
    change: null,
    recommendations: [],
    notAdvised: [],
    savings: [],
    gaps: [],
    ownUsd: 0,
    gates: [],
    ...over,
  };
}
