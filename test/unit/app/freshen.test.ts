import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { freshen } from "../../../src/app/freshen.ts";
import type { LiveWorld } from "../../../src/app/live.ts";
import { loadSettings } from "../../../src/app/settings.ts";
import { idKeys } from "../../../src/model/id-keys.ts";
import { type FakeCloud, fakeClock, type FakeSession, fakeSession } from "../../support/fake-session.ts";
import { line, T0 } from "../analyzer/chains/records.ts";

const MIN = 60_000;
const DAY = 86_400_000;
const NOW = T0 + 20 * DAY;

let dir: string;
let opened: FakeSession[];
let notes: string[];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "evscope-fresh-"));
  opened = [];
  notes = [];
});

function world(cloud: FakeCloud, now = NOW): LiveWorld {
  return {
    host: { progress() {}, note() {}, warn: (text) => notes.push(text) },
    signal: new AbortController().signal,
    clock: fakeClock(now),
    keys: idKeys([]),
    connect: async (target) => {
      const session = fakeSession(target, cloud);
      opened.push(session);
      return session;
    },
  };
}

const folder = mkdtempSync(join(tmpdir(), "evscope-fresh-"));
writeFileSync(join(folder, "evscope.yaml"), "aws: { accounts: [{ name: shop, regions: [eu-central-1] }] }\n");
const settings = loadSettings(null, folder);
const none = loadSettings(null, mkdtempSync(join(tmpdir(), "evscope-fresh-")));
const cloud: FakeCloud = { sources: { "s/a": { signal: "logs", records: [line("a", null, 19 * DAY, [])] } } };

describe("freshen", () => {
  it("does nothing where no cloud is configured, or with --offline", async () => {
    expect(await freshen(dir, none, { since: "7d" }, {}, world(cloud))).toEqual({ since: "7d", until: undefined, partial: false });
    await freshen(dir, settings, { offline: true }, {}, world(cloud));
    expect(opened).toEqual([]);
  });

  it("collects what is missing, and not again within minutes", async () => {
    await freshen(dir, settings, {}, {}, world(cloud));
    await freshen(dir, settings, {}, {}, world(cloud, NOW + 4 * MIN));
    expect(opened).toHaveLength(1);
    await freshen(dir, settings, {}, {}, world(cloud, NOW + 6 * MIN));
    expect(opened[1]!.asked.run.map((task) => task.window)).toEqual([{ from: NOW - 2 * MIN, to: NOW + 4 * MIN }]);
    // a longer window was not held
    await freshen(dir, settings, { since: "15d" }, {}, world(cloud, NOW + 7 * MIN));
    expect(opened).toHaveLength(3);
  });

  it("collects again within minutes where --live insists", async () => {
    await freshen(dir, settings, {}, {}, world(cloud));
    await freshen(dir, settings, { live: true }, {}, world(cloud, NOW + MIN));
    expect(opened[1]!.asked.run.map((task) => task.window)).toEqual([{ from: NOW - 2 * MIN, to: NOW - MIN }]);
  });

  it("answers for the window of the clouds: spans count back from now", async () => {
    const { since, until } = await freshen(dir, settings, { since: "24h" }, {}, world(cloud));
    expect([since, until]).toEqual([new Date(NOW - DAY).toISOString(), new Date(NOW - 2 * MIN).toISOString()]);
  });

  it("says what is missing, and looks again the next time", async () => {
    const gap = { type: "gap", cloud: "aws", account: null, region: null, what: "logs", from: T0, to: NOW } as const;
    const denied = world({ ...cloud, planGaps: [{ ...gap, why: "not allowed" }] });
    expect((await freshen(dir, settings, {}, {}, denied)).partial).toBe(true);
    expect(notes).toEqual(["logs: not allowed"]);
    const absent = world({ ...cloud, planGaps: [{ ...gap, why: "no log group yet, so no lines: a" }] });
    expect((await freshen(dir, settings, {}, {}, absent)).partial).toBe(false);
    expect(opened).toHaveLength(2);
  });
});
