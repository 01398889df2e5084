/** Which resources a target means: its functions by name and tag, in its own account and region. */
import type { Config } from "../../model/records.ts";
import type { Target } from "../room.ts";
import type { AwsApi } from "./api.ts";
import { obj, type Obj } from "./schema.ts";

/** True if the target means this function. `tags` null: not known, which fits only a target that asks for none. */
export function functionScope(functions: Target["functions"]): (name: string, tags: Obj | null) => boolean {
  const patterns = functions.names.map(
    (name) => new RegExp(`^${name.replace(/[.+?^${}()|[\]\\]/g, String.raw`\$&`).replaceAll("*", ".*")}$`),
  );
  const wanted = Object.entries(functions.tags);
  return (name, tags) =>
    (patterns.length === 0 || patterns.some((pattern) => pattern.test(name))) && wanted.every(([key, value]) => tags?.[key] === value);
}

/** What the target's filter of functions adds to the name of a source that holds more functions than it means. Empty: no filter. */
export function filterName({ functions: { names, tags } }: Pick<Target, "functions">): string {
  if (names.length === 0 && Object.keys(tags).length === 0) return "";
  return ` of ${JSON.stringify([names.toSorted(), Object.entries(tags).toSorted()])}`;
}

/** The newest description of each resource of this account and region that the target means. */
export function ownConfigs(api: Pick<AwsApi, "account" | "region">, target: Target, configs: readonly Config[]): Config[] {
  const meant = functionScope(target.functions);
  const newest = new Map<string, Config>();
  for (const config of configs) {
    if (config.cloud !== "aws" || config.account !== api.account || config.region !== api.region) continue;
    if (config.kind === "function" && !meant(config.name, obj(config.settings["tags"]))) continue;
    const known = newest.get(config.resource);
    if (known === undefined || (known.observedAt ?? 0) <= (config.observedAt ?? 0)) newest.set(config.resource, config);
  }
  return [...newest.values()];
}
