import { describe, expect, it } from "vitest";
import type { FilterAdvice, FilterSurvey } from "../../../../src/model/filters.ts";
import type { Change, Plan } from "../../../../src/model/plan.ts";
import type { Retention, RetentionAdvice } from "../../../../src/model/retention.ts";
import { formatTable } from "../../../../src/report/formats/table.ts";
import { nameText } from "../../../../src/report/views/changes.ts";
import { filtersView } from "../../../../src/report/views/filters.ts";
import { planView } from "../../../../src/report/views/plan.ts";
import { ttlView } from "../../../../src/report/views/ttl.ts";

const look = { width: 160, color: false, unicode: true };

describe("plan", () => {
  const plan: Plan = {
    schemaVersion: 1,
    kind: "evscope-plan",
    createdAt: "2026-11-23T00:00:00.000Z",
    hash: "h",
    changes: [],
    skipped: [{ name: "stock-updates", why: "50 events in 9 min are too few" }],
  };

  it("says beside each name why it is left out, and offers no apply of a plan that changes nothing", () => {
    const text = formatTable(planView(plan, "plan.json"), look);
    expect(text).toMatch(/^name +why\n.*\nstock-updates +50 events in 9 min are too few$/m);
    expect(text).toContain("Written to plan.json; there is nothing to apply.");
    expect(text).not.toContain("evscope apply");
  });
});

describe("the name of a change", () => {
  const change = { kind: "lambda.event-source-mapping", name: "5a0c6c47-2f0b-4a9b-9f5e-0b7a6c1d2e3f", expected: null };

  it("is the function's for a mapping, which has an ID only, where it is known; else its own", () => {
    const expected = { watched: "count-clicks" } as Change["expected"];
    expect(nameText({ ...change, expected })).toBe("count-clicks (mapping 5a0c6c47)");
    expect(nameText(change)).toBe(change.name);
    expect(nameText({ kind: "events.rule", name: "orders-to-mail", expected })).toBe("orders-to-mail");
  });
});

describe("filters", () => {
  const channelShown = (channel: string): string => {
    const advice = [{ fn: "projection", channel, events: { count: 1 }, proof: null, saving: null, refusal: "too few" }] as FilterAdvice[];
    const survey = { advice, silent: [], pricesAsOf: "2026-11-23", from: null, to: null } satisfies FilterSurvey;
    return /^projection +(\S+)/m.exec(formatTable(filtersView(survey, null), look))![1]!;
  };

  it.each([
    // https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html: the stream's ARN ends in the time it was made
    ["arn:aws:dynamodb:us-east-1:111122223333:table/order-events/stream/2026-11-20T00:00:00.000", "order-events"],
    ["arn:aws:sqs:us-east-1:111122223333:stock-updates", "stock-updates"],
    ["arn:aws:kinesis:us-east-1:111122223333:stream/clicks", "clicks"],
    ["orders", "orders"],
  ])("shortens %s to the name that people know", (channel, name) => {
    expect(channelShown(channel)).toBe(name);
  });
});

describe("ttl", () => {
  const summary = (...costs: (number | null)[]): string => {
    const stores = costs.map((storageUsdPerMonth, i) => ({
      name: `t${i}`,
      store: "dynamodb",
      storageUsdPerMonth,
      proposals: [] as unknown[],
      effects: [] as string[],
    })) as RetentionAdvice[];
    const none = { stores: 0, savingUsdPerMonth: 0 };
    const retention: Retention = { stores, floors: [], tooSmall: none, from: null, to: null, pricesAsOf: "2026-11-23" };
    return formatTable(ttlView(retention, null), look);
  };

  it("adds up no unknown costs as 0", () => {
    expect(summary(null)).toContain("\n1 store, of unknown cost: 0 to change.");
    expect(summary(1.5, null, 2)).toContain("\n2 stores for $3.50 per month, 1 of unknown cost: 0 to change.");
    expect(summary(1.5)).toContain("\n1 store for $1.50 per month: 0 to change.");
  });

  it("says where stores are known from, when none is", () => {
    expect(summary()).toMatch(/No table, container or log group is known: evscope collect/);
    expect(summary()).not.toContain("$0");
  });
});
