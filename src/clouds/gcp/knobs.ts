/** Kinds of resources beside services and functions that may be written to. */
import type { Applier, LiveContext, Target } from "../room.ts";
import { type Knob, knobApplier } from "../kit/knob.ts";
import type { GcpApi } from "./api.ts";
import { firestoreFieldKnob } from "./knob-firestore-field.ts";
import { logBucketKnob } from "./knob-log-bucket.ts";
import { subscriptionKnob } from "./knob-subscription.ts";
import { triggerKnob } from "./knob-trigger.ts";
import { asUserError } from "./user-error.ts";

/** Appliers by kind, as `model/proposal.ts` names them. */
export function knobAppliers(api: GcpApi, target: Target, context: LiveContext): { readonly [kind: string]: Applier } {
  const { clock, signal } = context;
  const open = <Found>(knob: Knob<Found>): Applier =>
    knobApplier(knob, { clock, signal, explain: asUserError, place: `project ${api.project} (${target.name})` });
  return {
    "pubsub.subscription": open(subscriptionKnob(api, context)),
    "eventarc.trigger": open(triggerKnob(api, context)),
    "firestore.field": open(firestoreFieldKnob(api, context)),
    "logging.bucket": open(logBucketKnob(api)),
  };
}
