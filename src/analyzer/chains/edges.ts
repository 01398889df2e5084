/** Evidence edges of one chain: span parents and links, messages seen on both sides, payloads, retries. */
import type { Message, Span } from "../../model/records.ts";
import type { EpochMs } from "../../model/units.ts";
import { CLOCK_GRAIN_MS, CONFIDENCE } from "./evidence.ts";
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

/** By the OpenTelemetry span kinds: a producer does not wait for its consumer. X-Ray has no kinds. */
function isHandedOver(parent: Span, child: Span): boolean {
  return child.attributes["xray.type"] === undefined && (child.kind === "consumer" || parent.kind === "producer");
}

/**
 * A child that ends after its parent was not waited for. The Lambda service always waits for the function's own segment,
 * whatever their clocks say. Source: ServiBench `aws_trace_analyzer.is_async_call`, after FIRM (OSDI 2020).
 */
export function isAsync(parent: Span, child: Span): boolean {
  if (child.origin === "AWS::Lambda::Function") return false;
  if (parent.endedAt === null || child.endedAt === null) return false;
  return parent.endedAt - child.endedAt + CLOCK_GRAIN_MS < 0;
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
  for (const list of deliveries.values()) {
    if (list.length < 2) continue;
    list.sort((a, b) => (a.attempt !== null && b.attempt !== null ? a.attempt - b.attempt : a.at - b.at));
    for (let i = 1; i < list.length; i++) {
      const from = list[i - 1]!.node;
      const to = list[i]!;
      if (to.attempt !== null && to.attempt === list[i - 1]!.attempt) continue;
      found.add({
        from,
        to: to.node,
        kind: "retry",
        confidence: CONFIDENCE.retry,
        invocation: "async",
        channel: null,
        sentAt: from.lastAt,
        receivedAt: to.at,
        carrier: null,
        causeAt: null,
        answeredAt: null,
      });
    }
  }
}
