/** Patterns that a chain shows, by its shape: nothing here depends on names but the compensation of a choreographed saga. */
import type { Chain, Hop } from "../../model/chains.ts";
import type { Arc, Context } from "./context.ts";
import { contract } from "./contract.ts";
import { type Members, ownMessages } from "./edges.ts";
import { type Node, topOf } from "./nodes.ts";

const UNDOES = /(?:^|[-_.\s]|[a-z](?=[A-Z]))(?:compensat\w*|refund\w*|cancel\w*|release\w*|rollback\w*|revert\w*|undo\w*|void\w*)/i;

/** Names patterns and writes the hops' roles. */
export function patternsOf(ctx: Context, members: Members, hops: ReadonlyMap<Node, Hop>, arcs: readonly Arc[]): Chain["patterns"] {
  const found: Chain["patterns"] = [];
  const name = (pattern: Chain["patterns"][number]["name"], nodes: readonly Node[]): void => {
    if (nodes.length > 0) found.push({ name: pattern, hopIds: [...new Set(nodes.map((n) => n.id))] });
  };
  name("fan-out", fanOuts(ctx, members, hops, arcs));
  sagas(ctx, members, hops, arcs, name);
  name("event-sourcing", eventWrites(ctx, members, hops));
  name(
    "batch",
    members.nodes.filter((n) => n.kind === "function" && isBatchRun(ctx, n)),
  );
  name(
    "replay",
    withRole(members, hops, "replay", (n) => n.received.some((m) => m.replay !== null)),
  );
  name(
    "dead-letter",
    withRole(members, hops, "dead-letter", (n) => ownMessages(ctx, members, n, "received").some((m) => m.deadLetter)),
  );
  return found;
}

function withRole(members: Members, hops: ReadonlyMap<Node, Hop>, role: string, has: (node: Node) => boolean): Node[] {
  const found = members.nodes.filter((n) => n.kind === "function" && has(n));
  for (const node of found) addRole(hops, node, role);
  return found;
}

function addRole(hops: ReadonlyMap<Node, Hop>, node: Node, role: string): void {
  const roles = hops.get(node)!.roles;
  if (!roles.includes(role)) roles.push(role);
}

function isBatchRun(ctx: Context, node: Node): boolean {
  return node.received.length > 1 || ctx.members.isBatch(node);
}

/** One message that several functions received, or one sender whose messages on one channel did. */
function fanOuts(ctx: Context, members: Members, hops: ReadonlyMap<Node, Hop>, arcs: readonly Arc[]): Node[] {
  const targets = new Map<string, { from: Node; functions: Set<string> }>();
  for (const arc of arcs) {
    const from = topOf(arc.from);
    const to = topOf(arc.to);
    if (arc.invocation !== "async" || arc.kind === "retry" || to.kind !== "function" || to.fn === null || from.kind !== "function")
      continue;
    for (const m of ownMessages(ctx, members, to, "received")) {
      if (m.deadLetter || m.replay !== null) continue;
      const key = `${from.index} ${m.messageId ?? m.eventName ?? m.channel}`;
      const known = targets.get(key) ?? { from, functions: new Set<string>() };
      known.functions.add(`${to.cloud} ${to.fn}`);
      targets.set(key, known);
    }
  }
  const found = [...targets.values()].filter((t) => t.functions.size > 1).map((t) => t.from);
  for (const node of found) addRole(hops, node, "fan-out");
  return found;
}

function sagas(
  ctx: Context,
  members: Members,
  hops: ReadonlyMap<Node, Hop>,
  arcs: readonly Arc[],
  name: (pattern: "saga" | "compensated-saga", nodes: readonly Node[]) => void,
): void {
  const ownerOf = (n: Node): Node | null => (topOf(n).kind === "function" || topOf(n).kind === "workflow" ? topOf(n) : null);
  const tasks = new Map<Node, Node[]>();
  for (const { from, to } of contract(
    arcs.filter((a) => a.kind !== "retry"),
    ownerOf,
  )) {
    if (from.kind === "workflow" && to.kind === "function") tasks.set(from, [...(tasks.get(from) ?? []), to]);
  }
  for (const [workflow, runs] of tasks) {
    const steps = new Set([
      ...runs.map((n) => n.fn),
      ...(ctx.nodes.partsOf.get(workflow) ?? []).filter((s) => s.kind === "state" && s.spans[0]?.fn).map((s) => s.spans[0]!.fn),
    ]);
    if (steps.size < 2) continue;
    const undoing = compensations(ctx, hops, workflow, runs);
    for (const node of undoing) addRole(hops, node, "compensation");
    if (undoing.length > 0) name("compensated-saga", [workflow, ...undoing]);
    else name("saga", [workflow, ...runs]);
  }
}

/** Runs that undo, after a step of the execution had failed. */
function compensations(ctx: Context, hops: ReadonlyMap<Node, Hop>, workflow: Node, runs: readonly Node[]): Node[] {
  const failed = [...runs, ...(ctx.nodes.partsOf.get(workflow) ?? [])].filter((n) => {
    const outcome = hops.get(n)?.outcome;
    return outcome !== undefined && outcome !== "ok" && outcome !== "unknown";
  });
  const since = Math.min(...failed.map((n) => n.firstAt));
  return runs.filter((n) => n.firstAt >= since && UNDOES.test(n.fn ?? n.name));
}

/** A run that writes an item or document and whose change is then sent on: the event store before its bus. */
function eventWrites(ctx: Context, members: Members, hops: ReadonlyMap<Node, Hop>): Node[] {
  const found = members.nodes.filter((n) => {
    const own = ownMessages(ctx, members, n, "published");
    return own.some((m) => m.channelKind === "table") && n.kind === "function";
  });
  for (const node of found) addRole(hops, node, "event-write");
  return found;
}
