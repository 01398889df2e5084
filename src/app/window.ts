/** `--since` and `--until`: ISO times, dates, or spans back from the dataset's newest record (`90m`, `24h`, `7d`). */
import { UserError } from "../model/errors.ts";
import type { Host } from "../model/host.ts";
import type { EpochMs, Ms } from "../model/units.ts";
import type { Window } from "../store/types.ts";

const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/** `90s`, `15m`, `24h`, `14d`, `2w` as milliseconds; null: no span of time. */
export function spanMs(text: string): Ms | null {
  const parts = /^(\d+)([smhdw])$/.exec(text);
  return parts === null ? null : Number(parts[1]) * UNIT_MS[parts[2] as keyof typeof UNIT_MS];
}

/** Whole days that a span of time takes, at least one; NaN: no span. */
export function daysOf(text: string): number {
  return Math.max(1, Math.ceil((spanMs(text) ?? Number.NaN) / UNIT_MS.d));
}

/** `newest`: the dataset's newest record; null for an empty dataset (spans back from it are then unbounded). Throws UserError on anything else. */
export function parseWindow(since: string | undefined, until: string | undefined, newest: EpochMs | null): Window {
  const window = { from: moment(since, "--since", newest), to: moment(until, "--until", newest) };
  if (window.from !== null && window.to !== null && window.from >= window.to) throw new UserError("--since must be earlier than --until");
  return window;
}

function moment(text: string | undefined, flag: string, newest: EpochMs | null): EpochMs | null {
  if (text === undefined) return null;
  const back = spanMs(text);
  if (back !== null) return newest === null ? null : newest - back;
  const iso = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/.test(text);
  const at =
    iso && isDate(text.slice(0, 10)) ? Date.parse(/T/.test(text) && !/(Z|[+-]\d{2}:?\d{2})$/.test(text) ? `${text}Z` : text) : Number.NaN;
  if (Number.isNaN(at)) {
    throw new UserError(`${flag} ${JSON.stringify(text)} is not a time`, {
      suggestions: ["a UTC time or date: 2026-11-01, 2026-11-01T08:00", "a span back from the newest record: 90m, 24h, 7d, 2w"],
    });
  }
  return at;
}

/** Date.parse takes the 30th of February for the 2nd of March. */
function isDate(day: string): boolean {
  const at = Date.parse(day);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(day);
}

/** Warns of a window in which the dataset has no record, and of a dataset that has none at all; an empty answer alone would look like good news. */
export function warnIfOutside(window: Window, held: { from: EpochMs | null; to: EpochMs | null }, host: Host): void {
  if (held.from === null || held.to === null)
    return host.warn("there is no telemetry to answer from: evscope collect reads live accounts, evscope import PATH reads exports");
  if ((window.from ?? held.from) <= held.to && (window.to ?? held.to) >= held.from) return;
  const time = (at: EpochMs): string => new Date(at).toISOString().slice(0, 16);
  host.warn(`nothing lies in that window: the dataset holds ${time(held.from)}Z to ${time(held.to)}Z`);
}
