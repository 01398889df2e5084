/** A chain's hops as a tree for reading: under each hop what it caused, in order of start. A DAG loses its second causes here; they are counted. */
import type { TraceDocument, TraceEdge, TraceHop } from "../report.ts";

/** What brought a hop about. */
export interface Cause {
  from: TraceHop;
  /** Weakest evidence on the way, which may lead through hops that are not shown. */
  confidence: number;
  /** Kind of evidence of the last step. */
  kind: TraceEdge["kind"];
}

/** One line of the tree. */
export interface TreeRow {
  hop: TraceHop;
  depth: number;
  /** Is it the last one under its cause? */
  last: boolean;
  /** The cause it stands under; null: none. */
  cause: Cause | null;
  /** Causes other than that one. */
  otherCauses: Cause[];
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
  const causes = new Map(visible.map((hop) => [hop.id, causesOf(hop)]));
  const under = new Map<string, Cause>();
  // a ring is cut where it leads back in time: hops that start before their best cause choose last
  const backwards = (hop: TraceHop): boolean => (causes.get(hop.id)![0]?.from.startMs ?? hop.startMs) > hop.startMs;
  for (const hop of [...visible.filter((one) => !backwards(one)), ...visible.filter(backwards)]) {
    const chosen = causes.get(hop.id)!.find((cause) => !isBelow(cause.from.id, hop.id, under));
    if (chosen !== undefined) under.set(hop.id, chosen);
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
    const cause = under.get(hop.id) ?? null;
    rows.push({ hop, depth, last, cause, otherCauses: causes.get(hop.id)!.filter((other) => other !== cause) });
    const below = children.get(hop.id) ?? [];
    for (let i = below.length - 1; i >= 0; i--) stack.push({ hop: below[i]!, depth: depth + 1, last: i === below.length - 1 });
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
