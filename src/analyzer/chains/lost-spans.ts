/** Spans that others name and nobody recorded: a lost sender, a row that was sampled away, a list of links that was cut. */
import type { ChainProblem } from "../../model/chains.ts";
import type { Context } from "./context.ts";
import type { Arcs, Members } from "./edges.ts";
import { type Node, spanKey, topOf } from "./nodes.ts";

/** Hops whose parent span is not in the trace. A guess by time is no answer to that. */
export function parentProblems(ctx: Context, members: Members, found: Arcs): ChainProblem[] {
  const caused = new Set(
    found
      .all()
      .filter((a) => a.kind !== "time")
      .map((a) => topOf(a.to)),
  );
  const problems: ChainProblem[] = [];
  const first = members.nodes.reduce((a, b) => (b.firstAt < a.firstAt ? b : a));
  const told = new Set<string>();
  for (const node of members.nodes) {
    for (const span of node.spans) {
      if (span.parentSpanId === null || node.kind === "state" || node.kind === "workflow") continue;
      const key = spanKey(span.traceId, span.parentSpanId);
      if (ctx.nodes.bySpan.has(key) || told.has(key)) continue;
      const own = node.kind === "part" && node.owner === null;
      const isFirst = topOf(node) === topOf(first);
      // what it received, and from whom not, is said of its messages; the first hop's are not
      if (!own && (caused.has(topOf(node)) || (node.received.length > 0 && !isFirst))) continue;
      // whoever calls from outside is no gap, but a message has a sender; X-Ray records every segment of its own
      if (!own && isFirst && span.attributes["xray.type"] === undefined && span.kind !== "consumer") continue;
      told.add(key);
      problems.push({
        code: "missing-parent",
        message: `${node.name}: its parent span ${span.parentSpanId} is not in the trace`,
        hopId: node.id,
      });
    }
  }
  return problems;
}

/** Most span IDs that one sentence names. */
const NAMED = 5;

/** Spans that a hop of the chain continues, and that are not in the records: of a batch those of the chain's own messages. */
export function linkProblems(ctx: Context, members: Members): ChainProblem[] {
  const problems: ChainProblem[] = [];
  for (const node of members.nodes) {
    const links = new Map(node.spans.flatMap((s) => s.links).map((link) => [spanKey(link.traceId, link.spanId), link]));
    if (links.size === 0) continue;
    const isOwn = (traceId: string): boolean => !ctx.members.isBatch(node) || members.groups.has(ctx.members.groupOf(traceId) ?? -1);
    const lost = [...links].filter(([key, { traceId }]) => !ctx.nodes.bySpan.has(key) && isOwn(traceId)).map(([, { spanId }]) => spanId);
    if (lost.length === 0) continue;
    const names = `${lost.slice(0, NAMED).join(", ")}${lost.length > NAMED ? " ..." : ""}`;
    const what = links.size === 1 ? "the span that it continues" : `${lost.length} of the ${links.size} spans that it continues`;
    problems.push({
      code: "missing-parent",
      message: `${node.name}: ${what} ${lost.length === 1 ? "is" : "are"} not in the records (${names})`,
      hopId: node.id,
    });
  }
  return problems;
}

/** The span of this run that its lines name and no row tells of; null: a span of it is known, or its lines name none. */
export function lostSpanOf(ctx: Context, node: Node): string | null {
  if (node.spans.length > 0) return null;
  const claimed = [...ctx.nodes.claims].filter(([key, claims]) => !ctx.nodes.bySpan.has(key) && claims.some((c) => c.node === node));
  return claimed.length === 1 ? claimed[0]![0].slice(claimed[0]![0].indexOf("|") + 1) : null;
}

/** With the reason that is at hand where rows of this chain stand for others that were not kept (Azure `ItemCount`). */
export function asSampled(members: Members, problems: readonly ChainProblem[]): ChainProblem[] {
  let weight = 1;
  for (const node of members.nodes) for (const run of node.invocations) weight = Math.max(weight, run.weight);
  if (weight === 1) return [...problems];
  return problems.map((p) => ({ ...p, message: `${p.message}; this telemetry is sampled, a row of it stands for ${weight}` }));
}
