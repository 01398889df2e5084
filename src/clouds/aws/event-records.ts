/** Records of the services that hand batches to Lambda: SQS, SNS, Kinesis, DynamoDB streams, S3. https://docs.aws.amazon.com/lambda/latest/dg/lambda-services.html */
import { type Id, normaliseId } from "../../model/ids.ts";
import type { Json } from "../../model/records.ts";
import { bytesOf, type Carried, carried, itemId, objectId } from "./carried.ts";
import { resourceName } from "./names.ts";
import { list, moment, num, obj, type Obj, parsed, size, text } from "./schema.ts";
import { contextOfAttributes, contextOfHeader, contextOfHeaders, firstContext } from "./trace-carriers.ts";
import { unpack } from "./unpack.ts";

/** The message in one record of a batch; null: a source that carries no chain. */
export function recordOf(record: Obj): Carried | null {
  const source = text(record["eventSource"]) ?? text(record["EventSource"]);
  if (source === "aws:sqs" || (text(record["messageId"]) !== null && "receiptHandle" in record)) return queueRecord(record);
  const sns = obj(record["Sns"]);
  if (sns !== null) return notification(sns);
  const kinesis = obj(record["kinesis"]);
  if (kinesis !== null) return kinesisRecord(record, kinesis);
  const item = obj(record["dynamodb"]);
  if (item !== null) return streamRecord(record, item);
  const s3 = obj(record["s3"]);
  return s3 === null ? null : objectRecord(record, s3);
}

/** Attributes of SQS are strings: `"SentTimestamp": "1639828317543"`. */
function queueRecord(record: Obj): Carried {
  const attributes = obj(record["attributes"]) ?? {};
  const body = record["body"] ?? record["Body"] ?? null;
  const payload = parsed(body) ?? body;
  const inner = innerOf(payload);
  return carried({
    direction: "received",
    channelKind: "queue",
    channel: text(record["eventSourceARN"]),
    messageId: text(record["messageId"]),
    sentAt: moment(num(attributes["SentTimestamp"])),
    attempt: size(attributes["ApproximateReceiveCount"]),
    payload: inner?.payload ?? payload,
    sizeBytes: bytesOf(body),
    eventName: inner?.eventName ?? null,
    deadLetter: text(attributes["DeadLetterQueueSourceArn"]) !== null || inner?.deadLetter === true,
    replay: inner?.replay ?? null,
    trace: firstContext(
      contextOfAttributes(obj(record["messageAttributes"])),
      contextOfHeader(attributes["AWSTraceHeader"]),
      ...(inner === null ? [] : [inner.trace]),
    ),
    ids: inner?.ids ?? [],
    alsoIn: [attributeTexts(record["messageAttributes"])],
    trigger: "sqs",
  });
}

/** What a queue carried on behalf of another service: an SNS notification, an EventBridge or S3 event, a Lambda destination record. */
function innerOf(payload: Json): Pick<Carried, "payload" | "eventName" | "replay" | "trace" | "ids" | "deadLetter"> | null {
  const body = obj(payload);
  if (body === null) return null;
  if (text(body["TopicArn"]) !== null && text(body["MessageId"]) !== null) {
    const one = notification(body);
    const deeper = innerOf(one.payload);
    const ids: Id[] = [{ kind: "message", value: normaliseId(one.messageId!) }, ...(deeper?.ids ?? [])];
    return {
      payload: deeper?.payload ?? one.payload,
      eventName: deeper?.eventName ?? null,
      replay: null,
      trace: one.trace,
      ids,
      deadLetter: false,
    };
  }
  const event = busEvent(body) ?? destination(body);
  if (event !== null) {
    const { payload: inside, eventName, replay, trace, deadLetter } = event;
    const ids: Id[] = event.messageId === null ? event.ids : [{ kind: "message", value: normaliseId(event.messageId) }, ...event.ids];
    return { payload: inside, eventName, replay, trace, ids, deadLetter };
  }
  const first = obj(list(body["Records"])[0]);
  const object = first === null || obj(first["s3"]) === null ? null : recordOf(first);
  if (object === null) return null;
  return { payload, eventName: object.eventName, replay: null, trace: object.trace, ids: object.ids, deadLetter: false };
}

/** An SNS notification, as Lambda gets it (`Sns`) or as it lies in a queue. */
export function notification(sns: Obj): Carried {
  const body = sns["Message"] ?? null;
  return carried({
    direction: "received",
    channelKind: "topic",
    channel: text(sns["TopicArn"]),
    messageId: text(sns["MessageId"]),
    sentAt: moment(sns["Timestamp"]),
    payload: parsed(body) ?? body,
    sizeBytes: bytesOf(body),
    eventName: text(sns["Subject"]),
    trace: contextOfAttributes(obj(sns["MessageAttributes"])),
    alsoIn: [attributeTexts(sns["MessageAttributes"])],
    trigger: "sns",
  });
}

/** An EventBridge event; null: not one. `aws.events` and `aws.scheduler` are schedules. */
export function busEvent(event: Obj): Carried | null {
  const name = text(event["detail-type"]);
  const source = text(event["source"]);
  if (name === null || source === null || !("detail" in event)) return null;
  const detail = event["detail"] ?? null;
  const scheduled = source === "aws.events" || source === "aws.scheduler";
  const rule = text(list(event["resources"]).find((r) => typeof r === "string" && /:(?:rule|schedule)\//.test(r)));
  return carried({
    direction: "received",
    channelKind: scheduled ? "schedule" : "bus",
    channel: scheduled ? rule : (text(event["eventBusName"]) ?? text(event["event-bus-name"])),
    messageId: text(event["id"]),
    sentAt: moment(event["time"]),
    payload: detail,
    sizeBytes: bytesOf(detail),
    eventName: name,
    replay: text(event["replay-name"]),
    trace: firstContext(contextOfHeaders(obj(detail)), contextOfHeaders(obj(obj(detail)?.["metadata"]))),
    account: /^\d{12}$/.test(text(event["account"]) ?? "") ? text(event["account"]) : null,
    region: text(event["region"]),
    trigger: scheduled ? "schedule" : "eventbridge",
  });
}

/** What Lambda sends to a destination after an asynchronous invocation; null: not one. It names the request that it is about. */
export function destination(event: Obj): Carried | null {
  const context = obj(event["requestContext"]);
  const requestId = text(context?.["requestId"]);
  const condition = text(context?.["condition"]);
  if (requestId === null || condition === null || !("requestPayload" in event)) return null;
  return carried({
    direction: "received",
    channelKind: "queue",
    sentAt: moment(event["timestamp"]),
    attempt: size(context?.["approximateInvokeCount"]),
    payload: event["requestPayload"] ?? null,
    eventName: condition,
    deadLetter: condition === "RetriesExhausted" || condition === "EventAgeExceeded",
    ids: [{ kind: "request", value: normaliseId(requestId) }],
    trigger: "lambda-destination",
  });
}

function kinesisRecord(record: Obj, kinesis: Obj): Carried {
  const data = text(kinesis["data"]);
  const body = data === null ? null : Buffer.from(data, "base64").toString("utf8");
  const payload = (data === null ? null : unpack(data)) ?? parsed(body) ?? body;
  const sequence = text(kinesis["sequenceNumber"]);
  const shard = /^(shardId-\d+):/.exec(text(record["eventID"]) ?? "")?.[1];
  return carried({
    direction: "received",
    channelKind: "stream",
    channel: text(record["eventSourceARN"]),
    messageId: text(record["eventID"]) ?? (sequence === null ? null : `${shard ?? "shard"}:${sequence}`),
    sentAt: moment(kinesis["approximateArrivalTimestamp"]),
    payload,
    sizeBytes: data === null ? null : Buffer.byteLength(data, "base64"),
    trace: contextOfHeaders(obj(payload)),
    trigger: "kinesis",
  });
}

/** A change of an item: the stream says nothing of who wrote it, so the item's keys and its sequence number are its ID. */
function streamRecord(record: Obj, item: Obj): Carried {
  const arn = text(record["eventSourceARN"]) ?? text(record["eventSourceArn"]);
  const table = resourceName(arn) ?? text(record["tableName"]) ?? "table";
  const keys = obj(item["Keys"]);
  const key = itemId(table, keys, null);
  const image = item["NewImage"] ?? item["OldImage"] ?? null;
  const sequence = text(item["SequenceNumber"]);
  const eventId = text(record["eventID"]);
  const ids: Id[] = key === null ? [] : [{ kind: "item", value: key }];
  if (eventId !== null) ids.push({ kind: "message", value: eventId });
  return carried({
    direction: "received",
    channelKind: "table",
    channel: arn,
    messageId: itemId(table, keys, sequence) ?? eventId,
    sentAt: moment(item["ApproximateCreationDateTime"]),
    payload: untyped(image),
    sizeBytes: size(item["SizeBytes"]),
    eventName: text(record["eventName"]),
    trace: contextOfHeaders(obj(untyped(image))),
    ids,
    alsoIn: [untyped(keys ?? null)],
    trigger: "dynamodb",
  });
}

/** DynamoDB's typed values (`{"S": "a"}`) as plain ones. */
function untyped(image: Json): Json {
  const o = obj(image);
  if (o === null) return image;
  return Object.fromEntries(Object.entries(o).map(([name, value]) => [name, untypedValue(value, 0)]));
}

function untypedValue(value: Json, depth: number): Json {
  const o = obj(value);
  if (o === null || depth > 32) return value;
  if ("S" in o) return o["S"]!;
  if ("N" in o) return o["N"]!;
  if ("BOOL" in o) return o["BOOL"]!;
  if ("NULL" in o) return null;
  if ("L" in o) return list(o["L"]).map((one) => untypedValue(one, depth + 1));
  const map = obj(o["M"]);
  if (map !== null) return Object.fromEntries(Object.entries(map).map(([name, one]) => [name, untypedValue(one, depth + 1)]));
  return value;
}

function objectRecord(record: Obj, s3: Obj): Carried {
  const bucket = text(obj(s3["bucket"])?.["name"]) ?? "";
  const object = obj(s3["object"]) ?? {};
  const key = decodeKey(text(object["key"]) ?? "");
  const version = text(object["versionId"]) ?? text(object["sequencer"]);
  return carried({
    direction: "received",
    channelKind: "bucket",
    channel: bucket || null,
    messageId: objectId(bucket, key, version),
    sentAt: moment(record["eventTime"]),
    sizeBytes: size(object["size"]),
    eventName: text(record["eventName"]),
    ids: [{ kind: "object", value: objectId(bucket, key, null) }],
    account: null,
    region: text(record["awsRegion"]),
    trigger: "s3",
  });
}

/** Keys in S3 events are URL-encoded with `+` for spaces. */
function decodeKey(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll("+", " "));
  } catch {
    return key;
  }
}

/** Message attributes as name -> text, for correlation IDs. */
function attributeTexts(attributes: Json | undefined): Json {
  const o = obj(attributes);
  if (o === null) return null;
  return Object.fromEntries(
    Object.entries(o)
      .filter(([name]) => name !== "_datadog")
      .map(([name, value]) => [
        name,
        text(obj(value)?.["stringValue"]) ?? text(obj(value)?.["StringValue"]) ?? text(obj(value)?.["Value"]),
      ]),
  );
}
