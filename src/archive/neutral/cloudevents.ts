/** Bare CloudEvents in JSON, alone or in a batch, of whatever source: each a message as its consumer received it. */
import { attempt } from "../../model/attempt.ts";
import { cloudEventOf, isCloudEvent } from "../../model/cloud-event.ts";
import type { Format, Source } from "../../model/formats.ts";
import type { IdKeys } from "../../model/id-keys.ts";
import type { JsonObject } from "../../model/json.ts";
import { payloadHash } from "../../model/payload-hash.ts";
import type { Json, Message } from "../../model/records.ts";
import { addId, correlationIds } from "./conventions.ts";

function eventsIn(document: Json): Json[] {
  return Array.isArray(document) ? document : [document];
}

function messageOf(value: JsonObject, source: Source, keys: IdKeys): Message | null {
  const event = cloudEventOf(value);
  if (event.time === null) return null;
  const ids = correlationIds(event.extensions, keys);
  if (event.data !== null)
    for (const id of keys.inText(typeof event.data === "string" ? event.data : JSON.stringify(event.data))) addId(ids, id);
  const decoded = event.dataBase64 === null ? null : Buffer.from(event.dataBase64, "base64");
  if (decoded !== null) for (const id of keys.inText(decoded.toString("utf8"))) addId(ids, id);
  return {
    type: "message",
    cloud: "other",
    account: source.account,
    region: source.region,
    direction: "received",
    at: event.time,
    channel: event.source.split("/").filter(Boolean).at(-1) ?? null,
    channelKind: "bus",
    messageId: event.id,
    fn: source.fn,
    requestId: null,
    traceId: event.traceId,
    parentSpanId: event.parentSpanId,
    sentAt: event.time,
    attempt: null,
    sizeBytes: decoded?.length ?? null,
    payloadHash: event.data === null ? null : payloadHash(event.data),
    eventName: event.type,
    deadLetter: false,
    replay: null,
    ids,
  };
}

/** The format. */
export const cloudevents: Format = {
  id: "cloudevents",
  title: "CloudEvents JSON",
  kind: "json",
  lookedFor: "specversion, id, source and type",
  recognise(document) {
    return eventsIn(document).slice(0, 5).some(isCloudEvent) ? 60 : 0;
  },
  open(source, sink, keys) {
    return {
      read(document, at) {
        for (const value of eventsIn(document)) {
          if (!isCloudEvent(value)) {
            sink.broken("not a CloudEvent: specversion, id, source or type is missing", at);
            continue;
          }
          attempt(sink, at, () => {
            const message = messageOf(value, source, keys);
            if (message === null) sink.ignored("CloudEvent without a time");
            else sink.record(message);
          });
        }
      },
      end() {},
    };
  },
};
