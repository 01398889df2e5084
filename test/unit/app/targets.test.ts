import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadSettings, type Settings } from "../../../src/app/settings.ts";
import type { Target } from "../../../src/clouds/room.ts";
import { covers, type LiveFlags, scopeOf, wantsLive } from "../../../src/app/targets.ts";

const NOW = Date.UTC(2026, 10, 23, 12);
const MIN = 60_000;
const DAY = 86_400_000;

function settings(yaml: string): Settings {
  const dir = mkdtempSync(join(tmpdir(), "evscope-targets-"));
  writeFileSync(join(dir, "evscope.yaml"), yaml);
  return loadSettings(null, dir);
}

const TWO = settings(`
window: 7d
maxQueryUsd: 2.5
signals: [logs, metrics]
aws:
  requestsPerSecond: 5
  requestTimeout: 20s
  accounts:
    - name: shop
      account: "111122223333"
      profile: shop-prod
      regions: [eu-central-1, us-east-1]
      functions: { names: [shop-*], tags: { env: prod } }
    - name: pay
      roleArn: arn:aws:iam::444455556666:role/evscope
      externalId: x1
      regions: [eu-central-1]
`);
const NONE = settings("");

describe("scopeOf", () => {
  it("takes accounts and regions from the file, with its defaults", () => {
    const scope = scopeOf(TWO, {}, {}, NOW);
    expect(scope.targets.map((t) => [t.name, t.region, t.account, t.profile, t.roleArn])).toEqual([
      ["shop", "eu-central-1", "111122223333", "shop-prod", null],
      ["shop", "us-east-1", "111122223333", "shop-prod", null],
      ["pay", "eu-central-1", null, null, "arn:aws:iam::444455556666:role/evscope"],
    ]);
    expect(scope.targets[0]!.functions).toEqual({ names: ["shop-*"], tags: { env: "prod" } });
    expect(scope).toMatchObject({
      signals: ["logs", "metrics"],
      logs: "platform",
      maxQueryUsd: 2.5,
      paces: { aws: { requestsPerS: 5, requestTimeoutMs: 20_000, patienceMs: 60_000 } },
    });
    // ends two minutes ago, begins seven days before that
    expect(scope.window).toEqual({ from: NOW - 2 * MIN - 7 * DAY, to: NOW - 2 * MIN });
  });

  it("lets flags come over environment over file", () => {
    const env = { EVSCOPE_REGION: "eu-west-1, eu-west-2", EVSCOPE_PROFILE: "env", EVSCOPE_MAX_QUERY_USD: "3" };
    const fromEnv = scopeOf(TWO, { account: ["shop"] }, env, NOW);
    expect(fromEnv.targets.map((t) => [t.region, t.profile])).toEqual([
      ["eu-west-1", "env"],
      ["eu-west-2", "env"],
    ]);
    expect(fromEnv.maxQueryUsd).toBe(3);
    const flags = { account: ["444455556666x"], region: ["ap-south-1"], profile: "flag" };
    expect(() => scopeOf(TWO, flags, env, NOW)).toThrow(/no account "444455556666x"/);
    const fromFlags = scopeOf(
      TWO,
      { ...flags, account: ["111122223333"], function: ["a*"], tag: ["k=v=w"], "max-query-usd": "0", logs: "all", signal: ["traces"] },
      env,
      NOW,
    );
    expect(fromFlags.targets).toEqual([
      expect.objectContaining({ region: "ap-south-1", profile: "flag", functions: { names: ["a*"], tags: { k: "v=w" } } }),
    ]);
    expect(fromFlags).toMatchObject({ maxQueryUsd: 0, logs: "all", signals: ["traces"] });
  });

  it("refuses one profile for several accounts, amounts, tags and windows that make no sense", () => {
    expect(() => scopeOf(TWO, { profile: "p" }, {}, NOW)).toThrow(/one profile \(p\) for 2 accounts: shop, pay/);
    expect(() => scopeOf(TWO, { "max-query-usd": "lots" }, {}, NOW)).toThrow(/--max-query-usd "lots"/);
    expect(() => scopeOf(TWO, {}, { EVSCOPE_MAX_QUERY_USD: "-1" }, NOW)).toThrow(/EVSCOPE_MAX_QUERY_USD "-1"/);
    expect(() => scopeOf(TWO, { tag: ["env"] }, {}, NOW)).toThrow(/KEY=VALUE/);
    expect(() => scopeOf(TWO, { window: "soon" }, {}, NOW)).toThrow(/--window "soon"/);
    expect(() => scopeOf(TWO, { since: "1m" }, {}, NOW)).toThrow(/no time in it/);
  });

  it("counts spans back from now, and never reads the newest two minutes", () => {
    expect(scopeOf(TWO, { since: "24h" }, {}, NOW).window).toEqual({ from: NOW - DAY, to: NOW - 2 * MIN });
    expect(scopeOf(TWO, { since: "2026-11-20", until: "2026-11-21" }, {}, NOW).window).toEqual({
      from: Date.UTC(2026, 10, 20),
      to: Date.UTC(2026, 10, 21),
    });
    expect(scopeOf(TWO, { window: "90m" }, {}, NOW).window.from).toBe(NOW - 92 * MIN);
    // a search notes nothing as held, so that it may look at them
    expect(scopeOf(TWO, {}, {}, NOW).searchTo).toBe(NOW);
    expect(scopeOf(TWO, { until: "2026-11-21" }, {}, NOW).searchTo).toBe(Date.UTC(2026, 10, 21));
  });

  it("takes several regions with commas between, and nothing that is no name", () => {
    const regions = scopeOf(NONE, { region: ["us-east-1,eu-west-1", "us-east-1"] }, {}, NOW).targets.map((one) => one.region);
    expect(regions).toEqual(["us-east-1", "eu-west-1"]);
    for (const region of ["../../x", "eu west", "a.example.com"])
      expect(() => scopeOf(NONE, { region: [region] }, {}, NOW)).toThrow(/not the name of a region/);
  });

  it("takes what the AWS tools take where nothing is configured, and says what is missing", () => {
    const env = { AWS_REGION: "", AWS_DEFAULT_REGION: "us-west-2", AWS_PROFILE: "me" };
    expect(scopeOf(NONE, {}, env, NOW).targets).toEqual([
      expect.objectContaining({ name: "default", region: "us-west-2", profile: "me", account: null }),
    ]);
    expect(() => scopeOf(NONE, {}, {}, NOW)).toThrow(/which cloud account and region/);
    expect(() => scopeOf(NONE, { account: ["shop"] }, env, NOW)).toThrow(/names none/);
  });
});

describe("several clouds", () => {
  const ID = "11111111-2222-3333-4444-555555555555";
  const MIXED = settings(`
aws: { accounts: [{ name: shop, regions: [eu-central-1, us-east-1] }] }
azure: { subscriptions: [{ name: bill, subscription: ${ID}, regions: [westeurope] }] }
gcp: { projects: [{ name: ship, project: shipping-prod }] }
`);
  const places = (flags: LiveFlags, env = {}, from = MIXED): unknown[] =>
    scopeOf(from, flags, env, NOW).targets.map((t) => [t.cloud, t.account, t.region, t.regions ?? null]);

  it("are one target per region on AWS, one per subscription and project elsewhere", () => {
    expect(places({})).toEqual([
      ["aws", null, "eu-central-1", null],
      ["aws", null, "us-east-1", null],
      ["azure", ID, "*", ["westeurope"]],
      ["gcp", "shipping-prod", "*", null],
    ]);
  });

  it("take the regions that are named as theirs", () => {
    expect(places({ region: ["us-east-1,europe-west1"] })).toEqual([
      ["aws", null, "us-east-1", null],
      ["gcp", "shipping-prod", "*", ["europe-west1"]],
    ]);
    expect(places({ account: ["bill"], region: ["northeurope"] })).toEqual([["azure", ID, "*", ["northeurope"]]]);
    expect(() => places({ account: ["bill", "ship"], region: ["eu-west-1"] })).toThrow(/no configured account has the region/);
  });

  it("can be named by ID, with what the file says of them", () => {
    expect(places({ subscription: [ID.toUpperCase()] })).toEqual([["azure", ID, "*", ["westeurope"]]]);
    expect(places({ project: ["other-project"], account: ["bill"] })).toEqual([
      ["azure", ID, "*", ["westeurope"]],
      ["gcp", "other-project", "*", null],
    ]);
    expect(places({}, { AZURE_SUBSCRIPTION_ID: ID }, NONE)).toEqual([["azure", ID, "*", null]]);
    expect(places({}, { GOOGLE_CLOUD_PROJECT: "my-project" }, NONE)).toEqual([["gcp", "my-project", "*", null]]);
    expect(places({}, { AWS_REGION: "us-east-1", GOOGLE_CLOUD_PROJECT: "my-project" }, NONE)).toEqual([["aws", null, "us-east-1", null]]);
    expect(() => places({ subscription: ["shop"] })).toThrow(/no Azure subscription ID/);
    expect(() => places({ project: ["123"] })).toThrow(/no Google Cloud project ID/);
  });

  it("cover what lies in them", () => {
    const [aws, , azure, gcp] = scopeOf(MIXED, {}, {}, NOW).targets as [Target, Target, Target, Target];
    expect(covers(aws, { cloud: "aws", account: "1", region: "eu-central-1" })).toBe(true);
    expect(covers(aws, { cloud: "aws", account: "1", region: "us-east-1" })).toBe(false);
    expect(covers(azure, { cloud: "azure", account: ID, region: "westeurope" })).toBe(true);
    expect(covers(azure, { cloud: "azure", account: ID, region: "northeurope" })).toBe(false);
    // rules, containers and tables of logs have no region of their own
    for (const region of ["*", "global", null]) expect(covers(azure, { cloud: "azure", account: ID, region })).toBe(true);
    expect(covers(azure, { cloud: "azure", account: "other", region: "westeurope" })).toBe(false);
    expect(covers(gcp, { cloud: "gcp", account: "shipping-prod", region: "us-central1" })).toBe(true);
    expect(covers(gcp, { cloud: "azure", account: null, region: null })).toBe(false);
  });
});

describe("wantsLive", () => {
  it("is true where clouds are configured or asked for, and never with --offline", () => {
    expect(wantsLive(TWO, {}, {})).toBe(true);
    expect(wantsLive(TWO, { offline: true }, {})).toBe(false);
    expect(wantsLive(NONE, {}, { AWS_REGION: "eu-central-1", AWS_PROFILE: "p" })).toBe(false);
    expect(wantsLive(NONE, { region: ["eu-central-1"] }, {})).toBe(true);
    expect(wantsLive(NONE, { region: [] }, {})).toBe(false);
    expect(wantsLive(NONE, { live: true }, {})).toBe(true);
    expect(wantsLive(NONE, {}, { EVSCOPE_REGION: "eu-central-1" })).toBe(true);
  });
});
