import { describe, expect, it } from "vitest";
import { EXIT, UserError } from "../../../src/model/errors.ts";
import { readJournal } from "../../../src/store/journal.ts";
import { FakeCloud, type Faults, memoryChangeOf } from "../../support/fake-applier.ts";
import { fakeClock, newDir, run, steps } from "./support.ts";

function three(faults: Faults = {}): { cloud: FakeCloud; dir: string; changes: ReturnType<typeof memoryChangeOf>[] } {
  const cloud = new FakeCloud(null, faults).add("a").add("b").add("c");
  return { cloud, dir: newDir(), changes: ["a", "b", "c"].map((name) => memoryChangeOf(cloud, name, 512)) };
}
const states = (outcomes: readonly { state: string }[]): string[] => outcomes.map((one) => one.state);

describe("execute", () => {
  it("writes each change once, journalled before and after", async () => {
    const { cloud, dir, changes } = three();
    expect(states(await run(dir, cloud, changes))).toEqual(["done", "done", "done"]);
    expect(steps(dir)).toEqual(["run-begin", "begin a", "done a", "begin b", "done b", "begin c", "done c", "run-end"]);
    expect(["a", "b", "c"].map((name) => cloud.of(name).memoryMib)).toEqual([512, 512, 512]);
    expect(cloud.state.writes).toHaveLength(3);
    expect(readJournal(dir).entries[2]!.live).toMatchObject({ settings: { memoryMib: 512 }, revision: "rev-2" });
  });

  it("the same plan again writes nothing", async () => {
    const { cloud, dir, changes } = three();
    await run(dir, cloud, changes);
    expect(states(await run(dir, cloud, changes))).toEqual(["already", "already", "already"]);
    expect(cloud.state.writes).toHaveLength(3);
  });

  it("refuses a function that was changed since the plan, and stops", async () => {
    const { cloud, dir, changes } = three();
    cloud.meddle("b", { description: "deployed" });
    const outcomes = await run(dir, cloud, changes);
    expect(states(outcomes)).toEqual(["done", "refused", "not-tried"]);
    expect(outcomes[1]).toMatchObject({ exitCode: EXIT.conflict, note: expect.stringContaining("it was changed since") });
    expect(cloud.of("b").memoryMib).toBe(1024);
    expect(cloud.of("c").memoryMib).toBe(1024);
  });

  it("refuses a function whose revision alone is another, where the endpoint would accept it", async () => {
    const { cloud, dir, changes } = three();
    cloud.meddle("a", {});
    expect((await run(dir, cloud, changes))[0]).toMatchObject({ state: "refused", note: expect.stringContaining("revision") });
  });

  it("notices a change by its fingerprint where the endpoint has no revisions", async () => {
    const { cloud, dir, changes } = three({ noRevision: true });
    cloud.meddle("a", { timeoutS: 60 });
    expect(states(await run(dir, cloud, changes, { keepGoing: true }))).toEqual(["refused", "done", "done"]);
  });

  it("--continue goes on after a failure, and a second run does what is left", async () => {
    let denied = true;
    const { cloud, dir, changes } = three({
      refused: (name) => (denied && name === "b" ? new UserError("lambda:UpdateFunctionConfiguration denied", { exitCode: 3 }) : null),
    });
    const outcomes = await run(dir, cloud, changes, { keepGoing: true });
    expect(states(outcomes)).toEqual(["done", "failed", "done"]);
    expect(outcomes[1]!.exitCode).toBe(EXIT.credentials);
    denied = false;
    expect(states(await run(dir, cloud, changes))).toEqual(["already", "done", "already"]);
    expect(cloud.state.writes).toHaveLength(3);
  });

  it("a setting that the endpoint ignores is a failure that says so", async () => {
    const { cloud, dir, changes } = three({ ignored: (name) => name === "a" });
    const [first] = await run(dir, cloud, changes);
    expect(first).toMatchObject({ state: "failed", note: "accepted, but without effect: memoryMib is 1024" });
    expect(steps(dir).slice(1, 3)).toEqual(["begin a", "failed a"]);
  });

  it("a lost answer is decided by reading", async () => {
    const { cloud, dir, changes } = three({ lostAnswer: () => true });
    const outcomes = await run(dir, cloud, changes);
    expect(states(outcomes)).toEqual(["done", "done", "done"]);
    expect(outcomes[0]!.note).toContain("socket hang up");
    expect(cloud.state.writes).toHaveLength(3);
  });

  it("waits while an update is under way, and refuses when it does not end", async () => {
    const { cloud, dir, changes } = three();
    cloud.of("a").busyReads = 3;
    cloud.of("b").busyReads = 100_000;
    const clock = fakeClock();
    expect(states(await run(dir, cloud, changes, { clock }))).toEqual(["done", "refused", "not-tried"]);
    // 300 s is how long the vendor's own waiter waits
    expect(clock.slept).toBeGreaterThan(250_000);
    expect(clock.slept).toBeLessThan(310_000);
  });

  it("several at once: each once, and the journal has a begin before each done", async () => {
    const cloud = new FakeCloud();
    const names = Array.from({ length: 20 }, (_, i) => `fn${i}`);
    for (const name of names) cloud.add(name);
    const dir = newDir();
    const outcomes = await run(
      dir,
      cloud,
      names.map((name) => memoryChangeOf(cloud, name, 256)),
      { parallel: 5 },
    );
    expect(new Set(states(outcomes))).toEqual(new Set(["done"]));
    expect(cloud.state.writes).toHaveLength(20);
    const said = steps(dir);
    for (const name of names) expect(said.indexOf(`begin ${name}`)).toBeLessThan(said.indexOf(`done ${name}`));
  });

  it("nothing is written whose beginning could not be journalled, and the same run goes on later", async () => {
    const [dir, cloud] = [newDir(), new FakeCloud()];
    const names = ["a", "b", "c", "d", "e", "f"];
    for (const name of names) cloud.add(name);
    const changes = names.map((name) => memoryChangeOf(cloud, name, 512));
    let begun = 0;
    const full = (where: string): void => {
      if (where === "before begin" && ++begun > 3) throw new Error("ENOSPC: no space left on device, write");
    };
    await expect(run(dir, cloud, changes, { parallel: 2, keepGoing: true, tick: full })).rejects.toThrow(/ENOSPC/);
    expect(cloud.state.writes).toHaveLength(3);
    await run(dir, cloud, changes, { parallel: 2 });
    expect(cloud.state.writes.map((one) => one.resource).sort()).toEqual(changes.map((one) => one.resource).sort());
  });

  it("publishes and moves the alias that the change names", async () => {
    const cloud = new FakeCloud().add("a", { aliases: [{ name: "live", version: "1" }], versions: [1024] });
    const dir = newDir();
    const [done] = await run(dir, cloud, [memoryChangeOf(cloud, "a", 512, { alias: "live", aliasVersion: "1" })]);
    expect(done).toMatchObject({ state: "done", publishedVersion: "2" });
    expect(cloud.of("a")).toMatchObject({ aliases: [{ name: "live", version: "2" }], versions: [1024, 512] });
  });

  it("a plan made without connection is held against the settings, and journalled with what was found", async () => {
    const { cloud, dir, changes } = three();
    const offline = changes.map((change) => ({ ...change, revision: null, fingerprint: "" }));
    expect(states(await run(dir, cloud, offline))).toEqual(["done", "done", "done"]);
    expect(readJournal(dir).entries[1]!.change).toMatchObject({ revision: "rev-1" });
    const other = three();
    other.cloud.meddle("a", { memoryMib: 768 });
    const [refused] = await run(
      other.dir,
      other.cloud,
      other.changes.map((change) => ({ ...change, revision: null, fingerprint: "" })),
    );
    expect(refused).toMatchObject({ state: "refused", note: expect.stringContaining("memoryMib is 768 instead of 1024") });
  });

  it("a function that is gone is a failure", async () => {
    const { dir, changes } = three();
    const cloud = new FakeCloud();
    const outcomes = await run(dir, cloud, changes);
    expect(outcomes[0]).toMatchObject({ state: "failed", note: "there is no function a" });
  });
});
