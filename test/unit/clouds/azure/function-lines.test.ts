import { describe, expect, it } from "vitest";
import { hostLine, saysTimeout, timedOutInvocation, triggerMessages, triggerOf } from "../../../../src/clouds/azure/function-lines.ts";

const ID = "3a4b2e78-0000-4000-8000-000000000001";

describe("lines of the host", () => {
  it.each([
    `Executing 'Functions.hello' (Reason='x', Id=${ID})`,
    `Executing 'hello' (Reason='x', Id=${ID})`,
    `Executing Function.hello (Reason='x', Id=${ID})`,
  ])("%s starts hello", (line) => expect(hostLine(line)).toEqual({ kind: "start", fn: "hello", invocationId: ID, reason: "x" }));

  it("reads a reason with brackets and quotes in it", () => {
    const reason = "New queue message detected on 'orders' (a), it's late.";
    expect(hostLine(`Executing 'Functions.q' (Reason='${reason}', Id=${ID.toUpperCase()})`)).toEqual({
      kind: "start",
      fn: "q",
      invocationId: ID,
      reason,
    });
  });

  it("reads both ends, with and without duration", () => {
    expect(hostLine(`Executed Functions.hello (Failed, Id=${ID}, Duration=16ms)`)).toEqual({
      kind: "end",
      fn: "hello",
      invocationId: ID,
      succeeded: false,
      durationMs: 16,
    });
    expect(hostLine(`Executed 'Functions.hello' (Succeeded, Id=${ID})`)).toMatchObject({ succeeded: true, durationMs: null });
  });

  it("knows the host's start and no other line", () => {
    expect(hostLine("Host started (271ms)")).toEqual({ kind: "host-started", tookMs: 271 });
    expect(hostLine("Job host started")).toBeNull();
    expect(hostLine("Executing a plan")).toBeNull();
    expect(hostLine("")).toBeNull();
  });
});

describe("Trigger Details", () => {
  it("reads one message, with what follows it", () => {
    const line =
      "Trigger Details: MessageId: 0f8b8d7e, SequenceNumber: 12, DeliveryCount: 3, EnqueuedTimeUtc: 2026-11-20T10:00:00.1250000+00:00, LockedUntilUtc: 2026-11-20T10:00:30.1250000+00:00, SessionId: (null)";
    expect(triggerMessages(line)).toEqual([
      { messageId: "0f8b8d7e", sequenceNumber: "12", attempt: 3, sentAt: Date.UTC(2026, 10, 20, 10, 0, 0, 125) },
    ]);
  });

  it("reads a storage queue's message", () => {
    expect(triggerMessages("Trigger Details: MessageId: m-1, DequeueCount: 2, InsertedOn: 2026-11-20T10:00:00.000+00:00")).toEqual([
      { messageId: "m-1", sequenceNumber: null, attempt: 2, sentAt: Date.UTC(2026, 10, 20, 10) },
    ]);
  });

  it("reads the arrays of a batch", () => {
    const line =
      "Trigger Details: MessageIdArray: a1,b2,c3, SequenceNumberArray: 1,2,3, DeliveryCountArray: 1,1,4, EnqueuedTimeUtcArray: 2026-11-20T10:00:00Z,2026-11-20T10:00:01Z,2026-11-20T10:00:02Z, SessionId: (null)";
    expect(triggerMessages(line)).toEqual([
      { messageId: "a1", sequenceNumber: "1", attempt: 1, sentAt: Date.UTC(2026, 10, 20, 10, 0, 0) },
      { messageId: "b2", sequenceNumber: "2", attempt: 1, sentAt: Date.UTC(2026, 10, 20, 10, 0, 1) },
      { messageId: "c3", sequenceNumber: "3", attempt: 4, sentAt: Date.UTC(2026, 10, 20, 10, 0, 2) },
    ]);
  });

  it("finds no message in an Event Hubs batch, and nothing in other lines", () => {
    expect(
      triggerMessages("Trigger Details: PartitionId: 0, Offset: 12-34, EnqueueTimeUtc: 2026-11-20T10:00:00Z, SequenceNumber: 5, Count: 3"),
    ).toEqual([]);
    expect(triggerMessages("MessageId: 5")).toBeNull();
  });
});

describe("reasons", () => {
  it.each([
    ["This function was programmatically called via the host APIs.", null, null],
    ["Timer fired at 2026-11-20T10:00:00.0000000+00:00", "timer", null],
    ["New queue message detected on 'orders'.", "queue", "orders"],
    ["(null)", null, null],
  ])("%s", (reason, trigger, channel) => expect(triggerOf(reason)).toEqual({ trigger, channel }));

  it("takes a timeout only from words that say so", () => {
    const line = `Timeout value of 00:05:00 exceeded by function 'Functions.slow' (Id: '${ID}'). Initiating cancellation.`;
    expect([saysTimeout(line), timedOutInvocation(line)]).toEqual([true, ID]);
    expect(saysTimeout("the request timed out, retrying")).toBe(false);
  });
});
