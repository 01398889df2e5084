/** Whatever is advised can be written, and holds what was in use. Settings and evidence of all sorts against the rules of the product itself. */
import { describe, expect, it } from "vitest";
import { illegalTogether } from "../../../../src/clouds/gcp/combinations.ts";
import type { SizingAdvice } from "../../../../src/model/sizing.ts";
import {
  app,
  azureStats,
  duration,
  gcp,
  inApp,
  later,
  loadOf,
  rates,
  runStats,
  runUse,
  service,
  useOf,
} from "../../../support/cloud-stats.ts";
import { adviceOn, DAY, START } from "../../../support/function-stats.ts";

/** Park and Miller 1988: the same cases always. */
function random(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

const OBJECTIVES = ["cost", "balanced", "speed"] as const;
const VCPU = [0.25, 0.5, 1, 2, 4, 6, 8];
const MIB = [128, 256, 512, 768, 1024, 2048, 4096, 8192, 16_384, 32_768];

describe("Cloud Run", () => {
  it("advice is legal with what stays, and never below what is in use", async () => {
    const next = random(11);
    const one = <Item>(items: readonly Item[]): Item => items[Math.floor(next() * items.length)]!;
    let [changed, cases] = [0, 0];
    while (cases < 400) {
      const [vcpu, memoryMib] = [one(VCPU), one(MIB)];
      const concurrency = one([1, 1, 2, 40]);
      const environment = one([null, 1, 2]);
      const legal = (settings: { [name: string]: unknown }): string | null => {
        const number = (name: string): number | null => (typeof settings[name] === "number" ? settings[name] : null);
        return illegalTogether({
          memoryMib: number("memoryMib"),
          vcpu: number("vcpu"),
          concurrency: number("concurrency"),
          minInstances: null,
          maxInstances: null,
          plan: "run-request",
          secondGeneration: environment === null ? null : environment === 2,
        });
      };
      const settings = { memoryMib, vcpu, concurrency, ...(environment === null ? {} : { environment }) };
      if (legal(settings) !== null) continue;
      cases++;
      const usedMib = memoryMib * one([0.05, 0.3, 0.6, 0.9]);
      const [waitMs, cpuMs] = [one([0, 100, 3000]), one([20, 400, 4000])];
      const other = one(VCPU.filter((size) => size !== vcpu));
      const at = (size: number): number => duration(waitMs, cpuMs, size);
      const advice: SizingAdvice = await adviceOn(
        [
          runStats(other, { meanMs: at(other), memoryMib, concurrency }),
          runStats(vcpu, { meanMs: at(vcpu), memoryMib, concurrency, ...later }),
        ],
        {
          configs: [service(settings)],
          uses: [runUse({ memoryShare: null, memoryMib: usedMib })],
          loads: [loadOf({ ...gcp, fn: "orders" })],
          rates,
          objective: { optimize: one(OBJECTIVES), maxSlowdown: null, minSavingUsdPerMonth: 0 },
        },
      );
      const { change } = advice;
      if (change === null) continue;
      changed++;
      const after = { ...settings, ...change.after };
      expect({ settings, after, why: legal(after) }).toMatchObject({ why: null });
      expect(Object.keys(change.before)).toEqual(Object.keys(change.after));
      expect(change.before).toEqual(
        Object.fromEntries(Object.keys(change.before).map((name) => [name, settings[name as keyof typeof settings]])),
      );
      expect(after.memoryMib).toBeGreaterThanOrEqual(Math.min(usedMib * 1.1, memoryMib));
      // what could run in the second execution environment goes on there
      if (environment !== 1 && memoryMib >= 512 && after.vcpu >= 1) expect(after.memoryMib).toBeGreaterThanOrEqual(512);
    }
    expect(changed).toBeGreaterThan(100);
  });
});

describe("Azure Flex", () => {
  it("advice is one of the three sizes, and never below what is in use", async () => {
    const next = random(13);
    const one = <Item>(items: readonly Item[]): Item => items[Math.floor(next() * items.length)]!;
    const sizes = [512, 2048, 4096];
    let changed = 0;
    for (let i = 0; i < 150; i++) {
      const mib = one(sizes);
      const other = one(sizes.filter((size) => size !== mib));
      const usedMib = mib * one([0.05, 0.2, 0.5, 0.9]);
      const [waitMs, cpuMs] = [one([0, 1000, 5000]), one([20, 400, 4000])];
      const at = (size: number): number => duration(waitMs, cpuMs, size / 2048);
      const { change } = await adviceOn(
        [
          azureStats({ memoryMib: other, meanMs: at(other) }),
          azureStats({ memoryMib: mib, meanMs: at(mib), from: START + 7 * DAY, to: START + 14 * DAY }),
        ],
        {
          configs: [app({ memoryMib: mib }), inApp("Order", one(["httpTrigger", "serviceBusTrigger"]))],
          loads: [loadOf({ meanLevel: one([1, 1.5, 2]) })],
          uses: [useOf({ memoryMib: usedMib })],
          rates,
          objective: { optimize: one(OBJECTIVES), maxSlowdown: null, minSavingUsdPerMonth: 0 },
        },
      );
      if (change === null) continue;
      changed++;
      expect(change.before).toEqual({ memoryMib: mib });
      expect(sizes).toContain(change.after["memoryMib"]);
      expect(change.after["memoryMib"]).toBeGreaterThanOrEqual(usedMib * 1.1);
    }
    expect(changed).toBeGreaterThan(20);
  });
});
