/** A trace joins its spans and runs, unless several chains share it: then each goes with its nearest cause. */
import type { Message } from "../../model/records.ts";
import { lineValues, sameThing, type State } from "./member-state.ts";
import { type Node, type Nodes, spanKey, topOf } from "./nodes.ts";
import { messageIds } from "./tokens.ts";

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

export function joinTraces(state: State, nodes: Nodes): void {
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
