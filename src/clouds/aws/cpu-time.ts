/**
 * Events of Lambda Insights (log group `/aws/lambda-insights`, embedded metric format): one per run, with its CPU time.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Lambda-Insights-metrics.html
 */
import type { MetricPoint } from "../../model/records.ts";
import type { EpochMs } from "../../model/units.ts";
import { num, type Obj, text } from "./schema.ts";

/** CPU time (user and system) of the run that the event is about; null: no event of Lambda Insights. */
export function cpuTimeOf(event: Obj, at: EpochMs, scope: Pick<MetricPoint, "account" | "region">): MetricPoint | null {
  if (!("cpu_total_time" in event)) return null;
  const value = num(event["cpu_total_time"]);
  const fn = text(event["function_name"]);
  if (value === null || fn === null) return null;
  return {
    type: "metric",
    cloud: "aws",
    account: scope.account,
    region: scope.region,
    at,
    periodMs: null,
    // equal values of two runs in one millisecond are two facts
    resource: text(event["request_id"]),
    fn,
    name: "LambdaInsights/cpu_total_time",
    statistic: "Average",
    unit: "Milliseconds",
    value,
  };
}
