import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { ratesWith } from "../../../src/app/rates.ts";
import { loadSettings } from "../../../src/app/settings.ts";

const folder = fileURLToPath(new URL("../../../examples/", import.meta.url));

describe("the example files", () => {
  const settings = loadSettings("evscope.yaml", folder);

  it("name correlation keys that are found in every spelling", () => {
    expect(settings.keys.inText("booking_ref=BR-1 X-Case-ID: C-2").map((id) => id.value)).toEqual(["BR-1", "C-2"]);
  });

  it("name accounts of every cloud, on AWS by profile and by role", () => {
    expect(settings.live.accounts.map((one) => [one.name, one.profile, one.roleArn, one.regions.length])).toEqual([
      ["shop", "shop-readonly", null, 2],
      ["payments", null, "arn:aws:iam::444455556666:role/evscope-readonly", 1],
      ["billing", null, null, 1],
      ["shipping", null, null, 1],
    ]);
  });

  it("hold prices of meters that exist, for every region and for one", () => {
    const { prices } = ratesWith(settings.pricesFile);
    // 0.0000133334 x 0.83 = 0.000011066722 USD per GB-s of 1,024,000 MiB-ms
    expect(prices.find("aws", "lambda.duration", "arm64", "us-east-1")!.usdPerUnit).toBeCloseTo(0.000011066722 / 1_024_000, 20);
    expect(prices.find("aws", "lambda.duration", "arm64", "eu-central-1")!.usdPerUnit).toBeCloseTo(0.0000133334 / 1_024_000, 20);
  });
});
