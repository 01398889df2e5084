/** What each kind of resource says that evscope reads. Secrets (keys, app settings, webhook queries) are never kept. */
import { type JsonObject, isObject, numberOf } from "../../model/json.ts";
import type { Config, Json } from "../../model/records.ts";
import { container, withAccount } from "./cosmos-container.ts";
import { type Described, said } from "./described.ts";
import { ArmResource, BusEntityProperties, EventSubscriptionProperties, SiteProperties } from "./schema.ts";
import { durationOf, resourceIdOf, setFilter, textOf } from "./values.ts";

/** A resource: its head, and its properties with the head (the CLI lays `properties` flat). */
interface Resource extends ArmResource {
  p: JsonObject;
}

/** Which price applies, from SKU names (`Y1`/`Dynamic`, `FC1`/`FlexConsumption`, `EP1`/`ElasticPremium`, else a dedicated plan). null: not said. */
export function planOf(sku: string | null | undefined, hasFlexConfig: boolean): string | null {
  if (hasFlexConfig || /^(?:FC\d|FlexConsumption)$/i.test(sku ?? "")) return "flex";
  if (sku === null || sku === undefined || sku === "") return null;
  if (/^(?:Y1|Dynamic)$/i.test(sku)) return "consumption";
  return /^(?:EP\d|ElasticPremium)$/i.test(sku) ? "premium" : "dedicated";
}

const lastPart = (name: string): string => name.split("/").at(-1)!;

/** A Function App; null: another kind of site. */
function site({ name, kind, etag, p }: Resource): Described | null {
  if (!/functionapp/i.test(kind ?? "functionapp")) return null;
  const { functionAppConfig: flex, sku, serverFarmId, appServicePlanId, state, lastModifiedTimeUtc } = SiteProperties.parse(p);
  const scale = flex?.scaleAndConcurrency;
  return {
    kind: "function",
    name: name.toLowerCase(),
    from: null,
    to: null,
    revision: etag ?? lastModifiedTimeUtc ?? null,
    settings: said({
      app: name.toLowerCase(),
      plan: planOf(sku, scale !== null && scale !== undefined),
      memoryMib: scale?.instanceMemoryMB,
      maxInstances: scale?.maximumInstanceCount,
      alwaysReady: scale?.alwaysReady,
      httpConcurrency: scale?.triggers?.http?.perInstanceConcurrency,
      runtime: flex?.runtime?.name,
      runtimeVersion: flex?.runtime?.version,
      serverFarm: (serverFarmId ?? appServicePlanId)?.toLowerCase(),
      state,
      // `functionapp,linux`: Consumption apps on Linux emit no execution metrics
      os: /linux/i.test(kind ?? "") ? "linux" : null,
      tags: tagsOf(p["tags"]),
      component: componentOf(p["tags"]),
    }),
  };
}

/** Tags but for those that the portal hides: some hold instrumentation keys. */
function tagsOf(tags: Json | undefined): JsonObject | null {
  return isObject(tags) ? Object.fromEntries(Object.entries(tags).filter(([name]) => !/^hidden-/i.test(name))) : null;
}

/** ARM ID of the Application Insights component that the portal shows with an app; null: not said. */
function componentOf(tags: Json | undefined): string | null {
  const link = isObject(tags)
    ? Object.entries(tags).find(([name]) => /^hidden-link:\s*\/app-insights-resource-id$/i.test(name))
    : undefined;
  return textOf(link?.[1])?.toLowerCase() ?? null;
}

/** A function inside an app: its trigger, as `function.json` describes it. */
function siteFunction({ id, name, p }: Resource): Described {
  const app = name.includes("/") ? name.split("/")[0]! : (resourceIdOf(id)?.full.split("/").at(-3) ?? null);
  const config = isObject(p["config"]) ? p["config"] : {};
  const bindings = (Array.isArray(config["bindings"]) ? config["bindings"] : []).filter(isObject);
  const trigger = bindings.find((binding) => /trigger$/i.test(textOf(binding["type"]) ?? ""));
  const channel = ["queueName", "topicName", "eventHubName", "path", "containerName", "collectionName"]
    .map((key) => textOf(trigger?.[key]))
    .find((value) => value !== null);
  return {
    kind: "function",
    name: lastPart(name),
    from: channel ?? null,
    to: null,
    revision: null,
    settings: said({
      app: app?.toLowerCase(),
      trigger: textOf(trigger?.["type"]),
      cardinality: textOf(trigger?.["cardinality"]),
      // names of an app setting and of a subscription to a topic, no secrets
      connection: textOf(trigger?.["connection"]),
      subscription: textOf(trigger?.["subscriptionName"]),
      disabled: typeof p["isDisabled"] === "boolean" ? p["isDisabled"] : null,
    }),
  };
}

/** An endpoint with its properties, flat. */
function flat(value: { [key: string]: Json } | null | undefined): JsonObject {
  return { ...value, ...(isObject(value?.["properties"]) ? value["properties"] : {}) };
}

function eventSubscription({ id, name, p }: Resource): Described {
  const subscription = EventSubscriptionProperties.parse(p);
  const destination = flat(subscription.destination);
  const deadLetter = flat(subscription.deadLetterDestination ?? subscription.deadLetterWithResourceIdentity);
  const queue = textOf(destination["queueName"]);
  const target = textOf(destination["resourceId"]);
  const url = textOf(destination["endpointBaseUrl"]) ?? textOf(destination["endpointUrl"]);
  const deadLetterTo = [textOf(deadLetter["resourceId"]), textOf(deadLetter["blobContainerName"])].filter((x) => x !== null).join("/");
  // a webhook's query holds its key
  const toUrl = url?.replace(/[?#].*$/s, "") ?? null;
  return {
    kind: "trigger",
    name,
    from: subscription.topic ?? id.replace(/\/(?:providers\/Microsoft\.EventGrid\/)?eventSubscriptions\/[^/]+$/i, ""),
    to: target === null ? toUrl : queue === null ? target : `${target}/queueservices/default/queues/${queue}`,
    revision: null,
    settings: said({
      service: "eventgrid",
      endpointType: textOf(destination["endpointType"]),
      filter: setFilter(subscription.filter),
      eventTimeToLiveMinutes: subscription.retryPolicy?.eventTimeToLiveInMinutes,
      maxDeliveryAttempts: subscription.retryPolicy?.maxDeliveryAttempts,
      maxEventsPerBatch: destination["maxEventsPerBatch"],
      preferredBatchSizeKilobytes: destination["preferredBatchSizeInKilobytes"],
      eventDeliverySchema: subscription.eventDeliverySchema,
      deadLetterTo: deadLetterTo === "" ? null : deadLetterTo,
      labels: subscription.labels,
      provisioningState: subscription.provisioningState,
    }),
  };
}

/** A queue, a topic, or a subscription to a topic (kind trigger). */
function busEntity({ id, name, p }: Resource, kind: Config["kind"]): Described {
  const entity = BusEntityProperties.parse(p);
  const timeToLiveMs = durationOf(entity.defaultMessageTimeToLive ?? null);
  return {
    kind,
    name: lastPart(name),
    from: kind === "trigger" ? id.replace(/\/subscriptions\/[^/]+$/i, "") : null,
    to: kind === "trigger" ? (entity.forwardTo ?? null) : null,
    revision: entity.updatedAt ?? null,
    settings: said({
      service: "servicebus",
      lockDurationMs: durationOf(entity.lockDuration ?? null),
      maxDeliveryCount: entity.maxDeliveryCount,
      // "never" is the largest timespan (10,675,199 days)
      timeToLiveMs: timeToLiveMs !== null && timeToLiveMs < 1e14 ? timeToLiveMs : null,
      requiresSession: entity.requiresSession,
      deadLetteringOnMessageExpiration: entity.deadLetteringOnMessageExpiration,
    }),
  };
}

function busRule({ id, name, p }: Resource): Described {
  return {
    kind: "rule",
    name: lastPart(name),
    from: id.replace(/\/rules\/[^/]+$/i, ""),
    to: null,
    revision: null,
    settings: said({
      service: "servicebus",
      filterType: textOf(p["filterType"]),
      sqlExpression: isObject(p["sqlFilter"]) ? textOf(p["sqlFilter"]["sqlExpression"]) : null,
      correlationFilter: isObject(p["correlationFilter"]) ? p["correlationFilter"] : null,
      hasAction: isObject(p["action"]) && textOf(p["action"]["sqlExpression"]) !== null,
    }),
  };
}

function bus({ name, sku, p }: Resource, service: string): Described {
  return {
    kind: "bus",
    name,
    from: textOf(p["source"]),
    to: null,
    revision: null,
    settings: said({ service, tier: sku?.tier ?? sku?.name }),
  };
}

/** An Application Insights component: https://learn.microsoft.com/rest/api/application-insights/components/get */
function component({ name, p }: Resource): Described {
  const writesTo = textOf(p["WorkspaceResourceId"] ?? p["workspaceResourceId"]);
  return logGroup(name, {
    service: "applicationinsights",
    workspace: writesTo?.toLowerCase(),
    retentionD: daysOf(p["RetentionInDays"] ?? p["retentionInDays"]),
    // of what arrives, this share is kept; absent: all of it
    samplingPercent: percentOf(p["SamplingPercentage"] ?? p["samplingPercentage"]),
  });
}

/** 0 to 100; null: not said. */
function percentOf(value: Json | undefined): number | null {
  const percent = numberOf(value);
  return percent !== null && percent >= 0 && percent <= 100 ? percent : null;
}

/** A Log Analytics workspace: https://learn.microsoft.com/rest/api/loganalytics/workspaces/get */
function workspace({ name, p }: Resource): Described {
  const capping = isObject(p["workspaceCapping"]) ? p["workspaceCapping"] : {};
  return logGroup(name, {
    service: "loganalytics",
    customerId: textOf(p["customerId"]),
    retentionD: daysOf(p["retentionInDays"]),
    // -1: no quota
    dailyQuotaGb: daysOf(capping["dailyQuotaGb"]),
  });
}

/** A table of a workspace: https://learn.microsoft.com/rest/api/loganalytics/tables/get */
function workspaceTable({ name, p }: Resource): Described {
  const ingestion = isObject(p["ingestion"]) ? p["ingestion"] : {};
  return logGroup(lastPart(name), {
    service: "loganalytics",
    plan: textOf(p["plan"]),
    retentionD: daysOf(p["retentionInDays"]),
    totalRetentionD: daysOf(p["totalRetentionInDays"]),
    // of whole days before the look (`collect-usage.ts`)
    billableBytesPerDay: numberOf(ingestion["billableBytesPerDay"]),
    ingestionDays: numberOf(ingestion["days"]),
  });
}

function logGroup(name: string, settings: { [key: string]: Json | undefined }): Described {
  return { kind: "log-group", name, from: null, to: null, revision: null, settings: said(settings) };
}

/** A number above 0; null: none, or -1 for "the default". */
function daysOf(value: Json | undefined): number | null {
  const number = numberOf(value);
  return number !== null && number > 0 ? number : null;
}

/** Describes a resource of a kind that is read; null: another kind (or a site that is no Function App). */
export function described(head: ArmResource, raw: JsonObject): Described | null {
  const properties = raw["properties"];
  const resource: Resource = { ...head, p: isObject(properties) ? { ...raw, ...properties } : raw };
  const type = head.type.toLowerCase();
  switch (type) {
    case "microsoft.web/sites":
    case "microsoft.web/sites/slots":
      return site(resource);
    case "microsoft.web/sites/functions":
      return siteFunction(resource);
    case "microsoft.eventgrid/topics":
    case "microsoft.eventgrid/systemtopics":
    case "microsoft.eventgrid/domains":
      return bus(resource, "eventgrid");
    case "microsoft.servicebus/namespaces":
      return bus(resource, "servicebus");
    case "microsoft.eventhub/namespaces":
      return bus(resource, "eventhubs");
    case "microsoft.servicebus/namespaces/queues":
      return busEntity(resource, "queue");
    case "microsoft.servicebus/namespaces/topics":
      return busEntity(resource, "topic");
    case "microsoft.servicebus/namespaces/topics/subscriptions":
      return busEntity(resource, "trigger");
    case "microsoft.servicebus/namespaces/topics/subscriptions/rules":
      return busRule(resource);
    case "microsoft.eventhub/namespaces/eventhubs":
      return { kind: "stream", name: lastPart(head.name), from: null, to: null, revision: null, settings: { service: "eventhubs" } };
    case "microsoft.insights/components":
      return component(resource);
    case "microsoft.operationalinsights/workspaces":
      return workspace(resource);
    case "microsoft.operationalinsights/workspaces/tables":
      return workspaceTable(resource);
    case "microsoft.documentdb/databaseaccounts/sqldatabases/containers":
    case "microsoft.documentdb/databaseaccounts/sqldatabases/sqlcontainers":
      return withAccount(container(resource.p["resource"]), resource.p["account"]);
    default:
      return type.startsWith("microsoft.eventgrid/") && type.endsWith("/eventsubscriptions") ? eventSubscription(resource) : null;
  }
}
