/** Metrics and performance counters as rows (`customMetrics` / AppMetrics, `performanceCounters` / AppPerformanceCounters). */
import type { Position } from "../../model/formats.ts";
import { numberOf } from "../../model/json.ts";
import type { MetricPoint } from "../../model/records.ts";
import { type Context, factsOf, functionOf } from "./context.ts";
import type { Row } from "./schema.ts";
import { functionName, resourceIdOf, textOf } from "./values.ts";

/** What the host's aggregator appends to the function's name: https://learn.microsoft.com/azure/azure-functions/analyze-telemetry-data */
const AGGREGATE = /^(\S+) (Count|AvgDurationMs|MaxDurationMs|MinDurationMs|Successes|Failures|SuccessRate)$/;

/** Reads one row: a point per statistic that it holds. */
export function readMetric(row: Row, context: Context, at: Position): void {
  const facts = factsOf(row, "metrics", context, at);
  if (facts === null) return;
  const { fields } = row;
  const counter = textOf(fields.counter);
  const name = counter ?? textOf(fields.name);
  if (name === null) {
    context.sink.broken("metrics: a row without a name", at);
    return;
  }
  const aggregate = counter === null ? AGGREGATE.exec(name) : null;
  const category = counter === null ? null : textOf(fields.category);
  const point: Omit<MetricPoint, "statistic" | "value"> = {
    type: "metric",
    ...facts.scope,
    at: facts.at,
    periodMs: null,
    resource: facts.app ?? resourceIdOf(fields.resourceId)?.name ?? null,
    fn: functionName(aggregate?.[1] ?? functionOf(row, facts)),
    name: counter === null ? `AppMetrics/${name}` : `AppPerformanceCounters/${category === null ? "" : `${category}/`}${name}`,
    unit: null,
  };
  const values: [string, number | null][] = [
    ["Value", numberOf(fields.value)],
    ["Sum", numberOf(fields.sum)],
    ["Minimum", numberOf(fields.min)],
    ["Maximum", numberOf(fields.max)],
  ];
  let points = 0;
  for (const [statistic, value] of values) {
    if (value === null) continue;
    points++;
    context.sink.record({ ...point, statistic, value });
  }
  if (points === 0) context.sink.ignored("metric rows without a value");
}
