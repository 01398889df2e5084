/**
 * The order system on Azure, as the simulator tells it: `shipping-quote` (HTTP, app quote-fn) sends to the queue `shipments`, which
 * `shipment-tracker` (app tracker-fn) reads; both on Flex Consumption. Beside it an app on Consumption and one on Premium.
 */
import { simulate, type Truth } from "../../../../fixtures/simulator/index.ts";
import { AZURE } from "../../../../fixtures/simulator/system.ts";
import { hostLog } from "./host-log.ts";
import type { Row } from "./rows-db.ts";
import { WORKSPACE } from "./table-schemas.ts";
import { emptyWorld, put, type Resource, touch, type World } from "./world.ts";

export const { subscription: SUBSCRIPTION, tenant: TENANT, group: GROUP } = AZURE;
export const WORKSPACE_GUID = "9d3f2a10-5b1c-4a55-9e0f-0f6a5c1e7d42";
/** In app settings; must not be found in anything that evscope writes. */
export const SETTING_SECRET = "AccountKey=kQ7v0c3NlY3JldC1vZi10aGUtYXBwLXNldHRpbmdz";
const LOCATION = "East US";

/** Everything but telemetry. */
export function orderWorld(): World {
  const world = emptyWorld(TENANT, SUBSCRIPTION);
  const workspace = put(world, GROUP, `Microsoft.OperationalInsights/workspaces/${AZURE.workspace}`, {
    location: LOCATION,
    properties: { customerId: WORKSPACE_GUID, provisioningState: "Succeeded", retentionInDays: 30, sku: { name: "PerGB2018" } },
  });
  for (const table of Object.keys(WORKSPACE))
    put(world, GROUP, `Microsoft.OperationalInsights/workspaces/${AZURE.workspace}/tables/${table}`, {
      properties: {
        plan: "Analytics",
        retentionInDays: 90,
        totalRetentionInDays: 90,
        provisioningState: "Succeeded",
        schema: { name: table },
      },
    });
  flexApp(
    world,
    AZURE.quoteApp,
    "shipping-quote",
    { type: "httpTrigger", name: "req", direction: "in", methods: ["post"], authLevel: "function" },
    workspace,
  );
  flexApp(
    world,
    AZURE.trackerApp,
    "shipment-tracker",
    { type: "serviceBusTrigger", name: "messages", direction: "in", queueName: "shipments", cardinality: "many", connection: "SHOP_BUS" },
    workspace,
  );
  hosted(world, "legacy-fn", "Y1", "Dynamic", workspace);
  hosted(world, "report-fn", "EP1", "ElasticPremium", workspace);
  put(world, GROUP, `Microsoft.ServiceBus/namespaces/${AZURE.serviceBus}`, {
    location: LOCATION,
    sku: { name: "Standard", tier: "Standard" },
    properties: { provisioningState: "Succeeded", status: "Active" },
  });
  put(world, GROUP, `Microsoft.ServiceBus/namespaces/${AZURE.serviceBus}/queues/shipments`, {
    properties: {
      lockDuration: "PT1M",
      maxDeliveryCount: 10,
      defaultMessageTimeToLive: "P14D",
      requiresSession: false,
      deadLetteringOnMessageExpiration: false,
      updatedAt: "2026-10-01T08:00:00Z",
    },
  });
  put(world, GROUP, "Microsoft.EventHub/namespaces/shop-clicks", {
    location: LOCATION,
    sku: { name: "Standard", tier: "Standard" },
    properties: { provisioningState: "Succeeded" },
  });
  put(world, GROUP, "Microsoft.EventHub/namespaces/shop-clicks/eventhubs/clicks", {
    properties: { partitionCount: 4, messageRetentionInDays: 1, status: "Active" },
  });
  const topic = put(world, GROUP, "Microsoft.EventGrid/topics/shop-changes", {
    location: LOCATION,
    properties: { provisioningState: "Succeeded", inputSchema: "EventGridSchema" },
  });
  eventSubscription(world, topic);
  put(world, GROUP, "Microsoft.DocumentDB/databaseAccounts/shop-cosmos", {
    location: LOCATION,
    kind: "GlobalDocumentDB",
    properties: { provisioningState: "Succeeded", capabilities: [{ name: "EnableServerless" }] },
  });
  put(world, GROUP, "Microsoft.DocumentDB/databaseAccounts/shop-cosmos/sqlDatabases/shop", { properties: { resource: { id: "shop" } } });
  put(world, GROUP, "Microsoft.DocumentDB/databaseAccounts/shop-cosmos/sqlDatabases/shop/containers/quotes", {
    properties: {
      resource: {
        id: "quotes",
        partitionKey: { paths: ["/orderId"], kind: "Hash" },
        defaultTtl: 86_400,
        _etag: '"0000"',
        _ts: 1_790_000_000,
        _rid: "a",
      },
    },
  });
  return world;
}

/** As an answer of the vendor's examples describes a Flex app. */
export function flexApp(world: World, app: string, fn: string, trigger: Record<string, unknown>, workspace: Resource): Resource {
  const site = put(world, GROUP, `Microsoft.Web/sites/${app}`, {
    location: LOCATION,
    kind: "functionapp,linux",
    tags: {
      team: app === AZURE.quoteApp ? "checkout" : "shipping",
      "hidden-link: /app-insights-resource-id": `${componentOf(world, app)}`,
    },
    identity: { type: "SystemAssigned", principalId: "7b0f1c7e-0a5e-4d1c-8a55-7e1b2c9d4f10", tenantId: world.tenant },
    properties: {
      state: "Running",
      enabled: true,
      availabilityState: "Normal",
      defaultHostName: `${app}.azurewebsites.net`,
      hostNames: [`${app}.azurewebsites.net`],
      httpsOnly: true,
      clientAffinityEnabled: false,
      clientCertEnabled: false,
      publicNetworkAccess: "Enabled",
      redundancyMode: "None",
      resourceGroup: GROUP,
      sku: "FlexConsumption",
      serverFarmId: put(world, GROUP, `Microsoft.Web/serverfarms/plan-${app}`, {
        location: LOCATION,
        kind: "functionapp",
        sku: { name: "FC1", tier: "FlexConsumption", size: "FC1", family: "FC", capacity: 0 },
      }).id,
      siteConfig: {
        numberOfWorkers: 1,
        linuxFxVersion: "",
        http20Enabled: true,
        minTlsVersion: "1.2",
        ftpsState: "FtpsOnly",
        functionAppScaleLimit: 40,
        minimumElasticInstanceCount: 0,
      },
      functionAppConfig: {
        deployment: {
          storage: {
            type: "blobContainer",
            value: `https://shopstore.blob.core.windows.net/${app}`,
            authentication: { type: "StorageAccountConnectionString", storageAccountConnectionStringName: "DEPLOYMENT_STORAGE" },
          },
        },
        runtime: { name: "node", version: "22" },
        scaleAndConcurrency: {
          instanceMemoryMB: AZURE.instanceMemoryMb,
          maximumInstanceCount: 40,
          alwaysReady: [],
          triggers: { http: { perInstanceConcurrency: 1 } },
        },
        siteUpdateStrategy: { type: "RollingUpdate" },
      },
    },
  });
  touch(site, Date.now() - 30 * 86_400_000);
  put(world, GROUP, `Microsoft.Web/sites/${app}/functions/${fn}`, {
    properties: { name: fn, language: "node", isDisabled: false, config: { name: fn, bindings: [trigger] } },
  });
  world.appSettings.set(site.id.toLowerCase(), {
    AzureWebJobsStorage: `DefaultEndpointsProtocol=https;AccountName=shopstore;${SETTING_SECRET}`,
    APPLICATIONINSIGHTS_CONNECTION_STRING: "InstrumentationKey=00000000-0000-4000-8000-0000000000aa",
    SHOP_BUS: `Endpoint=sb://shop-events.servicebus.windows.net/;SharedAccessKeyName=k;Shared${SETTING_SECRET}`,
  });
  component(world, app, workspace);
  return site;
}

export const componentOf = (world: World, app: string): string =>
  `/subscriptions/${world.subscription}/resourceGroups/${GROUP}/providers/Microsoft.Insights/components/${app}`;

function component(world: World, app: string, workspace: Resource): void {
  put(world, GROUP, `Microsoft.Insights/components/${app}`, {
    location: LOCATION,
    kind: "web",
    properties: {
      Application_Type: "web",
      AppId: `0a5e0000-0000-4000-8000-${Buffer.from(app).toString("hex").padEnd(12, "0").slice(0, 12)}`,
      WorkspaceResourceId: workspace.id,
      IngestionMode: "LogAnalytics",
      RetentionInDays: 90,
    },
  });
}

/** An app on a plan whose instances have no size of their own. */
function hosted(world: World, app: string, sku: string, tier: string, workspace: Resource): void {
  const plan = put(world, GROUP, `Microsoft.Web/serverfarms/plan-${app}`, {
    location: LOCATION,
    kind: "functionapp",
    sku: { name: sku, tier, capacity: 1 },
  });
  const site = put(world, GROUP, `Microsoft.Web/sites/${app}`, {
    location: LOCATION,
    kind: "functionapp,linux",
    properties: {
      state: "Running",
      serverFarmId: plan.id,
      sku: tier,
      defaultHostName: `${app}.azurewebsites.net`,
      resourceGroup: GROUP,
      httpsOnly: true,
      siteConfig: { functionAppScaleLimit: 200 },
    },
  });
  touch(site, Date.now() - 30 * 86_400_000);
  put(world, GROUP, `Microsoft.Web/sites/${app}/functions/nightly`, {
    properties: {
      name: "nightly",
      isDisabled: false,
      config: { bindings: [{ type: "timerTrigger", name: "t", direction: "in", schedule: "0 0 3 * * *" }] },
    },
  });
  world.appSettings.set(site.id.toLowerCase(), { AzureWebJobsStorage: SETTING_SECRET });
  component(world, app, workspace);
}

function eventSubscription(world: World, topic: Resource): void {
  const tracker = `/subscriptions/${world.subscription}/resourceGroups/${GROUP}/providers/Microsoft.Web/sites/${AZURE.trackerApp}/functions/shipment-tracker`;
  const id = `${topic.id}/providers/Microsoft.EventGrid/eventSubscriptions/changed`;
  const properties = {
    topic: topic.id,
    provisioningState: "Succeeded",
    destination: {
      endpointType: "AzureFunction",
      properties: { resourceId: tracker, maxEventsPerBatch: 1, preferredBatchSizeInKilobytes: 64 },
    },
    filter: { subjectBeginsWith: "/orders/", includedEventTypes: ["Shop.OrderChanged"], isSubjectCaseSensitive: false },
    eventDeliverySchema: "EventGridSchema",
    retryPolicy: { maxDeliveryAttempts: 30, eventTimeToLiveInMinutes: 1440 },
  };
  world.resources.set(id.toLowerCase(), { id, name: "changed", type: "Microsoft.EventGrid/eventSubscriptions", properties });
  // and one that was made as a child of the topic
  put(world, GROUP, "Microsoft.EventGrid/topics/shop-changes/eventSubscriptions/archived", { properties: structuredClone(properties) });
}

/** Telemetry of `orders` orders that ended some minutes ago, put into the workspace; returns the truth. */
export function runOrders(world: World, options: { seed: number; orders: number; startAt: number }): Truth {
  const { files, truth } = simulate(options);
  const tables = (world.rows.get(WORKSPACE_GUID) ?? {}) as Record<string, Row[]>;
  const add = (table: string, row: Record<string, unknown>): void => {
    (tables[table] ??= []).push({
      ...row,
      Type: table,
      _SubscriptionId: world.subscription,
      _BilledSize: JSON.stringify(row).length,
      _IsBillable: "True",
      TenantId: WORKSPACE_GUID,
    });
  };
  for (const { path, content } of files) {
    const text = content.toString();
    if (path.startsWith("azure/log-analytics/"))
      for (const table of JSON.parse(text).tables)
        for (const cells of table.rows as unknown[][]) {
          const row = Object.fromEntries(table.columns.map((column: { name: string }, i: number) => [column.name, cells[i]]));
          add(String(row["Type"]), row);
        }
    if (path.startsWith("azure/event-hub/"))
      for (const line of text.split("\n").filter((one) => one !== ""))
        for (const record of JSON.parse(line).records) {
          if (path.includes("FunctionAppLogs")) add("FunctionAppLogs", hostLog(record));
          else {
            const { time, resourceId, ...row } = record;
            add("AppRequests", { ...row, TimeGenerated: time, _ResourceId: String(resourceId).toLowerCase() });
          }
        }
  }
  world.rows.set(WORKSPACE_GUID, tables);
  return truth;
}
