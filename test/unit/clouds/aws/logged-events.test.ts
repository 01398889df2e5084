import { describe, expect, it } from "vitest";
import { loggedEvents } from "../../../../src/clouds/aws/logged-events.ts";

const REQUEST = "8b2a6c1e-55a1-4f0e-9f3a-0f4a7c1de001";
const node = (value: unknown): string => `2026-11-01T08:00:00.001Z\t${REQUEST}\tINFO\t${JSON.stringify(value)}\n`;

/** https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html#example-standard-queue-message-event */
const SQS = {
  Records: [
    {
      messageId: "059f36b4-87a3-44ab-83d2-661975830a7d",
      receiptHandle: "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a...",
      body: '{"status":"paid"}',
      attributes: { ApproximateReceiveCount: "1", SentTimestamp: "1545082649183" },
      messageAttributes: {},
      eventSource: "aws:sqs",
      eventSourceARN: "arn:aws:sqs:us-east-2:123456789012:my-queue",
      awsRegion: "us-east-2",
    },
    {
      messageId: "2e1424d4-f796-459a-8184-9c92662be6da",
      receiptHandle: "AQEBzWwaftRI0KuVm4tP",
      body: "plain",
      eventSource: "aws:sqs",
      eventSourceARN: "arn:aws:sqs:us-east-2:123456789012:my-queue",
    },
  ],
};
/** https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html */
const KINESIS = {
  Records: [
    {
      kinesis: {
        kinesisSchemaVersion: "1.0",
        partitionKey: "1",
        sequenceNumber: "4959",
        data: "eyJhIjoxfQ==",
        approximateArrivalTimestamp: 1545084650.987,
      },
      eventSource: "aws:kinesis",
      eventID: "shardId-000000000006:4959",
      eventSourceARN: "arn:aws:kinesis:us-east-2:123456789012:stream/lambda-stream",
    },
  ],
};
/** https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html */
const SNS = {
  Records: [
    {
      EventVersion: "1.0",
      EventSource: "aws:sns",
      Sns: {
        TopicArn: "arn:aws:sns:us-east-1:123456789012:sns-lambda",
        MessageId: "95df01b4-ee98-5cb9-9903-4c221d41eb5e",
        Message: '{"kind":"invoice"}',
        MessageAttributes: { Test: { Type: "String", Value: "TestString" } },
      },
    },
  ],
};
const BUS = {
  version: "0",
  id: "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
  "detail-type": "EC2 Instance State-change Notification",
  source: "aws.ec2",
  detail: { state: "terminated" },
};

describe("events in lines of Lambda functions", () => {
  it("takes SQS records as the mapping sees them, one by one", () => {
    const found = loggedEvents(node(SQS));
    expect(found.map(({ grammar, messageId, channel }) => [grammar, messageId, channel])).toEqual([
      ["sqs", "059f36b4-87a3-44ab-83d2-661975830a7d", "arn:aws:sqs:us-east-2:123456789012:my-queue"],
      ["sqs", "2e1424d4-f796-459a-8184-9c92662be6da", "arn:aws:sqs:us-east-2:123456789012:my-queue"],
    ]);
    expect(found[0]!.event).toMatchObject({ body: '{"status":"paid"}' });
  });

  it("takes the inner part of Kinesis records: a pattern's `data` is theirs", () => {
    expect(loggedEvents(node(KINESIS))).toEqual([
      {
        grammar: "kinesis",
        event: KINESIS.Records[0]!.kinesis,
        channel: KINESIS.Records[0]!.eventSourceARN,
        messageId: "shardId-000000000006:4959",
      },
    ]);
  });

  it("reads a notification by attributes, and by its body where that is JSON", () => {
    expect(loggedEvents(node(SNS)).map(({ grammar }) => grammar)).toEqual(["sns-attributes", "sns-body"]);
    expect(loggedEvents(node(SNS))[1]).toMatchObject({ event: { kind: "invoice" }, messageId: "95df01b4-ee98-5cb9-9903-4c221d41eb5e" });
  });

  it.each([
    ["alone, as JSON", JSON.stringify(BUS)],
    ["in Lambda's JSON format", JSON.stringify({ timestamp: "2026-11-01T08:00:00Z", level: "INFO", requestId: REQUEST, message: BUS })],
    ["in a field of Powertools, as text", JSON.stringify({ level: "INFO", message: "received", event: JSON.stringify(BUS) })],
    ["behind words", `2026-11-01T08:00:00.001Z\t${REQUEST}\tINFO\tReceived event: ${JSON.stringify(BUS)}`],
    [
      "as Python prints it",
      `[INFO]\t2026-11-01T08:00:00.1Z\t${REQUEST}\t{'detail-type': 'x', 'source': 'a', 'id': '6a7e8feb-b491-4cf7-a9f1-bf3703467718', 'detail': {'state': 'terminated'}}`,
    ],
  ])("finds an EventBridge event %s", (_name, line) => {
    expect(loggedEvents(line)).toMatchObject([
      { grammar: "eventbridge", messageId: BUS.id, channel: null, event: { detail: { state: "terminated" } } },
    ]);
  });

  it("reads Kafka and MQ messages one by one", () => {
    /** https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html, https://docs.aws.amazon.com/lambda/latest/dg/with-mq.html */
    const kafka = {
      eventSource: "aws:kafka",
      eventSourceArn: "arn:aws:kafka:eu-west-1:1:cluster/c",
      records: { "t-0": [{ topic: "t", partition: 0, offset: 15, value: "eyJhIjoxfQ==" }] },
    };
    const mq = {
      eventSource: "aws:mq",
      eventSourceArn: "arn:aws:mq:us-west-2:1:broker:b",
      messages: [{ messageID: "ID:b-9bcfa592", data: "QUJD" }],
    };
    expect(loggedEvents(node(kafka))).toMatchObject([{ grammar: "kafka", messageId: "t:0:15", event: { value: "eyJhIjoxfQ==" } }]);
    expect(loggedEvents(node(mq))).toMatchObject([{ grammar: "mq", messageId: "ID:b-9bcfa592" }]);
  });

  it.each([
    ["a schedule", { ...BUS, source: "aws.events", "detail-type": "Scheduled Event" }],
    [
      "an S3 notification, which no mapping filters",
      { Records: [{ eventSource: "aws:s3", s3: { bucket: { name: "b" }, object: { key: "k" } } }] },
    ],
    ["an answer of the SDK", { MessageId: "059f36b4-87a3-44ab-83d2-661975830a7d", MD5OfMessageBody: "x" }],
    ["a request", { httpMethod: "GET", requestContext: { requestId: "a" } }],
  ])("takes %s for no event", (_name, value) => {
    expect(loggedEvents(node(value))).toEqual([]);
  });
});
