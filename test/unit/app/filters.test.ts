import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { matcherOf } from "../../../src/analyzer/filters/match/index.ts";
import { filterChanges, filters, type FiltersOptions } from "../../../src/app/filters.ts";
import { askClouds } from "../../../src/app/filters-ask.ts";
import { givenEvents } from "../../../src/app/given-events.ts";
import { unsafeWhy } from "../../../src/app/safe-expression.ts";
import { loadSettings } from "../../../src/app/settings.ts";
import type { FilterAdvice } from "../../../src/model/filters.ts";
import { silentHost } from "../../../src/model/host.ts";
import { NOTIFIER, type NotifierOptions, WANTED, writeNotifierExport } from "../../support/notifier-export.ts";

const folder = (): string => mkdtempSync(join(tmpdir(), "evscope-filters-"));
const settings = loadSettings(null, tmpdir());
const plain: FiltersOptions = { functions: null, minSavingUsdPerMonth: 0, given: [] };

const survey = async (paths: readonly string[], options: Partial<FiltersOptions> = {}) =>
  filters(join(folder(), "none"), paths, { ...plain, ...options }, settings, silentHost, new AbortController().signal);

async function advised(options: NotifierOptions): Promise<FilterAdvice[]> {
  const dir = folder();
  writeNotifierExport(dir, options);
  return (await survey([dir])).survey.advice;
}

const event = (status: string): { [key: string]: never } =>
  ({ version: "0", id: "x", "detail-type": "OrderStatusChanged", source: "shop.orders", detail: { status } }) as never;

describe("filters of an export", () => {
  let dir = "";
  let truth = { wanted: 0, discarded: 0 };
  let read: Awaited<ReturnType<typeof survey>>;
  beforeAll(async () => {
    dir = folder();
    truth = writeNotifierExport(dir, { orders: 1600 });
    read = await survey([dir]);
  });

  it("advises the rule that is hidden in the consumer, on the rule that feeds it", () => {
    const { survey: found } = read;
    expect(found.advice).toHaveLength(1);
    const [one] = found.advice;
    expect(one).toMatchObject({
      fn: NOTIFIER.fn,
      grammar: "eventbridge",
      refusal: null,
      danger: "data-loss",
      unready: null,
      channel: NOTIFIER.bus,
    });
    expect(one!.events).toMatchObject({ count: 1600, ...truth, unknown: 0 });
    expect(one!.evidence).toEqual({ marker: 1600 });
    expect(one!.proof).toMatchObject({ wantedDropped: 0 });
    const matcher = matcherOf("eventbridge", one!.proposed!);
    const kept = ["created", "paid", "packed", "shipped", "delivered", "refunded", "cancelled"].filter((status) =>
      matcher.matches(event(status)),
    );
    expect(kept).toEqual(WANTED);
    // the filter that was there still holds
    expect(matcher.matches({ ...event("paid"), source: "other" })).toBe(false);
    expect(one!.proposals).toMatchObject([
      {
        kind: "events.rule",
        name: NOTIFIER.rule,
        topic: "filters",
        before: { pattern: '{"source":["shop.orders"]}' },
        after: { pattern: one!.proposed },
        expected: { watched: NOTIFIER.fn },
      },
    ]);
    expect(one!.first.join()).toContain("archive of bus shop");
  });

  it("saves what the runs, their time and their lines cost, scaled to a month", () => {
    const { saving } = read.survey.advice[0]!;
    // the window is 14 days less one run's distance; 30.4375 days a month: https://aws.amazon.com/lambda/pricing/ 0.20 USD per million requests
    const runs = (truth.discarded * 30.4375) / 14;
    expect(saving!.invocationsPerMonth!.p50 / runs).toBeCloseTo(1, 2);
    const requests = saving!.parts.find(({ what }) => what === "requests")!;
    expect(requests.usdPerMonth / ((runs * 0.2) / 1e6)).toBeCloseTo(1, 2);
    // 512 MiB, 4 or 5 ms billed on arm64 at 0.0000133334 USD per GB-s: between 0.5 x 4 and 0.5 x 5 ms
    const compute = saving!.parts.find(({ what }) => what === "compute")!.usdPerMonth;
    expect(compute).toBeGreaterThan(runs * 0.5 * 0.004 * 0.0000133334);
    expect(compute).toBeLessThan(runs * 0.5 * 0.005 * 0.0000133334 * 1.01);
    const { p10, p50, p90 } = saving!.usdPerMonth!;
    expect(p10).toBeLessThan(p50);
    expect(p90).toBeGreaterThan(p50);
  });

  it("proposes nothing below the saving that is asked for", async () => {
    const [one] = (await survey([dir], { minSavingUsdPerMonth: 1 })).survey.advice;
    expect(one!.refusal).toBe("it would save less than 0.01 USD a month, less than the 1 that are asked for (--min-saving)");
    expect(one!.proposals).toEqual([]);
  });

  it("has the cloud's own word before it proposes: where AWS reads the filter otherwise, nothing is proposed", async () => {
    const { survey: found, considered } = read;
    const asked: boolean[] = [];
    const reach = (answer: (kept: boolean) => boolean) =>
      ({
        settings: { ...settings, live: { ...settings.live, accounts: [] } },
        flags: {},
        env: {},
        world: {
          host: silentHost,
          signal: new AbortController().signal,
          clock: { now: () => 0 },
          keys: settings.keys,
          connect: async (target: { account: string | null; region: string }) => ({
            target,
            account: NOTIFIER.account,
            askFilter: async (one: { event: never }, filter: string) => {
              const kept = matcherOf("eventbridge", filter).matches(one.event);
              asked.push(kept);
              return answer(kept);
            },
            close: () => undefined,
          }),
        },
      }) as never;
    const agreed = await askClouds(
      found,
      considered,
      reach((kept) => kept),
    );
    expect(agreed.advice[0]!.refusal).toBeNull();
    expect(asked.filter(Boolean)).toHaveLength(10);
    expect(asked.filter((kept) => !kept)).toHaveLength(10);
    const other = await askClouds(
      found,
      considered,
      reach(() => true),
    );
    expect(other.advice[0]!.refusal).toMatch(/aws says that the filter keeps a recorded event/);
    expect(filterChanges(other).proposals).toEqual([]);
  });
});

describe("filters that are not proposed", () => {
  it.each([
    ["a service manages the rule", { orders: 1600, managedBy: "states.amazonaws.com" }, /managed by states/],
    ["only the time of the runs tells", { orders: 1600, says: null }, /only the time of its runs/],
    ["there are too few events", { orders: 60 }, /60|fewer|few/],
    ["nothing is discarded", { orders: 1600, says: "sent mail" }, /only the time|none of its/],
    [
      "another consumer of the rule wants them",
      { orders: 1600, sibling: { fn: "warehouse", wants: (status: string) => ["packed", "paid"].includes(status) } },
      /warehouse of the same rule orders-to-mail want/,
    ],
  ] as [string, NotifierOptions, RegExp][])("%s", async (_name, options, why) => {
    const [one] = (await advised(options)).filter(({ fn }) => fn === NOTIFIER.fn);
    expect(one!.refusal).toMatch(why);
    expect(one!.proposals).toEqual([]);
  });

  it("says which rule of its own a consumer should get where another one wants what it discards", async () => {
    const [one] = (await advised({ orders: 1600, sibling: { fn: "warehouse", wants: (status) => status === "packed" } })).filter(
      ({ fn }) => fn === NOTIFIER.fn,
    );
    expect(one!.refusal).toMatch(/give notify-customer a rule of its own/);
    expect(matcherOf("eventbridge", one!.proposed!).matches(event("packed"))).toBe(false);
  });

  it("proposes one change of the rule where all its consumers discard the same", async () => {
    const advice = await advised({ orders: 1600, sibling: { fn: "mail-archive", wants: (status) => WANTED.includes(status) } });
    expect(advice.map(({ refusal }) => refusal)).toEqual([null, null]);
    expect(advice.flatMap(({ proposals }) => proposals)).toHaveLength(1);
  });
});

describe("events given with their outcome", () => {
  const file = (lines: readonly unknown[]): string => {
    const path = join(folder(), "events.ndjson");
    writeFileSync(path, lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line))).join("\n"));
    return path;
  };

  it("are learned from like recorded ones", async () => {
    const lines = Array.from({ length: 1500 }, (_, i) => ({
      event: { body: JSON.stringify({ kind: i % 3 === 0 ? "click" : "order", n: i }) },
      wanted: i % 3 !== 0,
    }));
    const given = givenEvents(file(lines), "sqs", "consumer");
    const dir = folder();
    writeNotifierExport(dir, { orders: 1 });
    const [one] = (await survey([dir], { given })).survey.advice;
    expect(one).toMatchObject({ fn: "consumer", grammar: "sqs", refusal: null, evidence: { given: 1500 }, proposals: [] });
    expect(one!.unready).toMatch(/no mapping or pipe/);
    // and where there is no telemetry at all
    const alone = await survey([], { given });
    expect(alone.survey.advice[0]).toMatchObject({ refusal: null, proposed: one!.proposed, saving: { usdPerMonth: null } });
    const matcher = matcherOf("sqs", one!.proposed!);
    expect(matcher.matches({ body: '{"kind":"order"}' })).toBe(true);
    expect(matcher.matches({ body: '{"kind":"click"}' })).toBe(false);
  });

  it("are refused with their line where they are wrong, and never shown", () => {
    const secret = { event: { card: "4111111111111111" } };
    expect(() => givenEvents(file([{ event: {}, wanted: true }, secret]), "sqs", null)).toThrow(/:2: `wanted` is neither true nor false/);
    expect(() => givenEvents(file(["{"]), "sqs", null)).toThrow(/:1: no JSON object/);
    expect(() => givenEvents(file([{ event: {}, wanted: true, at: "yesterday" }]), "sqs", null)).toThrow(/:1: `at` is not a time/);
    expect(() => givenEvents(file([]), "sqs", null)).toThrow(/holds no events/);
    expect(() => givenEvents(file([secret]), "sqs", null)).not.toThrow(/4111/);
  });
});

describe("expressions of users", () => {
  it.each(["ignoriert", "nichts zu tun|kein Interesse", "event .* not ours", "\\bskip(ped)?\\b", "[a-z]+ verworfen"])("takes %s", (text) =>
    expect(unsafeWhy(text)).toBeNull(),
  );
  it.each(["(a+)+$", "(a|aa)*b", "(.*)\\1", "(?=a)b", "a*a*a*b", "(", "a?a?a?a?a?a?a?aaaaaaa", "x{1,1000}y{1,1000}z{1,1000}"])(
    "refuses %s: it could take long",
    (text) => expect(unsafeWhy(text)).not.toBeNull(),
  );
});
