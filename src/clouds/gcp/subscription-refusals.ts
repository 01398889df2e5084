/** Which subscriptions are not replaced by another, and why. */
import { UserError } from "../../model/errors.ts";
import { arrayAt, booleanAt, isObject, type JsonObject, objectAt, textAt } from "../../model/json.ts";
import type { Change } from "../../model/plan.ts";
import { type GcpApi, GcpError } from "./api.ts";
import { partOf } from "./schema.ts";

/** https://cloud.google.com/pubsub/docs/subscription-message-filter */
const MAX_FILTER_BYTES = 256;
/** Names that Eventarc and the Functions API give. */
const GENERATED = /\/subscriptions\/(?:eventarc-|gcf-)/;

/** Throws UserError unless the filter is legal as far as its length says, and the subscription one that another can stand in for. */
export async function refuseUnfit(api: GcpApi, change: Change, found: JsonObject): Promise<void> {
  const filter = change.after["filter"] ?? "";
  const fail = (why: string, suggestions: string[] = []): UserError => new UserError(`${change.name} ${why}`, { suggestions });
  if (typeof filter !== "string") throw fail("takes a filter as text");
  if (Buffer.byteLength(filter) > MAX_FILTER_BYTES)
    throw fail(`takes a filter of at most ${MAX_FILTER_BYTES} bytes, not ${Buffer.byteLength(filter)}`);
  const push = textAt(objectAt(found, "pushConfig") ?? {}, "pushEndpoint");
  const topic = textAt(found, "topic") ?? "";
  if (topic === "_deleted-topic_") throw fail("has lost its topic");
  if (booleanAt(found, "detached") === true) throw fail("is detached from its topic");
  if (
    objectAt(found, "bigqueryConfig") !== null ||
    objectAt(found, "cloudStorageConfig") !== null ||
    objectAt(found, "bigtableConfig") !== null
  )
    throw fail("writes to a store: no function is behind it");
  if (push === null)
    throw fail("is pulled: its readers must be pointed to another subscription, which evscope cannot do", pullSteps(found, filter, topic));
  if (booleanAt(found, "enableMessageOrdering") === true)
    throw fail("keeps messages in order, and while two subscriptions hand them out there is none");
  if (GENERATED.test(change.resource) || (await triggerOver(api, change.resource)) !== null)
    throw fail("belongs to an Eventarc trigger or a function, which would not follow to another subscription", [
      "write the filter into the trigger (eventarc.trigger), where its attributes allow it",
    ]);
}

/** What a person does by hand instead. */
function pullSteps(found: JsonObject, filter: string, topic: string): string[] {
  const name = partOf(textAt(found, "name") ?? "", "subscriptions") ?? "NAME";
  return [
    `gcloud pubsub subscriptions create ${name}-filtered --topic=${topic} --message-filter='${filter.replaceAll("'", `'\\''`)}' (with the other settings of ${name})`,
    `point the readers of ${name} to ${name}-filtered, and wait until ${name} has no unacknowledged messages from before`,
    `gcloud pubsub subscriptions delete ${name}`,
  ];
}

/** The Eventarc trigger that reads from it; null: none, or they may not be listed. */
async function triggerOver(api: GcpApi, resource: string): Promise<string | null> {
  try {
    for await (const page of api.pages("eventarc:triggers.list", { parent: `projects/${api.project}/locations/-`, pageSize: 1000 }))
      for (const trigger of (arrayAt(page, "triggers") ?? []).filter(isObject)) {
        const pubsub = objectAt(objectAt(trigger, "transport") ?? {}, "pubsub") ?? {};
        if (textAt(pubsub, "subscription") === resource) return textAt(trigger, "name");
      }
  } catch (error) {
    if (!(error instanceof GcpError)) throw error;
  }
  return null;
}
