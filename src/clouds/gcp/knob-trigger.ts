/** Event filters of Eventarc triggers. https://cloud.google.com/eventarc/docs/reference/rest/v1/projects.locations.triggers/patch */
import { UserError } from "../../model/errors.ts";
import { arrayAt, isObject, type JsonObject, objectAt, textAt } from "../../model/json.ts";
import type { Json } from "../../model/records.ts";
import type { Knob } from "../kit/knob.ts";
import { unlike } from "../kit/knob.ts";
import type { LiveContext } from "../room.ts";
import type { GcpApi } from "./api.ts";
import { refuseNotSetting, refuseOtherResource, restOf, waitForOperation } from "./knob-values.ts";
import { filtersOf } from "./configs/functions.ts";
import { ownersIn } from "./owners.ts";

const NOT_COMPARED = ["eventFilters", "etag", "updateTime", "conditions"];

export function triggerKnob(api: GcpApi, context: LiveContext): Knob<JsonObject> {
  const get = (name: string): Promise<JsonObject> => api.call("eventarc:triggers.get", { name });
  const settingsOf = (found: JsonObject): { filters: Json } => ({
    filters: filtersOf((arrayAt(found, "eventFilters") ?? []).filter(isObject)),
  });
  return {
    async read(ref) {
      refuseOtherResource(ref, api, /^projects\/[^/]+\/locations\/[^/]+\/triggers\/[^/]+$/);
      const found = await get(ref.resource);
      return {
        settings: settingsOf(found),
        revision: textAt(found, "etag"),
        rest: restOf(found, NOT_COMPARED),
        busy: null,
        failed: null,
        found,
      };
    },
    refuse(change, { found, settings }) {
      refuseNotSetting(change, ["filters"]);
      const filters = change.after["filters"];
      if (
        !Array.isArray(filters) ||
        filters.some((one) => !isObject(one) || typeof one["attribute"] !== "string" || typeof one["value"] !== "string")
      )
        throw new UserError(`${change.name}: filters is not a list of {attribute, value}`);
      const fn = textAt(objectAt(found, "destination") ?? {}, "cloudFunction") ?? functionIn(found);
      if (fn !== null)
        throw new UserError(`${change.name} belongs to function ${fn}: the function's next deployment would write it again`, {
          suggestions: ["change the event trigger of the function, where it is deployed from"],
        });
      const type = (of: Json | undefined): Json | undefined =>
        (Array.isArray(of) ? of : []).filter(isObject).find((one) => one["attribute"] === "type")?.["value"];
      if (type(filters) !== type(settings["filters"]))
        throw new UserError(`${change.name}: the type of events of a trigger stays as it is`);
    },
    async send(change) {
      const eventFilters = change.after["filters"]!;
      const started = await api.call("eventarc:triggers.patch", { name: change.resource, eventFilters, updateMask: "eventFilters" });
      const isThere = async (): Promise<boolean> => unlike(settingsOf(await get(change.resource)), change.after).length === 0;
      await waitForOperation({ api, get: "eventarc:operations.get", context, name: change.name }, started, isThere);
    },
    owners: async (ref) => ownersIn(await get(ref.resource)),
  };
}

/** A trigger that the Functions API made says so by a label, `goog-managed-by=cloudfunctions`. */
function functionIn(found: JsonObject): string | null {
  const { "goog-managed-by": manager, "goog-cloudfunctions-function": name } = objectAt(found, "labels") ?? {};
  return manager === "cloudfunctions" ? String(name ?? textAt(found, "name")?.split("/").at(-1)) : null;
}
