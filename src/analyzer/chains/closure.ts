/** From an ID to its chain, and which IDs must be looked up next so that nothing of the chain is left out. */
import type { Chain, ChainRecords } from "../../model/chains.ts";
import { normaliseId } from "../../model/ids.ts";
import { chainOfGroups, chainOfNodes } from "./chain.ts";
import { type Context, contextOf } from "./context.ts";
import type { Members } from "./edges.ts";
import { asWritten, DEFAULT_HUB_LIMIT } from "./evidence.ts";
import { type Node, topOf } from "./nodes.ts";
import { keysOf } from "./payload.ts";
import { FEW } from "./relations.ts";
import type { Token } from "./tokens.ts";

/** What the seeds point to: whole groups, or (a request of a batch, a shared trace) single nodes. */
function targets(ctx: Context, seedIds: readonly string[]): { groups: Set<number>; nodes: Node[] } {
  const groups = new Set<number>();
  const nodes: Node[] = [];
  for (const seed of seedIds) {
    const value = normaliseId(seed);
    const runs = [...(ctx.nodes.byRequest.get(value) ?? []), ...nodesNamed(ctx, value)];
    for (const run of runs) for (const group of ctx.members.sharesOf(run).keys()) groups.add(group);
    for (const own of ctx.variants.get(value) ?? [value]) {
      const token = ctx.members.tokens.get(own);
      if (token === undefined) continue;
      const group = ctx.members.groupOf(own);
      if (group !== null && ctx.members.byGroup.has(group)) groups.add(group);
      else nodes.push(...token.carriers);
    }
  }
  return { groups, nodes };
}

function nodesNamed(ctx: Context, value: string): Node[] {
  const found: Node[] = [];
  const workflow = ctx.nodes.byExecution.get(value);
  if (workflow) found.push(workflow);
  if (/^[0-9a-f]{16}$/.test(value)) found.push(...ctx.nodes.all.filter((n) => n.id === value).map(topOf));
  return found;
}

/** The chain that carries the given ID (correlation, trace, request, message or execution ID, or a span ID), with `id` = the first one asked. null: none of the records does. */
export function chainOf(records: ChainRecords, seedIds: readonly string[]): Chain | null {
  const ctx = contextOf(records, DEFAULT_HUB_LIMIT);
  const { groups, nodes } = targets(ctx, seedIds);
  const id = seedIds.length === 0 ? null : normaliseId(seedIds[0]!);
  if (groups.size > 0) return withReuse(ctx, chainOfGroups(ctx, groups, id), id, groups.size);
  const withParts = nodes.flatMap((n) => [n, ...(ctx.nodes.partsOf.get(n) ?? [])]);
  return chainOfNodes(ctx, withParts, new Set(nodes.flatMap((n) => [...ctx.members.sharesOf(n).keys()])), id);
}

/** The asked ID was given to several things: all of them are shown, and it is said. */
function withReuse(ctx: Context, chain: Chain | null, id: string | null, chains: number): Chain | null {
  if (chain === null || id === null || chains < 2 || !ctx.variants.has(id)) return chain;
  const message = `${id} is the ID of ${chains} things (in several accounts, or more than a day apart); they are shown together`;
  return { ...chain, problems: [...chain.problems, { code: "ambiguous", message, hopId: null }] };
}

/**
 * IDs to look up next: everything that the members of the seeds' chain carry and that was not asked yet. Repeated until it
 * returns none, the fetched records give the same chain as all records would. Payload hashes and item keys are among them,
 * for an index that holds them.
 */
export function nextIds(records: ChainRecords, seedIds: readonly string[], alreadyAsked: ReadonlySet<string>): string[] {
  const ctx = contextOf(records, DEFAULT_HUB_LIMIT);
  const { groups, nodes } = targets(ctx, seedIds);
  const members: Members = { nodes: [...new Set([...groups].flatMap((g) => ctx.members.byGroup.get(g) ?? []))], set: new Set(), groups };
  const wanted = new Set<string>();
  for (const node of [...members.nodes, ...nodes, ...undecided(ctx, members)])
    for (const value of valuesToFollow(ctx, members, node)) wanted.add(asWritten(value));
  for (const value of besides(ctx, members.nodes)) wanted.add(asWritten(value));
  return [...wanted].filter((value) => !alreadyAsked.has(value)).sort();
}

/** Runs behind messages of a batch that are not yet known to be of another chain: further evidence of theirs decides. */
function undecided(ctx: Context, members: Members): Node[] {
  const groups = new Set<number>();
  for (const node of members.nodes) {
    if (!ctx.members.isBatch(node)) continue;
    for (const group of ctx.members.sharesOf(node).keys()) if (!members.groups.has(group) && !ctx.members.isNamed(group)) groups.add(group);
  }
  return [...groups].flatMap((g) => ctx.members.byGroup.get(g) ?? []).filter((n) => !ctx.members.isBatch(n));
}

/** More IDs than this beside one need no further look: it is a constant by their number. */
const MOST_BESIDE = 200;

/** IDs that stand beside a correlation ID of these nodes in other runs: whether they live without it decides whether it is a constant. */
function besides(ctx: Context, nodes: readonly Node[]): Set<string> {
  const found = new Set<string>();
  const told = new Set<Token>();
  for (const token of nodes.filter((n) => tellsOf(ctx, n)).flatMap((n) => ctx.members.tokens.of(n))) {
    if (!token.correlation || token.hub || told.has(token)) continue;
    told.add(token);
    const partners = new Set<string>();
    for (const carrier of token.carriers) {
      if (partners.size > MOST_BESIDE) break;
      if (!tellsOf(ctx, carrier)) continue;
      for (const other of ctx.members.tokens.of(carrier)) if (other.correlation && other !== token) partners.add(other.value);
    }
    if (partners.size > 1 && partners.size <= MOST_BESIDE) for (const value of partners) found.add(value);
  }
  return found;
}

/** Not a batch or a listing, of which nothing is learned (relations.ts). */
function tellsOf(ctx: Context, node: Node): boolean {
  return node.received.length <= 1 && ctx.members.tokens.of(node).length <= FEW;
}

/** Of a batch also what is not yet known to be another chain's: it may turn out to be this one's. */
function* valuesToFollow(ctx: Context, members: Members, node: Node): Generator<string> {
  const batch = ctx.members.isBatch(node);
  const follows = (group: number | null): boolean => !batch || members.groups.has(group ?? -1) || !ctx.members.isNamed(group);
  if (node.requestId !== null) yield node.requestId;
  if (node.kind === "workflow") yield node.id;
  yield* node.traces;
  if (!batch) yield* node.lineTraces;
  for (const { value, hub } of ctx.members.tokens.of(node)) if (!hub && follows(ctx.members.groupOf(value))) yield value;
  for (const span of node.spans) for (const link of span.links) if (follows(ctx.members.groupOf(link.traceId))) yield link.traceId;
  for (const side of ["received", "published"] as const) {
    for (const m of node[side]) {
      if (!follows(ctx.members.groupOfMessage(m))) continue;
      if (m.traceId !== null) yield m.traceId;
      for (const key of keysOf(m)) yield key.slice(key.indexOf(" ") + 1);
    }
  }
}
