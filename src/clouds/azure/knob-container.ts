/**
 * Time to live of a Cosmos DB container. A PUT replaces the whole container, so that it is sent back as it was answered, with the one change.
 * https://learn.microsoft.com/azure/cosmos-db/nosql/time-to-live
 */
import { UserError } from "../../model/errors.ts";
import { type JsonObject, numberOf, objectAt, textAt } from "../../model/json.ts";
import type { ResourceRef } from "../../model/plan.ts";
import type { Knob } from "../kit/knob.ts";
import type { AzureApi } from "./api.ts";
import { ownersOf } from "./owners.ts";

const ID =
  /\/resourceGroups\/([^/]+)\/providers\/Microsoft\.DocumentDB\/databaseAccounts\/([^/]+)\/sqlDatabases\/([^/]+)\/(?:sqlC|c)ontainers\/([^/]+)$/i;
const MOST_S = 2_147_483_647;

export function containerKnob(api: AzureApi): Knob<JsonObject> {
  const placeOf = ({ resource }: ResourceRef): string[] => {
    const place = ID.exec(resource)?.slice(1);
    if (place === undefined) throw new UserError(`${resource} is no resource ID of a Cosmos DB container`);
    return place;
  };
  const read = async (ref: ResourceRef): Promise<JsonObject> => api.call("cosmos:sqlResources.getSqlContainer", placeOf(ref));
  return {
    async read(ref) {
      const found = await read(ref);
      const resource = objectAt(objectAt(found, "properties") ?? {}, "resource") ?? {};
      const { defaultTtl, _etag, _rid, _ts, _self, ...rest } = resource;
      return {
        settings: { defaultTtlS: numberOf(defaultTtl ?? null) },
        revision: textAt(resource, "_etag"),
        rest,
        busy: null,
        failed: null,
        found,
      };
    },
    refuse({ name, after }) {
      const value = after["defaultTtlS"] ?? null;
      const legal = value === null || value === -1 || (Number.isInteger(value) && Number(value) >= 1 && Number(value) <= MOST_S);
      if (Object.keys(after).join() !== "defaultTtlS" || !legal)
        throw new UserError(`${name}: defaultTtlS is -1 (each item says its own), 1 to ${MOST_S} seconds, or null (off); 0 is not legal`);
    },
    async send(change) {
      await api.replace(
        "cosmos:sqlResources.getSqlContainer",
        "cosmos:sqlResources.createUpdateSqlContainer",
        placeOf(change),
        (container) => {
          const properties = objectAt(container, "properties");
          const resource = properties === null ? null : objectAt(properties, "resource");
          if (resource === null || objectAt(resource, "partitionKey") === null)
            throw new UserError(`${change.name}: Azure shows no partition key of it that could be sent back: writing would make it anew`);
          for (const own of ["_etag", "_rid", "_ts", "_self"]) delete resource[own];
          // throughput is a resource of its own, and stays
          delete properties!["options"];
          if (change.after["defaultTtlS"] === null) delete resource["defaultTtl"];
          else resource["defaultTtl"] = change.after["defaultTtlS"]!;
        },
        { skeleton: { resource: { id: change.name } } },
      );
    },
    owners: (ref) => ownersOf(api, ref.resource, read(ref)),
  };
}
