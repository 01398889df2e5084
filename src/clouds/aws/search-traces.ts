/**
 * Traces that hold an ID. A trace ID is fetched as it is; a correlation ID is looked for in the annotations that the configured keys may have
 * been written to. With Transaction Search X-Ray sees an indexed share only, and the log group `aws/spans` is asked instead.
 */
import type { Id } from "../../model/ids.ts";
import type { Rec } from "../../model/records.ts";
import type { Ms, Usd } from "../../model/units.ts";
import type { LiveContext, Span } from "../room.ts";
import { type AwsApi, AwsError } from "./api.ts";
import { SPANS_GROUP } from "./collect-spans.ts";
import { traceStoreOf, tracesOf } from "./collect-traces.ts";
import { query } from "./log-query.ts";
import { gap, gapOf, orGap } from "./live-gaps.ts";
import { insightsPrice, scanned } from "./log-calls.ts";
import { anyTermRegex } from "./log-terms.ts";
import { num, obj, type Obj, objects, parsed, text } from "./schema.ts";
import { BudgetError, spend } from "../kit/spent.ts";

/** "Time range cannot be longer than 6 hours." */
const SLICE_MS: Ms = 6 * 3_600_000;
/** Slices that one search asks for: 7 days. */
const MAX_SLICES = 28;
/** IDs of one round that are looked for in annotations, and traces that are read. */
const MAX_IDS = 20;
const MAX_TRACES = 200;
/** For a trace that is scanned: https://aws.amazon.com/cloudwatch/pricing/ (the first million a month is free). */
const USD_PER_TRACE = 0.5e-6;

/** Spans of the traces; what could not be asked for is a gap. */
export async function* searchTraces(
  api: AwsApi,
  ctx: LiveContext,
  ids: readonly Id[],
  window: Span,
  leftUsd: () => Usd,
): AsyncGenerator<Rec[]> {
  const known = ids.filter((id) => id.kind === "trace").map((id) => id.value);
  const wanted = ids
    .filter((id) => id.kind === "correlation" && /^[^"\\\n]+$/.test(id.value))
    .slice(0, MAX_IDS)
    .map((id) => id.value);
  if (known.length === 0 && wanted.length === 0) return;
  const store = await traceStoreOf(api);
  yield* orGap(api, "traces", tracesOf(api, ctx, known, store));
  if (wanted.length === 0) return;
  const found = new Set<string>();
  try {
    const traces = store === "logs" ? inSpans(api, ctx, wanted, window, leftUsd) : inAnnotations(api, ctx, wanted, window, leftUsd);
    for await (const id of traces) {
      if (!known.includes(id)) found.add(id);
      if (found.size < MAX_TRACES) continue;
      yield [gap(api, "traces", `more than ${MAX_TRACES} traces hold one of the IDs; the rest was not read`, window)];
      break;
    }
  } catch (error) {
    yield [error instanceof BudgetError ? gap(api, "traces", error.message, window) : gapOf(api, error, "traces", window)];
  }
  yield* orGap(api, "traces", tracesOf(api, ctx, [...found], store));
}

/** The spellings that an annotation's key may have: `orderId`, `order_id`. Only letters, digits and _ are allowed in one. */
function annotationKeys(names: readonly string[]): string[] {
  const spelt = names.flatMap((name) => {
    const words = name.split(/[^A-Za-z0-9]+/).filter((word) => word !== "");
    return [words.join("_"), words.map((word, i) => (i === 0 ? word : word[0]!.toUpperCase() + word.slice(1))).join("")];
  });
  return [...new Set(spelt)].filter((key) => key !== "");
}

/** https://docs.aws.amazon.com/xray/latest/devguide/xray-console-filters.html */
export function annotationFilter(names: readonly string[], values: readonly string[]): string {
  return annotationKeys(names)
    .flatMap((key) => values.map((value) => `annotation[${key}] = "${value}"`))
    .join(" OR ");
}

/** Newest first. The first slice that fails ends it: an endpoint that cannot evaluate the expression never will. */
async function* inAnnotations(
  api: AwsApi,
  ctx: LiveContext,
  values: readonly string[],
  window: Span,
  leftUsd: () => Usd,
): AsyncGenerator<string> {
  if (leftUsd() <= 0) throw new BudgetError("X-Ray bills traces that are scanned, and the price limit (--max-query-usd) leaves nothing");
  const filter = annotationFilter(ctx.keys.names, values);
  for (let i = 0, to = window.to; to > window.from; i++) {
    if (i >= MAX_SLICES || leftUsd() <= 0) {
      const why = i >= MAX_SLICES ? `annotations are searched for ${MAX_SLICES / 4} days` : "the price limit is reached";
      throw new AwsError("failed", "xray:GetTraceSummaries", "Unfinished", `${why}; before that nothing was searched`, null, 1);
    }
    const from = Math.max(window.from, to - SLICE_MS);
    const input = { StartTime: new Date(from), EndTime: new Date(to), TimeRangeType: "Event", FilterExpression: filter };
    let processed = 0;
    for await (const answer of summaries(api, input)) {
      ctx.signal.throwIfAborted();
      for (const one of objects(answer["TraceSummaries"])) {
        const id = text(one["Id"]);
        if (id !== null) yield id;
      }
      processed = Math.max(processed, num(answer["TracesProcessedCount"]) ?? 0);
    }
    spend(api, processed * USD_PER_TRACE);
    to = from;
  }
}

/** All pages; the first is asked for once, since an evaluator that fails answers 500, and repeating that would only take long. */
async function* summaries(api: AwsApi, input: object): AsyncGenerator<Obj> {
  const first = await api.call("xray:GetTraceSummaries", input, { once: true });
  yield first;
  const NextToken = text(first["NextToken"]);
  if (NextToken !== null) yield* api.pages("xray:GetTraceSummaries", { ...input, NextToken });
}

/** Trace IDs of the spans that hold a value, by Insights. */
async function* inSpans(
  api: AwsApi,
  ctx: LiveContext,
  values: readonly string[],
  window: Span,
  leftUsd: () => Usd,
): AsyncGenerator<string> {
  const price = insightsPrice(api.region);
  if (leftUsd() <= 0) throw new BudgetError("the price limit is reached, and a query of spans is paid");
  const pages = query(api, ctx, {
    groups: [SPANS_GROUP],
    window,
    filter: `@message like ${anyTermRegex(values)}`,
    maxBytes: leftUsd() / price.usdPerByte,
    leftUsd,
    maxRows: 10_000,
  });
  for (;;) {
    const next = await pages.next();
    if (next.done === true) {
      ctx.host.note(`${SPANS_GROUP}: ${scanned(next.value.bytesScanned, price)}`);
      return;
    }
    for (const line of next.value) {
      const id = text(obj(parsed(line.message))?.["traceId"]);
      if (id !== null) yield id;
    }
  }
}
