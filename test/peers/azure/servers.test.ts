/** Our Azure as Microsoft's own clients see it: tokens, pages, long writes, queries; each request and answer is judged by the specification. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Clients, clientsOf } from "../support/azure/clients.ts";
import { GROUP, orderWorld, runOrders, SETTING_SECRET, WORKSPACE_GUID } from "../support/azure/orders.ts";
import { hasSpecs } from "../support/azure/prism.ts";
import { type Azure, startAzure } from "../support/azure/server.ts";

const ORDERS = 20;

describe.skipIf(!hasSpecs())("Azure on this machine", () => {
  let azure: Azure;
  let clients: Clients;
  let hops: number;

  beforeAll(async () => {
    const world = orderWorld();
    const truth = runOrders(world, { seed: 5, orders: ORDERS, startAt: Date.now() - 3_600_000 });
    const all = [...truth.chains.flatMap((chain) => chain.hops), ...truth.noise].map((hop) => hop.id);
    hops = new Set(all.filter((id) => id.startsWith("azure:"))).size;
    azure = await startAzure(world);
    clients = clientsOf(azure);
  });
  afterAll(() => azure?.stop());
  beforeEach(() => {
    azure.violations.length = 0;
    azure.world.writes = "applied";
  });

  it("lists in pages that follow each other", async () => {
    const before = azure.requests.length;
    const names: (string | undefined)[] = [];
    for await (const site of clients.web.webApps.list()) names.push(site.name);
    expect(names).toEqual(["quote-fn", "tracker-fn", "legacy-fn", "report-fn"]);
    expect(azure.requests.slice(before).filter((one) => one.path.endsWith("/sites"))).toHaveLength(2);
    expect(azure.violations).toEqual([]);
  });

  it("answers Resource Graph, page by page", async () => {
    const query = "resources | where type =~ 'microsoft.web/sites' | project id, name, kind, properties | order by name asc";
    const first = await clients.graph.resources({ subscriptions: [azure.world.subscription], query });
    const next = await clients.graph.resources({
      subscriptions: [azure.world.subscription],
      query,
      options: { skipToken: first.skipToken! },
    });
    const names = [first, next].flatMap((page) => (page.data as { name: string }[]).map((one) => one.name));
    expect(names).toEqual(["legacy-fn", "quote-fn", "report-fn", "tracker-fn"]);
    expect(azure.violations).toEqual([]);
  });

  it("a write takes its time, replaces the app, and gives it another etag", async () => {
    const site = await clients.web.webApps.get(GROUP, "tracker-fn");
    const etag = azure.world.resources.get(site.id!.toLowerCase())!.etag;
    site.functionAppConfig!.scaleAndConcurrency!.instanceMemoryMB = 512;
    await clients.web.webApps.createOrUpdate(GROUP, "tracker-fn", site);
    const after = azure.world.resources.get(site.id!.toLowerCase())!;
    expect(after.properties["functionAppConfig"].scaleAndConcurrency.instanceMemoryMB).toBe(512);
    expect(after.etag).not.toBe(etag);
    await expect(
      clients.web.webApps.createOrUpdate(GROUP, "tracker-fn", site, { requestOptions: { headers: { "If-Match": etag! } } }),
    ).rejects.toMatchObject({ statusCode: 412, code: "PreconditionFailed" });
    expect(azure.violations).toEqual([]);
  });

  it("a write that fails says so when it ends", async () => {
    azure.world.writes = "fails";
    const site = await clients.web.webApps.get(GROUP, "tracker-fn");
    await expect(clients.web.webApps.createOrUpdate(GROUP, "tracker-fn", site)).rejects.toThrow(/update of the app failed/);
  });

  it("app settings are replaced as a whole, and hold secrets", async () => {
    const { properties } = await clients.web.webApps.listApplicationSettings(GROUP, "quote-fn");
    expect(properties!["AzureWebJobsStorage"]).toContain(SETTING_SECRET);
    await clients.web.webApps.updateApplicationSettings(GROUP, "quote-fn", { properties: { ...properties, added: "1" } });
    expect(Object.keys((await clients.web.webApps.listApplicationSettings(GROUP, "quote-fn")).properties!)).toHaveLength(4);
    expect(azure.violations).toEqual([]);
  });

  it("a body that breaks the specification is refused and noted", async () => {
    const site = await clients.web.webApps.get(GROUP, "quote-fn");
    const broken = { ...site, functionAppConfig: { scaleAndConcurrency: { instanceMemoryMB: "512" as unknown as number } } };
    await expect(clients.web.webApps.createOrUpdate(GROUP, "quote-fn", broken)).rejects.toMatchObject({ statusCode: 422 });
    expect(azure.violations).toEqual([expect.stringMatching(/UNPROCESSABLE_ENTITY.*instanceMemoryMB/s)]);
  });

  const span = () => ({ startTime: new Date(Date.now() - 86_400_000), endTime: new Date() });
  it("answers KQL over the rows, in both dialects", async () => {
    const inWorkspace = await clients.logs.queryWorkspace(WORKSPACE_GUID, "AppRequests | summarize runs = sum(ItemCount)", span());
    expect(inWorkspace).toMatchObject({ tables: [{ rows: [[hops]], columnDescriptors: [{ name: "runs", type: "long" }] }] });
    const component = `/subscriptions/${azure.world.subscription}/resourceGroups/${GROUP}/providers/Microsoft.Insights/components/quote-fn`;
    const classic = await clients.logs.queryResource(
      component,
      "requests | where success == 'True' | summarize by cloud_RoleName, itemType",
      span(),
    );
    expect(classic).toMatchObject({ tables: [{ rows: [["quote-fn", "request"]] }] });
    expect(azure.violations).toEqual([]);
  });

  it("refuses KQL that Microsoft's parser does not understand, and cuts what is too long", async () => {
    await expect(clients.logs.queryWorkspace(WORKSPACE_GUID, "AppRequests | where Strange == 1", span())).rejects.toMatchObject({
      statusCode: 400,
    });
    expect(azure.violations.join()).toContain("KS142");
    azure.world.rowLimit = 5;
    const cut = await clients.logs.queryWorkspace(WORKSPACE_GUID, "AppRequests | project Id", span());
    azure.world.rowLimit = 500_000;
    expect(cut).toMatchObject({ status: "PartialFailure", partialTables: [{ rows: { length: 5 } }] });
  });

  it("metrics: a point for each grain that has values", async () => {
    const id = `/subscriptions/${azure.world.subscription}/resourceGroups/${GROUP}/providers/Microsoft.Web/sites/quote-fn`;
    const hour = Date.UTC(2026, 10, 20, 10);
    azure.world.metrics.set(id.toLowerCase(), {
      InstanceCount: {
        unit: "Count",
        points: [
          { at: hour + 60_000, value: 2 },
          { at: hour + 120_000, value: 4 },
        ],
      },
    });
    const timespan = "2026-11-20T09:00:00Z/2026-11-20T12:00:00Z";
    const answer = await clients.monitor.metrics.list(id, {
      timespan,
      interval: "PT1H",
      metricnames: "InstanceCount",
      aggregation: "Average,Maximum",
    });
    expect(answer.value[0]!.timeseries[0]!.data).toMatchObject([{ timeStamp: new Date(hour), average: 3, maximum: 4 }]);
    expect(azure.violations).toEqual([]);
  });

  it("an expired token is refused", async () => {
    await clients.web.webApps.get(GROUP, "quote-fn");
    azure.identity.expireAll();
    await expect(clients.web.webApps.get(GROUP, "quote-fn")).rejects.toMatchObject({ statusCode: 401 });
  });
});
