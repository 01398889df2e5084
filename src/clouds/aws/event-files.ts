/** Files that are an event as a service hands it to a function (test events, recorded payloads): messages without an invocation. */
import type { Format, Reader, Sink, Source } from "../../model/formats.ts";
import type { IdKeys } from "../../model/id-keys.ts";
import { messageOf } from "./carried.ts";
import { receivedIn } from "./events.ts";
import { factReader } from "./line-facts.ts";

export const events: Format = {
  id: "aws.event",
  title: "Events handed to functions",
  kind: "json",
  lookedFor:
    "`Records` of SQS, SNS, Kinesis, DynamoDB or S3, an EventBridge envelope, an API Gateway or load balancer request, a Step Functions context",
  recognise(document) {
    const found = receivedIn(document);
    return found === null || found.length === 0 ? 0 : 75;
  },
  open: openEvents,
};

function openEvents(source: Source, sink: Sink, keys: IdKeys): Reader {
  const facts = factReader(keys);
  return {
    read(document, at) {
      const found = receivedIn(document);
      if (found === null) return sink.broken("not an event of a service that carries messages", at);
      for (const one of found) {
        if (one.sentAt === null) {
          sink.ignored(`an event (${one.trigger ?? "bare"}) without a usable time: nothing says when it was`);
          continue;
        }
        sink.record(
          messageOf(one, { at: one.sentAt, fn: source.fn, requestId: null, account: source.account, region: source.region }, facts),
        );
      }
    },
    end() {},
  };
}
