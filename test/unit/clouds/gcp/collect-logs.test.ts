import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { GcpError } from "../../../../src/clouds/gcp/api.ts";
import { planLogs, runLogs } from "../../../../src/clouds/gcp/collect-logs.ts";
import { spentUsd } from "../../../../src/clouds/kit/spent.ts";
import type { CollectRequest, CollectTask, Span, Target } from "../../../../src/clouds/room.ts";
import type { JsonObject } from "../../../../src/model/json.ts";
import type { Config, Rec } from "../../../../src/model/records.ts";
import * as logs from "../../../support/gcp-logs.ts";
import {
  collected,
  config,
  DAY_MS,
  denied,
  failure,
  gcpContext,
  gcpTarget,
  HOUR_MS,
  NOW,
  PROJECT,
  scriptedGcp,
  type ScriptedGcp,
  service,
  typed,
} from "../../../support/scripted-gcp.ts";
import { shared } from "../../../support/shared.ts";

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

/** Cloud Logging with these entries. `counts`: what Monitoring says of entries by the hour's end; null: it may not be asked. */
function server(
  entries: readonly JsonObject[],
  counts: { [endOfHour: string]: number } | null = {},
  pageSize?: number,
  project = PROJECT,
): ScriptedGcp {
  const points = Object.entries(counts ?? {}).map(([end, int64Value]) => ({
    interval: { startTime: new Date(Date.parse(end) - HOUR_MS).toISOString(), endTime: end },
    value: { int64Value: String(int64Value) },
  }));
  const series = { metric: { type: "logging.googleapis.com/log_entry_count" }, resource: { type: "cloud_run_revision" }, points };
  const counted = (asked: JsonObject): object =>
    String(asked["filter"]).includes('"cloud_run_revision"') && points.length > 0 ? { timeSeries: [series] } : {};
  return scriptedGcp(
    {
      "logging:ListLogEntries": logs.logPages(entries, pageSize),
      "monitoring:ListTimeSeries": counts === null ? denied("monitoring:ListTimeSeries") : counted,
    },
    project,
  );
}

async function plan(
  api: ScriptedGcp,
  configs: Config[] = [],
  more: Partial<CollectRequest> = {},
  target: Partial<Target> = {},
  missing = all,
) {
  return planLogs(api, gcpTarget(target), gcpContext(), configs, request(more), missing);
}

async function read(api: ScriptedGcp, tasks: readonly CollectTask[]): Promise<Rec[]> {
  const records: Rec[] = [];
  for (const task of tasks) records.push(...(await collected(runLogs(api, gcpContext(), task))));
  return records;
}

/** The line with the execution that some runtimes name. */
const executed = (entry: JsonObject, id: string): JsonObject => ({
  ...entry,
  labels: { ...(entry["labels"] as JsonObject), execution_id: id },
});
const messages = (records: readonly Rec[]): string[] => typed(records, "log").map((one) => one.message);

describe("sources", () => {
  it("without a filter of functions are one: all lines of all services, read together", async () => {
    const { tasks, gaps } = await plan(server([]), [service("a"), service("b"), service("c", { generation: 1 })]);
    expect(tasks.map(({ source, alsoCovers, via }) => [source, alsoCovers, via])).toEqual([[`${PREFIX}/all`, undefined, "entries.list"]]);
    expect(gaps).toEqual([]);
  });

  it("with a filter are the functions, in one task where the same is missing of them", async () => {
    const half = { from: FROM, to: FROM + 3 * HOUR_MS };
    const missing = (source: string, window: Span): Span[] => (source.endsWith("/b") ? [half] : [window]);
    const { tasks } = await plan(server([]), [service("a"), service("b"), service("c", { generation: 1 })], {}, named("*"), missing);
    expect(tasks.map(({ source, alsoCovers = [], window }) => [[source, ...alsoCovers], window])).toEqual([
      [[`${PREFIX}/all of cloud_function/europe-west1/c`, `${PREFIX}/all of cloud_run_revision/europe-west1/a`], WINDOW],
      [[`${PREFIX}/all of cloud_run_revision/europe-west1/b`], half],
    ]);
  });

  it("are held where more was read: all lines hold the platform's, the whole project's hold a function's", async () => {
    const heldBy = async (held: string, more: Partial<CollectRequest>, target: Partial<Target>): Promise<number> => {
      const missing = (source: string, window: Span): Span[] => (source === held ? [] : [window]);
      return (await plan(server([]), [service("a")], more, target, missing)).tasks.length;
    };
    expect(await heldBy(`${PREFIX}/all`, { logs: "platform" }, {})).toBe(0);
    expect(await heldBy(`${PREFIX}/all`, { logs: "platform" }, named("a"))).toBe(0);
    expect(await heldBy(`${PREFIX}/platform`, { logs: "all" }, {})).toBe(1);
    expect(await heldBy(`${PREFIX}/all of cloud_run_revision/europe-west1/a`, {}, {})).toBe(1);
    expect(await heldBy(`${PREFIX}/all in europe-west1`, {}, {})).toBe(1);
    expect(await heldBy(`${PREFIX}/all`, {}, { regions: ["europe-west1"] })).toBe(0);
  });

  it("that a filter leaves none of are not asked for", async () => {
    expect((await plan(server([]), [], {}, named("nothing"))).tasks).toEqual([]);
  });
});

describe("tasks", () => {
  const end = (hours: number): string => new Date(FROM + hours * HOUR_MS).toISOString();

  it("are cut at hours so that an interruption loses little, and say how long they take at a call a second", async () => {
    // 6 hours with 8,000, 8,000, 8,000, 50,000, 0 and 1,000 entries; 20,000 a task: 2 hours, 1 hour, the fourth in 3 parts, the rest
    const api = server([], { [end(1)]: 8_000, [end(2)]: 8_000, [end(3)]: 8_000, [end(4)]: 50_000, [end(6)]: 1_000 });
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
    const { tasks } = await plan(server([], { [end(1)]: 60_000, [end(4)]: 19_000, [end(5)]: 19_000 }), [], {}, {}, () => spans);
    const joined: Span[] = [];
    for (const { window } of tasks) {
      const last = joined.at(-1);
      if (last?.to === window.from) last.to = window.to;
      else joined.push({ ...window });
    }
    expect(joined).toEqual(spans);
  });

  it("are days where Monitoring may not be asked, and take nobody knows how long", async () => {
    const window = { from: NOW - 2 * DAY_MS - HOUR_MS, to: NOW };
    const { tasks, gaps } = await plan(server([], null), [], { window });
    expect(tasks.map((one) => one.window.to)).toEqual([NOW - 2 * DAY_MS, NOW - DAY_MS, NOW]);
    expect(tasks.map((one) => one.estimate)).toEqual(
      Array.from({ length: 3 }, () => ({ calls: null, seconds: null, usd: 0, bytes: null })),
    );
    expect(gaps).toEqual([]);
  });

  it("are sized without paying where nothing may be paid", async () => {
    const api = server([], {});
    await plan(api, [], { maxQueryUsd: 0 });
    expect(api.counts()).toEqual({});
  });

  it("end where the project's bucket has deleted lines, and a gap says so", async () => {
    const bucket = config("log-group", `projects/${PROJECT}/locations/global/buckets/_Default`, "_Default", { retentionD: 3 });
    const { tasks, gaps } = await plan(server([], null), [bucket], { window: { from: NOW - 5 * DAY_MS, to: NOW } });
    expect(Math.min(...tasks.map((one) => one.window.from))).toBe(NOW - 3 * DAY_MS);
    expect(gaps.map(({ why, from, to }) => [why, from, to])).toEqual([
      ["kept for less than the window, older lines are gone: _Default (3 d)", NOW - 5 * DAY_MS, NOW - 3 * DAY_MS],
    ]);
    const gone = await plan(server([]), [bucket], { window: { from: NOW - 5 * DAY_MS, to: NOW - 4 * DAY_MS } });
    expect([gone.tasks.length, gone.gaps.length]).toEqual([0, 1]);
  });
});

describe("reading", () => {
  it("gives requests with their lines, over pages of any length, some empty, some with entries that came before", async () => {
    const entries = Array.from({ length: 25 }, (_, i) => [
      logs.request("orders", i + 1, FROM + i * 1000),
      executed(logs.line("orders", i + 1, FROM + i * 1000 + 50, { message: `order ${i}`, orderId: `ORD-${i}00` }), `ex${i + 1}`),
    ]).flat();
    const pages = (asked: JsonObject): JsonObject[] => {
      const some = logs.logPages(entries, 10)(asked);
      // the second page repeats the last two entries of the first; the third is empty, and not the last
      const repeated = {
        ...some[1],
        entries: [...(some[0]!["entries"] as JsonObject[]).slice(-2), ...(some[1]!["entries"] as JsonObject[])],
      };
      return [some[0]!, repeated, { nextPageToken: "further" }, ...some.slice(2)];
    };
    const api = scriptedGcp({ "logging:ListLogEntries": pages, "monitoring:ListTimeSeries": {} });
    const records = await read(api, (await plan(api)).tasks);
    expect(typed(records, "invocation").map((one) => [one.requestId, one.startedAt, one.durationMs, one.fn])).toEqual(
      Array.from({ length: 25 }, (_, i) => [logs.requestId(i + 1), FROM + i * 1000, 120, "orders"]),
    );
    expect(typed(records, "log")).toHaveLength(50);
    // the line names an execution, which the request log does not know: their trace joins them
    const third = typed(records, "log").filter((one) => one.requestId === logs.requestId(3));
    expect(third.map((one) => one.kind).sort()).toEqual(["function", "platform"]);
  });

  it("asks with explicit bounds, oldest first, a thousand at a time, in the project", async () => {
    const api = server([]);
    await read(api, (await plan(api)).tasks);
    const asked = api.asked.filter((one) => one.api === "logging:ListLogEntries").map((one) => one.request);
    expect(asked.map(({ filter: _, ...rest }) => rest)).toEqual([
      { resourceNames: [`projects/${PROJECT}`], orderBy: "timestamp asc", pageSize: 1000 },
    ]);
    expect(asked[0]!["filter"]).toMatch(/^timestamp>="2026-11-22T\d\d:\d\d:\d\d\.\d{3}Z" AND timestamp<"2026-11-23T00:01:00\.000Z" AND /);
  });

  it("of the platform alone leaves out what functions write", async () => {
    const entries = [
      logs.request("orders", 1, FROM + 10),
      logs.line("orders", 1, FROM + 20, "mine"),
      logs.systemLine("orders", FROM + 5, "Starting new instance. Reason: AUTOSCALING"),
      logs.gen1Line("mail", "e1", FROM + 30, "Function execution started"),
      logs.gen1Line("mail", "e1", FROM + 40, "it said: Function execution took ages"),
      logs.gen1Line("mail", "e1", FROM + 50, "Function execution took 20 ms, finished with status: 'ok'"),
    ];
    const api = server(entries);
    const records = await read(api, (await plan(api, [], { logs: "platform" })).tasks);
    expect(
      typed(records, "log")
        .map((one) => one.kind)
        .sort(),
    ).toEqual(["end", "init_start", "platform", "start"]);
    expect(typed(records, "invocation").map((one) => [one.fn, one.coldStart, one.durationMs])).toEqual([
      ["mail", null, 20],
      ["orders", true, 120],
    ]);
  });

  it("joins what lies on the edge of two slices, and tells lines once", async () => {
    const edge = FROM + 3 * HOUR_MS;
    const entries = [
      // began before the edge, its line came after
      logs.request("orders", 1, edge - 500, 2_000),
      executed(logs.line("orders", 1, edge + 700, { message: "late" }), "ex1"),
      logs.gen1Line("mail", "e1", edge - 10, "Function execution started"),
      logs.gen1Line("mail", "e1", edge + 90, "Function execution took 100 ms, finished with status: 'ok'"),
    ];
    const api = server(entries);
    const tasks = (await plan(api)).tasks;
    const slices = [
      { from: FROM, to: edge },
      { from: edge, to: NOW },
    ].map((window) => ({ ...tasks[0]!, window }));
    const [first, second] = [await read(api, [slices[0]!]), await read(api, [slices[1]!])];
    const whole = typed(await read(api, tasks), "invocation");
    expect(whole).toHaveLength(2);
    // both slices see the whole run: the dataset keeps one of equal records
    expect(typed(first, "invocation")).toEqual(whole);
    expect(typed(second, "invocation")).toEqual(whole);
    const late = [...typed(first, "log"), ...typed(second, "log")].filter((one) => one.message.includes("late"));
    expect(late.map((one) => one.requestId)).toEqual([logs.requestId(1)]);
    expect([...typed(first, "log"), ...typed(second, "log")].filter((one) => one.kind === "start" || one.kind === "end")).toHaveLength(2);
  });

  it("takes in requests of which an earlier run could not know: their entry is written when they end", async () => {
    const held = FROM + HOUR_MS;
    // 50 minutes long, begun 20 minutes before what is held ends
    const long = logs.request("orders", 1, held - 20 * 60_000, 50 * 60_000);
    const short = logs.request("orders", 2, held - 20 * 60_000, 500);
    const api = server([long, short]);
    const { tasks } = await plan(api, [], {}, {}, () => [{ from: held, to: NOW }]);
    const records = await read(api, tasks);
    expect(typed(records, "invocation").map((one) => [one.startedAt, one.durationMs])).toEqual([[held - 20 * 60_000, 50 * 60_000]]);
    expect(typed(records, "log").map((one) => one.at)).toEqual([held - 20 * 60_000]);
    // no request of this project can be so long
    const limited = (await plan(api, [service("orders", { timeoutS: 60 })], {}, {}, () => [{ from: held, to: NOW }])).tasks;
    expect(String((limited[0]!.detail as JsonObject)["lateFrom"])).toBe(String(held - 60_000));
  });

  it("gives the same records when it is read again", async () => {
    const entries = [
      logs.request("orders", 1, FROM),
      logs.line("orders", 1, FROM + 5, "x"),
      logs.systemLine("orders", FROM - 5, "Starting new instance."),
    ];
    const api = server(entries);
    const { tasks } = await plan(api);
    expect(await read(api, tasks)).toEqual(await read(api, tasks));
  });

  it("of named services names them in the filter, and reads no others", async () => {
    const entries = [logs.line("orders", null, FROM, "mine"), logs.line("other", null, FROM, "not mine")];
    const api = server(entries);
    expect(messages(await read(api, (await plan(api, [service("orders")], {}, named("orders"))).tasks))).toEqual(["mine"]);
  });

  it("fails with the call's own error, whatever page it was on", async () => {
    for (const error of [denied("logging:ListLogEntries"), failure("logging:ListLogEntries", "throttled", "RESOURCE_EXHAUSTED", 429)]) {
      const api = scriptedGcp({ "logging:ListLogEntries": error, "monitoring:ListTimeSeries": {} });
      const { tasks } = await plan(api);
      await expect(read(api, tasks)).rejects.toSatisfy((thrown: GcpError) => thrown === error);
    }
  });

  it("stops between pages", async () => {
    const api = server(
      Array.from({ length: 30 }, (_, n) => logs.line("orders", null, FROM + n, "x")),
      {},
      10,
    );
    const { tasks } = await plan(api);
    const stop = new AbortController();
    const reading = async (): Promise<void> => {
      for await (const page of runLogs(api, gcpContext({ signal: stop.signal }), tasks[0]!))
        if (page.length > 0) stop.abort(new Error("stopped"));
    };
    await expect(reading()).rejects.toThrow("stopped");
  });
});

const corpus = shared("corpora/gcp/ubc-cloudrun-requests");

describe.skipIf(corpus === null)("recorded request logs, served by the page", () => {
  const load = (name: string): unknown => JSON.parse(readFileSync(`${corpus}/${name}`, "utf8"));
  type Expected = { entries: number; instances: number; latency_s: { sum: number; min: number; max: number } };

  for (const file of ["gcp_1_cloud_log.json", "gcp_6_cloud_log.json"]) {
    it(`${file}: as many requests, instances and seconds as were counted by others, in slices of any length`, async () => {
      const expected = (load("expected.json") as { [name: string]: Expected })[file]!;
      const entries = load(`gcp_logs_varying_rps/${file}`) as JsonObject[];
      const window = { from: Date.parse("2025-05-12T21:45:00Z"), to: Date.parse("2025-05-12T22:05:00Z") };
      for (const piecesMs of [2 * HOUR_MS, 60_000, 7_777]) {
        const api = server(entries, {}, 100, "compute-241322");
        const task = (await plan(api, [], { window, logs: "platform" })).tasks[0]!;
        const seen = new Map<string, Extract<Rec, { type: "invocation" }>>();
        let lines = 0;
        for (let from = window.from; from < window.to; from += piecesMs) {
          const records = await read(api, [{ ...task, window: { from, to: Math.min(window.to, from + piecesMs) } }]);
          for (const one of typed(records, "invocation")) seen.set(one.requestId, one);
          lines += new Set(
            typed(records, "log")
              .filter((one) => one.at >= from)
              .map((one) => one.requestId),
          ).size;
        }
        const latencies = [...seen.values()].map((one) => one.durationMs!);
        expect(seen.size).toBe(expected.entries);
        expect(lines).toBe(expected.entries);
        expect(new Set([...seen.values()].map((one) => one.stream)).size).toBe(expected.instances);
        expect(latencies.reduce((sum, ms) => sum + ms, 0) / 1000).toBeCloseTo(expected.latency_s.sum, 5);
        expect([Math.min(...latencies) / 1000, Math.max(...latencies) / 1000]).toEqual([expected.latency_s.min, expected.latency_s.max]);
      }
    });
  }
});
