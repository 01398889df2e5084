import { describe, expect, it } from "vitest";
import { historyOf, planHistories, runHistories } from "../../../../src/clouds/aws/collect-histories.ts";
import type { Obj } from "../../../../src/clouds/aws/schema.ts";
import type { Span } from "../../../../src/clouds/room.ts";
import type { Config } from "../../../../src/model/records.ts";
import { testContext } from "../../../support/aws-client.ts";
import { ACCOUNT, collected, failure, REGION, scriptedAws, typed } from "../../../support/scripted-aws.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2026, 10, 23);
const all = (_: string, window: Span): Span[] => [window];
const MACHINE = `arn:aws:states:${REGION}:${ACCOUNT}:stateMachine:fulfil`;
const arn = (name: string): string => `arn:aws:states:${REGION}:${ACCOUNT}:execution:fulfil:${name}`;
const iso = (at: number): string => new Date(at).toISOString();
const request = (window: Span) => ({ signals: ["histories" as const], logs: "platform" as const, window, maxQueryUsd: 1 });
const machine = (name: string, settings: Config["settings"]): Config => ({
  type: "config",
  cloud: "aws",
  account: ACCOUNT,
  region: REGION,
  kind: "workflow",
  resource: MACHINE.replace("fulfil", name),
  name,
  revision: null,
  observedAt: NOW,
  from: null,
  to: null,
  settings,
});
const described = (input: Obj): Obj => ({
  executionArn: input["executionArn"]!,
  stateMachineArn: MACHINE,
  status: "SUCCEEDED",
  traceHeader: "Root=1-6921f000-000000000000000000000007;Parent=00000000000000bb;Sampled=1",
  startDate: iso(NOW - HOUR),
  stopDate: iso(NOW - HOUR + 2000),
  input: '{"orderId":"o-42"}',
});
/** https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html, over two pages */
const HISTORY: Obj[] = [
  {
    events: [
      {
        id: 1,
        previousEventId: 0,
        type: "ExecutionStarted",
        timestamp: iso(NOW - HOUR),
        executionStartedEventDetails: { input: '{"orderId":"o-42"}' },
      },
      { id: 2, previousEventId: 0, type: "PassStateEntered", timestamp: iso(NOW - HOUR), stateEnteredEventDetails: { name: "Ship" } },
    ],
    nextToken: "2",
  },
  {
    events: [
      { id: 3, previousEventId: 2, type: "PassStateExited", timestamp: iso(NOW - HOUR + 1000), stateExitedEventDetails: { name: "Ship" } },
      { id: 4, previousEventId: 3, type: "ExecutionSucceeded", timestamp: iso(NOW - HOUR + 2000), executionSucceededEventDetails: {} },
    ],
  },
];

describe("plan", () => {
  it("is one task per STANDARD state machine; EXPRESS ones have their log, and a gap where it is not read", () => {
    const machines = [
      machine("fulfil", { kind: "STANDARD" }),
      machine("quick", { kind: "EXPRESS", logGroups: ["/q"] }),
      machine("mute", { kind: "EXPRESS" }),
    ];
    const { tasks, gaps } = planHistories(scriptedAws({}), testContext(), machines, request({ from: NOW - DAY, to: NOW }), all);
    expect(tasks.map((one) => [one.source, one.detail])).toEqual([
      [`aws/${ACCOUNT}/${REGION}/histories/fulfil`, { stateMachineArn: MACHINE }],
    ]);
    expect(typed(gaps, "gap").map((one) => [one.what, one.why.split(", and ")[1]])).toEqual([
      ["histories quick", "logs are not collected"],
      ["histories mute", "it writes no log"],
    ]);
  });

  it("reaches back 90 days", () => {
    const { tasks } = planHistories(
      scriptedAws({}),
      testContext(),
      [machine("fulfil", {})],
      request({ from: NOW - 200 * DAY, to: NOW }),
      all,
    );
    expect(tasks[0]!.window.from).toBe(NOW - 90 * DAY);
  });
});

describe("run", () => {
  const execution = (name: string, startedAt: number, endedAt: number | null): Obj => ({
    executionArn: arn(name),
    stateMachineArn: MACHINE,
    name,
    status: endedAt === null ? "RUNNING" : "SUCCEEDED",
    startDate: iso(startedAt),
    ...(endedAt === null ? {} : { stopDate: iso(endedAt) }),
  });

  it("reads the executions that ran in the window, and stops listing a day before it", async () => {
    const api = scriptedAws({
      "states:ListExecutions": [
        { executions: [execution("later", NOW + HOUR, null), execution("inside", NOW - HOUR, NOW - HOUR + 2000)], nextToken: "2" },
        { executions: [execution("reaches-in", NOW - 5 * HOUR, NOW - HOUR), execution("running", NOW - 6 * HOUR, null)], nextToken: "3" },
        {
          executions: [execution("before", NOW - 7 * HOUR, NOW - 6 * HOUR), execution("old", NOW - 2 * DAY, NOW - 2 * DAY + 1)],
          nextToken: "4",
        },
        { executions: [execution("older", NOW - 3 * DAY, null)] },
      ],
      "states:DescribeExecution": described,
      "states:GetExecutionHistory": HISTORY,
    });
    const { tasks } = planHistories(api, testContext(), [machine("fulfil", {})], request({ from: NOW - 2 * HOUR, to: NOW }), all);
    const records = await collected(runHistories(api, testContext(), tasks[0]!));
    const asked = api.asked
      .filter((one) => one.api === "states:DescribeExecution")
      .map((one) => String(one.input["executionArn"]).split(":").at(-1));
    expect(asked.sort()).toEqual(["inside", "reaches-in", "running"]);
    expect(api.counts()["states:ListExecutions"]).toBe(3);
    // a history over two pages
    const inside = typed(records, "span").filter((one) => one.spanId.startsWith(arn("inside")));
    expect(inside.map((one) => [one.kind, one.name, one.endedAt! - one.startedAt])).toEqual([
      ["workflow", "fulfil", 2000],
      ["state", "Ship", 1000],
    ]);
    expect(inside.map((one) => one.traceId)).toEqual(["6921f000000000000000000000000007", "6921f000000000000000000000000007"]);
    expect(inside[0]!.ids).toContainEqual({ kind: "correlation", value: "o-42" });
  });

  it("a state machine that is gone is a gap, not an error", async () => {
    const api = scriptedAws({ "states:ListExecutions": failure("states:ListExecutions", "not-found", "StateMachineDoesNotExist") });
    const { tasks } = planHistories(api, testContext(), [machine("fulfil", {})], request({ from: NOW - HOUR, to: NOW }), all);
    const records = await collected(runHistories(api, testContext(), tasks[0]!));
    expect(typed(records, "gap").map((one) => [one.what, one.why])).toEqual([
      ["histories of fulfil", expect.stringContaining("StateMachineDoesNotExist")],
    ]);
  });

  it("an execution without events has what its description says", async () => {
    const api = scriptedAws({ "states:DescribeExecution": described, "states:GetExecutionHistory": { events: [] } });
    const records = await collected(historyOf(api, testContext(), arn("x")));
    expect(typed(records, "span").map((one) => [one.kind, one.endedAt! - one.startedAt, one.ids.map((id) => id.value)])).toEqual([
      ["workflow", 2000, [arn("x"), "o-42"]],
    ]);
  });

  it("an execution that is gone has no records; one of an EXPRESS state machine is not asked for", async () => {
    const api = scriptedAws({ "states:DescribeExecution": failure("states:DescribeExecution", "not-found", "ExecutionDoesNotExist") });
    expect(await collected(historyOf(api, testContext(), arn("gone")))).toEqual([]);
    expect(await collected(historyOf(api, testContext(), arn("x").replace(":execution:", ":express:")))).toEqual([]);
    expect(api.counts()).toEqual({ "states:DescribeExecution": 1 });
  });
});
