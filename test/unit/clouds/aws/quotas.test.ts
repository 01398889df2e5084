import { expect, test } from "vitest";
import { quotaOf } from "../../../../src/clouds/aws/quotas.ts";

// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html: GetFunction 100/s, GetPolicy 15/s, "remainder of the control
// plane API requests" 15/s across all of them
test("Lambda's control plane shares one quota, but for the two calls that have their own", () => {
  expect(quotaOf("lambda:ListFunctions")).toEqual(quotaOf("lambda:UpdateFunctionConfiguration"));
  expect(quotaOf("lambda:ListFunctions")).toMatchObject({ family: "lambda", perS: 15 });
  expect(quotaOf("lambda:GetFunction")).toMatchObject({ family: "lambda:GetFunction", perS: 100 });
});

// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html and .../monitoring/cloudwatch_limits.html
test("searches and metrics have quotas of their own", () => {
  expect(quotaOf("logs:FilterLogEvents").perS).toBe(5);
  expect(quotaOf("logs:StartQuery").perS).toBe(10);
  expect(quotaOf("cloudwatch:GetMetricData").perS).toBe(50);
  expect(quotaOf("logs:FilterLogEvents").family).not.toBe(quotaOf("logs:StartQuery").family);
});
