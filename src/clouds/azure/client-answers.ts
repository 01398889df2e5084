/** Answers of Log Analytics, and lists of ARM, as `api.ts` hands them out. */
import { type JsonObject, arrayAt, isObject, numberAt, objectAt, textAt } from "../../model/json.ts";
import { type Api, AzureError, type LogsAnswer } from "./api.ts";

/** The objects of a page's list. Throws AzureError where it has none. */
export function rowsOf(api: Api, answer: JsonObject, field: string): JsonObject[] {
  const rows = arrayAt(answer, field);
  if (rows === null) throw new AzureError("broken-answer", api, "UnreadableAnswer", `the page has no list "${field}"`, 200, 1);
  return rows.filter(isObject);
}

/** https://learn.microsoft.com/azure/azure-monitor/logs/api/response-format */
export function logsOf(api: Api, answer: JsonObject): LogsAnswer {
  const broken = (why: string): AzureError => new AzureError("broken-answer", api, "UnreadableAnswer", why, 200, 1);
  const tables = (arrayAt(answer, "tables") ?? []).filter(isObject).map((table) => {
    const [columns, rows] = [arrayAt(table, "columns"), arrayAt(table, "rows")];
    if (columns === null || rows === null) throw broken("a table without columns or rows");
    if (!columns.every(isObject)) throw broken("a column without a name");
    return {
      name: textAt(table, "name") ?? "",
      columns: columns.map((one) => ({ name: textAt(one, "name") ?? "", type: textAt(one, "type") ?? "" })),
      rows: rows.filter((row) => Array.isArray(row)),
    };
  });
  const error = objectAt(answer, "error");
  if (tables.length === 0 && error === null && arrayAt(answer, "tables") === null) throw broken("no tables");
  const detail = error === null ? null : (arrayAt(error, "details") ?? []).find(isObject);
  // the specification leaves statistics open; the name is that of the service's own query logs (LAQueryLogs.StatsDataProcessedKB)
  const processedKb = numberAt(objectAt(objectAt(answer, "statistics") ?? {}, "query") ?? {}, "dataProcessedKB");
  return {
    tables,
    scannedBytes: processedKb === null ? null : processedKb * 1024,
    partial:
      error === null
        ? null
        : {
            code: textAt(detail ?? error, "code") ?? "PartialError",
            message: (innermost(detail ?? error) ?? textAt(error, "message") ?? "").slice(0, 500),
          },
  };
}

/** The service says which limit was met in the innermost error. */
function innermost(error: JsonObject): string | null {
  const inner = objectAt(error, "innererror");
  return (inner === null ? null : innermost(inner)) ?? textAt(error, "message");
}
