/** IDs that a person may have meant. */
import type { IdKind } from "../model/ids.ts";
import { type Engine, quote } from "./duckdb.ts";
import type { Manifest } from "./manifest.ts";
import { scan } from "./scan.ts";

/** Same but for case, begins with what was given (or the other way round), or one edit away; the nearest first. */
export async function nearMissesOf(
  engine: Engine,
  dir: string,
  manifests: readonly Manifest[],
  id: string,
  limit: number,
): Promise<{ id: string; kind: IdKind }[]> {
  if (id === "") return [];
  const given = quote(id.toLowerCase());
  const length = id.length;
  const rows = await engine.rows(
    `SELECT id, min(kind), min(distance) AS nearest FROM (
       SELECT id, kind, CASE
           WHEN lower(id) = ${given} THEN 0
           WHEN length(id) BETWEEN ${length - 1} AND ${length + 1} AND levenshtein(lower(id), ${given}) <= 1 THEN 1
           WHEN ${length} >= 4 AND starts_with(lower(id), ${given}) THEN 2
           WHEN length(id) >= 8 AND length(id) * 2 >= ${length} AND starts_with(${given}, lower(id)) THEN 3
         END AS distance
       FROM (SELECT id, kind FROM ${scan(dir, manifests, "links")}
             UNION ALL SELECT "requestId", 'request' FROM ${scan(dir, manifests, "invocations")})
     ) WHERE distance IS NOT NULL AND id <> ${quote(id)} GROUP BY id ORDER BY nearest, id LIMIT ${limit}`,
  );
  return rows.map(([found, kind]) => ({ id: found as string, kind: kind as IdKind }));
}
