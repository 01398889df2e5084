/**
 * Settings beside those of Function Apps, against a server whose every request is judged: what was written is there when it is read by a plain
 * request, nothing else of the resource has changed, and the way back leaves it as it was.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { placeOf } from "../../../src/analyzer/filters/targets.ts";
import type { LiveSession } from "../../../src/clouds/room.ts";
import type { Change, ResourceRef, Settings } from "../../../src/model/plan.ts";
import type { Config } from "../../../src/model/records.ts";
import { AZURE } from "../../../fixtures/simulator/system.ts";
import { GROUP, orderWorld, SUBSCRIPTION } from "../support/azure/orders.ts";
import { type Azure, startAzure } from "../support/azure/server.ts";
import { sessionOf } from "../support/azure/session.ts";
import { put } from "../support/azure/world.ts";

const BUS = `Microsoft.ServiceBus/namespaces/${AZURE.serviceBus}/topics/order-events`;
const EVERYTHING = { name: "$Default", filterType: "SqlFilter", sqlExpression: "1=1" };
const PAID = { name: "evscope", filterType: "SqlFilter", sqlExpression: "type = 'paid'" };
const FILTER = { subjectBeginsWith: "/orders/", includedEventTypes: ["Shop.OrderChanged"], isSubjectCaseSensitive: false };
const NARROW = { ...FILTER, advancedFilters: [{ operatorType: "StringIn", key: "data.status", values: ["paid"] }] };

describe("settings around Function Apps", () => {
  let azure: Azure;
  let session: LiveSession;

  const ref = (kind: string, path: string): ResourceRef => ({
    cloud: "azure",
    account: SUBSCRIPTION,
    region: "eastus",
    kind,
    resource: `/subscriptions/${SUBSCRIPTION}/resourceGroups/${GROUP}/providers/${path}`,
    name: path.split("/").at(-1)!,
  });
  const refs = {
    extension: ref(
      "eventgrid.subscription",
      "Microsoft.EventGrid/topics/shop-changes/providers/Microsoft.EventGrid/eventSubscriptions/changed",
    ),
    child: ref("eventgrid.subscription", "Microsoft.EventGrid/topics/shop-changes/eventSubscriptions/archived"),
    hook: ref("eventgrid.subscription", "Microsoft.EventGrid/topics/shop-changes/eventSubscriptions/hook"),
    bus: ref("servicebus.subscription", `${BUS}/subscriptions/mailer`),
    container: ref("cosmos.container", "Microsoft.DocumentDB/databaseAccounts/shop-cosmos/sqlDatabases/shop/containers/quotes"),
    table: ref("loganalytics.table", `Microsoft.OperationalInsights/workspaces/${AZURE.workspace}/tables/AppTraces`),
  };
  const held = (of: ResourceRef): any => azure.world.resources.get(of.resource.toLowerCase());
  const changeOf = (of: ResourceRef, before: Settings, after: Settings, more: Partial<Change> = {}): Change =>
    ({ ...of, id: "c1", before, after, fingerprint: "", alias: null, aliasTarget: null, ...more }) as unknown as Change;
  const write = async (of: ResourceRef, before: Settings, after: Settings) => {
    const live = await session.applier.read(of);
    return session.applier.write(changeOf(of, before, after, { fingerprint: live.fingerprint }), live.revision);
  };

  beforeAll(async () => {
    const world = orderWorld();
    put(world, GROUP, BUS, { properties: { status: "Active" } });
    put(world, GROUP, `${BUS}/subscriptions/mailer`, { properties: { status: "Active", maxDeliveryCount: 10, messageCount: 3 } });
    put(world, GROUP, `${BUS}/subscriptions/mailer/rules/$Default`, {
      properties: { action: {}, filterType: "SqlFilter", sqlFilter: { sqlExpression: "1=1", compatibilityLevel: 20 } },
    });
    const archived = world.resources.get(refs.child.resource.toLowerCase())!;
    put(world, GROUP, "Microsoft.EventGrid/topics/shop-changes/eventSubscriptions/hook", {
      properties: {
        ...structuredClone(archived.properties),
        destination: {
          endpointType: "WebHook",
          properties: { endpointBaseUrl: "https://shop.example/hook", maxEventsPerBatch: 1, preferredBatchSizeInKilobytes: 64 },
        },
      },
    });
    Object.assign(world.resources.get(refs.table.resource.toLowerCase())!.properties, {
      plan: "Analytics",
      retentionInDays: 90,
      totalRetentionInDays: 365,
      provisioningState: "Succeeded",
    });
    azure = await startAzure(world);
    session = await sessionOf(azure);
  });
  afterAll(async () => {
    session?.close();
    await azure?.stop();
  });
  afterEach(() => {
    azure.world.writes = "applied";
    expect(azure.violations).toEqual([]);
  });

  const roundTrips: [string, () => ResourceRef, Settings, Settings, (found: any) => unknown, unknown][] = [
    [
      "the filter of an event subscription",
      () => refs.child,
      { filter: FILTER },
      { filter: NARROW },
      (found) => found.properties.filter,
      NARROW,
    ],
    [
      "the filter of one that extends its topic",
      () => refs.extension,
      { filter: FILTER },
      { filter: NARROW },
      (found) => found.properties.filter,
      NARROW,
    ],
    [
      "batches to a function",
      () => refs.child,
      { maxEventsPerBatch: 1, preferredBatchSizeKilobytes: 64 },
      { maxEventsPerBatch: 100, preferredBatchSizeKilobytes: 256 },
      ({ properties }) => [
        properties.destination.properties.maxEventsPerBatch,
        properties.destination.properties.preferredBatchSizeInKilobytes,
      ],
      [100, 256],
    ],
    [
      "batches to a webhook, whose address stays",
      () => refs.hook,
      { maxEventsPerBatch: 1 },
      { maxEventsPerBatch: 50 },
      ({ properties }) => properties.destination.properties.maxEventsPerBatch,
      50,
    ],
    [
      "the default time to live of a container",
      () => refs.container,
      { defaultTtlS: 86_400 },
      { defaultTtlS: 3600 },
      ({ properties }) => properties.resource.defaultTtl,
      3600,
    ],
    [
      "its end",
      () => refs.container,
      { defaultTtlS: 86_400 },
      { defaultTtlS: null },
      ({ properties }) => "defaultTtl" in properties.resource,
      false,
    ],
    [
      "retention of a table of logs",
      () => refs.table,
      { retentionD: 90, totalRetentionD: 365 },
      { retentionD: 30, totalRetentionD: 180 },
      ({ properties }) => [properties.retentionInDays, properties.totalRetentionInDays],
      [30, 180],
    ],
  ];
  it.each(roundTrips)("%s is written, read back, and taken back; nothing else changes", async (_, of, before, after, at, value) => {
    const stable = (found: any) => {
      const { resource, archiveRetentionInDays: _archive, ...rest } = structuredClone(found.properties);
      for (const own of ["_etag", "_ts"]) if (resource) delete resource[own];
      return { ...rest, resource };
    };
    const first = stable(held(of()));
    const { live } = await write(of(), before, after);
    expect(live.settings).toMatchObject(after);
    expect(at(held(of()))).toEqual(value);
    await write(of(), after, before);
    expect(stable(held(of()))).toEqual(first);
  });

  it("rules of Service Bus: the new one stands before the old one goes, and the other way round on the way back", async () => {
    const calls = () =>
      azure
        .writes()
        .filter((one) => one.includes("/rules/"))
        .map((one) => decodeURIComponent(`${one.split(" ")[0]} ${one.split("/").at(-1)}`));
    const { live } = await write(refs.bus, { rules: [EVERYTHING] }, { rules: [PAID] });
    expect(live.settings["rules"]).toEqual([PAID]);
    expect(calls()).toEqual(["PUT evscope", "DELETE $Default"]);
    await write(refs.bus, { rules: [PAID] }, { rules: [EVERYTHING] });
    expect(calls().slice(2)).toEqual(["PUT $Default", "DELETE evscope"]);
  });

  it("a change of rules that was cut off between its two calls is as before, and is finished by doing it again", async () => {
    const path = `${refs.bus.resource}/rules/evscope`;
    azure.world.resources.set(path.toLowerCase(), {
      id: path,
      name: "evscope",
      type: "Microsoft.ServiceBus/namespaces/topics/subscriptions/rules",
      properties: { filterType: "SqlFilter", sqlFilter: { sqlExpression: PAID.sqlExpression } },
    });
    expect((await session.applier.read(refs.bus)).settings["rules"]).toEqual([EVERYTHING]);
    await write(refs.bus, { rules: [EVERYTHING] }, { rules: [PAID] });
    expect((await session.applier.read(refs.bus)).settings["rules"]).toEqual([PAID]);
    await write(refs.bus, { rules: [PAID] }, { rules: [EVERYTHING] });
  });

  it("the address of a webhook stands in nothing that is handed out", async () => {
    expect(JSON.stringify(await session.applier.read(refs.hook))).not.toContain("hook-secret");
  });

  it("what collect describes, and advice starts from, is what the applier reads", async () => {
    const configs: Config[] = [];
    for await (const page of session.collector.inventory()) configs.push(...page.filter((one) => one.type === "config"));
    const described = (of: ResourceRef): Config => configs.find((one) => one.resource.toLowerCase() === of.resource.toLowerCase())!;
    const mailer = {
      ...described(refs.bus),
      kind: "function",
      name: "mail",
      from: "order-events",
      settings: { subscription: "mailer" },
    } as const;
    const bus = placeOf({ cloud: "azure", fn: "mail", grammar: "service-bus-sql", channel: null }, [...configs, mailer], []);
    const { defaultTtlSeconds } = described(refs.container).settings;
    const { retentionD, totalRetentionD } = described(refs.table).settings;
    const wanted: [ResourceRef, unknown][] = [
      [refs.child, { filter: described(refs.child).settings["filter"] }],
      [refs.extension, { filter: described(refs.extension).settings["filter"] }],
      [refs.bus, "before" in bus ? bus.before : bus.why],
      [refs.container, { defaultTtlS: defaultTtlSeconds }],
      [refs.table, { retentionD, totalRetentionD }],
    ];
    for (const [of, before] of wanted) expect((await session.applier.read(of)).settings, of.kind).toMatchObject(before as object);
  });

  const many = Array.from({ length: 26 }, (_, i) => ({ operatorType: "StringIn", key: `data.k${i}`, values: ["x"] }));
  const refused: [string, () => ResourceRef, Settings, Settings, RegExp][] = [
    [
      "26 advanced filters",
      () => refs.child,
      { filter: FILTER },
      { filter: { ...FILTER, advancedFilters: many } },
      /26 advanced filters; at most 25/,
    ],
    ["a batch beyond 5,000", () => refs.child, { maxEventsPerBatch: 1 }, { maxEventsPerBatch: 5001 }, /1 to 5000/],
    ["a time to live of 0", () => refs.container, { defaultTtlS: 86_400 }, { defaultTtlS: 0 }, /0 is not legal/],
    [
      "a total retention below the interactive one",
      () => refs.table,
      { totalRetentionD: 365 },
      { totalRetentionD: 60 },
      /less than the interactive one of 90/,
    ],
    ["a subscription without any rule", () => refs.bus, { rules: [EVERYTHING] }, { rules: [] }, /none is no list/],
    ["what is not what the plan saw", () => refs.container, { defaultTtlS: 60 }, { defaultTtlS: 30 }, /changed since/],
  ];
  it.each(refused)("refuses %s, and writes nothing", async (_, of, before, after, why) => {
    const writes = azure.writes().length;
    await expect(write(of(), before, after)).rejects.toThrow(why);
    expect(azure.writes()).toHaveLength(writes);
  });

  it("a rule with an action is refused, which makes copies of its own; and one with parameters, which cannot be read", async () => {
    const rule = azure.world.resources.get(`${refs.bus.resource}/rules/$default`.toLowerCase())!;
    rule.properties["action"] = { sqlExpression: "SET a = 1" };
    await expect(write(refs.bus, { rules: [EVERYTHING] }, { rules: [PAID] })).rejects.toThrow(/has an action/);
    rule.properties["action"] = {};
    rule.properties["sqlFilter"] = { sqlExpression: "mail = 'a@b.example' AND amount > @least" };
    const before = { ...EVERYTHING, sqlExpression: rule.properties["sqlFilter"].sqlExpression };
    await expect(write(refs.bus, { rules: [before] }, { rules: [PAID] })).rejects.toThrow(/has parameters/);
    rule.properties["sqlFilter"] = { sqlExpression: "1=1" };
  });

  it("a write that changes nothing, and one beside which somebody else writes, are told so", async () => {
    azure.world.writes = "ignored";
    await expect(write(refs.child, { filter: FILTER }, { filter: NARROW })).rejects.toThrow(
      /accepted the change of filter and did not make it/,
    );
    azure.world.writes = "disturbed";
    await expect(write(refs.child, { filter: FILTER }, { filter: NARROW })).rejects.toThrow(/labels changed while filter was written/);
  });

  it("somebody wrote since it was looked at: refused", async () => {
    const live = await session.applier.read(refs.table);
    held(refs.table).properties.schema = { name: "AppTraces", columns: [] };
    await expect(
      session.applier.write(changeOf(refs.table, { retentionD: 90 }, { retentionD: 30 }, { fingerprint: live.fingerprint }), null),
    ).rejects.toMatchObject({ exitCode: 5 });
  });

  it("names who owns it, by its locks", async () => {
    const id = `${refs.container.resource}/providers/Microsoft.Authorization/locks/keep`;
    azure.world.resources.set(id.toLowerCase(), {
      id,
      name: "keep",
      type: "Microsoft.Authorization/locks",
      properties: { level: "ReadOnly" },
    });
    expect((await session.applier.owners(refs.container)).join()).toMatch(/ReadOnly lock keep/);
    azure.world.resources.delete(id.toLowerCase());
  });
});
