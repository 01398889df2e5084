/**
 * Billed time of instances that take several runs at a time, shared out among their runs; and what metrics counted of it.
 * The same rule for runs in memory is `analyzer/cost/instances.ts`; a test holds the two together.
 */
import type { BillingMetric, InstanceRule, Metered, MeteredSpan } from "../model/billing.ts";
import type { Cloud } from "../model/records.ts";
import type { Engine } from "./duckdb.ts";
import { quote, quoteList } from "./duckdb.ts";
import type { Manifest } from "./manifest.ts";
import { runs } from "./runs.ts";
import { condition, scan } from "./scan.ts";
import type { Filter, Window } from "./types.ts";

/** Times of day are doubles of milliseconds: differences of them are good to a quarter of a microsecond. */
const TIE_MS = 0.0005;
/** Runs of one question, each some ten numbers; more are asked for in parts, by instance, so that their windows fit in memory. */
const RUNS_AT_ONCE = 8_000_000;

/** A `CASE` over the clouds of the rules. */
function byCloud(rules: readonly InstanceRule[], value: (rule: InstanceRule) => string, otherwise: string): string {
  return `CASE cloud ${rules.map((rule) => `WHEN ${quote(rule.cloud)} THEN ${value(rule)}`).join(" ")} ELSE ${otherwise} END`;
}

const CLOUDS: readonly Cloud[] = ["aws", "azure", "gcp", "other"];

/** Clouds of which there are runs in the filter: what is not there need not be asked for. */
export async function cloudsOf(engine: Engine, dir: string, manifests: readonly Manifest[], filter: Filter): Promise<Cloud[]> {
  const source = scan(dir, manifests, "invocations", filter.from, filter.to);
  const asked = CLOUDS.filter((cloud) => filter.clouds.length === 0 || filter.clouds.includes(cloud));
  const found = await engine.rows(
    asked
      .map((cloud) => `(SELECT ${quote(cloud)}, count(*) FROM (SELECT 1 FROM ${source} WHERE cloud = ${quote(cloud)} LIMIT 1))`)
      .join(" UNION ALL "),
  );
  return asked.filter((cloud) => found.some(([name, count]) => name === cloud && count !== 0));
}

/** In how many parts runs of these clouds are asked for. */
export async function partsOf(
  engine: Engine,
  dir: string,
  manifests: readonly Manifest[],
  filter: Filter,
  rules: readonly InstanceRule[],
): Promise<number> {
  const source = scan(dir, manifests, "invocations", filter.from, filter.to);
  const [row] = await engine.rows(`SELECT count(*) FROM ${source} WHERE cloud IN ${quoteList(rules.map((rule) => rule.cloud))}`);
  return Math.max(1, Math.ceil((row![0] as number) / RUNS_AT_ONCE));
}

/** A column of what runs are grouped by: SQL over a run. */
export interface GroupColumn {
  name: string;
  sql: string;
}

/**
 * SQL of groups of the runs of these clouds: the columns, `metered`, `count` and `sharedMs`, the sum of the parts of billed instance time that fall to the
 * group's runs; null for those that count alone. An instance of which a sampled run is known counts alone: the union of a sample is not the union
 * of all. Runs of other functions on the same instance count too, whatever the filter leaves out. `part` of `parts`: only these instances.
 * Windows are wide where rows are: so runs go through them as numbers, their group as a hash of its columns.
 */
export function sharedGroups(
  dir: string,
  manifests: readonly Manifest[],
  filter: Filter,
  columns: readonly GroupColumn[],
  needed: readonly string[],
  rules: readonly InstanceRule[],
  spans: readonly MeteredSpan[],
  part = 0,
  parts = 1,
): string {
  const everyFn: Filter = { ...filter, functions: [], clouds: rules.map((rule) => rule.cloud) };
  const source = runs(dir, manifests, everyFn, [...new Set([...needed, ...RULED_BY])]);
  const rows = `(SELECT * FROM ${scan(dir, manifests, "invocations", filter.from, filter.to)} WHERE ${condition(everyFn, `"startedAt"`)})`;
  const inPart = parts === 1 ? "TRUE" : `hash(coalesce(stream, fn)) % ${parts} = ${part}`;
  const least = byCloud(rules, (rule) => String(rule.leastMs), "0");
  const step = byCloud(rules, (rule) => String(rule.stepMs), "1");
  const init = byCloud(rules, (rule) => (rule.withInit ? `coalesce("initMs", 0)` : "0"), "0");
  const unbilled = byCloud(rules, (rule) => `coalesce(plan IN ${quoteList(rule.unbilledPlans)}, FALSE)`, "FALSE");
  const billed = (ms: string): string => `greatest(least, ceil(round(${ms}, 3) / step) * step)`;
  const group = `hash(${columns.map(({ sql }) => sql).join(", ")})`;
  const asked = filter.functions.length === 0 ? "TRUE" : `fn IN ${quoteList(filter.functions)}`;
  const inOrder = `PARTITION BY instance ORDER BY "startedAt"`;
  return `(
    WITH told AS MATERIALIZED (
      SELECT ${group} AS "group", ${asked} AS asked, ${meteredBy(spans)} AS metered, weight, "startedAt", "durationMs" + ${init} AS busy,
             ${least}::DOUBLE AS least, ${step}::DOUBLE AS step,
             CASE WHEN stream IS NOT NULL AND NOT emulator AND NOT ${unbilled} THEN hash(cloud, account, stream) END AS instance
      FROM ${source} WHERE ${inPart}),
    sampled AS (SELECT DISTINCT instance FROM told WHERE weight > 1 AND instance IS NOT NULL),
    together AS MATERIALIZED (SELECT *, ${billed("busy")} AS own FROM told ANTI JOIN sampled USING (instance) WHERE busy IS NOT NULL AND instance IS NOT NULL),
    begun AS (SELECT *, CASE WHEN "startedAt" <= max("startedAt" + busy) OVER (${inOrder} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) + ${TIE_MS} THEN NULL ELSE "startedAt" END AS opens
              FROM together),
    -- RANGE: of runs that start together any may be the one that opens the period
    placed AS MATERIALIZED (SELECT *, max(opens) OVER (${inOrder} RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS opened FROM begun),
    periods AS (SELECT instance, opened, max("startedAt" - opened + busy) AS active, sum(own) AS owns FROM placed GROUP BY instance, opened),
    sums AS (
      SELECT "group", metered, sum(weight) AS count, sum(CASE WHEN owns = 0 THEN 0 ELSE own * (${billed("active")} / owns) END) AS "sharedMs"
      FROM placed JOIN periods USING (instance, opened) WHERE asked GROUP BY "group", metered
      UNION ALL
      SELECT "group", metered, sum(weight), NULL FROM told
      WHERE asked AND (instance IS NULL OR busy IS NULL OR instance IN (SELECT instance FROM sampled)) GROUP BY "group", metered),
    groups AS (SELECT ${group} AS "group", ${columns.map(({ name, sql }) => `any_value(${sql}) AS "${name}"`).join(", ")} FROM ${rows} GROUP BY 1)
    SELECT ${columns.map(({ name }) => `"${name}"`).join(", ")}, count, metered, "sharedMs" FROM sums JOIN groups USING ("group"))`;
}

/** Columns of a run that the rules look at, besides those of its group. */
const RULED_BY = ["cloud", "account", "region", "fn", "stream", "startedAt", "durationMs", "initMs", "weight", "plan", "emulator"];

/** SQL condition: a run began while a metric counted its function. */
function meteredBy(spans: readonly MeteredSpan[]): string {
  const same = (column: string, value: string | null): string[] =>
    value === null ? [] : [`coalesce(${column}, ${quote(value)}) = ${quote(value)}`];
  const conditions = spans.map(({ cloud, account, region, fn, from, to }) =>
    [
      `cloud = ${quote(cloud)}`,
      `lower(fn) = ${quote(fn.toLowerCase())}`,
      ...same("account", account),
      ...same("region", region),
      `"startedAt" >= ${from}`,
      `"startedAt" < ${to}`,
    ].join(" AND "),
  );
  return conditions.length === 0 ? "FALSE" : `(${conditions.map((one) => `(${one})`).join(" OR ")})`;
}

/** A metric of one resource, read in one way. */
interface Series extends Metered {
  /** Labels that tell it from other series of the metric: the fewer, the more it adds up itself. */
  labels: number;
  coveredMs: number;
  periodMs: number;
}

/**
 * What the metrics counted in the window, per resource: whole periods that lie in it. Where a metric was read in several ways (whole and split by
 * dimensions, at several periods), the one that adds up itself stands, then the one that covers most, and of the others what lies outside its time.
 * A point told twice counts once, at its larger value.
 */
export async function meteredOf(
  engine: Engine,
  dir: string,
  manifests: readonly Manifest[],
  window: Window,
  metrics: readonly (BillingMetric & { cloud: Cloud })[],
): Promise<Metered[]> {
  if (metrics.length === 0) return [];
  const base = `lower(regexp_replace(name, '\\{.*$', ''))`;
  const wanted = metrics.map((m) => `(cloud = ${quote(m.cloud)} AND ${base} = ${quote(m.name)} AND statistic = ${quote(m.statistic)})`);
  const clouds = [...new Set(metrics.map((m) => m.cloud))];
  const late = metrics.filter((m) => m.stampedAt === "end").map((m) => m.name);
  const begin = `CASE WHEN ${base} IN ${quoteList(late)} THEN "at" - "periodMs" ELSE "at" END`;
  const inside = [
    ...(window.from === null ? [] : [`begins >= ${window.from}`]),
    ...(window.to === null ? [] : [`begins + "periodMs" <= ${window.to}`]),
  ];
  const rows = await engine.rows(
    `WITH points AS (
       SELECT cloud, account, region, resource, fn, ${base} AS base, name, "periodMs", ${begin} AS begins, max(value) AS value
       FROM ${scan(dir, manifests, "metrics", window.from, window.to === null ? null : window.to + 1)}
       WHERE cloud IN ${quoteList(clouds)} AND "periodMs" > 0 AND (${wanted.join(" OR ")}) GROUP BY ALL)
     SELECT cloud, account, region, base, CASE WHEN fn IS NULL THEN resource END AS owner, fn, sum(value), min(begins), max(begins + "periodMs"),
            labels, count(DISTINCT begins) * "periodMs", "periodMs"
     FROM (SELECT *, len(string_split(concat(resource, name), '=')) - 1 AS labels FROM points)
     WHERE ${inside.length === 0 ? "TRUE" : inside.join(" AND ")}
     GROUP BY cloud, account, region, base, owner, fn, labels, "periodMs" ORDER BY ALL`,
  );
  const told = rows.map(([cloud, account, region, name, resource, fn, quantity, from, to, labels, coveredMs, periodMs]) => {
    return { cloud, account, region, name, resource, fn, quantity, from, to, labels, coveredMs, periodMs } as unknown as Series;
  });
  const owners = Map.groupBy(told, ({ cloud, account, region, name, resource, fn }) =>
    JSON.stringify([cloud, account, region, name, resource, fn]),
  );
  return [...owners.values()].flatMap(apart);
}

/** The best series, and others that lie outside the time of better ones. */
function apart(series: readonly Series[]): Metered[] {
  const taken: Series[] = [];
  const best = series.toSorted((a, b) => a.labels - b.labels || b.coveredMs - a.coveredMs || a.periodMs - b.periodMs);
  for (const one of best) if (taken.every(({ from, to }) => one.to <= from || one.from >= to)) taken.push(one);
  return taken.map(({ labels: _labels, coveredMs: _coveredMs, periodMs: _periodMs, ...metered }) => metered);
}
