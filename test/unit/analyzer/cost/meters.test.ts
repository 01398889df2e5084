/** What metrics counted, shared out over runs: figures worked by hand beside each case. */
import { describe, expect, it } from "vitest";
import { meteredSpans, withMeters } from "../../../../src/analyzer/cost/index.ts";
import { ledger } from "../../../../src/analyzer/cost/ledger.ts";
import { meteredRuns } from "../../../../src/analyzer/cost/meters.ts";
import { ratesWith } from "../../../../src/app/rates.ts";
import type { Metered, UsageGroup } from "../../../../src/model/billing.ts";
import type { Config } from "../../../../src/model/records.ts";
import { group } from "./rates.ts";

const rates = ratesWith(null);
const HOUR_MS = 3_600_000;
const [consumption, onDemand, ready, standing] = [
  "functionexecutionunits",
  "ondemandfunctionexecutionunits",
  "alwaysreadyfunctionexecutionunits",
  "alwaysreadyunits",
].map((name) => `microsoft.web/sites/${name}`) as [string, string, string, string];

const azure = (over: Partial<UsageGroup>): UsageGroup =>
  group({
    cloud: "azure",
    account: "s",
    region: "eastus",
    fn: "order",
    app: "shop",
    plan: "consumption",
    billedMs: null,
    memoryMib: null,
    maxMemoryMib: null,
    architecture: null,
    seenIn: "request-log",
    metered: true,
    ...over,
  });

const counted = (name: string, quantity: number, over: Partial<Metered> = {}): Metered => ({
  cloud: "azure",
  account: "s",
  region: "eastus",
  name,
  resource: "/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/Shop",
  fn: null,
  quantity,
  from: 0,
  to: HOUR_MS,
  ...over,
});

const config = (name: string, settings: Config["settings"], over: Partial<Config> = {}): Config => ({
  type: "config",
  cloud: "azure",
  account: "s",
  region: "eastus",
  kind: "function",
  resource: name,
  name,
  revision: null,
  observedAt: null,
  from: null,
  to: null,
  settings,
  ...over,
});

const shares = (usage: readonly UsageGroup[]): (number | null)[] =>
  usage.map(({ meteredParts }) => meteredParts?.reduce((sum, { quantity }) => sum + quantity, 0) ?? null);

describe("Consumption: the metric alone knows the memory", () => {
  it("by the time of the runs: 1,000 of 4,000 ms get a quarter, whatever function they are of", () => {
    const usage = [azure({ durationMs: 1_000, count: 1 }), azure({ fn: "quote", durationMs: 500, count: 6 })];
    const result = withMeters(usage, [counted(consumption, 1_024_000)], [], rates, null);
    expect(shares(result.usage)).toEqual([256_000, 768_000]);
    expect(result.beyond).toEqual([]);
    const { totalUsd, unknown, rows } = ledger(result, { ...rates, by: "function" });
    // 1 GB-s x 0.000016 + 7 x 0.0000002
    expect(totalUsd).toBeCloseTo(0.0000174, 15);
    expect(unknown).toEqual([]);
    // measured quantities at listed prices
    expect(rows.map(({ basis }) => basis)).toEqual(["modelled", "modelled"]);
  });

  it("runs of before the metric, of another app, or without an end get none, and stay unknown", () => {
    const usage = [
      azure({ durationMs: 1_000, metered: false }),
      azure({ durationMs: 1_000, app: "other" }),
      azure({ durationMs: null }),
      azure({ durationMs: 1_000 }),
    ];
    const result = withMeters(usage, [counted(consumption, 512)], [], rates, null);
    expect(shares(result.usage)).toEqual([null, null, null, 512]);
    expect(ledger(result, { ...rates, by: "function" }).unknown.reduce((sum, { count }) => sum + count, 0)).toBe(3);
  });

  it("a metric of 0 beside runs counts something else", () => {
    const result = withMeters([azure({ durationMs: 1_000, maxMemoryMib: 100 })], [counted(consumption, 0)], [], rates, null);
    expect(shares(result.usage)).toEqual([null]);
    expect(ledger(result, { ...rates, by: "function" }).totalUsd).toBeCloseTo(0.125 * 0.000016 + 0.0000002, 15);
  });

  it("is there for Premium too, and bills nothing there", () => {
    const premium = config("shop", { app: "shop", plan: "premium" });
    const result = withMeters([azure({ plan: "premium", durationMs: 10 })], [counted(consumption, 5_000)], [premium], rates, null);
    const { totalUsd, unknown } = ledger(result, { ...rates, by: "function" });
    expect(totalUsd).toBeNull();
    expect(unknown).toEqual([{ count: 1, why: expect.stringContaining("billed by plan instances, not attributed") }]);
  });
});

describe("Flex Consumption", () => {
  const flex = (over: Partial<UsageGroup>): UsageGroup => azure({ plan: "flex", memoryMib: 512, ...over });

  it("what no run explains is unattributed; by service it is the functions'", () => {
    // runs: 512 x 2,000 = 1,024,000 MB-ms; the metric has 1,536,000: 512,000 = 0.5 GB-s beyond
    const result = withMeters([flex({ durationMs: 1_500, sharedMs: 2_000 })], [counted(onDemand, 1_536_000)], [], rates, null);
    expect(shares(result.usage)).toEqual([1_024_000]);
    const byFunction = ledger(result, { ...rates, by: "function" });
    expect(byFunction.unattributedUsd).toBeCloseTo(0.5 * 0.000026, 15);
    expect(byFunction.unattributedLines[0]).toMatchObject({ meter: "functions.duration", basis: "modelled" });
    const byService = ledger(result, { ...rates, by: "service" });
    expect(byService.rows.map(({ key }) => key)).toEqual(["functions"]);
    expect(byService.totalUsd).toBeCloseTo(byFunction.totalUsd!, 15);
  });

  it("on-demand and always-ready time are shared out alike, each at its price", () => {
    const usage = [flex({ durationMs: 1_000, sharedMs: 1_000 }), flex({ fn: "quote", durationMs: 3_000, sharedMs: 3_000 })];
    const result = withMeters(usage, [counted(onDemand, 512_000), counted(ready, 1_536_000)], [], rates, null);
    expect(result.usage.map(({ meteredParts }) => meteredParts)).toEqual([
      [
        { variant: "flex", quantity: 128_000 },
        { variant: "flex-always-ready", quantity: 384_000 },
      ],
      [
        { variant: "flex", quantity: 384_000 },
        { variant: "flex-always-ready", quantity: 1_152_000 },
      ],
    ]);
  });

  it("instances kept ready: by the metric, else as configured over the whole time, else unknown", () => {
    const app = config("shop", { app: "shop", plan: "flex", memoryMib: 2_048, alwaysReady: [{ name: "http", instanceCount: 2 }] });
    // two instances of 2 GB for an hour: 14,400 GB-s x 0.000004 = 0.0576
    const configured = ledger(withMeters([], [], [app], rates, HOUR_MS), { ...rates, by: "function" });
    expect(configured.totalUsd).toBeCloseTo(0.0576, 12);
    expect(configured.unattributedLines).toMatchObject([{ meter: "functions.baseline", basis: "assumed" }]);
    // the metric says that they were there for half of it
    const metered = withMeters([], [counted(standing, 7_372_800_000)], [app], rates, HOUR_MS);
    expect(ledger(metered, { ...rates, by: "function" }).totalUsd).toBeCloseTo(0.0288, 12);
    const unbounded = ledger(withMeters([], [], [app], rates, null), { ...rates, by: "function" });
    expect(unbounded.totalUsd).toBeNull();
    expect(unbounded.unknown).toEqual([{ count: 1, why: expect.stringContaining("instances kept ready") }]);
  });
});

describe("Cloud Run", () => {
  const run = (over: Partial<UsageGroup>): UsageGroup =>
    azure({ cloud: "gcp", region: "us-central1", app: null, fn: "api", plan: "run-request", memoryMib: 512, vcpu: 1, ...over });
  const metric = counted("run.googleapis.com/container/billable_instance_time", 2, {
    cloud: "gcp",
    region: "us-central1",
    resource: null,
    fn: "api",
  });

  it("counts less where requests that count alone shared an instance: 2 of 4 s", () => {
    const usage = [run({ durationMs: 1_000, count: 3 }), run({ durationMs: 950, count: 1 })];
    const result = withMeters(usage, [metric], [], rates, null);
    expect(shares(result.usage)).toEqual([1_500, 500]);
    // 2 s x (0.000024 + 0.5 x 0.0000025) + 4 x 0.0000004
    expect(ledger(result, { ...rates, by: "function" }).totalUsd).toBeCloseTo(0.0000521, 15);
  });

  it("minimum instances of request-based billing are unknown while they idle, those of instance-based are in the metric", () => {
    const service = (plan: string): Config =>
      config("api", { plan, vcpu: 1, memoryMib: 512, minInstances: 1 }, { cloud: "gcp", region: "us-central1" });
    const request = ledger(withMeters([], [metric], [service("run-request")], rates, HOUR_MS), { ...rates, by: "function" });
    expect(request.unknown).toEqual([{ count: 1, why: expect.stringContaining("minimum instances") }]);
    const instance = ledger(withMeters([], [metric], [service("run-instance")], rates, HOUR_MS), { ...rates, by: "function" });
    expect(instance.unknown).toEqual([]);
    // 2 s x (0.000018 + 0.5 x 0.000002)
    expect(instance.totalUsd).toBeCloseTo(0.000038, 15);
  });
});

describe("when metrics counted", () => {
  it("an app's metric covers the functions that configurations say are in it", () => {
    const configs = [config("shop", { app: "shop" }), config("Order", { app: "shop" }), config("ship", { app: "depot" })];
    const spans = meteredSpans([counted(consumption, 1), counted(standing, 1)], configs, rates);
    expect(spans.map(({ fn, from, to }) => [fn, from, to])).toEqual([
      ["shop", 0, HOUR_MS],
      ["Order", 0, HOUR_MS],
    ]);
    const isMetered = meteredRuns(spans);
    const began = { cloud: "azure", account: "s", region: null, fn: "order" } as const;
    expect([-1, 0, HOUR_MS - 1, HOUR_MS].map((startedAt) => isMetered({ ...began, startedAt }))).toEqual([false, true, true, false]);
    expect(isMetered({ ...began, account: "other", startedAt: 5 })).toBe(false);
  });
});
