/** Descriptions of what carries events (Pub/Sub, Eventarc, Scheduler, log sinks, buckets, Firestore TTL) -> configuration. */
import { arrayAt, booleanAt, isObject, type JsonObject, numberAt, objectAt, textAt } from "../../../model/json.ts";
import type { Config } from "../../../model/records.ts";
import { epochMsOf } from "../../../model/times.ts";
import { partOf, projectOf } from "../schema.ts";
import { filtersOf, managerOf, pruned, scopeOf } from "./functions.ts";
import { secondsOf } from "./quantities.ts";

/** Reads one description; null: it is none of these. */
export function wiringConfig(item: JsonObject): Config | null {
  const name = textAt(item, "name") ?? "";
  if (/^projects\/[^/]+\/topics\/[^/]+$/.test(name)) return topicConfig(item, name);
  if (/^projects\/[^/]+\/subscriptions\/[^/]+$/.test(name)) return subscriptionConfig(item, name);
  if (/\/triggers\/[^/]+$/.test(name) && Array.isArray(item["eventFilters"])) return eventarcConfig(item, name);
  if (/\/jobs\/[^/]+$/.test(name) && textAt(item, "schedule") !== null) return schedulerConfig(item, name);
  if (/\/collectionGroups\/[^/]+\/fields\//.test(name) && isObject(item["ttlConfig"])) return ttlConfig(item, name);
  if (/^projects\/[^/]+\/databases\/[^/]+$/.test(name)) return databaseConfig(item, name);
  if (/\/locations\/[^/]+\/buckets\/[^/]+$/.test(name) && "lifecycleState" in item) return logBucketConfig(item, name);
  if (item["kind"] === "storage#bucket") return bucketConfig(item, name);
  if (textAt(item, "destination") !== null && ("writerIdentity" in item || "filter" in item)) return sinkConfig(item, name);
  return null;
}

type Own = Omit<Config, keyof ReturnType<typeof scopeOf>>;

function config(resource: string, observedAt: number | null, own: Own): Config {
  return { ...scopeOf(resource, observedAt), ...own };
}

function topicConfig(item: JsonObject, resource: string): Config {
  return config(resource, null, {
    kind: "topic",
    resource,
    name: partOf(resource, "topics") ?? resource,
    revision: null,
    from: null,
    to: null,
    settings: pruned({ retentionS: secondsOf(item["messageRetentionDuration"]), managedBy: managerOf(objectAt(item, "labels")) }),
  });
}

function subscriptionConfig(item: JsonObject, resource: string): Config {
  const push = textAt(objectAt(item, "pushConfig") ?? {}, "pushEndpoint");
  const deadLetter = objectAt(item, "deadLetterPolicy") ?? {};
  const retry = objectAt(item, "retryPolicy") ?? {};
  const table = textAt(objectAt(item, "bigqueryConfig") ?? {}, "table");
  const bucket = textAt(objectAt(item, "cloudStorageConfig") ?? {}, "bucket");
  return config(resource, null, {
    kind: "trigger",
    resource,
    name: partOf(resource, "subscriptions") ?? resource,
    revision: null,
    from: textAt(item, "topic"),
    // the query of an endpoint may hold a token
    to: push?.split("?")[0] ?? table ?? bucket,
    settings: pruned({
      delivery: push !== null ? "push" : table !== null ? "bigquery" : bucket !== null ? "storage" : "pull",
      filter: textAt(item, "filter"),
      ackDeadlineS: numberAt(item, "ackDeadlineSeconds"),
      retentionS: secondsOf(item["messageRetentionDuration"]),
      expirationS: secondsOf((objectAt(item, "expirationPolicy") ?? {})["ttl"]),
      deadLetterTopic: textAt(deadLetter, "deadLetterTopic"),
      maxDeliveryAttempts: numberAt(deadLetter, "maxDeliveryAttempts"),
      minBackoffS: secondsOf(retry["minimumBackoff"]),
      maxBackoffS: secondsOf(retry["maximumBackoff"]),
      ordering: booleanAt(item, "enableMessageOrdering"),
      exactlyOnce: booleanAt(item, "enableExactlyOnceDelivery"),
      state: textAt(item, "state"),
      managedBy: managerOf(objectAt(item, "labels")),
    }),
  });
}

function eventarcConfig(item: JsonObject, resource: string): Config {
  const destination = objectAt(item, "destination") ?? {};
  const run = objectAt(destination, "cloudRun");
  const pubsub = objectAt(objectAt(item, "transport") ?? {}, "pubsub") ?? {};
  const filters = (arrayAt(item, "eventFilters") ?? []).filter(isObject);
  const type = filters.find((filter) => filter["attribute"] === "type");
  return config(resource, epochMsOf(item["updateTime"]), {
    kind: "trigger",
    resource,
    name: partOf(resource, "triggers") ?? resource,
    revision: textAt(item, "etag", "uid"),
    from: textAt(pubsub, "topic") ?? (type === undefined ? null : textAt(type, "value")),
    to: run === null ? textAt(destination, "cloudFunction", "workflow") : textAt(run, "service"),
    settings: pruned({
      filters: filtersOf(filters),
      subscription: textAt(pubsub, "subscription"),
      managedBy: managerOf(objectAt(item, "labels")),
    }),
  });
}

function schedulerConfig(item: JsonObject, resource: string): Config {
  const http = objectAt(item, "httpTarget");
  const topic = textAt(objectAt(item, "pubsubTarget") ?? {}, "topicName");
  return config(resource, epochMsOf(item["userUpdateTime"]), {
    kind: "trigger",
    resource,
    name: partOf(resource, "jobs") ?? resource,
    revision: textAt(item, "userUpdateTime"),
    from: textAt(item, "schedule"),
    to: topic ?? (http === null ? null : (textAt(http, "uri")?.split("?")[0] ?? null)),
    settings: pruned({
      schedule: textAt(item, "schedule"),
      timeZone: textAt(item, "timeZone"),
      state: textAt(item, "state"),
      timeoutS: secondsOf(item["attemptDeadline"]),
    }),
  });
}

function ttlConfig(item: JsonObject, resource: string): Config {
  return config(resource, null, {
    kind: "table",
    resource,
    name: partOf(resource, "collectionGroups") ?? resource,
    revision: null,
    from: null,
    to: null,
    settings: pruned({ ttlField: partOf(resource, "fields"), ttlState: textAt(objectAt(item, "ttlConfig") ?? {}, "state") }),
  });
}

/** A Firestore database: https://cloud.google.com/firestore/docs/reference/rest/v1/projects.databases */
function databaseConfig(item: JsonObject, resource: string): Config {
  const location = textAt(item, "locationId")?.toLowerCase() ?? null;
  return config(resource, epochMsOf(item["updateTime"]), {
    kind: "table",
    resource,
    name: partOf(resource, "databases") ?? resource,
    revision: textAt(item, "etag"),
    from: null,
    to: null,
    settings: pruned({ location, databaseType: textAt(item, "type"), state: textAt(item, "state") }),
  });
}

/** A log bucket: https://cloud.google.com/logging/docs/reference/v2/rest/v2/projects.locations.buckets */
function logBucketConfig(item: JsonObject, resource: string): Config {
  return config(resource, epochMsOf(item["updateTime"]), {
    kind: "log-group",
    resource,
    name: partOf(resource, "buckets") ?? resource,
    revision: textAt(item, "updateTime"),
    from: null,
    to: null,
    settings: pruned({
      retentionD: numberAt(item, "retentionDays"),
      locked: booleanAt(item, "locked"),
      state: textAt(item, "lifecycleState"),
      analytics: booleanAt(item, "analyticsEnabled"),
    }),
  });
}

function bucketConfig(item: JsonObject, name: string): Config {
  return {
    type: "config",
    cloud: "gcp",
    account: null,
    region: textAt(item, "location")?.toLowerCase() ?? null,
    observedAt: epochMsOf(item["updated"]),
    kind: "bucket",
    resource: `projects/_/buckets/${name}`,
    name,
    revision: textAt(item, "metageneration", "etag"),
    from: null,
    to: null,
    settings: pruned({
      projectNumber: textAt(item, "projectNumber"),
      storageClass: textAt(item, "storageClass"),
      versioning: booleanAt(objectAt(item, "versioning") ?? {}, "enabled"),
    }),
  };
}

function sinkConfig(item: JsonObject, name: string): Config {
  const destination = textAt(item, "destination") ?? "";
  const resource = textAt(item, "resourceName") ?? `sinks/${name}`;
  return {
    ...scopeOf(resource, epochMsOf(item["updateTime"])),
    account: projectOf(resource) ?? (destination.startsWith("logging.") ? projectOf(destination) : null),
    kind: "rule",
    resource,
    name,
    revision: textAt(item, "updateTime"),
    from: "logging.googleapis.com",
    to: destination,
    settings: pruned({
      filter: textAt(item, "filter"),
      exclusions: (arrayAt(item, "exclusions") ?? []).filter(isObject).map((one) => textAt(one, "filter")),
      disabled: booleanAt(item, "disabled"),
    }),
  };
}
