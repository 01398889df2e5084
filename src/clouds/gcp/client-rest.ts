/** Services that have no client of their own in the SDK, or only a REST one: Eventarc, Firestore's administration, Resource Manager, Cloud Trace v1. */
import { isObject, type JsonObject } from "../../model/json.ts";
import type { Json } from "../../model/records.ts";
import type { Target } from "../room.ts";
import { loaded } from "./client-loaded.ts";
import { type Attempt, endpointOf, type Service } from "./client-services.ts";

interface Method {
  verb: "GET" | "POST" | "PATCH";
  /** Path with `{field}` for fields of the request; the rest of the request is query or body. */
  path: string;
  /** Fields that go into the query although there is a body. */
  query?: readonly string[];
}

/** https://cloud.google.com/eventarc/docs/reference/rest, …/firestore/docs/reference/rest, …/resource-manager/reference/rest, …/trace/docs/reference/v1/rest */
const SERVICES: { readonly [service: string]: { readonly [method: string]: Method } } = {
  eventarc: {
    "triggers.list": { verb: "GET", path: "v1/{parent}/triggers" },
    "triggers.get": { verb: "GET", path: "v1/{name}" },
    "triggers.patch": { verb: "PATCH", path: "v1/{name}", query: ["updateMask"] },
    "operations.get": { verb: "GET", path: "v1/{name}" },
  },
  firestore: {
    "databases.list": { verb: "GET", path: "v1/{parent}/databases" },
    "fields.list": { verb: "GET", path: "v1/{parent}/fields" },
    "fields.get": { verb: "GET", path: "v1/{name}" },
    "fields.patch": { verb: "PATCH", path: "v1/{name}", query: ["updateMask"] },
    "operations.get": { verb: "GET", path: "v1/{name}" },
  },
  cloudresourcemanager: {
    "projects.get": { verb: "GET", path: "v3/{name}" },
    testIamPermissions: { verb: "POST", path: "v3/{resource}:testIamPermissions" },
  },
};

/** No retries of the library's, and no answer but the API's own: a redirection would take the token along. */
const ONCE = { retry: false, redirect: "error" } as const;

type Send = (attempt: Attempt) => Promise<unknown>;

/** Opens a REST service. Nothing is sent before the first call. */
export async function openRest(name: string, target: Target, universe: string): Promise<Service> {
  const { PassThroughClient } = await loaded("google-auth-library", () => import("google-auth-library"));
  const anonymous = new PassThroughClient();
  const endpoint = endpointOf(target, name, name, universe);
  const root = `${endpoint.secure ? "https" : "http"}://${endpoint.host}:${endpoint.port}/`;

  async function prepared(method: string, request: { [field: string]: unknown }): Promise<Send> {
    if (name === "cloudtrace") return traceCall(root, anonymous, method, request);
    const { verb, path, query = [] } = methodOf(name, method);
    const rest = { ...request };
    const url = path.replace(/\{(\w+)\}/, (_, field: string) => {
      const value = String(rest[field]);
      delete rest[field];
      return value.split("/").map(encodeURIComponent).join("/");
    });
    const params = Object.fromEntries(query.map((field) => [field, rest[field]]));
    for (const field of query) delete rest[field];
    const content = verb === "GET" ? { params: rest } : { params, data: rest };
    return async ({ headers, timeoutMs, signal }) =>
      (await anonymous.request({ url: root + url, method: verb, ...content, headers, timeout: timeoutMs, signal, ...ONCE })).data;
  }

  return {
    endpoint,
    async prepare(method, request) {
      const send = await prepared(method, request as { [field: string]: unknown });
      return async (attempt) => {
        const answer = await send(attempt);
        if (isObject(answer as Json)) return answer as JsonObject;
        throw Object.assign(new Error("the answer is no JSON object"), { response: { status: 200, data: null } });
      };
    },
    close() {},
  };
}

function methodOf(name: string, method: string): Method {
  const found = SERVICES[name]?.[method];
  if (found === undefined) throw new Error(`no REST method ${name}:${method}`);
  return found;
}

/** `traces.list` and `traces.get` by the SDK's own client of Cloud Trace. */
async function traceCall(root: string, auth: object, method: string, request: object): Promise<Send> {
  const sdk = await loaded("@googleapis/cloudtrace", () => import("@googleapis/cloudtrace"));
  const { traces } = sdk.cloudtrace({ version: "v1", auth: auth as never, rootUrl: root }).projects;
  const operation = method.replace(/^traces\./, "") as "list" | "get";
  if (operation !== "list" && operation !== "get") throw new Error(`no REST method cloudtrace:${method}`);
  const call = traces[operation].bind(traces) as unknown as (request: object, options: object) => Promise<{ data: unknown }>;
  return async ({ headers, timeoutMs, signal }) => (await call(request, { headers, timeout: timeoutMs, signal, ...ONCE })).data;
}
