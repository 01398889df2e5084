import { describe, expect, it } from "vitest";
import { loggedEvents } from "../../../../src/clouds/gcp/logged-events.ts";

/** https://cloud.google.com/pubsub/docs/push#receive_push */
const PUSH = {
  message: {
    attributes: { key: "value" },
    data: "SGVsbG8gQ2xvdWQgUHViL1N1YiEgSGVyZSBpcyBteSBtZXNzYWdlIQ==",
    messageId: "2070443601311540",
    publishTime: "2021-02-26T19:13:55.749Z",
  },
  subscription: "projects/myproject/subscriptions/mysubscription",
};

describe("events in lines of Google functions", () => {
  it("sees of a Pub/Sub message its attributes: no filter sees its data", () => {
    const expected = [
      { grammar: "pubsub", event: { attributes: { key: "value" } }, channel: PUSH.subscription, messageId: "2070443601311540" },
    ];
    expect(loggedEvents(JSON.stringify(PUSH))).toEqual(expected);
    expect(loggedEvents(JSON.stringify({ severity: "INFO", message: "push received", event: PUSH }))).toEqual(expected);
  });

  it("takes a Pub/Sub message that comes as a CloudEvent for the message that it is", () => {
    const event = {
      specversion: "1.0",
      id: "1",
      type: "google.cloud.pubsub.topic.v1.messagePublished",
      source: "//pubsub.googleapis.com/projects/p/topics/t",
      data: PUSH,
    };
    expect(loggedEvents(JSON.stringify(event))).toMatchObject([{ grammar: "pubsub", channel: PUSH.subscription }]);
  });

  it("sees of other CloudEvents what Eventarc filters by", () => {
    /** https://cloud.google.com/eventarc/docs/cloudevents */
    const event = {
      specversion: "1.0",
      id: "1",
      type: "google.cloud.audit.log.v1.written",
      source: "//cloudaudit.googleapis.com/projects/p/logs/x",
      methodName: "storage.objects.create",
      data: { a: 1 },
    };
    const [found] = loggedEvents(`event: ${JSON.stringify(event)}`);
    expect(found).toMatchObject({ grammar: "eventarc", messageId: "1", event: { type: event.type, methodName: "storage.objects.create" } });
    expect(found!.event).not.toHaveProperty("data");
  });

  it("takes an answer of publish for none", () => {
    expect(loggedEvents('{"message":"published","messageIds":["123"]}')).toEqual([]);
  });
});
