/** Writes of what is no site: event subscriptions, rules of Service Bus, containers of Cosmos DB, tables of Log Analytics. */
import { type Answer, armError, type Seen } from "./http.ts";
import type { Resource, World } from "./world.ts";

/** The webhook's query is its secret: only getFullUrl shows it. */
export const HOOK_SECRET = "code=hook-secret";

/** The answer of a write; null: no resource of these. `path`: lower case, without a slash at its end. */
export function writeOther(world: World, seen: Seen, path: string): Answer | null {
  const held = world.resources.get(path.replace(/\/getfullurl$/, ""));
  if (seen.method === "POST" && path.endsWith("/getfullurl"))
    return held === undefined
      ? missing(seen)
      : { status: 200, body: { endpointUrl: `${held.properties["destination"].properties.endpointBaseUrl}?${HOOK_SECRET}` } };
  if (seen.method === "PATCH" && /\/eventsubscriptions\/[^/]+$/.test(path))
    return held === undefined ? missing(seen) : patchSubscription(world, seen, held);
  if (/\/topics\/[^/]+\/subscriptions\/[^/]+\/rules\/[^/]+$/.test(path)) return writeRule(world, seen, path);
  if (seen.method === "PUT" && /\/sqldatabases\/[^/]+\/containers\/[^/]+$/.test(path))
    return held === undefined ? missing(seen) : putContainer(world, seen, held);
  if (seen.method === "PATCH" && /\/workspaces\/[^/]+\/tables\/[^/]+$/.test(path))
    return held === undefined ? missing(seen) : patchTable(world, seen, held);
  return null;
}

const missing = (seen: Seen): Answer => armError(404, "ResourceNotFound", `The Resource '${seen.path}' was not found.`);

/** Parts that are named are replaced, each whole; a webhook's address is answered without its query. */
function patchSubscription(world: World, seen: Seen, held: Resource): Answer {
  const body = JSON.parse(seen.body) as Record<string, any>;
  const { destination, ...rest } = body;
  if (world.writes !== "ignored") {
    Object.assign(held.properties, rest);
    if (destination !== undefined) {
      const { endpointUrl, ...properties } = destination.properties;
      if (destination.endpointType === "WebHook" && !String(endpointUrl ?? "").endsWith(HOOK_SECRET))
        return armError(400, "InvalidRequest", "The webhook did not answer the validation request.");
      held.properties["destination"] = {
        ...destination,
        properties: { ...properties, ...(endpointUrl === undefined ? {} : { endpointBaseUrl: String(endpointUrl).split("?")[0] }) },
      };
    }
    if (world.writes === "disturbed") held.properties["labels"] = ["somebody else"];
  }
  return { status: 201, body: structuredClone(held) };
}

function writeRule(world: World, seen: Seen, path: string): Answer | null {
  if (seen.method === "DELETE") {
    if (world.writes !== "ignored") world.resources.delete(path);
    return { status: 200 };
  }
  if (seen.method !== "PUT") return null;
  const { properties } = JSON.parse(seen.body) as { properties: Record<string, unknown> };
  const rule: Resource = {
    id: seen.path,
    name: decodeURIComponent(seen.path.split("/").at(-1)!),
    type: "Microsoft.ServiceBus/namespaces/topics/subscriptions/rules",
    properties,
  };
  if (world.writes !== "ignored") world.resources.set(path, rule);
  return { status: 200, body: structuredClone(rule) };
}

/** What the body leaves out is gone. */
function putContainer(world: World, seen: Seen, held: Resource): Answer {
  const { properties } = JSON.parse(seen.body) as { properties: { resource: Record<string, unknown> } };
  if (properties.resource["defaultTtl"] === 0) return armError(400, "BadRequest", "The value '0' specified for 'defaultTtl' is invalid.");
  if (world.writes !== "ignored")
    held.properties["resource"] = { ...properties.resource, _rid: "a", _ts: 1_790_000_001, _etag: `"${crypto.randomUUID()}"` };
  return { status: 200, body: structuredClone(held) };
}

function patchTable(world: World, seen: Seen, held: Resource): Answer {
  const { properties } = JSON.parse(seen.body) as { properties: Record<string, number> };
  if (world.writes !== "ignored") {
    Object.assign(held.properties, properties);
    held.properties["archiveRetentionInDays"] = held.properties["totalRetentionInDays"] - held.properties["retentionInDays"];
  }
  return { status: 200, body: structuredClone(held) };
}
