/** What was billed, by function, service or cloud: from groups of invocations that share a bill, so that a fleet costs no more to add up than its variety. */
import type { Reading, UsageGroup } from "../../model/billing.ts";
import type { CostRow, Ledger } from "../../model/cost.ts";
import type { ChannelKind, Cloud } from "../../model/records.ts";
import type { Bytes, EpochMs, Ms } from "../../model/units.ts";
import type { BeyondRuns } from "./meters.ts";
import {
  addThing,
  linesOf,
  newTally,
  type PricedThing,
  priceReadings,
  type Rates,
  type Tally,
  tallyUsd,
  unknownOf,
  usdOf,
} from "./pricing.ts";
import { addPlace, addUsage, byCost, type Draft, mergeUnknown, newDraft, rowOf } from "./rows.ts";
import { wasteOf } from "./waste.ts";

interface Place {
  cloud: Cloud;
  account: string | null;
  region: string | null;
}

/** Messages of one size on one side of a channel. */
export interface MessageCount extends Place {
  channel: string | null;
  channelKind: ChannelKind;
  direction: "published" | "received";
  sizeBytes: Bytes | null;
  count: number;
}

/** Log bytes that one function wrote. */
export interface LogVolume extends Place {
  fn: string | null;
  bytes: Bytes;
  lines: number;
}

/** State transitions of one workflow. */
export interface TransitionCount extends Place {
  workflow: string;
  /** null: not known (the execution was seen, its history was not), or not what is billed. */
  count: number | null;
  /** Why `count` is null, if not for a missing history. */
  why?: string;
}

/** Percentiles of one function. */
export interface DurationFigures extends Place {
  fn: string;
  p50Ms: Ms | null;
  p95Ms: Ms | null;
  p99Ms: Ms | null;
}

export interface LedgerInput {
  usage: readonly UsageGroup[];
  messages?: readonly MessageCount[];
  logBytes?: readonly LogVolume[];
  transitions?: readonly TransitionCount[];
  durations?: readonly DurationFigures[];
  /** What metrics counted beyond runs, see `withMeters`. */
  beyond?: readonly BeyondRuns[];
  /** The window the input covers; null: unbounded. */
  from?: EpochMs | null;
  to?: EpochMs | null;
}

/** Something with a bill of its own that is not a run of a function. */
interface Other {
  place: Place;
  thing: PricedThing;
  count: number;
}

type By = "function" | "service" | "cloud";

/**
 * The ledger. Pure: the same input gives the same rows in the same order.
 * `usd` of a row covers the invocations whose whole cost is known; the others are in `unknown` with the reason.
 * By function, what belongs to no single function's invocations (messages, log ingestion, transitions) is unattributed.
 */
export function ledger(input: LedgerInput, options: Rates & { by: By }): Ledger {
  const drafts = new Map<string, Draft>();
  for (const group of input.usage) {
    const thing = priceReadings(readingsOf(options, group), group, options.prices);
    for (const { draft, part } of draftsOf(drafts, options.by, group, group.fn, thing)) {
      addPlace(draft, group);
      addUsage(draft, group, part, wasteOf(group));
    }
  }
  const unattributed = newTally();
  for (const { place, thing, count } of otherThings(input, options)) {
    if (options.by === "function") {
      addThing(unattributed, thing, count);
      continue;
    }
    for (const { draft, part } of draftsOf(drafts, options.by, place, "", thing)) {
      addPlace(draft, place);
      addThing(draft.tally, part, count);
    }
  }
  const rows = [...drafts.values()].map(rowOf).sort(byCost);
  if (options.by === "function") addFigures(rows, input, options);
  return finishLedger(options.by, rows, unattributed, options, input);
}

/** Puts rows and the rest together. The total is their sum; null where nothing at all is known. */
export function finishLedger(
  by: Ledger["by"],
  rows: CostRow[],
  unattributed: Tally,
  rates: Rates,
  window: { from?: EpochMs | null; to?: EpochMs | null },
): Ledger {
  const unattributedUsd = tallyUsd(unattributed);
  const known = [...rows.map((row) => row.usd), unattributedUsd].filter((usd) => usd !== null);
  const unknown = mergeUnknown([...rows.map((row) => row.unknown), unknownOf(unattributed)]);
  const nothingKnown = unknown.length > 0 && rows.every((row) => row.usd === null) && unattributed.sums.size === 0;
  return {
    by,
    rows,
    totalUsd: nothingKnown ? null : known.reduce((sum, usd) => sum + usd, 0),
    unattributedUsd: unattributedUsd ?? 0,
    unattributedLines: linesOf(unattributed),
    unknown,
    pricesAsOf: rates.prices.asOf,
    from: window.from ?? null,
    to: window.to ?? null,
  };
}

/** Readings of a group of invocations; a cloud without billing rules yields one reading that says so. */
export function readingsOf(rates: Rates, group: UsageGroup): Reading[] {
  return rates.billing[group.cloud]?.invocations(group) ?? [noRules(group.cloud, "invocations")];
}

function noRules(cloud: Cloud, what: string): Reading {
  const why = `no billing rules for ${what} of ${cloud === "other" ? "telemetry without a vendor" : cloud}`;
  return { meter: "unpriced", variant: "", quantity: null, unit: "requests", basis: "assumed", why };
}

/** The rows a thing belongs to, each with its part of the bill; only by service it may be several. */
function draftsOf(drafts: Map<string, Draft>, by: By, place: Place, fn: string, thing: PricedThing): { draft: Draft; part: PricedThing }[] {
  if (by === "cloud") return [{ draft: draftFor(drafts, place.cloud, place.cloud), part: thing }];
  if (by === "function")
    return [{ draft: draftFor(drafts, JSON.stringify([place.cloud, place.account, place.region, fn]), fn), part: thing }];
  return servicesOf(thing).map((service) => ({
    draft: draftFor(drafts, JSON.stringify([place.cloud, service]), service),
    part: partOf(service, thing),
  }));
}

function draftFor(drafts: Map<string, Draft>, id: string, name: string): Draft {
  const draft = drafts.get(id) ?? newDraft(name);
  drafts.set(id, draft);
  return draft;
}

/** Services are the first parts of the meters. A thing of unknown cost goes to one service, to be counted once. */
function servicesOf(thing: PricedThing): string[] {
  const services = [...new Set(thing.readings.map((reading) => serviceOf(reading.meter)))];
  return thing.unknownWhy === null ? services : services.slice(0, 1);
}

function serviceOf(meter: string): string {
  return meter.split(".")[0]!;
}

function partOf(service: string, thing: PricedThing): PricedThing {
  if (thing.unknownWhy !== null) return thing;
  return { ...thing, readings: thing.readings.filter((reading) => serviceOf(reading.meter) === service) };
}

/** Bills of what is not a run of a function: messages, log lines, transitions, instance time beyond runs. */
export function otherThings(input: Pick<LedgerInput, "messages" | "logBytes" | "transitions" | "beyond">, rates: Rates): Other[] {
  const price = (place: Place, readings: Reading[] | undefined, what: string, count: number): Other => {
    const named = (readings ?? [noRules(place.cloud, what)]).map((r) =>
      r.quantity === null ? { ...r, why: `${what}: ${r.why ?? "not reported"}` } : r,
    );
    return { place, thing: priceReadings(named, place, rates.prices), count };
  };
  return [
    ...(input.messages ?? []).map((m) => price(m, times(rates.billing[m.cloud]?.message(m), m.count), "messages", m.count)),
    ...(input.logBytes ?? []).map((l) => price(l, rates.billing[l.cloud]?.logs(l.bytes), "log lines", l.lines)),
    ...(input.transitions ?? []).map((t) => price(t, transitionReadings(rates, t), "workflow executions", 1)),
    ...(input.beyond ?? []).map(({ group, variant, quantity }) =>
      price(group, rates.billing[group.cloud]?.beyondRuns?.(group, variant, quantity), `instance time of ${group.fn}`, 1),
    ),
  ];
}

function transitionReadings(rates: Rates, { cloud, count, why }: TransitionCount): Reading[] | undefined {
  const readings = rates.billing[cloud]?.transitions(count ?? 1);
  return count === null ? readings?.map((reading) => ({ ...reading, quantity: null, why: why ?? "seen without its history" })) : readings;
}

function times(readings: Reading[] | undefined, count: number): Reading[] | undefined {
  return readings?.map((reading) => ({ ...reading, quantity: reading.quantity === null ? null : reading.quantity * count }));
}

/** Percentiles and log cost into the rows of their functions. */
function addFigures(rows: readonly CostRow[], input: LedgerInput, rates: Rates): void {
  const index = new Map<string, CostRow[]>();
  for (const row of rows) index.set(`${row.cloud} ${row.key}`, [...(index.get(`${row.cloud} ${row.key}`) ?? []), row]);
  for (const figures of input.durations ?? []) {
    const row = rowOfFunction(index, figures);
    const { p50Ms: p50, p95Ms: p95, p99Ms: p99 } = figures;
    if (row === null || p50 === null || p95 === null || p99 === null) continue;
    row.durationMs = { p50, p95, p99 };
  }
  for (const volume of input.logBytes ?? []) {
    const row = rowOfFunction(index, volume);
    const readings = rates.billing[volume.cloud]?.logs(volume.bytes);
    if (row === null || readings === undefined) continue;
    const usd = usdOf(priceReadings(readings, volume, rates.prices));
    if (usd !== null) row.logsUsd = (row.logsUsd ?? 0) + usd;
  }
}

/** The row of a function; if account or region are not known on one side, the only row of that name in that cloud. */
function rowOfFunction(index: ReadonlyMap<string, CostRow[]>, place: Place & { fn: string | null }): CostRow | null {
  const named = index.get(`${place.cloud} ${place.fn}`) ?? [];
  const exact = named.find((row) => row.account === place.account && row.region === place.region);
  return exact ?? (named.length === 1 ? named[0]! : null);
}
