/** Runs whose log lines hold what looks like an event, with all that tells of what became of it. Filters are learned from them. */
import type { LoggedRun } from "../model/filters.ts";
import { type Cell, type Engine, quote } from "./duckdb.ts";
import type { Manifest } from "./manifest.ts";
import { unpackMessage } from "./message-cell.ts";
import { runs } from "./runs.ts";
import { condition, scan } from "./scan.ts";
import { SIZE_OF_LINE } from "./tables.ts";
import type { EventFunction, Filter } from "./types.ts";

/** Names of which an event has one, as any of the clouds hands it to a function; the rooms look closer. */
const EVENT_NAMES =
  "Records|detail-type|eventSource|rmqMessagesByQueue|eventType|specversion|ce-id|applicationProperties|userProperties|[mM]essageId|message_id";

/** Lines of Cloud Run name no request, but the trace of it. */
const RUN = `coalesce("requestId", "traceId")`;

function eventLines(filter: Filter): string {
  return `${condition(filter, `"at"`)} AND fn IS NOT NULL AND kind = 'function' AND ${RUN} IS NOT NULL AND regexp_matches(message, ${quote(EVENT_NAMES)})`;
}

export async function eventFunctionsOf(
  engine: Engine,
  dir: string,
  manifests: readonly Manifest[],
  filter: Filter,
): Promise<EventFunction[]> {
  const rows = await engine.rows(
    `SELECT cloud, account, region, fn, count(DISTINCT ${RUN}) FROM ${scan(dir, manifests, "events", filter.from, filter.to)}
     WHERE ${eventLines(filter)} GROUP BY cloud, account, region, fn ORDER BY ALL`,
  );
  return rows.map(([cloud, account, region, fn, eventRuns]) => ({ cloud, account, region, fn, eventRuns }) as EventFunction);
}

export async function loggedRunsOf(
  engine: Engine,
  dir: string,
  manifests: readonly Manifest[],
  filter: Filter,
  most: number,
): Promise<LoggedRun[]> {
  const events = scan(dir, manifests, "events", filter.from, filter.to);
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE chosen AS
     SELECT cloud, fn, run, trace FROM (
       SELECT cloud, fn, ${RUN} AS run, any_value("traceId") AS trace FROM ${events} WHERE ${eventLines(filter)} GROUP BY ALL)
     QUALIFY row_number() OVER (PARTITION BY cloud, fn ORDER BY hash(run)) <= ${most}`,
  );
  const lines = await engine.rows(
    `SELECT l.cloud, l.account, l.region, l.fn, chosen.run, l."at", l.level, l.message, l.own, l."requestId", l.bytes
     FROM (SELECT cloud, account, region, fn, ${RUN} AS run, "at", level, message, kind IN ('function', 'error') AS own, "requestId",
             ${SIZE_OF_LINE} AS bytes FROM ${events}) l
     JOIN chosen ON chosen.cloud = l.cloud AND chosen.fn = l.fn AND chosen.run = l.run ORDER BY l.fn, l.run, l."at"`,
  );
  const found = new Map<string, LoggedRun>();
  for (const line of lines) addLine(found, line);
  const place = (row: Cell[]): LoggedRun | undefined => found.get(keyOf(row[0]!, row[1]!, row[2]!));
  for (const row of await engine.rows(attempts(runs(dir, manifests, { ...filter, functions: [], clouds: [] }, RUN_COLUMNS)))) {
    const run = place(row);
    if (run !== undefined) run.run = attemptOf(row.slice(3));
  }
  for (const row of await engine.rows(published(scan(dir, manifests, "messages", filter.from, null)))) {
    const run = place(row);
    if (run !== undefined) run.published = row[3] as number;
  }
  for (const row of await engine.rows(calls(scan(dir, manifests, "spans", filter.from, null)))) {
    const run = place(row);
    if (run !== undefined) Object.assign(run, { traced: true, calls: row[3] as number });
  }
  return [...found.values()].sort((a, b) => a.at - b.at);
}

const keyOf = (...parts: Cell[]): string => parts.join("\u0000");

function addLine(found: Map<string, LoggedRun>, cells: Cell[]): void {
  const [cloud, account, region, fn, run, at, level, message, own, requestId, bytes] = cells;
  const key = keyOf(cloud!, fn!, run!);
  const one =
    found.get(key) ??
    ({
      cloud,
      account,
      region,
      fn,
      requestId: run,
      at,
      lines: [],
      logBytes: 0,
      run: null,
      traced: false,
      calls: 0,
      published: 0,
    } as LoggedRun);
  found.set(key, one);
  one.logBytes += bytes as number;
  if (own === true)
    one.lines.push({ at, level, message: unpackMessage(message as string, requestId as string | null) } as LoggedRun["lines"][number]);
}

const RUN_COLUMNS =
  "cloud account fn requestId traceId startedAt durationMs billedMs memoryMib vcpu architecture plan coldStart outcome emulator".split(" ");

/** The last attempt of each chosen run. */
function attempts(source: string): string {
  const columns = `"durationMs", "billedMs", "memoryMib", vcpu, architecture, plan, "coldStart", outcome, emulator`;
  return `SELECT chosen.cloud, chosen.fn, chosen.run, ${columns}, count(*) OVER own
    FROM ${source} r JOIN chosen ON chosen.cloud = r.cloud AND chosen.fn = r.fn AND (chosen.run = r."requestId" OR chosen.run = r."traceId")
    WINDOW own AS (PARTITION BY chosen.cloud, chosen.fn, chosen.run)
    QUALIFY row_number() OVER (PARTITION BY chosen.cloud, chosen.fn, chosen.run ORDER BY r."startedAt" DESC) = 1`;
}

function attemptOf(cells: Cell[]): LoggedRun["run"] {
  const [durationMs, billedMs, memoryMib, vcpu, architecture, plan, coldStart, outcome, emulator, count] = cells;
  const run = { durationMs, billedMs, memoryMib, vcpu, architecture, plan, coldStart, outcome, emulator, attempts: count };
  return run as LoggedRun["run"];
}

function published(messages: string): string {
  return `SELECT chosen.cloud, chosen.fn, chosen.run, count(*) FROM ${messages} m
    JOIN chosen ON chosen.cloud = m.cloud AND (chosen.run = m."requestId" OR chosen.run = m."traceId")
    WHERE m.direction = 'published' AND m.fn IS NOT DISTINCT FROM chosen.fn GROUP BY ALL`;
}

/** Client and producer spans of traced runs: below the run's own span, or below internal spans below it. */
function calls(spans: string): string {
  return `WITH RECURSIVE
    part AS (SELECT DISTINCT cloud, fn, "requestId", "traceId", "spanId", "parentSpanId", kind, "isInvocation" FROM ${spans}
      WHERE "traceId" IN (SELECT "traceId" FROM ${spans} s JOIN chosen ON chosen.cloud = s.cloud AND (chosen.run = s."requestId" OR chosen.run = s."traceId") WHERE s."isInvocation")),
    root AS (SELECT chosen.cloud, chosen.fn, chosen.run, part."traceId", part."spanId" FROM part
      JOIN chosen ON chosen.cloud = part.cloud AND chosen.fn = part.fn AND (chosen.run = part."requestId" OR chosen.run = part."traceId") WHERE part."isInvocation"),
    below AS (
      SELECT root.run, part.cloud, part."traceId", part."spanId", part.kind FROM root
      JOIN part ON part."traceId" = root."traceId" AND part."parentSpanId" = root."spanId" AND NOT part."isInvocation"
      UNION
      SELECT below.run, part.cloud, part."traceId", part."spanId", part.kind FROM below
      JOIN part ON part."traceId" = below."traceId" AND part."parentSpanId" = below."spanId" AND NOT part."isInvocation"
      WHERE below.kind = 'internal')
    SELECT root.cloud, root.fn, root.run, count(DISTINCT below."spanId") FILTER (WHERE below.kind IN ('client', 'producer'))
    FROM root LEFT JOIN below ON below.run = root.run AND below."traceId" = root."traceId" GROUP BY ALL`;
}
