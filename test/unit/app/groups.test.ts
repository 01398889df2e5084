import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { dangerAgain, dangerObjection } from "../../../src/applier/guard.ts";
import { mergedProposals, proposedChange } from "../../../src/applier/plan.ts";
import { applyAdvice, planOf } from "../../../src/app/plan.ts";
import { loadSettings } from "../../../src/app/settings.ts";
import { undo } from "../../../src/app/undo.ts";
import { EXIT, UserError } from "../../../src/model/errors.ts";
import { silentHost } from "../../../src/model/host.ts";
import type { Proposal } from "../../../src/model/proposal.ts";
import { FakeCloud, type Faults, refOf } from "../../support/fake-applier.ts";
import { fakeSession } from "../../support/fake-session.ts";
import { fakeClock } from "../applier/support.ts";

function proposal(name: string, more: Partial<Proposal> = {}): Proposal {
  return {
    ...refOf(name),
    kind: "lambda.function",
    topic: "batching",
    before: { memoryMib: 1024 },
    after: { memoryMib: 512 },
    danger: "none",
    group: "queue-1",
    first: [],
    reasons: [],
    expected: null,
    ...more,
  };
}

function stage(faults: Faults = {}) {
  const cloud = new FakeCloud(null, faults).add("a").add("b").add("c");
  const folder = mkdtempSync(join(tmpdir(), "evscope-groups-"));
  const settings = loadSettings(null, folder);
  let random = 0;
  const world = {
    host: silentHost,
    signal: new AbortController().signal,
    clock: { ...fakeClock(), random: () => (random += 0.001) },
    keys: settings.keys,
    connect: async (target: Parameters<typeof fakeSession>[0]) => ({
      ...fakeSession(target, { account: "123456789012" }),
      applier: cloud.applier(),
    }),
  };
  const reach = { settings, flags: {}, env: {}, world };
  const manner = {
    dryRun: false,
    parallel: 3,
    keepGoing: true,
    confirm: () => Promise.resolve(true),
    dataDir: join(folder, "data"),
    folder,
  };
  const allow = { drift: false, latest: false, dataLoss: false, irreversible: false };
  const advice = (proposals: Proposal[]) => ({ proposals, refused: [], unready: [] });
  return {
    cloud,
    plan: (proposals: Proposal[]) => planOf(advice(proposals), { alias: null, folder, live: true }, reach),
    apply: (proposals: Proposal[], more: Partial<typeof allow> = {}) =>
      applyAdvice(advice(proposals), null, { ...manner, allow: { ...allow, ...more } }, reach),
    undo: (more: Partial<typeof allow> = {}, force = false) => undo({ ...manner, run: null, force, allow: { ...allow, ...more } }, reach),
  };
}
const none = { dataLoss: false, irreversible: false };
const liveOf = (s: ReturnType<typeof stage>, retentionD: number) => ({ ...s.cloud.live(refOf("a")), settings: { retentionD } });
const states = (applied: { changes: readonly { state: string }[] }): string[] => applied.changes.map((one) => one.state);

describe("changes that belong together", () => {
  it("are made in their order, also where several are made at once, and taken back in the opposite one", async () => {
    const s = stage();
    expect(states(await s.apply(["a", "b", "c"].map((name) => proposal(name))))).toEqual(["done", "done", "done"]);
    const names = () => s.cloud.state.writes.map(({ resource }) => resource.at(-1));
    expect(names()).toEqual(["a", "b", "c"]);
    expect(states(await s.undo())).toEqual(["done", "done", "done"]);
    expect(names().slice(3)).toEqual(["c", "b", "a"]);
  });
  it("a later one is not made where an earlier one fails; others go on", async () => {
    const s = stage({ refused: (name) => (name === "a" ? new UserError("denied", { exitCode: EXIT.credentials }) : null) });
    const applied = await s.apply([proposal("a"), proposal("b"), proposal("c", { group: null })]);
    expect(states(applied)).toEqual(["failed", "not-tried", "done"]);
    expect(s.cloud.of("b").memoryMib).toBe(1024);
  });
  it("none is made where one is refused before anything is written", async () => {
    const s = stage();
    const applied = await s.apply([proposal("a"), proposal("b", { danger: "data-loss" })]);
    expect(states(applied)).toEqual(["refused", "refused"]);
    expect(applied.changes[0]!.note).toContain("belongs to the change of b");
    expect(s.cloud.state.writes).toEqual([]);
  });
  it("an undo leaves what a change rests on that somebody changed since; with --force all go back", async () => {
    const s = stage();
    await s.apply(["a", "b", "c"].map((name) => proposal(name)));
    s.cloud.meddle("b", { memoryMib: 256 });
    const undone = await s.undo();
    expect(undone.changes.map(({ change, state }) => `${change.name} ${state}`)).toEqual(["c done", "b refused", "a refused"]);
    expect(undone.changes[2]!.note).toMatch(/belongs to the change of b, which is refused \(--force\)/);
    expect(s.cloud.of("a").memoryMib).toBe(512);
    expect((await s.undo({}, true)).exitCode).toBe(0);
    expect(["a", "b", "c"].map((name) => s.cloud.of(name).memoryMib)).toEqual([1024, 1024, 1024]);
  });
  it("a value that an app setting gives is not for another collection to find, and says so", () => {
    const setting = "host.extensions.serviceBus.maxMessageBatchSize";
    const live = { ...refOf("a"), settings: { [setting]: 16 }, revision: null, fingerprint: "f", aliases: [], busy: null };
    const advice = proposal("a", { kind: "azure.function-app", before: { [setting]: null }, after: { [setting]: 200 } });
    const { skipped } = proposedChange(advice, live, [], null) as { skipped: { why: string } };
    expect(skipped.why).toBe(
      `an app setting gives it ${setting} 16, and app settings are not collected; the advice was made for the default: take that app setting away and ask again, or change it by hand`,
    );
  });

  it("all are left out of a plan where one has other settings by now", async () => {
    const s = stage();
    s.cloud.meddle("b", { memoryMib: 768 });
    const plan = await s.plan([proposal("a"), proposal("b"), proposal("c", { group: "other" })]);
    expect(plan.changes.map(({ name, group }) => [name, group])).toEqual([["c", "batching:other"]]);
    expect(plan.skipped.map(({ name }) => name)).toEqual(["a", "b"]);
  });
});

describe("danger", () => {
  it.each(["data-loss", "irreversible"] as const)("%s is written only with its flag, and says what to do first", async (danger) => {
    const s = stage();
    const risky = proposal("a", { danger, first: ["make an archive of the bus"] });
    const refused = await s.apply([risky]);
    expect(states(refused)).toEqual(["refused"]);
    expect(refused.changes[0]!.note).toContain("--accept-data-loss");
    expect(s.cloud.state.writes).toEqual([]);
    expect((await s.apply([risky], { dataLoss: true })).state).toBe("applied");
    expect((await s.plan([risky])).changes).toEqual([]);
  });
  it("what cannot be taken back does not excuse what loses events", () => {
    const both = { filterPatterns: ['{"value":{"a":["b"]}}'], maximumBatchingWindowS: 5 };
    // the window of a Kafka mapping cannot be unset again
    const mapping = { kind: "lambda.event-source-mapping", before: { filterPatterns: null, maximumBatchingWindowS: null }, after: both };
    const planned = proposedChange(proposal("a"), null, [], null);
    const change = { ...("change" in planned ? planned.change : (null as never)), ...mapping, danger: "irreversible" as const };
    expect(dangerObjection(change, { ...none, irreversible: true })?.flag).toBe("--accept-data-loss");
    expect(dangerObjection(change, { ...none, dataLoss: true })).toBe(null);
  });
  it("an undo needs none", async () => {
    const s = stage();
    await s.apply([proposal("a", { danger: "data-loss" })], { dataLoss: true });
    const undone = await s.undo();
    expect(undone.state).toBe("applied");
    expect(s.cloud.of("a").memoryMib).toBe(1024);
  });
  it("an undo that deletes data needs the flag too: logs that were kept longer for a while", async () => {
    const s = stage();
    // 30 days before, 90 by the change; back to 30 deletes what is older
    const longer = { kind: "logs.group", before: { retentionD: 30 }, after: { retentionD: 90 } } as const;
    const change = (await s.plan([proposal("a")])).changes[0]!;
    expect(dangerAgain({ ...change, ...longer, before: longer.after, after: longer.before }, liveOf(s, 90), false, none)).toHaveLength(1);
    expect(dangerAgain({ ...change, ...longer }, liveOf(s, 30), false, none)).toEqual([]);
  });
});

describe("several kinds of advice on one resource", () => {
  const memory = proposal("a", { topic: "memory", group: null });
  it("make one change, with the worse danger and the savings added", () => {
    const saving = (p50: number): Proposal["expected"] => ({
      durationMs: null,
      savingUsdPerMonth: { p10: p50, p50, p90: p50 },
      before: { errorShare: null, timeoutShare: null, meanDurationMs: null, invocationsPerDay: null, usdPerMonth: null, memoryMib: null },
    });
    const { proposals, left } = mergedProposals([
      { ...memory, expected: saving(3) },
      proposal("a", { before: { timeoutS: 30 }, after: { timeoutS: 60 }, danger: "restart", expected: saving(2) }),
      proposal("b"),
    ]);
    expect(left).toEqual([]);
    expect(proposals).toHaveLength(2);
    expect(proposals[0]).toMatchObject({
      before: { memoryMib: 1024, timeoutS: 30 },
      after: { memoryMib: 512, timeoutS: 60 },
      danger: "restart",
      group: "queue-1",
      expected: { savingUsdPerMonth: { p10: 5, p50: 5, p90: 5 } },
    });
  });
  it("changes that reach the runs of one function are held against what all of them do", () => {
    const before = { errorShare: 0, timeoutShare: 0, meanDurationMs: 100, invocationsPerDay: 1000, usdPerMonth: 1, memoryMib: 1024 };
    const runs = (p10: number, p50: number, p90: number) => ({ p10, p50, p90 });
    const expected = { durationMs: runs(90, 100, 110), savingUsdPerMonth: null, before };
    const watching = (name: string, invocationsPerDay: ReturnType<typeof runs>): Proposal =>
      proposal(name, { expected: { ...expected, durationMs: null, watched: "a", invocationsPerDay } });
    const [size, other, filter, batch] = mergedProposals([
      { ...memory, expected },
      proposal("b", { group: null, expected }),
      watching("filter", runs(380, 400, 420)),
      watching("batch", runs(90, 100, 120)),
    ]).proposals.map((one) => one.expected!);
    // 40 % are left by the filter, a tenth by the batches: 1,000 x 0.38 x 0.09, 1,000 x 0.4 x 0.1; at most what batches alone leave
    for (const one of [size, filter, batch])
      expect(one).toMatchObject({
        durationMs: null,
        invocationsPerDay: { p10: expect.closeTo(34.2, 9), p50: expect.closeTo(40, 9), p90: 120 },
      });
    expect(other).toEqual(expected);
  });
  it("the order of each group holds where one of its changes is shared, and the groups become one", () => {
    const timeout = { before: { timeoutS: 30 }, after: { timeoutS: 60 } };
    const queues = (group: string, ...names: string[]) =>
      names.map((name) => proposal(name, name === "a" ? { ...timeout, group } : { group }));
    const { proposals } = mergedProposals([memory, ...queues("g1", "q1", "a", "m1"), ...queues("g2", "q2", "a", "m2")]);
    expect(proposals.map(({ name, topic, group }) => `${topic} ${group} ${name}`)).toEqual(
      ["q1", "q2", "a", "m1", "m2"].map((name) => `batching g1 ${name}`),
    );
    expect(proposals[2]!.after).toEqual({ memoryMib: 512, timeoutS: 60 });
  });
  it("resources of one name are changes of their own: tables of two workspaces", async () => {
    const table = (workspace: string): Proposal =>
      proposal("AppTraces", {
        kind: "loganalytics.table",
        resource: `/workspaces/${workspace}/tables/AppTraces`,
        topic: "ttl",
        group: null,
      });
    const planned = [table("one"), table("two")].map((one) => proposedChange(one, null, [], null));
    expect(new Set(planned.map((one) => ("change" in one ? one.change.id : null))).size).toBe(2);
  });
  it("where they want different values the first counts, and all that belongs to the other is left out", () => {
    const { proposals, left } = mergedProposals([memory, proposal("a", { after: { memoryMib: 2048 } }), proposal("b")]);
    expect(proposals).toEqual([memory]);
    expect(left).toEqual([{ name: "a", why: expect.stringContaining("other values than its memory advice") }]);
  });
});
