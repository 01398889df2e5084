import { describe, expect, it } from "vitest";
import { logShape, vcpus } from "../../../../src/analyzer/sizing/curve.ts";

describe("vCPUs of a memory size", () => {
  it("are one at 1769 MiB and proportional below, less what the runtime takes", () => {
    expect(vcpus(1769, { threads: 1, overheadMib: 45 })).toBe(1);
    // (512 - 45) / (1769 - 45) = 467 / 1724
    expect(vcpus(512, { threads: 1, overheadMib: 45 })).toBeCloseTo(0.270882, 6);
  });

  it("stop where the function has no more threads", () => {
    expect(vcpus(10_240, { threads: 1, overheadMib: 0 })).toBe(1);
    expect(vcpus(10_240, { threads: 2, overheadMib: 0 })).toBe(2);
    // 10240 / 1769
    expect(vcpus(10_240, { threads: 6, overheadMib: 0 })).toBeCloseTo(5.788581, 6);
  });
});

describe("shape of a curve", () => {
  it("is 1/m for work that only computes, and flat for work that only waits", () => {
    const shape = { overlap: 1, threads: 1, overheadMib: 0 };
    expect(Math.exp(logShape(1769 / 4, { ...shape, cpuShare: 1 }))).toBeCloseTo(4, 9);
    expect(Math.exp(logShape(128, { ...shape, cpuShare: 0 }))).toBeCloseTo(1, 9);
  });

  it("adds computing to waiting without overlap: 30 % at a tenth of a vCPU takes 0.7 + 3", () => {
    expect(Math.exp(logShape(176.9, { cpuShare: 0.3, overlap: 1, threads: 1, overheadMib: 0 }))).toBeCloseTo(3.7, 9);
  });

  it("with overlap 2 the parts add up like the sides of a triangle: 0.6 and 0.4/0.5 make 1", () => {
    expect(logShape(884.5, { cpuShare: 0.4, overlap: 2, threads: 1, overheadMib: 0 })).toBeCloseTo(0, 9);
  });
});
