/** From records of Azure and Google Cloud in a dataset to advice, at list prices. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Reach } from "../../../src/app/apply.ts";
import { applyAdvice } from "../../../src/app/plan.ts";
import { rightsize, sizeAdvice } from "../../../src/app/rightsize.ts";
import { loadSettings } from "../../../src/app/settings.ts";
import { verify } from "../../../src/app/verify.ts";
import type { Applier } from "../../../src/clouds/room.ts";
import { silentHost } from "../../../src/model/host.ts";
import type { Change, LiveResource, ResourceRef } from "../../../src/model/plan.ts";
import type { Config, Invocation, MetricPoint, Rec } from "../../../src/model/records.ts";
import type { Sizing, SizingAdvice } from "../../../src/model/sizing.ts";
import { openBatchWriter, openCommitter } from "../../../src/store/index.ts";
import { fakeSession } from "../../support/fake-session.ts";
import { fakeClock } from "../applier/support.ts";

const START = Date.UTC(2026, 5, 1);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const gcp = { cloud: "gcp", account: "p1", region: "europe-west1" } as const;
const SUBSCRIPTION = "11111111-2222-4333-8444-555555555555";
const azure = { cloud: "azure", account: SUBSCRIPTION, region: "eastus" } as const;

function ran(startedAt: number, durationMs: number, over: Partial<Invocation>): Invocation {
  return {
    type: "invocation",
    ...gcp,
    fn: "orders",
    version: null,
    requestId: `${over.cloud ?? "gcp"}-${startedAt}-${over.fn ?? ""}`,
    startedAt,
    endedAt: startedAt + durationMs,
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

const described = (resource: string, name: string, settings: Config["settings"], over: Partial<Config>): Config => ({
  type: "config",
  ...gcp,
  kind: "function",
  resource,
  name,
  revision: "e1",
  observedAt: START,
  from: null,
  to: null,
  settings,
  ...over,
});

const measured = (name: string, statistic: string, value: number, over: Partial<MetricPoint>): MetricPoint => ({
  type: "metric",
  ...gcp,
  at: START + DAY,
  periodMs: 60_000,
  resource: null,
  fn: "orders",
  name,
  statistic,
  unit: null,
  value,
  ...over,
});

/** A point for each day of two weeks. */
const daily = (...[name, statistic, value, over]: Parameters<typeof measured>): MetricPoint[] =>
  Array.from({ length: 14 }, (_, day) => measured(name, statistic, value, { at: START + day * DAY, periodMs: DAY, ...over }));

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "evscope-sizes-"));
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

async function hold(records: readonly Rec[]): Promise<void> {
  const committer = openCommitter(dir);
  const writer = await openBatchWriter({ dir, publisher: committer, threads: 1, memoryMib: 128 });
  for (const record of records) writer.write(record);
  await writer.finish();
  await writer.close();
  await committer.close();
}

async function sizingFrom(records: readonly Rec[]): Promise<Sizing> {
  await hold(records);
  const options = { objective: { optimize: "cost", maxSlowdown: null, minSavingUsdPerMonth: 0 } as const, functions: null };
  const { sizing } = await rightsize(dir, [], options, loadSettings(null, dir), silentHost, new AbortController().signal);
  return sizing;
}

const adviceFrom = async (records: readonly Rec[]): Promise<SizingAdvice[]> => (await sizingFrom(records)).functions;

/** One run each ten minutes for a week from a day on, a few milliseconds apart in length. */
const week = (day: number, durationMs: number, over: Partial<Invocation>): Invocation[] =>
  Array.from({ length: 1008 }, (_, i) => ran(START + day * DAY + i * 600_000, durationMs + (i % 7) - 3, { ...over, stream: `i${i % 12}` }));

const SITE = `/subscriptions/${SUBSCRIPTION}/resourceGroups/g/providers/Microsoft.Web/sites/shop`;
const own = { ...azure, fn: "Order", plan: "flex" };
const look = (day: number, memoryMib: number): Config =>
  described(SITE, "shop", { app: "shop", plan: "flex", memoryMib, runtime: "python" }, { ...azure, observedAt: START + day * DAY });

/** A Flex app with one function: a week at 512 MiB, then one at 2048. */
const shop = (resource = SITE): Rec[] => [
  ...week(0, 2600, own),
  ...week(8, 2550, own),
  look(0, 512),
  look(7, 512),
  look(8, 2048),
  look(15, 2048),
  described(`${resource}/functions/Order`, "Order", { app: "shop", trigger: "serviceBusTrigger" }, azure),
  ...daily("Microsoft.Web/sites/AverageMemoryWorkingSet", "Maximum", 150 * 1_048_576, { ...azure, fn: null, resource: SITE }),
];

describe("rightsize", () => {
  it("Cloud Run: one thread on two vCPUs, and a gigabyte of which a tenth is used", async () => {
    const service = (vcpu: number, revision: string): Config =>
      described(
        `projects/p1/locations/europe-west1/services/orders`,
        "orders",
        { generation: 2, plan: "run-request", memoryMib: 1024, vcpu, concurrency: 1, timeoutS: 300, latestRevision: revision },
        { observedAt: START + (vcpu === 1 ? 1 : 8) * DAY },
      );
    const [advice, ...others] = await adviceFrom([
      ...week(0, 450, { version: "orders-1" }),
      ...week(7, 449, { version: "orders-2" }),
      service(1, "orders-1"),
      service(2, "orders-2"),
      ...daily("run.googleapis.com/container/memory/utilizations", "bucket<=0.1", 60, {}),
    ]);
    expect(others).toEqual([]);
    expect(advice).toMatchObject({
      fn: "orders",
      kind: "run.service",
      tier: 2,
      refusal: null,
      // 512 MiB would save less than 5 %, and with less Cloud Run may choose another execution environment
      change: { before: { vcpu: 2 }, after: { vcpu: 1 } },
      evidence: { invocations: 2016, sizesVcpu: [1, 2], sandboxes: 24 },
    });
    // 2,016 runs in 14 days are 4,383 a month, of 450 ms, rounded up to 500
    // at $0.000024 per vCPU-s and $0.0000025 per GiB-s (tier 1): a vCPU less
    expect(advice!.savingUsdPerMonth!.p50 / (4383 * 0.5 * 0.000024)).toBeCloseTo(1, 1);
  });
  it("Azure Flex: the app's size over time is that of its descriptions, its runs are those of its functions", async () => {
    const [advice, ...others] = await adviceFrom(shop());
    expect(others).toEqual([]);
    expect(advice).toMatchObject({
      fn: "shop",
      members: ["Order"],
      kind: "azure.function-app",
      tier: 2,
      refusal: null,
      asynchronous: true,
      change: { before: { memoryMib: 2048 }, after: { memoryMib: 512 } },
      evidence: { sizesMib: [512, 2048], maxUsedMib: 150 },
    });
  });
});

describe("rightsize --apply and verify", () => {
  it.each([
    ["described", SITE],
    ["known by telemetry, which names no resource group", SITE.toLowerCase().replace("/resourcegroups/g", "")],
  ])("an app is changed as a whole, and its functions' runs say whether that was right: functions %s", async (_name, seenAs) => {
    let memoryMib = 2048;
    const read = async (ref: ResourceRef): Promise<LiveResource> => ({
      ...ref,
      settings: { memoryMib },
      revision: `"${memoryMib}"`,
      fingerprint: String(memoryMib),
      busy: null,
      aliases: [],
    });
    const written: Change[] = [];
    const applier: Applier = {
      read,
      owners: async () => [],
      async write(change) {
        written.push(change);
        memoryMib = change.after["memoryMib"] as number;
        return { live: await read(change), publishedVersion: null };
      },
      moveAlias: async () => expect.unreachable("an app has no aliases"),
    };
    const settings = loadSettings(null, dir);
    const at = START + 16 * DAY;
    const world: Reach["world"] = {
      host: silentHost,
      signal: new AbortController().signal,
      clock: { ...fakeClock(), now: () => at },
      keys: settings.keys,
      connect: async (target) => ({ ...fakeSession(target, { account: SUBSCRIPTION }), applier }),
    };
    const options = {
      dataDir: dir,
      folder: dir,
      allow: { drift: false, latest: false, dataLoss: false, irreversible: false },
      dryRun: false,
      parallel: 1,
      keepGoing: false,
      confirm: async () => true,
    };
    const applied = await applyAdvice(sizeAdvice(await sizingFrom(shop(seenAs))), null, options, { settings, flags: {}, env: {}, world });
    expect(applied.exitCode).toBe(0);
    expect(written.map(({ kind, resource, before, after, danger }) => ({ kind, resource, before, after, danger }))).toEqual([
      { kind: "azure.function-app", resource: SITE, before: { memoryMib: 2048 }, after: { memoryMib: 512 }, danger: "restart" },
    ]);
    // a week later, no description read since: the runs say no size, and count by their time
    await hold(week(17, 4200, own));
    const result = await verify(dir, null, settings, world);
    expect(result.changes[0]).toMatchObject({ verdict: "worse", before: { invocations: 1008 }, after: { invocations: 1008 } });
    expect(result.changes[0]!.reasons[0]).toMatch(/^runs take 4200 ms; .* was predicted$/);
  });
});
