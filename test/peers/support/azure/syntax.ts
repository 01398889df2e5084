/** Reading the parser's tree: tokens, lists without their wrapping, names and literals. */
import type { Node } from "./kusto.ts";

export const TICKS_PER_MS = 10_000n;

export function kindOf(node: Node): string {
  return (node.$$name ?? node.constructor.$$name ?? "").replace("Kusto.Language.Syntax.", "").replace(/\$.*/s, "");
}

const isToken = (node: Node): boolean => node.ChildCount === 0 && typeof node.Text === "string";

/** Children that are no tokens, with the elements of lists in place of the lists. */
export function parts(node: Node): Node[] {
  const found: Node[] = [];
  for (let i = 0; i < node.ChildCount; i++) {
    const child = node.GetChild(i);
    if (child === null || isToken(child)) continue;
    if (/^(SyntaxList|SeparatedElement|ExpressionList|ExpressionCouple)$/.test(kindOf(child))) found.push(...parts(child));
    else found.push(child);
  }
  return found;
}

/** Texts of the node's own tokens. */
export function tokens(node: Node): string[] {
  return Array.from({ length: node.ChildCount }, (_, i) => node.GetChild(i)).flatMap((child) =>
    child !== null && isToken(child) && child.Text ? [child.Text] : [],
  );
}

/** All text of a node, without spaces. */
export function textOf(node: Node): string {
  if (isToken(node)) return node.Text ?? "";
  return Array.from({ length: node.ChildCount }, (_, i) => node.GetChild(i)).reduce(
    (text, child) => text + (child ? textOf(child) : ""),
    "",
  );
}

/** A name as it is meant: `['a b']` is `a b`. */
export function nameOf(node: Node): string {
  const text = textOf(node);
  return /^\[(['"]).*\1\]$/s.test(text) ? text.slice(2, -2) : text;
}

/** Value of a string literal token; the parser has undone its escapes. */
export function stringOf(node: Node): string {
  const first = node.GetChild(0);
  const value = node.Value ?? first?.Value;
  return typeof value === "string" ? value : textOf(node).slice(1, -1);
}

/** 100 ns since 1970 of `datetime(…)`; null: `datetime(null)`. */
export function ticksOf(text: string): bigint | null {
  const inner = text.replace(/^datetime\(\s*["']?|["']?\s*\)$/g, "");
  if (inner === "null") return null;
  const [, whole, digits = "", zone = ""] = /^(.*?\d)(?:\.(\d+))?(Z|[+-]\d\d:?\d\d)?$/.exec(inner) ?? [];
  const ms = Date.parse(`${whole}${/T| /.test(whole ?? "") ? zone || "Z" : ""}`);
  if (!Number.isFinite(ms)) throw new TypeError(`not a datetime: ${text}`);
  return BigInt(ms) * TICKS_PER_MS + BigInt(digits.padEnd(7, "0").slice(0, 7) || "0");
}

const UNIT_TICKS: Record<string, number> = {
  d: 864_000_000_000,
  day: 864_000_000_000,
  days: 864_000_000_000,
  h: 36_000_000_000,
  hour: 36_000_000_000,
  hours: 36_000_000_000,
  m: 600_000_000,
  min: 600_000_000,
  minute: 600_000_000,
  minutes: 600_000_000,
  s: 10_000_000,
  sec: 10_000_000,
  second: 10_000_000,
  seconds: 10_000_000,
  ms: 10_000,
  millisecond: 10_000,
  milliseconds: 10_000,
  microsecond: 10,
  microseconds: 10,
  tick: 1,
  ticks: 1,
};

/** Ticks of `1h`, `time(1h)`, `timespan(00:00:30)`. */
export function spanOf(text: string): bigint {
  const inner = text.replace(/^(?:time|timespan)\(\s*|\s*\)$/g, "");
  const [, count, unit] = /^(-?[\d.]+)\s*([a-z]+)$/.exec(inner) ?? [];
  if (unit !== undefined && unit in UNIT_TICKS) return BigInt(Math.round(Number(count) * UNIT_TICKS[unit]!));
  const [, days = "0", hours, minutes, seconds = "0"] = /^(?:(\d+)\.)?(\d+):(\d+)(?::([\d.]+))?$/.exec(inner) ?? [];
  if (hours === undefined) throw new TypeError(`not a timespan: ${text}`);
  return BigInt(Math.round((Number(days) * 86_400 + Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1e7));
}

/** ISO text of ticks, as the service writes it: up to seven digits, without trailing zeros. */
export function isoOf(ticks: bigint): string {
  const ms = Number(ticks / TICKS_PER_MS);
  const digits = String(ticks % 10_000_000n)
    .padStart(7, "0")
    .replace(/0+$/, "");
  return `${new Date(ms).toISOString().slice(0, 19)}${digits === "" ? "" : `.${digits}`}Z`;
}
