import { describe, expect, it } from "vitest";
import { priceBook } from "../../../src/app/price-book.ts";
import type { Price } from "../../../src/model/billing.ts";
import { UserError } from "../../../src/model/errors.ts";

const line = (meter: string, variant: string, rest: Partial<Price> = {}): Price => ({
  meter,
  variant,
  usd: 0.2,
  per: 1_000_000,
  unit: "requests",
  regions: { home: 1, far: 1.5 },
  source: "https://example.org/prices",
  asOf: "2026-09-01",
  ...rest,
});
const tables = { aws: [line("calls", "x"), line("calls", "y", { asOf: "2026-03-01" })], azure: [line("runs", "", { usd: 3, per: 10 })] };

const failure = (text: string): UserError => {
  try {
    priceBook(tables, { path: "prices.yaml", text });
  } catch (error) {
    return error as UserError;
  }
  throw new Error("accepted");
};

describe("the built-in tables", () => {
  const book = priceBook(tables);
  it("give the price of a unit, times the region's factor", () => {
    expect(book.find("aws", "calls", "x", "home")).toEqual({
      usdPerUnit: 0.2 / 1_000_000,
      basis: "modelled",
      source: "https://example.org/prices",
    });
    // 0.2 x 1.5 / 1e6
    expect(book.find("aws", "calls", "x", "far")!.usdPerUnit).toBeCloseTo(0.0000003, 18);
    expect(book.find("azure", "runs", "", "home")!.usdPerUnit).toBe(0.3);
  });

  it("give tiers by the quantity of a month, times the region's factor", () => {
    const tiered = priceBook({ aws: [line("calls", "x", { tiers: [{ above: 5, usd: 0.1 }] })] });
    // beyond 5 million: 0.1 x 1.5 per million in the far region
    const [tier] = tiered.find("aws", "calls", "x", "far")!.tiers!;
    expect(tier!.above).toBe(5_000_000);
    expect(tier!.usdPerUnit).toBeCloseTo(0.15 / 1e6, 18);
    const own = { path: "prices.yaml", text: "prices: [{ cloud: aws, meter: calls, variant: x, usd: 1, per: 1000 }]" };
    expect(
      priceBook({ aws: [line("calls", "x", { tiers: [{ above: 5, usd: 0.1 }] })] }, own).find("aws", "calls", "x", "far")!.tiers,
    ).toBeUndefined();
  });

  it("say nothing where the bill is in another currency", () => {
    expect(book.find("aws", "calls", "x", "cn-north-1")).toBeNull();
    expect(book.find("azure", "runs", "", "chinaeast2")).toBeNull();
  });

  it("assume the listed price elsewhere and say so", () => {
    for (const region of ["moon", null, "constructor"]) {
      const found = book.find("aws", "calls", "x", region)!;
      expect([found.usdPerUnit, found.basis]).toEqual([0.2 / 1_000_000, "assumed"]);
      expect(found.source).toMatch(region === null ? /region not known/ : new RegExp(`no price for ${region}`));
    }
  });

  it("know no price of other meters, variants and clouds", () => {
    expect([book.find("aws", "calls", "z", "home"), book.find("aws", "runs", "", "home"), book.find("gcp", "calls", "x", null)]).toEqual([
      null,
      null,
      null,
    ]);
  });

  it("are as old as the oldest line", () => expect(book.asOf).toBe("2026-03-01"));
});

describe("the user's own prices", () => {
  it("win over the table, the region's over the general one", () => {
    const text = [
      "prices:",
      "  - { cloud: aws, meter: calls, variant: x, usd: 1, per: 4 }",
      "  - { cloud: aws, meter: calls, variant: x, region: far, usd: 9, per: 2 }",
    ].join("\n");
    const book = priceBook(tables, { path: "prices.yaml", text });
    expect(book.find("aws", "calls", "x", "home")).toEqual({ usdPerUnit: 0.25, basis: "modelled", source: "prices.yaml:2" });
    expect(book.find("aws", "calls", "x", null)).toMatchObject({ usdPerUnit: 0.25, basis: "modelled" });
    expect(book.find("aws", "calls", "x", "far")).toEqual({ usdPerUnit: 4.5, basis: "modelled", source: "prices.yaml:3" });
    expect(book.find("aws", "calls", "y", "home")!.usdPerUnit).toBe(0.2 / 1_000_000);
  });

  it("may be JSON, and leave out an empty variant", () => {
    const book = priceBook(tables, { path: "p.json", text: '{"prices":[{"cloud":"azure","meter":"runs","usd":0,"per":1}]}' });
    expect(book.find("azure", "runs", "", "home")).toMatchObject({ usdPerUnit: 0 });
  });

  it.each([
    ["prices:\n  - { cloud: aws, meter: calls, variant: x, usd: -1, per: 1 }", /^prices\.yaml:2:50: prices\.0\.usd: /],
    ["prices:\n  - { cloud: moon, meter: calls, usd: 1, per: 1 }", /^prices\.yaml:2:14: prices\.0\.cloud: /],
    ["prices:\n  - cloud: aws\n    meter: cals\n    usd: 1\n    per: 1", /^prices\.yaml:3:12: prices\.0\.meter: aws has no meter "cals"/],
    [
      "prices:\n  - { cloud: aws, meter: calls, variant: q, usd: 1, per: 1 }",
      /^prices\.yaml:2:42: prices\.0\.variant: calls has no variant "q"/,
    ],
    ["prices:\n  - { cloud: aws, meter: calls, usd: 1, per: 1, free: 3 }", /^prices\.yaml:2:\d+: prices\.0\.free: /],
    ["prices: [", /^prices\.yaml:\d+:\d+: not valid YAML or JSON/],
    ["", /^prices\.yaml:1:1: /],
    ["prices: *nowhere", /^prices\.yaml:1:\d+: /],
  ])("are refused with their place: %j", (text, message) => {
    const error = failure(text);
    expect(error).toBeInstanceOf(UserError);
    expect(error.message).toMatch(message);
  });

  it("name the known meters where one is not known", () => {
    expect(failure("prices: [{ cloud: azure, meter: calls, usd: 1, per: 1 }]").suggestions).toEqual(["meters of azure: runs"]);
  });
});
