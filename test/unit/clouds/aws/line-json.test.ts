/**
 * JSON behind the prefix of a text line. The prefixes are those of the vendor's pages, "Log and monitor Lambda functions" with Node.js, Python,
 * Ruby and Java: https://docs.aws.amazon.com/lambda/latest/dg/nodejs-logging.html (python-, ruby-, java-logging.html)
 */
import { describe, expect, it } from "vitest";
import { cloudwatchLogs } from "../../../../src/clouds/aws/cloudwatch.ts";
import type { Json, LogEvent, Message } from "../../../../src/model/records.ts";
import { of, readAll } from "../../../support/aws.ts";

const T = Date.UTC(2026, 4, 1, 12, 0, 0);
const REQUEST = "5f0c7a1e-9b1d-4c58-8a3e-2f6d1b7c9e04";
const OTHER = "6a0c7a1e-9b1d-4c58-8a3e-2f6d1b7c9e04";
const MESSAGE = "19dd0b57-b21e-4ac1-bd88-01bbb068cb78";
const TWO = "29dd0b57-b21e-4ac1-bd88-01bbb068cb78";
const EVENT = "bd3c8258-8d30-007c-2562-64715b2d0ea8";
const QUEUE = "arn:aws:sqs:eu-west-1:111122223333:stock";

const PREFIXES = {
  "Node.js": `2026-05-01T12:00:00.001Z\t${REQUEST}\tINFO\t`,
  Python: `[INFO]\t2026-05-01T12:00:00.001Z\t${REQUEST}\t`,
  Ruby: `I, [2026-05-01T12:00:00.001000 #8]  INFO -- ${REQUEST}: `,
  Java: `2026-05-01 12:00:00 ${REQUEST} INFO  `,
};

/** What comes of one line of a run that has begun. */
function logged(text: string): { line: LogEvent; messages: Message[]; traceId: string | null; failed: boolean } {
  const place = { logGroup: "/aws/lambda/stock-writer", logStream: "2026/05/01/[$LATEST]0123456789abcdef0123456789abcdef" };
  const lines = [`START RequestId: ${REQUEST} Version: $LATEST\n`, `${text}\n`];
  const result = readAll(
    cloudwatchLogs,
    lines.map((message, i) => ({ timestamp: T + i, message, ...place })),
  );
  const [run] = of(result, "invocation");
  return { line: of(result, "log")[1]!, messages: of(result, "message"), traceId: run!.traceId, failed: run!.outcome === "oom" };
}

const json = (value: Json): string => JSON.stringify(value);

function sqs(messageId: string, orderId: string): Json {
  return { messageId, body: json({ orderId }), attributes: {}, eventSource: "aws:sqs", eventSourceARN: QUEUE };
}

describe.each(Object.entries(PREFIXES))("JSON behind the prefix of %s", (_, prefix) => {
  it("gives transport and correlation IDs of the line", () => {
    const { line } = logged(prefix + json({ level: "INFO", message: "notified", correlation_id: "ORD-1", eventId: EVENT }));
    expect(line.ids).toEqual([
      { kind: "correlation", value: "ORD-1" },
      { kind: "message", value: EVENT },
    ]);
    expect([line.requestId, line.level]).toEqual([REQUEST, "INFO"]);
  });

  it.each<[string, Json]>([
    ["a message ID", { message: "charging", messageId: MESSAGE }],
    ["a message that it names", { message: "event published", topicArn: "arn:aws:sns:eu-west-1:111122223333:orders", message_id: MESSAGE }],
    [
      "a logger's level and trace",
      { level: "warn", traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", orderId: "ORD-1" },
    ],
    ["an event with one message", { Records: [sqs(MESSAGE, "ORD-1")] }],
    ["a batch", { orderId: "ORD-0", event: { Records: [sqs(MESSAGE, "ORD-1"), sqs(TWO, "ORD-2")] } }],
    [
      "an SDK's answer",
      { request: { QueueUrl: "https://sqs.eu-west-1.amazonaws.com/1/stock" }, response: { MessageId: MESSAGE, MD5OfMessageBody: "x" } },
    ],
    ["a stream's answer", { ShardId: "shardId-000000000000", SequenceNumber: "4959" }],
    ["plain fields", { amount: 3, paid: true, note: null, items: [1, 2] }],
  ])("is read as a line that is JSON: %s", (_name, value) => {
    const [bare, behind] = [logged(json(value)), logged(prefix + json(value))];
    const { message: _text, sizeBytes: _size, level, ...rest } = bare.line;
    expect(behind.line).toMatchObject({ ...rest, level: level ?? "INFO" });
    expect(behind.messages).toEqual(bare.messages);
    expect(behind.traceId).toBe(bare.traceId);
  });

  it("may be pretty-printed, or a list", () => {
    const one = { message: "notified", eventId: EVENT };
    const ids = [{ kind: "message", value: EVENT }];
    expect(logged(prefix + JSON.stringify(one, null, 2)).line.ids).toEqual(ids);
    // the runtimes keep one event in one log event by writing \r
    expect(logged(prefix + JSON.stringify(one, null, 2).replaceAll("\n", "\r")).line.ids).toEqual(ids);
    expect(logged(prefix + json([one])).line.ids).toEqual(ids);
    const { line, messages } = logged(prefix + json([sqs(MESSAGE, "ORD-1"), sqs(TWO, "ORD-2")]));
    expect(messages.map((m) => [m.messageId, m.ids])).toEqual([
      [MESSAGE, [{ kind: "correlation", value: "ORD-1" }]],
      [TWO, [{ kind: "correlation", value: "ORD-2" }]],
    ]);
    expect(line.ids).toEqual([]);
  });

  it("may be a dict that Python printed", () => {
    const { line } = logged(`${prefix}{'message': 'notified', 'eventId': '${EVENT}', 'orderId': 'ORD-1', 'last': None}`);
    expect(line.ids).toEqual([
      { kind: "message", value: EVENT },
      { kind: "correlation", value: "ORD-1" },
    ]);
  });

  it("does not say which run it belongs to: the prefix does", () => {
    expect(logged(prefix + json({ message: "called", requestId: OTHER })).line.requestId).toBe(REQUEST);
  });

  it("is text where it is no JSON: printed objects, cut lines", () => {
    for (const text of [
      `{ message: 'notified', orderId: 'ORD-1' }`,
      `{"message":"notified","orderId":"ORD-1","eve`,
      `{'orderId': 'ORD-1'}`,
    ]) {
      const { line, messages } = logged(prefix + text);
      expect(line.ids, text).toEqual([{ kind: "correlation", value: "ORD-1" }]);
      expect(line.level).toBe("INFO");
      expect(messages).toEqual([]);
    }
  });

  it("is never a line of the platform", () => {
    const quoted = {
      time: "2026-05-01T12:00:00.001Z",
      type: "platform.report",
      record: { requestId: REQUEST, metrics: { durationMs: 1, billedDurationMs: 1, memorySizeMB: 128, maxMemoryUsedMB: 1 } },
    };
    expect(logged(prefix + json(quoted)).line.kind).toBe("function");
  });
});

describe("memory that ran out", () => {
  it("fails the run where the line is an error, not where it is spoken of", () => {
    const died = (level: string): string => `2026-05-01T12:00:00.001Z\t${REQUEST}\t${level}\t{"message":"JavaScript heap out of memory"}`;
    expect(["ERROR", "INFO"].map((level) => [logged(died(level)).line.kind, logged(died(level)).failed])).toEqual([
      ["oom", true],
      ["function", false],
    ]);
  });

  it("is said by the words of a line, not by what they speak of", () => {
    const prefix = PREFIXES["Node.js"];
    expect(logged(`${prefix}FATAL ERROR: JavaScript heap out of memory at ${json({ messageId: MESSAGE })}`).failed).toBe(true);
    expect(logged(`${prefix}received ${json({ messageId: MESSAGE, note: "JavaScript heap out of memory" })}`).failed).toBe(false);
  });
});

describe("JSON among words", () => {
  const prefix = PREFIXES["Node.js"];

  it("is what the line speaks of: its level, request and trace are not the line's, its IDs and messages are", () => {
    const told = { level: "ERROR", requestId: OTHER, traceId: "0af7651916cd43dd8448eb211c80319c", eventId: EVENT };
    const { line, traceId } = logged(`${prefix}saga-id=SAGA-1 got ${json(told)} for orderId=ORD-1`);
    expect(line).toMatchObject({ level: "INFO", requestId: REQUEST, traceId: null });
    expect(traceId).toBeNull();
    expect(line.ids).toEqual([
      { kind: "correlation", value: "SAGA-1" },
      { kind: "correlation", value: "ORD-1" },
      { kind: "message", value: EVENT },
    ]);
  });

  it("says by its words which side a message is on", () => {
    const named = json({ queue: "stock", messageId: MESSAGE });
    expect(logged(`${prefix}sent ${named}`).messages).toEqual([expect.objectContaining({ direction: "published", messageId: MESSAGE })]);
    expect(logged(`${prefix}received ${named}`).messages).toEqual([expect.objectContaining({ direction: "received", messageId: MESSAGE })]);
  });

  it("a batch keeps its IDs, the words theirs", () => {
    const { line, messages } = logged(
      `${prefix}orderId=ORD-0 event={"Records":[${json(sqs(MESSAGE, "ORD-1"))},${json(sqs(TWO, "ORD-2"))}]}`,
    );
    expect(messages).toHaveLength(2);
    expect(line.ids).toEqual([{ kind: "correlation", value: "ORD-0" }]);
  });
});
