/**
 * Filters, rules, time to live and retention by the built CLI from a plan that says nothing of their danger: gated, written, journalled, taken
 * back; what happened is read from the server.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { AZURE } from "../../../fixtures/simulator/system.ts";
import { makePlan } from "../../../src/applier/plan.ts";
import type { Change, Settings } from "../../../src/model/plan.ts";
import { writePlan } from "../../../src/store/plan-file.ts";
import { evscope, type Ran } from "../../support/cli.ts";
import { GROUP, orderWorld, SUBSCRIPTION } from "../support/azure/orders.ts";
import { type Azure, startAzure } from "../support/azure/server.ts";
import { put } from "../support/azure/world.ts";

const BUS = `Microsoft.ServiceBus/namespaces/${AZURE.serviceBus}/topics/order-events`;
const FILTER = { subjectBeginsWith: "/orders/", includedEventTypes: ["Shop.OrderChanged"], isSubjectCaseSensitive: false };
const NARROW = { ...FILTER, advancedFilters: [{ operatorType: "StringIn", key: "data.status", values: ["paid"] }] };

const change = (kind: string, path: string, before: Settings, after: Settings): Change => ({
  id: `x:${kind}`,
  cloud: "azure",
  account: SUBSCRIPTION,
  region: "eastus",
  kind,
  resource: `/subscriptions/${SUBSCRIPTION}/resourceGroups/${GROUP}/providers/${path}`,
  name: path.split("/").at(-1)!,
  before,
  after,
  revision: null,
  fingerprint: "",
  alias: null,
  aliasVersion: null,
  aliasTarget: null,
  danger: "none",
  owners: [],
  expected: null,
  reasons: [],
});
const CHANGES = [
  change(
    "eventgrid.subscription",
    "Microsoft.EventGrid/topics/shop-changes/eventSubscriptions/archived",
    { filter: FILTER },
    { filter: NARROW },
  ),
  change(
    "servicebus.subscription",
    `${BUS}/subscriptions/mailer`,
    { rules: [{ name: "$Default", filterType: "SqlFilter", sqlExpression: "1=1" }] },
    { rules: [{ name: "evscope", filterType: "SqlFilter", sqlExpression: "type = 'paid'" }] },
  ),
  change(
    "cosmos.container",
    "Microsoft.DocumentDB/databaseAccounts/shop-cosmos/sqlDatabases/shop/containers/quotes",
    { defaultTtlS: 86_400 },
    { defaultTtlS: 3600 },
  ),
  change(
    "loganalytics.table",
    `Microsoft.OperationalInsights/workspaces/${AZURE.workspace}/tables/AppTraces`,
    { retentionD: 90, totalRetentionD: 365 },
    { retentionD: 30, totalRetentionD: 180 },
  ),
];

let azure: Azure;
let cwd: string;

beforeAll(async () => {
  const world = orderWorld();
  put(world, GROUP, BUS, { properties: { status: "Active" } });
  put(world, GROUP, `${BUS}/subscriptions/mailer`, { properties: { status: "Active", maxDeliveryCount: 10 } });
  put(world, GROUP, `${BUS}/subscriptions/mailer/rules/$Default`, {
    properties: { action: {}, filterType: "SqlFilter", sqlFilter: { sqlExpression: "1=1" } },
  });
  Object.assign(world.resources.get(CHANGES[3]!.resource.toLowerCase())!.properties, {
    plan: "Analytics",
    retentionInDays: 90,
    totalRetentionInDays: 365,
    provisioningState: "Succeeded",
  });
  azure = await startAzure(world, { judged: false });
  cwd = mkdtempSync(join(azure.home, "knobs-"));
  const endpoints = Object.fromEntries(["management", "logs", "metrics", "authority"].map((name) => [name, azure.url]));
  const subscriptions = [{ name: "shop", subscription: SUBSCRIPTION, endpoints }];
  writeFileSync(join(cwd, "evscope.yaml"), JSON.stringify({ azure: { requestsPerSecond: 500, subscriptions } }));
  writePlan(join(cwd, "plan.json"), makePlan(CHANGES, [], Date.now()));
});
afterAll(async () => {
  await azure?.stop();
  if (cwd !== undefined) rmSync(cwd, { recursive: true, force: true });
});

const cli = (...args: string[]): Promise<Ran> => evscope([...args, "--yes", "--format", "json"], { cwd, env: azure.env });

/** The four resources and the rules, but for what a write gives anew, and the archive that the two retentions leave between them. */
function held(): unknown {
  const wanted = CHANGES.map(({ resource }) => resource.toLowerCase());
  const found = [...azure.world.resources].filter(([id]) => wanted.some((one) => id === one || id.startsWith(`${one}/rules/`)));
  return found
    .map(([id, { properties }]) => {
      const { archiveRetentionInDays: _archive, ...own } = structuredClone(properties);
      for (const name of ["_etag", "_ts"]) if (own["resource"]) delete own["resource"][name];
      // a rule that is made again has no empty action
      if (id.includes("/rules/")) delete own["action"];
      return { id, own };
    })
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

it("is written only with the flag, whatever the plan says, and undo leaves all as it was", async () => {
  const before = held();
  for (const flags of [[], ["--accept-irreversible"], ["--continue"]]) {
    const gated = await cli("apply", "plan.json", ...flags);
    expect(gated.code, gated.stdout).toBe(5);
    expect(gated.stdout).toContain("--accept-data-loss");
    expect(azure.writes()).toEqual([]);
  }
  const applied = await cli("apply", "plan.json", "--accept-data-loss");
  expect(applied.code, applied.stderr + applied.stdout).toBe(0);
  const live = (at: number) => azure.world.resources.get(CHANGES[at]!.resource.toLowerCase())!.properties;
  expect(live(0)["filter"]).toEqual(NARROW);
  expect(azure.writes().filter((one) => one.includes("/rules/"))).toHaveLength(2);
  expect(live(2)["resource"].defaultTtl).toBe(3600);
  expect(live(3)).toMatchObject({ retentionInDays: 30, totalRetentionInDays: 180 });

  const [run] = JSON.parse((await evscope(["journal", "--format", "json"], { cwd })).stdout).runs;
  expect(run.changes.map(({ name, state }: Record<string, string>) => `${name} ${state}`)).toEqual(
    CHANGES.map(({ name }) => `${name} done`),
  );

  const undone = await cli("undo", "--last");
  expect(undone.code, undone.stderr + undone.stdout).toBe(0);
  expect(held()).toEqual(before);
  // to make it anew by taking back the undo needs the flag as well
  const writes = azure.writes().length;
  const redone = await cli("undo", JSON.parse(undone.stdout).run);
  expect(redone.code, redone.stdout).toBe(5);
  expect(azure.writes()).toHaveLength(writes);
});
