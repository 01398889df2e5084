/** Time of shared instances as the dataset counts it, against hand counts, a sweep over every millisecond, and the rule for runs in memory. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sharedTime } from "../../../src/analyzer/cost/instances.ts";
import type { BillingMetric, InstanceRule, UsageGroup } from "../../../src/model/billing.ts";
import type { Invocation, MetricPoint, Rec } from "../../../src/model/records.ts";
import { Engine } from "../../../src/store/duckdb.ts";
import { openDataset } from "../../../src/store/index.ts";
import { sharedGroups } from "../../../src/store/instance-time.ts";
import { readManifests } from "../../../src/store/manifest.ts";
import type { Filter } from "../../../src/store/types.ts";
import { writeRecords } from "../../support/dataset.ts";

const NOON = Date.UTC(2026, 0, 15, 12);
const ANY: Filter = { from: null, to: null, functions: [], clouds: [] };
const RUN: InstanceRule = { cloud: "gcp", leastMs: 0, stepMs: 100, withInit: true, unbilledPlans: ["run-refused"] };
const FLEX: InstanceRule = { cloud: "azure", leastMs: 1_000, stepMs: 100, withInit: false, unbilledPlans: [] };
const RULES = [RUN, FLEX];

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "evscope-instances-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

let count = 0;
function run(startMs: number, durationMs: number | null, over: Partial<Invocation> = {}): Invocation {
  return {
    type: "invocation",
    cloud: "gcp",
    account: "p",
    region: "us-central1",
    fn: "f",
    version: null,
    requestId: `r${(count += 1)}`,
    startedAt: NOON + startMs,
    endedAt: durationMs === null ? null : NOON + startMs + durationMs,
    durationMs,
    billedMs: null,
    memoryMib: null,
    maxMemoryMib: null,
    vcpu: null,
    initMs: null,
    restoreMs: null,
    billedRestoreMs: null,
    coldStart: null,
    outcome: "ok",
    errorType: null,
    traceId: null,
    spanId: null,
    parentSpanId: null,
    stream: "i1",
    architecture: null,
    plan: null,
    trigger: "http",
    weight: 1,
    emulator: false,
    seenIn: "request-log",
    ids: [],
    ...over,
  };
}

const write = (records: readonly Rec[]): Promise<void> => writeRecords(dir, records);

async function usage(rules: readonly InstanceRule[] = RULES, filter = ANY): Promise<UsageGroup[]> {
  const dataset = await openDataset(dir);
  try {
    return await dataset.usage(filter, rules);
  } finally {
    await dataset.close();
  }
}

const total = (groups: readonly UsageGroup[]): number => groups.reduce((sum, group) => sum + (group.sharedMs ?? 0), 0);

describe("periods in which an instance is busy", () => {
  const azure = { cloud: "azure" } as const;
  const cases: [string, Invocation[], number][] = [
    ["two that overlap: 0-250 is 250, rounded up to 300", [run(0, 150), run(100, 150)], 300],
    ["one within the other: 0-400", [run(0, 400), run(120, 30)], 400],
    ["touching: 0-300, not 200 + 200", [run(0, 150), run(150, 150)], 300],
    ["1 ms apart: 200 + 200", [run(0, 150), run(151, 150)], 400],
    ["two instances: 200 + 200", [run(0, 150), run(0, 150, { stream: "i2" })], 400],
    ["init is billed with the first request: 850 + 130 = 980 is 1,000", [run(0, 130, { initMs: 850 })], 1_000],
    ["a period of 100.001 ms is 200", [run(0, 60), run(40, 60.001)], 200],
    ["one of 100.0001 ms, below what clocks tell apart, is 100", [run(0, 100.0001)], 100],
    ["Flex: 0-800 is at least 1,000", [run(0, 500, azure), run(300, 500, azure)], 1_000],
    ["Flex: 0-1,101 is 1,200", [run(0, 700, azure), run(401, 700, azure)], 1_200],
  ];

  it.each(cases)("%s", async (_case, records, billedMs) => {
    await write(records);
    expect(total(await usage())).toBeCloseTo(billedMs, 9);
    expect([...sharedTime(records, RULES).values()].reduce((a, b) => a + b, 0)).toBeCloseTo(billedMs, 9);
  });

  it("thousands that start together are one period", async () => {
    await write(Array.from({ length: 5_000 }, (_, i) => run(0, 100 + (i % 800))));
    expect(total(await usage())).toBeCloseTo(900, 6);
  });

  it("each run gets the part of its period that its own rounded time is: 400 ms over 400 and 100 are 320 and 80", async () => {
    const records = [run(0, 400, { fn: "long" }), run(120, 30, { fn: "short" })];
    await write(records);
    const byFn = new Map((await usage()).map((group) => [group.fn, group.sharedMs]));
    expect(byFn.get("long")).toBeCloseTo(320, 9);
    expect(byFn.get("short")).toBeCloseTo(80, 9);
    // the filter narrows what is shown, not who shared
    const [only] = await usage(RULES, { ...ANY, functions: ["short"] });
    expect(only!.sharedMs).toBeCloseTo(80, 9);
  });
});

describe("runs that count alone", () => {
  it.each([
    ["no instance reported", [run(0, 150, { stream: null }), run(100, 150, { stream: null })]],
    ["a sample: one of the instance's runs stands for several", [run(0, 150), run(5_000, 150, { weight: 4 })]],
    ["an emulator's", [run(0, 150, { emulator: true })]],
    ["refused before an instance took it", [run(0, 150, { plan: "run-refused", outcome: "throttled" })]],
    ["no end", [run(0, null)]],
  ] as [string, Invocation[]][])("%s", async (_case, records) => {
    await write(records);
    const groups = await usage();
    expect(groups.map((group) => group.sharedMs)).toEqual(groups.map(() => null));
    expect(groups.reduce((sum, group) => sum + group.count, 0)).toBe(records.reduce((sum, { weight }) => sum + weight, 0));
    expect(sharedTime(records, RULES).size).toBe(0);
  });

  it("clouds without such a rule are counted as before", async () => {
    const records = [run(0, 150, { cloud: "aws", billedMs: 150, memoryMib: 128 }), run(100, 150)];
    await write(records);
    const aws = (await usage()).find((group) => group.cloud === "aws")!;
    expect(aws.sharedMs).toBeUndefined();
    expect(aws).toEqual((await usage([])).find((group) => group.cloud === "aws"));
  });
});

it("is the union of intervals, found by looking at every millisecond; the parts add up to it, in the dataset as in memory", async () => {
  const arb = fc.array(
    fc.record({ at: fc.nat(3_000), ms: fc.integer({ min: 1, max: 900 }), on: fc.nat(2), azure: fc.boolean(), fn: fc.nat(1) }),
    { minLength: 1, maxLength: 40 },
  );
  await fc.assert(
    fc.asyncProperty(arb, async (drawn) => {
      rmSync(dir, { recursive: true, force: true });
      const records = drawn.map(({ at, ms, on, azure, fn }) =>
        run(at, ms, { cloud: azure ? "azure" : "gcp", stream: `i${on}`, fn: `f${fn}` }),
      );
      let expected = 0;
      for (const rule of RULES) {
        for (const stream of ["i0", "i1", "i2"]) {
          const busy = Array.from({ length: 4_001 }, () => false);
          for (const one of records.filter((r) => r.cloud === rule.cloud && r.stream === stream))
            busy.fill(true, one.startedAt - NOON, one.startedAt - NOON + one.durationMs!);
          for (let at = 0, open = 0; at < busy.length; at++) {
            if (busy[at]) open += 1;
            else if (open > 0) {
              expected += Math.max(rule.leastMs, Math.ceil(open / 100) * 100);
              open = 0;
            }
          }
        }
      }
      const shared = sharedTime(records, RULES);
      expect([...shared.values()].reduce((a, b) => a + b, 0)).toBeCloseTo(expected, 6);
      await write(records);
      const groups = await usage();
      expect(total(groups)).toBeCloseTo(expected, 6);
      for (const fn of ["f0", "f1"]) {
        const inMemory = records.filter((one) => one.fn === fn).reduce((sum, one) => sum + shared.get(one)!, 0);
        expect(total(groups.filter((group) => group.fn === fn))).toBeCloseTo(inMemory, 6);
      }
    }),
    { numRuns: 25 },
  );
});

it("asked for in parts, the parts together are the whole", async () => {
  await write(Array.from({ length: 60 }, (_, i) => run(i * 37, 150, { stream: `i${i % 7}`, fn: `f${i % 3}` })));
  const engine = await Engine.open({ threads: 1, memoryMib: 256, spillDir: null });
  const sum = async (part: number, parts: number): Promise<[number, number]> => {
    const source = sharedGroups(dir, readManifests(dir), ANY, [{ name: "fn", sql: "fn" }], ["fn"], RULES, [], part, parts);
    const [row] = await engine.rows(`SELECT coalesce(sum(count), 0), coalesce(sum("sharedMs"), 0) FROM ${source}`);
    return row as [number, number];
  };
  try {
    const whole = await sum(0, 1);
    const pieces = await Promise.all([0, 1, 2, 3].map((part) => sum(part, 4)));
    expect(whole[0]).toBe(60);
    expect(pieces.reduce((n, [rows]) => n + rows, 0)).toBe(60);
    expect(pieces.reduce((ms, [, part]) => ms + part, 0)).toBeCloseTo(whole[1], 6);
  } finally {
    engine.close();
  }
});

describe("metrics of what is billed", () => {
  const METRIC: BillingMetric & { cloud: "azure" } = {
    cloud: "azure",
    name: "microsoft.web/sites/functionexecutionunits",
    statistic: "Sum",
    stampedAt: "start",
    variant: "consumption",
    factor: 1,
    standing: false,
    readyPlans: [],
  };
  const point = (at: number, value: number, over: Partial<MetricPoint> = {}): MetricPoint => ({
    type: "metric",
    cloud: "azure",
    account: "s",
    region: "eastus",
    at: NOON + at,
    periodMs: 60_000,
    resource: "/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/Shop",
    fn: null,
    name: "Microsoft.Web/sites/FunctionExecutionUnits",
    statistic: "Sum",
    unit: "Count",
    value,
    ...over,
  });

  async function metered(points: readonly MetricPoint[], window = { from: null, to: null } as { from: number | null; to: number | null }) {
    await write(points);
    const dataset = await openDataset(dir);
    try {
      return (await dataset.metered(window, [METRIC])).map(({ quantity, from, to }) => [quantity, from - NOON, to - NOON]);
    } finally {
      await dataset.close();
    }
  }

  it("adds up points and says what they cover", async () => {
    expect(await metered([point(0, 10), point(60_000, 5), point(60_000, 99, { statistic: "Average" })])).toEqual([[15, 0, 120_000]]);
  });

  it("counts a point once that was told twice, and a series once that was read at two periods or split by dimensions", async () => {
    const split = { name: "Microsoft.Web/sites/FunctionExecutionUnits{instance=a}" };
    const hourly = { periodMs: 3_600_000 };
    const told = [point(0, 10), point(0, 12), point(60_000, 5), point(0, 12, split), point(0, 40, hourly)];
    expect(await metered(told)).toEqual([[40, 0, 3_600_000]]);
  });

  it("counts what was read at another period beyond the time of the first", async () => {
    // the hour told by the minute in its last minute as well, and a minute after it
    const told = [point(0, 600, { periodMs: 3_600_000 }), point(3_540_000, 7), point(3_600_000, 9, { periodMs: 60_001 })];
    expect(await metered(told)).toEqual([
      [600, 0, 3_600_000],
      [9, 3_600_000, 3_660_001],
    ]);
  });

  it("counts a service once whose series was read whole and by revision", async () => {
    const gcp: BillingMetric & { cloud: "gcp" } = {
      ...METRIC,
      cloud: "gcp",
      name: "run.googleapis.com/x",
      statistic: "sum",
      stampedAt: "end",
    };
    const series = (labels: string, value: number) =>
      point(60_000, value, {
        cloud: "gcp",
        fn: "api",
        name: "run.googleapis.com/x",
        statistic: "sum",
        resource: `cloud_run_revision{${labels}}`,
      });
    await write([
      series("service_name=api", 30),
      series("revision_name=api-1,service_name=api", 10),
      series("revision_name=api-2,service_name=api", 20),
    ]);
    const dataset = await openDataset(dir);
    const found = await dataset.metered({ from: null, to: null }, [gcp]);
    await dataset.close();
    expect(found.map(({ quantity, fn, from, to }) => [quantity, fn, from - NOON, to - NOON])).toEqual([[30, "api", 0, 60_000]]);
  });

  it("counts whole periods of the window only", async () => {
    const told = [point(0, 1), point(60_000, 2), point(120_000, 4)];
    expect(await metered(told, { from: NOON + 1, to: NOON + 120_000 })).toEqual([[2, 60_000, 120_000]]);
  });
});
