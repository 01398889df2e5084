/** Event Grid and CloudEvents events as files: each is a published message. Events that a run logged are read with its log line. */
import type { Format, Position } from "../../model/formats.ts";
import type { Json } from "../../model/records.ts";
import { isCloudEvent } from "../../model/cloud-event.ts";
import { unlessTooDeep } from "./too-deep.ts";
import { isAzureCloudEvent, isGridEvent, messageOf } from "./event-messages.ts";

/** Event Grid delivers arrays, the SDKs log single events. */
function eventsIn(document: Json): Json[] {
  return Array.isArray(document) ? document : [document];
}

export const eventGridEvents: Format = {
  id: "azure.event-grid-events",
  title: "Event Grid events (Event Grid schema, CloudEvents of Azure)",
  kind: "json",
  lookedFor:
    '{"id":…,"eventType":…,"subject":…,"eventTime":…}, or a CloudEvent whose type is Microsoft.… or whose source is a resource path',
  recognise(document) {
    const first = eventsIn(document).slice(0, 5);
    if (first.length === 0) return 0;
    if (first.every(isGridEvent)) return 85;
    return first.every(isCloudEvent) && first.some(isAzureCloudEvent) ? 85 : 0;
  },
  open(source, sink, keys) {
    function one(event: Json, at: Position): void {
      const message = messageOf(event, {
        scope: { cloud: "azure", account: source.account, region: source.region },
        direction: "published",
        at: null,
        fn: null,
        requestId: null,
        keys,
      });
      if (message === null) sink.broken("an event without eventType/type or without a readable time", at);
      else sink.record(message);
    }
    return {
      read: (document, at) => eventsIn(document).forEach((event) => unlessTooDeep(sink, at, () => one(event, at))),
      end: () => undefined,
    };
  },
};
