/** The SDK's packages, loaded on first use: some take 100 ms and more. */
import type { TokenCredential } from "@azure/identity";
import type { HttpClient } from "@azure/core-rest-pipeline";
import { UserError } from "../../model/errors.ts";
import type { Endpoints } from "./client-endpoints.ts";

/** Loads an SDK package. Throws UserError when it is not installed: SDKs are optional dependencies. */
export async function loaded<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if ((error as { code?: string }).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new UserError(`the Azure SDK's package ${name} is not installed`, {
      suggestions: [`npm install ${name}`, "npm install evscope without --omit=optional"],
      cause: error,
    });
  }
}

type Loaded = { [name: string]: unknown };
type Client = new (...args: unknown[]) => object;

export interface Opening {
  subscription: string;
  endpoints: Endpoints;
  /** Region whose metrics are asked; "" for all other services. */
  region: string;
  credential: TokenCredential;
  httpClient: HttpClient;
  userAgent: string;
}

interface Service {
  pkg: string;
  load(): Promise<Loaded>;
  open(sdk: Loaded, opening: Opening): object;
  /** Whom its tokens are meant for. */
  audience: keyof Endpoints["scopes"];
}

/** Retries, redirects and time-outs are ours; the SDK builds requests and reads answers. */
function optionsOf({ httpClient, userAgent }: Opening): object {
  return {
    httpClient,
    retryOptions: { maxRetries: 0 },
    redirectOptions: { maxRetries: 0 },
    userAgentOptions: { userAgentPrefix: userAgent },
  };
}

/** A client of ARM: the newer ones take scopes in `credentials`, the older in `credentialScopes` and the host as `$host`. */
function arm(pkg: string, name: string, load: () => Promise<Loaded>, ofSubscription = true): Service {
  return {
    pkg,
    load,
    audience: "management",
    open(sdk, opening) {
      const { management: endpoint, scopes } = opening.endpoints;
      const options = {
        ...optionsOf(opening),
        endpoint,
        $host: endpoint,
        credentials: { scopes: [scopes.management] },
        credentialScopes: scopes.management,
      };
      const ArmClient = sdk[name] as Client;
      return ofSubscription ? new ArmClient(opening.credential, opening.subscription, options) : new ArmClient(opening.credential, options);
    },
  };
}

const SERVICES: { readonly [service: string]: Service } = {
  web: arm("arm-appservice", "WebSiteManagementClient", () => import("@azure/arm-appservice")),
  eventgrid: arm("arm-eventgrid", "EventGridManagementClient", () => import("@azure/arm-eventgrid")),
  servicebus: arm("arm-servicebus", "ServiceBusManagementClient", () => import("@azure/arm-servicebus")),
  cosmos: arm("arm-cosmosdb", "CosmosDBManagementClient", () => import("@azure/arm-cosmosdb")),
  monitor: arm("arm-monitor", "MonitorClient", () => import("@azure/arm-monitor")),
  graph: arm("arm-resourcegraph", "ResourceGraphClient", () => import("@azure/arm-resourcegraph"), false),
  logs: {
    pkg: "monitor-query-logs",
    load: () => import("@azure/monitor-query-logs"),
    audience: "logs",
    open(sdk, opening) {
      const { logs, scopes } = opening.endpoints;
      const options = { ...optionsOf(opening), endpoint: `${logs}/v1`, credentials: { scopes: [scopes.logs] } };
      return new (sdk["LogsQueryClient"] as Client)(opening.credential, options);
    },
  },
  metrics: {
    pkg: "monitor-query-metrics",
    load: () => import("@azure/monitor-query-metrics"),
    audience: "metrics",
    open(sdk, opening) {
      const { metrics, scopes } = opening.endpoints;
      const options = { ...optionsOf(opening), credentials: { scopes: [scopes.metrics] } };
      return new (sdk["MetricsClient"] as Client)(metrics(opening.region), opening.credential, options);
    },
  },
};

export function serviceOf(name: string): Service {
  const service = SERVICES[name];
  if (service === undefined) throw new Error(`no client for the Azure service ${name}`);
  return service;
}

/** A method of the SDK. */
export type Operation = (...args: unknown[]) => any;

/** Opens a client and finds one of its methods: `webApps.get`, or `resources` of the client itself. */
export async function operationOf(service: string, method: string, opening: Opening): Promise<Operation> {
  const { pkg, load, open } = serviceOf(service);
  let owner = open(await loaded(`@azure/${pkg}`, load), opening) as { [name: string]: unknown };
  const path = method.split(".");
  for (const group of path.slice(0, -1)) owner = (owner[group] ?? {}) as typeof owner;
  const found = owner[path.at(-1)!];
  if (typeof found !== "function") throw new Error(`the Azure service ${service} has no operation ${method}`);
  return found.bind(owner) as Operation;
}
