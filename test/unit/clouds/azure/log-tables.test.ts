import { describe, expect, it } from "vitest";
import { logTables } from "../../../../src/clouds/azure/log-tables.ts";
import type { Invocation, Json, Message, Rec, Span } from "../../../../src/model/records.ts";
import { type Read, readWith } from "../../../contract/read-documents.ts";

const OP = "0af7651916cd43dd8448eb211c80319c";
const RUN = "3a4b2e78-0000-4000-8000-000000000001";
const AT = "2026-11-20T10:00:00.1234567Z";
const AT_MS = Date.UTC(2026, 10, 20, 10) + 123.4567;

type Cells = { [column: string]: Json };

const table = (name: string, rows: Cells[]): Json => {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return {
    tables: [
      {
        name,
        columns: columns.map((column) => ({ name: column, type: "string" })),
        rows: rows.map((row) => columns.map((c) => row[c] ?? null)),
      },
    ],
  };
};
const of = <T extends Rec["type"]>(read: Read, type: T): Extract<Rec, { type: T }>[] =>
  read.records.filter((record): record is Extract<Rec, { type: T }> => record.type === type);

const workspace = (rest: Cells = {}): Cells => ({
  TimeGenerated: AT,
  Id: "A1AD6B7169203331",
  OperationId: OP.toUpperCase(),
  ParentId: "b7ad6b7169203331",
  OperationName: "hello",
  Name: "hello",
  AppRoleName: "shop-func",
  AppRoleInstance: "instance-1",
  Success: true,
  ResultCode: "200",
  DurationMs: 9.1593,
  ItemCount: 5,
  Properties: JSON.stringify({
    InvocationId: RUN,
    FullName: "Functions.hello",
    FunctionExecutionTimeMs: "4.7239",
    Category: "Host.Results",
    HttpMethod: "GET",
    orderId: "o-77",
  }),
  Type: "AppRequests",
  _ResourceId: "/subscriptions/SUB-1/resourcegroups/rg/providers/microsoft.insights/components/shop",
  ...rest,
});
const classic = (rest: Cells = {}): Cells => ({
  timestamp: AT,
  id: "a1ad6b7169203331",
  operation_Id: OP,
  operation_ParentId: "b7ad6b7169203331",
  operation_Name: "hello",
  name: "hello",
  cloud_RoleName: "shop-func",
  cloud_RoleInstance: "instance-1",
  success: "True",
  resultCode: "200",
  duration: 9.1593,
  itemCount: 5,
  itemType: "request",
  customDimensions: {
    InvocationId: RUN,
    FullName: "Functions.hello",
    FunctionExecutionTimeMs: "4.7239",
    Category: "Host.Results",
    HttpMethod: "GET",
    orderId: "o-77",
  },
  ...rest,
});

const rowsOf = (rows: Cells[]): Read => readWith(logTables, [table("x", rows)]);
const invocationsOf = (...rows: Cells[]): Invocation[] => of(rowsOf(rows), "invocation");
const spansOf = (...rows: Cells[]): Span[] => of(rowsOf(rows), "span");
const messagesOf = (...rows: Cells[]): Message[] => of(rowsOf(rows), "message");
const parentsOf = (spans: Span[]) => Object.fromEntries(spans.map((s) => [s.spanId, s.parentSpanId]));
const coldOf = (...rows: Cells[]) => Object.fromEntries(invocationsOf(...rows).map((run) => [run.requestId, [run.coldStart, run.initMs]]));
const runsIn = (...documents: Json[]): string[] => of(readWith(logTables, documents), "invocation").map((run) => run.requestId);

describe("a request row", () => {
  const read = readWith(logTables, [table("PrimaryResult", [workspace()])]);

  it("is an invocation with the host's own duration, weighted by ItemCount", () => {
    expect(of(read, "invocation")).toEqual([
      {
        type: "invocation",
        cloud: "azure",
        account: "sub-1",
        region: null,
        fn: "hello",
        version: null,
        requestId: RUN,
        startedAt: expect.closeTo(AT_MS, 2),
        endedAt: expect.closeTo(AT_MS + 9.1593, 2),
        durationMs: 4.7239,
        billedMs: null,
        memoryMib: null,
        maxMemoryMib: null,
        vcpu: null,
        initMs: null,
        restoreMs: null,
        billedRestoreMs: null,
        coldStart: null,
        outcome: "ok",
        errorType: null,
        traceId: OP,
        spanId: "a1ad6b7169203331",
        parentSpanId: "b7ad6b7169203331",
        stream: "instance-1",
        architecture: null,
        plan: null,
        trigger: "http",
        weight: 5,
        emulator: false,
        seenIn: "request-log",
        ids: [{ kind: "correlation", value: "o-77" }],
      },
    ]);
  });

  it("is the span of that run as well, and tells in which app the function is", () => {
    expect(of(read, "span")).toMatchObject([
      {
        spanId: "a1ad6b7169203331",
        traceId: OP,
        requestId: RUN,
        isInvocation: true,
        kind: "server",
        fn: "hello",
        attributes: { "http.status": 200 },
      },
    ]);
    expect(of(read, "config")).toMatchObject([
      { kind: "function", name: "hello", settings: { app: "shop-func", derivedFrom: "telemetry" } },
    ]);
  });

  it("says the same in the classic column dialect", () => {
    const other = readWith(logTables, [table("PrimaryResult", [classic()])]);
    expect(of(other, "invocation")).toEqual(of(read, "invocation").map((run) => ({ ...run, account: null })));
    expect(of(other, "span")).toEqual(of(read, "span").map((span) => ({ ...span, account: null })));
  });

  it.each([
    ["True", "200", "ok"],
    ["1", "0", "ok"],
    [true, "404", "ok"],
    ["False", "0", "error"],
    ["0", "200", "error"],
    [true, "503", "error"],
    ["", "500", "error"],
    ["", "204", "ok"],
    ["", "0", "unknown"],
    [null, null, "unknown"],
  ])("success %j with code %j is %s", (Success, ResultCode, outcome) => {
    expect(of(readWith(logTables, [table("AppRequests", [workspace({ Success, ResultCode })])]), "invocation")[0]!.outcome).toBe(outcome);
  });

  it("stays a success after 30 s", () => {
    const [run] = of(readWith(logTables, [table("AppRequests", [workspace({ DurationMs: 30_021.5457 })])]), "invocation");
    expect([run!.outcome, run!.endedAt! - run!.startedAt]).toEqual(["ok", expect.closeTo(30_021.5457, 3)]);
  });

  it("without InvocationId goes by its operation and span", () => {
    const [run] = of(readWith(logTables, [table("requests", [classic({ customDimensions: "" })])]), "invocation");
    expect(run).toMatchObject({ requestId: `${OP}.a1ad6b7169203331`, fn: "hello", durationMs: 9.1593 });
  });

  it("of a web app is a span, no run", () => {
    const read2 = readWith(logTables, [
      table("requests", [classic({ customDimensions: "{}", name: "GET Orders/Get [id]", operation_Name: "GET Orders/Get [id]" })]),
    ]);
    expect(of(read2, "invocation")).toEqual([]);
    expect(of(read2, "span")).toMatchObject([{ name: "GET Orders/Get [id]", fn: null, isInvocation: false }]);
  });

  it("keeps no query of a URL, which may hold a key", () => {
    const text = JSON.stringify(
      of(readWith(logTables, [table("requests", [classic({ url: "https://a.net/api/x?code=SECRET&orderId=o-99" })])]), "span"),
    );
    expect(text).toContain("https://a.net/api/x");
    expect(text).toContain("o-99");
    expect(text).not.toContain("SECRET");
  });
});

describe("numbers that are none", () => {
  it.each(["Infinity", "-Infinity", "NaN", "", null])("a duration of %j is unknown", (DurationMs) => {
    const row = workspace({ DurationMs, Properties: JSON.stringify({ InvocationId: RUN }), ItemCount: "9223372036854775807" });
    expect(of(readWith(logTables, [table("AppRequests", [row])]), "invocation")[0]).toMatchObject({
      durationMs: null,
      endedAt: null,
      weight: 1,
    });
  });
});

describe("what an answer lacks", () => {
  it("is a gap: partial errors and row limits", () => {
    const document = {
      ...(table("PrimaryResult", [workspace()]) as Cells),
      error: { code: "PartialError", message: "There were some errors when processing your query." },
      "@ai.messages": [
        { code: "AddedLimitToQuery", message: "The query was limited to 1 rows" },
        // fewer came than this: these are all
        { code: "AddedLimitToQuery", message: "The query was limited to 500 rows" },
      ],
    };
    const read = readWith(logTables, [document]);
    expect(of(read, "gap").map((gap) => gap.why)).toEqual([
      "the query ended with PartialError: There were some errors when processing your query.",
      "The query was limited to 1 rows",
    ]);
    expect(of(read, "invocation")).toHaveLength(1);
  });

  it("is said of empty results and of rows that are no telemetry", () => {
    expect(readWith(logTables, [table("PrimaryResult", [])]).ignored).toEqual(["a query result without rows"]);
    const other = readWith(logTables, [table("PrimaryResult", [{ name: "google" }])]);
    expect([other.records, other.ignored]).toEqual([[], ["rows of a query result without telemetry columns are not read"]]);
  });

  it("is reported of rows that cannot be read, and the rest is used", () => {
    const read = readWith(logTables, [
      table("AppRequests", [workspace({ TimeGenerated: "yesterday" }), workspace({ TimeGenerated: null }), workspace()]),
    ]);
    expect(read.broken).toEqual(['requests: unreadable time "yesterday"', "requests: a row without a time"]);
    expect(of(read, "invocation")).toHaveLength(1);
  });
});

describe("shapes of an answer", () => {
  it("reads rows as objects: a list (CLI), one by one (NDJSON), SDK tables", () => {
    expect(runsIn([workspace(), classic({ customDimensions: { InvocationId: "second" } })])).toEqual([RUN, "second"]);
    expect(runsIn(workspace(), workspace({ Properties: { InvocationId: "other" } }))).toEqual([RUN, "other"]);
    const columns = Object.keys(workspace());
    const sdk = {
      status: "Success",
      tables: [{ name: "PrimaryResult", columnDescriptors: columns.map((name) => ({ name })), rows: [Object.values(workspace())] }],
    };
    expect(runsIn(sdk)).toEqual([RUN]);
    expect(logTables.recognise([workspace()])).toBeGreaterThan(0);
    expect(logTables.recognise(workspace())).toBeGreaterThan(0);
    expect(logTables.recognise(sdk)).toBeGreaterThan(0);
  });

  it("tells tables apart in a union, by the column that names them or by what they hold", () => {
    const union = table("PrimaryResult", [
      { ...workspace(), Type: null, T: "AppRequests" },
      { TimeGenerated: AT, T: "AppTraces", Message: "hi", SeverityLevel: 1, OperationId: OP },
      { TimeGenerated: AT, Message: "by columns", SeverityLevel: 2, OperationId: OP },
      { TimeGenerated: AT, Id: "b1", OperationId: OP, DurationMs: 3, Target: "db", Name: "q", Success: true },
    ]);
    const read = readWith(logTables, [union]);
    expect(
      read.records
        .map((r) => r.type)
        .filter((type) => type !== "config")
        .sort(),
    ).toEqual(["invocation", "log", "log", "log", "log", "span", "span"]);
  });

  it("takes correlation IDs from a query's own columns", () => {
    const [run] = of(readWith(logTables, [table("x", [workspace({ orderId: "own-column-1", Properties: null })])]), "invocation");
    expect(run!.ids).toEqual([{ kind: "correlation", value: "own-column-1" }]);
  });
});

describe("runs in trace lines", () => {
  const line = (at: string, Message: string, rest: Cells = {}): Cells => ({
    TimeGenerated: at,
    Type: "AppTraces",
    OperationId: OP,
    ParentId: "a1ad6b7169203331",
    AppRoleName: "shop-func",
    Message,
    SeverityLevel: 1,
    ItemCount: 1,
    Properties: { InvocationId: RUN, HostInstanceId: "h1", Category: "Function.hello" },
    ...rest,
  });
  const start = line("2026-11-20T10:00:00Z", `Executing 'Functions.hello' (Reason='Timer fired at 10:00', Id=${RUN})`);
  const end = line("2026-11-20T10:00:02Z", `Executed 'Functions.hello' (Failed, Id=${RUN}, Duration=1995ms)`);

  it("joins start and end in any order", () => {
    for (const rows of [
      [start, end],
      [end, start],
    ]) {
      expect(invocationsOf(...rows)).toMatchObject([
        {
          fn: "hello",
          requestId: RUN,
          startedAt: Date.UTC(2026, 10, 20, 10),
          durationMs: 1995,
          outcome: "error",
          trigger: "timer",
          traceId: OP,
        },
      ]);
    }
  });

  it("knows no outcome of a start alone and computes the start of an end alone", () => {
    expect(invocationsOf(start)).toMatchObject([{ outcome: "unknown", endedAt: null, durationMs: null }]);
    expect(invocationsOf(end)).toMatchObject([{ outcome: "error", startedAt: Date.UTC(2026, 10, 20, 10, 0, 0, 5), durationMs: 1995 }]);
  });

  it("puts the reason of a failure on the run, wherever the exception stands", () => {
    const thrown = line("2026-11-20T10:00:01Z", "", {
      Type: "AppExceptions",
      ExceptionType: "Microsoft.Azure.WebJobs.Host.FunctionTimeoutException",
      OuterMessage: "Timeout value of 00:05:00 was exceeded by function: Functions.hello",
    });
    expect(invocationsOf(thrown, start, end)[0]).toMatchObject({
      outcome: "timeout",
      errorType: "Microsoft.Azure.WebJobs.Host.FunctionTimeoutException",
    });
    expect(invocationsOf(start, end, { ...thrown, ExceptionType: "System.OutOfMemoryException", OuterMessage: "" })[0]).toMatchObject({
      outcome: "oom",
    });
    const succeeded = line("2026-11-20T10:00:02Z", `Executed 'Functions.hello' (Succeeded, Id=${RUN}, Duration=1995ms)`);
    expect(invocationsOf(start, succeeded, thrown)[0]).toMatchObject({ outcome: "ok", errorType: null });
  });

  it("calls the first run after the host's start cold, the next one warm, and says nothing without such a line", () => {
    const up = line("2026-11-20T09:59:59Z", "Host started (850ms)", { Properties: { HostInstanceId: "h1", Category: "Host.Startup" } });
    const next = "4a4b2e78-0000-4000-8000-000000000002";
    const later = line("2026-11-20T10:00:09Z", `Executing 'Functions.hello' (Reason='x', Id=${next})`);
    expect(coldOf(later, start, end, up)).toEqual({ [RUN]: [true, 850], [next]: [false, null] });
    expect(coldOf(start, end)).toEqual({ [RUN]: [null, null] });
  });

  it("takes no run from a function that prints the host's words", () => {
    expect(
      invocationsOf(
        line("2026-11-20T10:00:00Z", `Executed 'Functions.fake' (Succeeded, Id=${RUN}, Duration=1ms)`, {
          Properties: { Category: "Function.hello.User" },
        }),
      ),
    ).toEqual([]);
  });
});

const legacy = (rest: Cells): Cells => classic({ operation_Id: "e766f18a0adc49418d297b1a244f1bfb", ...rest });
const dependency = (DependencyType: string, Name: string): Cells => ({
  TimeGenerated: AT,
  Type: "AppDependencies",
  Id: "b1",
  OperationId: OP,
  DependencyType,
  Name,
  Target: "ns.servicebus.windows.net/orders",
  Success: "False",
  ResultCode: "429",
  DurationMs: "00:00:00.0310000",
});

describe("causes", () => {
  it("does not take an operation that is repeated as parent for a span", () => {
    expect(spansOf(workspace({ ParentId: OP }))[0]!.parentSpanId).toBeNull();
    expect(spansOf(classic({ operation_Id: "12345", operation_ParentId: "12345" }))[0]).toMatchObject({
      traceId: "12345",
      parentSpanId: null,
    });
  });

  it("keeps legacy parents, but a root only where its span is there", () => {
    const root = "|e766f18a0adc49418d297b1a244f1bfb.";
    const child = legacy({ id: `${root}1901.`, operation_ParentId: root });
    const grandchild = legacy({ id: `${root}1901.2.`, operation_ParentId: `${root}1901.` });
    expect(parentsOf(spansOf(child, grandchild))).toEqual({ [`${root}1901.`]: null, [`${root}1901.2.`]: `${root}1901.` });
    expect(parentsOf(spansOf(child, legacy({ id: root, operation_ParentId: "" })))).toEqual({ [`${root}1901.`]: root, [root]: null });
  });

  it("reads the links of a batch, in JSON or cut off", () => {
    const links = JSON.stringify([{ operation_Id: OP, id: "00F067AA0BA902B7" }, { id: "00f067aa0ba902b8" }, { operation_Id: "cut" }]);
    const batch = workspace({
      OperationId: "1".repeat(32),
      ParentId: "",
      Properties: JSON.stringify({ InvocationId: RUN, "_MS.links": links.slice(0, -12) }),
    });
    expect(spansOf(batch)[0]).toMatchObject({
      kind: "consumer",
      links: [
        { traceId: OP, spanId: "00f067aa0ba902b7" },
        { traceId: "1".repeat(32), spanId: "00f067aa0ba902b8" },
      ],
    });
    const gaps = of(readWith(logTables, [table("AppRequests", [batch])]), "gap");
    expect(gaps.map(({ what, why }) => [what, why])).toEqual([
      [
        `trace ${"1".repeat(32)}`,
        expect.stringMatching(/\(_MS\.links\) are cut after \d+ characters: 2 messages are known, the others are lost$/),
      ],
    ]);
    const whole = workspace({ Properties: JSON.stringify({ InvocationId: RUN, "_MS.links": links }) });
    expect(of(readWith(logTables, [table("AppRequests", [whole])]), "gap")).toEqual([]);
  });

  it("tells sends from calls", () => {
    const kinds = [
      ["Azure Service Bus", "ServiceBusSender.Send"],
      ["Queue Message | Azure Service Bus", "Message"],
      ["Azure Service Bus", "ServiceBusReceiver.Complete"],
      ["HTTP", "GET /"],
      ["InProc", "work"],
    ].map(([type, name]) => spansOf(dependency(type!, name!))[0]!.kind);
    expect(kinds).toEqual(["producer", "producer", "client", "client", "internal"]);
    expect(spansOf(dependency("HTTP", "GET /"))[0]).toMatchObject({
      error: true,
      fault: false,
      throttle: true,
      endedAt: expect.closeTo(AT_MS + 31, 2),
    });
  });
});

describe("messages", () => {
  const details: Cells = {
    TimeGenerated: AT,
    Type: "AppTraces",
    OperationId: OP,
    Message: "Trigger Details: MessageId: m-000001, SequenceNumber: 1, DeliveryCount: 2, EnqueuedTimeUtc: 2026-11-20T09:59:58Z",
    Properties: { InvocationId: RUN, Category: "Function.hello" },
  };
  const request = workspace({ Source: "sb://shop.servicebus.windows.net/orders", Measurements: { timeSinceEnqueued: 1900 } });

  it("come with their ID from the log line and with channel and context from the request", () => {
    expect(messagesOf(details, request)).toMatchObject([
      {
        direction: "received",
        messageId: "m-000001",
        channel: "orders",
        attempt: 2,
        sentAt: Date.UTC(2026, 10, 20, 9, 59, 58),
        traceId: OP,
        parentSpanId: "b7ad6b7169203331",
        fn: "hello",
        requestId: RUN,
      },
    ]);
    expect(messagesOf(details)).toMatchObject([{ messageId: "m-000001", channel: null }]);
  });

  it("of a queue are told once: a request row alone gives none", () => {
    expect(messagesOf(request)).toEqual([]);
  });

  it("that a function logged as JSON are received by it", () => {
    const body = {
      id: "evt-1",
      subject: "/orders/7",
      eventType: "Order.Placed",
      eventTime: "2026-11-20T09:59:59Z",
      data: { orderId: "o-123" },
      dataVersion: "1.0",
      topic: "/subscriptions/s/resourceGroups/g/providers/Microsoft.EventGrid/topics/orders",
    };
    expect(
      messagesOf({
        ...details,
        Message: `got ${JSON.stringify(body)}`,
        Properties: { InvocationId: RUN, Category: "Function.hello.User" },
      }),
    ).toMatchObject([
      {
        direction: "received",
        messageId: "evt-1",
        channel: "orders",
        channelKind: "bus",
        eventName: "Order.Placed",
        requestId: RUN,
        fn: "hello",
        ids: [
          { kind: "correlation", value: "o-123" },
          { kind: "message", value: "evt-1" },
        ],
      },
    ]);
  });

  it("carry the sender's context and the moment that Event Hubs wrote as epoch seconds", () => {
    const body = {
      messageId: "m-2",
      deliveryCount: 1,
      applicationProperties: { "Diagnostic-Id": `00-${OP}-00f067aa0ba902b7-01`, "x-opt-enqueued-time": "1622593091" },
    };
    expect(messagesOf({ ...details, Message: JSON.stringify(body) })).toMatchObject([
      { messageId: "m-2", traceId: OP, parentSpanId: "00f067aa0ba902b7", sentAt: 1_622_593_091_000 },
    ]);
  });
});

describe("other tables", () => {
  it("of the classic dialect name kinds of things by `type`", () => {
    const common: Cells = {
      timestamp: AT,
      operation_Id: OP,
      operation_ParentId: "a1ad6b7169203331",
      operation_Name: "hello",
      cloud_RoleName: "shop-func",
    };
    const read = rowsOf([
      {
        ...common,
        id: "b1ad6b7169203331",
        type: "Azure blob",
        target: "store.blob.core.windows.net",
        name: "PUT store",
        success: "True",
        resultCode: "201",
        duration: 12,
        itemType: "dependency",
      },
      {
        ...common,
        type: "System.TimeoutException",
        outerMessage: "no answer",
        problemId: "System.TimeoutException at X",
        severityLevel: 3,
        itemType: "exception",
        customDimensions: { InvocationId: RUN },
      },
      { ...common, name: "order.placed", customDimensions: { orderId: "o-55" }, itemType: "customEvent" },
      { ...common, name: "queue length", value: 14, valueCount: 2, valueSum: 14, valueMin: 5, valueMax: 9, itemType: "customMetric" },
      { ...common, name: "page", itemType: "pageView" },
    ]);
    expect(of(read, "span")).toMatchObject([
      { name: "PUT store", origin: "Azure blob", kind: "client", parentSpanId: "a1ad6b7169203331", fn: "hello" },
    ]);
    expect(of(read, "log").map((log) => [log.kind, log.level, log.message])).toEqual([
      ["platform", "INFO", "Azure blob PUT store store.blob.core.windows.net 201 12 ms"],
      ["error", "ERROR", "System.TimeoutException: no answer"],
      ["function", "INFO", 'order.placed {"orderId":"o-55"}'],
    ]);
    expect(of(read, "metric").map((point) => [point.name, point.statistic, point.value])).toEqual([
      ["AppMetrics/queue length", "Value", 14],
      ["AppMetrics/queue length", "Sum", 14],
      ["AppMetrics/queue length", "Minimum", 5],
      ["AppMetrics/queue length", "Maximum", 9],
    ]);
    expect(read.ignored).toEqual(["rows of table pageView are not read"]);
  });

  it("FunctionAppLogs: one run per pair of lines, which nothing samples", () => {
    const line = (TimeGenerated: string, Message: string): Cells => ({
      TimeGenerated,
      Type: "FunctionAppLogs",
      Message,
      Level: "Information",
      LevelId: 2,
      Category: "Function.hello",
      FunctionName: "Functions.hello",
      FunctionInvocationId: RUN.toUpperCase(),
      HostInstanceId: "h1",
      ActivityId: OP,
      AppName: "Shop-Func",
      RoleInstance: "instance-1",
      _ResourceId: "/subscriptions/sub-1/resourcegroups/rg/providers/microsoft.web/sites/shop-func",
    });
    const rows = [
      line("2026-11-20T10:00:00Z", `Executing 'Functions.hello' (Reason='(null)', Id=${RUN})`),
      line("2026-11-20T10:00:01.25Z", `Executed 'Functions.hello' (Succeeded, Id=${RUN}, Duration=1250ms)`),
    ];
    expect(invocationsOf(...rows)).toMatchObject([
      {
        fn: "hello",
        requestId: RUN,
        durationMs: 1250,
        outcome: "ok",
        weight: 1,
        seenIn: "platform-log",
        traceId: OP,
        account: "sub-1",
        stream: "instance-1",
      },
    ]);
  });
});
