/** Single nodes join all their IDs; batches join nothing but what one of their lines says of one message. */
import type { Message } from "../../model/records.ts";
import { joinLine, lineValues, sameThing, type State } from "./member-state.ts";
import { type Node, type Nodes, topOf } from "./nodes.ts";
import { messageIds, type Token } from "./tokens.ts";

/** A message is one thing: all its IDs belong together, unless it lists many of a kind. */
export function joinMessages(state: State, nodes: Nodes): void {
  for (const node of nodes.all) {
    for (const m of node.received) state.itemElement(m);
    for (const m of node.published) state.itemElement(m);
  }
  for (const m of nodes.looseMessages) state.itemElement(m);
  for (const line of nodes.looseLines) joinLine(state, lineValues(line.ids));
}

/** Messages that a node received, or the traces that its spans continue, as elements: what makes it a batch. */
function itemsOf(state: State, node: Node): number[] {
  const linked = new Set<string>();
  for (const span of node.spans) for (const link of span.links) if (!node.traces.includes(link.traceId)) linked.add(link.traceId);
  const traces = [...linked].map((trace) => state.element(trace)).filter((e) => e !== null);
  if (node.received.length < 2) return linked.size < 2 ? [] : traces;
  const items = node.received.map((m) => state.itemElement(m));
  const known = new Set(items.map((e) => state.union.find(e)));
  const open = traces.filter((e) => !known.has(state.union.find(e)));
  // a trace that no message names is that of one of the messages of which nothing else is known: of which one, nobody says
  for (const [i, message] of node.received.entries()) if (open.length > 0 && isAlone(state, message)) items[i] = open.shift()!;
  return items;
}

/** Nothing but the batch itself tells of this message. */
function isAlone(state: State, message: Message): boolean {
  if (message.traceId !== null || state.correlations.has(state.union.find(state.itemElement(message)))) return false;
  return messageIds(message).every(({ value }) => {
    const token = state.tokens.get(value);
    return token === undefined || (token.carriers.length < 2 && token.loose === 0);
  });
}

/** Decides whether a node is single (then all its IDs join) or, for now, a batch. True: single, done with. */
export function settle(state: State, nodes: Nodes, node: Node): boolean {
  const items = itemsOf(state, node);
  const itemRoots = [...new Set(items.map((e) => state.union.find(e)))];
  const roots = new Set<number>();
  const all: number[] = [...items];
  for (const token of tokensOf(state, nodes, node)) {
    const element = state.elementOfToken(token);
    if (element === null) continue;
    all.push(element);
    const root = state.union.find(element);
    if (state.correlations.has(root)) roots.add(root);
  }
  if (itemRoots.length > 1) {
    // its lines may name chains that no message of it is known to be of
    state.reps.set(node, [...items, ...[...roots].filter((root) => !itemRoots.includes(root))]);
    return false;
  }
  if (roots.size > 1 && !sameThing(state, [...roots])) {
    const reps = [...roots];
    const item = node.received[0];
    // a tick or a call that had many handled is none of them
    const asked = item?.channelKind === "schedule" || item?.channelKind === "http";
    if (item && !asked && !roots.has(state.union.find(state.itemElement(item)))) reps.push(state.itemElement(item));
    state.reps.set(node, reps);
    return false;
  }
  state.reps.delete(node);
  for (const element of all) state.join(node.index, element);
  for (const own of nodes.partsOf.has(node) ? [node, ...nodes.partsOf.get(node)!] : [node]) {
    for (const m of own.received) state.join(node.index, state.itemElement(m));
    for (const m of own.published) state.join(node.index, state.itemElement(m));
  }
  return true;
}

/** Tokens of a node and its parts, and of its request if others name it. */
function tokensOf(state: State, nodes: Nodes, node: Node): Token[] {
  const found = [...state.tokens.of(node)];
  for (const part of nodes.partsOf.get(node) ?? []) found.push(...state.tokens.of(part));
  const request = node.requestId === null ? undefined : state.tokens.get(node.requestId);
  if (request) found.push(request);
  return found;
}

/** A workflow's state names the run that did its work. */
export function joinTasks(state: State, nodes: Nodes): void {
  for (const node of nodes.all) {
    if (node.kind !== "state" || node.requestId === null) continue;
    for (const run of nodes.byRequest.get(node.requestId) ?? [])
      if (run !== node && !state.reps.has(run)) state.join(topOf(node).index, run.index);
  }
}

/** Lines of a batch still say which IDs belong together, where they speak of one message alone. */
export function joinLines(state: State, node: Node): void {
  const owners = new Map<string, Set<Message>>();
  for (const m of node.received) for (const id of messageIds(m)) owners.set(id.value, (owners.get(id.value) ?? new Set()).add(m));
  for (const line of node.lines) {
    const values = lineValues(line.ids);
    const touched = new Set<Message>();
    for (const value of values) for (const m of owners.get(value) ?? []) touched.add(m);
    if (touched.size <= 1) joinLine(state, values);
  }
}
