import { describe, expect, it } from "vitest";
import { atLeastAsMany } from "../../../src/applier/proportions.ts";
import { overall, verified } from "../../../src/applier/verify.ts";
import type { Change } from "../../../src/model/plan.ts";
import type { Config } from "../../../src/model/records.ts";
import type { FunctionStats } from "../../../src/model/sizing.ts";
import { FakeCloud, memoryChangeOf } from "../../support/fake-applier.ts";

const AT = Date.UTC(2026, 10, 20);
const change: Change = memoryChangeOf(new FakeCloud().add("orders"), "orders", 512, {
  expected: {
    durationMs: { p10: 190, p50: 200, p90: 215 },
    savingUsdPerMonth: { p10: 3, p50: 5, p90: 7 },
    before: { errorShare: 0, timeoutShare: 0, meanDurationMs: 150, invocationsPerDay: 1000, usdPerMonth: 20, memoryMib: 1024 },
  },
});

function stats(memoryMib: number, runs: number, meanMs: number, sdMs = 10, more: Partial<FunctionStats> = {}): FunctionStats {
  return {
    cloud: "aws",
    account: "123456789012",
    region: "eu-west-1",
    fn: "orders",
    version: "$LATEST",
    memoryMib,
    architecture: "x86_64",
    plan: null,
    probe: false,
    from: AT,
    to: AT,
    invocations: runs,
    meanRanMs: meanMs,
    sdRanMs: sdMs,
    meanBilledMs: meanMs,
    warm: { count: runs, trimmedMeanMs: meanMs, winsorizedSdMs: sdMs, meanMs },
    cold: { count: 0, meanDurationMs: null, meanInitMs: null, unknown: 0 },
    durationMs: null,
    errors: 0,
    timeouts: 0,
    ooms: 0,
    maxUsedMib: null,
    sandboxes: 1,
    triggers: [],
    emulator: false,
    ...more,
  };
}
/** 1e-6 USD per MiB and second: any price does. */
const usdPerRun = (one: FunctionStats, billedMs: number): number => (one.memoryMib! * billedMs) / 1e9;
const hours = { before: [], after: [] };
const unread = { days: { before: null, after: null }, configs: [] };
const check = (before: FunctionStats[], after: FunctionStats[]) => verified(change, AT, { before, after, hours, usdPerRun, ...unread });

describe("verify", () => {
  it("within the prediction: ok, with what it saves", () => {
    const found = check([stats(1024, 1000, 150)], [stats(512, 100, 201)]);
    expect(found.verdict).toBe("ok");
    // (1024 * 150 - 512 * 201) / 1e9 USD a run, 1000 runs a day, 30.436875 days
    expect(found.realisedUsdPerMonth).toBeCloseTo(((1024 * 150 - 512 * 201) / 1e9) * 1000 * 30.436875, 9);
  });

  it("slower than the 90th percentile of the prediction, beyond the error of the mean: worse", () => {
    const found = check([stats(1024, 1000, 150)], [stats(512, 100, 240)]);
    expect(found).toMatchObject({ verdict: "worse", reasons: ["runs take 240 ms; 190 ms to 215 ms was predicted"] });
  });

  it("slower, but the mean is too uncertain to say so: not worse", () => {
    // standard error 100 / sqrt(25) = 20 ms, so that 220 - 33 < 215
    expect(check([stats(1024, 1000, 150)], [stats(512, 25, 220, 100)]).verdict).toBe("ok");
  });

  it("fewer than 20 warm runs: too early, unless they fail", () => {
    expect(check([stats(1024, 1000, 150)], [stats(512, 19, 500)]).verdict).toBe("too-early");
    const failing = stats(512, 4, 200, 10, { invocations: 10, errors: 6 });
    expect(check([stats(1024, 1000, 150, 10, { errors: 2 })], [failing]).verdict).toBe("worse");
  });

  it("one run out of memory where none was before: worse", () => {
    expect(check([stats(1024, 1000, 150)], [stats(512, 100, 200, 10, { ooms: 1 })])).toMatchObject({
      verdict: "worse",
      reasons: [expect.stringContaining("out of memory")],
    });
  });

  it("one error in a hundred where one in a thousand was before may be chance", () => {
    expect(check([stats(1024, 1000, 150, 10, { errors: 1 })], [stats(512, 100, 200, 10, { errors: 1 })]).verdict).toBe("ok");
  });

  it("timeouts count by themselves", () => {
    expect(check([stats(1024, 1000, 150)], [stats(512, 100, 200, 10, { timeouts: 3 })]).verdict).toBe("worse");
  });

  it("runs with the old size since the change: unknown, and why", () => {
    expect(check([stats(1024, 1000, 150)], [stats(1024, 50, 150)])).toMatchObject({
      verdict: "unknown",
      reasons: [expect.stringContaining("does not reach the changed configuration")],
    });
  });

  it("nothing since the change: too early; probes are no traffic", () => {
    expect(check([stats(1024, 1000, 150)], [stats(512, 0, 0), stats(512, 30, 200, 10, { probe: true })]).verdict).not.toBe("ok");
    expect(check([], []).verdict).toBe("too-early");
  });

  it("dearer where a saving was promised: worse", () => {
    const wide: Change = { ...change, expected: { ...change.expected!, durationMs: { p10: 100, p50: 200, p90: 900 } } };
    const found = verified(wide, AT, { before: [stats(1024, 1000, 150)], after: [stats(512, 100, 400)], hours, usdPerRun, ...unread });
    expect(found).toMatchObject({ verdict: "worse", reasons: [expect.stringContaining("costs more")] });
  });

  it("several versions are one epoch", () => {
    const found = check([stats(1024, 1000, 150)], [stats(512, 10, 190, 10, { version: "1" }), stats(512, 30, 210, 10, { version: "2" })]);
    // (10 * 190 + 30 * 210) / 40
    expect(found.after).toMatchObject({ invocations: 40, warm: 40, meanMs: 205 });
  });

  it("the worst change decides", () => {
    const of = (...verdicts: ("ok" | "worse" | "too-early" | "unknown")[]) => overall(verdicts.map((verdict) => ({ verdict })));
    expect([of("ok", "worse"), of("ok", "too-early"), of("ok", "unknown"), of("ok"), of()]).toEqual([
      "worse",
      "too-early",
      "unknown",
      "ok",
      "unknown",
    ]);
  });
});

describe("Fisher's exact test", () => {
  it("the lady tasting tea: 3 or 4 of 4 right by chance, 17 of 70", () => {
    // Fisher, The Design of Experiments (1935): C(4,3)C(4,1) + C(4,4)C(4,0) = 17 of C(8,4) = 70
    expect(atLeastAsMany(3, 4, 1, 4)).toBeCloseTo(17 / 70, 12);
    expect(atLeastAsMany(4, 4, 0, 4)).toBeCloseTo(1 / 70, 12);
  });

  it("by hand: 2 failures, both among 5 of 10 runs: C(5,2) / C(10,2) = 10 / 45", () => {
    expect(atLeastAsMany(2, 5, 0, 5)).toBeCloseTo(10 / 45, 12);
  });

  it("none asked for is certain, and large samples stay finite", () => {
    expect(atLeastAsMany(0, 100, 7, 1000)).toBeCloseTo(1, 12);
    expect(atLeastAsMany(3000, 1e6, 2500, 1e6)).toBeLessThan(1e-6);
    expect(atLeastAsMany(2500, 1e6, 2500, 1e6)).toBeCloseTo(0.5, 1);
  });
});

describe("functions of an app", () => {
  const app: Change = { ...change, cloud: "azure", kind: "azure.function-app", name: "shop" };
  const of = (fn: string, memoryMib: number, runs: number, meanMs: number): FunctionStats =>
    stats(memoryMib, runs, meanMs, meanMs / 10, { cloud: "azure", fn, meanBilledMs: null });
  const verdict = (before: FunctionStats[], after: FunctionStats[]) => verified(app, AT, { before, after, hours, usdPerRun, ...unread });
  // .9 of the runs 50 ms, .1 of them 1500 ms: 195 ms in the mean, as predicted
  const before = [of("quick", 1024, 9000, 50), of("slow", 1024, 1000, 1500)];

  it("another mixture of them is no other duration, and no other price", () => {
    const found = verdict(before, [of("quick", 512, 5000, 52), of("slow", 512, 5000, 1520)]);
    expect(found.verdict).toBe("ok");
    expect(found.reasons[0]).toContain("10000 warm runs take 199 ms");
  });
  it("each of them slower is slower, though the mixture has become quicker", () => {
    const found = verdict(before, [of("quick", 512, 9900, 80), of("slow", 512, 100, 2400)]);
    expect(found.verdict).toBe("worse");
    expect(found.reasons[0]).toContain("runs take 312 ms");
  });
  it("one that did not run since leaves nothing to compare", () => {
    expect(verdict(before, [of("quick", 512, 9900, 50)])).toMatchObject({ verdict: "unknown" });
  });
});

describe("changes of what is around a function", () => {
  const mapping: Change = {
    ...change,
    kind: "lambda.event-source-mapping",
    resource: "arn:aws:lambda:eu-west-1:123456789012:event-source-mapping:1",
    name: "1",
    before: { filterPatterns: null },
    after: { filterPatterns: ['{"body":{"type":["paid"]}}'] },
    danger: "data-loss",
    expected: { ...change.expected!, durationMs: null, watched: "a", invocationsPerDay: { p10: 90, p50: 100, p90: 110 } },
  };
  const described = (settings: Config["settings"], observedAt = AT + 1): Config => ({
    type: "config",
    cloud: "aws",
    account: "123456789012",
    region: "eu-west-1",
    kind: "trigger",
    resource: mapping.resource,
    name: "1",
    revision: null,
    observedAt,
    from: null,
    to: null,
    settings,
  });
  // 10,000 runs in 10 days before: 1,000 a day
  const after = (runs: number, configs: Config[] = []) =>
    verified(mapping, AT, {
      before: [stats(1024, 10_000, 150)],
      after: [stats(1024, runs, 150)],
      hours,
      usdPerRun,
      days: { before: 10, after: 2 },
      configs,
    });

  it("as many runs a day as predicted: ok, with what they cost less", () => {
    const seen = after(200, [described(mapping.after)]);
    expect(seen).toMatchObject({
      verdict: "ok",
      reasons: [expect.stringContaining("100 runs a day; 90 to 110 was predicted"), expect.stringMatching(/as they were written/)],
    });
    // (1,000 - 100) runs a day x 30.436875 days x the price of one
    expect(seen.realisedUsdPerMonth! / (900 * 30.436875 * seen.after!.usdPerRun!)).toBeCloseTo(1, 9);
  });
  it("far fewer runs than predicted: worse, since wanted events may not arrive; more: less effect", () => {
    expect(after(60).verdict).toBe("worse");
    expect(after(60).reasons[0]).toContain("wanted events do not arrive");
    expect(after(1000)).toMatchObject({
      verdict: "ok",
      reasons: [expect.stringContaining("takes less effect"), expect.stringContaining("less than was promised")],
    });
  });
  it("changed again since: unknown; a description from before does not count", () => {
    expect(after(200, [described({ filterPatterns: null })])).toMatchObject({
      verdict: "unknown",
      reasons: [expect.stringContaining("changed again"), expect.anything()],
    });
    expect(after(200, [described({ filterPatterns: null }, AT - 1)]).verdict).toBe("ok");
  });
  it("a filter that is gone from a whole description was taken away; part of one says nothing", () => {
    const gone = after(200, [described({ batchSize: 10, reportsBatchItemFailures: false }), described({ tags: {} }, AT + 2)]);
    expect(gone).toMatchObject({ verdict: "unknown", reasons: [expect.stringContaining("filterPatterns is null"), expect.anything()] });
    expect(after(200, [described({ tags: {} })]).verdict).toBe("ok");
  });
  it("the timeout that goes with a mapping promises nothing of its own: ok where runs fail no more", () => {
    const timeout = { ...change, before: { timeoutS: 30 }, after: { timeoutS: 60 }, expected: null, group: "batching:1" };
    const seen = { before: [stats(1024, 1000, 150)], after: [stats(1024, 1000, 150)], hours, usdPerRun, days: { before: 10, after: 2 } };
    expect(verified(timeout, AT, { ...seen, configs: [] }).verdict).toBe("ok");
    expect(verified({ ...timeout, group: null }, AT, { ...seen, configs: [] }).verdict).toBe("unknown");
  });
  it("the TTL of a Firestore field is described by its name", () => {
    const field: Change = { ...mapping, kind: "firestore.field", before: { ttl: false }, after: { ttl: true }, expected: null };
    const none = { before: [], after: [], hours, usdPerRun, ...unread };
    expect(verified(field, AT, { ...none, configs: [described({ ttlField: "endsAt", ttlState: "ACTIVE" })] }).verdict).toBe("ok");
  });
  it("what no run tells of is known by its description alone", () => {
    const ttl: Change = {
      ...mapping,
      kind: "dynamodb.table",
      after: { ttlAttribute: "expiresAt" },
      before: { ttlAttribute: null },
      expected: null,
    };
    const none = { before: [], after: [], hours, usdPerRun, ...unread };
    expect(verified(ttl, AT, none)).toMatchObject({ verdict: "too-early", reasons: [expect.stringContaining("evscope collect")] });
    expect(verified(ttl, AT, { ...none, configs: [described({ ttlAttribute: "expiresAt" })] }).verdict).toBe("ok");
    expect(verified(ttl, AT, { ...none, configs: [described({ ttlAttribute: "other" })] }).verdict).toBe("unknown");
  });
});
