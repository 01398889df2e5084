/** Which resources a target means: its functions by name, label and region, in its own project. */
import { isObject, type JsonObject } from "../../model/json.ts";
import type { Config } from "../../model/records.ts";
import { functionScope } from "../kit/function-scope.ts";
import type { Target } from "../room.ts";
import type { LoggedAs } from "./log-filter.ts";

/** The newest description of each resource of this project that the target means. Resources without a region belong to all. */
export function ownConfigs(project: string, target: Target, configs: readonly Config[]): Config[] {
  const meant = functionScope(target.functions);
  const regions = new Set(target.regions);
  const newest = new Map<string, Config>();
  for (const config of configs) {
    if (config.cloud !== "gcp" || (config.account ?? project) !== project) continue;
    if (regions.size > 0 && config.region !== null && !regions.has(config.region)) continue;
    if (config.kind === "function" && !namesOf(config).some((name) => meant(name, tagsOf(config)))) continue;
    const known = newest.get(config.resource);
    if (known === undefined || (known.observedAt ?? 0) <= (config.observedAt ?? 0)) newest.set(config.resource, config);
  }
  return [...newest.values()];
}

/** A 2nd gen function is known by its own name, and by that of the Run service under it, which logs have. */
function namesOf({ name, settings }: Config): string[] {
  return typeof settings["functionName"] === "string" ? [name, settings["functionName"]] : [name];
}

/** Labels; null: not told. */
function tagsOf({ settings }: Config): JsonObject | null {
  return isObject(settings["tags"]) ? settings["tags"] : null;
}

/** What the target's regions add to the name of a source that holds more than they. Empty: all regions. */
export function regionName({ regions = [] }: Pick<Target, "regions">): string {
  return regions.length === 0 ? "" : ` in ${regions.toSorted().join(",")}`;
}

/** How the functions among these name themselves in logs and metrics, each once. */
export function servicesOf(configs: readonly Config[]): LoggedAs[] {
  const found = new Map<string, LoggedAs>();
  for (const { kind, name, region, settings } of configs) {
    if (kind !== "function") continue;
    const type = settings["generation"] === 1 ? "cloud_function" : settings["plan"] === "run-job" ? "cloud_run_job" : "cloud_run_revision";
    found.set(`${type}/${region}/${name}`, { type, name, location: region });
  }
  return [...found.values()].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

/** Stable name of one function within the project. */
export function keyOf({ type, name, location }: LoggedAs): string {
  return `${type}/${location ?? "-"}/${name}`;
}
