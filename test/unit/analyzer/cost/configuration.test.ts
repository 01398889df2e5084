import { describe, expect, it } from "vitest";
import { withConfiguration } from "../../../../src/analyzer/cost/configuration.ts";
import type { Config, Json } from "../../../../src/model/records.ts";

const run = {
  cloud: "azure",
  account: "sub",
  region: null,
  fn: "shipping-quote",
  memoryMib: null,
  vcpu: null,
  plan: null,
  architecture: null,
} as const;

function config(name: string, settings: { [key: string]: Json }, more: Partial<Config> = {}): Config {
  return {
    type: "config",
    kind: "function",
    cloud: "azure",
    account: "sub",
    region: "westeurope",
    resource: name,
    name,
    revision: null,
    observedAt: 1,
    from: null,
    to: null,
    settings,
    ...more,
  };
}

describe("withConfiguration", () => {
  it("takes no plan for a function whose name two Function Apps use: which one ran is not known", () => {
    const configs = [
      config("shipping-quote", { app: "shop-app" }, { resource: "a" }),
      config("shipping-quote", { app: "test-app" }, { resource: "b", observedAt: 2 }),
      config("shop-app", { app: "shop-app", plan: "flex", memoryMib: 2048 }),
      config("test-app", { app: "test-app", plan: "consumption" }),
    ];
    expect(withConfiguration([run], configs)).toEqual([run]);
  });

  it("an Azure function takes plan, memory and region of its Function App", () => {
    const configs = [
      config("shipping-quote", { app: "shop-app", derivedFrom: "telemetry" }, { region: null }),
      config("shop-app", { app: "shop-app", plan: "flex", memoryMib: 2048 }),
    ];
    expect(withConfiguration([run], configs)[0]).toEqual({
      ...run,
      region: "westeurope",
      plan: "flex",
      memoryMib: 2048,
      app: "shop-app",
    });
  });

  it("never changes what the run says itself", () => {
    const said = { ...run, memoryMib: 512, plan: "consumption" };
    expect(withConfiguration([said], [config("shipping-quote", { plan: "flex", memoryMib: 2048 })])[0]).toMatchObject({
      memoryMib: 512,
      plan: "consumption",
    });
  });

  it("leaves a name alone that two regions use, unless the run says which", () => {
    const configs = [
      config("shipping-quote", { memoryMib: 512 }),
      config("shipping-quote", { memoryMib: 4096 }, { region: "northeurope" }),
    ];
    expect(withConfiguration([run], configs)[0]!.memoryMib).toBeNull();
    expect(withConfiguration([{ ...run, region: "northeurope" }], configs)[0]!.memoryMib).toBe(4096);
  });

  it("the newest configuration wins, and one of another cloud never does", () => {
    const configs = [
      config("shipping-quote", { memoryMib: 4096 }, { observedAt: 9 }),
      config("shipping-quote", { memoryMib: 512 }, { observedAt: 5 }),
      config("shipping-quote", { memoryMib: 128 }, { cloud: "gcp", observedAt: 99 }),
    ];
    expect(withConfiguration([run], configs)[0]!.memoryMib).toBe(4096);
  });

  it("a description without account does not make a named one ambiguous", () => {
    const configs = [
      config("shipping-quote", { plan: "flex" }, { account: null }),
      config("shipping-quote", { memoryMib: 4096 }, { observedAt: 2 }),
    ];
    expect(withConfiguration([{ ...run, account: null }], configs)[0]!.memoryMib).toBe(4096);
  });
});
