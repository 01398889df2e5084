import { beforeEach, describe, expect, test } from "vitest";
import { openApplier } from "../../../../src/clouds/azure/applier.ts";
import { AzureError } from "../../../../src/clouds/azure/api.ts";
import type { Applier } from "../../../../src/clouds/room.ts";
import { EXIT, UserError } from "../../../../src/model/errors.ts";
import { silentHost } from "../../../../src/model/host.ts";
import type { Change, ResourceRef, Settings } from "../../../../src/model/plan.ts";
import { type ScriptedArm, scriptedArm } from "../../../support/scripted-arm.ts";
import { azureContext, azureFailure, azureTarget, siteId, SUBSCRIPTION } from "../../../support/scripted-azure.ts";

const SECRET = "DefaultEndpointsProtocol=https;AccountKey=s3cret";
const ref: ResourceRef = {
  cloud: "azure",
  account: SUBSCRIPTION,
  region: "eastus",
  kind: "azure.function-app",
  resource: siteId("orders"),
  name: "orders",
};

/** An app as the service describes it (GetWebApp and CreateOrUpdateFunctionAppFlexConsumption of the specification's examples, cut). */
function orders(): any {
  return {
    id: siteId("orders"),
    name: "orders",
    type: "Microsoft.Web/sites",
    kind: "functionapp,linux",
    location: "East US",
    etag: '"1"',
    tags: { team: "shop" },
    properties: {
      state: "Running",
      sku: "FlexConsumption",
      serverFarmId: siteId("x").replace(/sites.*/, "serverfarms/plan"),
      lastModifiedTimeUtc: "2026-11-01T00:00:00",
      outboundIpAddresses: "70.37.102.201",
      siteConfig: { numberOfWorkers: 1, appSettings: null, connectionStrings: null },
      functionAppConfig: {
        deployment: { storage: { type: "blobContainer", value: "https://x.blob.core.windows.net/c" } },
        runtime: { name: "node", version: "22" },
        scaleAndConcurrency: { instanceMemoryMB: 2048, maximumInstanceCount: 40, alwaysReady: [] },
      },
    },
  };
}

describe("the applier of Function Apps", () => {
  let site: ReturnType<typeof orders>;
  let appSettings: Record<string, string>;
  let api: ScriptedArm;
  let applier: Applier;
  let notes: string[];
  /** What happens at a write, beside it or in its place. */
  let atWrite: () => void;

  const writes = (): string[] => api.asked.map((one) => one.api).filter((name) => /createOrUpdate|update/i.test(name));

  beforeEach(() => {
    site = orders();
    appSettings = { AzureWebJobsStorage: SECRET, AzureFunctionsJobHost__extensions__queues__batchSize: "16" };
    notes = [];
    atWrite = () => {};
    let version = 1;
    const touched = (): void => {
      site.etag = `"${++version}"`;
      site.properties.lastModifiedTimeUtc = `2026-11-02T00:00:0${version}`;
      site.properties.outboundIpAddresses = "70.37.102.202";
    };
    api = scriptedArm({
      calls: {
        "web:webApps.get": () => structuredClone(site),
        "web:webApps.listApplicationSettings": () => ({ name: "appsettings", properties: { ...appSettings } }),
        "web:webApps.updateApplicationSettings": (_group, _name, body: { properties: Record<string, string> }) => {
          appSettings = { ...body.properties };
          touched();
          atWrite();
          return { properties: appSettings };
        },
        "web:appServicePlans.get": {
          id: "p",
          name: "plan",
          type: "Microsoft.Web/serverfarms",
          sku: { name: "EP1", tier: "ElasticPremium" },
        },
      },
      replace(edit, options) {
        const match = options.headers?.["If-Match"];
        if (match !== undefined && match !== site.etag)
          throw azureFailure("web:webApps.createOrUpdate", "conflict", "PreconditionFailed", 412);
        const whole = structuredClone(site);
        edit(whole);
        site.properties.functionAppConfig = whole.properties.functionAppConfig;
        touched();
        atWrite();
      },
    });
    const context = azureContext({ host: { ...silentHost, note: (message) => void notes.push(message) } });
    applier = openApplier(api, azureTarget(), context);
  });

  async function changeOf(after: Settings, more: Partial<Change> = {}): Promise<Change> {
    const live = await applier.read(ref, Object.keys(after));
    const before = Object.fromEntries(Object.keys(after).map((name) => [name, live.settings[name] ?? null]));
    const { revision, fingerprint } = live;
    const none = { alias: null, aliasVersion: null, aliasTarget: null, owners: [], expected: null, reasons: [] };
    return { ...ref, id: "c1", before, after, revision, fingerprint, danger: "restart", ...none, ...more };
  }

  async function refusalOf(change: Change, revision = change.revision): Promise<UserError> {
    const error = await applier.write(change, revision).then(
      () => new Error("it was written"),
      (thrown: unknown) => thrown as Error,
    );
    expect(error, String(error.stack)).toBeInstanceOf(UserError);
    expect(`${error.message} ${JSON.stringify(error.cause ?? "")}`).not.toContain("s3cret");
    return error as UserError;
  }

  test("reads settings, revision and fingerprint; app settings only where they are asked for", async () => {
    const live = await applier.read(ref);
    expect(live.settings).toMatchObject({ plan: "flex", memoryMib: 2048, maxInstances: 40, alwaysReady: [] });
    expect(live).toMatchObject({ revision: '"1"', busy: null, aliases: [] });
    expect(api.asked.map((one) => one.api)).toEqual(["web:webApps.get"]);
    const withHost = await applier.read(ref, ["host.extensions.queues.batchSize"]);
    expect(withHost.settings).toMatchObject({ "host.extensions.queues.batchSize": 16 });
    expect(JSON.stringify(withHost)).not.toContain("s3cret");
    expect(withHost.settings).not.toHaveProperty("AzureWebJobsStorage");
  });

  test("writes the memory under the etag, says that the app restarts, and reads back", async () => {
    const change = await changeOf({ memoryMib: 512 });
    const { live, publishedVersion } = await applier.write(change, change.revision);
    expect(live.settings["memoryMib"]).toBe(512);
    expect(live.revision).not.toBe(change.revision);
    expect(publishedVersion).toBeNull();
    expect(site.properties.functionAppConfig.runtime).toEqual({ name: "node", version: "22" });
    expect(api.asked.find((one) => one.api === "web:webApps.createOrUpdate")?.options).toEqual({ headers: { "If-Match": '"1"' } });
    expect(notes).toEqual(["orders restarts with the change"]);
  });

  test("a fingerprint tells what a write could disturb, and not what changes by itself", async () => {
    const of = async (): Promise<string> => (await applier.read(ref)).fingerprint;
    const first = await of();
    site.properties.outboundIpAddresses = "1.2.3.4";
    site.properties.state = "Stopped";
    site.etag = '"9"';
    expect(await of()).toBe(first);
    site.properties.siteConfig.numberOfWorkers = 2;
    expect(await of()).not.toBe(first);
  });

  test("what was changed since the plan is not written", async () => {
    const change = await changeOf({ memoryMib: 512 });
    site.properties.functionAppConfig.scaleAndConcurrency.instanceMemoryMB = 4096;
    expect(await refusalOf(change)).toMatchObject({
      exitCode: EXIT.conflict,
      message: expect.stringMatching(/memoryMib is 4096, the plan saw 2048/),
    });
    site = orders();
    site.etag = '"7"';
    expect((await refusalOf(change)).message).toMatch(/revision "7", expected "1"/);
    site = orders();
    site.tags = { team: "other" };
    expect((await refusalOf(change)).message).toMatch(/its configuration is another/);
    expect(writes()).toEqual([]);
  });

  test("an app without an etag is told apart by its time of change", async () => {
    delete site.etag;
    const change = await changeOf({ memoryMib: 512 });
    expect(change.revision).toBe("2026-11-01T00:00:00");
    await applier.write(change, change.revision);
    expect(api.asked.find((one) => one.api === "web:webApps.createOrUpdate")?.options).toEqual({});
  });

  test("somebody who writes between look and write is noticed by the etag", async () => {
    const change = await changeOf({ memoryMib: 512 });
    const get = api.call;
    let looks = 0;
    Object.assign(api, {
      call: async (...args: Parameters<typeof get>) => {
        const answer = await get(...args);
        if (args[0] === "web:webApps.get" && ++looks === 1) site.etag = '"2"';
        return answer;
      },
    });
    expect(await refusalOf(change)).toMatchObject({
      exitCode: EXIT.conflict,
      message: expect.stringMatching(/cannot write memoryMib of orders/),
    });
  });

  test("an app without an etag that somebody writes between look and write is not written", async () => {
    delete site.etag;
    const change = await changeOf({ memoryMib: 512 });
    const replace = api.replace;
    Object.assign(api, {
      replace: (...args: Parameters<typeof replace>) => {
        site.properties.httpsOnly = true;
        return replace(...args);
      },
    });
    expect(await refusalOf(change)).toMatchObject({
      exitCode: EXIT.conflict,
      message: expect.stringMatching(/httpsOnly is another since it was looked at/),
    });
    expect(site.properties.functionAppConfig.scaleAndConcurrency.instanceMemoryMB).toBe(2048);
  });

  test.each([
    ["functionAppConfig", (properties: any) => delete properties.functionAppConfig],
    ["functionAppConfig.scaleAndConcurrency", (properties: any) => (properties.functionAppConfig.scaleAndConcurrency = "none")],
    [
      "functionAppConfig.scaleAndConcurrency.triggers",
      (properties: any) => (properties.functionAppConfig.scaleAndConcurrency.triggers = []),
    ],
  ])("an app that shows no %s is not sent back", async (part, spoil) => {
    spoil(site.properties);
    const live = await applier.read(ref);
    const change = await changeOf({ maxInstances: 50 }, { before: { maxInstances: live.settings["maxInstances"] ?? null } });
    const before = structuredClone(site);
    expect((await refusalOf(change)).message).toContain(`Azure shows no ${part} of it`);
    expect(site).toEqual(before);
  });

  test.each([[{}], [{ properties: null }], [{ properties: [] }], [{ properties: { AzureWebJobsStorage: SECRET, other: 7 } }]])(
    "app settings that were not read whole (%#) are not replaced",
    async (answer) => {
      const change = await changeOf({ "host.extensions.queues.batchSize": 8 });
      const get = api.call;
      Object.assign(api, {
        call: (...args: Parameters<typeof get>) =>
          args[0] === "web:webApps.listApplicationSettings" ? Promise.resolve(answer) : get(...args),
      });
      expect((await refusalOf(change)).message).toMatch(/no list of app settings|other is no text/);
      expect(writes()).toEqual([]);
    },
  );

  test("a value of host.json that is set in another spelling is not set a second time", async () => {
    appSettings["azurefunctionsjobhost:extensions:serviceBus:maxMessageBatchSize"] = "7";
    const change = await changeOf({ "host.extensions.serviceBus.maxMessageBatchSize": 8 });
    expect((await refusalOf(change)).message).toMatch(/azurefunctionsjobhost:extensions\S* gives this value already/);
    expect(writes()).toEqual([]);
  });

  test("a write whose answer was lost, and that takes effect some time later", async () => {
    const change = await changeOf({ memoryMib: 512 });
    const get = api.call;
    let looks = 0;
    atWrite = () => {
      site.properties.functionAppConfig.scaleAndConcurrency.instanceMemoryMB = 2048;
      Object.assign(api, {
        call: (...args: Parameters<typeof get>) => {
          if (++looks === 4) site.properties.functionAppConfig.scaleAndConcurrency.instanceMemoryMB = 512;
          return get(...args);
        },
      });
      throw new AzureError("unreachable", "web:webApps.createOrUpdate", "ECONNRESET", "lost", null, 1, true);
    };
    expect((await applier.write(change, change.revision)).live.settings["memoryMib"]).toBe(512);
  });

  test("an operation that failed is no success, whatever it left behind", async () => {
    const change = await changeOf({ memoryMib: 512 });
    atWrite = () => {
      throw new AzureError("failed", "web:webApps.createOrUpdate", "OperationFailed", "the update failed: no room", null, 1, true);
    };
    expect((await refusalOf(change)).message).toMatch(/cannot write memoryMib of orders: .*the update failed: no room/);
  });

  test("accepted and not made", async () => {
    const change = await changeOf({ memoryMib: 512 });
    atWrite = () => void (site.properties.functionAppConfig.scaleAndConcurrency.instanceMemoryMB = 2048);
    expect(await refusalOf(change)).toMatchObject({
      exitCode: EXIT.conflict,
      message: expect.stringMatching(/accepted the change of memoryMib and did not make it/),
    });
  });

  test("disturbed by somebody else", async () => {
    const change = await changeOf({ memoryMib: 512 });
    atWrite = () => void (site.tags = { team: "other" });
    expect((await refusalOf(change)).message).toMatch(/orders: tags changed while memoryMib was written/);
  });

  test("a write whose answer was lost is looked for on the app", async () => {
    const change = await changeOf({ memoryMib: 512 });
    atWrite = () => {
      throw new AzureError("unreachable", "web:webApps.createOrUpdate", "ECONNRESET", "lost", null, 1, true);
    };
    expect((await applier.write(change, change.revision)).live.settings["memoryMib"]).toBe(512);
    const back = await changeOf({ memoryMib: 2048 });
    atWrite = () => {
      site.properties.functionAppConfig.scaleAndConcurrency.instanceMemoryMB = 512;
      throw new AzureError("unreachable", "web:webApps.createOrUpdate", "ECONNRESET", "lost", null, 1, true);
    };
    expect((await refusalOf(back)).message).toMatch(/cannot write memoryMib of orders: .*lost/);
  });

  test("values of host.json: one write, all others as they were", async () => {
    const name = "host.extensions.serviceBus.maxMessageBatchSize";
    const change = await changeOf({ [name]: 500 });
    expect(change.before).toEqual({ [name]: null });
    const { live } = await applier.write(change, change.revision);
    expect(live.settings[name]).toBe(500);
    expect(appSettings).toEqual({
      AzureWebJobsStorage: SECRET,
      AzureFunctionsJobHost__extensions__queues__batchSize: "16",
      AzureFunctionsJobHost__extensions__serviceBus__maxMessageBatchSize: "500",
    });
    expect(writes()).toEqual(["web:webApps.updateApplicationSettings"]);
    // and back: the setting is gone again
    const back = await changeOf({ [name]: null });
    await applier.write(back, back.revision);
    expect(Object.keys(appSettings)).toHaveLength(2);
  });

  test("another app setting that changes meanwhile is named, and its value is not", async () => {
    const change = await changeOf({ "host.extensions.queues.batchSize": 8 });
    atWrite = () => void (appSettings["AzureWebJobsStorage"] = "AccountKey=s3cret2");
    expect((await refusalOf(change)).message).toMatch(/orders: app setting AzureWebJobsStorage changed while/);
  });

  test("app settings that changed since the plan", async () => {
    const change = await changeOf({ "host.extensions.queues.batchSize": 8 });
    appSettings["new"] = "1";
    expect((await refusalOf(change)).message).toMatch(/its configuration is another/);
  });

  test("waits until an update under way is done", async () => {
    const change = await changeOf({ memoryMib: 512 });
    let looks = 0;
    const get = api.call;
    Object.assign(api, {
      call: async (...args: Parameters<typeof get>) => {
        const answer = await get(...args);
        const busy = args[0] === "web:webApps.get" && ++looks <= 3;
        return busy ? { ...answer, properties: { ...(answer["properties"] as object), inProgressOperationId: "7" } } : answer;
      },
    });
    await applier.write(change, change.revision);
    expect(looks).toBeGreaterThan(3);
  });

  test("an app on a plan that only the plan itself tells", async () => {
    delete site.properties.sku;
    delete site.properties.functionAppConfig;
    expect((await applier.read(ref)).settings["plan"]).toBe("premium");
    const change = await changeOf({ memoryMib: 512 });
    expect((await refusalOf(change)).message).toMatch(/belongs to its premium plan/);
  });

  test("only apps of this subscription, and no versions", async () => {
    const change = await changeOf({ memoryMib: 512 });
    await expect(applier.read({ ...ref, kind: "lambda.function" })).rejects.toThrow(/cannot write a lambda.function on Azure/);
    await expect(applier.read({ ...ref, name: "other" })).rejects.toThrow(/is not what .* names/);
    await expect(applier.read({ ...ref, resource: "orders" })).rejects.toThrow(/no resource ID of a Function App/);
    const elsewhere = { account: "s2", resource: ref.resource.replace(SUBSCRIPTION, "s2") };
    await expect(applier.read({ ...ref, ...elsewhere })).rejects.toThrow(/belongs to subscription s2/);
    await expect(applier.moveAlias(ref, "live", "1")).rejects.toThrow(/no versions/);
    expect((await refusalOf({ ...change, alias: "live" })).message).toMatch(/no versions/);
    expect(writes()).toEqual([]);
  });

  test("an app that is gone, and one that may not be read", async () => {
    Object.assign(api, { call: () => Promise.reject(azureFailure("web:webApps.get", "not-found", "ResourceNotFound", 404)) });
    await expect(applier.read(ref)).rejects.toMatchObject({
      exitCode: EXIT.usage,
      message: expect.stringMatching(/^cannot read orders \(shop\)/),
    });
    Object.assign(api, { call: () => Promise.reject(azureFailure("web:webApps.get", "denied", "AuthorizationFailed", 403)) });
    await expect(applier.read(ref)).rejects.toMatchObject({
      exitCode: EXIT.credentials,
      suggestions: [expect.stringMatching(/assign Reader, or Microsoft.Web\/sites\/Read/)],
    });
  });
});

describe("who owns an app", () => {
  const denied = azureFailure("arm:GET", "denied", "AuthorizationFailed", 403);
  const owners = (tags: Record<string, string>, lists: Record<string, any>): Promise<string[]> => {
    const api = scriptedArm({
      calls: {
        "web:webApps.get": { ...orders(), tags },
        "arm:GET": (path: string) => lists[path.split("/").at(-1)!] ?? azureFailure("arm:GET", "not-found", "NotFound", 404),
      },
    });
    return openApplier(api, azureTarget(), azureContext()).owners(ref);
  };
  const resource = { id: siteId("orders").toUpperCase() };

  test("nobody", async () => expect(await owners({ team: "shop" }, {})).toEqual([]));

  test("tools by their tags", async () => {
    expect(await owners({ "azd-env-name": "prod", "azd-service-name": "api" }, {})).toEqual([
      "Azure Developer CLI (tag azd-env-name=prod)",
    ]);
    expect(await owners({ ManagedBy: "terraform" }, {})).toEqual(["Terraform (tag ManagedBy=terraform)"]);
  });

  test("deployments and stacks that name the app; those of the portal's wizards do not count", async () => {
    const found = await owners(
      {},
      {
        deploymentStacks: [
          { name: "shop-stack", properties: { resources: [resource] } },
          { name: "other", properties: { resources: [{ id: "x" }] } },
        ],
        deployments: [
          { name: "main", properties: { outputResources: [resource] } },
          { name: "Microsoft.Web-FunctionApp-Portal-1234", properties: { outputResources: [resource] } },
          { name: "elsewhere", properties: { outputResources: [] } },
        ],
      },
    );
    expect(found).toEqual(["deployment stack shop-stack", "deployment main (Bicep or ARM template)"]);
  });

  test("a lock that refuses writes; one against deletion does not", async () => {
    const locks = [
      { name: "keep", properties: { level: "CanNotDelete" } },
      { name: "frozen", properties: { level: "ReadOnly" } },
    ];
    expect(await owners({}, { locks })).toEqual(["ReadOnly lock frozen: Azure refuses writes"]);
  });

  test("what may not be asked makes the owner unknown", async () => {
    expect(await owners({ "azd-env-name": "prod" }, { deployments: denied })).toEqual([
      "Azure Developer CLI (tag azd-env-name=prod)",
      "unknown: Microsoft.Resources/deployments/read is not granted",
    ]);
  });
});
