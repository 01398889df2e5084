/** apply, undo and journal as use cases, on a fake cloud behind real sessions' doors. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makePlan } from "../../../src/applier/plan.ts";
import { type ApplyOptions, applyFile, applyPlan, openPlan, type Reach } from "../../../src/app/apply.ts";
import type { Applied } from "../../../src/app/carry-out.ts";
import { journalOf } from "../../../src/app/journal.ts";
import { applyAdvice } from "../../../src/app/plan.ts";
import { loadSettings } from "../../../src/app/settings.ts";
import { undo, type UndoOptions } from "../../../src/app/undo.ts";
import { UserError } from "../../../src/model/errors.ts";
import { silentHost } from "../../../src/model/host.ts";
import type { Change, Plan } from "../../../src/model/plan.ts";
import { openJournal } from "../../../src/store/journal.ts";
import { writePlan } from "../../../src/store/plan-file.ts";
import { FakeCloud, type Faults, functionArn, memoryChangeOf } from "../../support/fake-applier.ts";
import { fakeSession } from "../../support/fake-session.ts";
import { fakeClock, START } from "../applier/support.ts";

const newFolder = (): string => mkdtempSync(join(tmpdir(), "evscope-changes-"));

interface Stage {
  cloud: FakeCloud;
  dataDir: string;
  folder: string;
  warnings: string[];
  plan(changes: readonly Change[]): Plan;
  apply(plan: Plan, more?: Partial<ApplyOptions>): Promise<Applied>;
  undo(more?: Partial<UndoOptions>): Promise<Applied>;
  reach: Reach;
  abort: AbortController;
}

function stage(faults: Faults = {}): Stage {
  const cloud = new FakeCloud(null, faults);
  const [dataDir, folder] = [newFolder(), newFolder()];
  const warnings: string[] = [];
  const abort = new AbortController();
  const settings = loadSettings(null, folder);
  const world: Reach["world"] = {
    host: { ...silentHost, warn: (message) => warnings.push(message) },
    signal: abort.signal,
    clock: fakeClock(),
    keys: settings.keys,
    connect: async (target) => ({ ...fakeSession(target, { account: "123456789012" }), applier: cloud.applier() }),
  };
  let random = 0;
  const reach: Reach = { settings, flags: {}, env: {}, world: { ...world, clock: { ...world.clock, random: () => (random += 0.001) } } };
  const manner = { dryRun: false, parallel: 1, keepGoing: false, confirm: async () => true };
  const allow = { drift: false, latest: false, dataLoss: false, irreversible: false };
  return {
    cloud,
    dataDir,
    folder,
    warnings,
    reach,
    abort,
    plan: (changes) => makePlan([...changes], [], START),
    apply: (plan, more = {}) => applyPlan(plan, { ...manner, dataDir, folder, allow, allOrNothing: true, ...more }, reach),
    undo: (more = {}) => undo({ ...manner, dataDir, run: null, force: false, allow, ...more }, reach),
  };
}
const states = (applied: Applied): string[] => applied.changes.map((one) => one.state);

describe("apply", () => {
  it("connects to where the changes are, though nothing is configured", async () => {
    const s = stage();
    s.cloud.add("a");
    const applied = await s.apply(s.plan([memoryChangeOf(s.cloud, "a", 512)]));
    expect(applied).toMatchObject({ state: "applied", exitCode: 0, run: expect.stringMatching(/^20261123T120000-[0-9a-f]{4}$/) });
    expect(s.cloud.of("a").memoryMib).toBe(512);
  });

  it("another account than the credentials': refused before anything is written", async () => {
    const s = stage();
    s.cloud.add("a");
    const applied = await s.apply(s.plan([{ ...memoryChangeOf(s.cloud, "a", 512), account: "999999999999" }]));
    expect(applied).toMatchObject({ state: "refused", exitCode: 5, run: null });
    expect(s.cloud.state.writes).toEqual([]);
  });

  it("no is an answer: nothing is changed or journalled, code 0", async () => {
    const s = stage();
    s.cloud.add("a");
    const applied = await s.apply(s.plan([memoryChangeOf(s.cloud, "a", 512)]), { confirm: async () => false });
    expect(applied).toMatchObject({ state: "declined", exitCode: 0, run: null });
    expect(s.cloud.state.writes).toEqual([]);
    expect(journalOf(s.dataDir, null).runs).toEqual([]);
  });

  it("one refusal stops a plan before its first write; --continue makes the others", async () => {
    const s = stage();
    s.cloud.add("a").add("b", { tags: ["CloudFormation stack orders"] });
    const plan = s.plan([memoryChangeOf(s.cloud, "a", 512), memoryChangeOf(s.cloud, "b", 512)]);
    const stopped = await s.apply(plan);
    expect(stopped).toMatchObject({ state: "refused", exitCode: 5 });
    expect(states(stopped)).toEqual(["not-tried", "refused"]);
    expect(s.cloud.state.writes).toEqual([]);
    const went = await s.apply(plan, { keepGoing: true });
    expect(states(went)).toEqual(["done", "refused"]);
    expect(went.exitCode).toBe(5);
  });

  it.each([
    [
      "owners that may not be asked for",
      { tags: ["unknown: lambda:ListTags is not granted"] },
      {},
      { drift: true },
      "who owns it is unknown",
    ],
    ["infrastructure as code", { tags: ["CloudFormation stack orders"] }, {}, { drift: true }, "--allow-drift"],
    ["aliases", { aliases: [{ name: "live", version: "3" }], versions: [1, 2, 3] }, {}, { latest: true }, "--latest"],
    ["lost data", {}, { danger: "data-loss" }, { dataLoss: true }, "--accept-data-loss"],
    ["no way back", {}, { danger: "irreversible" }, { irreversible: true }, "--accept-irreversible"],
  ] as const)("%s: refused, with the flag that allows it, and done with it", async (_, fn, change, allowed, flag) => {
    const s = stage();
    s.cloud.add("a", structuredClone(fn) as object);
    const plan = s.plan([memoryChangeOf(s.cloud, "a", 512, change)]);
    const refused = await s.apply(plan);
    expect(refused.changes[0]).toMatchObject({ state: "refused", note: expect.stringContaining(flag) });
    const allow = { drift: false, latest: false, dataLoss: false, irreversible: false, ...allowed };
    expect((await s.apply(plan, { allow })).state).toBe("applied");
  });

  it("what a run that ended was allowed is no licence for the next one", async () => {
    const s = stage({ refused: () => new Error("not today") });
    s.cloud.add("a", { tags: ["CloudFormation stack orders"] });
    const plan = s.plan([memoryChangeOf(s.cloud, "a", 512)]);
    const allow = { drift: true, latest: false, dataLoss: false, irreversible: false };
    expect(states(await s.apply(plan, { allow }))).toEqual(["failed"]);
    s.cloud.faults.refused = () => null;
    expect(await s.apply(plan)).toMatchObject({ state: "refused", exitCode: 5 });
    expect((await s.apply(plan, { allow })).exitCode).toBe(0);
  });

  it("a plan made without connection is locked on what was shown", async () => {
    const s = stage();
    s.cloud.add("a");
    const plan = s.plan([memoryChangeOf(s.cloud, "a", 512, { revision: null, fingerprint: "" })]);
    const applied = await s.apply(plan, {
      confirm: async () => {
        s.cloud.meddle("a", { timeoutS: 60 });
        return true;
      },
    });
    expect(applied).toMatchObject({ exitCode: 5, changes: [{ state: "refused" }] });
    expect(s.cloud.of("a").memoryMib).toBe(1024);
  });

  it("a file of the working folder that names the function is an owner", async () => {
    const s = stage();
    s.cloud.add("a-function");
    writeFileSync(join(s.folder, "main.tf"), 'function_name = "a-function"\n');
    const refused = await s.apply(s.plan([memoryChangeOf(s.cloud, "a-function", 512)]));
    expect(refused.changes[0]).toMatchObject({ state: "refused", owners: ["Terraform (main.tf:1)"] });
  });

  it("an alias that is not there is no reason to change $LATEST", async () => {
    const s = stage();
    s.cloud.add("a", { aliases: [{ name: "live", version: "1" }], versions: [1024] });
    const plan = s.plan([memoryChangeOf(s.cloud, "a", 512, { alias: "prod", aliasVersion: "1" })]);
    expect((await s.apply(plan)).changes[0]).toMatchObject({ state: "refused", note: "there is no alias prod" });
  });

  it("a version that could not be published leaves the alias; the same command later goes on with it", async () => {
    const s = stage();
    s.cloud.add("a", { aliases: [{ name: "live", version: "1" }], versions: [1024] });
    const plan = s.plan([memoryChangeOf(s.cloud, "a", 512, { alias: "live", aliasVersion: "1" })]);
    s.cloud.faults.tick = (where) => {
      if (where === "before publish a") throw new UserError("lambda:PublishVersion is not granted", { exitCode: 3 });
    };
    const failed = await s.apply(plan);
    expect(failed).toMatchObject({ exitCode: 3, changes: [{ state: "failed" }] });
    expect(s.cloud.of("a")).toMatchObject({ memoryMib: 512, aliases: [{ version: "1" }] });
    delete s.cloud.faults.tick;
    expect(await s.apply(plan)).toMatchObject({ exitCode: 0, changes: [{ state: "done", publishedVersion: "2" }] });
    expect(s.cloud.state.writes.map((one) => one.what)).toEqual(["update", "publish", "alias"]);
    await s.undo();
    expect(s.cloud.of("a")).toMatchObject({ memoryMib: 1024, aliases: [{ version: "1" }] });
  });

  it("what a failed run left half done can be taken back as well", async () => {
    const s = stage();
    s.cloud.add("a", { aliases: [{ name: "live", version: "1" }], versions: [1024] });
    const plan = s.plan([memoryChangeOf(s.cloud, "a", 512, { alias: "live", aliasVersion: "1" })]);
    s.cloud.faults.tick = (where) => {
      if (where === "before publish a") throw new Error("no answer");
    };
    await s.apply(plan);
    delete s.cloud.faults.tick;
    expect((await s.undo()).exitCode).toBe(0);
    expect(s.cloud.of("a")).toMatchObject({ memoryMib: 1024, aliases: [{ version: "1" }] });
  });

  it("a plan made without connection finds its own work done, aliases as well", async () => {
    const s = stage();
    s.cloud.add("a", { aliases: [{ name: "live", version: "1" }], versions: [1024] });
    const plan = s.plan([memoryChangeOf(s.cloud, "a", 512, { alias: "live", aliasVersion: null, revision: null, fingerprint: "" })]);
    expect((await s.apply(plan)).state).toBe("applied");
    expect(await s.apply(plan)).toMatchObject({ state: "nothing", exitCode: 0 });
  });

  it("warns of an old plan", async () => {
    const s = stage();
    s.cloud.add("a");
    await s.apply(makePlan([memoryChangeOf(s.cloud, "a", 512)], [], START - 8 * 86_400_000), { dryRun: true });
    expect(s.warnings).toEqual([expect.stringContaining("8 days old")]);
  });

  it("two runs on one journal exclude each other", async () => {
    const s = stage();
    s.cloud.add("a");
    const plan = s.plan([memoryChangeOf(s.cloud, "a", 512)]);
    const other = openJournal(s.dataDir);
    await expect(s.apply(plan)).rejects.toMatchObject({ exitCode: 5 });
    other.close();
    expect((await s.apply(plan)).state).toBe("applied");
  });
});

describe("an interrupted run", () => {
  const dataLoss = { drift: false, latest: false, dataLoss: true, irreversible: false };

  /** Ctrl-C in the second of three writes. */
  async function interrupted(at = "after update b", more: Partial<Change> = {}): Promise<Stage & { wanted: Plan }> {
    const s = stage();
    for (const name of ["a", "b", "c"]) s.cloud.add(name);
    s.cloud.faults.tick = (where) => {
      if (where !== at || s.abort.signal.aborted) return;
      s.abort.abort();
      s.abort.signal.throwIfAborted();
    };
    const wanted = s.plan(["a", "b", "c"].map((name) => memoryChangeOf(s.cloud, name, 512, more)));
    await expect(s.apply(wanted, { allow: dataLoss })).rejects.toMatchObject({ name: "AbortError" });
    expect(s.warnings).toEqual([expect.stringContaining("is open")]);
    s.reach.world = { ...s.reach.world, signal: new AbortController().signal };
    return { ...s, wanted };
  }

  it("is listed as such, comes before any other plan, and is finished by the same plan", async () => {
    const s = await interrupted();
    expect(journalOf(s.dataDir, null).runs).toMatchObject([{ endedAt: null }]);
    const other = s.plan([memoryChangeOf(s.cloud, "c", 256)]);
    await expect(s.apply(other)).rejects.toMatchObject({
      exitCode: 5,
      suggestions: [expect.stringContaining("--resume"), expect.anything()],
    });
    const resumed = await s.apply(s.wanted);
    expect(resumed).toMatchObject({ state: "applied", resumed: true });
    expect(states(resumed)).toEqual(["already", "done", "done"]);
    expect(s.cloud.state.writes).toHaveLength(3);
    expect(journalOf(s.dataDir, null).runs).toHaveLength(1);
  });

  it("is finished by rightsize --apply as well, before any new advice is followed", async () => {
    const s = await interrupted();
    const manner = { dryRun: false, parallel: 1, keepGoing: false, confirm: async () => true };
    const allow = { drift: false, latest: false, dataLoss: false, irreversible: false };
    const resumed = await applyAdvice(
      { proposals: [], refused: [], unready: [] },
      null,
      { ...manner, allow, dataDir: s.dataDir, folder: s.folder },
      s.reach,
    );
    expect(resumed).toMatchObject({ resumed: true, planHash: s.wanted.hash });
    expect(s.cloud.state.writes).toHaveLength(3);
  });

  it("is finished without its file by --resume", async () => {
    const s = await interrupted();
    expect(openPlan(s.dataDir)).toEqual(s.wanted);
    const options = { dryRun: false, parallel: 1, keepGoing: false, confirm: async () => true, allOrNothing: true };
    const allow = { drift: false, latest: false, dataLoss: false, irreversible: false };
    const resumed = await applyFile(null, { ...options, allow, dataDir: s.dataDir, folder: s.folder }, s.reach);
    expect(resumed.state).toBe("applied");
    await expect(applyFile(null, { ...options, allow, dataDir: s.dataDir, folder: s.folder }, s.reach)).rejects.toThrow(
      /nothing to resume/,
    );
  });

  it("what may lose data needs its flag again, where it was begun and not made", async () => {
    const s = await interrupted("before update b", { danger: "data-loss" });
    const resumed = await s.apply(s.wanted);
    expect(resumed).toMatchObject({ state: "refused", exitCode: 5 });
    expect(states(resumed)).toEqual(["already", "refused", "refused"]);
    expect(resumed.changes[1]!.note).toContain("--accept-data-loss");
    expect(s.cloud.of("b").memoryMib).toBe(1024);
    expect(states(await s.apply(s.wanted, { allow: dataLoss }))).toEqual(["already", "done", "done"]);
    // made, and not journalled: nothing is written any more
    const made = await interrupted("after update b", { danger: "data-loss", group: null });
    expect(states(await made.apply(made.wanted))).toEqual(["already", "already", "refused"]);
  });

  it("is taken back as far as it came, and ended by that", async () => {
    const s = await interrupted();
    const undone = await s.undo();
    expect(states(undone)).toEqual(["done", "done"]);
    expect(["a", "b", "c"].map((name) => s.cloud.of(name).memoryMib)).toEqual([1024, 1024, 1024]);
    expect(openPlan(s.dataDir)).toBe(null);
    const [undoRun, applyRun] = journalOf(s.dataDir, null).runs;
    expect(applyRun).toMatchObject({ note: `taken back by ${undoRun!.run}`, undoneBy: undoRun!.run });
  });
});

describe("undo", () => {
  async function applied(): Promise<Stage & { run: string }> {
    const s = stage();
    s.cloud.add("a").add("b", { aliases: [{ name: "live", version: "1" }], versions: [1024] });
    const plan = s.plan([memoryChangeOf(s.cloud, "a", 512), memoryChangeOf(s.cloud, "b", 2048, { alias: "live", aliasVersion: "1" })]);
    const done = await s.apply(plan);
    expect(done.exitCode).toBe(0);
    return { ...s, run: done.run! };
  }
  const now = (s: Stage) => ["a", "b"].map((name) => [s.cloud.of(name).memoryMib, ...s.cloud.of(name).aliases.map((one) => one.version)]);

  it("restores settings and alias exactly; is journalled; and can be taken back itself", async () => {
    const s = await applied();
    expect(now(s)).toEqual([[512], [2048, "2"]]);
    const undone = await s.undo();
    expect(undone).toMatchObject({ undoes: s.run, exitCode: 0 });
    expect(now(s)).toEqual([[1024], [1024, "1"]]);
    const redone = await s.undo({ run: undone.run! });
    expect(redone.exitCode).toBe(0);
    expect(now(s)).toEqual([[512], [2048, "2"]]);
    // the undo no longer counts, so that the first run is the last one again
    expect((await s.undo()).undoes).toBe(s.run);
    expect(now(s)).toEqual([[1024], [1024, "1"]]);
  });

  it("twice: the second finds nothing to do", async () => {
    const s = await applied();
    await s.undo();
    expect(await s.undo({ run: s.run })).toMatchObject({ state: "nothing", exitCode: 0 });
    await expect(s.undo()).rejects.toThrow(/nothing to take back/);
  });

  it.each([
    ["its memory", { memoryMib: 768 }],
    ["another setting", { timeoutS: 60 }],
    ["its alias", { aliases: [{ name: "live", version: "3" }] }],
  ])("refuses what somebody changed since (%s), unless forced", async (_, change) => {
    const s = await applied();
    s.cloud.meddle("b", structuredClone(change));
    const refused = await s.undo();
    expect(refused.exitCode).toBe(5);
    expect(refused.changes.find((one) => one.change.name === "b")).toMatchObject({
      state: "refused",
      note: expect.stringContaining("--force"),
    });
    expect((await s.undo({ run: s.run, force: true })).exitCode).toBe(0);
    expect(now(s)).toEqual([[1024], [1024, "1"]]);
  });

  it("a write that failed, and one whose answer was lost, leave what they left", async () => {
    const s = stage({ lostAnswer: (name) => name === "a", ignored: (name) => name === "b" });
    s.cloud.add("a").add("b");
    const plan = s.plan([memoryChangeOf(s.cloud, "a", 512), memoryChangeOf(s.cloud, "b", 512)]);
    expect(states(await s.apply(plan))).toEqual(["done", "failed"]);
    s.cloud.faults.lostAnswer = () => false;
    s.cloud.faults.ignored = () => false;
    const undone = await s.undo();
    expect(undone.changes.map((one) => one.change.name)).toEqual(["a"]);
    expect(["a", "b"].map((name) => s.cloud.of(name).memoryMib)).toEqual([1024, 1024]);
  });

  it("taken back in part: --last names the same run again, never an older one", async () => {
    const s = await applied();
    s.cloud.add("c");
    const later = await s.apply(s.plan([memoryChangeOf(s.cloud, "c", 256), memoryChangeOf(s.cloud, "a", 768)]));
    s.cloud.meddle("c", { timeoutS: 60 });
    expect(states(await s.undo())).toEqual(["done", "refused"]);
    expect(await s.undo()).toMatchObject({ undoes: later.run, exitCode: 5 });
    expect(await s.undo({ force: true })).toMatchObject({ undoes: later.run, exitCode: 0 });
    expect([s.cloud.of("a").memoryMib, s.cloud.of("c").memoryMib]).toEqual([512, 1024]);
    expect((await s.undo()).undoes).toBe(s.run);
  });

  it("a function that is gone is named, and the others are taken back, forced or not", async () => {
    for (const force of [false, true]) {
      const s = await applied();
      delete s.cloud.state.functions[functionArn("a")];
      const undone = await s.undo({ force });
      expect(Object.fromEntries(undone.changes.map((one) => [one.change.name, one.state]))).toEqual({ a: "refused", b: "done" });
      expect(s.cloud.of("b")).toMatchObject({ memoryMib: 1024, aliases: [{ name: "live", version: "1" }] });
    }
  });

  it("says which version stays when an alias goes back", async () => {
    const s = await applied();
    const seen: (string | null)[] = [];
    const undone = await s.undo({ confirm: async (preview) => seen.push(...preview.changes.map((one) => one.note)) > 0 });
    expect(undone.changes.find((one) => one.change.name === "b")).toMatchObject({ note: "version 2 stays published" });
    expect(seen).toContain("version 2 stays published");
  });

  it("an update that the cloud took and could not make is no success; undo is the way out", async () => {
    const s = stage({ failing: () => "subnet is full" });
    s.cloud.add("a");
    const plan = s.plan([memoryChangeOf(s.cloud, "a", 512)]);
    expect((await s.apply(plan)).changes[0]).toMatchObject({ state: "failed", note: "a: the update failed" });
    s.cloud.faults.failing = () => null;
    expect(await s.apply(plan)).toMatchObject({ exitCode: 5, changes: [{ note: expect.stringContaining("subnet is full") }] });
    expect((await s.undo()).exitCode).toBe(0);
    expect(s.cloud.of("a")).toMatchObject({ memoryMib: 1024, failed: null });
  });

  it("no such run", async () => {
    const s = await applied();
    await expect(s.undo({ run: "nope" })).rejects.toThrow(/no run nope/);
  });
});

it("a plan file is applied by its path", async () => {
  const s = stage();
  s.cloud.add("a");
  const path = join(s.folder, "plan.json");
  writePlan(path, s.plan([memoryChangeOf(s.cloud, "a", 512)]));
  const options = {
    dryRun: false,
    parallel: 1,
    keepGoing: false,
    confirm: async () => true,
    allOrNothing: true,
    dataDir: s.dataDir,
    folder: s.folder,
  };
  const allow = { drift: false, latest: false, dataLoss: false, irreversible: false };
  expect((await applyFile(path, { ...options, allow }, s.reach)).state).toBe("applied");
});
