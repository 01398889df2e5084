/** What of AWS can be written: the applier of each kind of resource behind one door. */
import { EXIT, UserError } from "../../model/errors.ts";
import type { ResourceRef } from "../../model/plan.ts";
import { knobApplier, type Knob, type KnobContext } from "../kit/knob.ts";
import type { Applier, LiveContext, Target } from "../room.ts";
import type { AwsApi } from "./api.ts";
import { functionApplier } from "./function-applier.ts";
import { logGroupKnob } from "./knob-log-group.ts";
import { mappingKnob } from "./knob-mapping.ts";
import { pipeKnob } from "./knob-pipe.ts";
import { queueKnob } from "./knob-queue.ts";
import { ruleKnob } from "./knob-rule.ts";
import { subscriptionKnob } from "./knob-subscription.ts";
import { tableKnob } from "./knob-table.ts";
import { arnOf } from "./names.ts";
import { asUserError } from "./user-error.ts";

/** The applier of one account and region. */
export function openApplier(api: AwsApi, target: Target, context: LiveContext): Applier {
  const appliers = appliersOf(api, target, context);
  const of = (ref: ResourceRef): Applier => {
    const applier = Object.hasOwn(appliers, ref.kind) ? appliers[ref.kind] : undefined;
    if (applier === undefined) throw new UserError(`evscope cannot write a ${ref.kind} on AWS: ${ref.name}`);
    refuseOther(ref, api);
    return applier;
  };
  return {
    read: async (ref) => of(ref).read(ref),
    owners: async (ref) => of(ref).owners(ref),
    write: async (change, revision) => of(change).write(change, revision),
    moveAlias: async (ref, alias, version) => of(ref).moveAlias(ref, alias, version),
  };
}

function appliersOf(api: AwsApi, target: Target, context: LiveContext): { readonly [kind: string]: Applier } {
  const { clock, signal } = context;
  const rules: KnobContext = { clock, signal, explain: asUserError, place: `${target.region} (${target.name})` };
  const by = <Found>(knob: Knob<Found>): Applier => knobApplier(knob, rules);
  return {
    "lambda.function": functionApplier(api, target, context),
    "lambda.event-source-mapping": by(mappingKnob(api)),
    "events.rule": by(ruleKnob(api)),
    "pipes.pipe": by(pipeKnob(api)),
    "sns.subscription": by(subscriptionKnob(api)),
    "sqs.queue": by(queueKnob(api)),
    "dynamodb.table": by(tableKnob(api)),
    "logs.group": by(logGroupKnob(api)),
  };
}

/** Account and region are those of the credentials, and an ARN says nothing else than the rest of the reference: kinds begin with its service. */
function refuseOther(ref: ResourceRef, api: AwsApi): void {
  const arn = arnOf(ref.resource);
  if (arn !== null && (arn.account !== ref.account || arn.region !== ref.region || arn.service !== ref.kind.split(".")[0]))
    throw new UserError(`${ref.name} in account ${ref.account}, ${ref.region} is not what ${ref.resource} names`, {
      exitCode: EXIT.conflict,
    });
  if (ref.account !== api.account || ref.region !== api.region)
    throw new UserError(`${ref.name} belongs to ${ref.account} in ${ref.region}, the credentials to ${api.account} in ${api.region}`, {
      suggestions: ["name that account and region in evscope.yaml, or with --profile and --region"],
    });
}
