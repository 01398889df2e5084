import { describe, expect, it } from "vitest";
import { billing } from "../../../../src/clouds/aws/billing.ts";
import { limits } from "../../../../src/clouds/aws/limits.ts";
import { prices } from "../../../../src/clouds/aws/prices.ts";
import type { UsageGroup } from "../../../../src/model/billing.ts";

const run: UsageGroup = {
  cloud: "aws",
  account: null,
  region: "us-east-1",
  fn: "orders",
  architecture: "arm64",
  plan: null,
  memoryMib: 1024,
  maxMemoryMib: 350,
  vcpu: null,
  billedMs: 351,
  durationMs: 250.06,
  initMs: 100.77,
  emulator: false,
  seenIn: "platform-log",
  outcome: "ok",
  coldStart: true,
  count: 2,
};

function usd(meter: string, variant: string, quantity: number): number {
  const price = prices.find((p) => p.meter === meter && p.variant === variant)!;
  return (quantity * price.usd) / price.per;
}

describe("invocations", () => {
  it("AWS's example: 250.06 ms and 100.77 ms of init are billed as 351 ms; requests are counted", () => {
    const [requests, duration] = billing.invocations(run);
    expect(requests).toMatchObject({ meter: "lambda.requests", quantity: 2, unit: "requests", basis: "measured" });
    // 1024 MiB x 351 ms x 2 = 718,848 MiB·ms = 0.702 GB-s; 0.702 x 0.0000133334 = 0.0000093600468 USD
    expect(duration).toMatchObject({
      meter: "lambda.duration",
      variant: "arm64",
      quantity: 718_848,
      unit: "mib-ms",
      basis: "measured",
      why: null,
    });
    expect(usd("lambda.duration", "arm64", duration!.quantity!)).toBeCloseTo(0.0000093600468, 13);
  });

  it("AWS's price page: 3 million x 120 ms at 1,536 MB is 540,000 GB-s = 9.000018 USD, and 0.60 USD of requests (x86, no free tier)", () => {
    const [requests, duration] = billing.invocations({ ...run, architecture: "x86_64", memoryMib: 1536, billedMs: 120, count: 3_000_000 });
    expect(usd("lambda.duration", "x86_64", duration!.quantity!)).toBeCloseTo(9.000018, 9);
    expect(usd("lambda.requests", "", requests!.quantity!)).toBeCloseTo(0.6, 12);
  });

  it("an unknown architecture is priced as x86_64, and says so", () => {
    expect(billing.invocations({ ...run, architecture: null })[1]).toMatchObject({
      variant: "x86_64",
      basis: "assumed",
      why: "architecture not reported: price of x86_64",
    });
  });

  it("no billed figure is unknown with a reason, never 0", () => {
    const why = (change: Partial<UsageGroup>) => {
      const duration = billing.invocations({ ...run, ...change })[1]!;
      expect(duration.quantity).toBeNull();
      return duration.why;
    };
    expect(why({ billedMs: null })).toContain("Managed Instances");
    expect(why({ billedMs: null, durationMs: null })).toContain("no REPORT line");
    expect(why({ billedMs: null, seenIn: "span" })).toContain("trace");
    expect(why({ memoryMib: null })).toContain("memory size");
  });

  it("local runs and throttled requests are not billed", () => {
    expect(billing.invocations({ ...run, emulator: true })).toEqual([]);
    expect(billing.invocations({ ...run, outcome: "throttled" })).toEqual([]);
  });
});

describe("messages", () => {
  const quantity = (
    direction: "published" | "received",
    channelKind: Parameters<typeof billing.message>[0]["channelKind"],
    sizeBytes: number | null,
  ) => billing.message({ cloud: "aws", direction, channelKind, sizeBytes }).map((r) => r.quantity);

  it("published: one request per started 64 KB", () => {
    expect(quantity("published", "queue", 1)).toEqual([1]);
    expect(quantity("published", "queue", 65_536)).toEqual([1]);
    expect(quantity("published", "topic", 65_537)).toEqual([2]);
    expect(quantity("published", "bus", 262_144)).toEqual([4]);
  });

  it("delivered by SNS, EventBridge, S3 and DynamoDB streams: free; polled from SQS: unknown", () => {
    for (const kind of ["topic", "bus", "bucket", "table", "schedule", "workflow"] as const)
      expect(quantity("received", kind, 10)).toEqual([]);
    expect(quantity("received", "queue", 10)).toEqual([null]);
  });

  it("a DynamoDB write counts each started KB; of unknown size it is unknown", () => {
    expect(quantity("published", "table", 1025)).toEqual([2]);
    expect(quantity("published", "table", null)).toEqual([null]);
  });
});

describe("logs, transitions, tables of prices and limits", () => {
  it("1 GiB of logs is 0.50 USD, 1,000 transitions are 0.025 USD", () => {
    expect(usd("logs.ingested", "standard", billing.logs(1_073_741_824)[0]!.quantity!)).toBeCloseTo(0.5, 12);
    expect(usd("stepfunctions.transitions", "standard", billing.transitions(1000)[0]!.quantity!)).toBeCloseTo(0.025, 12);
  });

  it("each price stands once, is dated, positive, and names its page", () => {
    expect(new Set(prices.map((p) => `${p.meter} ${p.variant}`)).size).toBe(prices.length);
    for (const p of prices)
      expect(p.usd > 0 && p.per > 0 && p.source.startsWith("https://") && /^\d{4}-\d\d-\d\d$/.test(p.asOf)).toBe(true);
  });

  it("ap-east-1 costs 2.9 where others cost 2.1", () => {
    const price = prices.find((p) => p.meter === "lambda.duration" && p.variant === "x86_64")!;
    expect(price.regions["ap-east-1"]! * 2.1).toBeCloseTo(2.9, 12);
  });

  it("limits: memory 128 to 10,240 MiB, FIFO batches of 10, retention of listed days only", () => {
    const of = (setting: string, appliesTo: string | null) => limits.find((l) => l.setting === setting && l.appliesTo === appliesTo);
    expect(of("lambda.memory", null)).toMatchObject({ min: 128, max: 10_240, step: 1 });
    expect(of("mapping.batchSize", "sqs-fifo")).toMatchObject({ max: 10 });
    expect(of("logs.retention", null)!.values).toContain(3653);
  });
});
