/**
 * Traces that hold an ID. A trace ID is fetched as it is; a correlation ID that no log line holds is looked for in the labels that the
 * configured keys may have been written to. Cloud Trace keeps a sample: that it does not have an ID says nothing.
 */
import type { Id } from "../../model/ids.ts";
import type { Rec } from "../../model/records.ts";
import type { LiveContext, Span } from "../room.ts";
import type { GcpApi } from "./api.ts";
import { listed, tracesOf } from "./collect-traces.ts";
import { gap, orGap } from "./live-gaps.ts";

type Context = Pick<LiveContext, "signal" | "keys">;

/** Traces that one round reads by ID, a minute at the quota. */
const MAX_TRACES = 300;
/** Correlation IDs of one round that are looked for in labels: a call for each spelling of each key, since a filter knows no OR. */
const MAX_IDS = 2;
/** Pages of one such call. */
const MAX_PAGES = 5;

/** Spans of the traces; what could not be asked for is a gap. `asked`: traces of earlier rounds, which are not asked for again. */
export async function* searchTraces(
  api: GcpApi,
  ctx: Context,
  ids: readonly Id[],
  window: Span,
  asked: Set<string>,
): AsyncGenerator<Rec[]> {
  const known = [...new Set(ids.filter((id) => id.kind === "trace").map((id) => id.value))].filter((id) => !asked.has(id));
  const some = known.slice(0, MAX_TRACES);
  for (const id of some) asked.add(id);
  if (some.length < known.length) yield [gap(api, "traces", `${known.length} traces were found, of which ${MAX_TRACES} were read`, window)];
  yield* orGap(api, "traces", tracesOf(api, ctx, some));
}

/** Spans of traces with a label that is one of the correlation IDs. The first call that fails ends it, with a gap. */
export function searchLabels(api: GcpApi, ctx: Context, ids: readonly Id[], window: Span): AsyncIterable<Rec[]> {
  const wanted = ids.filter((id) => id.kind === "correlation").slice(0, MAX_IDS);
  return orGap(api, "traces", inLabels(api, ctx, wanted, window));
}

async function* inLabels(api: GcpApi, ctx: Context, ids: readonly Id[], window: Span): AsyncGenerator<Rec[]> {
  for (const { value } of ids)
    for (const key of labelKeys(ctx.keys.names)) yield* listed(api, ctx, window, labelFilter(key, value), MAX_PAGES);
}

/** Exactly this value of this label: https://cloud.google.com/trace/docs/trace-filters */
export function labelFilter(key: string, value: string): string {
  return `+${key}:"${value.replace(/["\\]/g, String.raw`\$&`)}"`;
}

/** The spellings that a label's name may have: `order-id`, `order_id`, `orderId`. */
export function labelKeys(names: readonly string[]): string[] {
  const spelt = names.flatMap((name) => {
    const words = name.split(/[^A-Za-z0-9]+/).filter((word) => word !== "");
    if (words.length === 0) return [];
    return [words.join("-"), words.join("_"), words.map((word, i) => (i === 0 ? word : word[0]!.toUpperCase() + word.slice(1))).join("")];
  });
  return [...new Set(spelt)];
}
