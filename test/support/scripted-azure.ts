/** Azure behind the room's own call door: logs from tables of rows, asked in the very KQL that is sent; metrics from a script. Every call is noted. */
import {
  type Api,
  type AzureApi,
  AzureError,
  type LogsAnswer,
  type LogsRequest,
  type MetricsBatchRequest,
  type MetricsRequest,
} from "../../src/clouds/azure/api.ts";
import type { CallErrorKind } from "../../src/clouds/kit/call-error.ts";
import type { LiveContext, Span, Target } from "../../src/clouds/room.ts";
import { EVERYWHERE } from "../../src/clouds/room.ts";
import { idKeys } from "../../src/model/id-keys.ts";
import type { JsonObject } from "../../src/model/json.ts";
import { type Row, RowsDb } from "../peers/support/azure/rows-db.ts";
import { COMPONENT } from "../peers/support/azure/component-schemas.ts";
import { type Tables, WORKSPACE } from "../peers/support/azure/table-schemas.ts";
import { testContext } from "./aws-client.ts";
import { AZURE } from "../../fixtures/simulator/system.ts";

export const SUBSCRIPTION = AZURE.subscription;
export const CUSTOMER = "9d3f2a10-5b1c-4a55-9e0f-0f6a5c1e7d42";
const SITES = `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg/providers`;
export const COMPONENT_ID = `${SITES}/microsoft.insights/components/shop`;
export const WORKSPACE_ID = `${SITES}/Microsoft.OperationalInsights/workspaces/shop-logs`;
export const siteId = (app: string): string => `${SITES}/Microsoft.Web/sites/${app}`;

export interface AzureScript {
  /** Rows of the workspace (asked as `CUSTOMER`), by table. */
  workspace?: { readonly [table: string]: readonly Row[] };
  /** Rows of the component (asked by its ARM ID). */
  component?: { readonly [table: string]: readonly Row[] };
  /** More rows than this are cut off, with an error beside them, as the service does. */
  rowLimit?: number;
  /** In place of an answer; null: as usual. */
  logs?: (request: Pick<LogsRequest, "kql" | "span">) => LogsAnswer | AzureError | null;
  metrics?: (request: MetricsRequest) => JsonObject | AzureError;
  metricsBatch?: (request: MetricsBatchRequest) => JsonObject | AzureError;
}

export interface ScriptedAzure extends AzureApi {
  readonly queries: LogsRequest[];
  /** Of the search API. */
  readonly searches: { workspace: string; kql: string; span: Span }[];
  readonly metricCalls: (MetricsRequest | MetricsBatchRequest)[];
  /** Most queries that were under way at a time. */
  readonly most: () => number;
  close(): void;
}

/** The moment at which the service answers: `ago()` counts from it. */
const NOW = Date.UTC(2026, 10, 23);

export async function scriptedAzure(script: AzureScript): Promise<ScriptedAzure> {
  const db = await RowsDb.open();
  const fill = async (schema: string, tables: Tables, rows: AzureScript["workspace"] = {}): Promise<void> => {
    for (const [table, columns] of Object.entries(tables)) await db.fill(schema, table, columns, rows[table] ?? []);
  };
  await fill("workspace", WORKSPACE, script.workspace);
  await fill("component", COMPONENT, script.component);
  const queries: LogsRequest[] = [];
  const searches: ScriptedAzure["searches"] = [];
  const metricCalls: ScriptedAzure["metricCalls"] = [];
  let running = 0;
  let most = 0;

  async function answered(where: "workspace" | "component", request: Pick<LogsRequest, "kql" | "span">): Promise<LogsAnswer> {
    most = Math.max(most, ++running);
    try {
      await new Promise((resolve) => setImmediate(resolve));
      const instead = script.logs?.(request) ?? null;
      if (instead instanceof AzureError) throw instead;
      if (instead !== null) return instead;
      const tables = where === "workspace" ? WORKSPACE : COMPONENT;
      const { columns, rows, problems } = await db.ask(request.kql, tables, (table) => `SELECT * FROM "${where}"."${table}"`, NOW);
      if (problems.length > 0) throw new Error(`${problems.join("; ")} in ${request.kql}`);
      const cut = rows.length > (script.rowLimit ?? 500_000);
      return {
        tables: [{ name: "PrimaryResult", columns, rows: rows.slice(0, script.rowLimit ?? 500_000) }],
        partial: cut ? { code: "PartialError", message: "the result set exceeds the limit (E_QUERY_RESULT_SET_TOO_LARGE)" } : null,
        scannedBytes: null,
      };
    } finally {
      running--;
    }
  }

  const unknown = (api: Api): Promise<never> => Promise.reject(azureFailure(api, "unsupported", "NotFound", 404));
  return {
    subscription: SUBSCRIPTION,
    tenant: null,
    principal: null,
    queries,
    searches,
    metricCalls,
    most: () => most,
    async *graph() {},
    call: (api) => unknown(api),
    async *pages(api) {
      yield await unknown(api);
    },
    replace: (api) => unknown(api),
    queryLogs(request) {
      queries.push(request);
      const { kind, id } = request.scope;
      return answered(kind === "workspace" || /workspaces/i.test(id) ? "workspace" : "component", request);
    },
    searchLogs(workspace, kql, span) {
      searches.push({ workspace, kql, span });
      return answered("workspace", { kql, span });
    },
    async metrics(request) {
      metricCalls.push(request);
      const answer = script.metrics?.(request) ?? azureFailure("monitor:metrics.list", "not-found", "ResourceNotFound", 404);
      if (answer instanceof AzureError) throw answer;
      return answer;
    },
    async metricsBatch(request) {
      metricCalls.push(request);
      const answer = script.metricsBatch?.(request) ?? azureFailure("metrics:queryResources", "unsupported", "NotFound", 404);
      if (answer instanceof AzureError) throw answer;
      return answer;
    },
    close: () => db.close(),
  };
}

export function azureFailure(api: Api, kind: CallErrorKind, code: string, status: number | null = 400): AzureError {
  return new AzureError(kind, api, code, `${code}: refused by the script`, status, 1);
}

export function azureTarget(more: Partial<Target> = {}): Target {
  return {
    cloud: "azure",
    name: "shop",
    account: SUBSCRIPTION,
    region: EVERYWHERE,
    azure: { cloud: "public", tenant: null, workspaces: [] },
    profile: null,
    roleArn: null,
    externalId: null,
    functions: { names: [], tags: {} },
    ...more,
  };
}

/** A context whose clock stands at `NOW` plus what was slept. */
export function azureContext(more: Partial<LiveContext> = {}): LiveContext {
  return testContext({ keys: idKeys(), ...more });
}
