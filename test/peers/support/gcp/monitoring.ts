/** Cloud Monitoring's timeSeries.list: filter, interval, alignment and reduction (https://cloud.google.com/monitoring/api/ref_v3/rpc/google.monitoring.v3). */
import { type Filter, matches, parseFilter } from "./filter.ts";
import type { Obj } from "./protos.ts";
import { Refused } from "./refused.ts";
import type { Distribution, Series, World } from "./world.ts";

type Value = number | Distribution;
type Kind = Series["metricKind"];
interface Line {
  metric: Series["metric"];
  resource: Series["resource"];
  metricKind: Kind;
  valueType: Series["valueType"];
  unit: string;
  points: Map<number, Value>;
}

export class Monitoring {
  readonly #world: World;
  /** Series that were returned: what Google bills. */
  returned = 0;

  constructor(world: World) {
    this.#world = world;
  }

  list(request: Obj): Obj {
    const filter = parseFilter(request["filter"]);
    const types = metricTypes(filter);
    if (types.length !== 1)
      throw new Refused(
        "INVALID_ARGUMENT",
        "Field filter had an invalid value: The supplied filter does not specify a valid combination of metric and monitored resource descriptors.",
      );
    const aggregation = (request["aggregation"] ?? {}) as Obj;
    const endMs = Date.parse(request["interval"]["endTime"]);
    const startMs = request["interval"]["startTime"] === undefined ? endMs : Date.parse(request["interval"]["startTime"]);
    if (!(startMs <= endMs))
      throw new Refused("INVALID_ARGUMENT", "Field interval.start_time had an invalid value: start time must be before end time");
    const found = this.#world.series.filter((one) => matches(filter, { ...one, project: this.#world.project }));
    const aligned = found.map((one) => align(one, aggregation, startMs, endMs)).filter((one) => one.points.size > 0);
    const lines = reduce(aligned, aggregation).filter((one) => one.points.size > 0);
    const headers = request["view"] === "HEADERS";
    const periodMs = Number.parseFloat(aggregation["alignmentPeriod"] ?? "60s") * 1000;
    return this.#page(lines, request, headers, periodMs);
  }

  /** Pages are cut by points. */
  #page(lines: Line[], request: Obj, headers: boolean, periodMs: number): Obj {
    const most = Math.min(request["pageSize"] > 0 ? request["pageSize"] : 100_000, 100_000);
    const from = request["pageToken"] ? Number(request["pageToken"]) : 0;
    let [to, points] = [from, 0];
    while (to < lines.length && (to === from || points + lines[to]!.points.size <= most)) points += lines[to++]!.points.size;
    this.returned += to - from;
    const timeSeries = lines.slice(from, to).map((line) => ({
      metric: line.metric,
      resource: line.resource,
      metricKind: line.metricKind,
      valueType: line.valueType,
      unit: line.unit,
      points: headers ? [] : [...line.points].sort((a, b) => b[0] - a[0]).map(([endMs, value]) => point(endMs, value, line, periodMs)),
    }));
    const units = new Set(lines.map((line) => line.unit));
    return {
      timeSeries,
      ...(units.size === 1 ? { unit: [...units][0] } : {}),
      ...(to < lines.length ? { nextPageToken: String(to) } : {}),
    };
  }
}

function point(endMs: number, value: Value, line: Line, periodMs: number): Obj {
  const at = (ms: number): string => new Date(ms).toISOString().replace(".000Z", "Z");
  const interval = { startTime: at(line.metricKind === "DELTA" ? endMs - periodMs : endMs), endTime: at(endMs) };
  if (typeof value !== "number") {
    const count = value.counts.reduce((sum, one) => sum + one, 0);
    const bucketOptions = { explicitBuckets: { bounds: [...value.bounds] } };
    return {
      interval,
      value: { distributionValue: { count: String(count), mean: value.mean, bucketOptions, bucketCounts: value.counts.map(String) } },
    };
  }
  return { interval, value: line.valueType === "INT64" ? { int64Value: String(Math.round(value)) } : { doubleValue: value } };
}

function metricTypes(filter: Filter): string[] {
  if (filter.kind === "all" || filter.kind === "any") return filter.of.flatMap(metricTypes);
  const is = filter.kind === "compare" && filter.field.join(".") === "metric.type" && filter.op === "=" && filter.value.kind === "text";
  return is ? [(filter.value as { text: string }).text] : [];
}

const bad = (message: string): never => {
  throw new Refused("INVALID_ARGUMENT", `Field aggregation had an invalid value: ${message}`);
};

/** https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.alertPolicies#Aligner, with what each is valid for. */
function align(series: Series, aggregation: Obj, startMs: number, endMs: number): Line {
  const aligner = String(aggregation["perSeriesAligner"] ?? "ALIGN_NONE");
  const { points, ...head } = series;
  const within = points.filter((one) => one.endMs > startMs && one.endMs <= endMs);
  if (aligner === "ALIGN_NONE") return { ...head, points: new Map(within.map((one) => [one.endMs, one.value])) };
  const periodMs = Number.parseFloat(aggregation["alignmentPeriod"] ?? "0s") * 1000;
  if (!(periodMs >= 60_000)) bad("alignment_period must be at least 60s");
  const [kind, type, unit] = typeAfter(aligner, series);
  const windows = new Map<number, Value[]>();
  for (const one of within) {
    const end = endMs - Math.floor((endMs - one.endMs) / periodMs) * periodMs;
    windows.set(end, [...(windows.get(end) ?? []), one.value]);
  }
  const value = (values: Value[]): Value => {
    if (/PERCENTILE/.test(aligner)) return percentile(values.reduce(add) as Distribution, Number(aligner.slice(-2)));
    if (aligner === "ALIGN_RATE") return (values.reduce(add) as number) / (periodMs / 1000);
    if (aligner === "ALIGN_MEAN") return (values.reduce(add) as number) / values.length;
    if (aligner === "ALIGN_MAX") return Math.max(...(values as number[]));
    if (aligner === "ALIGN_MIN") return Math.min(...(values as number[]));
    return aligner === "ALIGN_COUNT" ? values.length : values.reduce(add);
  };
  return { ...head, metricKind: kind, valueType: type, unit, points: new Map([...windows].map(([end, values]) => [end, value(values)])) };
}

function typeAfter(aligner: string, { metricKind, valueType, unit, metric }: Series): [Kind, Series["valueType"], string] {
  const numeric = valueType !== "DISTRIBUTION";
  const refuse = (): never =>
    bad(`The aligner ${aligner} cannot be applied to metrics with kind ${metricKind} and value type ${valueType} (${metric.type}).`);
  switch (aligner) {
    case "ALIGN_DELTA":
      return metricKind === "DELTA" ? [metricKind, valueType, unit] : refuse();
    case "ALIGN_RATE":
      return metricKind === "DELTA" && numeric ? ["GAUGE", "DOUBLE", `${unit}/s`] : refuse();
    case "ALIGN_SUM":
      return [metricKind, valueType, unit];
    case "ALIGN_MEAN":
      return metricKind === "GAUGE" && numeric ? ["GAUGE", "DOUBLE", unit] : refuse();
    case "ALIGN_MAX":
    case "ALIGN_MIN":
      return metricKind === "GAUGE" && numeric ? ["GAUGE", valueType, unit] : refuse();
    case "ALIGN_COUNT":
      return numeric ? [metricKind, "INT64", "1"] : refuse();
    case "ALIGN_PERCENTILE_99":
    case "ALIGN_PERCENTILE_95":
    case "ALIGN_PERCENTILE_50":
    case "ALIGN_PERCENTILE_05":
      return numeric ? refuse() : ["GAUGE", "DOUBLE", unit];
    default:
      return bad(`the test server does not know ${aligner}`);
  }
}

function reduce(lines: Line[], aggregation: Obj): Line[] {
  const reducer = String(aggregation["crossSeriesReducer"] ?? "REDUCE_NONE");
  if (reducer === "REDUCE_NONE") return lines;
  if ((aggregation["perSeriesAligner"] ?? "ALIGN_NONE") === "ALIGN_NONE") bad("a cross_series_reducer needs a per_series_aligner");
  const by = ((aggregation["groupByFields"] ?? []) as string[]).map((field) => field.replace(".label.", ".labels.").split("."));
  const groups = new Map<string, Line[]>();
  for (const line of lines) {
    const key = JSON.stringify([line.resource.type, ...by.map(([of, , name]) => (line as any)[of!]?.labels?.[name!])]);
    groups.set(key, [...(groups.get(key) ?? []), line]);
  }
  return [...groups.values()].map((group) => {
    const first = group[0]!;
    const kept = (of: "metric" | "resource"): { [name: string]: string } =>
      Object.fromEntries(
        Object.entries(first[of].labels ?? {}).filter(
          ([name]) => by.some((field) => field[0] === of && field[2] === name) || (of === "resource" && name === "project_id"),
        ),
      );
    const points = new Map<number, Value[]>();
    for (const line of group) for (const [end, value] of line.points) points.set(end, [...(points.get(end) ?? []), value]);
    const numeric = first.valueType !== "DISTRIBUTION";
    const value = (values: Value[]): Value => {
      if (reducer === "REDUCE_SUM") return values.reduce(add);
      if (/PERCENTILE/.test(reducer))
        return numeric
          ? quantile(values as number[], Number(reducer.slice(-2)) / 100)
          : percentile(values.reduce(add) as Distribution, Number(reducer.slice(-2)));
      if (!numeric && reducer !== "REDUCE_MEAN") bad(`${reducer} cannot be applied to distributions`);
      if (reducer === "REDUCE_MEAN")
        return numeric ? (values.reduce(add) as number) / values.length : (values.reduce(add) as Distribution).mean;
      if (reducer === "REDUCE_MAX") return Math.max(...(values as number[]));
      if (reducer === "REDUCE_MIN") return Math.min(...(values as number[]));
      return bad(`the test server does not know ${reducer}`);
    };
    const turned = /PERCENTILE|MEAN/.test(reducer);
    return {
      metric: { type: first.metric.type, labels: kept("metric") },
      resource: { type: first.resource.type, labels: kept("resource") },
      metricKind: turned ? "GAUGE" : first.metricKind,
      valueType: turned ? "DOUBLE" : first.valueType,
      unit: first.unit,
      points: new Map([...points].map(([end, values]) => [end, value(values)])),
    };
  });
}

function add(a: Value, b: Value): Value {
  if (typeof a === "number" || typeof b === "number") return (a as number) + (b as number);
  const [m, n] = [a, b].map((one) => one.counts.reduce((sum, each) => sum + each, 0)) as [number, number];
  const mean = m + n === 0 ? 0 : (a.mean * m + b.mean * n) / (m + n);
  return { bounds: a.bounds, counts: a.counts.map((count, i) => count + b.counts[i]!), mean };
}

/** Interpolated within its bucket. */
function percentile({ bounds, counts }: Distribution, percent: number): number {
  const total = counts.reduce((sum, one) => sum + one, 0);
  let before = 0;
  for (let i = 0; i < counts.length; i++) {
    const rank = (percent / 100) * total;
    if (before + counts[i]! >= rank && counts[i]! > 0) {
      const low = i === 0 ? 0 : bounds[i - 1]!;
      const high = bounds[i] ?? bounds.at(-1)!;
      return low + ((high - low) * (rank - before)) / counts[i]!;
    }
    before += counts[i]!;
  }
  return bounds.at(-1) ?? 0;
}

const quantile = (values: number[], q: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(q * values.length))]!;
