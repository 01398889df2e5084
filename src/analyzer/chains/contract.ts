/** The graph of invocations behind a chain: parts, states and services drawn into the functions and workflows they serve. */
import type { Chain } from "../../model/chains.ts";

/** Edges of a graph between contracted owners; `ownerOf` null: passes through. Every pair once. */
export function contract<N>(arcs: readonly { from: N; to: N }[], ownerOf: (node: N) => N | null): { from: N; to: N }[] {
  const next = new Map<N, N[]>();
  for (const { from, to } of arcs) {
    const list = next.get(from);
    if (list) list.push(to);
    else next.set(from, [to]);
  }
  const found: { from: N; to: N }[] = [];
  const pairs = new Map<N, Set<N>>();
  const keep = (from: N, to: N): void => {
    const known = pairs.get(from) ?? new Set();
    if (from === to || known.has(to)) return;
    pairs.set(from, known.add(to));
    found.push({ from, to });
  };
  for (const start of next.keys()) {
    const from = ownerOf(start);
    if (from === null) continue;
    const seen = new Set<N>();
    const open = [...next.get(start)!];
    while (open.length > 0) {
      const node = open.pop()!;
      if (seen.has(node)) continue;
      seen.add(node);
      const to = ownerOf(node);
      if (to !== null) keep(from, to);
      else open.push(...(next.get(node) ?? []));
    }
  }
  return found;
}

/**
 * The functions and workflows of a chain and who caused whom, with queues, services, states and sub-spans left out and
 * retries (further deliveries, not causes) left aside. IDs are `<cloud>:<request ID>` where the request is known, and
 * `<cloud>:<execution ARN>` for workflows.
 */
export function invocationGraph(chain: Chain): { hops: string[]; edges: { from: string; to: string }[] } {
  const byId = new Map(chain.hops.map((h) => [h.id, h]));
  const runs = new Map<string, string>();
  for (const h of chain.hops) if (h.kind === "function" && h.requestId !== null) runs.set(`${h.cloud}:${h.requestId}`, h.id);
  const nameOf = (id: string): string => {
    const h = byId.get(id)!;
    if (h.kind === "workflow") return h.id.startsWith("arn:") ? `${h.cloud}:${h.id}` : h.id;
    return h.requestId === null ? h.id : `${h.cloud}:${h.requestId}`;
  };
  const ownerOf = (id: string): string | null => {
    const seen = new Set<string>();
    let at = byId.get(id);
    while (at && !seen.has(at.id)) {
      seen.add(at.id);
      if (at.kind === "function" || at.kind === "workflow") return at.id;
      if (at.partOf === null) return at.requestId === null ? null : (runs.get(`${at.cloud}:${at.requestId}`) ?? null);
      at = byId.get(at.partOf);
    }
    return null;
  };
  const hops = chain.hops.filter((h) => h.kind === "function" || h.kind === "workflow").map((h) => nameOf(h.id));
  const causes = chain.edges.filter((e) => e.kind !== "retry");
  return {
    hops: [...new Set(hops)],
    edges: contract(causes, ownerOf).map(({ from, to }) => ({ from: nameOf(from), to: nameOf(to) })),
  };
}

/** Arcs that close a circle, found from the given order of nodes. Without them the rest is a DAG. Iterative: depth does not matter. */
export function closingArcs<N, A extends { from: N; to: N }>(nodes: readonly N[], arcs: readonly A[]): Set<A> {
  const out = new Map<N, A[]>();
  for (const arc of arcs) {
    const list = out.get(arc.from);
    if (list) list.push(arc);
    else out.set(arc.from, [arc]);
  }
  const state = new Map<N, "open" | "done">();
  const closing = new Set<A>();
  for (const start of nodes) {
    if (state.has(start)) continue;
    const stack: { node: N; next: number }[] = [{ node: start, next: 0 }];
    state.set(start, "open");
    while (stack.length > 0) {
      const top = stack.at(-1)!;
      const arc = out.get(top.node)?.[top.next++];
      if (!arc) {
        state.set(top.node, "done");
        stack.pop();
      } else if (state.get(arc.to) === "open") closing.add(arc);
      else if (!state.has(arc.to)) {
        state.set(arc.to, "open");
        stack.push({ node: arc.to, next: 0 });
      }
    }
  }
  return closing;
}
