/** What is configured in one project, read live: functions, services, topics, subscriptions, triggers, Firestore and log buckets. */
import { arrayAt, isObject, type JsonObject, objectAt, textAt, textOf } from "../../model/json.ts";
import type { Config, Rec } from "../../model/records.ts";
import { concurrently, merged } from "../kit/concurrent.ts";
import { functionScope } from "../kit/function-scope.ts";
import type { LiveContext, Target } from "../room.ts";
import { type Api, type GcpApi, GcpError } from "./api.ts";
import { configsOf } from "./configs/read.ts";
import { gap, gapOf, orGap } from "./live-gaps.ts";
import { partOf } from "./schema.ts";

/** Regions or databases read at a time within one part; the shared quota paces them. */
const AT_A_TIME = 8;
/** All configuration in scope, page by page, the parts side by side. */
export async function* inventory(api: GcpApi, target: Target, context: LiveContext): AsyncGenerator<Rec[]> {
  const parent = `projects/${api.project}`;
  const everywhere = `${parent}/locations/-`;
  const parts: [what: string, pages: AsyncIterable<Rec[]>][] = [
    ["functions and services", functionsAndServices(api, target, context)],
    ["topics", list(api, context, "pubsub:ListTopics", { project: parent, pageSize: 1000 }, "topics")],
    ["subscriptions", list(api, context, "pubsub:ListSubscriptions", { project: parent, pageSize: 1000 }, "subscriptions")],
    ["Eventarc triggers", list(api, context, "eventarc:triggers.list", { parent: everywhere, pageSize: 1000 }, "triggers")],
    ["Firestore", firestore(api, context)],
    ["log buckets", list(api, context, "logging:ListBuckets", { parent: everywhere, pageSize: 1000 }, "buckets")],
  ];
  const regions = new Set(target.regions);
  for await (const page of merged(parts.map(([what, pages]) => orGap(api, what, pages)))) {
    context.signal.throwIfAborted();
    const kept = page.filter(
      (record) => regions.size === 0 || record.type !== "config" || record.region === null || regions.has(record.region),
    );
    if (kept.length > 0) yield kept;
  }
}

/** One list call, each item by the reader of exports. Locations that the cloud could not reach are a gap. */
async function* list(api: GcpApi, context: LiveContext, name: Api, request: object, field: string): AsyncGenerator<Rec[]> {
  for await (const answer of api.pages(name, request)) {
    const items = (arrayAt(answer, field) ?? []).filter(isObject);
    yield [...items.flatMap((item) => read(item, context)), ...unreachable(api, answer, field)];
  }
}

function read(item: JsonObject, context: LiveContext): Config[] {
  return (configsOf(item) ?? []).map((config) => ({ ...config, observedAt: config.observedAt ?? context.clock.now() }));
}

function unreachable(api: GcpApi, answer: JsonObject, what: string): Rec[] {
  return (arrayAt(answer, "unreachable") ?? []).map((location) =>
    gap(api, what, `Google could not reach ${textOf(location) ?? "a location"}: not listed there`),
  );
}

/**
 * Functions first: a 2nd gen function is a Cloud Run service too, which is told only where the function is not. What `gcloud run deploy
 * --function` made, and what was detached, has no function and is a service.
 */
async function* functionsAndServices(api: GcpApi, target: Target, context: LiveContext): AsyncGenerator<Rec[]> {
  const meant = functionScope(target.functions);
  const told = new Set<string>();
  const inScope = (item: JsonObject): Config[] => {
    const labels = objectAt(item, "labels") ?? {};
    const configs = read(item, context).map((config) =>
      config.kind === "function" ? { ...config, settings: { ...config.settings, tags: labels } } : config,
    );
    return configs[0] !== undefined && meant(configs[0].name, labels) ? configs : [];
  };

  const parent = `projects/${api.project}/locations/-`;
  // the v2 API lists 1st gen functions as well, with less said of them
  for (const [name, what] of [
    ["functions1:ListFunctions", "1st gen functions"],
    ["functions:ListFunctions", "functions"],
  ] as const) {
    try {
      for await (const answer of api.pages(name, { parent, pageSize: 1000 })) {
        const items = (arrayAt(answer, "functions") ?? []).filter(isObject).filter((item) => !told.has(textAt(item, "name") ?? ""));
        for (const item of items) {
          told.add(textAt(item, "name") ?? "");
          told.add(textAt(objectAt(item, "serviceConfig") ?? {}, "service") ?? "");
        }
        yield [...items.flatMap(inScope), ...unreachable(api, answer, what)];
      }
    } catch (error) {
      yield [gapOf(api, error, what)];
    }
  }
  yield* services(api, target, (item) => (told.has(textAt(item, "name") ?? "") ? [] : inScope(item)));
}

/** Cloud Run has no list over all regions: https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services/list */
async function* services(api: GcpApi, target: Target, configs: (item: JsonObject) => Config[]): AsyncGenerator<Rec[]> {
  const regions = await regionsOf(api, target);
  const failed: { region: string; error: unknown }[] = [];
  yield* concurrently(regions, AT_A_TIME, async (region): Promise<Rec[]> => {
    const records: Rec[] = [];
    try {
      for await (const answer of api.pages("run:Services.ListServices", {
        parent: `projects/${api.project}/locations/${region}`,
        pageSize: 1000,
      }))
        records.push(
          ...(arrayAt(answer, "services") ?? []).filter(isObject).flatMap(configs),
          ...unreachable(api, answer, `Cloud Run services in ${region}`),
        );
    } catch (error) {
      gapOf(api, error, region);
      failed.push({ region, error });
    }
    return records;
  });
  if (failed.length === 0) return;
  // what is refused everywhere is said once
  if (failed.length === regions.length) yield [gapOf(api, failed[0]!.error, "Cloud Run services")];
  else yield failed.map(({ region, error }) => gapOf(api, error, `Cloud Run services in ${region}`));
}

async function regionsOf(api: GcpApi, target: Target): Promise<readonly string[]> {
  if (target.regions !== undefined && target.regions.length > 0) return target.regions;
  const found: string[] = [];
  for await (const answer of api.pages("run:Locations.ListLocations", { name: `projects/${api.project}`, pageSize: 1000 }))
    for (const one of arrayAt(answer, "locations") ?? []) {
      const region = isObject(one) ? (textAt(one, "locationId") ?? partOf(textAt(one, "name") ?? "", "locations")) : null;
      if (region !== null && region !== "global") found.push(region);
    }
  return found;
}

/** Databases, and the fields whose documents expire. A database in Datastore mode has no fields. */
async function* firestore(api: GcpApi, context: LiveContext): AsyncGenerator<Rec[]> {
  const names: string[] = [];
  for await (const answer of api.pages("firestore:databases.list", { parent: `projects/${api.project}` })) {
    const databases = (arrayAt(answer, "databases") ?? []).filter(isObject);
    for (const one of databases) if (textAt(one, "type") !== "DATASTORE_MODE") names.push(textAt(one, "name") ?? "");
    yield databases.flatMap((item) => read(item, context));
  }
  yield* concurrently(names, AT_A_TIME, async (name): Promise<Rec[]> => {
    const records: Rec[] = [];
    try {
      for await (const answer of api.pages("firestore:fields.list", { parent: `${name}/collectionGroups/-`, filter: "ttlConfig:*" }))
        for (const field of (arrayAt(answer, "fields") ?? []).filter(isObject)) records.push(...read(field, context));
    } catch (error) {
      if (!(error instanceof GcpError)) throw error;
      records.push(gapOf(api, error, `TTL fields of ${name}`));
    }
    return records;
  });
}
