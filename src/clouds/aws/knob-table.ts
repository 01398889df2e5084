/**
 * Time to live of DynamoDB tables. It takes up to an hour to be on or off, and only one change is taken within that time.
 * https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTimeToLive.html
 */
import { EXIT, UserError } from "../../model/errors.ts";
import type { Json } from "../../model/records.ts";
import type { Knob } from "../kit/knob.ts";
import { AwsError, type AwsApi } from "./api.ts";
import { refuseUnknown } from "./knob-values.ts";
import { resourceName } from "./names.ts";
import { ownersOf } from "./owners.ts";
import { obj, type Obj, text } from "./schema.ts";

/** What tells that it is still the same table. Counters and states are not among it. */
const REST = ["TableId", "KeySchema", "StreamSpecification", "TableClassSummary", "DeletionProtectionEnabled"];

export function tableKnob(api: AwsApi): Knob<Obj> {
  return {
    endsLater: true,
    async read(ref) {
      const TableName = resourceName(ref.resource) ?? ref.name;
      const table = obj((await api.call("dynamodb:DescribeTable", { TableName }))["Table"]) ?? {};
      const found = obj((await api.call("dynamodb:DescribeTimeToLive", { TableName }))["TimeToLiveDescription"]) ?? {};
      const status = text(found["TimeToLiveStatus"]) ?? "";
      return {
        settings: { ttlAttribute: status.startsWith("ENABL") ? text(found["AttributeName"]) : null },
        revision: null,
        rest: Object.fromEntries(REST.map((field): [string, Json] => [field, table[field] ?? null])),
        busy: status.endsWith("ING") ? `changing its time to live (${status}), which takes up to an hour` : null,
        failed: null,
        found,
      };
    },
    refuse(change, { settings }) {
      refuseUnknown(change, Object.keys(change.after), ["ttlAttribute"]);
      const [now, after] = [settings["ttlAttribute"] ?? null, change.after["ttlAttribute"] ?? null];
      // https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TimeToLiveSpecification.html
      if (after !== null && (typeof after !== "string" || after.length < 1 || after.length > 255))
        throw new UserError(
          `${change.name}: ttlAttribute ${JSON.stringify(after)} is not legal; legal: a name of 1 to 255 characters, or null`,
        );
      if (now !== null && after !== null && now !== after)
        throw new UserError(`${change.name}: another TTL attribute cannot be set while ${JSON.stringify(now)} is one`, {
          suggestions: ["switch the time to live off, wait an hour, and switch it on with the other attribute"],
        });
    },
    async send(change, { settings }) {
      const after = text(change.after["ttlAttribute"]);
      const TimeToLiveSpecification = { Enabled: after !== null, AttributeName: after ?? settings["ttlAttribute"] };
      try {
        await api.call("dynamodb:UpdateTimeToLive", { TableName: resourceName(change.resource) ?? change.name, TimeToLiveSpecification });
      } catch (error) {
        if (!(error instanceof AwsError) || !/modified multiple times/i.test(error.message)) throw error;
        throw new UserError(`${change.name}: DynamoDB takes one change of a table's time to live per hour, and there was one`, {
          exitCode: EXIT.conflict,
          suggestions: ["run the same command again in an hour"],
          cause: error,
        });
      }
    },
    owners: (ref) =>
      ownersOf(api, {
        tags: ["dynamodb:ListTagsOfResource", { ResourceArn: ref.resource }],
        physicalId: resourceName(ref.resource) ?? ref.name,
      }),
  };
}
