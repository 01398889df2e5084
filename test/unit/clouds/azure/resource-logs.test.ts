import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { diagnosticRecords } from "../../../../src/clouds/azure/resource-logs.ts";
import type { Json, LogEvent, Rec } from "../../../../src/model/records.ts";
import { type Read, readWith } from "../../../contract/read-documents.ts";
import { shared } from "../../../support/shared.ts";

const of = <T extends Rec["type"]>(read: Read, type: T): Extract<Rec, { type: T }>[] =>
  read.records.filter((record): record is Extract<Rec, { type: T }> => record.type === type);
const RUN = "3a4b2e78-0000-4000-8000-000000000001";
const SITE = "/SUBSCRIPTIONS/ABCD/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.WEB/SITES/TEST-FUNCTION";

const request = {
  time: "2021-05-10T19:19:21.0600528Z",
  resourceId: "/SUBSCRIPTIONS/ABCD/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.INSIGHTS/COMPONENTS/APP",
  Type: "AppRequests",
  AppRoleName: "app",
  _BilledSize: 1087,
  OperationName: "slow",
  OperationId: "op-1",
  ParentId: "op-1",
  Properties: { FunctionExecutionTimeMs: "30020.222", InvocationId: RUN, FullName: "Functions.slow", Category: "Host.Results" },
  Id: "bc40802d79559544",
  Name: "slow",
  Success: true,
  ResultCode: "200",
  DurationMs: 30_021.5457,
  ItemCount: 1,
};

describe("Event Hub records", () => {
  it("are runs, with numbers from text and the size that was billed", () => {
    const read = readWith(diagnosticRecords, [{ records: [request] }]);
    expect(of(read, "invocation")).toMatchObject([
      {
        fn: "slow",
        requestId: RUN,
        account: "abcd",
        durationMs: 30_020.222,
        outcome: "ok",
        traceId: "op-1",
        parentSpanId: null,
        startedAt: expect.closeTo(1_620_674_361_060 + 0.0528, 2),
      },
    ]);
    expect(of(read, "log")).toMatchObject([{ kind: "report", sizeBytes: 1087 }]);
  });

  it("come as one record per line from a storage account", () => {
    expect(diagnosticRecords.recognise(request)).toBeGreaterThan(0);
    expect(of(readWith(diagnosticRecords, [request, { ...request, Id: "aa40802d79559544" }]), "span")).toHaveLength(2);
  });

  it("report broken records and read the rest", () => {
    const read = readWith(diagnosticRecords, [{ records: [5, { time: "2021-01-01T00:00:00Z" }, { ...request, time: "?" }, request] }]);
    expect(read.broken).toEqual([
      "a diagnostic record that is not an object",
      "a diagnostic record without category",
      'requests: unreadable time "?"',
    ]);
    expect(of(read, "invocation")).toHaveLength(1);
  });
});

const functionLog = (value: Json): Json => ({
  time: "2021-05-10T19:19:21.5Z",
  resourceId: SITE,
  category: "FunctionAppLogs",
  level: "Informational",
  location: "West Europe",
  properties: value,
});

describe("FunctionAppLogs", () => {
  const properties = {
    appName: "test-function",
    roleInstance: "instance-7",
    message: `Executed 'Functions.hello' (Failed, Id=${RUN}, Duration=16ms)`,
    category: "Function.hello",
    hostVersion: "4.1",
    functionInvocationId: RUN,
    functionName: "Functions.hello",
    hostInstanceId: "h1",
    activityId: "0af7651916cd43dd8448eb211c80319c",
    level: "Error",
    levelId: 4,
    processId: 58,
  };
  const pseudo = JSON.stringify(properties).replaceAll("'", "\\'").replaceAll('"', "'");

  it.each([
    ["an object", properties],
    ["JSON text", JSON.stringify(properties)],
    ["single-quoted pseudo-JSON", pseudo],
  ])("are read from %s", (_, value) => {
    const read = readWith(diagnosticRecords, [{ records: [functionLog(value)] }]);
    expect(read.broken).toEqual([]);
    expect(of(read, "log")).toMatchObject([
      {
        fn: "hello",
        requestId: RUN,
        kind: "end",
        account: "abcd",
        region: "westeurope",
        stream: "instance-7",
        traceId: "0af7651916cd43dd8448eb211c80319c",
      },
    ]);
    expect(of(read, "invocation")).toMatchObject([{ fn: "hello", outcome: "error", durationMs: 16, seenIn: "platform-log" }]);
  });

  it("put their exception on the run", () => {
    const thrown = {
      ...properties,
      message: "boom",
      exception: { Details: "at x", Message: "boom", Type: "System.InvalidOperationException" },
    };
    const read = readWith(diagnosticRecords, [{ records: [functionLog(properties), functionLog(thrown)] }]);
    expect(of(read, "invocation")).toMatchObject([{ errorType: "System.InvalidOperationException", outcome: "error" }]);
  });

  it("are broken where their properties cannot be read", () => {
    expect(readWith(diagnosticRecords, [{ records: [functionLog("{'appName':")] }]).broken).toEqual([
      "FunctionAppLogs: properties that cannot be read",
    ]);
  });
});

describe("other resource logs", () => {
  it("are log events of the platform, with their correlation ID", () => {
    const read = readWith(diagnosticRecords, [
      {
        records: [
          {
            time: "2024-04-24T12:03:55.630Z",
            resourceId: SITE,
            category: "AppServicePlatformLogs",
            level: "Informational",
            correlationId: "128bc026-5ead-40c7-8853-ebb32bc077a3",
            properties: { message: "warm-up" },
          },
        ],
      },
    ]);
    expect(of(read, "log")).toMatchObject([
      {
        message: "warm-up",
        kind: "platform",
        level: "INFO",
        fn: "test-function",
        ids: [{ kind: "correlation", value: "128bc026-5ead-40c7-8853-ebb32bc077a3" }],
      },
    ]);
  });
});

// expected files of the OpenTelemetry collector's translator for the same inputs
const folder = shared("corpora/azure/otel-azurelogs/pkg/translator/azurelogs/testdata");
const PAIRS: { readonly [input: string]: string } = {
  "log-minimum.json": "log-minimum",
  "log-minimum-2.json": "log-minimum-2",
  "log-maximum.json": "log-maximum",
  "log-bad-time.json": "log-bad-time",
  "log-bad-level.json": "log-bad-level",
  "log-appserviceplatformlogs.json": "platform-logs",
  "log-appservicehttplogs.json": "http-logs",
  "log-appserviceauditlogs.json": "audit-logs",
  "log-appserviceipsecauditlogs.json": "audit-logs-2",
  "log-appserviceconsolelogs.json": "console-logs",
  "log-appserviceapplogs.json": "service-app",
  "log-azurecdnaccesslog.json": "access-log",
  "log-frontdooraccesslog.json": "front-door-access-log",
  "log-frontdoorhealthprobelog.json": "front-door-health-probe-log",
  "log-frontdoorwaflog.json": "front-door-waf-log",
};
/** OTel severity numbers (9 INFO, 13 WARN); a level given as a number (`log-bad-level.json`) it keeps as it is: the schema knows words only. */
const LEVELS: { readonly [severity: string]: string } = { 9: "INFO", 13: "WARN" };

interface Expected {
  at: number;
  level: string | null;
  correlation: string | null;
}
function expectedOf(name: string): Expected[] {
  const document = parse(readFileSync(`${folder}/expected/${name}-expected.yaml`, "utf8")) as any;
  return document.resourceLogs
    .flatMap((resource: any) => resource.scopeLogs)
    .flatMap((scope: any) => scope.logRecords)
    .map((record: any) => ({
      at: Number(record.timeUnixNano) / 1e6,
      level: LEVELS[record.severityNumber] ?? null,
      correlation: record.body?.kvlistValue?.values.find((v: any) => v.key === "correlation.id")?.value.stringValue ?? null,
    }));
}

const byTime = (a: Expected, b: Expected): number => a.at - b.at;

describe.skipIf(folder === null)("records of the OpenTelemetry collector", () => {
  it("covers every input", () => {
    expect(
      readdirSync(folder!)
        .filter((name) => name.endsWith(".json"))
        .sort(),
    ).toEqual(Object.keys(PAIRS).sort());
  });

  it.each(Object.entries(PAIRS))("%s: times, levels and correlation IDs", (input, name) => {
    const read = readWith(diagnosticRecords, [JSON.parse(readFileSync(`${folder}/${input}`, "utf8")) as Json]);
    expect(read.broken).toEqual([]);
    const seen = of(read, "log").map((log: LogEvent) => ({
      at: expect.closeTo(log.at, 2),
      level: log.level,
      correlation: log.ids.find((id) => id.value.includes("-") && id.kind === "correlation")?.value ?? null,
    }));
    expect(expectedOf(name).sort(byTime)).toEqual(seen);
  });
});
