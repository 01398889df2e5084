/**
 * Short business IDs are given out again: order 1001 of the test account, order 1001 of last month. One that names several things is
 * told apart before anything is joined by it: each of them gets a value of its own, with a mark that no telemetry has.
 */
import type { ChainRecords } from "../../model/chains.ts";
import type { Id } from "../../model/ids.ts";
import type { Cloud, Invocation, LogEvent, Message, Span } from "../../model/records.ts";
import type { EpochMs } from "../../model/units.ts";
import { LASTING_LENGTH, MARK, REUSE_GAP_MS, shapeOf } from "./evidence.ts";

/** Records in which a reused ID has a value for each thing that it names. */
export interface ToldApart {
  records: ChainRecords;
  /** Values that stand for a reused ID; absent: it names one thing. */
  variants: ReadonlyMap<string, readonly string[]>;
}

type Carrier = Invocation | Span | Message | LogEvent;

/** Copies only records that carry a reused ID. */
export function tellApart(records: ChainRecords): ToldApart {
  const names = new Map<string, (carrier: Carrier) => string>();
  const variants = new Map<string, string[]>();
  for (const [value, uses] of usesOf(records, doubtfulIds(records))) {
    const name = namesOf(value, uses);
    const found = [...new Set(uses.map(name))].sort();
    if (found.length < 2) continue;
    names.set(value, name);
    variants.set(value, found);
  }
  if (names.size === 0) return { records, variants };
  const renamed = <R extends Carrier>(record: R): R => {
    if (!record.ids.some((id) => names.has(id.value))) return record;
    const ids = record.ids.map((id): Id => ({ kind: id.kind, value: names.get(id.value)?.(record) ?? id.value }));
    return { ...record, ids };
  };
  const told = {
    invocations: records.invocations.map(renamed),
    spans: records.spans.map(renamed),
    messages: records.messages.map(renamed),
    logs: records.logs.map(renamed),
  };
  return { records: { ...records, ...told }, variants };
}

function carriersOf(records: ChainRecords): readonly (readonly Carrier[])[] {
  return [records.invocations, records.spans, records.messages, records.logs];
}

function atOf(carrier: Carrier): EpochMs {
  return carrier.type === "log" || carrier.type === "message" ? carrier.at : carrier.startedAt;
}

/** Correlation IDs seen in two accounts of a cloud, or at two times far apart, that are not made to be unique. */
function doubtfulIds(records: ChainRecords): Set<string> {
  const seen = new Map<string, { cloud: Cloud; account: string | null; from: EpochMs; to: EpochMs }>();
  const doubtful = new Set<string>();
  for (const list of carriersOf(records)) {
    for (const carrier of list) {
      if (carrier.ids.length === 0) continue;
      const at = atOf(carrier);
      const { cloud, account } = carrier;
      for (const { kind, value } of carrier.ids) {
        if (kind !== "correlation") continue;
        const known = seen.get(value);
        if (!known) {
          seen.set(value, { cloud, account, from: at, to: at });
          continue;
        }
        if (at < known.from) known.from = at;
        if (at > known.to) known.to = at;
        if (known.account === null || known.cloud !== cloud) [known.cloud, known.account] = [cloud, account];
        else if (account !== null && account !== known.account) doubtful.add(value);
        if (known.to - known.from > REUSE_GAP_MS) doubtful.add(value);
      }
    }
  }
  for (const value of doubtful) if (/^(?:uuid|hex32)$/.test(shapeOf(value))) doubtful.delete(value);
  return doubtful;
}

function usesOf(records: ChainRecords, values: ReadonlySet<string>): Map<string, Carrier[]> {
  const uses = new Map<string, Carrier[]>();
  if (values.size === 0) return uses;
  for (const list of carriersOf(records)) {
    for (const carrier of list) {
      for (const { value } of carrier.ids) {
        if (!values.has(value)) continue;
        const known = uses.get(value);
        if (!known) uses.set(value, [carrier]);
        else if (known.at(-1) !== carrier) known.push(carrier);
      }
    }
  }
  return uses;
}

/** Which of the things that the ID names a carrier speaks of. */
function namesOf(value: string, uses: readonly Carrier[]): (carrier: Carrier) => string {
  const byAccount = isInSeveralSystems(uses);
  const placeOf = (c: Carrier): string => (byAccount ? `${c.cloud} ${c.account}` : "");
  const byPlace = new Map<string, Carrier[]>();
  for (const use of uses) {
    const known = byPlace.get(placeOf(use));
    if (known) known.push(use);
    else byPlace.set(placeOf(use), [use]);
  }
  const starts = new Map([...byPlace].map(([place, own]) => [place, value.length < LASTING_LENGTH ? startsOf(own) : []]));
  return (carrier) => {
    const place = placeOf(carrier);
    const at = atOf(carrier);
    const start = starts.get(place)?.findLast((s) => s <= at);
    return `${value}${MARK}${place}${MARK}${start ?? ""}`;
  };
}

/** The same function carries it in two accounts of one cloud: two stages of one system, not one system over two accounts. */
function isInSeveralSystems(uses: readonly Carrier[]): boolean {
  const accounts = new Map<string, string>();
  for (const { cloud, account, fn } of uses) {
    if (account === null || fn === null) continue;
    const known = accounts.get(`${cloud} ${fn}`);
    if (known !== undefined && known !== account) return true;
    accounts.set(`${cloud} ${fn}`, account);
  }
  return false;
}

/** Moments at which, after a long silence, the function that began it all begins again. */
function startsOf(uses: readonly Carrier[]): EpochMs[] {
  const sorted = [...uses].sort((a, b) => atOf(a) - atOf(b));
  const first = sorted.find((use) => use.fn !== null);
  const starts: EpochMs[] = [];
  for (let i = 1; i < sorted.length; i++) {
    if (atOf(sorted[i]!) - atOf(sorted[i - 1]!) <= REUSE_GAP_MS) continue;
    const next = sorted.slice(i).find((use) => use.fn !== null);
    if (first && next && first.fn === next.fn && first.cloud === next.cloud) starts.push(atOf(sorted[i]!));
  }
  return starts;
}
