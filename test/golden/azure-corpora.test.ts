/**
 * Azure's recorded telemetry, record by record. Expected values were read off the raw files with other programs (jq, Python), or are those
 * of the files' own authors (`expected/*.yaml`); every file is counted, so that none is left out in silence.
 */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { formats } from "../../src/clouds/azure/formats.ts";
import { epochMsOfText } from "../../src/model/times.ts";
import type { Config, Invocation, Json, LogEvent, MetricPoint, Rec, Span } from "../../src/model/records.ts";
import { type Read, readDocuments } from "../contract/read-documents.ts";
import { shared } from "../support/shared.ts";

const root = shared("corpora/azure");
const load = (path: string): Json => JSON.parse(readFileSync(join(root!, path), "utf8")) as Json;
const read = (path: string): Read => readDocuments(formats, [load(path)]);
const only = <T extends Rec["type"]>(type: T, records: readonly Rec[]): Extract<Rec, { type: T }>[] =>
  records.filter((record): record is Extract<Rec, { type: T }> => record.type === type);
const filesOf = (folder: string): string[] =>
  root === null
    ? []
    : readdirSync(join(root, folder))
        .filter((name) => name.endsWith(".json"))
        .sort();
/** To a ten thousandth of a millisecond: the files have seven digits of a second. */
const at = (text: string): unknown => expect.closeTo(epochMsOfText(text)!, 3);

/** File, time, name and values of each metric and counter. */
const METRICS: readonly (readonly [file: string, time: string, name: string, values: string])[] = [
  ["appMetrics", "2021-06-03T22:14:34.2196980Z", "AppMetrics/functionApp Count", "Sum 13 Minimum 13 Maximum 13"],
  ["appMetrics", "2021-06-03T22:14:34.2197432Z", "AppMetrics/functionApp AvgDurationMs", "Sum 483.1251 Minimum 483.1251 Maximum 483.1251"],
  ["appMetrics", "2021-06-03T22:14:34.2197694Z", "AppMetrics/functionApp MaxDurationMs", "Sum 5486.628 Minimum 5486.628 Maximum 5486.628"],
  ["appMetrics", "2021-06-03T22:14:34.2197951Z", "AppMetrics/functionApp MinDurationMs", "Sum 31.4177 Minimum 31.4177 Maximum 31.4177"],
  ["appMetrics", "2021-06-03T22:14:34.2198196Z", "AppMetrics/functionApp Successes", "Sum 13 Minimum 13 Maximum 13"],
  ["appMetrics", "2021-06-03T22:14:34.2198474Z", "AppMetrics/functionApp Failures", "Sum 0 Minimum 0 Maximum 0"],
  ["appMetrics", "2021-06-03T22:14:34.2198724Z", "AppMetrics/functionApp SuccessRate", "Sum 100 Minimum 100 Maximum 100"],
  ["appMetrics", "2021-06-03T22:15:04.2178438Z", "AppMetrics/functionApp Count", "Sum 17 Minimum 1 Maximum 8"],
  ["appMetrics", "2021-06-03T22:15:04.2179487Z", "AppMetrics/functionApp MaxDurationMs", "Sum 1572.945 Minimum 157.2945 Maximum 157.2945"],
  ["appMetrics", "2021-06-03T22:15:04.2179671Z", "AppMetrics/functionApp MinDurationMs", "Sum 27.328 Minimum 2.0142 Maximum 8.0078"],
  ["appMetrics", "2021-06-03T22:15:04.2180267Z", "AppMetrics/functionApp Successes", "Sum 8 Minimum 8 Maximum 8"],
  ["arrayOfStrings_02", "2021-05-10T18:14:48.8485302Z", "AppMetrics/HeartbeatState", "Sum 0 Minimum 0 Maximum 0"],
  ["arrayOfStrings_01", "2021-05-10T18:10:20.4630000Z", "AppPerformanceCounters/Processor/% Processor Time", "Value 0.768134898484558"],
  ["arrayOfStrings_01", "2021-05-10T18:10:20.4630000Z", "AppPerformanceCounters/Process/% Processor Time", "Value 0.013332147794311"],
  ["arrayOfStrings_01", "2021-05-10T18:10:20.4630000Z", "AppPerformanceCounters/Process/Private Bytes", "Value 3739648"],
  ["arrayOfStrings_01", "2021-05-10T18:10:20.4630000Z", "AppPerformanceCounters/Memory/Available Bytes", "Value 1997389824"],
  ["arrayOfStrings_01", "2021-05-10T18:10:20.4630000Z", "AppPerformanceCounters/ASP.NET Applications/Requests/Sec", "Value 0"],
  ["arrayOfStrings_01", "2021-05-10T18:10:20.4630000Z", "AppPerformanceCounters/ASP.NET Applications/Request Execution Time", "Value 0"],
  ["arrayOfStrings_03", "2021-05-10T18:15:20.5160000Z", "AppPerformanceCounters/Processor/% Processor Time", "Value 0.833944281524927"],
  ["arrayOfStrings_03", "2021-05-10T18:15:20.5160000Z", "AppPerformanceCounters/Process/% Processor Time", "Value 0.0133328639054167"],
  ["arrayOfStrings_03", "2021-05-10T18:15:20.5160000Z", "AppPerformanceCounters/Process/Private Bytes", "Value 10559488"],
  ["arrayOfStrings_03", "2021-05-10T18:15:20.5160000Z", "AppPerformanceCounters/Memory/Available Bytes", "Value 1961107456"],
  ["arrayOfStrings_03", "2021-05-10T18:15:20.5160000Z", "AppPerformanceCounters/ASP.NET Applications/Requests/Sec", "Value 0"],
  ["arrayOfStrings_03", "2021-05-10T18:15:20.5160000Z", "AppPerformanceCounters/ASP.NET Applications/Request Execution Time", "Value 0"],
  ["arrayOfStrings_04", "2021-05-10T18:18:24.3398647Z", "AppPerformanceCounters/Process/% Processor Time", "Value 0"],
  ["arrayOfStrings_04", "2021-05-10T18:18:24.3400136Z", "AppPerformanceCounters/Process/% Processor Time Normalized", "Value 0"],
  ["arrayOfStrings_04", "2021-05-10T18:18:24.3400300Z", "AppPerformanceCounters/Process/Private Bytes", "Value 233570304"],
  ["arrayOfStrings_04", "2021-05-10T18:18:24.3400555Z", "AppPerformanceCounters/Memory/Available Bytes", "Value 1830309888"],
  ["arrayOfStrings_04", "2021-05-10T18:18:24.3400693Z", "AppPerformanceCounters/Process/IO Data Bytes/sec", "Value 0"],
  ["performanceCounters", "2021-05-24T20:18:28.4650819Z", "AppPerformanceCounters/Process/% Processor Time", "Value 8.09632681121764"],
  [
    "performanceCounters",
    "2021-05-24T20:18:28.4651116Z",
    "AppPerformanceCounters/Process/% Processor Time Normalized",
    "Value 4.04816372935669",
  ],
  ["performanceCounters", "2021-05-24T20:18:28.4651282Z", "AppPerformanceCounters/Process/Private Bytes", "Value 334188544"],
  ["performanceCounters", "2021-05-24T20:18:28.4651437Z", "AppPerformanceCounters/Memory/Available Bytes", "Value 1741344768"],
  ["performanceCounters", "2021-05-24T20:18:28.4651590Z", "AppPerformanceCounters/Process/IO Data Bytes/sec", "Value 0"],
];

describe.skipIf(root === null)("New Relic's records of an Event Hub", () => {
  const folder = "newrelic-azure-diagnostics";
  const of = <T extends Rec["type"]>(type: T, file: string) => only(type, read(`${folder}/${file}.json`).records);

  it("are 43 in 13 files, and none is broken or left out", () => {
    const files = filesOf(folder);
    expect(files).toHaveLength(13);
    const raw = files.map((file) => (load(`${folder}/${file}`) as { records: Json[] }).records.length);
    expect(raw.reduce((a, b) => a + b, 0)).toBe(43);
    for (const file of files) expect(read(`${folder}/${file}`), file).toMatchObject({ broken: [], ignored: [] });
  });

  it("AppRequests are runs with their host's figures", () => {
    const [first] = of("invocation", "appInsightsAppRequest");
    expect(of("invocation", "appInsightsAppRequest")).toHaveLength(1);
    expect(first).toEqual<Invocation>({
      type: "invocation",
      cloud: "azure",
      account: "subscriptionid goes here",
      region: null,
      fn: "{function name}",
      version: null,
      requestId: "invocationidvalue",
      startedAt: at("2021-04-29T22:41:14.1238381Z") as number,
      // + DurationMs 9.1593; FunctionExecutionTimeMs 4.7239
      endedAt: expect.closeTo(epochMsOfText("2021-04-29T22:41:14.1238381Z")! + 9.1593, 3) as number,
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
      traceId: "12345",
      spanId: "09d760d34d75e847",
      // ParentId repeats OperationId: a root
      parentSpanId: null,
      stream: "very long id string",
      architecture: null,
      plan: null,
      trigger: "http",
      weight: 1,
      emulator: false,
      seenIn: "request-log",
      ids: [],
    });
    expect(of("log", "appInsightsAppRequest")).toMatchObject([{ kind: "report", sizeBytes: 1082, requestId: "invocationidvalue" }]);
    expect(of("invocation", "arrayOfStrings_06")).toMatchObject([
      {
        fn: "functionName",
        requestId: "invocationid",
        startedAt: at("2021-05-10T19:19:21.0600528Z"),
        endedAt: expect.closeTo(epochMsOfText("2021-05-10T19:19:21.0600528Z")! + 30_021.5457, 3),
        durationMs: 30_020.222,
        outcome: "ok",
        traceId: "operationId",
        spanId: "bc40802d79559544",
        parentSpanId: "parentId",
        stream: "roleInstanceId",
        trigger: "http",
        weight: 1,
      },
    ]);
    expect(of("log", "arrayOfStrings_06")).toMatchObject([{ sizeBytes: 1087, level: "INFO" }]);
    const url = "https://functionAppName.azurewebsites.net/api/functionName";
    expect(of("span", "arrayOfStrings_06")).toMatchObject([
      {
        kind: "server",
        isInvocation: true,
        fault: false,
        attributes: { "azure.app": "functionAppName", "http.status": 200, "http.method": "GET", "http.url": url },
      },
    ]);
    // in which app the function runs
    expect(of("config", "arrayOfStrings_06")).toMatchObject([
      { kind: "function", name: "functionName", settings: { app: "functionappname" } },
    ]);
  });

  it("AppDependencies are calls", () => {
    const call = (file: string, i: number): Partial<Span> | undefined => of("span", file)[i];
    expect([...of("span", "appInsightsAppDependency"), ...of("span", "arrayOfStrings_05")]).toHaveLength(3);
    expect(call("appInsightsAppDependency", 0)).toMatchObject({
      traceId: "67890",
      spanId: "{id value}",
      parentSpanId: "12345",
      name: "{name property of client.trackDependency}",
      origin: "http",
      kind: "client",
      startedAt: at("2021-05-04T22:01:10.9400000Z"),
      endedAt: at("2021-05-04T22:01:11.1710000Z"),
      error: false,
      fault: false,
      attributes: { "azure.app": "Web", "peer.name": "{target property of client.trackDependency}" },
    });
    expect(call("arrayOfStrings_05", 0)).toMatchObject({
      traceId: "parentId",
      spanId: "recordId",
      parentSpanId: null,
      name: "node buffer",
      origin: "Buffer",
      startedAt: at("2021-05-10T19:19:31.9080000Z"),
      endedAt: at("2021-05-10T19:19:32.1390000Z"),
      attributes: { "peer.name": "Buffer" },
    });
    expect(call("arrayOfStrings_05", 1)).toMatchObject({
      traceId: "opId",
      spanId: "id",
      parentSpanId: "parentId",
      name: "select customers proc",
      origin: "ZSQL",
      startedAt: at("2021-05-10T19:19:32.0490000Z"),
      endedAt: at("2021-05-10T19:19:32.2800000Z"),
      attributes: { "peer.name": "http://dbname" },
    });
    const sizes = [...of("log", "appInsightsAppDependency"), ...of("log", "arrayOfStrings_05")].map(({ sizeBytes, stream }) => [
      sizeBytes,
      stream,
    ]);
    expect(sizes).toEqual([
      [786, "{role instance id}"],
      [786, "roleInstanceId"],
      [834, "dw0-hr0-1068-25"],
    ]);
  });

  it("AppTraces, AppExceptions and AppEvents are lines", () => {
    const skipped = "FUNCTIONS_WORKER_RUNTIME set to node. Skipping WorkerConfig for language:";
    expect(of("log", "appInsightsAppTraces")).toMatchObject([
      {
        at: at("2021-04-30T16:11:14.9011503Z"),
        message: `${skipped}java`,
        traceId: "{operationId}",
        sizeBytes: 803,
        kind: "platform",
        level: "INFO",
      },
      {
        at: at("2021-04-30T16:11:14.9021116Z"),
        message: `${skipped}powershell`,
        traceId: "{operationId2}",
        sizeBytes: 815,
        kind: "platform",
      },
    ] satisfies Partial<{ [K in keyof LogEvent]: unknown }>[]);
    expect(of("log", "appInsightsAppException")).toMatchObject([
      {
        at: at("2021-05-05T16:44:56.8020000Z"),
        message: "Error: Error: Throwing an uncaught error on purpose.",
        kind: "error",
        level: "ERROR",
        sizeBytes: 3379,
        traceId: "{long operation id}",
        spanId: null,
      },
    ]);
    expect(of("log", "appInsightsAppEvent")).toMatchObject([
      {
        at: at("2021-05-04T19:12:36.1850000Z"),
        message: expect.stringMatching(/^my custom event .*"myCustomProperty2":"And here is another\."/),
        kind: "function",
        sizeBytes: 742,
        traceId: "98765",
        spanId: "12345",
      },
    ]);
  });

  it("AppMetrics and AppPerformanceCounters are points, each of their statistics", () => {
    for (const file of new Set(METRICS.map(([name]) => name))) {
      const found = new Map<string, MetricPoint[]>();
      for (const point of of("metric", file)) {
        const key = `${point.at} ${point.name}`;
        found.set(key, [...(found.get(key) ?? []), point]);
      }
      const wanted = METRICS.filter(([name]) => name === file);
      expect(
        [...found.values()].map((points) => [points[0]!.at, points[0]!.name, points.map((p) => `${p.statistic} ${p.value}`).join(" ")]),
      ).toEqual(wanted.map(([, time, name, values]) => [at(time), name, values]));
    }
    // the host's aggregates are of one function
    expect(new Set(of("metric", "appMetrics").map(({ fn }) => fn))).toEqual(new Set(["functionApp"]));
  });
});

/** Number of each kind of record, and of rows that are not read with their reason. */
function summary(path: string): { [what: string]: number } {
  const { records, ignored, broken } = read(path);
  expect(broken, path).toEqual([]);
  const counts: { [what: string]: number } = {};
  for (const what of [...records.map(({ type }) => type as string), ...ignored]) counts[what] = (counts[what] ?? 0) + 1;
  return counts;
}

describe.skipIf(root === null)("answers that the CLI of Application Insights got", () => {
  const folder = "cli-appinsights-query";
  const schema = "rows of table getschema are not read";
  const tests = "rows of table availabilityResult are not read";
  /** Rows counted with jq: `.response.body.tables[0].rows | length`, `.response.body.value | length`. */
  const EXPECTED: { readonly [file: string]: { [what: string]: number } } = {
    // eight of at most 500 rows: all there are
    test_events_list__01: { [tests]: 8 },
    test_events_list__02: { [tests]: 8 },
    test_events_show__01: { [tests]: 1 },
    test_events_show__02: { [tests]: 35 },
    test_events_show__03: { [tests]: 35 },
    test_metrics_get_metadata__01: { "an answer that holds no telemetry and describes no resource": 1 },
    test_metrics_show__01: { metric: 2 },
    test_metrics_show__02: { config: 1 },
    test_metrics_show__03: { metric: 1 },
    test_metrics_show__04: { metric: 1 },
    test_query__01: { config: 1 },
    test_query__02: { config: 1 },
    test_query__03: { [schema]: 30 },
    test_query_execute__01: { "rows of a query result without telemetry columns are not read": 6 },
    test_query_execute__02: { [schema]: 37 },
    test_query_execute__03: { config: 1 },
    test_query_execute__04: { [schema]: 37 },
    test_query_execute__05: { config: 1 },
    test_query_execute__06: { [schema]: 37 },
    test_query_execute_with_different_offset__01: { "a query result without rows": 1 },
    test_query_execute_with_different_offset__02: { "a query result without rows": 1 },
  };

  it("are read or counted by their reason, all 21", () => {
    const files = filesOf(folder);
    expect(files).toHaveLength(21);
    expect(Object.fromEntries(files.map((file) => [basename(file, ".json"), summary(`${folder}/${file}`)]))).toEqual(EXPECTED);
  });

  it("have the metrics and the workspaces as they were recorded", () => {
    const hour = { at: Date.UTC(2019, 2, 6, 0, 31), periodMs: 3_600_000 };
    expect(only("metric", read(`${folder}/test_metrics_show__03.json`).records)).toMatchObject([
      { ...hour, name: "availabilityResults/count", statistic: "Sum", value: 456 },
    ]);
    // `"avg": null, "min": null, "max": null` beside them are no values
    expect(only("metric", read(`${folder}/test_metrics_show__01.json`).records)).toMatchObject([
      { ...hour, name: "requests/duration", statistic: "Count", value: 0 },
      { ...hour, name: "requests/duration", statistic: "Sum", value: 0 },
    ]);
    const workspace = { kind: "log-group", name: "clitest000002", region: "eastus" };
    const customerId = "514eb233-d846-49be-8715-84e2a9244560";
    expect(only("config", read(`${folder}/test_query__01.json`).records)).toMatchObject([
      { ...workspace, settings: { service: "loganalytics", customerId, retentionD: 30 } },
    ]);
    expect(only("config", read(`${folder}/test_query__02.json`).records)).toMatchObject([
      { ...workspace, settings: { customerId, retentionD: 30, dailyQuotaGb: 1 } },
    ]);
  });
});

describe.skipIf(root === null)("Event Grid subscriptions as the CLI made and read them", () => {
  const folder = "cli-eventgrid";
  const blobs = "Microsoft.Storage.BlobCreated,Microsoft.Storage.BlobDeleted";
  /**
   * How often each description occurs: name, endpoint, minutes to live, attempts, events per batch, KB per batch, prefix, suffix, types,
   * a dead-letter destination, labels (`null` and absent are the same). Counted over `.response.body` and `.response.body.value[]`.
   */
  const EXPECTED: readonly (readonly [times: number, description: string])[] = [
    [4, `CliTestEventGridEventsubscription1 ServiceBusTopic 1440 30 - - SomeRandomText1 - ${blobs} - -`],
    [4, `CliTestEventGridEventsubscription1 ServiceBusTopic 1440 30 - - SomeRandomText1234 - ${blobs} - -`],
    [4, `CliTestEventGridEventsubscription2 AzureFunction 1440 30 10 128 SomeRandomText1 - ${blobs} - -`],
    [4, `CliTestEventGridEventsubscription2 AzureFunction 1440 30 10 128 SomeRandomText2234431 - ${blobs} - -`],
    [4, `CliTestEventGridEventsubscription3 WebHook 1440 30 10 128 SomeRandomText1 - ${blobs} - -`],
    [4, `CliTestEventGridEventsubscription3 WebHook 1440 30 10 128 SomeRandomText123412 - ${blobs} - -`],
    [4, `CliTestEventGridEventsubscription4 WebHook 1440 30 10 128 SomeRandomText1 - ${blobs} - -`],
    [3, `CliTestEventGridEventsubscription4 WebHook 1440 30 10 128 SomeRandomText112341 - ${blobs} - -`],
    [3, `CliTestEventsubscription1 StorageQueue 1440 30 - - SomeRandomText1 SomeRandomText2 ${blobs} dead-letter -`],
    [3, `CliTestEventsubscription2 HybridConnection 1000 20 - - SomeRandomText1 SomeRandomText2 ${blobs} dead-letter -`],
    [3, `CliTestEventsubscription3 ServiceBusQueue 1200 10 - - SomeRandomText1 SomeRandomText2 ${blobs} dead-letter -`],
    [1, `cli000006 WebHook 1440 30 - - - - ${blobs} - -`],
    [1, `cli000006 WebHook 1440 30 - - - - ${blobs} - label_1,label_2`],
    [1, `cli000006 WebHook 1440 30 1 64 - - ${blobs} - -`],
    [3, `cli000006 WebHook 1440 30 1 64 - - ${blobs} - label11,label22`],
    [4, `cli000006 WebHook 1440 30 1 64 - - ${blobs} - label_1,label_2`],
    [1, "eventsubscription2 WebHook 1440 30 - - - mysubject_suffix blobCreated,blobUpdated - Finance,HR"],
    [5, "eventsubscription2 WebHook 1440 30 1 64 - mysubject_suffix blobCreated,blobUpdated - Finance,HR"],
  ];

  function described({ name, settings }: Config): string {
    const filter = settings["filter"] as { [key: string]: Json };
    const list = (value: Json | undefined): Json => (Array.isArray(value) && value.length > 0 ? value.join(",") : "-");
    const parts = [
      name,
      settings["endpointType"],
      settings["eventTimeToLiveMinutes"],
      settings["maxDeliveryAttempts"],
      settings["maxEventsPerBatch"],
      settings["preferredBatchSizeKilobytes"],
      filter["subjectBeginsWith"] || null,
      filter["subjectEndsWith"] || null,
      list(filter["includedEventTypes"]),
      settings["deadLetterTo"] === undefined ? null : "dead-letter",
      list(settings["labels"]),
    ];
    return parts.map((part) => part ?? "-").join(" ");
  }

  it("are 56 in 99 answers, with time to live, attempts, batching, filter and labels", () => {
    const files = filesOf(folder);
    expect(files).toHaveLength(99);
    const reads = files.map((file) => read(`${folder}/${file}`));
    expect(reads.flatMap(({ broken }) => broken)).toEqual([]);
    const configs = reads.flatMap(({ records }) => only("config", records)).filter(({ kind }) => kind === "trigger");
    const counts = new Map<string, number>();
    for (const config of configs) counts.set(described(config), (counts.get(described(config)) ?? 0) + 1);
    expect([...counts].map(([description, times]) => [times, description]).sort()).toEqual([...EXPECTED].map((row) => [...row]).sort());
    expect(configs).toHaveLength(56);
    // no query of a webhook is kept: keys stand there
    expect(JSON.stringify(configs)).not.toMatch(/code=/);
  });
});

describe.skipIf(root === null)("Cloud Custodian's recordings of Azure", () => {
  const folder = "custodian-cassettes";
  const files = filesOf(folder);
  const reads = new Map(files.map((file) => [file, read(`${folder}/${file}`)]));
  const records = [...reads.values()].flatMap((one) => one.records);

  it("hold as many resources of each kind as the raw answers", () => {
    expect(files).toHaveLength(60);
    expect([...reads.values()].flatMap(({ broken }) => broken)).toEqual([]);
    const kinds: { [kind: string]: number } = {};
    for (const { kind } of only("config", records)) kinds[kind] = (kinds[kind] ?? 0) + 1;
    // by `type` in the bodies: sites of kind functionapp 4; event subscriptions 9; Event Grid topic and domain, 2 Event Hubs and 3 Service Bus
    // namespaces; 7 Cosmos containers; 4 components
    expect(kinds).toEqual({ function: 4, trigger: 9, bus: 7, table: 7, "log-group": 4 });
  });

  it("hold the plans of Function Apps by their SKU", () => {
    const apps = only("config", records).filter(({ kind }) => kind === "function");
    // "sku": "Dynamic" in the first, "Basic" in the others
    expect(apps.map(({ name, settings }) => [name, settings["plan"], settings["memoryMib"]])).toEqual([
      ["cc-consumption-47182748", "consumption", undefined],
      ["cc-dedicated-47182748", "dedicated", undefined],
      ["custodian-test-app", "dedicated", undefined],
      ["cloud-custodian-test-dedicatedc129bfa71a47", "dedicated", undefined],
    ]);
  });

  it("hold the points of metrics that have a value, and count those that have none", () => {
    const points = [...reads].flatMap(([file, one]) =>
      only("metric", one.records).map(
        (p) => `${file.split(".")[1]} ${new Date(p.at).toISOString().slice(0, 16)} ${p.name.split(/[/{]/)[2]} ${p.statistic} ${p.value}`,
      ),
    );
    const dtu = ["2019-04-29", "2019-04-30", "2019-05-01"].map(
      (day) => `test_metric_database ${day}T23:59 dtu_consumption_percent Average 0`,
    );
    const throughput = (name: string): string[] =>
      ["39", "44", "54"].map((minute) => `${name} 2026-06-02T15:${minute} ProvisionedThroughput Average 400`);
    expect(points.sort()).toEqual(
      [
        "test_metric_filter_find 2019-05-01T23:59 Network In Sum 96233830",
        "test_metric_filter_find_average 2019-05-01T23:59 Percentage CPU Average 3.1704730617608408",
        "test_metric_filter_not_find 2019-05-01T23:59 Network In Sum 96233830",
        "test_metric_filter_not_find_average 2019-05-01T23:59 Percentage CPU Average 3.1704730617608408",
        "test_metric_filter_period_start_start_of_day 2026-02-20T00:00 Percentage CPU Average 12.5",
        ...throughput("test_collection_metrics_filter"),
        ...throughput("test_database_metrics_filter"),
        ...dtu,
        ...dtu,
        "test_metric_database_to_zero 2019-05-01T23:59 dtu_consumption_percent Minimum 10",
        "test_metric_database_to_zero 2019-05-01T23:59 dtu_consumption_percent Minimum 10",
      ].sort(),
    );
    const without = [...reads].filter(([, { ignored }]) => ignored.includes("metric points without a value")).map(([file]) => file);
    expect(without).toContain("SqlServerTest.test_metric_database_to_zero.json");
  });
});

describe.skipIf(root === null)("resource logs and what OpenTelemetry's translator makes of them", () => {
  const folder = "otel-azurelogs/pkg/translator/azurelogs/testdata";
  /** Which input each expected output is of, as upstream's test pairs them. */
  const PAIRS: { readonly [input: string]: string } = {
    "log-appserviceapplogs": "service-app",
    "log-appserviceauditlogs": "audit-logs",
    "log-appserviceconsolelogs": "console-logs",
    "log-appservicehttplogs": "http-logs",
    "log-appserviceipsecauditlogs": "audit-logs-2",
    "log-appserviceplatformlogs": "platform-logs",
    "log-azurecdnaccesslog": "access-log",
    "log-bad-level": "log-bad-level",
    "log-bad-time": "log-bad-time",
    "log-frontdooraccesslog": "front-door-access-log",
    "log-frontdoorhealthprobelog": "front-door-health-probe-log",
    "log-frontdoorwaflog": "front-door-waf-log",
    "log-maximum": "log-maximum",
    "log-minimum": "log-minimum",
    "log-minimum-2": "log-minimum-2",
  };
  type Value = { stringValue?: string; kvlistValue?: { values: { key: string; value: Value }[] } };
  type Expected = { timeUnixNano: string; severityText?: string; attributes: { key: string; value: Value }[]; body?: Value };
  const upstream = (name: string): Expected[] => {
    const text = readFileSync(join(root!, folder, "expected", `${name}-expected.yaml`), "utf8");
    const { resourceLogs } = parse(text) as { resourceLogs: { scopeLogs: { logRecords: Expected[] }[] }[] };
    return resourceLogs.flatMap(({ scopeLogs }) => scopeLogs.flatMap(({ logRecords }) => logRecords));
  };
  /** OpenTelemetry's severity texts as levels; "4" is a level of no schema. */
  const LEVELS: { readonly [text: string]: string | null } = { Warning: "WARN", Informational: "INFO", "4": null };

  it("are 15 pairs, and nothing else", () => {
    expect(
      filesOf(folder)
        .map((file) => basename(file, ".json"))
        .sort(),
    ).toEqual(Object.keys(PAIRS).sort());
    const expected = root === null ? [] : readdirSync(join(root, folder, "expected"));
    expect(expected.map((file) => file.replace("-expected.yaml", "")).sort()).toEqual(Object.values(PAIRS).sort());
  });

  it.each(Object.entries(PAIRS))("%s is %s", (input, output) => {
    const { records, broken, ignored } = read(`${folder}/${input}.json`);
    expect([broken, ignored]).toEqual([[], []]);
    const wanted = upstream(output).map(({ timeUnixNano, severityText, attributes, body }) => {
      const top = [...attributes, ...(body?.kvlistValue?.values ?? [])];
      const all = [...top, ...(top.find(({ key }) => key === "properties")?.value.kvlistValue?.values ?? [])];
      const text = (key: string): string | null => all.find((a) => a.key === key)?.value.stringValue ?? null;
      // a transaction of the gateway is one of the default correlation keys
      const correlation = text("correlation.id") ?? text("transactionId");
      return {
        at: expect.closeTo(Number(timeUnixNano) / 1e6, 3),
        level: severityText === undefined || severityText === "" ? null : LEVELS[severityText],
        account: /^\/subscriptions\/([^/]+)/i.exec(text("cloud.resource_id") ?? "")?.[1]?.toLowerCase() ?? null,
        region: text("cloud.region")?.toLowerCase().replaceAll(" ", "") ?? null,
        ids: correlation === null ? [] : expect.arrayContaining([{ kind: "correlation", value: correlation }]),
      };
    });
    // upstream groups records by resource, evscope keeps their order
    const found = only("log", records).sort((a, b) => a.at - b.at);
    expect(records).toHaveLength(found.length);
    expect(found.map(({ at: when, level, account, region, ids }) => ({ at: when, level, account, region, ids }))).toEqual(wanted);
  });

  it("has expected metrics of a receiver beside them, which are no telemetry of Azure", () => {
    const other = root === null ? [] : readdirSync(join(root, "otel-azurelogs/receiver"), { recursive: true, encoding: "utf8" });
    expect(other.filter((name) => name.endsWith(".json"))).toEqual([]);
  });
});
