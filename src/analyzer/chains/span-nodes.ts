/** Spans as nodes: runs, the parts and services around them, workflow executions and their states. */
import type { Span } from "../../model/records.ts";
import { attachSpan, executionOf, newNode, type Node, type Nodes, runNode, spanKey, touch, workflowNameOf } from "./nodes.ts";

/** `own`: requests that something else than a tracer saw. `byTrace`: from `runsByTrace`. */
export function addInvocationSpan(nodes: Nodes, span: Span, own: ReadonlySet<string>, byTrace: ReadonlyMap<string, Node[]>): void {
  const known = span.requestId === null ? runOfSegment(nodes, span, byTrace) : undefined;
  if (known) return attachSpan(nodes, known, span);
  const named = span.requestId !== null && (own.has(span.requestId) || (span.cloud !== "aws" && span.cloud !== "other"));
  const sameSpan = span.traceId === null ? undefined : nodes.bySpan.get(spanKey(span.traceId, span.spanId));
  const node =
    named || (sameSpan && !spanOnly(sameSpan, own))
      ? (sameSpan ?? runNode(nodes, span, span.requestId!, span.fn, span.startedAt))
      : newNode(
          nodes,
          span,
          { id: span.spanId, kind: "function", name: span.fn ?? span.name, fn: span.fn ?? span.name, requestId: span.requestId },
          span.startedAt,
        );
  if (!named && span.requestId !== null && node.requestId === span.requestId) {
    // the tracer's own Invocation record of the same run adds nothing but figures
    for (const run of nodes.byRequest.get(span.requestId) ?? [])
      if (run !== node && spanOnly(run, own))
        node.invocations.push(...run.invocations.filter((i) => i.spanId === null || i.spanId === span.spanId));
  }
  attachSpan(nodes, node, span);
}

/** Log lines and segments of one run overlap up to this. */
const SEGMENT_SLACK_MS = 50;

/** A function's segment names its request only by the service's segment above it. Without that: the one run of the function in the trace at the time. */
function runOfSegment(nodes: Nodes, span: Span, byTrace: ReadonlyMap<string, Node[]>): Node | undefined {
  const key = spanKey(span.traceId, span.spanId);
  const named = nodes.bySpan.get(key) ?? nodes.claims.get(key)?.find((c) => c.node.fn === span.fn)?.node;
  if (named || span.traceId === null || span.origin !== "AWS::Lambda::Function") return named;
  const fitting = (byTrace.get(span.traceId) ?? []).filter(
    (n) =>
      n.fn === span.fn &&
      n.cloud === span.cloud &&
      !n.spans.some((s) => s.traceId === span.traceId && s.isInvocation) &&
      n.firstAt <= (span.endedAt ?? span.startedAt) + SEGMENT_SLACK_MS &&
      n.lastAt >= span.startedAt - SEGMENT_SLACK_MS,
  );
  return fitting.length === 1 ? fitting[0] : undefined;
}

/** Runs by the traces that they or their lines name. */
export function runsByTrace(nodes: Nodes): Map<string, Node[]> {
  const found = new Map<string, Node[]>();
  for (const node of nodes.all) {
    if (node.kind !== "function" || node.requestId === null) continue;
    for (const trace of new Set([...node.traces, ...node.lineTraces])) {
      const list = found.get(trace);
      if (list) list.push(node);
      else found.set(trace, [node]);
    }
  }
  return found;
}

function spanOnly(node: Node, own: ReadonlySet<string>): boolean {
  return node.requestId !== null && !own.has(node.requestId);
}

/** Runs known from tracer-made Invocation records alone are dropped where the span itself is a node. */
export function dropSpanOnlyRuns(nodes: Nodes, own: ReadonlySet<string>): void {
  const traced = new Map<string, Node>();
  for (const node of nodes.all)
    if (node.kind === "function" && node.spans.length > 0 && node.requestId !== null && spanOnly(node, own))
      traced.set(node.requestId, node);
  if (traced.size === 0) return;
  nodes.all = nodes.all.filter(
    (node) => node.kind !== "function" || node.spans.length > 0 || node.requestId === null || !traced.has(node.requestId),
  );
  for (const [requestId, node] of traced) nodes.byRequest.set(requestId, [node]);
}

export function register(nodes: Nodes): void {
  for (const node of nodes.all)
    if (node.kind === "function" && node.requestId !== null && !nodes.byRequest.has(node.requestId))
      nodes.byRequest.set(node.requestId, [node]);
}

export function isWorkflow(span: Span): boolean {
  return span.kind === "workflow" || span.kind === "state";
}

export function addSpan(nodes: Nodes, span: Span): void {
  if (span.origin === "AWS::StepFunctions::StateMachine" && !span.inferred && span.attributes["xray.type"] === "segment") {
    addExecutionSegment(nodes, span);
    return;
  }
  const base = { id: span.spanId, kind: isPart(span) ? "part" : "service", name: span.name, fn: null, requestId: span.requestId } as const;
  attachSpan(nodes, newNode(nodes, span, base, span.startedAt), span);
}

/** A span inside a run or service: the X-Ray subsegment, the client call, the internal step. */
function isPart(span: Span): boolean {
  if (span.attributes["xray.type"] === "subsegment") return true;
  if (span.attributes["xray.type"] === "segment") return false;
  return (
    span.origin === null && span.parentSpanId !== null && (span.kind === "internal" || span.kind === "client" || span.kind === "producer")
  );
}

/** The tracer's segment of an execution: joins the execution known by its history, else it is the workflow itself. */
function addExecutionSegment(nodes: Nodes, span: Span): void {
  const arn = span.ids.find((id) => id.kind === "execution")?.value;
  const known = arn === undefined ? undefined : nodes.byExecution.get(arn);
  const base = { id: span.spanId, kind: "workflow", name: span.name, fn: null, requestId: null } as const;
  attachSpan(nodes, known ?? newNode(nodes, span, base, span.startedAt), span);
}

export function addWorkflowSpan(nodes: Nodes, span: Span): void {
  const arn = executionOf(span);
  let workflow = nodes.byExecution.get(arn);
  if (!workflow) {
    const name = span.kind === "workflow" ? span.name : workflowNameOf(arn);
    workflow = newNode(nodes, span, { id: arn, kind: "workflow", name, fn: null, requestId: null }, span.startedAt);
    nodes.byExecution.set(arn, workflow);
  }
  touch(workflow, span.startedAt, span.endedAt ?? span.startedAt);
  if (span.kind === "workflow") {
    workflow.name = span.name;
    attachSpan(nodes, workflow, span);
    return;
  }
  if (span.requestId !== null) runNode(nodes, span, span.requestId, span.fn, span.startedAt);
  const state = newNode(
    nodes,
    span,
    { id: span.spanId, kind: "state", name: span.name, fn: null, requestId: span.requestId },
    span.startedAt,
  );
  attachSpan(nodes, state, span);
  state.owner = workflow;
}
