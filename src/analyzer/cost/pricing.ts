/** Readings -> money. Quantities are summed as the vendor's whole units, per meter and price, and multiplied by the price once. */
import type { Billing, CostLine, PriceBook, Reading } from "../../model/billing.ts";
import type { Cloud } from "../../model/records.ts";
import type { Basis, Usd } from "../../model/units.ts";

/** The billing rules per cloud and the price table. A cloud without rules (vendor-neutral telemetry) has unknown cost. */
export interface Rates {
  billing: Partial<Record<Cloud, Billing>>;
  prices: PriceBook;
}

/** Where a reading was taken: decides the price. */
export interface PricePlace {
  cloud: Cloud;
  region: string | null;
}

/** A reading with its price. null: no price known. */
export interface PricedReading extends Reading {
  usdPerUnit: number | null;
}

/** Readings of one thing (invocations that share a bill, messages of a size) with their prices. */
export interface PricedThing {
  readings: PricedReading[];
  /** null: all is known. Else why the cost of this thing is unknown: a reading without quantity, or without price. */
  unknownWhy: string | null;
}

const STRENGTH: Record<Basis, number> = { measured: 2, modelled: 1, assumed: 0 };

/** The weaker of two bases; null counts as no statement. */
export function weakerBasis(a: Basis | null, b: Basis | null): Basis | null {
  if (a === null || b === null) return a ?? b;
  return STRENGTH[a] <= STRENGTH[b] ? a : b;
}

/** Looks up the price of each reading. The basis becomes the weaker one of reading and price. */
export function priceReadings(readings: readonly Reading[], place: PricePlace, prices: PriceBook): PricedThing {
  const whys: string[] = [];
  const priced = readings.map((reading): PricedReading => {
    const price = prices.find(place.cloud, reading.meter, reading.variant, place.region);
    if (reading.quantity === null) whys.push(reading.why ?? `${reading.meter}: the telemetry does not say how much`);
    else if (price === null)
      whys.push(`no price for ${reading.meter}${reading.variant && ` ${reading.variant}`} in ${place.region ?? "an unknown region"}`);
    return { ...reading, usdPerUnit: price?.usdPerUnit ?? null, basis: weakerBasis(reading.basis, price?.basis ?? null) ?? reading.basis };
  });
  return { readings: priced, unknownWhy: whys.length === 0 ? null : [...new Set(whys)].join("; ") };
}

/** Money of a fully known thing; null where `unknownWhy` says why not. */
export function usdOf(thing: PricedThing): Usd | null {
  if (thing.unknownWhy !== null) return null;
  return thing.readings.reduce((sum, reading) => sum + reading.quantity! * reading.usdPerUnit!, 0);
}

/** Weakest basis of a known thing; null where it is unknown or free. */
export function basisOf(thing: PricedThing): Basis | null {
  if (thing.unknownWhy !== null) return null;
  return thing.readings.reduce<Basis | null>((basis, reading) => weakerBasis(basis, reading.basis), null);
}

/** One sum per meter, variant and price. */
interface Sum {
  reading: Reading;
  usdPerUnit: number;
  quantity: number;
}

/** A running total of cost: known parts by meter, unknown parts by reason. */
export interface Tally {
  sums: Map<string, Sum>;
  unknown: Map<string, number>;
}

export function newTally(): Tally {
  return { sums: new Map(), unknown: new Map() };
}

/** Adds a thing: its readings times `factor` if its cost is known, else `count` units to the unknown. `only` limits it to some readings. */
export function addThing(
  tally: Tally,
  thing: PricedThing,
  count: number,
  factor = 1,
  only: (reading: Reading) => boolean = () => true,
): void {
  if (thing.unknownWhy !== null) {
    addUnknown(tally, count, thing.unknownWhy);
    return;
  }
  for (const reading of thing.readings) {
    if (!only(reading)) continue;
    const key = `${reading.meter}\u0000${reading.variant}\u0000${reading.unit}\u0000${reading.usdPerUnit}`;
    const sum = tally.sums.get(key);
    if (sum === undefined) {
      tally.sums.set(key, { reading, usdPerUnit: reading.usdPerUnit!, quantity: reading.quantity! * factor });
      continue;
    }
    sum.quantity += reading.quantity! * factor;
    sum.reading = { ...sum.reading, basis: weakerBasis(sum.reading.basis, reading.basis)!, why: sum.reading.why ?? reading.why };
  }
}

export function addUnknown(tally: Tally, count: number, why: string): void {
  if (count > 0) tally.unknown.set(why, (tally.unknown.get(why) ?? 0) + count);
}

/** Lines by meter and variant (prices of several regions added up), in order of meter. */
export function linesOf(tally: Tally): CostLine[] {
  const lines = new Map<string, CostLine>();
  for (const { reading, usdPerUnit, quantity } of tally.sums.values()) {
    const key = `${reading.meter}\u0000${reading.variant}\u0000${reading.unit}`;
    const line = lines.get(key);
    const usd = quantity * usdPerUnit;
    if (line === undefined) {
      const { meter, variant, unit, basis, why } = reading;
      lines.set(key, { meter, variant, quantity, unit, basis, why, usd });
      continue;
    }
    line.quantity = line.quantity! + quantity;
    line.usd = line.usd! + usd;
    line.basis = weakerBasis(line.basis, reading.basis)!;
  }
  return [...lines.values()].sort((a, b) => compare(a.meter, b.meter) || compare(a.variant, b.variant));
}

/** Sum of the lines; null where there is none and something is unknown (nothing known is not 0). */
export function tallyUsd(tally: Tally, lines = linesOf(tally)): Usd | null {
  if (tally.sums.size === 0) return tally.unknown.size > 0 ? null : 0;
  return lines.reduce((sum, line) => sum + line.usd!, 0);
}

/** Unknown counts, largest first. */
export function unknownOf(tally: Tally): { count: number; why: string }[] {
  return [...tally.unknown].map(([why, count]) => ({ count, why })).sort((a, b) => b.count - a.count || compare(a.why, b.why));
}

/** Order of code units: the same on every machine. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
