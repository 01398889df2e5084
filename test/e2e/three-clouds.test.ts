/**
 * One order over three clouds in which every hop is joined by another carrier, and no ID is in all of them:
 *
 *   web-order (AWS) --HTTP, X-Ray = W3C trace--> quote (Azure) --Service Bus, Diagnostic-Id and _MS.links--> book (Azure)
 *   --CloudEvent with traceparent--> ledger (Google) --Pub/Sub, googclient_traceparent--> notify (Google) --order ID--> mail (AWS)
 *
 * Azure's clock is 3,000 ms ahead. The rows are as the vendors write them: https://learn.microsoft.com/azure/azure-monitor/reference/tables/apprequests,
 * https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry, https://github.com/cloudevents/spec/blob/main/cloudevents/extensions/distributed-tracing.md
 */
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { evscope } from "../support/cli.ts";

const T0 = Date.UTC(2026, 10, 20, 10);
const AZURE_AHEAD_MS = 3000;
const XRAY = "1-691ee988-bd862e3fe1be46a994272793";
/** The same trace in W3C form. */
const W3C = "691ee988bd862e3fe1be46a994272793";
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
  ).map(([ms, message], i) => ({ id: `${fn}${i}`, timestamp: T0 + at + ms, message })),
});

const azureRow = (type: string, at: number, fn: string, operation: string, rest: object, properties: object): object => ({
  TimeGenerated: new Date(T0 + AZURE_AHEAD_MS + at).toISOString(),
  Type: type,
  OperationId: operation,
  OperationName: fn,
  AppRoleName: "shop-app",
  AppRoleInstance: `instance-of-${fn}`,
  ItemCount: 1,
  _ResourceId: "/subscriptions/6f9c2b1e-0000-4000-8000-000000000001/resourcegroups/shop/providers/microsoft.insights/components/shop",
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
  timestamp: new Date(T0 + at).toISOString(),
  receiveTimestamp: new Date(T0 + at + 700).toISOString(),
  severity: "INFO",
  labels: { instanceId: `0069c7a988-${service}` },
  trace: `projects/shop/traces/${trace}`,
  spanId: `00000000000000${service.length.toString(16).padStart(2, "0")}`,
  ...rest,
});
const request = (seconds: string): object => ({
  httpRequest: { requestMethod: "POST", requestUrl: "https://x.a.run.app/", status: 200, latency: `${seconds}s`, protocol: "HTTP/1.1" },
});

const at = (ms: number): number => (T0 + ms) / 1000;
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

const files: Record<string, object> = {
  "aws-web-order.json": lambda("web-order", WEB_ORDER, 0, 400, [[20, "asking for a quote\n"]], XRAY),
  "aws-xray.json": {
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
  "azure.json": [
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
  "gcp.json": [
    runEntry("ledger", "requests", 660, LEDGER_TRACE, request("0.040")),
    runEntry("ledger", "stdout", 665, LEDGER_TRACE, {
      jsonPayload: {
        message: "booking received",
        event: {
          specversion: "1.0",
          id: "bk-1",
          source: "/shop/book",
          type: "com.shop.booked",
          time: new Date(T0 + AZURE_AHEAD_MS + 650).toISOString(),
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
          publishTime: new Date(T0 + 690).toISOString(),
        },
        subscription: "projects/shop/subscriptions/booked-notify",
      },
    }),
    runEntry("notify", "stdout", 950, NOTIFY_TRACE, { jsonPayload: { message: "asking for a mail", orderId: ORDER } }),
  ],
  "aws-mail.json": lambda(
    "mail",
    "44444444-4444-4444-8444-444444444444",
    1200,
    80,
    [[5, `${JSON.stringify({ level: "INFO", message: "mail sent", orderId: ORDER })}\n`]],
    null,
  ),
};

interface Hop {
  id: string;
  name: string;
  function: string | null;
  requestId: string | null;
  cloud: string;
  skewMs: number | null;
}
interface Answer {
  chain: {
    hops: Hop[];
    edges: { from: string; to: string; kind: string; confidence: number }[];
    problems: { code: string; message: string }[];
  };
}

describe("one chain over three clouds", () => {
  const cwd = mkdtempSync(join(tmpdir(), "evscope-three-"));
  const answers = new Map<string, Answer>();
  const wanted = [ORDER, XRAY, W3C, BOOK_OPERATION, LEDGER_TRACE, NOTIFY_TRACE, BUS_ID, PUBSUB_ID, WEB_ORDER];
  let text = "";

  beforeAll(async () => {
    mkdirSync(join(cwd, "raw"));
    for (const [name, content] of Object.entries(files)) writeFileSync(join(cwd, "raw", name), JSON.stringify(content));
    const imported = await evscope(["import", "raw"], { cwd });
    expect(imported.code, imported.stderr).toBe(0);
    for (const id of wanted) answers.set(id, JSON.parse((await evscope(["trace", id, "--format", "json"], { cwd })).stdout) as Answer);
    text = (await evscope(["trace", ORDER], { cwd })).stdout;
  });

  const functionsOf = ({ chain }: Answer): string[] =>
    chain.hops.flatMap((hop) => (hop.function === null ? [] : [`${hop.cloud} ${hop.function}`]));

  it("is whole, whichever of its IDs it is asked by", () => {
    const all = ["aws mail", "aws web-order", "azure book", "azure quote", "gcp ledger", "gcp notify"];
    for (const id of wanted) expect(functionsOf(answers.get(id)!).sort(), id).toEqual(all);
  });

  it("is joined by what each transport carries, with the confidence of that carrier", () => {
    const { hops, edges } = answers.get(ORDER)!.chain;
    // a call belongs to the run it was made in
    const owner = (id: string): string => {
      const hop = hops.find((one) => one.id === id)!;
      const run = hops.find((one) => one.function !== null && one.requestId === hop.requestId);
      return run?.function ?? hop.name;
    };
    const joins = edges.map((edge) => [owner(edge.from), owner(edge.to), edge.kind, edge.confidence]).filter(([from, to]) => from !== to);
    expect(joins.sort()).toEqual([
      ["book", "ledger", "parent", 1],
      ["ledger", "notify", "message", 0.9],
      ["quote", "book", "link", 1],
      ["web-order", "quote", "parent", 1],
    ]);
  });

  // the caller's call holds the callee: -3,010 to -2,990 ms puts it inside, and the smallest of these is shown; Google's clock is bounded through Azure's
  it("tells how far the clocks are apart, from the call that holds the other", () => {
    const { hops } = answers.get(ORDER)!.chain;
    const correction = (cloud: string): number => hops.find((hop) => hop.cloud === cloud)!.skewMs ?? 0;
    for (const other of ["aws", "gcp"]) {
      const apart = correction("azure") - correction(other);
      expect(apart).toBeGreaterThanOrEqual(-3010);
      expect(apart).toBeLessThanOrEqual(-2990);
    }
    expect(text.replaceAll(/\s+/g, " ")).toContain("clocks of azure and aws disagree: -2990 ms would restore the order (spread 20 ms)");
  });
});
