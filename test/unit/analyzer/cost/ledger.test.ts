import { describe, expect, it } from "vitest";
import { ledger } from "../../../../src/analyzer/cost/ledger.ts";
import { GB_S, group, rates, REQUEST } from "./rates.ts";

describe("ledger by function", () => {
  it("prices one second of 1 GB and its request", () => {
    // 1024 MiB x 1000 ms = 1 GB-s: 0.0000166667 + 0.0000002 = 0.0000168667
    const { rows, totalUsd } = ledger({ usage: [group({})] }, { ...rates, by: "function" });
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({ key: "f", cloud: "aws", invocations: 1, billedMs: 1000, gbSeconds: 1, basis: "measured", unknown: [] });
    expect(rows[0]!.usd).toBeCloseTo(0.0000168667, 16);
    expect(totalUsd).toBe(rows[0]!.usd);
  });

  it("sums whole units before it multiplies by the price", () => {
    // 0.1 + 0.2 style drift would show: 3 groups of 1, 10 and 1,000,000 invocations of 3 ms at 128 MiB
    const usage = [1, 10, 1_000_000].map((count) => group({ billedMs: 3, memoryMib: 128, count }));
    const [row] = ledger({ usage }, { ...rates, by: "function" }).rows;
    expect(row!.lines).toEqual([
      expect.objectContaining({ meter: "lambda.duration", quantity: 1_000_011 * 3 * 128, usd: 1_000_011 * 3 * 128 * (GB_S / 1024 / 1000) }),
      expect.objectContaining({ meter: "lambda.requests", quantity: 1_000_011, usd: 1_000_011 * REQUEST }),
    ]);
    expect(row).toMatchObject({ invocations: 1_000_011, billedMs: 3_000_033 });
  });

  it("keeps unknown apart: counted with its reason, not in the cost, and never 0", () => {
    const usage = [group({ count: 2 }), group({ billedMs: null, memoryMib: null, count: 3 }), group({ fn: "g", billedMs: null, count: 4 })];
    const found = ledger({ usage }, { ...rates, by: "function" });
    const [f, g] = found.rows;
    expect(f).toMatchObject({
      key: "f",
      invocations: 5,
      billedMs: 2000,
      unknown: [{ count: 3, why: "the log does not say what was billed" }],
    });
    expect(f!.usd).toBeCloseTo(2 * (GB_S + REQUEST), 16);
    expect(f!.lines.find((line) => line.meter === "lambda.requests")!.quantity).toBe(2);
    expect(g).toMatchObject({ key: "g", usd: null, basis: null, gbSeconds: null, billedMs: null, unknown: [{ count: 4 }] });
    expect(found.unknown).toEqual([{ count: 7, why: "the log does not say what was billed" }]);
    expect(found.totalUsd).toBe(f!.usd);
  });

  it("has no total where nothing is known", () => {
    expect(ledger({ usage: [group({ billedMs: null })] }, { ...rates, by: "function" }).totalUsd).toBeNull();
    expect(ledger({ usage: [] }, { ...rates, by: "function" })).toMatchObject({ totalUsd: 0, rows: [], unknown: [] });
  });

  it("says which price is missing", () => {
    const [arm, mars, other] = [group({ architecture: "arm64" }), group({ region: "mars-1" }), group({ cloud: "other" })].map(
      (one) => ledger({ usage: [one] }, { ...rates, by: "function" }).rows[0]!,
    );
    expect(arm!.unknown).toEqual([{ count: 1, why: "no price for lambda.duration arm64 in us-east-1" }]);
    expect(mars!.unknown[0]!.why).toBe("no price for lambda.duration x86_64 in mars-1; no price for lambda.requests in mars-1");
    expect(other!.unknown).toEqual([{ count: 1, why: "no billing rules for invocations of telemetry without a vendor" }]);
    expect([arm!.usd, mars!.usd, other!.usd]).toEqual([null, null, null]);
    expect(mars!.gbSeconds).toBe(1);
  });

  it("takes the weakest basis of reading and price", () => {
    const usage = [group({}), group({ fn: "g", region: null })];
    const rows = ledger({ usage }, { ...rates, by: "function" }).rows;
    expect(rows.map((row) => [row.key, row.basis])).toEqual([
      ["f", "measured"],
      ["g", "assumed"],
    ]);
  });

  it("keeps functions of one name in two regions apart", () => {
    const rows = ledger({ usage: [group({}), group({ region: "af-south-1" })] }, { ...rates, by: "function" }).rows;
    expect(rows.map((row) => row.region)).toEqual(["af-south-1", "us-east-1"]);
    expect(rows[0]!.usd! / rows[1]!.usd!).toBeCloseTo(2, 12);
  });

  it("shows log ingestion beside the function and counts it, with messages and transitions, as unattributed", () => {
    const place = { cloud: "aws" as const, account: "111122223333", region: "us-east-1" };
    const found = ledger(
      {
        usage: [group({})],
        logBytes: [
          { ...place, fn: "f", bytes: 2_000_000, lines: 10_000 },
          { ...place, fn: null, bytes: 1_000_000, lines: 1 },
        ],
        messages: [
          { ...place, channel: "q", channelKind: "queue", direction: "published", sizeBytes: 10, count: 1000 },
          { ...place, channel: "b", channelKind: "bus", direction: "received", sizeBytes: 10, count: 1000 },
        ],
        transitions: [{ ...place, workflow: "saga", count: 40 }],
        durations: [{ ...place, fn: "f", p50Ms: 1, p95Ms: 2, p99Ms: 3 }],
      },
      { ...rates, by: "function" },
    );
    // 2 MB x 0.50 USD/GB = 0.001; in all 3 MB = 0.0015; 1000 x 0.0000004 = 0.0004; 40 x 0.000025 = 0.001
    expect(found.rows[0]!.logsUsd).toBeCloseTo(0.001, 12);
    expect(found.rows[0]!.durationMs).toEqual({ p50: 1, p95: 2, p99: 3 });
    expect(found.unattributedUsd).toBeCloseTo(0.0015 + 0.0004 + 0.001, 12);
    expect(found.unattributedLines.map((line) => line.meter)).toEqual(["logs.ingestion", "sqs.requests", "states.transitions"]);
    expect(found.totalUsd).toBe(found.rows[0]!.usd! + found.unattributedUsd);
  });

  it("does not depend on the order of its input", () => {
    const usage = [
      group({ fn: "b", billedMs: 7 }),
      group({ fn: "a", billedMs: 7 }),
      group({ fn: "c" }),
      group({ fn: "a", billedMs: null }),
    ];
    expect(ledger({ usage: usage.toReversed() }, { ...rates, by: "function" })).toEqual(ledger({ usage }, { ...rates, by: "function" }));
    expect(ledger({ usage }, { ...rates, by: "function" }).rows.map((row) => row.key)).toEqual(["c", "a", "b"]);
  });
});

describe("ledger by service and cloud", () => {
  const place = { cloud: "aws" as const, account: "111122223333", region: "us-east-1" };
  const input = {
    usage: [group({}), group({ region: "af-south-1" }), group({ fn: "g", billedMs: null, count: 3 })],
    transitions: [{ ...place, workflow: "saga", count: 40 }],
  };

  it("gives services rows of their own, with nothing left over", () => {
    const found = ledger(input, { ...rates, by: "service" });
    expect(found.rows.map((row) => [row.key, row.invocations, row.region])).toEqual([
      ["states", null, "us-east-1"],
      ["lambda", 5, null],
    ]);
    expect(found.rows[1]!.unknown).toEqual([{ count: 3, why: "the log does not say what was billed" }]);
    expect(found.rows[1]!.usd).toBeCloseTo(3 * (GB_S + REQUEST), 16);
    expect(found.unattributedUsd).toBe(0);
  });

  it("has the same total however it is grouped", () => {
    const totals = (["function", "service", "cloud"] as const).map((by) => ledger(input, { ...rates, by }).totalUsd!);
    expect(totals[1]).toBeCloseTo(totals[0]!, 15);
    expect(totals[2]).toBeCloseTo(totals[0]!, 15);
  });
});
