/** What advice promises against the ledger's own bill of simulated runs, before the change and after it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { costOf } from "../../../src/app/cost.ts";
import { rightsize } from "../../../src/app/rightsize.ts";
import { loadSettings } from "../../../src/app/settings.ts";
import { silentHost } from "../../../src/model/host.ts";
import type { Config, Invocation, MetricPoint, Rec } from "../../../src/model/records.ts";
import { predictionsOf, type SizingAdvice } from "../../../src/model/sizing.ts";
import { openBatchWriter, openCommitter } from "../../../src/store/index.ts";

const START = Date.UTC(2026, 5, 1);
const HOUR = 3_600_000;
const MONTH = 30.4375 * 24 * HOUR;
const gcp = { cloud: "gcp", account: "p1", region: "europe-west1" } as const;
const SUBSCRIPTION = "11111111-2222-4333-8444-555555555555";
const azure = { cloud: "azure", account: SUBSCRIPTION, region: "eastus" } as const;
const SITE = `/subscriptions/${SUBSCRIPTION}/resourceGroups/g/providers/Microsoft.Web/sites/shop`;

/** Park and Miller 1988: the same runs always. */
function random(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

interface Traffic {
  /** Hour it begins and how many hours it lasts. */
  from: number;
  hours: number;
  /** Runs a second that come to each instance independently, and how long they take. */
  perSecond: number;
  instances: number;
  meanMs: number;
}

const SAID_BY_NONE = {
  billedMs: null,
  memoryMib: null,
  maxMemoryMib: null,
  vcpu: null,
  initMs: null,
  restoreMs: null,
  billedRestoreMs: null,
  coldStart: null,
  outcome: "ok",
  errorType: null,
  traceId: null,
  spanId: null,
  parentSpanId: null,
  architecture: null,
  plan: null,
  trigger: null,
  weight: 1,
  emulator: false,
  seenIn: "request-log",
  ids: [],
} satisfies Partial<Invocation>;

let requests = 0;
function runs({ from, hours, perSecond, instances, meanMs }: Traffic, over: Partial<Invocation>): Invocation[] {
  const next = random(17 + from);
  return Array.from({ length: instances }, (_, i) => i).flatMap((instance) => {
    const own: Invocation[] = [];
    let at = START + from * HOUR;
    for (;;) {
      at += (-Math.log(next()) / perSecond) * 1000;
      if (at >= START + (from + hours) * HOUR) return own;
      const normal = Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next());
      const durationMs = meanMs * Math.exp(0.3 * normal - 0.045);
      own.push({
        type: "invocation",
        ...gcp,
        fn: "orders",
        version: null,
        requestId: `r${requests++}`,
        startedAt: at,
        endedAt: at + durationMs,
        durationMs,
        stream: `${over.version ?? from}-${instance}`,
        ...SAID_BY_NONE,
        ...over,
      });
    }
  });
}

function described(resource: string, name: string, settings: Config["settings"], over: Partial<Config>): Config {
  const place = { type: "config", ...gcp, kind: "function", revision: null, observedAt: START, from: null, to: null } as const;
  return { ...place, resource, name, settings, ...over };
}

/** A value each minute of these hours. */
function measured(hours: number, name: string, statistic: string, value: number, over: Partial<MetricPoint>): MetricPoint[] {
  const point = { type: "metric", ...gcp, periodMs: 60_000, resource: null, fn: "orders", unit: null } as const;
  return Array.from({ length: hours * 60 }, (_, i) => ({ ...point, at: START + i * 60_000, name, statistic, value, ...over }));
}

async function within<Result>(records: readonly Rec[], ask: (dir: string) => Promise<Result>): Promise<Result> {
  const dir = mkdtempSync(join(tmpdir(), "evscope-bill-"));
  try {
    const committer = openCommitter(dir);
    const writer = await openBatchWriter({ dir, publisher: committer, threads: 1, memoryMib: 256 });
    for (const record of records) writer.write(record);
    await writer.finish();
    await writer.close();
    await committer.close();
    return await ask(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const signal = new AbortController().signal;

function adviceOn(records: readonly Rec[]): Promise<SizingAdvice> {
  const options = { objective: { optimize: "cost", maxSlowdown: null, minSavingUsdPerMonth: 0 } as const, functions: null };
  return within(records, async (dir) => {
    const { sizing } = await rightsize(dir, [], options, loadSettings(null, dir), silentHost, signal);
    expect(sizing.functions).toHaveLength(1);
    return sizing.functions[0]!;
  });
}

/** A month of what the ledger says of these hours. */
async function billed(records: readonly Rec[], hours: number): Promise<number> {
  const { ledger } = await within(records, (dir) => costOf(dir, [], { by: "function" }, loadSettings(null, dir), silentHost, signal));
  return (ledger.totalUsd! * MONTH) / (hours * HOUR);
}

function within10Percent(advice: SizingAdvice, before: number, after: number): void {
  const { now, proposed } = predictionsOf(advice);
  expect(Math.abs(now!.monthlyUsd!.p50 / before - 1)).toBeLessThan(0.1);
  expect(Math.abs(proposed!.monthlyUsd!.p50 / after - 1)).toBeLessThan(0.1);
  expect(Math.abs(advice.savingUsdPerMonth!.p50 / (before - after) - 1)).toBeLessThan(0.1);
}

describe("Cloud Run", () => {
  const service = (settings: Config["settings"], hour: number): Config =>
    described(
      "projects/p1/locations/europe-west1/services/orders",
      "orders",
      { generation: 2, plan: "run-request", timeoutS: 300, maxInstances: 50, ...settings },
      { observedAt: START + hour * HOUR },
    );
  const used = (share: number): MetricPoint[] => measured(2, "run.googleapis.com/container/memory/utilizations", `bucket<=${share}`, 3, {});
  const busy = (share: number): MetricPoint[] => measured(2, "run.googleapis.com/container/cpu/utilizations", "mean", share, {});

  it.each([
    ["alone", 1, { perSecond: 0.2, instances: 4, meanMs: 450 }],
    ["some at once", 80, { perSecond: 2, instances: 3, meanMs: 450 }],
    ["some at once, shorter than a step", 80, { perSecond: 10, instances: 1, meanMs: 60 }],
  ])("less CPU and memory, runs %s", async (_name, concurrency, traffic) => {
    const small = { memoryMib: 2048, vcpu: 1, concurrency, latestRevision: "orders-1" };
    const large = { ...small, vcpu: 2, latestRevision: "orders-2" };
    const first = runs({ from: 0, hours: 1, ...traffic }, { version: "orders-1" });
    const second = runs({ from: 1, hours: 1, ...traffic }, { version: "orders-2" });
    const advice = await adviceOn([...first, ...second, service(small, 0), service(large, 1), ...used(0.2)]);
    expect(advice.change).toMatchObject({ before: { vcpu: 2 }, after: { vcpu: 1 } });
    const then = { ...large, ...advice.change!.after, latestRevision: "orders-3" };
    const third = runs({ from: 9, hours: 1, ...traffic }, { version: "orders-3" });
    within10Percent(advice, await billed([...second, service(large, 1)], 1), await billed([...third, service(then, 9)], 1));
  });
  it("twice the concurrency: as many runs on half the instances", async () => {
    const settings = { memoryMib: 1024, vcpu: 1, concurrency: 6, latestRevision: "orders-1" };
    const traffic = { from: 0, hours: 1, perSecond: 3, instances: 6, meanMs: 1000 };
    const before = runs(traffic, { version: "orders-1" });
    const metrics = [...used(0.2), ...busy(0.1)].filter(({ at }) => at < START + HOUR);
    const advice = await adviceOn([...before, service(settings, 0), ...metrics]);
    expect(advice.change!.after["concurrency"]).toBe(12);
    const then = { ...settings, ...advice.change!.after };
    const after = runs({ ...traffic, perSecond: 6, instances: 3 }, { version: "orders-1" });
    within10Percent(advice, await billed([...before, service(settings, 0)], 1), await billed([...after, service(then, 0)], 1));
  });
});

describe("Azure Flex", () => {
  it.each([
    ["alone", { perSecond: 0.03, instances: 4, meanMs: 3000 }],
    ["some at once", { perSecond: 0.25, instances: 3, meanMs: 3000 }],
    ["some at once, shorter than a second", { perSecond: 2.5, instances: 2, meanMs: 300 }],
  ])("less memory, runs %s", async (_name, traffic) => {
    const own = { ...azure, fn: "Order", plan: "flex" };
    const look = (hour: number, memoryMib: number): Config =>
      described(SITE, "shop", { app: "shop", plan: "flex", memoryMib, runtime: "python" }, { ...azure, observedAt: START + hour * HOUR });
    const inside = described(`${SITE}/functions/Order`, "Order", { app: "shop", trigger: "serviceBusTrigger" }, azure);
    const first = runs({ from: 0, hours: 1, ...traffic }, own);
    const second = runs({ from: 1, hours: 1, ...traffic }, own);
    const advice = await adviceOn([
      ...first,
      ...second,
      ...[0, 0.999].map((hour) => look(hour, 512)),
      ...[1, 2].map((hour) => look(hour, 2048)),
      inside,
      ...measured(2, "Microsoft.Web/sites/AverageMemoryWorkingSet", "Maximum", 150 * 1_048_576, { ...azure, fn: null, resource: SITE }),
    ]);
    expect(advice.change).toEqual({ before: { memoryMib: 2048 }, after: { memoryMib: 512 } });
    const third = runs({ from: 9, hours: 1, ...traffic }, own);
    within10Percent(advice, await billed([...second, look(1, 2048), inside], 1), await billed([...third, look(9, 512), inside], 1));
  });
});
