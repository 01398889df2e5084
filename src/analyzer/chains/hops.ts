/** A node's observations put together as a hop: platform logs decide figures, spans add trace facts. */
import type { Hop } from "../../model/chains.ts";
import type { Invocation, Outcome, Span } from "../../model/records.ts";
import type { EpochMs, Ms } from "../../model/units.ts";
import { ATTEMPT_GAP_MS } from "./evidence.ts";
import type { Node, Nodes } from "./nodes.ts";

/** One run of a request as all its sources saw it. */
interface Attempt {
  startedAt: EpochMs;
  endedAt: EpochMs | null;
  durationMs: Ms | null;
  initMs: Ms | null;
  coldStart: boolean | null;
  outcome: Outcome;
  errorType: string | null;
}

interface Observation extends Attempt {
  /** The most trusted source of figures first. */
  rank: number;
}

const RANK = { "platform-log": 0, "request-log": 1, history: 2, span: 3 } as const;

/** The hop of a node; `waitMs`, `roles`, `skewMs` and `share` are filled in by the chain. */
export function hopOf(nodes: Nodes, node: Node): Hop {
  const attempts = attemptsOf(nodes, node);
  const last = attempts.at(-1)!;
  return {
    id: node.id,
    kind: node.kind,
    name: node.name,
    function: node.kind === "function" ? (node.fn ?? node.name) : null,
    cloud: node.cloud,
    account: node.account,
    region: node.region,
    requestId: node.requestId,
    partOf: node.kind === "part" || node.kind === "state" ? (node.owner?.id ?? null) : null,
    startedAt: last.startedAt,
    endedAt: last.endedAt,
    durationMs: last.durationMs,
    waitMs: null,
    initMs: last.initMs ?? attempts.find((a) => a.initMs !== null)?.initMs ?? null,
    coldStart: attempts.some((a) => a.coldStart === true) ? true : last.coldStart,
    outcome: last.outcome,
    errorType: last.errorType,
    attempts:
      node.kind === "function"
        ? attempts.map(({ startedAt, durationMs, outcome }) => ({ startedAt, durationMs, outcome, requestId: node.requestId }))
        : [],
    share: 1,
    usd: null,
    usdBasis: null,
    roles: [],
    skewMs: null,
  };
}

function attemptsOf(nodes: Nodes, node: Node): [Attempt, ...Attempt[]] {
  const seen: Observation[] = [...node.invocations.map(ofInvocation), ...node.spans.map((span) => ofSpan(nodes, node, span))].sort(
    (a, b) => a.startedAt - b.startedAt || a.rank - b.rank,
  );
  if (seen.length === 0) return [unseen(node)];
  const clusters: Observation[][] = [];
  let until = Number.NEGATIVE_INFINITY;
  for (const o of seen) {
    if (node.kind === "function" && clusters.length > 0 && o.startedAt > until + ATTEMPT_GAP_MS) clusters.push([]);
    if (clusters.length === 0) clusters.push([]);
    clusters.at(-1)!.push(o);
    until = Math.max(until, o.endedAt ?? o.startedAt + (o.durationMs ?? 0));
  }
  const [first, ...rest] = clusters.map(merge);
  return [first!, ...rest];
}

/**
 * Only lines, messages or a history that names the request: it ran, and nothing says how long. A service that is known by its lines
 * alone was at work from the first to the last of them.
 */
function unseen(node: Node): Attempt {
  const known = node.kind === "service" && node.lastAt > node.firstAt;
  const endedAt = known ? node.lastAt : null;
  const durationMs = known ? node.lastAt - node.firstAt : null;
  return { startedAt: node.firstAt, endedAt, durationMs, initMs: null, coldStart: null, outcome: "unknown", errorType: null };
}

function merge(seen: readonly Observation[]): Attempt {
  const best = [...seen].sort((a, b) => a.rank - b.rank || (a.endedAt === null ? 1 : 0) - (b.endedAt === null ? 1 : 0));
  const first = <T>(pick: (o: Observation) => T | null): T | null => best.map(pick).find((value) => value !== null) ?? null;
  const from = best.find((o) => o.endedAt !== null) ?? best[0]!;
  const bad = best.find((o) => o.outcome !== "ok" && o.outcome !== "unknown");
  return {
    startedAt: from.startedAt,
    endedAt: from.endedAt,
    durationMs: first((o) => o.durationMs),
    initMs: first((o) => o.initMs),
    coldStart: best.some((o) => o.coldStart === true) ? true : first((o) => o.coldStart),
    outcome: bad?.outcome ?? (best.some((o) => o.outcome === "ok") ? "ok" : "unknown"),
    errorType: first((o) => o.errorType),
  };
}

function ofInvocation(i: Invocation): Observation {
  const { startedAt, durationMs, initMs, coldStart, outcome, errorType } = i;
  const endedAt = i.endedAt ?? (durationMs === null ? null : startedAt + durationMs);
  return { startedAt, endedAt, durationMs, initMs: initMs ?? i.restoreMs, coldStart, outcome, errorType, rank: RANK[i.seenIn] };
}

function ofSpan(nodes: Nodes, node: Node, span: Span): Observation {
  const init = span.origin === "AWS::Lambda::Function" ? initOf(nodes, node, span) : null;
  const done = !span.inProgress && span.endedAt !== null;
  const errorType = span.attributes["error.type"];
  return {
    startedAt: span.startedAt,
    endedAt: span.endedAt,
    durationMs: span.endedAt === null ? null : span.endedAt - span.startedAt,
    initMs: init,
    coldStart: span.origin === "AWS::Lambda::Function" ? init !== null : coldStartOf(span),
    outcome: outcomeOf(span, done),
    errorType: typeof errorType === "string" ? errorType : null,
    rank: RANK.span,
  };
}

function coldStartOf(span: Span): boolean | null {
  const said = span.attributes["faas.coldstart"];
  return typeof said === "boolean" ? said : null;
}

/** X-Ray: the Initialization subsegment of a function segment; it lies before its parent. */
function initOf(nodes: Nodes, node: Node, span: Span): Ms | null {
  for (const part of nodes.partsOf.get(node) ?? []) {
    const own = part.spans[0];
    if (own?.name === "Initialization" && own.parentSpanId === span.spanId && own.endedAt !== null) return own.endedAt - own.startedAt;
  }
  return null;
}

function outcomeOf(span: Span, done: boolean): Outcome {
  const said = span.attributes["outcome"];
  if (said === "timeout" || said === "oom") return said;
  if (span.throttle) return "throttled";
  if (span.fault || span.error) return "error";
  return done ? "ok" : "unknown";
}
