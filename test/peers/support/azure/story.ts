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
import { emptyWorld, put, type World } from "./world.ts";

type StoryRow = Row & { Type: string };

const HTTP = { type: "httpTrigger", name: "req", direction: "in", methods: ["post"] };
const fromQueue = (queueName: string): Record<string, unknown> => ({
  type: "serviceBusTrigger",
  name: "message",
  direction: "in",
  queueName,
  connection: "BUS",
});

/**
 * Flex apps, each with its functions: the first over HTTP where `queue` is null for it, the others from their queue; a Service Bus with these
 * queues; and rows in one workspace, under the component of their app (AppRoleName).
 */
export function storyWorld(apps: { [app: string]: readonly { fn: string; queue: string | null }[] }, rows: readonly StoryRow[]): World {
  const world = emptyWorld(TENANT, SUBSCRIPTION);
  const workspace = put(world, GROUP, "Microsoft.OperationalInsights/workspaces/logs", {
    location: "eastus",
    properties: { customerId: WORKSPACE_GUID, provisioningState: "Succeeded", retentionInDays: 30, sku: { name: "PerGB2018" } },
  });
  for (const table of Object.keys(WORKSPACE)) {
    put(world, GROUP, `Microsoft.OperationalInsights/workspaces/logs/tables/${table}`, {
      properties: { plan: "Analytics", retentionInDays: 90, totalRetentionInDays: 90, provisioningState: "Succeeded" },
    });
  }
  put(world, GROUP, "Microsoft.ServiceBus/namespaces/shop-bus", {
    location: "eastus",
    sku: { name: "Standard", tier: "Standard" },
    properties: {},
  });
  for (const [app, [first, ...others]] of Object.entries(apps)) {
    const triggerOf = ({ queue }: { queue: string | null }): Record<string, unknown> => (queue === null ? HTTP : fromQueue(queue));
    flexApp(world, app, first!.fn, triggerOf(first!), workspace);
    for (const one of others) {
      const config = { name: one.fn, bindings: [triggerOf(one)] };
      put(world, GROUP, `Microsoft.Web/sites/${app}/functions/${one.fn}`, { properties: { name: one.fn, isDisabled: false, config } });
    }
    for (const { queue } of [first!, ...others]) {
      if (queue === null) continue;
      const properties = { lockDuration: "PT1M", maxDeliveryCount: 10 };
      put(world, GROUP, `Microsoft.ServiceBus/namespaces/shop-bus/queues/${queue}`, { properties });
    }
  }
  const tables: Record<string, Row[]> = {};
  for (const row of rows) {
    const component = `/subscriptions/${SUBSCRIPTION}/resourceGroups/${GROUP}/providers/Microsoft.Insights/components/${String(row["AppRoleName"])}`;
    (tables[row.Type] ??= []).push({ ...row, _ResourceId: component.toLowerCase(), TenantId: WORKSPACE_GUID });
  }
  world.rows.set(WORKSPACE_GUID, tables);
  return world;
}

export async function startAzureStory(): Promise<LiveStory> {
  const t0 = Date.now() - 600_000;
  const story = storyAt(azureStory, t0);
  const apps = {
    "place-order-app": [{ fn: "place-order", queue: null }],
    "handle-order-app": [{ fn: "handle-order", queue: "orders" }],
  };
  const world = storyWorld(apps, story.files.flat() as unknown as StoryRow[]);
  const name = "handle-order-app";
  const id = `/subscriptions/${SUBSCRIPTION}/resourceGroups/${GROUP}/providers/Microsoft.Web/sites/${name}`;
  const server = await startAzure(world);
  const clients = clientsOf(server);
  for (const key of Object.keys(process.env)) if (key.startsWith("AZURE_")) delete process.env[key];
  Object.assign(process.env, server.env);
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
    ref: { cloud: "azure", account: SUBSCRIPTION, region: "eastus", kind: "azure.function-app", resource: id, name },
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
