import type { EpochMs } from "../../model/units.ts";

/** Latest moment that a Date can hold (ECMA-262, 21.4.1.1). */
const LAST_MS = 8.64e15;

/** ISO 8601 in UTC with milliseconds; null where there is no moment (or none that a calendar holds). */
export function isoTime(at: EpochMs | null): string | null {
  return at === null || !Number.isFinite(at) || Math.abs(at) > LAST_MS ? null : new Date(at).toISOString();
}
