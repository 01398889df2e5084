/** Kinds of resources beside Function Apps that may be written to. Azure gives no lock on any of them. */
import { knobApplier, type Knob } from "../kit/knob.ts";
import type { Applier, LiveContext, Target } from "../room.ts";
import type { AzureApi } from "./api.ts";
import { containerKnob } from "./knob-container.ts";
import { eventSubscriptionKnob } from "./knob-event-subscription.ts";
import { logTableKnob } from "./knob-log-table.ts";
import { busSubscriptionKnob } from "./knob-bus-subscription.ts";
import { asUserError } from "./user-error.ts";

/** Appliers by kind, as `model/proposal.ts` names them. */
export function knobAppliers(api: AzureApi, target: Target, context: LiveContext): { readonly [kind: string]: Applier } {
  const { clock, signal } = context;
  const open = <Found>(knob: Knob<Found>): Applier =>
    knobApplier(knob, { clock, signal, explain: asUserError, place: `subscription ${api.subscription} (${target.name})` });
  return {
    "eventgrid.subscription": open(eventSubscriptionKnob(api)),
    "servicebus.subscription": open(busSubscriptionKnob(api)),
    "cosmos.container": open(containerKnob(api)),
    "loganalytics.table": open(logTableKnob(api)),
  };
}
