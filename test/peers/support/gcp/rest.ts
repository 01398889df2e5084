/** The REST half: the token endpoint, Cloud Trace v1, Eventarc, Firestore's administration, Resource Manager and Run's list of locations. */
import { createServer, type Server } from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { dropFaultyToken, errorOf, type Faults, withToken } from "./faults.ts";
import type { SeenCall } from "./grpc.ts";
import type { Obj } from "./protos.ts";
import { apiDisabled, denied, HTTP_STATUS, noProject, Refused } from "./refused.ts";
import type { Certificates } from "./tls.ts";
import type { Tokens } from "./tokens.ts";
import { settingRoutes } from "./rest-settings.ts";
import { listTraces } from "./traces.ts";
import { paged, type World } from "./world.ts";

export interface Route {
  method: string;
  path: RegExp;
  /** `eventarc:triggers.list` */
  name: string;
  host: string;
  permission: string | null;
  /** Query parameters that the vendor's discovery document names. */
  takes: readonly string[];
  handle(world: World, project: string, query: Obj, body: Obj, rest: readonly string[]): Obj;
}

const PAGE = ["pageSize", "pageToken"];
const ROUTES: readonly Route[] = [
  ...settingRoutes,
  {
    method: "GET",
    path: /^\/v1\/projects\/([^/]+)\/traces$/,
    name: "cloudtrace:traces.list",
    host: "cloudtrace.googleapis.com",
    permission: "cloudtrace.traces.list",
    takes: [...PAGE, "startTime", "endTime", "filter", "orderBy", "view"],
    handle: (world, project, query) => listTraces(world, project, query),
  },
  {
    method: "GET",
    path: /^\/v1\/projects\/([^/]+)\/traces\/([^/]+)$/,
    name: "cloudtrace:traces.get",
    host: "cloudtrace.googleapis.com",
    permission: "cloudtrace.traces.get",
    takes: [],
    handle(world, _project, _query, _body, [id]) {
      const found = world.traces.find((one) => one["traceId"] === id);
      if (found === undefined) throw new Refused("NOT_FOUND", `Resource not found: ${id}`);
      return found;
    },
  },
  {
    method: "GET",
    path: /^\/v1\/projects\/([^/]+)\/locations\/([^/]+)\/triggers$/,
    name: "eventarc:triggers.list",
    host: "eventarc.googleapis.com",
    permission: "eventarc.triggers.list",
    takes: [...PAGE, "orderBy", "filter"],
    handle: (world, _project, query, _body, [location]) =>
      paged(
        world.triggers.filter((one) => location === "-" || one["name"].includes(`/locations/${location}/`)),
        "triggers",
        query,
        1e3,
        100,
      ),
  },
  {
    method: "GET",
    path: /^\/v1\/projects\/([^/]+)\/databases$/,
    name: "firestore:databases.list",
    host: "firestore.googleapis.com",
    permission: "datastore.databases.list",
    takes: ["showDeleted"],
    handle: (world) => (world.databases.length === 0 ? {} : { databases: world.databases }),
  },
  {
    method: "GET",
    path: /^\/v1\/projects\/([^/]+)\/databases\/([^/]+)\/collectionGroups\/([^/]+)\/fields$/,
    name: "firestore:fields.list",
    host: "firestore.googleapis.com",
    permission: "datastore.indexes.list",
    takes: [...PAGE, "filter"],
    handle(world, project, query, _body, [database, group]) {
      if (!/indexConfig\.usesAncestorConfig:\s*false|ttlConfig:\s*\*/.test(query["filter"] ?? ""))
        throw new Refused(
          "INVALID_ARGUMENT",
          "Only queries for overridden fields or TTL are supported: filter must be indexConfig.usesAncestorConfig:false or ttlConfig:*",
        );
      const prefix = `projects/${project}/databases/${database}/collectionGroups/`;
      const found = world.ttlFields.filter((one) =>
        one["name"].startsWith(prefix + (group === "-" || group === "__default__" ? "" : `${group}/`)),
      );
      return found.length === 0 ? {} : paged(found, "fields", query, 1e3, 100);
    },
  },
  {
    method: "GET",
    path: /^\/v[13]\/projects\/([^/:]+)$/,
    name: "cloudresourcemanager:projects.get",
    host: "cloudresourcemanager.googleapis.com",
    permission: "resourcemanager.projects.get",
    takes: [],
    handle: (world) => ({
      name: `projects/${world.number}`,
      projectId: world.project,
      projectNumber: world.number,
      state: "ACTIVE",
      lifecycleState: "ACTIVE",
    }),
  },
  {
    method: "POST",
    path: /^\/v[13]\/projects\/([^/:]+):testIamPermissions$/,
    name: "cloudresourcemanager:testIamPermissions",
    host: "cloudresourcemanager.googleapis.com",
    permission: null,
    takes: [],
    handle(world, _project, _query, body) {
      const asked = (body["permissions"] ?? []) as string[];
      if (asked.length > 100) throw new Refused("INVALID_ARGUMENT", "at most 100 permissions can be tested at a time");
      const unknown = asked.find((one) => !/^[a-z]+\.[a-zA-Z]+\.[a-zA-Z]+$/.test(one));
      if (unknown !== undefined) throw new Refused("INVALID_ARGUMENT", `Permission ${unknown} is not valid for this resource.`);
      const granted = asked.filter((one) => !world.denied.has(one));
      return granted.length === 0 ? {} : { permissions: granted };
    },
  },
  {
    method: "GET",
    path: /^\/v[12]\/projects\/([^/]+)\/locations$/,
    name: "run:locations.list",
    host: "run.googleapis.com",
    permission: "run.locations.list",
    takes: [...PAGE, "filter"],
    handle: (world, project, query) =>
      paged(
        world.locations.map((id) => ({
          name: `projects/${project}/locations/${id}`,
          locationId: id,
        })),
        "locations",
        query,
        1e3,
        1e3,
      ),
  },
];
/** Of every method of Google's REST APIs. */
const ALWAYS = [
  "alt",
  "fields",
  "key",
  "prettyPrint",
  "quotaUser",
  "$.xgafv",
  "access_token",
  "callback",
  "oauth_token",
  "uploadType",
  "upload_protocol",
];

export class RestServer {
  readonly #server: Server;
  readonly #parts: { world: World; tokens: Tokens; faults: Faults; seen: SeenCall[]; violations: string[] };

  constructor(parts: { world: World; tokens: Tokens; faults: Faults; seen: SeenCall[]; violations: string[] }, certificates: Certificates) {
    this.#parts = parts;
    this.#server = createServer({ cert: certificates.cert, key: certificates.key }, (request, response) => {
      void this.#serve(request, response).catch((error: unknown) => {
        parts.violations.push(`test server: ${(error as Error).stack}`);
        response.destroy();
      });
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `https://localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { tokens, seen: calls, faults, violations } = this.#parts;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString("utf8");
    const url = new URL(request.url!, `https://${request.headers.host}`);
    const route = ROUTES.find((one) => one.method === request.method && one.path.test(url.pathname));
    const isToken = request.method === "POST" && /^\/(sts\/v1\/)?token$/.test(url.pathname);
    const acts = request.method === "POST" && /^\/v1\/projects\/-\/serviceAccounts\/[^/:]+:generateAccessToken$/.test(url.pathname);
    const name = isToken
      ? "token"
      : acts
        ? "iamcredentials:generateAccessToken"
        : (route?.name ?? `rest:${request.method} ${url.pathname}`);
    const call: SeenCall = { name, request: Object.fromEntries(url.searchParams), at: Date.now(), code: null };
    calls.push(call);
    const send = (code: number, body: unknown, type = "application/json; charset=UTF-8"): void => {
      call.code = String(code);
      response.writeHead(code, { "content-type": type, date: new Date(Date.now() + tokens.offsetMs).toUTCString() });
      response.end(typeof body === "string" ? body : JSON.stringify(body));
    };
    let edit: ((answer: Obj) => unknown) | null = null;
    const found = faults.of(name);
    try {
      for (const fault of found) {
        const error = errorOf(fault);
        if (error !== null) throw error;
        if (fault === "hang") return;
        if (fault === "reset") return void request.socket.destroy();
        if (fault === "garbage") return send(200, '{"traces": [{"trace');
        if (fault === "503-html") return send(503, "<html><body>Service Unavailable</body></html>", "text/html");
        if (typeof fault !== "object") continue;
        if ("redirect" in fault) return void response.writeHead(302, { location: fault.redirect }).end();
        if ("latencyMs" in fault) await new Promise((resolve) => setTimeout(resolve, fault.latencyMs));
        if ("before" in fault) await fault.before();
        if ("edit" in fault) edit = fault.edit;
      }
      if (isToken) {
        const form = new URLSearchParams(text);
        const { status: code, body } = url.pathname === "/token" ? tokens.grant(form, url.href) : tokens.exchange(form);
        return send(code, body);
      }
      if (acts) {
        const problem = tokens.problem(request.headers.authorization);
        if (problem !== null) throw new Refused("UNAUTHENTICATED", problem);
        call.request = { account: url.pathname.split("/").at(-1)!.split(":")[0], ...JSON.parse(text) };
        return send(200, { accessToken: tokens.token(), expireTime: new Date(Date.now() + tokens.lifeS * 1000).toISOString() });
      }
      if (route === undefined) {
        violations.push(`no such method: ${name}`);
        throw new Refused("NOT_FOUND", "Requested entity was not found.");
      }
      let answer = this.#answer(route, request, url, text);
      for (const fault of found) answer = withToken(fault, answer, calls.length);
      send(200, edit === null ? answer : (edit(structuredClone(answer)) ?? answer));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const code = HTTP_STATUS[error.code] ?? 500;
      send(code, {
        error: { code, message: error.message, status: error.code, ...(error.details.length > 0 ? { details: error.details } : {}) },
      });
    }
  }

  #answer(route: Route, request: IncomingMessage, url: URL, text: string): Obj {
    const { world, tokens, violations } = this.#parts;
    const problem = tokens.problem(request.headers.authorization);
    if (problem !== null) throw new Refused("UNAUTHENTICATED", problem);
    const unknown = [...url.searchParams.keys()].filter((one) => !route.takes.includes(one) && !ALWAYS.includes(one));
    if (unknown.length > 0) {
      violations.push(`${route.name}: unknown parameters ${unknown.join(", ")}`);
      throw new Refused("INVALID_ARGUMENT", `Invalid JSON payload received. Unknown name "${unknown[0]}": Cannot bind query parameter.`);
    }
    const [, project = "", ...rest] = route.path.exec(url.pathname)!.map(decodeURIComponent);
    if (project !== world.project && project !== world.number) {
      if (route.host.startsWith("cloudresourcemanager")) throw new Refused("PERMISSION_DENIED", "The caller does not have permission");
      throw noProject(project);
    }
    if (world.disabled.has(route.host)) throw apiDisabled(route.host, project);
    if (route.permission !== null && world.denied.has(route.permission))
      throw denied(route.permission, `${route.host}/projects/${project}`);
    const query: Obj = Object.fromEntries(url.searchParams);
    dropFaultyToken(query);
    if (query["pageSize"] !== undefined) query["pageSize"] = Number(query["pageSize"]);
    return route.handle(world, project, query, text === "" ? {} : JSON.parse(text), rest);
  }
}
