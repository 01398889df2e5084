/** From IDs to owners, and from owners to their records. */
import type { ChainRecords } from "../model/chains.ts";
import type { IdKind } from "../model/ids.ts";
import type { Cloud, Config, Gap, Span } from "../model/records.ts";
import { type Engine, quote, quoteList } from "./duckdb.ts";
import type { Manifest } from "./manifest.ts";
import { collectedGaps } from "./collected.ts";
import { packIds } from "./ids-cell.ts";
import { condition, scan } from "./scan.ts";
import { readColumns, recordsOf, tableNamed } from "./tables.ts";
import type { Filter, Link, Owner, OwnerKind } from "./types.ts";

/** Equal to one of these. Bloom filters answer `=`, not `IN`, so a few IDs are asked for one by one. */
function isOneOf(column: string, values: readonly string[]): string {
  if (values.length > 0 && values.length <= 4) return `(${values.map((v) => `${column} = ${quote(v)}`).join(" OR ")})`;
  return `${column} IN ${quoteList(values)}`;
}

export async function findLinks(
  engine: Engine,
  dir: string,
  manifests: readonly Manifest[],
  ids: readonly string[],
  hubLimit: number,
): Promise<Link[]> {
  if (ids.length === 0) return [];
  const rows = await engine.rows(
    `SELECT id, kind, "ownerKind", owner, cloud, max(fn), min("firstAt") AS first, max("lastAt") FROM (
       SELECT * FROM ${scan(dir, manifests, "links")} WHERE ${isOneOf("id", ids)}
       UNION ALL BY NAME
       SELECT "requestId" AS id, 'request' AS kind, 'request' AS "ownerKind", "requestId" AS owner, cloud, fn, "startedAt" AS "firstAt",
              coalesce("endedAt", "startedAt") AS "lastAt"
       FROM ${scan(dir, manifests, "invocations")} WHERE ${isOneOf(`"requestId"`, ids)}
     ) GROUP BY id, kind, "ownerKind", owner, cloud
     QUALIFY row_number() OVER (PARTITION BY id ORDER BY first, owner, "ownerKind") <= ${hubLimit + 1}
     ORDER BY id, first, owner`,
  );
  return rows.map(([id, kind, ownerKind, owner, cloud, fn, firstAt, lastAt]) => ({
    id: id as string,
    kind: kind as IdKind,
    ownerKind: ownerKind as OwnerKind,
    owner: owner as string,
    cloud: cloud as Cloud,
    fn: fn as string | null,
    firstAt: firstAt as number,
    lastAt: lastAt as number,
  }));
}

/** Longest run of a function in the clouds that write one line at its start and one at its end (AWS Lambda: 15 minutes). */
const LONGEST_RUN_MS = 900_000;
/** Lines of a run that its platform writes just before and after it. */
const AROUND_MS = 2_000;

export async function recordsOfOwners(
  engine: Engine,
  dir: string,
  manifests: readonly Manifest[],
  owners: readonly Owner[],
): Promise<ChainRecords> {
  const named = (kind: OwnerKind): string[] => [...new Set(owners.filter((o) => o.ownerKind === kind).map((o) => o.owner))];
  const requests = named("request");
  const traces = named("trace");
  const messageIds = named("message");
  const lineIds = named("lines");
  const empty: ChainRecords = { invocations: [], spans: [], messages: [], logs: [], configs: [], gaps: [] };
  if (owners.length === 0) return empty;
  let first = Math.min(...owners.map((o) => o.firstAt));
  let last = Math.max(...owners.map((o) => o.lastAt));
  const from = first - LONGEST_RUN_MS;
  const to = last + LONGEST_RUN_MS;
  const belongs = (...extra: string[]): string =>
    [
      ...(requests.length > 0 ? [isOneOf(`"requestId"`, requests)] : []),
      ...(traces.length > 0 ? [isOneOf(`"traceId"`, traces)] : []),
      ...extra,
    ].join(" OR ") || "FALSE";
  const inTime = (time: string, a: number, b: number): string => `${time} BETWEEN ${a} AND ${b}`;
  const select = async <Name extends "invocations" | "spans" | "messages" | "events">(name: Name, where: string, a: number, b: number) => {
    const table = tableNamed(name);
    return recordsOf(
      name,
      await engine.columns(
        `SELECT ${readColumns(table)} FROM ${scan(dir, manifests, name, a, b)} WHERE ${inTime(`"${table.time}"`, a, b)} AND (${where})`,
      ),
    );
  };
  const invocations = await select("invocations", belongs(), from, to);
  // Workflow histories have no trace ID: their spans carry the execution's ARN before the `#`.
  const executions = traces.length > 0 ? [`("traceId" IS NULL AND ${isOneOf(`split_part("spanId", '#', 1)`, traces)})`] : [];
  const spans = await select("spans", belongs(...executions), from, to);
  const messages = await select("messages", belongs(...(messageIds.length > 0 ? [isOneOf(`"messageId"`, messageIds)] : [])), from, to);
  const whole = new Set<string>();
  for (const run of invocations) {
    first = Math.min(first, run.startedAt);
    last = Math.max(last, run.endedAt ?? run.startedAt);
    if (run.endedAt !== null) whole.add(run.requestId);
  }
  const cut = requests.some((r) => !whole.has(r));
  const loose = lineIds.length > 0 ? [`("requestId" IS NULL AND "traceId" IS NULL AND (${lineIds.map(carries).join(" OR ")}))`] : [];
  const logs = await select("events", belongs(...loose), cut ? from : first - AROUND_MS, cut ? to : last + AROUND_MS);
  return {
    ...empty,
    invocations,
    spans,
    messages,
    logs,
    configs: await allConfigs(engine, dir, manifests),
    gaps: await allGaps(engine, dir, manifests, "events"),
  };
}

/** The packed IDs hold this one; a value that another one begins with is sorted out by whoever reads the records. */
function carries(id: string): string {
  return `contains(ids, ${quote(packIds([{ kind: "correlation", value: id }], null, null)!.slice(1))})`;
}

/** Log lines that say something about a chain without carrying an ID. */
const TELLING = ["error", "oom", "init_report", "restore_report", "logs_dropped"];

export async function recordsInWindow(engine: Engine, dir: string, manifests: readonly Manifest[], filter: Filter): Promise<ChainRecords> {
  const select = async <Name extends "invocations" | "spans" | "messages" | "events">(name: Name, where = "TRUE") => {
    const table = tableNamed(name);
    const source = scan(dir, manifests, name, filter.from, filter.to);
    const rows = `SELECT ${readColumns(table)} FROM ${source} WHERE ${condition(filter, `"${table.time}"`)} AND ${where}`;
    // the text of the lines is most of a dataset, and no chain is made of it
    return recordsOf(
      name,
      await engine.columns(name === "events" ? `SELECT * REPLACE ('' AS message, 0 AS "sizeBytes") FROM (${rows})` : rows),
    );
  };
  return {
    invocations: await select("invocations"),
    spans: await select("spans"),
    messages: await select("messages"),
    logs: await select("events", `(ids IS NOT NULL OR "traceId" IS NOT NULL OR kind IN ${quoteList(TELLING)})`),
    configs: await allConfigs(engine, dir, manifests),
    gaps: await allGaps(engine, dir, manifests, "events"),
  };
}

/** Executions and states of workflows. */
export async function workflowSpansIn(engine: Engine, dir: string, manifests: readonly Manifest[], filter: Filter): Promise<Span[]> {
  const source = scan(dir, manifests, "spans", filter.from, filter.to);
  const where = `${condition(filter, `"startedAt"`)} AND kind IN ('workflow', 'state')`;
  return recordsOf("spans", await engine.columns(`SELECT ${readColumns(tableNamed("spans"))} FROM ${source} WHERE ${where}`));
}

/** The newest description of each resource. */
export async function allConfigs(engine: Engine, dir: string, manifests: readonly Manifest[]): Promise<Config[]> {
  if (!manifests.some((m) => m.files.some((f) => f.table === "configs"))) return [];
  const columns = readColumns(tableNamed("configs"));
  return recordsOf(
    "configs",
    await engine.columns(
      `SELECT ${columns} FROM ${scan(dir, manifests, "configs")}
       QUALIFY row_number() OVER (PARTITION BY cloud, kind, resource, "from", "to" ORDER BY "observedAt" DESC NULLS LAST, hash(${columns})) = 1
       ORDER BY kind, resource`,
    ),
  );
}

/** What is known to be missing; `events`: only what cuts chains. */
export async function allGaps(engine: Engine, dir: string, manifests: readonly Manifest[], which: "all" | "events"): Promise<Gap[]> {
  const collected = collectedGaps(dir, which);
  if (!manifests.some((m) => m.files.some((f) => f.table === "gaps"))) return collected;
  const columns = readColumns(tableNamed("gaps"));
  const rows = await engine.columns(`SELECT ${columns} FROM ${scan(dir, manifests, "gaps")} ORDER BY "from", what, why`);
  return [...recordsOf("gaps", rows), ...collected];
}
