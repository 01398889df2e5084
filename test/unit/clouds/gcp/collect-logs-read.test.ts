import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { GcpError } from "../../../../src/clouds/gcp/api.ts";
import { planLogs, runLogs } from "../../../../src/clouds/gcp/collect-logs.ts";
import type { CollectRequest, CollectTask, Span, Target } from "../../../../src/clouds/room.ts";
import type { JsonObject } from "../../../../src/model/json.ts";
import type { Config, Rec } from "../../../../src/model/records.ts";
import * as logs from "../../../support/gcp-logs.ts";
import {
  collected,
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
    const api = logs.logServer([]);
    await read(api, (await plan(api)).tasks);
    const asked = api.asked.filter((one) => one.api === "logging:ListLogEntries").map((one) => one.request);
    expect(asked).toEqual([
      { filter: expect.any(String), resourceNames: [`projects/${PROJECT}`], orderBy: "timestamp asc", pageSize: 1000 },
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
    const api = logs.logServer(entries);
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
    const api = logs.logServer(entries);
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
    const api = logs.logServer([long, short]);
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
    const api = logs.logServer(entries);
    const { tasks } = await plan(api);
    expect(await read(api, tasks)).toEqual(await read(api, tasks));
  });

  it("of named services names them in the filter, and reads no others", async () => {
    const entries = [logs.line("orders", null, FROM, "mine"), logs.line("other", null, FROM, "not mine")];
    const api = logs.logServer(entries);
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
    const api = logs.logServer(
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
        const api = logs.logServer(entries, {}, 100, "compute-241322");
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
