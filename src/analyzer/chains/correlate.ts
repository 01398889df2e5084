/** All chains in the records. */
import type { Chain, ChainRecords } from "../../model/chains.ts";
import { chainOfGroups } from "./chain.ts";
import { type Context, contextOf } from "./context.ts";
import { DEFAULT_HUB_LIMIT } from "./evidence.ts";
import type { Message } from "../../model/records.ts";
import type { Node } from "./nodes.ts";
import type { Token } from "./tokens.ts";

/**
 * Rebuilds every chain in the records: one for each set of hops that their evidence joins, in order of their start. A single
 * run that carries no correlation, execution or message ID is no chain. `hubLimit`: an ID on more executions joins nothing.
 */
export function correlate(records: ChainRecords, options: { hubLimit?: number } = {}): Chain[] {
  const ctx = contextOf(records, options.hubLimit ?? DEFAULT_HUB_LIMIT);
  const chains: Chain[] = [];
  for (const [group, nodes] of ctx.members.byGroup) {
    if (!isChain(ctx, group, nodes)) continue;
    const chain = chainOfGroups(ctx, new Set([group]), null);
    if (chain) chains.push(chain);
  }
  return chains.sort((a, b) => a.startedAt - b.startedAt || (a.id < b.id ? -1 : 1));
}

function isChain(ctx: Context, group: number, nodes: readonly Node[]): boolean {
  const named = nodes.some((n) => ctx.members.tokens.of(n).some((t) => isOwn(ctx, group, t)));
  // one message of a batch, of which nothing else is known
  if (!named && nodes.every((n) => ctx.members.isBatch(n))) return false;
  if (nodes.filter((n) => n.owner === null).length > 1 || nodes.some((n) => n.kind === "workflow")) return true;
  return named || nodes.some((n) => n.received.some(isFromInside) || n.published.length > 0);
}

/** A timer's tick or a call from outside makes no chain. */
function isFromInside(message: Message): boolean {
  return message.channelKind !== "schedule" && message.channelKind !== "http";
}

function isOwn(ctx: Context, group: number, token: Token): boolean {
  return token.correlation && ctx.members.groupOf(token.value) === group;
}
