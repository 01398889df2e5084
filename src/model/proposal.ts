/** Advice of any kind in the one form that plans are made of. Recommenders make proposals; `applier/plan.ts` makes changes of them. */
import type { Danger, Expectation, ResourceRef, Settings } from "./plan.ts";

/** What the advice is about, as commands and `plan --kind` name it. */
export type Topic = "memory" | "filters" | "batching" | "ttl";

/**
 * What a proposal or change may be written to, and its settings. Names end in their unit; null as a value: not set, off, never.
 *
 * AWS: `lambda.function` {memoryMib, timeoutS} · `lambda.event-source-mapping` {filterPatterns: string[] | null, batchSize,
 * maximumBatchingWindowS, parallelizationFactor, maximumConcurrency, reportsBatchItemFailures} · `events.rule` {pattern: string} ·
 * `pipes.pipe` {filterPatterns, batchSize, maximumBatchingWindowS} · `sns.subscription` {filterPolicy: string | null, filterPolicyScope} ·
 * `sqs.queue` {visibilityTimeoutS, receiveWaitS} · `dynamodb.table` {ttlAttribute: string | null} · `logs.group` {retentionD: number | null}.
 *
 * Azure: `azure.function-app` {memoryMib, host.<path of host.json> ...} · `eventgrid.subscription` {filter: object, maxEventsPerBatch,
 * preferredBatchSizeKilobytes} · `servicebus.subscription` {rules: {name, filterType, sqlExpression | correlationFilter}[]} ·
 * `cosmos.container` {defaultTtlS: number | null} · `loganalytics.table` {retentionD, totalRetentionD}.
 *
 * Google Cloud: `run.service`, `cloudfunctions.v2`, `cloudfunctions.gen1` (sizes) · `pubsub.subscription` {filter: string} (immutable there:
 * written by a second subscription that takes the first one's place) · `eventarc.trigger` {filters: {attribute, value, operator?}[]} ·
 * `firestore.field` {ttl: boolean} · `logging.bucket` {retentionD}.
 */
export type WrittenKind =
  | "lambda.function"
  | "lambda.event-source-mapping"
  | "events.rule"
  | "pipes.pipe"
  | "sns.subscription"
  | "sqs.queue"
  | "dynamodb.table"
  | "logs.group"
  | "azure.function-app"
  | "eventgrid.subscription"
  | "servicebus.subscription"
  | "cosmos.container"
  | "loganalytics.table"
  | "run.service"
  | "cloudfunctions.v2"
  | "cloudfunctions.gen1"
  | "pubsub.subscription"
  | "eventarc.trigger"
  | "firestore.field"
  | "logging.bucket";

/**
 * One change that is advised. Several proposals may belong together (batch size, timeout and visibility timeout): they are made in the order
 * given, and a later one is not made where an earlier one of the same `group` failed or was refused.
 */
export interface Proposal extends ResourceRef {
  kind: WrittenKind;
  topic: Topic;
  /** Same names in both; the values `before` are those the advice was computed for. */
  before: Settings;
  after: Settings;
  danger: Danger;
  /** What belongs together; null: stands alone. */
  group: string | null;
  /** What should be done first by a person (`make an archive of the bus`), for people. */
  first: string[];
  reasons: string[];
  expected: Expectation | null;
}

/** Something that was looked at and is not changed, and why. */
export interface Refused {
  name: string;
  why: string;
}
