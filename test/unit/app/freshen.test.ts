import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { BILL_READS, CHAIN_READS, freshen } from "../../../src/app/freshen.ts";
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
    expect(await freshen(dir, none, { since: "7d" }, {}, world(cloud), BILL_READS)).toEqual({
      since: "7d",
      until: undefined,
      partial: false,
      spentUsd: 0,
    });
    await freshen(dir, settings, { offline: true }, {}, world(cloud), BILL_READS);
    expect(opened).toEqual([]);
  });

  it("collects again within minutes for a command that is about the last ones", async () => {
    await freshen(dir, settings, {}, {}, world(cloud), BILL_READS);
    await freshen(dir, settings, {}, {}, world(cloud, NOW + MIN), BILL_READS, { newest: true });
    expect(opened).toHaveLength(2);
    await freshen(dir, none, {}, {}, world(cloud), BILL_READS, { newest: true });
    await freshen(dir, settings, { offline: true }, {}, world(cloud), BILL_READS, { newest: true });
    expect(opened).toHaveLength(2);
  });

  it("collects what is missing, and not again within minutes", async () => {
    await freshen(dir, settings, {}, {}, world(cloud), BILL_READS);
    await freshen(dir, settings, {}, {}, world(cloud, NOW + 4 * MIN), BILL_READS);
    expect(opened).toHaveLength(1);
    await freshen(dir, settings, {}, {}, world(cloud, NOW + 6 * MIN), BILL_READS);
    expect(opened[1]!.asked.run.map((task) => task.window)).toEqual([{ from: NOW - 2 * MIN, to: NOW + 4 * MIN }]);
    // a longer window was not held
    await freshen(dir, settings, { since: "15d" }, {}, world(cloud, NOW + 7 * MIN), BILL_READS);
    expect(opened).toHaveLength(3);
  });

  it("collects again within minutes where --live insists", async () => {
    await freshen(dir, settings, {}, {}, world(cloud), BILL_READS);
    await freshen(dir, settings, { live: true }, {}, world(cloud, NOW + MIN), BILL_READS);
    expect(opened[1]!.asked.run.map((task) => task.window)).toEqual([{ from: NOW - 2 * MIN, to: NOW - MIN }]);
  });

  it("answers for the window of the clouds: spans count back from now", async () => {
    const { since, until } = await freshen(dir, settings, { since: "24h" }, {}, world(cloud), BILL_READS);
    expect([since, until]).toEqual([new Date(NOW - DAY).toISOString(), new Date(NOW - 2 * MIN).toISOString()]);
  });

  const gapOf = (what: string, why: string) =>
    ({ type: "gap", cloud: "aws", account: null, region: null, what, why, from: T0, to: NOW }) as const;
  /** A session that misses this. */
  const without = (what: string, why: string, now = NOW): LiveWorld => world({ ...cloud, planGaps: [gapOf(what, why)] }, now);

  it("says what is missing, and looks again where it may have passed", async () => {
    const throttled = "logs:FilterLogEvents was still throttled after 9 attempts";
    expect((await freshen(dir, settings, {}, {}, without("logs", throttled), BILL_READS)).partial).toBe(true);
    expect(notes).toEqual([`logs: ${throttled}`]);
    const absent = without("logs", "no log group yet, so no lines: a", NOW + MIN);
    expect((await freshen(dir, settings, {}, {}, absent, BILL_READS)).partial).toBe(false);
    expect(opened).toHaveLength(2);
  });

  it("does not look again within minutes for what will be refused again, and stays partial", async () => {
    const denied = "not allowed: the IAM action logs:FilterLogEvents is missing (AccessDeniedException)";
    expect((await freshen(dir, settings, {}, {}, without("logs", denied), BILL_READS)).partial).toBe(true);
    expect((await freshen(dir, settings, {}, {}, without("logs", denied, NOW + 4 * MIN), BILL_READS)).partial).toBe(true);
    expect(opened).toHaveLength(1);
    expect(notes).toEqual([`logs: ${denied}`, `logs: ${denied}`]);
    // the permission is there now
    expect((await freshen(dir, settings, { live: true }, {}, world(cloud, NOW + 5 * MIN), BILL_READS)).partial).toBe(false);
    expect(opened).toHaveLength(2);
  });

  it("takes missing traces as no matter of bills, but of chains", async () => {
    const why = "this endpoint does not know xray:GetTraceSummaries (UnknownOperationException, HTTP 404)";
    expect((await freshen(dir, settings, {}, {}, without("traces of X-Ray", why), BILL_READS)).partial).toBe(false);
    expect(notes).toEqual([`traces of X-Ray: ${why}`]);
    expect((await freshen(dir, settings, {}, {}, without("traces of X-Ray", why, NOW + MIN), BILL_READS)).partial).toBe(false);
    expect(notes).toHaveLength(1);
    expect((await freshen(dir, settings, {}, {}, without("traces of X-Ray", why, NOW + 2 * MIN), CHAIN_READS)).partial).toBe(true);
    expect(opened).toHaveLength(1);
  });

  it("takes missing descriptions of functions as a matter of bills, of pipes not", async () => {
    const denied = "not allowed: the IAM action pipes:ListPipes is missing (AccessDeniedException)";
    const missing = (what: string): LiveWorld => world({ ...cloud, configs: [gapOf(what, denied)] });
    expect((await freshen(dir, settings, { live: true }, {}, missing("pipes"), BILL_READS)).partial).toBe(false);
    expect((await freshen(dir, settings, { live: true }, {}, missing("functions"), BILL_READS)).partial).toBe(true);
  });
});
