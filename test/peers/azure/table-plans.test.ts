/** Tables on the Basic plan: searched by the API that is paid by the gigabyte, only where the price fits. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { type AzureOrders, startAzureOrders } from "../support/azure/azure-orders.ts";
import { WORKSPACE_GUID } from "../support/azure/orders.ts";

describe("a table on the Basic plan", () => {
  let orders: AzureOrders;
  const searches = (): number => orders.azure.requests.filter((one) => one.path.endsWith("/search")).length;

  beforeAll(async () => {
    orders = await startAzureOrders({ orders: 10, judged: false });
    for (const table of orders.world.resources.values())
      if (table.type.endsWith("/tables") && table.name === "FunctionAppLogs") table.properties["plan"] = "Basic";
  });
  afterAll(() => orders?.stop());
  beforeEach(() => {
    rmSync(join(orders.azure.home, ".evscope"), { recursive: true, force: true });
    orders.azure.requests.length = 0;
  });

  it("without a known price it is not searched, and a gap says so", async () => {
    const { gaps } = await orders.json("collect");
    expect(JSON.stringify(gaps)).toMatch(/FunctionAppLogs/);
    expect(searches()).toBe(0);
    expect(orders.azure.violations).toEqual([]);
  });

  it("with a price that fits it is read by the search API, and the price is said", async () => {
    // as Usage tells what was ingested, hour by hour, in MB: https://learn.microsoft.com/azure/azure-monitor/reference/tables/usage
    const hours = Array.from({ length: 30 }, (_, i) => Math.floor(Date.now() / 3_600_000 - i) * 3_600_000);
    orders.world.rows.get(WORKSPACE_GUID)!["Usage"] = hours.map((at) => ({
      TimeGenerated: new Date(at + 3_600_000).toISOString(),
      StartTime: new Date(at).toISOString(),
      EndTime: new Date(at + 3_600_000).toISOString(),
      DataType: "FunctionAppLogs",
      Quantity: 100,
      QuantityUnit: "MBytes",
      IsBillable: true,
      Type: "Usage",
    }));
    const ran = await orders.cli("collect");
    expect([0, 4], ran.stderr).toContain(ran.code);
    expect(searches()).toBeGreaterThan(0);
    expect(orders.azure.violations).toEqual([]);
    expect(ran.stdout + ran.stderr).toMatch(/\$0\.00\d/);
    orders.azure.requests.length = 0;
    rmSync(join(orders.azure.home, ".evscope"), { recursive: true, force: true });
    const cheap = await orders.json("collect", "--max-query-usd", "0");
    expect(searches()).toBe(0);
    expect(JSON.stringify(cheap.gaps)).toMatch(/max-query-usd/);
  });
});
