/** Sizes of 1st gen functions: memory tiers with their CPU. */
import { describe, expect, it } from "vitest";
import type { Config } from "../../../../src/model/records.ts";
import type { FunctionStats } from "../../../../src/model/sizing.ts";
import { gcp, later, runQuestion, runUse, service } from "../../../support/cloud-stats.ts";
import { adviceOn, statsOf } from "../../../support/function-stats.ts";

describe("1st gen functions", () => {
  const fn = "projects/p1/locations/europe-west1/functions/orders";
  const config = (memoryMib: number): Config =>
    service({}, { resource: fn, settings: { generation: 1, plan: "gen1", memoryMib, concurrency: 1, runtime: "python310", timeoutS: 60 } });
  const at = (memoryMib: number, meanMs: number, over: Partial<FunctionStats> = {}): FunctionStats =>
    statsOf({ ...gcp, version: null, plan: "gen1", memoryMib, meanMs, maxUsedMib: null, meanBilledMs: null, ...over });
  it("memory and CPU come together: what waits gets the smaller tier", async () => {
    const advice = await adviceOn([at(512, 1010), at(2048, 1000, later)], {
      ...runQuestion,
      configs: [config(2048)],
      uses: [runUse({ memoryShare: null, memoryMib: 90 })],
    });
    expect(advice).toMatchObject({
      kind: "cloudfunctions.gen1",
      resource: fn,
      currentMib: 2048,
      currentVcpu: null,
      tier: 2,
      refusal: null,
    });
    expect(advice.change).toEqual({ before: { memoryMib: 2048 }, after: { memoryMib: 512 } });
  });
});
