/** Sizes on Cloud Run and of 1st gen functions: curves whose truth is a formula. */
import { describe, expect, it } from "vitest";
import type { Config } from "../../../../src/model/records.ts";
import type { CodeVersion, InstanceLoad, InstanceUse } from "../../../../src/model/sizing.ts";
import { duration, loadOf, gcp, SERVICE, service, runStats, later, runUse, runQuestion } from "../../../support/cloud-stats.ts";
import { adviceOn, DAY, START } from "../../../support/function-stats.ts";

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
    // nor less than 512 MiB, with which Cloud Run might choose the other execution environment
    expect(shared).toMatchObject({ currentVcpu: 1, proposedVcpu: null });
    const second = [service({ vcpu: 1, memoryMib: 512, environment: 2 })];
    expect(await adviceOn(stats, { ...runQuestion, uses, configs: second })).toMatchObject({ currentVcpu: 1, proposedVcpu: null });
  });
  it.each([
    ["left to Cloud Run, from 1 GiB", { memoryMib: 1024 }, 512],
    ["the second one, from 1 GiB", { memoryMib: 1024, environment: 2 }, 512],
    ["the first one, from 1 GiB", { memoryMib: 1024, environment: 1 }, 128],
    ["left to Cloud Run, from 256 MiB", { memoryMib: 256 }, 128],
  ])("least memory in the execution environment: %s", async (_name, settings, leastMib) => {
    const stats = [runStats(1, { meanMs: 500, memoryMib: settings.memoryMib })];
    const uses = [runUse({ memoryShare: null, memoryMib: 40 })];
    const advice = await adviceOn(stats, { ...runQuestion, uses, configs: [service({ vcpu: 1, ...settings })] });
    expect(advice.change!.after).toEqual({ memoryMib: leastMib });
  });
  it("another concurrency, or other code, is no experiment with the CPU", async () => {
    const stats = [runStats(1, { meanMs: 500, concurrency: 80 }), runStats(2, { meanMs: 500, concurrency: 1, ...later })];
    const crowded = await adviceOn(stats, { ...runQuestion, uses: [] });
    expect(crowded).toMatchObject({ tier: 0, change: null });
    expect(crowded.whyNotMore).toContain("1 vCPU is left out: its concurrency was 80.");
    const deployed = [runStats(1, { meanMs: 500 }), runStats(2, { meanMs: 500, ...later })];
    const code = (version: string, codeSha256: string): CodeVersion => ({
      ...gcp,
      fn: "orders",
      version,
      codeSha256,
      since: null,
      seenAt: START,
    });
    const other = await adviceOn(deployed, { ...runQuestion, uses: [], codes: [code("r1", "a"), code("r2", "b")] });
    expect(other).toMatchObject({ tier: 0, change: null });
    expect(other.whyNotMore).toContain("1 vCPU is left out: the code was another.");
    const same = await adviceOn(deployed, { ...runQuestion, uses: [], codes: [code("r1", "a"), code("r2", "a")] });
    expect(same).toMatchObject({ tier: 2, change: { after: { vcpu: 1 } } });
    expect(same.whyNotMore).not.toContain("Whether the code was the same");
  });
  it("memory in use is a share of what its revision had, not of what there is now", async () => {
    // 90 % of 512 MiB before: 461 MiB, with 35 % on top (90 % are pressing) 623; not 90 % of 2 GiB
    const stats = [
      runStats(2, { version: "small", memoryMib: 512, meanMs: 500 }),
      runStats(2, { version: "large", meanMs: 500, ...later }),
    ];
    const uses = [runUse({ version: "small", memoryShare: 0.9 }), runUse({ version: "large", memoryShare: 0.2 })];
    const advice = await adviceOn(stats, { ...runQuestion, uses });
    expect(advice).toMatchObject({ floorMib: 624, proposedMib: 640 });
  });
  it("memory in use not known: memory stays", async () => {
    const advice = await adviceOn([runStats(2, { meanMs: 500 })], { ...runQuestion, uses: [] });
    expect(advice).toMatchObject({ proposedMib: null, change: null });
    expect(advice.whyNotMore).toContain("Memory in use is not known: no less memory is advised.");
  });
  it.each([
    ["in one minute of a week", { points: 1, periodMs: 60_000, from: START, to: START + 60_000 }, null],
    ["in an hour of a week", { points: 60, periodMs: 60_000, from: START, to: START + 3_600_000 }, null],
    ["five times in a week", { points: 5, periodMs: 60_000, from: START, to: START + 7 * DAY }, null],
    ["each hour of a week", { points: 168, periodMs: 3_600_000, from: START, to: START + 7 * DAY }, 512],
    ["by days of a week", { points: 7, periodMs: DAY, from: START, to: START + 7 * DAY }, 512],
    ["a hundred minutes over a week", { points: 100, periodMs: 60_000, from: START, to: START + 7 * DAY }, 512],
  ])("memory in use that was looked at %s", async (_name, memorySeen, proposedMib) => {
    const advice = await adviceOn([runStats(2, { meanMs: 500 })], { ...runQuestion, uses: [runUse({ memorySeen })] });
    expect(advice.proposedMib).toBe(proposedMib);
    if (proposedMib === null) expect(advice.whyNotMore).toContain("Memory in use is not known");
  });
  it("what presses stands, however seldom it was looked at", async () => {
    const memorySeen = { points: 1, periodMs: 60_000, from: START, to: START + 60_000 };
    const advice = await adviceOn([runStats(2, { meanMs: 500 })], { ...runQuestion, uses: [runUse({ memoryShare: 0.95, memorySeen })] });
    expect(advice.further.map((one) => one.kind)).toContain("memory-pressure");
  });
  it("after memory ran out less than before is said as that, and more as what it needs", async () => {
    const before = runStats(1, { version: "a", meanMs: 500, memoryMib: 1024, ooms: 5 });
    const now = runStats(1, { version: "b", meanMs: 500, ...later });
    const uses = [runUse({ version: "b", memoryShare: 0.3 })];
    const advice = await adviceOn([before, now], { ...runQuestion, uses, configs: [service({ vcpu: 1 })] });
    expect(advice.change).toEqual({ before: { memoryMib: 2048 }, after: { memoryMib: 1536 } });
    expect(advice.whyNotMore).toMatch(/^Memory ran out at 1024 MiB, and no more; /);
    const out = await adviceOn([before], { ...runQuestion, uses: [], configs: [service({ vcpu: 1, memoryMib: 1024 })] });
    expect(out).toMatchObject({ change: null, floorMib: 1536 });
    expect(out.whyNotMore).toMatch(/^Memory ran out: it needs at least 1536 MiB, more than it has\./);
  });
  it("runs that take longer need more instances at once than there may be: the CPU stays", async () => {
    // 2.6 s at 2 vCPU, 4.4 at .5 (nobody waits: thrice as long is accepted); ten instances at once would be 17
    const at = (vcpu: number): number => duration(2000, 600, vcpu) + (vcpu < 1 ? 600 : 0);
    const stats = [
      runStats(0.5, { meanMs: at(0.5), triggers: ["pubsub"], memoryMib: 512 }),
      runStats(1, { meanMs: at(1), triggers: ["pubsub"], memoryMib: 512, ...later }),
    ];
    const loads = [loadOf({ ...gcp, fn: "orders", version: "r1", vcpu: 1, instances: 10, meanInstances: 8 })];
    const bounded = (maxInstances: number) =>
      adviceOn(stats, { ...runQuestion, uses: [], loads, configs: [service({ vcpu: 1, memoryMib: 512, maxInstances })] });
    expect((await bounded(40)).change).toEqual({ before: { vcpu: 1 }, after: { vcpu: 0.5 } });
    expect((await bounded(12)).change).toBeNull();
  });
  it("a rollout under way: what would be written is not what traffic runs with", async () => {
    const few = { count: 100, trimmedMeanMs: 480, winsorizedSdMs: 20, meanMs: 480 };
    const canary = runStats(4, { version: "canary", warm: few, invocations: 100, from: START + 13 * DAY, to: START + 14 * DAY });
    const stats = [runStats(1, { meanMs: 500 }), runStats(2, { meanMs: 500, ...later }), canary];
    // at 4 vCPU less than 2 GiB would not even be legal
    const configs = [service({ vcpu: 4 }, { observedAt: START + 13 * DAY })];
    const advice = await adviceOn(stats, { ...runQuestion, configs });
    expect(advice).toMatchObject({ change: null, proposedMib: null, savingUsdPerMonth: null });
    expect(advice.whyNotMore).toMatch(/^Its newest revision has 4 vCPU, and most of its traffic runs with 2\. /);
  });
  it("runs of a revision that nothing describes: their size is not known, there are not too few of them", async () => {
    const { vcpu: _, ...unsized } = runStats(2, { memoryMib: null });
    const advice = await adviceOn([unsized], runQuestion);
    expect(advice).toMatchObject({ change: null, proposedMib: null });
    expect(advice.refusal).toMatch(/^what size it had when it ran is not known/);
  });
  it("parts of a vCPU that functions have by default are written as they are", async () => {
    // 256 MiB come with .1666: https://cloud.google.com/functions/docs/configuring/memory
    const stats = [runStats(1, { meanMs: 30, memoryMib: 256 }), runStats(0.1666, { meanMs: 180, memoryMib: 256, ...later })];
    const configs = [service({ vcpu: 0.1666, memoryMib: 256 })];
    const objective = { optimize: "speed", maxSlowdown: null, minSavingUsdPerMonth: 0, maxCostIncrease: 3 } as const;
    const advice = await adviceOn(stats, { ...runQuestion, uses: [], configs, objective });
    expect(advice.change).toMatchObject({ before: { vcpu: 0.1666 } });
    expect(advice.predicted.map((one) => one.vcpu)).toContain(0.1666);
  });
  it("traces bound the CPU, not the memory", async () => {
    const downstream = [
      { ...gcp, fn: "orders", memoryMib: null, runs: 200, runMs: 500, downstreamMs: 450, waitingMs: 450, waitingShareSe: 0.01 },
    ];
    const advice = await adviceOn([runStats(1, { meanMs: 500 })], { ...runQuestion, downstream, configs: [service({ vcpu: 1 })] });
    expect(advice).toMatchObject({ tier: 1, proposedVcpu: 1 });
    expect(advice.whyNotMore).toContain("only less CPU that is right");
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
  it("a service that did not run says that", async () => {
    const advice = await adviceOn([], { ...runQuestion, from: 0, to: 1 });
    expect(advice).toMatchObject({ fn: "orders", currentVcpu: 2, currentMib: 2048, refusal: "it did not run in this time" });
  });
  it.each<[string, Config["settings"], RegExp]>([
    ["instance-based billing", { plan: "run-instance" }, /billed by instances/],
    ["a job", { plan: "run-job" }, /is a job/],
    ["several containers", { containers: 2 }, /has 2 containers/],
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
      meanInstances: 20,
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
    // how runs are spread over instances is not ours: the promise is no sharp one
    const { p10, p50, p90 } = advice.savingUsdPerMonth!;
    expect(p50).toBeGreaterThan(0);
    expect(p10).toBeLessThan(0.9 * p50);
    expect(p90).toBeGreaterThan(1.1 * p50);
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
    const configs = [service({ vcpu: 1, memoryMib: 1024, concurrency: 40, maxInstances: 200 })];
    expect(cost.proposedConcurrency).toBeNull();
    expect(cost.further.filter((one) => one.kind === "concurrency").map((one) => one.text)).toEqual([
      expect.stringMatching(/^runs take .* with 40 at once on an instance, and 100 ms with 1; a concurrency of 4 would/),
    ]);
    const objective = { optimize: "speed", maxSlowdown: null, minSavingUsdPerMonth: 0 } as const;
    const speed = await adviceOn(stats, { ...question, configs, loads, objective });
    expect(speed).toMatchObject({ proposedConcurrency: 4 });
    // what the program itself takes is the same with fewer runs: .3 x 1024 MiB with 25 % on top, 384, not a tenth of it
    expect(speed.change!.after["memoryMib"] ?? 1024).toBeGreaterThanOrEqual(384);
    // 20 instances at once would be 200, and Cloud Run starts 100 where nothing else is said: the rest would be refused
    const bounded = await adviceOn(stats, { ...question, loads, objective });
    expect(bounded.proposedConcurrency).toBeNull();
    expect(bounded.further.map((one) => one.text).join()).toContain("on more instances (200) than it may have (100)");
  });
});
