/**
 * Which call reads the lines of which log group, and what that takes. Pure.
 *
 * FilterLogEvents has no price per byte, but gives at most 1 MB or 10,000 events a call and 5 calls a second (the quota is the account's).
 * Logs Insights reads 50 groups with one query at any speed that matters, for $0.005 per GB that lies in the window, whatever matches.
 * So: FilterLogEvents, unless all of it together would take longer than ten minutes; then the groups whose wait is cheapest to buy off
 * (many small ones first) go to Insights until the rest fits, or until the money is used up. What is left over is read by FilterLogEvents
 * all the same, however long it takes: the time is announced. Groups of a class that FilterLogEvents does not read go to Insights or nowhere.
 */
import type { Bytes, EpochMs, Ms, Usd } from "../../model/units.ts";
import type { Estimate, Span } from "../room.ts";
import type { LogGroup } from "./log-groups.ts";

const GIB = 1_073_741_824;
export const DAY_MS: Ms = 86_400_000;

/** Per GB scanned, https://aws.amazon.com/cloudwatch/pricing/ (us-east-1 as of 2026-08-21; ap-northeast-1 by a secondary source of 2026). */
const INSIGHTS_USD_PER_GB: { readonly [region: string]: Usd } = { "us-east-1": 0.005, "ap-northeast-1": 0.0076 };

/** Price of an Insights query per byte; `assumed`: the price of us-east-1 stands for a region whose own is not known. */
export function insightsPrice(region: string): { usdPerByte: Usd; assumed: boolean } {
  const own = INSIGHTS_USD_PER_GB[region];
  return { usdPerByte: (own ?? INSIGHTS_USD_PER_GB["us-east-1"]!) / GIB, assumed: own === undefined };
}

/** What a query took, for people. */
export function scanned(bytes: Bytes, price: { usdPerByte: Usd; assumed: boolean }): string {
  const usd = bytes * price.usdPerByte;
  const size = bytes < GIB / 10 ? `${(bytes / 1_048_576).toFixed(1)} MB` : `${(bytes / GIB).toFixed(1)} GB`;
  const cost = usd < 0.0001 ? "less than $0.0001" : `$${usd.toFixed(4)}`;
  return `Logs Insights scanned ${size}, ${cost} at list price${price.assumed ? " (assumed: that of us-east-1)" : ""}`;
}

/** Most groups of one query: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html */
export const GROUPS_PER_QUERY = 50;
/** A page of FilterLogEvents: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html */
export const PAGE_BYTES: Bytes = 1_048_576;
/** "FilterLogEvents: 5 requests per second", same page as above. */
const FILTER_CALLS_PER_S = 5;
const REASONABLE_S = 600;
/** A query is started, asked for some times, and its rows are fetched 10,000 at a time, 10 calls a second. */
const CALLS_PER_QUERY = 8;
const QUERY_CALLS_PER_S = 10;
const ROWS_PER_PAGE = 10_000;
/**
 * Bytes of which one is a row. All lines: fewer on average are rare. The platform's: START and REPORT of an invocation, where START, END and
 * REPORT alone are 350 to 500 bytes and most functions write as much themselves. Too many rows expected cost calls, too few a second scan.
 */
const BYTES_PER_ROW = { all: 150, platform: 400 } as const;

/**
 * Bytes of a group in a window, from what it stores and for how long: at an even rate. An estimate: AWS counts `storedBytes` with a delay.
 * null: not told, or nothing counted yet.
 */
export function bytesInWindow(group: LogGroup, window: Span, now: EpochMs): Bytes | null {
  if (group.storedBytes === null || group.storedBytes === 0) return null;
  const oldest = Math.max(group.createdAt ?? 0, group.retentionD === null ? 0 : now - group.retentionD * DAY_MS);
  if (oldest === 0) return group.storedBytes;
  const share = (Math.min(window.to, now) - Math.max(window.from, oldest)) / Math.max(now - oldest, DAY_MS);
  return group.storedBytes * Math.min(1, Math.max(0, share));
}

/** Rows that a query gives for so many bytes, about. */
export function rowsOf(bytes: Bytes, lines: keyof typeof BYTES_PER_ROW): number {
  return Math.ceil(bytes / BYTES_PER_ROW[lines]);
}

/** Calls of FilterLogEvents for so many bytes; at least one. */
export function filterCalls(bytes: Bytes | null): number {
  return Math.max(1, Math.ceil((bytes ?? 0) / PAGE_BYTES));
}

/** `requestsPerS`: a lower limit of the user's. */
export function filterEstimate(bytes: Bytes | null, requestsPerS: number | null): Estimate {
  const calls = filterCalls(bytes);
  return {
    calls: bytes === null ? null : calls,
    seconds: bytes === null ? null : calls / Math.min(FILTER_CALLS_PER_S, requestsPerS ?? Infinity),
    usd: 0,
    bytes: null,
  };
}

/** `lines`: what the query asks for. */
export function insightsEstimate(
  bytes: Bytes | null,
  groups: number,
  usdPerByte: Usd,
  requestsPerS: number | null,
  lines: keyof typeof BYTES_PER_ROW = "all",
): Estimate {
  const queries = Math.ceil(groups / GROUPS_PER_QUERY);
  if (bytes === null) return { calls: null, seconds: null, usd: null, bytes: null };
  const calls = queries * CALLS_PER_QUERY + Math.ceil(rowsOf(bytes, lines) / ROWS_PER_PAGE);
  return { calls, seconds: calls / Math.min(QUERY_CALLS_PER_S, requestsPerS ?? Infinity), usd: bytes * usdPerByte, bytes };
}

export interface Sized {
  group: LogGroup;
  /** null: not known. */
  bytes: Bytes | null;
}

export interface Choice<G extends Sized> {
  filter: G[];
  insights: G[];
  /** Not read: the class forbids FilterLogEvents, and the query's price is not within the limit. */
  tooDear: G[];
  /** Not readable by any call: the class keeps lines for delivery only. */
  unreadable: G[];
  /** How long FilterLogEvents takes for `filter`, as far as sizes are known. */
  filterSeconds: number;
  insightsUsd: Usd;
}

export interface Means {
  maxQueryUsd: Usd;
  usdPerByte: Usd;
  requestsPerS: number | null;
  /** false: the credentials may not call FilterLogEvents. */
  mayFilter: boolean;
}

/** See the head of this file. */
export function chooseCalls<G extends Sized>(sized: readonly G[], means: Means): Choice<G> {
  const choice: Choice<G> = { filter: [], insights: [], tooDear: [], unreadable: [], filterSeconds: 0, insightsUsd: 0 };
  const usdOf = (one: G): Usd => (one.bytes ?? 0) * means.usdPerByte;
  const secondsOf = (one: G): number => filterCalls(one.bytes) / Math.min(FILTER_CALLS_PER_S, means.requestsPerS ?? Infinity);
  const buy = (one: G): boolean => {
    if (choice.insightsUsd + usdOf(one) > means.maxQueryUsd) return false;
    choice.insights.push(one);
    choice.insightsUsd += usdOf(one);
    return true;
  };
  const free: G[] = [];
  for (const one of sized.toSorted((a, b) => usdOf(a) - usdOf(b))) {
    // DELIVERY: kept a day and not to be queried
    if (one.group.class === "DELIVERY") choice.unreadable.push(one);
    else if (means.mayFilter && (one.group.class ?? "STANDARD") === "STANDARD") free.push(one);
    else if (!buy(one)) choice.tooDear.push(one);
  }
  let seconds = free.reduce((sum, one) => sum + secondsOf(one), 0);
  // the least price per second saved first; a size that nobody knows cannot be bought
  const perSecond = (one: G): number => (one.bytes === null ? Infinity : usdOf(one) / secondsOf(one));
  for (const one of free.toSorted((a, b) => perSecond(a) - perSecond(b))) {
    if (seconds > REASONABLE_S && one.bytes !== null && buy(one)) seconds -= secondsOf(one);
    else choice.filter.push(one);
  }
  choice.filterSeconds = seconds;
  return choice;
}

/**
 * A window in pieces that end on UTC days, so that what a kill interrupts is short: as many days as take `piece` of something whose whole
 * window takes `size`; at least one.
 */
export function daySlices(window: Span, size: number, piece: number): Span[] {
  const perDay = size / Math.max(1, (window.to - window.from) / DAY_MS);
  const days = perDay <= 0 ? Infinity : Math.max(1, Math.floor(piece / perDay));
  if ((window.to - window.from) / DAY_MS <= days) return [window];
  const slices: Span[] = [];
  for (let from = window.from; from < window.to;) {
    const to = Math.min(window.to, (Math.floor(from / DAY_MS) + days) * DAY_MS);
    slices.push({ from, to });
    from = to;
  }
  return slices;
}
