/** What ran at once on each instance, and what instances had in use: computed where the data lie. Azure and Google Cloud only. */
import type { InstanceLoad, InstanceUse } from "../model/sizing.ts";
import type { Engine } from "./duckdb.ts";
import { robust, sized, WARM } from "./function-stats.ts";
import type { Manifest } from "./manifest.ts";
import { condition, scan } from "./scan.ts";
import type { Filter } from "./types.ts";

/** Where an instance takes several runs at a time. */
const SHARING = ["azure", "gcp"] as const;

const CONFIGURATION = ["cloud", "account", "region", "fn", "version", `"memoryMib"`, "vcpu", "concurrency"] as const;

/**
 * Runs by how many were in flight on their instance when they began, and how long instances were busy. An instance is a `stream`; runs of
 * unknown instances or ends are left out. Busy time is the union of what ran on an instance, also of different functions; a stretch of it
 * is counted for the function whose run began or ended last before it, so that sums over all functions of an instance are right.
 */
export async function instanceLoadOf(engine: Engine, dir: string, manifests: readonly Manifest[], filter: Filter): Promise<InstanceLoad[]> {
  const clouds = SHARING.filter((cloud) => filter.clouds.length === 0 || filter.clouds.includes(cloud));
  if (clouds.length === 0 || !(await anyOf(engine, dir, manifests, filter, clouds))) return [];
  const { trimmedMean, winsorizedSd } = robust("warm");
  const source = await sized(engine, dir, manifests, { ...filter, clouds }, { repeat: false });
  const known = `stream IS NOT NULL AND "durationMs" IS NOT NULL AND NOT emulator AND NOT probe`;
  const own = `hash(${CONFIGURATION.join(", ")}) AS own`;
  // a window is as wide as its rows: runs go through it as numbers
  const rows = await engine.rows(
    `WITH configuration AS (
       SELECT ${own}, ${CONFIGURATION.map((name) => `any_value(${name}) AS ${name}`).join(", ")} FROM ${source} WHERE ${known} GROUP BY own),
     run AS MATERIALIZED (
       SELECT ${own}, cloud = 'gcp' AS pooled, hash(cloud, stream) AS instance, "startedAt" AS first,
         "startedAt" + greatest("durationMs", 0.001) AS last, "durationMs" AS ms, ${WARM} AS warm, stands
       FROM ${source} WHERE ${known}),
     step AS MATERIALIZED (
       SELECT *, sum(delta) OVER (along ROWS UNBOUNDED PRECEDING) AS level, lead("at") OVER along AS next FROM (
         SELECT own, pooled, instance, first AS "at", 1 AS delta, ms, warm, stands FROM run
         UNION ALL SELECT own, pooled, instance, last, -1, NULL, NULL, NULL FROM run)
       WINDOW along AS (PARTITION BY instance ORDER BY "at", delta)),
     busy AS (SELECT own, sum(next - "at") FILTER (WHERE level > 0) AS busy FROM step GROUP BY own),
     turn AS (
       SELECT own, "at", delta, CASE WHEN delta = 1 AND level = 1 THEN 1 WHEN delta = -1 AND level = 0 THEN -1 ELSE 0 END AS turn
       FROM step WHERE pooled),
     pool AS (SELECT own, delta, sum(turn) OVER (PARTITION BY own ORDER BY "at", delta ROWS UNBOUNDED PRECEDING) AS active FROM turn),
     atonce AS (SELECT own, max(active) AS most, avg(active) FILTER (WHERE delta = 1) AS usual FROM pool GROUP BY own),
     begun AS (SELECT *, level::INTEGER AS "on" FROM step WHERE delta = 1),
     total AS (
       SELECT own, count(*) AS runs, sum(ms) AS ran, avg("on") AS mean, avg(stands) AS stands, count(DISTINCT instance) AS instances
       FROM begun GROUP BY own),
     part AS (
       SELECT own, "on", coalesce(list_sort(list(ms) FILTER (WHERE warm)), []) AS warm, quantile_cont(ms, 0.95) FILTER (WHERE warm) AS p95
       FROM begun GROUP BY own, "on")
     SELECT ${CONFIGURATION.join(", ")}, runs, ran, busy, mean, stands, coalesce(most, instances)::DOUBLE, coalesce(usual, 1)::DOUBLE, "on",
       len(warm), ${trimmedMean}, ${winsorizedSd}, p95
     FROM configuration JOIN total USING (own) JOIN busy USING (own) JOIN part USING (own) LEFT JOIN atonce USING (own)
     ORDER BY ALL`,
  );
  const loads = new Map<string, InstanceLoad>();
  for (const row of rows) {
    const [cloud, account, region, fn, version, memoryMib, vcpu, concurrency] = row;
    const [runs, ranMs, busyMs, meanLevel, weight, instances, meanInstances, level, count, trimmedMeanMs, winsorizedSdMs, p95Ms] =
      row.slice(8) as number[];
    const key = JSON.stringify(row.slice(0, 8));
    let load = loads.get(key);
    if (load === undefined) {
      const place = { cloud, account, region, fn, version, memoryMib, vcpu, concurrency } as InstanceLoad;
      load = {
        ...place,
        runs: runs!,
        ranMs: ranMs!,
        busyMs: busyMs!,
        meanLevel: meanLevel!,
        weight: weight!,
        instances: instances!,
        meanInstances: meanInstances!,
        levels: [],
      };
      loads.set(key, load);
    }
    if (count! > 0)
      load.levels.push({
        level: level!,
        count: count!,
        trimmedMeanMs: trimmedMeanMs!,
        winsorizedSdMs: winsorizedSdMs ?? null,
        p95Ms: p95Ms!,
      });
  }
  return [...loads.values()];
}

async function anyOf(
  engine: Engine,
  dir: string,
  manifests: readonly Manifest[],
  filter: Filter,
  clouds: readonly string[],
): Promise<boolean> {
  const source = scan(dir, manifests, "invocations", filter.from, filter.to);
  const found = await engine.rows(
    `SELECT count(*) FROM (SELECT 1 FROM ${source} WHERE cloud IN (${clouds.map((c) => `'${c}'`).join(", ")}) LIMIT 1)`,
  );
  return found[0]![0] !== 0;
}

const BYTES_PER_MIB = 1_048_576;
/** Metrics of instances are measured every minute. */
const LEAST_PERIOD_MS = 60_000;

/** Value of a point: the upper bound of a bucket that holds something, else what was measured. No bound: all there is. */
const UPPER = `CASE WHEN statistic = 'bucket<=+Inf' THEN 1 WHEN starts_with(statistic, 'bucket<=') THEN TRY_CAST(statistic[9:] AS DOUBLE)
  WHEN lower(statistic) IN ('count', 'mean', 'sum') THEN NULL ELSE value END`;

/**
 * Highest memory and mean CPU in use on any instance: Cloud Run's utilisation distributions, 1st gen functions' `user_memory_bytes`, the
 * greatest of a Function App's `AverageMemoryWorkingSet` (`fn` is then the app; an average over instances is no instance's). Of a distribution the highest bucket counts that holds something.
 */
export async function instanceUseOf(engine: Engine, dir: string, manifests: readonly Manifest[], filter: Filter): Promise<InstanceUse[]> {
  if (!manifests.some((m) => m.files.some((f) => f.table === "metrics"))) return [];
  const rows = await engine.rows(
    `SELECT cloud, account, region, named, revision, max(share), max(bytes) / ${BYTES_PER_MIB}, quantile_cont(cpu, 0.95),
       min("at") FILTER (WHERE memory), max("at" + period) FILTER (WHERE memory), count(DISTINCT "at") FILTER (WHERE memory), max(period) FILTER (WHERE memory)
     FROM (SELECT *, share IS NOT NULL OR bytes IS NOT NULL AS memory FROM (
       SELECT cloud, account, region, "at", greatest(coalesce("periodMs", 0), ${LEAST_PERIOD_MS})::DOUBLE AS period,
         CASE WHEN cloud = 'azure' THEN lower(coalesce(regexp_extract(resource, '/sites/([^/]+)', 1), fn)) ELSE fn END AS named,
         nullif(regexp_extract(resource, 'revision_name=([^,}]+)', 1), '') AS revision,
         CASE WHEN ends_with(name, 'container/memory/utilizations') THEN ${UPPER} END AS share,
         CASE WHEN ends_with(name, 'function/user_memory_bytes') AND statistic <> 'bucket<=+Inf' THEN ${UPPER}
              WHEN regexp_matches(name, '(?i)/AverageMemoryWorkingSet(\\{|$)') AND (statistic = 'Maximum' OR (statistic = 'Average' AND contains(lower(name), 'instance='))) THEN value END AS bytes,
         CASE WHEN ends_with(name, 'container/cpu/utilizations') AND lower(statistic) IN ('mean', 'value') THEN value END AS cpu
       FROM ${scan(dir, manifests, "metrics", filter.from, filter.to)}
       WHERE cloud IN ('azure', 'gcp') AND ${condition({ ...filter, functions: [] }, `"at"`)}))
     WHERE named IS NOT NULL AND named <> '' AND (share IS NOT NULL OR bytes IS NOT NULL OR cpu IS NOT NULL)
     GROUP BY cloud, account, region, named, revision ORDER BY ALL`,
  );
  return rows.map(([cloud, account, region, fn, version, memoryShare, memoryMib, cpuShare, from, to, points, periodMs]) => {
    const use = { cloud, account, region, fn, version, memoryShare, memoryMib, cpuShare } as InstanceUse;
    return from === null ? use : ({ ...use, memorySeen: { from, to, points, periodMs } } as InstanceUse);
  });
}
