import { describe, expect, it } from "vitest";
import { formats } from "../../../../src/clouds/azure/formats.ts";
import type { Json, MetricPoint } from "../../../../src/model/records.ts";
import { readDocuments } from "../../../contract/read-documents.ts";

const points = (document: Json): [number, string, string, number, number | null][] =>
  readDocuments(formats, [document])
    .records.filter((record): record is MetricPoint => record.type === "metric")
    .map((point) => [point.at, point.name, point.statistic, point.value, point.periodMs]);
const T = Date.UTC(2026, 10, 20, 10);

const metric: Json = {
  id: "/subscriptions/S/resourceGroups/g/providers/Microsoft.Web/sites/shop/providers/Microsoft.Insights/metrics/FunctionExecutionUnits",
  type: "Microsoft.Insights/metrics",
  name: { value: "FunctionExecutionUnits", localizedValue: "Function Execution Units" },
  unit: "Count",
  timeseries: [
    {
      metadatavalues: [{ name: { value: "instance" }, value: "i1" }],
      data: [{ timeStamp: "2026-11-20T10:00:00Z", total: 1_024_000 }, { timeStamp: "2026-11-20T10:05:00Z" }],
    },
  ],
};
const answer: Json = {
  cost: 0,
  timespan: "a/b",
  interval: "PT5M",
  value: [metric],
  namespace: "Microsoft.Web/sites",
  resourceregion: "westeurope",
};

describe("metrics", () => {
  it("of Azure Monitor: a point for each value, none where nothing was measured", () => {
    const read = readDocuments(formats, [answer]);
    expect(points(answer)).toEqual([[T, "Microsoft.Web/sites/FunctionExecutionUnits{instance=i1}", "Sum", 1_024_000, 300_000]]);
    expect(read.records).toMatchObject([
      { resource: "/subscriptions/S/resourceGroups/g/providers/Microsoft.Web/sites/shop", account: "s", region: "westeurope" },
    ]);
    expect(read.ignored).toEqual(["metric points without a value"]);
  });

  it("of several resources at once", () => {
    expect(points({ values: [answer, answer] })).toHaveLength(2);
  });

  it("of Application Insights, whole and by interval and segment", () => {
    const whole = { value: { start: "2026-11-20T10:00:00Z", end: "2026-11-20T11:00:00Z", "requests/duration": { avg: 3.5, count: 0 } } };
    expect(points(whole)).toEqual([
      [T, "requests/duration", "Average", 3.5, 3_600_000],
      [T, "requests/duration", "Count", 0, 3_600_000],
    ]);
    const parts = {
      value: {
        start: "2026-11-20T10:00:00Z",
        end: "2026-11-20T12:00:00Z",
        interval: "PT1H",
        segments: [
          {
            start: "2026-11-20T11:00:00Z",
            end: "2026-11-20T12:00:00Z",
            segments: [{ "request/name": "hello", "requests/count": { sum: 7 } }],
          },
        ],
      },
    };
    expect(points(parts)).toEqual([[T + 3_600_000, "requests/count{request/name=hello}", "Sum", 7, 3_600_000]]);
  });
});

describe("the events API", () => {
  const event: Json = {
    id: "item-1",
    count: 3,
    type: "request",
    timestamp: "2026-11-20T10:00:00Z",
    customDimensions: { InvocationId: "3a4b2e78-0000-4000-8000-000000000001", FullName: "Functions.hello" },
    operation: { id: "0af7651916cd43dd8448eb211c80319c", parentId: "b7ad6b7169203331", name: "hello" },
    cloud: { roleName: "app", roleInstance: "i1" },
    request: { id: "a1ad6b7169203331", name: "hello", success: "1", resultCode: "200", duration: 12.5 },
  };
  it("gives the same run as a row would, and says that rows are missing", () => {
    const read = readDocuments(formats, [
      { "@ai.messages": [{ code: "AddedLimitToQuery", message: "The query was limited to 1 rows" }], value: [event] },
    ]);
    expect(read.format).toBe("azure.events-api");
    expect(read.records.filter((record) => record.type === "invocation")).toMatchObject([
      {
        fn: "hello",
        weight: 3,
        durationMs: 12.5,
        outcome: "ok",
        spanId: "a1ad6b7169203331",
        parentSpanId: "b7ad6b7169203331",
        stream: "i1",
      },
    ]);
    expect(read.records.filter((record) => record.type === "gap")).toMatchObject([{ why: "The query was limited to 1 rows" }]);
    const whole = { "@ai.messages": [{ code: "AddedLimitToQuery", message: "The query was limited to 500 rows" }], value: [event] };
    expect(readDocuments(formats, [whole]).records.filter((record) => record.type === "gap")).toEqual([]);
  });
});

describe("Event Grid events", () => {
  const grid = {
    id: "e-1",
    topic: "/subscriptions/S/resourceGroups/g/providers/Microsoft.EventGrid/topics/orders",
    subject: "/o/7",
    eventType: "Order.Placed",
    eventTime: "2026-11-20T10:00:00.5Z",
    data: { orderId: "o-123" },
    dataVersion: "1",
  };
  const cloud = {
    specversion: "1.0",
    id: "e-2",
    source: "/subscriptions/S/resourceGroups/g/providers/Microsoft.EventGrid/topics/orders",
    type: "Order.Placed",
    time: "2026-11-20T10:00:00.5Z",
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    data: { orderId: "o-123" },
  };

  it.each([
    ["Event Grid schema", grid, { messageId: "e-1", traceId: null }],
    ["CloudEvents", cloud, { messageId: "e-2", traceId: "0af7651916cd43dd8448eb211c80319c", parentSpanId: "b7ad6b7169203331" }],
  ])("in the %s are published messages", (_, event, own) => {
    for (const document of [event, [event]]) {
      expect(readDocuments(formats, [document]).records).toMatchObject([
        {
          type: "message",
          direction: "published",
          at: T + 500,
          channel: "orders",
          channelKind: "bus",
          eventName: "Order.Placed",
          account: "s",
          ...own,
        },
      ]);
    }
  });

  it("that were dead-lettered say so", () => {
    expect(
      readDocuments(formats, [[{ ...grid, deadLetterReason: "MaxDeliveryAttemptsExceeded", deliveryAttempts: 30 }]]).records,
    ).toMatchObject([{ deadLetter: true, attempt: 30 }]);
  });

  it("of other sources are left to the neutral format", () => {
    expect(readDocuments(formats, [{ ...cloud, source: "/mycontext", type: "com.example" }]).format).toBeNull();
  });
});

describe("answers inside something else", () => {
  const exchange = (body: Json, uri = "https://management.azure.com/x"): Json => ({
    request: { method: "GET", uri },
    response: { status: { code: 200 }, body },
  });
  it("are read by the format that knows each", () => {
    const site: Json = {
      id: "/subscriptions/S/resourceGroups/g/providers/Microsoft.Web/sites/a",
      name: "a",
      type: "Microsoft.Web/sites",
      kind: "functionapp",
      properties: {},
    };
    const read = readDocuments(formats, [
      {
        version: 1,
        interactions: [
          exchange({ data: site }),
          exchange({ string: JSON.stringify(answer) }),
          exchange({ error: { code: "NotFound", message: "no" } }),
        ],
      },
    ]);
    expect(read.records.map((record) => record.type)).toEqual(["config", "metric"]);
    expect(read.ignored).toContain("a failed answer (NotFound)");
  });

  it("say so where an Azure answer holds nothing to read, and leave other services alone", () => {
    expect(readDocuments(formats, [exchange({ status: "Succeeded" })]).ignored).toEqual([
      "an answer that holds no telemetry and describes no resource",
    ]);
    expect(readDocuments(formats, [exchange({ status: "Succeeded" }, "https://example.org/x")]).format).toBeNull();
  });

  it("are read from a batch of queries", () => {
    const tables: Json = {
      tables: [{ name: "AppTraces", columns: [{ name: "TimeGenerated" }, { name: "Message" }], rows: [["2026-11-20T10:00:00Z", "hi"]] }],
    };
    expect(
      readDocuments(formats, [
        {
          responses: [
            { id: "1", status: 200, body: tables },
            { id: "2", status: 500, body: { error: { code: "X", message: "y" } } },
          ],
        },
      ]).records,
    ).toMatchObject([{ type: "log", message: "hi" }]);
  });
});
