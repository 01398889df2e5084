import { expect, test } from "vitest";
import { illegalTogether, type RunSettings } from "../../../../src/clouds/gcp/combinations.ts";

const legal: RunSettings = {
  memoryMib: 512,
  vcpu: 1,
  concurrency: 80,
  minInstances: 0,
  maxInstances: 10,
  plan: "run-request",
  secondGeneration: null,
};

// https://cloud.google.com/run/docs/configuring/services/cpu and …/memory-limits
test.each<[Partial<RunSettings>, RegExp | null]>([
  [{}, null],
  [{ vcpu: 0.08, concurrency: 1 }, null],
  [{ vcpu: 0.5, concurrency: 1, memoryMib: 1024 }, null],
  [{ vcpu: 4, memoryMib: 2048 }, null],
  [{ vcpu: 8, memoryMib: 32_768 }, null],
  [{ vcpu: 2, memoryMib: 8192 }, null],
  [{ memoryMib: null, vcpu: null, concurrency: null }, null],
  [{ vcpu: 0.5 }, /less than 1 vCPU needs concurrency 1/],
  [{ vcpu: 0.07, concurrency: 1 }, /0\.08 to 1/],
  [{ vcpu: 3 }, /0\.08 to 1, 2, 4, 6 or 8/],
  [{ vcpu: 0.08, concurrency: 1, memoryMib: 1024 }, /128 to 512 MiB/],
  [{ vcpu: 0.9, concurrency: 1, memoryMib: 2048 }, /128 to 1024 MiB/],
  [{ memoryMib: 4097 }, /128 to 4096 MiB/],
  [{ vcpu: 4, memoryMib: 1024 }, /2048 to 16384 MiB/],
  [{ vcpu: 6, memoryMib: 2048 }, /4096 to 24576 MiB/],
  [{ plan: "run-instance", memoryMib: 256 }, /512 to 4096 MiB/],
  [{ plan: "run-instance", vcpu: 0.5, concurrency: 1 }, /request-based billing/],
  [{ secondGeneration: true, memoryMib: 256 }, /512 to 4096 MiB/],
  [{ secondGeneration: true, vcpu: 0.5, concurrency: 1 }, /first generation execution environment/],
  [{ concurrency: 1001 }, /1 to 1000/],
  [{ concurrency: 0 }, /1 to 1000/],
  [{ minInstances: 11 }, /at least 11 instances are more than at most 10/],
])("%j", (settings, why) => {
  const found = illegalTogether({ ...legal, ...settings });
  if (why === null) expect(found).toBeNull();
  else expect(found).toMatch(why);
});
