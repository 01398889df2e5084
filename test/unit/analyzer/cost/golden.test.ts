/** Four CloudWatch exports of a real function, with the bill that the collector of the corpus counted independently. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ledger } from "../../../../src/analyzer/cost/ledger.ts";
import type { UsageGroup } from "../../../../src/model/billing.ts";
import { shared } from "../../../support/shared.ts";
import { ratesWith } from "../../../../src/app/rates.ts";
import { group, rates } from "./rates.ts";

const dir = shared("corpora/aws/ubc-cloudwatch-filterlogevents");

interface Expected {
  invocations: number;
  billed_ms_sum: number;
  gb_seconds: number;
  x86_cost_usd_list_price: { compute: number; requests: number; total: number };
}

const REPORT =
  /^REPORT .*Duration: ([\d.]+) ms\tBilled Duration: (\d+) ms\tMemory Size: (\d+) MB\tMax Memory Used: (\d+) MB\t(?:Init Duration: ([\d.]+) ms)?/;

function usageOfFile(path: string): UsageGroup[] {
  const events = JSON.parse(readFileSync(path, "utf8")) as { message: string }[];
  return events.flatMap(({ message }) => {
    const found = REPORT.exec(message);
    if (found === null) return [];
    const [, durationMs, billedMs, memoryMib, maxMemoryMib, initMs] = found.map(Number);
    return [group({ durationMs, billedMs, memoryMib, maxMemoryMib, initMs: found[5] === undefined ? null : initMs })];
  });
}

describe.skipIf(dir === null)("the bill of recorded exports", () => {
  const expected = dir === null ? {} : (JSON.parse(readFileSync(`${dir}/expected.json`, "utf8")) as Record<string, Expected>);

  const priceLists = { "the reference's list prices": rates, "the rooms' billing rules and price table": ratesWith(null) };
  const cases = Object.keys(expected).flatMap((file) =>
    Object.keys(priceLists).map((list) => [file, list as keyof typeof priceLists] as const),
  );

  it.each(cases)("%s with %s: invocations, billed time, GB-s and USD to the printed digit", (file, list) => {
    const want = expected[file]!;
    const { rows, totalUsd } = ledger({ usage: usageOfFile(`${dir}/${file}`) }, { ...priceLists[list], by: "function" });
    expect(rows).toHaveLength(1);
    const [row] = rows;
    const usd = (meter: string): string => row!.lines.find((line) => line.meter === meter)!.usd!.toFixed(9);
    expect(row!.invocations).toBe(want.invocations);
    expect(row!.billedMs).toBe(want.billed_ms_sum);
    expect(row!.gbSeconds!.toFixed(6)).toBe(want.gb_seconds.toFixed(6));
    expect(usd("lambda.duration")).toBe(want.x86_cost_usd_list_price.compute.toFixed(9));
    expect(usd("lambda.requests")).toBe(want.x86_cost_usd_list_price.requests.toFixed(9));
    expect(totalUsd!.toFixed(9)).toBe(want.x86_cost_usd_list_price.total.toFixed(9));
    expect(row!.wasteUsd).toEqual({}); // 2025-05: the one cold start was not billed
  });
});
