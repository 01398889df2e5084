/** Microsoft's own clients in this process, for what a test wants to know or to make without evscope. */
import { readFileSync } from "node:fs";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { WebSiteManagementClient } from "@azure/arm-appservice";
import { MonitorClient } from "@azure/arm-monitor";
import { ResourceGraphClient } from "@azure/arm-resourcegraph";
import { ClientSecretCredential } from "@azure/identity";
import { LogsQueryClient } from "@azure/monitor-query-logs";
import { SECRET } from "./identity.ts";
import type { Azure } from "./server.ts";
import { CLIENT_ID } from "./world.ts";

export interface Clients {
  web: WebSiteManagementClient;
  monitor: MonitorClient;
  graph: ResourceGraphClient;
  logs: LogsQueryClient;
}

/** From now on this process takes the server's certificate. */
export function trust({ env }: Azure): void {
  setDefaultCACertificates([...getCACertificates("default"), readFileSync(env["NODE_EXTRA_CA_CERTS"]!, "utf8")]);
}

export function clientsOf(azure: Azure): Clients {
  const { url, world } = azure;
  trust(azure);
  const credential = new ClientSecretCredential(world.tenant, CLIENT_ID, SECRET, { authorityHost: url, disableInstanceDiscovery: true });
  const options = { endpoint: url, retryOptions: { maxRetries: 0 } };
  return {
    web: new WebSiteManagementClient(credential, world.subscription, options),
    monitor: new MonitorClient(credential, world.subscription, options),
    graph: new ResourceGraphClient(credential, options),
    logs: new LogsQueryClient(credential, { ...options, endpoint: `${url}/v1`, audience: "https://api.loganalytics.io" }),
  };
}
