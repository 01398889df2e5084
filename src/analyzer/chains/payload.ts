/** Send and receive joined without a shared ID: by payload hash, or by the key of the object or item that was written. */
import type { Message } from "../../model/records.ts";
import { CONFIDENCE, DELIVERY_WINDOW_MS, SKEW_TOLERANCE_MS } from "./evidence.ts";
import type { State } from "./member-state.ts";
import { type Node, type Nodes, topOf } from "./nodes.ts";

/** The one published message that a received one can be. */
export interface PayloadMatch {
  published: Message;
  publisher: Node;
  /** .6 to .8: the more of channel, hash and key agree. */
  confidence: number;
}

export type PayloadMatches = Map<Message, PayloadMatch>;

interface Side {
  message: Message;
  node: Node;
}

/** `sentBy`: transport IDs that a sender logged. Pairs received messages whose transport ID no publisher logged with the only published message that fits in the window. */
export function payloadMatches(nodes: Nodes, sentBy: ReadonlyMap<string, unknown>): PayloadMatches {
  const received = new Map<string, Side[]>();
  const receivedIds = new Set<string>();
  for (const node of nodes.all) {
    for (const message of node.received) {
      if (message.messageId !== null) receivedIds.add(message.messageId);
      if (message.messageId === null || !sentBy.has(message.messageId)) addSide(received, { message, node });
    }
  }
  if (received.size === 0) return new Map();
  const published = new Map<string, Side[]>();
  for (const node of nodes.all) {
    for (const message of node.published) {
      if (message.messageId === null || !receivedIds.has(message.messageId)) addSide(published, { message, node });
    }
  }
  const matches: PayloadMatches = new Map();
  for (const [key, receivers] of received) {
    const senders = published.get(key);
    if (senders) for (const receiver of receivers) matchOne(matches, receiver, senders, receivers);
  }
  return matches;
}

function addSide(sides: Map<string, Side[]>, side: Side): void {
  for (const key of keysOf(side.message)) {
    const list = sides.get(key);
    if (list) list.push(side);
    else sides.set(key, [side]);
  }
}

/** What a message without a shared transport ID can be told by. */
export function keysOf(message: Message): string[] {
  const keys: string[] = [];
  if (message.payloadHash !== null) keys.push(`hash ${message.payloadHash}`);
  if ((message.channelKind === "bucket" || message.channelKind === "table") && message.messageId !== null) {
    keys.push(`key ${message.messageId.split("@")[0]}`);
  }
  return keys;
}

function matchOne(matches: PayloadMatches, receiver: Side, senders: readonly Side[], receivers: readonly Side[]): void {
  if (matches.has(receiver.message)) return;
  const fitting = senders.filter((s) => topOf(s.node) !== topOf(receiver.node) && fits(s.message, receiver.message));
  if (new Set(fitting.map((s) => s.message)).size !== 1) return;
  const sender = fitting[0]!;
  // two different messages of one function cannot both be this one
  const rivals = receivers.filter(
    (r) => r.message.fn === receiver.message.fn && r.message.messageId !== receiver.message.messageId && fits(sender.message, r.message),
  );
  if (rivals.length > 0) return;
  const sameChannel = sender.message.channel !== null && sender.message.channel === receiver.message.channel;
  const sameName = sender.message.eventName !== null && sender.message.eventName === receiver.message.eventName;
  const confidence = CONFIDENCE.payload - 0.1 + (sameChannel ? 0.15 : 0) + (sameName ? 0.05 : 0);
  matches.set(receiver.message, { published: sender.message, publisher: sender.node, confidence: Math.round(confidence * 100) / 100 });
}

function fits(sent: Message, got: Message): boolean {
  if (sent.channelKind === got.channelKind && sent.channel !== null && got.channel !== null && sent.channel !== got.channel) return false;
  const at = got.sentAt ?? got.at;
  return at - sent.at + SKEW_TOLERANCE_MS * 3 >= 0 && at - sent.at <= DELIVERY_WINDOW_MS;
}

/** Joins the two sides of each match, unless they name different correlation IDs. */
export function joinPayloads(state: State, matches: PayloadMatches): void {
  for (const [message, match] of matches) {
    const a = state.union.find(state.itemElement(message));
    const b = state.union.find(state.itemElement(match.published));
    if (a === b) continue;
    if (state.correlations.has(a) && state.correlations.has(b)) {
      matches.delete(message);
      continue;
    }
    state.join(a, b);
  }
}
