/** Which resources a target means: its functions by name and tag, in its own account and region. */
import type { Config } from "../../model/records.ts";
import { functionScope } from "../kit/function-scope.ts";
import type { Target } from "../room.ts";
import type { AwsApi } from "./api.ts";
import { obj } from "./schema.ts";

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
