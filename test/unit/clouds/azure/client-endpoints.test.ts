import { AzureAuthorityHosts } from "@azure/identity";
import { expect, test } from "vitest";
import { endpointsOf, isMicrosoftAuthority } from "../../../../src/clouds/azure/client-endpoints.ts";
import { claimsOf } from "../../../../src/clouds/azure/client-credentials.ts";
import { azureTarget } from "../../../support/scripted-azure.ts";

const of = (cloud: "public" | "usgovernment" | "china") => endpointsOf(azureTarget({ azure: { cloud, tenant: null, workspaces: [] } }));

test("each Azure has its own hosts, issuer and audiences", () => {
  // Microsoft's own constants, and the audiences of the SDKs' KnownMonitorLogsQueryAudience / KnownMonitorMetricsQueryAudience
  expect(of("usgovernment").authority).toBe(AzureAuthorityHosts.AzureGovernment);
  expect(of("china").authority).toBe(AzureAuthorityHosts.AzureChina);
  // the environment (AZURE_AUTHORITY_HOST) may name another
  expect(of("public").authority).toBeNull();
  expect(of("china")).toMatchObject({
    management: "https://management.chinacloudapi.cn",
    logs: "https://api.loganalytics.azure.cn",
    scopes: {
      management: "https://management.chinacloudapi.cn/.default",
      logs: "https://api.loganalytics.azure.cn/.default",
      metrics: "https://metrics.monitor.azure.cn/.default",
    },
  });
  expect(of("usgovernment").metrics("usgovvirginia")).toBe("https://usgovvirginia.metrics.monitor.azure.us");
  expect(of("public").metrics("westeurope")).toBe("https://westeurope.metrics.monitor.azure.com");
});

test("an endpoint of the target's own is asked with tokens for the Azure it belongs to", () => {
  const endpoints = endpointsOf(azureTarget({ endpoints: { management: "https://localhost:1/", metrics: "https://localhost:2" } }));
  expect(endpoints.management).toBe("https://localhost:1");
  expect(endpoints.metrics("westeurope")).toBe("https://localhost:2");
  expect(endpoints.scopes.management).toBe("https://management.azure.com/.default");
  expect(endpoints.logs).toBe("https://api.loganalytics.io");
});

test("issuers of Microsoft's own", () => {
  for (const host of Object.values(AzureAuthorityHosts).filter((one) => !one.includes(".de")))
    expect(isMicrosoftAuthority(host)).toBe(true);
  expect(isMicrosoftAuthority("https://localhost:8443")).toBe(false);
  expect(isMicrosoftAuthority("https://adfs.contoso.com")).toBe(false);
});

const jwt = (claims: object): string => `e30.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.sig`;

test("who a token says we are", () => {
  expect(claimsOf(jwt({ tid: "t", upn: "user@contoso.com", appid: "a" }))).toEqual({ tenant: "t", principal: "user@contoso.com" });
  expect(claimsOf(jwt({ tid: "t", appid: "a", oid: "o" }))).toEqual({ tenant: "t", principal: "app a" });
  expect(claimsOf(jwt({ oid: "o" }))).toEqual({ tenant: null, principal: "object o" });
  for (const opaque of ["", "opaque", "a.b.c", `e30.${Buffer.from("null").toString("base64url")}.s`])
    expect(claimsOf(opaque)).toEqual({ tenant: null, principal: null });
});
