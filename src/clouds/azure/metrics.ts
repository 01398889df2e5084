/**
 * Answers of the metrics APIs: Azure Monitor (`Microsoft.Insights/metrics`, one resource and batch) and Application Insights.
 * https://learn.microsoft.com/rest/api/monitor/metrics/list, https://learn.microsoft.com/rest/api/application-insights/metrics/get
 */
import type { Format, Position, Sink, Source } from "../../model/formats.ts";
import { type JsonObject, isObject, numberOf } from "../../model/json.ts";
import type { Json, MetricPoint } from "../../model/records.ts";
import { errorOf } from "./answers.ts";
import { durationOf, regionOf, resourceIdOf, textOf, timeOf } from "./values.ts";

/** Statistics of Azure Monitor points, with the name that records carry. */
const STATISTICS: { readonly [name: string]: string } = {
  total: "Sum",
  average: "Average",
  minimum: "Minimum",
  maximum: "Maximum",
  count: "Count",
};
/** Statistics of the Application Insights API. */
const AGGREGATIONS: { readonly [name: string]: string } = {
  sum: "Sum",
  avg: "Average",
  min: "Minimum",
  max: "Maximum",
  count: "Count",
  unique: "Unique",
};

function isArmMetric(value: Json | undefined): value is JsonObject {
  return isObject(value) && Array.isArray(value["timeseries"]) && isObject(value["name"]);
}

function isArmAnswer(body: Json): body is JsonObject {
  if (!isObject(body) || !Array.isArray(body["value"])) return false;
  return (
    body["value"].some(isArmMetric) || (body["timespan"] !== undefined && body["interval"] !== undefined && body["namespace"] !== undefined)
  );
}

/** `{"value": {"start", "end", "requests/duration": {"avg": 1}}}`, with `segments` where it was asked for intervals. */
function isInsightsAnswer(body: Json): body is JsonObject {
  if (!isObject(body) || !isObject(body["value"])) return false;
  const value = body["value"];
  return timeOf(value["start"]) !== null && timeOf(value["end"]) !== null;
}

function answersIn(body: Json): JsonObject[] {
  if (isArmAnswer(body) || isInsightsAnswer(body)) return [body];
  if (isObject(body) && Array.isArray(body["values"])) return body["values"].filter(isArmAnswer);
  // batch of the Application Insights API: [{id, status, body}]
  if (Array.isArray(body))
    return body.filter(isObject).flatMap((item) => (isInsightsAnswer(item["body"] ?? null) ? [item["body"] as JsonObject] : []));
  return [];
}

/** Resource of `/subscriptions/…/providers/Microsoft.Insights/metrics/X`, without the metric. */
function resourceOf(id: string | null): string | null {
  return id === null ? null : id.replace(/\/providers\/microsoft\.insights\/metrics\/.*$/i, "");
}

function readArm(body: JsonObject, source: Source, sink: Sink, at: Position): void {
  const periodMs = durationOf(body["interval"]);
  const namespace = textOf(body["namespace"]);
  let without = 0;
  for (const metric of body["value"] as Json[]) {
    if (!isArmMetric(metric)) {
      sink.broken("a metric without name or timeseries", at);
      continue;
    }
    const id = resourceOf(textOf(metric["id"])) ?? textOf(body["resourceid"]);
    const resource = resourceIdOf(id);
    const name = textOf((metric["name"] as JsonObject)["value"]) ?? "metric";
    for (const series of metric["timeseries"] as Json[]) {
      const dimensions = isObject(series) && Array.isArray(series["metadatavalues"]) ? series["metadatavalues"] : [];
      const labels = dimensions
        .filter(isObject)
        .map((d) => `${isObject(d["name"]) ? (textOf(d["name"]["value"]) ?? "") : ""}=${textOf(d["value"]) ?? ""}`)
        .join(",");
      for (const point of isObject(series) && Array.isArray(series["data"]) ? series["data"] : []) {
        const when = isObject(point) ? timeOf(point["timeStamp"]) : null;
        if (!isObject(point) || when === null) {
          sink.broken(`${name}: a point without a readable time`, at);
          continue;
        }
        let values = 0;
        for (const [key, statistic] of Object.entries(STATISTICS)) {
          const value = numberOf(point[key]);
          if (value === null) continue;
          values++;
          const record: MetricPoint = {
            type: "metric",
            cloud: "azure",
            account: resource?.subscription ?? source.account,
            region: regionOf(body["resourceregion"]) ?? source.region,
            at: when,
            periodMs,
            resource: id,
            fn: null,
            name: `${namespace ?? resource?.type ?? "azure"}/${name}${labels === "" ? "" : `{${labels}}`}`,
            statistic,
            unit: textOf(metric["unit"]),
            value,
          };
          sink.record(record);
        }
        if (values === 0) without++;
      }
    }
  }
  // the API lists intervals in which nothing was measured: no value is not zero
  if (without > 0) sink.ignored("metric points without a value");
}

function readInsights(body: JsonObject, source: Source, sink: Sink): void {
  const value = body["value"] as JsonObject;
  const interval = durationOf(value["interval"]);
  function segment(item: JsonObject, labels: string): void {
    const start = timeOf(item["start"]) ?? timeOf(value["start"]);
    const end = timeOf(item["end"]) ?? timeOf(value["end"]);
    const own = Object.entries(item).filter(([key, v]) => key.includes("/") && textOf(v) !== null);
    const here = [labels, ...own.map(([key, v]) => `${key}=${textOf(v)}`)].filter((x) => x !== "").join(",");
    if (Array.isArray(item["segments"]))
      for (const part of item["segments"])
        if (isObject(part)) segment({ start: item["start"] ?? null, end: item["end"] ?? null, ...part }, here);
    for (const [key, figures] of Object.entries(item)) {
      if (!key.includes("/") || !isObject(figures) || start === null) continue;
      for (const [aggregation, figure] of Object.entries(figures)) {
        const n = numberOf(figure);
        if (n === null) continue;
        sink.record({
          type: "metric",
          cloud: "azure",
          account: source.account,
          region: source.region,
          at: start,
          periodMs: interval ?? (end === null || end < start ? null : end - start),
          resource: null,
          fn: null,
          name: `${key}${here === "" ? "" : `{${here}}`}`,
          statistic: AGGREGATIONS[aggregation] ?? aggregation,
          unit: null,
          value: n,
        });
      }
    }
  }
  segment(value, "");
}

export const metricsAnswers: Format = {
  id: "azure.metrics",
  title: "Azure Monitor / Application Insights metrics",
  kind: "json",
  lookedFor: '{"value":[{"type":"Microsoft.Insights/metrics","timeseries":[…]}]}, or {"value":{"start":…,"end":…,"requests/count":{…}}}',
  recognise: (document) => (answersIn(document).length > 0 ? 88 : 0),
  open(source, sink) {
    return {
      read(document, at) {
        const answers = answersIn(document);
        const failure = errorOf(document);
        if (failure !== null) sink.broken(`the request failed: ${failure.message}`, at);
        else if (answers.length === 0) sink.broken("no answer of a metrics API", at);
        for (const answer of answers) {
          if (isInsightsAnswer(answer)) readInsights(answer, source, sink);
          else readArm(answer, source, sink, at);
        }
      },
      end: () => undefined,
    };
  },
};
