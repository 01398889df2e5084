/**
 * The tables of Application Insights that are read, in both dialects: as a Log Analytics workspace keeps them, and as a query on the
 * component itself sees them. Only columns that the readers of rows use are asked for.
 * https://learn.microsoft.com/azure/azure-monitor/app/convert-classic-resource#workspace-based-resource-changes
 * https://learn.microsoft.com/azure/azure-monitor/reference/tables/functionapplogs
 */

/** workspace: `AppRequests.OperationId`. component: `requests.operation_Id`. */
export type Dialect = "workspace" | "component";

/** hostlogs: FunctionAppLogs, which a diagnostic setting of the app writes, unsampled. */
export type Table = "requests" | "dependencies" | "traces" | "exceptions" | "events" | "hostlogs";

/** A table in one dialect. */
export interface TableShape {
  name: string;
  time: string;
  /** Which app wrote the row. */
  app: string;
  /** null: rows belong to no operation. */
  operation: string | null;
  /** null: no row stands for others. */
  itemCount: string | null;
  /** What the service bills of a row, in bytes; null: not told. */
  billedSize: string | null;
  /** Columns whose text may hold an ID. `dynamic` ones are among `bags`. */
  texts: readonly string[];
  bags: readonly string[];
  /** What is projected. */
  columns: readonly string[];
}

const WORKSPACE_COMMON = [
  "TimeGenerated",
  "Type",
  "OperationId",
  "ParentId",
  "OperationName",
  "AppRoleName",
  "AppRoleInstance",
  "Properties",
  "ItemCount",
  "_ResourceId",
  "_BilledSize",
];
const COMPONENT_COMMON = [
  "timestamp",
  "itemType",
  "operation_Id",
  "operation_ParentId",
  "operation_Name",
  "cloud_RoleName",
  "cloud_RoleInstance",
  "customDimensions",
  "itemCount",
];

function workspaceTable(name: string, texts: readonly string[], own: readonly string[]): TableShape {
  return {
    name,
    time: "TimeGenerated",
    app: "AppRoleName",
    operation: "OperationId",
    itemCount: "ItemCount",
    billedSize: "_BilledSize",
    texts: ["OperationId", ...texts],
    bags: ["Properties"],
    columns: [...WORKSPACE_COMMON, ...own],
  };
}

function componentTable(name: string, texts: readonly string[], own: readonly string[]): TableShape {
  return {
    name,
    time: "timestamp",
    app: "cloud_RoleName",
    operation: "operation_Id",
    itemCount: "itemCount",
    billedSize: null,
    texts: ["operation_Id", ...texts],
    bags: ["customDimensions"],
    columns: [...COMPONENT_COMMON, ...own],
  };
}

const HOSTLOGS: TableShape = {
  name: "FunctionAppLogs",
  time: "TimeGenerated",
  app: "AppName",
  operation: null,
  itemCount: null,
  billedSize: "_BilledSize",
  texts: ["Message", "FunctionInvocationId", "ActivityId"],
  bags: [],
  columns: [
    "TimeGenerated",
    "Type",
    "Message",
    "Level",
    "LevelId",
    "Category",
    "FunctionName",
    "FunctionInvocationId",
    "HostInstanceId",
    "ActivityId",
    "ExceptionType",
    "ExceptionMessage",
    "AppName",
    "RoleInstance",
    "_ResourceId",
    "_BilledSize",
  ],
};

const SHAPES: { readonly [dialect in Dialect]: { readonly [table in Table]: TableShape | null } } = {
  workspace: {
    requests: workspaceTable(
      "AppRequests",
      ["Id", "Url"],
      ["Id", "Name", "DurationMs", "Success", "ResultCode", "Url", "Source", "Measurements", "SDKVersion"],
    ),
    dependencies: workspaceTable(
      "AppDependencies",
      ["Id", "Name", "Data"],
      ["Id", "Name", "DurationMs", "Success", "ResultCode", "Target", "DependencyType", "Data"],
    ),
    traces: workspaceTable("AppTraces", ["Message"], ["Message", "SeverityLevel"]),
    exceptions: workspaceTable(
      "AppExceptions",
      ["OuterMessage", "InnermostMessage"],
      ["ExceptionType", "OuterType", "OuterMessage", "InnermostType", "InnermostMessage", "ProblemId", "Details", "SeverityLevel"],
    ),
    events: workspaceTable("AppEvents", ["Name"], ["Name"]),
    hostlogs: HOSTLOGS,
  },
  component: {
    requests: componentTable(
      "requests",
      ["id", "url"],
      ["id", "name", "duration", "success", "resultCode", "url", "source", "customMeasurements", "sdkVersion"],
    ),
    dependencies: componentTable(
      "dependencies",
      ["id", "name", "data"],
      ["id", "name", "duration", "success", "resultCode", "target", "type", "data"],
    ),
    traces: componentTable("traces", ["message"], ["message", "severityLevel"]),
    exceptions: componentTable(
      "exceptions",
      ["outerMessage", "innermostMessage"],
      ["type", "outerType", "outerMessage", "innermostType", "innermostMessage", "problemId", "details", "severityLevel"],
    ),
    events: componentTable("customEvents", ["name"], ["name"]),
    // a component does not see what diagnostic settings write
    hostlogs: null,
  },
};

/** null: the dialect has no such table. */
export function shapeOf(dialect: Dialect, table: Table): TableShape | null {
  return SHAPES[dialect][table];
}

/** A table by its name in a workspace (`AppTraces`), whatever its case; null: not one that is read. */
export function tableOfName(name: string): Table | null {
  const wanted = name.toLowerCase();
  const tables = Object.entries(SHAPES.workspace) as [Table, TableShape][];
  return tables.find(([, shape]) => shape.name.toLowerCase() === wanted)?.[0] ?? null;
}
