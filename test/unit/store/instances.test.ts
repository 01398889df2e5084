import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Config, Invocation, MetricPoint, Rec } from "../../../src/model/records.ts";
import { openBatchWriter, openCommitter, openDataset } from "../../../src/store/index.ts";
import type { Dataset } from "../../../src/store/types.ts";

const NOON = Date.UTC(2026, 0, 15, 12);
const ANY = { from: null, to: null, functions: [], clouds: [] };
const run = { cloud: "gcp", account: "p1", region: "europe-west1" } as const;
const app = { cloud: "azure", account: "sub", region: "westeurope" } as const;

let next = 0;
function ran(startMs: number, durationMs: number, over: Partial<Invocation> = {}): Invocation {
  return {
    type: "invocation",
    ...run,
    fn: "orders",
    version: "orders-1",
    requestId: `r${next++}`,
    startedAt: NOON + startMs,
    endedAt: NOON + startMs + durationMs,
    durationMs,
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
    stream: "i1",
    architecture: null,
    plan: null,
    trigger: null,
    weight: 1,
    emulator: false,
    seenIn: "request-log",
    ids: [],
    ...over,
  };
}

function config(resource: string, name: string, settings: Config["settings"], over: Partial<Config> = {}): Config {
  return {
    type: "config",
    ...run,
    kind: "function",
    resource,
    name,
    revision: null,
    observedAt: NOON,
    from: null,
    to: null,
    settings,
    ...over,
  };
}

function metric(name: string, statistic: string, value: number, over: Partial<MetricPoint> = {}): MetricPoint {
  return { type: "metric", ...run, at: NOON, periodMs: 60_000, resource: null, fn: "orders", name, statistic, unit: null, value, ...over };
}

let dir: string;
let dataset: Dataset;
beforeEach(() => {
  next = 0;
  dir = mkdtempSync(join(tmpdir(), "evscope-instances-"));
});
afterEach(async () => {
  await dataset.close();
  rmSync(dir, { recursive: true, force: true });
});

async function hold(...records: Rec[]): Promise<Dataset> {
  const committer = openCommitter(dir);
  const writer = await openBatchWriter({ dir, publisher: committer, threads: 1, memoryMib: 128 });
  for (const record of records) writer.write(record);
  await writer.finish();
  await writer.close();
  await committer.close();
  return (dataset = await openDataset(dir));
}

describe("runs at once on an instance", () => {
  it("are told by the moment a run begins, busy time is the union", async () => {
    // 0..100, 50..150, 60..80 on one instance: levels 1, 2, 3; union 150 of 220 ms. 150..160 begins as another ends: alone again, and busy 10 more
    const data = await hold(ran(0, 100), ran(50, 100), ran(60, 20), ran(150, 10), ran(0, 100, { stream: "i2" }));
    const [load, ...others] = await data.instanceLoad(ANY);
    expect(others).toEqual([]);
    expect(load).toMatchObject({ fn: "orders", version: "orders-1", runs: 5, instances: 2, weight: 1, ranMs: 330, meanLevel: 8 / 5 });
    expect(load!.busyMs).toBeCloseTo(150 + 10 + 100, 2);
    expect(load!.levels.map(({ level, count, trimmedMeanMs }) => [level, count, trimmedMeanMs])).toEqual([
      [1, 3, 70],
      [2, 1, 100],
      [3, 1, 20],
    ]);
  });
  it("instances are counted that are busy at once, not all that there ever were", async () => {
    // i1 busy 0..150, i2 0..100, i3 alone at 1 s: at most two, and when runs begin 1, 2, 2, 1
    const data = await hold(ran(0, 100), ran(1, 100, { stream: "i2" }), ran(50, 100), ran(1000, 100, { stream: "i3" }));
    const [load] = await data.instanceLoad(ANY);
    expect(load).toMatchObject({ instances: 2, meanInstances: 6 / 4 });
  });
  it("of an app's functions are those of all of them: sums over the functions are right", async () => {
    const data = await hold(
      ran(0, 100, { ...app, fn: "first", version: null }),
      ran(40, 100, { ...app, fn: "second", version: null }),
      ran(1_000, 100, { cloud: "aws", fn: "lambda", coldStart: false }),
    );
    const loads = await data.instanceLoad(ANY);
    expect(loads.map((one) => [one.fn, one.meanLevel])).toEqual([
      ["first", 1],
      ["second", 2],
    ]);
    expect(loads.reduce((sum, one) => sum + one.busyMs, 0)).toBeCloseTo(140, 2);
  });
  it("are none where no run says its instance", async () => {
    const data = await hold(ran(0, 100, { stream: null }));
    expect(await data.instanceLoad(ANY)).toEqual([]);
  });
});

describe("what instances have in use", () => {
  it("is the highest bucket that holds something, the amount that a metric says, and a mean of the CPU", async () => {
    const memory = "run.googleapis.com/container/memory/utilizations";
    const set = "Microsoft.Web/sites/AverageMemoryWorkingSet";
    const site = { ...app, fn: null, resource: "/subscriptions/sub/resourceGroups/g/providers/Microsoft.Web/sites/Shop" };
    const data = await hold(
      metric(memory, "count", 5),
      metric(memory, "mean", 0.3),
      metric(memory, "bucket<=0.25", 3),
      metric(memory, "bucket<=0.45", 5),
      metric(memory, "bucket<=0.8", 1, { resource: "cloud_run_revision{revision_name=orders-2,service_name=orders}" }),
      metric("run.googleapis.com/container/cpu/utilizations", "mean", 0.2),
      metric("cloudfunctions.googleapis.com/function/user_memory_bytes", "bucket<=104857600", 1, { fn: "old" }),
      metric(set, "Maximum", 209_715_200, site),
      // over instances: no instance's
      metric(set, "Average", 104_857_600, site),
      metric(`${set}{Instance=a1}`, "Average", 157_286_400, { ...site, at: NOON + 3_600_000, periodMs: 3_600_000 }),
    );
    const uses = await data.instanceUse(ANY);
    expect(uses.map(({ fn, version, memoryShare, memoryMib, cpuShare }) => [fn, version, memoryShare, memoryMib, cpuShare])).toEqual([
      ["shop", null, null, 200, null],
      ["old", null, null, 100, null],
      ["orders", "orders-2", 0.8, null, null],
      ["orders", null, 0.45, null, 0.2],
    ]);
    // when it was looked at: a minute at noon, and the hour from one on
    expect(uses[0]!.memorySeen).toEqual({ from: NOON, to: NOON + 7_200_000, points: 2, periodMs: 3_600_000 });
    expect(uses[3]!.memorySeen).toEqual({ from: NOON, to: NOON + 60_000, points: 1, periodMs: 60_000 });
  });
});

describe("sizes of runs that say none", () => {
  it("are those of their revision", async () => {
    const service = "projects/p1/locations/europe-west1/services/orders";
    const data = await hold(
      ran(0, 100),
      ran(200, 50, { version: "orders-2" }),
      ran(400, 50, { version: "orders-3" }),
      config(service, "orders", { memoryMib: 512, vcpu: 1, concurrency: 80, latestRevision: "orders-1" }, { observedAt: NOON - 1 }),
      config(service, "orders", { memoryMib: 1024, vcpu: 2, concurrency: 80, latestRevision: "orders-2" }),
    );
    expect((await data.functionStats(ANY)).map((one) => [one.version, one.memoryMib, one.vcpu, one.warm.trimmedMeanMs])).toEqual([
      ["orders-1", 512, 1, 100],
      ["orders-2", 1024, 2, 50],
      ["orders-3", null, undefined, 50],
    ]);
  });
  it("are those of their app when they ran, and unknown between two looks that differ", async () => {
    const site = "/subscriptions/sub/resourceGroups/g/providers/Microsoft.Web/sites/shop";
    const one = (observedAt: number, memoryMib: number): Config =>
      config(site, "shop", { app: "shop", plan: "flex", memoryMib }, { ...app, observedAt });
    const own = { ...app, fn: "Order", version: null };
    const data = await hold(
      ran(0, 100, own),
      ran(500_000, 70, own),
      ran(900_000, 50, own),
      one(NOON + 100_000, 2048),
      one(NOON + 800_000, 4096),
      config(`${site}/functions/Order`, "Order", { app: "shop" }, app),
    );
    expect((await data.functionStats(ANY)).map((stats) => [stats.memoryMib, stats.warm.trimmedMeanMs])).toEqual([
      [2048, 100],
      [null, 70],
      [4096, 50],
    ]);
  });
  it("are unknown where two descriptions differ and neither says when it was read", async () => {
    const site = "/subscriptions/sub/resourceGroups/g/providers/Microsoft.Web/sites/shop";
    const one = (memoryMib: number): Config => config(site, "shop", { app: "shop", memoryMib }, { ...app, observedAt: null });
    const inside = config(`${site}/functions/Order`, "Order", { app: "shop" }, app);
    const data = await hold(ran(0, 100, { ...app, fn: "Order", version: null }), one(512), one(2048), inside);
    expect((await data.functionStats(ANY)).map((stats) => stats.memoryMib)).toEqual([null]);
  });
  it("are not known before the last change that Google names, nor long after the last look at an app", async () => {
    const function1 = "projects/p1/locations/europe-west1/functions/orders";
    const data = await hold(
      ran(0, 100, { version: "3" }),
      ran(200_000, 50, { version: "4" }),
      config(function1, "orders", { generation: 1, plan: "gen1", memoryMib: 256 }, { observedAt: NOON + 100_000 }),
      config("/x/sites/shop", "shop", { app: "shop", memoryMib: 2048 }, { ...app, observedAt: NOON }),
      config("/x/sites/shop/functions/Order", "Order", { app: "shop" }, app),
      ran(60_000, 70, { ...app, fn: "Order", version: null }),
      ran(2 * 3_600_000, 80, { ...app, fn: "Order", version: null }),
    );
    expect((await data.functionStats(ANY)).map((stats) => [stats.fn, stats.memoryMib, stats.warm.trimmedMeanMs])).toEqual([
      ["Order", 2048, 70],
      ["Order", null, 80],
      ["orders", null, 100],
      ["orders", 256, 50],
    ]);
  });
  it("are nobody's where two apps have a function of the name", async () => {
    const site = (name: string): Config =>
      config(`/subscriptions/sub/resourceGroups/g/providers/Microsoft.Web/sites/${name}`, name, { app: name, memoryMib: 2048 }, app);
    const inside = (name: string): Config => ({
      ...site(name),
      resource: `${site(name).resource}/functions/Order`,
      name: "Order",
      settings: { app: name },
    });
    const data = await hold(ran(0, 100, { ...app, fn: "Order", version: null }), site("a"), site("b"), inside("a"), inside("b"));
    expect((await data.functionStats(ANY)).map((stats) => stats.memoryMib)).toEqual([null]);
  });
  it("are those of the described app where telemetry names the app without its resource group", async () => {
    const site = "/subscriptions/sub/resourceGroups/g/providers/Microsoft.Web/sites/shop";
    const seen = config(
      "/subscriptions/sub/providers/Microsoft.Web/sites/shop/functions/Order",
      "Order",
      { app: "shop" },
      { ...app, region: null },
    );
    const described = [
      config(site, "shop", { app: "shop", memoryMib: 2048 }, app),
      config(`${site}/functions/Order`, "Order", { app: "shop" }, app),
    ];
    const data = await hold(ran(0, 100, { ...app, fn: "Order", version: null }), seen, ...described);
    expect((await data.functionStats(ANY)).map((stats) => stats.memoryMib)).toEqual([2048]);
  });
  it("are each one's where two subscriptions have an app of the name", async () => {
    const described = (account: string, memoryMib: number): Config[] => {
      const resource = `/subscriptions/${account}/resourceGroups/g/providers/Microsoft.Web/sites/shop`;
      const over = { ...app, account };
      return [
        config(resource, "shop", { app: "shop", memoryMib }, over),
        config(`${resource}/functions/Order`, "Order", { app: "shop" }, over),
      ];
    };
    const runIn = (account: string | null): Invocation => ran(0, 100, { ...app, account, fn: "Order", version: null });
    const data = await hold(runIn("s1"), runIn("s2"), runIn(null), ...described("s1", 512), ...described("s2", 4096));
    expect((await data.functionStats(ANY)).map((stats) => [stats.account, stats.memoryMib])).toEqual([
      ["s1", 512],
      ["s2", 4096],
      [null, null],
    ]);
  });
});

describe("sampled runs", () => {
  it("count as many times as runs they stand for", async () => {
    // 10 runs of 100 ms that stand for 1 each, 10 of 200 ms that stand for 9 each: 200 ms is 90 % of all, so the trimmed mean is 200
    const own = { ...app, fn: "Order", version: null };
    const runs = Array.from({ length: 20 }, (_, i) => ran(i * 1_000, i < 10 ? 100 : 200, { ...own, weight: i < 10 ? 1 : 9 }));
    const [stats] = await (await hold(...runs)).functionStats(ANY);
    expect(stats!.invocations).toBeCloseTo(100, 9);
    expect(stats!.warm.trimmedMeanMs).toBe(200);
    // Kish: 100² / (10 x 1 + 10 x 81) = 12.2 runs
    expect(stats!.warm.count).toBe(12);
  });
});
