import { describe, expect, it } from "vitest";
import { search, type SearchContext } from "../../../../src/clouds/aws/search.ts";
import { annotationFilter } from "../../../../src/clouds/aws/search-traces.ts";
import type { Span } from "../../../../src/clouds/room.ts";
import { idKeys } from "../../../../src/model/id-keys.ts";
import type { Id } from "../../../../src/model/ids.ts";
import type { Config, Json, Rec } from "../../../../src/model/records.ts";
import { testContext } from "../../../support/aws-client.ts";
import { type Behaviour, config, invocation, logServer, type LogServer } from "../../../support/log-server.ts";
import { ACCOUNT, collected, failure, REGION, typed } from "../../../support/scripted-aws.ts";

const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 10, 23);
const WINDOW: Span = { from: NOW - 12 * HOUR, to: NOW };
const AT = NOW - 6 * HOUR;

const arn = (service: string, rest: string): string => `arn:aws:${service}:${REGION}:${ACCOUNT}:${rest}`;
const fn = (name: string): Config => config("function", name);
const triggered = (name: string): Config[] => [
  fn(name),
  config("trigger", `of ${name}`, { from: arn("sqs", "orders"), to: arn("lambda", `function:${name}:live`) }),
];
const logGroup = (name: string, settings: { [key: string]: Json } = {}): Config => config("log-group", `/aws/lambda/${name}`, { settings });
const order: Id = { kind: "correlation", value: "order-42" };

function found(
  server: LogServer,
  configs: Config[],
  ids: Id[] = [order],
  { maxUsd = 1, ctx = {} }: { maxUsd?: number; ctx?: Partial<SearchContext> } = {},
): Promise<Rec[]> {
  return collected(search(server.aws, { ...testContext(), ...ctx }, ids, configs, WINDOW, maxUsd));
}
const queries = (server: LogServer): any[] => server.inputs("logs:StartQuery");
const whys = (records: Rec[]): string[] => typed(records, "gap").map((one) => one.why);
/** X-Ray without a single trace. */
const NO_TRACES: Behaviour["script"] = {
  "xray:GetTraceSegmentDestination": { Destination: "XRay" },
  "xray:GetTraceSummaries": { TraceSummaries: [] },
};

describe("traces and histories", () => {
  const configs = [...triggered("a"), logGroup("a")];
  const segment = {
    id: "0123456789abcdef",
    name: "a",
    trace_id: "1-67891233-abcdef012345678912345678",
    start_time: AT / 1000,
    end_time: AT / 1000 + 1,
    origin: "AWS::Lambda::Function",
  };
  const trace = { Id: segment.trace_id, Segments: [{ Id: segment.id, Document: JSON.stringify(segment) }] };

  it("looks for a correlation ID in annotations, 6 h at a time, and reads the traces found", async () => {
    const script: Behaviour["script"] = {
      "xray:GetTraceSegmentDestination": { Destination: "XRay" },
      "xray:GetTraceSummaries": (input) => ({
        TraceSummaries: new Date(input["StartTime"] as string).getTime() < AT ? [] : [{ Id: trace.Id }],
        TracesProcessedCount: 10,
      }),
      "xray:BatchGetTraces": { Traces: [trace] },
    };
    const server = logServer({ "/aws/lambda/a": [] }, { script });
    const records = await found(server, configs);
    const spans = server
      .inputs("xray:GetTraceSummaries")
      .map((one) => [one["StartTime"], one["EndTime"]].map((at) => (at as unknown as Date).getTime()));
    expect(spans).toEqual([
      [NOW - 6 * HOUR, NOW],
      [NOW - 12 * HOUR, NOW - 6 * HOUR],
    ]);
    expect(String(server.inputs("xray:GetTraceSummaries")[0]!["FilterExpression"])).toContain('annotation[order_id] = "order-42"');
    expect(typed(records, "span").map((one) => one.spanId)).toEqual([segment.id]);
  });

  it("writes expressions as X-Ray reads them", () => {
    expect(annotationFilter(["order-id", "x_ref"], ["42"])).toBe(
      'annotation[order_id] = "42" OR annotation[orderId] = "42" OR annotation[x_ref] = "42" OR annotation[xRef] = "42"',
    );
    expect(annotationFilter(idKeys(["orderNo"]).names, ["42"])).toContain('annotation[orderNo] = "42"');
  });

  it("goes on without an expression that the endpoint cannot evaluate, after one attempt", async () => {
    const script = { ...NO_TRACES, "xray:GetTraceSummaries": failure("xray:GetTraceSummaries", "failed", "InternalFailure", 500) };
    const server = logServer({ "/aws/lambda/a": invocation(2, AT, "order-42") }, { script });
    const records = await found(server, configs);
    expect(typed(records, "invocation")).toHaveLength(1);
    expect(whys(records)).toEqual(["xray:GetTraceSummaries failed: InternalFailure: refused by the script (HTTP 500)"]);
    expect(server.inputs("xray:GetTraceSummaries")).toHaveLength(1);
  });

  it("reads the spans' log group where Transaction Search keeps them", async () => {
    const line = JSON.stringify({ traceId: "67891233abcdef012345678912345678", attributes: { "order.id": "order-42" } });
    const script: Behaviour["script"] = {
      "xray:GetTraceSegmentDestination": { Destination: "CloudWatchLogs" },
      "xray:StartTraceRetrieval": { RetrievalToken: "t" },
      "xray:ListRetrievedTraces": { RetrievalStatus: "COMPLETE", Traces: [] },
    };
    const server = logServer({ "/aws/lambda/a": [], "aws/spans": [{ at: AT, stream: "default", message: line }] }, { script });
    await found(server, configs);
    expect(queries(server).map((one) => one.logGroupNames)).toContainEqual(["aws/spans"]);
    expect(server.inputs("xray:StartTraceRetrieval")[0]!["TraceIds"]).toEqual([trace.Id]);
    expect(server.inputs("xray:GetTraceSummaries")).toEqual([]);
  });

  it("reads the history of an execution of this account", async () => {
    const mine = arn("states", "execution:fulfil:e-1");
    const script: Behaviour["script"] = {
      ...NO_TRACES,
      "states:DescribeExecution": (input) => ({
        executionArn: input["executionArn"] ?? null,
        stateMachineArn: arn("states", "stateMachine:fulfil"),
        name: "e-1",
        status: "SUCCEEDED",
        startDate: new Date(AT).toISOString(),
        stopDate: new Date(AT + 5_000).toISOString(),
      }),
      "states:GetExecutionHistory": { events: [] },
    };
    const server = logServer({ "/aws/lambda/a": [] }, { script });
    const ids: Id[] = [mine, mine.replace(ACCOUNT, "999900001111")].map((value) => ({ kind: "execution", value }));
    const records = await found(server, configs, ids);
    expect(server.inputs("states:DescribeExecution")).toEqual([{ executionArn: mine }]);
    expect(typed(records, "span").map((one) => one.kind)).toEqual(["workflow"]);
  });
});
