/** Valid inputs to start from. */
import { readFile } from "node:fs/promises";
import { readSource, walk } from "../../src/archive/index.ts";
import { idKeys } from "../../src/model/id-keys.ts";
import { formats } from "./formats.ts";

const MAX_BYTES = 64 * 1024;

const at = 1_700_000_000_000;
const iso = "2026-01-01T00:00:00.000Z";
const report =
  "REPORT RequestId: 8f5a0c1e-0000-4000-8000-000000000001\tDuration: 12.34 ms\tBilled Duration: 13 ms\tMemory Size: 128 MB\tMax Memory Used: 64 MB\tInit Duration: 95.46 ms\t\n";

/** One of each shape that the formats look for, written by hand after the vendors' documentation. */
const MADE: readonly unknown[] = [
  {
    events: [{ logStreamName: "2026/01/01/[$LATEST]ab", timestamp: at, message: report, ingestionTime: at, eventId: "1" }],
    searchedLogStreams: [],
  },
  {
    messageType: "DATA_MESSAGE",
    owner: "1",
    logGroup: "/aws/lambda/f",
    logStream: "s",
    logEvents: [{ id: "1", timestamp: at, message: report }],
  },
  {
    Traces: [
      {
        Id: "1-5e61292c-cc1200000000000000000000",
        Segments: [
          {
            Id: "07a85e713f6302b2",
            Document:
              '{"id":"07a85e713f6302b2","trace_id":"1-5e61292c-cc1200000000000000000000","name":"f","start_time":1.7E9,"end_time":1.7E9,"origin":"AWS::Lambda::Function"}',
          },
        ],
      },
    ],
  },
  {
    events: [
      {
        timestamp: iso,
        type: "TaskScheduled",
        id: 2,
        previousEventId: 1,
        taskScheduledEventDetails: { resourceType: "lambda", resource: "invoke", region: "us-east-1", parameters: "{}" },
      },
    ],
  },
  {
    Records: [
      {
        messageId: "m1",
        receiptHandle: "r",
        body: '{"orderId":"o1"}',
        attributes: { ApproximateReceiveCount: "1", SentTimestamp: String(at) },
        messageAttributes: {},
        eventSource: "aws:sqs",
        eventSourceARN: "arn:aws:sqs:us-east-1:1:q",
        awsRegion: "us-east-1",
      },
    ],
  },
  {
    records: [
      {
        time: iso,
        Type: "AppRequests",
        OperationId: "a".repeat(32),
        Id: "b".repeat(16),
        Name: "f",
        AppRoleName: "app",
        DurationMs: 12.5,
        Success: true,
        Properties: { InvocationId: "i1" },
      },
    ],
  },
  {
    tables: [
      {
        name: "PrimaryResult",
        columns: [
          { name: "timestamp", type: "datetime" },
          { name: "operation_Id", type: "string" },
          { name: "duration", type: "real" },
          { name: "itemType", type: "string" },
        ],
        rows: [
          [iso, "op", 1.5, "request"],
          [iso, "op", null, "request"],
        ],
      },
    ],
  },
  [
    {
      insertId: "1",
      logName: "projects/p/logs/run.googleapis.com%2Frequests",
      timestamp: iso,
      resource: { type: "cloud_run_revision", labels: { service_name: "s", location: "us-central1", project_id: "p" } },
      httpRequest: { latency: "0.162307150s", status: 200, requestMethod: "POST", requestSize: "333" },
      trace: `projects/p/traces/${"a".repeat(32)}`,
      spanId: "b".repeat(16),
    },
  ],
  {
    timeSeries: [
      {
        metric: { type: "run.googleapis.com/request_count", labels: {} },
        resource: { type: "cloud_run_revision", labels: { service_name: "s" } },
        metricKind: "DELTA",
        valueType: "INT64",
        points: [{ interval: { startTime: iso, endTime: iso }, value: { int64Value: "3" } }],
      },
    ],
  },
  {
    resourceSpans: [
      {
        resource: { attributes: [{ key: "service.name", value: { stringValue: "s" } }] },
        scopeSpans: [
          {
            scope: {},
            spans: [
              {
                traceId: "5B8EFFF798038103D269B633813FC60C",
                spanId: "EEE19B7EC3C1B174",
                name: "x",
                kind: 2,
                startTimeUnixNano: "1544712660000000000",
                endTimeUnixNano: "1544712661000000000",
                attributes: [],
              },
            ],
          },
        ],
      },
    ],
  },
  {
    data: [
      {
        traceID: "a".repeat(32),
        spans: [
          {
            traceID: "a".repeat(32),
            spanID: "b".repeat(16),
            operationName: "x",
            references: [],
            startTime: at * 1000,
            duration: 1000,
            tags: [],
            logs: [],
            processID: "p1",
          },
        ],
        processes: { p1: { serviceName: "s", tags: [] } },
      },
    ],
  },
  { specversion: "1.0", id: "1", source: "/s", type: "t", time: iso, data: { orderId: "o1" } },
];
const TEXT = `2026-01-01T00:00:00.000Z START RequestId: 8f5a0c1e-0000-4000-8000-000000000001 Version: $LATEST\n2026-01-01T00:00:00.000Z ${report}`;

/** Inputs made here. */
export const madeSeeds = (): Buffer[] => [
  ...MADE.map((value, i) => Buffer.from(JSON.stringify(value, null, i % 2 === 0 ? 0 : 2))),
  Buffer.from(TEXT),
];

/** Files up to 64 KiB of a folder, where it exists: all that a format recognises, and every tenth of the others. */
export async function seedsFrom(folder: string): Promise<Buffer[]> {
  const inputs = await walk([folder]).catch(() => []);
  const seeds: Buffer[] = [];
  let unknown = 0;
  for (const { path, sizeBytes } of inputs) {
    if (sizeBytes === null || sizeBytes === 0 || sizeBytes > MAX_BYTES) continue;
    const result = await readSource(path, { formats, keys: idKeys(), record() {} });
    if (result.error === null || unknown++ % 10 === 0) seeds.push(await readFile(path));
  }
  return seeds;
}
