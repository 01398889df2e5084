/**
 * Requests that Microsoft's specifications at hand do not know, and that were therefore not judged: other areas, and what is not in the
 * parts that were brought. A test compares this list with what commands really ask.
 */
export const UNJUDGED = [
  "GET /subscriptions/{}",
  "GET /subscriptions/{}/providers/Microsoft.Authorization/permissions",
  "GET /subscriptions/{}/resourceGroups/{}/providers/Microsoft.DocumentDB/databaseAccounts/{}/sqlDatabases",
  "GET /subscriptions/{}/resourceGroups/{}/providers/Microsoft.EventHub/namespaces/{}/eventhubs",
  "GET /subscriptions/{}/resourceGroups/{}/providers/Microsoft.OperationalInsights/workspaces/{}/tables",
  "GET /subscriptions/{}/resourceGroups/{}/providers/Microsoft.ServiceBus/namespaces/{}/topics",
];

/** Further ones of commands that change something: whose an app is, and whether a write is done. */
export const UNJUDGED_OF_CHANGES = [
  "GET /subscriptions/{}/providers/Microsoft.Web/locations/{}/operations/{}",
  "GET /subscriptions/{}/resourceGroups/{}/providers/Microsoft.Resources/deploymentStacks",
  "GET /subscriptions/{}/resourceGroups/{}/providers/Microsoft.Resources/deployments",
  "GET /subscriptions/{}/resourceGroups/{}/providers/Microsoft.Web/sites/{}/providers/Microsoft.Authorization/locks",
];
