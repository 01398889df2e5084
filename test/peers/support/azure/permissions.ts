/** Which action a request needs, and whether the caller's role grants it. */
import type { Seen } from "./http.ts";
import type { World } from "./world.ts";

/** `Microsoft.Web/sites/functions` of a path; names left out. */
function typeOf(path: string): string {
  const provider = path.slice(path.toLowerCase().lastIndexOf("/providers/") + "/providers/".length).split("/");
  return [provider[0], ...provider.slice(1).filter((_, i) => i % 2 === 0)].join("/");
}

/** https://learn.microsoft.com/azure/role-based-access-control/resource-provider-operations; null: none is needed. */
export function actionOf({ method, path }: Seen): string | null {
  if (path.startsWith("/v1/"))
    return path.includes("/workspaces/") ? "Microsoft.OperationalInsights/workspaces/query/read" : "Microsoft.Insights/logs/read";
  if (/\/metrics:getBatch$|\/microsoft\.insights\/metrics$/i.test(path)) return "Microsoft.Insights/metrics/read";
  if (/resourcegraph\/resources$/i.test(path)) return null;
  if (/microsoft\.authorization\/permissions$/i.test(path)) return null;
  if (/\/(?:operationresults|operations)\//i.test(path)) return null;
  if (/^\/subscriptions(?:\/[^/]+)?$/i.test(path)) return "Microsoft.Resources/subscriptions/read";
  if (/\/config\/appsettings\/list$/i.test(path)) return "Microsoft.Web/sites/config/list/action";
  if (/\/config\/appsettings$/i.test(path))
    return method === "GET" ? "Microsoft.Web/sites/config/read" : "Microsoft.Web/sites/config/write";
  return `${typeOf(path)}/${method === "GET" ? "read" : method === "DELETE" ? "delete" : method === "POST" ? "action" : "write"}`;
}

const matches = (pattern: string, action: string): boolean =>
  new RegExp(`^${pattern.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`).replaceAll("*", ".*")}$`, "i").test(action);

export function granted({ permissions }: World, action: string): boolean {
  return permissions.actions.some((one) => matches(one, action)) && !permissions.notActions.some((one) => matches(one, action));
}

/** The action that is missing; null: the caller may. */
export function refusedAction(world: World, seen: Seen): string | null {
  const action = actionOf(seen);
  return action === null || granted(world, action) ? null : action;
}
