/**
 * Query results of Application Insights and Log Analytics: the REST answer, what the SDKs and the CLI make of it, and its rows as NDJSON.
 * https://learn.microsoft.com/azure/azure-monitor/logs/api/response-format
 */
import type { Format, Position, Reader, Sink, Source } from "../../model/formats.ts";
import type { IdKeys } from "../../model/id-keys.ts";
import { type JsonObject, isObject } from "../../model/json.ts";
import type { Gap, Json } from "../../model/records.ts";
import { cutByLimit, errorOf } from "./answers.ts";
import { type Telemetry, notReadReason, tableOf, telemetry } from "./normalise.ts";
import { type Row, fieldOf, rowOf } from "./schema.ts";
import { textOf } from "./values.ts";

interface Table {
  name: string | null;
  columns: string[];
  rows: Json[];
}

function columnNames(table: JsonObject): string[] | null {
  const columns = table["columns"] ?? table["Columns"] ?? table["columnDescriptors"];
  if (!Array.isArray(columns)) return null;
  return columns.map((column) =>
    isObject(column) ? (textOf(column["name"]) ?? textOf(column["ColumnName"]) ?? "") : (textOf(column) ?? ""),
  );
}

function tableIn(value: Json): Table | null {
  if (!isObject(value)) return null;
  const columns = columnNames(value);
  const rows = value["rows"] ?? value["Rows"];
  return columns === null || !Array.isArray(rows) ? null : { name: textOf(value["name"]) ?? textOf(value["TableName"]), columns, rows };
}

/** Tables of an answer; SDKs call those of a partial one `partialTables`. null: not such an answer. */
function tablesIn(body: Json): Table[] | null {
  if (!isObject(body)) return null;
  const all = body["tables"] ?? body["Tables"] ?? body["partialTables"];
  if (!Array.isArray(all)) {
    const alone = tableIn(body);
    return alone === null ? null : [alone];
  }
  const tables = all.map(tableIn).filter((table) => table !== null);
  return tables.length === 0 && all.length > 0 ? null : tables;
}

/** A row as an object (CLI, NDJSON, `Table` exports); null: not telemetry. */
function rowIn(value: Json): Row | null {
  if (!isObject(value)) return null;
  const row = rowOf(Object.entries(value));
  return tableOf(row, null) === null ? null : row;
}

/** Columns that only these tables have. */
const OWN_COLUMNS = [
  "OperationId",
  "operation_Id",
  "AppRoleName",
  "cloud_RoleName",
  "customDimensions",
  "itemType",
  "FunctionInvocationId",
  "HostInstanceId",
  "_ResourceId",
];

/** How sure it is that an object is a row: it has a time and columns that only these tables have. */
function rowScore(value: Json): number {
  if (rowIn(value) === null || !isObject(value)) return 0;
  const own = OWN_COLUMNS.filter((column) => column in value).length;
  return own >= 2 || (own === 1 && ("TimeGenerated" in value || "timestamp" in value)) ? 80 : 0;
}

function score(document: Json): number {
  const tables = tablesIn(document);
  if (tables !== null) return tables.length > 0 && tables.every((table) => table.columns.length > 0) ? 85 : 30;
  return Math.max(0, ...(Array.isArray(document) ? document : [document]).slice(0, 5).map(rowScore));
}

/** Says what the answer lacks: a partial error, a limit that the service put on the query. */
function gapsOf(body: JsonObject, rows: number, source: Source): Gap[] {
  const scope = { cloud: "azure" as const, account: source.account, region: source.region };
  const gaps: Gap[] = [];
  const gap = (why: string): void => {
    gaps.push({ type: "gap", ...scope, what: "Application Insights / Log Analytics query result", why, from: null, to: null });
  };
  const failure = errorOf(body) ?? (isObject(body["partialError"]) ? errorOf({ error: body["partialError"] }) : null);
  if (failure !== null) gap(`the query ended with ${failure.code}: ${failure.message}`);
  for (const text of cutByLimit(body, rows)) gap(text);
  return gaps;
}

/** Reads the tables of a body row by row. */
export function readTables(body: Json, into: Telemetry, sink: Sink, source: Source, at: Position): boolean {
  const tables = tablesIn(body);
  const rows = (tables ?? []).reduce((sum, table) => sum + table.rows.length, 0);
  if (isObject(body)) for (const gap of gapsOf(body, rows, source)) sink.record(gap);
  for (const table of tables ?? []) {
    if (table.rows.length === 0) sink.ignored("a query result without rows");
    for (const cells of table.rows) {
      const entries: [string, Json | undefined][] | null = Array.isArray(cells)
        ? table.columns.map((column, i) => [column, cells[i]])
        : isObject(cells)
          ? Object.entries(cells)
          : null;
      if (entries === null) sink.broken("a row that is neither a list of cells nor an object", at);
      else into.row(rowOf(entries), table.name === "PrimaryResult" ? null : table.name, at);
    }
  }
  return tables !== null;
}

function open(source: Source, sink: Sink, keys: IdKeys): Reader {
  const into = telemetry(source, sink, keys);
  function readBody(body: Json, at: Position): void {
    if (readTables(body, into, sink, source, at)) return;
    const items = Array.isArray(body) ? body : [body];
    for (const item of items) {
      if (!isObject(item)) {
        sink.broken("expected a row as an object", at);
        continue;
      }
      const row = rowOf(Object.entries(item));
      if (errorOf(item) !== null && Object.keys(row.fields).length === 0) sink.broken(`the query failed: ${errorOf(item)!.message}`, at);
      else if (Object.keys(item).some((column) => fieldOf(column) !== null)) into.row(row, null, at);
      else sink.ignored(notReadReason(row, null));
    }
  }
  return {
    read(document, at) {
      readBody(document, at);
    },
    end: () => into.end(),
  };
}

export const logTables: Format = {
  id: "azure.log-tables",
  title: "Application Insights / Log Analytics query result",
  kind: "json",
  lookedFor: '{"tables":[{"columns":[…],"rows":[…]}]}, or rows with TimeGenerated/timestamp and OperationId/operation_Id',
  recognise: score,
  open,
};
