/** Retention of a Log Analytics table, interactive and in all. https://learn.microsoft.com/rest/api/loganalytics/tables/update */
import { UserError } from "../../model/errors.ts";
import { type JsonObject, numberOf, objectAt, textAt } from "../../model/json.ts";
import type { ResourceRef, Settings } from "../../model/plan.ts";
import type { Knob } from "../kit/knob.ts";
import type { AzureApi } from "./api.ts";
import { limits } from "./limits.ts";
import { ownersOf } from "./owners.ts";

const VERSION = "2022-10-01";
const ID = /\/providers\/Microsoft\.OperationalInsights\/workspaces\/[^/]+\/tables\/[^/]+$/i;
const FIELDS: { readonly [setting: string]: string } = { retentionD: "retentionInDays", totalRetentionD: "totalRetentionInDays" };

export function logTableKnob(api: AzureApi): Knob<JsonObject> {
  const read = (ref: ResourceRef): Promise<JsonObject> => {
    if (!ID.test(ref.resource)) throw new UserError(`${ref.resource} is no resource ID of a table of Log Analytics`);
    return api.call("arm:GET", [ref.resource, VERSION]);
  };
  return {
    async read(ref) {
      const found = await read(ref);
      const {
        retentionInDays,
        totalRetentionInDays,
        archiveRetentionInDays: _archive,
        provisioningState,
        ...rest
      } = objectAt(found, "properties") ?? {};
      const state = typeof provisioningState === "string" ? provisioningState : "";
      return {
        settings: { retentionD: numberOf(retentionInDays ?? null), totalRetentionD: numberOf(totalRetentionInDays ?? null) },
        revision: null,
        // the archive is what the two leave between them, and whether they are the workspace's own follows from them
        rest: without(rest, ["retentionInDaysAsDefault", "totalRetentionInDaysAsDefault"]),
        busy: /^(Updating|InProgress)$/i.test(state) ? `being updated (${state})` : null,
        failed: null,
        found,
      };
    },
    refuse({ name, after }, { found, settings }) {
      refuseOutside(name, after);
      const plan = textAt(objectAt(found, "properties") ?? {}, "plan");
      if ("retentionD" in after && plan !== null && plan !== "Analytics")
        throw new UserError(`${name}: the interactive retention of a ${plan} table is fixed; only its total retention can be written`);
      const days = (setting: string): number => Number(after[setting] ?? settings[setting] ?? 0);
      if (days("totalRetentionD") < days("retentionD"))
        throw new UserError(
          `${name}: a total retention of ${days("totalRetentionD")} days would be less than the interactive one of ${days("retentionD")}`,
        );
    },
    async send(change) {
      const properties = Object.fromEntries(Object.entries(change.after).map(([name, value]) => [FIELDS[name]!, value]));
      await api.call("arm:PATCH", [change.resource, VERSION, { properties }]);
    },
    owners: (ref) => ownersOf(api, ref.resource, read(ref)),
  };
}

function refuseOutside(name: string, after: Settings): void {
  for (const [setting, value] of Object.entries(after)) {
    const limit = limits.find((one) => one.setting === `logAnalytics.${FIELDS[setting]}`);
    if (limit === undefined) throw new UserError(`evscope cannot write the setting ${setting} of a table of Log Analytics`);
    if (typeof value !== "number" || !Number.isInteger(value) || value < limit.min! || value > limit.max!)
      throw new UserError(`${name}: ${setting} ${JSON.stringify(value)} is not legal: ${limit.min} to ${limit.max} days (${limit.source})`);
  }
}

function without(fields: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));
}
