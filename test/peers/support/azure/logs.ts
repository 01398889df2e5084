/** Log Analytics: `/v1/workspaces/{id}/query`, the same of a resource, and `/search` of Basic and Auxiliary tables. */
import { armError, type Handler, type Seen } from "./http.ts";
import { ident } from "./kql-expressions.ts";
import type { RowsDb } from "./rows-db.ts";
import { quote } from "../../../../src/store/duckdb.ts";
import { TICKS_PER_MS } from "./syntax.ts";
import { CLASSIC_NAMES, CLASSIC_TABLES, COMPONENT } from "./component-schemas.ts";
import { type Tables, WORKSPACE } from "./table-schemas.ts";
import type { World } from "./world.ts";

export function logsHandler(world: World, db: RowsDb, violations: string[]): Handler {
  const filled = new Map<string, number>();

  /** Puts the rows of a workspace into tables of a schema of its name, again when there are more. */
  async function fill(key: string): Promise<void> {
    const rows = world.rows.get(key) ?? {};
    for (const [table, columns] of Object.entries(WORKSPACE)) {
      const held = rows[table] ?? [];
      if (filled.get(`${key} ${table}`) === held.length) continue;
      await db.fill(key, table, columns, held);
      filled.set(`${key} ${table}`, held.length);
    }
  }

  return async (seen) => {
    const { query, timespan } = JSON.parse(seen.body) as { query: string; timespan?: string };
    const scope = scopeOf(seen);
    if (scope === null) return armError(404, "WorkspaceNotFoundError", "The requested workspace could not be found.");
    const isSearch = seen.path.endsWith("/search");
    const refusal = planRefusal(world, scope.key, query, isSearch);
    if (refusal !== null) return armError(400, "BadArgumentError", refusal);
    await fill(scope.key);
    const [from, to] = spanOf(isSearch ? (seen.query.get("timespan") ?? timespan) : timespan);
    const answer = await db.ask(query, scope.tables, (table) => scope.from(table, from, to), seen.at);
    if (answer.problems.length > 0) {
      violations.push(`KQL: ${answer.problems.join("; ")} in\n${query}`);
      return {
        status: 400,
        body: {
          error: {
            code: "BadArgumentError",
            message: "The request had some invalid properties",
            innererror: { code: "SemanticError", message: answer.problems.join("; ") },
          },
        },
      };
    }
    const rows = answer.rows.slice(0, world.rowLimit);
    const body = { tables: [{ name: "PrimaryResult", columns: answer.columns, rows }] };
    if (rows.length === answer.rows.length) return { status: 200, body };
    const message = `The results of this query exceed the set limit of ${world.rowLimit} records, so not all records were returned (E_QUERY_RESULT_SET_TOO_LARGE, 0x80DA0003).`;
    const details = [
      {
        code: "EngineError",
        message: "Something went wrong processing your query on the server.",
        innererror: { code: "-2133196797", message, severity: 2, severityName: "Error" },
      },
    ];
    return {
      status: 200,
      body: { ...body, error: { code: "PartialError", message: "There were some errors when processing your query.", details } },
    };
  };

  interface Scope {
    key: string;
    tables: Tables;
    from(table: string, fromTicks: bigint | null, toTicks: bigint | null): string;
  }

  function scopeOf(seen: Seen): Scope | null {
    const workspace = /^\/v1\/workspaces\/([^/]+)\//.exec(seen.path)?.[1];
    if (workspace !== undefined)
      return [...world.resources.values()].some((one) => one.properties["customerId"] === workspace)
        ? { key: workspace, tables: WORKSPACE, from: plain(workspace, null) }
        : null;
    const id = seen.path.replace(/^\/v1|\/query$/g, "").toLowerCase();
    const resource = world.resources.get(id);
    if (!resource) return null;
    // a workspace asked by its resource ID is the whole of it: some of its tables (Usage) have no _ResourceId
    const own = resource.properties["customerId"];
    if (typeof own === "string") return { key: own, tables: WORKSPACE, from: plain(own, null) };
    const home = String(resource.properties["WorkspaceResourceId"] ?? "").toLowerCase();
    const key = String(
      world.resources.get(home)?.properties["customerId"] ?? [...world.rows.keys()].find((one) => one === id) ?? [...world.rows.keys()][0],
    );
    if (resource.type.toLowerCase() !== "microsoft.insights/components") return { key, tables: WORKSPACE, from: plain(key, id) };
    return { key, tables: COMPONENT, from: classic(key, id) };
  }
}

/** Timespan of a request filters on the time, both ends included. */
function within(column: string, from: bigint | null, to: bigint | null): string {
  return `${from === null ? "" : ` AND ${column} >= ${from}`}${to === null ? "" : ` AND ${column} <= ${to}`}`;
}

const plain =
  (key: string, resource: string | null) =>
  (table: string, from: bigint | null, to: bigint | null): string =>
    `SELECT * FROM ${ident(key)}.${ident(table)} WHERE TRUE${within('"TimeGenerated"', from, to)}${resource === null ? "" : ` AND lower("_ResourceId") = ${quote(resource)}`}`;

const classic =
  (key: string, component: string) =>
  (table: string, from: bigint | null, to: bigint | null): string =>
    `SELECT * FROM (${viewOfComponent(key, table, component)}) WHERE TRUE${within('"timestamp"', from, to)}`;

/** A table of a component, as a view of the workspace's. null: of all components. */
export function viewOfComponent(key: string, table: string, component: string | null): string {
  const source = CLASSIC_TABLES[table as keyof typeof CLASSIC_TABLES];
  const cells = Object.entries(COMPONENT[table]!).map(([name, type]) => {
    if (name === "itemType") return `${quote(table.replace(/ies$/, "y").replace(/s$/, ""))} AS ${ident(name)}`;
    if (name === "type" && table === "exceptions") return `"ExceptionType" AS "type"`;
    if (name === "message" && table === "exceptions") return `"OuterMessage" AS "message"`;
    if (name === "success") return `CASE WHEN "Success" THEN 'True' ELSE 'False' END AS ${ident(name)}`;
    const own = CLASSIC_NAMES[name];
    return own === undefined ? `${type === "string" ? "''" : "NULL"} AS ${ident(name)}` : `${ident(own)} AS ${ident(name)}`;
  });
  return `SELECT ${cells.join(", ")} FROM ${ident(key)}.${ident(source)}${component === null ? "" : ` WHERE lower("_ResourceId") = ${quote(component)}`}`;
}

/** `from/to`, `PT1H`, `PT1H/to`; nulls: no bound. */
function spanOf(text: string | null | undefined): [bigint | null, bigint | null] {
  const [from, to] = (text ?? "").split("/");
  const ticks = (iso: string | undefined): bigint | null => (iso && !iso.startsWith("P") ? BigInt(Date.parse(iso)) * TICKS_PER_MS : null);
  if (text && from!.startsWith("P")) throw new TypeError(`the fake knows no timespan ${text}`);
  return [ticks(from), ticks(to)];
}

/** Tables of the Basic and Auxiliary plans are only searched, one at a time; others may be queried as well. */
function planRefusal(world: World, key: string, query: string, isSearch: boolean): string | null {
  const workspace = [...world.resources].find(([, one]) => one.properties["customerId"] === key)?.[0];
  const cheap = [...world.resources.values()]
    .filter(
      (one) => one.id.toLowerCase().startsWith(`${workspace}/tables/`) && /^(?:Basic|Auxiliary)$/.test(String(one.properties["plan"])),
    )
    .map((one) => one.name);
  const named = Object.keys(WORKSPACE).filter((table) => new RegExp(`\\b${table}\\b(?!")`).test(query));
  if (!isSearch) {
    const wrong = named.find((table) => cheap.includes(table));
    return wrong === undefined ? null : `Table ${wrong} is on the Basic or Auxiliary plan and can only be used with the search API.`;
  }
  if (named.length > 1 || /\|\s*(?:join|find|search|union)\b|^\s*(?:union|find|search|let)\b/.test(query))
    return "The search API takes one table, and no join, find, search or union.";
  return null;
}
