import { describe, expect, it } from "vitest";
import type { Api } from "../../../../src/clouds/aws/api.ts";
import { openCollector } from "../../../../src/clouds/aws/collector.ts";
import type { CollectRequest, CollectTask, Signal, Span } from "../../../../src/clouds/room.ts";
import { UserError } from "../../../../src/model/errors.ts";
import type { Config } from "../../../../src/model/records.ts";
import { testContext, testTarget } from "../../../support/aws-client.ts";
import { ACCOUNT, collected, denied, failure, REGION, type Scripted, scriptedAws, typed } from "../../../support/scripted-aws.ts";

const NOW = Date.UTC(2026, 10, 23);
const HOUR = 3_600_000;
const window: Span = { from: NOW - HOUR, to: NOW };
const request = (signals: Signal[], maxQueryUsd = 1): CollectRequest => ({ signals, logs: "platform", window, maxQueryUsd });
const all = (_: string, one: Span): Span[] => [one];
const config = (kind: Config["kind"], name: string, more: Partial<Config> = {}): Config => ({
  type: "config",
  cloud: "aws",
  account: ACCOUNT,
  region: REGION,
  kind,
  resource: `${kind}:${name}`,
  name,
  revision: null,
  observedAt: NOW,
  from: null,
  to: null,
  settings: {},
  ...more,
});
const CONFIGS = [
  config("function", "orders"),
  config("log-group", "/aws/lambda/orders"),
  config("workflow", "fulfil", { settings: { kind: "STANDARD" } }),
];
const SCRIPT: { [api in Api]?: Scripted } = {
  "cloudwatch:ListMetrics": (input) =>
    input["Namespace"] === "AWS/Lambda"
      ? { Metrics: [{ MetricName: "Errors", Dimensions: [{ Name: "FunctionName", Value: "orders" }] }] }
      : { Metrics: [] },
  "cloudwatch:GetMetricData": { MetricDataResults: [] },
  "logs:FilterLogEvents": { events: [] },
  "xray:GetTraceSegmentDestination": { Destination: "XRay" },
  "xray:GetTraceSummaries": { TraceSummaries: [] },
  "states:ListExecutions": { executions: [] },
};
const open = (script: { [api in Api]?: Scripted }, names: string[] = []) =>
  openCollector(scriptedAws(script), testTarget({ functions: { names, tags: {} } }), testContext());
const kinds = (tasks: readonly CollectTask[]): string[] => tasks.map((one) => `${one.signal} ${one.via}`);

describe("sessions of one command", () => {
  it("share the price limit: what one has spent the other cannot", async () => {
    const spent = { usd: 0 };
    const [one, other] = [scriptedAws(SCRIPT), scriptedAws(SCRIPT)];
    const openOn = (api: typeof one) => openCollector(api, testTarget(), testContext({ spent }));
    // a series costs $0.00001: each fits the limit by itself
    const limit = request(["metrics"], 0.000015);
    const [first, second] = [openOn(one), openOn(other)];
    const [mine, its] = [(await first.plan(CONFIGS, limit, all)).tasks, (await second.plan(CONFIGS, limit, all)).tasks];
    expect([mine.length, its.length]).toEqual([1, 1]);
    await collected(first.run(mine[0]!));
    await expect(collected(second.run(its[0]!))).rejects.toThrow("used up the price limit");
    expect([one.counts()["cloudwatch:GetMetricData"], other.counts()["cloudwatch:GetMetricData"]]).toEqual([1, undefined]);
    expect([first.spentUsd?.(), second.spentUsd?.(), spent.usd]).toEqual([0.00001, 0, 0.00001]);
  });
});

describe("plan", () => {
  it("has tasks for the signals asked for, and runs each to its end", async () => {
    const collector = open(SCRIPT);
    const { tasks, gaps } = await collector.plan(CONFIGS, request(["logs", "metrics", "traces", "histories"]), all);
    expect(kinds(tasks)).toEqual([
      "logs FilterLogEvents",
      "metrics GetMetricData",
      "traces GetTraceSummaries, BatchGetTraces",
      "histories GetExecutionHistory",
    ]);
    expect(gaps).toEqual([]);
    for (const task of tasks) expect(await collected(collector.run(task))).toEqual([]);
    expect(kinds((await collector.plan(CONFIGS, request(["histories"]), all)).tasks)).toEqual(["histories GetExecutionHistory"]);
  });

  it("reads aws/spans instead of X-Ray where Transaction Search is on", async () => {
    const collector = open({ ...SCRIPT, "xray:GetTraceSegmentDestination": { Destination: "CloudWatchLogs" } });
    const { tasks } = await collector.plan(CONFIGS, request(["traces"]), all);
    expect(kinds(tasks)).toEqual(["traces FilterLogEvents"]);
    expect(await collected(collector.run(tasks[0]!))).toEqual([]);
  });

  it("says so when it may not ask where the traces are", async () => {
    const api: Api = "xray:GetTraceSegmentDestination";
    const { tasks, gaps } = await open({ ...SCRIPT, [api]: denied(api) }).plan(CONFIGS, request(["traces"]), all);
    expect(kinds(tasks)).toEqual(["traces GetTraceSummaries, BatchGetTraces"]);
    expect(typed(gaps, "gap").map((one) => one.why)).toEqual([expect.stringContaining(`the IAM action ${api} is missing`)]);
  });

  it("spends nothing without money: only what is free", async () => {
    const { tasks, gaps } = await open(SCRIPT).plan(CONFIGS, request(["logs", "metrics", "traces", "histories"], 0), all);
    expect(kinds(tasks)).toEqual(["logs FilterLogEvents", "histories GetExecutionHistory"]);
    expect(typed(gaps, "gap").map((one) => one.what)).toEqual(["metrics AWS/Lambda", "traces"]);
  });

  it("leaves out other accounts and functions that are not meant", async () => {
    const foreign = config("workflow", "other", { account: "999999999999" });
    const { tasks } = await open(SCRIPT, ["nobody"]).plan([...CONFIGS, foreign], request(["logs", "histories"]), all);
    expect(tasks.map((one) => one.source)).toEqual([`aws/${ACCOUNT}/${REGION}/histories/fulfil`]);
  });
});

describe("run", () => {
  it.each([
    [denied("states:ListExecutions"), "not allowed: the IAM action states:ListExecutions is missing (AccessDeniedException)"],
    [
      failure("states:ListExecutions", "throttled", "ThrottlingException", 429),
      "states:ListExecutions was still throttled after 1 attempts",
    ],
  ])("a task that cannot be read to its end says why not", async (error, message) => {
    const collector = open({ ...SCRIPT, "states:ListExecutions": error });
    const { tasks } = await collector.plan(CONFIGS, request(["histories"]), all);
    const failed = collected(collector.run(tasks[0]!));
    await expect(failed).rejects.toThrow(UserError);
    await expect(failed).rejects.toThrow(message);
  });
});
