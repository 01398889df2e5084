/** CloudWatch metrics: GetMetricData and GetMetricStatistics answers, and records of a metric stream. */
import type { Format, Position, Reader, Sink, Source } from "../../model/formats.ts";
import type { Json, MetricPoint } from "../../model/records.ts";
import { recorded } from "./recorded.ts";
import { list, moment, num, obj, type Obj, objects, text } from "./schema.ts";

export const metrics: Format = {
  id: "aws.metrics",
  title: "CloudWatch metrics",
  kind: "json",
  lookedFor:
    "`MetricDataResults` (GetMetricData), `Datapoints` with `Label` (GetMetricStatistics), or metric stream records with `metric_name`",
  recognise(document) {
    const o = obj(recorded(document));
    if (o === null) return 0;
    if (Array.isArray(o["MetricDataResults"]) || isStreamed(o)) return 90;
    return Array.isArray(o["Datapoints"]) && "Label" in o ? 90 : 0;
  },
  open: openMetrics,
};

function isStreamed(o: Obj): boolean {
  return typeof o["metric_name"] === "string" && typeof o["namespace"] === "string";
}

/** What a query of GetMetricData asked for; null: an expression. */
function seriesOf(query: Obj): Pick<MetricPoint, "name" | "statistic" | "periodMs" | "resource" | "fn"> | null {
  const stat = obj(query["MetricStat"]);
  const metric = obj(stat?.["Metric"]);
  const [namespace, name, statistic] = [text(metric?.["Namespace"]), text(metric?.["MetricName"]), text(stat?.["Stat"])];
  if (namespace === null || name === null || statistic === null) return null;
  const dimensions = Object.fromEntries(objects(metric?.["Dimensions"]).map((one) => [text(one["Name"]) ?? "", text(one["Value"])]));
  const periodS = num(stat?.["Period"]);
  return {
    name: `${namespace}/${name}`,
    statistic,
    periodMs: periodS === null ? null : periodS * 1000,
    resource: Object.values(dimensions).at(-1) ?? null,
    fn: dimensions["FunctionName"] ?? dimensions["function_name"] ?? null,
  };
}

const STATISTICS = ["SampleCount", "Average", "Sum", "Minimum", "Maximum"];

function openMetrics(source: Source, sink: Sink): Reader {
  function point(fields: Pick<MetricPoint, "at" | "name" | "statistic" | "value"> & Partial<MetricPoint>): void {
    sink.record({
      type: "metric",
      cloud: "aws",
      account: source.account,
      region: source.region,
      periodMs: null,
      resource: null,
      fn: source.fn,
      unit: null,
      ...fields,
    });
  }

  /**
   * GetMetricData: what was asked (metric, dimensions, statistic) is in the request, which a collector keeps beside the answer as
   * `MetricDataQueries`; without it the label is all that says what a series is.
   */
  function readData(results: Json[], queries: Json | undefined, at: Position): void {
    const asked = new Map(objects(queries).map((query) => [query["Id"], seriesOf(query)]));
    for (const one of results) {
      const series = obj(one);
      const request = asked.get(series?.["Id"] ?? null) ?? null;
      const name = request?.name ?? text(series?.["Label"]) ?? text(series?.["Id"]);
      if (series === null || name === null) {
        sink.broken("a metric series without Label or Id", at);
        continue;
      }
      const values = list(series["Values"]);
      if (values.length === 0) sink.ignored("a CloudWatch metric series without values");
      list(series["Timestamps"]).forEach((stamp, i) => {
        const [when, value] = [moment(stamp), num(values[i])];
        if (when === null || value === null) sink.broken(`a point of ${name} without time or value`, at);
        else point({ at: when, name, statistic: "as asked", value, ...request });
      });
    }
  }

  function readStatistics(o: Obj, at: Position): void {
    const name = text(o["Label"]) ?? "metric";
    if (list(o["Datapoints"]).length === 0) sink.ignored("CloudWatch statistics without data points");
    for (const one of list(o["Datapoints"])) {
      const found = obj(one);
      const when = moment(found?.["Timestamp"]);
      if (found === null || when === null) {
        sink.broken(`a point of ${name} without a time`, at);
        continue;
      }
      const unit = text(found["Unit"]);
      const all = { ...found, ...obj(found["ExtendedStatistics"]) };
      for (const [statistic, raw] of Object.entries(all)) {
        const value = num(raw);
        if (value !== null && (STATISTICS.includes(statistic) || /^p\d/.test(statistic))) point({ at: when, name, statistic, unit, value });
      }
    }
  }

  function readStreamed(o: Obj, at: Position): void {
    const name = `${text(o["namespace"])}/${text(o["metric_name"])}`;
    const when = moment(o["timestamp"]);
    const values = obj(o["value"]);
    if (when === null || values === null) return sink.broken(`a metric stream record of ${name} without time or value`, at);
    const dimensions = obj(o["dimensions"]) ?? {};
    const resource = Object.values(dimensions).find((value) => typeof value === "string");
    for (const [statistic, raw] of Object.entries(values)) {
      const value = num(raw);
      if (value === null) continue;
      point({
        at: when,
        account: /^\d{12}$/.test(text(o["account_id"]) ?? "") ? text(o["account_id"]) : source.account,
        region: text(o["region"]) ?? source.region,
        resource: text(resource),
        fn: text(dimensions["FunctionName"]) ?? text(dimensions["function_name"]) ?? source.fn,
        name,
        statistic,
        unit: text(o["unit"]),
        value,
      });
    }
  }

  return {
    read(document, at) {
      const o = obj(recorded(document));
      if (o === null) return sink.broken("not a metric", at);
      if (Array.isArray(o["MetricDataResults"])) readData(o["MetricDataResults"], o["MetricDataQueries"], at);
      else if (isStreamed(o)) readStreamed(o, at);
      else if (Array.isArray(o["Datapoints"])) readStatistics(o, at);
      else sink.broken("not a metric", at);
    },
    end() {},
  };
}
