/**
 * A region with many functions, on 127.0.0.1: inventory, metrics and logs as the SDK's protocols have them, every answer after a latency,
 * and a token bucket per API family that answers 429 ThrottlingException above its rate. Nothing is stored: every answer is computed.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface FakeOptions {
  functions: number;
  /** Of each API family; bursts of one second's worth are let through. */
  requestsPerS: number;
  latencyMs: number;
}

/** By API family: answered, and refused for rate. */
export type Stats = { [family: string]: { calls: number; throttled: number } };

export interface FakeAws {
  url: string;
  stats: Stats;
  close(): Promise<void>;
}

type Obj = { [key: string]: unknown };

const ACCOUNT = "111122223333";
const REGION = "us-east-1";
const HOUR_MS = 3_600_000;
const nameOf = (i: number): string => `fn-${String(i).padStart(5, "0")}`;
const arnOf = (i: number): string => `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${nameOf(i)}`;

export async function startFakeAws(options: FakeOptions): Promise<FakeAws> {
  const stats: Stats = {};
  const buckets = new Map<string, { tokens: number; at: number }>();
  const queries = new Map<string, Obj>();

  function admitted(family: string): boolean {
    const bucket = buckets.get(family) ?? { tokens: options.requestsPerS, at: performance.now() };
    const now = performance.now();
    const tokens = Math.min(options.requestsPerS, bucket.tokens + ((now - bucket.at) / 1000) * options.requestsPerS);
    buckets.set(family, { tokens: tokens >= 1 ? tokens - 1 : tokens, at: now });
    return tokens >= 1;
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const call = callOf(request, await bodyOf(request));
    const count = (stats[call.family] ??= { calls: 0, throttled: 0 });
    const ok = admitted(call.family);
    count[ok ? "calls" : "throttled"] += 1;
    const answer = ok ? answerOf(call, options.functions, queries) : { __type: "ThrottlingException", message: "Rate exceeded" };
    await new Promise((resolve) => setTimeout(resolve, options.latencyMs));
    const type = typeof answer === "string" ? "text/xml" : "application/x-amz-json-1.1";
    response.writeHead(ok ? 200 : 429, { "content-type": type, ...(ok ? {} : { "x-amzn-errortype": "ThrottlingException" }) });
    response.end(typeof answer === "string" ? answer : JSON.stringify(answer));
  }

  const server = createServer((request, response) => {
    void handle(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, stats, close: () => closed(server) };
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

interface Call {
  service: string;
  operation: string;
  /** What shares a limit: Lambda's control plane as a whole, else each operation of its own. */
  family: string;
  path: string;
  query: URLSearchParams;
  input: Obj;
}

function callOf(request: IncomingMessage, body: string): Call {
  const service = /Credential=[^/]*\/\d+\/[^/]*\/([^/]+)\//.exec(request.headers.authorization ?? "")?.[1] ?? "none";
  const url = new URL(request.url ?? "/", "http://fake");
  const target = String(request.headers["x-amz-target"] ?? "")
    .split(".")
    .pop()!;
  const operation = target || (/(?:^|&)Action=(\w+)/.exec(body)?.[1] ?? url.pathname);
  const input = body.startsWith("{") ? (JSON.parse(body) as Obj) : {};
  return {
    service,
    operation,
    family: service === "lambda" ? "lambda" : `${service}:${operation}`,
    path: url.pathname,
    query: url.searchParams,
    input,
  };
}

function answerOf(call: Call, functions: number, queries: Map<string, Obj>): Obj | string {
  const { service, operation, path, query, input } = call;
  if (service === "sts") {
    return `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::${ACCOUNT}:user/bench</Arn><UserId>U</UserId><Account>${ACCOUNT}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`;
  }
  if (service === "sns") return `<${operation}Response><${operation}Result></${operation}Result></${operation}Response>`;
  if (service === "lambda") {
    if (/\/functions\/?$/.test(path)) return page(functions, 50, query.get("Marker"), "Functions", "NextMarker", configuration);
    return path.endsWith("/aliases") ? { Aliases: [] } : path.endsWith("/versions") ? { Versions: [] } : { EventSourceMappings: [] };
  }
  if (service === "xray")
    return path === "/GetTraceSegmentDestination" ? { Destination: "XRay", Status: "ACTIVE" } : { TraceSummaries: [] };
  switch (operation) {
    case "DescribeLogGroups":
      return page(functions, 50, input["nextToken"], "logGroups", "nextToken", logGroup);
    case "FilterLogEvents":
      return {
        events: events(String(input["logGroupName"]), Number(input["startTime"]), Number(input["endTime"]) + 1),
        searchedLogStreams: [],
      };
    case "StartQuery": {
      const queryId = `q-${queries.size}`;
      queries.set(queryId, input);
      return { queryId };
    }
    case "GetQueryResults":
      return results(queries.get(String(input["queryId"]))!, input["nextToken"]);
    case "ListMetrics":
      return input["Namespace"] === "AWS/Lambda"
        ? page(functions * LAMBDA_METRICS.length, 500, input["NextToken"], "Metrics", "NextToken", metric)
        : { Metrics: [] };
    case "GetMetricData":
      return { MetricDataResults: (input["MetricDataQueries"] as Obj[]).map((one) => series(one, input)) };
    default:
      return {};
  }
}

function page(count: number, size: number, token: unknown, list: string, next: string, item: (i: number) => Obj): Obj {
  const from = Number(token ?? 0);
  const to = Math.min(count, from + size);
  return { [list]: Array.from({ length: to - from }, (_, i) => item(from + i)), ...(to < count ? { [next]: String(to) } : {}) };
}

function configuration(i: number): Obj {
  return {
    FunctionName: nameOf(i),
    FunctionArn: `${arnOf(i)}:$LATEST`,
    Version: "$LATEST",
    Runtime: "nodejs22.x",
    Role: `arn:aws:iam::${ACCOUNT}:role/orders`,
    Handler: "index.handler",
    CodeSize: 1234,
    Timeout: 30,
    MemorySize: 128 * (1 + (i % 8)),
    LastModified: "2026-11-01T00:00:00.000+0000",
    CodeSha256: `sha-${i}`,
    RevisionId: `00000000-0000-4000-8000-${String(i).padStart(12, "0")}`,
    Environment: { Variables: { TABLE: "orders", STAGE: "prod" } },
    TracingConfig: { Mode: "PassThrough" },
    Architectures: ["x86_64"],
    EphemeralStorage: { Size: 512 },
    LoggingConfig: { LogFormat: "Text", LogGroup: `/aws/lambda/${nameOf(i)}` },
  };
}

function logGroup(i: number): Obj {
  const logGroupName = `/aws/lambda/${nameOf(i)}`;
  const arn = `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:${logGroupName}:*`;
  return {
    logGroupName,
    arn,
    creationTime: 1_700_000_000_000,
    retentionInDays: 30,
    storedBytes: 720 * LINES_BYTES,
    logGroupClass: "STANDARD",
  };
}

const LAMBDA_METRICS = ["Invocations", "Errors", "Duration", "Throttles"];
const LINES_BYTES = 500;

function metric(i: number): Obj {
  return {
    Namespace: "AWS/Lambda",
    MetricName: LAMBDA_METRICS[i % LAMBDA_METRICS.length],
    Dimensions: [{ Name: "FunctionName", Value: nameOf(Math.floor(i / LAMBDA_METRICS.length)) }],
  };
}

function series(query: Obj, input: Obj): Obj {
  const stat = query["MetricStat"] as Obj;
  const metricOf = stat["Metric"] as Obj;
  const period = Number(stat["Period"]);
  const from = Math.ceil(Number(input["StartTime"]) / period) * period;
  const count = metricOf["Namespace"] === "AWS/Lambda" ? Math.max(0, Math.floor((Number(input["EndTime"]) - from) / period)) : 0;
  const at = Array.from({ length: count }, (_, i) => from + i * period);
  return { Id: query["Id"], Label: metricOf["MetricName"], Timestamps: at, Values: at.map(() => 1), StatusCode: "Complete" };
}

/** One run an hour, at its 7th minute: three lines. */
function events(group: string, fromMs: number, toMs: number): Obj[] {
  const found: Obj[] = [];
  const number = group.slice(-5);
  for (let hour = Math.floor(fromMs / HOUR_MS); hour * HOUR_MS < toMs; hour++) {
    const at = hour * HOUR_MS + 420_000;
    const id = `${String(hour).padStart(8, "0")}-0000-4000-8000-0000000${number}`;
    const report = `REPORT RequestId: ${id}\tDuration: 99.20 ms\tBilled Duration: 100 ms\tMemory Size: 512 MB\tMax Memory Used: 80 MB\t\n`;
    const lines = [
      [at, `START RequestId: ${id} Version: $LATEST\n`] as const,
      [at + 100, `END RequestId: ${id}\n`] as const,
      [at + 100, report] as const,
    ];
    for (const [i, [timestamp, message]] of lines.entries()) {
      if (timestamp < fromMs || timestamp >= toMs) continue;
      found.push({
        logStreamName: "2026/11/23/[$LATEST]abc",
        timestamp,
        ingestionTime: timestamp,
        message,
        eventId: `${number}-${hour}-${i}`,
      });
    }
  }
  return found;
}

const RESULT_ROWS = 10_000;

function results(query: Obj, token: unknown): Obj {
  const groups = query["logGroupNames"] as string[];
  const rows = groups
    .flatMap((group) =>
      events(group, Number(query["startTime"]) * 1000, Number(query["endTime"]) * 1000).map((event) => ({ ...event, group }) as Obj),
    )
    .sort((a, b) => Number(a["timestamp"]) - Number(b["timestamp"]));
  const from = Number(token ?? 0);
  const cell = (field: string, value: unknown): Obj => ({ field, value: String(value) });
  return {
    status: "Complete",
    results: rows
      .slice(from, from + RESULT_ROWS)
      .map((row) => [
        cell("@timestamp", new Date(Number(row["timestamp"])).toISOString().replace("T", " ").replace("Z", "")),
        cell("@message", row["message"]),
        cell("@logStream", row["logStreamName"]),
        cell("@log", `${ACCOUNT}:${String(row["group"])}`),
        cell("@ptr", row["eventId"]),
      ]),
    statistics: { recordsMatched: rows.length, recordsScanned: rows.length, bytesScanned: rows.length * (LINES_BYTES / 3) },
    ...(from + RESULT_ROWS < rows.length ? { nextToken: String(from + RESULT_ROWS) } : {}),
  };
}
