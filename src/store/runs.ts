/** Each run of a function once, however many rows and sources saw it: what usage and durations count. */
import { type Engine, quote } from "./duckdb.ts";
import { doubtfulIn, type Manifest } from "./manifest.ts";
import { condition, scan } from "./scan.ts";
import { sqlName } from "./tables.ts";
import type { Filter, FunctionDurations } from "./types.ts";

/** A run of which only the beginning was seen. */
const CUT = `("durationMs" IS NULL AND "billedMs" IS NULL)`;
/** The biller's own line first; a whole run of any source before a cut one. */
const RANK = `(CASE "seenIn" WHEN 'platform-log' THEN 0 WHEN 'request-log' THEN 1 WHEN 'history' THEN 2 ELSE 3 END + CASE WHEN ${CUT} THEN 4 ELSE 0 END)`;

/** A run of which the platform's log has only the START. */
const CUT_LOG_RANK = 4;
/** A START may be stamped this long before what its run's end minus duration gives. */
const ATTEMPT_GAP_MS = 1_000;

/** Of rows that tell the same run differently: a named failure before a success that nothing contradicted yet, a named function before an unnamed one. */
const SAYS_MORE = `list_position(['oom', 'timeout', 'error', 'throttled', 'ok'], outcome), fn = 'unknown', account, fn`;

/**
 * SQL of the runs in the filter. Rows of one request are judged together: the best source's rows stand, and of those that
 * overlap in time (one run, exported in two ways) the first. Attempts that keep the request ID do not overlap, so each counts,
 * and so does a START outside every whole run: an attempt whose end was not seen.
 * Only requests with a row that can be such a double are looked at; manifests say whether there are any, and which, where they are few.
 */
export function runs(dir: string, manifests: readonly Manifest[], filter: Filter, columns: readonly string[]): string {
  const rows = `(SELECT * FROM ${scan(dir, manifests, "invocations", filter.from, filter.to)} WHERE ${condition(filter, `"startedAt"`)})`;
  const names = columns.map(sqlName).join(", ");
  const named = doubtfulIn(manifests);
  if (named?.length === 0) return `(SELECT ${names} FROM ${rows})`;
  const doubtful = named === null ? doubles(rows, manifests) : `SELECT unnest([${named.map(quote).join(", ")}]) AS "requestId"`;
  const needed = [...new Set([...columns, ...JUDGED_BY])].map(sqlName).join(", ");
  const own = `PARTITION BY cloud, "requestId"`;
  return `(
    WITH doubtful AS (${doubtful}),
    ranked AS (SELECT ${needed}, ${RANK} AS rank, min(rank) OVER (${own}) AS best FROM ${rows} SEMI JOIN doubtful USING ("requestId")),
    judged AS (SELECT * EXCLUDE (best) FROM ranked WHERE rank = best)
    SELECT ${names} FROM ${rows} ANTI JOIN doubtful USING ("requestId")
    UNION ALL
    SELECT ${names} FROM (
      SELECT *, max(coalesce("endedAt", "startedAt")) OVER earlier AS earlier_end, max("startedAt") OVER earlier AS earlier_start FROM judged
      WINDOW earlier AS (${own} ORDER BY "startedAt", coalesce("endedAt", "startedAt") DESC, ${SAYS_MORE}, hash(judged)
                         ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
    ) WHERE earlier_end IS NULL OR ("startedAt" >= earlier_end AND "startedAt" > earlier_start)
    UNION ALL
    SELECT ${names} FROM (
      SELECT DISTINCT ON (cloud, "requestId", "startedAt") * FROM ranked cut WHERE rank = ${CUT_LOG_RANK} AND best < rank AND NOT EXISTS (
        SELECT 1 FROM judged whole WHERE whole.cloud = cut.cloud AND whole."requestId" = cut."requestId"
        AND cut."startedAt" BETWEEN whole."startedAt" - ${ATTEMPT_GAP_MS} AND coalesce(whole."endedAt", whole."startedAt"))))`;
}

/** What decides which rows stand for a run. */
const JUDGED_BY = ["cloud", "requestId", "seenIn", "outcome", "fn", "account", "startedAt", "endedAt", "durationMs", "billedMs"];

/**
 * SQL of the requests with several rows of which one can be a double: where manifests do not name them, every row is looked at. Rows are counted by
 * a hash, not by the request: two requests of one hash are looked at in vain.
 */
function doubles(rows: string, manifests: readonly Manifest[]): string {
  const repeated = manifests.some((m) => m.repeatedRequests > 0);
  const weak = repeated ? "" : ` AND bool_or("seenIn" <> 'platform-log' OR ${CUT})`;
  return `SELECT DISTINCT "requestId" FROM ${rows} WHERE hash(cloud, "requestId") IN (
            SELECT hash(cloud, "requestId") FROM ${rows} GROUP BY 1 HAVING count(*) > 1${weak})`;
}

export async function durationsOf(
  engine: Engine,
  dir: string,
  manifests: readonly Manifest[],
  filter: Filter,
): Promise<FunctionDurations[]> {
  const rows = await engine.rows(
    `SELECT cloud, account, region, fn, n, q[1], q[2], q[3] FROM (
       SELECT cloud, account, region, fn, count(*) AS n, quantile_cont("durationMs", [0.5, 0.95, 0.99]) AS q
       FROM ${runs(dir, manifests, filter, ["cloud", "account", "region", "fn", "durationMs"])} GROUP BY cloud, account, region, fn)
     ORDER BY cloud, account, region, fn`,
  );
  return rows.map(([cloud, account, region, fn, count, p50Ms, p95Ms, p99Ms]) => ({
    cloud: cloud as FunctionDurations["cloud"],
    account: account as string | null,
    region: region as string | null,
    fn: fn as string,
    count: count as number,
    p50Ms: p50Ms as number | null,
    p95Ms: p95Ms as number | null,
    p99Ms: p99Ms as number | null,
  }));
}
