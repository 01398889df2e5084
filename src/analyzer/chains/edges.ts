/** Evidence edges of one chain: span parents and links, messages seen on both sides, payloads, retries. */
import type { Message, Span } from "../../model/records.ts";
import type { EpochMs } from "../../model/units.ts";
import { isAsync, isHandedOver } from "./awaited.ts";
import { CONFIDENCE } from "./evidence.ts";
import type { Arc, Context, Sent } from "./context.ts";
import { type Node, spanKey, topOf } from "./nodes.ts";
import { messageIds } from "./tokens.ts";

/** The nodes of one chain and the groups it is made of. */
export interface Members {
  nodes: readonly Node[];
  set: ReadonlySet<Node>;
  groups: ReadonlySet<number>;
}

/** Collects arcs; between two nodes only the strongest stays, with what the others know of channel and times. */
export interface Arcs {
  add(arc: Arc): void;
  all(): Arc[];
  has(from: Node, to: Node): boolean;
}

export function newArcs(): Arcs {
  const byPair = new Map<Node, Map<Node, Arc>>();
  return {
    add(arc) {
      if (arc.from === arc.to) return;
      let targets = byPair.get(arc.from);
      if (!targets) byPair.set(arc.from, (targets = new Map()));
      const known = targets.get(arc.to);
      if (!known) {
        targets.set(arc.to, arc);
        return;
      }
      const [strong, weak] = arc.confidence > known.confidence ? [arc, known] : [known, arc];
      targets.set(arc.to, {
        ...strong,
        channel: strong.channel ?? weak.channel,
        sentAt: strong.sentAt ?? weak.sentAt,
        receivedAt: strong.receivedAt ?? weak.receivedAt,
        carrier: strong.carrier ?? weak.carrier,
        causeAt: strong.causeAt ?? weak.causeAt,
      });
    },
    all: () => [...byPair.values()].flatMap((targets) => [...targets.values()]),
    has: (from, to) => byPair.get(from)?.has(to) ?? false,
  };
}

/** Messages of a node that are this chain's: all of a single node, of a batch those of the chain's groups. */
export function ownMessages(ctx: Context, members: Members, node: Node, side: "received" | "published"): Message[] {
  if (!ctx.members.isBatch(node)) return node[side];
  return node[side].filter((m) => members.groups.has(ctx.members.groupOfMessage(m) ?? -1));
}

export function directArcs(ctx: Context, members: Members, found: Arcs): void {
  for (const node of members.nodes) {
    for (const span of node.spans) {
      parentArc(ctx, members, node, span, found);
      for (const link of span.links) linkArc(ctx, members, node, span, link, found);
    }
    for (const i of node.invocations) {
      if (i.traceId === null || i.parentSpanId === null) continue;
      const parent = ctx.nodes.bySpan.get(spanKey(i.traceId, i.parentSpanId));
      if (parent && parent !== node && members.set.has(parent) && topOf(parent) !== node)
        found.add(parentOf(parent, node, null, i.startedAt));
    }
    for (const message of ownMessages(ctx, members, node, "received")) messageArcs(ctx, members, node, message, found);
  }
  retryArcs(ctx, members, found);
}

function parentArc(ctx: Context, members: Members, node: Node, span: Span, found: Arcs): void {
  if (span.parentSpanId === null || node.kind === "state") return;
  const parent = ctx.nodes.bySpan.get(spanKey(span.traceId, span.parentSpanId));
  if (!parent || parent === node || !members.set.has(parent)) return;
  const parentSpan = parent.spans.find((s) => s.spanId === span.parentSpanId) ?? null;
  found.add(parentOf(parent, node, parentSpan && { parent: parentSpan, child: span }, span.startedAt));
}

function parentOf(parent: Node, node: Node, spans: { parent: Span; child: Span } | null, startedAt: number): Arc {
  const invocation = spans === null || isHandedOver(spans.parent, spans.child) || isAsync(spans.parent, spans.child) ? "async" : "sync";
  const called = parent.kind === "part" ? (spans?.parent.startedAt ?? null) : null;
  return {
    from: parent,
    to: node,
    kind: "parent",
    confidence: CONFIDENCE.parent,
    invocation,
    channel: null,
    sentAt: invocation === "sync" ? called : (spans?.parent.endedAt ?? null),
    receivedAt: startedAt,
    carrier: null,
    causeAt: spans?.parent.startedAt ?? null,
    answeredAt: null,
  };
}

function linkArc(ctx: Context, members: Members, node: Node, span: Span, link: Span["links"][number], found: Arcs): void {
  const parent = ctx.nodes.bySpan.get(spanKey(link.traceId, link.spanId));
  if (!parent || !members.set.has(parent) || topOf(parent) === topOf(node)) return;
  const sentAt = parent.spans.find((s) => s.spanId === link.spanId)?.endedAt ?? null;
  found.add({
    from: parent,
    to: node,
    kind: "link",
    confidence: CONFIDENCE.link,
    invocation: "async",
    channel: null,
    sentAt,
    receivedAt: span.startedAt,
    carrier: null,
    causeAt: sentAt,
    answeredAt: null,
  });
}

function messageArcs(ctx: Context, members: Members, node: Node, message: Message, found: Arcs): void {
  const base = {
    to: node,
    invocation: "async" as const,
    channel: message.channel,
    receivedAt: message.at,
    carrier: message.channelKind,
  };
  const sender = senderOf(ctx, members, node, message);
  if (sender) {
    const sentAt = sentAtOf(message, sender.message);
    found.add({
      ...base,
      from: sender.node,
      kind: "message",
      confidence: CONFIDENCE.message,
      sentAt,
      causeAt: sender.message.at,
      answeredAt: null,
    });
  }
  // what Lambda sends to a destination or a dead-letter queue names the request that it is about
  const about = sender || message.channelKind === "http" ? null : requestIn(ctx, members, node, message);
  if (about) {
    found.add({
      ...base,
      from: about,
      kind: "message",
      confidence: CONFIDENCE.message,
      sentAt: message.sentAt,
      causeAt: null,
      answeredAt: null,
    });
  }
  // trace context inside the message: the sender's span
  if (message.traceId !== null && message.parentSpanId !== null) {
    const parent = ctx.nodes.bySpan.get(spanKey(message.traceId, message.parentSpanId));
    if (parent && members.set.has(parent) && topOf(parent) !== topOf(node)) {
      found.add({
        ...base,
        from: parent,
        kind: "parent",
        confidence: CONFIDENCE.parent,
        sentAt: message.sentAt,
        causeAt: null,
        answeredAt: null,
      });
    }
  }
  const match = sender ? undefined : ctx.members.payloads.get(message);
  if (match && members.set.has(match.publisher)) {
    const { publisher: from, confidence, published } = match;
    found.add({
      ...base,
      from,
      kind: "payload",
      confidence,
      sentAt: sentAtOf(message, published),
      causeAt: published.at,
      answeredAt: null,
    });
  }
}

/** The one run of the chain whose request the message names. */
function requestIn(ctx: Context, members: Members, node: Node, message: Message): Node | null {
  const runs = new Set<Node>();
  for (const id of message.ids) {
    if (id.kind !== "request") continue;
    for (const run of ctx.nodes.byRequest.get(id.value) ?? []) if (run !== node && members.set.has(run)) runs.add(run);
  }
  return runs.size === 1 ? [...runs][0]! : null;
}

/** When it was sent: the broker's time, unless that has whole seconds only (EventBridge, DynamoDB streams): then the sender's own. */
export function sentAtOf(got: Message, sent: Message): EpochMs {
  const broker = got.sentAt ?? sent.sentAt;
  return broker === null || broker % 1_000 === 0 ? sent.at : broker;
}

/** Who logged that it sent this message; null where nobody or several different hops did. */
export function senderOf(ctx: Context, members: Members, node: Node, message: Message): Sent | null {
  const senders = new Map<Node, Sent>();
  for (const id of messageIds(message)) {
    if (id.kind === "correlation" || id.kind === "request") continue;
    for (const sent of ctx.sentBy.get(id.value) ?? [])
      if (members.set.has(sent.node) && topOf(sent.node) !== topOf(node)) senders.set(topOf(sent.node), sent);
    // the message's own ID first; IDs inside (an envelope's) only if nobody logged that one
    if (senders.size > 0) break;
  }
  return senders.size === 1 ? [...senders.values()][0]! : null;
}

/** A further delivery of one message to one function, and a further segment of one request, follow from the one before. */
function retryArcs(ctx: Context, members: Members, found: Arcs): void {
  const deliveries = new Map<string, { node: Node; at: number; attempt: number | null }[]>();
  const put = (key: string, node: Node, at: number, attempt: number | null): void => {
    const list = deliveries.get(key);
    if (!list) deliveries.set(key, [{ node, at, attempt }]);
    else if (!list.some((d) => d.node === node)) list.push({ node, at, attempt });
  };
  for (const node of members.nodes) {
    if (node.kind !== "function") continue;
    for (const m of ownMessages(ctx, members, node, "received"))
      if (m.messageId !== null && m.replay === null) put(`m ${m.messageId} ${node.cloud} ${node.fn}`, node, m.at, m.attempt);
    if (node.requestId !== null && node.id !== `${node.cloud}:${node.requestId}`) put(`r ${node.requestId}`, node, node.firstAt, null);
  }
  for (const { from, to, at } of redriven(ctx, members)) found.add({ ...retryOf(from, to, at), confidence: CONFIDENCE.payload });
  for (const list of deliveries.values()) {
    if (list.length < 2) continue;
    list.sort((a, b) => (a.attempt !== null && b.attempt !== null ? a.attempt - b.attempt : a.at - b.at));
    for (let i = 1; i < list.length; i++) {
      const from = list[i - 1]!.node;
      const to = list[i]!;
      if (to.attempt !== null && to.attempt === list[i - 1]!.attempt) continue;
      found.add(retryOf(from, to.node, to.at));
    }
  }
}

function retryOf(from: Node, to: Node, receivedAt: EpochMs): Arc {
  return {
    from,
    to,
    kind: "retry",
    confidence: CONFIDENCE.retry,
    invocation: "async",
    channel: null,
    sentAt: from.lastAt,
    receivedAt,
    carrier: null,
    causeAt: null,
    answeredAt: null,
  };
}

/**
 * A message put back from its dead-letter queue has a new ID and the same body: of the chain's runs of this function, the last one before
 * that got the same body from the same channel, and failed. Two like messages are two messages otherwise.
 */
function redriven(ctx: Context, members: Members): { from: Node; to: Node; at: EpochMs }[] {
  const deliveries = new Map<string, { node: Node; message: Message }[]>();
  for (const node of members.nodes) {
    for (const message of ownMessages(ctx, members, node, "received")) {
      if (message.payloadHash === null || message.channelKind !== "queue" || message.deadLetter) continue;
      const key = `${message.payloadHash} ${message.channel} ${node.cloud} ${node.fn}`;
      deliveries.set(key, [...(deliveries.get(key) ?? []), { node, message }]);
    }
  }
  const found: { from: Node; to: Node; at: EpochMs }[] = [];
  for (const list of deliveries.values()) {
    if (list.length < 2 || new Set(list.map((d) => d.message.messageId)).size < 2) continue;
    list.sort((a, b) => a.message.at - b.message.at);
    for (let i = 1; i < list.length; i++) {
      const [before, now] = [list[i - 1]!, list[i]!];
      if (before.node === now.node || before.message.messageId === now.message.messageId || !hasFailed(before.node)) continue;
      if (senderOf(ctx, members, now.node, now.message) === null) found.push({ from: before.node, to: now.node, at: now.message.at });
    }
  }
  return found;
}

function hasFailed(node: Node): boolean {
  return node.invocations.some((i) => i.outcome !== "ok" && i.outcome !== "unknown");
}
