import { describe, expect, it } from "vitest";
import { memoryNeed } from "../../../../src/analyzer/sizing/floor.ts";
import { statsOf } from "../../../support/function-stats.ts";

describe("memory floor", () => {
  it.each([
    // used, size, sandboxes, runtime -> floor; 100 x 1.1 = 110 -> never below 128
    [100, 1024, 50, "python3.13", 128],
    // 200 x (1 + .1) = 220 -> 224
    [200, 1024, 50, "python3.13", 224],
    // + .15 for a garbage collector: 200 x 1.25 = 250 -> 256
    [200, 1024, 50, "nodejs22.x", 256],
    [200, 1024, 50, "java21", 256],
    // unknown runtime: taken for one with a garbage collector
    [200, 1024, 50, null, 256],
    // + .15 for few environments: 200 x 1.4 = 280
    [200, 1024, 9, "nodejs22.x", 280],
    // + .10 for a size that is nearly full: 205 of 256: 205 x 1.5 = 307.5 -> 312
    [205, 256, 9, "dotnet8", 312],
    // 240 x 1.25 = 300 -> 304, by no rounding error of the product
    [240, 1024, 50, "go1.x", 304],
  ])("%i MiB in use of %i, %i environments, %s: %i", (maxUsedMib, memoryMib, sandboxes, runtime, floor) => {
    expect(memoryNeed([statsOf({ maxUsedMib, memoryMib, sandboxes })], memoryMib, runtime).floorMib).toBe(floor);
  });

  it("after an out-of-memory error: half as much again, in steps of 64", () => {
    // 1.5 x 300 = 450 -> 512
    const need = memoryNeed([statsOf({ memoryMib: 300, maxUsedMib: 120, ooms: 1 })], 300, "python3.13");
    expect(need).toMatchObject({ floorMib: 448 + 64, exhaustedMib: 300 });
  });

  it("all of the memory in use is an out-of-memory error in disguise", () => {
    expect(memoryNeed([statsOf({ memoryMib: 256, maxUsedMib: 256 })], 256, "python3.13")).toMatchObject({
      exhaustedMib: 256,
      floorMib: 384,
    });
  });

  it("a larger size that ran well bounds what an error at a smaller one means", () => {
    const stats = [statsOf({ memoryMib: 512, maxUsedMib: 512, ooms: 3 }), statsOf({ memoryMib: 640, maxUsedMib: 530 })];
    // 1.5 x 512 = 768, but 640 ran; 530 x 1.2 (nearly full) = 636 -> 640
    expect(memoryNeed(stats, 640, "python3.13").floorMib).toBe(640);
  });

  it("is not known where nothing says what is in use, and an emulator's figures say nothing", () => {
    expect(memoryNeed([statsOf({ maxUsedMib: null })], 1024, null)).toMatchObject({ floorMib: null, usedMib: null });
    expect(memoryNeed([statsOf({ maxUsedMib: 1024, emulator: true })], 1024, null).floorMib).toBeNull();
  });
});
