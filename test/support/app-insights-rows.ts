/**
 * Rows of Application Insights about `PlaceOrder` (HTTP) -> Service Bus queue `shipments` -> `ShipOrder`, shaped after what the Functions
 * host 4 and the Service Bus SDK write: https://learn.microsoft.com/azure/azure-monitor/reference/tables/apprequests
 */
import type { Json } from "../../src/model/records.ts";

export type AppRow = { [column: string]: Json };

/** Times in rows are milliseconds after it. */
export const T0 = Date.UTC(2026, 10, 23, 9);

const columns = (type: string, app: string, at: number, operation: string, parent: string | null): AppRow => ({
  TimeGenerated: new Date(T0 + at).toISOString().replace("Z", "0000Z"),
  OperationId: operation,
  ParentId: parent,
  AppRoleName: app,
  AppRoleInstance: `${app}-0`,
  SDKVersion: "azurefunctions: 4.1036.3.23284",
  ItemCount: 1,
  Type: type,
});

export interface Run {
  app: string;
  fn: string;
  invocationId: string;
  operation: string;
  /** Span of the run. */
  id: string;
  parent: string;
  at: number;
  ms: number;
}

/** The run itself. `properties` go into Properties, `more` are columns. */
export const requestRow = (run: Run, properties: AppRow = {}, more: AppRow = {}): AppRow => ({
  ...columns("AppRequests", run.app, run.at, run.operation, run.parent),
  OperationName: run.fn,
  Name: run.fn,
  Id: run.id,
  Success: true,
  ResultCode: "0",
  DurationMs: run.ms,
  Properties: {
    InvocationId: run.invocationId,
    Category: "Host.Results",
    FullName: `Functions.${run.fn}`,
    FunctionExecutionTimeMs: String(run.ms),
    ...properties,
  },
  ...more,
});

/** The span of one message that a run sends; its ID travels in the message as `Diagnostic-Id`. */
export const messageRow = (run: Run, id: string, at: number, more: AppRow = {}): AppRow => ({
  ...columns("AppDependencies", run.app, at, run.operation, run.id),
  OperationName: run.fn,
  Id: id,
  Name: "Message",
  DependencyType: "Queue Message | Azure Service Bus",
  Target: "shop.servicebus.windows.net/shipments",
  DurationMs: 0.2,
  Success: true,
  ResultCode: "0",
  Properties: { InvocationId: run.invocationId, Category: "Host.Bindings" },
  ...more,
});

/** A line that the host writes about a run. */
export const lineRow = (run: Run, at: number, message: string, category = `Function.${run.fn}`): AppRow => ({
  ...columns("AppTraces", run.app, at, run.operation, run.id),
  OperationName: run.fn,
  Message: message,
  SeverityLevel: 1,
  Properties: { InvocationId: run.invocationId, Category: category, LogLevel: "Information" },
});

/** `Executing` and `Executed` of a run. */
export const hostRows = (run: Run, reason: string): AppRow[] => [
  lineRow(run, run.at, `Executing 'Functions.${run.fn}' (Reason='${reason}', Id=${run.invocationId})`),
  lineRow(run, run.at + run.ms, `Executed 'Functions.${run.fn}' (Succeeded, Id=${run.invocationId}, Duration=${Math.round(run.ms)}ms)`),
];

const CLASSIC: { [column: string]: string } = {
  TimeGenerated: "timestamp",
  OperationId: "operation_Id",
  ParentId: "operation_ParentId",
  OperationName: "operation_Name",
  AppRoleName: "cloud_RoleName",
  AppRoleInstance: "cloud_RoleInstance",
  SDKVersion: "sdkVersion",
  ItemCount: "itemCount",
  Id: "id",
  Name: "name",
  Success: "success",
  ResultCode: "resultCode",
  DurationMs: "duration",
  Properties: "customDimensions",
  Measurements: "customMeasurements",
  Source: "source",
  Url: "url",
  Target: "target",
  DependencyType: "type",
  Data: "data",
  Message: "message",
  SeverityLevel: "severityLevel",
};
const ITEM_TYPES: { [table: string]: string } = { AppRequests: "request", AppDependencies: "dependency", AppTraces: "trace" };

/** The same row as the classic tables (`requests`, `dependencies`, `traces`) name it: JSON in strings, "True" for true. */
export function classic(row: AppRow): AppRow {
  const out: AppRow = { itemType: ITEM_TYPES[String(row["Type"])]! };
  for (const [column, value] of Object.entries(row)) {
    if (column === "Type") continue;
    const name = CLASSIC[column];
    if (name === undefined) throw new Error(`no classic column of ${column}`);
    out[name] =
      typeof value === "boolean" ? (value ? "True" : "False") : typeof value === "object" && value !== null ? JSON.stringify(value) : value;
  }
  return out;
}

/** The answer of a query for these rows. */
export function queryAnswer(rows: readonly AppRow[]): Json {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cell = (value: Json | undefined): Json => (typeof value === "object" && value !== null ? JSON.stringify(value) : (value ?? null));
  return {
    tables: [
      {
        name: "PrimaryResult",
        columns: names.map((name) => ({ name, type: "dynamic" })),
        rows: rows.map((row) => names.map((name) => cell(row[name]))),
      },
    ],
  };
}
