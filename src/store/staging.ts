/** SQL over the rows of a batch that is being written: duplicates out, index rows made, coverage measured. */
import { type Engine, quote } from "./duckdb.ts";
import { LETTERS, OWN_REQUEST, OWN_TRACE } from "./ids-cell.ts";
import type { Overlap } from "./committer.ts";
import type { Coverage } from "./manifest.ts";
import { SIZE_OF_LINE, sqlName, type Table, TABLES } from "./tables.ts";

export const staged = (table: Table): string => `staged_${table.name}`;
/** Time of a row, undated ones at the epoch. */
export const timeOf = (table: Table): string => `coalesce(${sqlName(table.time)}, 0)`;

export function createStaging(): string {
  return TABLES.map((table) => {
    const columns = table.columns.map((c) => `${sqlName(c.name)} ${c.type}`).join(", ");
    return `CREATE TABLE ${staged(table)} (${columns}, source INTEGER)`;
  }).join("; ");
}

/**
 * What makes a row the same fact: every column but `ids`, which depend on the keys that the reader was given.
 * A 64-bit hash, compared only within equal times.
 */
function identity(table: Table, stored: boolean): string {
  const names = table.columns
    .filter((c) => c.as !== "ids")
    .map((c) => (stored && c.name === "sizeBytes" && table.name === "events" ? SIZE_OF_LINE : sqlName(c.name)));
  return `hash(${names.join(", ")})`;
}

/** Removes rows that the batch holds twice. Lines that one source holds twice stay: they were written twice. Returns how many went. */
export async function dropRepeats(engine: Engine, table: Table): Promise<number> {
  const name = staged(table);
  const [counts] = await engine.rows(`SELECT count(*), count(DISTINCT ${identity(table, false)}) FROM ${name}`);
  if (counts![0] === counts![1]) return 0;
  const ordinal = table.repeats ? "row_number() OVER (PARTITION BY h, t, source)" : "1";
  return remove(
    engine,
    name,
    `SELECT r FROM (
       SELECT r, row_number() OVER (PARTITION BY h, t, n ORDER BY r) AS copy FROM (
         SELECT r, h, t, ${ordinal} AS n FROM (SELECT rowid AS r, source, ${timeOf(table)} AS t, ${identity(table, false)} AS h FROM ${name})
         QUALIFY count(*) OVER (PARTITION BY h, t) > 1))
     WHERE copy > 1`,
  );
}

/** Removes rows that committed batches hold already, as often as they hold them. */
export async function dropHeld(engine: Engine, overlaps: readonly Overlap[]): Promise<number> {
  let dropped = 0;
  for (const table of TABLES) {
    const parts = overlaps.flatMap((o) => o.tables.filter((t) => t.table === table.name));
    if (parts.length === 0) continue;
    const time = timeOf(table);
    const inWindows = (alias: string): string => `(${parts.map((p) => `${alias} BETWEEN ${p.from} AND ${p.to}`).join(" OR ")})`;
    const held = parts
      .map(
        (p) => `SELECT ${time} AS t, ${identity(table, true)} AS h FROM read_parquet([${p.paths.map(quote).join(", ")}])
                WHERE ${time} BETWEEN ${p.from} AND ${p.to}`,
      )
      .join(" UNION ALL ");
    const mine = `SELECT rowid AS r, ${time} AS t, ${identity(table, false)} AS h FROM ${staged(table)} WHERE ${inWindows(time)}`;
    dropped += await remove(
      engine,
      staged(table),
      `WITH held AS (SELECT t, h, count(*) AS n FROM (${held}) GROUP BY t, h)
       SELECT r FROM (SELECT m.r, held.n, row_number() OVER (PARTITION BY m.h, m.t ORDER BY m.r) AS copy
                      FROM (${mine}) m JOIN held ON held.t = m.t AND held.h = m.h)
       WHERE copy <= n`,
    );
  }
  return dropped;
}

/** Runs whose request ID a committed batch holds as well, at about the same time. */
export async function repeatedElsewhere(engine: Engine, overlaps: readonly Overlap[]): Promise<number> {
  const parts = overlaps.flatMap((o) => o.tables.filter((t) => t.table === "invocations"));
  if (parts.length === 0) return 0;
  const held = parts.map(
    (p) => `SELECT "requestId" FROM read_parquet([${p.paths.map(quote).join(", ")}]) WHERE "startedAt" BETWEEN ${p.from} AND ${p.to}`,
  );
  const [count] = await engine.rows(`SELECT count(*) FROM staged_invocations WHERE "requestId" IN (${held.join(" UNION ALL ")})`);
  return Number(count![0]);
}

async function remove(engine: Engine, table: string, rowids: string): Promise<number> {
  await engine.run(`CREATE OR REPLACE TEMP TABLE dropped AS ${rowids}`);
  const [count] = await engine.rows("SELECT count(*) FROM dropped");
  const dropped = Number(count![0]);
  if (dropped > 0) await engine.run(`DELETE FROM ${table} WHERE rowid IN (SELECT r FROM dropped)`);
  await engine.run("DROP TABLE dropped");
  return dropped;
}

/** More keys than this are not told apart: then any key may be held. */
const MAX_KEYS = 20_000;

export async function coverageOf(engine: Engine): Promise<Coverage> {
  const coverage: Coverage = {};
  for (const table of TABLES) {
    const time = timeOf(table);
    const rows = await engine.rows(
      `SELECT coalesce(${sqlName(table.key)}, ''), min(${time}), max(${time}) FROM ${staged(table)} GROUP BY 1 ORDER BY 1`,
    );
    if (rows.length === 0) continue;
    const entries = rows.map(([key, from, to]): [string, [number, number]] => [String(key), [Number(from), Number(to)]]);
    coverage[table.name as keyof Coverage] =
      entries.length <= MAX_KEYS
        ? Object.fromEntries(entries)
        : { "*": [Math.min(...entries.map((e) => e[1][0])), Math.max(...entries.map((e) => e[1][1]))] };
  }
  return coverage;
}

/**
 * The index rows of the batch, as table `staged_links`: every ID of a record leads to the request, and to the trace, that
 * the record belongs to, else to the message it is. Times are those of all the owner's records in the batch.
 */
export async function buildLinks(engine: Engine): Promise<void> {
  // k, o: kind and ID of the owner; q: the record's own request; m: its message; run: an invocation, which is found by its own table
  const traceOrRun = "coalesce(traceId, split_part(spanId, '#', 1))";
  const owned = `
    SELECT 'request' AS k, requestId AS o, requestId AS q, traceId, NULL AS m, cloud, fn, startedAt AS t0, coalesce(endedAt, startedAt) AS t1, ids, TRUE AS run
      FROM staged_invocations
    UNION ALL SELECT 'request', requestId, requestId, traceId, NULL, cloud, fn, "at", "at", ids, FALSE FROM staged_events WHERE requestId IS NOT NULL
    UNION ALL SELECT 'trace', traceId, NULL, traceId, NULL, cloud, NULL, "at", "at", ids, FALSE FROM staged_events WHERE requestId IS NULL AND traceId IS NOT NULL
    UNION ALL SELECT 'request', requestId, requestId, traceId, NULL, cloud, fn, startedAt, coalesce(endedAt, startedAt), ids, FALSE
      FROM staged_spans WHERE requestId IS NOT NULL
    UNION ALL SELECT 'trace', ${traceOrRun}, requestId, ${traceOrRun}, NULL, cloud, NULL, startedAt, coalesce(endedAt, startedAt), ids, FALSE FROM staged_spans
    UNION ALL SELECT 'request', requestId, requestId, traceId, messageId, cloud, fn, "at", "at", ids, FALSE FROM staged_messages WHERE requestId IS NOT NULL
    UNION ALL SELECT 'message', messageId, requestId, traceId, messageId, cloud, NULL, "at", "at", ids, FALSE FROM staged_messages WHERE messageId IS NOT NULL
    UNION ALL SELECT 'trace', traceId, NULL, traceId, NULL, cloud, NULL, "at", "at", ids, FALSE
      FROM staged_messages WHERE requestId IS NULL AND messageId IS NULL AND traceId IS NOT NULL`;
  const kinds = Object.entries(LETTERS)
    .map(([kind, letter]) => `WHEN '${letter}' THEN '${kind}'`)
    .join(" ");
  await engine.run(`
    CREATE OR REPLACE TEMP TABLE owned AS
      SELECT k, o, q, traceId, m, cloud, ids, max(fn) AS fn, min(t0) AS t0, max(t1) AS t1, bool_or(run) AS run
      FROM (${owned}) GROUP BY k, o, q, traceId, m, cloud, ids;
    CREATE OR REPLACE TEMP TABLE owners AS
      SELECT k, o, cloud, max(fn) AS fn, min(t0) AS t0, max(t1) AS t1, bool_or(run) AS run FROM owned GROUP BY k, o, cloud;
    CREATE OR REPLACE TEMP TABLE staged_links AS
      SELECT DISTINCT x.id, x.kind, x.k AS "ownerKind", x.o AS "owner", x.cloud, w.fn, w.t0 AS "firstAt", w.t1 AS "lastAt" FROM (
        SELECT k, o, cloud, CASE substr(part, 1, 1) ${kinds} END AS kind,
               CASE substr(part, 2) WHEN chr(${OWN_REQUEST.charCodeAt(0)}) THEN q WHEN chr(${OWN_TRACE.charCodeAt(0)}) THEN traceId ELSE ${unescapedPart} END AS id
        FROM (SELECT k, o, q, cloud, traceId, unnest(string_split(ids, chr(31))) AS part FROM owned WHERE ids IS NOT NULL)
        UNION ALL SELECT k, o, cloud, 'trace', traceId FROM owned WHERE traceId IS NOT NULL AND k <> 'message'
        UNION ALL SELECT k, o, cloud, 'message', m FROM owned WHERE m IS NOT NULL
        UNION ALL SELECT k, o, cloud, 'request', o FROM owners WHERE k = 'request' AND NOT run
      ) x JOIN owners w ON w.k = x.k AND w.o = x.o AND w.cloud = x.cloud
      WHERE x.id IS NOT NULL AND NOT (x.kind = 'request' AND x.k = 'request' AND x.id = x.o AND w.run);
    DROP TABLE owned; DROP TABLE owners`);
}

const unescapedPart =
  "replace(replace(replace(replace(substr(part, 2), chr(30) || '3', chr(2)), chr(30) || '2', chr(1)), chr(30) || '1', chr(31)), chr(30) || '0', chr(30))";
