/** `trace`: from an ID to its chain. Asks the ID index, fetches what it points to, follows newly learned IDs until nothing new appears. */
import { chainOf, DEFAULT_HUB_LIMIT, nextIds } from "../analyzer/chains/index.ts";
import type { Chain, ChainRecords } from "../model/chains.ts";
import type { Host } from "../model/host.ts";
import { type IdKind, normaliseId } from "../model/ids.ts";
import { attribute, transitionsOf, withConfiguration } from "../analyzer/cost/index.ts";
import { openDataset } from "../store/index.ts";
import type { Dataset, Link, Owner } from "../store/types.ts";
import type { Gap } from "../model/records.ts";
import { ratesWith } from "./rates.ts";
import type { Settings } from "./settings.ts";
import { inStableOrder } from "./stable-order.ts";

/** More look-ups than this for one chain are a loop of ours: hops that only messages join take one look-up each. */
const MAX_ROUNDS = 500;

/** Stands for what was not looked up: without it a chain that is cut would look whole. */
const REST: Gap = {
  type: "gap",
  cloud: "other",
  account: null,
  region: null,
  what: "the rest of the chain",
  why: `it takes more than ${MAX_ROUNDS} look-ups`,
  from: 0,
  to: Number.MAX_SAFE_INTEGER,
};

export interface TraceResult {
  /** The ID as asked, in normal form. */
  id: string;
  /** null: nothing in the dataset carries it. */
  chain: Chain | null;
  /** Where was looked, for the message when nothing was found. `period`: the time the dataset covers, in words. */
  looked: { batches: number; period: string };
  /** Where clouds were searched before, in words, and what could not be; null: only the dataset was asked. */
  searched: { where: string; unread: string[] } | null;
  /** IDs that differ little from the one asked; only where nothing was found. */
  nearMisses: { id: string; kind: IdKind }[];
}

/** Rebuilds the chain of `id` (correlation, trace, request, message or execution ID in any notation). Throws UserError without a dataset, AbortError when `signal` fires. */
export async function traceInDataset(
  dataDir: string,
  id: string,
  settings: Settings,
  host: Host,
  signal: AbortSignal,
): Promise<TraceResult> {
  return traceWith(dataDir, id, [], settings, host, signal);
}

/** The same, with what is known to be missing beside the dataset. */
export async function traceWith(
  dataDir: string,
  id: string,
  gaps: readonly Gap[],
  settings: Settings,
  host: Host,
  signal: AbortSignal,
): Promise<TraceResult> {
  const dataset = await openDataset(dataDir);
  try {
    const wanted = normaliseId(id);
    const found = await closure(dataset, wanted, host, signal);
    found?.records.gaps.push(...gaps);
    const records = found === null ? null : inStableOrder(found.records);
    const chain = records === null ? null : chainOf(records, [wanted]);
    if (records !== null && chain !== null) {
      return { id: wanted, chain: priced(chain, records, settings), looked: { batches: 0, period: "" }, searched: null, nearMisses: [] };
    }
    const info = await dataset.info();
    const day = (at: number | null): string => (at === null ? "?" : new Date(at).toISOString().slice(0, 16));
    const period = info.from === null ? "which hold nothing yet" : `${day(info.from)}Z to ${day(info.to)}Z`;
    const nearMisses = await dataset.nearMisses(wanted, 5);
    return { id: wanted, chain: null, looked: { batches: info.batches, period }, searched: null, nearMisses };
  } finally {
    await dataset.close();
  }
}

function priced(chain: Chain, records: ChainRecords, settings: Settings): Chain {
  const input = {
    chains: [chain],
    invocations: withConfiguration(records.invocations, records.configs),
    executions: transitionsOf(records.spans),
  };
  return attribute(input, { ...ratesWith(settings.pricesFile), by: "chain" }).chains[0]!;
}

/** Every record that can be in the chain, and the IDs that led there; null: the index knows nothing of the ID. */
export async function closure(
  dataset: Dataset,
  wanted: string,
  host: Host,
  signal: AbortSignal,
): Promise<{ records: ChainRecords; ids: ReadonlySet<string> } | null> {
  const records: ChainRecords = { invocations: [], spans: [], messages: [], logs: [], configs: await dataset.configs(), gaps: [] };
  const asked = new Set<string>();
  const fetched = new Map<string, { firstAt: number; lastAt: number }>();
  for (let ids = [wanted], rounds = 0; ids.length > 0 && rounds < MAX_ROUNDS; rounds++) {
    signal.throwIfAborted();
    host.progress("trace", fetched.size, null, "records");
    for (const id of ids) asked.add(id);
    const links = withoutHubs(await dataset.find(ids, DEFAULT_HUB_LIMIT), wanted);
    const owners = links.filter((link) => isNew(link, fetched));
    if (owners.length > 0) merge(records, await dataset.records(owners));
    ids = nextIds(records, [wanted], asked);
    if (ids.length > 0 && rounds + 1 === MAX_ROUNDS) records.gaps.push(REST);
  }
  return fetched.size === 0 ? null : { records, ids: asked };
}

/** Drops IDs that too many executions carry, but for the one the user asked for. */
function withoutHubs(links: Link[], wanted: string): Link[] {
  const owners = new Map<string, number>();
  for (const link of links) owners.set(link.id, (owners.get(link.id) ?? 0) + 1);
  return links.filter((link) => link.id === wanted || owners.get(link.id)! <= DEFAULT_HUB_LIMIT);
}

function isNew(owner: Owner, fetched: Map<string, { firstAt: number; lastAt: number }>): boolean {
  const key = `${owner.ownerKind}\u0000${owner.cloud}\u0000${owner.owner}`;
  const seen = fetched.get(key);
  if (seen && seen.firstAt <= owner.firstAt && seen.lastAt >= owner.lastAt) return false;
  fetched.set(key, {
    firstAt: Math.min(seen?.firstAt ?? owner.firstAt, owner.firstAt),
    lastAt: Math.max(seen?.lastAt ?? owner.lastAt, owner.lastAt),
  });
  return true;
}

function merge(into: ChainRecords, more: ChainRecords): void {
  for (const record of more.invocations) into.invocations.push(record);
  for (const record of more.spans) into.spans.push(record);
  for (const record of more.messages) into.messages.push(record);
  for (const record of more.logs) into.logs.push(record);
  for (const record of more.gaps) into.gaps.push(record);
}
