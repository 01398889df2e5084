/** Who caused the bill: the cost of every run shared out over the chains it worked for. What no chain claims stays visible as unattributed. */
import type { Chain, Hop } from "../../model/chains.ts";
import type { Ledger } from "../../model/cost.ts";
import type { Metered, UsageGroup } from "../../model/billing.ts";
import type { Cloud, Config, Invocation } from "../../model/records.ts";
import type { EpochMs, Ms } from "../../model/units.ts";
import { finishLedger, type LogVolume, type MessageCount, otherThings, readingsOf } from "./ledger.ts";
import { sharedTime } from "./instances.ts";
import { type BeyondRuns, meteredRuns, meteredSpans, withMeters } from "./meters.ts";
import {
  addThing,
  addUnknown,
  basisOf,
  newTally,
  type PricedThing,
  priceReadings,
  type Rates,
  unknownOf,
  usdOf,
  weakerBasis,
} from "./pricing.ts";
import { addPlace, addUsage, byCost, type Draft, newDraft, rowOf } from "./rows.ts";
import { type ExecutionTransitions, runsOf, usageOf } from "./runs.ts";
import { type Waste, wasteOfRuns } from "./waste.ts";

export interface AttributionInput {
  chains: readonly Chain[];
  /** All invocations of the window, whether a chain claims them or not. Several records of one run are allowed. */
  invocations: readonly Invocation[];
  /** Workflow executions of the window, see `transitionsOf`. */
  executions?: readonly ExecutionTransitions[];
  /** Costs of the window that are not shared out over chains: they become unattributed. */
  messages?: readonly MessageCount[];
  logBytes?: readonly LogVolume[];
  /** What metrics counted of the bill, and the configurations that say which functions they are about. */
  metered?: readonly Metered[];
  configs?: readonly Config[];
  /** Length of the time that is looked at; null or left out: not known. */
  windowMs?: Ms | null;
  from?: EpochMs | null;
  to?: EpochMs | null;
}

/** A run or an execution with its bill. */
interface Bill {
  place: { cloud: Cloud; account: string | null; region: string | null };
  /** null: a workflow execution. */
  run: Invocation | null;
  /** The bill of one such run. */
  thing: PricedThing;
  /** How many runs the record stands for (sampling). A chain can claim one of them. */
  weight: number;
  /** Sum of the shares that hops claim. */
  claimed: number;
}

interface Claim {
  hop: Hop;
  bills: Bill[];
}

/** The chains with `usd` filled in, and the ledger over them. */
export interface Attribution {
  chains: Chain[];
  ledger: Ledger;
}

/**
 * Shares every bill out over the hops that claim it, by `hop.share` (1/n for one of n messages of a batch; scaled down where
 * the shares of all chains together exceed the whole). Sum over chains + unattributed = the bill of everything given.
 * `hop.usd` is null where no run of the hop has a known bill; `usdUnknownHops` counts hops with any unknown bill.
 * Chains given are not changed: copies are returned, in the same order.
 */
export function attribute(input: AttributionInput, options: Rates & { by: "route" | "chain" }): Attribution {
  const bills = billsOf(input, options);
  const claims = input.chains.map((chain) => claimsOf(chain, bills));
  for (const claim of claims.flat()) for (const bill of claim.bills) bill.claimed += claim.hop.share;

  const rows = new Map<string, { draft: Draft; counted: Set<Bill | string> }>();
  const chains = input.chains.map((chain, index) => {
    const key = options.by === "route" ? chain.route : String(index);
    const name = options.by === "route" ? chain.route : chain.id;
    const row = rows.get(key) ?? { draft: newDraft(name), counted: new Set() };
    rows.set(key, row);
    return priceChain(chain, claims[index]!, row.draft, row.counted);
  });

  const unattributed = newTally();
  const unknown = newTally();
  for (const bill of bills.all) {
    const rest = bill.weight - Math.min(bill.weight, bill.claimed);
    const unclaimed = bill.weight - (bill.claimed > 0 ? 1 : 0);
    if (rest > SHARE_ERROR) addThing(unattributed, bill.thing, unclaimed, rest);
    if (bill.thing.unknownWhy !== null) addUnknown(unknown, bill.weight, bill.thing.unknownWhy);
  }
  for (const { thing, count } of otherThings({ ...input, beyond: bills.beyond }, options)) {
    addThing(unattributed, thing, count);
    if (thing.unknownWhy !== null) addUnknown(unknown, count, thing.unknownWhy);
  }
  const unseen = new Set(claims.flat().flatMap((claim) => (claim.bills.length === 0 ? [claim.hop.id] : [])));
  addUnknown(unknown, unseen.size, NO_RECORD);
  const ledger = finishLedger(options.by, [...rows.values()].map(({ draft }) => rowOf(draft)).sort(byCost), unattributed, options, input);
  return { chains, ledger: { ...ledger, unknown: unknownOf(unknown) } };
}

/** Shares of 1/n do not sum to 1 exactly in floating point; less than this is nothing left. */
const SHARE_ERROR = 1e-12;
const NO_RECORD = "no record of this run says what was billed";
const NOTHING_BILLED = "no function or workflow in this chain";

interface Bills {
  all: Bill[];
  ofRequest: Map<string, Bill[]>;
  ofExecution: Map<string, Bill>;
  /** What metrics counted beyond the runs. */
  beyond: BeyondRuns[];
}

/** Runs with the usage of one of each: its part of instances that it shared, and of what metrics counted. */
function usageOfRuns(input: AttributionInput, rates: Rates): { runs: Invocation[]; usage: UsageGroup[]; beyond: BeyondRuns[] } {
  const runs = runsOf(input.invocations);
  const [metered, configs] = [input.metered ?? [], input.configs ?? []];
  const shared = sharedTime(
    runs,
    Object.values(rates.billing).flatMap((billing) => billing.instances ?? []),
  );
  const isMetered = meteredRuns(meteredSpans(metered, configs, rates));
  const groups = runs.map((run): UsageGroup => {
    const group: UsageGroup = usageOf(run);
    const sharedMs = shared.get(run);
    if (sharedMs !== undefined) group.sharedMs = sharedMs;
    if (isMetered(run)) group.metered = true;
    return group;
  });
  const { usage, beyond } = withMeters(groups, metered, configs, rates, input.windowMs ?? null);
  const ofOne = usage.map((group): UsageGroup => {
    if (group.count === 1) return group;
    const meteredParts = group.meteredParts?.map(({ variant, quantity }) => ({ variant, quantity: quantity / group.count })) ?? null;
    return { ...group, count: 1, meteredParts };
  });
  return { runs, usage: ofOne, beyond };
}

function billsOf(input: AttributionInput, rates: Rates): Bills {
  const { runs, usage, beyond } = usageOfRuns(input, rates);
  const bills: Bills = { all: [], ofRequest: new Map(), ofExecution: new Map(), beyond };
  for (const [index, run] of runs.entries()) {
    const thing = priceReadings(readingsOf(rates, usage[index]!), run, rates.prices);
    const bill = { place: run, run, thing, weight: run.weight, claimed: 0 };
    bills.all.push(bill);
    const key = `${run.cloud} ${run.requestId}`;
    bills.ofRequest.set(key, [...(bills.ofRequest.get(key) ?? []), bill]);
  }
  for (const execution of input.executions ?? []) {
    if (bills.ofExecution.has(execution.execution)) continue;
    const [other] = otherThings({ transitions: [execution] }, rates);
    const bill = { place: execution, run: null, thing: other!.thing, weight: 1, claimed: 0 };
    bills.all.push(bill);
    bills.ofExecution.set(execution.execution, bill);
  }
  return bills;
}

/** The bills behind each function and workflow of a chain; a bill goes to one hop of a chain only. */
function claimsOf(chain: Chain, bills: Bills): Claim[] {
  const taken = new Set<Bill>();
  const claims: Claim[] = [];
  const claim = (hop: Hop, found: readonly Bill[]): void => {
    const free = found.filter((bill) => !taken.has(bill));
    for (const bill of free) taken.add(bill);
    if (free.length > 0 || found.length === 0) claims.push({ hop, bills: free });
  };
  const functions = chain.hops.filter((hop) => hop.kind === "function");
  const own = (hop: Hop): Bill[] => (hop.requestId === null ? [] : (bills.ofRequest.get(`${hop.cloud} ${hop.requestId}`) ?? []));
  const requests = new Set(functions.map((hop) => hop.requestId));
  for (const hop of functions) {
    const others = new Set(hop.attempts.map((attempt) => attempt.requestId).filter((id) => id !== null && !requests.has(id)));
    claim(hop, [...own(hop), ...[...others].flatMap((id) => bills.ofRequest.get(`${hop.cloud} ${id}`) ?? [])]);
  }
  for (const hop of chain.hops.filter((candidate) => candidate.kind === "workflow")) {
    const bill = bills.ofExecution.get(hop.id);
    claim(hop, bill === undefined ? [] : [bill]);
  }
  return claims;
}

function priceChain(chain: Chain, claims: readonly Claim[], draft: Draft, counted: Set<Bill | string>): Chain {
  const wastes = wasteOfChain(chain, claims);
  const priced = new Map<string, Pick<Hop, "usd" | "usdBasis">>();
  let unknownHops = 0;
  for (const { hop, bills } of claims) {
    const first = !counted.has(hop.id);
    counted.add(hop.id);
    if (bills.length === 0) addUnknown(draft.tally, first ? 1 : 0, NO_RECORD);
    if (bills.length === 0 || bills.some((bill) => bill.thing.unknownWhy !== null)) unknownHops += 1;
    let usd: number | null = null;
    let basis: Hop["usdBasis"] = null;
    for (const bill of bills) {
      const factor = hop.share * Math.min(1, bill.weight / bill.claimed);
      addBill(draft, bill, wastes.get(bill) ?? null, factor, counted);
      const known = usdOf(bill.thing);
      if (known === null) continue;
      usd = (usd ?? 0) + known * factor;
      basis = weakerBasis(basis, basisOf(bill.thing));
    }
    priced.set(hop.id, { usd, usdBasis: basis });
  }
  if (claims.length === 0) addUnknown(draft.tally, 1, NOTHING_BILLED);
  const hops = chain.hops.map((hop) => ({ ...hop, ...(priced.get(hop.id) ?? { usd: null, usdBasis: null }) }));
  const known = hops.flatMap((hop) => (hop.usd === null ? [] : [hop.usd]));
  return { ...chain, hops, usd: known.length === 0 ? null : known.reduce((sum, usd) => sum + usd, 0), usdUnknownHops: unknownHops };
}

function addBill(draft: Draft, bill: Bill, waste: Waste | null, factor: number, counted: Set<Bill | string>): void {
  const count = counted.has(bill) ? 0 : 1;
  counted.add(bill);
  addPlace(draft, bill.place);
  if (bill.run === null) addThing(draft.tally, bill.thing, count, factor);
  else addUsage(draft, usageOf(bill.run, 1), bill.thing, waste, factor, count);
}

/** Waste per run: hops that a `retry` edge joins are deliveries of one message, so their runs are judged together. */
function wasteOfChain(chain: Chain, claims: readonly Claim[]): Map<Bill, Waste | null> {
  const leader = new Map<string, string>();
  const find = (id: string): string => {
    let at = id;
    while (leader.has(at)) at = leader.get(at)!;
    return at;
  };
  for (const edge of chain.edges) {
    if (edge.kind === "retry" && find(edge.from) !== find(edge.to)) leader.set(find(edge.to), find(edge.from));
  }
  const deliveries = new Map<string, Bill[]>();
  for (const { hop, bills } of claims) {
    const key = find(hop.id);
    deliveries.set(key, [...(deliveries.get(key) ?? []), ...bills.filter((bill) => bill.run !== null)]);
  }
  const wastes = new Map<Bill, Waste | null>();
  for (const bills of deliveries.values()) {
    const sorted = [...bills].sort((a, b) => a.run!.startedAt - b.run!.startedAt);
    for (const [index, waste] of wasteOfRuns(sorted.map((bill) => bill.run!)).entries()) wastes.set(sorted[index]!, waste);
  }
  return wastes;
}
