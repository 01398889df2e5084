/** Per way from function to function: how often the receiver still carries the sender's ID. */
import type { Chain, ChainProblem, ChainRecords, Edge, Hop } from "../../model/chains.ts";
import type { CoveredFunction, HopCoverage } from "../../model/coverage.ts";
import type { ChannelKind, Message } from "../../model/records.ts";

/** What one run carries. */
export interface Carried {
  of: CoveredFunction;
  /** Correlation and business IDs, without hubs. */
  ids: ReadonlySet<string>;
  traced: boolean;
}

/** A way into a function: who sent, over what, and the weakest evidence on it. */
interface Pass {
  from: Hop;
  channel: string | null;
  weakest: Edge;
  sync: boolean;
}

type Channels = ReadonlyMap<string, ChannelKind>;
/** By cloud and request ID of the run that sent or received them. */
type Messages = ReadonlyMap<string, readonly Message[]>;

function messagesOf(messages: Messages, { cloud, requestId }: Hop): readonly Message[] {
  return requestId === null ? [] : (messages.get(`${cloud}:${requestId}`) ?? []);
}

/** The channel of a message that one sent and the other received, as its sender calls it; null: none is known. */
function sharedChannel(messages: Messages, from: Hop, to: Hop): string | null {
  const got = messagesOf(messages, to).filter((one) => one.direction === "received" && one.messageId !== null);
  const sent = messagesOf(messages, from).filter((one) => one.direction === "published");
  const found = got
    .map((one) => ({ one, other: sent.find(({ messageId }) => messageId === one.messageId) }))
    .find(({ other }) => other !== undefined);
  return found?.other?.channel ?? found?.one.channel ?? null;
}

/** `carried`: what each run carries, by hop ID. A pass that lies in several chains (a batch) counts once. */
export function hopCoverage(records: ChainRecords, chains: readonly Chain[], carried: ReadonlyMap<string, Carried>): HopCoverage[] {
  const channels = new Map(records.messages.flatMap((one) => (one.channel === null ? [] : [[one.channel, one.channelKind] as const])));
  const messages: Messages = Map.groupBy(records.messages, (one) => `${one.cloud}:${one.requestId}`);
  const hops = new Map<string, HopCoverage>();
  const told = new Set<string>();
  const hopOf = (from: Hop | null, to: Hop | null, channel: string | null, kind: ChannelKind | null): HopCoverage => {
    const ends = { from: coveredOf(from, carried), to: coveredOf(to, carried), channel, channelKind: kind };
    const key = JSON.stringify(ends);
    const known = hops.get(key);
    if (known !== undefined) return known;
    const none = { passes: 0, kept: 0, lost: 0, changed: 0, without: 0, unseen: 0 };
    const fresh: HopCoverage = { ...ends, ...none, evidence: {}, weakest: null, confidence: null };
    hops.set(key, fresh);
    return fresh;
  };
  for (const chain of chains) {
    const view = viewOf(chain);
    for (const to of chain.hops) {
      if (to.kind !== "function") continue;
      for (const pass of passesInto(view, to)) {
        const channel = pass.channel ?? sharedChannel(messages, pass.from, to);
        const once = JSON.stringify([pass.from.id, to.id, channel]);
        if (told.has(once)) continue;
        told.add(once);
        const kind = channel === null ? (pass.sync ? "http" : null) : kindOf(view, channels, channel);
        note(hopOf(pass.from, to, channel, kind), pass.weakest, carried.get(pass.from.id)?.ids, carried.get(to.id)?.ids);
      }
    }
    for (const { hop, receives } of unseenSides(view, messages)) {
      const own = messagesOf(messages, hop).find((one) => one.direction === (receives ? "received" : "published"));
      hopOf(receives ? null : hop, receives ? hop : null, own?.channel ?? null, own?.channelKind ?? null).unseen++;
    }
  }
  return [...hops.values()].sort(worstFirst);
}

function coveredOf(hop: Hop | null, carried: ReadonlyMap<string, Carried>): CoveredFunction | null {
  if (hop === null) return null;
  const known = carried.get(hop.id);
  if (known !== undefined) return known.of;
  return { cloud: hop.cloud, account: hop.account, region: hop.region, fn: hop.function ?? hop.name };
}

interface View {
  chain: Chain;
  byId: ReadonlyMap<string, Hop>;
  /** Causes of each hop, further deliveries left out. */
  into: ReadonlyMap<string, Edge[]>;
  /** Runs by cloud and request ID. */
  runs: ReadonlyMap<string, Hop>;
}

function viewOf(chain: Chain): View {
  const runs = chain.hops.filter((hop) => hop.kind === "function" && hop.requestId !== null);
  return {
    chain,
    byId: new Map(chain.hops.map((hop) => [hop.id, hop])),
    into: Map.groupBy(
      chain.edges.filter((edge) => edge.kind !== "retry"),
      (edge) => edge.to,
    ),
    runs: new Map(runs.map((hop) => [`${hop.cloud}:${hop.requestId!}`, hop])),
  };
}

/** The run that a hop is, or is a part of; null: a service, a queue, a workflow. */
function runOf({ byId, runs }: View, id: string): Hop | null {
  const seen = new Set<string>();
  for (let at = byId.get(id); at !== undefined && !seen.has(at.id);) {
    seen.add(at.id);
    if (at.kind === "function") return at;
    if (at.kind === "workflow") return null;
    if (at.partOf === null) return at.requestId === null ? null : (runs.get(`${at.cloud}:${at.requestId}`) ?? null);
    at = byId.get(at.partOf);
  }
  return null;
}

/** Back from a run through services, queues and workflows to the runs that sent to it. */
function passesInto(view: View, to: Hop): Pass[] {
  const passes: Pass[] = [];
  const seen = new Set([to.id]);
  const open: { id: string; so: Omit<Pass, "from"> | null }[] = [{ id: to.id, so: null }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const edge of view.into.get(next.id) ?? []) {
      const so = next.so;
      const weakest = so === null || edge.confidence < so.weakest.confidence ? edge : so.weakest;
      const at = view.byId.get(edge.from);
      const workflow = at?.kind === "workflow" ? at.name : null;
      const channel = so?.channel ?? edge.channel ?? workflow;
      const pass = { channel, weakest, sync: (so?.sync ?? true) && edge.invocation === "sync" };
      const from = runOf(view, edge.from);
      if (from !== null && from !== to) passes.push({ ...pass, from });
      if (from !== null) continue;
      // what started a workflow sends to all of its tasks
      const owner = at?.partOf === undefined || at.partOf === null ? null : (view.byId.get(at.partOf) ?? null);
      const beyond = [
        { id: edge.from, so: pass },
        ...(owner === null ? [] : [{ id: owner.id, so: { ...pass, channel: channel ?? owner.name } }]),
      ];
      for (const one of beyond) if (!seen.has(one.id)) open.push(one);
      for (const one of beyond) seen.add(one.id);
    }
  }
  return passes;
}

function kindOf({ chain }: View, channels: Channels, channel: string): ChannelKind | null {
  return channels.get(channel) ?? (chain.hops.some((hop) => hop.kind === "workflow" && hop.name === channel) ? "workflow" : null);
}

function note(hop: HopCoverage, { kind, confidence }: Edge, sent: ReadonlySet<string> = NONE, got: ReadonlySet<string> = NONE): void {
  hop.passes++;
  hop[sent.size === 0 ? "without" : got.size === 0 ? "lost" : [...sent].some((id) => got.has(id)) ? "kept" : "changed"]++;
  hop.evidence[kind] = (hop.evidence[kind] ?? 0) + 1;
  if (hop.confidence !== null && hop.confidence <= confidence) return;
  hop.confidence = confidence;
  hop.weakest = kind;
}

const NONE: ReadonlySet<string> = new Set();

/**
 * Runs of which the other side was not seen. Of one run, what it received is told before what it sent (`problems.ts`), and told of runs
 * that have no cause only.
 */
function unseenSides(view: View, messages: Messages): { hop: Hop; receives: boolean }[] {
  const lost = view.chain.problems.filter((one): one is ChainProblem & { hopId: string } => one.code === "lost-hop" && one.hopId !== null);
  const told = new Set<string>();
  return lost.flatMap(({ hopId }) => {
    const hop = runOf(view, hopId);
    if (hop === null) return [];
    const first = !told.has(hop.id);
    told.add(hop.id);
    return [{ hop, receives: first && !isFirst(view, hop) && isUncaused(view, hop) && hasReceived(messages, hop) }];
  });
}

function isFirst({ chain }: View, hop: Hop): boolean {
  return !chain.hops.some((one) => one.kind === "function" && one.startedAt < hop.startedAt);
}

function isUncaused({ into }: View, hop: Hop): boolean {
  return (into.get(hop.id) ?? []).every((edge) => edge.kind === "time");
}

function hasReceived(messages: Messages, hop: Hop): boolean {
  return messagesOf(messages, hop).some(
    (one) => one.direction === "received" && one.channelKind !== "http" && one.channelKind !== "schedule",
  );
}

function worstFirst(a: HopCoverage, b: HopCoverage): number {
  const bad = (one: HopCoverage): number => one.lost + one.changed + one.unseen;
  const name = (one: HopCoverage): string => JSON.stringify([one.from, one.to, one.channel]);
  return bad(b) - bad(a) || b.without - a.without || (a.confidence ?? 0) - (b.confidence ?? 0) || (name(a) < name(b) ? -1 : 1);
}
