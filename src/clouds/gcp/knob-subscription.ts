/**
 * The filter of a Pub/Sub push subscription. It cannot be changed: a second subscription with the other filter takes the first one's place, under
 * a name that alternates (`orders`, `orders-evscope`). No wanted message is lost: both get what is published from the moment the second is there, so
 * that wanted messages may come twice, and the first is deleted only when Monitoring says that all it held from before is acknowledged.
 * A run that is cut off in between leaves both, and the next one goes on. https://cloud.google.com/pubsub/docs/subscription-message-filter
 */
import { EXIT, UserError } from "../../model/errors.ts";
import { type JsonObject, objectAt, textAt } from "../../model/json.ts";
import type { Change, ResourceRef } from "../../model/plan.ts";
import { differences, type Knob, type KnobState } from "../kit/knob.ts";
import type { LiveContext } from "../room.ts";
import { type GcpApi, GcpError } from "./api.ts";
import { refuseNotSetting, refuseOtherResource, restOf } from "./knob-values.ts";
import { ownersIn } from "./owners.ts";
import { partOf } from "./schema.ts";
import { refuseUnfit } from "./subscription-refusals.ts";
import { backlogSeen, waitUntilDrained } from "./subscription-backlog.ts";

const SUFFIX = "-evscope";
/** How often the subscription was replaced: of two, the higher is the newer. */
const GENERATION = "evscope-generation";
const REPLACES = "evscope-replaces";

/** The subscription that is at work, and the one that replaces it where a run was cut off. */
interface Pair {
  current: JsonObject;
  replacement: JsonObject | null;
}

export function subscriptionKnob(api: GcpApi, context: LiveContext): Knob<Pair> {
  /** null: there is none. */
  async function get(subscription: string): Promise<JsonObject | null> {
    try {
      return await api.call("pubsub:GetSubscription", { subscription });
    } catch (error) {
      if (error instanceof GcpError && error.kind === "not-found") return null;
      throw error;
    }
  }

  async function pairOf(ref: ResourceRef): Promise<Pair> {
    const own = await get(ref.resource);
    const other = await get(otherName(ref.resource));
    const [newer, older] = other !== null && (own === null || generationOf(other) > generationOf(own)) ? [other, own] : [own, other];
    // gone; one that only has the other's name is somebody else's
    if (newer === null || (own === null && generationOf(newer) === 0))
      return { current: await api.call("pubsub:GetSubscription", { subscription: ref.resource }), replacement: null };
    if (older === null) return { current: newer, replacement: null };
    // a subscription of somebody else that happens to have the name
    if (generationOf(newer) === 0) return { current: own!, replacement: null };
    return { current: older, replacement: newer };
  }

  async function created(change: Change, { current, replacement }: Pair): Promise<JsonObject> {
    if (replacement !== null) return replacement;
    const name = otherName(nameOf(current));
    const filter = change.after["filter"];
    const { filter: _old, ...same } = restOf(current, NOT_COPIED);
    const body = {
      ...same,
      name,
      ...(filter === null || filter === "" ? {} : { filter }),
      labels: {
        ...objectAt(current, "labels"),
        [REPLACES]: labelValue(partOf(nameOf(current), "subscriptions") ?? ""),
        [GENERATION]: String(generationOf(current) + 1),
      },
    };
    try {
      await api.call("pubsub:CreateSubscription", body);
    } catch (error) {
      if (!(error instanceof GcpError) || !(error.mayHaveHappened || error.code === "ALREADY_EXISTS")) throw error;
    }
    const made = await get(name);
    if (made === null) throw new UserError(`${change.name}: ${name} was not made`, { exitCode: EXIT.conflict });
    return made;
  }

  async function refuseUnlike(change: Change, made: JsonObject, { current }: Pair): Promise<void> {
    const other = differences(restOfBoth(current), restOfBoth(made));
    if (filterOf(made) !== (change.after["filter"] || null)) other.push("filter");
    if (other.length === 0) return;
    throw new UserError(
      `${change.name}: ${nameOf(made)} is to take its place, but its ${other.join(", ")} is not as it should be; nothing was deleted, and messages go to both`,
      { exitCode: EXIT.conflict, suggestions: [`look at it; gcloud pubsub subscriptions delete ${nameOf(made)} takes it away`] },
    );
  }

  return {
    async read(ref): Promise<KnobState<Pair>> {
      refuseOtherResource(ref, api, /^projects\/[^/]+\/subscriptions\/[^/]+$/);
      const pair = await pairOf(ref);
      const { current, replacement } = pair;
      if (replacement !== null) context.host.warn(besides(current, replacement));
      return { settings: { filter: filterOf(current) }, revision: null, rest: restOfBoth(current), busy: null, failed: null, found: pair };
    },
    async refuse(change, { found }) {
      refuseNotSetting(change, ["filter"]);
      await refuseUnfit(api, change, found.current);
      const { replacement } = found;
      if (replacement !== null && filterOf(replacement) !== (change.after["filter"] || null))
        throw new UserError(
          `${change.name}: ${nameOf(replacement)} stands beside it with another filter, ${filterOf(replacement) ?? "none"}`,
          {
            exitCode: EXIT.conflict,
            suggestions: [`delete it: gcloud pubsub subscriptions delete ${nameOf(replacement)}`],
          },
        );
      if ((await backlogSeen(api, context, nameOf(found.current))) === null)
        throw new UserError(`${change.name}: Monitoring says nothing of its backlog, without which messages could be lost`, {
          suggestions: ["grant monitoring.timeSeries.list; a subscription that gets no messages needs no filter"],
        });
    },
    async send(change, { found }) {
      const made = await created(change, found);
      await refuseUnlike(change, made, found);
      const since = context.clock.now();
      context.host.note(
        `${change.name}: ${nameOf(made)} is there; waiting until ${nameOf(found.current)} has handed out what it held before. Roles granted on the subscription itself are not carried over (dead letters need roles/pubsub.subscriber for Pub/Sub's service agent)`,
      );
      try {
        await waitUntilDrained(api, context, change, nameOf(found.current), since);
        await api.call("pubsub:DeleteSubscription", { subscription: nameOf(found.current) });
      } catch (error) {
        if (error instanceof GcpError && error.api === "pubsub:DeleteSubscription" && error.kind === "not-found") return;
        context.host.warn(besides(found.current, made));
        throw error;
      }
    },
    owners: async (ref) => ownersIn((await pairOf(ref)).current),
  };
}

/** What the cloud sets, and what belongs to the one subscription. */
const NOT_COPIED = ["name", "state", "topicMessageRetentionDuration", "analyticsHubSubscriptionInfo", "detached"];

/** All that both must have alike. */
function restOfBoth(found: JsonObject): JsonObject {
  const labels = Object.entries(objectAt(found, "labels") ?? {}).filter(([label]) => label !== REPLACES && label !== GENERATION);
  return { ...restOf(found, [...NOT_COPIED, "filter", "labels"]), ...(labels.length === 0 ? {} : { labels: Object.fromEntries(labels) }) };
}

function besides(current: JsonObject, replacement: JsonObject): string {
  return `${nameOf(replacement)} (filter ${filterOf(replacement) ?? "none"}) stands beside ${nameOf(current)}: messages may come twice until the change is made again, or it is taken away (gcloud pubsub subscriptions delete ${partOf(nameOf(replacement), "subscriptions")})`;
}

function filterOf(found: JsonObject): string | null {
  return textAt(found, "filter");
}

function nameOf(found: JsonObject): string {
  return textAt(found, "name") ?? "";
}

function otherName(resource: string): string {
  return resource.endsWith(SUFFIX) ? resource.slice(0, -SUFFIX.length) : resource + SUFFIX;
}

/** 0: not made by evscope. */
function generationOf(found: JsonObject): number {
  return Number(textAt(objectAt(found, "labels") ?? {}, GENERATION) ?? 0) || 0;
}

/** Values of labels are lower case, and at most 63 characters: https://cloud.google.com/pubsub/docs/labels */
function labelValue(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9_-]/g, "_")
    .slice(0, 63);
}
