/** Which resources a target means: the apps of its subscription by name, tag and region. */
import { isObject } from "../../model/json.ts";
import type { Config } from "../../model/records.ts";
import { filterName, functionScope } from "../kit/function-scope.ts";
import type { Target } from "../room.ts";
import type { AzureApi } from "./api.ts";
import type { AppScope } from "./kql-queries.ts";
import { textOf } from "./values.ts";

/** True where the target means a part of its subscription only. */
export function isNarrowed(target: Target): boolean {
  return scopeName(target) !== "";
}

/** What the target's narrowing adds to the name of a source that holds more than it means. Empty: it means everything. */
export function scopeName(target: Target): string {
  const regions = target.regions ?? [];
  return filterName(target) + (regions.length === 0 ? "" : ` in ${JSON.stringify(regions.toSorted())}`);
}

/** A Function App, not one of the functions in it. */
export function isApp(config: Config): boolean {
  return config.kind === "function" && /\/providers\/microsoft\.web\/sites\/[^/]+(?:\/slots\/[^/]+)?$/i.test(config.resource);
}

/** Name of the app that a description of a function belongs to. */
export function appOf(config: Config): string {
  return textOf(config.settings["app"])?.toLowerCase() ?? config.name.toLowerCase();
}

/**
 * The newest description of each resource of this subscription that the target means. A name of `functions` may be that of an app or of a
 * function in it; tags are those of the app.
 */
export function ownConfigs(api: Pick<AzureApi, "subscription">, target: Target, configs: readonly Config[]): Config[] {
  const meant = functionScope(target.functions);
  const regions = target.regions ?? [];
  const newest = new Map<string, Config>();
  for (const config of configs) {
    // a workspace may lie in another subscription than the apps that write to it
    if (config.cloud !== "azure" || (config.kind !== "log-group" && config.account?.toLowerCase() !== api.subscription)) continue;
    if (config.region !== null && regions.length > 0 && !regions.includes(config.region) && config.kind === "function") continue;
    const key = config.resource.toLowerCase();
    const known = newest.get(key);
    if (known === undefined || (known.observedAt ?? 0) <= (config.observedAt ?? 0)) newest.set(key, config);
  }
  const own = [...newest.values()];
  const apps = own.filter(isApp);
  const tagsOf = new Map(apps.map((app) => [appOf(app), isObject(app.settings["tags"]) ? app.settings["tags"] : null]));
  const inFunctions = own.filter((one) => one.kind === "function" && meant(one.name, tagsOf.get(appOf(one)) ?? null));
  const appsMeant = new Set([
    ...apps.filter((app) => meant(app.name, tagsOf.get(appOf(app)) ?? null)).map(appOf),
    ...inFunctions.map(appOf),
  ]);
  return own.filter((one) => one.kind !== "function" || appsMeant.has(appOf(one)));
}

/** Whose rows of telemetry are read: of the apps described, and where the target means all, of whatever else the subscription has. */
export function appScopeOf(api: Pick<AzureApi, "subscription">, target: Target, own: readonly Config[]): AppScope {
  const apps = [...new Set(own.filter((one) => one.kind === "function").map(appOf))].sort();
  return { subscription: api.subscription, apps, only: isNarrowed(target) };
}

/** The target's filter meets no app: there is nothing to read. */
export function meansNothing(scope: AppScope): boolean {
  return scope.only && scope.apps.length === 0;
}
