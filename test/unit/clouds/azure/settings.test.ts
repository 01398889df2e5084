import { describe, expect, test } from "vitest";
import {
  appSettingOf,
  hostName,
  hostValue,
  refuseIllegal,
  setScale,
  unlike,
  withHostValues,
} from "../../../../src/clouds/azure/settings.ts";
import type { Change, Settings } from "../../../../src/model/plan.ts";
import { SUBSCRIPTION, siteId } from "../../../support/scripted-azure.ts";

function change(after: Settings, before: Settings = Object.fromEntries(Object.keys(after).map((name) => [name, null]))): Change {
  return {
    id: "c1",
    cloud: "azure",
    account: SUBSCRIPTION,
    region: "eastus",
    kind: "azure.function-app",
    resource: siteId("orders"),
    name: "orders",
    before,
    after,
    revision: null,
    fingerprint: "",
    alias: null,
    aliasVersion: null,
    aliasTarget: null,
    danger: "restart",
    owners: [],
    expected: null,
    reasons: [],
  };
}

const refusal = (after: Settings, live: Settings = { plan: "flex" }, linux = true): string => {
  try {
    refuseIllegal(change(after), live, linux);
    return "";
  } catch (error) {
    return (error as Error).message;
  }
};

describe("scale and concurrency", () => {
  test("instance sizes of Flex are three", () => {
    // https://learn.microsoft.com/azure/azure-functions/flex-consumption-plan#instance-sizes
    for (const memoryMib of [512, 2048, 4096]) expect(refusal({ memoryMib })).toBe("");
    for (const memoryMib of [0, 1024, 2047, "2048", null]) expect(refusal({ memoryMib })).toMatch(/not legal; legal: 512, 2048, 4096 mib/);
  });

  test("counts from 1 to 1,000", () => {
    for (const name of ["maxInstances", "httpConcurrency"]) {
      expect(refusal({ [name]: 1 })).toBe("");
      expect(refusal({ [name]: 1000 })).toBe("");
      // taking back what was not set before
      expect(refusal({ [name]: null })).toBe("");
      for (const value of [0, 1001, 1.5, "1"]) expect(refusal({ [name]: value })).toMatch(/is not legal/);
    }
  });

  test("always-ready groups: a list of names and counts, not more than instances", () => {
    expect(refusal({ alwaysReady: [{ name: "http", instanceCount: 2 }] })).toBe("");
    expect(refusal({ alwaysReady: [] })).toBe("");
    expect(refusal({ alwaysReady: [{ name: "http", instanceCount: 11 }] }, { plan: "flex", maxInstances: 10 })).toMatch(/from 0 to 10/);
    for (const bad of [3, "http", [1], [{ name: "http" }], [{ name: 1, instanceCount: 1 }], [{ name: "http", instanceCount: -1 }]])
      expect(refusal({ alwaysReady: bad as never })).toMatch(/is a list of/);
  });

  test("other plans say why it cannot be done", () => {
    expect(refusal({ memoryMib: 512 }, { plan: "consumption" })).toMatch(/^orders: memory is not configurable here/);
    expect(refusal({ memoryMib: 512 }, { plan: "premium" })).toMatch(/belongs to its premium plan/);
    expect(refusal({ maxInstances: 5 }, { plan: "dedicated" })).toMatch(/belongs to its dedicated plan/);
    expect(refusal({ memoryMib: 512 }, {})).toMatch(/plan of the app is not known/);
  });

  test("what is no setting, and both kinds at once", () => {
    expect(refusal({ timeoutS: 5 })).toMatch(/cannot write the setting timeoutS/);
    expect(refusal({ constructor: 5 } as Settings)).toMatch(/cannot write the setting constructor/);
    expect(refusal({ memoryMib: 512, "host.extensions.queues.batchSize": 8 })).toMatch(/cannot be written at once/);
    expect(refusal({})).toMatch(/does not name the same settings/);
  });

  test("a step of a path has no two underscores", () => {
    expect(refusal({ "host.extensions.queues__batchSize": 8 })).toMatch(/cannot be written as an app setting/);
  });

  test("only what changes is set on the app", () => {
    const site = {
      functionAppConfig: {
        runtime: { name: "node" },
        scaleAndConcurrency: { instanceMemoryMB: 2048, triggers: { other: 1, http: { perInstanceConcurrency: 4 } } },
      },
    };
    setScale(site, { memoryMib: 512, httpConcurrency: null, alwaysReady: null });
    expect(site).toEqual({
      functionAppConfig: {
        runtime: { name: "node" },
        scaleAndConcurrency: { instanceMemoryMB: 512, alwaysReady: [], triggers: { other: 1 } },
      },
    });
  });
});

describe("values of host.json", () => {
  test("become app settings, and are read from them", () => {
    // the examples of https://learn.microsoft.com/azure/azure-functions/functions-host-json#override-hostjson-values and functions-app-settings
    expect(appSettingOf("logging.applicationInsights.samplingSettings.isEnabled")).toBe(
      "AzureFunctionsJobHost__logging__applicationInsights__samplingSettings__isEnabled",
    );
    expect(appSettingOf("logging.logLevel.Host.Results")).toBe("AzureFunctionsJobHost__logging__logLevel__Host.Results");
    expect(hostName("AzureFunctionsJobHost__extensions__serviceBus__maxMessageBatchSize")).toBe(
      "host.extensions.serviceBus.maxMessageBatchSize",
    );
    expect(hostName("AzureWebJobsStorage")).toBeNull();
    expect(["500", "true", "False", "00:01:00", "", "1e5", "12345678901234567890"].map(hostValue)).toEqual([
      500,
      true,
      false,
      "00:01:00",
      "",
      "1e5",
      "12345678901234567890",
    ]);
  });

  test("are merged, never replaced", () => {
    const settings = { AzureWebJobsStorage: "secret", AzureFunctionsJobHost__extensions__queues__batchSize: "16" };
    expect(withHostValues(settings, { "host.extensions.queues.batchSize": 8, "host.functionTimeout": "00:05:00" })).toEqual({
      AzureWebJobsStorage: "secret",
      AzureFunctionsJobHost__extensions__queues__batchSize: "8",
      AzureFunctionsJobHost__functionTimeout: "00:05:00",
    });
    expect(withHostValues(settings, { "host.extensions.queues.batchSize": null })).toEqual({ AzureWebJobsStorage: "secret" });
  });

  test("that would stop the host are refused", () => {
    const bus = (name: string): string => `host.extensions.serviceBus.${name}`;
    // https://learn.microsoft.com/azure/azure-functions/functions-bindings-service-bus#hostjson-settings
    expect(refusal({ [bus("minMessageBatchSize")]: 20 }, { plan: "flex", [bus("maxMessageBatchSize")]: 10 })).toMatch(
      /the host would not start/,
    );
    expect(refusal({ [bus("minMessageBatchSize")]: 20 })).toBe("");
    expect(refusal({ [bus("maxBatchWaitTime")]: "00:02:30" })).toBe("");
    expect(refusal({ [bus("maxBatchWaitTime")]: "00:02:31" })).toMatch(/"00:02:31" is not legal; legal: 0 to 150 s/);
    expect(refusal({ "host.extensions.queues.batchSize": 33 })).toMatch(/legal: 1 to 32/);
    expect(refusal({ "host.a b": 1 })).toMatch(/cannot be written as an app setting/);
    expect(refusal({ "host.extensions": { queues: 1 } })).toMatch(/cannot be written as an app setting/);
  });

  test("a dot in the name does not go on Linux, but for the consumption plans", () => {
    const category = { "host.logging.logLevel.Host.Results": "Information" };
    expect(refusal(category, { plan: "premium" })).toMatch(/has a "\." in its name/);
    expect(refusal(category, { plan: "premium" }, false)).toBe("");
    expect(refusal(category, { plan: "flex" })).toBe("");
    expect(refusal({ "host.logging.logLevel.default": "Warning" }, { plan: "premium" })).toBe("");
  });
});

test("groups in another order, and an empty list and none, are alike", () => {
  const groups = [
    { name: "http", instanceCount: 1 },
    { instanceCount: 2, name: "blob" },
  ];
  expect(
    unlike(
      { alwaysReady: groups },
      {
        alwaysReady: [
          { name: "blob", instanceCount: 2 },
          { name: "http", instanceCount: 1 },
        ],
      },
    ),
  ).toEqual([]);
  expect(unlike({ alwaysReady: [] }, { alwaysReady: null })).toEqual([]);
  expect(unlike({ memoryMib: 512 }, { memoryMib: 2048, maxInstances: null })).toEqual(["memoryMib"]);
});
