import { describe, expect, it } from "vitest";
import { configuration } from "../../../../src/clouds/aws/configuration.ts";
import { metrics } from "../../../../src/clouds/aws/metrics.ts";
import type { Json } from "../../../../src/model/records.ts";
import { of, readAll } from "../../../support/aws.ts";

const arn = (service: string, rest: string): string => `arn:aws:${service}:eu-west-1:111122223333:${rest}`;
const FN = arn("lambda", "function:orders");
const configs = (document: Json) => of(readAll(configuration, [document]), "config");

describe("descriptions", () => {
  const fn = {
    FunctionName: "orders",
    FunctionArn: FN,
    Runtime: "nodejs22.x",
    MemorySize: 512,
    Timeout: 10,
    Architectures: ["arm64"],
    RevisionId: "rev-1",
    Environment: { Variables: { API_TOKEN: "s3cret", TABLE: "events" } },
  };

  it("of functions, in every wrapping; environment values are dropped", () => {
    const placebo = {
      status_code: 200,
      data: { Configuration: fn, ResponseMetadata: { HTTPHeaders: { date: "Wed, 03 Oct 2018 02:20:30 GMT" } } },
    };
    for (const document of [
      { Functions: [fn] },
      fn,
      { Configuration: fn, Concurrency: { ReservedConcurrentExecutions: 5 } },
      placebo,
    ] as Json[]) {
      expect(configuration.recognise(document)).toBeGreaterThan(50);
      const [one] = configs(document);
      expect(one).toMatchObject({
        kind: "function",
        resource: FN,
        name: "orders",
        revision: "rev-1",
        account: "111122223333",
        region: "eu-west-1",
      });
      expect(one!.settings).toMatchObject({
        memoryMib: 512,
        timeoutS: 10,
        architecture: "arm64",
        environmentNames: ["API_TOKEN", "TABLE"],
      });
      expect(JSON.stringify(one)).not.toContain("s3cret");
    }
    expect(configs(placebo as Json)[0]!.observedAt).toBe(Date.UTC(2018, 9, 3, 2, 20, 30));
  });

  it("of event source mappings: from, to, batch and filters", () => {
    const mapping = {
      UUID: "u-1",
      EventSourceArn: arn("sqs", "stock"),
      FunctionArn: FN,
      BatchSize: 10,
      MaximumBatchingWindowInSeconds: 0,
      FunctionResponseTypes: ["ReportBatchItemFailures"],
      FilterCriteria: { Filters: [{ Pattern: '{"body":{"a":[1]}}' }] },
    };
    expect(configs({ EventSourceMappings: [mapping] })[0]).toMatchObject({
      kind: "trigger",
      from: arn("sqs", "stock"),
      to: FN,
      settings: { batchSize: 10, maximumBatchingWindowS: 0, reportsBatchItemFailures: true, filterPatterns: ['{"body":{"a":[1]}}'] },
    });
  });

  it("of a mapping to brokers of one's own: a broker and the topic", () => {
    // https://docs.aws.amazon.com/lambda/latest/api/API_SelfManagedEventSource.html
    const SelfManagedEventSource = { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: ["b-1.example.com:9092", "b-2.example.com:9092"] } };
    const mapping = { UUID: "u-2", FunctionArn: FN, SelfManagedEventSource, Topics: ["orders"] };
    expect(configs({ EventSourceMappings: [mapping] })[0]).toMatchObject({ from: "b-1.example.com:9092", settings: { topic: "orders" } });
  });

  it("of queues: attributes are strings, redrive leads to the dead-letter queue", () => {
    const attributes = {
      QueueArn: arn("sqs", "stock"),
      VisibilityTimeout: "30",
      MessageRetentionPeriod: "345600",
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: arn("sqs", "stock-dlq"), maxReceiveCount: 3 }),
    };
    expect(configs({ Attributes: attributes })[0]).toMatchObject({
      kind: "queue",
      name: "stock",
      to: arn("sqs", "stock-dlq"),
      settings: { visibilityTimeoutS: 30, retentionS: 345_600, maxReceiveCount: 3 },
    });
  });

  it("of rules and their targets, subscriptions, pipes, tables, streams, workflows, log groups", () => {
    const kind = (document: Json) => configs(document).map((c) => [c.kind, c.name, c.from, c.to]);
    expect(
      kind({ Rules: [{ Name: "placed", Arn: arn("events", "rule/orders/placed"), EventBusName: "orders", EventPattern: "{}" }] }),
    ).toEqual([["rule", "placed", "orders", null]]);
    expect(kind({ Rule: "placed", EventBusName: "orders", Targets: [{ Id: "1", Arn: FN }] })).toEqual([["rule", "placed", "orders", FN]]);
    expect(
      kind({
        Subscriptions: [{ SubscriptionArn: arn("sns", "t:1"), TopicArn: arn("sns", "t"), Protocol: "sqs", Endpoint: arn("sqs", "stock") }],
      }),
    ).toEqual([["trigger", "1", arn("sns", "t"), arn("sqs", "stock")]]);
    expect(kind({ Arn: arn("pipes", "pipe/p"), Name: "p", Source: arn("sqs", "stock"), Target: FN })).toEqual([
      ["trigger", "p", arn("sqs", "stock"), FN],
    ]);
    expect(
      kind({ Table: { TableName: "events", TableArn: arn("dynamodb", "table/events"), KeySchema: [{ AttributeName: "pk" }] } }),
    ).toEqual([["table", "events", null, null]]);
    expect(kind({ StreamDescription: { StreamName: "clicks", StreamARN: arn("kinesis", "stream/clicks"), Shards: [] } })).toEqual([
      ["stream", "clicks", null, null],
    ]);
    expect(
      kind({ stateMachineArn: arn("states", "stateMachine:saga"), name: "saga", definition: `{"States":{"A":{"Resource":"${FN}"}}}` }),
    ).toEqual([["workflow", "saga", null, null]]);
    expect(
      kind({
        logGroups: [{ logGroupName: "/aws/lambda/orders", arn: arn("logs", "log-group:/aws/lambda/orders:*"), retentionInDays: 14 }],
      }),
    ).toEqual([["log-group", "/aws/lambda/orders", null, null]]);
  });

  it("that are empty, foreign or anonymised give a reason", () => {
    const reasons = (document: Json) => readAll(configuration, [document]).ignored;
    expect(reasons({ Functions: [] })).toEqual(["AWS configuration: an answer without resources"]);
    expect(reasons({ ResourceTagMappingList: [], ResponseMetadata: {} })).toEqual([
      "an AWS answer that holds nothing evscope reads: ResourceTagMappingList",
    ]);
    expect(
      reasons({
        "test: a": {
          "recorded-date": "x",
          "recorded-content": {
            fn: { ...fn, FunctionName: "<name:1>", FunctionArn: "arn:<partition>:lambda:<region>:1:function:<name:1>" },
          },
        },
      }),
    ).toEqual(["a description whose names are placeholders"]);
  });

  it("do not claim other JSON", () => {
    for (const other of [{}, { events: [] }, { Records: [] }, { tables: [] }, { value: [] }, [], null, "x"] as Json[])
      expect(configuration.recognise(other)).toBe(0);
  });
});

describe("metrics", () => {
  it("of GetMetricData, GetMetricStatistics and a metric stream", () => {
    const at = Date.UTC(2026, 4, 1);
    const points = (document: Json) => of(readAll(metrics, [document]), "metric").map((p) => [p.name, p.statistic, p.at, p.value, p.fn]);
    expect(points({ MetricDataResults: [{ Id: "m1", Label: "Invocations", Timestamps: ["2026-05-01T00:00:00Z"], Values: [3] }] })).toEqual([
      ["Invocations", "as asked", at, 3, null],
    ]);
    expect(
      points({
        Label: "Duration",
        Datapoints: [{ Timestamp: "2026-05-01T00:00:00Z", Average: 12.5, Unit: "Milliseconds", ExtendedStatistics: { p99: 80 } }],
      }),
    ).toEqual([
      ["Duration", "Average", at, 12.5, null],
      ["Duration", "p99", at, 80, null],
    ]);
    const streamed = {
      metric_stream_name: "s",
      account_id: "111122223333",
      region: "eu-west-1",
      namespace: "AWS/Lambda",
      metric_name: "Errors",
      dimensions: { FunctionName: "orders" },
      timestamp: at,
      value: { sum: 2, count: 2 },
      unit: "Count",
    };
    expect(points(streamed)).toEqual([
      ["AWS/Lambda/Errors", "sum", at, 2, "orders"],
      ["AWS/Lambda/Errors", "count", at, 2, "orders"],
    ]);
    expect(readAll(metrics, [{ ...streamed, value: null }]).broken).toHaveLength(1);
  });
});
