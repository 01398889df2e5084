/** Every KQL text that evscope makes: bound by Microsoft's parser, run on rows by us, and by an engine that nobody here wrote. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { allQueries } from "../../../src/clouds/azure/kql-catalogue.ts";
import { Engine, quote } from "../../../src/store/duckdb.ts";
import { bind } from "../support/azure/kusto.ts";
import { viewOfComponent } from "../support/azure/logs.ts";
import { orderWorld, runOrders, SUBSCRIPTION, WORKSPACE_GUID } from "../support/azure/orders.ts";
import { type Answer, type Row, RowsDb } from "../support/azure/rows-db.ts";
import { COMPONENT } from "../support/azure/component-schemas.ts";
import { WORKSPACE } from "../support/azure/table-schemas.ts";

/** As the catalogue's sample arguments are. */
const SAMPLE = { subscription: "00000000-0000-4000-8000-000000000001", trace: "4bf92f3577b34da6a3ce929d0e0e4736", order: "ORD-42" };
const NOW = Date.UTC(2026, 10, 23, 12);
const queries = allQueries();

/** The order system's rows in the catalogue's window, with an order and a trace of the catalogue's terms. */
function sampleRows(): Record<string, Row[]> {
  const world = orderWorld();
  const truth = runOrders(world, { seed: 11, orders: 30, startAt: Date.UTC(2026, 10, 22, 10) });
  const [first, second] = truth.chains.filter((chain) => chain.hops.some((hop) => hop.cloud === "azure"));
  const rows = world.rows.get(WORKSPACE_GUID)!;
  const traceOf = rows["AppTraces"]!.find((row) => String(row["Message"]).includes(second!.id))!["OperationId"];
  const text = JSON.stringify(rows)
    .replaceAll(SUBSCRIPTION, SAMPLE.subscription)
    .replaceAll(first!.id, SAMPLE.order)
    .replaceAll(String(traceOf), SAMPLE.trace);
  return JSON.parse(text) as Record<string, Row[]>;
}

describe("KQL", () => {
  let db: RowsDb;
  const rows = sampleRows();
  const answers = new Map<string, Answer>();

  beforeAll(async () => {
    db = await RowsDb.open();
    for (const [table, columns] of Object.entries(WORKSPACE)) await db.fill("w", table, columns, rows[table] ?? []);
  });
  afterAll(() => db.close());

  it.each(queries)("$name: Microsoft's parser understands it", ({ kql, dialect }) => {
    const bound = bind(kql, dialect === "workspace" ? WORKSPACE : COMPONENT);
    expect(bound.problems).toEqual([]);
    expect(bound.columns.length).toBeGreaterThan(0);
  });

  it.each(queries.filter((one) => one.via === "paid"))("$name: what the search of cheap tables takes", ({ kql }) => {
    // one table, and none of the operators that join tables: https://learn.microsoft.com/azure/azure-monitor/logs/basic-logs-query
    expect(kql).not.toMatch(/\b(?:join|union|find|search|externaldata)\b|^\s*let\b/);
    expect(Object.keys(WORKSPACE).filter((table) => kql.startsWith(table))).toHaveLength(1);
  });

  it("all of them run on rows, and those of what happened find it", async () => {
    for (const { name, kql, dialect } of queries) {
      const ask =
        dialect === "workspace"
          ? db.ask(kql, WORKSPACE, (table) => `SELECT * FROM "w"."${table}"`, NOW)
          : db.ask(kql, COMPONENT, (table) => viewOfComponent("w", table, null), NOW);
      const answer = await ask;
      expect(answer.problems, name).toEqual([]);
      answers.set(name, answer);
    }
    const count = (name: string): number => answers.get(name)!.rows.length;
    for (const dialect of ["workspace", "component"]) {
      expect(count(`${dialect} rows requests`)).toBe(rows["AppRequests"]!.length);
      expect(count(`${dialect} rows traces`)).toBe(rows["AppTraces"]!.length);
      expect(count(`${dialect} rows of some apps`)).toBe(0);
      expect(count(`${dialect} search`)).toBeGreaterThan(5);
    }
    expect(count("workspace rows hostlogs")).toBe(rows["FunctionAppLogs"]!.length);
    // what holds the order's ID, by a search that knows nothing of KQL
    const operations = answers.get("workspace operations")!.rows.map(([operation]) => operation);
    const carrying = Object.values(rows)
      .flat()
      .filter((row) => JSON.stringify(row).includes(SAMPLE.order) && row["OperationId"])
      .map((row) => row["OperationId"]);
    expect(carrying.length).toBeGreaterThan(0);
    expect(operations).toEqual(expect.arrayContaining(carrying));
    expect(operations).toContain(SAMPLE.trace);
  });

  const python = spawnSync("python3", ["-c", "import duckdb_kql"]).status === 0;
  if (!python && process.env["CI"] === "true") throw new Error("duckdb-kql is not installed (pip install duckdb-kql==1.1.2)");
  if (!python) console.warn("skipped: duckdb-kql is not installed (pip install duckdb-kql==1.1.2)");
  it.skipIf(!python)("another translation answers the same", async () => {
    const asked = queries.filter((one) => one.dialect === "workspace");
    const schema = Object.fromEntries(Object.entries(WORKSPACE).map(([name, columns]) => [name, Object.keys(columns)]));
    const script = fileURLToPath(new URL("../support/azure/duckdb_kql_sql.py", import.meta.url));
    const input = JSON.stringify({ schema, queries: asked.map((one) => one.kql) });
    const ran = spawnSync("python3", [script], { input, encoding: "utf8", maxBuffer: 1 << 28 });
    expect(ran.status, ran.stderr).toBe(0);
    const theirs = JSON.parse(ran.stdout) as { sql?: string; error?: string }[];
    const engine = await engineWith(rows);
    const differ: string[] = [];
    for (const [i, { name }] of asked.entries()) {
      const { sql, error } = theirs[i]!;
      if (sql === undefined) {
        differ.push(`${name}: ${error}`);
        continue;
      }
      const their = await engine.rows(`SELECT CAST(to_json(t) AS VARCHAR) FROM (${sql.replace(/;\s*$/, "")}) t`);
      const ours = answers.get(name)!;
      const own = ours.rows.map((row) => Object.fromEntries(ours.columns.map((column, at) => [column.name, row[at]])));
      expect(canonical(their.map(([row]) => JSON.parse(String(row)))), name).toEqual(canonical(own));
    }
    engine.close();
    // what it does not translate is named here, so that a text that falls out is noticed
    expect(differ).toEqual([]);
  });
});

/** Tables of the types that duckdb-kql thinks in. */
async function engineWith(rows: Record<string, Row[]>): Promise<Engine> {
  const engine = await Engine.open({ threads: 1, memoryMib: 512, spillDir: null });
  const types: Record<string, string> = {
    bool: "BOOLEAN",
    datetime: "TIMESTAMP",
    int: "INTEGER",
    long: "BIGINT",
    real: "DOUBLE",
    dynamic: "JSON",
  };
  for (const [table, columns] of Object.entries(WORKSPACE)) {
    await engine.run(
      `CREATE TABLE "${table}" (${Object.entries(columns)
        .map(([name, type]) => `"${name}" ${types[type] ?? "VARCHAR"}`)
        .join(", ")})`,
    );
    for (const row of rows[table] ?? []) {
      const cells = Object.entries(columns).map(([name, type]) => {
        const value = row[name];
        if (value === undefined || value === null) return type === "string" ? "''" : "NULL";
        return quote(typeof value === "object" ? JSON.stringify(value) : String(value));
      });
      await engine.run(`INSERT INTO "${table}" VALUES (${cells.join(", ")})`);
    }
  }
  return engine;
}

/** Rows as sorted text: times to the microsecond, dynamics as values, nothing and empty text alike. */
function canonical(rows: readonly Record<string, unknown>[]): string[] {
  const cell = (value: unknown): unknown => {
    if (value === null || value === undefined || value === "") return null;
    if (typeof value === "string" && /^\d{4}-\d\d-\d\d[T ]/.test(value)) {
      const [, seconds, digits = ""] = /^(.{19})(?:\.(\d+))?/.exec(value)!;
      return `${seconds!.replace(" ", "T")}.${digits.padEnd(6, "0").slice(0, 6)}`;
    }
    if (typeof value === "string" && /^[{["]/.test(value)) return JSON.parse(value);
    return value;
  };
  const sorted = (row: Record<string, unknown>): [string, unknown][] => Object.entries(row).sort(([a], [b]) => a.localeCompare(b));
  return rows.map((row) => JSON.stringify(sorted(row).map(([name, value]) => [name, cell(value)]))).sort();
}
