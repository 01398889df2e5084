/**
 * Events that a function logged as it got them, one by one, in the shape that filters of their source look at: an SQS record with its `body`,
 * the inner part of a Kinesis record, a DynamoDB record, a Kafka or MQ message, an SNS notification, an EventBridge envelope.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
 */
import type { RecordedEvent } from "../../model/filters.ts";
import type { Json } from "../../model/records.ts";
import { prefixOf } from "./function-line.ts";
import { jsonInLine, objectOf } from "./line-json.ts";
import { list, obj, type Obj, parsed, text } from "./schema.ts";

type Logged = Pick<RecordedEvent, "grammar" | "event" | "channel" | "messageId">;

/** How deep an event may lie inside a log line (`message.event`, `detail.payload`). */
const DEPTH = 3;
/** Text in which no field of an event is named is not parsed. */
const MARKED = /Records|detail-type|eventSource|rmqMessagesByQueue|receiptHandle/;

/** Events in a line of a function's log; empty: the line holds none. An SNS notification is two: its attributes, and its body where that is JSON. */
export function loggedEvents(message: string): Logged[] {
  if (!MARKED.test(message)) return [];
  const fields = message[0] === "{" ? objectOf(message) : (jsonInLine(message, prefixOf(message).length)?.fields ?? betweenBraces(message));
  return fields === null ? [] : search(fields, 0);
}

/** JSON behind words that name no service of a chain. */
function betweenBraces(message: string): Obj | null {
  const from = message.indexOf('{"');
  return from < 0 ? null : objectOf(message.slice(from, message.lastIndexOf("}") + 1));
}

function search(o: Obj, depth: number): Logged[] {
  const found = eventsOf(o);
  if (found.length > 0 || depth >= DEPTH) return found;
  for (const value of Object.values(o)) {
    const inner = typeof value === "string" ? (MARKED.test(value) ? parsed(value) : null) : value;
    const deeper = Array.isArray(inner) ? recordsOf(inner) : inner !== null && obj(inner) !== null ? search(obj(inner)!, depth + 1) : [];
    if (deeper.length > 0) return deeper;
  }
  return [];
}

function eventsOf(o: Obj): Logged[] {
  const records = recordsOf(list(o["Records"]));
  if (records.length > 0) return records;
  const source = text(o["eventSource"]);
  if (source === "aws:kafka" || source === "SelfManagedKafka") return kafka(o);
  if (source === "aws:mq" || source === "aws:amq" || source === "aws:rmq") return brokers(o);
  return busEvent(o);
}

/** Records of a batch, as Lambda hands it to a function or as a Pipe does. */
function recordsOf(records: readonly Json[]): Logged[] {
  return records.flatMap((one) => {
    const record = obj(one);
    return record === null ? [] : recordOf(record);
  });
}

function recordOf(record: Obj): Logged[] {
  const channel = text(record["eventSourceARN"]) ?? text(record["eventSourceArn"]);
  const source = text(record["eventSource"]) ?? text(record["EventSource"]);
  if (source === "aws:sqs" || (text(record["messageId"]) !== null && "receiptHandle" in record))
    return [{ grammar: "sqs", event: record, channel, messageId: text(record["messageId"]) }];
  const sns = obj(record["Sns"]);
  if (sns !== null) return notification(sns);
  // a Pipe hands over the inner part alone
  const kinesis = obj(record["kinesis"]) ?? (source === "aws:kinesis" ? record : null);
  if (kinesis !== null)
    return [{ grammar: "kinesis", event: kinesis, channel, messageId: text(record["eventID"]) ?? text(kinesis["sequenceNumber"]) }];
  if (obj(record["dynamodb"]) !== null) return [{ grammar: "dynamodb", event: record, channel, messageId: text(record["eventID"]) }];
  return source === "aws:kafka" ? [kafkaRecord(record, channel)] : busEvent(record);
}

function notification(sns: Obj): Logged[] {
  const one = { channel: text(sns["TopicArn"]), messageId: text(sns["MessageId"]) };
  const body = obj(parsed(sns["Message"]));
  return [
    { grammar: "sns-attributes", event: sns, ...one },
    ...(body === null ? [] : [{ grammar: "sns-body", event: body, ...one } as const]),
  ];
}

/** Schedules are no events that a pattern could tell apart. */
function busEvent(o: Obj): Logged[] {
  const source = text(o["source"]);
  if (text(o["detail-type"]) === null || source === null || !("detail" in o)) return [];
  if (source === "aws.events" || source === "aws.scheduler") return [];
  return [{ grammar: "eventbridge", event: o, channel: text(o["event-bus-name"]) ?? text(o["eventBusName"]), messageId: text(o["id"]) }];
}

function kafka(o: Obj): Logged[] {
  const channel = text(o["eventSourceArn"]) ?? text(o["eventSourceARN"]);
  return Object.values(obj(o["records"]) ?? {}).flatMap((partition) =>
    list(partition).flatMap((one) => {
      const record = obj(one);
      return record === null ? [] : [kafkaRecord(record, channel)];
    }),
  );
}

function kafkaRecord(record: Obj, cluster: string | null): Logged {
  const messageId = [record["topic"], record["partition"], record["offset"]].map(String).join(":");
  return { grammar: "kafka", event: record, channel: cluster ?? text(record["topic"]), messageId };
}

function brokers(o: Obj): Logged[] {
  const channel = text(o["eventSourceArn"]);
  const queues = Object.values(obj(o["rmqMessagesByQueue"]) ?? {}).flatMap(list);
  return [...list(o["messages"]), ...queues].flatMap((one) => {
    const message = obj(one);
    if (message === null) return [];
    const messageId = text(message["messageID"]) ?? text(obj(message["basicProperties"])?.["messageId"]);
    return [{ grammar: "mq", event: message, channel, messageId } as const];
  });
}
