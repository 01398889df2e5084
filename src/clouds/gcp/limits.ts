/** Legal values of the settings that evscope may advise on. */
import type { Limit } from "../room.ts";

const RUN_MEMORY = "https://cloud.google.com/run/docs/configuring/services/memory-limits";
const RUN_CPU = "https://cloud.google.com/run/docs/configuring/services/cpu";
const RUN_CONCURRENCY = "https://cloud.google.com/run/docs/configuring/concurrency";
const RUN_TIMEOUT = "https://cloud.google.com/run/docs/configuring/request-timeout";
const GEN1_MEMORY = "https://cloud.google.com/functions/1stgendocs/configuring/memory";
const FUNCTION_QUOTAS = "https://cloud.google.com/functions/quotas";
const SUBSCRIPTION = "https://cloud.google.com/pubsub/docs/reference/rest/v1/projects.subscriptions";
const PUBSUB_FILTER = "https://cloud.google.com/pubsub/docs/subscription-message-filter";
const LOG_BUCKETS = "https://cloud.google.com/logging/quotas";

/** Settings of functions, services, subscriptions and log buckets. */
export const limits: readonly Limit[] = [
  { setting: "memoryMib", min: 128, max: 32_768, values: null, step: 1, unit: "mib", appliesTo: "run-request", source: RUN_MEMORY },
  // always-allocated CPU needs 512 MiB
  { setting: "memoryMib", min: 512, max: 32_768, values: null, step: 1, unit: "mib", appliesTo: "run-instance", source: RUN_MEMORY },
  {
    setting: "memoryMib",
    min: 128,
    max: 8192,
    values: [128, 256, 512, 1024, 2048, 4096, 8192],
    step: null,
    unit: "mib",
    appliesTo: "gen1",
    source: GEN1_MEMORY,
  },
  { setting: "vcpu", min: 0.08, max: 8, values: null, step: 0.01, unit: "vcpu", appliesTo: "run-request", source: RUN_CPU },
  { setting: "vcpu", min: 1, max: 8, values: [1, 2, 4, 6, 8], step: null, unit: "vcpu", appliesTo: "run-instance", source: RUN_CPU },
  { setting: "concurrency", min: 1, max: 1000, values: null, step: 1, unit: "count", appliesTo: "run-request", source: RUN_CONCURRENCY },
  { setting: "concurrency", min: 1, max: 1000, values: null, step: 1, unit: "count", appliesTo: "run-instance", source: RUN_CONCURRENCY },
  { setting: "concurrency", min: 1, max: 1, values: [1], step: null, unit: "count", appliesTo: "gen1", source: FUNCTION_QUOTAS },
  { setting: "timeoutS", min: 1, max: 3600, values: null, step: 1, unit: "s", appliesTo: "run-request", source: RUN_TIMEOUT },
  { setting: "timeoutS", min: 1, max: 3600, values: null, step: 1, unit: "s", appliesTo: "run-instance", source: RUN_TIMEOUT },
  { setting: "timeoutS", min: 1, max: 540, values: null, step: 1, unit: "s", appliesTo: "gen1", source: FUNCTION_QUOTAS },
  { setting: "ackDeadlineS", min: 10, max: 600, values: null, step: 1, unit: "s", appliesTo: "subscription", source: SUBSCRIPTION },
  { setting: "retentionS", min: 600, max: 31 * 86_400, values: null, step: 1, unit: "s", appliesTo: "subscription", source: SUBSCRIPTION },
  {
    setting: "maxDeliveryAttempts",
    min: 5,
    max: 100,
    values: null,
    step: 1,
    unit: "count",
    appliesTo: "subscription",
    source: SUBSCRIPTION,
  },
  { setting: "filter", min: 0, max: 256, values: null, step: 1, unit: "bytes", appliesTo: "subscription", source: PUBSUB_FILTER },
  { setting: "retentionD", min: 1, max: 3650, values: null, step: 1, unit: "d", appliesTo: "log-bucket", source: LOG_BUCKETS },
  { setting: "exclusions", min: 0, max: 50, values: null, step: 1, unit: "count", appliesTo: "sink", source: LOG_BUCKETS },
];
