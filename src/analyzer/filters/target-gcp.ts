/** Google Cloud: the Pub/Sub subscription or Eventarc trigger that hands a function its events. */
import { inAttributeOrder } from "../../model/filters.ts";
import type { Config, Json } from "../../model/records.ts";
import { type Consumer, type FoundPlace, lastPart, notFound, placeIn, textSetting, untouchable } from "./target.ts";

export function placeOnGcp(consumer: Consumer, configs: readonly Config[]): FoundPlace {
  const own = configs.filter((one) => one.cloud === "gcp" && one.kind === "trigger");
  return consumer.grammar === "pubsub" ? subscriptionPlace(consumer, own) : triggerPlace(consumer, own);
}

const GENERATED = /^(?:eventarc-|gcf-)/;

function subscriptionPlace({ fn, channel }: Consumer, configs: readonly Config[]): FoundPlace {
  const one = configs.find(
    (config) => config.settings["delivery"] !== undefined && channel !== null && lastPart(config.resource) === lastPart(channel),
  );
  if (one === undefined) return notFound(`subscription ${channel ?? "of these messages"} of ${fn} is not in the dataset`);
  const manager = textSetting(one, "managedBy");
  const byTrigger = GENERATED.test(one.name) || configs.some((config) => lastPart(textSetting(config, "subscription") ?? "") === one.name);
  if (manager !== null || byTrigger)
    return untouchable(`subscription ${one.name} belongs to ${manager ?? "an Eventarc trigger or function"}`);
  if (one.settings["delivery"] !== "push")
    return untouchable(`${one.name} is pulled: a filter means another subscription, which its readers must be pointed to`);
  return placeIn(one, "pubsub.subscription", {
    current: textSetting(one, "filter"),
    before: { filter: textSetting(one, "filter") },
    after: ({ filter }) => ({ filter }),
    first: [
      "set message retention on the topic: what the filter leaves out is acknowledged at once, and only a topic that keeps messages can give it again",
    ],
  });
}

function triggerPlace({ fn, channel }: Consumer, configs: readonly Config[]): FoundPlace {
  const found = configs.filter((one) => Array.isArray(one.settings["filters"]) && one.to !== null && lastPart(one.to) === fn);
  const [one] = found;
  if (one === undefined) return notFound(`no Eventarc trigger that leads from ${channel ?? "its source"} to ${fn} is in the dataset`);
  if (found.length > 1) return notFound(`${found.length} Eventarc triggers lead to ${fn}`);
  const manager = textSetting(one, "managedBy");
  if (manager !== null) return untouchable(`trigger ${one.name} belongs to ${manager}`);
  const filters = one.settings["filters"]!;
  return placeIn(one, "eventarc.trigger", {
    current: JSON.stringify(filters),
    before: { filters },
    after: ({ filter }) => ({ filters: inAttributeOrder(JSON.parse(filter) as Json[]) }),
    first: ["keep a second trigger with the old filters on a service that only logs, for the first weeks"],
  });
}
