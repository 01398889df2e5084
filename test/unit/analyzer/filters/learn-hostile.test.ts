/** Histories made so that a filter learned from them would drop wanted events later. What is wanted is the rule written in each test. */
import { describe, expect, it } from "vitest";
import { learnFilter, type LearnedFilter, type RefusedFilter } from "../../../../src/analyzer/filters/learn.ts";
import { matcherOf } from "../../../../src/analyzer/filters/match/index.ts";
import type { FilterGrammar, LabelledEvent } from "../../../../src/model/filters.ts";
import type { JsonObject } from "../../../../src/model/json.ts";
import type { Json } from "../../../../src/model/records.ts";

/** Six weeks of 4,000 events, each wanted or not as the rule says. */
function history(grammar: FilterGrammar, of: (n: number) => JsonObject, wanted: (body: JsonObject) => boolean): LabelledEvent[] {
  return Array.from({ length: 4000 }, (_, n) => {
    const body = of(n);
    return {
      at: n * 907_200,
      grammar,
      event: carried(grammar, body),
      channel: "q",
      messageId: `m${n}`,
      fn: "f",
      requestId: `r${n}`,
      cloud: "aws",
      outcome: wanted(body) ? "wanted" : "discarded",
      evidence: "marker",
      durationMs: null,
    };
  });
}

const carried = (grammar: FilterGrammar, body: JsonObject): Json =>
  grammar === "sqs" ? { messageId: "m", body: JSON.stringify(body) } : { source: "shop", "detail-type": "Order", detail: body };

/** What the filter keeps of later events. A filter that was refused keeps everything. */
function keeps(learned: LearnedFilter | RefusedFilter, grammar: FilterGrammar, later: JsonObject): boolean {
  return "refusal" in learned || matcherOf(grammar, learned.filter).matches(carried(grammar, later));
}

/** Numbers from 0 to 1 in no order: the fractional parts of multiples of the golden ratio. */
const spread = (n: number): number => (n * 0.618_033_988_749_895) % 1;

const both = ["eventbridge", "sqs"] as const;

describe("events that are wanted, and of which nothing in the window is alike", () => {
  it.each(both)("%s: the first negative amount, where small ones are dropped", (grammar) => {
    const learned = learnFilter(
      history(
        grammar,
        (n) => ({ amount: 5 + Math.round(spread(n) * 20_000) / 100 }),
        ({ amount }) => Number(amount) >= 100,
      ),
    );
    expect(learned).toHaveProperty("filter");
    expect(keeps(learned, grammar, { amount: 50 })).toBe(false);
    expect(keeps(learned, grammar, { amount: -50 })).toBe(true);
    expect(keeps(learned, grammar, { amount: 0 })).toBe(true);
  });

  it("an amount that comes to be written as text, or as nothing", () => {
    const rule = ({ amount }: JsonObject) => Number(amount) >= 100;
    const amounts = (n: number) => ({ amount: 5 + Math.round(spread(n) * 20_000) / 100 });
    const learned = learnFilter(history("eventbridge", amounts, rule));
    for (const amount of ["50.00", null]) expect(keeps(learned, "eventbridge", { amount })).toBe(true);
    // no operator of a mapping is known to say it: the reader is told
    expect(learnFilter(history("sqs", amounts, rule))).toMatchObject({
      caveats: expect.arrayContaining([expect.stringContaining("body.amount is text instead of a number would be dropped")]),
    });
  });

  it.each(both)("%s: a new value, where texts and nulls are dropped", (grammar) => {
    const states = [null, "draft", "paid", "draft"];
    const learned = learnFilter(
      history(
        grammar,
        (n) => ({ state: states[n % 4]! }),
        ({ state }) => state === "paid",
      ),
    );
    expect(learned).toHaveProperty("filter");
    expect(keeps(learned, grammar, { state: "draft" })).toBe(false);
    expect(keeps(learned, grammar, { state: "refunded" })).toBe(true);
    expect(keeps(learned, grammar, { state: null })).toBe(true);
  });

  it("a new folder, where a mapping cannot exclude beginnings: nothing is advised", () => {
    const folders = ["in/", "tmp/", "old/"];
    const learned = learnFilter(
      history(
        "sqs",
        (n) => ({ key: `${folders[n % 3]}${(n * 7919).toString(36)}` }),
        ({ key }) => String(key).startsWith("in/"),
      ),
    );
    expect(learned).toMatchObject({ refusal: expect.stringContaining("cannot be written in this grammar") });
  });

  it.each(both)("%s: another version of the schema, another type of message", (grammar) => {
    const learned = learnFilter(
      history(
        grammar,
        (n) => ({ schemaVersion: 1, messageType: n % 5 === 0 ? "ping" : "order", tier: ["gold", "silver", "bronze"][n % 3]! }),
        ({ tier }) => tier === "gold",
      ),
    );
    expect(learned).toHaveProperty("filter");
    expect(keeps(learned, grammar, { schemaVersion: 1, messageType: "order", tier: "silver" })).toBe(false);
    expect(keeps(learned, grammar, { schemaVersion: 2, messageType: "order", tier: "silver" })).toBe(true);
    expect(keeps(learned, grammar, { schemaVersion: 1, messageType: "refund", tier: "silver" })).toBe(true);
  });

  it.each(both)("%s: a flag that is neither true nor false", (grammar) => {
    const learned = learnFilter(
      history(
        grammar,
        (n) => ({ test: n % 3 === 0 }),
        ({ test }) => test === false,
      ),
    );
    expect(keeps(learned, grammar, { test: true })).toBe(false);
    for (const later of [{ test: null } as JsonObject, {}, { test: [] }, { test: [true, false] }])
      expect(keeps(learned, grammar, later)).toBe(true);
  });

  it.each(both)("%s: another case, another normal form, an array with one element more", (grammar) => {
    const learned = learnFilter(
      history(
        grammar,
        (n) => ({ tags: n % 2 === 0 ? ["caf\u00e9"] : ["paid", "caf\u00e9"] }),
        ({ tags }) => (tags as Json[]).includes("paid"),
      ),
    );
    expect(keeps(learned, grammar, { tags: ["caf\u00e9"] })).toBe(false);
    for (const tags of [["Caf\u00e9"], ["cafe\u0301"], ["caf\u00e9", "new"], [], null, { paid: true }])
      expect([tags, keeps(learned, grammar, { tags })]).toEqual([tags, true]);
  });
});

describe("Event Grid: a key that is missing later", () => {
  const grid = (data: JsonObject): Json => ({
    id: "1",
    eventType: "order",
    subject: "/a",
    eventTime: "2026-11-01",
    dataVersion: "1",
    data,
  });
  const learn = (of: (n: number) => JsonObject, wanted: (data: JsonObject) => boolean) =>
    learnFilter(
      history("eventbridge", of, wanted).map((told) => ({
        ...told,
        grammar: "event-grid",
        event: grid((told.event as JsonObject)["detail"] as JsonObject),
      })),
    );

  it("is kept by an exclusion of values", () => {
    const learned = learn(
      (n) => ({ state: n % 3 === 0 ? "paid" : "draft" }),
      ({ state }) => state === "paid",
    );
    expect("filter" in learned && matcherOf("event-grid", learned.filter).matches(grid({ state: "draft" }))).toBe(false);
    expect("filter" in learned && matcherOf("event-grid", learned.filter).matches(grid({}))).toBe(true);
  });

  // StringNotBeginsWith, StringNotEndsWith and BoolEquals do not match without the key: https://learn.microsoft.com/azure/event-grid/event-filtering
  it("would be lost by beginnings and booleans: nothing is advised", () => {
    const flag = learn(
      (n) => ({ test: n % 3 !== 0 }),
      ({ test }) => test === false,
    );
    const folder = learn(
      (n) => ({ key: `${n % 3 === 0 ? "in/" : "tmp/"}${(n * 7919).toString(36)}` }),
      ({ key }) => String(key).startsWith("in/"),
    );
    for (const refused of [flag, folder])
      expect(refused).toMatchObject({ refusal: expect.stringContaining("cannot be written in this grammar") });
  });
});

describe("values of which too few were seen", () => {
  it("a kind that is wanted once in thirty times is not dropped for a dozen events without one", () => {
    // Twenty of them in the window, evenly over it; the wanted one is yet to come.
    const kind = (n: number) => (n % 200 === 7 ? "audit" : n % 3 === 0 ? "paid" : "viewed");
    const learned = learnFilter(
      history(
        "sqs",
        (n) => ({ kind: kind(n) }),
        (body) => body["kind"] === "paid",
      ),
    );
    expect(keeps(learned, "sqs", { kind: "viewed" })).toBe(false);
    expect(keeps(learned, "sqs", { kind: "audit" })).toBe(true);
  });
});

it("says what a short window cannot have seen", () => {
  const told = history(
    "sqs",
    (n) => ({ type: n % 3 === 0 ? "paid" : "viewed" }),
    ({ type }) => type === "paid",
  );
  const within = (days: number) => told.map((event) => ({ ...event, at: (event.at / 42) * days }));
  const plain = expect.stringContaining("no JSON object would be dropped");
  expect(learnFilter(told)).toMatchObject({ caveats: [plain] });
  expect(learnFilter(within(20))).toMatchObject({ caveats: [expect.stringContaining("once a month"), plain] });
  expect(learnFilter(within(3))).toMatchObject({ caveats: [expect.stringContaining("once a week"), plain] });
});
