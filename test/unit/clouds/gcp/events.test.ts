import { describe, expect, it } from "vitest";
import { gcp } from "../../../../src/clouds/gcp/index.ts";
import type { Json } from "../../../../src/model/records.ts";
import { only, readWith } from "../../../support/read-format.ts";

const read = (...documents: Json[]) => readWith(gcp.formats, documents);
const TIME = "2020-09-29T11:32:00.123Z";
const AT = Date.UTC(2020, 8, 29, 11, 32, 0, 123);

describe("one event, two generations of functions", () => {
  // pairs after functions-framework-conformance, events/generate/data
  it.each<[string, Json, Json, object]>([
    [
      "Pub/Sub",
      {
        eventId: "e-1",
        timestamp: TIME,
        eventType: "providers/cloud.pubsub/eventTypes/topic.publish",
        resource: "projects/shop/topics/orders",
        data: { "@type": "type.googleapis.com/google.pubsub.v1.PubsubMessage", attributes: { orderId: "ord-1" }, data: "AQIDBA==" },
      },
      {
        specversion: "1.0",
        type: "google.cloud.pubsub.topic.v1.messagePublished",
        source: "//pubsub.googleapis.com/projects/shop/topics/orders",
        id: "e-1",
        time: TIME,
        data: { message: { messageId: "e-1", publishTime: TIME, attributes: { orderId: "ord-1" }, data: "AQIDBA==" } },
      },
      {
        messageId: "e-1",
        channel: "orders",
        channelKind: "topic",
        account: "shop",
        sizeBytes: 4 + 7 + 5,
        ids: [{ kind: "correlation", value: "ord-1" }],
        eventName: "google.cloud.pubsub.topic.v1.messagePublished",
      },
    ],
    [
      "Firestore",
      {
        context: {
          eventId: "e-2",
          timestamp: TIME,
          eventType: "providers/cloud.firestore/eventTypes/document.write",
          resource: "projects/shop/databases/(default)/documents/orders/o-77",
        },
        data: { value: {} },
      },
      {
        specversion: "1.0",
        type: "google.cloud.firestore.document.v1.written",
        source: "//firestore.googleapis.com/projects/shop/databases/(default)",
        subject: "documents/orders/o-77",
        id: "e-2",
        time: TIME,
        data: { value: {} },
      },
      {
        messageId: "e-2",
        channel: "orders",
        channelKind: "table",
        account: "shop",
        ids: [{ kind: "item", value: "projects/shop/databases/(default)/documents/orders/o-77" }],
      },
    ],
    [
      "Storage",
      {
        context: {
          eventId: "e-3",
          timestamp: TIME,
          eventType: "google.storage.object.finalize",
          resource: { service: "storage.googleapis.com", name: "projects/_/buckets/inbox/objects/a/b.csv", type: "storage#object" },
        },
        data: { bucket: "inbox", name: "a/b.csv", generation: "1587627537231057" },
      },
      {
        specversion: "1.0",
        type: "google.cloud.storage.object.v1.finalized",
        source: "//storage.googleapis.com/projects/_/buckets/inbox",
        subject: "objects/a/b.csv",
        id: "e-3",
        time: TIME,
        data: { bucket: "inbox", name: "a/b.csv", generation: 1587627537231057 },
      },
      {
        messageId: "inbox/a/b.csv@1587627537231057",
        channel: "inbox",
        channelKind: "bucket",
        account: null,
        ids: [
          { kind: "object", value: "inbox/a/b.csv" },
          { kind: "message", value: "e-3" },
        ],
      },
    ],
    [
      "Firebase database",
      {
        eventType: "providers/google.firebase.database/eventTypes/ref.delete",
        params: { child: "xyz" },
        domain: "firebaseio.com",
        data: { data: 1, delta: null },
        resource: "projects/_/instances/shop-db/refs/carts/xyz",
        timestamp: TIME,
        eventId: "e-4",
      },
      {
        specversion: "1.0",
        type: "google.firebase.database.ref.v1.deleted",
        source: "//firebasedatabase.googleapis.com/projects/_/locations/us-central1/instances/shop-db",
        subject: "refs/carts/xyz",
        id: "e-4",
        time: TIME,
        data: { data: 1, delta: null },
      },
      { messageId: "e-4", channel: "shop-db", channelKind: "table", ids: [{ kind: "item", value: "shop-db/refs/carts/xyz" }] },
    ],
    [
      "Firebase auth",
      {
        data: { uid: "U1x" },
        eventId: "e-5",
        eventType: "providers/firebase.auth/eventTypes/user.create",
        resource: "projects/shop",
        timestamp: TIME,
      },
      {
        specversion: "1.0",
        type: "google.firebase.auth.user.v1.created",
        source: "//firebaseauth.googleapis.com/projects/shop",
        subject: "users/U1x",
        id: "e-5",
        time: TIME,
        data: { uid: "U1x" },
      },
      { messageId: "e-5", channel: "firebaseauth.googleapis.com", channelKind: "bus", ids: [{ kind: "item", value: "users/U1x" }] },
    ],
  ])("%s", (_name, legacy, event, expected) => {
    const [old] = only(read(legacy).records, "message");
    const [now] = only(read(event).records, "message");
    expect(old).toMatchObject({ ...expected, at: AT, sentAt: AT, direction: "received" });
    expect({ ...old, region: null }).toEqual({ ...now, region: null });
  });
});

describe("Pub/Sub", () => {
  const message = {
    data: "dGVzdCBtZXNzYWdlIDM=",
    messageId: "123",
    message_id: "123",
    publishTime: TIME,
    publish_time: TIME,
    attributes: {},
  };

  it("a push body: subscription, attempt, size", () => {
    const [found] = only(read({ message, subscription: "projects/shop/subscriptions/s", deliveryAttempt: 3 }).records, "message");
    expect(found).toMatchObject({
      channel: "s",
      account: "shop",
      messageId: "123",
      attempt: 3,
      sizeBytes: 14,
      sentAt: AT,
      deadLetter: false,
    });
  });

  it("one payload has one hash, however its JSON is written", () => {
    const hashOf = (text: string): string | null => {
      const data = Buffer.from(text).toString("base64");
      return only(read({ message: { ...message, data }, subscription: "projects/shop/subscriptions/s" }).records, "message")[0]!
        .payloadHash;
    };
    expect(hashOf('{"a":1,"b":[2]}')).toMatch(/^[0-9a-f]{16}$/);
    expect(hashOf('{ "b": [2], "a": 1 }')).toBe(hashOf('{"a":1,"b":[2]}'));
    expect(hashOf('{"a":2,"b":[2]}')).not.toBe(hashOf('{"a":1,"b":[2]}'));
    // too little to tell messages apart
    for (const text of ["", "ok", "{}", "17"]) expect(hashOf(text)).toBeNull();
  });

  it("a message from a dead-letter topic says so", () => {
    const attributes = { CloudPubSubDeadLetterSourceSubscription: "s", CloudPubSubDeadLetterSourceDeliveryCount: "5" };
    const [found] = only(
      read({ message: { ...message, attributes }, subscription: "projects/shop/subscriptions/dead" }).records,
      "message",
    );
    expect(found!.deadLetter).toBe(true);
  });

  it.each([
    ["googclient_traceparent", `00-${"c".repeat(32)}-${"d".repeat(16)}-01`],
    ["traceparent", `00-${"c".repeat(32)}-${"d".repeat(16)}-00`],
    // 15987178197214944733 = 0xdddddddddddddddd
    ["x-cloud-trace-context", `${"c".repeat(32)}/15987178197214944733;o=1`],
  ])("trace context in %s", (name, value) => {
    const [found] = only(
      read({ message: { ...message, attributes: { [name]: value } }, subscription: "projects/shop/subscriptions/s" }).records,
      "message",
    );
    expect(found).toMatchObject({ traceId: "c".repeat(32), parentSpanId: "d".repeat(16) });
  });

  it("a Storage notification names its object", () => {
    const attributes = { eventType: "OBJECT_FINALIZE", bucketId: "inbox", objectId: "a/b.csv", objectGeneration: "1" };
    const [found] = only(read({ message: { ...message, attributes }, subscription: "projects/shop/subscriptions/s" }).records, "message");
    expect(found).toMatchObject({ eventName: "OBJECT_FINALIZE", ids: [{ kind: "object", value: "inbox/a/b.csv" }] });
  });

  it("pulled messages and arrays are read one by one", () => {
    expect(
      only(
        read({
          receivedMessages: [
            { ackId: "a", message },
            { ackId: "b", message: { ...message, messageId: "124" } },
          ],
        }).records,
        "message",
      ).map(({ messageId }) => messageId),
    ).toEqual(["123", "124"]);
    expect(read([{ message, subscription: "s" }, { nonsense: true }]).broken).toEqual(["not an event"]);
  });

  it("an event without a time is refused", () => {
    expect(
      read({ specversion: "1.0", type: "google.cloud.audit.log.v1.written", source: "//x.googleapis.com/projects/shop", id: "1" }).ignored,
    ).toEqual(["event without a time"]);
  });
});

describe("what is not Google's event", () => {
  it.each<Json>([
    { specversion: "1.0", type: "com.example.order", source: "/shop", id: "1", time: TIME },
    { messageId: "1", body: "sqs", receiptHandle: "x" },
    { eventId: "1", eventType: "order.created", resource: "x", timestamp: TIME },
    { value: { name: "x" } },
  ])("%j", (document) => expect(read(document).format).toBeNull());
});
