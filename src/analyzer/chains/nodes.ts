/** What is known of each future hop, and the ways to find one. */
import type { Hop } from "../../model/chains.ts";
import type { Id } from "../../model/ids.ts";
import type { Cloud, Invocation, Message, Scope, Span } from "../../model/records.ts";
import type { EpochMs } from "../../model/units.ts";

/** What a log line of a run tells. */
export interface Line {
  ids: Id[];
  at: EpochMs;
}

/** A run whose lines name a span, and when the first and the last of them were written. */
export interface Claim {
  node: Node;
  from: EpochMs;
  to: EpochMs;
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
  claims: Map<string, Claim[]>;
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

export function newNode(nodes: Nodes, scope: Scope, base: Pick<Node, "id" | "kind" | "name" | "fn" | "requestId">, at: EpochMs): Node {
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
export function runNode(nodes: Nodes, scope: Scope, requestId: string, fn: string | null, at: EpochMs): Node {
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

export function touch(node: Node, from: EpochMs, to: EpochMs): void {
  if (from < node.firstAt) node.firstAt = from;
  if (to > node.lastAt) node.lastAt = to;
}

export function attachSpan(nodes: Nodes, node: Node, span: Span): void {
  node.spans.push(span);
  touch(node, span.startedAt, span.endedAt ?? span.startedAt);
  nodes.bySpan.set(spanKey(span.traceId, span.spanId), node);
  if (span.traceId !== null) node.traces.push(span.traceId);
}

/** The hop of its own that a part, part of a part or state belongs to. */
export function topOf(node: Node): Node {
  let top = node;
  while (top.owner !== null) top = top.owner;
  return top;
}

/** `arn:aws:states:R:A:execution:NAME:ID` -> NAME; other forms as they are. */
export function workflowNameOf(arn: string): string {
  return /:(?:express|execution):([^:]+):/.exec(arn)?.[1] ?? arn;
}
