import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { neutralFormats } from "../../../../src/archive/neutral/index.ts";
import type { Json } from "../../../../src/model/records.ts";
import { only, readWith } from "../../../support/read-format.ts";
import { shared } from "../../../support/shared.ts";

const metrics = (metric: Fields): Json => ({
  resourceMetrics: [
    {
      resource: { attributes: attributes({ "service.name": "shop" }) },
      scopeMetrics: [{ metrics: [{ name: "m", unit: "ms", ...metric }] }],
    },
  ],
});

const logs = (record: Fields, resource: Fields = { "service.name": "shop" }): Json => ({
  resourceLogs: [{ resource: { attributes: attributes(resource) }, scopeLogs: [{ logRecords: [record] }] }],
});

const values = (metric: Fields): [string, number][] =>
  only(read(metrics(metric)).records, "metric").map(({ statistic, value }) => [statistic, value]);

const count = (name: string): number => {
  const { format, records, broken } = read(JSON.parse(readFileSync(`${examples}/${name}.json`, "utf8")) as Json);
  expect(format).toBe("otlp");
  expect(broken).toEqual([]);
  return records.length;
};

const idsOf = (trace: string | null | undefined, spanId: string | null | undefined): string =>
  `${trace?.split("/").at(-1) ?? ""} ${spanId ?? ""}`;

const read = (...documents: Json[]) => readWith(neutralFormats, documents);
const TRACE = "5b8efff798038103d269b633813fc60c";
const NANOS = 1_544_712_660_000;

type Fields = { [key: string]: Json };
const attributes = (fields: Fields): Json => Object.entries(fields).map(([key, value]) => ({ key, value: wrap(value) }));
function wrap(value: Json): Json {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "number") return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  return value;
}

const span = (rest: Fields = {}, own: Fields = {}): Fields => ({
  traceId: TRACE.toUpperCase(),
  spanId: "EEE19B7EC3C1B174",
  parentSpanId: "EEE19B7EC3C1B173",
  name: "run",
  kind: 2,
  startTimeUnixNano: "1544712660000000000",
  endTimeUnixNano: "1544712661234567891",
  attributes: attributes(own),
  ...rest,
});
const spans = (resource: Fields, ...list: Json[]): Json => ({
  resourceSpans: [{ resource: { attributes: attributes(resource) }, scopeSpans: [{ scope: {}, spans: list }] }],
});
const lambda = {
  "cloud.provider": "aws",
  "cloud.region": "eu-west-1",
  "faas.name": "payment",
  "faas.max_memory": 134_217_728,
  "faas.instance": "2025/06/28/[$LATEST]2f399",
  "service.name": "payment",
};

describe("OTLP spans", () => {
  it("reads the official example's form: hex in upper case, nanoseconds as text", () => {
    expect(only(read(spans({ "service.name": "my.service" }, span({}, { "app.order.id": "ord-9" }))).records, "span")).toEqual([
      {
        type: "span",
        cloud: "other",
        account: null,
        region: null,
        traceId: TRACE,
        spanId: "eee19b7ec3c1b174",
        parentSpanId: "eee19b7ec3c1b173",
        name: "run",
        fn: null,
        requestId: null,
        kind: "server",
        isInvocation: false,
        startedAt: NANOS,
        // 1.234567891 s later; a double of this size holds a quarter of a microsecond
        endedAt: expect.closeTo(NANOS + 1234.567891, 3),
        inProgress: false,
        error: false,
        fault: false,
        throttle: false,
        inferred: false,
        origin: null,
        namespace: null,
        links: [],
        attributes: { "service.name": "my.service" },
        ids: [{ kind: "correlation", value: "ord-9" }],
      },
    ]);
  });

  it("snake_case, base64 IDs and kinds by name say the same", () => {
    const snake = {
      resource_spans: [
        {
          resource: { attributes: [] },
          scope_spans: [
            {
              spans: [
                {
                  trace_id: Buffer.from(TRACE, "hex").toString("base64"),
                  span_id: Buffer.from("eee19b7ec3c1b174", "hex").toString("base64"),
                  parent_span_id: "eee19b7ec3c1b173",
                  name: "run",
                  kind: "SPAN_KIND_SERVER",
                  start_time_unix_nano: "1544712660000000000",
                  end_time_unix_nano: 1544712661000000000,
                },
              ],
            },
          ],
        },
      ],
    };
    expect(only(read(snake).records, "span")).toEqual([
      expect.objectContaining({
        traceId: TRACE,
        spanId: "eee19b7ec3c1b174",
        parentSpanId: "eee19b7ec3c1b173",
        kind: "server",
        startedAt: NANOS,
      }),
    ]);
  });

  it.each<[string, (request: Json) => Json]>([
    ["an array of requests", (request) => [request]],
    ["a query answer", (request) => ({ result: request })],
    ["Tempo's batches", (request) => ({ batches: (request as { resourceSpans: Json }).resourceSpans })],
  ])("in %s", (_name, wrapIn) => expect(only(read(wrapIn(spans({}, span()))).records, "span")).toHaveLength(1));

  it("signals mix in the lines of the collector's file exporter", () => {
    const { format, records } = read(spans({}, span()), logs({ timeUnixNano: "1544712660000000000", body: { stringValue: "x" } }));
    expect(format).toBe("otlp");
    expect(records.map(({ type }) => type)).toEqual(["span", "log"]);
  });

  it.each<[Fields, Fields, { error: boolean; fault: boolean; throttle: boolean }]>([
    [{ status: { code: 2 } }, {}, { error: false, fault: true, throttle: false }],
    [{ status: { code: "STATUS_CODE_ERROR" } }, { "http.response.status_code": 404 }, { error: true, fault: false, throttle: false }],
    [{ status: {} }, { "http.status_code": 503 }, { error: false, fault: true, throttle: false }],
    [{}, { "http.status_code": "429" }, { error: true, fault: false, throttle: true }],
    [{ status: { code: 1 } }, {}, { error: false, fault: false, throttle: false }],
  ])("status %j with %j", (rest, own, expected) =>
    expect(only(read(spans({}, span(rest, own))).records, "span")[0]).toMatchObject(expected),
  );

  it("links, missing ends and empty parents", () => {
    const links = [
      { traceId: TRACE, spanId: "1111111111111111" },
      { traceId: "", spanId: "" },
    ];
    const [one] = only(read(spans({}, span({ links, endTimeUnixNano: "0", parentSpanId: "" }))).records, "span");
    expect(one).toMatchObject({
      links: [{ traceId: TRACE, spanId: "1111111111111111" }],
      endedAt: null,
      inProgress: true,
      parentSpanId: null,
    });
  });

  it("reports what is broken with its reason and reads the rest", () => {
    const { records, broken } = read(spans({}, span({ spanId: "" }), span({ startTimeUnixNano: "x" }), span(), "nonsense"));
    expect(records).toHaveLength(1);
    expect(broken).toEqual(["span without a span ID", "span eee19b7ec3c1b174 without a start time"]);
  });

  it("statements, queries and bodies stay out", () => {
    const [one] = only(
      read(
        spans(
          {},
          span(
            {},
            {
              "db.statement": "select 'secret'",
              "http.url": "https://x/?token=secret",
              "url.query": "token=secret",
              "http.target": "/a?token=secret",
              "http.request.method": "GET",
            },
          ),
        ),
      ).records,
      "span",
    );
    expect(one!.attributes).toEqual({ "http.request.method": "GET", "http.method": "GET", "http.path": "/a" });
  });
});

describe("functions in OTLP", () => {
  it("the server span of a function is an invocation", () => {
    const own = {
      "faas.invocation_id": "af9d5aa4-a685-4c5f-a22b-444f80b3cc28",
      "faas.trigger": "pubsub",
      "faas.coldstart": true,
      "aws.lambda.invoked_arn": "arn:aws:lambda:eu-west-1:123456789012:function:payment:live",
      "messaging.system": "aws_sqs",
    };
    const { records } = read(spans(lambda, span({}, own)));
    expect(only(records, "span")[0]).toMatchObject({
      isInvocation: true,
      fn: "payment",
      requestId: own["faas.invocation_id"],
      cloud: "aws",
      account: "123456789012",
      region: "eu-west-1",
    });
    expect(only(records, "invocation")).toEqual([
      expect.objectContaining({
        fn: "payment",
        requestId: own["faas.invocation_id"],
        durationMs: expect.closeTo(1234.567891, 3),
        memoryMib: 128,
        coldStart: true,
        outcome: "ok",
        billedMs: null,
        trigger: "sqs",
        stream: lambda["faas.instance"],
        seenIn: "span",
        traceId: TRACE,
      }),
    ]);
  });

  it("its inner spans are not, and a client's AWS request ID is not the invocation's", () => {
    const { records } = read(
      spans(lambda, span({ kind: 3 }, { "aws.request_id": "other-request", "rpc.system": "aws-api" }), span({ kind: 1 })),
    );
    expect(only(records, "invocation")).toEqual([]);
    expect(only(records, "span").map(({ isInvocation, requestId, namespace }) => [isInvocation, requestId, namespace])).toEqual([
      [false, null, "aws"],
      [false, null, null],
    ]);
  });

  it.each<[Fields, object]>([
    [
      {
        "cloud.platform": "azure_functions",
        "faas.name": "shop-app/Charge",
        "cloud.resource_id": "/subscriptions/AAAA-1/resourceGroups/g/providers/Microsoft.Web/sites/shop-app",
      },
      { cloud: "azure", fn: "Charge", account: "aaaa-1" },
    ],
    [
      { "cloud.resource_id": "//run.googleapis.com/projects/shop/locations/europe-west1/services/mailer" },
      { cloud: "gcp", fn: "mailer", account: "shop", region: "europe-west1" },
    ],
    [
      { "faas.id": "arn:aws:lambda:us-east-1:123456789012:function:pay:3" },
      { cloud: "aws", fn: "pay", account: "123456789012", region: "us-east-1" },
    ],
    [
      { "cloud.provider": "gcp", "cloud.account.id": "shop", "cloud.region": "US-CENTRAL1", "service.name": "x" },
      { cloud: "gcp", fn: null, account: "shop", region: "us-central1" },
    ],
    [{ "cloud.provider": "alibaba_cloud" }, { cloud: "other" }],
  ])("%j is placed", (resource, expected) => expect(only(read(spans(resource, span())).records, "span")[0]).toMatchObject(expected));

  it("a failed run is an error with its exception, one in progress is unknown", () => {
    const events = [{ name: "exception", attributes: attributes({ "exception.type": "ValueError", "exception.message": "secret" }) }];
    const own = { "faas.invocation_id": "r-1001" };
    const { records } = read(
      spans(lambda, span({ status: { code: 2 }, events }, own), span({ endTimeUnixNano: "" }, { "faas.invocation_id": "r-1002" })),
    );
    expect(only(records, "invocation").map(({ outcome, errorType, durationMs }) => [outcome, errorType, durationMs === null])).toEqual([
      ["error", "ValueError", false],
      ["unknown", null, true],
    ]);
  });
});

describe("messages in OTLP", () => {
  const sent = {
    "messaging.system": "aws_sqs",
    "messaging.destination.name": "orders",
    "messaging.message.id": "m-100",
    "messaging.message.body.size": 20,
    "messaging.message.conversation_id": "c-77",
  };

  it("a producer publishes, a consumer receives what the link's span sent", () => {
    const links = [{ traceId: "c".repeat(32), spanId: "d".repeat(16) }];
    const { records } = read(
      spans(lambda, span({ kind: 4 }, sent), span({ kind: 5, links }, { ...sent, "messaging.operation.type": "process" })),
    );
    expect(only(records, "message")).toEqual([
      expect.objectContaining({
        direction: "published",
        channel: "orders",
        channelKind: "queue",
        messageId: "m-100",
        traceId: TRACE,
        parentSpanId: "eee19b7ec3c1b174",
        sentAt: NANOS,
        sizeBytes: 20,
        fn: "payment",
        ids: [{ kind: "correlation", value: "c-77" }],
      }),
      expect.objectContaining({
        direction: "received",
        messageId: "m-100",
        traceId: "c".repeat(32),
        parentSpanId: "d".repeat(16),
        sentAt: null,
      }),
    ]);
  });

  it.each<[Fields, string]>([
    [{ "messaging.system": "kafka" }, "stream"],
    [{ "messaging.system": "gcp_pubsub" }, "topic"],
    [{ "messaging.system": "servicebus" }, "queue"],
    [{ "messaging.system": "servicebus", "messaging.destination_kind": "topic" }, "topic"],
    [{ "messaging.system": "eventgrid" }, "bus"],
  ])("%j is a %s", (own, channelKind) =>
    expect(only(read(spans({}, span({ kind: 4 }, { ...own, "messaging.message_id": "m-1" }))).records, "message")[0]!.channelKind).toBe(
      channelKind,
    ),
  );

  it("settling a message neither sends nor receives it", () => {
    expect(only(read(spans({}, span({ kind: 3 }, { ...sent, "messaging.operation.type": "settle" }))).records, "message")).toEqual([]);
  });
});

describe("OTLP logs", () => {
  it("reads body, level, IDs and correlation attributes", () => {
    const record = {
      timeUnixNano: "1544712660300000000",
      observedTimeUnixNano: "1",
      severityNumber: 10,
      severityText: "Information",
      traceId: TRACE.toUpperCase(),
      spanId: "EEE19B7EC3C1B174",
      body: { stringValue: "paid transactionId=tx-42" },
      attributes: attributes({ order_id: "ord-4" }),
    };
    expect(only(read(logs(record)).records, "log")[0]).toMatchObject({
      at: NANOS + 300,
      fn: "shop",
      level: "INFO",
      traceId: TRACE,
      spanId: "eee19b7ec3c1b174",
      message: "paid transactionId=tx-42",
      ids: [
        { kind: "correlation", value: "tx-42" },
        { kind: "correlation", value: "ord-4" },
      ],
    });
  });

  it("an empty trace ID is none; a map is JSON; the observed time has to do", () => {
    const record: Fields = {
      timeUnixNano: "0",
      observedTimeUnixNano: "1544712660300000000",
      traceId: "",
      spanId: "",
      severityText: "warning",
      body: {
        kvlistValue: {
          values: [
            { key: "a", value: { intValue: "7" } },
            { key: "l", value: { arrayValue: { values: [{ boolValue: true }] } } },
          ],
        },
      },
    };
    expect(only(read(logs(record, lambda)).records, "log")[0]).toMatchObject({
      at: NANOS + 300,
      traceId: null,
      spanId: null,
      level: "WARN",
      message: '{"a":7,"l":[true]}',
      fn: "payment",
      cloud: "aws",
    });
  });

  it.each([
    [1, "TRACE"],
    [5, "DEBUG"],
    [9, "INFO"],
    [16, "WARN"],
    [17, "ERROR"],
    [24, "FATAL"],
    [0, null],
  ])("severity %i is %s", (severityNumber, level) =>
    expect(only(read(logs({ timeUnixNano: "1544712660300000000", severityNumber })).records, "log")[0]!.level).toBe(level),
  );

  it("reports a record without a time", () =>
    expect(read(logs({ body: { stringValue: "x" } })).broken).toEqual(["log record without a time"]));
});

describe("OTLP metrics", () => {
  const time = { startTimeUnixNano: "1544712600000000000", timeUnixNano: "1544712660000000000" };

  it("gauge and sums", () => {
    expect(values({ gauge: { dataPoints: [{ ...time, asDouble: 1.5 }] } })).toEqual([["value", 1.5]]);
    expect(values({ sum: { aggregationTemporality: 1, isMonotonic: true, dataPoints: [{ ...time, asInt: "7" }] } })).toEqual([["sum", 7]]);
    expect(
      values({
        sum: { aggregationTemporality: "AGGREGATION_TEMPORALITY_CUMULATIVE", isMonotonic: true, dataPoints: [{ ...time, asInt: "7" }] },
      }),
    ).toEqual([["cumulative", 7]]);
    expect(values({ sum: { aggregationTemporality: 2, dataPoints: [{ ...time, asInt: "7" }] } })).toEqual([["value", 7]]);
  });

  it("histograms: totals and cumulative buckets", () => {
    // 1 value up to 10, 3 more up to 100, 2 above: 60 + ... sum 600 over 6 values, mean 100
    const point = { ...time, count: "6", sum: 600, min: 5, max: 300, bucketCounts: ["1", "3", "2"], explicitBounds: [10, 100] };
    expect(values({ histogram: { dataPoints: [point] } })).toEqual([
      ["count", 6],
      ["sum", 600],
      ["mean", 100],
      ["min", 5],
      ["max", 300],
      ["bucket<=10", 1],
      ["bucket<=100", 4],
      ["bucket<=+Inf", 6],
    ]);
    expect(values({ exponentialHistogram: { dataPoints: [{ ...time, count: "3", sum: 9 }] } })).toEqual([
      ["count", 3],
      ["sum", 9],
      ["mean", 3],
    ]);
    expect(
      values({
        summary: {
          dataPoints: [
            {
              ...time,
              count: "2",
              sum: 3,
              quantileValues: [
                { quantile: 0.99, value: 2 },
                { quantile: 1, value: 2.5 },
              ],
            },
          ],
        },
      }),
    ).toEqual([
      ["count", 2],
      ["sum", 3],
      ["mean", 1.5],
      ["p99", 2],
      ["max", 2.5],
    ]);
  });

  it("time, period and what the series is about", () => {
    const [point] = only(
      read(metrics({ gauge: { dataPoints: [{ ...time, asInt: "1", attributes: attributes({ b: 2, a: "x" }) }] } })).records,
      "metric",
    );
    expect(point).toMatchObject({ at: NANOS, periodMs: 60_000, fn: "shop", resource: "shop{a=x,b=2}", unit: "ms", name: "m" });
  });

  it("reports a point without a time, refuses a metric without points", () => {
    expect(read(metrics({ gauge: { dataPoints: [{ asInt: "1" }] } })).broken).toEqual(["metric m: a point without a time"]);
    expect(read(metrics({})).ignored).toEqual(["metric without data points"]);
  });
});

const examples = shared("corpora/other/otlp-examples");
const google = shared("corpora/gcp/otel-operations-fixtures");

describe.skipIf(examples === null || google === null)("recorded OTLP", () => {
  it("the official examples: one span, one log record, one event, 14 values of four metrics", () => {
    // counter 1, gauge 1, histogram count sum mean min max and 2 buckets, exponential histogram count sum mean min max
    expect([count("trace"), count("logs"), count("events"), count("metrics")]).toEqual([1, 1, 1, 14]);
  });

  it("trace and span IDs are those that Google's exporter writes for the same records", () => {
    const folder = `${google}/logs`;
    for (const name of readdirSync(folder).filter((file) => !file.includes("_expected"))) {
      const ours = only(read(JSON.parse(readFileSync(`${folder}/${name}`, "utf8")) as Json).records, "log");
      const theirs = JSON.parse(readFileSync(`${folder}/${name.replace(".json", "_expected.json")}`, "utf8")) as {
        writeLogEntriesRequests: { entries: { trace?: string; spanId?: string }[] }[];
      };
      const entries = theirs.writeLogEntriesRequests.flatMap((request) => request.entries);
      expect(ours.map((event) => idsOf(event.traceId, event.spanId)).sort()).toEqual(
        entries.map((entry) => idsOf(entry.trace, entry.spanId)).sort(),
      );
    }
  });
});
