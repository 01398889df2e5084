/** How fast logs and stores grow: what came in per day by metrics, and sizes that were read before. */
import type { Cloud } from "../model/records.ts";
import type { DailySum, LevelRead, SizeSeen } from "../model/retention.ts";
import { type Engine, quoteList } from "./duckdb.ts";
import type { Manifest } from "./manifest.ts";
import { scan } from "./scan.ts";
import type { Window } from "./types.ts";

const DAY_MS = 86_400_000;

/**
 * Sums of these metrics per resource and day. Where one was read at several periods, the day's coarsest that covers most counts; a point
 * told twice counts once. `names`: lower case, with namespace.
 */
export async function dailySumsOf(
  engine: Engine,
  dir: string,
  manifests: readonly Manifest[],
  { from, to }: Window,
  names: readonly string[],
): Promise<DailySum[]> {
  const inside = [...(from === null ? [] : [`"at" >= ${from}`]), ...(to === null ? [] : [`"at" < ${to}`])].join(" AND ") || "TRUE";
  const rows = await engine.rows(
    `WITH points AS (
       SELECT cloud, account, region, resource, lower(name) AS name, "periodMs", "at", max(value) AS value
       FROM ${scan(dir, manifests, "metrics", from, to)}
       WHERE lower(statistic) = 'sum' AND "periodMs" > 0 AND resource IS NOT NULL AND lower(name) IN ${quoteList(names)} AND ${inside} GROUP BY ALL),
     days AS (
       SELECT cloud, account, region, resource, name, "periodMs", floor("at" / ${DAY_MS}) * ${DAY_MS} AS day, sum(value) AS sum, count(*) * "periodMs" AS covered
       FROM points GROUP BY cloud, account, region, resource, name, "periodMs", day)
     SELECT cloud, account, region, resource, name, day, sum, covered FROM days
     QUALIFY row_number() OVER (PARTITION BY cloud, account, region, resource, name, day ORDER BY covered DESC, "periodMs" DESC) = 1
     ORDER BY ALL`,
  );
  return rows.map(([cloud, account, region, resource, name, day, sum, coveredMs]) => ({
    cloud: cloud as Cloud,
    account: account as string | null,
    region: region as string | null,
    resource: resource as string,
    name: name as string,
    day: day as number,
    sum: sum as number,
    coveredMs: coveredMs as number,
  }));
}

/**
 * Levels by metrics of these names (lower case, without dimensions): the last of each day. Azure tells them as the total of five minutes
 * (`Sum`), of which longer periods would hold several.
 */
export async function levelsRead(
  engine: Engine,
  dir: string,
  manifests: readonly Manifest[],
  names: readonly string[],
): Promise<LevelRead[]> {
  const rows = await engine.rows(
    `SELECT cloud, account, resource, name, "at", max(value) FROM ${scan(dir, manifests, "metrics")}
     WHERE resource IS NOT NULL AND split_part(lower(name), '{', 1) IN ${quoteList(names)}
       AND (lower(statistic) IN ('max', 'maximum', 'value') OR (lower(statistic) = 'sum' AND "periodMs" <= 300000))
     GROUP BY cloud, account, resource, name, "at"
     QUALIFY row_number() OVER (PARTITION BY cloud, account, resource, name, floor("at" / ${DAY_MS}) ORDER BY "at" DESC) = 1
     ORDER BY ALL`,
  );
  return rows.map(([cloud, account, resource, name, at, value]) => ({
    cloud: cloud as Cloud,
    account: account as string | null,
    resource: resource as string,
    name: name as string,
    at: at as number,
    value: value as number,
  }));
}

/** Every size of a table or log group that its descriptions told, oldest first. */
export async function sizesSeenOf(engine: Engine, dir: string, manifests: readonly Manifest[]): Promise<SizeSeen[]> {
  if (!manifests.some((m) => m.files.some((f) => f.table === "configs"))) return [];
  const bytes = `coalesce(json_extract(settings, '$.sizeBytes'), json_extract(settings, '$.storedBytes'))::DOUBLE`;
  const rows = await engine.rows(
    `SELECT DISTINCT cloud, resource, "observedAt", ${bytes} AS bytes, json_extract(settings, '$.items')::DOUBLE
     FROM ${scan(dir, manifests, "configs")} WHERE kind IN ('table', 'log-group') AND "observedAt" IS NOT NULL AND bytes IS NOT NULL
     ORDER BY resource, "observedAt"`,
  );
  return rows.map(([cloud, resource, at, sizeBytes, items]) => ({
    cloud: cloud as Cloud,
    resource: resource as string,
    at: at as number,
    sizeBytes: sizeBytes as number,
    items: items as number | null,
  }));
}
