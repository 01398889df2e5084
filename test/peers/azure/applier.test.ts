/** Writes of Function Apps against a server whose every request is judged: scale, values of host.json, and what no plan lets be written. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { LiveSession } from "../../../src/clouds/room.ts";
import type { Change, ResourceRef, Settings } from "../../../src/model/plan.ts";
import { GROUP, orderWorld, SETTING_SECRET, SUBSCRIPTION } from "../support/azure/orders.ts";
import { type Azure, startAzure } from "../support/azure/server.ts";
import { sessionOf } from "../support/azure/session.ts";

describe("the applier of the Azure room", () => {
  let azure: Azure;
  let session: LiveSession;

  const ref = (name: string): ResourceRef => ({
    cloud: "azure",
    account: SUBSCRIPTION,
    region: "eastus",
    kind: "azure.function-app",
    resource: `/subscriptions/${SUBSCRIPTION}/resourceGroups/${GROUP}/providers/Microsoft.Web/sites/${name}`,
    name,
  });
  const site = (name: string): any => azure.world.resources.get(ref(name).resource.toLowerCase());
  const scale = (name: string): any => site(name).properties.functionAppConfig.scaleAndConcurrency;
  const settings = (name: string): Record<string, string> => azure.world.appSettings.get(ref(name).resource.toLowerCase())!;
  const write = async (name: string, before: Settings, after: Settings) => {
    const live = await session.applier.read(ref(name));
    const change = { ...ref(name), id: "c1", before, after, fingerprint: "", alias: null, aliasTarget: null } as unknown as Change;
    return session.applier.write(change, live.revision);
  };

  beforeAll(async () => {
    azure = await startAzure(orderWorld());
    session = await sessionOf(azure);
  });
  afterAll(async () => {
    session?.close();
    await azure?.stop();
  });
  afterEach(() => expect(azure.violations).toEqual([]));

  it("writes memory, instances, concurrency and what is kept ready at once", async () => {
    const before = { memoryMib: 2048, maxInstances: 40, httpConcurrency: 1, alwaysReady: [] };
    const after = { memoryMib: 4096, maxInstances: 100, httpConcurrency: 16, alwaysReady: [{ name: "http", instanceCount: 2 }] };
    const { live } = await write("tracker-fn", before, after);
    expect(live.settings).toMatchObject(after);
    expect(scale("tracker-fn")).toEqual({
      instanceMemoryMB: 4096,
      maximumInstanceCount: 100,
      alwaysReady: [{ name: "http", instanceCount: 2 }],
      triggers: { http: { perInstanceConcurrency: 16 } },
    });
    await write("tracker-fn", after, before);
    expect(scale("tracker-fn").instanceMemoryMB).toBe(2048);
  });

  it("writes a value of host.json as an app setting, and leaves the others as they are", async () => {
    const held = { ...settings("quote-fn") };
    const name = "host.extensions.serviceBus.maxMessageBatchSize";
    await write("quote-fn", { [name]: null }, { [name]: 50 });
    expect(settings("quote-fn")).toEqual({ ...held, AzureFunctionsJobHost__extensions__serviceBus__maxMessageBatchSize: "50" });
    await write("quote-fn", { [name]: 50 }, { [name]: null });
    expect(settings("quote-fn")).toEqual(held);
  });

  it("secrets of app settings stand in nothing that it hands out", async () => {
    const live = await session.applier.read(ref("quote-fn"));
    expect(JSON.stringify(live)).not.toContain(SETTING_SECRET);
  });

  const refused: [string, string, Settings, Settings, RegExp][] = [
    ["memory on Consumption", "legacy-fn", { memoryMib: null }, { memoryMib: 512 }, /memory is not configurable here/],
    ["memory on Premium", "report-fn", { memoryMib: null }, { memoryMib: 512 }, /belongs to its premium plan/],
    ["a size that Flex does not have", "quote-fn", { memoryMib: 2048 }, { memoryMib: 1024 }, /512|legal|allowed/i],
    [
      "a batch that waits too long",
      "quote-fn",
      { "host.extensions.serviceBus.maxBatchWaitTime": null },
      { "host.extensions.serviceBus.maxBatchWaitTime": "00:03:00" },
      /150|00:02:30|at most/,
    ],
    ["what is not what the plan saw", "quote-fn", { memoryMib: 512 }, { memoryMib: 4096 }, /changed since/],
  ];
  it.each(refused)("refuses %s, and writes nothing", async (_, name, before, after, why) => {
    const writes = azure.writes().length;
    await expect(write(name, before, after)).rejects.toThrow(why);
    expect(azure.writes()).toHaveLength(writes);
  });

  it("a revision that is another is refused, and nothing is written", async () => {
    const change = {
      ...ref("quote-fn"),
      id: "c",
      before: { memoryMib: 2048 },
      after: { memoryMib: 512 },
      fingerprint: "",
      alias: null,
      aliasTarget: null,
    } as unknown as Change;
    await expect(session.applier.write(change, '"another"')).rejects.toMatchObject({ exitCode: 5 });
    expect(scale("quote-fn").instanceMemoryMB).toBe(2048);
  });

  it("says who owns an app: tags, locks", async () => {
    site("report-fn").tags = { "azd-env-name": "shop-dev" };
    const id = `${ref("report-fn").resource}/providers/Microsoft.Authorization/locks/keep`;
    azure.world.resources.set(id.toLowerCase(), {
      id,
      name: "keep",
      type: "Microsoft.Authorization/locks",
      properties: { level: "ReadOnly" },
    });
    const owners = await session.applier.owners(ref("report-fn"));
    expect(owners.join("\n")).toMatch(/azd|Azure Developer CLI/i);
    expect(owners.join("\n")).toMatch(/lock/i);
  });
});
