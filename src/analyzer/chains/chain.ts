/** One chain put together: its hops, edges, path, patterns and problems. */
import type { Chain, ChainProblem, Edge, Hop, PathSegment } from "../../model/chains.ts";
import type { EpochMs, Ms } from "../../model/units.ts";
import { spentOf } from "./category.ts";
import type { Arc, Context } from "./context.ts";
import { closingArcs, contract } from "./contract.ts";
import { busyFrom, criticalPath } from "./critical-path.ts";
import { directArcs, newArcs, type Members } from "./edges.ts";
import { asWritten, CLOCK_GRAIN_MS, SKEW_TOLERANCE_MS } from "./evidence.ts";
import { executionArcs } from "./executions.ts";
import { gapProblems } from "./gap-problems.ts";
import { hopOf } from "./hops.ts";
import { mentionArcs } from "./mentions.ts";
import { type Node, topOf } from "./nodes.ts";
import { patternsOf } from "./patterns.ts";
import { outcomeOf } from "./outcome.ts";
import { isComplete, problemsOf } from "./problems.ts";
import { routedArcs } from "./routing.ts";
import { type Crossing, estimateSkew } from "./skew.ts";
import { spanPath } from "./span-path.ts";

/** The chain of these groups, or null if nothing ran in them. `askedId` becomes its `id`. */
export function chainOfGroups(ctx: Context, groups: ReadonlySet<number>, askedId: string | null): Chain | null {
  const nodes = [...new Set([...groups].flatMap((g) => ctx.members.byGroup.get(g) ?? []))].sort((a, b) => a.index - b.index);
  return chainOfNodes(ctx, nodes, groups, askedId);
}

export function chainOfNodes(ctx: Context, nodes: readonly Node[], groups: ReadonlySet<number>, askedId: string | null): Chain | null {
  if (nodes.length === 0) return null;
  const members: Members = { nodes, set: new Set(nodes), groups };
  const hops = new Map<Node, Hop>(nodes.map((n) => [n, hopOf(ctx.nodes, n)]));
  for (const [node, hop] of hops) hop.share = shareOf(ctx, node, groups);
  const found = newArcs();
  directArcs(ctx, members, found);
  executionArcs(ctx, members, found);
  mentionArcs(ctx, members, found);
  const open = routedArcs(ctx, members, found);
  const byTime = [...nodes].sort((a, b) => a.firstAt - b.firstAt || a.index - b.index);
  const all = found.all();
  const closing = closingArcs(byTime, all);
  const kept = closing.size === 0 ? all : all.filter((a) => !closing.has(a));
  const problems = problemsOf(ctx, members, hops, found, closing, open);
  setWaits(hops, kept);
  problems.push(...setSkew(hops, kept, byTime));
  const ids = idsOf(ctx, members);
  const hubs = hubProblems(ctx, members);
  const path = pathOf(members, hops, kept, problems);
  problems.push(...hubs, ...gapProblems(ctx, path.startedAt, path.endedAt ?? path.startedAt));
  const patterns = patternsOf(ctx, members, hops, kept);
  const ordered = [...hops.values()].sort((a, b) => firstStart(a) - firstStart(b));
  return {
    id: askedId ?? ids[0] ?? ordered[0]!.requestId ?? ordered[0]!.id,
    ids,
    startedAt: path.startedAt,
    endedAt: path.endedAt,
    endToEndMs: path.endedAt === null ? null : path.endedAt - path.startedAt,
    complete: isComplete(problems),
    outcome: outcomeOf(members, hops, kept),
    problems,
    hops: ordered,
    edges: kept.map(edgeOf),
    criticalPath: path.segments,
    breakdownMs: breakdown(path.segments),
    route: routeOf(hops, kept),
    patterns,
    usd: null,
    usdUnknownHops: ordered.filter((h) => h.kind === "function" || h.kind === "workflow").length,
  };
}

function shareOf(ctx: Context, node: Node, groups: ReadonlySet<number>): number {
  const shares = ctx.members.sharesOf(node);
  let share = 0;
  for (const [group, part] of shares) if (groups.has(group)) share += part;
  // a node shown without a group of its own (asked for by trace or request alone) is shown whole
  return share === 0 || share > 1 - 1e-9 ? 1 : share;
}

function firstStart(hop: Hop): EpochMs {
  return hop.attempts[0]?.startedAt ?? hop.startedAt;
}

function edgeOf(arc: Arc): Edge {
  const { from, to, kind, confidence, invocation, channel, sentAt, receivedAt } = arc;
  return { from: from.id, to: to.id, kind, confidence, invocation, channel, sentAt, receivedAt };
}

function setWaits(hops: ReadonlyMap<Node, Hop>, arcs: readonly Arc[]): void {
  for (const arc of arcs) {
    const hop = hops.get(arc.to);
    if (!hop || arc.sentAt === null) continue;
    const wait = Math.max(0, firstStart(hop) - arc.sentAt);
    if (hop.waitMs === null || wait > hop.waitMs) hop.waitMs = wait;
  }
}

function setSkew(hops: ReadonlyMap<Node, Hop>, arcs: readonly Arc[], byTime: readonly Node[]): ChainProblem[] {
  const crossings: Crossing[] = [];
  for (const arc of arcs) {
    if (arc.kind === "retry" || arc.from.cloud === arc.to.cloud) continue;
    const from = hops.get(arc.from)!;
    const to = hops.get(arc.to)!;
    if (arc.causeAt !== null) crossings.push({ from: arc.from.cloud, to: arc.to.cloud, lagMs: firstStart(to) - arc.causeAt });
    else crossings.push({ from: arc.from.cloud, to: arc.to.cloud, lagMs: firstStart(to) - firstStart(from) });
    const back = arc.answeredAt ?? from.endedAt;
    if (arc.invocation === "sync" && back !== null && to.endedAt !== null)
      crossings.push({ from: arc.to.cloud, to: arc.from.cloud, lagMs: back - to.endedAt });
  }
  const problems = reversals(hops, arcs);
  if (crossings.length === 0) return problems;
  const reference = referenceOf(arcs, byTime);
  const estimates = estimateSkew(crossings, reference);
  for (const { host, correctionMs, spreadMs } of estimates.values()) {
    if (correctionMs === 0) continue;
    for (const hop of hops.values()) if (hop.cloud === host) hop.skewMs = correctionMs;
    const spread = spreadMs === null ? "bounded on one side only" : `spread ${spreadMs.toFixed(0)} ms`;
    const message = `clocks of ${host} and ${reference} disagree: ${correctionMs > 0 ? "+" : ""}${correctionMs.toFixed(0)} ms would restore the order (${spread}); times are shown as recorded`;
    problems.push({ code: "clock-skew", message, hopId: null });
  }
  return problems;
}

/** Runs of one cloud that began before the run that caused them, by more than its clocks may differ. */
function reversals(hops: ReadonlyMap<Node, Hop>, arcs: readonly Arc[]): ChainProblem[] {
  const told = new Map<string, ChainProblem>();
  for (const { from, to, kind } of arcs) {
    if (kind === "retry" || from.cloud !== to.cloud) continue;
    const [cause, effect] = [hops.get(topOf(from)), hops.get(to)];
    if (!cause || !effect) continue;
    const early = firstStart(cause) - firstStart(effect);
    if (early <= SKEW_TOLERANCE_MS || told.has(`${cause.name} ${effect.name}`)) continue;
    const message = `${effect.name} began ${early.toFixed(0)} ms before ${cause.name}, its cause: two clocks disagree; times are shown as recorded`;
    told.set(`${cause.name} ${effect.name}`, { code: "clock-skew", message, hopId: effect.id });
  }
  return [...told.values()];
}

/** The cloud that most of the chain ran in; among equals that of a hop without a cause. */
function referenceOf(arcs: readonly Arc[], nodes: readonly Node[]): string {
  const caused = new Set(arcs.map((a) => a.to));
  const votes = new Map<string, number>();
  for (const n of nodes) if (n.owner === null) votes.set(n.cloud, (votes.get(n.cloud) ?? 0) + (caused.has(n) ? 1 : 1.5));
  return [...votes].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))[0]![0];
}

/** Correlation IDs first, then executions, then traces; a trace that other chains share is none of its own. */
function idsOf(ctx: Context, members: Members): string[] {
  const correlations = new Set<string>();
  const executions = new Set<string>();
  const traces = new Set<string>();
  for (const node of members.nodes) {
    if (node.kind === "workflow") executions.add(node.id);
    for (const token of ctx.members.tokens.of(node)) {
      const { value } = token;
      if (token.hub || !members.groups.has(ctx.members.groupOf(value) ?? -1)) continue;
      if (token.correlation) correlations.add(asWritten(value));
      else if (token.execution) executions.add(value);
    }
    for (const trace of node.traces) if (members.groups.has(ctx.members.groupOf(trace) ?? -1)) traces.add(trace);
  }
  return [...new Set([...[...correlations].sort(), ...[...executions].sort(), ...traces])];
}

function hubProblems(ctx: Context, members: Members): ChainProblem[] {
  const hubs = new Set<string>();
  for (const node of members.nodes) for (const token of ctx.members.tokens.of(node)) if (token.hub) hubs.add(asWritten(token.value));
  return [...hubs].map((value) => ({
    code: "hub" as const,
    message: `${value.slice(0, 80)} is on so many executions, or beside so many other IDs, that it identifies nothing; it joins none`,
    hopId: null,
  }));
}

interface Path {
  startedAt: EpochMs;
  endedAt: EpochMs | null;
  segments: PathSegment[];
}

function pathOf(members: Members, hops: ReadonlyMap<Node, Hop>, kept: readonly Arc[], problems: ChainProblem[]): Path {
  let startedAt = Number.POSITIVE_INFINITY;
  let endedAt: EpochMs | null = null;
  for (const [node, hop] of hops) {
    startedAt = Math.min(startedAt, node.kind === "function" ? busyFrom(hop) : firstStart(hop));
    const end = hop.endedAt;
    if (end !== null && (endedAt === null || end > endedAt)) endedAt = end;
  }
  const traced = tracePath(members, startedAt, endedAt, problems);
  if (traced !== null) return traced;
  if (endedAt === null) return { startedAt, endedAt, segments: [] };
  return { startedAt, endedAt, segments: criticalPath({ nodes: members.nodes, hops, arcs: kept, startedAt, endedAt }) };
}

/** Path of a chain that is one whole X-Ray trace; null: it is not, or its spans do not connect. */
function tracePath(members: Members, startedAt: EpochMs, endedAt: EpochMs | null, problems: ChainProblem[]): Path | null {
  if (endedAt === null || !members.nodes.every((n) => n.spans.length === 1 && n.spans[0]!.attributes["xray.type"] !== undefined))
    return null;
  const spans = members.nodes.map((n) => n.spans[0]!);
  if (spans.some((s) => s.traceId !== spans[0]!.traceId)) return null;
  const found = spanPath(spans);
  if (found === null) return null;
  const nodeOf = new Map(members.nodes.map((n) => [n.spans[0]!, n]));
  const last = found.stretches.at(-1)!.to;
  const late = endedAt - last;
  if (Math.abs(late) > CLOCK_GRAIN_MS) {
    if (!found.backAtRoot) {
      problems.push({
        code: "cut",
        message: `the segment that ends last is not reached from the trace's root: ${late.toFixed(0)} ms at its end are not explained`,
        hopId: null,
      });
      return null;
    }
    problems.push({ code: "clock-skew", message: `a span ends ${late.toFixed(1)} ms after the root that waited for it`, hopId: null });
  }
  const back = found.stretches.filter((s) => s.to - s.from <= -0.999);
  for (const s of back) {
    const node = nodeOf.get(s.at)!;
    problems.push({
      code: "clock-skew",
      message: `${node.name} ends ${(s.from - s.to).toFixed(1)} ms before the call that it waited for: two clocks disagree`,
      hopId: node.id,
    });
  }
  const segments = found.stretches.map((s): PathSegment => ({
    hopId: nodeOf.get(s.at)!.id,
    fromMs: s.from - startedAt,
    toMs: s.to - startedAt,
    spent: spentOf(s.category),
    category: s.category,
  }));
  return { startedAt, endedAt: last, segments };
}

/** Sums by category. `unclassified` is always there: 0 says that everything was classified. */
function breakdown(segments: readonly PathSegment[]): Chain["breakdownMs"] {
  const sums: Partial<Record<PathSegment["category"], Ms>> = {};
  if (segments.length > 0) sums.unclassified = 0;
  for (const s of segments) sums[s.category] = (sums[s.category] ?? 0) + (s.toMs - s.fromMs);
  return sums;
}

/** Functions by their distance from the first cause, then by name: parallel ones start in any order, and their chains are of one route all the same. */
function routeOf(hops: ReadonlyMap<Node, Hop>, kept: readonly Arc[]): string {
  const ownerOf = (node: Node): Node | null =>
    node.kind === "function" || node.kind === "workflow" ? node : node.owner && ownerOf(topOf(node));
  const causes = contract(
    kept.filter((a) => a.kind !== "retry"),
    ownerOf,
  );
  const next = new Map<Node, Node[]>();
  const waiting = new Map<Node, number>();
  for (const { from, to } of causes) {
    next.set(from, [...(next.get(from) ?? []), to]);
    waiting.set(to, (waiting.get(to) ?? 0) + 1);
  }
  const depth = new Map<Node, number>();
  const open = [...hops.keys()].filter((n) => n.owner === null && !waiting.has(n));
  for (const node of open) {
    for (const to of next.get(node) ?? []) {
      depth.set(to, Math.max(depth.get(to) ?? 0, (depth.get(node) ?? 0) + 1));
      waiting.set(to, waiting.get(to)! - 1);
      if (waiting.get(to) === 0) open.push(to);
    }
  }
  const first = new Map<string, number>();
  for (const [node, hop] of hops) {
    if (hop.kind !== "function" || hop.function === null) continue;
    first.set(hop.function, Math.min(first.get(hop.function) ?? Number.POSITIVE_INFINITY, depth.get(node) ?? 0));
  }
  return [...first]
    .sort((a, b) => a[1] - b[1] || (a[0] < b[0] ? -1 : 1))
    .map(([name]) => name)
    .join(" > ");
}
