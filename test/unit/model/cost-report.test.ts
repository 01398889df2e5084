import { expect, it } from "vitest";
import { costReport } from "../../support/cost-report.ts";

const sum = (values: readonly (number | null | undefined)[]): number => values.reduce<number>((all, one) => all + (one ?? 0), 0);

it("the sample report sums: every division and what it leaves out, drivers, effects, waste, days", () => {
  const { usd, slices, unattributedUsd, outsideChainsUsd, change, wasteUsd, daily } = costReport();
  expect(sum(slices.cloud.map((one) => one.usd))).toBe(usd);
  expect(sum(slices.service.map((one) => one.usd))).toBe(usd);
  expect(sum(slices.function.map((one) => one.usd)) + unattributedUsd).toBe(usd);
  expect(sum(slices.tag!.map((one) => one.usd)) + unattributedUsd).toBe(usd);
  expect(sum(slices.route.map((one) => one.usd)) + outsideChainsUsd!).toBe(usd);
  expect(sum(change!.drivers.map((one) => one.changeUsd))).toBe(change!.usd);
  expect(sum(Object.values(change!.effects))).toBe(change!.usd);
  expect(sum(slices.function.flatMap((one) => Object.values(one.wasteUsd)))).toBe(sum(Object.values(wasteUsd)));
  expect(sum(daily.map((one) => one.usd))).toBe(usd);
});
