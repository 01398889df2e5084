/**
 * Clock offsets of hosts, from causality: nothing is received before it was sent, and no awaited call is longer than its
 * caller. Only bounds can be known; the correction is the smallest that restores the order. Shown, never applied.
 */
import type { Ms } from "../../model/units.ts";
import { CLOCK_GRAIN_MS } from "./evidence.ts";

/** A cause on one host and its effect on another, each by its own clock. */
export interface Crossing {
  from: string;
  to: string;
  /** Effect's clock minus cause's clock: at least 0 if both clocks agreed. */
  lagMs: Ms;
}

export interface SkewEstimate {
  host: string;
  /** Add it to the host's times to make them agree with the others. 0: no violation seen. */
  correctionMs: Ms;
  /** Width of the interval that the evidence leaves; null: bounded on one side only. */
  spreadMs: Ms | null;
}

/** Estimates relative to `reference` (offset 0), host by host outwards from it. Hosts without a crossing to a known one are left out. */
export function estimateSkew(crossings: readonly Crossing[], reference: string): Map<string, SkewEstimate> {
  const least = new Map<string, Map<string, Ms>>();
  for (const c of crossings) {
    if (c.from === c.to || !Number.isFinite(c.lagMs)) continue;
    const row = least.get(c.from) ?? new Map<string, Ms>();
    row.set(c.to, Math.min(row.get(c.to) ?? Number.POSITIVE_INFINITY, c.lagMs));
    least.set(c.from, row);
  }
  const hosts = new Set([...least.keys(), ...[...least.values()].flatMap((row) => [...row.keys()])]);
  const known = new Map<string, SkewEstimate>([[reference, { host: reference, correctionMs: 0, spreadMs: 0 }]]);
  for (let grew = true; grew;) {
    grew = false;
    for (const host of [...hosts].sort()) {
      if (known.has(host)) continue;
      const estimate = against(host, known, least);
      if (!estimate) continue;
      known.set(host, estimate);
      grew = true;
    }
  }
  known.delete(reference);
  return known;
}

function against(
  host: string,
  known: ReadonlyMap<string, SkewEstimate>,
  least: ReadonlyMap<string, ReadonlyMap<string, Ms>>,
): SkewEstimate | null {
  // host's correction c must satisfy: lag(known->host) + c - c_known >= 0 and lag(host->known) - c + c_known >= 0
  let low = Number.NEGATIVE_INFINITY;
  let high = Number.POSITIVE_INFINITY;
  for (const other of known.values()) {
    const there = least.get(other.host)?.get(host);
    const back = least.get(host)?.get(other.host);
    if (there !== undefined) low = Math.max(low, other.correctionMs - there);
    if (back !== undefined) high = Math.min(high, other.correctionMs + back);
  }
  if (low === Number.NEGATIVE_INFINITY && high === Number.POSITIVE_INFINITY) return null;
  const spreadMs = Number.isFinite(low) && Number.isFinite(high) ? Math.abs(high - low) : null;
  let correctionMs = 0;
  if (low > high) correctionMs = (low + high) / 2;
  else if (low > CLOCK_GRAIN_MS) correctionMs = low;
  else if (high + CLOCK_GRAIN_MS < 0) correctionMs = high;
  return { host, correctionMs, spreadMs };
}
