import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { cloudwatchLogs } from "../../../../src/clouds/aws/cloudwatch.ts";
import { textLogs } from "../../../../src/clouds/aws/text-logs.ts";
import { twinName } from "../../../../src/clouds/aws/probe-name.ts";
import type { Json } from "../../../../src/model/records.ts";
import { of, readAll } from "../../../support/aws.ts";

const T = Date.UTC(2026, 4, 1, 12, 0, 0);
const A = "5f0c7a1e-9b1d-4c58-8a3e-2f6d1b7c9e04";
const B = "8d2b6c3f-1a2b-4c3d-9e4f-5a6b7c8d9e0f";
const STREAM = "2026/05/01/[$LATEST]0123456789abcdef0123456789abcdef";
const GROUP = "/aws/lambda/orders";

const start = (id: string): string => `START RequestId: ${id} Version: $LATEST\n`;
const end = (id: string): string => `END RequestId: ${id}\n`;
const report = (id: string, rest = ""): string =>
  `REPORT RequestId: ${id}\tDuration: 40.50 ms\tBilled Duration: 41 ms\tMemory Size: 128 MB\tMax Memory Used: 60 MB\t${rest}\n`;

function event(at: number, message: Json, rest: { [key: string]: Json } = { logGroup: GROUP, logStream: STREAM }): Json {
  return { timestamp: T + at, message, ...rest };
}

const read = (documents: Json[], source = {}) => readAll(cloudwatchLogs, documents, source);

describe("an invocation from its lines", () => {
  it("begins with START, ends with REPORT, and names its function by the log group", () => {
    const result = read([event(0, start(A)), event(5, "working\n"), event(41, end(A)), event(41, report(A))]);
    expect(of(result, "invocation")).toEqual([
      expect.objectContaining({
        fn: "orders",
        version: "$LATEST",
        requestId: A,
        startedAt: T,
        endedAt: T + 41,
        durationMs: 40.5,
        billedMs: 41,
        memoryMib: 128,
        maxMemoryMib: 60,
        coldStart: false,
        outcome: "ok",
        stream: STREAM,
        seenIn: "platform-log",
      }),
    ]);
    expect(of(result, "log").map((l) => [l.kind, l.requestId])).toEqual([
      ["start", A],
      ["function", A],
      ["end", A],
      ["report", A],
    ]);
    // "working\n" is 8 bytes, and CloudWatch counts 26 more for each event
    expect(of(result, "log")[1]!.sizeBytes).toBe(34);
  });

  it("begins at end minus duration where START was not exported", () => {
    const [one] = of(read([event(41, report(A))]), "invocation");
    expect(one!.startedAt).toBe(T + 0.5);
  });

  it("is an attempt of its own where START comes again after a minute and the first one left no REPORT", () => {
    const lines = [event(0, start(A)), event(60_000, start(A)), event(60_000, start(A)), event(60_041, report(A))];
    for (const order of [lines, [...lines].reverse()]) {
      const found = of(read(order), "invocation").sort((a, b) => a.startedAt - b.startedAt);
      expect(found.map((i) => [i.startedAt - T, i.endedAt, i.billedMs, i.outcome])).toEqual([
        [0, null, null, "unknown"],
        [60_000, T + 60_041, 41, "ok"],
      ]);
    }
  });

  it("is read the same from a newest-first export, whole or line by line", () => {
    const oldest = [event(0, start(A)), event(5, "working"), event(41, report(A)), event(60, start(B)), event(101, report(B))];
    const wanted = of(read(oldest), "invocation");
    expect(wanted).toHaveLength(2);
    expect(of(read([{ events: oldest.toReversed() }]), "invocation")).toEqual(wanted);
    expect(of(read(oldest.toReversed()), "invocation")).toEqual(expect.arrayContaining(wanted));
    expect(of(read(oldest.toReversed()), "invocation")).toHaveLength(2);
  });

  it("without REPORT at the end of an export is unknown, not a timeout", () => {
    const result = read([event(0, start(A)), event(41, report(A)), event(60, start(B))]);
    const cut = of(result, "invocation").find((i) => i.requestId === B)!;
    expect(cut).toMatchObject({ startedAt: T + 60, endedAt: null, durationMs: null, billedMs: null, outcome: "unknown", coldStart: null });
  });

  it("with an END but no REPORT has an end and no duration", () => {
    const [one] = of(read([event(0, start(A)), event(41, end(A))]), "invocation");
    expect(one).toMatchObject({ endedAt: T + 41, durationMs: null, billedMs: null, outcome: "unknown" });
  });

  it("is two runs where a retry keeps the request ID", () => {
    const runs = of(read([event(0, start(A)), event(41, report(A)), event(60_000, start(A)), event(60_041, report(A))]), "invocation");
    expect(runs.map((r) => r.startedAt)).toEqual([T, T + 60_000]);
  });

  it("is one run where its REPORT was exported twice", () => {
    expect(of(read([event(0, start(A)), event(41, report(A)), event(41, report(A))]), "invocation")).toHaveLength(1);
  });

  it("takes account and region from what its lines name", () => {
    const init = "INIT_START Runtime Version: python:3.13.v1\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:0f\n";
    const line = JSON.stringify({ level: "INFO", message: "x", function_arn: "arn:aws:lambda:eu-west-1:111122223333:function:orders" });
    const [one] = of(read([event(0, init), event(1, start(A)), event(2, line), event(41, report(A))]), "invocation");
    expect(one).toMatchObject({ account: "111122223333", region: "eu-west-1" });
  });
});

describe("how an invocation ended", () => {
  const outcome = (...lines: [number, string][]): object => {
    const [one] = of(read(lines.map(([at, message]) => event(at, message))), "invocation");
    return { outcome: one!.outcome, errorType: one!.errorType };
  };

  it("timeout: the platform's line before or after REPORT, the status, or billed below duration", () => {
    const line = `2026-05-01T12:00:03.000Z ${A} Task timed out after 3.00 seconds\n\n`;
    expect(outcome([0, start(A)], [40, line], [41, report(A)])).toEqual({ outcome: "timeout", errorType: null });
    expect(outcome([0, start(A)], [41, report(A)], [41, line])).toEqual({ outcome: "timeout", errorType: null });
    expect(outcome([0, start(A)], [41, report(A, "Status: timeout")])).toEqual({ outcome: "timeout", errorType: null });
    const capped = `REPORT RequestId: ${A}\tDuration: 3003.28 ms\tBilled Duration: 3000 ms\tMemory Size: 128 MB\tMax Memory Used: 35 MB\t`;
    expect(outcome([0, start(A)], [3003, capped])).toEqual({ outcome: "timeout", errorType: null });
  });

  it("error: killed is an error until something says memory", () => {
    const killed = `RequestId: ${A} Error: Runtime exited with error: signal: killed\nRuntime.ExitError\n`;
    expect(outcome([0, start(A)], [40, killed], [41, report(A)])).toEqual({ outcome: "error", errorType: "Runtime.ExitError" });
    expect(outcome([0, start(A)], [40, killed], [41, report(A, "Status: error\tError Type: Runtime.OutOfMemory")])).toEqual({
      outcome: "oom",
      errorType: "Runtime.OutOfMemory",
    });
    const heap = "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory";
    expect(outcome([0, start(A)], [39, heap], [40, killed], [41, report(A)])).toMatchObject({ outcome: "oom" });
  });

  it("error: a line without ID belongs to the invocation open in its stream", () => {
    expect(outcome([0, start(A)], [1, "Unknown application error occurred\nRuntime.Unknown"], [41, report(A)])).toEqual({
      outcome: "error",
      errorType: "Runtime.Unknown",
    });
  });

  it("error: unhandled exceptions of Python and Node.js", () => {
    const python = "[ERROR] KeyError: 'sku'\nTraceback (most recent call last):\n  File";
    const node = `2026-05-01T12:00:00.039Z\t${A}\tERROR\tInvoke Error \t{"errorType":"StockError","errorMessage":"no","stack":[]}`;
    expect(outcome([0, start(A)], [39, python], [41, report(A)])).toEqual({ outcome: "error", errorType: "KeyError" });
    expect(outcome([0, start(A)], [39, node], [41, report(A)])).toEqual({ outcome: "error", errorType: "StockError" });
  });

  it("ok: an error that the function logs and survives", () => {
    const line = `[ERROR]\t2026-05-01T12:00:00.039Z\t${A}\tpayment refused, retrying`;
    expect(outcome([0, start(A)], [39, line], [41, report(A)])).toEqual({ outcome: "ok", errorType: null });
  });

  it("a failed init is a cold start although REPORT has no Init Duration; a proactive one is none", () => {
    const repeated = "INIT_REPORT Init Duration: 1712.41 ms\tPhase: invoke\tStatus: error\tError Type: Runtime.Unknown";
    const init = "INIT_START Runtime Version: python:3.11.v73\tRuntime Version ARN: arn:aws:lambda:us-east-1::runtime:1";
    const cold = (lines: [number, string][]) => of(read(lines.map(([at, m]) => event(at, m))), "invocation")[0]!.coldStart;
    expect(
      cold([
        [0, init],
        [9, repeated],
        [10, start(A)],
        [41, report(A)],
      ]),
    ).toBe(true);
    expect(
      cold([
        [0, init],
        [500, start(A)],
        [541, report(A)],
      ]),
    ).toBe(false);
  });

  it("an emulator's memory figure is not taken", () => {
    const local = `REPORT RequestId: ${A}\tInit Duration: 1.38 ms\tDuration: 651.86 ms\tBilled Duration: 652 ms\tMemory Size: 128 MB\tMax Memory Used: 128 MB`;
    expect(of(read([event(0, start(A)), event(652, local)]), "invocation")[0]).toMatchObject({ emulator: true, maxMemoryMib: null });
  });
});

describe("which invocation and function a line belongs to", () => {
  it("two open in an export without streams: a line without ID belongs to neither", () => {
    const bare = {};
    const result = read([
      event(0, start(A), bare),
      event(1, start(B), bare),
      event(2, "which?", bare),
      event(41, report(A), bare),
      event(42, report(B), bare),
    ]);
    expect(of(result, "log")[2]!.requestId).toBeNull();
    expect(of(result, "invocation")).toHaveLength(2);
  });

  it("lines of the copy that a probe ran are the function's, and a probe's", () => {
    const long = "a-function-whose-name-leaves-no-room-for-what-a-probe-appends-to-it";
    const cases: [string, string, string, string | null][] = [
      [GROUP, "orders-evscope-probe", "orders", "probe"],
      ["shared-group", "orders-evscope-probe", "orders", "probe"],
      [`/aws/lambda/${long}`, twinName(long), long, "probe"],
      // whose copy it is cannot be told: its own name says what it is
      ["shared-group", twinName(long), twinName(long), null],
      [GROUP, "-evscope-probe", "-evscope-probe", null],
    ];
    for (const [logGroup, name, fn, trigger] of cases) {
      const rest = { logGroup, logStream: `2026/05/01/${name}[3]0123456789abcdef0123456789abcdef` };
      const [one] = of(read([event(0, start(A).replace("$LATEST", "3"), rest), event(41, report(A), rest)]), "invocation");
      expect(one).toMatchObject({ fn, trigger, version: trigger === null ? "3" : null, billedMs: 41 });
    }
  });

  it("a shared log group names the function in its streams", () => {
    const place = { logGroupName: "/shop/all", logStreamName: "2026/05/01/payment[$LATEST]0123456789abcdef0123456789abcdef" };
    expect(of(read([event(0, start(A), place), event(41, report(A), place)]), "invocation")[0]!.fn).toBe("payment");
  });

  it("function_name of a Powertools line, the user's word, else unknown", () => {
    const place = { logStreamName: STREAM };
    const line = JSON.stringify({ level: "INFO", message: "x", function_name: "stock", function_request_id: A });
    expect(of(read([event(0, start(A), place), event(1, line, place), event(41, report(A), place)]), "invocation")[0]!.fn).toBe("stock");
    expect(of(read([event(0, start(A), place), event(41, report(A), place)], { fn: "given" }), "invocation")[0]!.fn).toBe("given");
    expect(of(read([event(0, start(A), place), event(41, report(A), place)]), "invocation")[0]!.fn).toBe("unknown");
  });
});

describe("identifiers in lines", () => {
  const line = (fields: Json) => of(read([event(0, JSON.stringify(fields))]), "log")[0]!;

  it("Powertools: correlation ID, X-Ray trace in W3C form, request, level", () => {
    expect(
      line({
        level: "WARNING",
        message: "low",
        function_request_id: A,
        correlation_id: "ORD-0017",
        xray_trace_id: "1-5e1b4151-5ac6c58f40e5b15e2c7a1c3d",
      }),
    ).toMatchObject({
      level: "WARN",
      requestId: A,
      traceId: "5e1b41515ac6c58f40e5b15e2c7a1c3d",
      ids: [{ kind: "correlation", value: "ORD-0017" }],
    });
  });

  it("JSON inside a JSON message, nested fields and free text", () => {
    expect(line({ level: "INFO", message: JSON.stringify({ orderId: "ORD-0018" }) }).ids).toEqual([
      { kind: "correlation", value: "ORD-0018" },
    ]);
    expect(line({ level: "INFO", message: { detail: { transactionId: "TX-99-1" } } }).ids).toEqual([
      { kind: "correlation", value: "TX-99-1" },
    ]);
    const [text] = of(read([event(0, "call handled transactionId=6600de06-fc5a-4a57-8c11-420ccae6f93b\n")]), "log");
    expect(text!.ids).toEqual([{ kind: "correlation", value: "6600de06-fc5a-4a57-8c11-420ccae6f93b" }]);
  });

  it("placeholders are no identifiers", () => {
    expect(line({ level: "INFO", message: "x", correlation_id: "undefined", order_id: "-" }).ids).toEqual([]);
  });

  it("trace context in text", () => {
    const [one] = of(
      read([event(0, "_X_AMZN_TRACE_ID=Root=1-5e1b4151-5ac6c58f40e5b15e2c7a1c3d;Parent=53995c3f42cd8ad8;Sampled=1")]),
      "log",
    );
    expect(one!.traceId).toBe("5e1b41515ac6c58f40e5b15e2c7a1c3d");
  });

  it("Datadog's 64-bit decimals stay exact", () => {
    const [one] = of(read([event(0, "[dd.trace_id=3172564172058669914 dd.span_id=14292093692483532556] hello")]), "log");
    expect(one!.ids).toEqual([{ kind: "trace", value: "3172564172058669914" }]);
  });

  it("an execution ARN in broken JSON", () => {
    const arn = "arn:aws:states:sa-east-1:111122223333:express:seq:d0dbefd8:7fa0cfbe";
    const [one] = of(read([event(0, `{"id":"1","details":{"input":"{"a":1}"},"execution_arn":"${arn}"}`)]), "log");
    expect(one!.ids).toEqual([{ kind: "execution", value: arn }]);
  });
});

describe("forms of exports", () => {
  const events = [event(0, start(A), {}), event(41, report(A), {})];

  it("subscription payloads, decoded and packed", () => {
    const payload = { messageType: "DATA_MESSAGE", owner: "111122223333", logGroup: GROUP, logStream: STREAM, logEvents: events };
    const packed = { awslogs: { data: gzipSync(JSON.stringify(payload)).toString("base64") } };
    for (const document of [payload, packed] as Json[]) {
      expect(cloudwatchLogs.recognise(document)).toBe(100);
      expect(of(read([document]), "invocation")[0]).toMatchObject({ fn: "orders", account: "111122223333", startedAt: T });
    }
  });

  it("a packed payload that is cut is reported", () => {
    const data = gzipSync("{}").toString("base64").slice(0, 20);
    expect(read([{ awslogs: { data } }]).broken).toEqual(["`awslogs.data` is not base64 of gzipped JSON"]);
  });

  it("control messages are ignored with a reason", () => {
    expect(read([{ messageType: "CONTROL_MESSAGE", logEvents: [] }])).toMatchObject({
      records: [],
      ignored: ["CloudWatch control message"],
    });
  });

  it("Logs Insights results, newest first, with the group in @log", () => {
    const row = (time: string, message: string): Json => [
      { field: "@timestamp", value: time },
      { field: "@message", value: message },
      { field: "@log", value: `111122223333:${GROUP}` },
      { field: "@logStream", value: STREAM },
    ];
    const document = { status: "Complete", results: [row("2026-05-01 12:00:00.041", report(A)), row("2026-05-01 12:00:00.000", start(A))] };
    expect(cloudwatchLogs.recognise(document)).toBeGreaterThan(50);
    expect(of(read([document]), "invocation")[0]).toMatchObject({ fn: "orders", account: "111122223333", startedAt: T, endedAt: T + 41 });
  });

  it("a message that is an array is kept as JSON", () => {
    const [one] = of(
      read([{ messageType: "DATA_MESSAGE", logGroup: GROUP, logStream: STREAM, logEvents: [event(0, [1, "X"], {})] }]),
      "log",
    );
    expect(one!.message).toBe('[1,"X"]');
  });

  it("lines of Lambda's JSON format without an envelope", () => {
    const lines: Json[] = [
      { time: "2026-05-01T12:00:00.000Z", type: "platform.start", record: { requestId: A, version: "$LATEST" } },
      { timestamp: "2026-05-01T12:00:00.010Z", level: "INFO", requestId: A, message: "x" },
      {
        time: "2026-05-01T12:00:00.041Z",
        type: "platform.report",
        record: {
          requestId: A,
          status: "success",
          metrics: { durationMs: 40.5, billedDurationMs: 41, memorySizeMB: 128, maxMemoryUsedMB: 60 },
        },
      },
    ];
    expect(lines.map((l) => cloudwatchLogs.recognise(l) > 0)).toEqual([true, true, true]);
    const result = read(lines, { fn: "orders" });
    expect(of(result, "invocation")[0]).toMatchObject({ startedAt: T, endedAt: T + 41, outcome: "ok", billedMs: 41 });
    expect(of(result, "log")).toHaveLength(3);
  });

  it("records of the Telemetry API: what the function wrote is the message", () => {
    const lines: Json[] = [
      { time: "2026-05-01T12:00:00.000Z", type: "function", record: `[INFO]\t2026-05-01T12:00:00.000Z\t${A}\thello` },
      { time: "2026-05-01T12:00:00.001Z", type: "function", record: { level: "ERROR", message: "no", requestId: A } },
    ];
    expect(of(read(lines), "log").map((l) => [l.level, l.requestId])).toEqual([
      ["INFO", A],
      ["ERROR", A],
    ]);
  });

  it("broken events are reported and the others read", () => {
    const result = read([{ events: [event(0, start(A)), { message: "no time" }, 7, { timestamp: T }, event(41, report(A))] }]);
    expect(result.broken).toEqual([
      "a log event without a readable `timestamp`",
      "a log event that is not an object",
      "a log event without `message`",
    ]);
    expect(of(result, "invocation")).toHaveLength(1);
  });

  it("an empty answer says so", () => {
    const empty = { events: [], searchedLogStreams: [] };
    expect(cloudwatchLogs.recognise(empty)).toBeGreaterThan(0);
    expect(read([empty])).toEqual({ records: [], broken: [], ignored: ["a log export without events"] });
  });

  it("other JSON is not a log", () => {
    for (const other of [
      {},
      [],
      null,
      7,
      "x",
      { events: [{ id: 1, previousEventId: 0, type: "ExecutionStarted" }] },
      { Records: [] },
    ] as Json[]) {
      expect(cloudwatchLogs.recognise(other)).toBe(0);
    }
  });
});

describe("text exports", () => {
  const text = (lines: string[], source = {}) => readAll(textLogs, lines, source);

  it("S3 export: times before each event, continuation lines belong to the line before", () => {
    const lines = [
      `2026-05-01T12:00:00.000Z START RequestId: ${A} Version: $LATEST`,
      "2026-05-01T12:00:00.030Z [ERROR] KeyError: 'sku'",
      "Traceback (most recent call last):",
      '  File "/var/task/app.py", line 3',
      `2026-05-01T12:00:00.041Z ${report(A).trimEnd()}`,
    ];
    expect(textLogs.recognise(lines[0]!)).toBeGreaterThan(90);
    const segments = ["export", "aws", "lambda", "orders", "2026-05-01-[$LATEST]0123456789abcdef0123456789abcdef", "000000.gz"];
    const result = text(lines, { segments });
    expect(of(result, "log")[1]!.message).toBe(
      "[ERROR] KeyError: 'sku'\nTraceback (most recent call last):\n  File \"/var/task/app.py\", line 3",
    );
    expect(of(result, "invocation")[0]).toMatchObject({
      fn: "orders",
      outcome: "error",
      errorType: "KeyError",
      startedAt: T,
      stream: STREAM,
    });
  });

  it("sam logs: stream and time, no zone", () => {
    const lines = [
      `${STREAM} 2026-05-01T12:00:00.000000 START RequestId: ${A} Version: 56`,
      `${STREAM} 2026-05-01T12:00:00.041000 ${report(A)}`,
    ];
    expect(of(text(lines), "invocation")[0]).toMatchObject({ startedAt: T, endedAt: T + 41, version: "56", stream: STREAM });
  });

  it("a console table: rows, borders, header and cells of several lines", () => {
    const lines = [
      "+-------------------------+--------------------------------+",
      "| timestamp               | message                        |",
      "|-------------------------|--------------------------------|",
      `| 2026-05-01 12:00:00.000 | START RequestId: ${A} Version: $LATEST |`,
      "| 2026-05-01 12:00:00.030 | [ERROR] KeyError: 'sku'        |",
      "|                         | Traceback (most recent call last): |",
      `| 2026-05-01 12:00:00.041 | ${report(A).trimEnd()} |`,
      "+-------------------------+--------------------------------+",
    ];
    const result = text(lines);
    expect(of(result, "invocation")[0]).toMatchObject({ startedAt: T, endedAt: T + 41, billedMs: 41, outcome: "error" });
    expect(of(result, "log").map((l) => l.message)[1]).toBe("[ERROR] KeyError: 'sku'\nTraceback (most recent call last):");
    expect(result).toMatchObject({ broken: [], ignored: [] });
  });

  it("any program's dated log is not taken for Lambda's", () => {
    expect(textLogs.recognise("2026-05-01T12:00:00Z server started")).toBe(0);
    expect(textLogs.recognise(`2026-05-01T12:00:00.001Z 2026-05-01T12:00:00.000Z\t${A}\tINFO\thello`)).toBeGreaterThan(0);
  });

  it("platform lines without any time are reported, never dated", () => {
    const result = text([start(A).trimEnd(), "hello", report(A).trimEnd()]);
    expect(result.records).toEqual([]);
    expect(result.broken).toHaveLength(2);
    expect(result.broken[0]).toContain("a platform line without a time");
  });
});

describe("cold starts whose init failed or ran inside the invocation", () => {
  const initReport = (phase: string, status: string): string =>
    `INIT_REPORT Init Duration: 9999.58 ms\tPhase: ${phase}\tStatus: ${status}\n`;
  const cold = (events: Json[]): [string, boolean | null][] => of(read(events), "invocation").map((i) => [i.requestId, i.coldStart]);

  it("an init reported inside an invocation is that invocation's, not the next one's", () => {
    const events = [
      event(0, start(A)),
      event(30, initReport("invoke", "timeout")),
      event(41, report(A, "Status: timeout")),
      event(100, start(B)),
      event(141, report(B)),
    ];
    expect(cold(events)).toEqual([
      [A, true],
      [B, false],
    ]);
    expect(cold(events.toReversed()).sort()).toEqual([
      [A, true],
      [B, false],
    ]);
  });

  it("an init that succeeds in the invoke phase after it timed out is a cold start", () => {
    expect(
      cold([event(0, initReport("init", "timeout")), event(1, initReport("invoke", "success")), event(2, start(A)), event(43, report(A))]),
    ).toEqual([[A, true]]);
  });

  it("starts with its init where START is stamped only after that: 2000 - 1713.36", () => {
    const slow = `REPORT RequestId: ${A}\tDuration: 1713.36 ms\tBilled Duration: 1714 ms\tMemory Size: 128 MB\tMax Memory Used: 60 MB\t\n`;
    const [one] = of(read([event(1999, initReport("invoke", "error")), event(1999, start(A)), event(2000, slow)]), "invocation");
    expect(one!.startedAt).toBeCloseTo(T + 286.64, 2);
  });

  it("is the same line by line, newest first", () => {
    const events = [
      event(0, initReport("init", "error")),
      event(0, start(A)),
      event(41, report(A)),
      event(100, start(B)),
      event(141, report(B)),
    ];
    expect(cold(events.toReversed()).sort()).toEqual([
      [A, true],
      [B, false],
    ]);
  });
});

describe("an export that overlaps itself", () => {
  it.each([["oldest first"], ["newest first"]])("%s: a line without ID belongs to its own invocation, the second time as well", (order) => {
    const once = [
      event(0, start(A)),
      event(40, "Unknown application error occurred\nRuntime.Unknown\n"),
      event(41, report(A)),
      event(100, start(B)),
      event(141, report(B)),
    ];
    const page = order === "oldest first" ? once : once.toReversed();
    const found = of(read([...page, ...page]), "invocation").map((i) => [i.requestId, i.outcome]);
    expect(found.sort()).toEqual([
      [A, "error"],
      [B, "ok"],
    ]);
  });
});

describe("Lambda's JSON lines and subscriptions in other packaging", () => {
  const JSON_REPORT = JSON.stringify({
    time: "2026-05-01T12:00:00.041Z",
    type: "platform.report",
    record: {
      requestId: A,
      metrics: { durationMs: 40.5, billedDurationMs: 41, memorySizeMB: 128, maxMemoryUsedMB: 60 },
      status: "success",
    },
  });

  it("an S3 export of them is Lambda's text", () => {
    const line = `2026-05-01T12:00:00.041Z ${JSON_REPORT}`;
    expect(textLogs.recognise(line)).toBe(95);
    expect(textLogs.recognise('2026-05-01T12:00:00.041Z {"level":"info","message":"server started"}')).toBe(0);
    expect(of(readAll(textLogs, [line]), "invocation")[0]).toMatchObject({ requestId: A, durationMs: 40.5, billedMs: 41, outcome: "ok" });
  });

  it("a Kinesis batch of a subscription is its log lines, other batches are events", () => {
    const pack = (payload: Json): string => gzipSync(JSON.stringify(payload)).toString("base64");
    const logs = {
      messageType: "DATA_MESSAGE",
      owner: "123456789012",
      logGroup: GROUP,
      logStream: STREAM,
      logEvents: [event(41, report(A), {})],
    };
    const batch = (payload: Json): Json => ({ Records: [{ eventSource: "aws:kinesis", kinesis: { data: pack(payload) } }] });
    expect(cloudwatchLogs.recognise(batch(logs))).toBe(90);
    expect(cloudwatchLogs.recognise(batch({ orderId: "o-1" }))).toBe(0);
    expect(of(read([batch(logs)]), "invocation")[0]).toMatchObject({ fn: "orders", account: "123456789012", billedMs: 41 });
  });
});

describe("what is inside messages in other forms", () => {
  // 3172564172058669914 = 0x2c07352ef04c775a, beyond 2^53
  const context = JSON.stringify({ "x-datadog-trace-id": "3172564172058669914", "x-datadog-parent-id": "14292093692483532556" });

  it.each([
    ["text", { stringValue: context, dataType: "String" }],
    ["binary", { binaryValue: Buffer.from(context).toString("base64"), dataType: "Binary" }],
  ])("a Datadog carrier as %s is found by the decimal ID of its log lines", (_name, attribute) => {
    const record = {
      messageId: B,
      body: "{}",
      messageAttributes: { _datadog: attribute },
      eventSource: "aws:sqs",
      eventSourceARN: "arn:aws:sqs:eu-west-1:123456789012:q",
    };
    const [message] = of(read([event(0, start(A)), event(1, JSON.stringify({ Records: [record] }))]), "message");
    expect(message!.ids).toContainEqual({ kind: "correlation", value: "3172564172058669914" });
    expect(message!.traceId).toBe(`${"0".repeat(16)}${BigInt("3172564172058669914").toString(16)}`);
  });

  it("a history event whose input broke its JSON still counts", () => {
    const arn = "arn:aws:states:eu-west-1:123456789012:execution:orders:one";
    const broken = `{"id":"1","type":"ExecutionStarted","details":{"input":"{"a": "x"}","inputDetails":{"truncated":false}},"previous_event_id":"0","event_timestamp":"${T}","execution_arn":"${arn}"}`;
    const done = JSON.stringify({
      id: "2",
      type: "ExecutionSucceeded",
      details: {},
      previous_event_id: "1",
      event_timestamp: `${T + 500}`,
      execution_arn: arn,
    });
    const [span] = of(read([event(0, broken), event(500, done)]), "span");
    expect(span).toMatchObject({ spanId: arn, startedAt: T, endedAt: T + 500 });
  });
});
