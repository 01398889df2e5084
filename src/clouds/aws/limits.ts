/** Legal values of the settings that evscope recommends or checks, from the API references (read 2026-11-23). */
import type { Limit } from "../room.ts";

const LAMBDA = "https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionConfiguration.html";
const ASYNC = "https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionEventInvokeConfig.html";
const MAPPING = "https://docs.aws.amazon.com/lambda/latest/api/API_UpdateEventSourceMapping.html";
const QUEUE = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html";
const RULE = "https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html";
const POLICY = "https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html";
const RETENTION = "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html";

type Range = Pick<Limit, "min" | "max" | "step">;

function limit(setting: string, range: Range, unit: Limit["unit"], appliesTo: string | null, source: string): Limit {
  return { setting, ...range, values: null, unit, appliesTo, source };
}

const from = (min: number, max: number, step: number | null = 1): Range => ({ min, max, step });

export const limits: readonly Limit[] = [
  limit("lambda.memory", from(128, 10_240), "mib", null, LAMBDA),
  limit("lambda.memory", from(2_048, 32_768), "mib", "managed-instances", LAMBDA),
  limit("lambda.timeout", from(1, 900), "s", null, LAMBDA),
  limit("lambda.timeout", from(1, 5_400), "s", "managed-instances", LAMBDA),
  limit("lambda.ephemeralStorage", from(512, 10_240), "mib", null, LAMBDA),
  limit("lambda.async.maximumRetryAttempts", from(0, 2), "count", null, ASYNC),
  limit("lambda.async.maximumEventAge", from(60, 21_600), "s", null, ASYNC),
  limit("mapping.batchSize", from(1, 10_000), "count", "sqs-standard", MAPPING),
  limit("mapping.batchSize", from(1, 10), "count", "sqs-fifo", MAPPING),
  limit("mapping.batchSize", from(1, 10_000), "count", "stream", MAPPING),
  limit("mapping.batchSize", from(1, 10_000), "count", "kafka", MAPPING),
  limit("mapping.maximumBatchingWindow", from(0, 300), "s", "sqs-standard", MAPPING),
  limit("mapping.maximumBatchingWindow", from(0, 0), "s", "sqs-fifo", MAPPING),
  limit("mapping.maximumBatchingWindow", from(0, 300), "s", "stream", MAPPING),
  limit("mapping.batchSize", from(1, 10_000), "count", "mq", MAPPING),
  limit("mapping.batchSize", from(1, 10_000), "count", "documentdb", MAPPING),
  limit("mapping.maximumBatchingWindow", from(0, 300), "s", "kafka", MAPPING),
  limit("mapping.maximumBatchingWindow", from(0, 300), "s", "mq", MAPPING),
  limit("mapping.maximumBatchingWindow", from(0, 300), "s", "documentdb", MAPPING),
  limit("mapping.maximumConcurrency", from(2, 1_000), "count", "sqs-fifo", MAPPING),
  limit("mapping.maximumConcurrency", from(2, 1_000), "count", "sqs-standard", MAPPING),
  limit("mapping.parallelizationFactor", from(1, 10), "count", "stream", MAPPING),
  limit("mapping.tumblingWindow", from(0, 900), "s", "stream", MAPPING),
  limit("mapping.maximumRetryAttempts", from(-1, 10_000), "count", "stream", MAPPING),
  limit("mapping.maximumRecordAge", from(-1, 604_800), "s", "stream", MAPPING),
  limit("mapping.filters", from(0, 5), "count", null, MAPPING),
  limit("mapping.filterPatternLength", from(0, 4_096), "count", null, MAPPING),
  // the default quota is 2,048, which can be raised
  limit("events.patternLength", from(2, 4_096), "count", null, RULE),
  // 150 KB
  limit("sns.filterPolicyLength", from(2, 153_600), "bytes", null, POLICY),
  limit("sqs.visibilityTimeout", from(0, 43_200), "s", null, QUEUE),
  limit("sqs.messageRetentionPeriod", from(60, 1_209_600), "s", null, QUEUE),
  limit("sqs.receiveWaitTime", from(0, 20), "s", null, QUEUE),
  limit("sqs.maximumMessageSize", from(1_024, 1_048_576), "bytes", null, QUEUE),
  {
    setting: "logs.retention",
    min: null,
    max: null,
    values: [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653],
    step: null,
    unit: "d",
    appliesTo: null,
    source: RETENTION,
  },
];
