/**
 * Function Apps with their functions: Resource Graph says which there are, each app is asked for its own description (the graph leaves
 * out `functionAppConfig`) and for its functions. App settings hold secrets, and are never asked for.
 */
import type { JsonObject } from "../../model/json.ts";
import { isObject, textAt } from "../../model/json.ts";
import type { Rec } from "../../model/records.ts";
import { concurrently } from "../kit/concurrent.ts";
import { functionScope } from "../kit/function-scope.ts";
import type { LiveContext, Target } from "../room.ts";
import type { AzureApi } from "./api.ts";
import type { Details } from "./collect-details.ts";
import { configsOf } from "./read-live.ts";
import { planOf } from "./resource-kinds.ts";
import { regionOf } from "./values.ts";

/** Apps described at a time; the shared quota paces them. */
const AT_A_TIME = 8;

/** Descriptions of the target's apps and their functions. */
export async function* appPages(
  api: AzureApi,
  target: Target,
  context: LiveContext,
  details: Details,
  sites: readonly JsonObject[],
  plans: ReadonlyMap<string, JsonObject>,
): AsyncGenerator<Rec[]> {
  const own = sites.filter(inRegions(target));
  yield* concurrently(own, AT_A_TIME, async (site): Promise<Rec[]> => {
    const { group, name } = placeOf(site);
    // a target may mean an app by the name of one of its functions
    const meant = meaning(target, site);
    if (meant === "no") return [];
    const functions = await details.all("web:webApps.listFunctions", [group, name]);
    if (meant === "by-function" && !(functions ?? []).some((one) => functionMeant(target, site, one))) return [];
    const described = (await details.one("web:webApps.get", [group, name])) ?? site;
    const plan = await planFor(described, plans, details);
    const resources = [...(plan === null ? [] : [plan]), { ...described, type: "Microsoft.Web/sites" }, ...(functions ?? [])];
    return configsOf(api, context.keys, resources, context.clock.now());
  });
}

function inRegions({ regions = [] }: Target): (site: JsonObject) => boolean {
  return (site) => regions.length === 0 || regions.includes(regionOf(site["location"]) ?? "");
}

const tagsOf = (site: JsonObject): JsonObject | null => (isObject(site["tags"]) ? site["tags"] : {});

function meaning(target: Target, site: JsonObject): "yes" | "by-function" | "no" {
  const tagged = functionScope({ names: [], tags: target.functions.tags });
  if (!tagged("", tagsOf(site))) return "no";
  return functionScope(target.functions)(placeOf(site).name.toLowerCase(), tagsOf(site)) ? "yes" : "by-function";
}

function functionMeant(target: Target, site: JsonObject, one: JsonObject): boolean {
  return functionScope(target.functions)((textAt(one, "name") ?? "").split("/").at(-1)!, tagsOf(site));
}

/** The App Service plan of an app that does not say its price itself; null: it does, or may not be read. */
async function planFor(site: JsonObject, plans: ReadonlyMap<string, JsonObject>, details: Details): Promise<JsonObject | null> {
  const properties = isObject(site["properties"]) ? site["properties"] : {};
  const id = textAt(properties, "serverFarmId", "appServicePlanId");
  if (id === null || planOf(textAt(properties, "sku"), isObject(properties["functionAppConfig"])) !== null) return null;
  const known = plans.get(id.toLowerCase());
  if (known !== undefined) return known;
  const place = placeOf({ id });
  return details.one("web:appServicePlans.get", [place.group, place.name]);
}

/** Resource group and name in an ARM ID. */
export function placeOf(resource: JsonObject): { group: string; name: string } {
  const id = textAt(resource, "id") ?? "";
  return { group: /\/resourceGroups\/([^/]+)/i.exec(id)?.[1] ?? "", name: id.split("/").at(-1)! };
}
