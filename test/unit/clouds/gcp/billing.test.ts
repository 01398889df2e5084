import { describe, expect, it } from "vitest";
import { gcp } from "../../../../src/clouds/gcp/index.ts";
import type { Reading, UsageGroup } from "../../../../src/model/billing.ts";

const second = (meter: string, variant: string): number => {
  const price = gcp.prices.find((one) => one.meter === meter && one.variant === variant)!;
  return price.usd * price.regions["northamerica-northeast2"]!;
};

/** List price of readings in a region, from the room's own table; null: some quantity or price is unknown. */
function usdOf(readings: readonly Reading[], region: string): number | null {
  let usd = 0;
  for (const { meter, variant, quantity, unit } of readings) {
    const price = gcp.prices.find((one) => one.meter === meter && one.variant === variant && one.unit === unit);
    const factor = price?.regions[region];
    if (price === undefined || factor === undefined || quantity === null) return null;
    usd += (quantity * price.usd * factor) / price.per;
  }
  return usd;
}

function group(given: Partial<UsageGroup>): UsageGroup {
  return {
    cloud: "gcp",
    account: "p",
    region: "us-central1",
    fn: "f",
    architecture: null,
    plan: "run-request",
    memoryMib: 512,
    maxMemoryMib: null,
    vcpu: 1,
    billedMs: null,
    durationMs: 100,
    initMs: null,
    emulator: false,
    seenIn: "request-log",
    outcome: "ok",
    coldStart: null,
    count: 1,
    ...given,
  };
}

/** The fee per invocation or request: 0.40 USD per million. */
const FEE = 0.4e-6;

describe("1st gen functions: the vendor's own table of USD per 100 ms (functions/pricing-1stgen, tier 1)", () => {
  // e.g. 128 MB: 0.125 GB x 0.1 s x 0.0000025 = 0.00000003125, + 0.2 GHz x 0.1 s x 0.00001 = 0.0000002 -> 0.000000231 as printed
  it.each([
    [128, 0.000000231],
    [256, 0.000000463],
    [512, 0.000000925],
    [1024, 0.00000165],
    [2048, 0.0000029],
    [4096, 0.0000058],
    [8192, 0.0000068],
  ])("%i MiB costs %d per 100 ms", (memoryMib, printed) => {
    const readings = gcp.billing.invocations(group({ plan: "gen1", memoryMib, vcpu: null, durationMs: 100, seenIn: "platform-log" }));
    const usd = usdOf(readings, "us-central1")! - FEE;
    // the page rounds to nine decimals
    expect(Math.abs(usd - printed)).toBeLessThanOrEqual(0.5e-9 + 1e-15);
  });

  it("rounds 2,467 ms up to 2,500: 256 MiB, tier 1, 1,000 executions", () => {
    // 2.5 s x (0.25 GB x 0.0000025 + 0.4 GHz x 0.00001) = 2.5 x (0.000000625 + 0.000004) = 0.0000115625
    // + 0.0000004 fee = 0.0000119625; x 1,000 = 0.0119625
    const readings = gcp.billing.invocations(group({ plan: "gen1", memoryMib: 256, vcpu: null, durationMs: 2467, count: 1000 }));
    expect(usdOf(readings, "us-central1")).toBeCloseTo(0.0119625, 12);
  });

  it("costs 1.4 times as much time in a tier 2 region, with the same fee: 512 MiB, 1 ms, europe-west3", () => {
    // 0.1 s x (0.5 GB x 0.0000035 + 0.8 GHz x 0.000014) = 0.1 x (0.00000175 + 0.0000112) = 0.000001295; + 0.0000004 = 0.000001695
    const readings = gcp.billing.invocations(group({ plan: "gen1", memoryMib: 512, vcpu: null, durationMs: 1 }));
    expect(usdOf(readings, "europe-west3")).toBeCloseTo(0.000001695, 15);
  });

  it("is tier 1 in London, where Cloud Run is tier 2", () => {
    const gen1 = gcp.billing.invocations(group({ plan: "gen1", memoryMib: 128, vcpu: null, durationMs: 100 }));
    expect(usdOf(gen1, "europe-west2")).toBe(usdOf(gen1, "us-central1"));
    const run = gcp.billing.invocations(group({}));
    expect(usdOf(run, "europe-west2")).toBeGreaterThan(usdOf(run, "us-central1")!);
  });

  it("counts integers: 1,400 MHz x 300 ms and 1,024 MiB x 300 ms for 201 ms", () => {
    const readings = gcp.billing.invocations(group({ plan: "gen1", memoryMib: 1024, vcpu: null, durationMs: 201 }));
    expect(readings.map(({ meter, quantity }) => [meter, quantity])).toEqual([
      ["functions.memory", 307_200],
      ["functions.cpu", 420_000],
      ["functions.requests", 1],
    ]);
  });

  it("does not know the cost without a memory size, or with one that does not exist", () => {
    const unknown = gcp.billing.invocations(group({ plan: "gen1", memoryMib: null, vcpu: null }));
    expect(usdOf(unknown, "us-central1")).toBeNull();
    expect(unknown[0]!.why).toContain("import the function's configuration");
    expect(usdOf(gcp.billing.invocations(group({ plan: "gen1", memoryMib: 300, vcpu: null })), "us-central1")).toBeNull();
    const cut = gcp.billing.invocations(group({ plan: "gen1", memoryMib: 128, vcpu: null, durationMs: null }));
    expect(cut.map(({ quantity }) => quantity)).toEqual([null, null, 1]);
  });
});

describe("Cloud Run and 2nd gen functions, request-based", () => {
  it("tier 1: 1 vCPU, 512 MiB, 162.307150 ms", () => {
    // 0.2 s x (1 x 0.000024 + 0.5 GiB x 0.0000025) = 0.2 x 0.00002525 = 0.00000505; + 0.0000004 = 0.00000545
    expect(usdOf(gcp.billing.invocations(group({ durationMs: 162.30715 })), "us-central1")).toBeCloseTo(0.00000545, 15);
  });

  it("tier 2: 2 vCPU, 2 GiB, exactly 300 ms, a million requests in europe-west3", () => {
    // 0.3 s x (2 x 0.0000336 + 2 x 0.0000035) = 0.3 x 0.0000742 = 0.00002226; + 0.0000004 = 0.00002266; x 1e6 = 22.66
    const readings = gcp.billing.invocations(group({ vcpu: 2, memoryMib: 2048, durationMs: 300, count: 1_000_000 }));
    expect(usdOf(readings, "europe-west3")).toBeCloseTo(22.66, 9);
  });

  it("a sixth of a vCPU, 256 MiB, 1 ms", () => {
    // 0.1 s x (0.1666 x 0.000024 + 0.25 x 0.0000025) = 0.1 x (0.0000039984 + 0.000000625) = 0.00000046234; + 0.0000004
    expect(usdOf(gcp.billing.invocations(group({ vcpu: 0.1666, memoryMib: 256, durationMs: 1 })), "us-central1")).toBeCloseTo(
      0.00000086234,
      15,
    );
  });

  it("244.140625 MiB (256M in the API) for 60 minutes on 4 vCPU", () => {
    // 3,600 s x (4 x 0.000024 + 0.2384185791 GiB x 0.0000025) = 0.3456 + 0.00214576721 = 0.34774576721; + 0.0000004
    const readings = gcp.billing.invocations(group({ vcpu: 4, memoryMib: 244.140625, durationMs: 3_600_000 }));
    expect(usdOf(readings, "us-central1")).toBeCloseTo(0.34774616721, 11);
  });

  it("is an upper bound, and says so, where the instance is not reported", () => {
    const readings = gcp.billing.invocations(group({}));
    expect(readings.map(({ meter, basis }) => [meter, basis])).toEqual([
      ["run.vcpu", "assumed"],
      ["run.memory", "assumed"],
      ["run.requests", "measured"],
    ]);
    expect(readings[0]!.why).toContain("the bill can be less");
  });

  it("bills the time of instances that falls to the requests, where that is known", () => {
    // three requests, 250 ms of instances together: 250 x 1 vCPU, 250 x 512 MiB
    const readings = gcp.billing.invocations(group({ count: 3, sharedMs: 250 }));
    expect(readings.map(({ quantity, basis, why }) => [quantity, basis, why])).toEqual([
      [250, "modelled", null],
      [128_000, "modelled", null],
      [3, "measured", null],
    ]);
  });

  it("is an assumption where the billing mode is unknown", () => {
    const readings = gcp.billing.invocations(group({ plan: null }));
    expect(new Set(readings.map(({ basis }) => basis))).toEqual(new Set(["assumed"]));
    expect(readings[2]!.why).toContain("billing mode");
  });

  it("is unknown without CPU or memory: the request log says neither", () => {
    for (const missing of [{ vcpu: null }, { memoryMib: null }]) {
      const readings = gcp.billing.invocations(group(missing));
      expect(readings.map(({ quantity }) => quantity)).toEqual([null, null, 1]);
      expect(readings[0]!.why).toContain("import the service's configuration");
    }
  });

  it("costs nothing when no instance took the request", () => {
    expect(usdOf(gcp.billing.invocations(group({ outcome: "throttled", plan: "run-refused", durationMs: 10_002 })), "us-central1")).toBe(0);
    // a 429 that the function itself answered is billed
    expect(usdOf(gcp.billing.invocations(group({ outcome: "throttled", durationMs: 20 })), "us-central1")).toBeGreaterThan(FEE);
  });

  it("cannot be counted per request with instance-based billing, and has no fee there", () => {
    const readings = gcp.billing.invocations(group({ plan: "run-instance" }));
    expect(readings.map(({ meter, quantity }) => [meter, quantity])).toEqual([
      ["run.vcpu", null],
      ["run.memory", null],
    ]);
  });
});

describe("messages and logs", () => {
  const message = { cloud: "gcp", direction: "published", channelKind: "topic", sizeBytes: 2048 } as const;

  it("Pub/Sub: 2,048 bytes published and delivered at 40 USD per TiB", () => {
    // 2,048 / 1,099,511,627,776 x 40 = 7.450580596923828e-8 on each side
    expect(usdOf(gcp.billing.message(message), "us-central1")).toBeCloseTo(7.450580596923828e-8, 20);
    expect(usdOf(gcp.billing.message({ ...message, direction: "received" }), "us-central1")).toBeCloseTo(7.450580596923828e-8, 20);
  });

  it("Pub/Sub: 12 bytes count as 1,000", () => {
    expect(gcp.billing.message({ ...message, sizeBytes: 12 })[0]!.quantity).toBe(1000);
    expect(gcp.billing.message({ ...message, sizeBytes: null })[0]!.quantity).toBeNull();
  });

  it("Cloud Tasks: 96 KB are three operations (the vendor's example)", () => {
    const [reading] = gcp.billing.message({ ...message, channelKind: "queue", sizeBytes: 96 * 1024 });
    expect(reading!.quantity).toBe(3);
    expect(usdOf([reading!], "us-central1")).toBeCloseTo(1.2e-6, 15);
  });

  it("events of buckets, tables and buses are free", () => {
    for (const channelKind of ["bucket", "table", "bus", "http", "schedule"] as const)
      expect(gcp.billing.message({ ...message, channelKind })).toEqual([]);
  });

  it("Cloud Logging: 1 GiB costs 0.50 USD", () => {
    expect(usdOf(gcp.billing.logs(1024 ** 3), "us-central1")).toBe(0.5);
  });
});

describe("prices", () => {
  it("every meter that billing names with a quantity has a price, in every region that is named", () => {
    const readings = [
      ...gcp.billing.invocations(group({})),
      ...gcp.billing.invocations(group({ plan: "gen1", memoryMib: 128 })),
      ...gcp.billing.logs(1),
    ];
    for (const reading of readings)
      expect(gcp.prices.some((one) => one.meter === reading.meter && one.variant === reading.variant && one.unit === reading.unit)).toBe(
        true,
      );
  });

  it("tier 2 is 0.0000336 and 0.0000035, instance-based 0.0000216 and 0.0000024 (run/pricing)", () => {
    expect(second("run.vcpu", "request-based")).toBeCloseTo(0.0000336, 12);
    expect(second("run.memory", "request-based")).toBeCloseTo(0.0000035, 12);
    expect(second("run.vcpu", "instance-based")).toBeCloseTo(0.0000216, 12);
    expect(second("run.memory", "instance-based")).toBeCloseTo(0.0000024, 12);
  });

  it("dates and sources are given", () => {
    for (const price of gcp.prices) {
      expect(price.source).toMatch(/^https:\/\//);
      expect(price.asOf).toMatch(/^\d{4}-\d\d-\d\d$/);
      // read for one region only: assumed in all others
      const isAssumed = price.meter.startsWith("firestore.");
      expect(Object.keys(price.regions).length > 20).toBe(!isAssumed);
    }
  });
});
