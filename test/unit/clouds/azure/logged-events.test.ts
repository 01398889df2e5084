import { describe, expect, it } from "vitest";
import { loggedEvents } from "../../../../src/clouds/azure/logged-events.ts";

/** https://learn.microsoft.com/azure/event-grid/event-schema */
const GRID = {
  topic: "/subscriptions/0b1f/resourceGroups/Storage/providers/Microsoft.Storage/storageAccounts/xstoretestaccount",
  subject: "/blobServices/default/containers/oc2d2817345i200097container/blobs/new-file.txt",
  eventType: "Microsoft.Storage.BlobCreated",
  eventTime: "2017-06-26T18:41:00.9584103Z",
  id: "831e1650-001e-001b-66ab-eeb76e069631",
  data: { api: "PutBlockList" },
  dataVersion: "",
  metadataVersion: "1",
};
/** https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md */
const CLOUD_EVENT = {
  specversion: "1.0",
  type: "com.example.someevent",
  source: "/mycontext",
  id: "A234-1234-1234",
  data: { appinfoA: "abc" },
};

describe("events in lines of Azure functions", () => {
  it.each([
    ["Event Grid schema", GRID, GRID.topic, GRID.id],
    ["CloudEvents", CLOUD_EVENT, "/mycontext", "A234-1234-1234"],
  ])("finds events of Event Grid: %s", (_name, event, channel, messageId) => {
    expect(loggedEvents(`Event received: ${JSON.stringify([event])}`)).toEqual([{ grammar: "event-grid", event, channel, messageId }]);
  });

  it("reads Service Bus messages by their properties, the older name of them as well", () => {
    const message = { messageId: "m1", enqueuedTimeUtc: "2026-11-01T08:00:00Z", userProperties: { kind: "invoice" }, label: "l" };
    expect(loggedEvents(`got ${JSON.stringify(message)}`)).toMatchObject([
      { grammar: "service-bus-sql", messageId: "m1", event: { label: "l", applicationProperties: { kind: "invoice" } } },
    ]);
  });

  it.each([
    [
      "an Event Hubs event: these have no filters",
      { messageId: "m", partitionKey: "p", offset: "1", applicationProperties: {}, enqueuedTimeUtc: "2026-11-01T08:00:00Z" },
    ],
    ["a message without properties", { messageId: "m", deliveryCount: 1 }],
    ["words", "eventType is unknown"],
  ])("takes %s for none", (_name, value) => {
    expect(loggedEvents(typeof value === "string" ? value : JSON.stringify(value))).toEqual([]);
  });
});
