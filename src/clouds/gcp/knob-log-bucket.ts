/** How long log buckets keep entries. https://cloud.google.com/logging/docs/reference/v2/rest/v2/projects.locations.buckets */
import { UserError } from "../../model/errors.ts";
import { type JsonObject, numberAt, textAt } from "../../model/json.ts";
import type { Knob } from "../kit/knob.ts";
import type { GcpApi } from "./api.ts";
import { refuseNotSetting, refuseOtherResource, restOf } from "./knob-values.ts";
import { limits } from "./limits.ts";

/** What is written, what the service says of itself, and moments. */
const NOT_COMPARED = ["retentionDays", "lifecycleState", "createTime", "updateTime"];
const BUSY = new Set(["CREATING", "UPDATING"]);

export function logBucketKnob(api: GcpApi): Knob<JsonObject> {
  return {
    async read(ref) {
      refuseOtherResource(ref, api, /^projects\/[^/]+\/locations\/[^/]+\/buckets\/[^/]+$/);
      const found = await api.call("logging:GetBucket", { name: ref.resource });
      const state = textAt(found, "lifecycleState") ?? "ACTIVE";
      return {
        settings: { retentionD: numberAt(found, "retentionDays") },
        revision: null,
        rest: restOf(found, NOT_COMPARED),
        busy: BUSY.has(state) ? state.toLowerCase() : null,
        failed: state === "FAILED" ? "the bucket's last update failed" : null,
        found,
      };
    },
    refuse(change, { found }) {
      refuseNotSetting(change, ["retentionD"]);
      const after = change.after["retentionD"];
      const { min, max } = limits.find((one) => one.setting === "retentionD")!;
      if (typeof after !== "number" || !Number.isInteger(after) || after < min! || after > max!)
        throw new UserError(`${change.name}: retentionD ${JSON.stringify(after)} is not a whole number of days from ${min} to ${max}`);
      if (found["locked"] === true) throw new UserError(`${change.name} is locked: its retention cannot be changed any more`);
      if (change.resource.endsWith("/_Required"))
        throw new UserError(`${change.name}: Google keeps this bucket 400 days, and lets nobody change that`);
      if (textAt(found, "lifecycleState") === "DELETE_REQUESTED") throw new UserError(`${change.name} is being deleted`);
    },
    async send(change) {
      const retentionDays = change.after["retentionD"]!;
      await api.call("logging:UpdateBucket", { name: change.resource, bucket: { retentionDays }, updateMask: "retentionDays" });
    },
    // buckets have no labels
    owners: () => Promise.resolve([]),
  };
}
