/** Sizes on Azure Flex: curves whose truth is a formula. */
import { describe, expect, it } from "vitest";
import { duration, SITE, app, inApp, azureStats, loadOf, useOf, twice, flexQuestion } from "../../../support/cloud-stats.ts";
import type { Config } from "../../../../src/model/records.ts";
import { adviceOn, allOn, DAY, START } from "../../../support/function-stats.ts";

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
  it("an app whose functions did not run says that", async () => {
    const advice = await adviceOn([], { ...flexQuestion, from: 0, to: 1 });
    expect(advice).toMatchObject({ fn: "shop", members: ["Order"], currentMib: 2048, refusal: "it did not run in this time" });
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

describe("functions of very different loads", () => {
  it("a rare one that takes most of the time and did not run at the other size: its absence is no speed", async () => {
    // Order the same at both sizes; Report (a twentieth of the runs, half of the time) at 2048 MiB alone: 512 only looks twice as fast
    const runs = twice((mib) => duration(200, 2, mib / 2048));
    const report = azureStats({
      fn: "Report",
      meanMs: 4000,
      warm: { count: 500, trimmedMeanMs: 4000, winsorizedSdMs: 400, meanMs: 4000 },
      invocations: 500,
      from: START + 7 * DAY,
      to: START + 14 * DAY,
    });
    const advice = await adviceOn([...runs, report], {
      ...flexQuestion,
      configs: [app(), inApp("Order"), inApp("Report", "timerTrigger")],
    });
    expect(advice).toMatchObject({ members: ["Order", "Report"], change: null });
    expect(advice.evidence.sizesMib).toEqual([2048]);
  });
});

describe("whose runs they are", () => {
  const flat = () => twice((mib) => duration(3000, 20, mib / 2048));
  const elsewhere =
    (resource: string, over: Partial<Config> = {}) =>
    (one: Config): Config => ({
      ...one,
      resource: one.resource.replace(SITE, resource),
      ...over,
    });

  it("a function that another app has by the same name may have run here: neither app is sized without its runs", async () => {
    const other = elsewhere(SITE.replace("/shop", "/store"));
    const inStore = (name: string): Config => ({ ...other(inApp(name)), settings: { app: "store", trigger: "httpTrigger" } });
    const configs = [
      app(),
      inApp("Order"),
      inApp("Ping"),
      inStore("Ping"),
      { ...other(app()), name: "store", settings: { ...app().settings, app: "store" } },
    ];
    const runs = [...flat(), ...flat().map((one) => ({ ...one, fn: "Ping" }))];
    const { functions } = await allOn(runs, { ...flexQuestion, configs });
    const shop = functions.find((one) => one.fn === "shop")!;
    expect(shop).toMatchObject({ change: null, members: ["Order"] });
    expect(shop.refusal).toMatch(/another app has a function of the same name \(Ping\)/);
    expect(functions.find((one) => one.fn === "Ping")).toMatchObject({ change: null });
    // one that did not run takes nothing away
    const idle = await allOn(flat(), { ...flexQuestion, configs });
    expect(idle.functions.find((one) => one.fn === "shop")).toMatchObject({ change: { after: { memoryMib: 512 } } });
  });
  it("what telemetry tells of an app, without its resource group, is the app that is described", async () => {
    const told = (name: string): Config => ({
      ...inApp(name),
      resource: `/subscriptions/sub/providers/Microsoft.Web/sites/shop/functions/${name}`,
      region: null,
      observedAt: null,
      settings: { app: "shop", derivedFrom: "telemetry" },
    });
    const configs = [told("Order"), told("Health"), app(), { ...inApp("Order"), region: null }];
    const health = twice(() => 5, { fn: "Health" }).map((one) => ({ ...one, invocations: 20, warm: { ...one.warm, count: 20 } }));
    const { functions } = await allOn([...flat(), ...health], { ...flexQuestion, configs });
    expect(functions.map((one) => [one.resource, one.members])).toEqual([[SITE, ["Health", "Order"]]]);
    expect(functions[0]!.refusal).toBeNull();
    // where two apps of that name are described, the functions' own descriptions decide
    const twin = SITE.replace("resourceGroups/", "resourceGroups/other-");
    const both = [...configs, elsewhere(twin)(app())];
    const apart = await allOn(flat(), { ...flexQuestion, configs: both });
    expect(apart.functions.filter((one) => one.members?.includes("Order")).map((one) => one.resource)).toEqual([SITE]);
  });
  it("apps of one name in two subscriptions are two: each has its own runs and is written to itself", async () => {
    const resource = SITE.replace("/sub/", "/sub2/");
    const second = elsewhere(resource, { account: "sub2" });
    const configs = [app(), inApp("Order"), second(app({ memoryMib: 4096 })), second(inApp("Order", "httpTrigger"))];
    const busy = twice((mib) => duration(0, 3000, mib / 2048)).map((one) => ({ ...one, account: "sub2" }));
    const uses = [useOf(), useOf({ account: "sub2" })];
    const loads = [loadOf(), loadOf({ account: "sub2" })];
    const { functions } = await allOn([...flat(), ...busy], { ...flexQuestion, configs, uses, loads });
    expect(functions.map((one) => [one.resource, one.asynchronous, one.change?.after["memoryMib"] ?? null]).sort()).toEqual(
      [
        [resource, false, null],
        [SITE, true, 512],
      ].sort(),
    );
  });
});
