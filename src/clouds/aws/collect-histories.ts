/**
 * Step Functions: the executions of STANDARD state machines with their histories. EXPRESS ones have no history to ask for; theirs is in
 * their log group. https://docs.aws.amazon.com/step-functions/latest/apireference/API_GetExecutionHistory.html
 */
import type { Config, Json, Rec } from "../../model/records.ts";
import { concurrently } from "../kit/concurrent.ts";
import type { CollectPlan, CollectRequest, CollectTask, LiveContext, Span } from "../room.ts";
import { type AwsApi, AwsError } from "./api.ts";
import { gap, gapOf } from "./live-gaps.ts";
import { liveReader } from "./read-live.ts";
import { list, moment, type Obj, objects, text } from "./schema.ts";
import { stepFunctions } from "./step-functions.ts";

/** Executions read at a time; the shared quota paces them. */
const AT_A_TIME = 4;
const DAY_MS = 86_400_000;
/** Executions are listed by their start: one that began up to so long before the window and went on into it is read as well. */
const LOOK_BACK_MS = DAY_MS;
/** Histories are deleted so long after their execution closed. */
const KEPT_MS = 90 * DAY_MS;

/** One task per state machine and missing window. How many executions there were is not known before. */
export function planHistories(
  api: AwsApi,
  context: LiveContext,
  configs: readonly Config[],
  request: CollectRequest,
  missing: (source: string, window: Span) => Span[],
): CollectPlan {
  const plan: CollectPlan = { tasks: [], gaps: [] };
  const kept: Span = { from: Math.max(request.window.from, context.clock.now() - KEPT_MS), to: request.window.to };
  for (const machine of configs.filter((one) => one.kind === "workflow")) {
    if (machine.settings["kind"] === "EXPRESS") {
      const unread =
        list(machine.settings["logGroups"]).length === 0
          ? "it writes no log"
          : request.signals.includes("logs")
            ? null
            : "logs are not collected";
      if (unread !== null)
        plan.gaps.push(
          gap(
            api,
            `histories ${machine.name}`,
            `the history of an EXPRESS state machine is in its log only, and ${unread}`,
            request.window,
          ),
        );
      continue;
    }
    if (kept.from >= kept.to) {
      plan.gaps.push(gap(api, `histories ${machine.name}`, "histories are kept for 90 days", request.window));
      continue;
    }
    const source = `aws/${api.account}/${api.region}/histories/${machine.name}`;
    for (const window of missing(source, kept)) plan.tasks.push(taskOf(source, window, machine));
  }
  return plan;
}

function taskOf(source: string, window: Span, machine: Config): CollectTask {
  return {
    source,
    signal: "histories",
    title: `histories of ${machine.name}`,
    via: "GetExecutionHistory",
    window,
    estimate: { calls: null, seconds: null, usd: 0, bytes: null },
    detail: { stateMachineArn: machine.resource },
  };
}

/** Executions that ran in the window, each with what its history says by now. */
export async function* runHistories(api: AwsApi, context: LiveContext, task: CollectTask): AsyncGenerator<Rec[]> {
  const { stateMachineArn } = task.detail as { stateMachineArn: string };
  try {
    yield* concurrently(executionsIn(api, stateMachineArn, task.window), AT_A_TIME, (arn) => historyRecords(api, context, arn));
  } catch (error) {
    // deleted since it was described, and its histories with it
    if (!(error instanceof AwsError) || error.kind !== "not-found") throw error;
    yield [gapOf(api, error, task.title, task.window)];
  }
}

/** Executions are listed newest first. */
async function* executionsIn(api: AwsApi, stateMachineArn: string, window: Span): AsyncGenerator<string> {
  for await (const answer of api.pages("states:ListExecutions", { stateMachineArn, maxResults: 1000 })) {
    const executions = objects(answer["executions"]);
    for (const one of executions) {
      const arn = text(one["executionArn"]);
      const startedAt = moment(one["startDate"]);
      const endedAt = moment(one["stopDate"]);
      if (arn !== null && startedAt !== null && startedAt < window.to && (endedAt ?? window.to) >= window.from) yield arn;
    }
    const oldest = moment(executions.at(-1)?.["startDate"]);
    if (oldest !== null && oldest < window.from - LOOK_BACK_MS) return;
  }
}

/** What is known of one execution; empty for one that is gone, and for those of EXPRESS state machines. */
export async function* historyOf(api: AwsApi, context: LiveContext, executionArn: string): AsyncGenerator<Rec[]> {
  if (/:states:[^:]*:[^:]*:execution:/.test(executionArn)) yield await historyRecords(api, context, executionArn);
}

async function historyRecords(api: AwsApi, context: LiveContext, executionArn: string): Promise<Rec[]> {
  const reader = liveReader(api, stepFunctions, context.keys, executionArn);
  try {
    const described = await api.call("states:DescribeExecution", { executionArn });
    const events: Json[] = [];
    const input = { executionArn, maxResults: 1000, includeExecutionData: true };
    for await (const answer of api.pages("states:GetExecutionHistory", input)) events.push(...list(answer["events"]));
    const history: Obj = { executionArn, events };
    // the description is read for its trace header; all else the history tells better, if there is one
    const description = reader.read(described);
    return [...(events.length === 0 ? description : reader.read(history)), ...reader.end()];
  } catch (error) {
    if (error instanceof AwsError && error.kind === "not-found") return [];
    throw error;
  }
}
