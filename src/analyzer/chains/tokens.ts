/** Which IDs count: every ID of every node, who carries it, and which of them are hubs that join nothing. */
import type { Id } from "../../model/ids.ts";
import type { Message } from "../../model/records.ts";
import { asWritten, HUB_ENTRIES, isLabel, joins, LABEL_ENTRIES, LASTING_LENGTH } from "./evidence.ts";
import { type Node, type Nodes, topOf } from "./nodes.ts";

/** What is known of one ID value. Kinds are not told apart: a correlation ID may be an event ID elsewhere. */
export interface Token {
  value: string;
  correlation: boolean;
  execution: boolean;
  trace: boolean;
  /** Hops of their own that carry it, each once, in order. */
  carriers: Node[];
  /** Messages and lines of no known run that carry it. */
  loose: number;
  hub: boolean;
  /** Its element in the union of groups; -1: none yet. */
  element: number;
}

export interface Tokens {
  get(value: string): Token | undefined;
  all(): Iterable<Token>;
  /** Tokens of a node (without its parts), each once; traces are apart. */
  of(node: Node): readonly Token[];
}

/** All IDs of a message that join: its transport ID and those inside. */
export function messageIds(message: Message): Id[] {
  const ids = message.ids.filter((id) => joins(id) && id.kind !== "trace");
  if (message.messageId === null) return ids;
  const own: Id = { kind: message.channelKind === "workflow" ? "execution" : "message", value: message.messageId };
  if (!isTransportId(message) || !joins(own)) return ids;
  return [own, ...ids];
}

/** Keys of objects and items name a message only with version or sequence: the same key is written many times. */
function isTransportId(message: Message): boolean {
  return (
    (message.channelKind !== "bucket" && message.channelKind !== "table") ||
    message.messageId!.includes("@") ||
    !message.messageId!.includes("/")
  );
}

/** Every ID that joins nodes and was seen of this one (without its parts); may repeat. Traces are apart: two chains can share one. */
function* nodeIds(node: Node): Generator<Id> {
  for (const i of node.invocations) for (const id of i.ids) if (joins(id) && id.kind !== "trace") yield id;
  for (const s of node.spans) for (const id of s.ids) if (joins(id) && id.kind !== "trace") yield id;
  for (const line of node.lines) for (const id of line.ids) if (joins(id) && id.kind !== "trace") yield id;
  for (const m of node.received) yield* messageIds(m);
  for (const m of node.published) yield* messageIds(m);
  if (node.kind === "workflow") yield { kind: "execution", value: node.id };
}

const NONE: readonly Token[] = [];

export function collectTokens(nodes: Nodes, hubLimit: number): Tokens {
  const tokens = new Map<string, Token>();
  const byNode: (readonly Token[])[] = [];
  function token(id: Id): Token {
    let t = tokens.get(id.value);
    if (!t) {
      t = { value: id.value, correlation: false, execution: false, trace: false, carriers: [], loose: 0, hub: false, element: -1 };
      tokens.set(id.value, t);
    }
    if (id.kind === "correlation") t.correlation = true;
    else if (id.kind === "execution") t.execution = true;
    else if (id.kind === "trace") t.trace = true;
    return t;
  }
  for (const node of nodes.all) {
    const top = topOf(node);
    const own: Token[] = [];
    for (const id of nodeIds(node)) {
      const t = token(id);
      if (own.includes(t)) continue;
      own.push(t);
      carry(t, top);
    }
    byNode[node.index] = own.length === 0 ? NONE : own;
    for (const trace of node.traces) carry(token({ kind: "trace", value: trace }), top);
    for (const trace of node.lineTraces) carry(token({ kind: "trace", value: trace }), top);
    for (const span of node.spans) for (const link of span.links) token({ kind: "trace", value: link.traceId });
  }
  for (const node of nodes.all) {
    const own = node.requestId === null || node.owner !== null ? undefined : tokens.get(node.requestId);
    if (own) carry(own, node);
  }
  for (const line of nodes.looseLines) for (const id of line.ids) if (joins(id)) token(id).loose++;
  for (const message of nodes.looseMessages) for (const id of messageIds(message)) token(id).loose++;
  markHubs(tokens.values(), hubLimit);
  markCounters(nodes, tokens);
  return { get: (value) => tokens.get(value), all: () => tokens.values(), of: (node) => byNode[node.index] ?? NONE };
}

function carry(token: Token, node: Node): void {
  // parts of one run follow each other mostly, but not always
  if (token.carriers.at(-1) !== node && !(token.carriers.length < 8 && token.carriers.includes(node))) token.carriers.push(node);
}

function markHubs(tokens: Iterable<Token>, hubLimit: number): void {
  for (const token of tokens) {
    token.hub = token.carriers.length > hubLimit || token.loose > hubLimit * 10 || (token.correlation && manyEntries(token));
  }
}

/** A chain has few entrances; a constant is carried in by every request. */
function manyEntries(token: Token): boolean {
  const limit = isLabel(asWritten(token.value)) ? LABEL_ENTRIES : HUB_ENTRIES;
  if (token.carriers.length <= limit) return false;
  const entries = new Map<string, Set<string>>();
  for (const node of token.carriers) {
    if (node.received.length > 0 || node.fn === null || node.spans.some((s) => s.parentSpanId !== null)) continue;
    const traces = entries.get(node.fn) ?? new Set();
    entries.set(node.fn, traces.add(node.traces[0] ?? node.lineTraces[0] ?? node.id));
    if (traces.size > limit) return true;
  }
  return false;
}

/** A short message ID that one function gave to messages of several runs is a counter of its own. */
function markCounters(nodes: Nodes, tokens: ReadonlyMap<string, Token>): void {
  const first = new Map<string, Node>();
  for (const node of nodes.all) {
    for (const { messageId } of node.published) {
      if (messageId === null || messageId.length >= LASTING_LENGTH) continue;
      const key = `${node.cloud} ${node.fn} ${messageId}`;
      const known = first.get(key);
      const token = tokens.get(messageId);
      if (known === undefined) first.set(key, node);
      else if (topOf(known) !== topOf(node) && token && !token.correlation) token.hub = true;
    }
  }
}
