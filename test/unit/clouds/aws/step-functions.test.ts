import { describe, expect, it } from "vitest";
import { cloudwatchLogs } from "../../../../src/clouds/aws/cloudwatch.ts";
import { stepFunctions } from "../../../../src/clouds/aws/step-functions.ts";
import type { Json, Span } from "../../../../src/model/records.ts";
import { of, readAll } from "../../../support/aws.ts";

const ARN = "arn:aws:states:eu-west-1:111122223333:execution:saga:run-1";
const FN = "arn:aws:lambda:eu-west-1:111122223333:function:charge";
const REQUEST = "5f0c7a1e-9b1d-4c58-8a3e-2f6d1b7c9e04";
const T = Date.UTC(2026, 4, 1, 12, 0, 0);

/** An event at `at` ms, numbered from its place; details under the name that the API gives them. */
function history(...events: [at: number, type: string, details?: { [key: string]: Json }, previous?: number][]): Json[] {
  return events.map(([at, type, details, previous], i) => {
    const name = type.endsWith("StateEntered")
      ? "stateEntered"
      : type.endsWith("StateExited")
        ? "stateExited"
        : type[0]!.toLowerCase() + type.slice(1);
    return {
      id: i + 1,
      previousEventId: previous ?? i,
      type,
      timestamp: (T + at) / 1000,
      ...(details === undefined ? {} : { [`${name}EventDetails`]: details }),
    };
  });
}

const spansOf = (events: Json[], rest: { [key: string]: Json } = { executionArn: ARN }): Span[] =>
  of(readAll(stepFunctions, [{ ...rest, events }]), "span");
const schedule = {
  resourceType: "lambda",
  resource: "invoke",
  parameters: JSON.stringify({ FunctionName: FN, Payload: { orderId: "ORD-1" } }),
};
const answer = JSON.stringify({ ExecutedVersion: "$LATEST", Payload: {}, SdkResponseMetadata: { RequestId: REQUEST }, StatusCode: 200 });

describe("an execution history", () => {
  it("gives the execution and its states, tasks with function and request", () => {
    const spans = spansOf(
      history(
        [0, "ExecutionStarted", { input: JSON.stringify({ orderId: "ORD-1" }) }],
        [10, "TaskStateEntered", { name: "Charge", input: "{}" }],
        [12, "TaskScheduled", schedule],
        [15, "TaskStarted", {}],
        [90, "TaskSucceeded", { output: answer }],
        [91, "TaskStateExited", { name: "Charge", output: "{}" }],
        [92, "SucceedStateEntered", { name: "Done" }],
        [93, "SucceedStateExited", { name: "Done" }],
        [95, "ExecutionSucceeded", { output: "{}" }],
      ),
    );
    expect(spans).toEqual([
      expect.objectContaining({
        kind: "workflow",
        spanId: ARN,
        parentSpanId: null,
        name: "saga",
        startedAt: T,
        endedAt: T + 95,
        fault: false,
        account: "111122223333",
        region: "eu-west-1",
      }),
      expect.objectContaining({
        kind: "state",
        spanId: `${ARN}#2`,
        parentSpanId: ARN,
        name: "Charge",
        fn: "charge",
        requestId: REQUEST,
        startedAt: T + 10,
        endedAt: T + 91,
        fault: false,
      }),
      expect.objectContaining({ kind: "state", spanId: `${ARN}#7`, name: "Done", startedAt: T + 92, endedAt: T + 93 }),
    ]);
    expect(spans[0]!.ids).toEqual([
      { kind: "execution", value: ARN },
      { kind: "correlation", value: "ORD-1" },
    ]);
  });

  it("gives each further attempt of a task a span of its own: one span per billed transition", () => {
    const spans = spansOf(
      history(
        [0, "ExecutionStarted", {}],
        [10, "TaskStateEntered", { name: "Charge" }],
        [12, "TaskScheduled", schedule],
        [3012, "TaskTimedOut", { error: "States.Timeout" }],
        [5012, "TaskScheduled", schedule],
        [5090, "TaskSucceeded", { output: answer }],
        [5091, "TaskStateExited", { name: "Charge" }],
        [5092, "ExecutionSucceeded", {}],
      ),
    );
    const states = spans.filter((s) => s.kind === "state");
    expect(states.map((s) => [s.spanId, s.parentSpanId, s.requestId, s.fault])).toEqual([
      [`${ARN}#2`, ARN, null, false],
      [`${ARN}#5`, `${ARN}#2`, REQUEST, false],
    ]);
    expect(states[0]!.attributes).toMatchObject({
      "sfn.retries": 1,
      "sfn.firstError": "States.Timeout",
      "sfn.firstAttemptEnded": T + 3012,
    });
  });

  it("marks a caught failure, and the request that the error names", () => {
    const cause = JSON.stringify({ errorMessage: "no", errorType: "CardRefused", requestId: REQUEST });
    const spans = spansOf(
      history(
        [0, "ExecutionStarted", {}],
        [10, "TaskStateEntered", { name: "Charge" }],
        [12, "TaskScheduled", schedule],
        [50, "TaskFailed", { error: "CardRefused", cause }],
        [51, "TaskStateExited", { name: "Charge" }],
        [52, "TaskStateEntered", { name: "Refund" }],
        [60, "TaskStateExited", { name: "Refund" }],
        [61, "FailStateEntered", { name: "Failed" }],
        [62, "ExecutionFailed", { error: "CardRefused" }],
      ),
    );
    expect(spans.map((s) => [s.name, s.fault, s.endedAt! - T])).toEqual([
      ["saga", true, 62],
      ["Charge", true, 51],
      ["Refund", false, 60],
      // a Fail state is never left: it ends with the execution
      ["Failed", true, 62],
    ]);
    expect(spans[1]).toMatchObject({ requestId: REQUEST, attributes: { "error.type": "CardRefused", "sfn.caught": true } });
  });

  it("puts the states of branches under their Parallel state, interleaved as they are", () => {
    const spans = spansOf(
      history(
        [0, "ExecutionStarted", {}],
        [1, "ParallelStateEntered", { name: "Both" }],
        [2, "ParallelStateStarted", {}],
        [3, "PassStateEntered", { name: "Left" }, 3],
        [4, "PassStateEntered", { name: "Right" }, 3],
        [5, "PassStateExited", { name: "Left" }, 4],
        [6, "PassStateExited", { name: "Right" }, 5],
        [7, "ParallelStateSucceeded", {}, 7],
        [8, "ParallelStateExited", { name: "Both" }],
        [9, "PassStateEntered", { name: "After" }],
        [10, "PassStateExited", { name: "After" }],
        [11, "ExecutionSucceeded", {}],
      ),
    );
    expect(spans.map((s) => [s.name, s.parentSpanId, s.startedAt - T, s.endedAt! - T])).toEqual([
      ["saga", null, 0, 11],
      ["Both", ARN, 1, 8],
      ["Left", `${ARN}#2`, 3, 5],
      ["Right", `${ARN}#2`, 4, 6],
      ["After", ARN, 9, 10],
    ]);
  });

  it("is in progress where it is cut, and survives gaps in its numbers", () => {
    const events = history(
      [0, "ExecutionStarted", {}],
      [10, "TaskStateEntered", { name: "Charge" }],
      [12, "TaskScheduled", schedule],
      [50, "TaskSucceeded", { output: answer }],
    );
    const [workflow, state] = spansOf(events.filter((_, i) => i !== 2));
    expect(workflow).toMatchObject({ inProgress: true, endedAt: null });
    expect(state).toMatchObject({ name: "Charge", inProgress: true, requestId: REQUEST });
  });

  it("without times gives nothing but the reason", () => {
    const result = readAll(stepFunctions, [{ events: [{ id: 1, previousEventId: 0, type: "ExecutionStarted", timestamp: "timestamp" }] }]);
    expect(result).toEqual({ records: [], broken: [], ignored: ["a Step Functions history whose events have no readable time"] });
  });

  it("takes its ARN from DescribeExecution before it, or from its path", () => {
    const described = {
      executionArn: ARN,
      stateMachineArn: "arn:aws:states:eu-west-1:111122223333:stateMachine:saga",
      status: "RUNNING",
      startDate: T / 1000,
      traceHeader: "Root=1-5e1b4151-5ac6c58f40e5b15e2c7a1c3d;Parent=53995c3f42cd8ad8;Sampled=1",
    };
    const events = history([0, "ExecutionStarted", {}]);
    const both = of(readAll(stepFunctions, [described, { events }]), "span");
    expect(both.map((s) => [s.spanId, s.traceId, s.parentSpanId])).toEqual([
      [ARN, "5e1b41515ac6c58f40e5b15e2c7a1c3d", "53995c3f42cd8ad8"],
      [ARN, "5e1b41515ac6c58f40e5b15e2c7a1c3d", "53995c3f42cd8ad8"],
    ]);
    const [named] = of(readAll(stepFunctions, [{ events }], { segments: ["out", `${ARN}.json`] }), "span");
    expect(named!.spanId).toBe(ARN);
  });
});

describe("history events in CloudWatch Logs", () => {
  it("are put together by execution, strings for numbers as vended", () => {
    const line = (id: number, type: string, details: Json): Json => ({
      timestamp: T + id,
      message: JSON.stringify({
        id: String(id),
        type,
        details,
        previous_event_id: String(id - 1),
        event_timestamp: String(T + id),
        execution_arn: ARN,
      }),
      logGroup: "/aws/vendedlogs/states/saga",
      logStream: "states/saga/2026-05-01-12-00/1",
    });
    const lines = [
      line(1, "ExecutionStarted", { input: "{}" }),
      line(2, "PassStateEntered", { name: "Only" }),
      line(3, "PassStateExited", { name: "Only" }),
      line(4, "ExecutionSucceeded", {}),
    ];
    const result = readAll(cloudwatchLogs, lines);
    expect(of(result, "span").map((s) => [s.name, s.kind, s.startedAt - T, s.endedAt! - T])).toEqual([
      ["saga", "workflow", 1, 4],
      ["Only", "state", 2, 3],
    ]);
    expect(of(result, "log")[0]!.ids).toContainEqual({ kind: "execution", value: ARN });
    // an export that holds only the end does not say how long the execution ran
    const [cut] = of(readAll(cloudwatchLogs, [lines[3]!]), "span");
    expect(cut).toMatchObject({ kind: "workflow", spanId: ARN, endedAt: null, inProgress: false });
  });
});
