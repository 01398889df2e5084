/**
 * Identifiers and their normal form. Clouds write one and the same ID in several ways
 * (X-Ray `1-5e1b4151-5ac6c58f...` = W3C `5e1b41515ac6c58f...`); chains join only normal forms.
 */

/** What an identifier names. `correlation` also holds business IDs (order, transaction). */
export type IdKind = "correlation" | "trace" | "request" | "message" | "execution" | "object" | "item";

/** An identifier in normal form. */
export interface Id {
  kind: IdKind;
  value: string;
}

const XRAY = /^(?:Root=)?1-([0-9a-f]{8})-([0-9a-f]{24})$/i;
const W3C_PARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/i;
const GCP_TRACE = /^projects\/[^/]+\/traces\/([0-9a-f]{32})$/i;
const HEX32 = /^[0-9a-f]{32}$/i;
const LEGACY_AZURE = /^\|([0-9a-f]{32})\./i;
const GCP_CONTEXT = /^([0-9a-f]{32})(?:\/(\d+))?(?:;o=\d+)?$/i;
const UUID = /^[{(]?([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})[)}]?$/i;

/**
 * The 32-hex W3C form of a trace ID in any vendor's notation: X-Ray (`1-8-24`, `Root=…;Parent=…`), W3C (`traceparent` or bare),
 * GCP (`projects/P/traces/T`, `T/S;o=1`), Azure legacy (`|T.x.`). null: not a trace ID, or all zero (W3C: invalid).
 */
export function traceIdOf(text: string): string | null {
  const t = text.trim();
  const root = t.includes("Root=") ? /Root=(1-[0-9a-f]{8}-[0-9a-f]{24})/i.exec(t)?.[1] : undefined;
  const x = XRAY.exec(root ?? t);
  const hex = x
    ? x[1]! + x[2]!
    : (W3C_PARENT.exec(t)?.[1] ?? GCP_TRACE.exec(t)?.[1] ?? GCP_CONTEXT.exec(t)?.[1] ?? LEGACY_AZURE.exec(t)?.[1] ?? HEX32.exec(t)?.[0]);
  if (hex === undefined || /^0+$/.test(hex)) return null;
  return hex.toLowerCase();
}

/** The 16-hex span ID inside a `traceparent`, `X-Amzn-Trace-Id` (Parent=) or `X-Cloud-Trace-Context` (decimal) value; null if none. */
export function parentSpanIdOf(text: string): string | null {
  const t = text.trim();
  const w3c = W3C_PARENT.exec(t)?.[2];
  if (w3c) return w3c.toLowerCase();
  const xray = /Parent=([0-9a-f]{16})/i.exec(t)?.[1];
  if (xray) return xray.toLowerCase();
  const decimal = GCP_CONTEXT.exec(t)?.[2];
  return decimal === undefined || decimal === "0" ? null : BigInt(decimal).toString(16).padStart(16, "0");
}

/**
 * Normal form of an identifier for look-up: brackets, quotes and spaces around it dropped; trace IDs to 32 lower-case hex;
 * UUIDs to lower case; everything else as it is (business IDs are case-sensitive). Empty string: nothing left.
 */
export function normaliseId(text: string): string {
  // the commonest form, as it is
  if (text.length === 36 && UUID.test(text)) return text.toLowerCase();
  const t = text
    .trim()
    .replace(/^["'[<(]+|["'\]>)]+$/g, "")
    .trim();
  return UUID.exec(t)?.[1]?.toLowerCase() ?? traceIdOf(t) ?? t;
}

/** IDs that many systems write where they have none, all of fewer than 10 characters. They join nothing. */
const PLACEHOLDERS = new Set([
  "",
  "unknown",
  "undefined",
  "null",
  "none",
  "nil",
  "n/a",
  "na",
  "-",
  "0",
  "test",
  "default",
  "string",
  "true",
  "false",
]);

/** True if the value cannot identify anything: a placeholder, too short (under 3 characters), too long (over 512) or all zero. */
export function isPlaceholderId(value: string): boolean {
  return value.length < 3 || value.length > 512 || (value.length < 10 && PLACEHOLDERS.has(value.toLowerCase())) || /^[0-]+$/.test(value);
}
