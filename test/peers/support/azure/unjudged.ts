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
