/**
 * What evscope must be allowed to do, and the custom role that allows just that.
 * https://learn.microsoft.com/azure/role-based-access-control/resource-provider-operations
 */
import type { Json } from "../../model/records.ts";
import type { Permission } from "../room.ts";

type Feature = Permission["feature"];

function need(feature: Feature, action: string, why: string, required = false): Permission {
  return { action, feature, why, required };
}

/** Reads that every command begins with. */
const SUBSCRIPTION = "Microsoft.Resources/subscriptions/read";

/** An event subscription is an extension of what sends the events, or a child of its topic. */
const GRID_SCOPES: readonly [scope: string, of: string][] = [
  ["Microsoft.EventGrid/eventSubscriptions", ""],
  ["Microsoft.EventGrid/topics/eventSubscriptions", " of topics"],
  ["Microsoft.EventGrid/systemTopics/eventSubscriptions", " of system topics"],
];

/** Who owns what is written. */
function owned(feature: Feature): Permission[] {
  return [
    need(feature, "Microsoft.Authorization/locks/read", "locks that would refuse a write"),
    need(feature, "Microsoft.Resources/deployments/read", "finds the deployment that made a resource"),
    need(feature, "Microsoft.Resources/deploymentStacks/read", "finds the deployment stack that owns a resource"),
  ];
}

/** All of them. One action may be there for several features. Resource Graph shows whatever may be read, and needs no right of its own. */
export const permissions: readonly Permission[] = [
  need("collect", SUBSCRIPTION, "whether the credentials see the subscription", true),
  need("collect", "Microsoft.Authorization/permissions/read", "what may be read: resources that may not are left out of lists in silence"),
  need("collect", "Microsoft.Web/sites/Read", "Function Apps and their settings; nothing is collected without it", true),
  need("collect", "Microsoft.Web/sites/functions/Read", "functions of apps and their triggers"),
  need("collect", "Microsoft.Web/serverfarms/Read", "plans of apps: which price applies"),
  need("collect", "Microsoft.Insights/components/read", "Application Insights resources: where telemetry is kept"),
  need("collect", "Microsoft.OperationalInsights/workspaces/read", "Log Analytics workspaces"),
  need(
    "collect",
    "Microsoft.OperationalInsights/workspaces/tables/read",
    "plan and retention of tables: the price of a query is said beforehand",
  ),
  need("collect", "Microsoft.OperationalInsights/workspaces/query/read", "rows of telemetry: runs, durations, traces"),
  need("collect", "Microsoft.OperationalInsights/workspaces/query/*/read", "the tables with those rows"),
  need("collect", "Microsoft.Insights/logs/*/read", "telemetry of components without a workspace"),
  need("collect", "Microsoft.Insights/Metrics/Read", "metrics: executions, execution units, instances, queue lengths"),
  need("collect", "Microsoft.EventGrid/topics/read", "Event Grid topics"),
  need("collect", "Microsoft.EventGrid/systemTopics/read", "Event Grid system topics"),
  need("collect", "Microsoft.EventGrid/domains/read", "Event Grid domains: that their subscriptions are not read"),
  need("collect", "Microsoft.EventGrid/eventSubscriptions/read", "event subscriptions and their filters"),
  need("collect", "Microsoft.EventGrid/topics/eventSubscriptions/read", "event subscriptions of topics"),
  need("collect", "Microsoft.EventGrid/systemTopics/eventSubscriptions/read", "event subscriptions of system topics"),
  need("collect", "Microsoft.ServiceBus/namespaces/read", "Service Bus namespaces"),
  need("collect", "Microsoft.ServiceBus/namespaces/queues/read", "queues: lock duration, delivery count"),
  need("collect", "Microsoft.ServiceBus/namespaces/topics/read", "topics"),
  need("collect", "Microsoft.ServiceBus/namespaces/topics/subscriptions/read", "subscriptions of topics"),
  need("collect", "Microsoft.ServiceBus/namespaces/topics/subscriptions/rules/read", "filters of subscriptions"),
  need("collect", "Microsoft.EventHub/namespaces/read", "Event Hubs namespaces"),
  need("collect", "Microsoft.EventHub/namespaces/eventhubs/read", "event hubs"),
  need("collect", "Microsoft.DocumentDB/databaseAccounts/read", "Cosmos DB accounts"),
  need("collect", "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/read", "databases"),
  need("collect", "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers/read", "containers and their TTL"),

  need("trace", SUBSCRIPTION, "whether the credentials see the subscription", true),
  need("trace", "Microsoft.OperationalInsights/workspaces/query/read", "searches the telemetry for an ID", true),
  need("trace", "Microsoft.OperationalInsights/workspaces/query/*/read", "the tables that are searched", true),
  need("trace", "Microsoft.Insights/logs/*/read", "searches components without a workspace"),

  need("apply", SUBSCRIPTION, "whether the credentials see the subscription", true),
  need("apply", "Microsoft.Web/sites/Read", "reads what a change is compared with, before and after", true),
  need("apply", "Microsoft.Web/sites/Write", "writes instance memory, concurrency and instance counts", true),
  need("apply", "Microsoft.Web/serverfarms/Read", "which plan an app is on"),
  need("apply", "Microsoft.Web/serverfarms/Join/Action", "Azure asks for it at every write of an app, since the app names its plan", true),
  need("apply", "Microsoft.Web/locations/operations/Read", "how an update ended"),
  need("apply", "Microsoft.Web/locations/operationResults/Read", "how an update ended"),
  need("apply", "Microsoft.Web/sites/config/list/Action", "reads app settings, values of secrets among them; for values of host.json only"),
  need("apply", "Microsoft.Web/sites/config/Write", "writes app settings; for values of host.json only"),
  need(
    "apply",
    "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action",
    "apps with a user-assigned identity: Azure asks for it at every write",
  ),
  need("apply", "Microsoft.Network/virtualNetworks/subnets/join/action", "apps in a virtual network: Azure asks for it at every write"),
  need("apply", "Microsoft.Authorization/locks/read", "locks that would refuse a write"),
  need("apply", "Microsoft.Resources/deployments/read", "finds the deployment that made an app"),
  need("apply", "Microsoft.Resources/deploymentStacks/read", "finds the deployment stack that owns an app"),

  need("filters", SUBSCRIPTION, "whether the credentials see the subscription", true),
  ...GRID_SCOPES.flatMap(([scope, of]) => [
    need("filters", `${scope}/read`, `reads event subscriptions${of} before and after`),
    need("filters", `${scope}/write`, `writes filters of event subscriptions${of}`),
  ]),
  need("filters", "Microsoft.ServiceBus/namespaces/topics/subscriptions/read", "reads subscriptions of topics"),
  need("filters", "Microsoft.ServiceBus/namespaces/topics/subscriptions/rules/read", "reads their rules before and after"),
  need("filters", "Microsoft.ServiceBus/namespaces/topics/subscriptions/rules/write", "makes the new rule"),
  need("filters", "Microsoft.ServiceBus/namespaces/topics/subscriptions/rules/delete", "deletes the rule that it takes the place of"),
  ...owned("filters"),

  need("batching", SUBSCRIPTION, "whether the credentials see the subscription", true),
  ...GRID_SCOPES.flatMap(([scope, of]) => [
    need("batching", `${scope}/read`, `reads event subscriptions${of} before and after`),
    need("batching", `${scope}/write`, `writes how many events a delivery of them holds${of}`),
    need("batching", `${scope}/getFullUrl/action`, `reads the address of webhooks${of}, a secret: Azure wants it in the same write`),
  ]),
  need("batching", "Microsoft.Web/sites/Read", "reads apps whose batches are values of host.json"),
  need("batching", "Microsoft.Web/serverfarms/Read", "which plan an app is on"),
  need("batching", "Microsoft.Web/sites/config/list/Action", "reads app settings, values of secrets among them"),
  need("batching", "Microsoft.Web/sites/config/Write", "writes app settings"),
  ...owned("batching"),

  need("ttl", SUBSCRIPTION, "whether the credentials see the subscription", true),
  need("ttl", "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers/read", "reads containers before and after"),
  need("ttl", "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers/write", "writes their time to live"),
  need("ttl", "Microsoft.DocumentDB/locations/operationsStatus/read", "how a write ended"),
  need("ttl", "Microsoft.DocumentDB/operationResults/read", "how a write ended"),
  need("ttl", "Microsoft.OperationalInsights/workspaces/tables/read", "reads tables of logs before and after"),
  need("ttl", "Microsoft.OperationalInsights/workspaces/tables/write", "writes their retention"),
  ...owned("ttl"),
];

/**
 * A custom role for these features, as `az role definition create --role-definition` takes it. SUBSCRIPTION_ID stands for the subscription;
 * a resource group is as good where all apps lie in it.
 */
export function policy(features: readonly Feature[]): Json {
  const actions = new Set(permissions.filter((one) => features.includes(one.feature)).map((one) => one.action));
  return {
    Name: `evscope ${features.join(" ")}`,
    IsCustom: true,
    Description: "What evscope needs, and nothing else",
    Actions: [...actions].sort(),
    NotActions: [],
    DataActions: [],
    NotDataActions: [],
    AssignableScopes: ["/subscriptions/SUBSCRIPTION_ID"],
  };
}
