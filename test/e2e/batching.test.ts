import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CLICKS, EVERY_MS, SPAN_MS, writeBatchExport } from "../support/batch-export.ts";
import { evscope } from "../support/cli.ts";
import { schemaErrors } from "../support/json-schema.ts";

const MONTH_S = 730 * 3600;
/** Memory 128 MiB for 20 ms, and the request: https://aws.amazon.com/lambda/pricing/ */
const usdOfRun = (ms: number): number => 0.2e-6 + ((128 / 1024) * ms * 0.0000166667) / 1000;

describe("evscope batching", () => {
  const cwd = mkdtempSync(join(tmpdir(), "evscope-batching-"));
  const read = async (options: Parameters<typeof writeBatchExport>[1], ...more: string[]) => {
    writeBatchExport(join(cwd, "x"), options);
    const ran = await evscope(["batching", "x", "--format", "json", ...more], { cwd });
    expect(ran.code).toBe(0);
    const document = JSON.parse(ran.stdout);
    expect(schemaErrors("batching", document)).toEqual([]);
    return document.mappings[0];
  };

  it("finds what is best by hand: one run for each read of the shard, without a window, and nobody waits longer", async () => {
    const one = await read({ failsEvery: null, reports: true, answers: true }, "--max-added-latency", "100ms");
    expect(one).toMatchObject({ function: CLICKS.fn, verdict: "change", current: { batchSize: 1 }, proposed: { windowMs: 0 } });
    // three records may come between two reads of the shard
    expect(one.proposed.batchSize).toBeGreaterThanOrEqual(3);
    expect(one.arrivals).toMatchObject({ basis: "measured", events: SPAN_MS / EVERY_MS });
    // 2.5 records a second, each a run, against one run a second
    expect(one.invocationsPerMonth.now.p50 / MONTH_S).toBeCloseTo(2.5, 2);
    expect(one.invocationsPerMonth.after.p50 / MONTH_S).toBeCloseTo(1, 2);
    expect(one.usdPerMonth.now.p50).toBeCloseTo(2.5 * MONTH_S * usdOfRun(20), 2);
    // one batch size was seen: all time is put down to the records, and only requests are saved
    expect(one.usdPerMonth.after.p50).toBeCloseTo(MONTH_S * usdOfRun(50), 2);
    expect(one.proposals.map((change: { kind: string }) => change.kind)).toEqual(["lambda.event-source-mapping"]);
  });

  it("does not let batches grow where one bad record would bring back all", async () => {
    const one = await read({ failsEvery: 50, reports: false, answers: false });
    expect(one).toMatchObject({ verdict: "refused", proposals: [] });
    expect(one.refusal).toContain("2.0 % of 18000 runs failed and it does not report failed messages");
  });

  it("proposes to listen first where the code says which records failed", async () => {
    const one = await read({ failsEvery: 50, reports: false, answers: true });
    expect(one.verdict).toBe("refused");
    expect(one.proposals).toMatchObject([{ after: { reportsBatchItemFailures: true }, danger: "data-loss" }]);
  });
});
