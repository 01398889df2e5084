import { describe, expect, it } from "vitest";
import { neutralFormats } from "../../../../src/archive/neutral/index.ts";
import { payloadHash } from "../../../../src/model/payload-hash.ts";
import type { Json } from "../../../../src/model/records.ts";
import { only, readWith } from "../../../support/read-format.ts";

const read = (...documents: Json[]) => readWith(neutralFormats, documents);
// the minimal event of the specification's conformance examples, with what a producer may add
const event = {
  specversion: "1.0",
  type: "com.example.someevent",
  source: "/mycontext/subcontext",
  id: "4321-4321-4321",
  time: "2018-04-05T03:56:24Z",
};
const AT = Date.UTC(2018, 3, 5, 3, 56, 24);

describe("CloudEvents", () => {
  it("is a received message", () => {
    const traceparent = `00-${"c".repeat(32)}-${"d".repeat(16)}-01`;
    const { format, records } = read({ ...event, traceparent, orderid: "ord-1", data: { transactionId: "tx-2" } });
    expect(format).toBe("cloudevents");
    expect(records).toEqual([
      {
        type: "message",
        cloud: "other",
        account: null,
        region: null,
        direction: "received",
        at: AT,
        channel: "subcontext",
        channelKind: "bus",
        messageId: "4321-4321-4321",
        fn: null,
        requestId: null,
        traceId: "c".repeat(32),
        parentSpanId: "d".repeat(16),
        sentAt: AT,
        attempt: null,
        sizeBytes: null,
        // of {"transactionId":"tx-2"}, whatever its spacing
        payloadHash: payloadHash({ transactionId: "tx-2" }),
        eventName: "com.example.someevent",
        deadLetter: false,
        replay: null,
        ids: [
          { kind: "correlation", value: "ord-1" },
          { kind: "correlation", value: "tx-2" },
        ],
      },
    ]);
  });

  it.each<[string, Json]>([
    ["version 0.3", { ...event, specversion: "0.3" }],
    ["a batch", [event]],
    [
      "headers of binary mode",
      {
        "ce-specversion": "1.0",
        "ce-type": event.type,
        "ce-source": event.source,
        "ce-id": event.id,
        "ce-time": event.time,
        "user-agent": "foo",
      },
    ],
  ])("%s", (_name, document) => {
    expect(only(read(document).records, "message")[0]).toMatchObject({ messageId: event.id, at: AT, eventName: event.type });
  });

  it("binary data is counted and searched", () => {
    const data_base64 = Buffer.from('{"orderId":"ord-77"}').toString("base64");
    expect(only(read({ ...event, data_base64 }).records, "message")[0]).toMatchObject({
      sizeBytes: 20,
      ids: [{ kind: "correlation", value: "ord-77" }],
    });
  });

  it("refuses an event without a time and reports what is no event", () => {
    const { time: _, ...untimed } = event;
    expect(read(untimed)).toMatchObject({ records: [], ignored: ["CloudEvent without a time"] });
    expect(read([event, { ...event, id: "" }]).broken).toEqual(["not a CloudEvent: specversion, id, source or type is missing"]);
    expect(read({ type: "com.example.someevent" }).format).toBeNull();
  });
});
