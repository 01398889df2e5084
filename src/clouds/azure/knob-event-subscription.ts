/**
 * Event subscriptions: filter, and how many events a delivery may hold. A PATCH replaces the parts that it names, and leaves the others alone;
 * a destination is one part, and a webhook's address is a secret that is only read for that write.
 * https://learn.microsoft.com/rest/api/eventgrid/controlplane/event-subscriptions/update
 */
import { UserError } from "../../model/errors.ts";
import { arrayAt, isObject, type JsonObject, objectAt, textAt } from "../../model/json.ts";
import type { Change, ResourceRef } from "../../model/plan.ts";
import type { Json } from "../../model/records.ts";
import type { Knob, KnobState } from "../kit/knob.ts";
import type { AzureApi } from "./api.ts";
import { limits } from "./limits.ts";
import { ownersOf } from "./owners.ts";
import { setFilter } from "./values.ts";

const VERSION = "2022-06-15";
const ID = /\/eventSubscriptions\/[^/]+$/i;
/** Most advanced filters, and most values of all of them together: https://learn.microsoft.com/azure/event-grid/event-filtering#limitations */
const MOST_FILTERS = 25;
const MOST_TEXT = 512;

const BATCH: { readonly [setting: string]: string } = {
  maxEventsPerBatch: "maxEventsPerBatch",
  preferredBatchSizeKilobytes: "preferredBatchSizeInKilobytes",
};

export function eventSubscriptionKnob(api: AzureApi): Knob<JsonObject> {
  const read = (ref: ResourceRef): Promise<JsonObject> => {
    if (!ID.test(ref.resource)) throw new UserError(`${ref.resource} is no resource ID of an event subscription`);
    return api.call("arm:GET", [ref.resource, VERSION]);
  };
  return {
    async read(ref) {
      return stateOf(await read(ref));
    },
    refuse(change, { found }) {
      for (const name of Object.keys(change.after)) {
        if (name === "filter") refuseFilter(change, change.after["filter"] ?? null);
        else if (name in BATCH) refuseBatch(change, name, found);
        else throw new UserError(`evscope cannot write the setting ${name} of an event subscription`);
      }
    },
    async send(change, { found }) {
      const properties = objectAt(found, "properties") ?? {};
      const names = Object.keys(change.after);
      await api.call("arm:PATCH", [
        change.resource,
        VERSION,
        {
          ...(names.includes("filter") ? { filter: change.after["filter"] ?? {} } : {}),
          ...(names.some((name) => name in BATCH)
            ? { destination: await destinationWith(change, objectAt(properties, "destination")!) }
            : {}),
        },
      ]);
    },
    owners: (ref) => ownersOf(api, ref.resource, read(ref)),
  };

  /** The destination as it is, with the change; of a webhook with its whole address, which no other call shows. */
  async function destinationWith(change: Change, destination: JsonObject): Promise<JsonObject> {
    const { endpointBaseUrl: _base, ...properties } = objectAt(destination, "properties") ?? {};
    if (textAt(destination, "endpointType") === "WebHook") {
      const url = textAt(await api.call("arm:POST", [`${change.resource}/getFullUrl`, VERSION]), "endpointUrl");
      if (url === null)
        throw new UserError(`${change.name}: Azure does not show the webhook's address, without which it cannot be written`);
      properties["endpointUrl"] = url;
    }
    for (const [name, field] of Object.entries(BATCH)) if (name in change.after) properties[field] = change.after[name] ?? null;
    return { ...destination, properties };
  }
}

function stateOf(found: JsonObject): KnobState<JsonObject> {
  const { filter, destination, provisioningState, ...rest } = objectAt(found, "properties") ?? {};
  const { properties, ...kind } = isObject(destination) ? destination : {};
  const { maxEventsPerBatch, preferredBatchSizeInKilobytes, ...address } = isObject(properties) ? properties : {};
  const state = typeof provisioningState === "string" ? provisioningState : "";
  return {
    settings: {
      filter: setFilter(filter),
      maxEventsPerBatch: maxEventsPerBatch ?? null,
      preferredBatchSizeKilobytes: preferredBatchSizeInKilobytes ?? null,
    },
    revision: null,
    rest: { ...rest, destination: { ...kind, ...address } },
    busy: /^(Creating|Updating|Deleting)$/i.test(state) ? `being updated (${state})` : null,
    failed: /^Failed$/i.test(state) ? "its provisioning failed" : null,
    found,
  };
}

function refuseFilter(change: Change, filter: Json): void {
  if (filter !== null && !isObject(filter)) throw new UserError(`${change.name}: the filter is no object`);
  const advanced = isObject(filter) ? (arrayAt(filter, "advancedFilters") ?? []) : [];
  const values = advanced.flatMap((one) => (isObject(one) ? (arrayAt(one, "values") ?? ("value" in one ? [one["value"]!] : [])) : []));
  const refuse = (what: string): never => {
    throw new UserError(`${change.name}: ${what} (https://learn.microsoft.com/azure/event-grid/event-filtering#limitations)`);
  };
  if (advanced.length > MOST_FILTERS) refuse(`${advanced.length} advanced filters; at most ${MOST_FILTERS} are legal`);
  if (values.length > MOST_FILTERS) refuse(`${values.length} values in advanced filters; at most ${MOST_FILTERS} are legal`);
  if (values.some((value) => typeof value === "string" && value.length > MOST_TEXT))
    refuse(`a value of an advanced filter is longer than ${MOST_TEXT} characters`);
}

function refuseBatch(change: Change, name: string, found: JsonObject): void {
  const limit = limits.find((one) => one.setting === `eventGrid.${BATCH[name]}`);
  const value = change.after[name] ?? null;
  const legal = typeof value === "number" && Number.isInteger(value) && value >= (limit?.min ?? 1) && value <= (limit?.max ?? value);
  // an undo may put back that nothing was set
  if (!legal && value !== null)
    throw new UserError(`${change.name}: ${name} ${JSON.stringify(value)} is not legal: ${limit?.min} to ${limit?.max} (${limit?.source})`);
  const properties = objectAt(found, "properties") ?? {};
  const destination = objectAt(properties, "destination");
  const type = destination === null ? null : textAt(destination, "endpointType");
  if (type !== "AzureFunction" && type !== "WebHook")
    throw new UserError(
      `${change.name}: its events go to ${type ?? "an address that is not shown"}, which takes no batches, or is reached by a managed identity`,
    );
  const mappings = arrayAt(objectAt(destination!, "properties") ?? {}, "deliveryAttributeMappings") ?? [];
  if (mappings.some((one) => isObject(one) && objectAt(one, "properties")?.["isSecret"] === true))
    throw new UserError(`${change.name}: a header of its deliveries is secret, and Azure does not show it: writing would take it away`, {
      suggestions: [`az eventgrid event-subscription update --max-events-per-batch ${String(change.after["maxEventsPerBatch"] ?? "N")}`],
    });
}
