import { describe, expect, it } from "vitest";
import { chainOf, correlate } from "../../../../src/analyzer/chains/index.ts";
import type { Chain, ChainRecords } from "../../../../src/model/chains.ts";
import type { Id } from "../../../../src/model/ids.ts";
import { indexOf } from "./record-index.ts";
import { correlation, delivery, message, run, together } from "./records.ts";

const DAY = 86_400_000;
const members = (chains: readonly Chain[]): string[] => chains.map((c) => c.hops.map((h) => h.requestId).join(" ")).sort();
const codes = (chain: Chain | null): string[] => chain!.problems.map((p) => p.code);

/** api logs the ID, ship logs it 300 ms later. */
function order(name: string, at: number, ids: Id[], more: { account?: string } = {}): Partial<ChainRecords> {
  return {
    invocations: [run("api", `${name}-1`, at, at + 100, { ids, ...more }), run("ship", `${name}-2`, at + 300, at + 400, { ids, ...more })],
  };
}

describe("a short ID that was given out again", () => {
  const reused = together(order("old", 0, [correlation("1001")]), order("new", 30 * DAY, [correlation("1001")]));

  it("is two chains where the same function begins again after days of silence", () => {
    const chains = correlate(reused);
    expect(members(chains)).toEqual(["new-1 new-2", "old-1 old-2"]);
    expect(chains.map((c) => [c.id, c.ids])).toEqual([
      ["1001", ["1001"]],
      ["1001", ["1001"]],
    ]);
  });

  it("is shown with all that it names when it is asked for, and one of them by its request", () => {
    const asked = chainOf(reused, ["1001"]);
    expect(asked!.hops).toHaveLength(4);
    expect(codes(asked)).toContain("ambiguous");
    expect(members([chainOf(reused, ["new-2"])!])).toEqual(["new-1 new-2"]);
  });

  it("is one chain where another function goes on after a wait of days", () => {
    const ids = [correlation("1001")];
    const chains = correlate(
      together({ invocations: [run("api", "r1", 0, 100, { ids }), run("remind", "r2", 3 * DAY, 3 * DAY + 50, { ids })] }),
    );
    expect(members(chains)).toEqual(["r1 r2"]);
  });

  it("is one chain where a message joins both ends of the silence", () => {
    const ids = [correlation("1001")];
    const runs = [run("api", "r1", 0, 100, { ids }), run("api", "r2", 3 * DAY, 3 * DAY + 50, { ids })];
    expect(
      members(correlate(together({ invocations: runs, messages: delivery("m-77", ["api", "r1", 50], [["api", "r2", 3 * DAY]]) }))),
    ).toEqual(["r1 r2"]);
  });

  it("is one chain where it is long or made to be unique", () => {
    for (const value of ["ORD-2026-000123", "3285f34b-f083-42b2-abcb-c9242d9ae774"]) {
      const ids = [correlation(value)];
      expect(correlate(together(order("old", 0, ids), order("new", 30 * DAY, ids))), value).toHaveLength(1);
    }
  });

  it("is two chains where the same function carries it in two accounts, and one where the system spans accounts", () => {
    const ids = [correlation("1001")];
    const stages = together(order("dev", 0, ids, { account: "111122223333" }), order("prod", 0, ids, { account: "444455556666" }));
    expect(members(correlate(stages))).toEqual(["dev-1 dev-2", "prod-1 prod-2"]);
    const spread = together({
      invocations: [run("api", "r1", 0, 100, { ids }), run("ship", "r2", 300, 400, { ids, account: "444455556666" })],
    });
    expect(members(correlate(spread))).toEqual(["r1 r2"]);
  });
});

describe("an ID that names a kind of thing", () => {
  it("joins nothing where the function that has it first begins each order with it", () => {
    const customer = correlation("cust-42");
    const chains = correlate(together(...[0, 1, 2].map((i) => order(`o${i}`, i * 60_000, [customer, correlation(`${5000 + i}`)]))));
    expect(members(chains)).toEqual(["o0-1 o0-2", "o1-1 o1-2", "o2-1 o2-2"]);
    for (const chain of chains) expect(codes(chain)).toContain("hub");
  });

  it("still joins where it began before the others, or they begin further down", () => {
    const cart = correlation("cart-77");
    const runs = [
      run("api", "r0", 0, 100, { ids: [cart, correlation("7000")] }),
      ...[1, 2, 3].map((i) => run("pick", `r${i}`, i * 500, i * 500 + 90, { ids: [cart, correlation(`${7000 + i}`)] })),
    ];
    expect(members(correlate(together({ invocations: runs })))).toEqual(["r0 r1 r2 r3"]);
  });

  it("is known as such by a trace as well, which has not fetched every order", () => {
    const template = correlation("f75c6596-5078-4893-aaa2-bc17dfd9a868");
    const all = together(
      ...[0, 1, 2, 3].map((i) => ({
        invocations: [
          run("api", `a${i}`, i * 60_000, i * 60_000 + 100, { ids: [template, correlation(`${1000 + i}`)] }),
          run("ship", `s${i}`, i * 60_000 + 500, i * 60_000 + 600, { ids: [correlation(`${1000 + i}`)] }),
        ],
      })),
    );
    expect(members(correlate(all))).toEqual(["a0 s0", "a1 s1", "a2 s2", "a3 s3"]);
    const traced = chainOf(indexOf(all).close("1001"), ["1001"]);
    expect(traced!.hops.map((h) => [h.requestId, h.share])).toEqual([
      ["a1", 1],
      ["s1", 1],
    ]);
  });

  it("joins nothing where a word or a version is on more than ten uncaused runs of one function", () => {
    for (const value of ["health-check", "1.4.2", "2026-09-01"]) {
      const runs = Array.from({ length: 11 }, (_, i) => run("api", `h${i}`, i * 60_000, i * 60_000 + 10, { ids: [correlation(value)] }));
      expect(correlate(together({ invocations: runs })), value).toEqual([]);
      expect(correlate(together({ invocations: runs.slice(1) })), value).toHaveLength(1);
    }
  });
});

it("a schedule's tick has no part of the orders that its run handled", () => {
  const orders = [0, 1, 2].map((i) => correlation(`O-${i}`));
  const chains = correlate(
    together(...orders.map((id, i) => order(`o${i}`, i * 1_000, [id])), {
      invocations: [run("sweeper", "s", 30_000, 35_000, { ids: orders })],
      messages: [message("received", "sweeper", "s", 30_000, { channelKind: "schedule", messageId: "tick-1", channel: "sweep" })],
    }),
  );
  const shares = chains.map((c) => c.hops.find((h) => h.function === "sweeper")!.share);
  expect(shares).toEqual([1 / 3, 1 / 3, 1 / 3]);
});

it("a dead-letter handler beside the consumer that failed is no fan-out", () => {
  const ids = [correlation("O-1")];
  const [chain] = correlate(
    together({
      invocations: [
        run("api", "r1", 0, 20, { ids }),
        run("consumer", "r2", 100, 130, { ids, outcome: "error" }),
        run("dlq", "r3", 900, 950, { ids }),
      ],
      messages: [
        ...delivery("m-1", ["api", "r1", 5], [["consumer", "r2", 100]]),
        message("received", "dlq", "r3", 900, { messageId: "m-1", channel: "q-dlq", deadLetter: true }),
      ],
    }),
  );
  expect(chain!.patterns.map((p) => p.name)).toEqual(["dead-letter"]);
});

it("a short message ID that one function gives to messages of several runs joins none of them", () => {
  const chains = correlate(
    together(
      ...[0, 1].map((i) => ({
        invocations: [run("pub", `p${i}`, i * 100_000, i * 100_000 + 50), run("con", `c${i}`, i * 100_000 + 300, i * 100_000 + 350)],
        messages: delivery("100", ["pub", `p${i}`, i * 100_000 + 5], [["con", `c${i}`, i * 100_000 + 300]]),
      })),
    ),
  );
  for (const chain of chains) expect(chain.hops.length).toBeLessThanOrEqual(2);
  expect(members(chains).some((m) => m.includes("p0") && m.includes("p1"))).toBe(false);
});
