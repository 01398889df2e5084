/**
 * What evscope must be allowed to do, and the custom role that allows just that.
 * https://cloud.google.com/iam/docs/permissions-reference
 */
import type { Json } from "../../model/records.ts";
import type { Permission } from "../room.ts";
import type { Api } from "./api.ts";

type Feature = Permission["feature"];

function need(feature: Feature, action: string, why: string, required = false): Permission {
  return { action, feature, why, required };
}

/** All of them. One permission may be there for several features. Google Cloud has no probe. */
export const permissions: readonly Permission[] = [
  need("collect", "resourcemanager.projects.get", "whether the project exists"),
  need("collect", "run.locations.list", "regions of Cloud Run; without it they must be named (regions)"),
  need("collect", "run.services.list", "Cloud Run services and their settings; nothing of Cloud Run is collected without it", true),
  need("collect", "cloudfunctions.functions.list", "functions of both generations and their settings", true),
  need("collect", "pubsub.topics.list", "topics"),
  need("collect", "pubsub.subscriptions.list", "subscriptions: filters, dead letters, what is pushed where"),
  need("collect", "eventarc.triggers.list", "Eventarc triggers: which events start which service"),
  need("collect", "datastore.databases.list", "Firestore databases"),
  need("collect", "datastore.indexes.list", "TTL fields of Firestore"),
  need("collect", "logging.buckets.list", "how long logs are kept"),
  need("collect", "logging.logEntries.list", "log entries: requests, durations, memory that ran out"),
  need("collect", "monitoring.timeSeries.list", "metrics: billable instance time, latencies, memory and CPU used"),
  need("collect", "cloudtrace.traces.list", "traces"),

  need("trace", "resourcemanager.projects.get", "whether the project exists"),
  need("trace", "logging.logEntries.list", "searches log entries for an ID", true),
  need("trace", "cloudtrace.traces.list", "finds traces by label"),
  need("trace", "cloudtrace.traces.get", "traces by ID"),

  need("apply", "resourcemanager.projects.get", "whether the project exists"),
  need("apply", "run.services.get", "reads what a change is compared with, before and after", true),
  need("apply", "run.services.update", "writes memory, CPU, concurrency and instances, and moves traffic", true),
  need("apply", "run.revisions.get", "why a new revision did not become ready"),
  need("apply", "run.operations.get", "how an update ended"),
  need("apply", "cloudfunctions.functions.get", "reads functions, before and after", true),
  need("apply", "cloudfunctions.functions.update", "writes settings of functions", true),
  need("apply", "cloudfunctions.operations.get", "how an update of a function ended"),
  need("apply", "iam.serviceAccounts.actAs", "a service or function is deployed with its service account", true),

  need("filters", "resourcemanager.projects.get", "whether the project exists"),
  need("filters", "pubsub.subscriptions.get", "reads subscriptions, before and after", true),
  need("filters", "pubsub.subscriptions.create", "a filter cannot be changed: a second subscription takes the first one's place", true),
  need("filters", "pubsub.topics.attachSubscription", "the second subscription is of the same topic", true),
  need("filters", "pubsub.subscriptions.delete", "deletes the first subscription when it is drained", true),
  need("filters", "monitoring.timeSeries.list", "whether the first subscription is drained", true),
  need("filters", "eventarc.triggers.list", "whether a subscription belongs to a trigger"),
  need("filters", "eventarc.triggers.get", "reads triggers, before and after", true),
  need("filters", "eventarc.triggers.update", "writes the event filters of triggers", true),
  need("filters", "eventarc.operations.get", "how an update of a trigger ended"),
  need("filters", "iam.serviceAccounts.actAs", "a subscription or trigger calls its service with a service account", true),

  need("ttl", "resourcemanager.projects.get", "whether the project exists"),
  need("ttl", "datastore.indexes.get", "reads Firestore fields, before and after", true),
  need("ttl", "datastore.indexes.list", "whether another field is the TTL of the collection group", true),
  need("ttl", "datastore.indexes.update", "switches the TTL of a collection group on or off", true),
  need("ttl", "datastore.operations.get", "how the switch ended"),
  need("ttl", "logging.buckets.get", "reads log buckets, before and after", true),
  need("ttl", "logging.buckets.update", "writes how long log buckets keep entries", true),
];

/** The permission that a call needs; null: none, or not known. */
export function permissionOf(api: Api): string | null {
  return OF_CALL[api] ?? null;
}

const OF_CALL: { readonly [api: string]: string } = {
  "run:Locations.ListLocations": "run.locations.list",
  "run:Services.ListServices": "run.services.list",
  "run:Services.GetService": "run.services.get",
  "run:Services.UpdateService": "run.services.update",
  "run:Revisions.GetRevision": "run.revisions.get",
  "run:Revisions.ListRevisions": "run.revisions.list",
  "run:Operations.GetOperation": "run.operations.get",
  "functions:ListFunctions": "cloudfunctions.functions.list",
  "functions:GetFunction": "cloudfunctions.functions.get",
  "functions:UpdateFunction": "cloudfunctions.functions.update",
  "functions:Operations.GetOperation": "cloudfunctions.operations.get",
  "functions1:ListFunctions": "cloudfunctions.functions.list",
  "functions1:GetFunction": "cloudfunctions.functions.get",
  "functions1:UpdateFunction": "cloudfunctions.functions.update",
  "functions1:Operations.GetOperation": "cloudfunctions.operations.get",
  "pubsub:ListTopics": "pubsub.topics.list",
  "pubsub:ListSubscriptions": "pubsub.subscriptions.list",
  "pubsub:GetSubscription": "pubsub.subscriptions.get",
  "pubsub:CreateSubscription": "pubsub.subscriptions.create",
  "pubsub:DeleteSubscription": "pubsub.subscriptions.delete",
  "eventarc:triggers.list": "eventarc.triggers.list",
  "eventarc:triggers.get": "eventarc.triggers.get",
  "eventarc:triggers.patch": "eventarc.triggers.update",
  "eventarc:operations.get": "eventarc.operations.get",
  "firestore:databases.list": "datastore.databases.list",
  "firestore:fields.list": "datastore.indexes.list",
  "firestore:fields.get": "datastore.indexes.get",
  "firestore:fields.patch": "datastore.indexes.update",
  "firestore:operations.get": "datastore.operations.get",
  "logging:ListBuckets": "logging.buckets.list",
  "logging:GetBucket": "logging.buckets.get",
  "logging:UpdateBucket": "logging.buckets.update",
  "logging:ListLogEntries": "logging.logEntries.list",
  "monitoring:ListTimeSeries": "monitoring.timeSeries.list",
  "monitoring:ListMetricDescriptors": "monitoring.metricDescriptors.list",
  "cloudtrace:traces.list": "cloudtrace.traces.list",
  "cloudtrace:traces.get": "cloudtrace.traces.get",
  "cloudresourcemanager:projects.get": "resourcemanager.projects.get",
};

/**
 * A custom role for these features, as `gcloud iam roles create evscope --project=… --file=role.json` takes it. Its permissions are on a
 * project; `iam.serviceAccounts.actAs` may be granted on single service accounts instead.
 * https://cloud.google.com/iam/docs/creating-custom-roles
 */
export function policy(features: readonly Feature[]): Json {
  const wanted = permissions.filter((one) => features.includes(one.feature)).map((one) => one.action);
  return {
    title: "evscope",
    description: `What evscope needs for: ${features.join(", ")}`.slice(0, 256),
    stage: "GA",
    includedPermissions: [...new Set(wanted)].sort(),
  };
}
