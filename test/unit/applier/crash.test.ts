/** kill -9 at every step, then the same again: nothing twice, nothing lost, journal true, undo exact. */
import { execFile } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { runsOf } from "../../../src/applier/runs.ts";
import { inverted } from "../../../src/applier/undo.ts";
import type { Change } from "../../../src/model/plan.ts";
import { readJournal } from "../../../src/store/journal.ts";
import { FakeCloud, functionArn, memoryChangeOf } from "../../support/fake-applier.ts";
import { newDir, run } from "./support.ts";

const CHILD = fileURLToPath(new URL("./kill-child.ts", import.meta.url));
const NAMES = Array.from({ length: 20 }, (_, i) => `fn${String(i).padStart(2, "0")}`);

const dirs: string[] = [];
afterEach(() => {
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
});

/** Every third function is moved through its alias. */
function prepared(): { dir: string; changes: Change[] } {
  const dir = newDir();
  dirs.push(dir);
  const cloud = new FakeCloud(join(dir, "cloud.json"));
  for (const [i, name] of NAMES.entries())
    cloud.add(name, i % 3 === 0 ? { aliases: [{ name: "live", version: "1" }], versions: [1024] } : {});
  const changes = NAMES.map((name, i) => memoryChangeOf(cloud, name, 512, i % 3 === 0 ? { alias: "live", aliasVersion: "1" } : {}));
  writeFileSync(join(dir, "changes.json"), JSON.stringify(changes));
  return { dir, changes };
}

function child(dir: string, killAt: number, torn: boolean, parallel: number, undoes?: string): Promise<string | null> {
  const args = [CHILD, dir, String(killAt), torn ? "torn" : "-", String(parallel), ...(undoes === undefined ? [] : [undoes])];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { timeout: 60_000 }, (error) => resolve(error === null ? null : (error.signal ?? error.message)));
  });
}

/** What the function is like, revisions and published versions aside. */
const visible = (cloud: FakeCloud): unknown =>
  NAMES.map((name) => ({ name, memoryMib: cloud.of(name).memoryMib, timeoutS: cloud.of(name).timeoutS, aliases: cloud.of(name).aliases }));

/** The journal against the cloud's own list of writes. */
function expectTrue(dir: string, cloud: FakeCloud, runs: number): void {
  const entries = readJournal(dir).entries;
  for (const name of NAMES) {
    const ours = entries.filter((one) => one.change?.name === name).map((one) => one.step);
    expect(ours, name).toEqual(["begin", "done"]);
    const calls = cloud.state.writes.filter((one) => one.resource === functionArn(name)).map((one) => `${one.what} ${one.value}`);
    const aliased = cloud.of(name).aliases.length > 0;
    expect(calls, name).toEqual(aliased ? ["update 512", "publish 2", "alias 2"] : ["update 512"]);
  }
  expect(entries.filter((one) => one.step === "run-begin")).toHaveLength(runs);
  expect(entries.filter((one) => one.step === "run-end")).toHaveLength(runs);
}

/** `ended`: the kill came after the last entry, so that the same again is another run, which finds nothing to do. */
async function killedThenResumed(killAt: number, torn: boolean, parallel: number, ended: boolean): Promise<void> {
  const { dir, changes } = prepared();
  const original = visible(new FakeCloud(join(dir, "cloud.json")));
  expect(await child(dir, killAt, torn, parallel)).toBe("SIGKILL");
  const cloud = new FakeCloud(join(dir, "cloud.json"));
  const outcomes = await run(dir, cloud, changes, { parallel });
  expect(outcomes.every((one) => one.state === "done" || one.state === "already")).toBe(true);
  expectTrue(dir, cloud, ended ? 2 : 1);
  const [applied] = runsOf(readJournal(dir).entries);
  const back = inverted(applied!, []);
  expect(back).toHaveLength(20);
  expect((await run(dir, cloud, back, { undoes: applied!.run })).every((one) => one.state === "done")).toBe(true);
  expect(visible(cloud)).toEqual(original);
}

/** All steps of a run that nobody kills. */
async function ticksOf(parallel: number): Promise<number> {
  const { dir } = prepared();
  expect(await child(dir, -1, false, parallel)).toBe(null);
  return Number(readFileSync(join(dir, "ticks"), "utf8"));
}

/** `at` in turn, a few at a time: a child each. */
async function eachOf(steps: readonly number[], check: (at: number) => Promise<void>): Promise<void> {
  const left = [...steps];
  const worker = async (): Promise<void> => {
    for (let at = left.shift(); at !== undefined; at = left.shift()) await check(at);
  };
  await Promise.all([worker(), worker(), worker()]);
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);

describe("apply of 20 changes, killed", () => {
  it("at every step, one change after the other", { timeout: 300_000 }, async () => {
    const ticks = await ticksOf(1);
    // 2 x (run-begin, run-end), 20 x 2 x (begin, done), 20 updates, 7 publishes and 7 alias moves, each with a step before and after
    expect(ticks).toBe(2 * (2 + 40 + 20 + 14));
    await eachOf(upTo(ticks), (at) => killedThenResumed(at, at % 2 === 0, 1, at === ticks));
  });

  it("at every seventh step, five at once", { timeout: 300_000 }, async () => {
    const ticks = await ticksOf(5);
    await eachOf(
      upTo(ticks).filter((at) => at % 7 === 3),
      (at) => killedThenResumed(at, false, 5, at === ticks),
    );
  });

  it("the undo is killed at every fifth step, and finished by the same command again", { timeout: 300_000 }, async () => {
    await eachOf(
      upTo(120).filter((at) => at % 5 === 2),
      async (at) => {
        const { dir, changes } = prepared();
        const before = new FakeCloud(join(dir, "cloud.json"));
        const original = visible(before);
        await run(dir, before, changes);
        const [applied] = runsOf(readJournal(dir).entries);
        const back = inverted(applied!, []);
        writeFileSync(join(dir, "changes.json"), JSON.stringify(back));
        expect(await child(dir, at, true, 1, applied!.run)).toBe("SIGKILL");
        const cloud = new FakeCloud(join(dir, "cloud.json"));
        const outcomes = await run(dir, cloud, back, { undoes: applied!.run });
        expect(outcomes.every((one) => one.state === "done" || one.state === "already")).toBe(true);
        expect(visible(cloud)).toEqual(original);
        // one update back for each function, and one move back for each alias
        expect(cloud.state.writes.filter((one) => one.what === "update" && one.value === "1024")).toHaveLength(20);
        expect(cloud.state.writes.filter((one) => one.what === "alias" && one.value === "1")).toHaveLength(7);
      },
    );
  });
});

describe("apply of a group, killed", () => {
  it(
    "never makes a later one before an earlier one, is finished in order, and taken back in the opposite one",
    { timeout: 60_000 },
    async () => {
      const names = ["queue", "function", "mapping"];
      const order = (cloud: FakeCloud): string[] => cloud.state.writes.map((one) => one.resource.split(":").at(-1)!);
      // a step before and after each entry (run-begin, 3 x (begin, done), run-end) and each of the three writes
      await eachOf(
        upTo(2 * (2 + 6 + 3)).filter((at) => at % 2 === 0),
        async (at) => {
          const dir = newDir();
          dirs.push(dir);
          const cloud = new FakeCloud(join(dir, "cloud.json"));
          for (const name of names) cloud.add(name);
          const changes = names.map((name) => memoryChangeOf(cloud, name, 512, { group: "batching:orders" }));
          writeFileSync(join(dir, "changes.json"), JSON.stringify(changes));
          expect(await child(dir, at, false, 3)).toBe("SIGKILL");
          const left = new FakeCloud(join(dir, "cloud.json"));
          expect(order(left)).toEqual(names.slice(0, left.state.writes.length));
          await run(dir, left, changes, { parallel: 3 });
          expect(order(left)).toEqual(names);
          const [applied] = runsOf(readJournal(dir).entries);
          await run(dir, left, inverted(applied!, []), { parallel: 3, undoes: applied!.run });
          expect(order(left)).toEqual([...names, ...names.toReversed()]);
        },
      );
    },
  );
});
