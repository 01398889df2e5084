/** Golden bills, each worked out by hand from the rules of the price pages. */
import { describe, expect, it } from "vitest";
import { priceBook } from "../../../../src/app/price-book.ts";
import { billing } from "../../../../src/clouds/azure/billing.ts";
import { prices } from "../../../../src/clouds/azure/prices.ts";
import type { Reading, UsageGroup } from "../../../../src/model/billing.ts";

const book = priceBook({ azure: prices });

function group(rest: Partial<UsageGroup>): UsageGroup {
  return {
    cloud: "azure",
    account: null,
    region: "eastus",
    fn: "f",
    architecture: null,
    plan: null,
    memoryMib: null,
    maxMemoryMib: null,
    vcpu: null,
    billedMs: null,
    durationMs: null,
    initMs: null,
    emulator: false,
    seenIn: "request-log",
    outcome: "ok",
    coldStart: null,
    count: 1,
    ...rest,
  };
}

/** USD of readings that are all known. */
function usd(readings: Reading[], region: string | null = "eastus"): number {
  return readings.reduce(
    (sum, { meter, variant, quantity }) => sum + quantity! * book.find("azure", meter, variant, region)!.usdPerUnit,
    0,
  );
}
const quantities = (readings: Reading[]): (number | null)[] => readings.map((reading) => reading.quantity);
const bill = (rest: Partial<UsageGroup>): Reading[] => billing.invocations(group(rest));

describe("Consumption: memory up to 128 MB steps, at least 100 ms in steps of 1 ms", () => {
  it("1: 40 ms with 90 MB counts as 100 ms with 128 MB", () => {
    // 128 x 100 = 12,800 MB·ms; / 1,024,000 = 0.0125 GB-s x 0.000016 = 0.0000002; one execution 0.20/1e6 = 0.0000002
    const readings = bill({ plan: "consumption", durationMs: 40, maxMemoryMib: 90 });
    expect(quantities(readings)).toEqual([12_800, 1]);
    expect(usd(readings)).toBeCloseTo(0.0000004, 15);
  });

  it("2: 250.1 ms with 129 MB counts as 251 ms with 256 MB", () => {
    // 256 x 251 = 64,256 MB·ms; / 1,024,000 = 0.06275 GB-s x 0.000016 = 0.000001004; + 0.0000002
    const readings = bill({ plan: "consumption", durationMs: 250.1, maxMemoryMib: 129 });
    expect(quantities(readings)).toEqual([64_256, 1]);
    expect(usd(readings)).toBeCloseTo(0.000001204, 15);
  });

  it("3: memory ends at 1,536 MB", () => {
    // 1,536 x 2,000 = 3,072,000 MB·ms = 3 GB-s x 0.000016 = 0.000048; + 0.0000002
    const readings = bill({ plan: "consumption", durationMs: 2_000, maxMemoryMib: 1_600 });
    expect(quantities(readings)).toEqual([3_072_000, 1]);
    expect(usd(readings)).toBeCloseTo(0.0000482, 15);
  });

  it("4: the vendor's example: 3 million executions of 1 s with 512 MB", () => {
    // https://learn.microsoft.com/azure/azure-functions/functions-consumption-costs: 512 MB x 1 s x 3M = 1.5M GB-s x 0.000016 = 24; 3M x 0.20/M = 0.60
    const readings = bill({ plan: "consumption", durationMs: 1_000, maxMemoryMib: 512, count: 3_000_000 });
    expect(quantities(readings)).toEqual([1_536_000_000_000, 3_000_000]);
    expect(usd(readings)).toBeCloseTo(24.6, 9);
  });

  it("5: an exact step of 128 MB stays", () => {
    expect(quantities(bill({ plan: "consumption", durationMs: 100, maxMemoryMib: 256 }))).toEqual([25_600, 1]);
  });
});

describe("Flex Consumption: instance size, at least 1,000 ms in steps of 100 ms", () => {
  it("6: 40 ms on 512 MB counts as 1 s", () => {
    // 512 x 1,000 = 512,000 MB·ms = 0.5 GB-s x 0.000026 = 0.000013; + 0.40/1e6 = 0.0000004
    const readings = bill({ plan: "flex", durationMs: 40, memoryMib: 512 });
    expect(quantities(readings)).toEqual([512_000, 1]);
    expect(usd(readings)).toBeCloseTo(0.0000134, 15);
  });

  it("7: 1,001 ms on 2,048 MB counts as 1.1 s, whatever memory was used", () => {
    // 2,048 x 1,100 = 2,252,800 MB·ms = 2.2 GB-s x 0.000026 = 0.0000572; + 0.0000004
    const readings = bill({ plan: "flex", durationMs: 1_001, memoryMib: 2_048, maxMemoryMib: 90 });
    expect(quantities(readings)).toEqual([2_252_800, 1]);
    expect(usd(readings)).toBeCloseTo(0.0000576, 15);
  });

  it("8: 30,020.222 ms on 4,096 MB, seven times", () => {
    // 30,100 ms x 4,096 = 123,289,600 MB·ms x 7 = 863,027,200 = 842.8 GB-s x 0.000026 = 0.0219128; + 7 x 0.0000004
    const readings = bill({ plan: "flex", durationMs: 30_020.222, memoryMib: 4_096, count: 7 });
    expect(quantities(readings)).toEqual([863_027_200, 7]);
    expect(usd(readings)).toBeCloseTo(0.0219156, 12);
  });

  it("9: a step is not exceeded by what fills it", () => {
    expect(quantities(bill({ plan: "flex", durationMs: 1_100, memoryMib: 2_048 }))).toEqual([2_252_800, 1]);
  });

  it("10: Brazil South has its own price", () => {
    // 2,048 x 1,000 = 2 GB-s x 0.000037 = 0.000074
    const [duration] = bill({ plan: "flex", durationMs: 1, memoryMib: 2_048 });
    expect(usd([duration!], "brazilsouth")).toBeCloseTo(0.000074, 15);
  });
});

describe("what is known of the instance decides how sure the bill is", () => {
  const flex = { plan: "flex", durationMs: 800, memoryMib: 512, count: 2 } as const;

  it("instance not reported: each alone, an upper bound", () => {
    const [duration] = bill(flex);
    expect(duration).toMatchObject({ quantity: 512 * 2_000, basis: "assumed", why: expect.stringContaining("the bill can be less") });
  });

  it("its time shared by the executions", () => {
    expect(bill({ ...flex, sharedMs: 1_300 })[0]).toMatchObject({ quantity: 512 * 1_300, basis: "modelled", why: null });
  });

  it("some instances are always ready, at a price of their own", () => {
    const [duration] = bill({ ...flex, sharedMs: 1_300, readyInstances: 1 });
    expect(duration).toMatchObject({ variant: "flex", basis: "assumed", why: expect.stringContaining("always-ready") });
  });

  it("the app's metric before all else", () => {
    const meteredParts = [
      { variant: "flex", quantity: 7 },
      { variant: "flex-always-ready", quantity: 3 },
    ];
    const readings = bill({ ...flex, memoryMib: null, meteredParts });
    expect(readings.map(({ variant, quantity, basis }) => [variant, quantity, basis])).toEqual([
      ["flex", 7, "measured"],
      ["flex-always-ready", 3, "measured"],
      ["flex", 2, "modelled"],
    ]);
  });

  it("100.00000000000001 ms are 100, not 101: arithmetic of doubles is no time", () => {
    expect(quantities(bill({ plan: "consumption", durationMs: 100.00000000000001, maxMemoryMib: 128 }))).toEqual([12_800, 1]);
    expect(quantities(bill({ plan: "consumption", durationMs: 100.001, maxMemoryMib: 128 }))).toEqual([12_928, 1]);
  });
});

describe("unknown is said, never guessed", () => {
  it.each([
    ["no plan", { durationMs: 5, memoryMib: 512 }, [null, null], /import the Function App's configuration/],
    ["no memory under Flex", { plan: "flex", durationMs: 5 }, [null, 1], /instance memory not known/],
    ["no observed memory under Consumption", { plan: "consumption", durationMs: 5, memoryMib: 1_536 }, [null, 1], /observed memory/],
    ["no end", { plan: "flex", memoryMib: 512 }, [null, 1], /end of the run/],
    ["a plan billed by instance", { plan: "premium", durationMs: 5, memoryMib: 512 }, [null, null], /plan premium/],
  ] as const)("%s", (_, rest, expected, why) => {
    const readings = bill(rest);
    expect(quantities(readings)).toEqual(expected);
    expect(readings[0]!.why).toMatch(why);
    for (const reading of readings) expect(reading.basis).toBe("modelled");
  });
});

describe("messages and logs", () => {
  const message = (
    channelKind: "queue" | "topic" | "bus" | "stream" | "http" | "bucket",
    direction: "published" | "received",
    sizeBytes: number | null,
  ) => billing.message({ cloud: "azure", channelKind, direction, sizeBytes });

  it("11: a Service Bus message of 65,537 bytes is two operations on each side", () => {
    // 2 x 0.80/1e6 = 0.0000016
    for (const direction of ["published", "received"] as const) {
      expect(usd(message("queue", direction, 65_537), "westeurope")).toBeCloseTo(0.0000016, 15);
    }
  });

  it("12: an Event Grid event is one operation in and one per delivery", () => {
    // 0.60/1e6 each
    expect(usd([...message("bus", "published", 900), ...message("bus", "received", 900)])).toBeCloseTo(0.0000012, 15);
  });

  it("13: Event Hubs meters what comes in", () => {
    // 150,000 bytes = 3 chunks of 64 KiB x 0.028/1e6
    expect(usd(message("stream", "published", 150_000))).toBeCloseTo(0.000000084, 15);
    expect(message("stream", "received", 150_000)).toEqual([]);
  });

  it("14: a message of unknown size is one operation, assumed", () => {
    expect(message("topic", "published", null)).toMatchObject([{ quantity: 1, basis: "assumed" }]);
  });

  it("15: channels without a meter of their own are free", () => {
    expect([...message("http", "received", 5), ...message("bucket", "received", 5)]).toEqual([]);
  });

  it("16: log ingestion by GB of 10^9 bytes", () => {
    // 1,087 bytes x 2.30/1e9 = 0.0000025001; West Europe 2.99
    expect(usd(billing.logs(1_087))).toBeCloseTo(0.0000025001, 15);
    expect(usd(billing.logs(1_000_000_000), "westeurope")).toBeCloseTo(2.99, 12);
  });
});
