/** Moments and spans of time as exports write them, to milliseconds (with the fraction that a double still holds: about 0.25 µs). */
import { isObject, numberAt, numberOf } from "./json.ts";
import type { Json } from "./records.ts";
import type { EpochMs, Ms } from "./units.ts";

const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d+))?\s*(Z|UTC|[+-]\d\d:?\d\d)?$/i;

/** RFC 3339 text with any number of fractional digits; no zone is read as UTC. null: not such a time. */
export function epochMsOfText(text: string): EpochMs | null {
  const m = RFC3339.exec(text.trim());
  if (!m) return null;
  const [month, day, hour, minute, second] = [Number(m[2]), Number(m[3]), Number(m[4]), Number(m[5]), Number(m[6])];
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 24 || minute > 59 || second > 60) return null;
  const whole = Date.UTC(Number(m[1]), month - 1, day, hour, minute, second);
  const fraction = m[7] === undefined ? 0 : Number(`0.${m[7]}`) * 1000;
  return whole + fraction - offsetMs(m[8]);
}

function offsetMs(zone: string | undefined): Ms {
  const m = zone === undefined ? null : /^([+-])(\d\d):?(\d\d)$/.exec(zone);
  if (!m) return 0;
  return (m[1] === "-" ? -1 : 1) * (Number(m[2]) * 60 + Number(m[3])) * 60_000;
}

/** RFC 3339 text, or the protobuf object `{seconds, nanos}`. */
export function epochMsOf(value: Json | undefined): EpochMs | null {
  if (typeof value === "string") return epochMsOfText(value);
  return isObject(value) ? secondsAndNanos(value) : null;
}

/** Nanoseconds since 1970 as text or number (OTLP `timeUnixNano`); 0 means "not set" there. */
export function epochMsOfNanos(value: Json | undefined): EpochMs | null {
  if (typeof value === "string" && /^\d{7,}$/.test(value)) {
    return Number(value.slice(0, -6)) + Number(value.slice(-6)) / 1e6;
  }
  const nanos = numberOf(value);
  return nanos === null || nanos <= 0 ? null : nanos / 1e6;
}

/** A protobuf duration: `"0.162307150s"` or `{seconds, nanos}`. null: not one. */
export function durationMsOf(value: Json | undefined): Ms | null {
  if (typeof value === "string") {
    const m = /^(-?\d+(?:\.\d+)?)s$/.exec(value.trim());
    return m ? Number(m[1]) * 1000 : null;
  }
  return isObject(value) ? secondsAndNanos(value) : null;
}

function secondsAndNanos(value: { [key: string]: Json }): number | null {
  const seconds = numberAt(value, "seconds");
  const nanos = numberAt(value, "nanos");
  if (seconds === null && nanos === null) return null;
  return (seconds ?? 0) * 1000 + (nanos ?? 0) / 1e6;
}
