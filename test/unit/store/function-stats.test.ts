import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Config, Invocation, MetricPoint, Rec } from "../../../src/model/records.ts";
import { openBatchWriter, openCommitter, openDataset } from "../../../src/store/index.ts";
import type { Dataset } from "../../../src/store/types.ts";

/** Thursday. */
const NOON = Date.UTC(2026, 0, 15, 12);
const HOUR = 3_600_000;
const ANY = { from: null, to: null, functions: [], clouds: [] };
const scope = { cloud: "aws", account: "111122223333", region: "eu-west-1" } as const;

let next = 0;
function run(fields: Partial<Invocation>): Invocation {
  const startedAt = fields.startedAt ?? NOON + next;
  const durationMs = fields.durationMs === undefined ? 100 : fields.durationMs;
  return {
    type: "invocation",
    ...scope,
    fn: "orders",
    version: "$LATEST",
    requestId: `11111111-1111-4111-8111-${String(next++).padStart(12, "0")}`,
    startedAt,
    endedAt: durationMs === null ? null : startedAt + durationMs,
    durationMs,
    billedMs: durationMs === null ? null : Math.ceil(durationMs),
    memoryMib: 512,
    maxMemoryMib: 80,
    vcpu: null,
    initMs: null,
    restoreMs: null,
    billedRestoreMs: null,
    coldStart: false,
    outcome: "ok",
    errorType: null,
    traceId: null,
    spanId: null,
    parentSpanId: null,
    stream: "s1",
    architecture: null,
    plan: null,
    trigger: null,
    weight: 1,
    emulator: false,
    seenIn: "platform-log",
    ids: [],
    ...fields,
  };
}

let dir: string;
let dataset: Dataset;
beforeEach(() => {
  next = 0;
  dir = mkdtempSync(join(tmpdir(), "evscope-stats-"));
});
afterEach(async () => {
  await dataset.close();
  rmSync(dir, { recursive: true, force: true });
});

async function hold(...records: Rec[]): Promise<Dataset> {
  const committer = openCommitter(dir);
  const writer = await openBatchWriter({ dir, publisher: committer, threads: 1, memoryMib: 128 });
  for (const record of records) writer.write(record);
  await writer.finish();
  await writer.close();
  committer.close();
  dataset = await openDataset(dir);
  return dataset;
}

/** Straight from the definition: sort, cut or pull in g = floor(n/5) on each side. */
function byDefinition(values: readonly number[]): { trimmed: number; sd: number | null } {
  const sorted = values.toSorted((a, b) => a - b);
  const n = sorted.length;
  const g = Math.floor(n * 0.2);
  const inner = sorted.slice(g, n - g);
  const pulled = sorted.map((value) => Math.min(Math.max(value, inner[0]!), inner.at(-1)!));
  const mean = pulled.reduce((a, b) => a + b, 0) / n;
  const squares = pulled.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { trimmed: inner.reduce((a, b) => a + b, 0) / inner.length, sd: n > 1 ? Math.sqrt(squares / (n - 1)) : null };
}

describe("figures per function and configuration", () => {
  it("trimmed mean and winsorised deviation of ten runs, by hand", async () => {
    // 1..10: two cut off at each end leave 3..8: mean 5.5. Pulled in: 3 3 3 4 5 6 7 8 8 8, mean 5.5, squares 3*6.25*2 + 2*(2.25+0.25) = 42.5, / 9
    const durations = [7, 1, 10, 3, 5, 2, 9, 4, 8, 6];
    const [stats] = await (await hold(...durations.map((durationMs) => run({ durationMs })))).functionStats(ANY);
    expect(stats).toMatchObject({ fn: "orders", memoryMib: 512, invocations: 10, probe: false, emulator: false, sandboxes: 1 });
    expect(stats!.warm.trimmedMeanMs).toBeCloseTo(5.5, 12);
    expect(stats!.warm.winsorizedSdMs).toBeCloseTo(Math.sqrt(42.5 / 9), 12);
    expect(stats!.warm.meanMs).toBeCloseTo(5.5, 12);
    // linear interpolation: position 9 * 0.95 = 8.55 -> 9.55
    expect(stats!.durationMs!.p95).toBeCloseTo(9.55, 12);
    expect(stats!.durationMs!.max).toBe(10);
  });

  it("equals the definition for any sample", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.integer({ min: 1, max: 1_000_000 }).map((n) => n / 100),
          { minLength: 1, maxLength: 40 },
        ),
        async (durations) => {
          const own = mkdtempSync(join(tmpdir(), "evscope-stats-"));
          dir = own;
          const held = await hold(...durations.map((durationMs) => run({ durationMs })));
          const [{ warm }] = (await held.functionStats(ANY)) as [Awaited<ReturnType<Dataset["functionStats"]>>[number]];
          const { trimmed, sd } = byDefinition(durations);
          await held.close();
          rmSync(own, { recursive: true });
          expect(warm.count).toBe(durations.length);
          expect(Math.abs(warm.trimmedMeanMs! - trimmed)).toBeLessThan(1e-9 * trimmed);
          if (sd === null) expect(warm.winsorizedSdMs).toBeNull();
          else expect(Math.abs(warm.winsorizedSdMs! - sd)).toBeLessThan(1e-6 * (1 + trimmed));
        },
      ),
      { numRuns: 12 },
    );
  });

  it("cold starts, failures and runs without an end are no warm runs, but count", async () => {
    const held = await hold(
      run({ durationMs: 100 }),
      run({ durationMs: 300, coldStart: true, initMs: 250, stream: "s2" }),
      run({ durationMs: 50, outcome: "error", maxMemoryMib: 120 }),
      run({ durationMs: 3000, outcome: "timeout" }),
      run({ durationMs: 70, outcome: "oom", maxMemoryMib: 512 }),
      run({ durationMs: null, outcome: "unknown", coldStart: null }),
      run({ outcome: "throttled", durationMs: 1 }),
    );
    const [stats] = await held.functionStats(ANY);
    expect(stats).toMatchObject({
      invocations: 6,
      warm: { count: 1, trimmedMeanMs: 100, winsorizedSdMs: null },
      cold: { count: 1, meanDurationMs: 300, meanInitMs: 250, unknown: 1 },
      errors: 1,
      timeouts: 1,
      ooms: 1,
      maxUsedMib: 512,
      sandboxes: 2,
      // (100 + 50 + 3000 + 70) / 4: what is billed beside cold starts
      meanRanMs: 805,
    });
    // sqrt((705^2 + 755^2 + 2195^2 + 735^2) / 3)
    expect(stats!.sdRanMs).toBeCloseTo(Math.sqrt(6_425_300 / 3), 6);
    expect(stats!.durationMs!.max).toBe(300);
  });

  it("keeps configurations, emulators and probes apart, and says what started the runs", async () => {
    const held = await hold(
      run({ memoryMib: 512, trigger: "sqs" }),
      run({ memoryMib: 512, trigger: "http" }),
      run({ memoryMib: 1024 }),
      run({ memoryMib: 512, version: "7", trigger: "probe" }),
      run({ memoryMib: 512, emulator: true }),
      run({ memoryMib: null, billedMs: null }),
    );
    const stats = await held.functionStats(ANY);
    expect(stats.map(({ memoryMib, version, probe, emulator, triggers }) => ({ memoryMib, version, probe, emulator, triggers }))).toEqual([
      { memoryMib: 512, version: "$LATEST", probe: false, emulator: false, triggers: ["http", "sqs"] },
      { memoryMib: 1024, version: "$LATEST", probe: false, emulator: false, triggers: [] },
      { memoryMib: 512, version: "7", probe: true, emulator: false, triggers: ["probe"] },
      { memoryMib: 512, version: "$LATEST", probe: false, emulator: true, triggers: [] },
      { memoryMib: null, version: "$LATEST", probe: false, emulator: false, triggers: [] },
    ]);
  });

  it("a probe's run that the log shows as well is one run, and a probe's", async () => {
    const requestId = "22222222-2222-4222-8222-222222222222";
    const held = await hold(run({ requestId, trigger: "probe", startedAt: NOON }), run({ requestId, startedAt: NOON, stream: "s9" }));
    const stats = await held.functionStats(ANY);
    expect(stats.map(({ probe, invocations }) => ({ probe, invocations }))).toEqual([{ probe: true, invocations: 1 }]);
  });

  it("hours of the week: Monday 00:00 UTC is 0", async () => {
    const monday = Date.UTC(2026, 0, 12);
    const held = await hold(
      run({ startedAt: monday, durationMs: 10 }),
      run({ startedAt: monday + HOUR, durationMs: 20 }),
      run({ startedAt: monday + HOUR + 1000, durationMs: 40 }),
      run({ startedAt: monday + 7 * 24 * HOUR, durationMs: 30 }),
      run({ startedAt: NOON, durationMs: 99, memoryMib: 1024 }),
    );
    const epochs = (await held.functionStats(ANY)).map(({ memoryMib, ...stats }) => ({ ...stats, memoryMib: memoryMib! }));
    const small = epochs.findIndex((epoch) => epoch.memoryMib === 512);
    expect((await held.epochHours(epochs)).map((hour) => [hour.epoch === small, hour.hourOfWeek, hour.count, hour.trimmedMeanMs])).toEqual(
      expect.arrayContaining([
        // 10, 20, 30 and 40
        [true, null, 4, 25],
        [true, 0, 2, 20],
        [true, 1, 2, 30],
        // Thursday noon: 3 * 24 + 12
        [false, 84, 1, 99],
      ]),
    );
    // the part of the time that is asked for, only
    const part = await held.epochHours([{ ...epochs[small]!, to: monday + HOUR }]);
    expect(part.map((hour) => [hour.hourOfWeek, hour.count])).toEqual([
      [null, 2],
      [0, 1],
      [1, 1],
    ]);
  });

  it("daily counts over whole days, also those without runs", async () => {
    const day = (n: number): number => NOON + n * 24 * HOUR;
    const held = await hold(
      run({ startedAt: day(0) }),
      run({ startedAt: day(0) + 1 }),
      run({ startedAt: day(2) }),
      run({ startedAt: day(3) + 1 }),
    );
    // days 0, 1, 2 hold 2, 0 and 1 runs; the fourth is not over
    expect(await held.dailyRuns({ ...ANY, from: NOON, to: day(3) + 5 })).toEqual([
      { ...scope, fn: "orders", runs: 3, days: 3, sumOfSquares: 5 },
    ]);
    expect(await held.dailyRuns({ ...ANY, from: NOON, to: NOON + HOUR })).toEqual([]);
  });

  it("CPU time: means of periods by their count, runs of their own, and streamed sums", async () => {
    const point = (fields: Partial<MetricPoint>): MetricPoint => ({
      type: "metric",
      ...scope,
      at: NOON,
      periodMs: 60_000,
      resource: null,
      fn: "orders",
      name: "LambdaInsights/cpu_total_time",
      statistic: "Average",
      unit: "Milliseconds",
      value: 0,
      ...fields,
    });
    const held = await hold(
      point({ value: 100 }),
      point({ statistic: "SampleCount", value: 3 }),
      point({ at: NOON + 60_000, value: 60 }),
      point({ fn: "mail", statistic: "sum", value: 90 }),
      point({ fn: "mail", statistic: "count", value: 2 }),
      point({ fn: "other", name: "AWS/Lambda/Duration", value: 5 }),
    );
    // (3 * 100 + 60) / 4; 90 / 2
    expect(await held.cpuTime(ANY)).toEqual([
      { ...scope, fn: "mail", meanMs: 45, count: 2 },
      { ...scope, fn: "orders", meanMs: 90, count: 4 },
    ]);
  });

  it("code hashes of a function and of its published versions, with the time they held", async () => {
    const config: Config = {
      type: "config",
      ...scope,
      kind: "function",
      resource: "arn:aws:lambda:eu-west-1:111122223333:function:orders",
      name: "orders",
      revision: null,
      observedAt: NOON,
      from: null,
      to: null,
      settings: {
        version: "$LATEST",
        codeSha256: "aaa=",
        lastModified: "2026-01-14T12:00:00.000+0000",
        versions: [{ version: "3", codeSha256: "bbb=", lastModified: null }],
      },
    };
    const since = Date.UTC(2026, 0, 14, 12);
    expect(await (await hold(config)).codeVersions()).toEqual([
      { ...scope, fn: "orders", version: "$LATEST", codeSha256: "aaa=", since, seenAt: NOON },
      { ...scope, fn: "orders", version: "3", codeSha256: "bbb=", since: null, seenAt: NOON },
    ]);
  });
});
