/** Reading the loosely typed cells of Azure telemetry: numbers as strings, 7-digit fractions, JSON in strings. Nothing here throws. */
import { type JsonObject, isObject, numberOf } from "../../model/json.ts";
import type { Json } from "../../model/records.ts";
import { epochMsOfText } from "../../model/times.ts";

/** Text of a cell, trimmed; null for absent, empty and non-scalar values. */
export function textOf(value: Json | undefined): string | null {
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value !== "string") return null;
  const text = value.trim();
  return text === "" ? null : text;
}

/** How many items a sampled row stands for (`ItemCount`): a whole number of at least 1. */
export function weightOf(value: Json | undefined): number {
  const n = numberOf(value);
  return n === null || !Number.isSafeInteger(Math.round(n)) || n < 1 ? 1 : Math.round(n);
}

/** `true`, `"True"`, `"1"`, `1` and their opposites; null for `""` and anything else. */
export function boolOf(value: Json | undefined): boolean | null {
  switch (typeof value === "string" ? value.trim().toLowerCase() : value) {
    case true:
    case 1:
    case "1":
    case "true":
      return true;
    case false:
    case 0:
    case "0":
    case "false":
      return false;
    default:
      return null;
  }
}

const US = /^(\d{1,2})\/(\d{1,2})\/(\d{4})[ ,]+(\d{1,2}):(\d{2}):(\d{2})(\.\d{1,12})?\s*(AM|PM)?\s*(Z|[+-]\d{2}:?\d{2})?$/i;

const two = (n: string | number): string => String(n).padStart(2, "0");

/** .NET writes "no time" as year 1, 1601 or 9999. */
const LATEST = Date.UTC(2200, 0);

/** Epoch ms, to a fraction of a millisecond, of ISO (any number of fraction digits) and US-style times; no zone means UTC. null: not a time. */
export function timeOf(value: Json | undefined): number | null {
  if (typeof value !== "string" || value.length > 64) return null;
  const at = readTime(value);
  return at === null || at < 0 || at > LATEST ? null : at;
}

function readTime(value: string): number | null {
  const us = US.exec(value.trim());
  if (us === null) return epochMsOfText(value);
  const half = us[8]?.toUpperCase();
  const hour = half === undefined ? Number(us[4]) : (Number(us[4]) % 12) + (half === "PM" ? 12 : 0);
  return epochMsOfText(`${us[3]}-${two(us[1]!)}-${two(us[2]!)}T${two(hour)}:${us[5]}:${us[6]}${us[7] ?? ""}${us[9] ?? "Z"}`);
}

/** A moment given as ISO text, epoch seconds or epoch milliseconds (also as a string: `x-opt-enqueued-time`). null: not a time after 2001. */
export function momentOf(value: Json | undefined): number | null {
  const at = timeOf(value);
  if (at !== null) return at;
  const n = numberOf(value);
  if (n === null || n < 1e9) return null;
  return n < 1e11 ? n * 1000 : n < 1e14 ? n : null;
}

const TIMESPAN = /^(-)?(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?$/;
const ISO_DURATION = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/i;

/** Longer than any run: the largest `long` (9223372036854775807) and the largest timespan (10675199 days) stand for "no value". */
const MAX_DURATION_MS = 100 * 366 * 86_400_000;

/** Milliseconds of a number (already ms) or a timespan (`d.hh:mm:ss.fffffff`, `PT5M`). null: neither, negative, or the largest value of its type. */
export function durationOf(value: Json | undefined): number | null {
  const ms = numberOf(value) ?? timespanOf(value);
  return ms === null || ms < 0 || ms > MAX_DURATION_MS ? null : ms;
}

function timespanOf(value: Json | undefined): number | null {
  if (typeof value !== "string") return null;
  const text = value.trim();
  const span = TIMESPAN.exec(text);
  if (span) {
    if (span[1] !== undefined) return null;
    const seconds = ((Number(span[2] ?? 0) * 24 + Number(span[3])) * 60 + Number(span[4])) * 60 + Number(span[5]);
    return seconds * 1000 + (span[6] === undefined ? 0 : Number(`0.${span[6]}`) * 1000);
  }
  const iso = text.length > 2 ? ISO_DURATION.exec(text) : null;
  if (iso === null) return null;
  return (((Number(iso[1] ?? 0) * 24 + Number(iso[2] ?? 0)) * 60 + Number(iso[3] ?? 0)) * 60 + Number(iso[4] ?? 0)) * 1000;
}

/** JSON in a text; undefined: not JSON. Text that is longer than 1 MB is not tried. */
export function parseJson(text: string): Json | undefined {
  if (text.length > 1_048_576) return undefined;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/**
 * A bag of properties: an object, JSON in a string (Log Analytics rows), or the single-quoted pseudo-JSON that some FunctionAppLogs
 * exports hold (`{'appName':'x','message':'it\'s'}`). null: none of these, or empty.
 */
export function bagOf(value: Json | undefined): JsonObject | null {
  if (isObject(value)) return value;
  if (typeof value !== "string") return null;
  const text = value.trim();
  if (!text.startsWith("{")) return null;
  const parsed = parseJson(text) ?? (text.length <= 1_048_576 ? parseJson(doubleQuoted(text)) : undefined);
  return isObject(parsed) ? parsed : null;
}

/**
 * Single-quoted pseudo-JSON with its quotes made double. An apostrophe inside a value ends it only where `,`, `}`, `]` or `:` follows,
 * so that `'it's fine'` survives.
 */
function doubleQuoted(text: string): string {
  let out = "";
  let inside = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (c === "\\" && inside) {
      const next = text[++i] ?? "";
      out += next === "'" ? "'" : c + next;
    } else if (c === "'" && !inside) {
      inside = true;
      out += '"';
    } else if (c === "'" && /^\s*[,}\]:]/.test(text.slice(i + 1, i + 32))) {
      inside = false;
      out += '"';
    } else if (inside && c === '"') out += '\\"';
    else if (inside && c === "\n") out += "\\n";
    else if (inside && c === "\r") out += "\\r";
    else if (inside && c === "\t") out += "\\t";
    else if (!inside && text.startsWith("None", i)) {
      out += "null";
      i += 3;
    } else if (!inside && (text.startsWith("True", i) || text.startsWith("False", i))) {
      out += c.toLowerCase();
    } else out += c;
  }
  return out;
}

/** A field of an object whatever the case of its name; undefined: absent. */
export function field(object: JsonObject, name: string): Json | undefined {
  const exact = object[name];
  if (exact !== undefined) return exact;
  const lower = name.toLowerCase();
  for (const key of Object.keys(object)) if (key.toLowerCase() === lower) return object[key];
  return undefined;
}

/** Azure region in its short form: `East US` and `eastus` are one. */
export function regionOf(value: Json | undefined): string | null {
  const text = textOf(value);
  return text === null ? null : text.toLowerCase().replace(/\s+/g, "");
}

/** Parts of an ARM resource ID, whatever its case (diagnostic records write it in capitals). */
export interface ResourceId {
  /** As given. */
  full: string;
  /** Subscription ID in lower case. */
  subscription: string | null;
  /** Last type in lower case, with its provider: `microsoft.web/sites`. */
  type: string | null;
  /** Last name, as given. */
  name: string | null;
}

/** Resource IDs taken apart so far: an export names few, on every row. */
const takenApart = new Map<string, ResourceId>();

/** Takes `/subscriptions/S/resourceGroups/G/providers/P/T/N/...` apart; null: not a path. */
export function resourceIdOf(value: Json | undefined): ResourceId | null {
  const full = textOf(value);
  if (full === null || !full.includes("/")) return null;
  const known = takenApart.get(full);
  if (known !== undefined) return known;
  const parts = full.split("/").filter((p) => p !== "");
  const lower = parts.map((p) => p.toLowerCase());
  const at = lower.indexOf("subscriptions");
  const providers = lower.lastIndexOf("providers");
  const types = providers === -1 ? [] : lower.slice(providers + 1).filter((_, i) => i === 0 || i % 2 === 1);
  const id: ResourceId = {
    full,
    subscription: at === -1 ? null : (lower[at + 1] ?? null),
    type: types.length > 1 ? types.join("/") : null,
    name: parts.at(-1) ?? null,
  };
  if (takenApart.size < 10_000) takenApart.set(full, id);
  return id;
}

/** Name of a function without the host's prefix: `Functions.X`, `Function.X`, `Host.Functions.X` and `Function.X.User` are all `X`. */
export function functionName(text: string | null): string | null {
  if (text === null) return null;
  const name = /^(?:Host\.)?Functions?\.([^.]+)(?:\.User)?$/.exec(text.trim())?.[1] ?? text.trim();
  return name === "" ? null : name;
}

/** A filter of Event Grid without what is not set; null: none. */
export function setFilter(filter: Json | undefined): Json {
  if (!isObject(filter)) return null;
  const set = Object.entries(filter).filter(([, value]) => value !== null && value !== undefined);
  return set.length === 0 ? null : Object.fromEntries(set);
}
