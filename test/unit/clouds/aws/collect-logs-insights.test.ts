import { describe, expect, it } from "vitest";
import { planLogs, runLogs } from "../../../../src/clouds/aws/collect-logs.ts";
import { DAY_MS } from "../../../../src/clouds/aws/log-calls.ts";
import type { Obj } from "../../../../src/clouds/aws/schema.ts";
import { shareSpending, spentUsd } from "../../../../src/clouds/kit/spent.ts";
import type { CollectRequest, CollectTask, LiveContext, Span } from "../../../../src/clouds/room.ts";
import type { Config, Json } from "../../../../src/model/records.ts";
import { testContext } from "../../../support/aws-client.ts";
import {
  type Behaviour,
  config,
  invocation as lambdaLines,
  type Line,
  logServer,
  type LogServer,
  nodeLine,
  requestId,
  STREAM,
} from "../../../support/log-server.ts";
import { ACCOUNT, collected, REGION, typed } from "../../../support/scripted-aws.ts";

// the virtual clock starts at 2026-11-23T00:00Z
const NOW = Date.UTC(2026, 10, 23);
const FROM = NOW - 2 * DAY_MS;
const WINDOW: Span = { from: FROM, to: NOW };
const GIB = 1024 ** 3;

const fn = (name: string, logGroup?: string): Config => config("function", name, { settings: logGroup === undefined ? {} : { logGroup } });
const group = (name: string, settings: { [key: string]: Json } = {}): Config => config("log-group", name, { settings });
const request = (more: Partial<CollectRequest> = {}): CollectRequest => ({
  signals: ["logs"],
  logs: "platform",
  window: WINDOW,
  maxQueryUsd: 1,
  ...more,
});
const all = (_source: string, window: Span): Span[] => [window];

const id = requestId;
const invocation = (n: number, at: number, stream?: string): Line[] => lambdaLines(n, at, nodeLine(n, "placed"), stream);

async function tasksOf(server: LogServer, configs: Config[], more: Partial<CollectRequest> = {}, ctx: Partial<LiveContext> = {}) {
  return planLogs(server.aws, testContext(ctx), configs, request(more), all);
}
async function run(server: LogServer, tasks: readonly CollectTask[], ctx: Partial<LiveContext> = {}) {
  const records = [];
  for (const task of tasks) records.push(...(await collected(runLogs(server.aws, testContext(ctx), task))));
  return records;
}

describe("Logs Insights", () => {
  /** Groups that FilterLogEvents does not read. */
  const infrequent = (names: string[], storedBytes: number): Config[] =>
    names.flatMap((name) => [fn(name), group(`/aws/lambda/${name}`, { class: "INFREQUENT_ACCESS", storedBytes, createdAt: FROM })]);
  const inputs = (server: LogServer): any[] => server.inputs("logs:StartQuery");

  it("asks 50 groups at once, names all their sources, and says what was scanned", async () => {
    const names = Array.from({ length: 120 }, (_, i) => `f${String(i).padStart(3, "0")}`);
    const groups = Object.fromEntries(names.map((name, i) => [`/aws/lambda/${name}`, invocation(i, FROM + i * 1000)]));
    const server = logServer(groups, { polls: 3 });
    const { tasks } = await tasksOf(server, infrequent(names, 1000));
    expect(tasks.map((task) => [task.source, ...task.alsoCovers!].length)).toEqual([50, 50, 20]);
    const notes: string[] = [];
    const host = { progress() {}, warn() {}, note: (note: string) => void notes.push(note) };
    const records = await run(server, tasks, { host });
    expect(typed(records, "invocation").map((one) => one.fn)).toEqual(names);
    expect(notes).toHaveLength(3);
    expect(notes[0]).toMatch(
      /^logs of f000, f001, f002, f003, f004 and 45 more: Logs Insights scanned 0\.0 MB, less than \$0\.0001 at list price \(assumed: that of us-east-1\)$/,
    );
    expect(inputs(server)[0]).toMatchObject({ startTime: FROM / 1000, endTime: NOW / 1000 });
    expect(inputs(server)[0].queryString).toMatch(
      /^fields @timestamp, .*\| filter @message like \/\(START RequestId:\|.*\)\/ \| sort @timestamp asc \| limit 100000$/,
    );
  });

  it("takes every line of a state machine's log, also where only the platform's lines of functions are wanted", async () => {
    const arn = `arn:aws:states:${REGION}:${ACCOUNT}:express:quick:e-1:0123`;
    const event = (n: number, type: string, details: Json): Line => ({
      at: FROM + n,
      stream: "states/quick/1",
      message: JSON.stringify({ id: String(n), type, details, event_timestamp: String(FROM + n), execution_arn: arn }),
    });
    const lines = [event(1, "ExecutionStarted", { input: "{}" }), event(2, "ExecutionSucceeded", { output: "{}" })];
    const server = logServer({ "/vendedlogs/quick": lines });
    const quick = config("workflow", "quick", { settings: { kind: "EXPRESS", logGroups: ["/vendedlogs/quick"] } });
    const { tasks } = await tasksOf(server, [quick, group("/vendedlogs/quick", { class: "INFREQUENT_ACCESS", storedBytes: 10 })]);
    const records = await run(server, tasks);
    expect(inputs(server)[0].queryString).not.toContain("filter");
    expect(typed(records, "span").map((one) => [one.kind, one.startedAt, one.endedAt])).toEqual([["workflow", FROM + 1, FROM + 2]]);
  });

  it("goes on where a query was cut, with no line twice and none lost", async () => {
    const lines = Array.from({ length: 12_000 }, (_, i) => invocation(i, FROM + i * 10_000)).flat();
    for (const queryRows of [10_000, 25_000, 100_000]) {
      const server = logServer({ "/aws/lambda/a": lines }, { queryRows, polls: 0 });
      const { tasks } = await tasksOf(server, infrequent(["a"], 1000), { logs: "all" });
      const records = await run(server, tasks);
      expect(typed(records, "log")).toHaveLength(48_000);
      expect(typed(records, "invocation")).toHaveLength(12_000);
      expect(new Set(typed(records, "invocation").map((one) => one.requestId)).size).toBe(12_000);
      expect(server.stopped).toEqual([]);
    }
  });

  it("asks for fewer rows where the service takes no larger limit", async () => {
    const lines = Array.from({ length: 3_000 }, (_, i) => invocation(i, FROM + i * 10_000)).flat();
    const server = logServer({ "/aws/lambda/a": lines }, { queryRows: 10_000, refusesLimitsAbove: 10_000 });
    const { tasks } = await tasksOf(server, infrequent(["a"], 1000), { logs: "all" });
    expect(typed(await run(server, tasks), "log")).toHaveLength(12_000);
    expect(
      inputs(server)
        .map((one) => one.limit)
        .slice(0, 2),
    ).toEqual([100_000, 10_000]);
  });

  it("fails where one second holds more lines than a query gives", async () => {
    const lines = Array.from({ length: 30_000 }, (_, i) => ({
      at: FROM + 5_000 + (i % 900),
      stream: STREAM,
      message: `START RequestId: ${id(i)} Version: 1`,
    }));
    const server = logServer({ "/aws/lambda/a": lines }, { queryRows: 10_000 });
    const { tasks } = await tasksOf(server, infrequent(["a"], 1000));
    await expect(run(server, tasks)).rejects.toMatchObject({ code: "TooManyRows" });
  });

  it("stops a query that scans more than the limit leaves", async () => {
    const big = [{ at: FROM, stream: STREAM, message: "x".repeat(4 * 1024 ** 2) }];
    const server = logServer({ "/aws/lambda/a": big }, { polls: 2 });
    // said to be 1 KB, and the limit is that of 2 MiB at $0.005 per GB
    const { tasks } = await tasksOf(server, infrequent(["a"], 1024), { maxQueryUsd: (2 * 1024 ** 2 * 0.005) / GIB });
    await expect(run(server, tasks)).rejects.toThrow("price limit");
    expect(server.stopped).toEqual(["q-1"]);
    // AWS charges a stopped query for what it scanned
    expect(spentUsd(server.aws)).toBeCloseTo((4 * 1024 ** 2 * 0.005) / GIB, 12);
  });

  it("stops a query when the money of the command is spent elsewhere, and asks no other", async () => {
    const big = [{ at: FROM, stream: STREAM, message: "x".repeat(1024) }];
    const together = { usd: 0 };
    let polls = 0;
    const results = (): Obj => {
      // another account's query, beside this one
      if (++polls === 2) together.usd += 1;
      return { status: "Running", results: [], statistics: { bytesScanned: 1024 } };
    };
    const server = logServer({ "/aws/lambda/a": big }, { script: { "logs:GetQueryResults": results } });
    shareSpending(server.aws, together);
    const { tasks } = await tasksOf(server, infrequent(["a"], 1024), { maxQueryUsd: 1 });
    await expect(run(server, tasks)).rejects.toThrow("price limit");
    expect([polls, server.stopped]).toEqual([2, ["q-1"]]);
    await expect(run(server, tasks)).rejects.toThrow("price limit");
    expect(inputs(server)).toHaveLength(1);
    // 1 KB at $0.005 per GB is its own share
    expect(spentUsd(server.aws)).toBeCloseTo((1024 * 0.005) / GIB, 15);
  });

  it("stops a query that is no longer wanted", async () => {
    const abort = new AbortController();
    let asked = 0;
    const results = (): Obj => {
      if (++asked === 3) abort.abort(new Error("enough"));
      return { status: "Running", results: [] };
    };
    const server = logServer({ "/aws/lambda/a": [] }, { script: { "logs:GetQueryResults": results } });
    const { tasks } = await tasksOf(server, infrequent(["a"], 1000));
    const running = run(server, tasks, { signal: abort.signal });
    await expect(running).rejects.toThrow("enough");
    expect(server.stopped).toEqual(["q-1"]);
  });

  it.each(["Failed", "Cancelled", "Timeout"])("throws when a query ends as %s", async (status) => {
    const script: Behaviour["script"] = { "logs:GetQueryResults": { status, results: [] } };
    const { tasks } = await tasksOf(logServer({}), infrequent(["a"], 1000));
    await expect(run(logServer({ "/aws/lambda/a": [] }, { script }), tasks)).rejects.toMatchObject({ code: `Query${status}` });
  });
});
