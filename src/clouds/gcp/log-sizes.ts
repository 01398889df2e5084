/** How many entries there are by the hour, as Cloud Monitoring counts them: a handful of series, for what takes `entries.list` hours. */
import { arrayAt, isObject, numberAt, objectAt } from "../../model/json.ts";
import { epochMsOf } from "../../model/times.ts";
import type { EpochMs } from "../../model/units.ts";
import type { CollectRequest, Span } from "../room.ts";
import { BudgetError } from "../kit/spent.ts";
import { type GcpApi, GcpError } from "./api.ts";
import { type LogScope, NAMED_BY, type ResourceType, seriesFilter, seriesOf } from "./log-filter.ts";
import { seriesPages } from "./metric-series.ts";

const HOUR_MS = 3_600_000;

/** Entries of an hour that ends at `to`. Hours without any are left out. */
export interface EntryCount {
  to: EpochMs;
  entries: number;
}

/** Logs that are read of each kind of resource, where only the platform's own lines are; the label `log` of the metric may encode them. */
const PLATFORM_LOGS = [
  "run.googleapis.com/requests",
  "run.googleapis.com/varlog/system",
  "cloudfunctions.googleapis.com/cloud-functions",
].flatMap((name) => [name, encodeURIComponent(name)]);

/**
 * Counts over the window, in hours before its end; null: they may not be asked for, there are none, or they do not fit into the price limit. More
 * services than a filter can name are not told apart: the count is then too high, never too low.
 * https://cloud.google.com/monitoring/api/metrics_gcp_i_o#gcp-logging
 */
export async function entryCounts(
  api: GcpApi,
  scope: LogScope,
  request: Pick<CollectRequest, "logs" | "maxQueryUsd">,
  window: Span,
): Promise<EntryCount[] | null> {
  const counts: EntryCount[] = [];
  try {
    for (const type of Object.keys(NAMED_BY) as ResourceType[]) {
      const names = scope.services?.filter((one) => one.type === type).map((one) => one.name) ?? null;
      if (names?.length === 0) continue;
      const filter = [
        seriesFilter("logging.googleapis.com/log_entry_count", NAMED_BY[type], names),
        seriesOf("resource.type", [type]),
        ...(request.logs === "platform" ? [seriesOf("metric.labels.log", PLATFORM_LOGS)] : []),
      ].join(" AND ");
      const asked = { filter, window: hoursUntil(window), periodMs: HOUR_MS, aligner: "ALIGN_DELTA", reducer: "REDUCE_SUM", groupBy: [] };
      for await (const answer of seriesPages(api, asked, request.maxQueryUsd))
        for (const series of (arrayAt(answer, "timeSeries") ?? []).filter(isObject))
          for (const point of (arrayAt(series, "points") ?? []).filter(isObject)) {
            const to = epochMsOf(objectAt(point, "interval")?.["endTime"]);
            const entries = numberAt(objectAt(point, "value") ?? {}, "int64Value", "doubleValue");
            if (to !== null && entries !== null && entries > 0) counts.push({ to, entries });
          }
    }
    return counts.length === 0 ? null : counts;
  } catch (error) {
    if (error instanceof BudgetError || (error instanceof GcpError && error.kind !== "credentials")) return null;
    throw error;
  }
}

/** Whole hours that end with the window, to the minute: later there is nothing yet. */
function hoursUntil({ from, to }: Span): Span {
  const end = Math.floor(to / 60_000) * 60_000;
  return { from: end - Math.max(1, Math.ceil((end - from) / HOUR_MS)) * HOUR_MS, to: end };
}

/** Entries of a span, at an even rate within each hour. */
export function entriesIn(counts: readonly EntryCount[], span: Span): number {
  return counts.reduce((sum, { to, entries }) => {
    const sharedMs = Math.min(span.to, to) - Math.max(span.from, to - HOUR_MS);
    return sharedMs <= 0 ? sum : sum + (entries * sharedMs) / HOUR_MS;
  }, 0);
}

/** A span in pieces of at most `piece` entries, cut at hours where that does; a single hour with more is cut evenly. */
export function entrySlices(counts: readonly EntryCount[], span: Span, piece: number): Span[] {
  const slices: Span[] = [];
  let open: Span | null = null;
  let held = 0;
  const close = (): void => {
    if (open !== null) slices.push(open);
    open = null;
    held = 0;
  };
  for (let from = span.from; from < span.to;) {
    const to = Math.min(span.to, (Math.floor(from / HOUR_MS) + 1) * HOUR_MS);
    const entries = entriesIn(counts, { from, to });
    if (held + entries > piece) close();
    const parts = Math.min(Math.ceil(entries / piece), to - from);
    if (parts > 1) slices.push(...evenly({ from, to }, parts));
    else {
      open = { from: (open as Span | null)?.from ?? from, to };
      held += entries;
    }
    from = to;
  }
  close();
  return slices;
}

function evenly({ from, to }: Span, parts: number): Span[] {
  const cut = (i: number): EpochMs => from + Math.round(((to - from) * i) / parts);
  return Array.from({ length: parts }, (_, i) => ({ from: cut(i), to: cut(i + 1) }));
}
