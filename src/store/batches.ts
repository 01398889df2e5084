/** What batching asks of the dataset: messages that runs received, runs by how many, and what metrics counted. Computed where the data lie. */
import type { BatchAnswers, BatchRun, CountSeries, ReceivedChannel, ReceivedMessage } from "../model/batch-facts.ts";
import { type Engine, quote, quoteList } from "./duckdb.ts";
import type { Manifest } from "./manifest.ts";
import { runs } from "./runs.ts";
import { condition, scan } from "./scan.ts";
import type { FedFunction, Filter } from "./types.ts";

/** Newest messages of a channel that are read: a few days of a busy queue, and in memory at once. */
const MOST_MESSAGES = 150_000;
/** Runs of a function that are read, an arbitrary choice of them: how time grows with the batch is known from fewer. */
const MOST_RUNS = 20_000;

/** Received messages, each with a key that tells it from others: its ID, or the row where it has none. */
function received(dir: string, manifests: readonly Manifest[], filter: Filter): string {
  return `(SELECT *, coalesce("messageId", concat(chr(1), row_number() OVER ())) AS own, coalesce("sentAt", "at") AS sent
           FROM ${scan(dir, manifests, "messages", filter.from, filter.to)}
           WHERE direction = 'received' AND fn IS NOT NULL AND ${condition(filter, `"at"`)})`;
}

/** Functions and the channels that their runs logged messages of. Copies that a dead-letter channel hands on are messages like others. */
export async function receivedChannelsOf(
  engine: Engine,
  dir: string,
  manifests: readonly Manifest[],
  filter: Filter,
): Promise<ReceivedChannel[]> {
  const rows = await engine.rows(
    `SELECT cloud, account, region, fn, channel, "channelKind", count(DISTINCT own), count(DISTINCT "requestId"),
       count(DISTINCT own) FILTER (WHERE attempt > 1), avg("sizeBytes"), min(sent), max(sent)
     FROM ${received(dir, manifests, filter)} GROUP BY ALL ORDER BY ALL`,
  );
  return rows.map(
    ([cloud, account, region, fn, channel, channelKind, messages, withRuns, redelivered, meanBytes, from, to]) =>
      ({ cloud, account, region, fn, channel, channelKind, messages, runs: withRuns, redelivered, meanBytes, from, to }) as ReceivedChannel,
  );
}

const isOf = (of: FedFunction, prefix = ""): string =>
  [
    `${prefix}cloud = ${quote(of.cloud)}`,
    `${prefix}fn = ${quote(of.fn)}`,
    ...(of.account === null ? [] : [`coalesce(${prefix}account, ${quote(of.account)}) = ${quote(of.account)}`]),
    ...(of.region === null ? [] : [`coalesce(${prefix}region, ${quote(of.region)}) = ${quote(of.region)}`]),
  ].join(" AND ");

/**
 * Runs of a function with how many messages each received, at most `MOST_RUNS`. `channel`: only runs that received from it count as batches;
 * null: from any. Emulators' and probes' runs are left out: their times and batches are not those of the traffic.
 */
export async function batchRunsOf(
  engine: Engine,
  dir: string,
  manifests: readonly Manifest[],
  filter: Filter,
  of: FedFunction,
  channel: string | null,
): Promise<BatchRun[]> {
  const own = { ...filter, functions: [of.fn], clouds: [of.cloud] };
  const columns = [
    "cloud",
    "account",
    "region",
    "fn",
    "requestId",
    "startedAt",
    "durationMs",
    "maxMemoryMib",
    "outcome",
    "trigger",
    "emulator",
  ];
  const from = channel === null ? "TRUE" : `coalesce(channel, ${quote(channel)}) = ${quote(channel)}`;
  const rows = await engine.columns(
    `SELECT r."startedAt", m.size, r."durationMs", r."maxMemoryMib", r.outcome
     FROM ${runs(dir, manifests, own, columns)} r
     LEFT JOIN (SELECT "requestId", count(DISTINCT own)::DOUBLE AS size FROM ${received(dir, manifests, own)} WHERE "requestId" IS NOT NULL AND ${from}
                GROUP BY "requestId") m USING ("requestId")
     WHERE ${isOf(of, "r.")} AND NOT r.emulator AND r."trigger" IS DISTINCT FROM 'probe' AND r.outcome <> 'throttled'
     ORDER BY hash(r."requestId") LIMIT ${MOST_RUNS}`,
  );
  const [startedAt, batchSize, durationMs, maxMemoryMib, outcome] = rows;
  return startedAt!.map(
    (at, i) =>
      ({
        startedAt: at,
        batchSize: batchSize![i],
        durationMs: durationMs![i],
        maxMemoryMib: maxMemoryMib![i],
        outcome: outcome![i],
      }) as BatchRun,
  );
}

/** Messages of a channel that a function received, each once, by the time they were sent: the newest `MOST_MESSAGES`. */
export async function receivedMessagesOf(
  engine: Engine,
  dir: string,
  manifests: readonly Manifest[],
  filter: Filter,
  of: FedFunction,
  channel: string | null,
): Promise<ReceivedMessage[]> {
  const own = { ...filter, functions: [of.fn], clouds: [of.cloud] };
  const columns = await engine.columns(
    `SELECT * FROM (SELECT min(sent) AS first, max("sizeBytes") AS bytes, any_value("messageId") AS id FROM ${received(dir, manifests, own)}
     WHERE ${isOf(of)} AND channel IS NOT DISTINCT FROM ${channel === null ? "NULL" : quote(channel)} GROUP BY own ORDER BY first DESC LIMIT ${MOST_MESSAGES})
     ORDER BY first`,
  );
  return columns[0]!.map((at, i) => ({ at, bytes: columns[1]![i], messageId: columns[2]![i] }) as ReceivedMessage);
}

/** Sums that metrics of these names (lower case, without labels) counted. A series that is held at several periods is read at the finest. */
export async function countsOf(
  engine: Engine,
  dir: string,
  manifests: readonly Manifest[],
  filter: Filter,
  names: readonly string[],
): Promise<CountSeries[]> {
  const base = `lower(regexp_replace(name, '\\{.*$', ''))`;
  const label = `regexp_extract(name, '(?i)(?:entityname|subscription_id)="?([^",}]+)', 1)`;
  const rows = await engine.rows(
    `WITH points AS (
       SELECT cloud, account, region, ${base} AS base, CASE WHEN ${label} <> '' THEN ${label} ELSE resource END AS owner, fn, "periodMs" AS period, "at" AS begins,
              name, max(value) AS value
       FROM ${scan(dir, manifests, "metrics", filter.from, filter.to)}
       WHERE statistic IN ('Sum', 'sum', 'Total', 'total', 'delta', 'Delta', 'count') AND "periodMs" > 0 AND ${base} IN ${quoteList(names)}
         AND ${condition({ ...filter, functions: [] }, `"at"`)} GROUP BY ALL)
     SELECT * FROM (SELECT cloud, account, region, base, owner, fn, period, begins, sum(value) FROM points GROUP BY ALL)
     QUALIFY period = min(period) OVER (PARTITION BY cloud, account, region, base, owner, fn)
     ORDER BY cloud, account, region, base, owner, fn, begins`,
  );
  const series = new Map<string, CountSeries>();
  for (const [cloud, account, region, name, resource, fn, periodMs, at, count] of rows) {
    const key = JSON.stringify([cloud, account, region, name, resource, fn]);
    const known = series.get(key) ?? ({ cloud, account, region, name, resource, fn, periodMs, points: [] } as unknown as CountSeries);
    known.points.push({ at: at as number, count: count as number });
    series.set(key, known);
  }
  return [...series.values()];
}

/**
 * The answer itself, a list under its key in the form of JSON (text in JSON too), Python, JavaScript or Go; or what the batch processors of
 * Powertools say where every message failed. A line that only speaks of the key is no answer.
 */
const BATCH_ANSWER = String.raw`\b[bB]atchItemFailures\\*["']?\s*[:=]\s*\[|All records failed processing\. (?:See individual errors below|\d+ individual errors logged)`;

/**
 * Functions whose own lines show an answer with `batchItemFailures`, or a batch processor of Powertools that makes one:
 * https://docs.powertools.aws.dev/lambda/python/latest/utilities/batch/
 */
export async function batchAnswersOf(engine: Engine, dir: string, manifests: readonly Manifest[], filter: Filter): Promise<BatchAnswers[]> {
  const rows = await engine.rows(
    `SELECT cloud, account, region, fn, count(*) FROM ${scan(dir, manifests, "events", filter.from, filter.to)}
     WHERE fn IS NOT NULL AND regexp_matches(message, ${quote(BATCH_ANSWER)}) AND ${condition(filter, `"at"`)} GROUP BY ALL ORDER BY ALL`,
  );
  return rows.map(([cloud, account, region, fn, lines]) => ({ cloud, account, region, fn, lines }) as BatchAnswers);
}
