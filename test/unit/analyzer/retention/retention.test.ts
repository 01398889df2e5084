/** Advice on stores: what is proposed, what is refused, and that nothing which deletes for good lacks its danger. */
import { describe, expect, it } from "vitest";
import { counter, retention, type RetentionFacts } from "../../../../src/analyzer/retention/index.ts";
import { priceBook } from "../../../../src/app/price-book.ts";
import { rooms } from "../../../../src/clouds/index.ts";
import type { Config, Json } from "../../../../src/model/records.ts";
import type { RetentionAdvice } from "../../../../src/model/retention.ts";

const NOW = Date.UTC(2026, 10, 23);
const DAY = 86_400_000;
const GIB = 1024 ** 3;
const LEGAL = rooms.aws.limits.find((one) => one.setting === "logs.retention")!.values!;

function config(given: Partial<Config> & Pick<Config, "kind" | "resource" | "name">): Config {
  return {
    type: "config",
    cloud: "aws",
    account: "111122223333",
    region: "us-east-1",
    revision: null,
    observedAt: NOW,
    from: null,
    to: null,
    settings: {},
    ...given,
  };
}

const group = (settings: Config["settings"], name = "/aws/lambda/orders"): Config =>
  config({ kind: "log-group", resource: `arn:aws:logs:us-east-1:111122223333:log-group:${name}`, name, settings });
const TABLE = "arn:aws:dynamodb:us-east-1:111122223333:table/events";
const table = (settings: Config["settings"]): Config =>
  config({
    kind: "table",
    resource: TABLE,
    name: "events",
    settings: { ttlStatus: "DISABLED", items: 10_000, sizeBytes: 10 * GIB, ...settings },
  });

function facts(configs: Config[], given: Partial<RetentionFacts> = {}): RetentionFacts {
  return {
    configs,
    daily: [],
    levels: [],
    sizes: [],
    samples: new Map(),
    runUsd: () => null,
    floors: [],
    legalRetentionsD: LEGAL,
    kinds: null,
    names: null,
    minSavingUsdPerMonth: 0,
    now: NOW,
    from: null,
    to: null,
    prices: priceBook(Object.fromEntries(Object.values(rooms).map((room) => [room.cloud, room.prices]))),
    ...given,
  };
}

const adviceOn = (configs: Config[], given: Partial<RetentionFacts> = {}): RetentionAdvice => retention(facts(configs, given)).stores[0]!;
const keep = (days: number, pattern = "*") => ({ floors: [{ pattern, days, from: "--keep" }] });
const sampleOf = (items: { [name: string]: Json }[]) => {
  const counting = counter(NOW);
  counting.add(items);
  return { samples: new Map([[TABLE, { tally: counting.tally(), from: "scan" as const, at: NOW }]]) };
};
const items = (count: number, make: (i: number) => { [name: string]: Json }) => Array.from({ length: count }, (_, i) => make(i));
const seconds = (days: number): number => Math.round((NOW + days * DAY) / 1000);

describe("CloudWatch log groups", () => {
  it("kept for ever: cost and growth, and no proposal before the user says what must be kept", () => {
    // 1,000 days old, 100 GiB: 0.1 GiB a day; 100 GiB x 0.15 x $0.03 = $0.45
    const one = adviceOn([group({ storedBytes: 100 * GIB, createdAt: NOW - 1000 * DAY })]);
    expect(one).toMatchObject({ current: "never expire", growthFrom: "lifetime", proposals: [], savingUsdPerMonth: null });
    expect(one.refusal).toMatch(/--keep/);
    expect(one.storageUsdPerMonth).toBeCloseTo(0.45, 10);
    // 0.1 GiB a day x 730 h / 24 h
    expect(one.growthBytesPerMonth!.p50 / GIB).toBeCloseTo((0.1 * 730) / 24, 10);
  });

  it("the next legal retention is proposed, with what is older by its age", () => {
    // https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html: after 90 comes 120
    const one = adviceOn([group({ storedBytes: 100 * GIB, createdAt: NOW - 1000 * DAY })], keep(100));
    expect(one.proposals).toMatchObject([
      { kind: "logs.group", before: { retentionD: null }, after: { retentionD: 120 }, danger: "irreversible" },
    ]);
    // kept share s = 0.12: even growth 88 GiB are older; from nothing 0.88² = 0.7744; to nothing 1 - 0.0144 = 0.9856
    expect(one.savingUsdPerMonth!.p10).toBeCloseTo(77.44 * 0.15 * 0.03, 10);
    expect(one.savingUsdPerMonth!.p50).toBeCloseTo(88 * 0.15 * 0.03, 10);
    expect(one.savingUsdPerMonth!.p90).toBeCloseTo(98.56 * 0.03, 10);
  });

  it("what comes in by the metric decides over age", () => {
    const daily = items(10, () => ({})).map((_, i) => ({
      cloud: "aws" as const,
      account: "111122223333",
      region: "us-east-1",
      resource: "/aws/lambda/orders",
      name: "aws/logs/incomingbytes",
      day: NOW - (i + 1) * DAY,
      sum: GIB / 10,
      coveredMs: DAY,
    }));
    const one = adviceOn([group({ storedBytes: 100 * GIB, createdAt: NOW - 5000 * DAY })], { daily, ...keep(90) });
    expect(one.growthFrom).toBe("metric");
    // 0.1 GiB a day, every day: 9 GiB in 90 days; the rest, 91 GiB, is older
    expect(one.savingUsdPerMonth!.p50).toBeCloseTo(91 * 0.15 * 0.03, 8);
    // $0.50 a GiB: 0.1 x 30.4167 x 0.5
    expect(one.ingestUsdPerMonth).toBeCloseTo((0.1 * 730 * 0.5) / 24, 8);
  });

  it.each([
    [
      "an account-wide policy, under which the group's own would not count",
      { retentionPolicy: "org-400", retentionD: 400 },
      /account-wide/,
    ],
    ["a retention that is short enough", { retentionD: 90 }, /no more than it must/],
    ["a retention below the floor", { retentionD: 30 }, /keeps less than it must/],
    ["a DELIVERY group", { class: "DELIVERY" }, /DELIVERY/],
  ])("refused: %s", (_, settings, why) => {
    const one = adviceOn([group(settings)], keep(90));
    expect(one.refusal).toMatch(why);
    expect(one.proposals).toEqual([]);
  });

  it("the longest floor that fits holds", () => {
    const floors = [
      { pattern: "*", days: 30, from: "--keep" },
      { pattern: "/aws/lambda/ord*", days: 400, from: "retention.floors" },
    ];
    expect(adviceOn([group({})], { floors }).proposals[0]!.after).toEqual({ retentionD: 400 });
    expect(adviceOn([group({}, "/aws/lambda/other")], { floors }).proposals[0]!.after).toEqual({ retentionD: 30 });
  });
});

describe("DynamoDB tables", () => {
  const event = (i: number): { [name: string]: Json } => ({
    id: `e${i + 1000}`,
    createdAt: seconds(-40),
    expiresAt: seconds(i < 50 ? -10 : 50),
  });

  it("epoch seconds whose name means an end: proposed, with how many go at once", () => {
    const one = adviceOn([table({})], sampleOf(items(200, event)));
    expect(one.proposals).toMatchObject([{ kind: "dynamodb.table", after: { ttlAttribute: "expiresAt" }, danger: "irreversible" }]);
    const gone = one.candidates[0]!.goAtOnce!;
    // Wilson for 50 of 200: centre (0.25 + 0.0096037) / 1.0192073 = 0.254708, half width 0.059522
    expect(gone.items.p50).toBeCloseTo(2_500, 6);
    expect(gone.items.p10 / 10_000).toBeCloseTo(0.1952, 3);
    expect(gone.items.p90 / 10_000).toBeCloseTo(0.3142, 3);
    // a quarter of 10 GiB x $0.25, items being alike
    expect(one.savingUsdPerMonth!.p50).toBeCloseTo(2.5 * 0.25, 6);
    expect(one.candidates[0]!.leastLifeD).toBeCloseTo(30, 6);
    expect(one.candidates.find((c) => c.attribute === "createdAt")!.unfit).toMatch(/began/);
  });

  it.each<[string, (i: number) => { [name: string]: Json }, RegExp]>([
    ["milliseconds", () => ({ expiresAt: seconds(10) * 1000 }), /milliseconds/],
    ["ISO text", () => ({ expiresAt: "2026-12-01T00:00:00Z" }), /Number alone/],
    ["digits as text", () => ({ expiresAt: String(seconds(10)) }), /no times/],
    ["a span", () => ({ ttl: 3600 }), /no times/],
    [
      "seconds in some items, milliseconds in others",
      (i) => ({ expiresAt: i % 2 ? seconds(1) : seconds(1) * 1000 }),
      /another form|milliseconds/,
    ],
    ["a beginning", () => ({ createdAt: seconds(-10) }), /began/],
    ["two ends", () => ({ expiresAt: seconds(1), purgeAt: seconds(2) }), /does not choose/],
    ["a time whose name says nothing", () => ({ marker: seconds(10) }), /name does not say/],
  ])("refused: %s", (_, make, why) => {
    const one = adviceOn([table({})], sampleOf(items(150, make)));
    expect(one.refusal).toMatch(why);
    expect(one.proposals).toEqual([]);
  });

  it("what is past by more than five years is left alone by TTL and does not count as gone", () => {
    const one = adviceOn([table({})], sampleOf(items(100, (i) => ({ expiresAt: seconds(i < 60 ? -6 * 366 : 5) }))));
    expect(one.candidates[0]).toMatchObject({ pastShare: 0 });
  });

  it("a floor that items would not reach, and one that nothing can show", () => {
    expect(adviceOn([table({})], { ...sampleOf(items(200, event)), ...keep(31) }).refusal).toMatch(/ends items after 30 days/);
    expect(adviceOn([table({})], { ...sampleOf(items(200, event)), ...keep(30) }).proposals).toHaveLength(1);
    const without = sampleOf(items(200, () => ({ expiresAt: seconds(5) })));
    expect(adviceOn([table({})], { ...without, ...keep(30) }).refusal).toMatch(/not known/);
  });

  it("what is not known is refused: no sample, a small one, whether TTL is on; and what is on stays", () => {
    expect(adviceOn([table({})]).refusal).toMatch(/--sample/);
    expect(adviceOn([table({})], sampleOf(items(99, event))).refusal).toMatch(/only 99/);
    const { ttlStatus: _, ...rest } = table({}).settings;
    expect(adviceOn([{ ...table({}), settings: rest }], sampleOf(items(200, event))).refusal).toMatch(/DescribeTimeToLive/);
    const on = adviceOn(
      [table({ ttlStatus: "ENABLED", ttlAttribute: "endMs" })],
      sampleOf(items(200, (i) => ({ ...event(i), endMs: seconds(5) * 1000 }))),
    );
    expect(on.refusal).toMatch(/three steps/);
    expect(on.effects.join()).toMatch(/expiresAt could carry it/);
  });

  it("who is woken: consumers of the stream with what their runs cost, replicas with their writes", () => {
    const stream = `${TABLE}/stream/2026`;
    const mapping = config({
      kind: "trigger",
      resource: "uuid",
      name: "uuid",
      from: stream,
      to: "arn:aws:lambda:us-east-1:111122223333:function:project",
      settings: { batchSize: 100 },
    });
    const settings = { streamArn: stream, replicas: ["us-east-1", "eu-west-1"], sizeBytes: 10_000 * 1500 };
    const { effects } = retention(facts([table(settings), mapping], { ...sampleOf(items(200, event)), runUsd: () => 0.001 })).stores[0]!;
    // 2,500 deletions: 25 to 2,500 runs of $0.001
    expect(effects.join("\n")).toContain("reaches project (25 to 2,500 runs at once, $0.03 to $2.50)");
    // 1,500 bytes are 2 units; one other region; 2,500 x 2 x $0.625 / 1,000,000 = $0.003
    expect(effects.join("\n")).toContain("replicated write in eu-west-1, about $0.00 at once");
  });
});

describe("the other stores", () => {
  const azure = { cloud: "azure" as const, account: "sub", region: "westeurope" };
  const gcp = { cloud: "gcp" as const, account: "p", region: null };
  const bucket = (name: string, settings: Config["settings"]) =>
    config({ ...gcp, kind: "log-group", resource: `projects/p/locations/global/buckets/${name}`, name, settings });
  const container = config({
    ...azure,
    kind: "table",
    resource: "/subscriptions/sub/x/containers/events",
    name: "events",
    settings: { service: "cosmosdb", ttl: "off" },
  });

  it("Cosmos DB: only a floor that names the container", () => {
    expect(adviceOn([container], keep(90)).refusal).toMatch(/name it/);
    // 90 x 86,400 s
    expect(adviceOn([container], keep(90, "events")).proposals).toMatchObject([
      { kind: "cosmos.container", before: { defaultTtlS: null }, after: { defaultTtlS: 7_776_000 }, danger: "irreversible" },
    ]);
  });

  it("Google's log buckets: _Required, locked ones and paid days are left", () => {
    expect(adviceOn([bucket("_Required", { retentionD: 400, locked: true })], keep(60)).refusal).toMatch(/Google keeps/);
    expect(adviceOn([bucket("audit", { retentionD: 400, locked: true })], keep(60)).refusal).toMatch(/locked/);
    expect(adviceOn([bucket("_Default", { retentionD: 30 })], keep(7)).refusal).toMatch(/saves nothing/);
    // https://cloud.google.com/logging/docs/buckets: 30 days are paid with ingestion
    expect(adviceOn([bucket("app", { retentionD: 400 })], keep(7)).proposals[0]!.after).toEqual({ retentionD: 30 });
  });

  it("Log Analytics: 90 days of App tables are paid", () => {
    const logs = (name: string, settings: Config["settings"]) =>
      config({
        ...azure,
        kind: "log-group",
        resource: `/subscriptions/sub/workspaces/w/tables/${name}`,
        name,
        settings: { service: "loganalytics", ...settings },
      });
    expect(adviceOn([logs("AppTraces", { retentionD: 90 })], keep(7)).refusal).toMatch(/90 days/);
    expect(adviceOn([logs("AppTraces", { retentionD: 180, totalRetentionD: 730 })], keep(60)).proposals[0]).toMatchObject({
      before: { retentionD: 180, totalRetentionD: 730 },
      after: { retentionD: 90, totalRetentionD: 90 },
    });
    expect(adviceOn([logs("Syslog", { retentionD: 31, totalRetentionD: 365, plan: "Basic" })], keep(60)).proposals[0]!.after).toEqual({
      totalRetentionD: 60,
    });
    // AppService logs are not Application Insights': 31 days are paid
    expect(adviceOn([logs("AppServiceHTTPLogs", { retentionD: 90 })], keep(7)).proposals[0]!.after).toMatchObject({ totalRetentionD: 31 });
    // beyond 730 days whole years alone are taken, and never fewer than must be kept
    expect(adviceOn([logs("Syslog", { retentionD: 31, totalRetentionD: 4383 })], keep(800)).proposals[0]!.after).toMatchObject({
      totalRetentionD: 1095,
    });
    expect(adviceOn([logs("Syslog", { retentionD: 31, totalRetentionD: 1095 })], keep(800)).refusal).toMatch(/no more than it must/);
  });

  it("a change that is known to save less than was asked for is left out and summed up; one of unknown saving is not", () => {
    // 100 GiB over 1,000 days, 910 of them too old: 91 GiB x 0.15 x $0.03 = $0.4095
    const small = group({ storedBytes: 100 * GIB, createdAt: NOW - 1000 * DAY });
    const unknown = group({ storedBytes: GIB }, "/aws/lambda/unknown");
    const all = retention(facts([small, unknown], { ...keep(90), minSavingUsdPerMonth: 1 }));
    const [dear, other] = [all.stores.find((one) => one.name === small.name)!, all.stores.find((one) => one.name === unknown.name)!];
    expect(dear).toMatchObject({ proposals: [], proposed: null, danger: "none" });
    expect(dear.refusal).toMatch(/90 days would save 0\.41 USD a month now, less than the 1 that/);
    expect(other.proposals).toHaveLength(1);
    expect(all.tooSmall.stores).toBe(1);
    expect(all.tooSmall.savingUsdPerMonth).toBeCloseTo(100 * 0.91 * 0.15 * 0.03, 6);
    expect(retention(facts([small], { ...keep(90), minSavingUsdPerMonth: 0.4 })).stores[0]!.proposals).toHaveLength(1);
  });

  it("nothing that deletes lacks its danger, over many settings, floors and samples", () => {
    const all = [0, 7, 30, 31, 90, 400, 4000].flatMap((days) =>
      [null, 14, 30, 90, 365, 3653].flatMap((now) => {
        const set: Config["settings"] = now === null ? {} : { retentionD: now, totalRetentionD: now };
        const configs = [
          group({ ...set, storedBytes: GIB, createdAt: NOW - 900 * DAY }),
          bucket("b", set),
          { ...container, settings: { ...container.settings, ...(now === null ? {} : { defaultTtlSeconds: now * 86_400 }) } },
          table({}),
        ];
        const floors =
          days === 0
            ? []
            : [
                { pattern: "*", days, from: "--keep" },
                { pattern: "events", days, from: "--keep" },
              ];
        const made = sampleOf(items(120, (i) => ({ createdAt: seconds(-500), expiresAt: seconds(i) })));
        return retention(facts(configs, { floors, ...made })).stores.map((one) => ({ one, days }));
      }),
    );
    const proposals = all.flatMap(({ one, days }) => one.proposals.map((proposal) => ({ proposal, days })));
    expect(proposals.length).toBeGreaterThan(50);
    for (const { proposal, days } of proposals) {
      expect(proposal.danger).toBe("irreversible");
      for (const [name, value] of Object.entries(proposal.after))
        if (typeof value === "number") expect(name === "defaultTtlS" ? value / 86_400 : value).toBeGreaterThanOrEqual(days);
    }
  });
});
