import { describe, expect, it } from "vitest";
import { fuzz } from "../../../bench/fuzz/run.ts";
import { madeSeeds } from "../../../bench/fuzz/seeds.ts";

describe("damaged telemetry", () => {
  it("is read or refused with a reason: no crash, no hang, no number that is none", async () => {
    const found = await fuzz({ cases: 3_000, seed: 20_260_101, seeds: madeSeeds() });
    expect(found.failures).toEqual([]);
    expect(found.cases).toBe(3_000);
    // the damage leaves enough whole that the readers are reached
    expect(found.recognised).toBeGreaterThan(500);
    expect(found.broken).toBeGreaterThan(500);
  });
});
