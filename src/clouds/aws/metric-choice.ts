/** Which series of CloudWatch are worth their price, and at which resolution. Pure. */
import type { EpochMs, Ms } from "../../model/units.ts";
import type { Span } from "../room.ts";
import { objects, type Obj, text } from "./schema.ts";

type Statistic = "Sum" | "Average" | "Maximum" | "SampleCount";

/** A namespace of CloudWatch, and what is read of it. */
export interface Namespace {
  name: string;
  /** Sets of dimensions, exactly one of which a series must have: others count the same events a second time. */
  dimensions: readonly (readonly string[])[];
  /** Statistics by metric name, in the order in which they are paid for. Percentiles are not asked for: they cannot be put together over periods, and log lines give them exactly. */
  metrics: { readonly [name: string]: readonly Statistic[] };
}

const SUM = ["Sum"] as const;
const AVERAGE = ["Average", "Maximum", "SampleCount"] as const;
const MAXIMUM = ["Maximum"] as const;

/**
 * Metrics by namespace, in the order in which they are paid for.
 * https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html and the like of each service.
 */
export const NAMESPACES: readonly Namespace[] = [
  {
    name: "AWS/Lambda",
    dimensions: [["FunctionName"], ["EventSourceMappingUUID"]],
    metrics: {
      Invocations: SUM,
      Errors: SUM,
      Throttles: SUM,
      Duration: ["Average", "Maximum"],
      ConcurrentExecutions: MAXIMUM,
      ProvisionedConcurrencyInvocations: SUM,
      ProvisionedConcurrencySpilloverInvocations: SUM,
      IteratorAge: MAXIMUM,
      AsyncEventsReceived: SUM,
      AsyncEventsDropped: SUM,
      DeadLetterErrors: SUM,
      PolledEventCount: SUM,
      FilteredOutEventCount: SUM,
      InvokedEventCount: SUM,
      FailedInvokeEventCount: SUM,
      DeletedEventCount: SUM,
      DroppedEventCount: SUM,
    },
  },
  {
    name: "LambdaInsights",
    dimensions: [["function_name"]],
    metrics: {
      cpu_total_time: AVERAGE,
      used_memory_max: ["Average", "Maximum"],
      memory_utilization: MAXIMUM,
      init_duration: AVERAGE,
      tmp_used: MAXIMUM,
    },
  },
  { name: "AWS/Logs", dimensions: [["LogGroupName"]], metrics: { IncomingBytes: SUM } },
  {
    name: "AWS/SQS",
    dimensions: [["QueueName"]],
    metrics: {
      NumberOfMessagesSent: SUM,
      NumberOfMessagesReceived: SUM,
      NumberOfMessagesDeleted: SUM,
      NumberOfEmptyReceives: SUM,
      ApproximateAgeOfOldestMessage: MAXIMUM,
      ApproximateNumberOfMessagesVisible: MAXIMUM,
      SentMessageSize: ["Average", "Maximum"],
    },
  },
  // arrivals of a stream: https://docs.aws.amazon.com/streams/latest/dev/monitoring-with-cloudwatch.html
  { name: "AWS/Kinesis", dimensions: [["StreamName"]], metrics: { IncomingRecords: SUM } },
  {
    name: "AWS/Events",
    dimensions: [["RuleName"], ["EventBusName", "RuleName"]],
    metrics: {
      MatchedEvents: SUM,
      TriggeredRules: SUM,
      Invocations: SUM,
      FailedInvocations: SUM,
      ThrottledRules: SUM,
      DeadLetterInvocations: SUM,
    },
  },
  {
    name: "AWS/SNS",
    dimensions: [["TopicName"]],
    metrics: {
      NumberOfMessagesPublished: SUM,
      NumberOfNotificationsDelivered: SUM,
      NumberOfNotificationsFailed: SUM,
      NumberOfNotificationsFilteredOut: SUM,
      PublishSize: ["Average"],
    },
  },
  {
    name: "AWS/States",
    dimensions: [["StateMachineArn"]],
    metrics: { ExecutionsStarted: SUM, ExecutionsSucceeded: SUM, ExecutionsFailed: SUM, ExecutionsTimedOut: SUM, ExecutionTime: AVERAGE },
  },
  { name: "AWS/DynamoDB", dimensions: [["TableName"]], metrics: { TimeToLiveDeletedItemCount: SUM } },
];

/** One statistic of one metric of one resource. */
export interface Series {
  metric: string;
  /** Name and value, in the order of the namespace's set: the last one names the resource. */
  dimensions: [name: string, value: string][];
  statistic: Statistic;
}

/** The series of a ListMetrics answer that are worth asking for. `wanted`: whether a resource is in scope. */
export function seriesIn(namespace: Namespace, answer: Obj, wanted: (dimension: string, value: string) => boolean): Series[] {
  return objects(answer["Metrics"]).flatMap((metric) => {
    const name = text(metric["MetricName"]) ?? "";
    const statistics = Object.hasOwn(namespace.metrics, name) ? namespace.metrics[name]! : [];
    const given = new Map(objects(metric["Dimensions"]).map((one) => [text(one["Name"]) ?? "", text(one["Value"]) ?? ""]));
    const set = namespace.dimensions.find((names) => names.length === given.size && names.every((one) => given.has(one)));
    if (set === undefined || !set.every((one) => wanted(one, given.get(one)!))) return [];
    return statistics.map((statistic) => ({
      metric: name,
      dimensions: set.map((one) => [one, given.get(one)!] as [string, string]),
      statistic,
    }));
  });
}

const MINUTE: Ms = 60_000;
const DAY: Ms = 86_400_000;

/** Resolutions that CloudWatch keeps, and for how long: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html */
const KEPT = [
  { periodMs: MINUTE, forMs: 15 * DAY },
  { periodMs: 5 * MINUTE, forMs: 63 * DAY },
  { periodMs: 60 * MINUTE, forMs: 455 * DAY },
  { periodMs: DAY, forMs: 455 * DAY },
] as const;

/** So many points of one metric may be fetched; beyond it the resolution gets coarser. */
const POINTS = 200_000;

/** The finest period that is still kept for the whole window and does not give more points than can be used. */
export function periodOf(window: Span, now: EpochMs, series: number): Ms {
  const kept = KEPT.filter(({ forMs }) => window.from >= now - forMs);
  const fit = kept.find(({ periodMs }) => (series * (window.to - window.from)) / periodMs <= POINTS);
  return (fit ?? KEPT[3]).periodMs;
}

/** The whole periods inside a window: one that is not over, or whose start is held already, would be counted with a part, or twice. null: none. */
export function wholePeriods(window: Span, periodMs: Ms): Span | null {
  const from = Math.ceil(window.from / periodMs) * periodMs;
  const to = Math.floor(window.to / periodMs) * periodMs;
  return from < to ? { from, to } : null;
}

/** Most queries of one GetMetricData request, see there. It may give 100,800 points; a quarter of them is held at a time. */
const QUERIES_PER_REQUEST = 500;
const POINTS_PER_REQUEST = 25_200;

/** How many series fit into one request of this window; at least one. */
export function seriesPerRequest(window: Span, periodMs: Ms): number {
  const points = Math.ceil((window.to - window.from) / periodMs);
  return Math.max(1, Math.min(QUERIES_PER_REQUEST, Math.floor(POINTS_PER_REQUEST / points)));
}
