/**
 * Event types of background functions (1st gen) and the CloudEvents types that name the same thing, as the functions framework
 * converts them (https://github.com/GoogleCloudPlatform/functions-framework-conformance). Both give one event name, so that
 * a sender and a receiver of different generations agree.
 */

interface EventType {
  type: string;
  service: string;
}

const TYPES: { readonly [legacy: string]: EventType } = {
  "google.pubsub.topic.publish": { type: "google.cloud.pubsub.topic.v1.messagePublished", service: "pubsub.googleapis.com" },
  "providers/cloud.pubsub/eventTypes/topic.publish": {
    type: "google.cloud.pubsub.topic.v1.messagePublished",
    service: "pubsub.googleapis.com",
  },
  "google.storage.object.finalize": { type: "google.cloud.storage.object.v1.finalized", service: "storage.googleapis.com" },
  "google.storage.object.delete": { type: "google.cloud.storage.object.v1.deleted", service: "storage.googleapis.com" },
  "google.storage.object.archive": { type: "google.cloud.storage.object.v1.archived", service: "storage.googleapis.com" },
  "google.storage.object.metadataUpdate": { type: "google.cloud.storage.object.v1.metadataUpdated", service: "storage.googleapis.com" },
  "providers/cloud.storage/eventTypes/object.change": {
    type: "google.cloud.storage.object.v1.finalized",
    service: "storage.googleapis.com",
  },
  "providers/cloud.firestore/eventTypes/document.write": {
    type: "google.cloud.firestore.document.v1.written",
    service: "firestore.googleapis.com",
  },
  "providers/cloud.firestore/eventTypes/document.create": {
    type: "google.cloud.firestore.document.v1.created",
    service: "firestore.googleapis.com",
  },
  "providers/cloud.firestore/eventTypes/document.update": {
    type: "google.cloud.firestore.document.v1.updated",
    service: "firestore.googleapis.com",
  },
  "providers/cloud.firestore/eventTypes/document.delete": {
    type: "google.cloud.firestore.document.v1.deleted",
    service: "firestore.googleapis.com",
  },
  "providers/firebase.auth/eventTypes/user.create": {
    type: "google.firebase.auth.user.v1.created",
    service: "firebaseauth.googleapis.com",
  },
  "providers/firebase.auth/eventTypes/user.delete": {
    type: "google.firebase.auth.user.v1.deleted",
    service: "firebaseauth.googleapis.com",
  },
  "providers/google.firebase.analytics/eventTypes/event.log": {
    type: "google.firebase.analytics.log.v1.written",
    service: "firebaseanalytics.googleapis.com",
  },
  "providers/google.firebase.database/eventTypes/ref.create": {
    type: "google.firebase.database.ref.v1.created",
    service: "firebasedatabase.googleapis.com",
  },
  "providers/google.firebase.database/eventTypes/ref.write": {
    type: "google.firebase.database.ref.v1.written",
    service: "firebasedatabase.googleapis.com",
  },
  "providers/google.firebase.database/eventTypes/ref.update": {
    type: "google.firebase.database.ref.v1.updated",
    service: "firebasedatabase.googleapis.com",
  },
  "providers/google.firebase.database/eventTypes/ref.delete": {
    type: "google.firebase.database.ref.v1.deleted",
    service: "firebasedatabase.googleapis.com",
  },
  "google.firebase.remoteconfig.update": {
    type: "google.firebase.remoteconfig.remoteConfig.v1.updated",
    service: "firebaseremoteconfig.googleapis.com",
  },
};

/** The CloudEvents type and the service of a legacy event type; an unknown type keeps its name. */
export function eventTypeOf(legacy: string): EventType {
  return TYPES[legacy] ?? { type: legacy, service: "" };
}

/** True if the text is an event type of a background function. */
export function isLegacyType(text: string): boolean {
  return text in TYPES || text.startsWith("providers/");
}
