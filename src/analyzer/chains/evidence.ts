/** How far each kind of evidence is trusted, and the tolerances that go with it. Model: README.md in this folder. */
import type { EdgeKind } from "../../model/chains.ts";
import type { Id, IdKind } from "../../model/ids.ts";
import { isPlaceholderId } from "../../model/ids.ts";
import type { Ms } from "../../model/units.ts";

/** Confidence of an edge by its evidence (design §4 "Chains"). */
export const CONFIDENCE: Record<EdgeKind, number> = {
  parent: 1,
  link: 1,
  execution: 0.9,
  correlation: 0.95,
  message: 0.9,
  payload: 0.7,
  time: 0.4,
  retry: 0.9,
};

/** An ID carried by more executions and messages than this joins nothing. */
export const DEFAULT_HUB_LIMIT = 10_000;
/** An ID seen beside more than this many other correlation IDs of one shape is a constant (a tenant, a service name). */
export const HUB_PARTNERS = 20;
/** An ID that more than this many uncaused runs of one function carry is a constant. */
export const HUB_ENTRIES = 200;

/** The same for a word or a version (`health-check`, `1.4.2`): it hardly is the name of one thing. */
export const LABEL_ENTRIES = 10;

/** A short ID that is silent for longer, and then begins with the same function as before, has been given out again. */
export const REUSE_GAP_MS: Ms = 24 * 3_600_000;
/** An ID this long is not given out again. */
export const LASTING_LENGTH = 12;

/** Clocks of millisecond and microsecond grain side by side differ by this without being wrong (upstream: TIMESTAMP_MARGIN). */
export const CLOCK_GRAIN_MS: Ms = 1.001;
/** Cause and effect on different hosts may seem swapped by this much (domain.md part D: clock skew ±1 s). */
export const SKEW_TOLERANCE_MS: Ms = 1_000;
/** Two observations of one request that lie further apart than the first one's end plus this are two attempts. */
export const ATTEMPT_GAP_MS: Ms = 1_000;
/** A message is taken for another's delivery by payload or channel only if it arrives within this time. */
export const DELIVERY_WINDOW_MS: Ms = 15 * 60_000;
/** A guess by time alone needs its cause this near. */
export const GUESS_WINDOW_MS: Ms = 5_000;

const JOINING: Record<IdKind, boolean> = {
  correlation: true,
  trace: true,
  request: true,
  message: true,
  execution: true,
  // an object or item without version is written many times: evidence for an edge, not for membership
  object: false,
  item: false,
};

/** True if two records that carry this ID belong together (unless it is a hub). Objects and items only with version or sequence (`@`). */
export function joins(id: Id): boolean {
  if (isPlaceholderId(id.value)) return false;
  return JOINING[id.kind] || id.value.includes("@");
}

/**
 * The form of an ID: letters and digits replaced by classes. Two IDs of one form in one record are two of a kind (a batch);
 * of different forms, two names of one thing (order number and UUID).
 */
export function shapeOf(marked: string): string {
  const value = asWritten(marked);
  if (/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(value)) return "uuid";
  if (/^[0-9a-f]{32}$/i.test(value)) return "hex32";
  if (/^\d+$/.test(value)) return "digits";
  const prefix = /^([A-Za-z]+)[-_:.#/]/.exec(value)?.[1];
  return prefix === undefined ? "other" : prefix.toLowerCase();
}

/** What follows it in a value is ours: it tells the things apart that share the ID before it. */
export const MARK = "\u0000";

/** The ID as telemetry has it. */
export function asWritten(value: string): string {
  const cut = value.indexOf(MARK);
  return cut === -1 ? value : value.slice(0, cut);
}

/** A word without a digit, a version number or a date: the name of a kind of thing rather than of one. */
export function isLabel(value: string): boolean {
  return !/\d/.test(value) || /^v?\d{1,4}(?:\.\d{1,5}){1,3}$/i.test(value) || /^\d{4}-\d\d-\d\d$/.test(value);
}
