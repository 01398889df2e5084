/** `trace`: from an ID to its chain. Asks the ID index, fetches what it points to, follows newly learned IDs until nothing new appears. */
import { chainOf, nextIds } from "../analyzer/chains/index.ts";
import type { Chain, ChainRecords } from "../model/chains.ts";
import type { Host } from "../model/host.ts";
import { type IdKind, normaliseId } from "../model/ids.ts";
import type { Dataset, Link, Owner } from "../store/types.ts";

/** An ID that more executions than this carry joins nothing (a constant, a placeholder). */
export const HUB_LIMIT = 1000;
/** A chain longer than this many look-ups is a loop of ours. */
const MAX_ROUNDS = 50;

export interface TraceResult {
  /** The ID as asked, in normal form. */
  id: string;
  /** null: nothing in the dataset carries it. */
  chain: Chain | null;
  /** Where was looked, for the message when nothing was found. */
  looked: { indexRows: number; owners: number; rounds: number };
  /** IDs that differ little from the one asked; only where nothing was found. */
  nearMisses: { id: string; kind: IdKind }[];
}

/** Rebuilds the chain of `id` (correlation, trace, request, message or execution ID in any notation). Throws AbortError when `signal` fires. */
export async function trace(dataset: Dataset, id: string, host: Host, signal: AbortSignal): Promise<TraceResult> {
  const wanted = normaliseId(id);
  const { records, looked } = await closure(dataset, wanted, host, signal);
  const chain = looked.owners === 0 ? null : chainOf(records, [wanted]);
  return { id: wanted, chain, looked, nearMisses: chain === null ? await dataset.nearMisses(wanted, 5) : [] };
}

async function closure(dataset: Dataset, wanted: string, host: Host, signal: AbortSignal): Promise<{ records: ChainRecords; looked: TraceResult["looked"] }> {
  const records: ChainRecords = { invocations: [], spans: [], messages: [], logs: [], configs: await dataset.configs(), gaps: [] };
  const asked = new Set<string>();
  const fetched = new Map<string, { firstAt: number; lastAt: number }>();
  let indexRows = 0;
  let rounds = 0;
  for (let ids = [wanted]; ids.length > 0 && rounds < MAX_ROUNDS; rounds++) {
    signal.throwIfAborted();
    host.progress("trace", fetched.size, null, "records");
    for (const id of ids) asked.add(id);
    const links = withoutHubs(await dataset.find(ids, HUB_LIMIT), wanted);
    indexRows += links.length;
    const owners = links.filter((link) => isNew(link, fetched));
    if (owners.length > 0) merge(records, await dataset.records(owners));
    ids = nextIds(records, [wanted], asked);
  }
  return { records, looked: { indexRows, owners: fetched.size, rounds } };
}

/** Drops IDs that too many executions carry, but for the one the user asked for. */
function withoutHubs(links: Link[], wanted: string): Link[] {
  const owners = new Map<string, number>();
  for (const link of links) owners.set(link.id, (owners.get(link.id) ?? 0) + 1);
  return links.filter((link) => link.id === wanted || owners.get(link.id)! <= HUB_LIMIT);
}

function isNew(owner: Owner, fetched: Map<string, { firstAt: number; lastAt: number }>): boolean {
  const key = `${owner.ownerKind}\u0000${owner.cloud}\u0000${owner.owner}`;
  const seen = fetched.get(key);
  if (seen && seen.firstAt <= owner.firstAt && seen.lastAt >= owner.lastAt) return false;
  fetched.set(key, { firstAt: Math.min(seen?.firstAt ?? owner.firstAt, owner.firstAt), lastAt: Math.max(seen?.lastAt ?? owner.lastAt, owner.lastAt) });
  return true;
}

function merge(into: ChainRecords, more: ChainRecords): void {
  for (const record of more.invocations) into.invocations.push(record);
  for (const record of more.spans) into.spans.push(record);
  for (const record of more.messages) into.messages.push(record);
  for (const record of more.logs) into.logs.push(record);
  for (const record of more.gaps) into.gaps.push(record);
}
