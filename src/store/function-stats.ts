/** What right-sizing asks of the runs: figures per function and configuration, exact, computed where the data lie. */
import type { CodeVersion, CpuTime, DailyRuns, Epoch, EpochHour, FunctionStats } from "../model/sizing.ts";
import type { EpochMs } from "../model/units.ts";
import { DESCRIBED_RUN, describedSizesSql } from "./described-sizes.ts";
import { type Cell, type Engine, quote, quoteList } from "./duckdb.ts";
import type { Manifest } from "./manifest.ts";
import { runs } from "./runs.ts";
import { condition, scan } from "./scan.ts";
import type { Filter } from "./types.ts";

/** Share cut off (or pulled in) at each end: a few very slow runs then decide nothing. */
const TRIM = 0.2;

const CONFIGURATION = `cloud, account, region, fn, version, "memoryMib", vcpu, concurrency, architecture, plan, probe, emulator`;

/**
 * No cold start, ended ok. A run that does not say whether it was cold is not taken for a warm one, but where hardly any does: on Azure and
 * Google Cloud the trimmed mean leaves the few cold ones out.
 */
export const WARM = `((("coldStart" IS FALSE) OR ("coldStart" IS NULL AND cloud IN ('azure', 'gcp')))
  AND "initMs" IS NULL AND outcome = 'ok' AND "durationMs" IS NOT NULL)`;

/** Columns of runs that sizing reads. */
const SIZED =
  "cloud account region fn version memoryMib vcpu architecture plan startedAt endedAt durationMs billedMs initMs billedRestoreMs coldStart outcome maxMemoryMib stream trigger weight emulator".split(
    " ",
  );

/** A run that stands for more than others (sampling) is repeated, about this often per run on average. */
const REPEATS = 4;

/**
 * Runs in the filter with what sizing reads of them; a request that a probe made is a probe's, whichever source saw it. Where runs stand for
 * different numbers of runs, each is repeated in proportion, so that every figure is a weighted one: \`weight\` is then a repetition's
 * part of what the run stands for, \`stands\` the whole.
 */
export async function sized(
  engine: Engine,
  dir: string,
  manifests: readonly Manifest[],
  filter: Filter,
  { repeat } = { repeat: true },
): Promise<string> {
  const source = scan(dir, manifests, "invocations", filter.from, filter.to);
  const probes = `SELECT cloud, "requestId" FROM ${source} WHERE "trigger" = 'probe'`;
  // reading the request of every run takes as long as the figures do
  const probed = (await engine.rows(`SELECT count(*) FROM (${probes} LIMIT 1)`))[0]![0] !== 0;
  const sampled = (await engine.rows(`SELECT count(*) FROM (SELECT 1 FROM ${source} WHERE weight <> 1 LIMIT 1)`))[0]![0] !== 0;
  const described = await describedSizesSql(engine, dir, manifests);
  const columns = probed ? [...SIZED, "requestId"] : SIZED;
  const rows = `(SELECT *, ${probed ? `(cloud, "requestId") IN (${probes})` : "FALSE"} AS probe, weight AS stands
           FROM ${runs(dir, manifests, filter, columns)} WHERE outcome <> 'throttled')`;
  const whole =
    described === null
      ? `(SELECT *, NULL::DOUBLE AS concurrency FROM ${rows})`
      : `(SELECT r.* REPLACE (coalesce(r."memoryMib", d.mib) AS "memoryMib", coalesce(r.vcpu, d.vcpu) AS vcpu), d.concurrency
          FROM ${rows} r LEFT JOIN ${described} ON ${DESCRIBED_RUN})`;
  return sampled && repeat ? repeated(whole) : whole;
}

function repeated(rows: string): string {
  return `(SELECT * EXCLUDE (times) REPLACE (weight / times AS weight) FROM (
    SELECT *, unnest(range(times)) FROM (
      SELECT *, CASE WHEN min(weight) OVER own = max(weight) OVER own THEN 1
        ELSE greatest(1, round(${REPEATS} * weight / avg(weight) OVER own))::BIGINT END AS times
      FROM ${rows} WINDOW own AS (PARTITION BY cloud, account, region, fn))))`;
}

/** Independent runs that say as much as weighted ones: Kish, Survey Sampling (1965), 11.2. Without weights their number. SQL text of the condition. */
const effective = (where: string): string =>
  `coalesce(floor(sum(weight) FILTER (WHERE ${where}) ** 2 / nullif(sum(weight * stands) FILTER (WHERE ${where}), 0) + 1e-6), 0)::BIGINT`;

/** Trimmed mean and winsorised deviation of a sorted list column `d` (SQL text), both null where they mean nothing. */
export function robust(d: string): { trimmedMean: string; winsorizedSd: string } {
  const n = `len(${d})`;
  const cut = `floor(${TRIM} * ${n})::BIGINT`;
  const inner = `${d}[${cut} + 1 : ${n} - ${cut}]`;
  const [low, high] = [`${d}[${cut} + 1]`, `${d}[${n} - ${cut}]`];
  const mean = `((${n} - 2 * ${cut}) * list_avg(${inner}) + ${cut} * (${low} + ${high})) / ${n}`;
  const squares = `(${n} - 2 * ${cut}) * (list_aggregate(${inner}, 'var_pop') + (list_avg(${inner}) - mean) ** 2) + ${cut} * ((${low} - mean) ** 2 + (${high} - mean) ** 2)`;
  return {
    trimmedMean: `CASE WHEN ${n} > 0 THEN list_avg(${inner}) END`,
    winsorizedSd: `CASE WHEN ${n} > 1 THEN sqrt((${squares.replaceAll("mean", `(${mean})`)}) / (${n} - 1)) END`,
  };
}

/** SQL text: how many runs the rows that fit stand for. */
const counted = (where: string): string => `coalesce(sum(weight) FILTER (WHERE ${where}), 0)`;

export async function functionStatsOf(
  engine: Engine,
  dir: string,
  manifests: readonly Manifest[],
  filter: Filter,
): Promise<FunctionStats[]> {
  const { trimmedMean, winsorizedSd } = robust("warm");
  const whole = `"durationMs" IS NOT NULL AND outcome <> 'timeout'`;
  const rows = await engine.rows(
    `SELECT ${CONFIGURATION}, "from", "to", invocations, "warmRuns", ${trimmedMean}, ${winsorizedSd}, list_avg(warm),
            cold, "coldMs", "initMs", "coldUnknown", q[1], q[2], q[3], q[4], longest, "ranMs", "sdRanMs", billed, errors, timeouts, ooms, used, sandboxes,
            array_to_string(list_sort(triggers), chr(10))
     FROM (SELECT ${CONFIGURATION}, min("startedAt") AS "from", max(coalesce("endedAt", "startedAt")) AS "to", sum(weight) AS invocations,
            coalesce(list_sort(list("durationMs") FILTER (WHERE ${WARM})), []) AS warm, ${effective(WARM)} AS "warmRuns",
            ${counted(`"coldStart"`)} AS cold,
            avg("durationMs") FILTER (WHERE "coldStart") AS "coldMs",
            avg(coalesce("initMs", "billedRestoreMs", 0)) FILTER (WHERE "coldStart") AS "initMs",
            ${counted(`"coldStart" IS NULL`)} AS "coldUnknown",
            quantile_cont("durationMs", [0.5, 0.95, 0.99, 0.999]) FILTER (WHERE ${whole}) AS q,
            max("durationMs") FILTER (WHERE ${whole}) AS longest,
            avg("durationMs") FILTER (WHERE "coldStart" IS NOT TRUE) AS "ranMs",
            stddev_samp("durationMs") FILTER (WHERE "coldStart" IS NOT TRUE) AS "sdRanMs", avg("billedMs") AS billed,
            ${counted(`outcome = 'error'`)} AS errors, ${counted(`outcome = 'timeout'`)} AS timeouts,
            ${counted(`outcome = 'oom'`)} AS ooms, max("maxMemoryMib") AS used, count(DISTINCT stream) AS sandboxes,
            list(DISTINCT "trigger") FILTER (WHERE "trigger" IS NOT NULL) AS triggers
     FROM ${await sized(engine, dir, manifests, filter)} GROUP BY ${CONFIGURATION})
     ORDER BY cloud, account, region, fn, "from", version, "memoryMib", vcpu, concurrency, architecture, plan, probe, emulator`,
  );
  return rows.map(statsOf);
}

function statsOf(row: Cell[]): FunctionStats {
  const cells: unknown[] = row;
  const [cloud, account, region, fn, version, memoryMib, vcpu, concurrency, architecture, plan, probe, emulator] = cells;
  const [from, to, invocations] = cells.slice(12);
  const [count, trimmedMeanMs, winsorizedSdMs, meanMs, cold, meanDurationMs, meanInitMs, unknown] = cells.slice(15);
  const [p50, p95, p99, p999, max, meanRanMs, sdRanMs, meanBilledMs, errors, timeouts, ooms, maxUsedMib, sandboxes, triggers] =
    cells.slice(23);
  return {
    cloud,
    account,
    region,
    fn,
    version,
    memoryMib,
    ...(vcpu === null ? {} : { vcpu }),
    ...(concurrency === null ? {} : { concurrency }),
    architecture,
    plan,
    probe,
    emulator,
    from,
    to,
    invocations,
    warm: { count, trimmedMeanMs, winsorizedSdMs, meanMs },
    cold: { count: cold, meanDurationMs, meanInitMs, unknown },
    durationMs: max === null ? null : { p50, p95, p99, p999, max },
    meanRanMs,
    sdRanMs,
    meanBilledMs,
    errors,
    timeouts,
    ooms,
    maxUsedMib,
    sandboxes,
    triggers: typeof triggers === "string" && triggers !== "" ? triggers.split("\n") : [],
  } as FunctionStats;
}

/** An SQL literal; null as NULL of the type. */
const literal = (value: string | number | boolean | null, type: string): string =>
  value === null ? `NULL::${type}` : typeof value === "string" ? quote(value) : String(value);

/** 1970-01-05 was a Monday. */
const MONDAY_MS = 4 * 86_400_000;
const HOUR_MS = 3_600_000;

/** Warm runs of these epochs by hour of the week, and of each epoch together: what is trimmed by the hour is not trimmed as a whole. */
export async function epochHoursOf(
  engine: Engine,
  dir: string,
  manifests: readonly Manifest[],
  epochs: readonly Epoch[],
): Promise<EpochHour[]> {
  if (epochs.length === 0) return [];
  const filter: Filter = {
    from: Math.min(...epochs.map((e) => e.from)),
    to: Math.max(...epochs.map((e) => e.to)) + 1,
    functions: [...new Set(epochs.map((e) => e.fn))],
    clouds: [],
  };
  const asked = epochs.map((e, i) => {
    const texts = [e.cloud, e.account, e.region, e.fn, e.version].map((value) => literal(value, "VARCHAR"));
    return `(${i}, ${[...texts, literal(e.memoryMib, "DOUBLE"), literal(e.architecture, "VARCHAR"), literal(e.plan, "VARCHAR"), e.probe, e.from, e.to].join(", ")})`;
  });
  const { trimmedMean, winsorizedSd } = robust("warm");
  const same = ["account", "region", "version", '"memoryMib"', "architecture", "plan"]
    .map((name) => `r.${name} IS NOT DISTINCT FROM e.${name}`)
    .join(" AND ");
  const rows = await engine.rows(
    `SELECT epoch, hour, count, ${trimmedMean}, ${winsorizedSd} FROM (
       SELECT epoch, hour, list_sort(list("durationMs")) AS warm, ${effective("TRUE")} AS count FROM (
       SELECT e.epoch, (floor((r."startedAt" - ${MONDAY_MS}) / ${HOUR_MS}) % 168)::INTEGER AS hour, r."durationMs", r.weight, r.stands
       FROM ${await sized(engine, dir, manifests, filter)} r
       JOIN (VALUES ${asked.join(", ")}) e(epoch, cloud, account, region, fn, version, "memoryMib", architecture, plan, probe, first, last)
         ON r.fn = e.fn AND r.cloud = e.cloud AND r.probe = e.probe AND ${same} AND r."startedAt" BETWEEN e.first AND e.last
       WHERE NOT r.emulator AND ${WARM.replaceAll('"coldStart"', 'r."coldStart"').replace("cloud IN", "r.cloud IN")}) GROUP BY GROUPING SETS ((epoch, hour), (epoch)))
     ORDER BY epoch, hour NULLS FIRST`,
  );
  return rows.map(
    ([epoch, hourOfWeek, count, trimmedMeanMs, winsorizedSdMs]) =>
      ({ epoch, hourOfWeek, count, trimmedMeanMs, winsorizedSdMs }) as EpochHour,
  );
}

const DAY_MS = 86_400_000;

/** Daily counts over the whole days between `from` and `to`; a shorter window has none. */
export async function dailyRunsOf(
  engine: Engine,
  dir: string,
  manifests: readonly Manifest[],
  filter: Filter & { from: EpochMs; to: EpochMs },
): Promise<DailyRuns[]> {
  const days = Math.floor((filter.to - filter.from) / DAY_MS);
  if (days < 1) return [];
  const whole = { ...filter, to: filter.from + days * DAY_MS };
  const rows = await engine.rows(
    `SELECT cloud, account, region, fn, sum(n), sum(n * n) FROM (
       SELECT cloud, account, region, fn, floor(("startedAt" - ${filter.from}) / ${DAY_MS}) AS day, sum(weight) AS n
       FROM ${await sized(engine, dir, manifests, whole)} WHERE NOT probe GROUP BY ALL)
     GROUP BY ALL ORDER BY ALL`,
  );
  return rows.map(
    ([cloud, account, region, fn, count, sumOfSquares]) => ({ cloud, account, region, fn, runs: count, days, sumOfSquares }) as DailyRuns,
  );
}

/** Names that the mean of a period goes by: GetMetricStatistics, GetMetricData (whatever was asked), a run of its own. */
const MEANS = quoteList(["Average", "as asked"]);

/** Lambda Insights' `cpu_total_time`, from metrics of any form: means with their count where there is one, sums over counts otherwise. */
export async function cpuTimeOf(engine: Engine, dir: string, manifests: readonly Manifest[], filter: Filter): Promise<CpuTime[]> {
  if (!manifests.some((m) => m.files.some((f) => f.table === "metrics"))) return [];
  const rows = await engine.rows(
    `SELECT cloud, account, region, fn, sum(mean * n) / sum(n), sum(n) FROM (
       SELECT cloud, account, region, fn, "at", resource,
         coalesce(avg(value) FILTER (WHERE statistic IN ${MEANS}),
                  sum(value) FILTER (WHERE lower(statistic) = 'sum') / nullif(sum(value) FILTER (WHERE lower(statistic) IN ('count', 'samplecount')), 0)) AS mean,
         greatest(coalesce(sum(value) FILTER (WHERE lower(statistic) IN ('count', 'samplecount')), 1), 1) AS n
       FROM ${scan(dir, manifests, "metrics", filter.from, filter.to)}
       WHERE ends_with(name, 'cpu_total_time') AND fn IS NOT NULL AND ${condition(filter, `"at"`)} GROUP BY ALL)
     WHERE mean IS NOT NULL GROUP BY ALL ORDER BY ALL`,
  );
  return rows.map(([cloud, account, region, fn, meanMs, count]) => ({ cloud, account, region, fn, meanMs, count }) as CpuTime);
}

/** Every code hash that a configuration of a function ever showed. */
export async function codeVersionsOf(engine: Engine, dir: string, manifests: readonly Manifest[]): Promise<CodeVersion[]> {
  if (!manifests.some((m) => m.files.some((f) => f.table === "configs"))) return [];
  const rows = await engine.rows(
    `SELECT DISTINCT cloud, account, region, name, settings, "observedAt" FROM ${scan(dir, manifests, "configs")}
     WHERE kind = 'function' AND contains(settings, '"codeSha256"') ORDER BY ALL`,
  );
  return rows.flatMap(([cloud, account, region, fn, settings, seenAt]) => {
    const own = JSON.parse(settings as string) as CodeSettings;
    return [own, ...(own.versions ?? [])].flatMap(
      ({ version: said = null, latestRevision = null, codeSha256, lastModified }): CodeVersion[] => {
        const version = said ?? latestRevision;
        const since = typeof lastModified === "string" ? Date.parse(lastModified.replace(/\+0000$/, "Z")) : Number.NaN;
        if (typeof codeSha256 !== "string") return [];
        return [{ cloud, account, region, fn, version, codeSha256, since: Number.isNaN(since) ? null : since, seenAt } as CodeVersion];
      },
    );
  });
}

/** What the settings of a function say of its code, and of the code of its published versions. */
interface CodeSettings {
  version?: string | null;
  /** Revision that a Cloud Run service runs. */
  latestRevision?: string | null;
  codeSha256?: string | null;
  lastModified?: string | null;
  versions?: CodeSettings[];
}
