import { describe, expect, it } from "vitest";
import { planMetrics, runMetrics } from "../../../../src/clouds/aws/collect-metrics.ts";
import { NAMESPACES, periodOf, seriesPerRequest, wholePeriods } from "../../../../src/clouds/aws/metric-choice.ts";
import { list, type Obj, objects } from "../../../../src/clouds/aws/schema.ts";
import type { Span } from "../../../../src/clouds/room.ts";
import type { Config } from "../../../../src/model/records.ts";
import { testContext, testTarget } from "../../../support/aws-client.ts";
import { ACCOUNT, collected, denied, REGION, type Scripted, scriptedAws, typed } from "../../../support/scripted-aws.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** What the test clock says. */
const NOW = Date.UTC(2026, 10, 23);
const all = (_: string, window: Span): Span[] => [window];
const request = (window: Span, maxQueryUsd = 1) => ({ signals: ["metrics" as const], logs: "platform" as const, window, maxQueryUsd });
const metric = (name: string, ...dimensions: [string, string][]): Obj => ({
  MetricName: name,
  Dimensions: dimensions.map(([Name, Value]) => ({ Name, Value })),
});
/** ListMetrics by namespace. */
const listed =
  (found: { [namespace: string]: Obj[] }): Scripted =>
  (input) => [{ Metrics: found[input["Namespace"] as string] ?? [] }];
const config = (kind: Config["kind"], name: string, settings: Config["settings"] = {}): Config => ({
  type: "config",
  cloud: "aws",
  account: ACCOUNT,
  region: REGION,
  kind,
  resource: name,
  name,
  revision: null,
  observedAt: NOW,
  from: null,
  to: null,
  settings,
});
const plan = (
  api: ReturnType<typeof scriptedAws>,
  window: Span,
  options: { configs?: Config[]; names?: string[]; missing?: typeof all; maxUsd?: number } = {},
) =>
  planMetrics(
    api,
    testTarget({ functions: { names: options.names ?? [], tags: {} } }),
    testContext(),
    options.configs ?? [],
    request(window),
    options.missing ?? all,
    options.maxUsd ?? 1,
  );

describe("windows that are held", () => {
  // the dataset notes what was read by the source's name
  const held = new Set<string>();
  const missing = (source: string, window: Span): Span[] => (held.has(source) ? [] : [window]);
  const window = { from: NOW - HOUR, to: NOW };
  const two = { "AWS/Lambda": [metric("Invocations", ["FunctionName", "a"]), metric("Invocations", ["FunctionName", "b"])] };
  const series = async (names: string[]): Promise<string[]> => {
    const configs = ["a", "b"].filter((name) => names.length === 0 || names.includes(name)).map((name) => config("function", name));
    const { tasks } = await plan(scriptedAws({ "cloudwatch:ListMetrics": listed(two) }), window, { names, configs, missing });
    for (const task of tasks) held.add(task.source);
    return tasks.flatMap((task) => objects((task.detail as Obj)["series"]).map((one) => String(list(list(one["dimensions"])[0])[1])));
  };

  it("of one function are not those of all, but those of all are those of one", async () => {
    expect(await series(["a"])).toEqual(["a"]);
    expect(await series(["a"])).toEqual([]);
    expect(await series(["b"])).toEqual(["b"]);
    expect(await series([])).toEqual(["a", "b"]);
    held.forEach((source) => / of \[/.test(source) && held.delete(source));
    expect(await series(["a"])).toEqual([]);
  });
});

describe("resolution", () => {
  // kept: 60 s for 15 days, 300 s for 63, 3600 s for 455 (GetMetricData)
  it.each([
    ["an hour, one series", { from: NOW - HOUR, to: NOW }, 1, 60_000],
    ["14 days, one series: 20,160 points", { from: NOW - 14 * DAY, to: NOW }, 1, 60_000],
    ["14 days, 20 series: 403,200 points by the minute, 80,640 by 5 minutes", { from: NOW - 14 * DAY, to: NOW }, 20, 300_000],
    ["14 days, 500 series: 2 million points by 5 minutes, 168,000 by the hour", { from: NOW - 14 * DAY, to: NOW }, 500, 3_600_000],
    ["14 days, 10,000 series: by the day", { from: NOW - 14 * DAY, to: NOW }, 10_000, DAY],
    ["a day that is 20 days ago", { from: NOW - 20 * DAY, to: NOW - 19 * DAY }, 1, 300_000],
    ["a day that is 100 days ago", { from: NOW - 100 * DAY, to: NOW - 99 * DAY }, 1, 3_600_000],
  ])("%s", (_, window, series, periodMs) => {
    expect(periodOf(window, NOW, series)).toBe(periodMs);
  });

  it("takes whole periods only, so that none is counted in part or twice", () => {
    expect(wholePeriods({ from: NOW - 1, to: NOW + HOUR + 1 }, HOUR)).toEqual({ from: NOW, to: NOW + HOUR });
    expect(wholePeriods({ from: NOW + 1, to: NOW + HOUR + 1 }, HOUR)).toBeNull();
  });

  it("fits requests to 500 queries and a quarter of 100,800 points", () => {
    expect(seriesPerRequest({ from: NOW - HOUR, to: NOW }, 300_000)).toBe(500);
    // 14 days by the minute are 20,160 points, by five minutes 4,032: six series
    expect(seriesPerRequest({ from: NOW - 14 * DAY, to: NOW }, 60_000)).toBe(1);
    expect(seriesPerRequest({ from: NOW - 14 * DAY, to: NOW }, 300_000)).toBe(6);
    expect(seriesPerRequest({ from: NOW - 90 * DAY, to: NOW }, 60_000)).toBe(1);
  });
});

describe("plan", () => {
  const window = { from: NOW - DAY, to: NOW };

  it("asks first which series there are, and announces $0.01 per 1,000 of them", async () => {
    const api = scriptedAws({
      "cloudwatch:ListMetrics": listed({
        "AWS/Lambda": [
          metric("Invocations", ["FunctionName", "orders"]),
          metric("Duration", ["FunctionName", "orders"]),
          // the same events again, by alias and by version
          metric("Invocations", ["FunctionName", "orders"], ["Resource", "orders:live"]),
          metric("Invocations"),
          metric("NotRead", ["FunctionName", "orders"]),
        ],
        "AWS/Events": [metric("Invocations", ["RuleName", "placed"], ["EventBusName", "shop"])],
      }),
    });
    const { tasks, gaps } = await plan(api, window);
    expect(gaps).toEqual([]);
    const source = `aws/${ACCOUNT}/${REGION}/metrics`;
    // of Duration, average and maximum: two series
    expect(tasks.map((one) => [one.source, one.estimate.usd, one.estimate.calls])).toEqual([
      [`${source}/AWS/Lambda/Invocations`, expect.closeTo(0.00001, 12), 1],
      [`${source}/AWS/Lambda/Duration`, expect.closeTo(0.00002, 12), 1],
      [`${source}/AWS/Events/Invocations`, expect.closeTo(0.00001, 12), 1],
    ]);
    expect(api.counts()).toEqual({ "cloudwatch:ListMetrics": NAMESPACES.length });
    expect(api.asked.every(({ input }) => !("RecentlyActive" in input))).toBe(true);
  });

  it("asks for recently active series when the window is that short", async () => {
    const api = scriptedAws({ "cloudwatch:ListMetrics": listed({}) });
    await plan(api, { from: NOW - 2 * HOUR, to: NOW });
    expect(api.asked.every(({ input }) => input["RecentlyActive"] === "PT3H")).toBe(true);
  });

  it("asks nothing for what is held, and only for the windows that are not", async () => {
    const api = scriptedAws({ "cloudwatch:ListMetrics": listed({ "AWS/SQS": [metric("NumberOfMessagesSent", ["QueueName", "stock"])] }) });
    const missing = (source: string): Span[] =>
      source.endsWith("AWS/SQS/NumberOfMessagesSent") ? [{ from: NOW - HOUR, to: NOW - 30 }] : [];
    const { tasks } = await plan(api, window, { missing });
    expect(api.counts()).toEqual({ "cloudwatch:ListMetrics": 1 });
    // by the minute: the last one is not over
    expect(tasks.map((one) => one.window)).toEqual([{ from: NOW - HOUR, to: NOW - 60_000 }]);
  });

  it("is restricted to functions in scope and to their log groups", async () => {
    const api = scriptedAws({
      "cloudwatch:ListMetrics": listed({
        "AWS/Lambda": [metric("Errors", ["FunctionName", "orders"]), metric("Errors", ["FunctionName", "other"])],
        "AWS/Logs": ["/aws/lambda/orders", "/shared", "/vpc/flow"].map((group) => metric("IncomingBytes", ["LogGroupName", group])),
      }),
    });
    const configs = [config("function", "orders"), config("workflow", "w", { logGroups: ["/shared"] })];
    const { tasks } = await plan(api, window, { configs, names: ["orders"] });
    expect(tasks.map((one) => objects((one.detail as Obj)["series"]).map((series) => list(series["dimensions"])[0]))).toEqual([
      [["FunctionName", "orders"]],
      [
        ["LogGroupName", "/aws/lambda/orders"],
        ["LogGroupName", "/shared"],
      ],
    ]);
  });

  // 1,000 series cost $0.01: of the limit of $0.025 Invocations and Errors take $0.02, Duration with two statistics would take $0.02 more
  it("leaves out the metrics that do not fit the price limit, with their price; cheaper ones after them are read", async () => {
    const names = ["Throttles", "Duration", "Errors", "Invocations"];
    const many = names.flatMap((name) => Array.from({ length: 1000 }, (_, i) => metric(name, ["FunctionName", `f${i}`])));
    const api = scriptedAws({
      "cloudwatch:ListMetrics": listed({ "AWS/Lambda": many, "AWS/SQS": [metric("NumberOfMessagesSent", ["QueueName", "stock"])] }),
    });
    const { tasks, gaps } = await plan(api, window, { maxUsd: 0.025 });
    expect(tasks.map((one) => one.source.split("/metrics/")[1])).toEqual([
      "AWS/Lambda/Invocations",
      "AWS/Lambda/Errors",
      "AWS/SQS/NumberOfMessagesSent",
    ]);
    expect(typed(gaps, "gap").map((one) => one.why)).toEqual([
      "GetMetricData of Throttles, Duration costs $0.0300, and $0.0050 are left of the price limit (--max-query-usd)",
    ]);
  });

  // two series cost $0.00002
  it("says tiny amounts with the digits that they have", async () => {
    const few = { "AWS/SQS": ["stock", "mail"].map((name) => metric("NumberOfMessagesSent", ["QueueName", name])) };
    const { gaps } = await plan(scriptedAws({ "cloudwatch:ListMetrics": listed(few) }), window, { maxUsd: 0.00000012 });
    expect(typed(gaps, "gap").map((one) => one.why)).toEqual([
      "GetMetricData of NumberOfMessagesSent costs $0.000020, and $0.00000012 are left of the price limit (--max-query-usd)",
    ]);
  });

  it("a refused list is one gap", async () => {
    const { tasks, gaps } = await plan(scriptedAws({ "cloudwatch:ListMetrics": denied("cloudwatch:ListMetrics") }), window);
    expect(tasks).toEqual([]);
    expect(typed(gaps, "gap").map((one) => one.why)).toEqual([expect.stringContaining("the IAM action cloudwatch:ListMetrics is missing")]);
  });
});

describe("run", () => {
  it("names each series by what was asked, over pages of points", async () => {
    const at = (minutes: number): string => new Date(NOW - HOUR + minutes * 60_000).toISOString();
    const api = scriptedAws({
      "cloudwatch:ListMetrics": listed({
        "AWS/Lambda": [metric("Duration", ["FunctionName", "orders"])],
        "AWS/Events": [metric("Invocations", ["EventBusName", "shop"], ["RuleName", "placed"])],
      }),
      "cloudwatch:GetMetricData": (input) =>
        objects(input["MetricDataQueries"]).length === 2
          ? [
              { MetricDataResults: [{ Id: "m0", Label: "Duration", Timestamps: [at(0)], Values: [12.5] }], NextToken: "n" },
              {
                MetricDataResults: [
                  { Id: "m0", Label: "Duration", Timestamps: [at(1)], Values: [13] },
                  // a point at the end of the window belongs to the next
                  { Id: "m1", Label: "Duration", Timestamps: [at(0), at(60)], Values: [50, 60] },
                ],
              },
            ]
          : { MetricDataResults: [{ Id: "m0", Label: "Invocations", Timestamps: [at(5)], Values: [3] }] },
    });
    const { tasks } = await plan(api, { from: NOW - HOUR, to: NOW });
    const records = (await Promise.all(tasks.map((task) => collected(runMetrics(api, testContext(), task))))).flat();
    expect(
      typed(records, "metric").map((one) => [one.name, one.statistic, one.resource, one.fn, (one.at - NOW + HOUR) / 60_000, one.value]),
    ).toEqual([
      ["AWS/Lambda/Duration", "Average", "orders", "orders", 0, 12.5],
      ["AWS/Lambda/Duration", "Average", "orders", "orders", 1, 13],
      ["AWS/Lambda/Duration", "Maximum", "orders", "orders", 0, 50],
      ["AWS/Events/Invocations", "Sum", "placed", null, 5, 3],
    ]);
    expect(typed(records, "metric").every((one) => one.periodMs === 60_000 && one.account === ACCOUNT && one.region === REGION)).toBe(true);
    const asked = api.asked.filter((one) => one.api === "cloudwatch:GetMetricData").map((one) => one.input);
    expect(asked[0]).toMatchObject({ StartTime: new Date(NOW - HOUR), EndTime: new Date(NOW) });
    expect(objects(asked[0]!["MetricDataQueries"])[1]).toMatchObject({
      Id: "m1",
      MetricStat: {
        Metric: { Namespace: "AWS/Lambda", MetricName: "Duration", Dimensions: [{ Name: "FunctionName", Value: "orders" }] },
        Period: 60,
        Stat: "Maximum",
      },
    });
  });

  // an hour of 2,000 series is 120,000 points by the minute: 25,200 / 60 = 420 series a request, 5 requests
  it("never asks for more than it may hold at once", async () => {
    const many = Array.from({ length: 2000 }, (_, i) => metric("Errors", ["FunctionName", `f${i}`]));
    const sizes: number[] = [];
    const api = scriptedAws({
      "cloudwatch:ListMetrics": listed({ "AWS/Lambda": many }),
      "cloudwatch:GetMetricData": (input) => {
        sizes.push(list(input["MetricDataQueries"]).length);
        return { MetricDataResults: [] };
      },
    });
    const { tasks } = await plan(api, { from: NOW - HOUR, to: NOW });
    await collected(runMetrics(api, testContext(), tasks[0]!));
    expect(sizes).toEqual([420, 420, 420, 420, 320]);
    expect(tasks[0]!.estimate.calls).toBe(5);
  });
});
