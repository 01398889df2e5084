import { describe, expect, it } from "vitest";
import { planSpans, runSpans } from "../../../../src/clouds/aws/collect-spans.ts";
import { planXray, traceStoreOf, tracesOf, xrayRunner } from "../../../../src/clouds/aws/collect-traces.ts";
import { list, type Obj } from "../../../../src/clouds/aws/schema.ts";
import { transactionSpan } from "../../../../src/clouds/aws/transaction-span.ts";
import type { Span } from "../../../../src/clouds/room.ts";
import { idKeys } from "../../../../src/model/id-keys.ts";
import { testContext } from "../../../support/aws-client.ts";
import { ACCOUNT, collected, denied, failure, REGION, scriptedAws, typed } from "../../../support/scripted-aws.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2026, 10, 23);
const all = (_: string, window: Span): Span[] => [window];
const request = (window: Span) => ({ signals: ["traces" as const], logs: "platform" as const, window, maxQueryUsd: 1 });
const traceId = (n: number): string => `1-6921f000-${String(n).padStart(24, "0")}`;
/** A trace of one segment, as BatchGetTraces gives it. */
const trace = (n: number): Obj => ({
  Id: traceId(n),
  Segments: [
    {
      Id: "0000000000000001",
      Document: JSON.stringify({
        trace_id: traceId(n),
        id: "0000000000000001",
        name: "orders",
        start_time: NOW / 1000 - 60,
        end_time: NOW / 1000 - 59,
      }),
    },
  ],
});
const known = (input: Obj): Obj => ({
  Traces: list(input["TraceIds"]).map((id) => trace(Number(String(id).slice(11)))),
  UnprocessedTraceIds: [],
});

describe("slices of X-Ray", () => {
  it("are at most 6 h, and always the same for the same time", () => {
    const plan = planXray(scriptedAws({}), testContext(), request({ from: NOW - 15 * HOUR, to: NOW - HOUR }), all, 1);
    // 2026-11-22T09:00 to 23:00
    expect(plan.tasks.map((one) => [(one.window.from - NOW) / HOUR, (one.window.to - NOW) / HOUR])).toEqual([
      [-15, -12],
      [-12, -6],
      [-6, -1],
    ]);
    expect(new Set(plan.tasks.map((one) => one.source))).toEqual(new Set([`aws/${ACCOUNT}/${REGION}/traces/xray`]));
  });

  it("begin where X-Ray still has traces: 30 days ago", () => {
    const { tasks } = planXray(scriptedAws({}), testContext(), request({ from: NOW - 40 * DAY, to: NOW }), all, 1);
    expect(tasks[0]!.window.from).toBe(NOW - 30 * DAY);
    const old = planXray(scriptedAws({}), testContext(), request({ from: NOW - 50 * DAY, to: NOW - 40 * DAY }), all, 1);
    expect([old.tasks, typed(old.gaps, "gap").map((one) => one.why)]).toEqual([[], ["X-Ray keeps traces for 30 days"]]);
  });

  it("are not begun without money", () => {
    const { tasks, gaps } = planXray(scriptedAws({}), testContext(), request({ from: NOW - HOUR, to: NOW }), all, 0);
    expect([tasks, gaps.length]).toEqual([[], 1]);
  });
});

describe("a slice", () => {
  const slice = { from: NOW - HOUR, to: NOW };

  it("reads each trace once, five at a time", async () => {
    const summaries = (from: number, to: number): Obj[] => Array.from({ length: to - from }, (_, i) => ({ Id: traceId(from + i) }));
    const api = scriptedAws({
      "xray:GetTraceSummaries": [
        { TraceSummaries: summaries(0, 7), NextToken: "2" },
        { TraceSummaries: [], NextToken: "3" },
        { TraceSummaries: summaries(5, 12) },
      ],
      "xray:BatchGetTraces": known,
    });
    const { tasks } = planXray(api, testContext(), request(slice), all, 1);
    const records = await collected(xrayRunner(api, testContext()).run(tasks[0]!));
    expect(typed(records, "span").map((one) => one.traceId!.slice(-2))).toEqual([
      "00",
      "01",
      "02",
      "03",
      "04",
      "05",
      "06",
      "07",
      "08",
      "09",
      "10",
      "11",
    ]);
    // 12 traces: 5 + 5 + 2
    expect(api.counts()).toEqual({ "xray:GetTraceSummaries": 3, "xray:BatchGetTraces": 3 });
    expect(api.asked[0]!.input).toMatchObject({ StartTime: new Date(slice.from), EndTime: new Date(slice.to), TimeRangeType: "Event" });
    // read again (the next slice may hold the same trace), it gives the same records
    const again = await collected(tracesOf(api, testContext(), [traceId(11)], "xray"));
    expect(typed(again, "span")).toEqual(typed(records, "span").slice(-1));
  });

  it("stops at the price limit, which counts over all slices: $0.50 per million scanned and read", async () => {
    const api = scriptedAws({
      "xray:GetTraceSummaries": { TraceSummaries: [{ Id: traceId(1) }], TracesProcessedCount: 999 },
      "xray:BatchGetTraces": known,
    });
    const { tasks } = planXray(api, testContext(), request({ from: NOW - 2 * DAY, to: NOW }), all, 0.0012);
    const runner = xrayRunner(api, testContext());
    // 999 scanned and 1 read cost $0.0005
    await collected(runner.run(tasks[0]!));
    await collected(runner.run(tasks[1]!));
    await expect(collected(runner.run(tasks[2]!))).rejects.toThrow("price limit of $0.0012");
  });

  it.each([
    ["not allowed", denied("xray:GetTraceSummaries")],
    // what the SDK makes of ministack's answer
    ["not there", failure("xray:GetTraceSummaries", "invalid", "Unknown")],
  ])("is not asked for where the one before was refused: %s", async (_, error) => {
    const api = scriptedAws({ "xray:GetTraceSummaries": error });
    const { tasks } = planXray(api, testContext(), request({ from: NOW - 2 * DAY, to: NOW }), all, 1);
    const runner = xrayRunner(api, testContext());
    for (const task of tasks) await expect(collected(runner.run(task))).rejects.toThrow("xray:GetTraceSummaries");
    expect([tasks.length, api.counts()]).toEqual([8, { "xray:GetTraceSummaries": 1 }]);
  });

  it("says which traces X-Ray named and did not give", async () => {
    const api = scriptedAws({
      "xray:GetTraceSummaries": { TraceSummaries: [{ Id: traceId(1) }] },
      "xray:BatchGetTraces": { Traces: [], UnprocessedTraceIds: [traceId(1)] },
    });
    const { tasks } = planXray(api, testContext(), request(slice), all, 1);
    expect(typed(await collected(xrayRunner(api, testContext()).run(tasks[0]!)), "gap").map((one) => one.what)).toEqual([
      `trace ${traceId(1)}`,
    ]);
  });
});

describe("known traces", () => {
  it("are asked for in X-Ray's form, whatever the form given", async () => {
    const api = scriptedAws({ "xray:BatchGetTraces": known });
    const w3c = `6921f000${"7".padStart(24, "0")}`;
    const records = await collected(tracesOf(api, testContext(), [w3c, traceId(7), "not a trace"], "xray"));
    expect(api.asked.map((one) => one.input)).toEqual([{ TraceIds: [traceId(7)] }]);
    expect(typed(records, "span").map((one) => one.traceId)).toEqual([w3c]);
  });

  it("that were never sampled are no gap", async () => {
    const api = scriptedAws({ "xray:BatchGetTraces": { Traces: [], UnprocessedTraceIds: [traceId(7)] } });
    expect(await collected(tracesOf(api, testContext(), [traceId(7)], "xray"))).toEqual([]);
  });

  it("are retrieved by a job where Transaction Search is on", async () => {
    let polls = 0;
    const api = scriptedAws({
      "xray:GetTraceSegmentDestination": { Destination: "CloudWatchLogs", Status: "ACTIVE" },
      "xray:StartTraceRetrieval": { RetrievalToken: "r" },
      "xray:ListRetrievedTraces": () => {
        if (++polls < 3) return { RetrievalStatus: "RUNNING", Traces: [] };
        const { Id, Segments } = trace(7);
        return { RetrievalStatus: "COMPLETE", Traces: [{ Id: Id!, Spans: Segments! }] };
      },
    });
    const records = await collected(tracesOf(api, testContext(), [traceId(7)]));
    expect(typed(records, "span").map((one) => one.name)).toEqual(["orders"]);
    // 0x6921f000 s = 2025-11-22T17:20:48Z: from an hour before to a day after
    const at = 0x6921f000 * 1000;
    expect(api.asked.find((one) => one.api === "xray:StartTraceRetrieval")!.input).toEqual({
      TraceIds: [traceId(7)],
      StartTime: new Date(at - HOUR),
      EndTime: new Date(at + DAY),
    });
    expect(polls).toBe(3);
  });

  it("a retrieval that ends badly is an error", async () => {
    const api = scriptedAws({
      "xray:StartTraceRetrieval": { RetrievalToken: "r" },
      "xray:ListRetrievedTraces": { RetrievalStatus: "FAILED" },
    });
    await expect(collected(tracesOf(api, testContext(), [traceId(7)], "logs"))).rejects.toThrow("the retrieval ended as FAILED");
  });
});

describe("where an account keeps its spans", () => {
  it.each([
    ["logs", { Destination: "CloudWatchLogs" }],
    ["xray", { Destination: "XRay" }],
    ["xray", failure("xray:GetTraceSegmentDestination", "unsupported", "SyntaxError", 404)],
    ["xray", denied("xray:GetTraceSegmentDestination")],
  ] as const)("%s", async (store, answer) => {
    expect(await traceStoreOf(scriptedAws({ "xray:GetTraceSegmentDestination": answer }))).toBe(store);
  });
});

/** A span as Transaction Search stores it: OpenTelemetry's fields, attributes as an object. */
const LINE = {
  resource: {
    attributes: {
      "service.name": "orders",
      "cloud.resource_id": `arn:aws:lambda:${REGION}:${ACCOUNT}:function:orders`,
      "cloud.platform": "aws_lambda",
    },
  },
  scope: { name: "@opentelemetry/instrumentation-aws-lambda" },
  traceId: "6921f000000000000000000000000007",
  spanId: "00000000000000AA",
  parentSpanId: "00000000000000bb",
  name: "orders",
  kind: "SERVER",
  startTimeUnixNano: String((NOW - 60_000) * 1e6),
  durationNano: "1500000000",
  attributes: {
    "faas.invocation_id": "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
    "app.order.id": "o-42",
    "http.response.status_code": 503,
    "db.statement": "select secret",
  },
  links: [{ traceId: "6921f000000000000000000000000008", spanId: "00000000000000cc" }],
  status: { code: "ERROR" },
};

describe("spans of Transaction Search", () => {
  it("are read with function, request, correlation ID, times and failure, and without statements", () => {
    const span = transactionSpan(JSON.stringify(LINE), { account: null, region: null }, idKeys());
    expect(span).toMatchObject({
      account: ACCOUNT,
      region: REGION,
      traceId: LINE.traceId,
      spanId: "00000000000000aa",
      parentSpanId: "00000000000000bb",
      fn: "orders",
      requestId: "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
      kind: "server",
      isInvocation: true,
      startedAt: NOW - 60_000,
      endedAt: NOW - 58_500,
      inProgress: false,
      fault: true,
      error: false,
      links: [{ traceId: "6921f000000000000000000000000008", spanId: "00000000000000cc" }],
      ids: [{ kind: "correlation", value: "o-42" }],
    });
    expect(JSON.stringify(span)).not.toContain("secret");
  });

  it.each(["plain text", "{}", '{"traceId":"x"}', "{", JSON.stringify({ ...LINE, startTimeUnixNano: null })])(
    "are not made of %s",
    (line) => {
      expect(transactionSpan(line, { account: null, region: null }, idKeys())).toBeNull();
    },
  );

  it("are read from their log group by FilterLogEvents while that is quick", async () => {
    const api = scriptedAws({
      "logs:FilterLogEvents": {
        events: [
          { eventId: "1", timestamp: NOW - 60_000, message: JSON.stringify(LINE), logStreamName: "default" },
          { eventId: "2", timestamp: NOW - 60_000, message: "no span", logStreamName: "default" },
        ],
      },
    });
    const { tasks, gaps } = await planSpans(api, testContext(), [], request({ from: NOW - HOUR, to: NOW }), all, 1);
    expect(gaps).toEqual([]);
    expect(tasks.map((one) => [one.source, one.via, one.estimate.usd])).toEqual([
      [`aws/${ACCOUNT}/${REGION}/traces/aws/spans`, "FilterLogEvents", 0],
    ]);
    const records = await collected(runSpans(api, testContext(), tasks[0]!));
    expect(typed(records, "span")).toHaveLength(1);
    expect(typed(records, "gap").map((one) => one.why)).toEqual(["1 lines are no spans that evscope reads"]);
  });

  // 20 GiB a day by FilterLogEvents would be 20,480 calls at 5/s = 68 min; Insights: 20 x $0.005 = $0.10
  it("by a query with its price where that would take too long, and not at all beyond the price limit", async () => {
    const api = scriptedAws({
      "cloudwatch:GetMetricData": {
        MetricDataResults: [{ Id: "g0", Timestamps: [new Date(NOW - DAY).toISOString()], Values: [20 * 2 ** 30] }],
      },
      "logs:StartQuery": { queryId: "q" },
      "logs:GetQueryResults": {
        status: "Complete",
        statistics: { bytesScanned: 20 * 2 ** 30, recordsMatched: 1 },
        results: [
          [
            { field: "@timestamp", value: "2026-11-22 23:59:00.000" },
            { field: "@message", value: JSON.stringify(LINE) },
            { field: "@log", value: `${ACCOUNT}:aws/spans` },
          ],
        ],
      },
    });
    const us = { ...api, region: "us-east-1" };
    const window = { from: NOW - DAY, to: NOW };
    const { tasks } = await planSpans(us, testContext(), [], request(window), all, 1);
    expect(tasks.map((one) => one.via)).toEqual(["Logs Insights"]);
    expect(tasks[0]!.estimate.usd).toBeCloseTo(0.1, 10);
    expect(typed(await collected(runSpans(us, testContext(), tasks[0]!)), "span")).toHaveLength(1);
    const cheap = await planSpans(us, testContext(), [], request(window), all, 0.05);
    expect(cheap.tasks.every((one) => one.via === "FilterLogEvents")).toBe(true);
  });
});
