/**
 * Descriptions of resources (`az … show`, ARM GET and list answers, Resource Graph rows): Function Apps and their plans, functions,
 * Service Bus queues, topics and rules, Event Grid subscriptions, Cosmos DB containers. Secrets (keys, app settings) are never kept.
 */
import type { Format, Position, Sink, Source } from "../../model/formats.ts";
import type { Config, Json } from "../../model/records.ts";
import { errorOf } from "./answers.ts";
import { ArmResource, BusEntityProperties, CosmosContainer, EventSubscriptionProperties, SiteProperties } from "./schema.ts";
import { type JsonObject, durationOf, isObject, momentOf, regionOf, resourceIdOf, textOf } from "./values.ts";

type Settings = Config["settings"];
type Described = Pick<Config, "kind" | "name" | "from" | "to" | "settings"> & Partial<Pick<Config, "revision" | "observedAt">>;

/** Which price applies, from SKU names (`Y1`/`Dynamic`, `FC1`/`FlexConsumption`, `EP1`/`ElasticPremium`, else a dedicated plan). null: not said. */
export function planOf(sku: string | null | undefined, hasFlexConfig: boolean): string | null {
  if (hasFlexConfig || /^(?:FC\d|FlexConsumption)$/i.test(sku ?? "")) return "flex";
  if (sku === null || sku === undefined || sku === "") return null;
  if (/^(?:Y1|Dynamic)$/i.test(sku)) return "consumption";
  return /^(?:EP\d|ElasticPremium)$/i.test(sku) ? "premium" : "dedicated";
}

/** Settings without those that the description does not have. */
function said(settings: { [key: string]: Json | undefined }): Settings {
  return Object.fromEntries(
    Object.entries(settings).filter((entry): entry is [string, Json] => entry[1] !== null && entry[1] !== undefined),
  );
}

/** A duration of the service (`P14D`, `PT1M`) in ms; null for "never" (`P10675199D…`, the largest timespan). */
function lifeMs(text: string | null | undefined): number | null {
  const ms = durationOf(text ?? null);
  return ms === null || ms > 1e12 ? null : ms;
}

function site(resource: ArmResource, properties: unknown): Described | null {
  if (resource.kind !== undefined && resource.kind !== null && !/functionapp/i.test(resource.kind)) return null;
  const parsed = SiteProperties.safeParse(properties ?? {});
  if (!parsed.success) return null;
  const { functionAppConfig: flex, sku, serverFarmId, state, lastModifiedTimeUtc } = parsed.data;
  const scale = flex?.scaleAndConcurrency;
  return {
    kind: "function",
    name: resource.name.toLowerCase(),
    from: null,
    to: null,
    observedAt: null,
    revision: resource.etag ?? lastModifiedTimeUtc ?? null,
    settings: said({
      app: resource.name.toLowerCase(),
      plan: planOf(sku, flex !== null && flex !== undefined && scale !== null && scale !== undefined),
      memoryMib: scale?.instanceMemoryMB,
      maxInstances: scale?.maximumInstanceCount,
      alwaysReady: scale?.alwaysReady,
      httpConcurrency: scale?.triggers?.http?.perInstanceConcurrency,
      runtime: flex?.runtime?.name,
      runtimeVersion: flex?.runtime?.version,
      serverFarm: serverFarmId?.toLowerCase(),
      state,
    }),
  };
}

function siteFunction(resource: ArmResource): Described {
  const [app, name] = resource.name.includes("/")
    ? resource.name.split("/")
    : [resourceIdOf(resource.id)?.full.split("/").at(-3), resource.name];
  const config = isObject(resource.properties?.["config"] as Json) ? (resource.properties!["config"] as JsonObject) : {};
  const bindings = (Array.isArray(config["bindings"]) ? config["bindings"] : []).filter(isObject);
  const trigger = bindings.find((binding) => /trigger$/i.test(textOf(binding["type"]) ?? ""));
  const channel = ["queueName", "topicName", "eventHubName", "path", "containerName", "collectionName"]
    .map((key) => textOf(trigger?.[key]))
    .find((value) => value !== null);
  return {
    kind: "function",
    name: name ?? resource.name,
    from: channel ?? null,
    to: null,
    settings: said({
      app: app?.toLowerCase(),
      trigger: textOf(trigger?.["type"]),
      cardinality: textOf(trigger?.["cardinality"]),
      disabled: typeof resource.properties?.["isDisabled"] === "boolean" ? resource.properties["isDisabled"] : null,
    }),
  };
}

function serverFarm(resource: ArmResource): Described {
  return {
    kind: "function",
    name: resource.name.toLowerCase(),
    from: null,
    to: null,
    settings: said({
      serverFarm: resource.id.toLowerCase(),
      plan: planOf(resource.sku?.tier ?? resource.sku?.name, false),
      sku: resource.sku?.name,
      instances: resource.sku?.capacity,
    }),
  };
}

function eventSubscription(resource: ArmResource, properties: unknown): Described | null {
  const parsed = EventSubscriptionProperties.safeParse(properties ?? {});
  if (!parsed.success) return null;
  const p = parsed.data;
  const destination = p.destination?.properties ?? {};
  const queue = textOf(destination["queueName"]);
  const target = textOf(destination["resourceId"]);
  const url = textOf(destination["endpointBaseUrl"]) ?? textOf(destination["endpointUrl"]);
  const deadLetter = p.deadLetterDestination?.properties ?? null;
  return {
    kind: "trigger",
    name: resource.name,
    from: p.topic ?? resource.id.replace(/\/(?:providers\/Microsoft\.EventGrid\/)?eventSubscriptions\/[^/]+$/i, ""),
    // a webhook's query holds its key
    to:
      target === null
        ? (url?.replace(/[?#].*$/s, "") ?? null)
        : queue === null
          ? target
          : `${target}/queueservices/default/queues/${queue}`,
    settings: said({
      service: "eventgrid",
      endpointType: p.destination?.endpointType,
      filter: p.filter,
      eventTimeToLiveMinutes: p.retryPolicy?.eventTimeToLiveInMinutes,
      maxDeliveryAttempts: p.retryPolicy?.maxDeliveryAttempts,
      maxEventsPerBatch: destination["maxEventsPerBatch"],
      preferredBatchSizeKilobytes: destination["preferredBatchSizeInKilobytes"],
      eventDeliverySchema: p.eventDeliverySchema,
      deadLetterTo:
        deadLetter === null
          ? null
          : [textOf(deadLetter["resourceId"]), textOf(deadLetter["blobContainerName"])].filter((x) => x !== null).join("/"),
      labels: p.labels,
      provisioningState: p.provisioningState,
    }),
  };
}

function busEntity(resource: ArmResource, kind: Config["kind"]): Described | null {
  const parsed = BusEntityProperties.safeParse(resource.properties ?? {});
  if (!parsed.success) return null;
  const p = parsed.data;
  const parent = resource.id.replace(/\/subscriptions\/[^/]+$/i, "");
  return {
    kind,
    name: resource.name.split("/").at(-1)!,
    from: kind === "trigger" ? parent : null,
    to: kind === "trigger" ? (p.forwardTo ?? null) : null,
    revision: p.updatedAt ?? null,
    settings: said({
      service: "servicebus",
      lockDurationMs: durationOf(p.lockDuration ?? null),
      maxDeliveryCount: p.maxDeliveryCount,
      timeToLiveMs: lifeMs(p.defaultMessageTimeToLive),
      requiresSession: p.requiresSession,
      deadLetteringOnMessageExpiration: p.deadLetteringOnMessageExpiration,
    }),
  };
}

function busRule(resource: ArmResource): Described {
  const p = (resource.properties ?? {}) as JsonObject;
  const sql = isObject(p["sqlFilter"]) ? textOf(p["sqlFilter"]["sqlExpression"]) : null;
  return {
    kind: "rule",
    name: resource.name,
    from: resource.id.replace(/\/rules\/[^/]+$/i, ""),
    to: null,
    settings: said({
      service: "servicebus",
      filterType: textOf(p["filterType"]),
      sqlExpression: sql,
      correlationFilter: isObject(p["correlationFilter"]) ? p["correlationFilter"] : null,
      hasAction: isObject(p["action"]) && textOf(p["action"]["sqlExpression"]) !== null,
    }),
  };
}

function container(raw: Json): Described | null {
  const parsed = CosmosContainer.safeParse(raw);
  if (!parsed.success) return null;
  const { id, defaultTtl, partitionKey, _etag, _ts } = parsed.data;
  return {
    kind: "table",
    name: id,
    from: null,
    to: null,
    revision: _etag ?? null,
    observedAt: null,
    settings: said({
      service: "cosmosdb",
      // absent: off; -1: on without a default; else seconds
      defaultTtlSeconds: defaultTtl,
      ttl: defaultTtl === null || defaultTtl === undefined ? "off" : defaultTtl === -1 ? "per item" : "on",
      partitionKey: partitionKey?.paths,
      changedAt: _ts === null || _ts === undefined ? null : momentOf(_ts),
    }),
  };
}

/** Describes a resource of a kind that is read; null: another kind (or a site that is no Function App). */
function described(resource: ArmResource): Described | null {
  const type = resource.type.toLowerCase();
  if (type === "microsoft.web/sites" || type === "microsoft.web/sites/slots") return site(resource, resource.properties);
  if (type === "microsoft.web/sites/functions") return siteFunction(resource);
  if (type === "microsoft.web/serverfarms") return serverFarm(resource);
  if (type.startsWith("microsoft.eventgrid/") && type.endsWith("/eventsubscriptions"))
    return eventSubscription(resource, resource.properties);
  if (/^microsoft\.eventgrid\/(?:topics|systemtopics|domains)$/.test(type)) {
    return {
      kind: "bus",
      name: resource.name,
      from: textOf((resource.properties?.["source"] as Json) ?? null),
      to: null,
      settings: { service: "eventgrid" },
    };
  }
  if (type === "microsoft.servicebus/namespaces/queues") return busEntity(resource, "queue");
  if (type === "microsoft.servicebus/namespaces/topics") return busEntity(resource, "topic");
  if (type === "microsoft.servicebus/namespaces/topics/subscriptions") return busEntity(resource, "trigger");
  if (type.startsWith("microsoft.servicebus/") && type.endsWith("/rules")) return busRule(resource);
  if (type === "microsoft.servicebus/namespaces" || type === "microsoft.eventhub/namespaces") {
    return {
      kind: "bus",
      name: resource.name,
      from: null,
      to: null,
      settings: said({ service: type.includes("eventhub") ? "eventhubs" : "servicebus", tier: resource.sku?.tier ?? resource.sku?.name }),
    };
  }
  if (type === "microsoft.eventhub/namespaces/eventhubs")
    return { kind: "stream", name: resource.name.split("/").at(-1)!, from: null, to: null, settings: { service: "eventhubs" } };
  if (/^microsoft\.documentdb\/databaseaccounts\/sqldatabases\/(?:sql)?containers$/.test(type))
    return container((resource.properties?.["resource"] as Json) ?? null);
  return null;
}

/** Resources of an answer: a list, a page (`value`, `data` of Resource Graph), one resource. */
function resourcesIn(body: Json): Json[] {
  if (Array.isArray(body)) return body;
  if (!isObject(body)) return [];
  if (isArm(body)) return [body];
  for (const list of [body["value"], body["data"], body["resources"]]) if (Array.isArray(list)) return list;
  return [];
}

function isArm(value: Json): value is JsonObject {
  return (
    isObject(value) &&
    typeof value["id"] === "string" &&
    typeof value["type"] === "string" &&
    /^\/?subscriptions\//i.test(value["id"]) &&
    /^microsoft\.[a-z.]+\/\w/i.test(value["type"]) &&
    !Array.isArray(value["timeseries"])
  );
}

/** Containers as the Cosmos DB data plane lists them. */
function containersIn(body: Json): Json[] {
  return isObject(body) && Array.isArray(body["DocumentCollections"]) ? body["DocumentCollections"] : [];
}

function score(document: Json): number {
  return containersIn(document).length > 0 || resourcesIn(document).slice(0, 5).some(isArm) ? 80 : 0;
}

function read(body: Json, source: Source, sink: Sink, at: Position): void {
  for (const raw of containersIn(body)) {
    const config = container(raw);
    if (config === null) sink.broken("a Cosmos DB container without id", at);
    else record(config, `cosmosdb/${config.name}`, null);
  }
  const resources = resourcesIn(body);
  if (resources.length === 0 && containersIn(body).length === 0) {
    const failure = errorOf(body);
    sink.ignored(failure === null ? "an answer that describes no resource" : `a failed answer (${failure.code})`);
  }
  for (const raw of resources) {
    const parsed = isArm(raw) ? ArmResource.safeParse(raw) : null;
    if (parsed === null) {
      sink.ignored("an item that is no resource (no id and type)");
      continue;
    }
    const config = parsed.success ? described(parsed.data) : null;
    if (!parsed.success) sink.broken("a resource without id, name or type", at);
    else if (config === null)
      sink.ignored(
        `resources of type ${parsed.data.type}${/sites$/i.test(parsed.data.type) ? " that are no Function App" : ""} are not read`,
      );
    else record(config, parsed.data.id, parsed.data.location ?? null, parsed.data.etag ?? null);
  }

  function record(config: Described, resource: string, location: string | null, etag: string | null = null): void {
    sink.record({
      type: "config",
      cloud: "azure",
      account: resourceIdOf(resource)?.subscription ?? source.account,
      region: regionOf(location) ?? source.region,
      resource,
      ...config,
      revision: config.revision ?? etag,
      observedAt: config.observedAt ?? null,
    });
  }
}

export const resourceDescriptions: Format = {
  id: "azure.configuration",
  title: "Azure resource descriptions (Function Apps, Service Bus, Event Grid, Cosmos DB)",
  kind: "json",
  lookedFor: '{"id":"/subscriptions/…","name":…,"type":"Microsoft.…/…","properties":{…}}, one, a list, or {"value":[…]}',
  recognise: score,
  open(source, sink) {
    return {
      read: (document, at) => read(document, source, sink, at),
      end: () => undefined,
    };
  },
};
