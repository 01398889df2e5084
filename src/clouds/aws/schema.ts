/**
 * Readers of the raw fields that this room uses. They are permissive: exports come from many tools and years, so a field
 * that is missing or of the wrong type is null, and the rest of the record is still used.
 */
import { isObject, type JsonObject, numberOf } from "../../model/json.ts";
import type { Json } from "../../model/records.ts";
import { epochMsOfText } from "../../model/times.ts";

export type Obj = JsonObject;
/** A finite number, also when written as a decimal string (SQS attributes, vended logs); else null. */
export const num = numberOf;

/** The value as an object; null for arrays and everything else. */
export function obj(value: Json | undefined): Obj | null {
  return isObject(value) ? value : null;
}

/** The value as an array; empty for everything else. */
export function list(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : [];
}

/** The objects of an array; what is no object is left out. */
export function objects(value: Json | undefined): Obj[] {
  return list(value).filter(isObject);
}

/** A non-empty string, else null. */
export function text(value: Json | undefined): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

/** A non-negative finite number, else null. */
export function size(value: Json | undefined): number | null {
  const n = numberOf(value);
  return n === null || n < 0 ? null : n;
}

/** The first of these fields that is a non-empty string. */
export function firstText(o: Obj, ...names: string[]): string | null {
  for (const name of names) {
    const found = text(o[name]);
    if (found !== null) return found;
  }
  return null;
}

/** JSON of a string that looks like an object or array; the value itself if it is one already; null: neither. */
export function parsed(value: Json | undefined): Json | null {
  if (typeof value === "object") return value;
  if (typeof value !== "string") return null;
  const first = value.trimStart()[0];
  if (first !== "{" && first !== "[") return null;
  try {
    return JSON.parse(value) as Json;
  } catch {
    return null;
  }
}

/** First and last moment that a telemetry time can have: 2000-01-01 to 2100-01-01. */
const EARLIEST = Date.UTC(2000, 0, 1);
const LATEST = Date.UTC(2100, 0, 1);

function plausible(ms: number): number | null {
  return ms >= EARLIEST && ms < LATEST ? ms : null;
}

/**
 * A moment in epoch ms from what AWS tools write: epoch ms, epoch s (with fraction or exponent), ISO 8601 (no zone: UTC),
 * boto3's `2021-05-03 11:47:12,494+0000`, recorded datetime objects (`{"__class__":"datetime","year":...}`).
 * null: not a time between 2000 and 2100.
 */
export function moment(value: Json | undefined): number | null {
  if (typeof value === "number") return plausible(value) ?? plausible(value * 1000);
  if (typeof value === "string") return momentOfText(value);
  const o = obj(value);
  if (o === null) return null;
  const [year, month, day] = [num(o["year"]), num(o["month"]), num(o["day"])];
  if (year === null || month === null || day === null) return null;
  return plausible(
    Date.UTC(year, month - 1, day, num(o["hour"]) ?? 0, num(o["minute"]) ?? 0, num(o["second"]) ?? 0) + (num(o["microsecond"]) ?? 0) / 1000,
  );
}

/** Epoch ms of a time in text; see `moment`. A time without a zone is read as UTC, as AWS consoles and tools print it. */
export function momentOfText(value: string): number | null {
  const t = value.trim();
  if (/^\d+(\.\d+)?(E\d+)?$/.test(t)) return moment(Number(t));
  const ms = epochMsOfText(t);
  return ms === null ? null : plausible(ms);
}
