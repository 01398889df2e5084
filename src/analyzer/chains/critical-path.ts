/**
 * Critical path of any chain: back from the hop that ends last, through the calls that were waited for and the message that
 * came last, to the start. Every stretch ends where the next begins, so that they cover the whole time; a wait that would
 * be negative (clocks disagree) is 0.
 */
import type { Hop, PathSegment, Spent } from "../../model/chains.ts";
import type { EpochMs } from "../../model/units.ts";
import { categoryOf, categoryOfSpent, spentOf } from "./category.ts";
import type { Arc } from "./context.ts";
import { type Node, topOf } from "./nodes.ts";

/** What the path needs of a chain. `arcs` have no circle. */
export interface PathInput {
  nodes: readonly Node[];
  hops: ReadonlyMap<Node, Hop>;
  arcs: readonly Arc[];
  startedAt: EpochMs;
  endedAt: EpochMs;
}

/** Moment a node began to be busy for this chain, its own cold start included where that lies before `startedAt`. */
export function busyFrom(hop: Hop): EpochMs {
  const first = hop.attempts[0]?.startedAt ?? hop.startedAt;
  return first - coldBefore(hop);
}

function coldBefore(hop: Hop): number {
  if (hop.kind !== "function" || hop.initMs === null || hop.partOf !== null || coldInside(hop) > 0) return 0;
  return hop.cloud === "aws" ? hop.initMs : 0;
}

/** Some clouds count the cold start into the run: then start to end is longer than the handler. */
function coldInside(hop: Hop): number {
  if (hop.initMs === null || hop.endedAt === null || hop.durationMs === null) return 0;
  return hop.endedAt - hop.startedAt - hop.durationMs >= hop.initMs / 2 ? hop.initMs : 0;
}

interface Walk extends PathInput {
  segments: PathSegment[];
  at: EpochMs;
  calls: Map<Node, Node[]>;
  causes: Map<Node, Arc[]>;
  seen: Set<Node>;
}

/** Segments from `startedAt` to `endedAt` in order of time. */
export function criticalPath(input: PathInput): PathSegment[] {
  const walk: Walk = { ...input, segments: [], at: input.endedAt, calls: new Map(), causes: new Map(), seen: new Set() };
  for (const arc of input.arcs) {
    push(walk.causes, arc.to, arc);
    if (arc.invocation === "sync" && arc.kind !== "retry") push(walk.calls, arc.from, arc.to);
  }
  for (const list of walk.calls.values()) list.sort((a, b) => endOf(walk, b) - endOf(walk, a) || startOf(walk, b) - startOf(walk, a));
  const byEnd = input.nodes
    .filter((n) => n.kind !== "part" || n.owner === null)
    .sort((a, b) => endOf(walk, b) - endOf(walk, a) || a.index - b.index);
  let jump = 0;
  for (let node: Node | null = byEnd[0] ?? null; node !== null && walk.at > input.startedAt;) {
    node = backThrough(walk, node);
    if (node !== null || walk.at <= input.startedAt) continue;
    // no cause known: go on in the hop that was busy last before this moment
    while (jump < byEnd.length && (walk.seen.has(byEnd[jump]!) || startOf(walk, byEnd[jump]!) >= walk.at)) jump++;
    node = byEnd[jump] ?? null;
    const last = walk.segments.at(-1)?.hopId ?? byEnd[0]!.id;
    if (node !== null) spend(walk, last, Math.min(walk.at, endOf(walk, node)), "unknown");
    else spend(walk, last, input.startedAt, "unknown");
  }
  return walk.segments.reverse();
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

function startOf(walk: Walk, node: Node): EpochMs {
  const hop = walk.hops.get(node)!;
  return hop.attempts[0]?.startedAt ?? hop.startedAt;
}

function endOf(walk: Walk, node: Node): EpochMs {
  const hop = walk.hops.get(node)!;
  return hop.endedAt ?? hop.startedAt;
}

/** Puts [from, walk.at] down to a hop and moves back to `from`. */
function spend(walk: Walk, hopId: string, from: EpochMs, spent: Spent, category = categoryOfSpent(spent)): void {
  const start = Math.max(Math.min(from, walk.at), walk.startedAt);
  if (start >= walk.at) return;
  const toMs = walk.at - walk.startedAt;
  const fromMs = start - walk.startedAt;
  walk.at = start;
  const later = walk.segments.at(-1);
  if (later && later.hopId === hopId && later.spent === spent && later.category === category) later.fromMs = fromMs;
  else walk.segments.push({ hopId, fromMs, toMs, spent, category });
}

/** From the current moment back through a node, the calls it waited for, and those above it, to the cause of the first of them. */
function backThrough(walk: Walk, first: Node): Node | null {
  const stack: { node: Node; next: number }[] = [{ node: first, next: 0 }];
  walk.seen.add(first);
  for (;;) {
    const frame = stack.at(-1)!;
    const call = nextCall(walk, frame);
    if (call) {
      work(walk, frame.node, endOf(walk, call));
      walk.seen.add(call);
      stack.push({ node: call, next: 0 });
      continue;
    }
    runBack(walk, frame.node);
    if (stack.length === 1) return toCause(walk, frame.node);
    stack.pop();
    coldStart(walk, frame.node, startOf(walk, stack.at(-1)!.node));
  }
}

/** The latest call that returned before this moment and had begun within its caller. */
function nextCall(walk: Walk, frame: { node: Node; next: number }): Node | null {
  const calls = walk.calls.get(frame.node) ?? [];
  while (frame.next < calls.length) {
    const call = calls[frame.next++]!;
    if (walk.seen.has(call) || endOf(walk, call) > walk.at + 1.001) continue;
    if (endOf(walk, call) <= startOf(walk, frame.node)) continue;
    return call;
  }
  return null;
}

/** The rest of a node's own time: its attempts, last first, and the pauses between them. */
function runBack(walk: Walk, node: Node): void {
  const hop = walk.hops.get(node)!;
  for (let i = hop.attempts.length - 1; i > 0; i--) {
    work(walk, node, hop.attempts[i]!.startedAt);
    const before = hop.attempts[i - 1]!;
    spend(walk, node.id, before.startedAt + (before.durationMs ?? 0), "retry-backoff");
  }
  const inside = hop.attempts.length <= 1 ? coldInside(hop) : 0;
  if (inside > 0) {
    work(walk, node, startOf(walk, node) + inside);
    spend(walk, node.id, startOf(walk, node), "cold-start");
  } else work(walk, node, startOf(walk, node));
}

function coldStart(walk: Walk, node: Node, notBefore: EpochMs): void {
  const before = coldBefore(walk.hops.get(node)!);
  if (before > 0) spend(walk, node.id, Math.max(walk.at - before, notBefore), "cold-start");
}

function work(walk: Walk, node: Node, from: EpochMs): void {
  const hop = walk.hops.get(node)!;
  if (hop.outcome === "throttled") spend(walk, node.id, from, "throttled");
  else if (node.kind === "function") spend(walk, node.id, from, "working");
  else if (node.kind === "workflow" || node.kind === "state") spend(walk, node.id, from, "orchestration");
  else {
    const category = categoryOfNode(node);
    spend(walk, node.id, from, spentOf(category), category);
  }
}

function categoryOfNode(node: Node): ReturnType<typeof categoryOf> {
  const span = node.spans[0];
  if (!span) return "unclassified";
  const found = categoryOf(span, (s) => (s === span ? (node.owner?.spans.find((o) => o.spanId === s.parentSpanId) ?? null) : null));
  if (found !== "unclassified") return found;
  if (node.kind === "part" && span.kind === "internal") return "computation";
  return span.kind === "client" || span.kind === "producer" || span.namespace !== null ? "external_service" : "unclassified";
}

/** The cause that came last, and the wait since; null: none known. */
function toCause(walk: Walk, node: Node): Node | null {
  const hop = walk.hops.get(node)!;
  let best: { arc: Arc; sentAt: EpochMs } | null = null;
  for (const arc of walk.causes.get(node) ?? []) {
    if (!walk.hops.has(arc.from)) continue;
    const latest = Math.min(walk.at, endOf(walk, arc.from));
    const sent = arc.sentAt ?? (arc.invocation === "sync" ? walk.at : latest);
    const sentAt = Math.max(Math.min(sent, walk.at), startOf(walk, arc.from));
    if (best === null || sentAt > best.sentAt) best = { arc, sentAt };
  }
  if (best === null) {
    coldStart(walk, node, walk.startedAt);
    return null;
  }
  const { arc, sentAt } = best;
  coldStart(walk, node, sentAt);
  // the strongest evidence need not be the one that knows the channel
  const carrier =
    arc.carrier ?? walk.causes.get(node)!.find((a) => a.carrier !== null && topOf(a.from) === topOf(arc.from))?.carrier ?? null;
  wait(walk, node, hop, { ...arc, carrier }, sentAt);
  return arc.from;
}

function wait(walk: Walk, node: Node, hop: Hop, arc: Arc, sentAt: EpochMs): void {
  if (arc.kind === "retry") return spend(walk, hop.id, sentAt, "retry-backoff");
  if (arc.carrier !== "queue" && arc.carrier !== "stream") {
    return spend(walk, hop.id, sentAt, arc.carrier === "workflow" || arc.invocation === "sync" ? "orchestration" : "trigger");
  }
  // a batch waits until its last message is there
  const lastSent = Math.max(...node.received.map((m) => m.sentAt ?? Number.NEGATIVE_INFINITY));
  if (node.received.length > 1 && lastSent > sentAt) {
    spend(walk, hop.id, lastSent, "queue-wait");
    spend(walk, hop.id, sentAt, "batch-window");
  } else spend(walk, hop.id, sentAt, "queue-wait");
}
