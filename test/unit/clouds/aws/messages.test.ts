import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { cloudwatchLogs } from "../../../../src/clouds/aws/cloudwatch.ts";
import { events } from "../../../../src/clouds/aws/event-files.ts";
import { jsonOfPython } from "../../../../src/clouds/aws/python-literal.ts";
import type { Json, Message } from "../../../../src/model/records.ts";
import { of, readAll } from "../../../support/aws.ts";

const T = Date.UTC(2026, 4, 1, 12, 0, 0);
const REQUEST = "5f0c7a1e-9b1d-4c58-8a3e-2f6d1b7c9e04";
const XRAY = "Root=1-5e1b4151-5ac6c58f40e5b15e2c7a1c3d;Parent=53995c3f42cd8ad8;Sampled=1";
const TRACE = "5e1b41515ac6c58f40e5b15e2c7a1c3d";
const QUEUE = "arn:aws:sqs:eu-west-1:111122223333:stock";
const TOPIC = "arn:aws:sns:eu-west-1:111122223333:orders";
const ARN = "arn:aws:states:eu-west-1:111122223333:execution:saga:run-1";

/** Everything that comes of one logged line inside an invocation. */
function logged(message: Json | string) {
  const text = typeof message === "string" ? message : JSON.stringify(message);
  const place = { logGroup: "/aws/lambda/stock-writer", logStream: "2026/05/01/[$LATEST]0123456789abcdef0123456789abcdef" };
  const lines = [`START RequestId: ${REQUEST} Version: $LATEST\n`, text];
  return readAll(
    cloudwatchLogs,
    lines.map((line, i) => ({ timestamp: T + i, message: line, ...place })),
  );
}

const messages = (message: Json | string): Message[] => of(logged(message), "message");

function sqs(messageId: string, body: Json, rest: { [key: string]: Json } = {}): Json {
  return {
    messageId,
    receiptHandle: "r",
    body: typeof body === "string" ? body : JSON.stringify(body),
    attributes: { ApproximateReceiveCount: "2", SentTimestamp: String(T - 270), AWSTraceHeader: XRAY },
    messageAttributes: {},
    eventSource: "aws:sqs",
    eventSourceARN: QUEUE,
    awsRegion: "eu-west-1",
    ...rest,
  };
}

describe("a batch from SQS", () => {
  const one = "19dd0b57-b21e-4ac1-bd88-01bbb068cb78";
  const two = "29dd0b57-b21e-4ac1-bd88-01bbb068cb78";

  it("gives one message each, each with its own IDs, and the line none of them", () => {
    const result = logged({ Records: [sqs(one, { orderId: "ORD-1" }), sqs(two, { orderId: "ORD-2" })] });
    expect(of(result, "message").map((m) => [m.messageId, m.ids])).toEqual([
      [one, [{ kind: "correlation", value: "ORD-1" }]],
      [two, [{ kind: "correlation", value: "ORD-2" }]],
    ]);
    expect(of(result, "log")[1]!.ids).toEqual([]);
    expect(of(result, "invocation")[0]!.ids).toEqual([]);
  });

  it("says who received it, when it was sent, how often it was tried, and from whom", () => {
    expect(messages({ Records: [sqs(one, { orderId: "ORD-1" })] })).toEqual([
      expect.objectContaining({
        direction: "received",
        at: T + 1,
        sentAt: T - 270,
        attempt: 2,
        channel: "stock",
        channelKind: "queue",
        account: "111122223333",
        region: "eu-west-1",
        fn: "stock-writer",
        requestId: REQUEST,
        traceId: TRACE,
        parentSpanId: "53995c3f42cd8ad8",
        sizeBytes: 19, // {"orderId":"ORD-1"}
        deadLetter: false,
      }),
    ]);
    expect(of(logged({ Records: [sqs(one, "x")] }), "invocation")[0]!.trigger).toBe("sqs");
  });

  it("is found behind text, inside a logger's message, in JSON text, and as Python prints it", () => {
    const batch = { Records: [sqs(one, { orderId: "ORD-1" })] };
    const ids = (m: Message[]) => m.map((x) => x.messageId);
    expect(ids(messages(`event=${JSON.stringify(batch)}\n`))).toEqual([one]);
    expect(ids(messages({ level: "INFO", message: batch as Json }))).toEqual([one]);
    expect(ids(messages({ level: "INFO", message: "received", event: batch as Json }))).toEqual([one]);
    expect(ids(messages({ level: "INFO", message: JSON.stringify(batch) }))).toEqual([one]);
    const printed = `{'Records': [{'messageId': '${one}', 'body': '{"orderId": "ORD-1", "note": "it\\'s"}', 'attributes': {'SentTimestamp': '${T}'}, 'eventSource': 'aws:sqs', 'ok': True, 'none': None}]}`;
    expect(messages(printed)).toEqual([
      expect.objectContaining({ messageId: one, sentAt: T, ids: [{ kind: "correlation", value: "ORD-1" }] }),
    ]);
  });

  it("is read from a dead-letter queue where its source or name says so", () => {
    const [known] = messages({ Records: [sqs(one, "x", { attributes: { DeadLetterQueueSourceArn: QUEUE } })] });
    const [named] = messages({ Records: [sqs(one, "x", { eventSourceARN: `${QUEUE}-dlq` })] });
    expect([known!.deadLetter, named!.deadLetter]).toEqual([true, true]);
  });
});

describe("messages inside messages", () => {
  it("SNS in SQS: both IDs", () => {
    const body = {
      Type: "Notification",
      MessageId: "0a0ab23e-4861-5447-82b7-e8094ff3e332",
      TopicArn: TOPIC,
      Message: JSON.stringify({ orderId: "ORD-7" }),
      Timestamp: "2026-05-01T11:59:59.000Z",
    };
    const [one] = messages({ Records: [sqs("29dd0b57-b21e-4ac1-bd88-01bbb068cb78", body)] });
    expect(one!.ids).toEqual([
      { kind: "message", value: "0a0ab23e-4861-5447-82b7-e8094ff3e332" },
      { kind: "correlation", value: "ORD-7" },
    ]);
  });

  it("EventBridge in SQS: event ID, name and replay", () => {
    const body = {
      version: "0",
      id: "bd3c8258-8d30-007c-2562-64715b2d0ea8",
      "detail-type": "OrderPlaced",
      source: "shop",
      detail: { orderId: "ORD-8" },
      "replay-name": "again",
    };
    const [one] = messages({ Records: [sqs("29dd0b57-b21e-4ac1-bd88-01bbb068cb78", body)] });
    expect(one).toMatchObject({ eventName: "OrderPlaced", replay: "again", channelKind: "queue" });
    expect(one!.ids[0]).toEqual({ kind: "message", value: "bd3c8258-8d30-007c-2562-64715b2d0ea8" });
  });

  it("a destination record names the request that failed", () => {
    const body = {
      version: "1.0",
      timestamp: "2026-05-01T11:59:59.000Z",
      requestContext: { requestId: REQUEST, functionArn: "arn:x", condition: "RetriesExhausted", approximateInvokeCount: 3 },
      requestPayload: { orderId: "ORD-9" },
    };
    const [one] = messages(body);
    expect(one).toMatchObject({ attempt: 3, deadLetter: true, eventName: "RetriesExhausted" });
    expect(one!.ids).toContainEqual({ kind: "request", value: REQUEST });
  });
});

describe("other sources", () => {
  const one = (message: Json) => messages(message)[0]!;

  it("EventBridge", () => {
    const event = {
      version: "0",
      id: "bd3c8258-8d30-007c-2562-64715b2d0ea8",
      "detail-type": "OrderPlaced",
      source: "shop",
      account: "111122223333",
      time: "2026-05-01T11:59:59Z",
      region: "eu-west-1",
      resources: [],
      detail: { orderId: "ORD-8" },
    };
    expect(one(event)).toMatchObject({
      channelKind: "bus",
      messageId: event.id,
      eventName: "OrderPlaced",
      sentAt: T - 1000,
      region: "eu-west-1",
      replay: null,
    });
    expect(one({ ...event, source: "aws.events", "detail-type": "Scheduled Event" }).channelKind).toBe("schedule");
  });

  it("Kinesis: shard and sequence, IDs in the base64 data", () => {
    const data = Buffer.from(JSON.stringify({ orderId: "ORD-5" })).toString("base64");
    const record = {
      eventSource: "aws:kinesis",
      eventID: "shardId-000000000006:4959",
      eventSourceARN: "arn:aws:kinesis:eu-west-1:111122223333:stream/clicks",
      kinesis: { data, sequenceNumber: "4959", approximateArrivalTimestamp: T / 1000 },
    };
    expect(one({ Records: [record] })).toMatchObject({
      channel: "clicks",
      channelKind: "stream",
      messageId: "shardId-000000000006:4959",
      sentAt: T,
      sizeBytes: 19,
      ids: [{ kind: "correlation", value: "ORD-5" }],
    });
  });

  it("a log subscription in Kinesis is unpacked, not taken for text", () => {
    const data = gzipSync(JSON.stringify({ messageType: "DATA_MESSAGE", logEvents: [{ message: "orderId=ORD-12" }] })).toString("base64");
    expect(
      one({ Records: [{ eventSource: "aws:kinesis", eventID: "shardId-000000000006:1", kinesis: { data, sequenceNumber: "1" } }] }).ids,
    ).toEqual([{ kind: "correlation", value: "ORD-12" }]);
  });

  it("DynamoDB stream and the PutItem that caused it share the item's key", () => {
    const record = {
      eventSource: "aws:dynamodb",
      eventID: "c4ca4238a0b923820dcc509a6f75849b",
      eventName: "INSERT",
      eventSourceARN: "arn:aws:dynamodb:eu-west-1:111122223333:table/events/stream/2026-01-01",
      dynamodb: {
        Keys: { sk: { S: "E#1" }, pk: { S: "ORDER#a@b" } },
        NewImage: { pk: { S: "ORDER#a@b" }, orderId: { S: "ORD-4" } },
        SequenceNumber: "777",
        SizeBytes: 26,
        ApproximateCreationDateTime: T / 1000,
      },
    };
    const received = one({ Records: [record] });
    const published = one({ message: "DynamoDB PutItem", request: { TableName: "events", Key: { pk: "ORDER#a@b", sk: "E#1" } } });
    expect(received).toMatchObject({ channel: "events", channelKind: "table", messageId: "events/pk=ORDER#a%40b,sk=E#1@777" });
    expect(published).toMatchObject({ direction: "published", channel: "events", messageId: "events/pk=ORDER#a%40b,sk=E#1" });
    expect(received.ids).toContainEqual({ kind: "correlation", value: "ORD-4" });
  });

  it("S3: bucket, decoded key and version or sequencer", () => {
    const record = {
      eventSource: "aws:s3",
      eventTime: "2026-05-01T11:59:59.000Z",
      eventName: "ObjectCreated:Put",
      s3: { bucket: { name: "in" }, object: { key: "a+b%2Fc.csv", size: 10, sequencer: "0A1B" } },
    };
    expect(one({ Records: [record] })).toMatchObject({
      channel: "in",
      channelKind: "bucket",
      messageId: "in/a b/c.csv@0A1B",
      sizeBytes: 10,
    });
  });

  it("API Gateway: correlation header, X-Ray root, the gateway's request ID", () => {
    const event = {
      resource: "/orders",
      httpMethod: "POST",
      headers: { "X-Correlation-Id": "ORD-3", "X-Amzn-Trace-Id": XRAY, Authorization: "Bearer orderId=SECRET-1" },
      requestContext: { requestId: "8a3c0f5e-1b2c-4d5e-8f90-a1b2c3d4e5f6", requestTimeEpoch: T, accountId: "111122223333" },
      body: "{}",
    };
    const found = one(event);
    expect(found).toMatchObject({ channelKind: "http", eventName: "POST /orders", traceId: TRACE, sentAt: T });
    expect(found.ids).toEqual([
      { kind: "request", value: "8a3c0f5e-1b2c-4d5e-8f90-a1b2c3d4e5f6" },
      { kind: "correlation", value: "ORD-3" },
    ]);
  });

  it("the context of a Step Functions task", () => {
    const context = {
      Execution: { Id: ARN, Input: { orderId: "ORD-2" } },
      State: { Name: "Charge", EnteredTime: "2026-05-01T11:59:59.000Z", RetryCount: 1 },
      StateMachine: { Id: "arn:aws:states:eu-west-1:111122223333:stateMachine:saga", Name: "saga" },
    };
    expect(one(context)).toMatchObject({ channel: "saga", channelKind: "workflow", messageId: ARN, attempt: 2, eventName: "Charge" });
    expect(one(context).ids[0]).toEqual({ kind: "execution", value: ARN });
  });

  it("Kafka: topic, partition and offset", () => {
    const value = Buffer.from(JSON.stringify({ orderId: "ORD-6" })).toString("base64");
    const headers = [{ traceparent: [...Buffer.from(`00-${TRACE}-53995c3f42cd8ad8-01`)] }];
    const event = {
      eventSource: "aws:kafka",
      records: { "orders-0": [{ topic: "orders", partition: 0, offset: 15, timestamp: T, value, headers }] },
    };
    expect(one(event as Json)).toMatchObject({
      channel: "orders",
      messageId: "orders:0:15",
      traceId: TRACE,
      ids: [{ kind: "correlation", value: "ORD-6" }],
    });
  });
});

describe("trace context carriers", () => {
  const carrier = {
    "x-datadog-trace-id": "5863834085596065348",
    "x-datadog-parent-id": "2752725546543693249",
    "x-datadog-tags": "_dd.p.tid=6801584a00000000",
  };
  const trace = (attribute: Json) =>
    messages({ Records: [sqs("a-1-b", "x", { attributes: {}, messageAttributes: { _datadog: attribute } })] })[0]!;

  it("_datadog as text, as binary, and with a traceparent", () => {
    // 5863834085596065348 = 0x516086086dc7ee44 and 2752725546543693249 = 0x2633a54ccde13dc1
    const wanted = { traceId: "6801584a00000000516086086dc7ee44", parentSpanId: "2633a54ccde13dc1" };
    expect(trace({ dataType: "String", stringValue: JSON.stringify(carrier) })).toMatchObject(wanted);
    expect(trace({ dataType: "Binary", binaryValue: Buffer.from(JSON.stringify(carrier)).toString("base64") })).toMatchObject(wanted);
    expect(trace({ dataType: "String", stringValue: JSON.stringify({ traceparent: `00-${TRACE}-53995c3f42cd8ad8-01` }) })).toMatchObject({
      traceId: TRACE,
    });
  });

  it("traceparent as a message attribute wins over AWSTraceHeader", () => {
    const attributes = { traceparent: { dataType: "String", stringValue: "00-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-bbbbbbbbbbbbbbbb-01" } };
    expect(messages({ Records: [sqs("a-1-b", "x", { messageAttributes: attributes })] })[0]!.traceId).toBe("a".repeat(32));
  });

  it("garbage carries nothing", () => {
    expect(trace({ dataType: "Binary", binaryValue: "%%%" })).toMatchObject({ traceId: null, parentSpanId: null });
  });
});

describe("messages that a function sent", () => {
  const sent = (message: Json) =>
    messages(message).map(({ direction, channelKind, channel, messageId }) => ({ direction, channelKind, channel, messageId }));

  it("SQS, alone and in batches", () => {
    expect(
      sent({
        message: "SQS SendMessage",
        request: { QueueUrl: "https://sqs.eu-west-1.amazonaws.com/111122223333/stock" },
        response: { MessageId: "m-1-1", MD5OfMessageBody: "d4" },
      }),
    ).toEqual([{ direction: "published", channelKind: "queue", channel: "stock", messageId: "m-1-1" }]);
    expect(
      sent({
        Successful: [
          { Id: "0", MessageId: "m-1-1", MD5OfMessageBody: "d4" },
          { Id: "1", MessageId: "m-1-2", MD5OfMessageBody: "d4" },
        ],
        Failed: [],
      }).map((m) => m.messageId),
    ).toEqual(["m-1-1", "m-1-2"]);
  });

  it("SNS, EventBridge, Kinesis and a workflow", () => {
    expect(sent({ request: { TopicArn: TOPIC }, response: { MessageId: "m-2-1" } })).toEqual([
      { direction: "published", channelKind: "topic", channel: "orders", messageId: "m-2-1" },
    ]);
    expect(
      sent({
        request: { Entries: [{ EventBusName: "orders", DetailType: "OrderPlaced" }] },
        response: { FailedEntryCount: 0, Entries: [{ EventId: "e-3-1" }] },
      }),
    ).toEqual([{ direction: "published", channelKind: "bus", channel: "orders", messageId: "e-3-1" }]);
    expect(sent({ ShardId: "shardId-000000000006", SequenceNumber: "4959", ResponseMetadata: {} })[0]).toMatchObject({
      channelKind: "stream",
      messageId: "shardId-000000000006:4959",
    });
    expect(sent({ response: { executionArn: ARN, startDate: "2026-05-01T12:00:00.000Z" } })[0]).toMatchObject({
      channelKind: "workflow",
      channel: "saga",
      messageId: ARN,
    });
  });

  it("an invocation of another function, by the request ID it runs under", () => {
    const line = {
      request: { FunctionName: "charge", InvocationType: "Event" },
      response: { StatusCode: 202, ResponseMetadata: { RequestId: REQUEST } },
    };
    expect(messages(line)).toEqual([
      expect.objectContaining({
        direction: "published",
        channelKind: "http",
        channel: "charge",
        messageId: REQUEST,
        ids: [{ kind: "request", value: REQUEST }],
      }),
    ]);
  });

  it("fields of a log line, where its words say which side", () => {
    expect(sent({ level: "INFO", message: "event published", eventId: "e-4-1", eventBusName: "orders" })[0]).toMatchObject({
      direction: "published",
      channelKind: "bus",
      messageId: "e-4-1",
    });
    expect(sent({ level: "INFO", message: "processing record", messageId: "m-4-1", queue: "stock" })[0]).toMatchObject({
      direction: "received",
      channelKind: "queue",
    });
    expect(sent({ level: "INFO", message: "stock updated", messageId: "m-4-1" })).toEqual([]);
    // console.log of an object, or of its JSON text, in Lambda's two log formats:
    // https://docs.aws.amazon.com/lambda/latest/dg/nodejs-logging.html
    const said = { message: "event put", correlation_id: "o-1", eventId: "e-4-2" };
    for (const line of [
      { timestamp: "2026-05-01T12:00:00.000Z", level: "INFO", requestId: REQUEST, message: said },
      { timestamp: "2026-05-01T12:00:00.000Z", level: "INFO", requestId: REQUEST, message: JSON.stringify(said) },
      `2026-05-01T12:00:00.000Z\t${REQUEST}\tINFO\t${JSON.stringify(said)}\n`,
    ])
      expect(sent(line)).toEqual([expect.objectContaining({ direction: "published", channelKind: "bus", messageId: "e-4-2" })]);
    expect(sent(`2026-05-01T12:00:00.000Z\t${REQUEST}\tINFO\t${JSON.stringify({ ...said, message: "notified" })}\n`)).toEqual([]);
    expect(sent({ level: "INFO", message: "Pub/Sub publish", messageId: "42424242", topic: "projects/p/topics/t" })).toEqual([]);
  });
});

describe("files that are an event", () => {
  it("are messages without an invocation, at the time they were sent", () => {
    const [one] = of(readAll(events, [{ Records: [sqs("19dd0b57-b21e-4ac1-bd88-01bbb068cb78", "x")] }]), "message");
    expect(one).toMatchObject({ at: T - 270, requestId: null, fn: null });
  });

  it("without a time are refused with a reason", () => {
    const result = readAll(events, [{ Records: [sqs("19dd0b57-b21e-4ac1-bd88-01bbb068cb78", "x", { attributes: {} })] }]);
    expect(result.records).toEqual([]);
    expect(result.ignored).toEqual(["an event (sqs) without a usable time: nothing says when it was"]);
  });
});

describe("Python's printed dicts", () => {
  it("become JSON", () => {
    expect(JSON.parse(jsonOfPython(`{'a': "it's", 'b': [True, False, None, 1.5], 'c': 'say "hi"\\n', 'd': 'x\\x41'}`)!)).toEqual({
      a: "it's",
      b: [true, false, null, 1.5],
      c: 'say "hi"\n',
      d: "xA",
    });
  });
  it("that JSON cannot say are refused", () => {
    expect(jsonOfPython("{'a': <object at 0x1>, 'b': datetime(1)}")).toBeNull();
    expect(jsonOfPython("{'a': 'cut")).toBeNull();
  });
});
