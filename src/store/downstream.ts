/** How long runs waited for others, from traces: the client spans below the span of a run. Computed where the data lie. */
import type { DownstreamTime } from "../model/sizing.ts";
import { type Engine, quoteList } from "./duckdb.ts";
import type { Manifest } from "./manifest.ts";
import { condition, scan } from "./scan.ts";
import type { Filter } from "./types.ts";

/** Share of the runs left out at each end of their duration, as in the figures of all runs. */
const TRIM = 0.2;

/** Traced runs of a function and size that are looked at, an arbitrary choice of them: a share is known to a percent from fewer. */
const MOST_RUNS = 1000;

/** Calls that move more than this are bulk transfers, whose time depends on the memory size too. */
const BULK_BYTES = 65_536;
/** S3 operations that move an object, of any size where the span does not say it. */
const READS_OBJECT = quoteList(["GetObject", "SelectObjectContent"]);
const WRITES_OBJECT = quoteList(["PutObject", "UploadPart"]);

const text = (name: string): string => `json_extract_string(attributes, '$."${name}"')`;
const firstText = (...names: string[]): string => `coalesce(${names.map(text).join(", ")})`;
const firstNumber = (...names: string[]): string => `coalesce(${names.map((name) => `TRY_CAST(${text(name)} AS DOUBLE)`).join(", ")})`;

/** A call that is known to be, or may be, a bulk transfer. */
const BULK = `coalesce((received > ${BULK_BYTES} OR sent > ${BULK_BYTES}
  OR (operation IN ${READS_OBJECT} AND received IS NULL) OR (operation IN ${WRITES_OBJECT} AND sent IS NULL)), FALSE)`;

/** Each span once: a trace that was read while it was written has some of them twice. */
function spansOnce(source: string, where: string): string {
  return `SELECT cloud, "traceId", "spanId", min("startedAt") AS first, max("endedAt") AS last, any_value("parentSpanId") AS parent,
            any_value(account) AS account, any_value(region) AS region, any_value(fn) AS fn, any_value("requestId") AS request,
            any_value(kind) AS kind, any_value(attributes) AS attributes, bool_or(error OR fault OR throttle) AS failed
          FROM ${source} WHERE "traceId" IS NOT NULL AND ${where} GROUP BY cloud, "traceId", "spanId"`;
}

/**
 * Time that warm, clean runs waited for calls to others, per function and memory size. Traces are a sample: shares come from them, never
 * counts. A run's calls are the client and producer spans below its own span, down to the first of each branch; they count as the union of
 * their intervals, clipped to the run. Left out are cold starts, runs that do not say whether they were one, runs with a call that goes on,
 * and functions of which no run shows a call: their code may just not be traced. Memory comes from the run's log line; null: not there.
 */
export async function downstreamTimeOf(
  engine: Engine,
  dir: string,
  manifests: readonly Manifest[],
  filter: Filter,
): Promise<DownstreamTime[]> {
  if (!manifests.some((m) => m.files.some((f) => f.table === "spans"))) return [];
  const spans = scan(dir, manifests, "spans", filter.from, filter.to);
  const invocations = scan(dir, manifests, "invocations", filter.from, filter.to);
  const rows = await engine.rows(
    `WITH RECURSIVE
     root AS (${spansOnce(spans, `"isInvocation" AND fn IS NOT NULL AND ${condition(filter, `"startedAt"`)}`)}),
     logged AS (
       SELECT cloud, "requestId", max("memoryMib") AS mib, bool_or("coldStart") AS cold,
         bool_or(outcome <> 'ok' OR emulator OR "trigger" IS NOT DISTINCT FROM 'probe') AS odd
       FROM ${invocations} WHERE "requestId" IN (SELECT request FROM root) GROUP BY cloud, "requestId"),
     run AS (
       SELECT root.cloud, "traceId", "spanId", first, last, account, region, fn, mib FROM root
       LEFT JOIN logged ON logged.cloud = root.cloud AND logged."requestId" = root.request
       WHERE last > first AND NOT failed AND odd IS NOT TRUE
         AND coalesce(cold, TRY_CAST(${firstText("coldStart", "faas.coldstart")} AS BOOLEAN)) IS FALSE
       QUALIFY row_number() OVER (PARTITION BY root.cloud, account, region, fn, mib ORDER BY hash("spanId")) <= ${MOST_RUNS}),
     part AS (${spansOnce(
       spans,
       `NOT "isInvocation" AND NOT inferred AND kind IN ('internal', 'client', 'producer') AND "traceId" IN (SELECT "traceId" FROM run)`,
     )}),
     below AS (
       SELECT run."spanId" AS run, part.cloud, part."traceId", part."spanId", part.kind FROM run
       JOIN part ON part.cloud = run.cloud AND part."traceId" = run."traceId" AND part.parent = run."spanId"
       UNION
       SELECT below.run, part.cloud, part."traceId", part."spanId", part.kind FROM below
       JOIN part ON part.cloud = below.cloud AND part."traceId" = below."traceId" AND part.parent = below."spanId"
       WHERE below.kind = 'internal'),
     call AS (
       SELECT run.cloud, run."traceId", run."spanId", part.last IS NULL AS open,
         greatest(part.first, run.first) AS first, least(part.last, run.last) AS last,
         ${firstText("aws.operation", "rpc.method", "aws.remote.operation")} AS operation,
         ${firstNumber("http.response.body.size", "http.response_content_length")} AS received,
         ${firstNumber("http.request.body.size", "http.request_content_length")} AS sent
       FROM below JOIN part USING (cloud, "traceId", "spanId")
       JOIN run ON run.cloud = below.cloud AND run."traceId" = below."traceId" AND run."spanId" = below.run
       WHERE below.kind <> 'internal'),
     covered AS (
       SELECT *, NOT bulk AS small,
         max(last) OVER earlier AS reached, max(last) FILTER (WHERE NOT bulk) OVER earlier AS "reachedSmall"
       FROM (SELECT *, ${BULK} AS bulk FROM call WHERE open OR last > first)
       WINDOW earlier AS (PARTITION BY cloud, "traceId", "spanId" ORDER BY first, last ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)),
     waited AS (
       SELECT cloud, "traceId", "spanId", bool_or(open) AS open,
         sum(greatest(last - greatest(first, coalesce(reached, first)), 0)) AS downstream,
         coalesce(sum(greatest(last - greatest(first, coalesce("reachedSmall", first)), 0)) FILTER (WHERE small), 0) AS waiting
       FROM covered GROUP BY ALL),
     ranked AS (
       SELECT cloud, account, region, fn, mib, last - first AS ms, coalesce(downstream, 0) AS downstream, coalesce(waiting, 0) AS waiting,
         row_number() OVER (PARTITION BY cloud, account, region, fn, mib ORDER BY last - first, "spanId") AS place,
         count(*) OVER (PARTITION BY cloud, account, region, fn, mib) AS runs,
         count(downstream) OVER (PARTITION BY cloud, account, region, fn) AS telling
       FROM run LEFT JOIN waited USING (cloud, "traceId", "spanId") WHERE open IS NOT TRUE)
     SELECT cloud, account, region, fn, mib, any_value(runs), count(*), avg(ms), avg(downstream), avg(waiting),
       avg(ms * ms), avg(ms * waiting), avg(waiting * waiting)
     FROM ranked WHERE telling > 0 AND place > floor(${TRIM} * runs) AND place <= runs - floor(${TRIM} * runs)
     GROUP BY cloud, account, region, fn, mib ORDER BY ALL`,
  );
  return rows.map((row) => {
    const [cloud, account, region, fn, memoryMib, runs] = row;
    const [kept, runMs, downstreamMs, waitingMs, ms2, msWaiting, waiting2] = row.slice(6) as number[];
    const share = waitingMs! / runMs!;
    // variance of a ratio of means (Cochran, Sampling Techniques, 2.11)
    const scatter = Math.max(waiting2! - 2 * share * msWaiting! + share ** 2 * ms2!, 0);
    const waitingShareSe = kept! < 2 ? null : Math.sqrt(scatter / (kept! - 1)) / runMs!;
    return { cloud, account, region, fn, memoryMib, runs, runMs, downstreamMs, waitingMs, waitingShareSe } as DownstreamTime;
  });
}
