/** Azure Resource Manager over the world's resources: get, lists in pages, writes of sites with etag and long-running operations. */
import { type Answer, armError, type Handler, type Seen } from "./http.ts";
import { writeOther } from "./arm-writes.ts";
import { type Resource, touch, type World } from "./world.ts";

interface Failure {
  error: { code: string; message: string };
}

interface Operation {
  /** Times that it is still to say InProgress. */
  polls: number;
  /** Does the work, once. */
  finish(): Failure | null;
  /** null: done; undefined: not finished. */
  result: Failure | null | undefined;
  resource: string;
}

const SITE = /^\/subscriptions\/[^/]+\/resourcegroups\/[^/]+\/providers\/microsoft\.web\/sites\/[^/]+$/;

export function armHandler(world: World, base: () => string): Handler {
  const operations = new Map<string, Operation>();

  return (seen) => {
    const path = seen.path.toLowerCase().replace(/\/$/, "");
    const subscription = /^\/subscriptions\/([^/]+)/.exec(path)?.[1];
    if (subscription !== undefined && subscription !== world.subscription.toLowerCase())
      return armError(404, "SubscriptionNotFound", `The subscription '${subscription}' could not be found.`);
    const operation = operations.get(path.split("/").at(-1)!);
    if (operation) return polled(operation, path.includes("/operationresults/"));
    if (path === "/subscriptions") return { status: 200, body: { value: [subscriptionOf()] } };
    if (path === `/subscriptions/${subscription}`) return { status: 200, body: subscriptionOf() };
    if (/\/config\/appsettings(?:\/list)?$/.test(path)) return appSettings(seen, path);
    if (path.endsWith("/config/slotconfignames"))
      return {
        status: 200,
        body: { id: seen.path, name: "slotConfigNames", type: "Microsoft.Web/sites/config", properties: { appSettingNames: [] } },
      };
    if (path.endsWith("/microsoft.authorization/permissions"))
      return { status: 200, body: { value: [{ ...world.permissions, dataActions: [], notDataActions: [] }] } };
    if (seen.method === "PUT" && SITE.test(path)) return writeSite(seen, path);
    const other = seen.method === "GET" ? null : writeOther(world, seen, path);
    if (other !== null) return other;
    if (seen.method !== "GET") return armError(405, "MethodNotAllowed", `The fake has no ${seen.method} of ${seen.path}.`);
    const resource = world.resources.get(path);
    if (resource) return { status: 200, body: shown(resource), ...(resource.etag ? { headers: { etag: resource.etag } } : {}) };
    const isName = path.slice(path.lastIndexOf("/providers/") + "/providers/".length).split("/").length % 2 === 1;
    if (isName && path.includes("/providers/")) return armError(404, "ResourceNotFound", `The Resource '${seen.path}' was not found.`);
    return path.includes("/providers/") ? listed(seen, path) : armError(404, "InvalidResourcePath", `There is nothing at ${seen.path}.`);
  };

  function subscriptionOf(): object {
    return {
      id: `/subscriptions/${world.subscription}`,
      subscriptionId: world.subscription,
      tenantId: world.tenant,
      displayName: "shop",
      state: "Enabled",
    };
  }

  function shown(resource: Resource): Resource {
    return structuredClone(resource);
  }

  /** What belongs to a list: children of a resource, or every resource of a type in a group or the subscription. */
  function members(path: string): Resource[] {
    const [scope, type] = path.split(/\/providers\/(?=[^/]+\/[^/]+$)/);
    return [...world.resources].flatMap(([id, resource]) => {
      if (id.startsWith(`${path}/`) && !id.slice(path.length + 1).includes("/")) return [resource];
      // locks hold for what is below them
      if (type === "microsoft.authorization/locks")
        return id.includes("/locks/") && scope!.startsWith(id.split("/providers/microsoft.authorization")[0]!) ? [resource] : [];
      const inGroup =
        type !== undefined && /^\/subscriptions\/[^/]+(?:\/resourcegroups\/[^/]+)?$/.test(scope!) && id.startsWith(`${scope}/`);
      return inGroup && resource.type.toLowerCase() === type && id.split("/providers/").length === 2 ? [resource] : [];
    });
  }

  function listed(seen: Seen, path: string): Answer {
    const all = members(path).map(shown);
    const from = Number(seen.query.get("$skiptoken") ?? 0);
    const to = from + world.pageSize;
    const query = new URLSearchParams(seen.query);
    query.set("$skiptoken", String(to));
    const more = to < all.length ? { nextLink: `${base()}${seen.path}?${query}` } : {};
    return { status: 200, body: { value: all.slice(from, to), ...more } };
  }

  function appSettings(seen: Seen, path: string): Answer {
    const site = path.replace(/\/config\/appsettings.*$/, "");
    const resource = world.resources.get(site);
    if (!resource) return armError(404, "ResourceNotFound", `The Resource '${seen.path}' was not found.`);
    if (seen.method === "PUT") {
      const body = JSON.parse(seen.body) as { properties: Record<string, string> };
      if (world.writes !== "ignored") world.appSettings.set(site, { ...body.properties });
      touch(resource, seen.at);
    }
    const properties = { ...world.appSettings.get(site) };
    return {
      status: 200,
      body: {
        id: `${resource.id}/config/appsettings`,
        name: "appsettings",
        type: "Microsoft.Web/sites/config",
        location: resource.location,
        properties,
      },
    };
  }

  /** PUT replaces: what the body leaves out is gone, but for what only the service sets. */
  function writeSite(seen: Seen, path: string): Answer {
    const before = world.resources.get(path);
    if (!before) return armError(404, "ResourceNotFound", `The Resource '${seen.path}' was not found.`);
    const lock = [...world.resources].find(
      ([id, one]) =>
        id.includes("/locks/") &&
        one.properties["level"] === "ReadOnly" &&
        path.startsWith(id.split("/providers/microsoft.authorization")[0]!),
    );
    if (lock)
      return armError(
        409,
        "ScopeLocked",
        `The scope '${seen.path}' cannot perform write operation because following scope(s) are locked: '${lock[0]}'. Please remove the lock and try again.`,
      );
    const match = seen.headers["if-match"];
    if (match !== undefined && match !== "*" && match !== before.etag)
      return armError(412, "PreconditionFailed", "The condition specified using HTTP conditional header(s) is not met.");
    const body = JSON.parse(seen.body) as Resource;
    const memory = body.properties["functionAppConfig"]?.scaleAndConcurrency?.instanceMemoryMB;
    if (memory !== undefined && ![512, 2048, 4096].includes(memory))
      return armError(400, "BadRequest", `The parameter instanceMemoryMB has an invalid value. Allowed values: 512, 2048, 4096.`);
    const finish = (): Failure | null => {
      if (world.writes === "fails") return { error: { code: "InternalServerError", message: "The update of the app failed." } };
      const { name: _n, type: _t, id: _i, etag: _e, properties, ...rest } = body;
      const { id, name, type } = before;
      const kept = Object.fromEntries(SERVICE_ONLY.flatMap((key) => (key in before.properties ? [[key, before.properties[key]]] : [])));
      // the service gives an identity its IDs
      const identity = before["identity"] && rest["identity"] ? { identity: { ...before["identity"], ...rest["identity"] } } : {};
      const after: Resource =
        world.writes === "ignored" ? before : { ...rest, ...identity, id, name, type, properties: { ...properties, ...kept } };
      if (world.writes === "disturbed") after.tags = { ...after.tags, "someone-else": "was here" };
      touch(after, Date.now());
      world.resources.set(path, after);
      return world.writes === "half" ? { error: { code: "InternalServerError", message: "Instances could not be restarted." } } : null;
    };
    if (world.polls === 0) {
      const failed = finish();
      return failed ? { status: 500, body: failed } : { status: 200, body: shown(world.resources.get(path)!) };
    }
    const id = crypto.randomUUID();
    const operation: Operation = { polls: world.polls, finish, result: undefined, resource: path };
    operations.set(id, operation);
    if (world.doneAfterMs !== null) setTimeout(() => operation.result === undefined && (operation.result = finish()), world.doneAfterMs);
    const root = `${base()}/subscriptions/${world.subscription}/providers/Microsoft.Web/locations/eastus`;
    const api = `api-version=${seen.query.get("api-version")}`;
    return {
      status: 202,
      headers: {
        location: `${root}/operationResults/${id}?${api}`,
        "azure-asyncoperation": `${root}/operations/${id}?${api}`,
        "retry-after": "1",
      },
      body: shown(before),
    };
  }

  function polled(operation: Operation, asResult: boolean): Answer {
    if (operation.polls-- > 0 && operation.result === undefined)
      return asResult
        ? { status: 202, headers: { "retry-after": "1" } }
        : { status: 200, headers: { "retry-after": "1" }, body: { status: "InProgress" } };
    if (operation.result === undefined) operation.result = operation.finish();
    const { result } = operation;
    if (asResult) return result ? { status: 500, body: result } : { status: 200, body: shown(world.resources.get(operation.resource)!) };
    return { status: 200, body: result ? { status: "Failed", ...result } : { status: "Succeeded" } };
  }
}

/** Properties of a site that a write does not set. */
const SERVICE_ONLY = [
  "state",
  "hostNames",
  "enabledHostNames",
  "hostNameSslStates",
  "availabilityState",
  "defaultHostName",
  "repositorySiteName",
  "usageState",
  "resourceGroup",
  "sku",
  "outboundIpAddresses",
  "possibleOutboundIpAddresses",
  "lastModifiedTimeUtc",
];
