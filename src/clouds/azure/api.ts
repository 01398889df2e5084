/** What the Azure room asks of the SDKs: one call, all pages of one, a query of logs or metrics. `client.ts` is its only implementation. */
import type { JsonObject } from "../../model/json.ts";
import type { Json } from "../../model/records.ts";
import type { Ms } from "../../model/units.ts";
import { CallError } from "../kit/call-error.ts";
import type { Span } from "../room.ts";

/**
 * `client:group.method` as the SDK's clients name them (`web:webApps.get`, `cosmos:sqlResources.listSqlContainers`). `arm:GET`, `arm:PATCH`
 * ...: a resource without a method here, by path, `api-version` and body.
 */
export type Api = `${"web" | "eventgrid" | "servicebus" | "cosmos" | "monitor" | "graph" | "logs" | "metrics" | "arm"}:${string}`;

export interface CallOptions {
  /** Headers of this call (`If-Match`). */
  headers?: Readonly<Record<string, string>>;
  /** true: sent even after the context's signal fired, to finish what would be left half done. */
  evenAfterAbort?: boolean;
  /** What the SDK's serializer wants to see in the body of a long write; the edited JSON is sent in its place. Left out: nothing. */
  skeleton?: object;
}

export interface LogsRequest {
  /** A workspace by its customer ID (a GUID), or any resource by its ARM ID: then the workspaces it logs to are searched for its rows. */
  scope: { kind: "workspace"; id: string } | { kind: "resource"; id: string };
  kql: string;
  /** Half-open for us; the service takes `from/to` as a filter on TimeGenerated, both ends included. */
  span: Span;
  /** Most time that the service may take (`Prefer: wait=`, at most 600 s); left out: the context's `requestTimeoutMs`. */
  serverTimeoutMs?: Ms;
}

export interface LogsTable {
  name: string;
  columns: { name: string; type: string }[];
  /** Cells as they came: whole numbers beyond 2^53 lose digits, `dynamic` columns are text. */
  rows: Json[][];
}

export interface LogsAnswer {
  tables: LogsTable[];
  /** Why it is not complete (`PartialError`: row or size limit, a workspace that failed); null: it is complete. */
  partial: { code: string; message: string } | null;
  /** Bytes that the service says it scanned (`statistics`); null: not told, which is the rule. */
  scannedBytes: number | null;
}

export interface MetricsRequest {
  /** ARM ID of one resource. */
  resource: string;
  /** At most 20: https://learn.microsoft.com/rest/api/monitor/metrics/list */
  names: readonly string[];
  /** Left out: the resource's own type. */
  namespace?: string;
  span: Span;
  /** A legal time grain of the metrics, as ISO 8601 (`PT1M`). */
  interval: string;
  aggregations: readonly ("Average" | "Count" | "Maximum" | "Minimum" | "Total")[];
  /** `Instance eq '*'`; left out: one series over all dimensions. */
  filter?: string;
  /** Most series when a filter splits; left out: 10, which is the service's own. */
  top?: number;
}

/** Many resources of one region and type in one call: https://learn.microsoft.com/rest/api/monitor/metrics-batch/batch */
export interface MetricsBatchRequest extends Omit<MetricsRequest, "resource" | "namespace"> {
  /** ARM IDs, at most 50, all of this region and namespace. */
  resources: readonly string[];
  region: string;
  namespace: string;
}

/**
 * Answers are the JSON that was sent, not the SDK's models: formats of the room read them. Every call waits for the shared quota and
 * retries what may be retried: reads on anything passing, writes only where they surely had no effect. All throw AzureError; UserError
 * (exit 3) when the credentials are not, or no longer, good for anything, or the SDK's package is not installed.
 */
export interface AzureApi {
  /** Subscription ID, lower case. */
  readonly subscription: string;
  /** Tenant of the token; null: not told. */
  readonly tenant: string | null;
  /** Who the token says we are: `user@contoso.com`, else `app APPID` or `object OID`; null: not told. */
  readonly principal: string | null;
  /** Rows of a Resource Graph query over this subscription, page by page. Throws when the service cut the answer off for good. */
  graph(query: string): AsyncIterable<JsonObject[]>;
  /** One answer. `args` are those of the SDK's method, without its options. An answer without body is `{}`. */
  call(api: Api, args: readonly unknown[], options?: CallOptions): Promise<JsonObject>;
  /** `value` of every page. A repeated or foreign nextLink ends it with an AzureError. */
  pages(api: Api, args: readonly unknown[]): AsyncIterable<JsonObject[]>;
  /**
   * A long write: reads the resource by `read`, lets `edit` change the JSON that was answered, sends it back whole by `write` (fields that
   * the SDK does not know too, all but nulls), and waits until the service says it is done. What `edit` throws ends it before the write.
   * Throws AzureError with `mayHaveHappened` when the write was accepted and its end is not known.
   */
  replace(read: Api, write: Api, args: readonly unknown[], edit: (resource: JsonObject) => void, options?: CallOptions): Promise<void>;
  /** A query of Log Analytics; tables of the Analytics plan. */
  queryLogs(request: LogsRequest): Promise<LogsAnswer>;
  /** A query of a Basic or Auxiliary table, which is paid by the scanned GB: https://learn.microsoft.com/azure/azure-monitor/logs/basic-logs-query */
  searchLogs(workspace: string, kql: string, span: Span): Promise<LogsAnswer>;
  /** Metrics of one resource: `{timespan, interval, value: [...]}`. */
  metrics(request: MetricsRequest): Promise<JsonObject>;
  /** Metrics of many: `{values: [{resourceid, interval, value: [...]}]}`. Needs Monitoring Reader on the subscription. */
  metricsBatch(request: MetricsBatchRequest): Promise<JsonObject>;
}

/** A call that failed for good. */
export class AzureError extends CallError<Api> {}
