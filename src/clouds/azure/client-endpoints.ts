/** Where each Azure is, and whom a token for it is meant for. */
import type { Target } from "../room.ts";

export interface Endpoints {
  /** ARM, without a slash at the end. */
  management: string;
  /** Log Analytics, without `/v1`. */
  logs: string;
  /** Batch metrics of a region. */
  metrics: (region: string) => string;
  /** Issuer of tokens; null: as the environment says (AZURE_AUTHORITY_HOST), else that of the public Azure. */
  authority: string | null;
  /** Scopes of tokens. */
  scopes: { management: string; logs: string; metrics: string };
}

interface Cloud {
  authority: string;
  management: string;
  logs: string;
  /** Suffix of the regions' hosts, and the audience. */
  metrics: string;
}

/** https://learn.microsoft.com/azure/azure-government/compare-azure-government-global-azure, https://learn.microsoft.com/azure/china/resources-developer-guide */
const CLOUDS: { readonly [cloud in "public" | "usgovernment" | "china"]: Cloud } = {
  public: {
    authority: "https://login.microsoftonline.com",
    management: "https://management.azure.com",
    logs: "https://api.loganalytics.io",
    metrics: "metrics.monitor.azure.com",
  },
  usgovernment: {
    authority: "https://login.microsoftonline.us",
    management: "https://management.usgovcloudapi.net",
    logs: "https://api.loganalytics.us",
    metrics: "metrics.monitor.azure.us",
  },
  china: {
    authority: "https://login.chinacloudapi.cn",
    management: "https://management.chinacloudapi.cn",
    logs: "https://api.loganalytics.azure.cn",
    metrics: "metrics.monitor.azure.cn",
  },
};

/** The endpoints of a target: those of its Azure, but for what it names itself. Tokens are asked for the Azure, whatever the endpoint. */
export function endpointsOf(target: Target): Endpoints {
  const cloud = target.azure?.cloud ?? "public";
  const vendor = CLOUDS[cloud];
  const own = target.endpoints ?? {};
  const named = (name: string): string | null => own[name]?.replace(/\/+$/, "") ?? null;
  return {
    management: named("management") ?? vendor.management,
    logs: named("logs") ?? vendor.logs,
    metrics: (region) => named("metrics") ?? `https://${region}.${vendor.metrics}`,
    authority: named("authority") ?? (cloud === "public" ? null : vendor.authority),
    scopes: {
      management: `${vendor.management}/.default`,
      logs: `${vendor.logs}/.default`,
      metrics: `https://${vendor.metrics}/.default`,
    },
  };
}

/** True for an issuer of Microsoft's own: any other cannot be looked up there. */
export function isMicrosoftAuthority(url: string): boolean {
  return Object.values(CLOUDS).some((cloud) => url.toLowerCase().startsWith(cloud.authority));
}
