/** Sizes on Azure Flex, Cloud Run and 1st gen functions: curves whose truth is a formula, prices that are easy to reckon with. */
import { describe, expect, it } from "vitest";
import { rooms } from "../../../../src/clouds/index.ts";
import type { PriceBook } from "../../../../src/model/billing.ts";
import type { Config } from "../../../../src/model/records.ts";
import { type Advised, sizeChange } from "../../../../src/applier/plan.ts";
import { ranWith } from "../../../../src/applier/verify.ts";
import type { Change, LiveResource } from "../../../../src/model/plan.ts";
import { curveText, rightsizeText } from "../../../../src/report/render.ts";
import { rightsizeDocument } from "../../../../src/report/views/rightsize.ts";
import { schemaErrors } from "../../../support/json-schema.ts";
import type { FunctionStats, InstanceLoad, InstanceUse, Sizing } from "../../../../src/model/sizing.ts";
import { adviceOn, DAY, START, statsOf } from "../../../support/function-stats.ts";

/** One dollar per million requests, 1e-5 per GiB-second, 2e-5 per vCPU-second. */
const prices: PriceBook = {
  asOf: "2026-10-01",
  find: (_cloud, meter) => {
    const usd = /requests|executions/.test(meter)
      ? 1e-6
      : /vcpu/.test(meter)
        ? 2e-5 / 1000
        : /mhz|cpu/.test(meter)
          ? 1e-11
          : 1e-5 / 1_024_000;
    return { usdPerUnit: usd, basis: "modelled", source: "test" };
  },
};
const rates = { billing: { azure: rooms.azure.billing, gcp: rooms.gcp.billing }, prices };

/** A run that waits `waitMs` and computes `cpuMs` on one thread at one vCPU. */
const duration = (waitMs: number, cpuMs: number, vcpu: number): number => waitMs + cpuMs / Math.min(vcpu, 1);

const azure = { cloud: "azure", account: "sub", region: "westeurope" } as const;
const SITE = "/subscriptions/sub/resourceGroups/g/providers/Microsoft.Web/sites/shop";

function app(settings: Config["settings"] = {}): Config {
  const own = { app: "shop", plan: "flex", memoryMib: 2048, runtime: "python", ...settings };
  return {
    type: "config",
    ...azure,
    kind: "function",
    resource: SITE,
    name: "shop",
    revision: "e1",
    observedAt: START,
    from: null,
    to: null,
    settings: own,
  };
}

function inApp(name: string, trigger = "serviceBusTrigger"): Config {
  return { ...app(), resource: `${SITE}/functions/${name}`, name, settings: { app: "shop", trigger } };
}

function azureStats(over: Partial<FunctionStats> & { meanMs?: number } = {}): FunctionStats {
  return statsOf({ ...azure, version: null, fn: "Order", plan: "flex", memoryMib: 2048, maxUsedMib: null, meanBilledMs: null, ...over });
}

function loadOf(over: Partial<InstanceLoad> = {}): InstanceLoad {
  const place = { ...azure, fn: "Order", version: null, memoryMib: null, vcpu: null, concurrency: null };
  return { ...place, runs: 10_000, weight: 1, instances: 5, ranMs: 1e7, busyMs: 1e7, meanLevel: 1, levels: [], ...over };
}

const useOf = (over: Partial<InstanceUse> = {}): InstanceUse => ({
  ...azure,
  fn: "shop",
  memoryShare: null,
  memoryMib: 150,
  cpuShare: null,
  ...over,
});

/** A week at another size, then one at 2048 MiB. */
const twice = (at: (mib: number) => number, over: Partial<FunctionStats> = {}, other = 512): FunctionStats[] => [
  azureStats({ memoryMib: other, meanMs: at(other), ...over }),
  azureStats({ memoryMib: 2048, meanMs: at(2048), from: START + 7 * DAY, to: START + 14 * DAY, ...over }),
];

const flexQuestion = { configs: [app(), inApp("Order")], loads: [loadOf()], uses: [useOf()], rates };

describe("Azure Flex Consumption", () => {
  it("what waits gets less memory: the app's, written to the app", async () => {
    // 3 s of waiting and 20 ms of computing: the same at all sizes
    const advice = await adviceOn(
      twice((mib) => duration(3000, 20, mib / 2048)),
      flexQuestion,
    );
    expect(advice).toMatchObject({
      fn: "shop",
      members: ["Order"],
      resource: SITE,
      kind: "azure.function-app",
      tier: 2,
      refusal: null,
      currentMib: 2048,
      proposedMib: 512,
      change: { before: { memoryMib: 2048 }, after: { memoryMib: 512 } },
    });
    // 10,000 runs a week; a quarter of 2 GB x 3.1 s (3.04 in steps of 100 ms) x 1e-5; requests cost the same
    const month = (10_000 / 7) * 30.4375;
    const now = advice.predicted.find((one) => one.memoryMib === 2048)!.monthlyUsd!.p50;
    expect(now / (month * (2 * 3.07 * 1e-5 + 1e-6))).toBeCloseTo(1, 1);
  });
  it("what computes keeps its memory where somebody waits: a quarter of the CPU takes four times as long", async () => {
    const advice = await adviceOn(
      twice((mib) => duration(0, 3000, mib / 2048)),
      { ...flexQuestion, configs: [app(), inApp("Order", "httpTrigger")] },
    );
    expect(advice).toMatchObject({ asynchronous: false, currentMib: 2048, proposedMib: null, refusal: null, change: null });
    const small = advice.predicted.find((one) => one.memoryMib === 512)!.durationMs!;
    expect(small.p10).toBeLessThan(12_000);
    expect(small.p90).toBeGreaterThan(12_000);
  });
  it("below a second being faster saves nothing: more memory only costs more", async () => {
    // 800 ms at 2048, 400 at 4096 (two threads would be needed): both are billed a second
    const advice = await adviceOn(
      [azureStats({ meanMs: 800 }), azureStats({ memoryMib: 4096, meanMs: 400, from: START + 7 * DAY, to: START + 14 * DAY })],
      { ...flexQuestion, configs: [app({ memoryMib: 4096 }), inApp("Order", "httpTrigger")] },
    );
    const usd = (mib: number): number => advice.predicted.find((one) => one.memoryMib === mib)!.monthlyUsd!.p50;
    const month = (10_000 / 14) * 2 * 30.4375;
    expect(usd(4096)).toBeCloseTo(month * (4 * 1 * 1e-5 + 1e-6), 1);
  });
  it("all functions of the app are one: somebody waits for any of them", async () => {
    const advice = await adviceOn([...twice(() => 3000), ...twice(() => 100, { fn: "Page" })], {
      ...flexQuestion,
      configs: [app(), inApp("Order"), inApp("Page", "httpTrigger")],
      loads: [loadOf(), loadOf({ fn: "Page" })],
    });
    expect(advice).toMatchObject({ fn: "shop", members: ["Order", "Page"], asynchronous: false });
    expect(advice.evidence).toMatchObject({ invocations: 40_000, sizesMib: [512, 2048] });
    // half of the runs take 3 s, half .1 s
    expect(advice.predicted.find((one) => one.memoryMib === 2048)!.durationMs!.p50 / 1550).toBeCloseTo(1, 1);
  });
  it.each<[string, Partial<typeof flexQuestion>, RegExp]>([
    [
      "Consumption",
      { configs: [app({ plan: "consumption" }), inApp("Order")] },
      /^memory is not configurable here: Consumption bills observed/,
    ],
    ["Premium", { configs: [app({ plan: "premium" }), inApp("Order")] }, /pays for instances/],
    ["a dedicated plan", { configs: [app({ plan: "dedicated" }), inApp("Order")] }, /pays for instances/],
    ["always-ready instances", { configs: [app({ alwaysReady: [{ name: "http", instanceCount: 1 }] }), inApp("Order")] }, /always-ready/],
    ["Durable Functions", { configs: [app(), inApp("Order"), inApp("Flow", "orchestrationTrigger")] }, /Durable/],
    ["no description of the app", { configs: [] }, /Function App is not known/],
    ["crowded instances", { loads: [loadOf({ meanLevel: 6 })] }, /about 6\.0 runs share an instance/],
    ["sampled neighbours", { loads: [loadOf({ meanLevel: 1.5, weight: 10 })] }, /about 6\.0 runs share/],
    ["unknown instances", { loads: [] }, /no run names its instance/],
  ])("refuses %s", async (_name, over, why) => {
    const advice = await adviceOn(
      twice(() => 3000),
      { ...flexQuestion, ...over },
    );
    expect(advice).toMatchObject({ proposedMib: null, change: null });
    expect(advice.refusal).toMatch(why);
  });
  it("one size alone says nothing where somebody waits, and no probe is offered", async () => {
    const advice = await adviceOn([azureStats({ meanMs: 3000 })], { ...flexQuestion, configs: [app(), inApp("Order", "httpTrigger")] });
    expect(advice).toMatchObject({ tier: 0, proposedMib: null, probeMib: null });
    expect(advice.refusal).toMatch(/^one memory size only/);
    expect(advice.whyNotMore).toMatch(/All that is certain: it would take at 512 MiB from .* at 4096 MiB from/);
  });
  it("memory in use not known: nothing smaller", async () => {
    const advice = await adviceOn(
      twice(() => 3000),
      { ...flexQuestion, uses: [] },
    );
    expect(advice).toMatchObject({ proposedMib: null, floorMib: null });
    expect(advice.whyNotMore).toContain("Memory in use is not known");
  });
  it("memory in use above the next size: nothing smaller", async () => {
    const advice = await adviceOn(
      twice(() => 3000),
      { ...flexQuestion, uses: [useOf({ memoryMib: 480 })] },
    );
    expect(advice).toMatchObject({ proposedMib: null, refusal: null });
  });
});

const gcp = { cloud: "gcp", account: "p1", region: "europe-west1" } as const;
const SERVICE = "projects/p1/locations/europe-west1/services/orders";

function service(settings: Config["settings"] = {}, over: Partial<Config> = {}): Config {
  const own = { generation: 2, plan: "run-request", memoryMib: 2048, vcpu: 2, concurrency: 1, timeoutS: 300, ...settings };
  return {
    type: "config",
    ...gcp,
    kind: "function",
    resource: SERVICE,
    name: "orders",
    revision: "e",
    observedAt: START,
    from: null,
    to: null,
    settings: own,
    ...over,
  };
}

function runStats(vcpu: number, over: Partial<FunctionStats> & { meanMs?: number } = {}): FunctionStats {
  return statsOf({
    ...gcp,
    version: `r${vcpu}`,
    vcpu,
    memoryMib: 2048,
    plan: "run-request",
    maxUsedMib: null,
    meanBilledMs: null,
    ...over,
  });
}

const later = { from: START + 7 * DAY, to: START + 14 * DAY };
const runUse = (over: Partial<InstanceUse> = {}): InstanceUse => ({
  ...gcp,
  fn: "orders",
  memoryShare: 0.2,
  memoryMib: null,
  cpuShare: 0.1,
  ...over,
});
const runQuestion = { configs: [service()], uses: [runUse()], rates };

describe("Cloud Run", () => {
  it("CPU by what was measured, memory by what is in use", async () => {
    // one thread: 2 vCPU are no faster than 1, seen at both
    const stats = [runStats(1, { meanMs: duration(100, 400, 1) }), runStats(2, { meanMs: duration(100, 400, 2), ...later })];
    const advice = await adviceOn(stats, runQuestion);
    // .2 x 2048 = 410 MiB, half as much again for few... 10 + 15 (runtime not known) % -> 512
    expect(advice).toMatchObject({
      kind: "run.service",
      resource: SERVICE,
      tier: 2,
      refusal: null,
      currentVcpu: 2,
      proposedVcpu: 1,
      currentMib: 2048,
      change: { before: { vcpu: 2, memoryMib: 2048 }, after: { vcpu: 1, memoryMib: advice.proposedMib } },
    });
    expect(advice.floorMib).toBe(Math.ceil((0.2 * 2048 * 1.25) / 8) * 8);
    expect(advice.proposedMib).toBe(Math.ceil(advice.floorMib! / 64) * 64);
    // 500 ms at 2 vCPU + 2 GiB -> 1 vCPU + .5625 GiB; a run of 500 ms is billed 550 on average
    const runs = (20_000 / 14) * 30.4375;
    const usd = (vcpu: number, gib: number): number => runs * (0.55 * (vcpu * 2e-5 + gib * 1e-5) + 1e-6);
    expect(advice.savingUsdPerMonth!.p50 / (usd(2, 2) - usd(1, advice.proposedMib! / 1024))).toBeCloseTo(1, 1);
  });
  it("on one CPU size memory alone may still be advised, and why not more is said", async () => {
    const advice = await adviceOn([runStats(2, { meanMs: 500 })], runQuestion);
    expect(advice).toMatchObject({
      tier: 0,
      refusal: null,
      proposedVcpu: 2,
      change: { before: { memoryMib: 2048 }, after: { memoryMib: 512 } },
    });
    expect(advice.whyNotMore).toMatch(/memory alone changes no duration\. One CPU size only: without another one/);
    expect(advice.probeMib).toBeNull();
  });
  it("less than one vCPU is not said where none was seen", async () => {
    const stats = [runStats(2, { meanMs: 50 }), runStats(1, { meanMs: 50, ...later })];
    const advice = await adviceOn(stats, { ...runQuestion, configs: [service({ vcpu: 1 })] });
    expect(advice.predicted.map((one) => one.vcpu)).toEqual(expect.arrayContaining([1, 2, 4]));
    expect(Math.min(...advice.predicted.map((one) => one.vcpu!))).toBe(1);
    expect(advice.proposedVcpu).toBe(1);
  });
  it("less than one vCPU goes with one run at a time and with as much memory as it may have", async () => {
    const stats = [runStats(0.5, { meanMs: 3010, memoryMib: 512 }), runStats(1, { meanMs: 3000, memoryMib: 512, ...later })];
    const uses = [runUse({ memoryShare: 0.4 })];
    const alone = await adviceOn(stats, { ...runQuestion, uses, configs: [service({ vcpu: 1, memoryMib: 512 })] });
    expect(alone).toMatchObject({ currentVcpu: 1, proposedVcpu: 0.5, change: { before: { vcpu: 1 }, after: { vcpu: 0.5 } } });
    const shared = await adviceOn(stats, {
      ...runQuestion,
      uses,
      configs: [service({ vcpu: 1, memoryMib: 512, concurrency: 80 })],
      loads: [loadOf({ ...gcp, fn: "orders" })],
    });
    expect(shared).toMatchObject({ currentVcpu: 1, proposedVcpu: 1 });
  });
  it("memory in use not known: memory stays", async () => {
    const advice = await adviceOn([runStats(2, { meanMs: 500 })], { ...runQuestion, uses: [] });
    expect(advice).toMatchObject({ proposedMib: null, change: null });
    expect(advice.whyNotMore).toContain("Memory in use is not known: no less memory is advised.");
  });
  it("a 2nd gen function is changed by the function, not by the service under it", async () => {
    const fn = "projects/p1/locations/europe-west1/functions/orders";
    const declared = service(
      { concurrency: 1, functionName: null },
      { resource: fn, revision: "r2", settings: { generation: 2, plan: "run-request", memoryMib: 2048, concurrency: 1 } },
    );
    const advice = await adviceOn([runStats(2, { meanMs: 500 })], { ...runQuestion, configs: [service(), declared] });
    expect(advice).toMatchObject({ kind: "cloudfunctions.v2", resource: fn, currentVcpu: 2 });
  });
  it.each<[string, Config["settings"], RegExp]>([
    ["instance-based billing", { plan: "run-instance" }, /billed by instances/],
    ["a job", { plan: "run-job" }, /is a job/],
    ["instances that are kept", { minInstances: 2 }, /keeps 2 instances ready/],
  ])("refuses %s", async (_name, settings, why) => {
    const advice = await adviceOn([runStats(2)], { ...runQuestion, configs: [service(settings)] });
    expect(advice).toMatchObject({ proposedMib: null, change: null });
    expect(advice.refusal).toMatch(why);
  });
});

describe("Cloud Run: what runs at once", () => {
  /** Runs by the number in flight, 2,000 each. */
  const levels = (at: (level: number) => number, most = 40): InstanceLoad["levels"] =>
    Array.from({ length: most }, (_, i) => ({
      level: i + 1,
      count: 2000,
      trimmedMeanMs: at(i + 1),
      winsorizedSdMs: at(i + 1) / 5,
      p95Ms: 1.3 * at(i + 1),
    }));
  const load = (over: Partial<InstanceLoad>): InstanceLoad =>
    loadOf({
      ...gcp,
      fn: "orders",
      version: "r1",
      vcpu: 1,
      concurrency: 40,
      runs: 80_000,
      instances: 20,
      ranMs: 8e6,
      busyMs: 4e6,
      meanLevel: 20,
      ...over,
    });
  const question = {
    ...runQuestion,
    configs: [service({ vcpu: 1, memoryMib: 1024, concurrency: 40 })],
    uses: [runUse({ memoryShare: 0.3 })],
  };
  const stats = [runStats(1, { meanMs: 100, memoryMib: 1024 })];

  it("flat up to the limit, with room in CPU and memory: twice the concurrency, billed by the union", async () => {
    const advice = await adviceOn(stats, { ...question, loads: [load({ levels: levels(() => 100) })] });
    expect(advice).toMatchObject({ currentConcurrency: 40, proposedConcurrency: 80 });
    expect(advice.change!.after).toMatchObject({ concurrency: 80 });
    expect(advice.savingUsdPerMonth!.p50).toBeGreaterThan(0);
    expect(advice.whyNotMore).toContain("nothing is said beyond twice what was seen");
  });
  it.each<[string, Partial<InstanceLoad>, Partial<InstanceUse>, RegExp]>([
    ["durations grow with the load", { levels: levels((n) => 100 + 0.6 * n) }, {}, /may make runs wait for each other/],
    ["the limit is never near", { levels: levels(() => 100, 5) }, {}, /No more than 5 of 40 runs/],
    ["the CPU is in use", { levels: levels(() => 100) }, { cpuShare: 0.5 }, /more CPU than there is: 50 %/],
    ["CPU in use is not known", { levels: levels(() => 100) }, { cpuShare: null }, /CPU utilisation is not known/],
    ["memory is in use", { levels: levels(() => 100) }, { memoryShare: 0.6 }, /more memory than there is/],
    ["runs are sampled", { levels: levels(() => 100), weight: 3 }, {}, /sampled/],
  ])("stays where %s", async (_name, over, use, why) => {
    const advice = await adviceOn(stats, { ...question, loads: [load(over)], uses: [runUse({ memoryShare: 0.3, ...use })] });
    expect(advice.proposedConcurrency).toBeNull();
    expect(advice.whyNotMore).toMatch(why);
  });
  it("runs that wait for each other: told, and changed only where speed is wanted", async () => {
    // as on one core: alone up to 4, then in proportion
    const loads = [load({ levels: levels((n) => 100 * Math.max(1, n / 4)), busyMs: 7.9e6 })];
    const cost = await adviceOn(stats, { ...question, loads });
    expect(cost.proposedConcurrency).toBeNull();
    expect(cost.further.filter((one) => one.kind === "concurrency").map((one) => one.text)).toEqual([
      expect.stringMatching(/^runs take .* with 40 at once on an instance, and 100 ms with 1; a concurrency of 4 would/),
    ]);
    const speed = await adviceOn(stats, {
      ...question,
      loads,
      objective: { optimize: "speed", maxSlowdown: null, minSavingUsdPerMonth: 0 },
    });
    expect(speed).toMatchObject({ proposedConcurrency: 4 });
  });
});

describe("reports", () => {
  const look = { width: 160, color: false, unicode: true };
  const sizingOf = async (): Promise<Sizing> => ({
    functions: [
      await adviceOn([runStats(1, { meanMs: 500 }), runStats(2, { meanMs: 500, ...later })], runQuestion),
      await adviceOn(
        twice(() => 3000),
        flexQuestion,
      ),
      await adviceOn([runStats(2)], { ...runQuestion, configs: [service({ plan: "run-job" })] }),
    ],
    objective: { optimize: "cost", maxSlowdown: null, minSavingUsdPerMonth: 0 },
    from: START,
    to: START + 14 * DAY,
    pricesAsOf: "2026-10-01",
  });
  it("as JSON are what the schema promises", async () => {
    const document = rightsizeDocument(await sizingOf(), null);
    expect(schemaErrors("rightsize", JSON.parse(JSON.stringify(document)))).toEqual([]);
    expect(document.functions.map((one) => [one.verdict, one.proposedVcpu, one.proposedMib])).toEqual([
      ["change", 1, 512],
      ["change", null, 512],
      ["refused", null, null],
    ]);
  });
  it("as text show CPU, and the size of an app with its functions", async () => {
    const sizing = await sizingOf();
    expect(rightsizeText(sizing, null, "table", look)).toMatch(/orders +2,048 .*1 vCPU, 512 MiB/);
    const curve = curveText(sizing.functions[0]!, look);
    expect(curve).toContain("orders: warm duration by CPU");
    expect(curve).toMatch(/now 2 vCPU, 2048 MiB, 1 at once · proposed 1 vCPU, 512 MiB/);
    expect(curve).toMatch(/1 vCPU, 512 MiB +.*proposed/);
    expect(curveText(sizing.functions[1]!, look)).toContain("1 function of an app");
  });
});

describe("plans", () => {
  it("of an app say that it restarts; before and after hold what changes, and verify holds runs without a size against it", async () => {
    const advice = await adviceOn(
      twice(() => 3000),
      flexQuestion,
    );
    const planned = sizeChange(advice as Advised, null, [], "live");
    expect(planned).toMatchObject({
      change: {
        kind: "azure.function-app",
        resource: SITE,
        name: "shop",
        danger: "restart",
        alias: null,
        before: { memoryMib: 2048 },
        after: { memoryMib: 512 },
      },
    });
    const { change } = planned as { change: Change };
    expect(change.expected!.before.meanDurationMs! / 3000).toBeCloseTo(1, 1);
    expect(ranWith(azureStats({ memoryMib: null }), change.after)).toBe(true);
    expect(ranWith(azureStats({ memoryMib: 2048 }), change.after)).toBe(false);
  });
  it("of a service are left out where it has other settings by now", async () => {
    const advice = await adviceOn([runStats(1, { meanMs: 500 }), runStats(2, { meanMs: 500, ...later })], runQuestion);
    const live = { settings: { vcpu: 4, memoryMib: 2048 }, aliases: [] } as unknown as LiveResource;
    expect(sizeChange(advice as Advised, live, [], null)).toEqual({
      skipped: { name: "orders", why: "it has 4 vCPU by now; the advice was made for 2 vCPU: collect again" },
    });
  });
});

describe("1st gen functions", () => {
  const fn = "projects/p1/locations/europe-west1/functions/orders";
  const config = (memoryMib: number): Config =>
    service({}, { resource: fn, settings: { generation: 1, plan: "gen1", memoryMib, concurrency: 1, runtime: "python310", timeoutS: 60 } });
  const at = (memoryMib: number, meanMs: number, over: Partial<FunctionStats> = {}): FunctionStats =>
    statsOf({ ...gcp, version: null, plan: "gen1", memoryMib, meanMs, maxUsedMib: null, meanBilledMs: null, ...over });
  it("memory and CPU come together: what waits gets the smaller tier", async () => {
    const advice = await adviceOn([at(512, 1010), at(2048, 1000, later)], {
      ...runQuestion,
      configs: [config(2048)],
      uses: [runUse({ memoryShare: null, memoryMib: 90 })],
    });
    expect(advice).toMatchObject({
      kind: "cloudfunctions.gen1",
      resource: fn,
      currentMib: 2048,
      currentVcpu: null,
      tier: 2,
      refusal: null,
    });
    expect(advice.change).toEqual({ before: { memoryMib: 2048 }, after: { memoryMib: 512 } });
  });
});
