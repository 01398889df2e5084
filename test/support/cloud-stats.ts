/** Figures of functions on Azure and Google Cloud, and prices that are easy to reckon with, for tests of sizing. */
import { rooms } from "../../src/clouds/index.ts";
import type { PriceBook } from "../../src/model/billing.ts";
import type { Config } from "../../src/model/records.ts";
import type { FunctionStats, InstanceLoad, InstanceUse } from "../../src/model/sizing.ts";
import { DAY, START, statsOf } from "./function-stats.ts";

/** One dollar per million requests, 1e-5 per GiB-second, 2e-5 per vCPU-second. */
export const prices: PriceBook = {
  asOf: "2026-10-01",
  find: (_cloud, meter) => {
    const usd = /requests|executions/.test(meter)
      ? 1e-6
      : /vcpu/.test(meter)
        ? 2e-5 / 1000
        : /mhz|cpu/.test(meter)
          ? 1e-11
          : 1e-5 / 1_024_000;
    return { usdPerUnit: usd, basis: "modelled", source: "test" };
  },
};
export const rates = { billing: { azure: rooms.azure.billing, gcp: rooms.gcp.billing }, prices };

/** A run that waits `waitMs` and computes `cpuMs` on one thread at one vCPU. */
export const duration = (waitMs: number, cpuMs: number, vcpu: number): number => waitMs + cpuMs / Math.min(vcpu, 1);

export const azure = { cloud: "azure", account: "sub", region: "westeurope" } as const;
export const SITE = "/subscriptions/sub/resourceGroups/g/providers/Microsoft.Web/sites/shop";

export function app(settings: Config["settings"] = {}): Config {
  const own = { app: "shop", plan: "flex", memoryMib: 2048, runtime: "python", ...settings };
  return {
    type: "config",
    ...azure,
    kind: "function",
    resource: SITE,
    name: "shop",
    revision: "e1",
    observedAt: START,
    from: null,
    to: null,
    settings: own,
  };
}

export function inApp(name: string, trigger = "serviceBusTrigger"): Config {
  return { ...app(), resource: `${SITE}/functions/${name}`, name, settings: { app: "shop", trigger } };
}

export function azureStats(over: Partial<FunctionStats> & { meanMs?: number } = {}): FunctionStats {
  return statsOf({ ...azure, version: null, fn: "Order", plan: "flex", memoryMib: 2048, maxUsedMib: null, meanBilledMs: null, ...over });
}

export function loadOf(over: Partial<InstanceLoad> = {}): InstanceLoad {
  const place = { ...azure, fn: "Order", version: null, memoryMib: null, vcpu: null, concurrency: null };
  return { ...place, runs: 10_000, weight: 1, instances: 5, meanInstances: 5, ranMs: 1e7, busyMs: 1e7, meanLevel: 1, levels: [], ...over };
}

export const useOf = (over: Partial<InstanceUse> = {}): InstanceUse => ({
  ...azure,
  fn: "shop",
  memoryShare: null,
  memoryMib: 150,
  cpuShare: null,
  ...over,
});

/** A week at another size, then one at 2048 MiB. */
export const twice = (at: (mib: number) => number, over: Partial<FunctionStats> = {}, other = 512): FunctionStats[] => [
  azureStats({ memoryMib: other, meanMs: at(other), ...over }),
  azureStats({ memoryMib: 2048, meanMs: at(2048), from: START + 7 * DAY, to: START + 14 * DAY, ...over }),
];

export const flexQuestion = { configs: [app(), inApp("Order")], loads: [loadOf()], uses: [useOf()], rates };

export const gcp = { cloud: "gcp", account: "p1", region: "europe-west1" } as const;
export const SERVICE = "projects/p1/locations/europe-west1/services/orders";

export function service(settings: Config["settings"] = {}, over: Partial<Config> = {}): Config {
  const own = { generation: 2, plan: "run-request", memoryMib: 2048, vcpu: 2, concurrency: 1, timeoutS: 300, ...settings };
  return {
    type: "config",
    ...gcp,
    kind: "function",
    resource: SERVICE,
    name: "orders",
    revision: "e",
    observedAt: START,
    from: null,
    to: null,
    settings: own,
    ...over,
  };
}

export function runStats(vcpu: number, over: Partial<FunctionStats> & { meanMs?: number } = {}): FunctionStats {
  return statsOf({
    ...gcp,
    version: `r${vcpu}`,
    vcpu,
    memoryMib: 2048,
    plan: "run-request",
    maxUsedMib: null,
    meanBilledMs: null,
    ...over,
  });
}

export const later = { from: START + 7 * DAY, to: START + 14 * DAY };
export const runUse = (over: Partial<InstanceUse> = {}): InstanceUse => ({
  ...gcp,
  fn: "orders",
  memoryShare: 0.2,
  memoryMib: null,
  cpuShare: 0.1,
  ...over,
});
export const runQuestion = { configs: [service()], uses: [runUse()], rates };
