/** Azure Monitor metrics of one resource, and of many in one call. */
import { type Answer, armError, type Handler, type Seen } from "./http.ts";
import type { Series, World } from "./world.ts";

const GRAINS_MS: Record<string, number> = {
  PT1M: 60_000,
  PT5M: 300_000,
  PT15M: 900_000,
  PT30M: 1_800_000,
  PT1H: 3_600_000,
  PT6H: 21_600_000,
  PT12H: 43_200_000,
  P1D: 86_400_000,
};
const MOST_NAMES = 20;
const MOST_RESOURCES = 50;

export function metricsHandler(world: World): Handler {
  return (seen) => (seen.method === "POST" ? batch(world, seen) : single(world, seen));
}

function single(world: World, seen: Seen): Answer {
  const id = seen.path.replace(/\/providers\/microsoft\.insights\/metrics$/i, "");
  const resource = world.resources.get(id.toLowerCase());
  if (!resource) return armError(404, "ResourceNotFound", `The Resource '${id}' was not found.`);
  const [from, to] = (seen.query.get("timespan") ?? "/").split("/");
  const asked = {
    names: seen.query.get("metricnames"),
    from,
    to,
    interval: seen.query.get("interval"),
    aggregation: seen.query.get("aggregation"),
  };
  const value = valuesOf(world, id, asked);
  if (!Array.isArray(value)) return value;
  return {
    status: 200,
    body: {
      cost: 0,
      timespan: `${from}/${to}`,
      interval: asked.interval ?? "PT1M",
      namespace: resource.type,
      resourceregion: (resource.location ?? "").toLowerCase().replaceAll(" ", ""),
      value,
    },
  };
}

function batch(world: World, seen: Seen): Answer {
  const { resourceids = [] } = JSON.parse(seen.body) as { resourceids?: string[] };
  if (resourceids.length > MOST_RESOURCES) return armError(400, "BadRequest", `At most ${MOST_RESOURCES} resources`);
  const asked = {
    names: seen.query.get("metricnames"),
    from: seen.query.get("starttime"),
    to: seen.query.get("endtime"),
    interval: seen.query.get("interval"),
    aggregation: seen.query.get("aggregation"),
  };
  const values: object[] = [];
  for (const id of resourceids) {
    const value = valuesOf(world, id, asked);
    if (!Array.isArray(value)) return value;
    const resource = world.resources.get(id.toLowerCase());
    values.push({
      starttime: asked.from,
      endtime: asked.to,
      interval: asked.interval ?? "PT1M",
      namespace: seen.query.get("metricnamespace"),
      resourceregion: resource?.location ?? "",
      resourceid: id,
      value,
    });
  }
  return { status: 200, body: { values } };
}

interface Asked {
  names: string | null;
  from: string | null | undefined;
  to: string | null | undefined;
  interval: string | null;
  aggregation: string | null;
}

function valuesOf(world: World, id: string, { names, from, to, interval, aggregation }: Asked): object[] | Answer {
  const wanted = (names ?? "").split(",").filter((name) => name !== "");
  const step = GRAINS_MS[interval ?? "PT1M"];
  const [begin, end] = [Date.parse(from ?? ""), Date.parse(to ?? "")];
  if (wanted.length > MOST_NAMES)
    return armError(400, "BadRequest", `The number of metrics requested (${wanted.length}) exceeds the limit of ${MOST_NAMES}.`);
  if (step === undefined) return armError(400, "BadRequest", `Invalid time grain duration: ${interval}`);
  if (!(end > begin)) return armError(400, "BadRequest", `Invalid timespan: ${from}/${to}`);
  const series = world.metrics.get(id.toLowerCase()) ?? {};
  const kinds = (aggregation ?? "Average").toLowerCase().split(",");
  return wanted.map((name) => ({
    id: `${id}/providers/Microsoft.Insights/metrics/${name}`,
    type: "Microsoft.Insights/metrics",
    name: { value: name, localizedValue: name },
    displayDescription: name,
    unit: series[name]?.unit ?? "Count",
    timeseries: series[name] ? [{ metadatavalues: [], data: pointsOf(series[name], begin, end, step, kinds) }] : [],
    errorCode: "Success",
  }));
}

/** One point per grain that has values; grains begin at whole multiples. */
function pointsOf({ points }: Series, begin: number, end: number, step: number, kinds: readonly string[]): object[] {
  const bins = new Map<number, number[]>();
  for (const { at, value } of points) {
    if (at < begin || at >= end) continue;
    const bin = Math.floor(at / step) * step;
    bins.set(bin, [...(bins.get(bin) ?? []), value]);
  }
  return [...bins]
    .sort(([a], [b]) => a - b)
    .map(([at, values]) => {
      const total = values.reduce((sum, one) => sum + one, 0);
      const all: Record<string, number> = {
        total,
        average: total / values.length,
        minimum: Math.min(...values),
        maximum: Math.max(...values),
        count: values.length,
      };
      return { timeStamp: new Date(at).toISOString(), ...Object.fromEntries(kinds.map((kind) => [kind, all[kind]])) };
    });
}
