/**
 * How long log groups keep events.
 * https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
 */
import { UserError } from "../../model/errors.ts";
import type { ResourceRef } from "../../model/plan.ts";
import type { Knob } from "../kit/knob.ts";
import { AwsError, type AwsApi } from "./api.ts";
import { refuseOutside, refuseUnknown } from "./knob-values.ts";
import { ownersOf } from "./owners.ts";
import { num, objects, type Obj, text } from "./schema.ts";

/** Counters, what is written, and what says who wrote it. */
const VOLATILE = new Set(["storedBytes", "metricFilterCount", "retentionInDays", "retentionPolicyName"]);

export function logGroupKnob(api: AwsApi): Knob<Obj> {
  return {
    async read(ref) {
      const found = await describe(api, ref);
      return {
        settings: { retentionD: num(found["retentionInDays"]) },
        revision: null,
        rest: Object.fromEntries(Object.entries(found).filter(([field]) => !VOLATILE.has(field))),
        busy: null,
        failed: null,
        found,
      };
    },
    refuse(change, { found }) {
      refuseUnknown(change, Object.keys(change.after), ["retentionD"]);
      const after = change.after["retentionD"] ?? null;
      if (after !== null) refuseOutside(change, "retentionD", after, "logs.retention");
      // "retentionInDays shows the retention period from that policy instead of the retention period set on the log group"
      const policy = text(found["retentionPolicyName"]);
      if (policy !== null)
        throw new UserError(`${change.name}: the account's retention policy ${policy} decides; a retention of the group has no effect`, {
          suggestions: ["change the account's policy, or leave this group out of it"],
        });
      if (text(found["logGroupClass"]) === "DELIVERY")
        throw new UserError(`${change.name}: groups of the class DELIVERY keep events for one day, and that cannot be changed`);
    },
    async send(change) {
      const logGroupName = groupOf(change);
      const retentionInDays = change.after["retentionD"] ?? null;
      if (retentionInDays === null) await api.call("logs:DeleteRetentionPolicy", { logGroupName });
      else await api.call("logs:PutRetentionPolicy", { logGroupName, retentionInDays });
    },
    owners: (ref) =>
      ownersOf(api, {
        tags: ref.resource.startsWith("arn:") ? ["logs:ListTagsForResource", { resourceArn: ref.resource.replace(/:\*$/, "") }] : null,
        physicalId: groupOf(ref),
      }),
  };
}

function groupOf(ref: ResourceRef): string {
  return /:log-group:([^:]+)/.exec(ref.resource)?.[1] ?? ref.name;
}

async function describe(api: AwsApi, ref: ResourceRef): Promise<Obj> {
  const name = groupOf(ref);
  for await (const page of api.pages("logs:DescribeLogGroups", { logGroupNamePrefix: name })) {
    const found = objects(page["logGroups"]).find((one) => one["logGroupName"] === name);
    if (found !== undefined) return found;
  }
  throw new AwsError("not-found", "logs:DescribeLogGroups", "ResourceNotFoundException", `there is no log group ${name}`, 400, 1);
}
