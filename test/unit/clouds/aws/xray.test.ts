import { describe, expect, it } from "vitest";
import type { Json, Span } from "../../../../src/model/records.ts";
import { xray } from "../../../../src/clouds/aws/xray.ts";
import { of, readAll } from "../../../support/aws.ts";

const TRACE = "1-5e1b4151-5ac6c58f40e5b15e2c7a1c3d";
const W3C = "5e1b41515ac6c58f40e5b15e2c7a1c3d";
const REQUEST = "5f0c7a1e-9b1d-4c58-8a3e-2f6d1b7c9e04";
const FN = "arn:aws:lambda:eu-west-1:111122223333:function:orders";
const T = 1_579_000_000;

const segment = (id: string, rest: { [key: string]: Json } = {}): { [key: string]: Json } => ({
  id,
  name: "orders",
  trace_id: TRACE,
  start_time: T,
  end_time: T + 1,
  ...rest,
});
const trace = (...documents: Json[]): Json => ({
  Id: TRACE,
  Duration: 1,
  Segments: documents.map((d) => ({ Id: "x", Document: JSON.stringify(d) })),
});
const spans = (...documents: Json[]): Span[] => of(readAll(xray, [trace(...documents)]), "span");

describe("segments", () => {
  it("become spans with W3C trace ID, times to the microsecond, exponents as well", () => {
    const text = `{"id":"aaaaaaaaaaaaaaaa","name":"orders","trace_id":"${TRACE}","start_time":1.579000000123E9,"end_time":1.5790000011234567E9}`;
    const [one] = of(readAll(xray, [{ Id: TRACE, Segments: [{ Id: "x", Document: text }] }]), "span");
    expect(one).toMatchObject({
      traceId: W3C,
      spanId: "aaaaaaaaaaaaaaaa",
      startedAt: 1_579_000_000_123,
      endedAt: 1_579_000_001_123.457,
      inProgress: false,
    });
  });

  it("of a function are its invocation, with the request ID of the service's segment above", () => {
    const service = segment("aaaaaaaaaaaaaaaa", {
      origin: "AWS::Lambda",
      resource_arn: FN,
      aws: { request_id: REQUEST },
      subsegments: [segment("bbbbbbbbbbbbbbbb", { name: "Attempt #1" })],
    });
    const run = segment("cccccccccccccccc", {
      parent_id: "bbbbbbbbbbbbbbbb",
      origin: "AWS::Lambda::Function",
      aws: { function_arn: FN },
      subsegments: [
        segment("dddddddddddddddd", { name: "Initialization" }),
        segment("eeeeeeeeeeeeeeee", { name: "S3", namespace: "aws", aws: { operation: "GetObject", bucket_name: "in" } }),
      ],
    });
    const found = spans(run, service);
    const of_ = (id: string) => found.find((s) => s.spanId === id)!;
    expect(of_("cccccccccccccccc")).toMatchObject({
      isInvocation: true,
      fn: "orders",
      requestId: REQUEST,
      account: "111122223333",
      region: "eu-west-1",
      attributes: { coldStart: true, "xray.type": "segment" },
    });
    expect(of_("aaaaaaaaaaaaaaaa")).toMatchObject({ isInvocation: false, fn: "orders", requestId: REQUEST });
    expect(of_("eeeeeeeeeeeeeeee")).toMatchObject({
      parentSpanId: "cccccccccccccccc",
      kind: "client",
      requestId: REQUEST,
      namespace: "aws",
      attributes: { "aws.operation": "GetObject", "aws.bucket_name": "in", "xray.type": "subsegment" },
    });
  });

  it("keep errors, faults, throttles, inference, progress and links", () => {
    const [one] = spans(
      segment("aaaaaaaaaaaaaaaa", {
        error: true,
        throttle: true,
        inferred: true,
        links: [{ trace_id: "1-aaaaaaaa-bbbbbbbbbbbbbbbbbbbbbbbb", id: "1111111111111111" }],
      }),
    );
    expect(one).toMatchObject({
      error: true,
      fault: false,
      throttle: true,
      inferred: true,
      links: [{ traceId: "aaaaaaaabbbbbbbbbbbbbbbbbbbbbbbb", spanId: "1111111111111111" }],
    });
    const [open] = spans({ id: "aaaaaaaaaaaaaaaa", name: "slow", trace_id: TRACE, start_time: T, in_progress: true });
    expect(open).toMatchObject({ inProgress: true, endedAt: null });
  });

  it("name messages, executions and annotated correlation IDs", () => {
    const [one] = spans(
      segment("aaaaaaaaaaaaaaaa", {
        annotations: { orderId: "ORD-1" },
        aws: { message_id: "ba53edbd-4511-44af-9f73-45973c72a677", resource_arn: "arn:aws:states:eu-west-1:111122223333:express:saga:1:2" },
      }),
    );
    expect(one!.ids).toEqual([
      { kind: "correlation", value: "ORD-1" },
      { kind: "message", value: "ba53edbd-4511-44af-9f73-45973c72a677" },
      { kind: "execution", value: "arn:aws:states:eu-west-1:111122223333:express:saga:1:2" },
    ]);
  });

  it("keep no query of a URL but the action", () => {
    const url = (text: string) =>
      spans(segment("aaaaaaaaaaaaaaaa", { http: { request: { url: text, method: "POST" }, response: { status: 202 } } }))[0]!.attributes[
        "http.url"
      ];
    expect(url("https://user:pw@api.example.com/pay?token=s3cret#x")).toBe("https://api.example.com/pay");
    expect(url("https://states.eu-west-1.amazonaws.com/?Action=StartExecution&Key=1")).toBe(
      "https://states.eu-west-1.amazonaws.com/?Action=StartExecution",
    );
  });
});

describe("odd traces", () => {
  it("a cycle of parents ends, whatever its length", () => {
    const ids = ["1", "2", "3", "4", "5", "6"].map((c) => c.repeat(16));
    const documents = ids.map((id, i) =>
      segment(id, { parent_id: ids[(i + 1) % 6]!, origin: "AWS::Lambda::Function", aws: { function_arn: FN } }),
    );
    expect(spans(...documents).map((s) => s.requestId)).toEqual([null, null, null, null, null, null]);
  });

  it("broken segments are reported and the others read", () => {
    const result = readAll(xray, [
      trace(
        segment("aaaaaaaaaaaaaaaa"),
        { id: "bbbbbbbbbbbbbbbb", name: "x", trace_id: TRACE },
        { id: "zz", name: "x", trace_id: TRACE, start_time: T },
        { name: "no trace" },
      ),
    ]);
    expect(of(result, "span")).toHaveLength(1);
    expect(result.broken).toEqual([
      "segment bbbbbbbbbbbbbbbb has no readable start_time",
      "a segment without a 16-digit id: zz",
      "a segment without a readable trace_id: none",
    ]);
  });

  it("missing traces and cut ones are gaps", () => {
    const document = {
      Traces: [{ ...(trace(segment("aaaaaaaaaaaaaaaa")) as object), LimitExceeded: true }],
      UnprocessedTraceIds: ["1-00000001-000000000000000000000001"],
    };
    expect(of(readAll(xray, [document as Json]), "gap").map((g) => g.what)).toEqual([
      `trace ${TRACE}`,
      "trace 1-00000001-000000000000000000000001",
    ]);
  });

  it("bare segment documents, one per line, find their request in any order", () => {
    const run = segment("cccccccccccccccc", { parent_id: "aaaaaaaaaaaaaaaa", origin: "AWS::Lambda::Function", aws: { function_arn: FN } });
    const service = segment("aaaaaaaaaaaaaaaa", { origin: "AWS::Lambda", aws: { request_id: REQUEST } });
    expect(xray.recognise(run)).toBeGreaterThan(50);
    expect(of(readAll(xray, [run, service]), "span").map((s) => s.requestId)).toEqual([REQUEST, REQUEST]);
  });
});
