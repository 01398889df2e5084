/** verify on a dataset: runs from logs before and after a change that was applied. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makePlan } from "../../../src/applier/plan.ts";
import { applyPlan, type Reach } from "../../../src/app/apply.ts";
import { importFiles } from "../../../src/app/import/index.ts";
import { journalOf } from "../../../src/app/journal.ts";
import { loadSettings } from "../../../src/app/settings.ts";
import { verify, type VerifyResult } from "../../../src/app/verify.ts";
import { silentHost } from "../../../src/model/host.ts";
import type { Change } from "../../../src/model/plan.ts";
import { verifyText } from "../../../src/report/render.ts";
import { FakeCloud, memoryChangeOf } from "../../support/fake-applier.ts";
import { fakeSession } from "../../support/fake-session.ts";
import { schemaErrors } from "../../support/json-schema.ts";
import { fakeClock, START } from "../applier/support.ts";

const HOUR_MS = 3_600_000;

interface Runs {
  at: number;
  memoryMib: number;
  durationMs: number;
  count: number;
  failed?: number;
}

async function stage(all: readonly Runs[], more: Partial<Change> = {}): Promise<{ result: VerifyResult; dataDir: string }> {
  const dir = mkdtempSync(join(tmpdir(), "evscope-verify-"));
  const dataDir = join(dir, "data");
  const settings = loadSettings(null, dir);
  const cloud = new FakeCloud().add("orders");
  const world: Reach["world"] = {
    host: silentHost,
    signal: new AbortController().signal,
    clock: fakeClock(),
    keys: settings.keys,
    connect: async (target) => ({ ...fakeSession(target, { account: "123456789012" }), applier: cloud.applier() }),
  };
  const expected = {
    durationMs: { p10: 190, p50: 200, p90: 215 },
    savingUsdPerMonth: { p10: 1, p50: 2, p90: 3 },
    before: { errorShare: 0, timeoutShare: 0, meanDurationMs: 180, invocationsPerDay: 10_000, usdPerMonth: 9, memoryMib: 1024 },
  };
  await applyPlan(
    makePlan([memoryChangeOf(cloud, "orders", 512, { expected, ...more })], [], START),
    {
      dataDir,
      folder: dir,
      allow: { drift: false, latest: false, dataLoss: false, irreversible: false },
      allOrNothing: true,
      dryRun: false,
      parallel: 1,
      keepGoing: false,
      confirm: async () => true,
    },
    { settings, flags: {}, env: {}, world },
  );
  const lines = all.flatMap(({ at, memoryMib, durationMs, count, failed = 0 }) =>
    Array.from({ length: count }, (_, i) => {
      const id = `${String(memoryMib).padStart(8, "0")}-0000-4000-8000-${String(i).padStart(12, "0")}`;
      const status = i < failed ? "Status: error\tError Type: Runtime.Oops" : "";
      const report = `REPORT RequestId: ${id}\tDuration: ${durationMs}.00 ms\tBilled Duration: ${durationMs} ms\tMemory Size: ${memoryMib} MB\tMax Memory Used: 90 MB\t${status}\n`;
      return JSON.stringify({
        logGroup: "/aws/lambda/orders",
        logStreamName: "2026/11/23/[$LATEST]a",
        timestamp: at + i * 1000,
        message: report,
      });
    }),
  );
  writeFileSync(join(dir, "runs.ndjson"), lines.join("\n"));
  await importFiles([join(dir, "runs.ndjson")], {
    dataDir,
    correlationKeys: [],
    hints: { fn: null, account: null, region: "eu-west-1" },
    host: silentHost,
    signal: world.signal,
  });
  return { result: await verify(dataDir, null, settings, world), dataDir };
}

const BEFORE: Runs = { at: START - 24 * HOUR_MS, memoryMib: 1024, durationMs: 180, count: 200 };

describe("verify", () => {
  it("as predicted: ok, with the realised saving by the price list, and journalled", async () => {
    const { result, dataDir } = await stage([BEFORE, { at: START + HOUR_MS, memoryMib: 512, durationMs: 200, count: 100 }]);
    expect(result.verdict).toBe("ok");
    const [change] = result.changes;
    expect(change).toMatchObject({ before: { invocations: 200, meanMs: 180 }, after: { invocations: 100, warm: 100, meanMs: 200 } });
    // (1 GiB x 0.18 s - 0.5 GiB x 0.2 s) x $0.0000166667, 10,000 runs a day, 30.436875 days (https://aws.amazon.com/lambda/pricing/)
    expect(change!.realisedUsdPerMonth).toBeCloseTo(0.08 * 0.0000166667 * 10_000 * 30.436875, 4);
    expect(journalOf(dataDir, null).runs[0]).toMatchObject({ verdict: "ok", endedAt: START });
    const look = { width: 160, color: false, unicode: false };
    expect(schemaErrors("verify", JSON.parse(verifyText(result, "json", look)))).toEqual([]);
    expect(verifyText(result, "table", look)).toContain("Verdict: ok.");
  });

  it("slower than predicted: worse, and the command that takes it back", async () => {
    const { result } = await stage([BEFORE, { at: START + HOUR_MS, memoryMib: 512, durationMs: 330, count: 100 }]);
    expect(result).toMatchObject({ verdict: "worse", undo: `evscope undo ${result.run}` });
    expect(verifyText(result, "table", { width: 160, color: false, unicode: false })).toContain(`${result.undo}   takes it back.`);
  });

  it("failures since: worse", async () => {
    const { result } = await stage([BEFORE, { at: START + HOUR_MS, memoryMib: 512, durationMs: 200, count: 100, failed: 12 }]);
    expect(result.changes[0]).toMatchObject({ verdict: "worse", reasons: [expect.stringContaining("12 of 100 runs failed")] });
  });

  it("the runs that a change of what has no region reaches are those of the function that its plan watches", async () => {
    const before = { errorShare: 0, timeoutShare: 0, meanDurationMs: 180, invocationsPerDay: 200, usdPerMonth: null, memoryMib: null };
    const invocationsPerDay = { p10: 80, p50: 100, p90: 120 };
    const { result } = await stage([BEFORE, { at: START + HOUR_MS, memoryMib: 512, durationMs: 200, count: 100 }], {
      name: "to-orders",
      region: "global",
      expected: { durationMs: null, watched: "orders", invocationsPerDay, savingUsdPerMonth: null, before },
    });
    expect(result.changes[0]).toMatchObject({ before: { invocations: 200 }, after: { invocations: 100 } });
  });

  it("a few runs: too early", async () => {
    const { result } = await stage([BEFORE, { at: START + HOUR_MS, memoryMib: 512, durationMs: 200, count: 5 }]);
    expect(result.verdict).toBe("too-early");
  });
});
