/** Containers of Cosmos DB, and what their account says of them. */
import { isObject } from "../../model/json.ts";
import type { Json } from "../../model/records.ts";
import { type Described, said } from "./described.ts";
import { CosmosContainer } from "./schema.ts";
import { momentOf, textOf } from "./values.ts";

/** A Cosmos DB container, as ARM (`properties.resource`) and the data plane write it; null: without an ID. */
export function container(raw: Json | undefined): Described | null {
  const parsed = CosmosContainer.safeParse(raw);
  if (!parsed.success) return null;
  const { id, defaultTtl, partitionKey, _etag, _ts } = parsed.data;
  return {
    kind: "table",
    name: id,
    from: null,
    to: null,
    revision: _etag ?? null,
    settings: said({
      service: "cosmosdb",
      // absent: off; -1: on without a default; else seconds
      defaultTtlSeconds: defaultTtl,
      ttl: defaultTtl === null || defaultTtl === undefined ? "off" : defaultTtl === -1 ? "per item" : "on",
      partitionKey: partitionKey?.paths,
      changedAt: momentOf(_ts),
    }),
  };
}

/**
 * What the container's account says of all: https://learn.microsoft.com/rest/api/cosmos-db-resource-provider/database-accounts/get. An account
 * is serverless by a capability, or by its capacity mode.
 */
export function withAccount(config: Described | null, account: Json | undefined): Described | null {
  if (config === null || !isObject(account)) return config;
  const { capabilities, capacityMode, locations } = account;
  const isServerless =
    /^serverless$/i.test(textOf(capacityMode) ?? "") ||
    (Array.isArray(capabilities) && capabilities.some((one) => isObject(one) && textOf(one["name"]) === "EnableServerless"));
  const isTold = Array.isArray(capabilities) || capacityMode !== undefined;
  const settings = said({
    capacity: isServerless ? "serverless" : isTold ? "provisioned" : null,
    regions: Array.isArray(locations) ? locations.length : null,
  });
  return { ...config, settings: { ...config.settings, ...settings } };
}
