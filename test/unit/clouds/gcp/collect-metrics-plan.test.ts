import { describe, expect, it } from "vitest";
import { planMetrics } from "../../../../src/clouds/gcp/collect-metrics.ts";
import { METRICS, periodOf, wholePeriods } from "../../../../src/clouds/gcp/metric-choice.ts";
import type { CollectRequest, CollectTask, Span, Target } from "../../../../src/clouds/room.ts";
import type { Config } from "../../../../src/model/records.ts";
import {
  config,
  DAY_MS,
  gcpContext,
  gcpTarget,
  HOUR_MS,
  NOW,
  PROJECT,
  scriptedGcp,
  type ScriptedGcp,
  service,
} from "../../../support/scripted-gcp.ts";

const WINDOW: Span = { from: NOW - HOUR_MS, to: NOW };
const MINUTE = 60_000;
const all = (_source: string, window: Span): Span[] => [window];
const request = (more: Partial<CollectRequest> = {}): CollectRequest => ({
  signals: ["metrics"],
  logs: "platform",
  window: WINDOW,
  maxQueryUsd: 1,
  ...more,
});
const subscription = (name: string): Config => config("trigger", `projects/${PROJECT}/subscriptions/${name}`, name, { delivery: "push" });

function plan(api: ScriptedGcp, configs: Config[], more: Partial<CollectRequest> = {}, target: Partial<Target> = {}, missing = all) {
  const asked = request(more);
  return planMetrics(api, gcpTarget(target), gcpContext(), configs, asked, missing, asked.maxQueryUsd);
}
const taskFor = (tasks: readonly CollectTask[], metric: string): CollectTask => tasks.find((one) => one.source.includes(`/${metric}`))!;
describe("what is asked", () => {
  it("is each metric once for all of its kind, and none of a kind that is not there", () => {
    const api = scriptedGcp({});
    const { tasks } = plan(api, [service("a"), service("b")]);
    expect(tasks.map((one) => one.source)).toEqual(
      METRICS.filter((one) => one.owner === "service").map((one) => `gcp/${PROJECT}/metrics/${one.type}`),
    );
    const kinds = new Set(plan(api, [service("c", { generation: 1 }), subscription("s")]).tasks.map((one) => one.source.split("/")[3]));
    expect([...kinds]).toEqual(["cloudfunctions.googleapis.com", "pubsub.googleapis.com"]);
    // nobody knows what is there
    expect(plan(api, []).tasks).toHaveLength(METRICS.length);
  });

  it("of log buckets and Firestore databases: their sizes and what comes in, once an hour", () => {
    const parent = `projects/${PROJECT}`;
    const { tasks } = plan(
      scriptedGcp({}),
      [
        config("log-group", `${parent}/locations/global/buckets/_Default`, "_Default", {}),
        config("table", `${parent}/databases/(default)`, "(default)", {}),
        config("table", `${parent}/databases/(default)/collectionGroups/orders/fields/end`, "orders", {}),
      ],
      { window: { from: NOW - DAY_MS, to: NOW } },
    );
    expect(tasks.map((one) => one.source.split("/").at(-1))).toEqual([
      "log_bucket_bytes_ingested",
      "bytes_stored",
      "data_and_index_storage_bytes",
    ]);
    // one database, whatever its fields: a series
    expect(tasks[2]!.estimate.usd).toBeCloseTo(0.5e-6, 12);
    expect(new Set(tasks.map((one) => (one.detail as { periodMs: number }).periodMs))).toEqual(new Set([HOUR_MS]));
  });

  it("is announced with its price: $0.50 per million series", () => {
    const api = scriptedGcp({});
    const configs = Array.from({ length: 1000 }, (_, i) => service(`s${i}`));
    const { tasks } = plan(api, configs);
    const billable = taskFor(tasks, "run.googleapis.com/container/billable_instance_time");
    // 1,000 services, a series each, every 60 s of an hour: 60,000 points, six pages, five series in two of them
    expect(billable.estimate.usd).toBeCloseTo(1005 * 0.5e-6, 12);
    expect(billable.estimate.calls).toBe(6);
    expect(plan(api, []).tasks[0]!.estimate.usd).toBeNull();
  });

  it("stays within the limit: the most useful first, the rest a gap", () => {
    const api = scriptedGcp({});
    const configs = Array.from({ length: 1000 }, (_, i) => service(`s${i}`));
    const { tasks, gaps } = plan(api, configs, { maxQueryUsd: 0.001 });
    expect(tasks.map((one) => one.source.split("/").at(-1))).toEqual(["billable_instance_time"]);
    expect(gaps).toHaveLength(1);
    expect(gaps[0]).toMatchObject({
      type: "gap",
      what: "metrics of Cloud Monitoring",
      why: expect.stringContaining("container/memory/utilizations"),
    });
    expect(plan(api, configs, { maxQueryUsd: 0 })).toMatchObject({ tasks: [], gaps: [{}] });
  });

  it("is only what is not held, in whole periods, of the functions that are meant", () => {
    const api = scriptedGcp({});
    const held = { from: WINDOW.from + 90_000, to: WINDOW.to };
    const missing = (source: string): Span[] => (source.endsWith("billable_instance_time") ? [held] : []);
    const { tasks } = plan(api, [service("a")], {}, {}, missing);
    expect(tasks.map((one) => one.window)).toEqual([{ from: WINDOW.from + 120_000, to: WINDOW.to }]);
    const filtered = plan(api, [service("a")], {}, { functions: { names: ["a"], tags: {} }, regions: ["europe-west1"] });
    expect(filtered.tasks[0]!.source).toBe(
      `gcp/${PROJECT}/metrics/run.googleapis.com/container/billable_instance_time of [["a"],[]] in europe-west1`,
    );
  });
});

describe("resolution", () => {
  it("is the finest that is kept and useful", () => {
    const day = { from: NOW - DAY_MS, to: NOW };
    // 1,440 minutes of 100 records are 144,000; of 200 they are too many, but not every five minutes
    expect(periodOf(day, NOW, 100)).toBe(MINUTE);
    expect(periodOf(day, NOW, 200)).toBe(5 * MINUTE);
    expect(periodOf({ from: NOW - 30 * DAY_MS, to: NOW }, NOW, 200)).toBe(HOUR_MS);
    expect(periodOf({ from: NOW - 30 * DAY_MS, to: NOW }, NOW, 2_000)).toBe(DAY_MS);
    // after six weeks Monitoring keeps a point every ten minutes
    expect(periodOf({ from: NOW - 43 * DAY_MS, to: NOW - 42 * DAY_MS }, NOW, 1)).toBe(10 * MINUTE);
    expect(wholePeriods({ from: 1, to: MINUTE - 1 }, MINUTE)).toBeNull();
    expect(wholePeriods({ from: 1, to: 3 * MINUTE + 1 }, MINUTE)).toEqual({ from: MINUTE, to: 3 * MINUTE });
  });
});
