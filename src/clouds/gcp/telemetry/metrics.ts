/** Cloud Monitoring time series -> metric points (https://cloud.google.com/monitoring/api/ref_v3/rest/v3/TimeSeries). */
import type { Sink, Source } from "../../../model/formats.ts";
import { arrayAt, booleanAt, fieldOf, isObject, type JsonObject, numberAt, numberOf, objectAt, textAt } from "../../../model/json.ts";
import type { Json, MetricPoint } from "../../../model/records.ts";
import { epochMsOf } from "../../../model/times.ts";
import { functionOf, regionOf } from "../logs/lines.ts";

/** Units of metrics whose export does not say it (https://cloud.google.com/monitoring/api/metrics_gcp). */
const UNITS: { readonly [metric: string]: string } = {
  "cloudfunctions.googleapis.com/function/execution_times": "ns",
  "cloudfunctions.googleapis.com/function/user_memory_bytes": "By",
  "cloudfunctions.googleapis.com/function/execution_count": "1",
  "cloudfunctions.googleapis.com/function/network_egress": "By",
  "cloudfunctions.googleapis.com/function/active_instances": "1",
  "run.googleapis.com/request_count": "1",
  "run.googleapis.com/request_latencies": "ms",
  "run.googleapis.com/container/billable_instance_time": "s",
  "run.googleapis.com/container/startup_latencies": "ms",
  "run.googleapis.com/container/cpu/utilizations": "1",
  "run.googleapis.com/container/memory/utilizations": "1",
  "run.googleapis.com/container/instance_count": "1",
  "run.googleapis.com/container/max_request_concurrencies": "1",
  "pubsub.googleapis.com/subscription/oldest_unacked_message_age": "s",
  "pubsub.googleapis.com/subscription/num_undelivered_messages": "1",
  "pubsub.googleapis.com/subscription/push_request_count": "1",
  "pubsub.googleapis.com/subscription/dead_letter_message_count": "1",
  "logging.googleapis.com/billing/log_bucket_bytes_ingested": "By",
  "logging.googleapis.com/billing/bytes_stored": "By",
  "firestore.googleapis.com/storage/data_and_index_storage_bytes": "By",
};

/** protobuf numbers of MetricDescriptor.MetricKind. */
const KINDS = ["", "GAUGE", "DELTA", "CUMULATIVE"];

/** True if the value is one TimeSeries. */
export function isTimeSeries(value: Json | undefined): value is JsonObject {
  if (!isObject(value)) return false;
  const metric = objectAt(value, "metric");
  return metric !== null && textAt(metric, "type") !== null && Array.isArray(value["points"]);
}

/** What a value is over its period, by how the question aligned it: the answer does not say. Other aligners leave what the series' kind says. */
const ALIGNED: { readonly [aligner: string]: string } = { ALIGN_DELTA: "sum", ALIGN_SUM: "sum", ALIGN_MAX: "max", ALIGN_MEAN: "mean" };

/**
 * Gives one point per value; a distribution becomes `count`, `mean` and cumulative `bucket<=X` (counts of values up to X). `aligner`: as the
 * question named it; null: not known, as in exports.
 */
export function readTimeSeries(
  series: JsonObject,
  unit: string | null,
  aligner: string | null,
  source: Source,
  sink: Sink,
  broken: (reason: string) => void,
): void {
  const metric = objectAt(series, "metric") ?? {};
  const name = textAt(metric, "type") ?? "";
  const resource = objectAt(series, "resource") ?? {};
  const resourceLabels = objectAt(resource, "labels") ?? {};
  const resourceType = textAt(resource, "type") ?? "";
  const base = {
    type: "metric" as const,
    cloud: "gcp" as const,
    account: textAt(resourceLabels, "project_id") ?? source.account,
    region: regionOf(resourceLabels) ?? source.region,
    resource: resourceName(resourceType, resourceLabels, objectAt(metric, "labels") ?? {}),
    fn: functionOf({ resourceType, resourceLabels }) ?? source.fn,
    name,
    unit: textAt(series, "unit") ?? unit ?? UNITS[name] ?? null,
  };
  const kind = kindOf(fieldOf(series, ["metricKind", "metric_kind"]));
  const statistic = ALIGNED[aligner ?? ""] ?? (kind === "DELTA" ? "sum" : kind === "CUMULATIVE" ? "cumulative" : "value");
  for (const point of arrayAt(series, "points") ?? []) {
    const interval = isObject(point) ? objectAt(point, "interval") : null;
    const at = interval === null ? null : epochMsOf(interval["endTime"] ?? interval["end_time"]);
    const value = isObject(point) ? objectAt(point, "value") : null;
    if (at === null || value === null) {
      broken(`${name}: a point without an end time or a value`);
      continue;
    }
    const from = epochMsOf(interval!["startTime"] ?? interval!["start_time"]);
    const shared: Omit<MetricPoint, "statistic" | "value"> = { ...base, at, periodMs: from === null || from >= at ? null : at - from };
    for (const [statisticOf, number] of valuesOf(value, statistic)) sink.record({ ...shared, statistic: statisticOf, value: number });
  }
}

function kindOf(value: Json): string {
  return typeof value === "number" ? (KINDS[value] ?? "") : typeof value === "string" ? value : "";
}

/** The labels tell series of one metric apart, so they are part of what the series is about. */
function resourceName(type: string, resource: JsonObject, metric: JsonObject): string {
  const own = Object.entries(resource).filter(([key]) => key !== "project_id" && key !== "location" && key !== "zone");
  const labels = [...own, ...Object.entries(metric)].map(
    ([key, value]) => `${key}=${typeof value === "object" ? JSON.stringify(value) : value}`,
  );
  return labels.length === 0 ? type : `${type}{${labels.sort().join(",")}}`;
}

function valuesOf(value: JsonObject, statistic: string): [string, number][] {
  const distribution = objectAt(value, "distributionValue", "distribution_value");
  if (distribution !== null) return distributionValues(distribution);
  const number = numberAt(value, "doubleValue", "double_value", "int64Value", "int64_value");
  if (number !== null) return [[statistic, number]];
  const flag = booleanAt(value, "boolValue", "bool_value");
  return flag === null ? [] : [[statistic, flag ? 1 : 0]];
}

/** Counts are text, trailing empty buckets are left out, and the bounds come in three forms. */
function distributionValues(distribution: JsonObject): [string, number][] {
  const count = numberAt(distribution, "count") ?? 0;
  const values: [string, number][] = [["count", count]];
  const mean = numberAt(distribution, "mean");
  // protobuf leaves a zero out: a distribution with values and no mean has the mean 0
  if (count > 0) values.push(["mean", mean ?? 0]);
  const upper = boundsOf(objectAt(distribution, "bucketOptions", "bucket_options"));
  const counts = arrayAt(distribution, "bucketCounts", "bucket_counts");
  if (upper === null || counts === null) return values;
  let sum = 0;
  for (const [index, raw] of counts.entries()) {
    const own = numberOf(raw) ?? 0;
    sum += own;
    if (own > 0) values.push([`bucket<=${upper(index)}`, sum]);
  }
  return values;
}

/** Upper bound of bucket i: bucket 0 is the underflow, the last one has none (+Inf). */
function boundsOf(options: JsonObject | null): ((index: number) => string) | null {
  if (options === null) return null;
  const explicit = objectAt(options, "explicitBuckets", "explicit_buckets");
  if (explicit !== null) {
    const bounds = (arrayAt(explicit, "bounds") ?? []).map((bound) => numberOf(bound) ?? 0);
    return (index) => (index < bounds.length ? String(bounds[index]) : "+Inf");
  }
  const linear = objectAt(options, "linearBuckets", "linear_buckets");
  const exponential = objectAt(options, "exponentialBuckets", "exponential_buckets");
  const finite = numberAt(linear ?? exponential ?? {}, "numFiniteBuckets", "num_finite_buckets");
  if (finite === null) return null;
  return (index) => {
    if (index > finite) return "+Inf";
    if (linear !== null) return rounded((numberAt(linear, "offset") ?? 0) + (numberAt(linear, "width") ?? 0) * index);
    return rounded((numberAt(exponential!, "scale") ?? 0) * (numberAt(exponential!, "growthFactor", "growth_factor") ?? 1) ** index);
  };
}

function rounded(bound: number): string {
  return String(Number(bound.toPrecision(12)));
}
