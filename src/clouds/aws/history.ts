/**
 * One Step Functions execution history -> a span for the execution, for each state it entered and for each further attempt of a task.
 * https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
 */
import { type Id, normaliseId, parentSpanIdOf, traceIdOf } from "../../model/ids.ts";
import type { Json, Span } from "../../model/records.ts";
import { NO_IDS, type FactReader } from "./line-facts.ts";
import { arnOf, functionOf, isUuid } from "./names.ts";
import { list, moment, num, obj, type Obj, parsed, text } from "./schema.ts";

/** A history event with its time and its `...EventDetails`. */
export interface HistoryEvent {
  id: number;
  previous: number;
  at: number;
  type: string;
  details: Obj;
}

/** The events that have a number, a type and a time, in order; `untimed` counts those without a readable time. */
export function historyEvents(events: Json[]): { events: HistoryEvent[]; untimed: number; broken: number } {
  const found = new Map<number, HistoryEvent>();
  let untimed = 0;
  let broken = 0;
  for (const one of events) {
    const event = obj(one);
    const id = num(event?.["id"]);
    const type = text(event?.["type"]);
    if (event === null || id === null || type === null) {
      broken++;
      continue;
    }
    const at = moment(event["timestamp"]) ?? moment(event["event_timestamp"]);
    if (at === null) untimed++;
    else
      found.set(id, {
        id,
        previous: num(event["previousEventId"] ?? event["previous_event_id"]) ?? 0,
        at,
        type,
        details: detailsOf(event),
      });
  }
  return { events: [...found.values()].sort((a, b) => a.id - b.id), untimed, broken };
}

/** API answers name the details by event type, vended logs call them `details`. */
function detailsOf(event: Obj): Obj {
  const vended = obj(parsed(event["details"]));
  if (vended !== null) return vended;
  const name = Object.keys(event).find((key) => key.endsWith("EventDetails"));
  return (name === undefined ? null : obj(event[name])) ?? {};
}

/** What is known of the execution besides its history. */
export interface Execution {
  arn: string;
  /** Header of DescribeExecution. */
  traceHeader: string | null;
}

/** A state that was entered. */
interface State {
  span: Span;
  parent: State | null;
  attempts: Span[];
  exited: boolean;
  type: string;
}

/** Events by which an attempt of a task ends, with what they mean. */
const ENDS = /^(?:Task|LambdaFunction|Activity)(Succeeded|Failed|TimedOut|StartFailed|SubmitFailed|ScheduleFailed)$/;
const BEGINS = /^(?:Task|LambdaFunction|Activity)(?:Scheduled|ScheduleFailed)$/;

/** Spans of one execution. `events` in order of their numbers; gaps (a history cut by its export) are bridged by order. */
export function historySpans(execution: Execution, events: readonly HistoryEvent[], facts: FactReader): Span[] {
  const arn = arnOf(execution.arn);
  const traceId = execution.traceHeader === null ? null : traceIdOf(execution.traceHeader);
  const ids = events.map((event) => event.id);
  const owners = new Map<number, State | null>();
  const states: State[] = [];
  const begun = events.some((event) => event.type === "ExecutionStarted");

  function span(name: string, spanId: string, parentSpanId: string | null, kind: Span["kind"], at: number): Span {
    return {
      type: "span",
      cloud: "aws",
      account: arn?.account ?? null,
      region: arn?.region ?? null,
      traceId,
      spanId,
      parentSpanId,
      name,
      fn: null,
      requestId: null,
      kind,
      isInvocation: false,
      startedAt: at,
      endedAt: null,
      inProgress: true,
      error: false,
      fault: false,
      throttle: false,
      inferred: false,
      origin: "AWS::StepFunctions::StateMachine",
      namespace: null,
      links: [],
      attributes: {},
      ids: NO_IDS,
    };
  }

  const parentOfExecution = execution.traceHeader === null ? null : parentSpanIdOf(execution.traceHeader);
  const workflow = span(machineOf(execution.arn), execution.arn, parentOfExecution, "workflow", events[0]!.at);
  addId(workflow, { kind: "execution", value: execution.arn });

  /** The state in which the event before this one happened; events that were cut away are skipped backwards. */
  function stateBefore(event: HistoryEvent): State | null {
    if (owners.has(event.previous)) return owners.get(event.previous) ?? null;
    const before = ids.findLast((id) => id <= event.previous && id < event.id);
    return before === undefined ? null : (owners.get(before) ?? null);
  }

  function enter(event: HistoryEvent, before: State | null): State {
    // the state before has been left, or is the Map or Parallel around this one
    let parent = before;
    while (parent !== null && (parent.exited || !/^(?:Map|Parallel)/.test(parent.type))) parent = parent.parent;
    const type = event.type.replace("StateEntered", "");
    const name = text(event.details["name"]) ?? type;
    const made = span(name, `${execution.arn}#${event.id}`, parent?.span.spanId ?? execution.arn, "state", event.at);
    made.attributes = { "sfn.type": type, "sfn.state": name };
    addIds(made, [event.details["input"] ?? null]);
    const state: State = { span: made, parent, attempts: [], exited: false, type };
    states.push(state);
    return state;
  }

  function exit(state: State | null, event: HistoryEvent): State | null {
    const name = text(event.details["name"]);
    let left = state;
    while (left !== null && (left.exited || left.span.name !== name)) left = left.parent;
    left ??= states.findLast((one) => !one.exited && one.span.name === name) ?? null;
    if (left === null) return state;
    left.exited = true;
    finish(left.span, event.at);
    const last = left.attempts.at(-1) ?? left.span;
    if (last.fault) left.span.attributes["sfn.caught"] = true;
    addIds(left.span, [event.details["output"] ?? null]);
    return left;
  }

  /** A task calls its resource: the first call is the state's own span, each further one a span of its own. */
  function attempt(state: State, event: HistoryEvent): void {
    let one = state.span;
    if (state.attempts.length > 0) {
      one = span(state.span.name, `${execution.arn}#${event.id}`, state.span.spanId, "state", event.at);
      one.attributes = { "sfn.type": state.type, "sfn.state": state.span.name, "sfn.attempt": state.attempts.length + 1 };
    }
    state.attempts.push(one);
    const parameters = obj(parsed(event.details["parameters"])) ?? {};
    const resource = text(event.details["resource"]);
    const fn = functionOf(text(parameters["FunctionName"])) ?? (resource?.includes(":function:") === true ? functionOf(resource) : null);
    one.fn = fn?.fn ?? null;
    put(one, "sfn.resource", [text(event.details["resourceType"]), resource].filter((part) => part !== null).join(":"));
    put(one, "aws.function_arn", text(parameters["FunctionName"]) ?? (fn === null ? null : resource));
    one.attributes["sfn.scheduled"] = event.at;
    addIds(one, [event.details["parameters"] ?? null, event.details["input"] ?? null]);
    if (event.type.endsWith("ScheduleFailed")) failed(one, event);
  }

  function ended(state: State, event: HistoryEvent): void {
    const one = state.attempts.at(-1) ?? state.span;
    const output = obj(parsed(event.details["output"]));
    const cause = obj(parsed(event.details["cause"]));
    one.requestId ??= requestOf(output, cause);
    one.traceId ??= traceOf(output);
    addIds(one, [event.details["output"] ?? null]);
    const succeeded = event.type.endsWith("Succeeded");
    if (!succeeded) failed(one, event);
    if (one === state.span) {
      if (!succeeded) state.span.attributes["sfn.firstAttemptEnded"] = event.at;
      return;
    }
    finish(one, event.at);
    state.span.attributes["sfn.retries"] = state.attempts.length - 1;
    if (succeeded) forgive(state.span);
    else failed(state.span, event);
  }

  /** A state whose later attempt succeeded did not fail; what its first attempt died of is kept. */
  function forgive(one: Span): void {
    put(one, "sfn.firstError", text(one.attributes["error.type"]));
    one.fault = false;
    delete one.attributes["error.type"];
    delete one.attributes["outcome"];
  }

  function failed(one: Span, event: HistoryEvent): void {
    one.fault = true;
    const error = text(event.details["error"]) ?? (event.type.endsWith("TimedOut") ? "States.Timeout" : null);
    put(one, "error.type", error);
    if (event.type.endsWith("TimedOut") || error === "States.Timeout" || error === "Sandbox.Timedout") put(one, "outcome", "timeout");
  }

  function addIds(one: Span, values: Json[]): void {
    for (const value of values) for (const id of facts.idsIn(parsed(value) ?? value)) addId(one, id);
  }

  function endExecution(event: HistoryEvent): void {
    if (begun) finish(workflow, event.at);
    else workflow.inProgress = false; // its start was cut away: how long it ran is not known
    workflow.attributes["sfn.status"] = event.type.replace("Execution", "");
    addIds(workflow, [event.details["output"] ?? null]);
    if (event.type !== "ExecutionSucceeded") failed(workflow, event);
    for (const state of states) if (!state.exited) finish(state.span, lastAt(state) ?? event.at);
  }

  /** Last event of a state that was never left: a task that failed for good, a Fail state. */
  function lastAt(state: State): number | null {
    const event = events.findLast((one) => owners.get(one.id) === state);
    return event?.at ?? null;
  }

  for (const event of events) {
    const before = stateBefore(event);
    let owner = before;
    if (event.type.endsWith("StateEntered")) owner = enter(event, before);
    else if (event.type.endsWith("StateExited")) owner = exit(before, event);
    else if (BEGINS.test(event.type) && owner !== null) attempt(owner, event);
    else if (ENDS.test(event.type) && owner !== null) ended(owner, event);
    else if (event.type === "ExecutionStarted") addIds(workflow, [event.details["input"] ?? null]);
    else if (event.type === "MapIterationStarted") owner = mapOf(before);
    else if (/^(?:Map|Parallel)State(?:Failed|Aborted)$/.test(event.type)) owner = blame(mapOf(before), event);
    else if (event.type === "EvaluationFailed" && owner !== null) failed(owner.span, event);
    owners.set(event.id, owner);
    if (event.type === "FailStateEntered" && owner !== null) {
      owner.span.fault = true;
      put(owner.span, "error.type", text(event.details["error"]));
    }
    if (/^Execution(?:Succeeded|Failed|TimedOut|Aborted)$/.test(event.type)) endExecution(event);
  }
  return [workflow, ...states.flatMap((state) => [state.span, ...state.attempts.slice(1)])];
}

/** The Map or Parallel state around a state (or that state itself). */
function mapOf(state: State | null): State | null {
  let around = state;
  while (around !== null && (around.exited || !/^(?:Map|Parallel)/.test(around.type))) around = around.parent;
  return around ?? state;
}

function blame(state: State | null, event: HistoryEvent): State | null {
  if (state !== null && event.type.endsWith("Failed")) state.span.fault = true;
  return state;
}

function finish(span: Span, at: number): void {
  span.endedAt = Math.max(at, span.startedAt);
  span.inProgress = false;
}

function put(span: Span, key: string, value: string | null): void {
  if (value !== null && value !== "") span.attributes[key] = value;
}

function addId(span: Span, id: Id): void {
  if (span.ids.some((known) => known.value === id.value)) return;
  span.ids = [...span.ids, id];
}

/** The request ID of the invoked function: in the answer of `lambda:invoke`, or in the error that its runtime returned. */
function requestOf(output: Obj | null, cause: Obj | null): string | null {
  const headers = obj(obj(output?.["SdkHttpMetadata"])?.["HttpHeaders"]);
  const metadata = obj(output?.["SdkResponseMetadata"]);
  const found =
    "ExecutedVersion" in (output ?? {})
      ? (text(metadata?.["RequestId"]) ?? text(headers?.["x-amzn-RequestId"]))
      : text(cause?.["requestId"]);
  return found !== null && isUuid(found) ? normaliseId(found) : null;
}

function traceOf(output: Obj | null): string | null {
  const headers = obj(obj(output?.["SdkHttpMetadata"])?.["AllHttpHeaders"]);
  const header = text(list(headers?.["X-Amzn-Trace-Id"])[0]);
  return header === null ? null : traceIdOf(header);
}

/** Name of the state machine in an execution ARN. */
function machineOf(arn: string): string {
  return /:(?:execution|express):([^:]+):/.exec(arn)?.[1] ?? arn;
}
