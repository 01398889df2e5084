/** The common story on our Azure: two Flex apps with a function each, their queue, and their rows in a workspace. */
import { azure } from "../../../../src/clouds/azure/index.ts";
import type { Settings } from "../../../../src/model/plan.ts";
import type { LiveStory } from "../../../contract/live-contract.ts";
import { azureStory } from "../../../contract/order-scenario.ts";
import { storyAt } from "../../../contract/story-at.ts";
import { liveContext } from "../live-context.ts";
import { clientsOf } from "./clients.ts";
import { flexApp, GROUP, SUBSCRIPTION, TENANT, WORKSPACE_GUID } from "./orders.ts";
import type { Row } from "./rows-db.ts";
import { startAzure } from "./server.ts";
import { WORKSPACE } from "./table-schemas.ts";
import { emptyWorld, put } from "./world.ts";

export async function startAzureStory(): Promise<LiveStory> {
  const t0 = Date.now() - 600_000;
  const story = storyAt(azureStory, t0);
  const world = emptyWorld(TENANT, SUBSCRIPTION);
  const workspace = put(world, GROUP, "Microsoft.OperationalInsights/workspaces/logs", {
    location: "westeurope",
    properties: { customerId: WORKSPACE_GUID, provisioningState: "Succeeded", retentionInDays: 30, sku: { name: "PerGB2018" } },
  });
  for (const table of Object.keys(WORKSPACE)) {
    put(world, GROUP, `Microsoft.OperationalInsights/workspaces/logs/tables/${table}`, {
      properties: { plan: "Analytics", retentionInDays: 90, totalRetentionInDays: 90, provisioningState: "Succeeded" },
    });
  }
  const trigger = { type: "serviceBusTrigger", name: "message", direction: "in", queueName: "orders", connection: "BUS" };
  flexApp(world, "place-order-app", "place-order", { type: "httpTrigger", name: "req", direction: "in", methods: ["post"] }, workspace);
  const site = flexApp(world, "handle-order-app", "handle-order", trigger, workspace);
  put(world, GROUP, "Microsoft.ServiceBus/namespaces/shop-bus", {
    location: "westeurope",
    sku: { name: "Standard", tier: "Standard" },
    properties: {},
  });
  put(world, GROUP, "Microsoft.ServiceBus/namespaces/shop-bus/queues/orders", {
    properties: { lockDuration: "PT1M", maxDeliveryCount: 10 },
  });
  const tables: Record<string, Row[]> = {};
  for (const row of story.files.flat() as unknown as ({ Type: string } & Row)[]) {
    const _ResourceId = `/subscriptions/${SUBSCRIPTION}/resourceGroups/${GROUP}/providers/Microsoft.Insights/components/${String(row["AppRoleName"])}`;
    (tables[row.Type] ??= []).push({ ...row, _ResourceId: _ResourceId.toLowerCase(), TenantId: WORKSPACE_GUID });
  }
  world.rows.set(WORKSPACE_GUID, tables);

  const server = await startAzure(world);
  const clients = clientsOf(server);
  for (const name of Object.keys(process.env)) if (name.startsWith("AZURE_")) delete process.env[name];
  Object.assign(process.env, server.env);
  const name = site.name;
  const scale = async () => {
    const found = await clients.web.webApps.get(GROUP, name);
    return { found, scale: found.functionAppConfig!.scaleAndConcurrency! };
  };
  const read = async (): Promise<Settings> => ({ memoryMib: (await scale()).scale.instanceMemoryMB! });
  const target = {
    cloud: "azure",
    name: "shop",
    account: SUBSCRIPTION,
    region: "*",
    profile: null,
    roleArn: null,
    externalId: null,
    functions: { names: [], tags: {} },
    endpoints: { management: server.url, logs: server.url, metrics: server.url, authority: server.url },
    azure: { cloud: "public", tenant: TENANT, workspaces: [] },
  } as const;
  return {
    session: await azure.live!.connect(target, liveContext()),
    t0,
    window: { from: t0 - 60_000, to: t0 + 300_000 },
    messageId: story.messageId,
    ref: { cloud: "azure", account: SUBSCRIPTION, region: "eastus", kind: "azure.function-app", resource: site.id, name },
    before: { memoryMib: 2048 },
    after: { memoryMib: 512 },
    read,
    async disturb({ memoryMib }) {
      const { found, scale: now } = await scale();
      now.instanceMemoryMB = memoryMib as number;
      await clients.web.webApps.createOrUpdate(GROUP, name, found);
    },
    violations: server.violations,
    stop: () => server.stop(),
  };
}
