/**
 * Records to nodes: every observation of one execution (platform log, span, request log, history, function log, message)
 * is put together by cloud and request ID; every other span, workflow execution and state is a node of its own.
 */
import type { ChainRecords, Hop } from "../../model/chains.ts";
import type { Id } from "../../model/ids.ts";
import type { Cloud, Invocation, LogEvent, Message, Scope, Span } from "../../model/records.ts";
import type { EpochMs } from "../../model/units.ts";

/** What a log line of a run tells. */
export interface Line {
  ids: Id[];
  at: EpochMs;
}

/** A future hop with everything that was seen of it. */
export interface Node extends Scope {
  index: number;
  /** Hop ID (model/chains.ts). */
  id: string;
  kind: Hop["kind"];
  name: string;
  fn: string | null;
  requestId: string | null;
  invocations: Invocation[];
  spans: Span[];
  /** Lines with IDs or a span; others are not kept. */
  lines: Line[];
  /** Trace IDs that only its lines name. */
  lineTraces: string[];
  received: Message[];
  published: Message[];
  traces: string[];
  firstAt: EpochMs;
  /** Latest moment anything was seen of it. */
  lastAt: EpochMs;
  /** Node that it belongs with: the parent of a part, the workflow of a state, the run of the Lambda service's own segment. */
  owner: Node | null;
}

/** All nodes and the ways to find one. */
export interface Nodes {
  all: Node[];
  /** Key of `spanKey`. */
  bySpan: Map<string, Node>;
  /** Runs whose lines name a span that no tracer recorded: they made the call, or took it. Key of `spanKey`. */
  claims: Map<string, Node[]>;
  /** By execution ARN. */
  byExecution: Map<string, Node>;
  /** Function nodes by request ID (any cloud). */
  byRequest: Map<string, Node[]>;
  /** Parts (and parts of parts) of each hop of its own. */
  partsOf: Map<Node, Node[]>;
  /** Lines and messages of no known run: they still tell which IDs belong together. */
  looseLines: { ids: Id[]; trace: string | null; at: EpochMs }[];
  looseMessages: Message[];
}

export function spanKey(trace: string | null, span: string): string {
  return `${trace ?? ""}|${span}`;
}

/** Execution ARN of a workflow or state span (`<ARN>` or `<ARN>#<event id>`). */
export function executionOf(span: Span): string {
  const cut = span.spanId.indexOf("#");
  return cut === -1 ? span.spanId : span.spanId.slice(0, cut);
}

/** Reads all records once. Duplicates (overlapping exports) are seen as one. Never throws on odd input. */
export function buildNodes(records: ChainRecords): Nodes {
  const nodes: Nodes = {
    all: [],
    bySpan: new Map(),
    claims: new Map(),
    byExecution: new Map(),
    byRequest: new Map(),
    partsOf: new Map(),
    looseLines: [],
    looseMessages: [],
  };
  const spans = distinctSpans(records.spans);
  const messages = distinctMessages(records.messages);
  const own = ownTelemetry(records);
  for (const invocation of records.invocations) addInvocation(nodes, invocation);
  for (const span of spans) if (isWorkflow(span)) addWorkflowSpan(nodes, span);
  const lines = records.logs.filter((log) => !addRunLine(nodes, log));
  const loose = messages.filter((message) => !addRunMessage(nodes, message));
  for (const span of spans) if (span.isInvocation) addInvocationSpan(nodes, span, own);
  dropSpanOnlyRuns(nodes, own);
  register(nodes);
  for (const span of spans) if (!span.isInvocation && !isWorkflow(span)) addSpan(nodes, span);
  for (const log of lines) addLooseLine(nodes, log);
  for (const message of loose) addLooseMessage(nodes, message);
  setOwners(nodes);
  for (const node of nodes.all) {
    if (node.traces.length > 1) node.traces = [...new Set(node.traces)];
    if (node.owner === null) continue;
    const top = topOf(node);
    const parts = nodes.partsOf.get(top);
    if (parts) parts.push(node);
    else nodes.partsOf.set(top, [node]);
  }
  nodes.all.forEach((node, index) => (node.index = index));
  return nodes;
}

function newNode(nodes: Nodes, scope: Scope, base: Pick<Node, "id" | "kind" | "name" | "fn" | "requestId">, at: EpochMs): Node {
  const node: Node = {
    ...base,
    index: nodes.all.length,
    cloud: scope.cloud,
    account: scope.account,
    region: scope.region,
    invocations: [],
    spans: [],
    lines: [],
    lineTraces: [],
    received: [],
    published: [],
    traces: [],
    firstAt: at,
    lastAt: at,
    owner: null,
  };
  nodes.all.push(node);
  return node;
}

/** The node of this run; telemetry without a vendor (`other`) joins a vendor's run of the same request ID. */
function runNode(nodes: Nodes, scope: Scope, requestId: string, fn: string | null, at: EpochMs): Node {
  const known = nodes.byRequest.get(requestId);
  const hit = known?.find((n) => n.cloud === scope.cloud) ?? (known?.length === 1 ? sameRun(known[0]!, scope.cloud) : undefined);
  if (hit) {
    touch(hit, at, at);
    hit.fn ??= fn;
    if (hit.name === "unknown" && fn !== null) hit.name = fn;
    hit.account ??= scope.account;
    hit.region ??= scope.region;
    if (hit.cloud === "other" && scope.cloud !== "other") {
      hit.cloud = scope.cloud;
      hit.id = `${scope.cloud}:${requestId}`;
    }
    return hit;
  }
  const base = { id: `${scope.cloud}:${requestId}`, kind: "function" as const, name: fn ?? "unknown", fn, requestId };
  const node = newNode(nodes, scope, base, at);
  if (known) known.push(node);
  else nodes.byRequest.set(requestId, [node]);
  return node;
}

function sameRun(node: Node, cloud: Cloud): Node | undefined {
  return node.cloud === "other" || cloud === "other" ? node : undefined;
}

function touch(node: Node, from: EpochMs, to: EpochMs): void {
  if (from < node.firstAt) node.firstAt = from;
  if (to > node.lastAt) node.lastAt = to;
}

function addInvocation(nodes: Nodes, invocation: Invocation): void {
  const node = runNode(nodes, invocation, invocation.requestId, invocation.fn, invocation.startedAt);
  touch(node, invocation.startedAt, invocation.endedAt ?? invocation.startedAt);
  node.invocations.push(invocation);
  if (invocation.traceId !== null) {
    node.traces.push(invocation.traceId);
    if (invocation.spanId !== null) nodes.bySpan.set(spanKey(invocation.traceId, invocation.spanId), node);
  }
}

/** Request IDs that something else than a tracer saw, so that the run goes by its request ID and not by its span ID. */
function ownTelemetry(records: ChainRecords): Set<string> {
  const seen = new Set<string>();
  for (const i of records.invocations) if (i.seenIn !== "span" || (i.cloud !== "aws" && i.cloud !== "other")) seen.add(i.requestId);
  for (const l of records.logs) if (l.requestId !== null && l.fn !== null) seen.add(l.requestId);
  for (const m of records.messages) if (m.requestId !== null) seen.add(m.requestId);
  return seen;
}

function addInvocationSpan(nodes: Nodes, span: Span, own: ReadonlySet<string>): void {
  const run = span.requestId === null ? runOfSegment(nodes, span) : undefined;
  if (run) return attachSpan(nodes, run, span);
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

/** A function's segment names its request only by the service's segment above it. Without that: the one run of the function in the trace at the time. */
function runOfSegment(nodes: Nodes, span: Span): Node | undefined {
  const key = spanKey(span.traceId, span.spanId);
  const named = nodes.bySpan.get(key) ?? nodes.claims.get(key)?.find((n) => n.fn === span.fn);
  if (named || span.traceId === null || span.origin !== "AWS::Lambda::Function") return named;
  const fitting = runsIn(nodes, span.traceId).filter(
    (n) =>
      n.fn === span.fn &&
      n.cloud === span.cloud &&
      !n.spans.some((s) => s.traceId === span.traceId && s.isInvocation) &&
      n.firstAt <= (span.endedAt ?? span.startedAt) + SEGMENT_SLACK_MS &&
      n.lastAt >= span.startedAt - SEGMENT_SLACK_MS,
  );
  return fitting.length === 1 ? fitting[0] : undefined;
}

/** Log lines and segments of one run overlap up to this. */
const SEGMENT_SLACK_MS = 50;

const runsByTrace = new WeakMap<Nodes, Map<string, Node[]>>();

function runsIn(nodes: Nodes, trace: string): Node[] {
  let byTrace = runsByTrace.get(nodes);
  if (!byTrace) {
    byTrace = new Map();
    for (const node of nodes.all) {
      if (node.kind !== "function" || node.requestId === null) continue;
      for (const own of new Set([...node.traces, ...node.lineTraces])) byTrace.set(own, [...(byTrace.get(own) ?? []), node]);
    }
    runsByTrace.set(nodes, byTrace);
  }
  return byTrace.get(trace) ?? [];
}

function spanOnly(node: Node, own: ReadonlySet<string>): boolean {
  return node.requestId !== null && !own.has(node.requestId);
}

/** Runs known from tracer-made Invocation records alone are dropped where the span itself is a node. */
function dropSpanOnlyRuns(nodes: Nodes, own: ReadonlySet<string>): void {
  const traced = new Map<string, Node>();
  for (const node of nodes.all)
    if (node.spans.length > 0 && node.requestId !== null && spanOnly(node, own)) traced.set(node.requestId, node);
  if (traced.size === 0) return;
  nodes.all = nodes.all.filter((node) => node.spans.length > 0 || node.requestId === null || !traced.has(node.requestId));
  for (const [requestId, node] of traced) nodes.byRequest.set(requestId, [node]);
}

function register(nodes: Nodes): void {
  for (const node of nodes.all)
    if (node.kind === "function" && node.requestId !== null && !nodes.byRequest.has(node.requestId))
      nodes.byRequest.set(node.requestId, [node]);
}

function attachSpan(nodes: Nodes, node: Node, span: Span): void {
  node.spans.push(span);
  touch(node, span.startedAt, span.endedAt ?? span.startedAt);
  nodes.bySpan.set(spanKey(span.traceId, span.spanId), node);
  if (span.traceId !== null) node.traces.push(span.traceId);
}

function isWorkflow(span: Span): boolean {
  return span.kind === "workflow" || span.kind === "state";
}

function addSpan(nodes: Nodes, span: Span): void {
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

function addWorkflowSpan(nodes: Nodes, span: Span): void {
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

/** `arn:aws:states:R:A:execution:NAME:ID` -> NAME; other forms as they are. */
function workflowNameOf(arn: string): string {
  return /:(?:express|execution):([^:]+):/.exec(arn)?.[1] ?? arn;
}

/** False: the line names no run. */
function addRunLine(nodes: Nodes, log: LogEvent): boolean {
  if (log.requestId === null || (log.fn === null && !nodes.byRequest.has(log.requestId))) return false;
  const node = runNode(nodes, log, log.requestId, log.fn, log.at);
  touch(node, log.at, log.at);
  if (log.ids.length > 0) node.lines.push({ ids: log.ids, at: log.at });
  for (const id of log.ids) if (id.kind === "trace" && !node.lineTraces.includes(id.value)) node.lineTraces.push(id.value);
  if (log.traceId === null) return true;
  if (!node.lineTraces.includes(log.traceId)) node.lineTraces.push(log.traceId);
  if (log.spanId === null) return true;
  const key = spanKey(log.traceId, log.spanId);
  const claimants = nodes.claims.get(key);
  if (!claimants) nodes.claims.set(key, [node]);
  else if (!claimants.includes(node)) claimants.push(node);
  return true;
}

function addLooseLine(nodes: Nodes, log: LogEvent): void {
  if (log.ids.length === 0) return;
  const node = log.traceId !== null && log.spanId !== null ? nodes.bySpan.get(spanKey(log.traceId, log.spanId)) : undefined;
  if (node) node.lines.push({ ids: log.ids, at: log.at });
  else nodes.looseLines.push({ ids: log.ids, trace: log.traceId, at: log.at });
}

/** False: the message names no run. */
function addRunMessage(nodes: Nodes, message: Message): boolean {
  if (message.requestId === null || (message.fn === null && !nodes.byRequest.has(message.requestId))) return false;
  putMessage(runNode(nodes, message, message.requestId, message.fn, message.at), message);
  return true;
}

function putMessage(node: Node, message: Message): void {
  (message.direction === "received" ? node.received : node.published).push(message);
}

function addLooseMessage(nodes: Nodes, message: Message): void {
  // a published message says in whose span it was sent
  const sender =
    message.direction === "published" && message.traceId !== null && message.parentSpanId !== null
      ? nodes.bySpan.get(spanKey(message.traceId, message.parentSpanId))
      : undefined;
  if (sender) putMessage(sender, message);
  else nodes.looseMessages.push(message);
}

function setOwners(nodes: Nodes): void {
  for (const node of nodes.all) {
    const span = node.spans[0];
    if (node.owner !== null || node.kind !== "part" || span?.parentSpanId == null) continue;
    const owner = nodes.bySpan.get(spanKey(span.traceId, span.parentSpanId));
    if (owner && owner !== node) node.owner = owner;
  }
  breakOwnerCycles(nodes.all);
  // a part without its parent is still a part of the run it names; so is the service's segment around a run
  for (const node of nodes.all) {
    const requestId = node.spans[0]?.requestId ?? null;
    if ((node.kind !== "part" && node.kind !== "service") || node.owner !== null || requestId === null) continue;
    const run = nodes.byRequest.get(requestId)?.find((n) => n.cloud === node.cloud);
    if (run && run !== node && topOf(run) !== node) node.owner = run;
  }
}

/** Parents that go round in a circle own nothing (the circle itself is reported with the edges). */
function breakOwnerCycles(all: readonly Node[]): void {
  const done = new Set<Node>();
  for (const start of all) {
    const path = new Set<Node>();
    let node: Node | null = start;
    while (node !== null && !done.has(node) && !path.has(node)) {
      path.add(node);
      node = node.owner;
    }
    if (node !== null && path.has(node)) for (const member of path) member.owner = null;
    for (const member of path) done.add(member);
  }
}

/** The hop of its own that a part, part of a part or state belongs to. */
export function topOf(node: Node): Node {
  let top = node;
  while (top.owner !== null) top = top.owner;
  return top;
}

/** One span per (trace, span): the finished and richest observation. */
function distinctSpans(spans: readonly Span[]): Span[] {
  const best = new Map<string, Span>();
  for (const span of spans) {
    const key = spanKey(span.traceId, span.spanId);
    const known = best.get(key);
    if (!known || spanRank(span) > spanRank(known)) best.set(key, span);
  }
  return [...best.values()];
}

function spanRank(span: Span): number {
  return (span.endedAt === null ? 0 : 4) + (span.inProgress ? 0 : 2) + (span.isInvocation ? 1 : 0);
}

function distinctMessages(messages: readonly Message[]): Message[] {
  const best = new Map<string, Message>();
  for (const m of messages) {
    const tail = m.messageId === null ? `${m.at}|${m.payloadHash}|${m.eventName}|${m.ids.map((i) => i.value).join()}` : m.messageId;
    const key = `${m.direction}|${m.cloud}|${m.requestId}|${m.requestId === null ? `${m.fn}|${m.at}` : ""}|${m.channel}|${m.replay}|${tail}`;
    const known = best.get(key);
    if (!known || m.ids.length > known.ids.length) best.set(key, m);
  }
  return [...best.values()];
}
