/**
 * Settings that are written by REST: Firestore fields and Eventarc triggers, by mask and long-running operation.
 * https://cloud.google.com/firestore/docs/reference/rest/v1/projects.databases.collectionGroups.fields/patch,
 * https://cloud.google.com/eventarc/docs/reference/rest/v1/projects.locations.triggers/patch
 */
import { randomUUID } from "node:crypto";
import type { Obj } from "./protos.ts";
import { Refused } from "./refused.ts";
import type { Route } from "./rest.ts";
import { newEtag, type World } from "./world.ts";

/** Looks at an operation, or at what it changes, before it is done. */
const LOOKS = 1;
const operations = new Map<string, { left: number; finish: () => void }>();

/** Starts one; each look at it or at what it is for carries it on. */
function start(where: string, finish: () => void): Obj {
  const name = `${where}/operations/${randomUUID()}`;
  operations.set(name, { left: LOOKS, finish });
  return { name };
}

function look(name: string): Obj {
  const found = operations.get(name);
  if (found === undefined) throw new Refused("NOT_FOUND", `Operation ${name} does not exist.`);
  if (found.left-- === 0) found.finish();
  return found.left < 0 ? { name, done: true, response: {} } : { name };
}

function fieldOf(world: World, name: string): Obj {
  const standard = {
    name,
    indexConfig: { usesAncestorConfig: true, ancestorField: name.replace(/[^/]+\/fields\/.*$/, "__default__/fields/*") },
  };
  return world.ttlFields.find((one) => one["name"] === name) ?? standard;
}

function triggerOf(world: World, name: string): Obj {
  const found = world.triggers.find((one) => one["name"] === name);
  if (found === undefined) throw new Refused("NOT_FOUND", `Resource '${name}' was not found`);
  found["etag"] ??= newEtag();
  return found;
}

function masked(query: Obj, field: string): void {
  const spelt = field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  if (query["updateMask"] !== field && query["updateMask"] !== spelt)
    throw new Refused("INVALID_ARGUMENT", `update_mask: ${query["updateMask"] ?? "none"} is not what a test writes`);
}

const FIELD = /^\/v1\/projects\/([^/]+)\/(databases\/[^/]+\/collectionGroups\/[^/]+\/fields\/[^/]+)$/;
const TRIGGER = /^\/v1\/projects\/([^/]+)\/(locations\/[^/]+\/triggers\/[^/]+)$/;

export const settingRoutes: readonly Route[] = [
  {
    method: "GET",
    path: FIELD,
    name: "firestore:fields.get",
    host: "firestore.googleapis.com",
    permission: "datastore.indexes.get",
    takes: [],
    handle: (world, project, _query, _body, [rest]) => fieldOf(world, `projects/${project}/${rest}`),
  },
  {
    method: "PATCH",
    path: FIELD,
    name: "firestore:fields.patch",
    host: "firestore.googleapis.com",
    permission: "datastore.indexes.update",
    takes: ["updateMask"],
    handle(world, project, query, body, [rest]) {
      masked(query, "ttlConfig");
      const name = `projects/${project}/${rest}`;
      return start(`projects/${project}/${rest!.split("/collectionGroups")[0]}`, () => {
        world.ttlFields = world.ttlFields.filter((one) => one["name"] !== name);
        const { ttlConfig: _old, ...same } = fieldOf(world, name);
        if (body["ttlConfig"] !== undefined) world.ttlFields.push({ ...same, ttlConfig: { state: "CREATING" } });
      });
    },
  },
  {
    method: "GET",
    path: TRIGGER,
    name: "eventarc:triggers.get",
    host: "eventarc.googleapis.com",
    permission: "eventarc.triggers.get",
    takes: [],
    handle: (world, project, _query, _body, [rest]) => triggerOf(world, `projects/${project}/${rest}`),
  },
  {
    method: "PATCH",
    path: TRIGGER,
    name: "eventarc:triggers.patch",
    host: "eventarc.googleapis.com",
    permission: "eventarc.triggers.update",
    takes: ["updateMask", "allowMissing", "validateOnly"],
    handle(world, project, query, body, [rest]) {
      masked(query, "eventFilters");
      const found = triggerOf(world, `projects/${project}/${rest}`);
      return start(
        `projects/${project}/${rest!.split("/triggers")[0]}`,
        () =>
          // the list has no order
          void Object.assign(found, { eventFilters: body["eventFilters"].toReversed(), etag: newEtag() }),
      );
    },
  },
  ...(["firestore", "eventarc"] as const).map((service): Route => ({
    method: "GET",
    path:
      service === "firestore"
        ? /^\/v1\/projects\/([^/]+)\/(databases\/[^/]+\/operations\/[^/]+)$/
        : /^\/v1\/projects\/([^/]+)\/(locations\/[^/]+\/operations\/[^/]+)$/,
    name: `${service}:operations.get`,
    host: `${service}.googleapis.com`,
    permission: service === "firestore" ? "datastore.operations.get" : "eventarc.operations.get",
    takes: [],
    handle: (_world, project, _query, _body, [rest]) => look(`projects/${project}/${rest}`),
  })),
];
