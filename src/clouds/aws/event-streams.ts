/** Events of Kafka, message brokers and Firehose: records under other names than `Records`. */
import type { Json } from "../../model/records.ts";
import { bytesOf, type Carried, carried } from "./carried.ts";
import { list, moment, num, obj, type Obj, parsed, text } from "./schema.ts";
import { contextOfHeaders } from "./trace-carriers.ts";
import { unpack } from "./unpack.ts";

/** The messages of a Kafka, ActiveMQ, RabbitMQ or Firehose event; null: not one. */
export function brokerMessages(event: Obj): Carried[] | null {
  const source = text(event["eventSource"]);
  if (source === "aws:kafka" || source === "SelfManagedKafka") return kafka(event);
  if (source === "aws:mq" || source === "aws:amq") return activeMq(event);
  if (source === "aws:rmq") return rabbitMq(event);
  if (text(event["deliveryStreamArn"]) !== null && Array.isArray(event["records"])) return firehose(event);
  return null;
}

function decoded(data: string | null): string | null {
  return data === null ? null : Buffer.from(data, "base64").toString("utf8");
}

/** Elements of a list, also where a logger wrote it as an object with numbers for keys. */
function elements(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : Object.values(obj(value) ?? {});
}

/** Header values are lists of bytes. */
function kafkaHeaders(headers: Json | undefined): Obj {
  const found: Obj = {};
  for (const one of elements(headers)) {
    for (const [name, value] of Object.entries(obj(one) ?? {})) {
      const bytes = elements(value).map((byte) => num(byte) ?? 0);
      found[name] = bytes.length === 0 ? value : Buffer.from(bytes).toString("utf8");
    }
  }
  return found;
}

function kafka(event: Obj): Carried[] {
  const found: Carried[] = [];
  for (const partition of Object.values(obj(event["records"]) ?? {})) {
    for (const one of elements(partition)) {
      const record = obj(one);
      if (record === null) continue;
      const body = decoded(text(record["value"]));
      const topic = text(record["topic"]);
      const headers = kafkaHeaders(record["headers"]);
      found.push(
        carried({
          direction: "received",
          channelKind: "stream",
          channel: topic,
          messageId: `${topic ?? "topic"}:${num(record["partition"]) ?? 0}:${num(record["offset"]) ?? 0}`,
          sentAt: moment(record["timestamp"]),
          payload: parsed(body) ?? body,
          sizeBytes: bytesOf(body),
          trace: contextOfHeaders(headers),
          alsoIn: [headers],
          trigger: "kafka",
        }),
      );
    }
  }
  return found;
}

function activeMq(event: Obj): Carried[] {
  return list(event["messages"]).flatMap((one) => {
    const message = obj(one);
    if (message === null) return [];
    const body = decoded(text(message["data"]));
    return carried({
      direction: "received",
      channelKind: "queue",
      channel: text(obj(message["destination"])?.["physicalName"]) ?? text(event["eventSourceArn"]),
      messageId: text(message["messageID"]),
      sentAt: moment(message["brokerInTime"]) ?? moment(message["timestamp"]),
      payload: parsed(body) ?? body,
      sizeBytes: bytesOf(body),
      alsoIn: [message["properties"] ?? null, { correlationId: message["correlationId"] ?? null }],
      trigger: "mq",
    });
  });
}

function rabbitMq(event: Obj): Carried[] {
  return Object.entries(obj(event["rmqMessagesByQueue"]) ?? {}).flatMap(([queue, messages]) =>
    list(messages).flatMap((one) => {
      const message = obj(one);
      if (message === null) return [];
      const properties = obj(message["basicProperties"]) ?? {};
      const body = decoded(text(message["data"]));
      return carried({
        direction: "received",
        channelKind: "queue",
        channel: queue.split("::")[0] ?? queue,
        messageId: text(properties["messageId"]),
        sentAt: moment(properties["timestamp"]),
        payload: parsed(body) ?? body,
        sizeBytes: bytesOf(body),
        alsoIn: [{ correlationId: properties["correlationId"] ?? null }],
        trigger: "mq",
      });
    }),
  );
}

function firehose(event: Obj): Carried[] {
  return list(event["records"]).flatMap((one) => {
    const record = obj(one);
    if (record === null) return [];
    const data = text(record["data"]);
    const body = decoded(data);
    return carried({
      direction: "received",
      channelKind: "stream",
      channel: text(event["deliveryStreamArn"]),
      messageId: text(record["recordId"]),
      sentAt: moment(record["approximateArrivalTimestamp"]),
      payload: (data === null ? null : unpack(data)) ?? parsed(body) ?? body,
      sizeBytes: bytesOf(body),
      trigger: "firehose",
    });
  });
}
