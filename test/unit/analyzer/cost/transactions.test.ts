import { expect, it } from "vitest";
import { transactionsOf } from "../../../../src/analyzer/cost/index.ts";
import type { Chain } from "../../../../src/model/chains.ts";

function chain(route: string, over: Partial<Chain>): Chain {
  return { route, usd: 1, usdUnknownHops: 0, outcome: "ok", complete: true, endToEndMs: 100, ...over } as Chain;
}

it("sums chains by route, with percentiles between ranks over those whose whole cost is known", () => {
  const { transactions, counts } = transactionsOf([
    ...[1, 2, 3, 4].map((usd) => chain("a", { usd, endToEndMs: usd * 100 })),
    chain("a", { usd: 0.5, usdUnknownHops: 1, complete: false, endToEndMs: null }),
    chain("b", { usd: null, outcome: "timeout" }),
    chain("b", { usd: null, outcome: "unknown" }),
  ]);
  // of 1, 2, 3, 4: median 2.5; rank .95 x 3 = 2.85 -> 3 + .85 = 3.85; of 100 to 400 ms: 385
  expect(transactions[0]).toMatchObject({ route: "a", count: 5, failed: 0, broken: 1, usd: 10.5 });
  expect(transactions[0]!.usdEach!.mean).toBeCloseTo(2.5, 12);
  expect(transactions[0]!.usdEach!.p50).toBeCloseTo(2.5, 12);
  expect(transactions[0]!.usdEach!.p95).toBeCloseTo(3.85, 12);
  expect(transactions[0]!.p95Ms).toBeCloseTo(385, 9);
  expect(transactions[1]).toEqual({ route: "b", count: 2, failed: 1, broken: 0, usd: null, usdEach: null, p95Ms: 100 });
  expect(counts).toEqual({ count: 7, failed: 1, broken: 1 });
});
