import { describe, expect, it } from "vitest";
import { search, type SearchContext, searchEstimate } from "../../../../src/clouds/aws/search.ts";
import type { Span } from "../../../../src/clouds/room.ts";
import type { Id } from "../../../../src/model/ids.ts";
import type { Config, Json, Rec } from "../../../../src/model/records.ts";
import { testContext, testTarget } from "../../../support/aws-client.ts";
import {
  type Behaviour,
  config,
  invocation,
  type Line,
  logServer,
  type LogServer,
  requestId,
  STREAM,
} from "../../../support/log-server.ts";
import { ACCOUNT, collected, denied, failure, REGION, typed } from "../../../support/scripted-aws.ts";

const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 10, 23);
const WINDOW: Span = { from: NOW - 12 * HOUR, to: NOW };
const AT = NOW - 6 * HOUR;
const GIB = 1024 ** 3;

const arn = (service: string, rest: string): string => `arn:aws:${service}:${REGION}:${ACCOUNT}:${rest}`;
const fn = (name: string): Config => config("function", name);
const triggered = (name: string): Config[] => [
  fn(name),
  config("trigger", `of ${name}`, { from: arn("sqs", "orders"), to: arn("lambda", `function:${name}:live`) }),
];
const logGroup = (name: string, settings: { [key: string]: Json } = {}): Config => config("log-group", `/aws/lambda/${name}`, { settings });
const order: Id = { kind: "correlation", value: "order-42" };
const uuid = requestId;

function found(
  server: LogServer,
  configs: Config[],
  ids: Id[] = [order],
  { maxUsd = 1, ctx = {} }: { maxUsd?: number; ctx?: Partial<SearchContext> } = {},
): Promise<Rec[]> {
  return collected(search(server.aws, { ...testContext(), ...ctx }, ids, configs, WINDOW, maxUsd));
}
const queries = (server: LogServer): any[] => server.inputs("logs:StartQuery");
const whys = (records: Rec[]): string[] => typed(records, "gap").map((one) => one.why);
/** X-Ray without a single trace. */
const NO_TRACES: Behaviour["script"] = {
  "xray:GetTraceSegmentDestination": { Destination: "XRay" },
  "xray:GetTraceSummaries": { TraceSummaries: [] },
};

describe("where", () => {
  it("asks the groups of the topology, 50 a query", async () => {
    const names = Array.from({ length: 120 }, (_, i) => `f${String(i).padStart(3, "0")}`);
    const connected = names.slice(0, 70);
    const configs = [...connected.flatMap(triggered), ...names.slice(70).map(fn), ...names.map((name) => logGroup(name))];
    const server = logServer(Object.fromEntries(names.map((name) => [`/aws/lambda/${name}`, []])), { script: NO_TRACES });
    const records = await found(server, configs);
    expect(queries(server).map((one) => one.logGroupNames.length)).toEqual([50, 20]);
    expect(queries(server).flatMap((one) => one.logGroupNames)).toEqual(connected.map((name) => `/aws/lambda/${name}`));
    expect(whys(records)).toEqual(["50 functions that no trigger, rule or state machine names were not searched; --function does"]);
  });

  it("asks functions that nothing triggers along, where one query holds all, or where they were named", async () => {
    const configs = [...triggered("charge"), fn("checkout"), logGroup("charge"), logGroup("checkout")];
    const small = logServer({ "/aws/lambda/charge": [], "/aws/lambda/checkout": [] }, { script: NO_TRACES });
    await found(small, configs);
    expect(queries(small)[0].logGroupNames).toEqual(["/aws/lambda/charge", "/aws/lambda/checkout"]);

    const names = Array.from({ length: 60 }, (_, i) => `f${i}`);
    const large = logServer(Object.fromEntries(names.map((name) => [`/aws/lambda/${name}`, []])), { script: NO_TRACES });
    const all = [...triggered("f0"), ...names.slice(1).map(fn), ...names.map((name) => logGroup(name))];
    await found(large, all, [order], { ctx: { target: testTarget({ functions: { names: ["f*"], tags: {} } }) } });
    expect(queries(large).map((one) => one.logGroupNames.length)).toEqual([50, 10]);
  });

  it("knows of groups that came to be after the configuration was read", async () => {
    const configs = [...triggered("a"), ...triggered("b"), logGroup("a")];
    const server = logServer({ "/aws/lambda/a": [], "/aws/lambda/b": invocation(2, AT, "order-42") }, { script: NO_TRACES });
    const records = await found(server, configs);
    expect(server.inputs("logs:DescribeLogGroups")).toEqual([{ logGroupNamePrefix: "/aws/lambda/b" }]);
    expect(typed(records, "invocation").map((one) => one.fn)).toEqual(["b"]);
  });

  it("tells the price before", async () => {
    const configs = [...triggered("a"), logGroup("a", { storedBytes: 20 * GIB, createdAt: NOW - 240 * HOUR })];
    const server = logServer({ "/aws/lambda/a": [] });
    // 20 GiB in 10 days: 12 h are 1 GiB, $0.005
    expect((await searchEstimate(server.aws, testContext(), configs, WINDOW)).usd).toBeCloseTo(0.005, 9);
    expect(queries(server)).toEqual([]);
  });
});

describe("log lines", () => {
  const configs = [...triggered("a"), logGroup("a")];

  it("come with the invocation around them, and no other", async () => {
    const lines = [
      ...invocation(1, AT, "charging order-41"),
      ...invocation(2, AT + 1_000, "charging order-42"),
      ...invocation(3, AT + 2_000, "charging order-43"),
    ];
    for (const ignoresFilters of [false, true]) {
      const server = logServer({ "/aws/lambda/a": lines }, { script: NO_TRACES, ignoresFilters });
      const records = await found(server, configs);
      expect(typed(records, "invocation").map((one) => [one.requestId, one.billedMs, one.fn])).toEqual([[uuid(2), 13, "a"]]);
      expect(typed(records, "log").map((one) => [one.requestId, one.message])).toEqual(
        lines.slice(4, 8).map((line) => [uuid(2), line.message]),
      );
      expect(queries(server)[0].queryString).toContain("filter @message like /(order-42)/ ");
    }
  });

  it("that name their request need no look around them", async () => {
    const server = logServer(
      { "/aws/lambda/a": invocation(2, AT, `{"requestId":"${uuid(2)}","message":"order-42"}`) },
      { script: NO_TRACES },
    );
    const records = await found(server, configs, [order, { kind: "request", value: uuid(2) }]);
    expect(typed(records, "log").map((one) => one.requestId)).toEqual(Array.from({ length: 4 }, () => uuid(2)));
    expect(typed(records, "invocation")).toHaveLength(1);
    expect(server.inputs("logs:FilterLogEvents")).toEqual([]);
  });

  it("stay without their invocation where the stream may not be read, which a gap says", async () => {
    const lines = [...invocation(1, AT, "charging order-41"), ...invocation(2, AT + 1_000, "charging order-42")];
    const server = logServer(
      { "/aws/lambda/a": lines },
      { script: { ...NO_TRACES, "logs:FilterLogEvents": denied("logs:FilterLogEvents") } },
    );
    const records = await found(server, configs, [order, { kind: "request", value: uuid(1) }]);
    // without START of its own the line must not be taken for one of the invocation before
    expect(typed(records, "log").find((one) => one.message === "charging order-42")!.requestId).toBeNull();
    expect(typed(records, "invocation").map((one) => one.requestId)).toEqual([uuid(1)]);
    expect(typed(records, "gap")).toMatchObject([
      { what: "the invocations of lines that name no request", why: expect.stringContaining("logs:FilterLogEvents"), ...WINDOW },
    ]);
  });

  it("are found by every form of a trace ID, and hexadecimal in either case", async () => {
    const lines = [
      { at: AT, stream: STREAM, message: `2026-11-22T18:00:00.000Z\t${uuid(1)}\tINFO\tRoot=1-67891233-abcdef012345678912345678` },
      {
        at: AT + 1,
        stream: STREAM,
        message: `2026-11-22T18:00:00.001Z\t${uuid(2)}\tINFO\ttraceparent 00-67891233ABCDEF012345678912345678-0123456789abcdef-01`,
      },
      { at: AT + 2, stream: STREAM, message: `2026-11-22T18:00:00.002Z\t${uuid(3)}\tINFO\t67891233-abcdef` },
    ];
    const server = logServer({ "/aws/lambda/a": lines }, { script: { ...NO_TRACES, "xray:BatchGetTraces": { Traces: [] } } });
    const records = await found(server, configs, [{ kind: "trace", value: "67891233abcdef012345678912345678" }]);
    expect(typed(records, "log").map((one) => one.requestId)).toEqual([uuid(1), uuid(2)]);
    expect(server.inputs("xray:BatchGetTraces")).toEqual([{ TraceIds: ["1-67891233-abcdef012345678912345678"] }]);
  });

  it("are matched literally, whatever an ID is made of", async () => {
    const odd = 'a.b*c/(d)|"e\\';
    const lines = [
      { at: AT, stream: STREAM, message: `2026-11-22T18:00:00.000Z\t${uuid(1)}\tINFO\torder ${odd}` },
      { at: AT + 1, stream: STREAM, message: `2026-11-22T18:00:00.001Z\t${uuid(2)}\tINFO\torder axbbc/d` },
    ];
    for (const maxUsd of [1, 0]) {
      const server = logServer({ "/aws/lambda/a": lines }, { script: NO_TRACES });
      const records = await found(server, configs, [{ kind: "correlation", value: odd }], { maxUsd });
      expect(typed(records, "log").map((one) => one.requestId)).toEqual([uuid(1)]);
    }
  });

  it("are found where a logger escaped the ID inside JSON", async () => {
    // JSON (RFC 8259, 7) escapes quotes; Python's json.dumps writes what is not ASCII as \\u00f6, Jackson as \\u00F6
    const odd = 'gr\u00f6\u00dfe "x"';
    const spelt = ['gr\u00f6\u00dfe \\"x\\"', 'gr\\u00f6\\u00dfe \\"x\\"', 'gr\\u00F6\\u00DFe \\"x\\"'];
    const lines = spelt.map((id, i) => ({
      at: AT + i,
      stream: STREAM,
      message: `{"requestId":"${uuid(i)}","level":"INFO","correlation_id":"${id}"}`,
    }));
    for (const maxUsd of [1, 0]) {
      const server = logServer({ "/aws/lambda/a": lines }, { script: NO_TRACES });
      const records = await found(server, configs, [{ kind: "correlation", value: odd }], { maxUsd });
      expect(typed(records, "log").map((one) => [one.requestId, one.ids])).toEqual(
        spelt.map((_, i) => [uuid(i), [{ kind: "correlation", value: odd.slice(0, -1) }]]),
      );
    }
  });

  it("of an ID in a spelling that is longer than a filter pattern may be: a gap; the others are searched", async () => {
    // 400 letters; 2,400 characters where a logger writes what is not ASCII as \\u00f6 (and \\u00F6)
    const long = "\u00f6".repeat(400);
    const messages = [long, "\\u00f6".repeat(400)];
    const lines = messages.map((id, i) => ({ at: AT + i, stream: STREAM, message: `{"requestId":"${uuid(i)}","correlation_id":"${id}"}` }));
    const ids: Id[] = [{ kind: "correlation", value: long }];
    const read = async (maxUsd: number): Promise<Rec[]> =>
      found(logServer({ "/aws/lambda/a": lines, "/aws/lambda/b": [] }, { script: NO_TRACES }), [...configs, fn("b"), logGroup("b")], ids, {
        maxUsd,
      });
    // an Insights query takes 10,000 characters: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/logs/cloudwatch_limits_cwl.html
    const paid = await read(1);
    expect([typed(paid, "log").map((one) => one.requestId), whys(paid)]).toEqual([[uuid(0), uuid(1)], []]);
    const free = await read(0);
    expect(typed(free, "log").map((one) => one.requestId)).toEqual([uuid(0)]);
    expect(whys(free).filter((why) => !why.startsWith("X-Ray bills"))).toEqual([
      `not searched for, since a filter pattern takes 1024 characters: an ID written as ${"\\u00f6".repeat(6)}\\u00… (2400 characters, and 1 more)`,
    ]);
  });

  it("of an ID with many signs are asked for as long as the pattern itself fits", async () => {
    const long = "a/b.".repeat(125);
    const message = `2026-11-22T18:00:00.000Z\t${uuid(1)}\tINFO\torder ${long}`;
    const server = logServer({ "/aws/lambda/a": [{ at: AT, stream: STREAM, message }] }, { script: NO_TRACES });
    const records = await found(server, configs, [{ kind: "correlation", value: long }], { maxUsd: 0 });
    expect(typed(records, "log").map((one) => one.requestId)).toEqual([uuid(1)]);
  });

  it("are asked for by FilterLogEvents where there is no money, in patterns that AWS accepts", async () => {
    const lines = invocation(2, AT, "charging order-42");
    const server = logServer({ "/aws/lambda/a": lines }, { script: NO_TRACES, pageSize: 1 });
    const ids = [order, ...Array.from({ length: 100 }, (_, i): Id => ({ kind: "request", value: uuid(i + 10) }))];
    const records = await found(server, configs, ids, { maxUsd: 0 });
    expect(queries(server)).toEqual([]);
    expect(typed(records, "invocation").map((one) => one.requestId)).toEqual([uuid(2)]);
    const patterns = server
      .inputs("logs:FilterLogEvents")
      .flatMap((one) => (typeof one["filterPattern"] === "string" ? [one["filterPattern"]] : []));
    for (const pattern of patterns) expect(pattern.length).toBeLessThanOrEqual(1024);
    for (const id of ids) expect(patterns.some((pattern) => pattern.includes(`"${id.value}"`))).toBe(true);
  });

  it("of groups that may not be listed are searched under the names that groups have, and a gap of the window says so", async () => {
    const script = { ...NO_TRACES, "logs:DescribeLogGroups": denied("logs:DescribeLogGroups") };
    const server = logServer({ "/aws/lambda/a": invocation(2, AT, "charging order-42") }, { script });
    const records = await found(server, triggered("a"));
    expect(typed(records, "invocation").map((one) => one.requestId)).toEqual([uuid(2)]);
    // what has no time would be in no chain's way
    expect(typed(records, "gap")).toMatchObject([
      { what: "log groups", why: expect.stringContaining("logs:DescribeLogGroups"), ...WINDOW },
    ]);
  });

  it("are asked for by FilterLogEvents where queries are refused, and the IAM action is named", async () => {
    const script = { ...NO_TRACES, "logs:StartQuery": denied("logs:StartQuery") };
    const server = logServer({ "/aws/lambda/a": invocation(2, AT, "charging order-42") }, { script });
    const records = await found(server, configs);
    expect(typed(records, "invocation").map((one) => one.requestId)).toEqual([uuid(2)]);
    expect(whys(records)).toEqual([
      "not allowed: the IAM action logs:StartQuery is missing (AccessDeniedException); FilterLogEvents was used instead",
    ]);
  });

  it("are asked for by FilterLogEvents where queries do not start", async () => {
    const script = { ...NO_TRACES, "logs:StartQuery": failure("logs:StartQuery", "failed", "ServiceUnavailableException", 503) };
    const server = logServer({ "/aws/lambda/a": invocation(2, AT, "charging order-42") }, { script });
    expect(typed(await found(server, configs), "invocation").map((one) => one.requestId)).toEqual([uuid(2)]);
  });

  it("are looked for no further around than their function may run", async () => {
    const server = logServer({ "/aws/lambda/a": invocation(2, AT, "charging order-42") }, { script: NO_TRACES });
    await found(server, [...triggered("a").map((one) => ({ ...one, settings: { timeoutS: 3 } })), logGroup("a")]);
    // the line is at 5 ms; 3 s and half a minute for what comes beside the run
    expect(server.inputs("logs:FilterLogEvents")).toEqual([
      { logGroupName: "/aws/lambda/a", logStreamNames: [STREAM], startTime: AT + 5 - 33_000, endTime: AT + 5 + 33_000 - 1 },
    ]);
  });

  it("of an EXPRESS execution come with its whole history", async () => {
    const execution = arn("states", "express:quick:e-1:0123");
    const other = arn("states", "express:quick:e-2:4567");
    // https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
    const event = (n: number, type: string, executionArn: string, details: Json): Line => ({
      at: AT + n * 1000,
      stream: "states/quick/2026-11-22-18-00/0a1b2c3d",
      message: JSON.stringify({
        id: String(n),
        type,
        details,
        previous_event_id: String(n - 1),
        event_timestamp: String(AT + n * 1000),
        execution_arn: executionArn,
      }),
    });
    const lines = [execution, other].flatMap((one, i) => [
      event(1, "ExecutionStarted", one, { input: JSON.stringify({ orderId: `order-4${2 + i}` }), roleArn: "r" }),
      event(2, "PassStateEntered", one, { name: "Pack", input: "{}" }),
      event(3, "PassStateExited", one, { name: "Pack", output: "{}" }),
      event(4, "ExecutionSucceeded", one, { output: "{}" }),
    ]);
    const quick = config("workflow", "quick", { settings: { kind: "EXPRESS", logGroups: ["/vendedlogs/quick"] } });
    for (const ids of [[order], [order, { kind: "execution", value: execution } as Id]]) {
      const server = logServer({ "/vendedlogs/quick": lines }, { script: NO_TRACES });
      const spans = typed(await found(server, [quick, config("log-group", "/vendedlogs/quick")], ids), "span");
      expect(spans.map((one) => [one.kind, one.startedAt, one.endedAt])).toEqual([
        ["workflow", AT + 1000, AT + 4000],
        ["state", AT + 2000, AT + 3000],
      ]);
      expect(spans[0]!.spanId).toBe(execution);
    }
  });

  it("are found beside groups that are gone", async () => {
    const names = ["a", "b", "c", "d", "e"];
    const server = logServer(
      { "/aws/lambda/b": invocation(2, AT, "order-42"), "/aws/lambda/d": invocation(3, AT, "order-42") },
      { script: NO_TRACES },
    );
    const records = await found(server, [...names.flatMap(triggered), ...names.map((name) => logGroup(name))]);
    expect(
      typed(records, "invocation")
        .map((one) => one.fn)
        .sort(),
    ).toEqual(["b", "d"]);
    expect(
      typed(records, "gap")
        .map((one) => one.what)
        .sort(),
    ).toEqual(["a", "c", "e"].map((name) => `log search in /aws/lambda/${name}`));
  });

  it("of an ID that is everywhere are cut, and that is told", async () => {
    const lines = Array.from({ length: 12_000 }, (_, i) => ({
      at: AT + i,
      stream: STREAM,
      message: `2026-11-22T18:00:00.000Z\t${uuid(i)}\tINFO\torder-42`,
    }));
    const server = logServer({ "/aws/lambda/a": lines }, { script: NO_TRACES });
    const records = await found(server, configs);
    expect(typed(records, "log")).toHaveLength(9_999);
    // the query gives rows up to the moment of the 10,000th, of which there may be more; the gap covers the chain that was read
    expect(typed(records, "gap")).toMatchObject([
      { why: "more than 10000 lines hold one of the IDs; those after 2026-11-22T18:00:09.999Z were not read", ...WINDOW },
    ]);
  });

  it("of an ID that is everywhere are cut as well where FilterLogEvents reads them", async () => {
    const lines = Array.from({ length: 12_000 }, (_, i) => ({
      at: AT + i,
      stream: STREAM,
      message: `2026-11-22T18:00:00.000Z\t${uuid(i)}\tINFO\torder-42`,
    }));
    const server = logServer({ "/aws/lambda/a": lines }, { script: NO_TRACES });
    const records = await found(server, configs, [order], { maxUsd: 0 });
    expect(typed(records, "log")).toHaveLength(10_000);
    expect(typed(records, "gap")).toMatchObject([
      { why: "X-Ray bills traces that are scanned, and the price limit (--max-query-usd) leaves nothing" },
      { why: "more than 10000 lines hold one of the IDs; those after 2026-11-22T18:00:10.000Z were not read", ...WINDOW },
    ]);
    expect(server.inputs("xray:GetTraceSummaries")).toEqual([]);
  });

  it("are not paid for beyond the limit", async () => {
    const dear = [
      ...triggered("big"),
      ...triggered("a"),
      logGroup("a"),
      logGroup("big", { storedBytes: 900_000 * GIB, createdAt: NOW - 24 * HOUR }),
    ];
    const server = logServer({ "/aws/lambda/a": [], "/aws/lambda/big": [] }, { script: NO_TRACES });
    const records = await found(server, dear);
    expect(queries(server).map((one) => one.logGroupNames)).toEqual([["/aws/lambda/a"]]);
    expect(server.inputs("logs:FilterLogEvents")).toEqual([]);
    expect(whys(records)).toEqual(["not searched: the price of a query does not fit into --max-query-usd: /aws/lambda/big"]);
  });
});
