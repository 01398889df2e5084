/** Feeds of Azure and Google Cloud: bindings of functions, Event Grid subscriptions, Pub/Sub push subscriptions. Pure. */
import { siteFinder } from "../../model/azure-app.ts";
import type { PollerSettings } from "../../model/batching.ts";
import { numberOf, textOf } from "../../model/json.ts";
import type { Config, Json } from "../../model/records.ts";
import { type Feed, refOf } from "./evidence-feed.ts";

const NO_SHARDS = {
  minimumBatchSize: null,
  shards: null,
  parallelizationFactor: null,
  maximumConcurrency: null,
  bisectOnError: false,
  reportsBatchItemFailures: false,
} as const;

const lastPart = (path: string | null): string | null => path?.split("/").at(-1) ?? null;

/**
 * An Event Grid subscription to a function or web hook. Without settings it delivers one event at a time:
 * https://learn.microsoft.com/azure/event-grid/delivery-and-retry#output-batching
 */
export function eventGridFeed(config: Config): Feed | null {
  if (config.settings["service"] !== "eventgrid") return null;
  const endpoint = textOf(config.settings["endpointType"]) ?? "";
  const fn = /\/sites\/[^/]+\/functions\/([^/]+)$/i.exec(config.to ?? "")?.[1] ?? (/webhook/i.test(endpoint) ? config.name : null);
  if (fn === null) return null;
  const settings: PollerSettings = {
    ...NO_SHARDS,
    kind: "event-grid",
    batchSize: numberOf(config.settings["maxEventsPerBatch"]) ?? 1,
    windowMs: 0,
  };
  return {
    ...place(config),
    fn,
    channel: lastPart(config.from),
    kind: "event-grid",
    settings,
    target: refOf("eventgrid.subscription", config, config),
    config,
    source: null,
    refusal:
      "Event Grid never waits to fill a batch: a larger one gains only where events come faster than they are delivered, and the function must take an array, which is retried as a whole",
  };
}

/** Values of host.json and their defaults: https://learn.microsoft.com/azure/azure-functions/functions-bindings-service-bus#hostjson-settings */
const SERVICE_BUS = {
  path: "host.extensions.serviceBus.",
  most: "maxMessageBatchSize",
  least: "minMessageBatchSize",
  wait: "maxBatchWaitTime",
  size: 1000,
  waitMs: 30_000,
};
/** https://learn.microsoft.com/azure/azure-functions/functions-bindings-event-hubs#hostjson-settings */
const EVENT_HUBS = {
  path: "host.extensions.eventHubs.",
  most: "maxEventBatchSize",
  least: "minEventBatchSize",
  wait: "maxWaitTime",
  size: 100,
  waitMs: 60_000,
};

/** Names of the settings of a kind of binding, and its defaults. */
export function hostSettings(kind: "service-bus" | "event-hubs"): typeof SERVICE_BUS {
  return kind === "service-bus" ? SERVICE_BUS : EVENT_HUBS;
}

/** A function that a Service Bus queue, topic or an event hub triggers. */
export function functionAppFeed(config: Config, all: readonly Config[]): Feed | null {
  const trigger = (textOf(config.settings["trigger"]) ?? "").toLowerCase();
  const kind = trigger === "servicebustrigger" ? "service-bus" : trigger === "eventhubtrigger" ? "event-hubs" : null;
  if (kind === null) return null;
  const siteOf = siteFinder(all.filter((one) => one.cloud === "azure" && one.kind === "function"));
  const site = siteOf(config);
  const app = all.find((one) => one.kind === "function" && site !== null && one.resource.toLowerCase() === site) ?? null;
  const names = hostSettings(kind);
  const said = (name: string): Json => app?.settings[names.path + name] ?? null;
  const source =
    all.find(
      (one) => one.cloud === "azure" && (one.kind === "queue" || one.kind === "stream" || one.kind === "topic") && one.name === config.from,
    ) ?? null;
  const settings: PollerSettings = {
    ...NO_SHARDS,
    kind,
    batchSize: numberOf(said(names.most)) ?? names.size,
    windowMs: spanMs(said(names.wait)) ?? names.waitMs,
    minimumBatchSize: numberOf(said(names.least)) ?? 1,
  };
  // events of a hub come as an array unless the binding says otherwise; messages come one by one: https://learn.microsoft.com/azure/azure-functions/functions-bindings-service-bus-trigger
  const many = (textOf(config.settings["cardinality"]) ?? (kind === "event-hubs" ? "many" : "one")).toLowerCase() === "many";
  return {
    ...place(config),
    fn: config.name,
    channel: lastPart(config.from),
    kind,
    settings,
    target: app === null ? null : refOf("azure.function-app", app, place(app)),
    hostValues: Object.fromEntries(Object.entries(app?.settings ?? {}).filter(([name]) => name.startsWith(names.path))),
    config,
    source,
    refusal: many ? null : "the function takes one message at a time (cardinality one): a batch needs code that takes an array",
  };
}

/** `00:00:30` or a number of seconds; null: neither. */
function spanMs(value: Json): number | null {
  const parts = /^(?:(\d+)\.)?(\d\d):(\d\d):(\d\d)$/.exec(textOf(value) ?? "");
  if (parts === null) return null;
  const [, days, hours, minutes, seconds] = parts.map(Number);
  return (((days || 0) * 24 + hours!) * 3600 + minutes! * 60 + seconds!) * 1000;
}

/** A push subscription: one message, one request, whatever its settings. https://cloud.google.com/pubsub/docs/push */
export function pubsubFeed(config: Config, all: readonly Config[]): Feed | null {
  if (config.settings["delivery"] !== "push" || config.to === null) return null;
  const run = /^https:\/\/([a-z][a-z0-9-]*?)(?:-[a-z0-9]{10}-[a-z]{2}\.a|-\d+\.[a-z0-9-]+)\.run\.app(?:\/|$)/.exec(config.to)?.[1];
  const gen1 = /\.cloudfunctions\.net\/([^/?]+)/.exec(config.to)?.[1];
  const eventarc = all.find((one) => one.cloud === "gcp" && lastPart(textOf(one.settings["subscription"])) === config.name)?.to ?? null;
  const fn = run ?? gen1 ?? lastPart(eventarc);
  if (fn === null) return null;
  return {
    ...place(config),
    fn,
    channel: lastPart(config.from),
    kind: "pubsub-push",
    settings: { ...NO_SHARDS, kind: "pubsub-push", batchSize: 1, windowMs: 0 },
    target: null,
    config,
    source: null,
    refusal:
      "Pub/Sub pushes one message in one request and has no setting for more: a pull subscription read by a worker takes many at once, and events that are only stored need no function (BigQuery or Cloud Storage subscription)",
  };
}

function place({ cloud, account, region }: Config): Pick<Config, "cloud" | "account" | "region"> {
  return { cloud, account, region };
}
