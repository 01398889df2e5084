import { describe, expect, it } from "vitest";
import { cpuTimeOf } from "../../../../src/clouds/aws/cpu-time.ts";

/** The example of AWS' page "Example Lambda Insights performance event", shortened. */
const EVENT = {
  cold_start: false,
  duration: 45191,
  request_id: "12345678-8bcc-42f7-b1de-123456789012",
  function_name: "my-function",
  memory_utilization: 22,
  cpu_total_time: 6690,
  cpu_user_time: 4770,
  total_memory: 256,
};
const scope = { account: "111122223333", region: "eu-west-1" };

describe("a Lambda Insights event", () => {
  it("gives the CPU time of its run", () => {
    expect(cpuTimeOf(EVENT, 1000, scope)).toMatchObject({
      type: "metric",
      fn: "my-function",
      name: "LambdaInsights/cpu_total_time",
      statistic: "Average",
      value: 6690,
      resource: EVENT.request_id,
    });
  });
  it("without a function or a number is none", () => {
    expect(cpuTimeOf({ ...EVENT, function_name: null }, 1000, scope)).toBeNull();
    expect(cpuTimeOf({ ...EVENT, cpu_total_time: "much" }, 1000, scope)).toBeNull();
    expect(cpuTimeOf({ message: "hello" }, 1000, scope)).toBeNull();
  });
});
