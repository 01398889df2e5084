/**
 * Which nodes belong together. Single nodes join all their IDs; a batch (several messages, or several correlation IDs of
 * one form) joins nothing: it belongs to the chain of each of its messages, in parts. Rules: README.md in this folder.
 */
import { joins, shapeOf } from "./evidence.ts";
import { type Node, type Nodes, spanKey, topOf } from "./nodes.ts";
import { joinPayloads, type PayloadMatches, payloadMatches } from "./payload.ts";
import { relate } from "./relations.ts";
import { collectTokens, messageIds, nodeIds, type Token, type Tokens } from "./tokens.ts";
import { createUnion, type Union } from "./union.ts";
import type { Id } from "../../model/ids.ts";
import type { Message } from "../../model/records.ts";

/** The groups found. A group is named by its root element. */
export interface Membership {
  tokens: Tokens;
  /** Group of an ID; null: unknown or a hub. */
  groupOf(value: string): number | null;
  /** Group of a message by any of its IDs; null: it has none (then it belongs where its run belongs). */
  groupOfMessage(message: Message): number | null;
  /** Values of all IDs of a node (without its parts) that join. */
  valuesOf(node: Node): string[];
  /** Groups of a node and its part in each; parts follow their owner. */
  sharesOf(node: Node): ReadonlyMap<number, number>;
  /** True where the node belongs to several groups, or to part of a group. */
  isBatch(node: Node): boolean;
  /** Nodes of each group, in order of index. */
  byGroup: Map<number, Node[]>;
  payloads: PayloadMatches;
}

/** Rounds of "batches that turn out to be of one chain" and "traces that two chains share"; each only joins, so few are needed. */
const ROUNDS = 8;

export function membership(nodes: Nodes, hubLimit: number): Membership {
  const tokens = collectTokens(nodes, hubLimit);
  const pairs = relate(nodes, tokens);
  const state = createState(nodes, tokens);
  for (const [a, b] of pairs) joinTokens(state, a, b);
  joinMessages(state, nodes);
  const payloads = payloadMatches(nodes);
  let open = nodes.all.filter((n) => n.owner === null);
  for (let round = 0; round < ROUNDS; round++) {
    const before = state.joins;
    open = open.filter((node) => !settle(state, nodes, node));
    if (round === 0) for (const node of open) joinLines(state, node);
    if (round === 0) joinTasks(state, nodes);
    joinTraces(state, nodes);
    if (round === 0) joinPayloads(state, payloads);
    if (round > 0 && state.joins === before) break;
  }
  return finish(state, nodes, payloads);
}

/** What the steps of membership share. */
export interface State {
  union: Union;
  joins: number;
  tokens: Tokens;
  /** Element of a node, for hops of their own. */
  elementOf(node: Node): number;
  /** Element of an ID; null: it joins nothing. */
  element(value: string): number | null;
  /** Correlation IDs by root. */
  correlations: Map<number, string[]>;
  /** Elements of its messages or correlation IDs, for batches. */
  reps: Map<Node, number[]>;
  itemElement(message: Message): number;
  join(a: number, b: number): void;
}

const KEPT = 16;

function createState(nodes: Nodes, tokens: Tokens): State {
  const correlations = new Map<number, string[]>();
  const elements = new Map<string, number>();
  const items = new Map<Message, number>();
  const union = createUnion((winner, loser) => {
    state.joins++;
    const lost = correlations.get(loser);
    if (!lost) return;
    correlations.delete(loser);
    const kept = correlations.get(winner);
    if (!kept) correlations.set(winner, lost);
    else if (kept.length < KEPT) correlations.set(winner, [...kept, ...lost].slice(0, KEPT));
  });
  // nodes first: element = index
  for (let i = 0; i < nodes.all.length; i++) union.add();
  const state: State = {
    union,
    joins: 0,
    tokens,
    correlations,
    reps: new Map(),
    elementOf: (node) => topOf(node).index,
    element(value) {
      const known = elements.get(value);
      if (known !== undefined) return known;
      const token = tokens.get(value);
      if (!token || token.hub) return null;
      const element = union.add();
      elements.set(value, element);
      if (token.correlation) correlations.set(element, [value]);
      return element;
    },
    itemElement(message) {
      let element = items.get(message);
      if (element !== undefined) return element;
      element = union.add();
      items.set(message, element);
      const many = listsMany(message);
      for (const id of messageIds(message)) {
        if (many && id.kind === "correlation") continue;
        const own = state.element(id.value);
        if (own !== null) union.join(element, own);
      }
      return element;
    },
    join(a, b) {
      union.join(a, b);
    },
  };
  return state;
}

function joinTokens(state: State, a: Token, b: Token): void {
  const x = state.element(a.value);
  const y = state.element(b.value);
  if (x !== null && y !== null) state.join(x, y);
}

/** A message is one thing: all its IDs belong together, unless it lists many of a kind. */
function joinMessages(state: State, nodes: Nodes): void {
  for (const node of nodes.all) {
    for (const m of node.received) state.itemElement(m);
    for (const m of node.published) state.itemElement(m);
  }
  for (const m of nodes.looseMessages) state.itemElement(m);
  for (const line of nodes.looseLines) joinLine(state, lineValues(line.ids));
}

function listsMany(message: Message): boolean {
  if (message.ids.length <= 4) return false;
  const shapes = new Map<string, number>();
  for (const id of message.ids) {
    if (id.kind !== "correlation") continue;
    const shape = shapeOf(id.value);
    shapes.set(shape, (shapes.get(shape) ?? 0) + 1);
  }
  return Math.max(0, ...shapes.values()) > 4;
}

function lineValues(ids: readonly Id[]): string[] {
  return ids.filter((id) => joins(id) && id.kind !== "trace").map((id) => id.value);
}

/** IDs of one line belong together if no two of its correlation IDs are of one form. */
function joinLine(state: State, values: readonly string[]): void {
  const elements = values.map((v) => state.element(v)).filter((e) => e !== null);
  if (elements.length < 2) return;
  const roots = [...new Set(elements.map((e) => state.union.find(e)))];
  if (!sameThing(state, roots)) return;
  for (const root of roots) state.join(roots[0]!, root);
}

/** True if these groups can be one chain: no two have correlation IDs of one form. */
function sameThing(state: State, roots: readonly number[]): boolean {
  const named = roots.map((r) => state.correlations.get(r)).filter((ids) => ids !== undefined);
  for (let i = 0; i < named.length; i++)
    for (let j = i + 1; j < named.length; j++)
      for (const a of named[i]!)
        for (const b of named[j]!) if (shapeOf(a) === shapeOf(b) && !alwaysTogether(state.tokens, a, b)) return false;
  return true;
}

function alwaysTogether(tokens: Tokens, a: string, b: string): boolean {
  const x = tokens.get(a)!.carriers;
  const y = tokens.get(b)!.carriers;
  return x.length === y.length && x.length > 1 && x.every((node, i) => node === y[i]);
}

/** Messages that a node received, or the traces that its spans continue, as elements: what makes it a batch. */
function itemsOf(state: State, node: Node): number[] {
  if (node.received.length > 1) return node.received.map((m) => state.itemElement(m));
  const linked = new Set<string>();
  for (const span of node.spans) for (const link of span.links) if (!node.traces.includes(link.traceId)) linked.add(link.traceId);
  if (linked.size < 2) return [];
  return [...linked].map((trace) => state.element(trace)).filter((e) => e !== null);
}

/** Decides whether a node is single (then all its IDs join) or, for now, a batch. True: single, done with. */
function settle(state: State, nodes: Nodes, node: Node): boolean {
  const items = itemsOf(state, node);
  const itemRoots = [...new Set(items.map((e) => state.union.find(e)))];
  if (itemRoots.length > 1) {
    state.reps.set(node, items);
    return false;
  }
  const roots = new Set<number>();
  const all: number[] = [...items];
  for (const value of valuesOf(state, nodes, node)) {
    const element = state.element(value);
    if (element === null) continue;
    all.push(element);
    const root = state.union.find(element);
    if (state.correlations.has(root)) roots.add(root);
  }
  if (roots.size > 1 && !sameThing(state, [...roots])) {
    const reps = [...roots];
    const item = node.received[0];
    if (item && !roots.has(state.union.find(state.itemElement(item)))) reps.push(state.itemElement(item));
    state.reps.set(node, reps);
    return false;
  }
  state.reps.delete(node);
  for (const element of all) state.join(node.index, element);
  for (const own of [node, ...(nodes.partsOf.get(node) ?? [])]) {
    for (const m of own.received) state.join(node.index, state.itemElement(m));
    for (const m of own.published) state.join(node.index, state.itemElement(m));
  }
  return true;
}

/** Values of all IDs of a node and its parts, and of its request if others name it. */
function valuesOf(state: State, nodes: Nodes, node: Node): string[] {
  const values: string[] = [];
  for (const id of nodeIds(node)) values.push(id.value);
  for (const part of nodes.partsOf.get(node) ?? []) for (const id of nodeIds(part)) values.push(id.value);
  if (node.requestId !== null && state.tokens.has(node.requestId)) values.push(node.requestId);
  return values;
}

/** A workflow's state names the run that did its work. */
function joinTasks(state: State, nodes: Nodes): void {
  for (const node of nodes.all) {
    if (node.kind !== "state" || node.requestId === null) continue;
    for (const run of nodes.byRequest.get(node.requestId) ?? [])
      if (run !== node && !state.reps.has(run)) state.join(topOf(node).index, run.index);
  }
}

/** Lines of a batch still say which IDs belong together, where they speak of one message alone. */
function joinLines(state: State, node: Node): void {
  const owners = new Map<string, Set<Message>>();
  for (const m of node.received) for (const id of messageIds(m)) owners.set(id.value, (owners.get(id.value) ?? new Set()).add(m));
  for (const line of node.lines) {
    const values = lineValues(line.ids);
    const touched = new Set<Message>();
    for (const value of values) for (const m of owners.get(value) ?? []) touched.add(m);
    if (touched.size <= 1) joinLine(state, values);
  }
}

/** Where the trace of a node may lead: its own, and those its lines name if it is no batch. */
function tracesOf(state: State, node: Node): string[] {
  return state.reps.has(node) ? node.traces : [...node.traces, ...node.lineTraces];
}

interface Carriers {
  firstAt: number;
  nodes: Node[];
  /** Messages and lines that name the trace. */
  elements: number[];
}

function joinTraces(state: State, nodes: Nodes): void {
  const traces = new Map<string, Carriers>();
  function carriers(trace: string, at: number): Carriers | null {
    if (state.element(trace) === null && state.tokens.get(trace)?.hub) return null;
    let c = traces.get(trace);
    if (!c) traces.set(trace, (c = { firstAt: at, nodes: [], elements: [] }));
    if (at < c.firstAt) c.firstAt = at;
    return c;
  }
  const messageTrace = (m: Message): void => {
    const trace = m.traceId ?? m.ids.find((id) => id.kind === "trace")?.value ?? null;
    if (trace !== null && messageIds(m).length > 0) carriers(trace, m.at)?.elements.push(state.itemElement(m));
  };
  for (const node of nodes.all) {
    if (node.owner === null) for (const trace of new Set(tracesOf(state, node))) carriers(trace, node.firstAt)?.nodes.push(node);
    node.received.forEach(messageTrace);
    node.published.forEach(messageTrace);
    const linked = state.reps.has(topOf(node)) ? [] : node.spans.flatMap((s) => s.links);
    for (const link of linked) {
      const c = carriers(link.traceId, node.firstAt);
      if (c) c.elements.push(state.elementOf(node));
    }
  }
  nodes.looseMessages.forEach(messageTrace);
  for (const line of nodes.looseLines) {
    const first = lineValues(line.ids).find((value) => state.element(value) !== null);
    if (line.trace !== null && first !== undefined) carriers(line.trace, line.at)?.elements.push(state.element(first)!);
  }
  const ordered = [...traces].sort((a, b) => a[1].firstAt - b[1].firstAt || (a[0] < b[0] ? -1 : 1));
  for (const [trace, c] of ordered) joinTrace(state, nodes, trace, c);
}

function joinTrace(state: State, nodes: Nodes, trace: string, c: Carriers): void {
  const single = c.nodes.filter((n) => !state.reps.has(n));
  const elements = [...single.map((n) => n.index), ...c.elements];
  const own = state.element(trace);
  if (own !== null) elements.push(own);
  const roots = [...new Set(elements.map((e) => state.union.find(e)))];
  const named = roots.filter((r) => state.correlations.has(r));
  if (single.length === c.nodes.length && sameThing(state, named)) {
    for (const root of roots) state.join(roots[0]!, root);
    return;
  }
  assignByTree(state, nodes, trace, single);
}

/** A trace that several chains share (a scheduler, a batch): who has no correlation ID goes with the nearest cause that has one. */
function assignByTree(state: State, nodes: Nodes, trace: string, single: readonly Node[]): void {
  const inTrace = new Set(single);
  const parents = new Map<Node, Node>();
  for (const node of single) {
    const parent = parentIn(nodes, trace, node);
    if (parent && parent !== node) parents.set(node, parent);
  }
  const named = (node: Node): boolean => state.correlations.has(state.union.find(node.index));
  const reached = new Map<Node, Set<number>>();
  for (const node of single) {
    if (!named(node)) continue;
    const group = state.union.find(node.index);
    for (let up = parents.get(node); up && inTrace.has(up) && !named(up); up = parents.get(up)) {
      const groups = reached.get(up) ?? new Set<number>();
      if (groups.has(group)) break;
      reached.set(up, groups.add(group));
    }
  }
  for (const node of single) {
    if (named(node)) continue;
    const parent = parents.get(node);
    if (parent && inTrace.has(parent) && !((reached.get(parent)?.size ?? 0) > 1)) state.join(node.index, parent.index);
    else if (reached.get(node)?.size === 1) state.join(node.index, [...reached.get(node)!][0]!);
    else if ((reached.get(node)?.size ?? 0) > 1) state.reps.set(node, [...reached.get(node)!]);
  }
}

function parentIn(nodes: Nodes, trace: string, node: Node): Node | null {
  for (const span of node.spans) {
    if (span.traceId !== trace || span.parentSpanId === null) continue;
    const parent = nodes.bySpan.get(spanKey(trace, span.parentSpanId));
    if (parent) return topOf(parent);
  }
  return null;
}

function finish(state: State, nodes: Nodes, payloads: PayloadMatches): Membership {
  const byGroup = new Map<number, Node[]>();
  const shares = new Map<Node, Map<number, number>>();
  function sharesOf(node: Node): Map<number, number> {
    const top = topOf(node);
    let found = shares.get(top);
    if (found) return found;
    found = new Map();
    const reps = state.reps.get(top);
    if (!reps || reps.length === 0) found.set(state.union.find(top.index), 1);
    else for (const rep of reps) found.set(state.union.find(rep), (found.get(state.union.find(rep)) ?? 0) + 1 / reps.length);
    if (reps && found.size === 1) found = new Map([[[...found.keys()][0]!, 1]]);
    shares.set(top, found);
    return found;
  }
  for (const node of nodes.all) {
    for (const group of sharesOf(node).keys()) {
      const members = byGroup.get(group);
      if (members) members.push(node);
      else byGroup.set(group, [node]);
    }
  }
  const groupOf = (value: string): number | null => {
    const element = state.element(value);
    return element === null ? null : state.union.find(element);
  };
  return {
    tokens: state.tokens,
    groupOf,
    groupOfMessage(message) {
      return state.union.find(state.itemElement(message));
    },
    valuesOf: (node) => [...nodeIds(node)].map((id) => id.value),
    sharesOf,
    isBatch: (node) => sharesOf(node).size > 1,
    byGroup,
    payloads,
  };
}
