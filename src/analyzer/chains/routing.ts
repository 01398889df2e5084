/** Causes of hops that only share a correlation ID with the rest: by channel, event name and configuration, and only where one fits. */
import type { Message } from "../../model/records.ts";
import { CONFIDENCE, DELIVERY_WINDOW_MS, GUESS_WINDOW_MS, SKEW_TOLERANCE_MS } from "./evidence.ts";
import type { Arc, Context, Sent } from "./context.ts";
import { contract } from "./contract.ts";
import { type Arcs, type Members, ownMessages, sentAtOf } from "./edges.ts";
import { type Node, topOf } from "./nodes.ts";
import { messageIds } from "./tokens.ts";

/** What is left open: hops without a known cause, and those where several fit. */
export interface Open {
  causeless: Node[];
  ambiguous: { node: Node; candidates: Node[] }[];
}

/** Functions and workflows of a chain without a cause among its other functions and workflows. */
export function causeless(members: Members, found: Arcs): Node[] {
  const ownerOf = (node: Node): Node | null => {
    const top = topOf(node);
    return top.kind === "function" || top.kind === "workflow" ? top : null;
  };
  const caused = new Set(
    contract(
      found.all().filter((a) => a.kind !== "retry"),
      ownerOf,
    ).map((a) => a.to),
  );
  return members.nodes
    .filter((n) => (n.kind === "function" || n.kind === "workflow") && !caused.has(n))
    .sort((a, b) => a.firstAt - b.firstAt);
}

export function routedArcs(ctx: Context, members: Members, found: Arcs): Open {
  const published: Sent[] = members.nodes.flatMap((node) =>
    ownMessages(ctx, members, node, "published").map((message) => ({ node, message })),
  );
  const taken = takenBy(ctx, members);
  const ambiguous: Open["ambiguous"] = [];
  const open = causeless(members, found);
  for (const node of open) {
    if (node.kind !== "function") {
      fedArc(ctx, members, node, found);
      continue;
    }
    const received = ownMessages(ctx, members, node, "received");
    const candidates = received.length > 0 ? forReceived(ctx, node, received, published, taken) : forTriggered(ctx, node, published, taken);
    const publishers = [...new Set(candidates.map((c) => topOf(c.sent.node)))];
    if (publishers.length === 1) found.add(arcOf(candidates[0]!, node));
    else if (publishers.length > 1) ambiguous.push({ node, candidates: publishers });
    else fedArc(ctx, members, node, found);
  }
  if (published.length === 0 && ctx.topology.empty) guess(members, open, found);
  const left = causeless(members, found);
  return { causeless: left, ambiguous: ambiguous.filter((a) => left.includes(a.node)) };
}

interface Candidate {
  sent: Sent;
  received: Message | null;
  confidence: number;
}

/** Which function has already received which message. */
function takenBy(ctx: Context, members: Members): Set<string> {
  const taken = new Set<string>();
  for (const node of members.nodes)
    for (const m of ownMessages(ctx, members, node, "received"))
      for (const id of messageIds(m)) taken.add(`${node.cloud} ${node.fn} ${id.value}`);
  return taken;
}

function isTaken(taken: ReadonlySet<string>, node: Node, message: Message): boolean {
  return messageIds(message).some((id) => id.kind !== "correlation" && taken.has(`${node.cloud} ${node.fn} ${id.value}`));
}

/** The message came in, but its own ID was not logged by any sender of the chain: which published message can it be? */
function forReceived(
  ctx: Context,
  node: Node,
  received: readonly Message[],
  published: readonly Sent[],
  taken: ReadonlySet<string>,
): Candidate[] {
  const found: Candidate[] = [];
  for (const message of received) {
    const fitting = published.filter(
      (p) => topOf(p.node) !== node && !isTaken(taken, node, p.message) && leads(ctx, p.message, message) && inTime(p.message, message),
    );
    found.push(...nearest(fitting, message).map((sent) => ({ sent, received: message, confidence: 0.8 })));
  }
  return found;
}

function leads(ctx: Context, sent: Message, got: Message): boolean {
  if (sent.eventName !== null && got.eventName !== null && sent.eventName !== got.eventName) return false;
  if (sent.channel === null || got.channel === null) return sent.eventName !== null && sent.eventName === got.eventName;
  return sent.channel === got.channel || ctx.topology.channelsInto(got.channel).has(sent.channel);
}

function inTime(sent: Message, got: Message): boolean {
  const delay = (got.sentAt ?? got.at) - sent.at;
  return delay + SKEW_TOLERANCE_MS >= 0 && delay <= DELIVERY_WINDOW_MS;
}

/** Several sends on one channel: the broker's own time of acceptance tells them apart, if it is near to one only. */
function nearest(fitting: readonly Sent[], got: Message): readonly Sent[] {
  if (fitting.length < 2 || got.sentAt === null) return fitting;
  const near = fitting.filter((p) => Math.abs(p.message.at - got.sentAt!) <= 250);
  return near.length === 1 ? near : fitting;
}

/** Nothing of the received message is left: a published one on a channel that leads to this function and that it has not received. */
function forTriggered(ctx: Context, node: Node, published: readonly Sent[], taken: ReadonlySet<string>): Candidate[] {
  if (node.fn === null) return [];
  const channels = ctx.topology.channelsInto(node.fn);
  return published
    .filter((p) => {
      const delay = node.firstAt - p.message.at;
      const inWindow = delay + SKEW_TOLERANCE_MS >= 0 && delay <= DELIVERY_WINDOW_MS;
      return (
        inWindow &&
        topOf(p.node) !== node &&
        p.message.channel !== null &&
        channels.has(p.message.channel) &&
        !isTaken(taken, node, p.message)
      );
    })
    .map((sent) => ({ sent, received: null, confidence: 0.7 }));
}

function arcOf(candidate: Candidate, node: Node): Arc {
  const { sent, received, confidence } = candidate;
  return {
    from: sent.node,
    to: node,
    kind: "correlation",
    confidence: Math.min(confidence, CONFIDENCE.correlation),
    invocation: "async",
    channel: received?.channel ?? sent.message.channel,
    sentAt: received === null ? sent.message.at : sentAtOf(received, sent.message),
    receivedAt: received?.at ?? node.firstAt,
    carrier: received?.channelKind ?? sent.message.channelKind,
    causeAt: sent.message.at,
    answeredAt: null,
  };
}

/**
 * Nothing is left of the message itself. By configuration and by what was observed elsewhere, one function feeds this one:
 * its run in the chain is the cause, if there is one only, begun before and not itself waiting for this one.
 */
function fedArc(ctx: Context, members: Members, node: Node, found: Arcs): void {
  const got = ownMessages(ctx, members, node, "received")[0];
  const known = got?.channel == null ? new Set<string>() : ctx.topology.feeders(got.channel);
  const feeders = known.size > 0 ? known : ctx.topology.feeders(node.fn ?? node.name);
  if (feeders.size !== 1) return;
  const runs = members.nodes.filter(
    (n) => (n.kind === "function" || n.kind === "workflow") && feeders.has(n.fn ?? n.name) && n.cloud === node.cloud,
  );
  const from = runs[0];
  if (runs.length !== 1 || !from || from === node) return;
  const delay = node.firstAt - from.firstAt;
  if (delay < 0 || delay > DELIVERY_WINDOW_MS || found.has(node, from)) return;
  found.add({
    from,
    to: node,
    kind: "correlation",
    confidence: 0.6,
    invocation: from.kind === "workflow" ? "sync" : "async",
    channel: got?.channel ?? null,
    sentAt: got?.sentAt ?? null,
    receivedAt: got?.at ?? node.firstAt,
    carrier: got?.channelKind ?? null,
    causeAt: null,
    answeredAt: null,
  });
}

/** By time alone: two hops of one correlation ID and nothing else known of either. A guess, refused when two fit. */
function guess(members: Members, open: readonly Node[], found: Arcs): void {
  const hops = members.nodes.filter((n) => n.kind === "function");
  if (members.nodes.length !== hops.length || hops.some((n) => n.received.length > 0) || hops.length !== 2 || open.length !== 2) return;
  const [first, second] = open;
  if (!first || !second) return;
  if (second.firstAt <= first.firstAt || second.firstAt - first.lastAt > GUESS_WINDOW_MS) return;
  found.add({
    from: first,
    to: second,
    kind: "time",
    confidence: CONFIDENCE.time,
    invocation: second.lastAt <= first.lastAt ? "sync" : "async",
    channel: null,
    sentAt: null,
    receivedAt: second.firstAt,
    carrier: null,
    causeAt: null,
    answeredAt: null,
  });
}
