/** The one question that Azure Resource Graph is asked: heads of everything that runs, carries or keeps events. */

/** Types of resources that `INVENTORY` yields, lower case as Resource Graph writes them. */
export const TYPES = {
  site: "microsoft.web/sites",
  plan: "microsoft.web/serverfarms",
  component: "microsoft.insights/components",
  workspace: "microsoft.operationalinsights/workspaces",
  topic: "microsoft.eventgrid/topics",
  systemTopic: "microsoft.eventgrid/systemtopics",
  domain: "microsoft.eventgrid/domains",
  serviceBus: "microsoft.servicebus/namespaces",
  eventHubs: "microsoft.eventhub/namespaces",
  cosmos: "microsoft.documentdb/databaseaccounts",
} as const;

/**
 * Ordered by ID, as pages that follow each other need it. Sites are those with `functionapp` in their kind: web apps, and Logic Apps'
 * workflows (`functionapp,workflowapp`), are told apart by it. https://learn.microsoft.com/azure/governance/resource-graph/concepts/work-with-data
 */
export const INVENTORY = [
  "resources",
  `| where type in~ (${Object.values(TYPES)
    .map((type) => `'${type}'`)
    .join(", ")})`,
  `| where type !~ '${TYPES.site}' or (kind contains 'functionapp' and kind !contains 'workflowapp')`,
  "| project id, name, type, kind, location, tags, sku, properties",
  "| order by id asc",
].join("\n");

/** What must be granted for a type to be listed: Resource Graph leaves out, without a word, what the caller may not read. */
export const READS: { readonly [type in keyof typeof TYPES]: string } = {
  site: "Microsoft.Web/sites/Read",
  plan: "Microsoft.Web/serverfarms/Read",
  component: "Microsoft.Insights/components/read",
  workspace: "Microsoft.OperationalInsights/workspaces/read",
  topic: "Microsoft.EventGrid/topics/read",
  systemTopic: "Microsoft.EventGrid/systemTopics/read",
  domain: "Microsoft.EventGrid/domains/read",
  serviceBus: "Microsoft.ServiceBus/namespaces/read",
  eventHubs: "Microsoft.EventHub/namespaces/read",
  cosmos: "Microsoft.DocumentDB/databaseAccounts/read",
};
