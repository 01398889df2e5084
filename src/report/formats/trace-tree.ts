/** A chain's hops as a tree for reading: under each hop what it caused, in order of start. A DAG loses its second causes here; they are counted. */
import type { TraceDocument, TraceEdge, TraceHop } from "../report.ts";

/** One line of the tree. */
export interface TreeRow {
  hop: TraceHop;
  depth: number;
  /** Is it the last one under its cause? */
  last: boolean;
  /** Weakest evidence on the way from the cause shown; null: no cause. */
  confidence: number | null;
  /** Kind of evidence of the last step; null: no cause. */
  kind: TraceEdge["kind"] | null;
  /** Causes other than the one it stands under. */
  otherCauses: TraceHop[];
}

interface Cause {
  from: TraceHop;
  confidence: number;
  kind: TraceEdge["kind"];
}

/** Hops that are lines: functions and workflows; with `parts` all. A chain without functions and workflows shows what it has. */
export function visibleHops(chain: TraceDocument["chain"], parts: boolean): TraceHop[] {
  if (parts) return chain.hops;
  const main = chain.hops.filter((hop) => hop.kind === "function" || hop.kind === "workflow");
  if (main.length > 0) return main;
  const whole = chain.hops.filter((hop) => hop.partOf === null && hop.kind !== "part");
  return whole.length > 0 ? whole : chain.hops;
}

/** Each visible hop once, whatever cycles the edges have. */
export function treeRows(chain: TraceDocument["chain"], parts: boolean): TreeRow[] {
  const visible = visibleHops(chain, parts).toSorted((a, b) => a.startMs - b.startMs);
  const causesOf = causeFinder(chain, new Set(visible.map((hop) => hop.id)));
  const under = new Map<string, Cause>();
  const others = new Map<string, TraceHop[]>();
  for (const hop of visible) {
    const causes = causesOf(hop);
    const chosen = causes.find((cause) => !isBelow(cause.from.id, hop.id, under));
    if (chosen !== undefined) under.set(hop.id, chosen);
    others.set(
      hop.id,
      causes.filter((cause) => cause !== chosen).map((cause) => cause.from),
    );
  }
  const children = new Map<string | null, TraceHop[]>();
  for (const hop of visible) {
    const key = under.get(hop.id)?.from.id ?? null;
    const siblings = children.get(key);
    if (siblings === undefined) children.set(key, [hop]);
    else siblings.push(hop);
  }
  const rows: TreeRow[] = [];
  const stack = (children.get(null) ?? []).map((hop) => ({ hop, depth: 0, last: true })).toReversed();
  while (stack.length > 0) {
    const { hop, depth, last } = stack.pop()!;
    const cause = under.get(hop.id);
    rows.push({
      hop,
      depth,
      last,
      confidence: cause?.confidence ?? null,
      kind: cause?.kind ?? null,
      otherCauses: others.get(hop.id) ?? [],
    });
    const below = children.get(hop.id) ?? [];
    stack.push(...below.map((child, i) => ({ hop: child, depth: depth + 1, last: i === below.length - 1 })).toReversed());
  }
  return rows;
}

/** Is `id` somewhere under `top`? */
function isBelow(id: string, top: string, under: ReadonlyMap<string, Cause>): boolean {
  for (let at: string | undefined = id; at !== undefined; at = under.get(at)?.from.id) if (at === top) return true;
  return false;
}

/** Finds the visible causes of a hop, strongest first; goes through hops that are not shown. */
function causeFinder(chain: TraceDocument["chain"], visible: ReadonlySet<string>): (hop: TraceHop) => Cause[] {
  const hops = new Map(chain.hops.map((hop) => [hop.id, hop]));
  const incoming = new Map<string, TraceEdge[]>();
  for (const edge of chain.edges) {
    const known = incoming.get(edge.to);
    if (known === undefined) incoming.set(edge.to, [edge]);
    else known.push(edge);
  }
  return (hop) => {
    const found = new Map<string, Cause>();
    const seen = new Set([hop.id]);
    const queue: { id: string; confidence: number; kind: TraceEdge["kind"] | null }[] = [{ id: hop.id, confidence: 1, kind: null }];
    for (let step = queue.shift(); step !== undefined; step = queue.shift()) {
      const at = hops.get(step.id);
      const edges = (incoming.get(step.id) ?? []).map((edge) => ({
        id: edge.from,
        confidence: Math.min(step.confidence, edge.confidence),
        kind: step.kind ?? edge.kind,
      }));
      // a part stands under the hop it is a part of, whatever else caused it
      if (at?.partOf !== null && at?.partOf !== undefined)
        edges.push({ id: at.partOf, confidence: step.confidence, kind: step.kind ?? "parent" });
      for (const next of edges) {
        if (seen.has(next.id)) continue;
        seen.add(next.id);
        const from = hops.get(next.id);
        if (from !== undefined && visible.has(next.id)) found.set(next.id, { from, confidence: next.confidence, kind: next.kind });
        else queue.push(next);
      }
    }
    // a repeated delivery stands beside its first one, under the same cause, where there is one
    const weight = (cause: Cause): number => (cause.kind === "retry" ? cause.confidence - 1 : cause.confidence);
    return [...found.values()].sort((a, b) => weight(b) - weight(a) || b.from.startMs - a.from.startMs);
  };
}
