/**
 * Records to nodes: every observation of one execution (platform log, span, request log, history, function log, message)
 * is put together by cloud and request ID; every other span, workflow execution and state is a node of its own.
 */
import type { ChainRecords } from "../../model/chains.ts";
import type { Invocation, LogEvent, Message, Span } from "../../model/records.ts";
import { newNode, type Node, type Nodes, runNode, spanKey, topOf, touch } from "./nodes.ts";
import { addInvocationSpan, addSpan, addWorkflowSpan, dropSpanOnlyRuns, isWorkflow, register, runsByTrace } from "./span-nodes.ts";

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
  const traced = spans.filter((span) => span.isInvocation);
  const own = traced.length > 0 ? ownTelemetry(records) : new Set<string>();
  for (const invocation of records.invocations) addInvocation(nodes, invocation);
  for (const span of spans) if (isWorkflow(span)) addWorkflowSpan(nodes, span);
  const lines = records.logs.filter((log) => !addRunLine(nodes, log));
  const loose = records.messages.filter((message) => !addRunMessage(nodes, message));
  const byTrace = traced.some((span) => span.requestId === null) ? runsByTrace(nodes) : new Map<string, Node[]>();
  for (const span of traced) addInvocationSpan(nodes, span, own, byTrace);
  if (traced.length > 0) dropSpanOnlyRuns(nodes, own);
  register(nodes);
  for (const span of spans) if (!span.isInvocation && !isWorkflow(span)) addSpan(nodes, span);
  const services = new Map<string, Node>();
  for (const log of lines) addLooseLine(nodes, log, services);
  for (const message of loose) addLooseMessage(nodes, message);
  nodes.looseMessages = distinctMessages(nodes.looseMessages);
  setOwners(nodes);
  for (const node of nodes.all) {
    if (node.traces.length > 1) node.traces = [...new Set(node.traces)];
    node.received = distinctMessages(node.received);
    node.published = distinctMessages(node.published);
    if (node.owner === null) continue;
    const top = topOf(node);
    const parts = nodes.partsOf.get(top);
    if (parts) parts.push(node);
    else nodes.partsOf.set(top, [node]);
  }
  nodes.all.forEach((node, index) => (node.index = index));
  return nodes;
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
  const claims = nodes.claims.get(key);
  const known = claims?.find((c) => c.node === node);
  if (known) {
    known.from = Math.min(known.from, log.at);
    known.to = Math.max(known.to, log.at);
  } else if (claims) claims.push({ node, from: log.at, to: log.at });
  else nodes.claims.set(key, [{ node, from: log.at, to: log.at }]);
  return true;
}

function addLooseLine(nodes: Nodes, log: LogEvent, services: Map<string, Node>): void {
  if (log.ids.length === 0) return;
  const node = log.traceId !== null && log.spanId !== null ? nodes.bySpan.get(spanKey(log.traceId, log.spanId)) : undefined;
  if (node) node.lines.push({ ids: log.ids, at: log.at });
  else if (log.requestId === null && log.traceId === null && log.fn !== null) addServiceLine(nodes, log, log.fn, services);
  else nodes.looseLines.push({ ids: log.ids, trace: log.traceId, at: log.at });
}

/** A service that logs correlation IDs and no request: what it wrote about one ID is the nearest to a run there is. */
function addServiceLine(nodes: Nodes, log: LogEvent, service: string, services: Map<string, Node>): void {
  for (const id of log.ids) {
    if (id.kind !== "correlation") continue;
    const key = `${log.cloud}:${service}:${id.value}`;
    let node = services.get(key);
    if (!node) {
      node = newNode(nodes, log, { id: key, kind: "service", name: service, fn: null, requestId: null }, log.at);
      services.set(key, node);
    }
    touch(node, log.at, log.at);
    node.lines.push({ ids: [id], at: log.at });
  }
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

/** One message for each ID, channel and replay (without an ID: for each time and content); the observation with most IDs. */
function distinctMessages(messages: Message[]): Message[] {
  if (messages.length < 2) return messages;
  const best = new Map<string, Message>();
  for (const m of messages) {
    const what = m.messageId ?? `${m.at}|${m.payloadHash}|${m.eventName}|${m.ids.map((i) => i.value).join()}`;
    const key = `${m.direction}|${m.cloud}|${m.requestId ?? `${m.fn}|${m.at}`}|${m.channel}|${m.replay}|${what}`;
    const known = best.get(key);
    if (!known || m.ids.length > known.ids.length) best.set(key, m);
  }
  return best.size === messages.length ? messages : [...best.values()];
}
