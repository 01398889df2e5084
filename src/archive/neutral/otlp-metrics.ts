/** OTLP metrics -> metric points. */
import type { Sink, Source } from "../../model/formats.ts";
import { arrayAt, booleanAt, isObject, type JsonObject, numberAt, numberOf, objectAt, textAt, textOf } from "../../model/json.ts";
import type { Json, MetricPoint } from "../../model/records.ts";
import { epochMsOfNanos } from "../../model/times.ts";
import { placementOf } from "./conventions.ts";
import { attributesOf } from "./otlp-values.ts";

type Value = readonly [statistic: string, value: number];

/**
 * Gives the points of one metric. Gauge: `value`; sum: `sum` (delta) or `cumulative`; histograms: `count`, `sum`, `mean`, `min`, `max`
 * and cumulative `bucket<=X`; summary: `count`, `sum` and its quantiles as `p99`.
 */
export function readMetric(metric: JsonObject, resource: JsonObject, source: Source, sink: Sink, broken: (reason: string) => void): void {
  const name = textAt(metric, "name");
  if (name === null) return broken("metric without a name");
  const shape = shapeOf(metric);
  if (shape === null) return sink.ignored("metric without data points");
  for (const point of shape.points) {
    if (!isObject(point)) continue;
    const at = epochMsOfNanos(point["timeUnixNano"] ?? point["time_unix_nano"]);
    if (at === null) {
      broken(`metric ${name}: a point without a time`);
      continue;
    }
    const from = epochMsOfNanos(point["startTimeUnixNano"] ?? point["start_time_unix_nano"]);
    const own = attributesOf(point);
    const placement = placementOf({ ...resource, ...own });
    const base: Omit<MetricPoint, "statistic" | "value"> = {
      type: "metric",
      cloud: placement.cloud,
      account: placement.account ?? source.account,
      region: placement.region ?? source.region,
      at,
      periodMs: from === null || from >= at ? null : at - from,
      resource: resourceName(placement.fn ?? placement.service, own),
      fn: placement.fn ?? placement.service ?? source.fn,
      name,
      unit: textAt(metric, "unit"),
    };
    for (const [statistic, value] of shape.read(point)) if (Number.isFinite(value)) sink.record({ ...base, statistic, value });
  }
}

function resourceName(name: string | null, attributes: JsonObject): string | null {
  const labels = Object.entries(attributes).map(
    ([key, value]) => `${key}=${typeof value === "object" ? JSON.stringify(value) : String(value)}`,
  );
  return labels.length === 0 ? name : `${name ?? ""}{${labels.sort().join(",")}}`;
}

function shapeOf(metric: JsonObject): { points: Json[]; read: (point: JsonObject) => Value[] } | null {
  const gauge = objectAt(metric, "gauge");
  if (gauge !== null) return { points: pointsOf(gauge), read: (point) => numberPoint(point, "value") };
  const sum = objectAt(metric, "sum");
  if (sum !== null) return { points: pointsOf(sum), read: (point) => numberPoint(point, sumStatistic(sum)) };
  const histogram = objectAt(metric, "histogram");
  if (histogram !== null) return { points: pointsOf(histogram), read: (point) => [...totals(point), ...buckets(point)] };
  const exponential = objectAt(metric, "exponentialHistogram", "exponential_histogram");
  if (exponential !== null) return { points: pointsOf(exponential), read: totals };
  const summary = objectAt(metric, "summary");
  return summary === null ? null : { points: pointsOf(summary), read: (point) => [...totals(point), ...quantiles(point)] };
}

function pointsOf(holder: JsonObject): Json[] {
  return arrayAt(holder, "dataPoints", "data_points") ?? [];
}

/** Temporality 1 is delta, 2 cumulative; a cumulative sum that may fall is a level. */
function sumStatistic(sum: JsonObject): string {
  const temporality = textAt(sum, "aggregationTemporality", "aggregation_temporality") ?? "";
  if (temporality === "1" || temporality.endsWith("_DELTA")) return "sum";
  return booleanAt(sum, "isMonotonic", "is_monotonic") === true ? "cumulative" : "value";
}

function numberPoint(point: JsonObject, statistic: string): Value[] {
  const value = numberAt(point, "asDouble", "as_double", "asInt", "as_int");
  return value === null ? [] : [[statistic, value]];
}

function totals(point: JsonObject): Value[] {
  const values: Value[] = [];
  const count = numberAt(point, "count");
  const sum = numberAt(point, "sum");
  if (count !== null) values.push(["count", count]);
  if (sum !== null) values.push(["sum", sum]);
  if (count !== null && count > 0 && sum !== null) values.push(["mean", sum / count]);
  for (const name of ["min", "max"]) {
    const value = numberAt(point, name);
    if (value !== null) values.push([name, value]);
  }
  return values;
}

function buckets(point: JsonObject): Value[] {
  const bounds = arrayAt(point, "explicitBounds", "explicit_bounds") ?? [];
  const values: Value[] = [];
  let sum = 0;
  for (const [index, raw] of (arrayAt(point, "bucketCounts", "bucket_counts") ?? []).entries()) {
    const count = numberOf(raw) ?? 0;
    sum += count;
    if (count > 0) values.push([`bucket<=${index < bounds.length ? (textOf(bounds[index]) ?? "") : "+Inf"}`, sum]);
  }
  return values;
}

function quantiles(point: JsonObject): Value[] {
  const values: Value[] = [];
  for (const one of arrayAt(point, "quantileValues", "quantile_values") ?? []) {
    if (!isObject(one)) continue;
    const quantile = numberAt(one, "quantile") ?? 0;
    const value = numberAt(one, "value") ?? 0;
    values.push([quantile === 0 ? "min" : quantile === 1 ? "max" : `p${Number((quantile * 100).toPrecision(6))}`, value]);
  }
  return values;
}
