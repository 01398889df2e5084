/** Every query that evscope asks of Log Analytics and Application Insights, as KQL. Pure; `kql-catalogue.ts` lists the shapes. */
import type { Ms } from "../../model/units.ts";
import type { Span } from "../room.ts";
import { anyOf, literal, literals, pipeline, timespan, union, within } from "./kql.ts";
import { type Dialect, shapeOf, type Table, type TableShape } from "./kql-tables.ts";

/** Whose rows. A component has its own only; a workspace may hold those of many subscriptions. */
export interface AppScope {
  subscription: string;
  /** Names of apps (cloud roles), any case. Their component may lie in another subscription than they do. */
  apps: readonly string[];
  /** true: rows of these apps alone; false: of everything else in the subscription too. */
  only: boolean;
}

/** Names that a query lists where it asks for the whole subscription anyway. */
const MOST_NAMES = 500;

/** What every query of rows needs to know. */
export interface Where {
  dialect: Dialect;
  scope: AppScope;
  window: Span;
}

/** platform: of `traces` and `hostlogs` only the host's own lines about runs; other tables are read whole. */
export type Lines = "platform" | "all";

/** Lines of the host that `function-lines.ts` reads: begin and end of a run, its instance's start, out of time, out of memory. */
const HOST_LINES = {
  startswith: ["Executing '", "Executed '", "Host started (", "Job host started (", "Timeout value of "],
  has: ["FunctionTimeoutException", "OutOfMemoryException", "OutOfMemoryError", "JavaScript heap out of memory"],
} as const;

function hostLines(shape: TableShape): string {
  const column = shape.name === "traces" ? "message" : "Message";
  return anyOf([
    ...HOST_LINES.startswith.map((text) => `${column} startswith ${literal(text)}`),
    ...HOST_LINES.has.map((text) => `${column} has ${literal(text)}`),
  ]);
}

/** The steps that narrow a table to the rows that are meant. */
function rowsOf(shape: TableShape, where: Where, lines: Lines = "all"): string[] {
  const { scope, dialect, window } = where;
  const steps = [`where ${within(shape.time, window)}`];
  const named = `${shape.app} in~ ${literals(scope.apps)}`;
  if (scope.only) steps.push(`where ${named}`);
  else if (dialect === "workspace") {
    const own = `_ResourceId startswith ${literal(`/subscriptions/${scope.subscription}/`)}`;
    steps.push(`where ${scope.apps.length === 0 || scope.apps.length > MOST_NAMES ? own : anyOf([own, named])}`);
  }
  if (lines === "platform" && /traces$|logs$/i.test(shape.name)) steps.push(`where ${hostLines(shape)}`);
  return steps;
}

function project(shape: TableShape): string {
  return `project ${shape.columns.join(", ")}`;
}

/**
 * Rows of one table in order of time. `maxRows`: one more is asked for, so that a longer answer is seen to be cut. The whole table must be
 * of the Analytics plan.
 */
export function rowsKql(table: Table, where: Where, lines: Lines, maxRows: number): string | null {
  const shape = shapeOf(where.dialect, table);
  if (shape === null) return null;
  return pipeline(shape.name, ...rowsOf(shape, where, lines), project(shape), `take ${maxRows + 1}`, `sort by ${shape.time} asc`);
}

/** The same for a Basic or Auxiliary table, whose queries know fewer operators; cut by the service's own limits. */
export function paidRowsKql(table: Table, where: Where, lines: Lines): string | null {
  const shape = shapeOf(where.dialect, table);
  return shape === null ? null : pipeline(shape.name, ...rowsOf(shape, where, lines), project(shape));
}

/**
 * How many rows there are, how many items they stand for (sampling), and how many bytes they are, by table and slot of time: columns
 * `Source` (the table's name), `Slot`, `Count`, `Items`, `Bytes` (not for a component, which does not tell).
 */
export function sizesKql(tables: readonly Table[], where: Where, lines: Lines, slotMs: Ms): string | null {
  const legs = shapes(where.dialect, tables).map((shape) => {
    const figures = ["Count = count()", `Items = ${shape.itemCount === null ? "count()" : `sum(${shape.itemCount})`}`];
    if (shape.billedSize !== null) figures.push(`Bytes = sum(${shape.billedSize})`);
    const slot = `Slot = bin(${shape.time}, ${timespan(slotMs)})`;
    return pipeline(
      shape.name,
      ...rowsOf(shape, where, lines),
      `summarize ${figures.join(", ")} by ${slot}`,
      `extend Source = ${literal(shape.name)}`,
    );
  });
  return legs.length === 0 ? null : union(legs);
}

/** What was ingested into tables of a workspace, all apps together, by hour: columns `DataType`, `Megabytes` (of 10^6 bytes). */
export function usageKql(tables: readonly Table[], window: Span): string {
  const names = shapes("workspace", tables).map((shape) => shape.name);
  return pipeline(
    "Usage",
    `where EndTime > datetime(${new Date(window.from).toISOString()}) and StartTime < datetime(${new Date(window.to).toISOString()})`,
    `where DataType in ${literals(names)}`,
    "summarize Megabytes = sum(Quantity) by DataType",
  );
}

/** Operations of one search at most; one more is asked for, so that more are seen. */
export const MAX_OPERATIONS = 500;
/** Operations that one batch continues, read along with it. */
const MAX_LINKED = 100;

/** Some text of the row holds one of the wanted terms (whole words, any case). */
function holdsWanted(shape: TableShape): string {
  return anyOf([
    ...shape.texts.map((column) => `${column} has_any (wanted)`),
    ...shape.bags.map((column) => `tostring(${column}) has_any (wanted)`),
  ]);
}

function wantedTerms(terms: readonly string[]): string {
  return `let wanted = dynamic([${terms.map(literal).join(", ")}]);\n`;
}

/** Operations that hold one of the terms: column `Operation`. null: no table of these has operations. */
export function operationsKql(tables: readonly Table[], where: Where, terms: readonly string[]): string | null {
  const found = operations(tables, where);
  return found === null ? null : `${wantedTerms(terms)}${found}`;
}

function operations(tables: readonly Table[], where: Where): string | null {
  const own = shapes(where.dialect, tables).filter((shape) => shape.operation !== null);
  if (own.length === 0) return null;
  const holding = own.map((shape) =>
    pipeline(shape.name, ...rowsOf(shape, where), `where ${holdsWanted(shape)}`, `project Operation = ${shape.operation!}`),
  );
  const requests = tables.includes("requests") ? shapeOf(where.dialect, "requests") : null;
  const legs = requests === null ? holding : [...holding, linkedOperations(requests, where)];
  return pipeline(union(legs), "where isnotempty(Operation)", "distinct Operation", `take ${MAX_OPERATIONS + 1}`);
}

/**
 * Operations that a wanted batch continues (`_MS.links` of its request). Only where the batch itself is asked for, by operation or
 * InvocationId: one that merely continues a wanted operation continues others of no interest.
 */
function linkedOperations(shape: TableShape, where: Where): string {
  const bag = shape.bags[0]!;
  return pipeline(
    shape.name,
    ...rowsOf(shape, where),
    `where ${shape.operation!} in~ (wanted) or tostring(${bag}["InvocationId"]) in~ (wanted)`,
    `mv-expand Link = parse_json(tostring(${bag}["_MS.links"]))`,
    `project Operation = tostring(Link["operation_Id"])`,
    `take ${MAX_LINKED}`,
  );
}

/**
 * Whole operations that hold one of the terms, with rows of no operation that hold one, in one query. `maxRows`: one more is asked for.
 * null: none of these tables is there.
 */
export function searchKql(tables: readonly Table[], where: Where, terms: readonly string[], maxRows: number): string | null {
  const legs = shapes(where.dialect, tables).map((shape) => {
    const wanted = shape.operation === null ? holdsWanted(shape) : `${shape.operation} in (found) or ${holdsWanted(shape)}`;
    return pipeline(shape.name, ...rowsOf(shape, where), `where ${wanted}`, project(shape));
  });
  if (legs.length === 0) return null;
  const found = operations(tables, where);
  const operationsFound = found === null ? "" : `let found = ${found};\n`;
  return `${wantedTerms(terms)}${operationsFound}${pipeline(union(legs), `take ${maxRows + 1}`)}`;
}

/** Rows of known operations, and rows that hold one of the terms: what `searchKql` gives, once the operations are known. */
export function operationRowsKql(
  table: Table,
  where: Where,
  found: readonly string[],
  terms: readonly string[],
  maxRows: number,
): string | null {
  const shape = shapeOf(where.dialect, table);
  if (shape === null) return null;
  const own = shape.operation === null || found.length === 0 ? "" : `${shape.operation} in ${literals(found)} or `;
  const rows = pipeline(shape.name, ...rowsOf(shape, where), `where ${own}${holdsWanted(shape)}`, project(shape), `take ${maxRows + 1}`);
  return `${wantedTerms(terms)}${rows}`;
}

/** Rows of a Basic or Auxiliary table that hold one of the terms. */
export function paidSearchKql(table: Table, where: Where, terms: readonly string[]): string | null {
  const shape = shapeOf(where.dialect, table);
  if (shape === null) return null;
  const columns = [...shape.texts, ...shape.bags.map((column) => `tostring(${column})`)];
  const holds = anyOf(columns.map((column) => `${column} has_any ${literals(terms)}`));
  return pipeline(shape.name, ...rowsOf(shape, where), `where ${holds}`, project(shape));
}

function shapes(dialect: Dialect, tables: readonly Table[]): TableShape[] {
  return tables.map((table) => shapeOf(dialect, table)).filter((shape) => shape !== null);
}
