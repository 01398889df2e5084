/** Ledger rows in the making. */
import type { UsageGroup, WasteKind } from "../../model/billing.ts";
import type { CostRow } from "../../model/cost.ts";
import type { Cloud } from "../../model/records.ts";
import type { Basis } from "../../model/units.ts";
import {
  addThing,
  addUnknown,
  compare,
  linesOf,
  newTally,
  type PricedThing,
  type Tally,
  tallyUsd,
  unknownOf,
  weakerBasis,
} from "./pricing.ts";
import type { Waste } from "./waste.ts";

/** One row before its sums are priced. */
export interface Draft {
  key: string;
  /** undefined: nothing added yet; null: several. */
  cloud: Cloud | null | undefined;
  account: string | null | undefined;
  region: string | null | undefined;
  invocations: number | null;
  billedMs: number | null;
  mibMs: number | null;
  tally: Tally;
  waste: Map<WasteKind, Tally>;
}

export function newDraft(key: string): Draft {
  return {
    key,
    cloud: undefined,
    account: undefined,
    region: undefined,
    invocations: null,
    billedMs: null,
    mibMs: null,
    tally: newTally(),
    waste: new Map(),
  };
}

/** Notes the place of something added; a row over several clouds, accounts or regions names none. */
export function addPlace(draft: Draft, place: { cloud: Cloud; account: string | null; region: string | null }): void {
  draft.cloud = draft.cloud === undefined || draft.cloud === place.cloud ? place.cloud : null;
  draft.account = draft.account === undefined || draft.account === place.account ? place.account : null;
  draft.region = draft.region === undefined || draft.region === place.region ? place.region : null;
}

/** What an invocation's bill depends on, as far as rows sum it up. */
export type Usage = Pick<UsageGroup, "billedMs" | "count">;

function isTime(reading: { unit: string }): boolean {
  return reading.unit === "mib-ms" || reading.unit === "vcpu-ms" || reading.unit === "storage-mib-ms";
}

/** Adds `factor` of the bill of `usage.count` equal invocations. `countAs`: how many invocations the row counts for it. */
export function addUsage(draft: Draft, usage: Usage, thing: PricedThing, waste: Waste | null, factor = 1, countAs = usage.count): void {
  draft.invocations = (draft.invocations ?? 0) + countAs;
  if (usage.billedMs !== null) draft.billedMs = (draft.billedMs ?? 0) + usage.billedMs * usage.count * factor;
  for (const reading of thing.readings) {
    if (reading.unit === "mib-ms" && reading.quantity !== null) draft.mibMs = (draft.mibMs ?? 0) + reading.quantity * factor;
  }
  addThing(draft.tally, thing, countAs, factor);
  if (waste === null || thing.unknownWhy !== null) return;
  const wasted = draft.waste.get(waste.kind) ?? newTally();
  draft.waste.set(waste.kind, wasted);
  addThing(wasted, thing, 0, factor * waste.factor, waste.timeOnly ? isTime : undefined);
}

/** The finished row. MiB·ms / 1024 / 1000 = GB-s (domain: AWS, Azure and Google count 1024 MiB as a GB here). */
export function rowOf(draft: Draft): CostRow {
  const lines = linesOf(draft.tally);
  const usd = tallyUsd(draft.tally, lines);
  const wasteUsd: CostRow["wasteUsd"] = {};
  // always in the same order, whatever came first
  for (const [kind, tally] of [...draft.waste].sort(([a], [b]) => compare(a, b))) wasteUsd[kind] = tallyUsd(tally) ?? 0;
  return {
    key: draft.key,
    cloud: draft.cloud ?? null,
    account: draft.account ?? null,
    region: draft.region ?? null,
    invocations: draft.invocations,
    billedMs: draft.billedMs,
    gbSeconds: draft.mibMs === null ? null : draft.mibMs / 1024 / 1000,
    usd,
    basis: usd === null ? null : lines.reduce<Basis | null>((basis, line) => weakerBasis(basis, line.basis), null),
    lines,
    logsUsd: null,
    unknown: unknownOf(draft.tally),
    wasteUsd,
    durationMs: null,
  };
}

/** Dearest first; unknown cost last; then by name, cloud, account and region, so that the order is always the same. */
export function byCost(a: CostRow, b: CostRow): number {
  return (
    (b.usd ?? -1) - (a.usd ?? -1) ||
    compare(a.key, b.key) ||
    compare(a.cloud ?? "", b.cloud ?? "") ||
    compare(a.account ?? "", b.account ?? "") ||
    compare(a.region ?? "", b.region ?? "")
  );
}

/** Unknown counts of several tallies, added up by reason. */
export function mergeUnknown(parts: readonly { count: number; why: string }[][]): { count: number; why: string }[] {
  const tally = newTally();
  for (const part of parts) for (const { count, why } of part) addUnknown(tally, count, why);
  return unknownOf(tally);
}
