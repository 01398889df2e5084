/** The SDK's clients, one package per service, loaded on first use, with its retries and its paging off. */
import { UserError } from "../../model/errors.ts";
import type { JsonObject } from "../../model/json.ts";
import type { Ms } from "../../model/units.ts";
import type { Target } from "../room.ts";
import { UNKNOWN } from "./api.ts";
import { type Rpc, rpcOf } from "./client-json.ts";
import { loaded } from "./client-loaded.ts";
import { watchUnknown } from "./client-unknown.ts";

/** Where a service is asked. */
export interface Endpoint {
  host: string;
  port: number;
  /** false: without TLS, and without credentials: an emulator or a proxy on this machine. */
  secure: boolean;
}

/** One attempt of a call. */
export interface Attempt {
  headers: { [name: string]: string };
  timeoutMs: Ms;
  signal: AbortSignal;
}

/** A service that can be asked. Errors are the client's own. */
export interface Service {
  endpoint: Endpoint;
  /** Throws where there is no such method: a mistake of ours. */
  prepare(method: string, request: object): Promise<(attempt: Attempt) => Promise<JsonObject>>;
  close(): void;
}

interface GrpcService {
  /** Name of its endpoint, and of its host before the domain. */
  endpoint: string;
  host: string;
  load(): Promise<Module>;
  rpcs: readonly GrpcRpcs[];
}

/** One service of a package. `short`: as `Api` names it, where the package has several. `member`: the client's client that has its methods. */
interface GrpcRpcs {
  service: string;
  client: string;
  protos: string;
  via?: string;
  short?: string;
  member?: "operationsClient" | "locationsClient";
}

type Module = { [name: string]: unknown };
type Call = (request: object, options: object) => Promise<unknown[]>;
interface Client {
  close(): Promise<unknown>;
  [method: string]: unknown;
}

const RUN = "@google-cloud/run/build/protos/protos.json";
const FUNCTIONS = "@google-cloud/functions/build/protos/protos.json";
const LOGGING = { protos: "@google-cloud/logging-api/build/protos/protos.json", via: "@google-cloud/logging" };
const PUBSUB = "@google-cloud/pubsub/build/protos/protos.json";
const OPERATIONS = { service: "google.longrunning.Operations", short: "Operations", member: "operationsClient" } as const;

const SERVICES: { readonly [service: string]: GrpcService } = {
  run: {
    endpoint: "run",
    host: "run",
    load: () => loaded("@google-cloud/run", () => import("@google-cloud/run")),
    rpcs: [
      { service: "google.cloud.run.v2.Services", client: "ServicesClient", protos: RUN, short: "Services" },
      { service: "google.cloud.run.v2.Revisions", client: "RevisionsClient", protos: RUN, short: "Revisions" },
      { ...OPERATIONS, client: "ServicesClient", protos: RUN },
      {
        service: "google.cloud.location.Locations",
        short: "Locations",
        member: "locationsClient",
        client: "ServicesClient",
        protos: "../protos/locations.json",
        via: "google-gax",
      },
    ],
  },
  functions: {
    endpoint: "functions",
    host: "cloudfunctions",
    load: async () => (await functionsModule())["v2"] as Module,
    rpcs: [
      { service: "google.cloud.functions.v2.FunctionService", client: "FunctionServiceClient", protos: FUNCTIONS },
      { ...OPERATIONS, client: "FunctionServiceClient", protos: FUNCTIONS },
    ],
  },
  functions1: {
    endpoint: "functions",
    host: "cloudfunctions",
    load: async () => (await functionsModule())["v1"] as Module,
    rpcs: [
      { service: "google.cloud.functions.v1.CloudFunctionsService", client: "CloudFunctionsServiceClient", protos: FUNCTIONS },
      { ...OPERATIONS, client: "CloudFunctionsServiceClient", protos: FUNCTIONS },
    ],
  },
  logging: {
    endpoint: "logging",
    host: "logging",
    load: async () => ((await loaded("@google-cloud/logging", () => import("@google-cloud/logging"))) as unknown as { v2: Module }).v2,
    rpcs: [
      { service: "google.logging.v2.LoggingServiceV2", client: "LoggingServiceV2Client", ...LOGGING },
      { service: "google.logging.v2.ConfigServiceV2", client: "ConfigServiceV2Client", ...LOGGING },
    ],
  },
  monitoring: {
    endpoint: "monitoring",
    host: "monitoring",
    load: () => loaded("@google-cloud/monitoring", () => import("@google-cloud/monitoring")),
    rpcs: [
      {
        service: "google.monitoring.v3.MetricService",
        client: "MetricServiceClient",
        protos: "@google-cloud/monitoring/build/protos/protos.json",
      },
    ],
  },
  pubsub: {
    endpoint: "pubsub",
    host: "pubsub",
    load: async () => (await pubsubModule()).v1 as unknown as Module,
    rpcs: [
      { service: "google.pubsub.v1.Publisher", client: "PublisherClient", protos: PUBSUB },
      { service: "google.pubsub.v1.Subscriber", client: "SubscriberClient", protos: PUBSUB },
    ],
  },
};

/** Answers of which parts are written back as a whole. */
const WRITTEN_BACK: ReadonlySet<string> = new Set(["Services.GetService"]);

/** True for a service that is asked by gRPC; else it is asked by REST. */
export function isGrpc(service: string): boolean {
  return Object.hasOwn(SERVICES, service);
}

function functionsModule(): Promise<Module> {
  return loaded("@google-cloud/functions", () => import("@google-cloud/functions"));
}

function pubsubModule(): Promise<typeof import("@google-cloud/pubsub")> {
  return loaded("@google-cloud/pubsub", () => import("@google-cloud/pubsub"));
}

/** Where a target's service is: its own endpoint (`host:port` or a URL; `http://`: without TLS), else the public one of this domain. */
export function endpointOf(target: Target, endpoint: string, host: string, universe: string): Endpoint {
  const own = target.endpoints?.[endpoint];
  if (own === undefined) return { host: `${host}.${universe}`, port: 443, secure: true };
  const url = URL.parse(/^https?:\/\//.test(own) ? own : `https://${own}`);
  if (url === null || url.hostname === "") throw new UserError(`${target.name}: the endpoint of ${endpoint} is no host and port: ${own}`);
  const secure = url.protocol === "https:";
  return { host: url.hostname, port: url.port === "" ? (secure ? 443 : 80) : Number(url.port), secure };
}

/** Opens a gRPC service. Nothing is sent before the first call. */
export async function openGrpc(name: string, target: Target, universe: string): Promise<Service> {
  const { endpoint: endpointName, host, load, rpcs } = SERVICES[name]!;
  const [sdk, gax, auth] = await Promise.all([
    load(),
    loaded("google-gax", () => import("google-gax")),
    loaded("google-auth-library", () => import("google-auth-library")),
  ]);
  const own = endpointOf(target, endpointName, host, universe);
  const endpoint = name === "pubsub" && target.endpoints?.["pubsub"] === undefined ? ((await emulator(target)) ?? own) : own;
  const options = {
    apiEndpoint: endpoint.host,
    port: endpoint.port,
    projectId: target.account,
    // tokens travel in the headers of each call, so that gRPC and REST use the same one and a refused one is replaced
    sslCreds: endpoint.secure ? gax.grpc.credentials.createSsl() : gax.grpc.credentials.createInsecure(),
    auth: new auth.GoogleAuth({ authClient: new auth.PassThroughClient({ universe_domain: universe } as never) }),
    universeDomain: universe,
  };
  const clients = new Map<string, Client>();

  function clientOf(className: string): Client {
    let found = clients.get(className);
    if (found === undefined) {
      const Class = sdk[className] as new (options: object) => Client;
      clients.set(className, (found = new Class(options)));
    }
    return found;
  }

  async function find(operation: string): Promise<{ client: Client; rpc: Rpc }> {
    const [short, method] = operation.includes(".") ? (operation.split(".") as [string, string]) : [undefined, operation];
    for (const one of rpcs) {
      if (one.short !== short) continue;
      const rpc = await rpcOf(one.protos, one.via ?? null, one.service, method);
      if (rpc === null) continue;
      const client = clientOf(one.client);
      return { client: one.member === undefined ? client : (client[one.member] as Client), rpc };
    }
    throw new Error(`Google's ${name} has no method ${operation}`);
  }

  return {
    endpoint,
    async prepare(operation, json) {
      const { client, rpc } = await find(operation);
      const request = rpc.request(json);
      return async ({ headers, timeoutMs, signal }) => {
        const unknown = WRITTEN_BACK.has(operation) ? await watchUnknown(rpc.gives) : null;
        const otherArgs = { headers: { ...headers }, options: { ...unknown?.options } };
        const settings = { timeout: timeoutMs, retry: null, autoPaginate: false, signal, otherArgs };
        const answer = await (client[rpc.method] as Call).call(client, structuredClone(request), settings);
        const message = rpc.answer(messageIn(answer, rpc));
        const fields = unknown?.fields() ?? [];
        return fields.length === 0 ? message : { ...message, [UNKNOWN]: fields };
      };
    },
    close() {
      for (const client of clients.values()) client.close().catch(() => {});
    },
  };
}

/** The answer itself: of a list the SDK gives the items first, of a long-running operation a handle. */
function messageIn(answer: unknown[], rpc: Rpc): object {
  const [first, , raw] = answer as [unknown, unknown, unknown];
  if (rpc.paged && typeof raw === "object" && raw !== null) return raw;
  const operation = (first as { latestResponse?: object } | null)?.latestResponse;
  return operation ?? (first as object);
}

/** Pub/Sub's emulator, where the environment names one as the SDK reads it (`PUBSUB_EMULATOR_HOST`); null: it does not. */
async function emulator(target: Target): Promise<Endpoint | null> {
  const { PubSub } = await pubsubModule();
  const { isEmulator, options } = new PubSub({ projectId: target.account ?? "-" });
  if (!isEmulator || options.servicePath === undefined) return null;
  return { host: options.servicePath, port: Number(options.port ?? 443), secure: false };
}
