import { describe, expect, it } from "vitest";
import { failuresOf, taggedSlices } from "../../../../src/analyzer/cost/index.ts";
import type { UsageGroup } from "../../../../src/model/billing.ts";
import type { Config } from "../../../../src/model/records.ts";
import { slice } from "../../../support/small-report.ts";

const SITE = "/subscriptions/s1/resourcegroups/rg/providers/microsoft.web/sites/shop";

function config(over: Partial<Config>): Config {
  const place = { cloud: "aws", account: "1", region: "eu-west-1" } as const;
  const rest = { revision: null, observedAt: null, from: null, to: null, settings: {} };
  const made = { type: "config", kind: "function", name: "f", ...place, ...rest, ...over } as Config;
  return over.resource === undefined ? { ...made, resource: `${made.account} ${made.region} ${made.name}` } : made;
}

const keys = (slices: ReturnType<typeof taggedSlices>): string[] => slices.map((one) => one.key);

describe("functions by tag", () => {
  const here = slice("f", { account: "1", region: "eu-west-1" });
  const red = config({ settings: { tags: { team: "red" } } });

  it("adds up to what the functions cost, with and without the tag", () => {
    const sums = taggedSlices([{ ...here, usd: 2 }, slice("g", { usd: 3 }), slice("h", { usd: 4 })], [red], "team");
    expect(sums.map((one) => [one.key, one.usd, one.p95Ms])).toEqual([
      ["untagged", 7, null],
      ["red", 2, null],
    ]);
  });

  it("does not give a function the tag of its namesake elsewhere", () => {
    expect(keys(taggedSlices([{ ...here, region: "us-east-1" }], [red], "team"))).toEqual(["untagged"]);
  });

  it("finds a function without a place where only one value can be meant", () => {
    const nowhere = { ...here, account: null, region: null };
    const blue = config({ region: "us-east-1", settings: { tags: { team: "blue" } } });
    expect(keys(taggedSlices([nowhere], [red], "team"))).toEqual(["red"]);
    expect(keys(taggedSlices([nowhere], [red, blue], "team"))).toEqual(["untagged"]);
  });

  it("takes another spelling of the key where there is one only", () => {
    expect(keys(taggedSlices([here], [config({ settings: { tags: { Team: "red" } } })], "team"))).toEqual(["red"]);
    const two = config({ settings: { tags: { Team: "red", TEAM: "blue" } } });
    expect(keys(taggedSlices([here], [two], "team"))).toEqual(["untagged"]);
    expect(keys(taggedSlices([here], [two], "TEAM"))).toEqual(["blue"]);
  });

  it("gives functions of Azure the tags of their app", () => {
    const app = config({ cloud: "azure", account: "s1", name: "shop", resource: SITE, settings: { app: "shop", tags: { team: "green" } } });
    const fn = config({ cloud: "azure", account: "s1", name: "pay", resource: `${SITE}/functions/pay`, settings: { app: "shop" } });
    const paid = slice("pay", { cloud: "azure", account: "s1", region: "eu-west-1" });
    expect(keys(taggedSlices([paid], [app, fn], "team"))).toEqual(["green"]);
  });

  it("goes by the newest description", () => {
    const old = config({ observedAt: 1, settings: { tags: { team: "old" } } });
    expect(keys(taggedSlices([here], [{ ...red, observedAt: 2 }, old], "team"))).toEqual(["red"]);
  });

  it("is of the weakest basis", () => {
    const sums = taggedSlices([here, slice("g", { basis: "assumed" })], [], "team");
    expect(sums[0]!.basis).toBe("assumed");
  });
});

describe("failed runs", () => {
  it("are counted by function, and not known where no log tells an outcome", () => {
    const group = (fn: string, outcome: UsageGroup["outcome"], count: number): UsageGroup =>
      ({ cloud: "aws", account: "1", region: "r", fn, outcome, count }) as UsageGroup;
    const failures = failuresOf([
      group("a", "ok", 9),
      group("a", "oom", 2),
      group("a", "timeout", 3),
      group("a", "error", 4),
      group("b", "unknown", 5),
    ]);
    expect([...failures]).toEqual([[JSON.stringify(["aws", "1", "r", "a"]), 9]]);
  });
});
