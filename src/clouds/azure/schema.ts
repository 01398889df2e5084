/**
 * The few raw fields that are read. Telemetry rows come in two column dialects (classic Application Insights `operation_Id`,
 * workspace-based `OperationId`) and in several casings; both are read into one `Row`. Resource descriptions have zod shapes.
 */
import * as z from "zod";
import type { Json } from "../../model/records.ts";

/** Every spelling (lower case, without `_`, `-`, spaces) of the fields that are read, best first. */
const SPELLINGS = {
  table: ["itemtype", "t", "$table", "sourcetable", "tablename"],
  /** Table name in workspaces, kind of dependency or exception in the classic dialect: told apart by value. */
  type: ["type"],
  time: ["timegenerated", "timestamp", "time", "eventtime"],
  id: ["id"],
  operationId: ["operationid"],
  parentId: ["operationparentid", "parentid"],
  operationName: ["operationname"],
  name: ["name"],
  role: ["cloudrolename", "approlename", "appname"],
  instance: ["cloudroleinstance", "approleinstance", "roleinstance"],
  duration: ["durationms", "duration"],
  success: ["success"],
  resultCode: ["resultcode", "responsecode"],
  itemCount: ["itemcount"],
  properties: ["customdimensions", "properties"],
  measurements: ["custommeasurements", "measurements"],
  source: ["source"],
  url: ["url"],
  target: ["target"],
  dependencyType: ["dependencytype"],
  data: ["data"],
  message: ["message"],
  severity: ["severitylevel", "level"],
  levelId: ["levelid"],
  exceptionType: ["exceptiontype", "outertype", "innermosttype"],
  exceptionMessage: ["outermessage", "innermostmessage", "exceptionmessage"],
  exceptionDetails: ["exceptiondetails", "details"],
  problemId: ["problemid"],
  invocationId: ["invocationid", "functioninvocationid"],
  functionName: ["functionname"],
  category: ["category"],
  hostInstanceId: ["hostinstanceid"],
  activityId: ["activityid"],
  links: ["links", "ms.links"],
  resourceId: ["resourceid", "azureresourceid"],
  sdkVersion: ["sdkversion"],
  billedSize: ["billedsize"],
  value: ["value"],
  sum: ["sum", "valuesum"],
  min: ["min", "valuemin"],
  max: ["max", "valuemax"],
  counter: ["counter", "countername"],
  region: ["location", "region"],
} as const;

export type Field = keyof typeof SPELLINGS;

/** One row of telemetry with the fields that are read; columns of a query's own (`orderId = tostring(...)`) are kept by name. */
export interface Row {
  fields: Partial<Record<Field, Json>>;
  /** Columns without a field of their own. */
  extra: { [column: string]: Json };
}

const byName = new Map<string, Field>();
for (const [key, names] of Object.entries(SPELLINGS)) for (const name of names) byName.set(name, key as Field);

const known = new Map<string, Field | null>();

/** The field that a column of this name fills; null: none. */
export function fieldOf(column: string): Field | null {
  let hit = known.get(column);
  if (hit === undefined) {
    const squashed = column.toLowerCase().replace(/[_\- ]/g, "");
    hit = byName.get(squashed) ?? null;
    if (known.size < 10_000) known.set(column, hit);
  }
  return hit;
}

/** Gathers columns into a row; of two columns with one meaning the first that is not empty counts. */
export function rowOf(cells: Iterable<readonly [string, Json | undefined]>): Row {
  const row: Row = { fields: {}, extra: {} };
  for (const [column, cell] of cells) {
    if (cell === undefined || cell === null) continue;
    const key = fieldOf(column);
    const held = key === null ? undefined : row.fields[key];
    if (key === null) row.extra[column] = cell;
    else if (held === undefined || held === "") row.fields[key] = cell;
    else if (held !== cell) row.extra[column] = cell;
  }
  return row;
}

const nullish = <T extends z.ZodType>(shape: T) => shape.nullish().catch(null);

/** What every ARM resource has. */
export const ArmResource = z.object({
  id: z.string(),
  name: z.string(),
  type: z.string(),
  kind: nullish(z.string()),
  location: nullish(z.string()),
  etag: nullish(z.string()),
  sku: nullish(z.object({ name: nullish(z.string()), tier: nullish(z.string()), capacity: nullish(z.number()) })),
});
export type ArmResource = z.infer<typeof ArmResource>;

/** `Microsoft.Web/sites`: https://learn.microsoft.com/rest/api/appservice/web-apps/get */
export const SiteProperties = z.object({
  sku: nullish(z.string()),
  serverFarmId: nullish(z.string()),
  appServicePlanId: nullish(z.string()),
  state: nullish(z.string()),
  lastModifiedTimeUtc: nullish(z.string()),
  functionAppConfig: nullish(
    z.object({
      runtime: nullish(z.object({ name: nullish(z.string()), version: nullish(z.string()) })),
      scaleAndConcurrency: nullish(
        z.object({
          instanceMemoryMB: nullish(z.number().int().positive()),
          maximumInstanceCount: nullish(z.number()),
          alwaysReady: nullish(z.array(z.object({ name: z.string(), instanceCount: z.number() }))),
          triggers: nullish(z.object({ http: nullish(z.object({ perInstanceConcurrency: nullish(z.number()) })) })),
        }),
      ),
    }),
  ),
});

/** `Microsoft.EventGrid/eventSubscriptions`: https://learn.microsoft.com/rest/api/eventgrid/controlplane/event-subscriptions/get */
export const EventSubscriptionProperties = z.object({
  topic: nullish(z.string()),
  provisioningState: nullish(z.string()),
  destination: nullish(z.record(z.string(), z.json())),
  filter: nullish(z.json()),
  labels: nullish(z.array(z.string())),
  eventDeliverySchema: nullish(z.string()),
  retryPolicy: nullish(z.object({ maxDeliveryAttempts: nullish(z.number()), eventTimeToLiveInMinutes: nullish(z.number()) })),
  deadLetterDestination: nullish(z.record(z.string(), z.json())),
  deadLetterWithResourceIdentity: nullish(z.record(z.string(), z.json())),
});

/** `Microsoft.ServiceBus/namespaces/{queues,topics,topics/subscriptions}`: https://learn.microsoft.com/rest/api/servicebus/ */
export const BusEntityProperties = z.object({
  lockDuration: nullish(z.string()),
  maxDeliveryCount: nullish(z.number()),
  defaultMessageTimeToLive: nullish(z.string()),
  requiresSession: nullish(z.boolean()),
  deadLetteringOnMessageExpiration: nullish(z.boolean()),
  forwardTo: nullish(z.string()),
  updatedAt: nullish(z.string()),
});

/** Cosmos DB container: https://learn.microsoft.com/rest/api/cosmos-db-resource-provider/sql-resources/get-sql-container */
export const CosmosContainer = z.object({
  id: z.string(),
  defaultTtl: nullish(z.number().int()),
  partitionKey: nullish(z.object({ paths: nullish(z.array(z.string())) })),
  _etag: nullish(z.string()),
  _ts: nullish(z.number()),
});
