/**
 * Descriptions of resources (`az … show`, ARM GET and list answers, Resource Graph rows): Function Apps and their functions,
 * Service Bus queues, topics and rules, Event Grid subscriptions, Cosmos DB containers.
 */
import type { Format, Position, Reader, Sink, Source } from "../../model/formats.ts";
import { type JsonObject, isObject } from "../../model/json.ts";
import type { Config, Json } from "../../model/records.ts";
import { errorOf } from "./answers.ts";
import { container } from "./cosmos-container.ts";
import type { Described } from "./described.ts";
import { described, planOf } from "./resource-kinds.ts";
import { ArmResource } from "./schema.ts";
import { unlessTooDeep } from "./too-deep.ts";
import { regionOf, resourceIdOf, textOf } from "./values.ts";

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

/** Apps held at most until the plans of the source are known. */
const HELD_APPS = 10_000;

function open(source: Source, sink: Sink): Reader {
  /** Plans by the lower-case ID of their App Service plan. */
  const plans = new Map<string, string>();
  const apps: Config[] = [];

  function record(config: Described, resource: string, head: Partial<ArmResource>): void {
    const whole: Config = {
      type: "config",
      cloud: "azure",
      account: resourceIdOf(resource)?.subscription ?? source.account,
      region: regionOf(head.location ?? null) ?? source.region,
      resource,
      observedAt: null,
      ...config,
      revision: config.revision ?? head.etag ?? null,
    };
    const waits = config.settings["serverFarm"] !== undefined && config.settings["plan"] === undefined && apps.length < HELD_APPS;
    if (waits) apps.push(whole);
    else sink.record(whole);
  }

  function readResource(raw: Json, at: Position): void {
    if (!isArm(raw)) return sink.ignored("an item that is no resource (no id and type)");
    const head = ArmResource.safeParse(raw);
    if (!head.success) return sink.broken("a resource without id, name or type", at);
    const { id, type, sku } = head.data;
    if (/^microsoft\.web\/serverfarms$/i.test(type)) {
      const plan = planOf(sku?.tier ?? sku?.name, false);
      if (plan !== null) plans.set(id.toLowerCase(), plan);
      return sink.ignored("App Service plans: read for their apps only");
    }
    const config = described(head.data, raw);
    if (config !== null) return record(config, id, head.data);
    sink.ignored(`resources of type ${type}${/sites$/i.test(type) ? " that are no Function App" : ""} are not read`);
  }

  return {
    read(document, at) {
      const containers = containersIn(document);
      for (const raw of containers) {
        const config = container(raw);
        if (config === null) sink.broken("a Cosmos DB container without id", at);
        else record(config, `cosmosdb/${config.name}`, {});
      }
      const resources = resourcesIn(document);
      if (resources.length === 0 && containers.length === 0) {
        const failure = errorOf(document);
        sink.ignored(failure === null ? "an answer that describes no resource" : `a failed answer (${failure.code})`);
      }
      for (const raw of resources) unlessTooDeep(sink, at, () => readResource(raw, at));
    },
    end() {
      for (const app of apps) {
        const plan = plans.get(textOf(app.settings["serverFarm"]) ?? "");
        sink.record(plan === undefined ? app : { ...app, settings: { ...app.settings, plan } });
      }
      apps.length = 0;
    },
  };
}

export const resourceDescriptions: Format = {
  id: "azure.configuration",
  title: "Azure resource descriptions (Function Apps, Service Bus, Event Grid, Cosmos DB)",
  kind: "json",
  lookedFor: '{"id":"/subscriptions/…","name":…,"type":"Microsoft.…/…","properties":{…}}, one, a list, or {"value":[…]}',
  recognise: (document) => (containersIn(document).length > 0 || resourcesIn(document).slice(0, 5).some(isArm) ? 80 : 0),
  open,
};
