/** One text of every shape that `kql-queries.ts` makes, with sample arguments: what parsers and engines of others can be asked about. */
import type { Span } from "../room.ts";
import type { Dialect, Table } from "./kql-tables.ts";
import * as kql from "./kql-queries.ts";

export interface SampleQuery {
  /** `workspace rows traces platform`: unique and stable. */
  name: string;
  dialect: Dialect;
  /** paid: for tables of the Basic and Auxiliary plans, by the search API. */
  via: "query" | "paid";
  kql: string;
}

const TABLES: readonly Table[] = ["requests", "dependencies", "traces", "exceptions", "events", "hostlogs"];
const WINDOW: Span = { from: Date.UTC(2026, 10, 22), to: Date.UTC(2026, 10, 23) };
/** Terms that would break out of a literal that is not escaped. */
const TERMS = ["4bf92f3577b34da6a3ce929d0e0e4736", "ORD-42", String.raw`a"b\c'd`, "x\n| take 1 // é"];
const MAX_ROWS = 20_000;
const HOUR_MS = 3_600_000;

/** Every shape; texts without an answer in a dialect are left out. */
export function allQueries(): SampleQuery[] {
  const found: SampleQuery[] = [];
  const add = (dialect: Dialect, name: string, text: string | null, via: SampleQuery["via"] = "query"): void => {
    if (text !== null) found.push({ name: `${dialect} ${name}`, dialect, via, kql: text });
  };
  for (const dialect of ["workspace", "component"] as const) {
    const scope = { subscription: "00000000-0000-4000-8000-000000000001", apps: ["shop-quote"], only: false };
    const where: kql.Where = { dialect, scope, window: WINDOW };
    const some: kql.Where = { ...where, scope: { ...scope, apps: ["shop-quote", 'o"dd\\'], only: true } };
    for (const table of TABLES) {
      add(dialect, `rows ${table}`, kql.rowsKql(table, where, "all", MAX_ROWS));
      add(dialect, `operation rows ${table}`, kql.operationRowsKql(table, where, [TERMS[0]!], TERMS, MAX_ROWS));
    }
    add(dialect, "rows of some apps", kql.rowsKql("requests", some, "all", MAX_ROWS));
    for (const table of ["traces", "hostlogs"] as const)
      add(dialect, `rows ${table} platform`, kql.rowsKql(table, where, "platform", MAX_ROWS));
    add(dialect, "sizes", kql.sizesKql(TABLES, some, "platform", HOUR_MS));
    add(dialect, "sizes of one table", kql.sizesKql(["dependencies"], where, "all", HOUR_MS));
    add(dialect, "operations", kql.operationsKql(TABLES, where, TERMS));
    add(dialect, "search", kql.searchKql(TABLES, where, TERMS, MAX_ROWS));
    add(dialect, "search of host logs", kql.searchKql(["hostlogs"], some, TERMS, MAX_ROWS));
  }
  const where: kql.Where = {
    dialect: "workspace",
    scope: { subscription: "00000000-0000-4000-8000-000000000001", apps: ["shop-quote"], only: false },
    window: WINDOW,
  };
  for (const table of ["traces", "hostlogs"] as const) {
    add("workspace", `paid rows ${table}`, kql.paidRowsKql(table, where, "platform"), "paid");
    add("workspace", `paid search ${table}`, kql.paidSearchKql(table, where, TERMS), "paid");
  }
  add("workspace", "usage", kql.usageKql(["traces", "hostlogs"], WINDOW));
  return found;
}
