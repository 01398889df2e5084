/**
 * Filter policies of SNS subscriptions. Policy and scope are written one after the other, and never so that a policy is read in the wrong
 * scope in between: to set one, the scope comes first, while there is no policy; to take it away, the policy goes first.
 * https://docs.aws.amazon.com/sns/latest/api/API_SetSubscriptionAttributes.html
 */
import { UserError } from "../../model/errors.ts";
import type { Settings } from "../../model/plan.ts";
import type { Knob } from "../kit/knob.ts";
import type { AwsApi } from "./api.ts";
import { refuseNoPattern, refuseUnknown } from "./knob-values.ts";
import { ownersOf } from "./owners.ts";
import { obj, type Obj, parsed, text } from "./schema.ts";

const SCOPES = ["MessageAttributes", "MessageBody"];

/** What the scope is where none was set. */
const DEFAULT_SCOPE = "MessageAttributes";

export function subscriptionKnob(api: AwsApi): Knob<Obj> {
  const set = (arn: string, AttributeName: string, AttributeValue: string): Promise<Obj> =>
    api.call("sns:SetSubscriptionAttributes", { SubscriptionArn: arn, AttributeName, AttributeValue });
  return {
    // reads are eventually consistent, and take a moment
    shownWithinMs: 15_000,
    async read(ref) {
      const found = obj((await api.call("sns:GetSubscriptionAttributes", { SubscriptionArn: ref.resource }))["Attributes"]) ?? {};
      const { FilterPolicy: _, FilterPolicyScope: __, ...rest } = found;
      return { settings: settingsOf(found), revision: null, rest, busy: null, failed: null, found };
    },
    refuse(change, { settings }) {
      refuseUnknown(change, Object.keys(change.after), ["filterPolicy", "filterPolicyScope"]);
      const after = { ...settings, ...change.after };
      const [policy, scope] = [after["filterPolicy"] ?? null, after["filterPolicyScope"] ?? null];
      // one comes and goes with the other: a change that names the policy alone could not be taken back
      if ((policy === null) !== (settings["filterPolicy"] === null) && !("filterPolicyScope" in change.after))
        throw new UserError(`${change.name}: a filter policy is set, and taken away, together with its filterPolicyScope`);
      if (policy === null) {
        if (scope !== null) throw new UserError(`${change.name}: without a filter policy there is no filterPolicyScope`);
        return;
      }
      if (scope !== null && !SCOPES.includes(String(scope)))
        throw new UserError(`${change.name}: filterPolicyScope ${JSON.stringify(scope)} is not legal; legal: ${SCOPES.join(", ")}`);
      refuseNoPattern(change, "filterPolicy", policy, "sns.filterPolicyLength");
      if (settings["filterPolicy"] !== null && (scope ?? DEFAULT_SCOPE) !== settings["filterPolicyScope"])
        throw new UserError(
          `${change.name}: the scope of a filter policy cannot be changed while there is one: messages would be lost in between`,
          {
            suggestions: ["take the filter policy away first, and make a new plan then"],
          },
        );
    },
    async send(change, { settings, found }) {
      const arn = change.resource;
      const after = { ...settings, ...change.after };
      const policy = text(after["filterPolicy"]);
      if (policy === null) {
        // an empty policy lets everything pass, and takes the old one away
        await set(arn, "FilterPolicy", "{}");
        if (settings["filterPolicyScope"] !== DEFAULT_SCOPE) await set(arn, "FilterPolicyScope", DEFAULT_SCOPE);
        return;
      }
      // without a policy AWS does not show the scope, so that it is always set with one
      if (settings["filterPolicy"] === null)
        await set(arn, "FilterPolicyScope", text(after["filterPolicyScope"]) ?? text(found["FilterPolicyScope"]) ?? DEFAULT_SCOPE);
      await set(arn, "FilterPolicy", policy);
    },
    // subscriptions have no tags
    owners: (ref) => ownersOf(api, { tags: null, physicalId: ref.resource }),
  };
}

/** Where there is no policy there is no scope either, as AWS shows it. */
function settingsOf(found: Obj): Settings {
  const policy = text(found["FilterPolicy"]);
  const none = policy === null || Object.keys(obj(parsed(policy)) ?? { unreadable: 0 }).length === 0;
  return none
    ? { filterPolicy: null, filterPolicyScope: null }
    : { filterPolicy: policy, filterPolicyScope: text(found["FilterPolicyScope"]) ?? DEFAULT_SCOPE };
}
