import { describe, expect, it } from "vitest";
import { planLogs } from "../../../../src/clouds/gcp/collect-logs.ts";
import { spentUsd } from "../../../../src/clouds/kit/spent.ts";
import type { CollectRequest, Span, Target } from "../../../../src/clouds/room.ts";
import type { Config } from "../../../../src/model/records.ts";
import * as logs from "../../../support/gcp-logs.ts";
import { config, DAY_MS, gcpContext, gcpTarget, HOUR_MS, NOW, PROJECT, type ScriptedGcp, service } from "../../../support/scripted-gcp.ts";

const FROM = NOW - 6 * HOUR_MS;
const WINDOW: Span = { from: FROM, to: NOW };
const PREFIX = `gcp/${PROJECT}/logs`;
const request = (more: Partial<CollectRequest> = {}): CollectRequest => ({
  signals: ["logs"],
  logs: "all",
  window: WINDOW,
  maxQueryUsd: 1,
  ...more,
});
const all = (_source: string, window: Span): Span[] => [window];
const named = (...names: string[]): Partial<Target> => ({ functions: { names, tags: {} } });

async function plan(
  api: ScriptedGcp,
  configs: Config[] = [],
  more: Partial<CollectRequest> = {},
  target: Partial<Target> = {},
  missing = all,
) {
  return planLogs(api, gcpTarget(target), gcpContext(), configs, request(more), missing);
}

describe("sources", () => {
  it("without a filter of functions are one: all lines of all services, read together", async () => {
    const { tasks, gaps } = await plan(logs.logServer([]), [service("a"), service("b"), service("c", { generation: 1 })]);
    expect(tasks.map(({ source, alsoCovers, via }) => [source, alsoCovers, via])).toEqual([[`${PREFIX}/all`, undefined, "entries.list"]]);
    expect(gaps).toEqual([]);
  });

  it("with a filter are the functions, in one task where the same is missing of them", async () => {
    const half = { from: FROM, to: FROM + 3 * HOUR_MS };
    const missing = (source: string, window: Span): Span[] => (source.endsWith("/b") ? [half] : [window]);
    const { tasks } = await plan(
      logs.logServer([]),
      [service("a"), service("b"), service("c", { generation: 1 })],
      {},
      named("*"),
      missing,
    );
    expect(tasks.map(({ source, alsoCovers = [], window }) => [[source, ...alsoCovers], window])).toEqual([
      [[`${PREFIX}/all of cloud_function/europe-west1/c`, `${PREFIX}/all of cloud_run_revision/europe-west1/a`], WINDOW],
      [[`${PREFIX}/all of cloud_run_revision/europe-west1/b`], half],
    ]);
  });

  it("are held where more was read: all lines hold the platform's, the whole project's hold a function's", async () => {
    const heldBy = async (held: string, more: Partial<CollectRequest>, target: Partial<Target>): Promise<number> => {
      const missing = (source: string, window: Span): Span[] => (source === held ? [] : [window]);
      return (await plan(logs.logServer([]), [service("a")], more, target, missing)).tasks.length;
    };
    expect(await heldBy(`${PREFIX}/all`, { logs: "platform" }, {})).toBe(0);
    expect(await heldBy(`${PREFIX}/all`, { logs: "platform" }, named("a"))).toBe(0);
    expect(await heldBy(`${PREFIX}/platform`, { logs: "all" }, {})).toBe(1);
    expect(await heldBy(`${PREFIX}/all of cloud_run_revision/europe-west1/a`, {}, {})).toBe(1);
    expect(await heldBy(`${PREFIX}/all in europe-west1`, {}, {})).toBe(1);
    expect(await heldBy(`${PREFIX}/all`, {}, { regions: ["europe-west1"] })).toBe(0);
  });

  it("that a filter leaves none of are not asked for", async () => {
    expect((await plan(logs.logServer([]), [], {}, named("nothing"))).tasks).toEqual([]);
  });
});

describe("tasks", () => {
  const end = (hours: number): string => new Date(FROM + hours * HOUR_MS).toISOString();

  it("are cut at hours so that an interruption loses little, and say how long they take at a call a second", async () => {
    // 6 hours with 8,000, 8,000, 8,000, 50,000, 0 and 1,000 entries; 20,000 a task: 2 hours, 1 hour, the fourth in 3 parts, the rest
    const api = logs.logServer([], { [end(1)]: 8_000, [end(2)]: 8_000, [end(3)]: 8_000, [end(4)]: 50_000, [end(6)]: 1_000 });
    const { tasks } = await plan(api);
    const hours = tasks.map(({ window }) => [window.from - FROM, window.to - FROM].map((ms) => ms / HOUR_MS));
    const third = Math.round(HOUR_MS / 3) / HOUR_MS;
    expect(hours).toEqual([
      [0, 2],
      [2, 3],
      [3, 3 + third],
      [3 + third, 3 + 2 * third],
      [3 + 2 * third, 4],
      [4, 6],
    ]);
    // a page of 1,000 entries each, and the last one that is not full
    expect(tasks.map((one) => one.estimate.calls)).toEqual([17, 9, 17, 17, 17, 2]);
    expect(tasks.map((one) => one.estimate.seconds)).toEqual([17, 9, 17, 17, 17, 2]);
    expect(tasks.every((one) => one.estimate.usd === 0)).toBe(true);
    // one series of each of three kinds of resources would be $0.0000015; one was returned
    expect(spentUsd(api)).toBeCloseTo(0.5e-6, 12);
  });

  it("cover the missing windows exactly, whatever the hours are", async () => {
    const spans = [
      { from: FROM + 123_456, to: FROM + HOUR_MS + 1 },
      { from: FROM + 2 * HOUR_MS + 7, to: NOW },
    ];
    const { tasks } = await plan(logs.logServer([], { [end(1)]: 60_000, [end(4)]: 19_000, [end(5)]: 19_000 }), [], {}, {}, () => spans);
    const joined: Span[] = [];
    for (const { window } of tasks) {
      const last = joined.at(-1);
      if (last?.to === window.from) last.to = window.to;
      else joined.push({ ...window });
    }
    expect(joined).toEqual(spans);
  });

  it("are sized by the hours before the window's end, wherever in an hour that is", async () => {
    const to = NOW - 23 * 60_000 + 1_234;
    const minute = NOW - 23 * 60_000;
    const api = logs.logServer([], { [new Date(minute).toISOString()]: 12_000 });
    const { tasks } = await plan(api, [], { window: { from: minute - HOUR_MS, to } });
    expect(tasks.map((one) => one.estimate.calls)).toEqual([13]);
    // nothing is asked of the future, and in whole periods
    const asked = api.asked.map((one) => one.request["interval"]);
    expect(asked[0]).toEqual({ startTime: new Date(minute - HOUR_MS).toISOString(), endTime: new Date(minute).toISOString() });
  });

  it("are days where Monitoring may not be asked, and take nobody knows how long", async () => {
    const window = { from: NOW - 2 * DAY_MS - HOUR_MS, to: NOW };
    const { tasks, gaps } = await plan(logs.logServer([], null), [], { window });
    expect(tasks.map((one) => one.window.to)).toEqual([NOW - 2 * DAY_MS, NOW - DAY_MS, NOW]);
    expect(tasks.map((one) => one.estimate)).toEqual(
      Array.from({ length: 3 }, () => ({ calls: null, seconds: null, usd: 0, bytes: null })),
    );
    expect(gaps).toEqual([]);
  });

  it("are sized without paying where nothing may be paid", async () => {
    const api = logs.logServer([], {});
    await plan(api, [], { maxQueryUsd: 0 });
    expect(api.counts()).toEqual({});
  });

  it("end where the project's bucket has deleted lines, and a gap says so", async () => {
    const bucket = config("log-group", `projects/${PROJECT}/locations/global/buckets/_Default`, "_Default", { retentionD: 3 });
    const { tasks, gaps } = await plan(logs.logServer([], null), [bucket], { window: { from: NOW - 5 * DAY_MS, to: NOW } });
    expect(Math.min(...tasks.map((one) => one.window.from))).toBe(NOW - 3 * DAY_MS);
    expect(gaps.map(({ why, from, to }) => [why, from, to])).toEqual([
      ["kept for less than the window, older lines are gone: _Default (3 d)", NOW - 5 * DAY_MS, NOW - 3 * DAY_MS],
    ]);
    const gone = await plan(logs.logServer([]), [bucket], { window: { from: NOW - 5 * DAY_MS, to: NOW - 4 * DAY_MS } });
    expect([gone.tasks.length, gone.gaps.length]).toEqual([0, 1]);
  });
});
