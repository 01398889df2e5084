/**
 * Patterns of EventBridge rules. PutRule replaces the whole rule: what it does not name is gone, so that everything is sent as it was read.
 * https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html
 */
import { UserError } from "../../model/errors.ts";
import type { ResourceRef } from "../../model/plan.ts";
import type { Json } from "../../model/records.ts";
import type { Knob } from "../kit/knob.ts";
import type { AwsApi } from "./api.ts";
import { refuseNoPattern, refuseUnknown } from "./knob-values.ts";
import { arnOf } from "./names.ts";
import { ownersOf } from "./owners.ts";
import { list, obj, type Obj, text } from "./schema.ts";

/** Fields that PutRule takes, but for the pattern. Tags stay as they are. */
const SENT_BACK = ["Name", "EventBusName", "ScheduleExpression", "State", "Description", "RoleArn"] as const;

export function ruleKnob(api: AwsApi): Knob<Obj> {
  return {
    async read(ref) {
      const { bus, name } = placeOf(ref);
      const found = await api.call("events:DescribeRule", { Name: name, EventBusName: bus });
      const targets: Json[] = [];
      for await (const page of api.pages("events:ListTargetsByRule", { Rule: name, EventBusName: bus }))
        targets.push(...list(page["Targets"]));
      const { EventPattern: _, ...rest } = found;
      return {
        settings: { pattern: text(found["EventPattern"]) },
        revision: null,
        // a rule without its targets would do nothing
        rest: { ...rest, Targets: targets.toSorted((a, b) => (idOf(a) < idOf(b) ? -1 : 1)) },
        busy: null,
        failed: null,
        found,
      };
    },
    refuse(change, { found, settings }) {
      refuseUnknown(change, Object.keys(change.after), ["pattern"]);
      const manager = text(found["ManagedBy"]);
      if (manager !== null) throw new UserError(`${change.name}: the rule is managed by ${manager}, which would take a change back`);
      if (settings["pattern"] === null) throw new UserError(`${change.name}: the rule has no pattern; it runs on a schedule`);
      refuseNoPattern(change, "pattern", change.after["pattern"] ?? null, "events.patternLength");
    },
    async send(change, { found }) {
      const asItWas = Object.fromEntries(SENT_BACK.filter((field) => text(found[field]) !== null).map((field) => [field, found[field]]));
      const { bus, name } = placeOf(change);
      await api.call("events:PutRule", { ...asItWas, Name: name, EventBusName: bus, EventPattern: change.after["pattern"] });
    },
    owners(ref) {
      const { bus, name } = placeOf(ref);
      const physicalId = bus === "default" ? name : `${bus}|${name}`;
      return ownersOf(api, { tags: ["events:ListTagsForResource", { ResourceARN: ref.resource }], physicalId });
    },
  };
}

/** `rule/NAME` on the default bus, `rule/BUS/NAME` else. A partner's bus has slashes in its name. */
function placeOf(ref: ResourceRef): { bus: string; name: string } {
  const parts = (arnOf(ref.resource)?.resource ?? "").split("/");
  if (parts[0] !== "rule" || parts.length < 2) throw new UserError(`${ref.resource} is not the ARN of a rule`);
  return { name: parts.at(-1)!, bus: parts.length === 2 ? "default" : parts.slice(1, -1).join("/") };
}

const idOf = (target: Json): string => text(obj(target)?.["Id"]) ?? "";
