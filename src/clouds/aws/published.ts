/** What a function logged of messages that it sent: the SDK's answers, with the request beside them where it was logged too. */
import { type Id, normaliseId } from "../../model/ids.ts";
import { bytesOf, type Carried, carried, itemId, objectId } from "./carried.ts";
import { functionOf } from "./names.ts";
import { list, moment, obj, type Obj, parsed, text } from "./schema.ts";
import { contextOfAttributes, contextOfHeader, contextOfHeaders, firstContext } from "./trace-carriers.ts";

/** Messages in an SDK answer; `request` is what was asked, where the line has it (else empty). null: not an answer of a sending call. */
export function sentMessages(answer: Obj, request: Obj): Carried[] | null {
  return (
    busEntries(answer, request) ??
    batch(answer, request) ??
    single(answer, request) ??
    stream(answer, request) ??
    execution(answer, request) ??
    invoked(answer, request)
  );
}

/** PutEvents: one `EventId` for each entry, in the order of the request. */
function busEntries(answer: Obj, request: Obj): Carried[] | null {
  const entries = list(answer["Entries"]);
  if (!Array.isArray(answer["Entries"]) || !("FailedEntryCount" in answer || text(obj(entries[0])?.["EventId"]) !== null)) return null;
  const asked = list(request["Entries"]);
  return entries.flatMap((one, i) => {
    const id = text(obj(one)?.["EventId"]);
    if (id === null) return [];
    const entry = obj(asked[i]) ?? {};
    const detail = parsed(entry["Detail"]);
    return carried({
      direction: "published",
      channelKind: "bus",
      channel: text(entry["EventBusName"]),
      messageId: id,
      payload: detail,
      sizeBytes: bytesOf(entry["Detail"]),
      eventName: text(entry["DetailType"]),
      trace: contextOfHeader(entry["TraceHeader"]),
    });
  });
}

/** SendMessageBatch and PublishBatch: `Successful`, matched with the request by entry ID. Only SQS answers with MD5 sums. */
function batch(answer: Obj, request: Obj): Carried[] | null {
  const sent = list(answer["Successful"]);
  if (sent.length === 0 || text(obj(sent[0])?.["MessageId"]) === null) return null;
  const asked = [...list(request["Entries"]), ...list(request["PublishBatchRequestEntries"])];
  return sent.flatMap((one) => {
    const done = obj(one);
    const id = text(done?.["MessageId"]);
    if (done === null || id === null) return [];
    const entry = obj(asked.find((e) => obj(e)?.["Id"] === done["Id"])) ?? {};
    return queueOrTopic(id, done, { ...request, ...entry });
  });
}

function single(answer: Obj, request: Obj): Carried[] | null {
  const id = text(answer["MessageId"]);
  if (id === null || "Records" in answer || "TopicArn" in answer || "Message" in answer) return null;
  const isAnswer = "MD5OfMessageBody" in answer || "ResponseMetadata" in answer || "$metadata" in answer || "SequenceNumber" in answer;
  if (!isAnswer && Object.keys(request).length === 0) return null;
  return [queueOrTopic(id, answer, request)];
}

function queueOrTopic(id: string, answer: Obj, request: Obj): Carried {
  const queue = text(request["QueueUrl"]);
  const topic = text(request["TopicArn"]) ?? text(request["TargetArn"]);
  const isQueue = "MD5OfMessageBody" in answer || queue !== null;
  const body = (isQueue ? request["MessageBody"] : request["Message"]) ?? null;
  return carried({
    direction: "published",
    channelKind: isQueue && topic === null ? "queue" : "topic",
    channel: isQueue && topic === null ? queue : topic,
    messageId: id,
    payload: parsed(body) ?? body,
    sizeBytes: bytesOf(body),
    eventName: text(request["Subject"]),
    trace: contextOfAttributes(obj(request["MessageAttributes"])),
  });
}

function stream(answer: Obj, request: Obj): Carried[] | null {
  const records = Array.isArray(answer["Records"]) && "FailedRecordCount" in answer ? list(answer["Records"]) : [answer];
  const found = records.flatMap((one) => {
    const record = obj(one);
    const [shard, sequence] = [text(record?.["ShardId"]), text(record?.["SequenceNumber"])];
    if (shard === null || sequence === null) return [];
    return carried({
      direction: "published",
      channelKind: "stream",
      channel: text(request["StreamName"]) ?? text(request["StreamARN"]),
      messageId: `${shard}:${sequence}`,
    });
  });
  return found.length === 0 ? null : found;
}

/** StartExecution. The execution ARN is the message's ID: the history has it, and so does every task that passes it on. */
function execution(answer: Obj, request: Obj): Carried[] | null {
  const arn = text(answer["executionArn"]);
  if (arn === null || !("startDate" in answer)) return null;
  const machine = /^(arn:[^:]+:states:[^:]*:[^:]*:)(?:execution|express):([^:]+):/.exec(arn);
  const input = parsed(request["input"]);
  return [
    carried({
      direction: "published",
      channelKind: "workflow",
      channel: text(request["stateMachineArn"]) ?? (machine === null ? null : `${machine[1]}stateMachine:${machine[2]}`),
      messageId: arn,
      sentAt: moment(answer["startDate"]),
      payload: input,
      sizeBytes: bytesOf(request["input"]),
      trace: contextOfHeader(request["traceHeader"]),
      ids: [{ kind: "execution", value: arn }],
    }),
  ];
}

/** Invoke: the answer's request ID is the ID that the called function runs under. */
function invoked(answer: Obj, request: Obj): Carried[] | null {
  const fn = text(request["FunctionName"]);
  const metadata = obj(answer["ResponseMetadata"]) ?? obj(answer["$metadata"]);
  const id = text(metadata?.["RequestId"]) ?? text(metadata?.["requestId"]);
  if (fn === null || id === null || !("StatusCode" in answer)) return null;
  const payload = parsed(request["Payload"]);
  const requestId = normaliseId(id);
  return [
    carried({
      direction: "published",
      channelKind: "http",
      channel: functionOf(fn)?.fn ?? fn,
      messageId: requestId,
      payload,
      sizeBytes: bytesOf(request["Payload"]),
      ids: [{ kind: "request", value: requestId }],
    }),
  ];
}

/** A write that a request alone tells of: a DynamoDB item (answers name no key) or an S3 object. null: neither. */
export function writtenBy(request: Obj, answer: Obj): Carried[] | null {
  const table = text(request["TableName"]);
  const key = obj(request["Key"]);
  if (table !== null && (key !== null || obj(request["Item"]) !== null)) {
    const item = obj(request["Item"]);
    const id = itemId(table, key, null);
    const ids: Id[] = id === null ? [] : [{ kind: "item", value: id }];
    const trace = item === null ? contextOfHeaders(null) : contextOfHeaders(item);
    return [
      carried({ direction: "published", channelKind: "table", channel: table, messageId: id, payload: item, ids, trace, alsoIn: [key] }),
    ];
  }
  const [bucket, object] = [text(request["Bucket"]), text(request["Key"])];
  if (bucket === null || object === null || !("ETag" in answer || "VersionId" in answer)) return null;
  return [
    carried({
      direction: "published",
      channelKind: "bucket",
      channel: bucket,
      messageId: objectId(bucket, object, text(answer["VersionId"])),
      ids: [{ kind: "object", value: objectId(bucket, object, null) }],
    }),
  ];
}

const SENT = /\b(?:publish(?:ed|ing)?|sent|sending|enqueued?|emitted|emitting|put)\b/i;
const RECEIVED = /\b(?:receiv(?:ed|ing)|consum(?:ed|ing)|processing|handling|dequeued)\b/i;

/**
 * A message that a log line names by fields of its own (`messageId`, `eventId`) in a sentence that says which side it is on
 * ("event published"). null: no such field, or the sentence says neither or both.
 */
export function namedMessage(line: Obj, sentence: string): Carried[] | null {
  const messageId = firstId(line, "messageId", "message_id", "MessageId", "sqsMessageId", "snsMessageId");
  const eventId = firstId(line, "eventId", "event_id", "EventId");
  if (messageId === null && eventId === null) return null;
  const [sent, received] = [SENT.test(sentence), RECEIVED.test(sentence)];
  if (sent === received) return null;
  const queue = firstId(line, "queueUrl", "queue_url", "queue", "queueName", "QueueUrl");
  const topic = firstId(line, "topicArn", "topic_arn", "topic", "TopicArn");
  const bus = firstId(line, "eventBusName", "event_bus_name", "eventBus", "bus", "EventBusName");
  const channelKind = queue !== null ? "queue" : topic !== null ? "topic" : bus !== null || messageId === null ? "bus" : null;
  if (channelKind === null || isForeign(topic) || isForeign(queue)) return null;
  return [
    carried({
      direction: sent ? "published" : "received",
      channelKind,
      channel: queue ?? topic ?? bus,
      messageId: normaliseId((channelKind === "bus" ? (eventId ?? messageId) : (messageId ?? eventId))!),
      trace: firstContext(contextOfHeader(line["traceparent"])),
      alsoIn: [line],
    }),
  ];
}

/** A channel of another cloud (`projects/P/topics/T`), which the other cloud's records name too. */
function isForeign(channel: string | null): boolean {
  return channel !== null && (channel.startsWith("projects/") || channel.includes(".servicebus.windows.net"));
}

function firstId(line: Obj, ...names: string[]): string | null {
  for (const name of names) {
    const value = text(line[name]);
    if (value !== null) return value;
  }
  return null;
}
