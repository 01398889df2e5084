import { describe, expect, it } from "vitest";
import { gcp } from "../../../../src/clouds/gcp/index.ts";
import { cellsOf, timeOfCell } from "../../../../src/clouds/gcp/telemetry/metrics-csv.ts";
import type { Json } from "../../../../src/model/records.ts";
import { only, readWith } from "../../../support/read-format.ts";

const read = (...documents: Json[]) => readWith(gcp.formats, documents);
const revision = {
  type: "cloud_run_revision",
  labels: { project_id: "shop", service_name: "mailer", revision_name: "mailer-1", location: "europe-west1" },
};
const distributionPoint = (distributionValue: Json): Json => ({ interval: { endTime: minute(1) }, value: { distributionValue } });
const minute = (n: number): string => `2025-05-12T21:0${n}:00Z`;

describe("Cloud Monitoring time series", () => {
  it("reads counts written as text, newest first, with the labels that tell series apart", () => {
    const series = {
      metric: { type: "run.googleapis.com/request_count", labels: { response_code_class: "2xx" } },
      resource: revision,
      metricKind: "DELTA",
      valueType: "INT64",
      points: [
        { interval: { startTime: minute(1), endTime: minute(2) }, value: { int64Value: "5" } },
        { interval: { startTime: minute(0), endTime: minute(1) }, value: { int64Value: "3" } },
      ],
    };
    expect(only(read({ timeSeries: [series] }).records, "metric")).toEqual([
      {
        type: "metric",
        cloud: "gcp",
        account: "shop",
        region: "europe-west1",
        at: Date.UTC(2025, 4, 12, 21, 2),
        periodMs: 60_000,
        resource: "cloud_run_revision{response_code_class=2xx,revision_name=mailer-1,service_name=mailer}",
        fn: "mailer",
        name: "run.googleapis.com/request_count",
        statistic: "sum",
        unit: "1",
        value: 5,
      },
      expect.objectContaining({ at: Date.UTC(2025, 4, 12, 21, 1), value: 3 }),
    ]);
  });

  it("reads enum numbers and snake_case alike", () => {
    const camel = {
      metric: { type: "custom/x" },
      resource: revision,
      metricKind: 1,
      valueType: 2,
      points: [{ interval: { endTime: minute(1) }, value: { int64Value: "3" } }],
    };
    const snake = {
      metric: { type: "custom/x" },
      resource: revision,
      metric_kind: 1,
      value_type: 2,
      points: [{ interval: { end_time: minute(1) }, value: { int64_value: "3" } }],
    };
    const [a] = only(read({ timeSeries: [camel] }).records, "metric");
    expect(only(read({ time_series: [snake] }).records, "metric")).toEqual([a]);
    expect(a).toMatchObject({ statistic: "value", periodMs: null, value: 3 });
  });

  it("keeps execution times in nanoseconds and says so", () => {
    const series = {
      metric: { type: "cloudfunctions.googleapis.com/function/execution_times" },
      resource: { type: "cloud_function", labels: { function_name: "audit", region: "us-central1", project_id: "shop" } },
      points: [{ interval: { endTime: minute(1) }, value: { doubleValue: 77_468_035.8 } }],
    };
    expect(only(read([series]).records, "metric")[0]).toMatchObject({
      unit: "ns",
      value: 77_468_035.8,
      fn: "audit",
      region: "us-central1",
    });
  });

  it.each<[string, Json, string[]]>([
    ["explicit", { explicitBuckets: { bounds: [0, 10, 20] } }, ["bucket<=10", "bucket<=20"]],
    // underflow below 5, then [5,15) and [15,25)
    ["linear", { linearBuckets: { numFiniteBuckets: 8, width: 10, offset: 5 } }, ["bucket<=15", "bucket<=25"]],
    // underflow below 1, then [1,2) and [2,4)
    ["exponential", { exponentialBuckets: { numFiniteBuckets: 8, growthFactor: 2, scale: 1 } }, ["bucket<=2", "bucket<=4"]],
  ])("a distribution with %s buckets: counts as text, trailing buckets left out", (_name, bucketOptions, labels) => {
    const value = { distributionValue: { count: "7", mean: 12.5, bucketOptions, bucketCounts: ["0", "3", "4"] } };
    const series = {
      metric: { type: "run.googleapis.com/request_latencies" },
      resource: revision,
      points: [{ interval: { endTime: minute(1) }, value }],
    };
    const found = only(read({ timeSeries: [series] }).records, "metric").map(({ statistic, value: number }) => [statistic, number]);
    expect(found).toEqual([
      ["count", 7],
      ["mean", 12.5],
      [labels[0], 3],
      [labels[1], 7],
    ]);
  });

  it("the last bucket has no bound, and an empty distribution has no mean", () => {
    const points = [
      distributionPoint({ count: "1", mean: 99, bucketOptions: { explicitBuckets: { bounds: [10] } }, bucketCounts: ["0", "1"] }),
      distributionPoint({ bucketOptions: { explicitBuckets: { bounds: [10] } } }),
    ];
    const found = only(read({ timeSeries: [{ metric: { type: "m" }, resource: revision, points }] }).records, "metric");
    expect(found.map(({ statistic, value: number }) => [statistic, number])).toEqual([
      ["count", 1],
      ["mean", 99],
      ["bucket<=+Inf", 1],
      ["count", 0],
    ]);
  });

  it("reports a point without a value, and refuses an answer without series", () => {
    const series = { metric: { type: "m" }, resource: revision, points: [{ interval: { endTime: minute(1) } }] };
    expect(read({ timeSeries: [series] }).broken).toEqual(["m: a point without an end time or a value"]);
    expect(read({ timeSeries: [] }).ignored).toEqual(["no time series in the answer"]);
    expect(read({ unit: "10^2.%" }).ignored).toEqual(["no time series in the answer"]);
  });
});

describe("Metrics Explorer CSV", () => {
  const lines = [
    'TimeSeries ID,"run {a}","run, ""b"""',
    "project_id,shop,shop",
    "service_name,mailer,mailer",
    "state,active,idle",
    "Mon May 12 2025 14:45:00 GMT-0700 (Pacific Daylight Time),2,undefined",
    '"Mon May 12 2025 14:46:00 GMT-0700 (Pacific Daylight Time)",2.5,1',
  ];

  it("reads a column per series with its labels, and names the metric after the file", () => {
    const { format, records, broken } = readWith(gcp.formats, lines, "export/instance_count.csv");
    expect(format).toBe("gcp.metrics-explorer-csv");
    expect(broken).toEqual([]);
    const found = only(records, "metric");
    expect(found.map(({ at, resource, value }) => [at - Date.UTC(2025, 4, 12, 21, 45), resource, value])).toEqual([
      [0, "{project_id=shop,service_name=mailer,state=active}", 2],
      [60_000, "{project_id=shop,service_name=mailer,state=active}", 2.5],
      [60_000, "{project_id=shop,service_name=mailer,state=idle}", 1],
    ]);
    expect(found[0]).toMatchObject({ name: "instance_count", account: "shop", fn: "mailer", periodMs: null, unit: null });
  });

  it("reports cells that are no numbers and rows without a time", () => {
    const { broken } = readWith(
      gcp.formats,
      ["TimeSeries ID,a", "2025-05-12T21:45:00Z,1", "2025-05-12T21:46:00Z,many", "later,3"],
      "x.csv",
    );
    expect(broken).toEqual(['metrics CSV: "many" is not a number', "metrics CSV: the first cell is not a time"]);
  });

  it("reads cells and times", () => {
    expect(cellsOf('a,,"b,""c""",d')).toEqual(["a", "", 'b,"c"', "d"]);
    expect(cellsOf("a,")).toEqual(["a", ""]);
    expect(timeOfCell("Mon Mar 30 2026 10:00:00 GMT+0200 (Central European Summer Time)")).toBe(Date.UTC(2026, 2, 30, 8));
    expect(timeOfCell("project_id")).toBeNull();
  });
});

describe("Cloud Trace", () => {
  const TRACE = "ab".repeat(16);

  it("v1: decimal span IDs become hex; the platform's server span is the run", () => {
    const labels = {
      "g.co/r/cloud_run_revision/service_name": "mailer",
      "g.co/r/cloud_run_revision/location": "europe-west1",
      "/http/status_code": "503",
      "/http/method": "POST",
      "/http/path": "/?token=x",
    };
    const spans: Json = [
      {
        spanId: "13244394087203155761",
        kind: "RPC_SERVER",
        name: "/",
        startTime: "2025-05-12T21:45:32.1Z",
        endTime: "2025-05-12T21:45:32.35Z",
        labels,
      },
      {
        spanId: "2",
        parentSpanId: "13244394087203155761",
        kind: "RPC_CLIENT",
        name: "publish",
        startTime: "2025-05-12T21:45:32.2Z",
        labels: { orderId: "ord-5" },
      },
    ];
    const [run, call] = only(read({ traces: [{ projectId: "shop", traceId: TRACE, spans }] }).records, "span");
    // 13244394087203155761 = 0xb7cd968abc55b731
    const hex = BigInt("13244394087203155761").toString(16);
    expect(run).toMatchObject({
      traceId: TRACE,
      spanId: hex,
      parentSpanId: null,
      account: "shop",
      region: "europe-west1",
      fn: "mailer",
      isInvocation: true,
      requestId: `${TRACE}/${hex}`,
      kind: "server",
      fault: true,
      error: false,
      inProgress: false,
    });
    expect(run!.attributes).toEqual({ "http.status": 503, "http.method": "POST", "http.path": "/" });
    expect(run!.endedAt! - run!.startedAt).toBeCloseTo(250, 3);
    expect(call).toMatchObject({
      spanId: "0000000000000002",
      parentSpanId: hex,
      fn: null,
      isInvocation: false,
      endedAt: null,
      inProgress: true,
      ids: [{ kind: "correlation", value: "ord-5" }],
    });
  });

  it("v1: a tracer's own server span inside the function is not the run", () => {
    const labels = { "g.co/r/cloud_run_revision/service_name": "mailer", "g.co/agent": "opentelemetry-js 1.0" };
    const spans = [{ spanId: "7", kind: "RPC_SERVER", name: "POST /", startTime: "2025-05-12T21:45:32.1Z", labels }];
    expect(only(read([{ projectId: "shop", traceId: TRACE, spans }]).records, "span")[0]).toMatchObject({
      fn: "mailer",
      isInvocation: false,
    });
  });

  it("v2: names, attribute maps, links and status", () => {
    const span: Json = {
      name: `projects/shop/traces/${TRACE}/spans/84f9e8929bb1cd5b`,
      spanId: "84f9e8929bb1cd5b",
      parentSpanId: "a514c25ace3f0a5a",
      displayName: { value: "/hello" },
      startTime: "2025-05-12T21:45:32Z",
      endTime: "2025-05-12T21:45:33Z",
      spanKind: "SERVER",
      attributes: { attributeMap: { "/http/status_code": { intValue: "429" }, "error.type": { stringValue: { value: "E" } } } },
      links: { link: [{ traceId: TRACE, spanId: "1111111111111111" }, { traceId: "bad" }] },
      status: { code: 8 },
    };
    const request: Json = { name: "projects/shop", spans: [span] };
    const documents: Json[] = [{ batchWriteSpansRequest: [request] }, request];
    for (const document of documents) {
      expect(only(read(document).records, "span")[0]).toMatchObject({
        traceId: TRACE,
        spanId: "84f9e8929bb1cd5b",
        parentSpanId: "a514c25ace3f0a5a",
        name: "/hello",
        kind: "server",
        // the caller's fault, although the status is an error
        error: true,
        fault: false,
        throttle: true,
        links: [{ traceId: TRACE, spanId: "1111111111111111" }],
        attributes: { "http.status": 429, "error.type": "E" },
      });
    }
  });

  it("refuses traces without spans and reports spans without times or IDs", () => {
    expect(read({ traces: [{ projectId: "shop", traceId: TRACE }] }).ignored[0]).toContain("view=COMPLETE");
    const spans: Json = [{ spanId: "1", name: "a" }, { name: "b" }, { spanId: "2", name: "c", startTime: "2025-05-12T21:45:32Z" }];
    const { records, broken } = read({ projectId: "shop", traceId: TRACE, spans });
    expect(records).toHaveLength(1);
    expect(broken).toEqual(["span 0000000000000001 without a readable start time", "span without a decimal span ID"]);
  });
});
