/** SQL over the rows of a batch that is being written: duplicates out, index rows made, coverage measured. */
import type { Engine } from "./duckdb.ts";
import type { Overlap } from "./committer.ts";
import { createStagedLinks } from "./link-index.ts";
import { type Coverage, MOST_NAMED } from "./manifest.ts";
import { parquet } from "./scan.ts";
import { createStagedLines } from "./staged-lines.ts";
import { sqlName, type Table, TABLES } from "./tables.ts";

export const staged = (table: Table): string => `staged_${table.name}`;
/** Time of a row, undated ones at the epoch. */
export const timeOf = (table: Table): string => `coalesce(${sqlName(table.time)}, 0)`;

/** The table that holds the rows, and its row numbers as `staged` shows them. */
const held = (table: Table): string => (table.name === "events" ? "lines" : staged(table));
const rowOf = (table: Table): string => (table.name === "events" ? "r" : "rowid");

export function createStaging(): string {
  const tables = TABLES.filter((table) => table.name !== "events").map((table) => {
    const columns = table.columns.map((c) => `${sqlName(c.name)} ${c.type}`).join(", ");
    return `CREATE TABLE ${staged(table)} (${columns}, source INTEGER)`;
  });
  return [...tables, createStagedLines(), createStagedLinks()].join("; ");
}

/** Rows of a table in memory are only freed with the table. */
export function dropStaging(): string {
  const tables = [...TABLES.map(held), "places", "subjects", "staged_links"];
  return ["DROP VIEW staged_events", ...tables.map((name) => `DROP TABLE ${name}`)].join("; ");
}

/** A 64-bit hash of what makes a row the same fact, compared only within the same moment. */
const identity = (table: Table): string => `hash(${table.identity.join(", ")})`;

/** Removes rows that the batch holds twice. Lines that one source holds twice stay: they were written twice. Returns how many went. */
export async function dropRepeats(engine: Engine, table: Table): Promise<number> {
  const name = staged(table);
  const [counts] = await engine.rows(`SELECT count(*), count(DISTINCT ${table.likeness}) FROM ${name}`);
  if (counts![0] === counts![1]) return 0;
  const ordinal = table.repeats ? "row_number() OVER (PARTITION BY h, source)" : "1";
  return remove(
    engine,
    held(table),
    `SELECT r FROM (
       SELECT r, row_number() OVER (PARTITION BY h, n ORDER BY r) AS copy FROM (
         SELECT r, h, ${ordinal} AS n FROM (
           SELECT ${rowOf(table)} AS r, source, ${identity(table)} AS h FROM ${name}
           SEMI JOIN (SELECT ${table.likeness} AS like FROM ${name} GROUP BY 1 HAVING count(*) > 1) alike ON alike.like = ${table.likeness})))
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
    const inWindow = (p: (typeof parts)[number]): string => `${time} BETWEEN ${p.from} AND ${p.to}`;
    const there = parts.map((p) => `SELECT ${identity(table)} AS h FROM ${parquet(p.paths)} WHERE ${inWindow(p)}`).join(" UNION ALL ");
    const mine = `SELECT ${rowOf(table)} AS r, ${identity(table)} AS h FROM ${staged(table)} WHERE ${parts.map(inWindow).join(" OR ")}`;
    dropped += await remove(
      engine,
      held(table),
      `WITH there AS (SELECT h, count(*) AS n FROM (${there}) GROUP BY h)
       SELECT r FROM (SELECT m.r, there.n, row_number() OVER (PARTITION BY m.h ORDER BY m.r) AS copy
                      FROM (${mine}) m JOIN there ON there.h = m.h)
       WHERE copy <= n`,
    );
  }
  return dropped;
}

/** Request IDs of runs that a committed batch holds as well, at about the same time; no more than can be named, and one. */
export async function repeatedElsewhere(engine: Engine, overlaps: readonly Overlap[]): Promise<string[]> {
  const parts = overlaps.flatMap((o) => o.tables.filter((t) => t.table === "invocations"));
  if (parts.length === 0) return [];
  const there = parts.map((p) => `SELECT "requestId" FROM ${parquet(p.paths)} WHERE "startedAt" BETWEEN ${p.from} AND ${p.to}`);
  const rows = await engine.rows(
    `SELECT DISTINCT "requestId" FROM staged_invocations WHERE "requestId" IN (${there.join(" UNION ALL ")}) LIMIT ${MOST_NAMED + 1}`,
  );
  return rows.map(([id]) => id as string);
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

export async function coverageOf(engine: Engine, tables: readonly Table[]): Promise<Coverage> {
  const coverage: Coverage = {};
  for (const table of tables) {
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

/** After duplicates went: index rows of owners that have no record left in the batch go too. */
export async function dropLinksOfHeld(engine: Engine): Promise<void> {
  const left = [
    ...TABLES.filter((t) => t.columns.some((c) => c.name === "requestId")).map((t) => `SELECT "requestId" FROM ${staged(t)}`),
    ...TABLES.filter((t) => t.columns.some((c) => c.name === "traceId")).map((t) => `SELECT "traceId" FROM ${staged(t)}`),
    "SELECT split_part(\"spanId\", '#', 1) FROM staged_spans",
    `SELECT "messageId" FROM staged_messages`,
  ].join(" UNION ALL ");
  await engine.run(`DELETE FROM staged_links l WHERE NOT EXISTS (FROM (${left}) AS r(o) WHERE r.o = l.owner)`);
}
