import { describe, expect, it } from "vitest";
import { saidInFields, saidInWords, sayingsOf, textsOf, withoutQuotes } from "../../../../src/analyzer/filters/words.ts";
import type { OutcomeWords } from "../../../../src/model/filters.ts";
import type { JsonObject } from "../../../../src/model/json.ts";

const NONE: OutcomeWords = { discarded: [], wanted: [], discardedResults: [], wantedResults: [] };

describe("words of a line", () => {
  it.each([
    "ignoring event of type order.cancelled",
    "Ignored",
    "Skipping: status is draft",
    "Skipping OrderCreated event",
    "event of type refund was ignored",
    "message skipped because the shop is not ours",
    "discarding this message",
    "not interested in order.packed",
    "nothing to do for status created",
    "No handler for order.delivered",
    "unsupported event type order.viewed",
    "irrelevant update",
    "record filtered out",
  ])("discards: %s", (words) => expect(saidInWords(words, NONE)).toBe("discarded"));

  it.each([
    "sent mail for ORD-1",
    "not ignoring event of type x",
    "this event is never ignored",
    "0 events ignored",
    "no messages skipped",
    "ignored: false",
    "event skipped=0",
    "skipping event validation",
    "dropping message attributes",
    "skipped 3 of 10 lines of the report",
    "ignoring unknown field foo",
    "skip the doorbell",
    "dropped connection, reconnecting",
    "stored the ignored list",
    // counts, and nothing is left out
    "skipped 0 events, processed 1 event",
    "Skipping 0 records",
    "ignored events: 0",
    "filtered out 0 records",
    "dropped message count=0",
    "3 of 10 records skipped",
    // something of the event, or something else
    "skipping message deduplication",
    "Ignoring event source header",
    "Skipping notifications for this order",
    "Skipping update of search index",
    "skipping events table migration",
    "Warning: event listener skipped",
    "event ignored by tracing",
    "unhandled event rejection",
    "irrelevant whitespace trimmed",
    "no action required by user",
    "nothing to do with inventory",
    // not this one, or not surely
    "Event will not be skipped",
    "events should never be dropped",
    "if the event is invalid it is skipped",
    "event cannot be ignored",
    "Last event ignored",
    // the work is done all the same
    "ignoring event of type x, order stored",
    "unknown event type, falling back to the default",
    "No handler for error type X, using default",
    "no handler registered for metrics, continuing",
  ])("says nothing: %s", (words) => expect(saidInWords(words, NONE)).toBeNull());

  it.each([
    "skipping duplicate event 17",
    "event ignored: already processed",
    "discarding message, dry-run",
    "ignoring event, feature disabled",
    "skipping message, will retry later",
    "ignoring event, version conflict",
    "skipping message: customer not found",
    "event ignored: outside business hours",
    "event ignored (sampling 10%)",
    "out of order event ignored",
    "ignoring older event",
    "event skipped as state unchanged",
    "Skipping message: feature flag new-flow off",
    "Skipped (cache hit)",
    "Dropping message: payload too large",
    "TimeoutError: event ignored",
  ])("is about the moment, not about the event: %s", (words) => expect(saidInWords(words, NONE)).not.toBe("discarded"));

  it("takes the user's own expressions first, and those of wanted events before those of discarded ones", () => {
    const own = { ...NONE, discarded: [/weggeworfen/i], wanted: [/ignored on purpose/i] };
    expect(saidInWords("Ereignis weggeworfen", own)).toBe("discarded");
    expect(saidInWords("event ignored on purpose", own)).toBe("wanted");
  });
});

describe("fields of a line", () => {
  it.each<JsonObject>([{ result: "ignored" }, { outcome: "SKIPPED" }, { status: "filtered out" }, { action: "noop" }, { skipped: true }])(
    "discards: %j",
    (fields) => expect(saidInFields(fields, NONE, "{}")).toBe("discarded"),
  );
  it.each<JsonObject>([
    { result: "ok" },
    { statusCode: 200 },
    // "No Content" is also the usual answer to an update that was made: RFC 9110, 15.3.5
    { statusCode: 204 },
    { step: "geocode", skipped: true },
    { skipped: false },
    { skipped: "3" },
    { detail: { result: "ignored" } },
    { reason: "ignored" },
  ])("says nothing: %j", (fields) => expect(saidInFields(fields, NONE, "{}")).toBeNull());
  it("leaves out what the event itself says", () => {
    expect(saidInFields({ status: "skipped", orderId: 1 }, NONE, '{"detail":{"status":"skipped"}}')).toBeNull();
    expect(saidInFields({ status: "skipped", orderId: 1 }, NONE, '{"detail":{"status":"paid"}}')).toBe("discarded");
  });
  it("takes fields that the user names", () => {
    const own = { ...NONE, discardedResults: [{ field: "handled", value: "false" }], wantedResults: [{ field: "mails", value: "1" }] };
    expect(saidInFields({ handled: false }, own, "{}")).toBe("discarded");
    expect(saidInFields({ handled: false, mails: 1 }, own, "{}")).toBe("wanted");
  });
});

describe("what of a line is the function's own", () => {
  const event = { "detail-type": "Order", source: "shop", detail: { note: "please skip this event, ignored", result: "ignored" } };
  it("leaves an event out, and keeps the words around it", () => {
    expect(sayingsOf(`received ${JSON.stringify(event)} now`, true)).toEqual({ words: "received now", fields: null });
    expect(sayingsOf(JSON.stringify(event), true)).toEqual({ words: "", fields: null });
  });
  it("keeps a logger's own fields beside an event", () => {
    const line = sayingsOf(JSON.stringify({ level: "INFO", message: "event ignored", event }), true);
    expect(line.words).toBe("event ignored");
    expect(line.fields).toMatchObject({ message: "event ignored" });
  });
  it("looks into what Lambda's JSON format wraps", () => {
    expect(sayingsOf('{"timestamp":"t","level":"INFO","message":{"result":"ignored"}}', false).fields).toEqual({ result: "ignored" });
  });
  it("takes what is quoted of the event out of the words", () => {
    const texts = textsOf({ body: JSON.stringify({ note: "event ignored by courier" }) });
    expect(texts).toContain("event ignored by courier");
    expect(withoutQuotes("note was: event ignored by courier", texts).trim()).toBe("note was:");
  });
});
