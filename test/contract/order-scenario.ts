/**
 * One story in the dialects of three vendors: `place-order` handles an order over HTTP (cold start, 250 ms) and sends a message;
 * `handle-order` receives it and fails after 40 ms. The order's correlation ID is in both logs.
 */
import type { Json } from "../../src/model/records.ts";

export const CORRELATION_ID = "ord-7f3c2a91";

/** Files of one vendor, each a list of documents, and the ID that its broker gave the message. */
export interface Story {
  files: readonly (readonly Json[])[];
  messageId: string;
}

/** 2026-11-20T10:00:00Z. */
export const T0 = Date.UTC(2026, 10, 20, 10);
const iso = (ms: number): string => new Date(T0 + ms).toISOString();

const A_REQUEST = "3a4b2e78-1111-4c1c-9d3e-0123456789ab";
const B_REQUEST = "5c6d7e80-2222-4d2d-8e4f-abcdef012345";

function lambdaLog(fn: string, lines: [number, string][]): Json {
  return {
    logGroup: `/aws/lambda/${fn}`,
    events: lines.map(([at, message], i) => ({
      logStreamName: "2026/11/20/[$LATEST]0123456789abcdef0123456789abcdef",
      timestamp: T0 + at,
      message,
      ingestionTime: T0 + at + 900,
      eventId: `3710000000000000000000000000000000000000000000000000000${fn.length}${i}`,
    })),
    searchedLogStreams: [],
  };
}

const SQS_ID = "059f36b4-87a3-44ab-83d2-661975830a7d";

const sqsEvent = {
  Records: [
    {
      messageId: SQS_ID,
      receiptHandle: "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
      body: JSON.stringify({ correlationId: CORRELATION_ID, items: 2 }),
      attributes: { ApproximateReceiveCount: "1", SentTimestamp: String(T0 + 200), SenderId: "AIDAIENQZJOLO23YVJ4VO" },
      messageAttributes: {},
      md5OfBody: "e4e68fb7bd0e697a0ae8f1bb342846b3",
      eventSource: "aws:sqs",
      eventSourceARN: "arn:aws:sqs:us-east-1:123456789012:orders",
      awsRegion: "us-east-1",
    },
  ],
};

export const awsStory: Story = {
  messageId: SQS_ID,
  files: [
    [
      lambdaLog("place-order", [
        [0, `START RequestId: ${A_REQUEST} Version: $LATEST\n`],
        [100, `${iso(100)}\t${A_REQUEST}\tINFO\torder accepted correlationId=${CORRELATION_ID}\n`],
        [
          200,
          `${iso(200)}\t${A_REQUEST}\tINFO\tmessage sent ${JSON.stringify({ messageId: SQS_ID, queueUrl: "https://sqs.us-east-1.amazonaws.com/123456789012/orders" })}\n`,
        ],
        [250, `END RequestId: ${A_REQUEST}\n`],
        [
          250,
          `REPORT RequestId: ${A_REQUEST}\tDuration: 250.00 ms\tBilled Duration: 430 ms\tMemory Size: 256 MB\tMax Memory Used: 90 MB\tInit Duration: 180.00 ms\t\n`,
        ],
      ]),
    ],
    [
      lambdaLog("handle-order", [
        [1000, `START RequestId: ${B_REQUEST} Version: $LATEST\n`],
        [1005, `${iso(1005)}\t${B_REQUEST}\tINFO\t${JSON.stringify(sqsEvent)}\n`],
        [1040, `END RequestId: ${B_REQUEST}\n`],
        [
          1040,
          `REPORT RequestId: ${B_REQUEST}\tDuration: 40.00 ms\tBilled Duration: 40 ms\tMemory Size: 256 MB\tMax Memory Used: 80 MB\tStatus: error\tError Type: OutOfStock\n`,
        ],
      ]),
    ],
  ],
};

const OPERATION = "0af7651916cd43dd8448eb211c80319c";
const BUS_ID = "8b1c5f4e9d2a4f60b7c3d1e2f3a4b5c6";

const azureRow = (type: string, at: number, fn: string, invocation: string | null, rest: { [column: string]: Json }): Json => ({
  TimeGenerated: iso(at).replace("Z", "0000Z"),
  Type: type,
  OperationId: OPERATION,
  OperationName: fn,
  AppRoleName: `${fn}-app`,
  AppRoleInstance: `instance-of-${fn}`,
  ItemCount: 1,
  _ResourceId: `/subscriptions/6f9c2b1e-0000-4000-8000-000000000001/resourcegroups/shop/providers/microsoft.insights/components/${fn}`,
  ...rest,
  Properties: JSON.stringify({
    ...(invocation === null ? {} : { InvocationId: invocation }),
    HostInstanceId: `host-of-${fn}`,
    ...(rest["Properties"] as { [key: string]: Json } | undefined),
  }),
});
const host = (fn: string) => ({ Category: `Function.${fn}` });
const user = (fn: string) => ({ Category: `Function.${fn}.User` });
const result = (fn: string, ms: string) => ({ Category: "Host.Results", FullName: `Functions.${fn}`, FunctionExecutionTimeMs: ms });

export const azureStory: Story = {
  messageId: BUS_ID,
  files: [
    [
      azureRow("AppTraces", -5, "place-order", null, {
        Message: "Host started (180ms)",
        SeverityLevel: 1,
        Properties: { Category: "Host.Startup" },
      }),
      azureRow("AppTraces", 0, "place-order", A_REQUEST, {
        Message: `Executing 'Functions.place-order' (Reason='This function was programmatically called via the host APIs.', Id=${A_REQUEST})`,
        SeverityLevel: 1,
        Properties: host("place-order"),
      }),
      azureRow("AppTraces", 100, "place-order", A_REQUEST, {
        Message: `order accepted correlationId=${CORRELATION_ID}`,
        SeverityLevel: 1,
        Properties: user("place-order"),
      }),
      azureRow("AppDependencies", 190, "place-order", A_REQUEST, {
        Id: "b7ad6b7169203331",
        ParentId: "a1ad6b7169203331",
        DependencyType: "Azure Service Bus",
        Target: "shop.servicebus.windows.net/orders",
        Name: "ServiceBusSender.Send",
        Success: true,
        DurationMs: 10,
        Properties: { MessageId: BUS_ID },
      }),
      azureRow("AppTraces", 250, "place-order", A_REQUEST, {
        Message: `Executed 'Functions.place-order' (Succeeded, Id=${A_REQUEST}, Duration=250ms)`,
        SeverityLevel: 1,
        Properties: host("place-order"),
      }),
      azureRow("AppRequests", 0, "place-order", A_REQUEST, {
        Id: "a1ad6b7169203331",
        ParentId: OPERATION,
        Name: "place-order",
        Success: "True",
        ResultCode: "202",
        DurationMs: 251,
        Url: "https://place-order-app.azurewebsites.net/api/orders",
        Properties: { ...result("place-order", "250"), HttpMethod: "POST" },
      }),
    ],
    [
      azureRow("AppTraces", 1000, "handle-order", B_REQUEST, {
        Message: `Executing 'Functions.handle-order' (Reason='(null)', Id=${B_REQUEST})`,
        SeverityLevel: 1,
        Properties: host("handle-order"),
      }),
      azureRow("AppTraces", 1001, "handle-order", B_REQUEST, {
        Message: `Trigger Details: MessageId: ${BUS_ID}, SequenceNumber: 7, DeliveryCount: 1, EnqueuedTimeUtc: ${iso(200)}, LockedUntilUtc: ${iso(60_200)}, SessionId: (null)`,
        SeverityLevel: 1,
        Properties: host("handle-order"),
      }),
      azureRow("AppTraces", 1005, "handle-order", B_REQUEST, {
        Message: `got order correlationId=${CORRELATION_ID}`,
        SeverityLevel: 1,
        Properties: user("handle-order"),
      }),
      azureRow("AppExceptions", 1039, "handle-order", B_REQUEST, {
        ExceptionType: "OutOfStock",
        OuterMessage: "nothing left",
        ProblemId: "OutOfStock at handle",
        SeverityLevel: 3,
        Properties: user("handle-order"),
      }),
      azureRow("AppTraces", 1040, "handle-order", B_REQUEST, {
        Message: `Executed 'Functions.handle-order' (Failed, Id=${B_REQUEST}, Duration=40ms)`,
        SeverityLevel: 3,
        Properties: host("handle-order"),
      }),
      azureRow("AppRequests", 1000, "handle-order", B_REQUEST, {
        Id: "c2ad6b7169203331",
        ParentId: "b7ad6b7169203331",
        Name: "handle-order",
        Success: "False",
        ResultCode: "0",
        DurationMs: 41,
        Source: "shop.servicebus.windows.net/orders",
        Properties: result("handle-order", "40"),
      }),
    ],
  ],
};

const PUBSUB_ID = "9128337465544321";

const gcpEntry = (service: string, log: string, at: number, rest: { [key: string]: Json }): Json => ({
  insertId: `${service}-${log}-${at}`,
  logName: `projects/shop/logs/${encodeURIComponent(`run.googleapis.com/${log}`)}`,
  resource: {
    type: "cloud_run_revision",
    labels: {
      project_id: "shop",
      service_name: service,
      revision_name: `${service}-00001-abc`,
      location: "us-central1",
      configuration_name: service,
    },
  },
  timestamp: iso(at),
  receiveTimestamp: iso(at + 700),
  severity: "INFO",
  ...rest,
  labels: {
    instanceId: `0069c7a988-${service}`,
    "goog-managed-by": "cloudfunctions",
    ...(rest["labels"] as { [key: string]: Json } | undefined),
  },
});
const inTrace = (trace: string, span: string) => ({ trace: `projects/shop/traces/${trace}`, spanId: span, traceSampled: true });
const A_TRACE = inTrace("1bf7651916cd43dd8448eb211c80319c", "00000000000000a1");
const B_TRACE = inTrace("2cf7651916cd43dd8448eb211c80319c", "00000000000000b2");
const request = (url: string, status: number, latency: string) => ({
  requestMethod: "POST",
  requestUrl: url,
  requestSize: "333",
  status,
  responseSize: "12",
  latency,
  protocol: "HTTP/1.1",
});

export const gcpStory: Story = {
  messageId: PUBSUB_ID,
  files: [
    [
      gcpEntry("place-order", "varlog/system", -5, {
        textPayload: "Starting new instance. Reason: AUTOSCALING - Instance started due to traffic exceeding capacity.",
      }),
      gcpEntry("place-order", "requests", 0, { httpRequest: request("https://place-order-x.a.run.app/orders", 202, "0.250s"), ...A_TRACE }),
      gcpEntry("place-order", "stdout", 100, { textPayload: `order accepted correlationId=${CORRELATION_ID}`, ...A_TRACE }),
      gcpEntry("place-order", "stdout", 200, { textPayload: `Published message ${PUBSUB_ID} to projects/shop/topics/orders`, ...A_TRACE }),
    ],
    [
      gcpEntry("handle-order", "requests", 1000, {
        httpRequest: request("https://handle-order-x.a.run.app/", 500, "0.040s"),
        severity: "ERROR",
        ...B_TRACE,
      }),
      gcpEntry("handle-order", "stdout", 1005, {
        textPayload: JSON.stringify({
          message: {
            messageId: PUBSUB_ID,
            message_id: PUBSUB_ID,
            publishTime: iso(200),
            publish_time: iso(200),
            attributes: { correlationId: CORRELATION_ID },
            data: Buffer.from(JSON.stringify({ items: 2 })).toString("base64"),
          },
          subscription: "projects/shop/subscriptions/orders-sub",
          deliveryAttempt: 1,
        }),
        ...B_TRACE,
      }),
    ],
  ],
};
