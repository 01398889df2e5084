import { describe, expect, it } from "vitest";
import { planLogs, runLogs } from "../../../../src/clouds/aws/collect-logs.ts";
import { DAY_MS } from "../../../../src/clouds/aws/log-calls.ts";
import type { Obj } from "../../../../src/clouds/aws/schema.ts";
import { spentUsd } from "../../../../src/clouds/kit/spent.ts";
import type { CollectRequest, CollectTask, LiveContext, Span } from "../../../../src/clouds/room.ts";
import type { Config, Json } from "../../../../src/model/records.ts";
import { testContext } from "../../../support/aws-client.ts";
import {
  config,
  invocation as lambdaLines,
  type Line,
  logServer,
  type LogServer,
  nodeLine,
  requestId,
  STREAM,
} from "../../../support/log-server.ts";
import { ACCOUNT, collected, denied, failure, REGION, typed } from "../../../support/scripted-aws.ts";

// the virtual clock starts at 2026-11-23T00:00Z
const NOW = Date.UTC(2026, 10, 23);
const FROM = NOW - 2 * DAY_MS;
const WINDOW: Span = { from: FROM, to: NOW };
const GIB = 1024 ** 3;
const PREFIX = `aws/${ACCOUNT}/${REGION}/logs`;

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

describe("which groups", () => {
  it("are those that the configuration names, a shared one once", async () => {
    const server = logServer({ "/aws/lambda/a": [], "/shop": [], "/vendedlogs/express": [] });
    const configs = [
      fn("a"),
      fn("b", "/shop"),
      fn("c", "/shop"),
      config("workflow", "quick", { settings: { kind: "EXPRESS", logGroups: ["/vendedlogs/express"] } }),
      config("workflow", "slow", { settings: { kind: "STANDARD", logGroups: ["/vendedlogs/slow"] } }),
    ];
    const { tasks, gaps } = await tasksOf(server, configs);
    expect(tasks.map((task) => task.source)).toEqual([
      `${PREFIX}/platform//aws/lambda/a`,
      `${PREFIX}/platform//shop`,
      `${PREFIX}/platform//vendedlogs/express`,
    ]);
    expect(gaps).toEqual([]);
  });

  it("that functions share are not held for all, once they were read for some", async () => {
    const held = new Set<string>();
    const missing = (source: string, window: Span): Span[] => (held.has(source) ? [] : [window]);
    const read = async (configs: Config[], filter: string, logs: "platform" | "all" = "platform"): Promise<string[]> => {
      const api = logServer({ "/aws/lambda/a": [], "/shop": [] }).aws;
      const { tasks } = await planLogs(api, testContext(), configs, request({ logs }), missing, filter);
      for (const task of tasks) held.add(task.source);
      return tasks.map((task) => task.source.slice(PREFIX.length));
    };
    const [a, b, c] = [fn("a"), fn("b", "/shop"), fn("c", "/shop")];
    expect(await read([a, b], " of b")).toEqual(["/platform//aws/lambda/a", "/platform//shop of b"]);
    expect(await read([a, b], " of b")).toEqual([]);
    expect(await read([a, b, c], "")).toEqual(["/platform//shop"]);
    // the whole group holds each of its functions, and all lines those of the platform
    expect(await read([c], " of c")).toEqual([]);
    expect(await read([a, b, c], "", "all")).toEqual(["/all//aws/lambda/a", "/all//shop"]);
    held.delete(`${PREFIX}/platform//shop`);
    expect(await read([c], " of c")).toEqual([]);
  });

  it("that do not exist are one gap", async () => {
    const { tasks, gaps } = await tasksOf(logServer({}), [fn("b"), fn("a"), group("/aws/lambda/other")]);
    expect(tasks).toEqual([]);
    expect(gaps.map((one) => one.why)).toEqual(["no log group yet, so no lines (never ran, or may not write logs): a, b"]);
  });

  it("are all tried where they may not be listed", async () => {
    const server = logServer(
      { "/aws/lambda/a": invocation(1, FROM) },
      { script: { "logs:DescribeLogGroups": denied("logs:DescribeLogGroups") } },
    );
    const { tasks, gaps } = await tasksOf(server, [fn("a"), fn("gone")]);
    expect(gaps.map((one) => one.why)).toEqual(["not allowed: the IAM action logs:DescribeLogGroups is missing (AccessDeniedException)"]);
    const records = await run(server, tasks);
    expect(typed(records, "invocation")).toHaveLength(1);
    // the other never wrote: said, and no failure
    expect(typed(records, "gap").map((one) => one.what)).toEqual(["logs of /aws/lambda/gone"]);
  });

  it("of class DELIVERY are a gap, and so is what the retention has deleted", async () => {
    const configs = [fn("a"), fn("b"), group("/aws/lambda/a", { class: "DELIVERY" }), group("/aws/lambda/b", { retentionD: 1 })];
    const { tasks, gaps } = await tasksOf(logServer({ "/aws/lambda/b": [] }), configs);
    expect(gaps.map((one) => one.why)).toEqual([
      "kept for less than the window, older lines are gone: /aws/lambda/b (1 d)",
      "log groups of class DELIVERY cannot be read: /aws/lambda/a",
    ]);
    expect(tasks.map((task) => task.window)).toEqual([{ from: NOW - DAY_MS, to: NOW }]);
  });
});

describe("what is asked for", () => {
  it("is what is missing", async () => {
    const asked: string[] = [];
    const missing = (source: string): Span[] => {
      asked.push(source);
      return source.endsWith("/a") ? [] : [{ from: NOW - 10, to: NOW }];
    };
    const configs = [fn("a"), fn("b"), group("/aws/lambda/a"), group("/aws/lambda/b")];
    const { tasks } = await planLogs(logServer({ "/aws/lambda/b": [] }).aws, testContext(), configs, request(), missing);
    // the platform's lines are held where all lines are
    expect(asked.map((name) => name.slice(PREFIX.length))).toEqual(["/all//aws/lambda/a", "/all//aws/lambda/b", "/platform//aws/lambda/b"]);
    expect(tasks.map((task) => task.window)).toEqual([{ from: NOW - 10, to: NOW }]);
  });

  it("is sliced by days where a group is large, with time told and no price", async () => {
    // 200 MiB over the two days that it exists: 200 calls, 100 a day
    const configs = [fn("a"), group("/aws/lambda/a", { storedBytes: 200 * 1024 ** 2, createdAt: FROM })];
    const { tasks } = await tasksOf(logServer({ "/aws/lambda/a": [] }), configs);
    expect(tasks.map((task) => [task.window.from, task.window.to])).toEqual([
      [FROM, FROM + DAY_MS],
      [FROM + DAY_MS, NOW],
    ]);
    expect(tasks[0]).toMatchObject({ via: "FilterLogEvents", estimate: { calls: 100, seconds: 20, usd: 0 } });
  });

  it("names the IAM action where FilterLogEvents is refused, and takes Insights", async () => {
    const configs = [fn("a"), group("/aws/lambda/a", { storedBytes: GIB, createdAt: FROM })];
    const refusing = { script: { "logs:FilterLogEvents": denied("logs:FilterLogEvents") } };
    const { tasks, gaps } = await tasksOf(logServer({ "/aws/lambda/a": [] }, refusing), configs);
    expect(gaps.map((one) => one.why)).toEqual(["not allowed: the IAM action logs:FilterLogEvents is missing (AccessDeniedException)"]);
    expect(tasks[0]).toMatchObject({ via: "Logs Insights" });
    // $0.005 per GB
    expect(tasks.reduce((sum, task) => sum + task.estimate.usd!, 0)).toBeCloseTo(0.005, 9);
    const none = await tasksOf(logServer({ "/aws/lambda/a": [] }, refusing), configs, { maxQueryUsd: 0 });
    expect(none.tasks).toEqual([]);
    expect(none.gaps.at(-1)!.why).toContain("--max-query-usd 0: /aws/lambda/a");
  });

  it("looks at what CloudWatch took in before it trusts stored bytes with a price", async () => {
    const name = "/aws/lambda/a";
    const configs = [fn("a"), group(name, { storedBytes: GIB, createdAt: FROM, class: "INFREQUENT_ACCESS" })];
    const metric = {
      MetricDataResults: [
        { Id: "g0", Timestamps: [new Date(FROM).toISOString(), new Date(FROM + DAY_MS).toISOString()], Values: [3 * GIB, GIB] },
      ],
    };
    const server = logServer({ [name]: [] }, { script: { "cloudwatch:GetMetricData": metric } });
    const { tasks } = await tasksOf(server, configs);
    // 4 GiB came in: $0.02
    expect(tasks.reduce((sum, task) => sum + task.estimate.usd!, 0)).toBeCloseTo(0.02, 9);
    // $0.01 per 1,000 metrics
    expect(spentUsd(server.aws)).toBeCloseTo(0.00001, 12);
  });
});

describe("FilterLogEvents", () => {
  it("follows tokens over empty pages, drops repeated events, and keeps to the half-open window", async () => {
    const lines = [...invocation(1, FROM), ...invocation(2, FROM + DAY_MS), ...invocation(3, NOW)];
    const server = logServer({ "/aws/lambda/a": lines });
    const pages: Obj[] = [
      { events: [], nextToken: "1" },
      { events: events(lines.slice(0, 3)), nextToken: "2" },
      { events: events(lines.slice(2, 8)), nextToken: "3" },
      { events: [], nextToken: "4" },
      { events: events(lines.slice(8)) },
    ];
    const { tasks } = await tasksOf(server, [fn("a")], { logs: "all" });
    const scripted = logServer({}, { script: { "logs:FilterLogEvents": pages } });
    const records = await run(scripted, tasks);
    expect(typed(records, "invocation").map((one) => [one.requestId, one.billedMs, one.memoryMib, one.fn])).toEqual([
      [id(1), 13, 512, "a"],
      [id(2), 13, 512, "a"],
    ]);
    expect(typed(records, "log")).toHaveLength(8);
    expect(scripted.inputs("logs:FilterLogEvents")[0]).toEqual({ logGroupName: "/aws/lambda/a", startTime: FROM, endTime: NOW - 1 });
  });

  it("keeps the platform's own lines, whatever the server sends", async () => {
    const error = "2026-11-22T00:00:00.000Z\t" + id(2) + '\tERROR\tInvoke Error \t{"errorType":"TypeError","stack":[]}\n';
    const failed = invocation(2, FROM + 100).toSpliced(2, 0, { at: FROM + 101, stream: STREAM, message: error });
    const lines = [...invocation(1, FROM), ...failed];
    for (const ignoresFilters of [false, true]) {
      // 3 MiB in two days: more than a page, so that a pattern is worth it
      const configs = [fn("a"), group("/aws/lambda/a", { storedBytes: 3 * 1024 ** 2, createdAt: FROM })];
      const server = logServer({ "/aws/lambda/a": lines }, { ignoresFilters, pageSize: 2 });
      const records = await run(server, (await tasksOf(server, configs)).tasks);
      expect(typed(records, "log").map((one) => one.kind)).toEqual(["start", "report", "start", "function", "report"]);
      expect(typed(records, "invocation").map((one) => [one.outcome, one.errorType])).toEqual([
        ["ok", null],
        ["error", "TypeError"],
      ]);
      const { filterPattern } = server.inputs("logs:FilterLogEvents").at(-1)!;
      expect(String(filterPattern).length).toBeLessThanOrEqual(1024);
      expect(String(filterPattern)).toMatch(/^(\?"[^"]+" ?)+$/);
    }
  });

  it("sends no pattern where everything fits into a page", async () => {
    const server = logServer({ "/aws/lambda/a": invocation(1, FROM) });
    const records = await run(server, (await tasksOf(server, [fn("a")])).tasks);
    expect(server.inputs("logs:FilterLogEvents").at(-1)).not.toHaveProperty("filterPattern");
    expect(typed(records, "log").map((one) => one.kind)).toEqual(["start", "report"]);
  });

  it("tells functions of a shared group apart by stream, and leaves out those that are not meant", async () => {
    const lines = ["b", "c", "stranger"].flatMap((name, i) => invocation(i, FROM + i * 100, `2026/11/22/${name}[$LATEST]0123456789abcdef`));
    const server = logServer({ "/aws/lambda/b": lines });
    const configs = [fn("b"), fn("c", "/aws/lambda/b"), group("/aws/lambda/b")];
    const records = await run(server, (await tasksOf(server, configs)).tasks);
    expect(typed(records, "invocation").map((one) => [one.fn, one.requestId])).toEqual([
      ["b", id(0)],
      ["c", id(1)],
    ]);
  });

  it("takes lines of a group of its own as the function's, named by the stream or not", async () => {
    const server = logServer({ "/shop": invocation(1, FROM) });
    const records = await run(server, (await tasksOf(server, [fn("b", "/shop"), group("/shop")])).tasks);
    expect(typed(records, "invocation").map((one) => one.fn)).toEqual(["b"]);
    expect(new Set(typed(records, "log").map((one) => one.fn))).toEqual(new Set(["b"]));
  });

  it("throws what ends a list early", async () => {
    const server = logServer(
      {},
      { script: { "logs:FilterLogEvents": failure("logs:FilterLogEvents", "broken-answer", "EndlessList", 200) } },
    );
    const { tasks } = await tasksOf(logServer({ "/aws/lambda/a": [] }), [fn("a")]);
    await expect(run(server, tasks)).rejects.toMatchObject({ code: "EndlessList" });
  });
});

function events(lines: readonly Line[]) {
  return lines.map((line) => ({ timestamp: line.at, message: line.message, logStreamName: line.stream, eventId: `${line.at}` }));
}
