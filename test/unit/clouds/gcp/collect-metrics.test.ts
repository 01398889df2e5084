import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { planMetrics, runMetrics } from "../../../../src/clouds/gcp/collect-metrics.ts";
import { shareSpending, spentUsd } from "../../../../src/clouds/kit/spent.ts";
import type { CollectRequest, CollectTask, Span, Target } from "../../../../src/clouds/room.ts";
import type { JsonObject } from "../../../../src/model/json.ts";
import type { Config, MetricPoint } from "../../../../src/model/records.ts";
import { Monitoring } from "../../../peers/support/gcp/monitoring.ts";
import { emptyWorld, type Series } from "../../../peers/support/gcp/world.ts";
import {
  collected,
  config,
  denied,
  failure,
  gcpContext,
  gcpTarget,
  HOUR_MS,
  NOW,
  PROJECT,
  scriptedGcp,
  type ScriptedGcp,
  service,
  typed,
} from "../../../support/scripted-gcp.ts";
import { shared } from "../../../support/shared.ts";

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

/** Cloud Monitoring as the test servers have it, over these series. */
function monitored(series: Series[]): { api: ScriptedGcp; monitoring: Monitoring } {
  const world = { ...emptyWorld(PROJECT), series };
  const monitoring = new Monitoring(world);
  const pages = (asked: JsonObject): JsonObject[] => {
    const found: JsonObject[] = [];
    for (let pageToken = ""; ;) {
      const page = monitoring.list({ ...asked, pageToken });
      found.push(page);
      if (page["nextPageToken"] === undefined) return found;
      pageToken = page["nextPageToken"];
    }
  };
  return { api: scriptedGcp({ "monitoring:ListTimeSeries": pages }), monitoring };
}

const run = (name: string, revision: string, location = "europe-west1"): Series["resource"] => ({
  type: "cloud_run_revision",
  labels: { project_id: PROJECT, location, service_name: name, configuration_name: name, revision_name: revision },
});
const points = (values: readonly Series["points"][number]["value"][]): Series["points"] =>
  values.map((value, i) => ({ endMs: WINDOW.from + (i + 1) * MINUTE, value }));
const seconds = (name: string, revision: string, values: number[]): Series => ({
  metric: { type: "run.googleapis.com/container/billable_instance_time" },
  resource: run(name, revision),
  metricKind: "DELTA",
  valueType: "DOUBLE",
  unit: "s",
  points: points(values),
});

function plan(api: ScriptedGcp, configs: Config[], more: Partial<CollectRequest> = {}, target: Partial<Target> = {}, missing = all) {
  const asked = request(more);
  return planMetrics(api, gcpTarget(target), gcpContext(), configs, asked, missing, asked.maxQueryUsd);
}
const taskFor = (tasks: readonly CollectTask[], metric: string): CollectTask => tasks.find((one) => one.source.includes(`/${metric}`))!;
async function read(api: ScriptedGcp, task: CollectTask): Promise<MetricPoint[]> {
  return typed(await collected(runMetrics(api, gcpContext(), task)), "metric");
}

describe("reading", () => {
  it("puts revisions and instances together on the server's side: a sum per service, region and period", async () => {
    const { api, monitoring } = monitored([seconds("a", "a-1", [1.5, 2]), seconds("a", "a-2", [0.25]), seconds("b", "b-1", [4])]);
    const { tasks } = plan(api, [service("a"), service("b")]);
    const found = await read(api, taskFor(tasks, "run.googleapis.com/container/billable_instance_time"));
    expect(
      found.map(({ fn, at, value, statistic, unit, periodMs, region, account }) => [
        fn,
        at - WINDOW.from,
        value,
        statistic,
        unit,
        periodMs,
        region,
        account,
      ]),
    ).toEqual([
      // the newest first, as Monitoring answers
      ["a", 2 * MINUTE, 2, "sum", "s", MINUTE, "europe-west1", PROJECT],
      ["a", MINUTE, 1.75, "sum", "s", MINUTE, "europe-west1", PROJECT],
      ["b", MINUTE, 4, "sum", "s", MINUTE, "europe-west1", PROJECT],
    ]);
    expect(spentUsd(api)).toBeCloseTo(monitoring.returned * 0.5e-6, 12);
    expect(monitoring.returned).toBe(2);
  });

  it("keeps count, mean and buckets of a distribution, by revision: the share of a memory size that changes", async () => {
    const memory = (revision: string, counts: number[], mean: number): Series => ({
      metric: { type: "run.googleapis.com/container/memory/utilizations" },
      resource: run("a", revision),
      metricKind: "DELTA",
      valueType: "DISTRIBUTION",
      unit: "10^2.%",
      points: points([{ bounds: [0.25, 0.5, 0.75], counts, mean }]),
    });
    const { api } = monitored([memory("a-1", [0, 3, 0, 0], 0.3), memory("a-2", [2, 4, 1, 0], 0.4)]);
    const found = await read(api, taskFor(plan(api, [service("a")]).tasks, "run.googleapis.com/container/memory/utilizations"));
    const of = (revision: string) =>
      Object.fromEntries(found.filter((one) => one.resource!.includes(revision)).map((one) => [one.statistic, one.value]));
    expect(of("a-1")).toEqual({ count: 3, mean: 0.3, "bucket<=0.5": 3 });
    // cumulative: the high-water mark lies below the bound at which all are counted
    expect(of("a-2")).toEqual({ count: 7, mean: 0.4, "bucket<=0.25": 2, "bucket<=0.5": 6, "bucket<=0.75": 7 });
    expect(found.every((one) => one.fn === "a" && one.periodMs === MINUTE)).toBe(true);
  });

  it("of readings takes the highest in the period, of all instances together by state", async () => {
    const count = (state: string, revision: string, values: number[]): Series => ({
      metric: { type: "run.googleapis.com/container/instance_count", labels: { state } },
      resource: run("a", revision),
      metricKind: "GAUGE",
      valueType: "INT64",
      unit: "1",
      points: points(values),
    });
    const { api } = monitored([count("active", "a-1", [2, 5]), count("active", "a-2", [1, 1]), count("idle", "a-1", [0, 3])]);
    // the window in one period
    const task = taskFor(plan(api, [service("a")]).tasks, "run.googleapis.com/container/instance_count");
    const found = await read(api, { ...task, detail: { ...(task.detail as JsonObject), periodMs: HOUR_MS } });
    expect(found.map((one) => [one.resource, one.statistic, one.value])).toEqual([
      ["cloud_run_revision{service_name=a,state=active}", "max", 6],
      ["cloud_run_revision{service_name=a,state=idle}", "max", 3],
    ]);
  });

  it("reads subscriptions and 1st gen functions by their own labels", async () => {
    const gen1: Series = {
      metric: { type: "cloudfunctions.googleapis.com/function/execution_times" },
      resource: { type: "cloud_function", labels: { project_id: PROJECT, region: "us-central1", function_name: "mail" } },
      metricKind: "DELTA",
      valueType: "DISTRIBUTION",
      unit: "ns",
      points: points([{ bounds: [1e6, 1e9], counts: [0, 2, 0], mean: 5e6 }]),
    };
    const backlog: Series = {
      metric: { type: "pubsub.googleapis.com/subscription/num_undelivered_messages" },
      resource: { type: "pubsub_subscription", labels: { project_id: PROJECT, subscription_id: "orders-push" } },
      metricKind: "GAUGE",
      valueType: "INT64",
      unit: "1",
      points: points([17]),
    };
    const { api } = monitored([gen1, backlog]);
    const { tasks } = plan(api, [service("mail", { generation: 1 }, "us-central1"), subscription("orders-push")]);
    const times = await read(api, taskFor(tasks, "cloudfunctions.googleapis.com/function/execution_times"));
    expect(times.map((one) => [one.fn, one.region, one.unit, one.statistic, one.value])).toEqual([
      ["mail", "us-central1", "ns", "count", 2],
      ["mail", "us-central1", "ns", "mean", 5e6],
      ["mail", "us-central1", "ns", "bucket<=1000000000", 2],
    ]);
    const waiting = await read(api, taskFor(tasks, "pubsub.googleapis.com/subscription/num_undelivered_messages"));
    expect(waiting.map((one) => [one.resource, one.statistic, one.value])).toEqual([
      ["pubsub_subscription{subscription_id=orders-push}", "max", 17],
    ]);
  });

  it("of named functions names them, and of too many leaves the others out", async () => {
    const { api, monitoring } = monitored([seconds("a", "a-1", [1]), seconds("b", "b-1", [1])]);
    const target = { functions: { names: ["a*"], tags: {} } };
    const one = taskFor(plan(api, [service("a")], {}, target).tasks, "run.googleapis.com/container/billable_instance_time");
    expect((await read(api, one)).map((point) => point.fn)).toEqual(["a"]);
    expect(monitoring.returned).toBe(1);
    const many = Array.from({ length: 101 }, (_, i) => service(`a${i || ""}`));
    const all101 = taskFor(plan(api, many, {}, target).tasks, "run.googleapis.com/container/billable_instance_time");
    expect((await read(api, all101)).map((point) => point.fn)).toEqual(["a"]);
  });

  it("of regions leaves the others out", async () => {
    const there: Series = { ...seconds("a", "a-1", [1]), resource: run("a", "a-1", "us-central1") };
    const { api } = monitored([seconds("a", "a-1", [1]), there]);
    const { tasks } = plan(api, [service("a")], {}, { regions: ["us-central1"] });
    expect((await read(api, tasks[0]!)).map((point) => point.region)).toEqual(["us-central1"]);
  });

  it("is this project's, where the project sees those of others too", async () => {
    const { api } = monitored([seconds("a", "a-1", [1])]);
    await read(api, plan(api, [service("a")]).tasks[0]!);
    expect(api.asked[0]!.request).toEqual({
      name: `projects/${PROJECT}`,
      filter: `project = "${PROJECT}" AND metric.type = "run.googleapis.com/container/billable_instance_time"`,
      interval: { startTime: "2026-11-22T23:00:00.000Z", endTime: "2026-11-23T00:00:00.000Z" },
      aggregation: {
        alignmentPeriod: "60s",
        perSeriesAligner: "ALIGN_DELTA",
        crossSeriesReducer: "REDUCE_SUM",
        groupByFields: ["resource.label.service_name", "resource.label.location"],
      },
      view: "FULL",
      pageSize: 10_000,
    });
  });

  it("counts a series again on every page that has it, and stops at the price limit that the command shares", async () => {
    const pages = Array.from({ length: 4 }, (_, i) => ({
      timeSeries: Array.from({ length: 1000 }, (_unused, j) => ({
        metric: { type: "run.googleapis.com/container/billable_instance_time" },
        resource: run(`s${j}`, "r"),
        metricKind: "DELTA",
        points: [{ interval: { startTime: "2026-11-22T23:00:00Z", endTime: "2026-11-22T23:01:00Z" }, value: { doubleValue: i } }],
      })),
      ...(i < 3 ? { nextPageToken: `${i}` } : {}),
    }));
    const open = (): ScriptedGcp => scriptedGcp({ "monitoring:ListTimeSeries": pages });
    const api = open();
    const { tasks } = plan(api, [service("a")]);
    expect(await read(api, tasks[0]!)).toHaveLength(4000);
    expect(spentUsd(api)).toBeCloseTo(0.002, 12);

    const together = { usd: 0.0007 };
    const other = open();
    shareSpending(other, together);
    // two pages of $0.0005 reach $0.0017; the third is not asked for
    const limited = plan(other, [service("a")], { maxQueryUsd: 0.0012 }).tasks[0]!;
    await expect(read(other, limited)).rejects.toThrow("the price limit of $0.0012 is reached");
    expect(other.counts()).toEqual({ "monitoring:ListTimeSeries": 1 });
    expect(spentUsd(other)).toBeCloseTo(0.0005, 12);
    await expect(read(other, limited)).rejects.toThrow("price limit");
    expect(other.counts()).toEqual({ "monitoring:ListTimeSeries": 1 });
  });

  it("takes a metric that was never written for no data, and a refusal for what it is", async () => {
    const unknown = scriptedGcp({ "monitoring:ListTimeSeries": failure("monitoring:ListTimeSeries", "not-found", "NOT_FOUND", 404) });
    const { tasks } = plan(unknown, [service("a")]);
    expect(await collected(runMetrics(unknown, gcpContext(), tasks[0]!))).toEqual([]);
    const refused = scriptedGcp({ "monitoring:ListTimeSeries": denied("monitoring:ListTimeSeries") });
    await expect(read(refused, tasks[0]!)).rejects.toMatchObject({ kind: "denied" });
    // REST leaves out an empty list
    expect(await collected(runMetrics(scriptedGcp({ "monitoring:ListTimeSeries": {} }), gcpContext(), tasks[0]!))).toEqual([]);
  });
});

const flights = shared("corpora/gcp/custodian-flights");

describe.skipIf(flights === null)("recorded answers", () => {
  type Recorded = { body: { timeSeries?: { points: { interval: { endTime: string }; value: { [kind: string]: string | number } }[] }[] } };
  const load = (name: string): Recorded =>
    JSON.parse(readFileSync(`${flights}/${name}/get-v3-projects-cloud-custodian-timeSeries_1.json`, "utf8")) as Recorded;

  it.each(["filter-metrics", "filter-metrics-resource-name", "filter-metrics-with-metric-key-as-instance-id", "filter-no-metrics"])(
    "%s: the points that are in the file, and no complaint where there are none",
    async (name) => {
      const { body } = load(name);
      const expected = (body.timeSeries ?? []).flatMap((one) => one.points);
      const api = scriptedGcp({ "monitoring:ListTimeSeries": body });
      const [task] = plan(api, [service("a")]).tasks;
      const window = { from: Date.parse("2018-01-01T00:00:00Z"), to: NOW };
      const records = await collected(runMetrics(api, gcpContext(), { ...task!, window }));
      expect(typed(records, "metric").map((one) => [Math.floor(one.at), one.value])).toEqual(
        // to the millisecond: the answers have microseconds
        expected.map(({ interval, value }) => [
          Date.parse(interval.endTime.replace(/(\.\d{3})\d+/, "$1")),
          Number(Object.values(value)[0]),
        ]),
      );
      expect(records).toHaveLength(expected.length);
      expect(spentUsd(api)).toBe((body.timeSeries ?? []).length * 0.5e-6);
    },
  );
});
