import { expect, test } from "vitest";
import { isRead, quotaOf } from "../../../../src/clouds/azure/quotas.ts";

// https://learn.microsoft.com/azure/governance/resource-graph/concepts/guidance-for-throttled-requests: 15 queries in 5 s
// https://learn.microsoft.com/azure/azure-monitor/service-limits: 200 requests in 30 s per user; 12,000 metric calls an hour
test("queries and metrics have quotas of their own", () => {
  expect(quotaOf("graph:resources").perS).toBeLessThanOrEqual(15 / 5);
  expect(quotaOf("logs:queryWorkspace").perS).toBeLessThanOrEqual(200 / 30);
  expect(quotaOf("logs:search").family).toBe(quotaOf("logs:queryResource").family);
  expect(quotaOf("monitor:metrics.list").perS).toBeLessThanOrEqual(12_000 / 3600);
});

// https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling: buckets that refill by 25 reads and
// 10 writes a second, shared by all providers
test("reads of all providers share one bucket, writes another", () => {
  expect(quotaOf("web:webApps.get")).toEqual(quotaOf("cosmos:sqlResources.listSqlDatabases"));
  expect(quotaOf("arm:GET")).toMatchObject({ family: "arm-reads", perS: 25 });
  expect(quotaOf("web:webApps.createOrUpdate")).toMatchObject({ family: "arm-writes", perS: 10 });
  expect(quotaOf("web:webApps.updateApplicationSettings").family).toBe("arm-writes");
});

test("a read that is sent as POST is a read", () => {
  for (const api of ["graph:resources", "logs:queryWorkspace", "metrics:queryResources", "web:webApps.listApplicationSettings"] as const)
    expect(isRead(api), api).toBe(true);
  for (const api of ["web:webApps.createOrUpdate", "web:webApps.updateApplicationSettings"] as const) expect(isRead(api), api).toBe(false);
});
