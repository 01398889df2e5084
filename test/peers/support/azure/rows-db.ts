/** Tables of rows in DuckDB, asked in KQL. */
import { Engine, quote } from "../../../../src/store/duckdb.ts";
import { ident } from "./kql-expressions.ts";
import { SQL_TYPE, translate } from "./kql-sql.ts";
import { isoOf, TICKS_PER_MS, ticksOf } from "./syntax.ts";
import type { Columns, KustoType, Tables } from "./table-schemas.ts";

export type Row = Readonly<Record<string, unknown>>;

export interface Answer {
  columns: { name: string; type: KustoType }[];
  rows: (string | number | boolean | null)[][];
  /** What Microsoft's parser objects to; then there are no rows. */
  problems: string[];
}

const ROWS_PER_INSERT = 500;

export class RowsDb {
  readonly #engine: Engine;
  readonly #schemas = new Set<string>();

  private constructor(engine: Engine) {
    this.#engine = engine;
  }

  static async open(): Promise<RowsDb> {
    return new RowsDb(await Engine.open({ threads: 1, memoryMib: 512, spillDir: null }));
  }

  /** Makes (or makes anew) a table with these rows; columns that the schema does not have are an error of the test. */
  async fill(schema: string, table: string, columns: Columns, rows: readonly Row[]): Promise<void> {
    if (!this.#schemas.has(schema)) await this.#engine.run(`CREATE SCHEMA ${ident(schema)}`);
    this.#schemas.add(schema);
    const target = `${ident(schema)}.${ident(table)}`;
    const names = Object.keys(columns);
    const stranger = rows.flatMap((row) => Object.keys(row)).find((name) => !(name in columns));
    if (stranger !== undefined) throw new TypeError(`${table} has no column ${stranger}`);
    await this.#engine.run(
      `CREATE OR REPLACE TABLE ${target} (${names.map((name) => `${ident(name)} ${SQL_TYPE[columns[name]!] ?? "VARCHAR"}`).join(", ")})`,
    );
    for (let i = 0; i < rows.length; i += ROWS_PER_INSERT) {
      const values = rows
        .slice(i, i + ROWS_PER_INSERT)
        .map((row) => `(${names.map((name) => cellOf(row[name], columns[name]!)).join(", ")})`);
      await this.#engine.run(`INSERT INTO ${target} VALUES ${values.join(", ")}`);
    }
  }

  async run(sql: string): Promise<void> {
    await this.#engine.run(sql);
  }

  /** Answers a text as the service would at `nowMs`. `from`: SQL of each table that the text may name. */
  async ask(kql: string, tables: Tables, from: (table: string) => string, nowMs: number): Promise<Answer> {
    const { sql, columns, problems } = translate(kql, tables, from, BigInt(nowMs) * TICKS_PER_MS);
    if (problems.length > 0) return { columns: [], rows: [], problems };
    const rows = await this.#engine.rows(sql).catch((error: Error) => {
      throw new Error(`${error.message}\nin ${sql}\nof ${kql}`);
    });
    return { columns, problems, rows: rows.map((row) => row.map((cell, i) => told(cell, columns[i]!.type))) };
  }

  close(): void {
    this.#engine.close();
  }
}

function cellOf(value: unknown, type: KustoType): string {
  if (value === undefined || value === null) return type === "string" || type === "guid" ? "''" : "NULL";
  switch (type) {
    case "datetime":
      return String(ticksOf(String(value)) ?? "NULL");
    case "dynamic":
      return quote(typeof value === "string" ? value : JSON.stringify(value));
    case "bool":
      return value === true || /^true$/i.test(String(value)) ? "TRUE" : "FALSE";
    case "int":
    case "long":
    case "real":
      return String(Number(value));
    default:
      return quote(String(value));
  }
}

/** As it stands in an answer: numbers as numbers, dynamics as text of JSON. */
function told(cell: string | number | boolean | null, type: KustoType): string | number | boolean | null {
  if (cell === null) return null;
  if (type === "datetime") return isoOf(BigInt(cell as string));
  if (type === "timespan") {
    const ticks = BigInt(cell as string);
    const s = Number(ticks / 10_000_000n);
    return `${String(Math.floor(s / 3600)).padStart(2, "0")}:${String(Math.floor(s / 60) % 60).padStart(2, "0")}:${String(s % 60).padStart(2, "0")}`;
  }
  return type === "int" || type === "long" ? Number(cell) : cell;
}
