/** Which metrics of Cloud Monitoring are read, reduced to what, and at which resolution. Pure. */
import type { EpochMs, Ms } from "../../model/units.ts";
import type { Span } from "../room.ts";

/** Whose series a metric's are. */
export type Owner = "service" | "gen1" | "subscription" | "bucket" | "database";

/** A metric, and how its series are put together on Monitoring's side before they are returned and paid. */
export interface Metric {
  type: string;
  owner: Owner;
  /** `ALIGN_DELTA` for counts and distributions over a period, `ALIGN_MAX` for readings. */
  aligner: "ALIGN_DELTA" | "ALIGN_MAX";
  reducer: "REDUCE_SUM" | "REDUCE_MAX";
  /** Labels that stay apart, besides the owner's name and region. Each multiplies the series. */
  apart: readonly string[];
  /** Records of one point: a distribution gives one for each bucket that is not empty. */
  recordsPerPoint: number;
  /** Series of one owner, about. */
  seriesPerOwner: number;
  /** Nothing finer is read: what grows slowly needs no more. Left out: whatever fits. */
  leastPeriodMs?: Ms;
}

const RUN = "run.googleapis.com";
const GEN1 = "cloudfunctions.googleapis.com/function";
const SUBSCRIPTION = "pubsub.googleapis.com/subscription";

/** Of a distribution: count, mean and some ten buckets. */
const DISTRIBUTION = { aligner: "ALIGN_DELTA", reducer: "REDUCE_SUM", recordsPerPoint: 12 } as const;
const COUNT = { aligner: "ALIGN_DELTA", reducer: "REDUCE_SUM", recordsPerPoint: 1 } as const;
const READING = { aligner: "ALIGN_MAX", recordsPerPoint: 1 } as const;
/** A share of the memory or CPU of a revision means nothing without that revision's size. */
const BY_REVISION = { apart: ["resource.label.revision_name"], seriesPerOwner: 2 } as const;
const BY_STATE = { apart: ["metric.label.state"], seriesPerOwner: 2 } as const;
const MINUTE: Ms = 60_000;
const HOUR: Ms = 3_600_000;
const DAY: Ms = 86_400_000;
/** Sizes of stores, and what comes into them. */
const SLOW = { recordsPerPoint: 1, apart: [], seriesPerOwner: 1, reducer: "REDUCE_SUM", leastPeriodMs: HOUR } as const;
const WHOLE = { apart: [], seriesPerOwner: 1 } as const;

/**
 * In the order in which they are paid for: what bills and sizes are made of comes first.
 * https://cloud.google.com/monitoring/api/metrics_gcp_p_z (run, pubsub), https://cloud.google.com/monitoring/api/metrics_gcp_c (cloudfunctions)
 */
export const METRICS: readonly Metric[] = [
  { type: `${RUN}/container/billable_instance_time`, owner: "service", ...COUNT, ...WHOLE },
  { type: `${RUN}/container/memory/utilizations`, owner: "service", ...DISTRIBUTION, ...BY_REVISION },
  { type: `${RUN}/container/cpu/utilizations`, owner: "service", ...DISTRIBUTION, ...BY_REVISION },
  { type: `${RUN}/request_count`, owner: "service", ...COUNT, apart: ["metric.label.response_code_class"], seriesPerOwner: 2 },
  { type: `${RUN}/request_latencies`, owner: "service", ...DISTRIBUTION, ...BY_REVISION },
  { type: `${RUN}/container/max_request_concurrencies`, owner: "service", ...DISTRIBUTION, ...BY_REVISION },
  { type: `${RUN}/container/instance_count`, owner: "service", ...READING, reducer: "REDUCE_SUM", ...BY_STATE },
  { type: `${RUN}/container/startup_latencies`, owner: "service", ...DISTRIBUTION, ...BY_REVISION },
  { type: `${GEN1}/execution_times`, owner: "gen1", ...DISTRIBUTION, ...WHOLE },
  { type: `${GEN1}/user_memory_bytes`, owner: "gen1", ...DISTRIBUTION, ...WHOLE },
  { type: `${GEN1}/execution_count`, owner: "gen1", ...COUNT, apart: ["metric.label.status"], seriesPerOwner: 2 },
  { type: `${GEN1}/active_instances`, owner: "gen1", ...READING, reducer: "REDUCE_SUM", ...WHOLE },
  { type: `${SUBSCRIPTION}/num_undelivered_messages`, owner: "subscription", ...READING, reducer: "REDUCE_MAX", ...WHOLE },
  { type: `${SUBSCRIPTION}/oldest_unacked_message_age`, owner: "subscription", ...READING, reducer: "REDUCE_MAX", ...WHOLE },
  {
    type: `${SUBSCRIPTION}/push_request_count`,
    owner: "subscription",
    ...COUNT,
    apart: ["metric.label.response_class"],
    seriesPerOwner: 2,
  },
  { type: `${SUBSCRIPTION}/dead_letter_message_count`, owner: "subscription", ...COUNT, ...WHOLE },
  // names and labels as Google lists them (metrics_gcp_i_o, metrics_gcp_d_h); not yet tried on a real project
  { type: "logging.googleapis.com/billing/log_bucket_bytes_ingested", owner: "bucket", aligner: "ALIGN_DELTA", ...SLOW },
  { type: "logging.googleapis.com/billing/bytes_stored", owner: "bucket", aligner: "ALIGN_MAX", ...SLOW },
  { type: "firestore.googleapis.com/storage/data_and_index_storage_bytes", owner: "database", aligner: "ALIGN_MAX", ...SLOW },
];

/** Label with the owner's name, and the fields that its series keep. Subscriptions have no region. */
export const OWNERS: { readonly [owner in Owner]: { label: string; keep: readonly string[]; regional: boolean } } = {
  service: { label: "service_name", keep: ["resource.label.service_name", "resource.label.location"], regional: true },
  // the region of a 1st gen function is its label `region`
  gen1: { label: "function_name", keep: ["resource.label.function_name", "resource.label.region"], regional: true },
  subscription: { label: "subscription_id", keep: ["resource.label.subscription_id"], regional: false },
  // buckets are told apart by labels of the metric; all of a project are asked for together
  bucket: { label: "project_id", keep: ["metric.label.log_bucket_id", "metric.label.log_bucket_location"], regional: false },
  database: { label: "database_id", keep: ["resource.label.database_id"], regional: false },
};

/**
 * Resolutions, and how old a window may be for each: Monitoring keeps what Google's services write for six weeks as they wrote it (once a
 * minute), then every 10 minutes for 24 months. https://cloud.google.com/monitoring/quotas#data_retention_policy
 */
const KEPT = [
  { periodMs: MINUTE, forMs: 42 * DAY },
  { periodMs: 5 * MINUTE, forMs: 42 * DAY },
  { periodMs: 10 * MINUTE, forMs: 730 * DAY },
  { periodMs: 60 * MINUTE, forMs: 730 * DAY },
  { periodMs: DAY, forMs: 730 * DAY },
] as const;

/** So many records of one metric are read; beyond it the resolution gets coarser. */
const RECORDS = 200_000;

/** The finest period that is still kept for the whole window and does not give more records than can be used. */
export function periodOf(window: Span, now: EpochMs, recordsPerPeriod: number): Ms {
  const kept = KEPT.filter(({ forMs }) => window.from >= now - forMs);
  const fit = kept.find(({ periodMs }) => (recordsPerPeriod * (window.to - window.from)) / periodMs <= RECORDS);
  return (fit ?? KEPT[4]).periodMs;
}

/** The whole periods inside a window: one that is not over, or whose start is held already, would be counted with a part, or twice. null: none. */
export function wholePeriods(window: Span, periodMs: Ms): Span | null {
  const from = Math.ceil(window.from / periodMs) * periodMs;
  const to = Math.floor(window.to / periodMs) * periodMs;
  return from < to ? { from, to } : null;
}
