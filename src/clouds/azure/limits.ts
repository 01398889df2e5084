/** Legal values of the settings that advice may change. */
import type { Limit } from "../room.ts";

const FLEX = "https://learn.microsoft.com/azure/azure-functions/flex-consumption-plan";
const SERVICE_BUS = "https://learn.microsoft.com/azure/azure-functions/functions-bindings-service-bus#hostjson-settings";
const EVENT_HUBS = "https://learn.microsoft.com/azure/azure-functions/functions-bindings-event-hubs#hostjson-settings";
const QUEUES = "https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-queue#hostjson-settings";
const GRID_FILTER = "https://learn.microsoft.com/azure/event-grid/event-filtering#limitations";
const GRID_DELIVERY = "https://learn.microsoft.com/azure/event-grid/delivery-and-retry";
const COSMOS_TTL = "https://learn.microsoft.com/azure/cosmos-db/nosql/time-to-live";
const LOG_RETENTION = "https://learn.microsoft.com/rest/api/loganalytics/tables/update";

function range(setting: string, min: number, max: number | null, unit: Limit["unit"], appliesTo: string | null, source: string): Limit {
  return { setting, min, max, values: null, step: unit === "ms" || unit === "s" ? null : 1, unit, appliesTo, source };
}

export const limits: readonly Limit[] = [
  {
    setting: "instanceMemoryMB",
    min: 512,
    max: 4_096,
    values: [512, 2_048, 4_096],
    step: null,
    unit: "mib",
    appliesTo: "flex",
    source: FLEX,
  },
  range("maximumInstanceCount", 1, 1_000, "count", "flex", FLEX),
  range("triggers.http.perInstanceConcurrency", 1, 1_000, "count", "flex", FLEX),
  // the memory of a Consumption app cannot be set; 1.5 GB is its ceiling
  {
    setting: "memoryMib",
    min: 1_536,
    max: 1_536,
    values: [1_536],
    step: null,
    unit: "mib",
    appliesTo: "consumption",
    source: "https://learn.microsoft.com/azure/azure-functions/functions-scale#service-limits",
  },
  range(
    "serviceBus.minMessageBatchSize",
    1,
    null,
    "count",
    "Service Bus trigger, extension 5.10 or newer; at most maxMessageBatchSize",
    SERVICE_BUS,
  ),
  range("serviceBus.maxMessageBatchSize", 1, null, "count", "Service Bus trigger", SERVICE_BUS),
  range("serviceBus.maxBatchWaitTime", 0, 150, "s", "Service Bus trigger, extension 5.10 or newer (half of the longest lock)", SERVICE_BUS),
  range("eventHubs.maxEventBatchSize", 1, null, "count", "Event Hubs trigger", EVENT_HUBS),
  range("eventHubs.maxWaitTime", 0, 600, "s", "Event Hubs trigger", EVENT_HUBS),
  range("queues.batchSize", 1, 32, "count", "Storage queue trigger", QUEUES),
  range("eventGrid.maxEventsPerBatch", 1, 5_000, "count", "Event Grid subscription", GRID_DELIVERY),
  range("eventGrid.preferredBatchSizeInKilobytes", 1, 1_024, "count", "Event Grid subscription", GRID_DELIVERY),
  range("eventGrid.maxDeliveryAttempts", 1, 30, "count", "Event Grid subscription", GRID_DELIVERY),
  range("eventGrid.eventTimeToLiveInMinutes", 1, 1_440, "count", "Event Grid subscription", GRID_DELIVERY),
  range("eventGrid.advancedFilters", 0, 25, "count", "Event Grid subscription; values of all filters together as well", GRID_FILTER),
  range("eventGrid.advancedFilterValueLength", 0, 512, "count", "Event Grid subscription, characters", GRID_FILTER),
  range(
    "serviceBus.sqlExpressionLength",
    1,
    1_024,
    "count",
    "Service Bus rule, characters",
    "https://learn.microsoft.com/azure/service-bus-messaging/service-bus-quotas",
  ),
  // -1 (on, no default) and absent (off) are legal as well; 0 is not
  range("cosmosDb.defaultTtl", 1, 2_147_483_647, "s", "Cosmos DB container", COSMOS_TTL),
  range("logAnalytics.retentionInDays", 4, 730, "d", "Log Analytics table (-1: the workspace's)", LOG_RETENTION),
  range("logAnalytics.totalRetentionInDays", 4, 4_383, "d", "Log Analytics table", LOG_RETENTION),
];
