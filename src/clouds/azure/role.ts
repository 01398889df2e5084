/** Which right a call needs, as Azure names it. */
import type { Api } from "./api.ts";

/** Reads of whole kinds of resources; the built-in role that has them all is Reader. */
const ACTIONS: { readonly [api: string]: string } = {
  "graph:resources": "Microsoft.ResourceGraph/resources/read",
  "web:webApps.get": "Microsoft.Web/sites/Read",
  "web:webApps.list": "Microsoft.Web/sites/Read",
  "web:webApps.listFunctions": "Microsoft.Web/sites/functions/Read",
  "web:webApps.listApplicationSettings": "Microsoft.Web/sites/config/list/Action",
  "web:webApps.updateApplicationSettings": "Microsoft.Web/sites/config/Write",
  "web:webApps.createOrUpdate": "Microsoft.Web/sites/Write",
  "web:appServicePlans.get": "Microsoft.Web/serverfarms/Read",
  "eventgrid:eventSubscriptions.listGlobalBySubscription": "Microsoft.EventGrid/eventSubscriptions/read",
  "eventgrid:eventSubscriptions.listByResource": "Microsoft.EventGrid/eventSubscriptions/read",
  "eventgrid:topicEventSubscriptions.list": "Microsoft.EventGrid/topics/eventSubscriptions/read",
  "eventgrid:systemTopicEventSubscriptions.listBySystemTopic": "Microsoft.EventGrid/systemTopics/eventSubscriptions/read",
  "servicebus:queues.listByNamespace": "Microsoft.ServiceBus/namespaces/queues/read",
  "servicebus:topics.listByNamespace": "Microsoft.ServiceBus/namespaces/topics/read",
  "servicebus:subscriptions.listByTopic": "Microsoft.ServiceBus/namespaces/topics/subscriptions/read",
  "servicebus:rules.listBySubscriptions": "Microsoft.ServiceBus/namespaces/topics/subscriptions/rules/read",
  "cosmos:sqlResources.listSqlDatabases": "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/read",
  "cosmos:sqlResources.listSqlContainers": "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers/read",
  "cosmos:sqlResources.getSqlContainer": "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers/read",
  "cosmos:sqlResources.createUpdateSqlContainer": "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers/write",
  "monitor:metrics.list": "Microsoft.Insights/Metrics/Read",
  "metrics:queryResources": "Microsoft.Insights/Metrics/Read",
  "logs:queryWorkspace": "Microsoft.OperationalInsights/workspaces/query/read",
  "logs:queryResource": "Microsoft.Insights/logs/*/read",
  "logs:search": "Microsoft.OperationalInsights/workspaces/query/read",
};

const OF_PATH = /^arm:/;

const ROLES: readonly [of: RegExp, role: string][] = [
  [/^(logs:|metrics:|monitor:)/, "Monitoring Reader"],
  [/^cosmos:.*createUpdate/, "Cosmos DB Operator"],
  [/^arm:(PUT|PATCH|DELETE|POST)$/, "EventGrid EventSubscription Contributor, Azure Service Bus Data Owner or Log Analytics Contributor"],
  [/\.(createOrUpdate|updateApplicationSettings|listApplicationSettings)$/, "Website Contributor"],
];

/** RBAC action of an operation. A path that `arm:` asked is not known here: its own action stands in the vendor's message. */
export function actionOf(api: Api): string {
  return (
    ACTIONS[api] ??
    (api === "arm:GET" ? "Microsoft.Resources/subscriptions/resourceGroups/read" : OF_PATH.test(api) ? "the action that Azure names" : api)
  );
}

/** The built-in role that is enough. https://learn.microsoft.com/azure/role-based-access-control/built-in-roles */
export function roleOf(api: Api): string {
  return ROLES.find(([of]) => of.test(api))?.[1] ?? "Reader";
}
