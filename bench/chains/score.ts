/** Holds rebuilt chains against the simulator's truth. */
import { ceiling, type Ceiling, type KeptEvidence, type Truth, type TruthChain } from "../../fixtures/simulator/index.ts";

/** A rebuilt chain as far as the score needs it. */
export interface Rebuilt {
  /** Every ID it goes by. */
  ids: readonly string[];
  hops: readonly string[];
  edges: readonly { from: string; to: string }[];
  /** What evscope says of it. */
  complete: boolean;
}

export interface Count {
  /** Said by evscope, and how much of that is true: precision. */
  claimed: number;
  right: number;
  /** True, of runs that wrote telemetry, and how much of that was found: recall. */
  wanted: number;
  found: number;
  /** How much of `wanted` the kept records still allow to be found. */
  possible: number;
}

export interface Score {
  edges: Count;
  memberships: Count;
  chains: number;
  /** Chains rebuilt exactly: every run and edge that wrote telemetry, in one chain, and no other run. */
  exact: number;
  exactPossible: number;
  /** Chains with a lost run, and how many of them evscope calls complete, which is wrong. */
  lossy: number;
  lossyCalledComplete: number;
  /** Wrong claims and missed findings that were possible, in words. */
  wrong: string[];
  missed: string[];
}

/** What the counting functions share. */
interface Case {
  truth: Truth;
  limit: Ceiling;
  /** Runs with at least one kept record. */
  shown: Set<string>;
  wrong: string[];
  missed: string[];
  show(id: string): string;
}

const key = (a: string, b: string): string => `${a}\t${b}`;
const parts = (pair: string): [string, string] => pair.split("\t") as [string, string];

export function score(truth: Truth, kept: readonly KeptEvidence[], rebuilt: readonly Rebuilt[]): Score {
  const names = new Map<string, string>(truth.noise.map((n) => [n.id, n.function]));
  for (const chain of truth.chains) for (const hop of chain.hops) names.set(hop.id, hop.function);
  const it: Case = {
    truth,
    limit: ceiling(truth, kept),
    shown: new Set(kept.flatMap((e) => e.hops)),
    wrong: [],
    missed: [],
    show: (id) => `${names.get(id) ?? "?"} ${id.slice(0, 60)}`,
  };
  const edges = countEdges(it, rebuilt);
  const { memberships, best } = countMemberships(it, rebuilt);
  const lossy = truth.chains.filter((c) => c.hops.some((h) => h.lost));
  return {
    edges,
    memberships,
    chains: truth.chains.length,
    exact: truth.chains.filter((c) => isExact(c, best.get(c.id))).length,
    exactPossible: it.limit.completeChains.size,
    lossy: lossy.length,
    lossyCalledComplete: lossy.filter((c) => best.get(c.id)?.complete === true).length,
    wrong: it.wrong,
    missed: it.missed,
  };
}

/** Edges between runs that wrote telemetry. */
function wantedEdges(chain: TruthChain): string[] {
  const lost = new Set(chain.hops.filter((h) => h.lost).map((h) => h.id));
  return chain.edges.filter((e) => !lost.has(e.from) && !lost.has(e.to)).map((e) => key(e.from, e.to));
}

/**
 * A claimed edge is right if it is a true one; edges of lost runs, which another service's records may name, are right but not wanted. One that leads past runs which left no record at all (A -> gone -> B claimed as
 * A -> B) is neither right nor wrong: the records cannot tell it from a direct one.
 */
function countEdges(it: Case, rebuilt: readonly Rebuilt[]): Count {
  const wanted = new Set(it.truth.chains.flatMap(wantedEdges));
  const known = new Set(it.truth.chains.flatMap((c) => c.edges).map((e) => key(e.from, e.to)));
  const effects = new Map<string, string[]>();
  for (const { from, to } of it.truth.chains.flatMap((c) => c.edges)) effects.set(from, [...(effects.get(from) ?? []), to]);
  const claims = new Set(rebuilt.flatMap((r) => r.edges.map((e) => key(e.from, e.to))));
  let claimed = 0;
  let right = 0;
  for (const claim of claims) {
    const [from, to] = parts(claim);
    if (known.has(claim)) right++;
    else if (bridges(from, to, effects, it.shown)) continue;
    else it.wrong.push(`edge ${it.show(from)} -> ${it.show(to)}`);
    claimed++;
  }
  for (const edge of it.limit.edges) {
    if (!claims.has(edge)) it.missed.push(`edge ${parts(edge).map(it.show).join(" -> ")}`);
  }
  return {
    claimed,
    right,
    wanted: wanted.size,
    found: [...wanted].filter((edge) => claims.has(edge)).length,
    possible: it.limit.edges.size,
  };
}

function bridges(from: string, to: string, effects: ReadonlyMap<string, readonly string[]>, shown: ReadonlySet<string>): boolean {
  const open = (effects.get(from) ?? []).filter((id) => !shown.has(id));
  while (open.length > 0) {
    for (const next of effects.get(open.pop()!) ?? []) {
      if (next === to) return true;
      if (!shown.has(next)) open.push(next);
    }
  }
  return false;
}

/**
 * A claim is a run in a rebuilt chain. The rebuilt chain stands for the true chain whose ID it carries (where it carries several:
 * the one with most of its runs), else for the one with most of its runs. Towards recall only one rebuilt chain counts for
 * each true one, that with most of its runs: a chain in two pieces is half found.
 */
function countMemberships(it: Case, rebuilt: readonly Rebuilt[]): { memberships: Count; best: Map<string, Rebuilt> } {
  const runsOf = new Map(it.truth.chains.map((c) => [c.id, new Set(c.hops.map((h) => h.id))]));
  const chainsOf = new Map<string, string[]>();
  for (const [id, runs] of runsOf) for (const run of runs) chainsOf.set(run, [...(chainsOf.get(run) ?? []), id]);
  const best = new Map<string, { rebuilt: Rebuilt; hits: number }>();
  let claimed = 0;
  let right = 0;
  for (const r of rebuilt) {
    const named = r.ids.filter((id) => runsOf.has(id));
    const candidates = named.length > 0 ? named : r.hops.flatMap((hop) => chainsOf.get(hop) ?? []);
    const hitsOf = (id: string): number => r.hops.filter((hop) => runsOf.get(id)!.has(hop)).length;
    const chain = [...new Set(candidates)].map((id) => ({ id, hits: hitsOf(id) })).sort((a, b) => b.hits - a.hits)[0];
    if (chain === undefined) continue;
    claimed += r.hops.length;
    right += chain.hits;
    for (const hop of r.hops) if (!runsOf.get(chain.id)!.has(hop)) it.wrong.push(`member ${it.show(hop)} in ${chain.id}`);
    if (chain.hits > (best.get(chain.id)?.hits ?? -1)) best.set(chain.id, { rebuilt: r, hits: chain.hits });
  }
  for (const pair of it.limit.memberships) {
    const [chain, hop] = parts(pair);
    if (best.get(chain)?.rebuilt.hops.includes(hop) !== true) it.missed.push(`member ${it.show(hop)} of ${chain}`);
  }
  const wanted = it.truth.chains.reduce((sum, c) => sum + c.hops.filter((h) => !h.lost).length, 0);
  const found = it.truth.chains.reduce((sum, c) => {
    const held = new Set(best.get(c.id)?.rebuilt.hops);
    return sum + c.hops.filter((h) => !h.lost && held.has(h.id)).length;
  }, 0);
  const memberships = { claimed, right, wanted, found, possible: it.limit.memberships.size };
  return { memberships, best: new Map([...best].map(([id, b]) => [id, b.rebuilt])) };
}

function isExact(chain: TruthChain, r: Rebuilt | undefined): boolean {
  if (r === undefined) return false;
  const lost = new Set(chain.hops.filter((h) => h.lost).map((h) => h.id));
  const told = chain.hops.filter((h) => !h.lost).map((h) => h.id);
  const held = new Set(r.hops.filter((id) => !lost.has(id)));
  const arcs = new Set(r.edges.map((e) => key(e.from, e.to)));
  return held.size === told.length && told.every((id) => held.has(id)) && wantedEdges(chain).every((edge) => arcs.has(edge));
}
