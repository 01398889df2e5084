/** Causes told by lines alone: a span that a caller logged, a message ID that only one side logged as a message. */
import { CONFIDENCE, SKEW_TOLERANCE_MS } from "./evidence.ts";
import type { Context } from "./context.ts";
import { type Arcs, type Members, ownMessages } from "./edges.ts";
import { type Node, spanKey, topOf } from "./nodes.ts";
import { causeless } from "./routing.ts";
import { messageIds } from "./tokens.ts";

/** The line about a sent message is written about when it was sent; brokers keep whole seconds at worst, and clocks differ. */
const SENT_NEAR_MS = 3_000;

export function mentionArcs(ctx: Context, members: Members, found: Arcs): void {
  for (const node of causeless(members, found)) {
    if (node.kind === "function") callerArc(ctx, members, node, found);
  }
  for (const node of causeless(members, found)) {
    if (node.kind !== "function") continue;
    senderArc(ctx, members, node, found);
    receiverArc(ctx, members, node, found);
  }
}

/** The parent span of the run stands in a line of one other run: that one made the call. */
function callerArc(ctx: Context, members: Members, node: Node, found: Arcs): void {
  const parents = new Set<string>();
  for (const i of node.invocations) if (i.parentSpanId !== null) parents.add(spanKey(i.traceId, i.parentSpanId));
  for (const s of node.spans) if (s.isInvocation && s.parentSpanId !== null) parents.add(spanKey(s.traceId, s.parentSpanId));
  for (const m of ownMessages(ctx, members, node, "received")) if (m.parentSpanId !== null) parents.add(spanKey(m.traceId, m.parentSpanId));
  for (const key of parents) {
    const callers = (ctx.nodes.claims.get(key) ?? []).filter((c) => c.node !== node && members.set.has(c.node));
    if (callers.length !== 1) continue;
    const { node: from, from: calledAt, to: answeredAt } = callers[0]!;
    const message = ownMessages(ctx, members, node, "received").find((m) => m.parentSpanId !== null && m.channelKind !== "http");
    const called = message === undefined && (node.invocations.some((i) => i.trigger === "http") || node.lastAt <= from.lastAt);
    found.add({
      from,
      to: node,
      kind: "parent",
      confidence: CONFIDENCE.parent,
      invocation: called ? "sync" : "async",
      channel: message?.channel ?? null,
      sentAt: message?.sentAt ?? calledAt,
      receivedAt: message?.at ?? node.firstAt,
      carrier: message?.channelKind ?? "http",
      causeAt: calledAt,
      answeredAt: called && answeredAt > calledAt ? answeredAt : null,
    });
  }
}

/** A message that this run received, named in a line of one other function about when it was sent. */
function senderArc(ctx: Context, members: Members, node: Node, found: Arcs): void {
  for (const m of ownMessages(ctx, members, node, "received")) {
    const own = messageIds(m).filter((id) => id.kind !== "correlation" && id.kind !== "request");
    const senders = new Set<Node>();
    for (const id of own) {
      if ((ctx.sentBy.get(id.value) ?? []).length > 0) return;
      for (const other of ctx.members.tokens.get(id.value)?.carriers ?? []) {
        if (other === node || !members.set.has(other) || other.kind !== "function" || other.fn === node.fn) continue;
        if (other.received.some((r) => messageIds(r).some((i) => i.value === id.value))) continue;
        if (saidNear(other, id.value, m.sentAt, m.at)) senders.add(other);
      }
    }
    if (senders.size !== 1) continue;
    const from = [...senders][0]!;
    found.add({ ...base(node), from, channel: m.channel, sentAt: m.sentAt, receivedAt: m.at, carrier: m.channelKind, causeAt: null });
  }
}

function saidNear(other: Node, value: string, sentAt: number | null, receivedAt: number): boolean {
  return other.lines.some((l) => {
    if (!l.ids.some((i) => i.value === value)) return false;
    return sentAt === null ? l.at <= receivedAt + SKEW_TOLERANCE_MS : Math.abs(l.at - sentAt) <= SENT_NEAR_MS;
  });
}

/** A message that another function is known to have sent, named in a line of this run. */
function receiverArc(ctx: Context, members: Members, node: Node, found: Arcs): void {
  const senders = new Map<Node, { at: number; channel: string | null; carrier: ReturnType<typeof carrierOf> }>();
  for (const line of node.lines) {
    for (const id of line.ids) {
      if (id.kind === "correlation" || id.kind === "trace" || id.kind === "request") continue;
      if (node.published.some((m) => messageIds(m).some((i) => i.value === id.value))) continue;
      for (const sent of ctx.sentBy.get(id.value) ?? []) {
        const from = topOf(sent.node);
        if (from === node || !members.set.has(from) || sent.message.channelKind === "workflow") continue;
        if (sent.message.at <= line.at + SKEW_TOLERANCE_MS * 3)
          senders.set(from, { at: sent.message.at, channel: sent.message.channel, carrier: carrierOf(sent.message) });
      }
    }
  }
  if (senders.size !== 1) return;
  const [from, sent] = [...senders][0]!;
  found.add({
    ...base(node),
    from,
    channel: sent.channel,
    sentAt: sent.at,
    receivedAt: node.firstAt,
    carrier: sent.carrier,
    causeAt: sent.at,
  });
}

function carrierOf(message: Node["published"][number]): Node["published"][number]["channelKind"] {
  return message.channelKind;
}

function base(node: Node): { to: Node; kind: "message"; confidence: number; invocation: "async"; answeredAt: null } {
  return { to: node, kind: "message", confidence: CONFIDENCE.message, invocation: "async", answeredAt: null };
}
