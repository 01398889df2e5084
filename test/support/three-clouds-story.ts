/**
 * One order over three clouds in which every hop is joined by another carrier, and no ID is in all of them:
 *
 *   web-order (AWS) --HTTP, X-Ray = W3C trace--> quote (Azure) --Service Bus, Diagnostic-Id and _MS.links--> book (Azure)
 *   --CloudEvent with traceparent--> ledger (Google) --Pub/Sub, googclient_traceparent--> notify (Google) --order ID--> mail (AWS)
 *
 * Azure's clock is 3,000 ms ahead. The rows are as the vendors write them: https://learn.microsoft.com/azure/azure-monitor/reference/tables/apprequests,
 * https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry, https://github.com/cloudevents/spec/blob/main/cloudevents/extensions/distributed-tracing.md
 */
const AZURE_AHEAD_MS = 3000;
const BOOK_OPERATION = "4bf92f3577b34da6a3ce929d0e0e4736";
const LEDGER_TRACE = "7c1a5e2f9d0b4c3e8f6a1b2c3d4e5f60";
const NOTIFY_TRACE = "0123456789abcdeffedcba9876543210";
const ORDER = "ord-7f3c2a91-three-clouds";
const WEB_ORDER = "11111111-1111-4111-8111-111111111111";
const LAMBDA_SEGMENT = "07a85e713f6302b2";
const HANDLER_SEGMENT = "17a85e713f6302b2";
const CALL_SEGMENT = "27a85e713f6302b2";
const SEND_SPAN = "aaaaaaaaaaaaaaa2";
const BUS_ID = "8b1c5f4e9d2a4f60b7c3d1e2f3a4b5c6";
const PUBSUB_ID = "9128337465544399";

interface Group {
  logGroup: string;
  logStream: string;
  logEvents: { id: string; timestamp: number; message: string }[];
}

export interface ThreeClouds {
  /** In the last two runs only, and in no trace. */
  order: string;
  /** Every ID by which the chain can be asked for. */
  ids: string[];
  webOrder: Group;
  mail: Group;
  xray: { Traces: { Id: string; Segments: { Id: string; Document: string }[] }[] };
  azure: { [column: string]: unknown; Type: string }[];
  gcp: object[];
}

/** `t0`: when it begins, by the clocks of AWS and Google. */
export function threeClouds(t0: number): ThreeClouds {
  // the first eight digits of an X-Ray trace are its second
  const second = Math.floor(t0 / 1000).toString(16);
  const XRAY = `1-${second}-bd862e3fe1be46a994272793`;
  const W3C = `${second}bd862e3fe1be46a994272793`;

  const lambda = (fn: string, id: string, at: number, durationMs: number, lines: [number, string][], trace: string | null): object => ({
    messageType: "DATA_MESSAGE",
    owner: "111122223333",
    logGroup: `/aws/lambda/${fn}`,
    logStream: `2026/11/20/[$LATEST]${fn}`,
    subscriptionFilters: ["all"],
    logEvents: (
      [
        [0, `START RequestId: ${id} Version: $LATEST\n`],
        ...lines,
        [durationMs, `END RequestId: ${id}\n`],
        [
          durationMs,
          `REPORT RequestId: ${id}\tDuration: ${durationMs}.00 ms\tBilled Duration: ${durationMs} ms\tMemory Size: 256 MB\tMax Memory Used: 90 MB\t\n${trace === null ? "" : `XRAY TraceId: ${trace}\tSegmentId: ${LAMBDA_SEGMENT}\tSampled: true\t\n`}`,
        ],
      ] as [number, string][]
    ).map(([ms, message], i) => ({ id: `${fn}${i}`, timestamp: t0 + at + ms, message })),
  });

  const azureRow = (type: string, at: number, fn: string, operation: string, rest: object, properties: object): object => ({
    TimeGenerated: new Date(t0 + AZURE_AHEAD_MS + at).toISOString(),
    Type: type,
    OperationId: operation,
    OperationName: fn,
    AppRoleName: "shop-app",
    AppRoleInstance: `instance-of-${fn}`,
    ItemCount: 1,
    _ResourceId: "/subscriptions/6f9c2b1e-0000-4000-8000-000000000001/resourcegroups/shop/providers/microsoft.insights/components/shop-app",
    ...rest,
    Properties: JSON.stringify(properties),
  });
  const result = (fn: string, id: string, ms: number): object => ({
    InvocationId: id,
    Category: "Host.Results",
    FullName: `Functions.${fn}`,
    FunctionExecutionTimeMs: String(ms),
  });

  const runEntry = (service: string, log: string, at: number, trace: string, rest: object): object => ({
    insertId: `${service}-${log}-${at}`,
    logName: `projects/shop/logs/run.googleapis.com%2F${log}`,
    resource: {
      type: "cloud_run_revision",
      labels: { project_id: "shop", service_name: service, revision_name: `${service}-00001-abc`, location: "europe-west1" },
    },
    timestamp: new Date(t0 + at).toISOString(),
    receiveTimestamp: new Date(t0 + at + 700).toISOString(),
    severity: "INFO",
    labels: { instanceId: `0069c7a988-${service}` },
    trace: `projects/shop/traces/${trace}`,
    spanId: `00000000000000${service.length.toString(16).padStart(2, "0")}`,
    ...rest,
  });
  const request = (seconds: string): object => ({
    httpRequest: { requestMethod: "POST", requestUrl: "https://x.a.run.app/", status: 200, latency: `${seconds}s`, protocol: "HTTP/1.1" },
  });

  const at = (ms: number): number => (t0 + ms) / 1000;
  /** X-Ray as Lambda and the X-Ray SDK record it: the handler's call takes from 90 to 310 ms, the quote inside it from 100 to 300. */
  const lambdaSegment = {
    id: LAMBDA_SEGMENT,
    trace_id: XRAY,
    name: "web-order",
    origin: "AWS::Lambda",
    start_time: at(-5),
    end_time: at(401),
    aws: { request_id: WEB_ORDER, function_arn: "arn:aws:lambda:us-east-1:111122223333:function:web-order" },
  };
  const handlerSegment = {
    id: HANDLER_SEGMENT,
    trace_id: XRAY,
    parent_id: LAMBDA_SEGMENT,
    name: "web-order",
    origin: "AWS::Lambda::Function",
    start_time: at(0),
    end_time: at(400),
    aws: { function_arn: "arn:aws:lambda:us-east-1:111122223333:function:web-order" },
    subsegments: [
      {
        id: CALL_SEGMENT,
        name: "shop-app.azurewebsites.net",
        start_time: at(90),
        end_time: at(310),
        namespace: "remote",
        http: { request: { url: "https://shop-app.azurewebsites.net/api/quote", method: "POST" }, response: { status: 200 } },
      },
    ],
  };

  const files = {
    webOrder: lambda("web-order", WEB_ORDER, 0, 400, [[20, "asking for a quote\n"]], XRAY),
    xray: {
      Traces: [
        {
          Id: XRAY,
          Segments: [
            { Id: LAMBDA_SEGMENT, Document: JSON.stringify(lambdaSegment) },
            { Id: HANDLER_SEGMENT, Document: JSON.stringify(handlerSegment) },
          ],
        },
      ],
    },
    azure: [
      azureRow(
        "AppRequests",
        100,
        "quote",
        W3C,
        {
          Id: "aaaaaaaaaaaaaaa1",
          ParentId: CALL_SEGMENT,
          Name: "quote",
          Success: "True",
          ResultCode: "200",
          DurationMs: 200,
          Url: "https://shop-app.azurewebsites.net/api/quote",
        },
        result("quote", "22222222-2222-4222-8222-222222222222", 200),
      ),
      azureRow(
        "AppDependencies",
        220,
        "quote",
        W3C,
        {
          Id: SEND_SPAN,
          ParentId: "aaaaaaaaaaaaaaa1",
          DependencyType: "Azure Service Bus",
          Target: "shop.servicebus.windows.net/bookings",
          Name: "ServiceBusSender.Send",
          Success: true,
          DurationMs: 20,
        },
        { InvocationId: "22222222-2222-4222-8222-222222222222", MessageId: BUS_ID, "Diagnostic-Id": `00-${W3C}-${SEND_SPAN}-01` },
      ),
      azureRow(
        "AppRequests",
        600,
        "book",
        BOOK_OPERATION,
        {
          Id: "bbbbbbbbbbbbbbb1",
          ParentId: BOOK_OPERATION,
          Name: "book",
          Success: "True",
          ResultCode: "0",
          DurationMs: 150,
          Source: "shop.servicebus.windows.net/bookings",
        },
        {
          ...result("book", "33333333-3333-4333-8333-333333333333", 150),
          "_MS.links": JSON.stringify([{ operation_Id: W3C, id: SEND_SPAN }]),
        },
      ),
      azureRow(
        "AppDependencies",
        650,
        "book",
        BOOK_OPERATION,
        {
          Id: "bbbbbbbbbbbbbbb2",
          ParentId: "bbbbbbbbbbbbbbb1",
          DependencyType: "HTTP",
          Target: "ledger-x.a.run.app",
          Name: "POST /",
          Success: true,
          DurationMs: 60,
        },
        { InvocationId: "33333333-3333-4333-8333-333333333333" },
      ),
    ],
    gcp: [
      runEntry("ledger", "requests", 660, LEDGER_TRACE, request("0.040")),
      runEntry("ledger", "stdout", 665, LEDGER_TRACE, {
        jsonPayload: {
          message: "booking received",
          event: {
            specversion: "1.0",
            id: "bk-1",
            source: "/shop/book",
            type: "com.shop.booked",
            time: new Date(t0 + AZURE_AHEAD_MS + 650).toISOString(),
            traceparent: `00-${BOOK_OPERATION}-bbbbbbbbbbbbbbb2-01`,
            data: { amount: 3 },
          },
        },
      }),
      runEntry("ledger", "stdout", 690, LEDGER_TRACE, { textPayload: `Published message ${PUBSUB_ID} to projects/shop/topics/booked` }),
      runEntry("notify", "requests", 900, NOTIFY_TRACE, request("0.120")),
      runEntry("notify", "stdout", 905, NOTIFY_TRACE, {
        jsonPayload: {
          message: {
            attributes: { googclient_traceparent: `00-${LEDGER_TRACE}-00000000000000aa-01` },
            data: "e30=",
            messageId: PUBSUB_ID,
            publishTime: new Date(t0 + 690).toISOString(),
          },
          subscription: "projects/shop/subscriptions/booked-notify",
        },
      }),
      runEntry("notify", "stdout", 950, NOTIFY_TRACE, { jsonPayload: { message: "asking for a mail", orderId: ORDER } }),
    ],
    mail: lambda(
      "mail",
      "44444444-4444-4444-8444-444444444444",
      1200,
      80,
      [[5, `${JSON.stringify({ level: "INFO", message: "mail sent", orderId: ORDER })}\n`]],
      null,
    ),
  };
  const ids = [ORDER, XRAY, W3C, BOOK_OPERATION, LEDGER_TRACE, NOTIFY_TRACE, BUS_ID, PUBSUB_ID, WEB_ORDER];
  return { order: ORDER, ids, ...files } as unknown as ThreeClouds;
}
