/**
 * Time to live of a Firestore collection group: one field, a Timestamp, after which documents are deleted.
 * https://cloud.google.com/firestore/docs/ttl, https://cloud.google.com/firestore/docs/reference/rest/v1/projects.databases.collectionGroups.fields
 */
import { UserError } from "../../model/errors.ts";
import { arrayAt, isObject, type JsonObject, objectAt, textAt } from "../../model/json.ts";
import type { Knob } from "../kit/knob.ts";
import type { LiveContext } from "../room.ts";
import type { GcpApi } from "./api.ts";
import { refuseNotSetting, refuseOtherResource, restOf, waitForOperation } from "./knob-values.ts";
import { partOf } from "./schema.ts";

export function firestoreFieldKnob(api: GcpApi, context: LiveContext): Knob<JsonObject> {
  const get = (name: string): Promise<JsonObject> => api.call("firestore:fields.get", { name });
  return {
    // documents that are there already are marked one by one, which takes hours
    endsLater: true,
    async read(ref) {
      refuseOtherResource(ref, api, /^projects\/[^/]+\/databases\/[^/]+\/collectionGroups\/[^/]+\/fields\/[^/]+$/);
      const found = await get(ref.resource);
      const state = textAt(objectAt(found, "ttlConfig") ?? {}, "state");
      return {
        settings: { ttl: objectAt(found, "ttlConfig") !== null },
        revision: null,
        rest: restOf(found, ["ttlConfig"]),
        busy: state === "CREATING" ? "marking the documents that are there" : null,
        failed: state === "NEEDS_REPAIR" ? "the TTL needs repair: not all documents could be marked; switch it off and on again" : null,
        found,
      };
    },
    async refuse(change) {
      refuseNotSetting(change, ["ttl"]);
      if (typeof change.after["ttl"] !== "boolean") throw new UserError(`${change.name}: ttl is neither true nor false`);
      if (partOf(change.resource, "fields") === "*") throw new UserError(`${change.name}: * stands for all fields and cannot have a TTL`);
      const parent = change.resource.replace(/\/fields\/[^/]+$/, "");
      if (!change.after["ttl"]) return;
      for await (const page of api.pages("firestore:fields.list", { parent, filter: "ttlConfig:*" }))
        for (const field of (arrayAt(page, "fields") ?? []).filter(isObject)) {
          const name = textAt(field, "name") ?? "";
          if (name !== change.resource && name.startsWith(`${parent}/fields/`))
            throw new UserError(
              `${change.name}: ${partOf(name, "fields")} is the TTL of this collection group, and there can be only one`,
              {
                suggestions: ["switch that one off first"],
              },
            );
        }
    },
    async send(change) {
      const ttl = change.after["ttl"] === true;
      // the mask must not touch indexConfig; without ttlConfig in the body it is switched off
      const body = { name: change.resource, ...(ttl ? { ttlConfig: {} } : {}) };
      const started = await api.call("firestore:fields.patch", { ...body, updateMask: "ttlConfig" });
      const isThere = async (): Promise<boolean> => (objectAt(await get(change.resource), "ttlConfig") !== null) === ttl;
      await waitForOperation({ api, get: "firestore:operations.get", context, name: change.name }, started, isThere);
    },
    // fields have no labels
    owners: () => Promise.resolve([]),
  };
}
